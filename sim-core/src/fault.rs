//! Faults as data: what goes wrong, to whom, when, and for how long.
//!
//! Every fault is an entry of one schedule. Targets may be symbolic (`leader`, `minority`) and are
//! resolved when the fault strikes, from the landmarks that nodes have announced.

mod keys;
mod kind;
mod profile;
mod shape;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adversary::Conduct;
use crate::id::{NodeId, NodeSet};
use crate::landmark::LandmarkKind;
use crate::rng::Ratio;
use crate::target::{Target, Targets};
use crate::time::{Duration, DurationRange, Shift};
use crate::weather::Weather;
use crate::workload::Rate;

pub use keys::KEYS;
pub use kind::{FaultKind, KindInfo};
pub use profile::{Profile, ProfileSpec};
pub use shape::Shape;

/// What goes wrong.
#[derive(Clone, PartialEq, Debug)]
pub enum Fault {
    /// The network falls into groups; whoever is named in none forms one more group.
    Partition {
        /// The groups.
        groups: Vec<Targets>,
    },
    /// The network is cut in part, so that hearing is no longer transitive.
    Reshape {
        /// Who still talks to whom.
        shape: Shape,
        /// Who takes the first places, in this order; the others are drawn.
        first: Option<Targets>,
    },
    /// What these say no longer reaches those; the way back stays open.
    OneWay {
        /// Who is no longer heard.
        from: Targets,
        /// Who no longer hears.
        to: Targets,
    },
    /// All cuts end.
    Heal,
    /// Bad weather on the network.
    Weather {
        /// Which.
        weather: Weather,
        /// Whose messages; `None` for everybody's.
        from: Option<Targets>,
        /// Messages to whom; `None` for everybody.
        to: Option<Targets>,
        /// The kinds of message; empty for all.
        messages: Vec<String>,
    },
    /// Nodes are clogged one by one, and let go one by one: each from a drawn time in the first
    /// half of the strike to a drawn time in the second (as in FoundationDB's simulation: Wilson,
    /// "Testing Distributed Systems w/ Deterministic Simulation", Strange Loop 2014).
    SwizzleClog {
        /// Which nodes.
        target: Targets,
    },
    /// Nodes go down: memory and waiting output are lost, and of the disk what is said.
    Crash {
        /// Who goes down.
        target: Targets,
        /// What the disk loses.
        loss: Loss,
        /// What is left of a sync that was under way; `None` for what `[disk]` says.
        keeps: Option<CrashKeeps>,
        /// Goes down in the midst of speaking: right after so many messages more, at least 1;
        /// `None` at once.
        after_sends: Option<u32>,
    },
    /// Nodes that are down come up.
    Restart {
        /// Who comes up.
        target: Targets,
    },
    /// Nodes stand still: what reaches them, timers too, waits. Their clocks go on.
    Pause {
        /// Who stands still.
        target: Targets,
    },
    /// Nodes take time for everything that they handle, one thing after the other.
    SlowNode {
        /// Who is slow.
        target: Targets,
        /// How long each input takes, beside what `[cost]` says; above 0.
        work: Duration,
    },
    /// Nodes come and go, each for itself.
    Churn {
        /// Who comes and goes.
        target: Targets,
        /// How long a node stays, drawn anew each time; above 0.
        up: DurationRange,
        /// How long it is away, drawn anew each time; above 0.
        down: DurationRange,
    },
    /// Clocks go wrong.
    Clock {
        /// Whose clocks.
        target: Targets,
        /// How.
        trouble: ClockTrouble,
    },
    /// Disks go wrong.
    Disk {
        /// Whose disks.
        target: Targets,
        /// How.
        trouble: DiskTrouble,
    },
    /// The adversary takes nodes over, for good.
    Corrupt {
        /// Whom it takes.
        target: Targets,
        /// How it behaves there; `None` for what `[adversary]` says.
        conduct: Option<Conduct>,
    },
    /// Clients ask more: each request of an open loop comes `factor` times.
    Surge {
        /// How many times as many requests there are, at least 2.
        factor: u32,
    },
    /// Requests reach their node twice, as a client that is too eager repeats them.
    RequestTwice {
        /// The probability, drawn for each attempt of a request.
        probability: Ratio,
    },
    /// Clients go away: they ask nothing more, and nobody takes their answers.
    ClientCrash {
        /// How many, drawn among those that are there; at least 1.
        clients: u32,
    },
}

/// What a crash takes from the disk, beside a sync that was under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Nothing.
    Nothing,
    /// The last so many durable records, at least 1: an older state comes back.
    Records(u32),
    /// Everything.
    Everything,
}

/// What a crash leaves of the records whose sync was under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CrashKeeps {
    /// Nothing of them.
    Nothing,
    /// The first few, how many is drawn.
    Prefix,
    /// The first few, and the next in part: its checksum will not match.
    Torn,
    /// All of them.
    Everything,
}

/// How a clock goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockTrouble {
    /// The wall clock is set this much ahead or back.
    Step(Shift),
    /// Time that the node did not see goes by, as when a virtual machine is moved: both clocks
    /// jump ahead, and timers that would have run out do.
    Jump(Duration),
    /// Both clocks run this many parts per million faster than they did, or slower if it is below
    /// 0: from −900,000 to 9,000,000.
    Drift(i32),
    /// The wall clock is right and wrong in turns.
    Strobe {
        /// How far it is ahead while it is wrong, above 0.
        by: Duration,
        /// How long right and wrong take together, above 0.
        period: Duration,
    },
    /// The wall clock swings about its rate, evenly up and evenly down.
    Wave {
        /// How far it swings to either side, above 0.
        by: Duration,
        /// How long it takes there and back, above 0.
        period: Duration,
    },
}

/// How a disk goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskTrouble {
    /// No sync completes.
    Stall,
    /// Syncs take so many times as long, at least 2; one that would take less than 100 µs counts as
    /// long as that.
    Slow(u32),
    /// Nothing can be written: a node that must write goes down.
    Full,
    /// One sync fails: the node goes down, and the sync is lost. (A protocol that went on would
    /// not know what is on its disk; see Rebello and others, "Can Applications Recover from fsync
    /// Failures?", USENIX ATC 2020.)
    Fail,
    /// Syncs are reported complete and are not: what was written meanwhile is lost in a crash.
    Lie,
    /// So many records, drawn, at least 1, are damaged; a checksum finds them at the next boot.
    Corrupt(u32),
}

impl Fault {
    /// A partition that sets these apart from the rest.
    pub fn apart(target: Target) -> Self {
        Self::Partition { groups: vec![target.into()] }
    }

    /// A crash that leaves the disk alone.
    pub fn crash(target: Target) -> Self {
        let target = target.into();
        Self::Crash { target, loss: Loss::Nothing, keeps: None, after_sends: None }
    }

    /// The adversary takes over, and does what `[adversary]` says.
    pub fn corrupt(target: Target) -> Self {
        Self::Corrupt { target: target.into(), conduct: None }
    }

    /// The fault's name.
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::Partition { .. } | Self::Reshape { .. } => FaultKind::Partition,
            Self::OneWay { .. } => FaultKind::OneWay,
            Self::Heal => FaultKind::Heal,
            Self::Weather { weather, .. } => match weather {
                Weather::Loss { .. } => FaultKind::Loss,
                Weather::BurstLoss { .. } => FaultKind::BurstLoss,
                Weather::Delay { .. } => FaultKind::Delay,
                Weather::SlowDown { .. } => FaultKind::SlowLink,
                Weather::Duplicate { .. } => FaultKind::Duplicate,
                Weather::Reorder { .. } => FaultKind::Reorder,
                Weather::Corrupt { .. } => FaultKind::Garble,
                Weather::Bandwidth { .. } => FaultKind::Bandwidth,
                Weather::Clog => FaultKind::Clog,
            },
            Self::SwizzleClog { .. } => FaultKind::SwizzleClog,
            Self::Crash { loss: Loss::Nothing, .. } => FaultKind::Crash,
            Self::Crash { loss: Loss::Records(_), .. } => FaultKind::Rollback,
            Self::Crash { loss: Loss::Everything, .. } => FaultKind::Wipe,
            Self::Restart { .. } => FaultKind::Restart,
            Self::Pause { .. } => FaultKind::Pause,
            Self::SlowNode { .. } => FaultKind::SlowNode,
            Self::Churn { .. } => FaultKind::Churn,
            Self::Clock { trouble, .. } => match trouble {
                ClockTrouble::Step(_) => FaultKind::ClockStep,
                ClockTrouble::Jump(_) => FaultKind::ClockJump,
                ClockTrouble::Drift(_) => FaultKind::ClockDrift,
                ClockTrouble::Strobe { .. } => FaultKind::ClockStrobe,
                ClockTrouble::Wave { .. } => FaultKind::ClockWave,
            },
            Self::Disk { trouble, .. } => match trouble {
                DiskTrouble::Stall => FaultKind::DiskStall,
                DiskTrouble::Slow(_) => FaultKind::DiskSlow,
                DiskTrouble::Full => FaultKind::DiskFull,
                DiskTrouble::Fail => FaultKind::DiskFail,
                DiskTrouble::Lie => FaultKind::DiskLie,
                DiskTrouble::Corrupt(_) => FaultKind::DiskCorrupt,
            },
            Self::Corrupt { .. } => FaultKind::Corrupt,
            Self::Surge { .. } => FaultKind::Surge,
            Self::RequestTwice { .. } => FaultKind::RequestTwice,
            Self::ClientCrash { .. } => FaultKind::ClientCrash,
        }
    }

    /// All targets that it names.
    pub fn targets(&self) -> Vec<Target> {
        match self {
            Self::Partition { groups } => groups.iter().flat_map(|group| group.0.clone()).collect(),
            Self::Reshape { first, .. } => first.iter().flat_map(|first| first.0.clone()).collect(),
            Self::OneWay { from, to } => [from.0.clone(), to.0.clone()].concat(),
            Self::Weather { from, to, .. } => {
                from.iter().chain(to).flat_map(|targets| targets.0.clone()).collect()
            }
            Self::Heal
            | Self::Surge { .. }
            | Self::RequestTwice { .. }
            | Self::ClientCrash { .. } => Vec::new(),
            Self::Corrupt { target, conduct } => {
                let against = conduct.iter().flat_map(|conduct| &conduct.against);
                let against = against.flat_map(|against| against.0.clone());
                target.0.iter().cloned().chain(against).collect()
            }
            Self::SwizzleClog { target }
            | Self::Crash { target, .. }
            | Self::Restart { target }
            | Self::Pause { target }
            | Self::SlowNode { target, .. }
            | Self::Churn { target, .. }
            | Self::Clock { target, .. }
            | Self::Disk { target, .. } => target.0.clone(),
        }
    }

    /// The node that a cut names on both of its sides, which cannot be.
    pub(crate) fn node_on_both_sides(&self) -> Option<NodeId> {
        let named = |targets: &Targets| {
            let nodes = targets.0.iter().filter_map(|target| match target {
                Target::Node(node) => Some(*node),
                _ => None,
            });
            nodes.collect::<NodeSet>()
        };
        match self {
            Self::Partition { groups } => {
                let mut seen = NodeSet::EMPTY;
                for group in groups.iter().map(named) {
                    for node in group.iter() {
                        if !seen.insert(node) {
                            return Some(node);
                        }
                    }
                }
                None
            }
            Self::OneWay { from, to } if from == to && from.0.len() == 1 => {
                named(from).iter().next()
            }
            _ => None,
        }
    }

    /// The same fault on these targets, where it names its victims by one set of targets.
    #[must_use]
    pub fn on(mut self, targets: Targets) -> Self {
        match &mut self {
            Self::SwizzleClog { target }
            | Self::Crash { target, .. }
            | Self::Restart { target }
            | Self::Pause { target }
            | Self::SlowNode { target, .. }
            | Self::Churn { target, .. }
            | Self::Clock { target, .. }
            | Self::Disk { target, .. }
            | Self::Corrupt { target, .. } => *target = targets,
            Self::Partition { .. }
            | Self::Reshape { .. }
            | Self::OneWay { .. }
            | Self::Heal
            | Self::Weather { .. }
            | Self::Surge { .. }
            | Self::RequestTwice { .. }
            | Self::ClientCrash { .. } => {}
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind().name();
        match self {
            Self::Partition { groups } => {
                let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
                write!(f, "partition {} | rest", groups.join(" | "))
            }
            Self::Reshape { shape, first: None } => write!(f, "partition as a {}", shape.name()),
            Self::Reshape { shape, first: Some(first) } => {
                write!(f, "partition as a {} from {first}", shape.name())
            }
            Self::OneWay { from, to } => write!(f, "one-way {from} ↛ {to}"),
            Self::Weather { weather, from, to, .. } => {
                write!(f, "{weather}")?;
                from.iter().try_for_each(|from| write!(f, " from {from}"))?;
                to.iter().try_for_each(|to| write!(f, " to {to}"))
            }
            Self::Crash { target, after_sends: Some(sends), .. } => {
                write!(f, "{name} {target} after {sends} messages")
            }
            Self::Crash { target, loss: Loss::Records(records), .. } => {
                write!(f, "{name} {target} by {records} records")
            }
            Self::SlowNode { target, work } => write!(f, "{name} {target} ({work} each)"),
            Self::Corrupt { target, conduct: Some(conduct) } => {
                write!(f, "{name} {target} ({})", conduct.strategy.name())
            }
            Self::SwizzleClog { target }
            | Self::Crash { target, .. }
            | Self::Restart { target }
            | Self::Pause { target }
            | Self::Churn { target, .. }
            | Self::Clock { target, .. }
            | Self::Disk { target, .. }
            | Self::Corrupt { target, .. } => write!(f, "{name} {target}"),
            Self::Surge { factor } => write!(f, "surge ×{factor}"),
            Self::Heal | Self::RequestTwice { .. } => f.write_str(name),
            Self::ClientCrash { clients } => write!(f, "{clients} clients go away"),
        }
    }
}

/// When a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// At a time, drawn from a range.
    At(DurationRange),
    /// When a landmark is announced for the `nth` time (from 1), `after` that long.
    On {
        /// Which landmark.
        landmark: LandmarkKind,
        /// Which of its announcements, counted over all nodes from 1.
        nth: u32,
        /// How long after it.
        after: Duration,
    },
}

/// One entry of the schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultSpec {
    /// What goes wrong.
    pub fault: Fault,
    /// The probability that a run has this entry at all; drawn once per run.
    pub chance: Ratio,
    /// The probability that a target of a crash is struck; drawn for each apart, at every strike.
    pub each: Ratio,
    /// When it first strikes.
    pub when: When,
    /// The pause until it strikes again, drawn anew each time; `None` strikes once.
    pub every: Option<DurationRange>,
    /// It strikes again as a Poisson process of this rate; not beside `every`.
    pub rate: Option<Rate>,
    /// The time after which it strikes no more; `None` for half the horizon.
    pub until: Option<Duration>,
    /// How long it lasts, drawn from a range; `None` until GST or for ever.
    pub lasts: Option<DurationRange>,
    /// Whether it outlasts GST.
    pub permanent: bool,
}

impl FaultSpec {
    /// The fault at one time, for good.
    pub const fn at(at: Duration, fault: Fault) -> Self {
        Self::when(When::At(DurationRange { min: at, max: at }), fault)
    }

    /// The fault at a time or on a landmark, for good.
    pub const fn when(when: When, fault: Fault) -> Self {
        let (chance, each) = (Ratio::ALWAYS, Ratio::ALWAYS);
        let (every, rate, until, lasts) = (None, None, None, None);
        Self { fault, chance, each, when, every, rate, until, lasts, permanent: false }
    }

    /// The same, ending after `span`.
    #[must_use]
    pub const fn lasting(mut self, span: Duration) -> Self {
        self.lasts = Some(DurationRange { min: span, max: span });
        self
    }
}
