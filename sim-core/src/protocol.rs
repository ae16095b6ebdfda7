//! A protocol: a state machine that does no I/O. Input comes in, effects go out.
//!
//! Every verb of [`Context`] pushes an [`Effect`]; nothing happens until the handler returns. So a
//! test can read the effects without a world, the adversary can rewrite them, and the order in
//! which they were asked for is a contract: what a node sends or indicates after it persisted
//! something waits until that is durable.

use std::fmt::Debug;
use std::hash::Hash;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::checker::Monitor;
use crate::clock::{Clock, Sway};
use crate::history::Entry;
use crate::id::{ClientId, Cluster, NodeId, OpId};
use crate::landmark::Landmark;
use crate::mark::Mark;
use crate::message::{Message, Record};
use crate::problem::{Problem, Promise};
use crate::record::Section;
use crate::rng::{Draw, Ratio};
use crate::signature::Signer;
use crate::time::{Duration, Time};

/// What clients may ask of a node that runs `P`.
pub type Request<P> = <<P as Protocol>::Problem as Problem>::Request;
/// What a node that runs `P` tells its application.
pub type Indication<P> = <<P as Protocol>::Problem as Problem>::Indication;
/// The keys of `[workload]` that the problem of a protocol reads.
pub type Load<P> = <<P as Protocol>::Problem as Problem>::Load;

/// What the application saw of a run of `P`, entry by entry.
pub type History<P> = Vec<Entry<Request<P>, Indication<P>>>;

/// One node's part in a protocol.
///
/// The state is `Clone` and `Hash`, so that a run can be branched and states can be compared.
pub trait Protocol: Sized + Clone + Debug + Hash + Send + 'static {
    /// The name of the protocol in scenario files.
    const NAME: &'static str;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// The bugs that can be planted in a build with the feature `mutants`.
    const MUTANTS: &'static [Mutant] = &[];
    /// The states that some run should reach, or nothing was learned of what comes after them.
    const MARKS: &'static [Mark] = &[];
    /// The problem that it solves.
    type Problem: Problem;
    /// The protocol's keys in the `[protocol]` of a scenario.
    type Config: DeserializeOwned + Serialize + JsonSchema + Clone + Debug + Default + Send + Sync;
    /// What nodes say to each other.
    type Message: Message;
    /// The names of the timers. A name has at most one timer running; setting it again re-arms it.
    type Timer: Copy + Ord + Hash + Debug + Send;
    /// What one write to the disk holds.
    type Record: Record;
    /// The white-box judge.
    type Monitor: Monitor<Self>;
    /// Whether clients are nodes on the network. Then client `c` is node `n + c`: it runs this
    /// protocol too (see [`Context::client`]), is asked what its application wants (again with the
    /// same `op` when the workload's timeout runs out: time to retransmit), and gives the answer.
    /// It does not count among the `n`, and no fault that draws its targets strikes it.
    /// Otherwise a client sits at its node, with no network between.
    const CLIENTS_ON_NETWORK: bool = false;

    /// What the protocol promises, and under which assumptions.
    fn contract(config: &Self::Config, cluster: Cluster) -> Contract;
    /// What is wrong with this configuration for this cluster.
    fn objections(_config: &Self::Config, _cluster: Cluster) -> Vec<Objection> {
        Vec::new()
    }
    /// What is wrong with what this configuration would be asked, as a key of `[workload]` and the
    /// reason; such a scenario is not run.
    fn load_objection(
        _config: &Self::Config,
        _load: &Load<Self>,
    ) -> Option<(&'static str, String)> {
        None
    }
    /// Starts the node from what its disk holds: nothing at first boot, the survivors afterwards.
    fn boot(disk: &[Stored<Self::Record>], ctx: &mut Context<'_, Self>) -> Self;
    /// A client asks; a retry comes with the same `op`.
    fn on_request(&mut self, op: OpId, request: Request<Self>, ctx: &mut Context<'_, Self>);
    /// A message arrived.
    fn on_message(&mut self, from: NodeId, message: Self::Message, ctx: &mut Context<'_, Self>);
    /// A timer ran out.
    fn on_timer(&mut self, timer: Self::Timer, ctx: &mut Context<'_, Self>);
    /// Everything persisted up to and including `mark` is durable.
    fn on_durable(&mut self, _mark: DiskMark, _ctx: &mut Context<'_, Self>) {}
    /// The adversary took the node over with the strategy `program`: from now on it may do whatever
    /// a node can with what this one has. A protocol whose attacks are more than lies in the place
    /// of what was said plants them here, and is asked again whenever the node comes up; by default
    /// the node goes on as before.
    fn on_corrupted(&mut self, _ctx: &mut Context<'_, Self>) {}
    /// What the nodes that are up at the end, and not corrupt, have to say for the record of a run.
    fn minutes(
        _config: &Self::Config,
        _cluster: Cluster,
        _nodes: &[(NodeId, Self)],
    ) -> Vec<Section> {
        Vec::new()
    }
    /// The white-box judge, fresh for one run.
    fn monitor(config: &Self::Config, cluster: Cluster) -> Self::Monitor;
}

/// What a node wants done.
#[derive(Debug)]
pub enum Effect<P: Protocol> {
    /// Sends `message` to `to`; to oneself it arrives at once and never touches the network.
    Send {
        /// The receiver.
        to: NodeId,
        /// What is said.
        message: P::Message,
    },
    /// Starts or re-arms a timer.
    SetTimer {
        /// Which one.
        timer: P::Timer,
        /// How long from now, on the node's own monotonic clock; zero fires at once, after all else
        /// that is due at this instant.
        after: Duration,
    },
    /// Starts a timer that fires again and again; setting or cancelling it ends that.
    RepeatTimer {
        /// Which one.
        timer: P::Timer,
        /// The time from now to its first firing and between any two, on the node's own monotonic
        /// clock; above zero.
        every: Duration,
    },
    /// The same, but the first firing comes at another time than one period from now.
    RepeatTimerFrom {
        /// Which one.
        timer: P::Timer,
        /// The time from now to its first firing, at most `every`.
        first: Duration,
        /// The time between any two firings; above zero.
        every: Duration,
    },
    /// Stops a timer, if it runs.
    CancelTimer {
        /// Which one.
        timer: P::Timer,
    },
    /// Appends a record; what is sent or indicated later waits until it is durable.
    Persist {
        /// What is written.
        record: P::Record,
    },
    /// Replaces the whole disk by one record, atomically (snapshots, checkpoints).
    Compact {
        /// What is left.
        record: P::Record,
    },
    /// Tells the application something.
    Indicate {
        /// The operation that this answers, if any.
        answers: Option<OpId>,
        /// What it is told.
        indication: Indication<P>,
    },
    /// Announces a state worth knowing.
    Announce(Landmark),
}

/// A place in the order of what one node wrote: the `k`-th write has mark `k`, from 1. Writes that
/// a crash lost do not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DiskMark(pub u64);

/// A record as it is found at boot.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Stored<R> {
    /// What was written.
    Intact(R),
    /// Its checksum does not match.
    Damaged,
}

/// What a protocol promises and what it assumes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contract {
    /// The properties that it promises.
    pub promise: Promise,
    /// What its safety assumes.
    pub safety: Assumptions,
    /// What its liveness assumes, beside the end of the faults.
    pub liveness: Assumptions,
}

/// The faults that a promise survives: numbers of nodes, and how far time may be relied on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Assumptions {
    /// At most so many nodes are ever corrupt.
    pub byzantine: u32,
    /// At most so many nodes ever lose what was durable.
    pub forgetful: u32,
    /// At most so many nodes are faulty for good: corrupt, forgetful, down, or cut off.
    pub faulty: u32,
    /// Monotonic clocks never jump, and while the slowest gets a second further, the fastest gets
    /// at most a second and this share of one further; `None` if clocks may do as they like.
    pub clock_drift: Option<Ratio>,
    /// Every message between nodes that do not lie arrives, and within so long of being sent, and no
    /// fault holds up or slows down a node that does not lie; `None` if messages and nodes may take
    /// as long as they like. What `[cost]` says that an input takes does not count.
    pub synchrony: Option<Duration>,
}

impl Assumptions {
    /// Nodes that crash, recover and lose messages, however many, but never lie or forget.
    pub const CRASH_RECOVERY: Self =
        Self { byzantine: 0, forgetful: 0, faulty: u32::MAX, clock_drift: None, synchrony: None };

    /// The same, for so many rounds of this length, each of which ends by the clock and is to have
    /// seen all messages of that round: nine tenths of a round are for a message on its way, and
    /// the last is for what clocks drift apart in all rounds together.
    pub fn in_rounds(round: Duration, rounds: u32) -> Self {
        let tenth = round.as_nanos() / 10;
        Self {
            // In parts per million, as clocks are rated.
            clock_drift: Some(Ratio::new(100_000 / u64::from(rounds.max(1)), 1_000_000)),
            synchrony: Some(Duration::from_nanos(round.as_nanos() - tenth)),
            ..Self::CRASH_RECOVERY
        }
    }
}

/// Something wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Objection {
    /// The key that it is about.
    pub key: &'static str,
    /// What is wrong, and what would be right.
    pub reason: String,
    /// Whether it can be run all the same, as a negative control.
    pub runnable: bool,
}

/// A named bug that can be planted, to show that the judges see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mutant {
    /// Its name, such as `R01`.
    pub id: &'static str,
    /// What it does wrong.
    pub summary: &'static str,
    /// The properties or invariants that break, any of which catches it.
    pub breaks: &'static [&'static str],
}

/// The effects that one handler may ask for: a runaway stops here, a broadcast to a million nodes
/// does not.
const EFFECTS_MAX: usize = 1 << 24;

/// A node's window on the world while it handles one input: what it can read, and the verbs by
/// which it asks for effects, in this order. More than 16,777,216 of them in one handler are a
/// runaway, and the run panics.
pub struct Context<'a, P: Protocol> {
    pub(crate) me: NodeId,
    pub(crate) cluster: Cluster,
    pub(crate) config: &'a P::Config,
    pub(crate) mutant: Option<&'a str>,
    /// The true time, which no protocol sees.
    pub(crate) now: Time,
    pub(crate) clock: &'a Clock,
    pub(crate) sway: Option<&'a Sway>,
    pub(crate) random: &'a mut Draw,
    pub(crate) written: &'a mut DiskMark,
    pub(crate) effects: &'a mut Vec<Effect<P>>,
}

impl<P: Protocol> Context<'_, P> {
    /// The identity under which this node speaks.
    pub const fn me(&self) -> NodeId {
        self.me
    }

    /// The electorate.
    pub const fn cluster(&self) -> Cluster {
        self.cluster
    }

    /// Which client this node is, if it is not one of the electorate; see
    /// [`Protocol::CLIENTS_ON_NETWORK`].
    pub const fn client(&self) -> Option<ClientId> {
        self.cluster.client_at(self.me)
    }

    /// The key with which this node signs.
    pub const fn signer(&self) -> Signer {
        Signer::new(self.me)
    }

    /// The protocol's configuration.
    pub const fn config(&self) -> &P::Config {
        self.config
    }

    /// Whether the bug of this name is planted. Always false without the feature `mutants`.
    ///
    /// # Panics
    /// In a build with debug assertions, if [`Protocol::MUTANTS`] does not list it.
    #[inline]
    pub fn mutant(&self, id: &str) -> bool {
        debug_assert!(P::MUTANTS.iter().any(|mutant| mutant.id == id), "unknown mutant {id}");
        cfg!(feature = "mutants") && self.mutant == Some(id)
    }

    /// The node's monotonic clock: it may run fast or slow, jump ahead, and goes on in a pause.
    pub fn elapsed(&self) -> Time {
        self.clock.elapsed(self.now)
    }

    /// The node's wall clock: it may be wrong. One that is right shows 10⁹ seconds when the run
    /// begins, so that one that is behind shows no time below zero.
    pub fn wall_clock(&self) -> Time {
        let wall = self.clock.wall(self.now);
        self.sway.map_or(wall, |sway| sway.off(self.now).from(wall))
    }

    /// The node's own randomness.
    pub const fn random(&mut self) -> &mut Draw {
        self.random
    }

    #[inline]
    fn push(&mut self, effect: Effect<P>) {
        assert!(self.effects.len() < EFFECTS_MAX, "one handler asked for {EFFECTS_MAX} effects");
        self.effects.push(effect);
    }

    /// Sends `message` to `to`. To address a node that does not exist is a bug, and the run panics.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.push(Effect::Send { to, message });
    }

    /// Sends `message` to every other node.
    pub fn broadcast(&mut self, message: P::Message) {
        for to in self.cluster.others(self.me) {
            self.push(Effect::Send { to, message: message.clone() });
        }
    }

    /// Starts the timer, or re-arms it if it runs.
    #[inline]
    pub fn set_timer(&mut self, timer: P::Timer, after: Duration) {
        self.push(Effect::SetTimer { timer, after });
    }

    /// Starts a timer that fires again and again until it is set, repeated anew or cancelled.
    ///
    /// Cheaper than to set it anew each time: timers of one period keep their order among
    /// themselves, and a ring is their queue. A period of zero is a bug, and the run panics.
    pub fn repeat_timer(&mut self, timer: P::Timer, every: Duration) {
        self.push(Effect::RepeatTimer { timer, every });
    }

    /// The same, with a phase: it fires first `first` from now, at most a period, and then once
    /// every period.
    pub fn repeat_timer_from(&mut self, timer: P::Timer, first: Duration, every: Duration) {
        self.push(Effect::RepeatTimerFrom { timer, first, every });
    }

    /// Stops the timer, if it runs.
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.push(Effect::CancelTimer { timer });
    }

    /// Appends a record to the disk, and gives its mark; [`Protocol::on_durable`] tells when that
    /// is safe.
    pub fn persist(&mut self, record: P::Record) -> DiskMark {
        self.written.0 += 1;
        self.push(Effect::Persist { record });
        *self.written
    }

    /// Replaces everything on the disk by one record, atomically, and gives its mark.
    pub fn compact(&mut self, record: P::Record) -> DiskMark {
        self.written.0 += 1;
        self.push(Effect::Compact { record });
        *self.written
    }

    /// Tells the application something that answers no request.
    pub fn indicate(&mut self, indication: Indication<P>) {
        self.push(Effect::Indicate { answers: None, indication });
    }

    /// Answers a request.
    pub fn answer(&mut self, op: OpId, indication: Indication<P>) {
        self.push(Effect::Indicate { answers: Some(op), indication });
    }

    /// Announces a state worth knowing. A mark that [`Protocol::MARKS`] does not list is a bug, and
    /// the run panics.
    pub fn announce(&mut self, landmark: Landmark) {
        self.push(Effect::Announce(landmark));
    }
}
