//! Delphi: a facilitator collects estimates and tells the panel, without names, how they lie.
//!
//! Dalkey and Helmer, "An experimental application of the Delphi method to the use of experts"
//! (Management Science 9(3), 1963). Every expert sends its estimate to the facilitator, n0, and
//! hears the median and the quartiles; then it moves towards the median, as far as its own
//! stubbornness lets it. The panel stops when the middle half is near together, when the median
//! hardly moves, or after a number of rounds, and the last median is the result for all.
//!
//! What is said is written down before, and an expert repeats its estimate until it hears of the
//! next round, so neither loss nor reboots change the result. The panel trusts its facilitator. A
//! lying expert moves the median by no more than the place of one estimate; nothing is promised of
//! that, since who lies could be the facilitator.

mod config;
mod message;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use message::{Message, Record};

use std::collections::BTreeMap;

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::awaited::Awaited;
use crate::opinion::Feedback;
use crate::problem::estimate::{
    Begin, EPSILON_AGREEMENT, Estimate, Estimation, HULL, INTEGRITY, TERMINATION,
};

/// Who collects the estimates.
pub const FACILITATOR: NodeId = NodeId(0);

/// One expert; the facilitator is one too.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Delphi {
    begun: Option<Begin>,
    /// Its estimate of each round.
    said: Vec<i64>,
    end: Awaited<Estimate>,
    /// What the facilitator told the panel after each round.
    closed: Vec<Feedback>,
    /// The estimates of the round that it collects.
    collected: BTreeMap<NodeId, i64>,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to say the estimate again.
    Repeat,
}

impl Protocol for Delphi {
    const NAME: &'static str = "delphi";
    const SUMMARY: &'static str = "a panel hears its median and quartiles, and thinks again";
    const MUTANTS: &'static [Mutant] = &[Mutant {
        id: "DE1",
        summary: "the facilitator tells the panel before it has written down that a round is closed",
        breaks: &[INTEGRITY, EPSILON_AGREEMENT],
    }];
    type Problem = Estimation;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Unwatched;

    fn contract(_: &Config, _: Cluster) -> Contract {
        let honest = Assumptions::CRASH_RECOVERY;
        Contract {
            promise: Promise(vec![HULL, EPSILON_AGREEMENT, INTEGRITY, TERMINATION]),
            safety: honest,
            // Who is down could be the facilitator.
            liveness: Assumptions { faulty: 0, ..honest },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node = Self::default();
        for stored in disk {
            match *stored {
                Stored::Intact(Record::Begun(begin)) => {
                    node.begun = Some(begin);
                    node.said.push(begin.value);
                }
                Stored::Intact(Record::Revised(value)) => node.said.push(value),
                Stored::Intact(Record::Closed(panel)) => node.closed.push(panel),
                // It may have said something and cannot read what.
                Stored::Damaged => {
                    node.end(Estimate::GivenUp, ctx);
                    return node;
                }
            }
        }
        node.speak(ctx);
        node
    }

    fn on_request(&mut self, op: OpId, begin: Begin, ctx: &mut Context<'_, Self>) {
        self.end.ask(op, ctx);
        if self.begun.is_none() && !self.end.has_come() {
            self.begun = Some(begin);
            self.estimate(begin.value, Record::Begun(begin), ctx);
            self.close(ctx);
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        match message {
            Message::Estimate { round, value } if ctx.me() == FACILITATOR => {
                self.collect(from, round, value, ctx);
            }
            Message::Feedback { round, panel } if from == FACILITATOR => {
                self.think_again(round, panel, ctx);
            }
            Message::Result { rounds, value } if from == FACILITATOR && !self.end.has_come() => {
                self.end(Estimate::Settled { rounds, value }, ctx);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, Timer::Repeat: Timer, ctx: &mut Context<'_, Self>) {
        self.speak(ctx);
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}

impl Delphi {
    /// Comes to an estimate, and tells the facilitator.
    fn estimate(&mut self, value: i64, record: Record, ctx: &mut Context<'_, Self>) {
        ctx.persist(record);
        ctx.indicate(Estimate::Revised { round: self.said.len() as u32, value });
        self.said.push(value);
        ctx.announce(Landmark::Round { round: self.said.len() as u64 });
        self.speak(ctx);
    }

    /// Tells the facilitator the estimate of this round, and will do so again.
    fn speak(&self, ctx: &mut Context<'_, Self>) {
        if self.end.has_come() {
            return;
        }
        if let Some(value) = self.said.last() {
            let round = self.said.len() as u32 - 1;
            ctx.send(FACILITATOR, Message::Estimate { round, value: *value });
            let interval = ctx.config().retransmit;
            if !interval.is_zero() {
                ctx.set_timer(Timer::Repeat, interval);
            }
        }
    }

    /// Takes an estimate of this round, or says what followed on that of an earlier one.
    fn collect(&mut self, from: NodeId, round: u32, value: i64, ctx: &mut Context<'_, Self>) {
        let round = round as usize;
        if round < self.closed.len() {
            let told = self.told(round, ctx);
            ctx.send(from, told);
        } else if round == self.closed.len() && ctx.cluster().contains(from) {
            self.collected.entry(from).or_insert(value);
            self.close(ctx);
        }
    }

    /// Whether the facilitator has closed the last round.
    fn is_over(&self, ctx: &Context<'_, Self>) -> bool {
        self.begun.is_some_and(|begin| ctx.config().stops(&self.closed, begin.epsilon))
    }

    /// What the panel is told after a round.
    fn told(&self, round: usize, ctx: &Context<'_, Self>) -> Message {
        let panel = self.closed[round];
        if round + 1 == self.closed.len() && self.is_over(ctx) {
            Message::Result { rounds: round as u32 + 1, value: panel.median }
        } else {
            Message::Feedback { round: round as u32, panel }
        }
    }

    /// Closes the round once enough estimates are there, and tells everybody.
    fn close(&mut self, ctx: &mut Context<'_, Self>) {
        let enough = self.collected.len() >= ctx.config().awaited(ctx.cluster());
        if self.begun.is_none() || !enough || self.is_over(ctx) {
            return;
        }
        let estimates = std::mem::take(&mut self.collected).into_values().collect();
        let Some(panel) = Feedback::of(estimates) else { return };
        if !ctx.mutant("DE1") {
            ctx.persist(Record::Closed(panel));
        }
        self.closed.push(panel);
        let told = self.told(self.closed.len() - 1, ctx);
        ctx.broadcast(told);
        ctx.send(FACILITATOR, told);
    }

    /// Moves towards the median, if this is about the estimate that it gave last.
    fn think_again(&mut self, round: u32, panel: Feedback, ctx: &mut Context<'_, Self>) {
        let Some(own) = self.said.last().filter(|_| self.said.len() == round as usize + 1) else {
            return;
        };
        if !self.end.has_come() {
            let value = ctx.config().revised(ctx.me(), *own, panel.median);
            self.estimate(value, Record::Revised(value), ctx);
        }
    }

    /// Tells the end to all who wait here.
    fn end(&mut self, end: Estimate, ctx: &mut Context<'_, Self>) {
        ctx.cancel_timer(Timer::Repeat);
        self.end.come(end, end.landmark(), ctx);
    }
}
