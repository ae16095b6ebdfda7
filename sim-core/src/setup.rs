//! The set-up of an experiment: everything but the protocol's own configuration and the seed.

mod network;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::adversary::AdversarySpec;
use crate::fault::{FaultSpec, Target, When};
use crate::id::{Cluster, NodeId};
use crate::latency::Latency;
use crate::time::{Duration, text};

pub use network::{Bandwidth, Bursts, InFlight, LinkSpec, NetworkSpec, Reordering};

/// Everything but the protocol's configuration and the seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// The number of nodes, at least 1.
    pub nodes: u32,
    /// When the run ends at the latest.
    pub horizon: Duration,
    /// When the faults are over.
    pub gst: Gst,
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
            delta: None,
            patience: None,
            network: NetworkSpec::default(),
            disk: DiskSpec::default(),
            clock: ClockSpec::default(),
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

    /// What is wrong with the whole, beyond what each value says of itself.
    pub fn complaints(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut complain = |path: String, reason: String| {
            complaints.push(Complaint { path, reason, runnable: false });
        };
        let n = self.nodes;
        if n == 0 || n > MAX_NODES {
            complain(
                "protocol.nodes".into(),
                format!("{n} nodes: between 1 and {MAX_NODES} can be run"),
            );
        }
        if self.horizon.is_zero() || self.horizon > Duration::LONGEST {
            complain(
                "horizon".into(),
                format!("the horizon must lie above 0 and up to {}", Duration::LONGEST),
            );
        }
        if let Gst::At(at) = self.gst
            && at >= self.horizon
        {
            complain(
                "gst".into(),
                format!("GST at {at} is not before the horizon {}", self.horizon),
            );
        }
        let named = |node: NodeId| {
            (node.0 >= n)
                .then(|| format!("there is no {node}: the {n} nodes are n0 to n{}", n.max(1) - 1))
        };
        for (index, spec) in self.faults.iter().enumerate() {
            let strangers = spec.fault.targets().into_iter().filter_map(|target| match target {
                Target::Node(node) => named(node),
                Target::Random(count) if count > n => {
                    Some(format!("{count} random nodes, but there are only {n}"))
                }
                _ => None,
            });
            strangers.for_each(|reason| complain(format!("fault[{index}]"), reason));
            if let When::At(at) = spec.when {
                let gst = match self.gst {
                    Gst::At(gst) if !spec.permanent => gst,
                    _ => self.horizon,
                };
                if at.max >= gst.min(self.horizon) {
                    let reason = format!("strikes at {at}, when the schedule is over ({gst})");
                    complain(format!("fault[{index}].at"), reason);
                }
            }
        }
        if self.clock.drift_ppm > 500_000 {
            let reason = "a drift may be up to 500,000 parts per million".to_owned();
            complain("clock.drift_ppm".into(), reason);
        }
        for (node, clock) in &self.clock.nodes {
            if !(-900_000..=9_000_000).contains(&clock.drift_ppm) {
                let reason =
                    "a clock set by hand may drift by -900,000 to 9,000,000 ppm".to_owned();
                complain(format!("clock.nodes.{node}.drift_ppm"), reason);
            }
        }
        self.network.complaints(n, &mut complain);
        for node in self.clock.nodes.keys() {
            if let Some(reason) = node.parse().map_or_else(Some, named) {
                complain(format!("clock.nodes.{node}"), reason);
            }
        }
        complaints
    }
}

/// The most nodes of a run.
pub const MAX_NODES: u32 = 10_000_000;
/// The most clients of a run.
pub const MAX_CLIENTS: u32 = 1_000_000;

/// Something wrong with a scenario as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// The path of the setting, such as `fault[2].at`.
    pub path: String,
    /// What is wrong, and what would be right.
    pub reason: String,
    /// Whether it can be run all the same, with `allow_unsafe`.
    pub runnable: bool,
}

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

impl Serialize for Gst {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a time, \"auto\" or \"never\"")
    }
}

/// The `[disk]` of a scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiskSpec {
    /// How long a sync takes.
    pub sync: Latency,
    /// How long it takes for these kinds of record; a sync takes as long as its slowest record.
    pub kinds: BTreeMap<String, Latency>,
    /// What a crash leaves of the records whose sync was under way.
    pub crash_keeps: CrashKeeps,
}

impl Default for DiskSpec {
    fn default() -> Self {
        Self { sync: Latency::ZERO, kinds: BTreeMap::new(), crash_keeps: CrashKeeps::Prefix }
    }
}

/// What a crash leaves of the records whose sync was under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashKeeps {
    /// Nothing of them.
    Nothing,
    /// The first few, how many is drawn.
    Prefix,
    /// All of them.
    Everything,
}

/// The `[clock]` of a scenario: how far the nodes' clocks are from true.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSpec {
    /// Each node's rate is drawn from 1 ± this many parts per million, at most 500,000.
    pub drift_ppm: u32,
    /// Each node's wall clock starts with an offset drawn from ± this.
    pub offset: Duration,
    /// Nodes whose clocks are set by hand.
    pub nodes: BTreeMap<String, NodeClock>,
}

/// One node's clock, set by hand.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Events of a run.
    pub events: u64,
    /// Events at one instant.
    pub events_per_instant: u64,
    /// Events that wait in the queue.
    pub queue: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 2_000_000, events_per_instant: 100_000, queue: 1_000_000 }
    }
}
