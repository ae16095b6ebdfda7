//! The protocol: node 0 keeps the lock and grants it for a time, a lease (Gray and Cheriton 1989,
//! *Leases: an efficient fault-tolerant mechanism for distributed file cache consistency*).
//!
//! The server frees the lock when the lease is over, whether or not it hears from the holder; so
//! the holder must stop believing in it earlier than that, by a clock of its own. A server that
//! comes up has forgotten whom it granted the lock, and grants it to nobody for one lease.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Cluster, Incarnation, NodeId, OpId};
use sim_core::message::{Forger, Lie, Message};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Objection, Protocol, Stored};
use sim_core::rng::Random as _;
use sim_core::time::{Duration, DurationRange};

use crate::exclusion::{Acquire, EVENTUAL_GRANT, Exclusion, MUTUAL_EXCLUSION, Notice};

/// A node holds only what the server granted it.
pub const NO_LOCK_WITHOUT_A_GRANT: &str = "no_lock_without_a_grant";

/// Who keeps the lock.
const SERVER: NodeId = NodeId(0);

/// The keys of `[protocol]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For how long the server grants the lock, on its clock.
    pub lease: Duration,
    /// For how long a holder believes in it, on its own clock; the difference is for the drift.
    pub trust: Duration,
    /// From when the holder counts that.
    pub count_from: CountFrom,
    /// For how long an application wants the lock.
    pub work: DurationRange,
    /// The pause before a node asks again after it was refused.
    pub pause: DurationRange,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lease: Duration::from_millis(500),
            trust: Duration::from_millis(450),
            count_from: CountFrom::Ask,
            work: DurationRange::from_millis(50, 600),
            pause: DurationRange::from_millis(20, 80),
        }
    }
}

/// From when a holder counts how long it may believe in its lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountFrom {
    /// From when it asked: before the server can have granted anything.
    Ask,
    /// From when the grant arrived. This is the planted bug, and what one writes first: the server
    /// counts from when the grant was sent, which is earlier.
    Grant,
}

/// What nodes say to each other; an attempt is drawn anew for each time that a node asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Say {
    /// May I have the lock?
    Ask(u64),
    /// You have it, for one lease.
    Grant(u64),
    /// Somebody else has it.
    Busy(u64),
    /// I do not need it any more.
    Release(u64),
}

impl Message for Say {
    const KINDS: &'static [&'static str] = &["ask", "grant", "busy", "release"];

    fn kind(&self) -> usize {
        match self {
            Self::Ask(_) => 0,
            Self::Grant(_) => 1,
            Self::Busy(_) => 2,
            Self::Release(_) => 3,
        }
    }

    fn bytes(&self) -> u32 {
        16
    }

    /// The protocol assumes that nobody lies, so it has no lies to offer.
    fn forge(&self, _: Lie, _: &mut Forger<'_>) -> Option<Self> {
        None
    }
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// The holder's, or the asker's: no more belief in what is granted to this attempt.
    Trust,
    /// The application has finished.
    Work,
    /// Time to ask again.
    Pause,
    /// The server's: the lease is over.
    Lease,
}

/// What a node wants of the lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
enum Want {
    Nothing,
    Asking(OpId, u64),
    Holding(OpId, u64),
    Pausing(OpId),
}

impl Want {
    fn op(self) -> Option<OpId> {
        match self {
            Self::Nothing => None,
            Self::Asking(op, _) | Self::Holding(op, _) | Self::Pausing(op) => Some(op),
        }
    }
}

/// What the server knows of the lock; the other nodes' is never looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
enum Lock {
    Free,
    Leased(NodeId, u64),
    /// It may be anybody's, from before the server went down.
    Unknown,
}

/// One node.
#[derive(Clone, Debug, Hash)]
pub struct LeaseLock {
    waiting: Vec<OpId>,
    want: Want,
    lock: Lock,
}

impl LeaseLock {
    fn ask(&mut self, op: OpId, ctx: &mut Context<'_, Self>) {
        let attempt = ctx.random().next_u64();
        self.want = Want::Asking(op, attempt);
        ctx.set_timer(Timer::Trust, ctx.config().trust);
        ctx.send(SERVER, Say::Ask(attempt));
    }

    fn granted(&mut self, attempt: u64, ctx: &mut Context<'_, Self>) {
        match self.want {
            Want::Asking(op, asked) if asked == attempt => {
                self.want = Want::Holding(op, attempt);
                if ctx.config().count_from == CountFrom::Grant {
                    ctx.set_timer(Timer::Trust, ctx.config().trust);
                }
                let range = ctx.config().work;
                let work = ctx.random().between(range);
                ctx.set_timer(Timer::Work, work);
                ctx.answer(op, Notice::Granted);
            }
            Want::Holding(_, held) if held == attempt => {}
            // Too late: nobody here believes in this attempt any more.
            _ => ctx.send(SERVER, Say::Release(attempt)),
        }
    }

    fn let_go(&mut self, attempt: u64, ctx: &mut Context<'_, Self>) {
        ctx.cancel_timer(Timer::Trust);
        ctx.cancel_timer(Timer::Work);
        ctx.indicate(Notice::Released);
        ctx.send(SERVER, Say::Release(attempt));
        self.want = Want::Nothing;
        self.next(ctx);
    }

    fn next(&mut self, ctx: &mut Context<'_, Self>) {
        if self.want == Want::Nothing && !self.waiting.is_empty() {
            let op = self.waiting.remove(0);
            self.ask(op, ctx);
        }
    }

    fn asked(&mut self, from: NodeId, attempt: u64, ctx: &mut Context<'_, Self>) {
        match self.lock {
            Lock::Free => {
                self.lock = Lock::Leased(from, attempt);
                ctx.set_timer(Timer::Lease, ctx.config().lease);
                ctx.send(from, Say::Grant(attempt));
            }
            // The grant was lost, or its question came twice; the lease goes on as it is.
            Lock::Leased(holder, held) if (holder, held) == (from, attempt) => {
                ctx.send(from, Say::Grant(attempt));
            }
            Lock::Leased(..) | Lock::Unknown => ctx.send(from, Say::Busy(attempt)),
        }
    }
}

impl Protocol for LeaseLock {
    const NAME: &'static str = "lease-lock";
    const SUMMARY: &'static str = "a server grants a lock for a time";
    type Problem = Exclusion;
    type Config = Config;
    type Message = Say;
    type Timer = Timer;
    type Record = ();
    type Monitor = Grants;

    fn contract(_: &Config, _: Cluster) -> Contract {
        Contract {
            promise: Promise(vec![MUTUAL_EXCLUSION, EVENTUAL_GRANT]),
            safety: Assumptions::CRASH_RECOVERY,
            // There is one server, and it may be any of those that stay away.
            liveness: Assumptions { forgetful: u32::MAX, faulty: 0, ..Assumptions::CRASH_RECOVERY },
        }
    }

    fn objections(config: &Config, _: Cluster) -> Vec<Objection> {
        let reason = format!(
            "a holder that believes for {} in a lease of {} outlives it: make it shorter",
            config.trust, config.lease
        );
        let objection = Objection { key: "trust", reason, runnable: true };
        if config.trust < config.lease { Vec::new() } else { vec![objection] }
    }

    fn boot(_: &[Stored<()>], ctx: &mut Context<'_, Self>) -> Self {
        if ctx.me() == SERVER {
            ctx.set_timer(Timer::Lease, ctx.config().lease);
        }
        Self { waiting: Vec::new(), want: Want::Nothing, lock: Lock::Unknown }
    }

    fn on_request(&mut self, op: OpId, _: Acquire, ctx: &mut Context<'_, Self>) {
        if self.want.op() != Some(op) && !self.waiting.contains(&op) {
            self.waiting.push(op);
            self.next(ctx);
        }
    }

    fn on_message(&mut self, from: NodeId, said: Say, ctx: &mut Context<'_, Self>) {
        match said {
            Say::Ask(attempt) => self.asked(from, attempt, ctx),
            Say::Grant(attempt) => self.granted(attempt, ctx),
            Say::Busy(attempt) => {
                if let Want::Asking(op, asked) = self.want
                    && asked == attempt
                {
                    self.want = Want::Pausing(op);
                    ctx.cancel_timer(Timer::Trust);
                    let range = ctx.config().pause;
                    let pause = ctx.random().between(range);
                    ctx.set_timer(Timer::Pause, pause);
                }
            }
            Say::Release(attempt) => {
                if self.lock == Lock::Leased(from, attempt) {
                    self.lock = Lock::Free;
                    ctx.cancel_timer(Timer::Lease);
                }
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        match (timer, self.want) {
            (Timer::Lease, _) => self.lock = Lock::Free,
            (Timer::Pause, Want::Pausing(op)) | (Timer::Trust, Want::Asking(op, _)) => {
                self.ask(op, ctx);
            }
            (Timer::Work | Timer::Trust, Want::Holding(_, attempt)) => self.let_go(attempt, ctx),
            _ => {}
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Grants {
        Grants::default()
    }
}

/// Judges [`NO_LOCK_WITHOUT_A_GRANT`]: it remembers what the server ever granted.
#[derive(Debug, Default)]
pub struct Grants {
    granted: BTreeSet<(NodeId, u64)>,
}

impl Monitor<LeaseLock> for Grants {
    const INVARIANTS: &'static [&'static str] = &[NO_LOCK_WITHOUT_A_GRANT];

    fn observe(&mut self, node: NodeId, _: Incarnation, state: &LeaseLock) -> Option<Violation> {
        if let (SERVER, Lock::Leased(holder, attempt)) = (node, state.lock) {
            self.granted.insert((holder, attempt));
        }
        let Want::Holding(_, attempt) = state.want else { return None };
        (!self.granted.contains(&(node, attempt))).then(|| Violation {
            property: NO_LOCK_WITHOUT_A_GRANT,
            witness: format!("{node} holds the lock by attempt {attempt:x}, which nobody granted"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monitor_sees_a_lock_that_nobody_granted() {
        let node = |want, lock| LeaseLock { waiting: Vec::new(), want, lock };
        let holding = node(Want::Holding(OpId::default(), 7), Lock::Unknown);
        let server = node(Want::Nothing, Lock::Leased(NodeId(1), 7));
        let mut monitor = Grants::default();
        assert!(monitor.observe(NodeId(1), 0, &holding).is_some());
        assert_eq!(monitor.observe(SERVER, 0, &server), None);
        assert_eq!(monitor.observe(NodeId(1), 0, &holding), None);
        assert!(monitor.observe(NodeId(2), 0, &holding).is_some(), "it was granted to another");
    }
}
