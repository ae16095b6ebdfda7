//! Heartbeats from all to all: each node judges each other by itself, by a fixed timeout or by the
//! improbability of its silence.
//!
//! It is the baseline against which gossip is weighed: n(n − 1) messages a period, and nobody
//! believes hearsay. A heartbeat counts as an incarnation: it is the later word that raises a node
//! from the dead. The upper half of its number is the node's life, which is on its disk.

pub mod accrual;
mod config;
mod message;
#[cfg(test)]
mod tests;

pub use config::{Config, Detector, Model};
pub use message::{Message, Record};

use std::collections::BTreeMap;

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Objection, Protocol, Stored};
use sim_core::rng::{Random as _, Ratio};
use sim_core::time::{Duration, DurationRange};

use crate::problem::membership::{
    ACCURACY, Belief, COMPLETENESS, Indication, Membership, NO_RESURRECTION, RISING_INCARNATION,
    Request, STRONG_ACCURACY, Status, VIEWS_AGREE,
};
use accrual::{Arrivals, Threshold};

/// The bits of a heartbeat's number below the life.
const LIFE_BITS: u32 = 32;

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Heartbeat {
    life: u64,
    /// The number of its last heartbeat.
    count: u64,
    is_member: bool,
    view: BTreeMap<NodeId, Belief>,
    arrivals: BTreeMap<NodeId, Arrivals>,
    threshold: Threshold,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When its first heartbeat is due.
    Start,
    /// When the next one is.
    Period,
    /// When another was silent for too long.
    Silence(NodeId),
}

impl Protocol for Heartbeat {
    const NAME: &'static str = "heartbeat";
    const SUMMARY: &'static str = "membership by heartbeats to all, a timeout or φ accrual";
    type Problem = Membership;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Unwatched;

    fn contract(config: &Config, _: Cluster) -> Contract {
        let mut promise =
            vec![NO_RESURRECTION, RISING_INCARNATION, COMPLETENESS, ACCURACY, VIEWS_AGREE];
        if config.synchrony.is_some() {
            promise.push(STRONG_ACCURACY);
        }
        let safety = Assumptions {
            clock_drift: config.synchrony.map(|_| Ratio::NEVER),
            synchrony: config.synchrony,
            ..Assumptions::CRASH_RECOVERY
        };
        Contract { promise: Promise(promise), safety, liveness: Assumptions::CRASH_RECOVERY }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut records = disk.iter().filter_map(|stored| match stored {
            Stored::Intact(record) => Some(*record),
            Stored::Damaged => None,
        });
        let last = records.next_back();
        let others = ctx.cluster().others(ctx.me());
        let mut node = Self {
            life: last.map_or(0, |record| record.life),
            count: 0,
            is_member: last.is_none_or(|record| !record.has_left),
            view: others.map(|member| (member, Belief::alive(0))).collect(),
            arrivals: BTreeMap::new(),
            threshold: Threshold::of(ctx.config()),
        };
        if node.is_member {
            node.enter(None, ctx);
        }
        node
    }

    fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_, Self>) {
        match request {
            Request::Leave => self.leave(op, ctx),
            Request::Join if !self.is_member => {
                self.is_member = true;
                self.enter(Some(op), ctx);
            }
            Request::Join | Request::Count => {
                let present = self.view.values().filter(|belief| belief.is_present()).count();
                let count = if self.is_member { present as u32 + 1 } else { 0 };
                ctx.answer(op, Indication::Counted(count));
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        if !self.is_member || !ctx.cluster().contains(from) {
            return;
        }
        match message {
            Message::Heartbeat(count) => self.hear(from, count, ctx),
            Message::Farewell(count) => {
                // That of an earlier life ends nothing.
                if self.believe(from, Belief::alive(count).turned(Status::Left), ctx) {
                    ctx.cancel_timer(Timer::Silence(from));
                }
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        // What ran out while the node stood still comes after it left.
        if !self.is_member {
            return;
        }
        match timer {
            Timer::Start => {
                ctx.repeat_timer(Timer::Period, ctx.config().period);
                self.beat(ctx);
            }
            Timer::Period => self.beat(ctx),
            Timer::Silence(member) => {
                if let Some(belief) = self.view.get(&member).filter(|belief| belief.is_present()) {
                    let dead = belief.turned(Status::Dead);
                    self.arrivals.entry(member).or_default().interrupt();
                    self.believe(member, dead, ctx);
                }
            }
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}

impl Heartbeat {
    /// Becomes a member in a new life, which is on the disk before it shows.
    fn enter(&mut self, op: Option<OpId>, ctx: &mut Context<'_, Self>) {
        self.life += 1;
        self.count = self.life << LIFE_BITS;
        ctx.compact(Record { life: self.life, has_left: false });
        let period = ctx.config().period;
        let joined = Indication::Joined { incarnation: self.count, period };
        match op {
            Some(op) => ctx.answer(op, joined),
            None => ctx.indicate(joined),
        }
        for (member, belief) in &self.view {
            ctx.indicate(Indication::Changed { member: *member, belief: *belief });
        }
        for member in ctx.cluster().others(ctx.me()) {
            self.await_next(member, ctx);
        }
        let wait = DurationRange { min: Duration::ZERO, max: period };
        let wait = ctx.random().between(wait);
        ctx.set_timer(Timer::Start, wait);
    }

    fn leave(&mut self, op: OpId, ctx: &mut Context<'_, Self>) {
        if self.is_member {
            self.is_member = false;
            ctx.compact(Record { life: self.life, has_left: true });
            ctx.broadcast(Message::Farewell(self.count));
            ctx.cancel_timer(Timer::Start);
            ctx.cancel_timer(Timer::Period);
            for member in ctx.cluster().others(ctx.me()) {
                ctx.cancel_timer(Timer::Silence(member));
            }
        }
        ctx.answer(op, Indication::Left);
    }

    fn beat(&mut self, ctx: &mut Context<'_, Self>) {
        self.count += 1;
        ctx.broadcast(Message::Heartbeat(self.count));
    }

    fn hear(&mut self, from: NodeId, count: u64, ctx: &mut Context<'_, Self>) {
        let belief = Belief::alive(count);
        // What was overtaken tells nothing.
        if self.believe(from, belief, ctx) {
            let window = ctx.config().window;
            self.arrivals.entry(from).or_default().hear(ctx.elapsed(), window);
            self.await_next(from, ctx);
        }
    }

    /// Keeps a belief, if it is news; the application hears of it if it is another status.
    fn believe(&mut self, member: NodeId, belief: Belief, ctx: &mut Context<'_, Self>) -> bool {
        let before = self.view.get(&member).copied();
        if before.is_some_and(|before| belief <= before) {
            return false;
        }
        self.view.insert(member, belief);
        if before.is_none_or(|before| before.status != belief.status) {
            ctx.indicate(Indication::Changed { member, belief });
        }
        if let Some(landmark) = belief.landmark(member, before) {
            ctx.announce(landmark);
        }
        true
    }

    /// How long the next heartbeat may take.
    fn await_next(&self, member: NodeId, ctx: &mut Context<'_, Self>) {
        let config = ctx.config();
        let silence = match config.detector {
            Detector::Timeout => config.timeout,
            Detector::Accrual => {
                let known = self.arrivals.get(&member);
                let guess = || Arrivals::default().estimate(config.period);
                let (mean, deviation) =
                    known.map_or_else(guess, |arrivals| arrivals.estimate(config.period));
                self.threshold.silence(mean, deviation)
            }
        };
        ctx.set_timer(Timer::Silence(member), silence);
    }
}
