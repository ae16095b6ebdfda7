//! What only a decision can tell: whether it was right, and how good it was for whom.

use sim_core::checker::End;
use sim_core::gauge::{Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, NodeSet};

use super::agents::Agent;
use super::conduct::Conduct;
use super::opinion::WORTH_MAX;
use super::{Case, Choice, Conclusion, Propose};

const fn metric(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

/// The measurements, in the order of [`Worth::measures`].
pub(super) const METRICS: &[Metric] = &[
    metric("right_ratio", "1 if what is right was decided, 0 if not or if nothing was"),
    metric("wrong_ratio", "1 if something else was decided, 0 if not or if nothing was"),
    metric("sybils_count", "agents that only say what another says: further names of one mind"),
    metric("right_opinions_ratio", "the share of the agents that thought what is right"),
    metric(
        "flipped_ratio",
        "1 if fewer sincere agents wanted what was decided than something else",
    ),
    metric("supporters_ratio", "the share of the sincere agents that wanted most what was decided"),
    metric("welfare_mean_ratio", "what the decision is worth to the sincere agents, on average"),
    metric("welfare_min_ratio", "what it is worth to the one of them to whom it is worth least"),
    metric("regret_ratio", "by how much another option would have been better for them on average"),
];

/// Takes the measurements.
pub(super) struct Worth {
    case: Case,
    corrupt: NodeSet,
    /// What the nodes that decided did, in order.
    decided: Vec<(NodeId, Choice)>,
}

impl Worth {
    pub(super) const fn of(case: Case) -> Self {
        Self { case, corrupt: NodeSet::EMPTY, decided: Vec::new() }
    }

    /// The agents whose good counts.
    fn sincere(&self) -> impl Iterator<Item = &Agent> {
        let agents = self.case.agents.iter().enumerate();
        let honest = agents.filter(|(node, _)| !self.corrupt.contains(NodeId(*node as u32)));
        honest.map(|(_, agent)| agent).filter(|agent| agent.conduct.is_sincere())
    }

    /// How many sincere agents want an option most.
    fn supporters(&self, option: Choice) -> usize {
        self.sincere().filter(|agent| agent.thinks.favourite() == option).count()
    }

    /// What an option is worth to the sincere agents on average, 0 to 1.
    fn welfare(&self, option: Choice) -> Option<f64> {
        let worth = self.sincere().map(|agent| u64::from(agent.thinks.worth(option)));
        let count = self.sincere().count();
        (count > 0).then(|| worth.sum::<u64>() as f64 / (count as f64 * f64::from(WORTH_MAX)))
    }

    fn measures(&self) -> Vec<Measure> {
        let right = self.decided.iter().find(|(node, _)| !self.corrupt.contains(*node));
        let decided = right.map(|(_, choice)| *choice);
        let value = |value: Option<f64>| value.map_or(Measure::None, Measure::Value);
        let of_decided = |measure: &dyn Fn(Choice) -> Option<f64>| value(decided.and_then(measure));
        let truth = self.case.truth;
        let share = |hit: bool| if hit { 1.0 } else { 0.0 };
        let count = self.sincere().count() as f64;
        let all = || {
            let of = self.case.agents.first().map_or(0, |agent| agent.thinks.favourite().of());
            (0..of).map(move |index| Choice::new(index, of))
        };
        let is_sybil = |agent: &&Agent| matches!(agent.conduct, Conduct::Copies(_));
        let sybils = self.case.agents.iter().filter(is_sybil).count();
        let thought = self.case.agents.iter().map(|agent| Some(agent.thinks.favourite()));
        let right_opinions = thought.filter(|favourite| *favourite == truth).count() as f64;
        vec![
            value(truth.map(|_| share(decided == truth))),
            value(truth.map(|_| share(decided.is_some() && decided != truth))),
            value(Some(sybils as f64)),
            value(truth.map(|_| right_opinions / self.case.agents.len() as f64)),
            of_decided(&|decided| {
                let most = all().map(|option| self.supporters(option)).max()?;
                Some(share(self.supporters(decided) < most))
            }),
            of_decided(&|decided| (count > 0.0).then(|| self.supporters(decided) as f64 / count)),
            of_decided(&|decided| self.welfare(decided)),
            of_decided(&|decided| {
                let worth = self.sincere().map(|agent| agent.thinks.worth(decided)).min()?;
                Some(f64::from(worth) / f64::from(WORTH_MAX))
            }),
            of_decided(&|decided| {
                let best = all().filter_map(|option| self.welfare(option)).fold(0.0, f64::max);
                Some(best - self.welfare(decided)?)
            }),
        ]
    }
}

impl Gauge<Propose, Conclusion> for Worth {
    fn observe(&mut self, entry: &Entry<Propose, Conclusion>) {
        match &entry.event {
            Event::Corrupted => _ = self.corrupt.insert(entry.node),
            Event::Indicated { indication: Conclusion::Decided(choice), .. } => {
                self.decided.push((entry.node, *choice));
            }
            _ => {}
        }
    }

    fn conclude(&mut self, _end: &End) -> Reading {
        Reading { measures: self.measures(), points: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::Time;

    use super::super::Opinion;
    use super::*;

    const A: Choice = Choice::new(0, 3);
    const B: Choice = Choice::new(1, 3);

    /// Two want A and one C; a fourth says what the first does; A is right.
    fn case() -> Case {
        let agent = |conduct, worth: [u8; 3]| {
            let thinks = Opinion::valuing(&worth);
            Agent { conduct, thinks, says: thinks }
        };
        let agents = vec![
            agent(Conduct::Honest, [90, 30, 0]),
            agent(Conduct::Honest, [90, 60, 0]),
            agent(Conduct::Honest, [0, 60, 100]),
            agent(Conduct::Copies(NodeId(0)), [90, 30, 0]),
        ];
        Case { truth: Some(A), agents }
    }

    fn measured(events: &[(u32, Event<Propose, Conclusion>)]) -> Vec<Option<f64>> {
        let mut gauge = Worth::of(case());
        for (node, event) in events.iter().cloned() {
            gauge.observe(&Entry { at: Time::ZERO, node: NodeId(node), incarnation: 0, event });
        }
        let measures = gauge.measures();
        assert_eq!(measures.len(), METRICS.len());
        let value = |measure| if let Measure::Value(value) = measure { Some(value) } else { None };
        measures.into_iter().map(value).collect()
    }

    const fn decided(choice: Choice) -> Event<Propose, Conclusion> {
        Event::Indicated { answers: None, indication: Conclusion::Decided(choice) }
    }

    #[test]
    fn a_decision_is_measured_by_hand_and_liars_do_not_decide() {
        let wrong = measured(&[(3, decided(A)), (0, decided(B)), (3, Event::Corrupted)]);
        let expected = [0.0, 1.0, 1.0, 0.75, 1.0, 0.0, 0.5, 0.3].map(Some);
        assert_eq!(wrong[..8], expected);
        let regret = wrong[8].expect("a decision");
        assert!((regret - 0.1).abs() < 1e-12, "A would have been worth 0.6: {regret}");
        let right = measured(&[(0, decided(A))]);
        assert_eq!(right[..6], [1.0, 0.0, 1.0, 0.75, 0.0, 2.0 / 3.0].map(Some));
        assert_eq!((right[7], right[8]), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn without_a_decision_nothing_is_right_or_wrong_or_worth_anything() {
        let nothing = measured(&[]);
        assert_eq!(nothing[..2], [Some(0.0); 2]);
        assert_eq!(nothing[4..], [None; 5]);
    }
}
