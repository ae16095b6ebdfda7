//! The set-up of an experiment: everything but the protocol's own configuration and the seed.

mod complaint;
mod network;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adversary::{AdversarySpec, Conduct};
use crate::fault::{CrashKeeps, Fault, FaultSpec};
use crate::id::Cluster;
use crate::latency::Latency;
use crate::time::Duration;

pub use complaint::Complaint;
pub use network::{Bandwidth, Bursts, InFlight, LinkSpec, NetworkSpec, Reordering};

/// Everything but the protocol's configuration and the seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// The number of nodes, from 1 to [`MAX_NODES`].
    pub nodes: u32,
    /// When the run ends at the latest; above 0, at most [`Duration::LONGEST`].
    pub horizon: Duration,
    /// When the faults are over.
    pub gst: Gst,
    /// Who is there after GST.
    pub recovery: Recovery,
    /// The longest delay of a message sent after GST; `None` leaves the tails.
    pub delta: Option<Duration>,
    /// How long after GST anything good may take; `None` for 20 times the longest timer that was
    /// armed.
    pub patience: Option<Duration>,
    /// The links.
    pub network: NetworkSpec,
    /// The disks.
    pub disk: DiskSpec,
    /// The nodes' clocks.
    pub clock: ClockSpec,
    /// What nodes spend on messages.
    pub cost: CostSpec,
    /// What goes wrong.
    pub faults: Vec<FaultSpec>,
    /// The most nodes that faults may hold down or corrupt at once; `None` for as many as the
    /// protocol's contract says it survives. A strike beyond it is withheld.
    pub budget: Option<u32>,
    /// The liar.
    pub adversary: AdversarySpec,
    /// What a run may use.
    pub limits: Limits,
    /// The bug that is planted, in a build with the feature `mutants`.
    pub mutant: Option<String>,
    /// Who judges; only benchmarks spare anybody the work.
    pub judges: Judges,
}

/// Which judges sit in court.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Judges {
    /// Nobody.
    None,
    /// The properties of the problem, which see the history.
    Properties,
    /// These and the protocol's invariants, which see its states.
    #[default]
    All,
}

impl Setup {
    /// `nodes` nodes on a quiet network for `horizon`.
    pub fn new(nodes: u32, horizon: Duration) -> Self {
        Self {
            nodes,
            horizon,
            gst: Gst::Auto,
            recovery: Recovery::All,
            delta: None,
            patience: None,
            network: NetworkSpec::default(),
            disk: DiskSpec::default(),
            clock: ClockSpec::default(),
            cost: CostSpec::default(),
            faults: Vec::new(),
            budget: None,
            adversary: AdversarySpec::default(),
            limits: Limits::default(),
            mutant: None,
            judges: Judges::All,
        }
    }

    /// The electorate.
    pub const fn cluster(&self) -> Cluster {
        Cluster { n: self.nodes }
    }

    /// The conduct of the adversary in a fault that corrupts.
    pub fn conduct(&self, fault: &Fault) -> Option<Conduct> {
        match fault {
            Fault::Corrupt { conduct, .. } => {
                Some(conduct.clone().unwrap_or_else(|| self.adversary.conduct()))
            }
            _ => None,
        }
    }
}

/// The most nodes of a run, clients not counted.
pub const MAX_NODES: u32 = 10_000_000;
/// The most clients of a run.
pub const MAX_CLIENTS: u32 = 1_000_000;

/// The global stabilisation time (Dwork, Lynch and Stockmeyer 1988): when the network heals, the
/// crashed restart, and liveness begins to be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gst {
    /// When the last fault that ends has ended; a fault without an end stays.
    Auto,
    /// At this time; a fault stays only if it says so.
    At(Duration),
    /// Never: liveness is not judged.
    Never,
}

/// Who is there after GST, and must make progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recovery {
    /// All come back whom no permanent fault keeps away.
    #[default]
    All,
    /// A drawn core that is as small as the protocol's liveness allows; the others stay away for
    /// good, whatever they know.
    Core,
}

impl FromStr for Gst {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "never" => Ok(Self::Never),
            _ => text
                .parse()
                .map(Self::At)
                .map_err(|error| format!("{error}; or \"auto\", or \"never\"")),
        }
    }
}

impl fmt::Display for Gst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::At(at) => write!(f, "{at}"),
            Self::Never => f.write_str("never"),
        }
    }
}

crate::text_notation!(
    Gst,
    "a time, \"auto\" or \"never\"",
    "When the faults are over: a time, when the last fault that ends has ended, or never.",
    r"^(auto|never|[0-9]+(\.[0-9]+)? *(ns|us|µs|ms|s|m|h))$",
    &["auto", "12s", "never"]
);

/// The `[cost]` of a scenario: what nodes spend on messages. All zero, the default, is for free.
///
/// A node has one processor and one interface; what lines up before them waits. So a protocol that
/// sends n² messages is the first to saturate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CostSpec {
    /// The processor's time to handle a message.
    pub receive: Duration,
    /// The same for messages of these kinds, by name, instead.
    pub messages: BTreeMap<String, Duration>,
    /// The processor's time to handle a client's request.
    pub request: Duration,
    /// The processor's time to sign a message that carries signatures; copies of one are signed
    /// once.
    pub sign: Duration,
    /// The processor's time to verify a signature.
    pub verify: Duration,
    /// How many bytes a second leave a node, at least 1; without it any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// What messages cost in tokens of a language model, which take no time; without it none are
    /// counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenSpec>,
}

/// The `[cost.tokens]` of a scenario: what each message that is sent costs in tokens.
///
/// A message costs so much by its kind, and beside that one token for so many of its bytes, the
/// last of them begun; copies to several receivers cost each as much.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSpec {
    /// The tokens of a message, however long it is.
    pub each: u64,
    /// The tokens of a message of these kinds, by name, instead.
    pub messages: BTreeMap<String, u64>,
    /// How many bytes one token stands for, at least 1; without it length costs nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_token: Option<u32>,
}

/// The `[disk]` of a scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiskSpec {
    /// How long a sync takes.
    pub sync: Latency,
    /// How long it takes for these kinds of record, by name; a sync takes as long as its slowest
    /// record.
    pub kinds: BTreeMap<String, Latency>,
    /// What a crash leaves of the records whose sync was under way.
    pub crash_keeps: CrashKeeps,
}

impl Default for DiskSpec {
    fn default() -> Self {
        Self { sync: Latency::ZERO, kinds: BTreeMap::new(), crash_keeps: CrashKeeps::Prefix }
    }
}

/// The `[clock]` of a scenario: how far the nodes' clocks are from true.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSpec {
    /// Each node's rate is drawn from 1 ± this many parts per million, at most 500,000.
    pub drift_ppm: u32,
    /// Each node's wall clock starts with an offset drawn from ± this, at most 31 years.
    pub offset: Duration,
    /// Nodes whose clocks are set by hand, by name: `n0`, `n1`, …
    pub nodes: BTreeMap<String, NodeClock>,
}

/// One node's clock, set by hand.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeClock {
    /// Parts per million by which the clock runs fast (or slow, if negative); −900,000 to
    /// 9,000,000.
    #[serde(default)]
    pub drift_ppm: i32,
    /// How far the wall clock is ahead at the start.
    #[serde(default)]
    pub ahead: Duration,
}

/// What a run may use; past any of these the verdict is `inconclusive`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Events of a run; past it the reason is `event_cap`.
    pub events: u64,
    /// Events at one instant, or four times the square of the number of nodes if that is more; past
    /// it `zeno`.
    pub events_per_instant: u64,
    /// Events that wait in the queue, held messages included; past it `memory`.
    pub queue: u32,
    /// Strikes of the schedule; past it `strikes`.
    pub strikes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 2_000_000, events_per_instant: 100_000, queue: 1_000_000, strikes: 10_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_by_hand_may_drift_so_far_and_no_further() {
        let complains = |drift_ppm| {
            let mut setup = Setup::new(3, Duration::from_secs(1));
            let clock = NodeClock { drift_ppm, ahead: Duration::ZERO };
            setup.clock.nodes.insert("n1".to_owned(), clock);
            let complaints = setup.complaints();
            complaints.iter().any(|complaint| complaint.path == "clock.nodes.n1.drift_ppm")
        };
        assert!(!complains(-900_000) && !complains(0) && !complains(9_000_000));
        assert!(complains(-900_001) && complains(9_000_001));
    }

    #[test]
    fn gst_is_read_as_it_is_written() {
        for (gst, text) in
            [(Gst::Auto, "auto"), (Gst::Never, "never"), (Gst::At(Duration::from_secs(12)), "12s")]
        {
            assert_eq!((gst.to_string().as_str(), text.parse()), (text, Ok(gst)));
        }
    }
}
