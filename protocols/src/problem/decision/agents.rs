//! Agents: how well each sees what is right, and what each says of it.
//!
//! What one run has is drawn once for all of them, since errors may agree and some agents say what
//! others do. The model of competence is Condorcet's (*Essai*, 1785): each sees the truth with a
//! probability of its own. That errors may have a common cause is the objection of Ladha, "The
//! Condorcet Jury Theorem, Free Speech, and Correlated Votes" (American Journal of Political
//! Science 36(3), 1992).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::rng::{Draw, Key, Random as _, Ratio};

use super::conduct::Conduct;
use super::opinion::{Opinion, RANKED_MAX, WORTH_MAX};
use super::{Choice, Load};

/// What is right, and how well the agents see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// The right option; if none is named, each run draws one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// How likely each agent sees it, by node; a list that is too short starts over.
    #[serde(default = "Truth::competence")]
    pub competence: Vec<Ratio>,
    /// How far any two agents are right together, beyond what their competences come to: Ladha's
    /// correlation, if both are as competent. With the square root of it for its chance each goes by
    /// what all have read, instead of by itself.
    #[serde(default = "Truth::correlation")]
    pub correlation: Ratio,
    /// The option that those who err take for right, unless it is; if none is named, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
}

impl Truth {
    fn competence() -> Vec<Ratio> {
        vec![Ratio::new(3, 4)]
    }

    const fn correlation() -> Ratio {
        Ratio::NEVER
    }
}

/// One agent, as a run has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agent {
    /// How it comes to say what it says.
    pub conduct: Conduct,
    /// What it thinks.
    pub thinks: Opinion,
    /// What it says.
    pub says: Opinion,
}

/// What one run has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// What is right, if anything is.
    pub truth: Option<Choice>,
    /// The agents, by node.
    pub agents: Vec<Agent>,
}

/// The member of the family that belongs to no agent.
const COMMON: u64 = u64::MAX;

impl Case {
    /// Draws what a run has.
    ///
    /// # Panics
    /// If the load is one that [`super::Decision`] objects to.
    pub(super) fn draw(load: &Load, cluster: Cluster, key: Key) -> Self {
        let mut common = key.member(COMMON);
        let reading = load.truth.as_ref().map(|truth| Reading::draw(truth, load, &mut common));
        let mut agents: Vec<Agent> = cluster
            .nodes()
            .map(|node| {
                let mut draw = key.member(u64::from(node.0));
                let conduct = load.conduct(node, cluster);
                let thinks = load.thinks(node, reading.as_ref(), &mut draw);
                let sure = by_node(&load.confidence, node).map_or(100, |sure| sure.of(100) as u8);
                let thinks = thinks.sure(sure);
                let says = match conduct {
                    Conduct::Hallucinating => {
                        let of = thinks.favourite().of();
                        let any = Choice::new(draw.below(of.into()) as u8, of);
                        thinks.with_ends(any, None).sure(100)
                    }
                    Conduct::Lying => {
                        let truth = thinks.favourite();
                        let bias = reading.as_ref().and_then(|reading| reading.bias);
                        let lie =
                            bias.filter(|bias| *bias != truth).or_else(|| truth.other(&mut draw));
                        thinks.with_ends(lie.unwrap_or(truth), Some(truth)).sure(100)
                    }
                    Conduct::Abstaining => thinks.withheld(),
                    _ => thinks,
                };
                Agent { conduct, thinks, says }
            })
            .collect();
        let plot = agents.iter().find(|agent| agent.conduct == Conduct::Colluding);
        if let Some(plot) = plot.map(|agent| agent.thinks) {
            let all = agents.iter_mut().filter(|agent| agent.conduct == Conduct::Colluding);
            all.for_each(|agent| agent.says = plot);
        }
        follow(&mut agents);
        copy(&mut agents);
        Self { truth: reading.map(|reading| reading.truth), agents }
    }
}

/// What all have read.
struct Reading<'a> {
    of: &'a Truth,
    truth: Choice,
    bias: Option<Choice>,
    /// Whether who goes by it errs: equally likely words, of which a competence holds for its share.
    bits: u64,
    /// What it says who errs by it.
    error: Choice,
}

impl<'a> Reading<'a> {
    fn draw(of: &'a Truth, load: &Load, common: &mut Draw) -> Self {
        let count = load.count();
        let any = Choice::new(common.below(count.into()) as u8, count);
        let truth = of.option.as_deref().map_or(any, |option| load.choice(option));
        let bias = of.bias.as_deref().map(|option| load.choice(option));
        let bits = common.next_u64();
        let stray = truth.other(common).unwrap_or(truth);
        let error = bias.filter(|bias| *bias != truth).unwrap_or(stray);
        Self { of, truth, bias, bits, error }
    }

    /// What an agent takes for right, and behind it the others in an order that it draws.
    fn seen(&self, node: NodeId, draw: &mut Draw) -> Opinion {
        let competence = by_node(&self.of.competence, node).copied().unwrap_or(Ratio::NEVER);
        let (own, stray) = (draw.next_u64(), self.truth.other(draw).unwrap_or(self.truth));
        // The square of a number between 0 and 1 is below ρ exactly if the number is below √ρ.
        let chance = u128::from(draw.next_u64()).pow(2) >> u64::BITS;
        let goes_by_reading = self.of.correlation.holds(chance as u64);
        let bits = if goes_by_reading { self.bits } else { own };
        let error = match self.bias.filter(|bias| *bias != self.truth) {
            Some(bias) => bias,
            None if goes_by_reading => self.error,
            None => stray,
        };
        let first = if competence.holds(bits) { self.truth } else { error };
        if usize::from(first.of()) > RANKED_MAX {
            return Opinion::plain(first);
        }
        let mut order: Vec<Choice> = all(first.of()).filter(|choice| *choice != first).collect();
        draw.shuffle(&mut order);
        order.insert(0, first);
        Opinion::ranking_evenly(&order)
    }
}

impl Load {
    /// What is wrong with it, as `(key, reason)`.
    pub(super) fn objection(&self, cluster: Cluster) -> Option<(&'static str, String)> {
        let Self { options, opinions, truth, worth, conduct, confidence, .. } = self;
        let count = options.len();
        if !(1..=255).contains(&count) {
            return Some(("options", format!("{count} options: give 1 to 255")));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = options.iter().find(|option| !seen.insert(option.as_str())) {
            return Some(("options", format!("\"{twice}\" is listed twice")));
        }
        let named = truth
            .iter()
            .flat_map(|truth| [("truth.option", &truth.option), ("truth.bias", &truth.bias)]);
        let named = named.filter_map(|(key, option)| Some((key, option.as_ref()?)));
        let listed = opinions.iter().map(|option| ("opinions", option));
        if let Some((key, stray)) =
            named.chain(listed).find(|(_, option)| !seen.contains(option.as_str()))
        {
            return Some((key, format!("\"{stray}\" is not among the options {options:?}")));
        }
        if let Some(row) = worth.iter().find(|row| row.len() != count || count > RANKED_MAX) {
            let reason = format!(
                "{} numbers for {count} options: write one for each of at most {RANKED_MAX} options",
                row.len()
            );
            return Some(("worth", reason));
        }
        if let Some(high) = worth.iter().flatten().find(|worth| **worth > WORTH_MAX) {
            return Some(("worth", format!("{high} is more than {WORTH_MAX}")));
        }
        if self.impartial && (count > RANKED_MAX || truth.is_some() || !worth.is_empty()) {
            let reason = format!(
                "orders are drawn of at most {RANKED_MAX} options, where neither `truth` nor `worth` says what agents think"
            );
            return Some(("impartial", reason));
        }
        // What agents think has one source, and what is written beside it would be for nothing.
        let sources = [("truth", truth.is_some()), ("worth", !worth.is_empty())];
        let sources = sources.into_iter().chain([("impartial", self.impartial)]);
        let mut named = sources.filter_map(|(key, is_there)| is_there.then_some(key));
        if let Some(first) = named.next() {
            let idle = named.next().or((!opinions.is_empty()).then_some("opinions"));
            if let Some(idle) = idle {
                let reason = format!(
                    "what agents think follows from `{first}`, which is given too: leave one of the two out"
                );
                return Some((idle, reason));
            }
        }
        let deviant = self.deviants.iter().map(|deviants| &deviants.conduct);
        if let Some(stray) = conduct.iter().chain(deviant).find_map(|conduct| match conduct {
            Conduct::Copies(of) if of.0 >= cluster.n => Some(of),
            _ => None,
        }) {
            return Some(("conduct", format!("{stray} is none of {} agents", cluster.n)));
        }
        let competence = truth.as_ref().map_or(0, |truth| truth.competence.len());
        let lists = [
            ("opinions", opinions.len()),
            ("worth", worth.len()),
            ("conduct", conduct.len()),
            ("confidence", confidence.len()),
            ("truth.competence", competence),
        ];
        let long = lists.into_iter().find(|(_, length)| *length > cluster.n as usize);
        long.map(|(key, length)| (key, format!("{length} {key} for {} agents", cluster.n)))
    }

    /// Why agents cannot say how they rank the options, if they cannot.
    pub fn unranked(&self) -> Option<(&'static str, String)> {
        let count = self.options.len();
        (count > RANKED_MAX).then(|| {
            let reason = format!(
                "{count} options: an agent ranks at most {RANKED_MAX}, and of more it knows its favourite only"
            );
            ("options", reason)
        })
    }

    fn thinks(&self, node: NodeId, reading: Option<&Reading<'_>>, draw: &mut Draw) -> Opinion {
        match (reading, by_node(&self.worth, node)) {
            (Some(reading), _) => reading.seen(node, draw),
            (None, Some(worth)) => Opinion::valuing(worth),
            (None, None) if self.impartial => {
                let mut order: Vec<Choice> = all(self.count()).collect();
                draw.shuffle(&mut order);
                Opinion::ranking_evenly(&order)
            }
            (None, None) => Opinion::plain(self.opinion(node)),
        }
    }
}

/// All choices, in order.
fn all(of: u8) -> impl Iterator<Item = Choice> {
    (0..of).map(move |index| Choice::new(index, of))
}

/// The entry of a node in a list that starts over when it is too short; none of an empty one.
pub(super) fn by_node<T>(list: &[T], node: NodeId) -> Option<&T> {
    list.get(node.index() % list.len().max(1))
}

/// Lets those who look at the others say what they make of them.
fn follow(agents: &mut [Agent]) {
    let heard: Vec<Option<Choice>> = agents
        .iter()
        .map(|agent| agent.conduct.speaks_for_itself().then(|| agent.says.favourite()))
        .collect();
    for (own, agent) in agents.iter_mut().enumerate() {
        let others = heard.iter().enumerate().filter(|(other, _)| *other != own);
        let standing = standing(others.filter_map(|(_, favourite)| *favourite), agent.thinks);
        agent.says = match (agent.conduct, &standing[..]) {
            (Conduct::Sycophantic, [most, ..]) => agent.thinks.with_ends(*most, None),
            (Conduct::Strategic, [one, two, ..]) => {
                let better = |choice: &&Choice| **choice == *one || **choice == *two;
                let ranking: Vec<Choice> = agent.thinks.ranking().collect();
                let choice = ranking.iter().find(better).copied().unwrap_or(*one);
                let rival = if choice == *one { *two } else { *one };
                agent.thinks.with_ends(choice, Some(rival))
            }
            _ => agent.says,
        };
    }
}

/// The options that were heard, the most heard first; of those heard as often, the one that the
/// listener likes better.
fn standing(heard: impl Iterator<Item = Choice>, listener: Opinion) -> Vec<Choice> {
    let mut counts: Vec<(usize, Choice)> = listener.ranking().map(|choice| (0, choice)).collect();
    for choice in heard {
        match counts.iter_mut().find(|(_, known)| *known == choice) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, choice)),
        }
    }
    counts.retain(|(count, _)| *count > 0);
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(_, choice)| choice).collect()
}

/// Lets those who copy say what they copy; of a circle, each says what it thinks.
fn copy(agents: &mut [Agent]) {
    let original = |from: usize| {
        let mut at = from;
        for _ in 0..agents.len() {
            match agents[at].conduct {
                Conduct::Copies(of) => at = of.index(),
                _ => return Some(agents[at].says),
            }
        }
        None
    };
    let said: Vec<Option<Opinion>> = (0..agents.len()).map(original).collect();
    for (agent, said) in agents.iter_mut().zip(said) {
        agent.says = said.unwrap_or(agent.thinks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::{Stream, Streams};

    const RUNS: u64 = 20_000;

    fn cases(load: &Load, n: u32) -> impl Iterator<Item = Case> {
        let cluster = Cluster { n };
        assert_eq!(load.objection(cluster), None);
        (0..RUNS).map(move |seed| Case::draw(load, cluster, Streams::new(seed).key(Stream::Load)))
    }

    fn options(count: usize) -> Vec<String> {
        ["merge", "rework", "reject", "split"][..count].iter().map(|&name| name.into()).collect()
    }

    fn truth(competence: &[(u64, u64)], correlation: Ratio) -> Truth {
        let competence = competence.iter().map(|&(part, whole)| Ratio::new(part, whole)).collect();
        Truth { option: None, competence, correlation, bias: None }
    }

    fn share(hits: u64) -> f64 {
        hits as f64 / RUNS as f64
    }

    fn is_right(case: &Case, agent: usize) -> bool {
        Some(case.agents[agent].says.favourite()) == case.truth
    }

    #[test]
    fn each_agent_is_right_as_often_as_it_is_competent_whatever_all_have_read() {
        for correlation in [Ratio::NEVER, Ratio::new(1, 2), Ratio::ALWAYS] {
            let truth = Some(truth(&[(9, 10), (6, 10)], correlation));
            let load = Load { options: options(3), truth, ..Load::default() };
            let (mut right, mut both) = ([0, 0], 0);
            for case in cases(&load, 2) {
                let are = [0, 1].map(|agent| is_right(&case, agent));
                right[0] += u64::from(are[0]);
                right[1] += u64::from(are[1]);
                both += u64::from(are[0] && are[1]);
            }
            assert!((share(right[0]) - 0.9).abs() < 0.01, "{right:?}");
            assert!((share(right[1]) - 0.6).abs() < 0.015, "{right:?}");
            // By themselves .9 × .6; by one reading the less competent errs whenever the other does;
            // and both go by it in as many of the runs as the correlation says.
            let expected = match correlation {
                Ratio::NEVER => 0.54,
                Ratio::ALWAYS => 0.6,
                _ => 0.54 + 0.06 / 2.0,
            };
            assert!((share(both) - expected).abs() < 0.015, "{both}");
        }
    }

    #[test]
    fn agents_who_are_as_competent_are_right_together_by_their_correlation() {
        for (percent, competence) in [(10, (3, 5)), (20, (4, 5)), (50, (3, 4)), (90, (1, 2))] {
            let rho = percent as f64 / 100.0;
            let truth = Some(truth(&[competence], Ratio::new(percent, 100)));
            let load = Load { options: options(2), truth, ..Load::default() };
            let both = cases(&load, 2).filter(|case| is_right(case, 0) && is_right(case, 1));
            let p = competence.0 as f64 / competence.1 as f64;
            let covariance = share(both.count() as u64) - p * p;
            let found = covariance / (p * (1.0 - p));
            assert!((found - rho).abs() < 0.025, "{percent} %: {found}");
        }
    }

    #[test]
    fn those_who_err_by_one_reading_err_alike() {
        let truth = Some(truth(&[(1, 2)], Ratio::ALWAYS));
        let load = Load { options: options(4), truth, ..Load::default() };
        for case in cases(&load, 3).take(500) {
            let first = case.agents[0].says.favourite();
            assert!(case.agents.iter().all(|agent| agent.says.favourite() == first));
        }
    }

    #[test]
    fn a_bias_is_what_all_errors_have_in_common() {
        let truth = Truth { bias: Some("reject".into()), ..truth(&[(1, 2)], Ratio::NEVER) };
        let load = Load { options: options(4), truth: Some(truth), ..Load::default() };
        for case in cases(&load, 3).take(500).filter(|case| case.truth != Some(Choice::new(2, 4))) {
            let wrong =
                case.agents.iter().filter(|agent| Some(agent.says.favourite()) != case.truth);
            assert!(
                wrong.map(|agent| agent.says.favourite()).all(|said| said == Choice::new(2, 4))
            );
        }
    }

    #[test]
    fn who_hallucinates_is_right_by_chance_and_who_lies_never() {
        let conduct = vec![Conduct::Hallucinating, Conduct::Lying, Conduct::Copies(NodeId(1))];
        let truth = Some(truth(&[(1, 1)], Ratio::NEVER));
        let confidence = vec![Ratio::new(1, 2)];
        let load = Load { options: options(4), truth, conduct, confidence, ..Load::default() };
        let mut right = 0;
        for case in cases(&load, 3) {
            right += u64::from(is_right(&case, 0));
            assert!(!is_right(&case, 1) && case.agents[1].says.confidence() == 100);
            assert_eq!(case.agents[2].says, case.agents[1].says);
            assert!(case.agents.iter().all(|agent| Some(agent.thinks.favourite()) == case.truth));
        }
        assert!((share(right) - 0.25).abs() < 0.01, "{right}");
    }

    #[test]
    fn a_draw_more_of_one_agent_changes_nothing_for_the_others() {
        let truth = Some(truth(&[(3, 5)], Ratio::new(1, 3)));
        let honest = Load { options: options(4), truth, ..Load::default() };
        let conduct = vec![Conduct::Hallucinating, Conduct::Honest, Conduct::Honest];
        let other = Load { conduct, ..honest.clone() };
        for (one, two) in cases(&honest, 3).zip(cases(&other, 3)).take(200) {
            assert_eq!((one.truth, &one.agents[1..]), (two.truth, &two.agents[1..]));
        }
    }

    /// Five agents that want A, A, B, C, and what the last, who likes C and then B, makes of it.
    fn last_of_five(conduct: Conduct) -> Opinion {
        let worth = vec![vec![9, 0, 0], vec![9, 0, 0], vec![0, 9, 0], vec![0, 9, 5], vec![0, 5, 9]];
        let conduct = [vec![Conduct::Honest; 4], vec![conduct]].concat();
        let load = Load { options: options(3), worth, conduct, ..Load::default() };
        let case = cases(&load, 5).next().expect("a case");
        assert_eq!(case.agents[4].thinks.to_string(), "C > B > A");
        case.agents[4].says
    }

    #[test]
    fn who_is_not_impartial_thinks_what_the_load_says() {
        let (conduct, opinions) = (vec![Conduct::Honest], vec!["reject".into()]);
        let load = Load { options: options(3), opinions, conduct, ..Load::default() };
        for case in cases(&load, 2).take(50) {
            let thinks = case.agents.iter().map(|agent| agent.thinks.favourite());
            assert!(thinks.eq([Choice::new(2, 3); 2]));
        }
    }

    #[test]
    fn the_strategic_back_the_second_of_two_leaders_if_they_like_it_better() {
        let worth = vec![vec![9, 0, 0], vec![9, 0, 0], vec![0, 9, 0], vec![0, 5, 9]];
        let conduct = [vec![Conduct::Honest; 3], vec![Conduct::Strategic]].concat();
        let load = Load { options: options(3), worth, conduct, ..Load::default() };
        let case = cases(&load, 4).next().expect("a case");
        assert_eq!(case.agents[3].says.favourite(), Choice::new(1, 3));
    }

    #[test]
    fn some_say_what_others_do() {
        assert_eq!(last_of_five(Conduct::Honest).to_string(), "C > B > A");
        // A and B are alike often heard, and it likes B better.
        assert_eq!(last_of_five(Conduct::Sycophantic).favourite(), Choice::new(1, 3));
        assert_eq!(last_of_five(Conduct::Strategic).to_string(), "B > C > A");
        assert!(last_of_five(Conduct::Abstaining).abstains());
        assert_eq!(last_of_five(Conduct::Copies(NodeId(0))).favourite(), Choice::new(0, 3));
    }

    #[test]
    fn those_who_collude_say_what_the_first_of_them_thinks() {
        let worth = vec![vec![9, 0, 0], vec![0, 9, 0], vec![0, 0, 9]];
        let conduct = vec![Conduct::Honest, Conduct::Colluding, Conduct::Colluding];
        let load = Load { options: options(3), worth, conduct, ..Load::default() };
        let case = cases(&load, 3).next().expect("a case");
        let said = case.agents.iter().map(|agent| agent.says.favourite().index());
        assert_eq!(said.collect::<Vec<_>>(), [0, 1, 1]);
    }

    #[test]
    fn in_an_impartial_culture_all_orders_are_alike_likely() {
        let load = Load { options: options(3), impartial: true, ..Load::default() };
        let mut orders = std::collections::BTreeMap::<String, u64>::new();
        for case in cases(&load, 1) {
            *orders.entry(case.agents[0].says.to_string()).or_default() += 1;
        }
        assert_eq!(orders.len(), 6);
        assert!(
            orders.values().all(|count| (share(*count) - 1.0 / 6.0).abs() < 0.01),
            "{orders:?}"
        );
    }

    #[test]
    fn who_copies_in_a_circle_says_what_it_thinks() {
        let conduct = vec![Conduct::Copies(NodeId(1)), Conduct::Copies(NodeId(0))];
        let worth = vec![vec![9, 0], vec![0, 9]];
        let load = Load { worth, conduct, ..Load::default() };
        let case = cases(&load, 2).next().expect("a case");
        assert!(case.agents.iter().all(|agent| agent.says == agent.thinks));
    }

    #[test]
    fn what_cannot_be_is_objected_to_by_its_key() {
        let sound = Load { options: options(3), ..Load::default() };
        let truth =
            |option: &str| Truth { option: Some(option.into()), ..truth(&[(1, 2)], Ratio::NEVER) };
        for (key, load) in [
            ("options", Load { options: Vec::new(), ..sound.clone() }),
            ("opinions", Load { opinions: vec!["maybe".into()], ..sound.clone() }),
            ("truth.option", Load { truth: Some(truth("maybe")), ..sound.clone() }),
            ("worth", Load { worth: vec![vec![1, 2]], ..sound.clone() }),
            ("worth", Load { worth: vec![vec![1, 2, 101]], ..sound.clone() }),
            ("impartial", Load { impartial: true, truth: Some(truth("merge")), ..sound.clone() }),
            (
                "worth",
                Load { worth: vec![vec![1, 2, 3]], truth: Some(truth("merge")), ..sound.clone() },
            ),
            (
                "opinions",
                Load {
                    opinions: vec!["merge".into()],
                    truth: Some(truth("merge")),
                    ..sound.clone()
                },
            ),
            ("opinions", Load { opinions: vec!["merge".into()], impartial: true, ..sound.clone() }),
            ("conduct", Load { conduct: vec![Conduct::Copies(NodeId(3))], ..sound.clone() }),
            ("conduct", Load { conduct: vec![Conduct::Honest; 4], ..sound.clone() }),
        ] {
            let found = load.objection(Cluster { n: 3 });
            assert_eq!(found.map(|(key, _)| key), Some(key), "{load:?}");
        }
    }
}
