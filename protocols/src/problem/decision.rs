//! Decision: every agent has an opinion, and the agents must settle on one of them.
//!
//! This is single-shot agreement. The oldest protocols of the field solve it, each under other
//! assumptions, so it stands apart from all of them: what is asked, what is answered, and the
//! properties by which any solver is judged, as far as it promises them. An agent may end without
//! a decision; whether that is good enough is a question of scenarios, never one of safety.

mod agents;
mod commander;
mod deviants;
mod gauge;
mod opinion;
mod record;

pub use agents::{Agent, Case, Conduct, Truth};
pub use commander::COMMANDER;
pub use deviants::Deviants;
pub use opinion::{Opinion, RANKED_MAX, WORTH_MAX};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, End, Property, Witness};
use sim_core::gauge::Metric;
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, Incarnation, NodeId, NodeSet, OpId};
use sim_core::problem::{Answer, Client, Material, Problem, ProblemGauge, Promise};
use sim_core::record::Section;
use sim_core::rng::{ChaCha, Draw, Key, Random, Ratio};
use sim_core::time::Time;
use sim_core::workload::Workload;

use commander::CommanderValidity;

/// No two nodes decide different choices.
pub const AGREEMENT: &str = "agreement";
/// What is decided was proposed, as long as nobody lies.
pub const VALIDITY: &str = "validity";
/// If all correct nodes propose the same, they decide nothing else, whatever liars propose.
pub const UNANIMITY: &str = "unanimity";
/// A node has one outcome, and no later life of it takes a decision back.
pub const INTEGRITY: &str = "integrity";
/// If the commander is correct, nobody decides anything but what it proposed.
pub const COMMANDER_VALIDITY: &str = "commander_validity";
/// Every node that was asked comes to an outcome.
pub const TERMINATION: &str = "termination";

/// One of several options. It knows how many there are, so that a lie can name another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    index: u8,
    of: u8,
}

impl Choice {
    /// Option `index` among `of`, counted from 0.
    ///
    /// # Panics
    /// If there is no such option.
    pub const fn new(index: u8, of: u8) -> Self {
        assert!(index < of, "a choice is one of the options");
        Self { index, of }
    }

    /// The position of the option in tables of [`Choice::of`] entries.
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// How many options there are.
    pub const fn of(self) -> u8 {
        self.of
    }

    /// Any other option, all alike likely; `None` if this is the only one.
    pub fn other(self, draw: &mut Draw) -> Option<Self> {
        let others = u64::from(self.of) - 1;
        let step = (others > 0).then(|| 1 + draw.below(others))?;
        let index = (u64::from(self.index) + step) % u64::from(self.of);
        Some(Self { index: index as u8, of: self.of })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            letter @ 0..26 => write!(f, "{}", char::from(b'A' + letter)),
            beyond => write!(f, "{}", u32::from(beyond) + 1),
        }
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The request: the agent at this node is of this opinion, and wants to know what all settle on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Propose {
    /// What it wants most, or says that it does.
    pub choice: Choice,
    /// The whole of its opinion, for those who ask for more than a choice.
    pub opinion: Opinion,
}

impl From<Choice> for Propose {
    fn from(choice: Choice) -> Self {
        Self { choice, opinion: Opinion::plain(choice) }
    }
}

impl fmt::Debug for Propose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.opinion == Opinion::plain(self.choice) {
            return write!(f, "Propose({})", self.choice);
        }
        write!(f, "Propose({})", self.opinion)
    }
}

/// The indication: how it ended for this node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Conclusion {
    /// All are to settle on this.
    Decided(Choice),
    /// The node gave up.
    Undecided,
}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum Decision {}

/// The keys of `[workload]` that say what the agents want.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// What there is to choose from.
    pub options: Vec<String>,
    /// What each agent wants, by node; a list that is too short starts over, and an empty one
    /// means the first option for everybody.
    pub opinions: Vec<String>,
    /// What is right, and how well the agents see it: what they want follows from that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
    /// What each option is worth to each agent, 0 to 100, by node; what an agent wants follows from
    /// that, if nothing is right, and how good a decision is for all.
    pub worth: Vec<Vec<u8>>,
    /// Whether each agent ranks the options in an order of its own, all alike likely (the impartial
    /// culture).
    pub impartial: bool,
    /// How each agent comes to say what it says, by node; a list that is too short starts over.
    pub conduct: Vec<Conduct>,
    /// How many of the last agents come to it in another way, and in which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviants: Option<Deviants>,
    /// How sure each agent says it is, by node.
    pub confidence: Vec<Ratio>,
    /// What a run has of it.
    #[serde(skip)]
    pub case: Option<Case>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            options: vec!["yes".into(), "no".into()],
            opinions: Vec::new(),
            truth: None,
            worth: Vec::new(),
            impartial: false,
            conduct: Vec::new(),
            deviants: None,
            confidence: Vec::new(),
            case: None,
        }
    }
}

impl Load {
    /// What the agent at `node` wants.
    ///
    /// # Panics
    /// If the load is one that [`Problem::objection`] objects to.
    pub fn opinion(&self, node: NodeId) -> Choice {
        match self.opinions.len() {
            0 => Choice::new(0, self.count()),
            listed => self.choice(&self.opinions[node.index() % listed]),
        }
    }

    /// How many options there are.
    fn count(&self) -> u8 {
        u8::try_from(self.options.len()).expect("an objection forbids 256 options")
    }

    /// The option of this name.
    fn choice(&self, name: &str) -> Choice {
        let index = self.options.iter().position(|option| option == name);
        let index = index.expect("an objection forbids what is no option");
        Choice::new(index as u8, self.count())
    }

    /// Whether agents come to what they say in other ways than by the list of opinions.
    fn has_case(&self) -> bool {
        self.truth.is_some()
            || self.impartial
            || self.deviants.is_some()
            || !(self.worth.is_empty() && self.conduct.is_empty() && self.confidence.is_empty())
    }
}

/// A client that asks for what its agent says, again and again.
struct Speaker {
    says: Opinion,
}

impl Client<Decision> for Speaker {
    fn next(&mut self, _rng: &mut ChaCha) -> Propose {
        Propose { choice: self.says.favourite(), opinion: self.says }
    }
}

type Judge = Box<dyn Checker<Propose, Conclusion>>;

impl Problem for Decision {
    const NAME: &'static str = "decision";
    const SUMMARY: &'static str = "agents with opinions settle on one of them, once";
    const PROPERTIES: &'static [&'static str] =
        &[AGREEMENT, VALIDITY, UNANIMITY, COMMANDER_VALIDITY, INTEGRITY, TERMINATION];
    type Request = Propose;
    type Indication = Conclusion;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload::once(cluster.n)
    }

    fn objection(load: &Load, cluster: Cluster) -> Option<(&'static str, String)> {
        load.objection(cluster)
    }

    fn drawn<'a>(load: &'a Load, cluster: Cluster, key: Key) -> Cow<'a, Load> {
        if !load.has_case() {
            return Cow::Borrowed(load);
        }
        let case = Some(Case::draw(load, cluster, key));
        Cow::Owned(Load { case, ..load.clone() })
    }

    fn client(load: &Load, cluster: Cluster, client: ClientId) -> Box<dyn Client<Self>> {
        let node = NodeId(client.0 % cluster.n);
        let says = load.case.as_ref().map_or_else(
            || Opinion::plain(load.opinion(node)),
            |case| case.agents[node.index()].says,
        );
        Box::new(Speaker { says })
    }

    const METRICS: &'static [Metric] = gauge::METRICS;

    fn gauge(load: &Load, _cluster: Cluster) -> Option<ProblemGauge<Self>> {
        let case = load.case.clone()?;
        Some(Box::new(gauge::Worth::of(case)))
    }

    fn record(run: Material<'_, Self>) -> Vec<Section> {
        record::record(run)
    }

    fn answer(_indication: &Conclusion) -> Answer {
        // "Undecided" is an answer too: to ask again would not change it.
        Answer::Done
    }

    fn properties(cluster: Cluster, promise: &Promise) -> Vec<Property<Propose, Conclusion>> {
        let judges: [(_, _, Judge); 6] = [
            (AGREEMENT, Class::Safety, Box::<Agreement>::default()),
            (VALIDITY, Class::Safety, Box::<Validity>::default()),
            (UNANIMITY, Class::Safety, Box::new(Unanimity::of(cluster))),
            (COMMANDER_VALIDITY, Class::Safety, Box::<CommanderValidity>::default()),
            (INTEGRITY, Class::Safety, Box::<Integrity>::default()),
            (TERMINATION, Class::Liveness, Box::<Termination>::default()),
        ];
        judges
            .into_iter()
            .filter(|(name, _, _)| promise.includes(name))
            .map(|(name, class, checker)| Property { name, class, checker })
            .collect()
    }
}

type Seen = Entry<Propose, Conclusion>;

/// An outcome as a witness quotes it.
#[derive(Clone, Copy)]
struct Sighting {
    node: NodeId,
    at: Time,
    conclusion: Conclusion,
}

impl Sighting {
    const fn of(entry: &Seen, conclusion: Conclusion) -> Self {
        Self { node: entry.node, at: entry.at, conclusion }
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, at, .. } = self;
        match self.conclusion {
            Conclusion::Decided(choice) => write!(f, "{node} decided {choice} at {at} s"),
            Conclusion::Undecided => write!(f, "{node} ended undecided at {at} s"),
        }
    }
}

/// The decision that an entry shows, if it shows one.
fn decision(entry: &Seen) -> Option<(Choice, Sighting)> {
    match entry.event {
        Event::Indicated { indication, .. } => match indication {
            Conclusion::Decided(choice) => Some((choice, Sighting::of(entry, indication))),
            Conclusion::Undecided => None,
        },
        _ => None,
    }
}

/// Keeps the decisions of nodes that are still thought correct; they are all for one choice.
#[derive(Default)]
struct Agreement {
    decided: BTreeMap<NodeId, (Choice, Sighting)>,
}

impl Checker<Propose, Conclusion> for Agreement {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        if let Event::Corrupted = entry.event {
            self.decided.remove(&entry.node);
        }
        let (choice, later) = decision(entry)?;
        // Any of them speaks for all: a decision that contradicts them is not kept.
        if let Some((settled, earlier)) = self.decided.values().next()
            && *settled != choice
        {
            return Some(format!("{earlier}, but {later}"));
        }
        self.decided.entry(entry.node).or_insert((choice, later));
        None
    }
}

/// Judges only while nobody is corrupt: a liar may have proposed anything.
#[derive(Default)]
struct Validity {
    proposed: BTreeSet<Choice>,
    liars: bool,
}

impl Checker<Propose, Conclusion> for Validity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            // What no node heard, no node can decide.
            Event::Requested { request, reached: true, .. } => {
                self.proposed.insert(request.choice);
            }
            Event::Corrupted => self.liars = true,
            _ => {}
        }
        let (choice, sighting) = decision(entry)?;
        let invented = !self.liars && !self.proposed.contains(&choice);
        let proposed = &self.proposed;
        invented.then(|| format!("{sighting}, but until then only {proposed:?} was proposed"))
    }
}

/// Judges at the end: until then any node may still turn out to be a liar, and its proposal void.
struct Unanimity {
    cluster: Cluster,
    asked: NodeSet,
    corrupt: NodeSet,
    proposals: BTreeSet<(NodeId, Choice)>,
    decisions: BTreeMap<(NodeId, Choice), Sighting>,
}

impl Unanimity {
    const fn of(cluster: Cluster) -> Self {
        Self {
            cluster,
            asked: NodeSet::EMPTY,
            corrupt: NodeSet::EMPTY,
            proposals: BTreeSet::new(),
            decisions: BTreeMap::new(),
        }
    }
}

impl Checker<Propose, Conclusion> for Unanimity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            Event::Requested { request, .. } => {
                self.asked.insert(entry.node);
                self.proposals.insert((entry.node, request.choice));
            }
            Event::Corrupted => {
                self.corrupt.insert(entry.node);
            }
            _ => {}
        }
        if let Some((choice, sighting)) = decision(entry) {
            let first = self.decisions.entry((entry.node, choice));
            first.or_insert(sighting);
        }
        None
    }

    fn conclude(&mut self, _end: &End) -> Option<Witness> {
        let correct = |node: NodeId| !self.corrupt.contains(node);
        let mut silent = self.cluster.nodes().filter(|node| !self.asked.contains(*node));
        let mut proposals = self.proposals.iter().filter(|(node, _)| correct(*node));
        let (_, common) = proposals.next()?;
        if silent.any(correct) || proposals.any(|(_, choice)| choice != common) {
            return None;
        }
        let mut decisions = self.decisions.iter();
        let (_, odd) = decisions.find(|((node, choice), _)| correct(*node) && choice != common)?;
        Some(format!("{odd}, but every correct node proposed {common}"))
    }
}

/// Allows what a retry or a reboot needs: the outcome may be said again to who asks again, and
/// once more in each life.
#[derive(Default)]
struct Integrity {
    unanswered: BTreeMap<(NodeId, OpId), u32>,
    lives: BTreeMap<NodeId, Life>,
}

struct Life {
    incarnation: Incarnation,
    last: Sighting,
    decision: Option<(Choice, Sighting)>,
}

impl Integrity {
    /// Takes one request off those that wait for their answer; says whether there was one.
    fn settle(&mut self, node: NodeId, op: OpId) -> bool {
        let open = self.unanswered.get_mut(&(node, op));
        open.filter(|count| **count > 0).map(|count| *count -= 1).is_some()
    }
}

impl Checker<Propose, Conclusion> for Integrity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        let (answers, indication) = match entry.event {
            Event::Requested { op, reached, .. } => {
                let heard = self.unanswered.entry((entry.node, op)).or_default();
                *heard += u32::from(reached);
                return None;
            }
            Event::Indicated { answers, indication } => (answers, indication),
            _ => return None,
        };
        let was_asked = answers.is_some_and(|op| self.settle(entry.node, op));
        let new = Sighting::of(entry, indication);
        let incarnation = entry.incarnation;
        let Some(life) = self.lives.get_mut(&entry.node) else {
            let life = Life { incarnation, last: new, decision: decision(entry) };
            self.lives.insert(entry.node, life);
            return None;
        };
        let earlier = life.last;
        let same_life = std::mem::replace(&mut life.incarnation, incarnation) == incarnation;
        life.last = new;
        if let Some((choice, _)) = decision(entry) {
            let (kept, before) = *life.decision.get_or_insert((choice, new));
            if kept != choice {
                return Some(format!("{before}, but later {new}"));
            }
        }
        if same_life && earlier.conclusion != indication {
            return Some(format!("{earlier}, but in the same life {new}"));
        }
        (same_life && !was_asked)
            .then(|| format!("{earlier}, and again, without being asked, {new}"))
    }
}

#[derive(Default)]
struct Termination {
    waiting: BTreeMap<NodeId, Time>,
    ended: NodeSet,
}

impl Checker<Propose, Conclusion> for Termination {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            Event::Requested { .. } if !self.ended.contains(entry.node) => {
                self.waiting.entry(entry.node).or_insert(entry.at);
            }
            Event::Indicated { .. } => {
                self.waiting.remove(&entry.node);
                self.ended.insert(entry.node);
            }
            _ => {}
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let mut waiting = self.waiting.iter();
        let (node, since) =
            waiting.find(|(node, since)| end.core.contains(**node) && end.is_overdue(**since))?;
        let at = end.at;
        Some(format!("{node} was asked at {since} s and has no outcome at {at} s"))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        // Also those who were not asked yet: a run that ends before anybody asks shows nothing.
        core.len() <= self.ended.len() && core.iter().all(|node| self.ended.contains(node))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::rng::{Stream, Streams};

    use super::*;
    use sim_core::time::Duration;

    const A: Choice = Choice::new(0, 2);
    const B: Choice = Choice::new(1, 2);
    const DECIDED_A: Event<Propose, Conclusion> = says(None, Conclusion::Decided(A));
    const DECIDED_B: Event<Propose, Conclusion> = says(None, Conclusion::Decided(B));
    const UNDECIDED: Event<Propose, Conclusion> = says(None, Conclusion::Undecided);

    const fn op(client: u32) -> OpId {
        OpId { client: ClientId(client), sequence: 0 }
    }

    fn asks(client: u32, choice: Choice) -> Event<Propose, Conclusion> {
        Event::Requested { op: op(client), request: Propose::from(choice), reached: true }
    }

    const fn says(answers: Option<OpId>, indication: Conclusion) -> Event<Propose, Conclusion> {
        Event::Indicated { answers, indication }
    }

    const fn answers(client: u32, choice: Choice) -> Event<Propose, Conclusion> {
        says(Some(op(client)), Conclusion::Decided(choice))
    }

    /// Three nodes; each event at `(node, incarnation)`, one millisecond apart from 1 ms on.
    /// Everybody is core, GST is at 5 ms, the run ends at 1 s and the patience is 100 ms.
    fn judge(
        property: &'static str,
        history: &[(u32, Incarnation, Event<Propose, Conclusion>)],
    ) -> Option<Witness> {
        let cluster = Cluster { n: 3 };
        let promise = Promise(vec![property]);
        let mut properties = Decision::properties(cluster, &promise);
        assert_eq!(properties.len(), 1);
        let checker = &mut properties[0].checker;
        let end = End {
            cluster: Cluster { n: 4 },
            at: Time::from_nanos(1_000_000_000),
            gst: Some(Time::from_nanos(5_000_000)),
            patience: Duration::from_millis(100),
            core: cluster.nodes().collect(),
        };
        let mut at = Time::ZERO;
        for (node, incarnation, event) in history {
            at = at + Duration::from_millis(1);
            let witness = checker.observe(&Entry {
                at,
                node: NodeId(*node),
                incarnation: *incarnation,
                event: event.clone(),
            });
            if witness.is_some() {
                return witness;
            }
        }
        checker.conclude(&end)
    }

    #[test]
    fn agreement_forbids_two_choices_among_correct_nodes() {
        let bad = [(0, 0, DECIDED_A), (1, 0, DECIDED_B)];
        assert_eq!(
            judge(AGREEMENT, &bad).unwrap(),
            "n0 decided A at 0.001000000 s, but n1 decided B at 0.002000000 s"
        );
        assert!(judge(AGREEMENT, &[(0, 0, DECIDED_A), (0, 1, DECIDED_B)]).is_some());
        let good = [(0, 0, DECIDED_A), (1, 0, UNDECIDED), (2, 0, DECIDED_A)];
        assert_eq!(judge(AGREEMENT, &good), None);
        let liar = [(0, 0, DECIDED_A), (0, 0, Event::Corrupted), (1, 0, DECIDED_B)];
        assert_eq!(judge(AGREEMENT, &liar), None);
        let others =
            [(0, 0, DECIDED_A), (1, 0, DECIDED_A), (0, 0, Event::Corrupted), (2, 0, DECIDED_B)];
        assert!(judge(AGREEMENT, &others).unwrap().starts_with("n1 decided A"));
    }

    #[test]
    fn validity_forbids_to_decide_what_nobody_proposed() {
        let bad = [(0, 0, asks(0, A)), (1, 0, DECIDED_B)];
        assert_eq!(
            judge(VALIDITY, &bad).unwrap(),
            "n1 decided B at 0.002000000 s, but until then only {A} was proposed"
        );
        let too_late = [(0, 0, asks(0, A)), (1, 0, DECIDED_B), (2, 0, asks(2, B))];
        assert!(judge(VALIDITY, &too_late).is_some());
        let good = [(0, 0, asks(0, A)), (2, 0, asks(2, B)), (1, 0, DECIDED_B)];
        assert_eq!(judge(VALIDITY, &good), None);
        assert_eq!(judge(VALIDITY, &[(1, 0, UNDECIDED)]), None);
        let liar = [(2, 0, Event::Corrupted), (1, 0, DECIDED_B)];
        assert_eq!(judge(VALIDITY, &liar), None);
    }

    #[test]
    fn unanimity_holds_correct_nodes_to_their_common_proposal() {
        let asked = |third| [(0, 0, asks(0, A)), (1, 0, asks(1, A)), (2, 0, asks(2, third))];
        let odd = [(1, 0, DECIDED_B)];
        assert_eq!(
            judge(UNANIMITY, &[&asked(A)[..], &odd].concat()).unwrap(),
            "n1 decided B at 0.004000000 s, but every correct node proposed A"
        );
        let liar = [(2, 0, Event::Corrupted)];
        let liar_last = [&asked(B)[..], &odd, &liar].concat();
        assert!(judge(UNANIMITY, &liar_last).is_some());
        let the_liar_itself = [&asked(A)[..], &[(2, 0, DECIDED_B)], &liar].concat();
        assert_eq!(judge(UNANIMITY, &the_liar_itself), None);
        assert_eq!(judge(UNANIMITY, &[&asked(B)[..], &odd].concat()), None);
        assert_eq!(judge(UNANIMITY, &[&asked(A)[..2], &odd].concat()), None);
        assert!(judge(UNANIMITY, &[&asked(A)[..2], &odd, &liar].concat()).is_some());
        let same = [(1, 0, DECIDED_A), (0, 0, UNDECIDED)];
        assert_eq!(judge(UNANIMITY, &[&asked(A)[..], &same].concat()), None);
    }

    #[test]
    fn integrity_forbids_a_second_outcome_and_to_take_a_decision_back() {
        for bad in [
            vec![(0, 0, DECIDED_A), (0, 0, DECIDED_A)],
            vec![(0, 0, UNDECIDED), (0, 0, DECIDED_A)],
            vec![(0, 0, DECIDED_A), (0, 0, UNDECIDED)],
            vec![(0, 0, DECIDED_A), (0, 1, UNDECIDED), (0, 2, DECIDED_B)],
            vec![(0, 0, asks(0, A)), (0, 0, answers(0, A)), (0, 0, answers(0, A))],
            vec![(0, 0, UNDECIDED), (0, 0, asks(0, A)), (0, 0, answers(0, A))],
        ] {
            assert!(judge(INTEGRITY, &bad).is_some(), "{bad:?}");
        }
        assert_eq!(
            judge(INTEGRITY, &[(0, 0, UNDECIDED), (0, 0, DECIDED_A)]).unwrap(),
            "n0 ended undecided at 0.001000000 s, \
             but in the same life n0 decided A at 0.002000000 s"
        );
        for good in [
            vec![(0, 0, DECIDED_A), (0, 1, DECIDED_A), (1, 0, DECIDED_B)],
            vec![(0, 0, UNDECIDED), (0, 1, DECIDED_A)],
            vec![(0, 0, DECIDED_A), (0, 0, asks(0, B)), (0, 0, answers(0, A))],
            vec![
                (0, 0, asks(0, A)),
                (0, 0, asks(1, A)),
                (0, 0, answers(0, A)),
                (0, 0, answers(1, A)),
            ],
        ] {
            assert_eq!(judge(INTEGRITY, &good), None, "{good:?}");
        }
    }

    #[test]
    fn termination_wants_an_outcome_of_everybody_who_was_asked() {
        let asked = [(0, 0, asks(0, A)), (1, 0, asks(1, A))];
        assert_eq!(
            judge(TERMINATION, &[&asked[..], &[(1, 0, UNDECIDED)]].concat()).unwrap(),
            "n0 was asked at 0.001000000 s and has no outcome at 1.000000000 s"
        );
        let ended = [(1, 0, UNDECIDED), (0, 0, DECIDED_A)];
        assert_eq!(judge(TERMINATION, &[&asked[..], &ended].concat()), None);
        assert_eq!(judge(TERMINATION, &[(0, 0, DECIDED_A), (0, 0, asks(0, A))]), None);
        assert_eq!(judge(TERMINATION, &[]), None);
    }

    #[test]
    fn termination_waits_for_the_core_and_no_longer_than_is_due() {
        let entry = |node, at, event| Entry {
            at: Time::from_nanos(at),
            node: NodeId(node),
            incarnation: 0,
            event,
        };
        let mut judge = Termination::default();
        assert_eq!(judge.observe(&entry(0, 100, asks(0, A))), None);
        let end = |at, core| End {
            cluster: Cluster { n: 4 },
            at: Time::from_nanos(at),
            gst: Some(Time::ZERO),
            patience: Duration::from_nanos(50),
            core: NodeSet::from_iter([NodeId(core)]),
        };
        assert_eq!(judge.conclude(&end(149, 0)), None);
        assert!(judge.conclude(&end(150, 0)).is_some());
        assert_eq!(judge.conclude(&end(150, 1)), None);
        assert!(!judge.is_settled(&end(150, 0).core));
        assert_eq!(judge.observe(&entry(0, 160, UNDECIDED)), None);
        assert!(judge.is_settled(&end(150, 0).core));
        assert!(!judge.is_settled(&end(150, 1).core));
    }

    #[test]
    fn only_what_is_promised_is_judged() {
        let of = |promise| Decision::properties(Cluster { n: 3 }, &Promise(promise));
        let all = of(Decision::PROPERTIES.to_vec());
        let names: Vec<_> = all.iter().map(|property| property.name).collect();
        assert_eq!(names, Decision::PROPERTIES);
        assert!(of(vec![]).is_empty());
    }

    #[test]
    fn opinions_go_round_and_bad_loads_are_objected_to() {
        let load = |options: &[&str], opinions: &[&str]| Load {
            options: options.iter().map(ToString::to_string).collect(),
            opinions: opinions.iter().map(ToString::to_string).collect(),
            ..Load::default()
        };
        let cluster = Cluster { n: 3 };
        let rng = &mut Streams::new(0).chacha(Stream::Application, 0);
        let mut propose = |load: &Load, client| {
            Decision::client(load, cluster, ClientId(client)).next(rng).choice
        };
        let mixed = load(&["a", "b"], &["b", "a"]);
        // n2 starts the list over, and the fourth client sits at n0 again.
        assert_eq!([0, 1, 2, 3].map(|client| propose(&mixed, client)), [B, A, B, B]);
        assert_eq!(propose(&Load::default(), 2), A);

        let key = |load| Decision::objection(&load, cluster).map(|(key, _)| key);
        assert_eq!(key(Load::default()), None);
        assert_eq!(key(mixed), None);
        assert_eq!(key(load(&["a", "b"], &["c"])), Some("opinions"));
        assert_eq!(key(load(&["a"], &["a"; 4])), Some("opinions"));
        assert_eq!(key(load(&["a", "b", "a"], &[])), Some("options"));
        assert_eq!(key(load(&[], &[])), Some("options"));
        let names: Vec<_> = (0..256).map(|option| option.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(key(load(&names, &[])), Some("options"));
        assert_eq!(key(load(&names[..255], &[])), None);
    }

    #[test]
    fn choices_have_letters_and_another_choice_is_never_the_same() {
        let names = [0, 25, 26].map(|index| Choice::new(index, 30).to_string());
        assert_eq!(names, ["A", "Z", "27"]);
        let draw = &mut Streams::new(0).key(Stream::Adversary).member(0);
        let mut seen = BTreeSet::new();
        for _ in 0..100 {
            seen.extend(Choice::new(1, 3).other(draw));
        }
        assert!(seen.into_iter().eq([Choice::new(0, 3), Choice::new(2, 3)]));
        assert_eq!(Choice::new(0, 1).other(draw), None);
    }
}
