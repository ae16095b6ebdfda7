//! The set-up of an experiment: everything but the protocol's own configuration and the seed.

mod network;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::adversary::{AdversarySpec, Authentication, Conduct, Strategy};
use crate::fault::{CrashKeeps, Fault, FaultSpec, When};
use crate::id::{Cluster, NodeId};
use crate::latency::Latency;
use crate::schema;
use crate::target::Target;
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
                Target::Zone(zone) if !self.network.regions.contains_key(&zone) => {
                    let regions: Vec<_> = self.network.regions.keys().map(String::as_str).collect();
                    Some(format!("there is no region `{zone}` (regions: {})", regions.join(", ")))
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
        self.contradictions(&mut complain);
        if self.cost.bytes_per_second == Some(0) {
            complain("cost.bytes_per_second".into(), "nothing would ever leave a node".into());
        }
        let tokens = self.cost.tokens.as_ref();
        if tokens.is_some_and(|tokens| tokens.bytes_per_token == Some(0)) {
            let reason = "a token of no bytes would make every message endless: give at least 1";
            complain("cost.tokens.bytes_per_token".into(), reason.into());
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

impl Setup {
    /// The conduct of the adversary in a fault that corrupts.
    pub fn conduct(&self, fault: &Fault) -> Option<Conduct> {
        match fault {
            Fault::Corrupt { conduct, .. } => {
                Some(conduct.clone().unwrap_or_else(|| self.adversary.conduct()))
            }
            _ => None,
        }
    }

    /// Faults that cannot be: one mouth that is to behave in two ways, a lie in a name that the
    /// network would stamp out, a node on both sides of a cut, a budget larger than the cluster.
    fn contradictions(&self, complain: &mut impl FnMut(String, String)) {
        for (at, spec) in self.faults.iter().enumerate() {
            if let Some(node) = spec.fault.node_on_both_sides() {
                let reason = format!("{node} is on both sides of this cut");
                complain(format!("fault[{at}]"), reason);
            }
        }
        let corrupt = || {
            let faults = self.faults.iter().enumerate();
            faults.filter_map(|(at, spec)| Some((at, spec, self.conduct(&spec.fault)?)))
        };
        for (at, spec, conduct) in corrupt() {
            if conduct.strategy == Strategy::Spoof
                && self.adversary.authentication == Authentication::Channels
            {
                let reason = "the network stamps every message with its true sender: write \
                              authentication = \"none\" in [adversary] to let it be forged";
                complain(format!("fault[{at}]"), reason.to_owned());
            }
            let named = |target: &Target| matches!(target, Target::Node(_) | Target::All);
            for target in spec.fault.targets().iter().filter(|target| named(target)) {
                let other =
                    corrupt().take_while(|(other, ..)| *other < at).find(|(_, spec, how)| {
                        how.strategy != conduct.strategy && spec.fault.targets().contains(target)
                    });
                if let Some((other, _, how)) = other {
                    let (one, two) = (how.strategy.name(), conduct.strategy.name());
                    let reason = format!(
                        "{target} cannot both {one} (fault[{other}]) and {two}: one mouth has one \
                         conduct"
                    );
                    complain(format!("fault[{at}]"), reason);
                }
            }
        }
        if let Some(budget) = self.budget
            && budget > self.nodes
        {
            let reason = format!("a budget of {budget} in a cluster of {} nodes", self.nodes);
            complain("budget".to_owned(), reason);
        }
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

crate::notation!(Gst, |_| schema::text(
    "When the faults are over: a time, when the last fault that ends has ended, or never.",
    r"^(auto|never|[0-9]+(\.[0-9]+)? *(ns|us|µs|ms|s|m|h))$",
    &["auto", "12s", "never"]
));

/// The `[cost]` of a scenario: what nodes spend on messages. All zero, the default, is for free.
///
/// A node has one processor and one interface; what lines up before them waits. So a protocol that
/// sends n² messages is the first to saturate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CostSpec {
    /// What it takes to handle a message.
    pub receive: Duration,
    /// What it takes to handle a message of these kinds, instead.
    pub messages: BTreeMap<String, Duration>,
    /// What it takes to handle a client's request.
    pub request: Duration,
    /// What it takes to sign a message that carries signatures; copies of one are signed once.
    pub sign: Duration,
    /// What it takes to verify a signature.
    pub verify: Duration,
    /// How many bytes a second leave a node; `None` for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// What messages cost in tokens of a language model, which take no time; `None` counts none.
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
    /// The tokens of a message of these kinds, instead.
    pub messages: BTreeMap<String, u64>,
    /// How many bytes one token stands for; `None` if length costs nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_token: Option<u32>,
}

/// The `[disk]` of a scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
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

/// The `[clock]` of a scenario: how far the nodes' clocks are from true.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
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
    /// Events of a run.
    pub events: u64,
    /// Events at one instant.
    pub events_per_instant: u64,
    /// Events that wait in the queue.
    pub queue: u32,
    /// Strikes of the schedule.
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
