//! Decision: every agent has an opinion, and the agents must settle on one of them.
//!
//! This is single-shot agreement. The oldest protocols of the field solve it, each under other
//! assumptions, so it stands apart from all of them: what is asked, what is answered, and the
//! properties by which any solver is judged, as far as it promises them. An agent may end without
//! a decision; whether that is good enough is a question of scenarios, never one of safety.

mod agents;
mod commander;
mod conduct;
mod deviants;
mod gauge;
mod judges;
mod opinion;
mod record;

pub use agents::{Agent, Case, Truth};
pub use commander::COMMANDER;
pub use conduct::Conduct;
pub use deviants::Deviants;
pub use opinion::{Opinion, RANKED_MAX, WORTH_MAX};

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::Metric;
use sim_core::id::{ClientId, Cluster, NodeId};
use sim_core::problem::{Answer, Client, Material, Problem, ProblemGauge, Promise};
use sim_core::record::Section;
use sim_core::rng::{ChaCha, Draw, Key, Random, Ratio};
use sim_core::workload::Workload;

use super::ending::Termination;
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
            (AGREEMENT, Class::Safety, Box::<judges::Agreement>::default()),
            (VALIDITY, Class::Safety, Box::<judges::Validity>::default()),
            (UNANIMITY, Class::Safety, Box::new(judges::Unanimity::of(cluster))),
            (COMMANDER_VALIDITY, Class::Safety, Box::<CommanderValidity>::default()),
            (INTEGRITY, Class::Safety, Box::<judges::Integrity>::default()),
            (TERMINATION, Class::Liveness, Box::new(Termination::by(|_| true))),
        ];
        promise.judged_by(judges)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::rng::{Stream, Streams};

    use super::*;

    const A: Choice = Choice::new(0, 2);
    const B: Choice = Choice::new(1, 2);

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
    fn a_case_is_drawn_for_a_load_that_leaves_something_to_chance_and_for_no_other() {
        let key = Streams::new(0).key(Stream::Application);
        let has_case = |load: &Load| Decision::drawn(load, Cluster { n: 3 }, key).case.is_some();
        assert!(!has_case(&Load::default()));
        assert!(has_case(&Load { impartial: true, ..Load::default() }));
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
