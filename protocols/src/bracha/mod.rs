//! Bracha's reliable broadcast: INIT, ECHO, READY, and no liar below a third makes two correct
//! nodes deliver different things, or one deliver and another not.
//!
//! Bracha, "Asynchronous Byzantine Agreement Protocols" (Information and Computation 75, 1987),
//! section 3, in the form of the authenticated double echo of Cachin, Guerraoui and Rodrigues
//! (2011), section 3.11: an ECHO answers an INIT alone, where Bracha lets a node echo also what
//! enough others echoed. No bound changes by that.
//!
//! The paper's links lose nothing and its processes never recover. Ours do, so a node writes down
//! what it says before it says it, and says it again to those who seem to lack it. What a node
//! says, it also says to itself, and counts it only then: so it counts nothing of its own that is
//! not durable.

mod config;
mod marks;
mod message;
mod monitor;
mod slot;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Config, Thresholds};
pub use message::{Instance, Message, Record, Step};
pub use monitor::{Auditor, ONE_ECHO, ONE_READY, READY_AGREEMENT};
pub(crate) use slot::Slot;

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::problem::broadcast::{
    Broadcast, CONSISTENCY, Delivered, INTEGRITY, NO_DUPLICATION, ReliableBroadcast, TOTALITY,
    VALIDITY, Value,
};
use marks::READY_AMPLIFIED;

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Bracha {
    slots: BTreeMap<Instance, Slot<Value>>,
    /// The broadcast that the last message was about: all that a judge has to look at.
    latest: Option<Instance>,
    /// It may have said something and cannot read what: it says nothing new in any broadcast.
    abstains: bool,
    is_repeating: bool,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to say again what was said.
    Repeat,
}

impl Protocol for Bracha {
    const NAME: &'static str = "bracha";
    const SUMMARY: &'static str = "reliable broadcast by INIT, ECHO and READY among n > 3f nodes";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "BR1",
            summary: "f+1 ECHOs make a node ready, instead of ⌈(n+f+1)/2⌉",
            breaks: &[READY_AGREEMENT, CONSISTENCY, TOTALITY],
        },
        Mutant {
            id: "BR2",
            summary: "a node says things before it has written them down",
            breaks: &[ONE_ECHO, ONE_READY, TOTALITY],
        },
    ];
    type Problem = ReliableBroadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Auditor;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let survived = config.faults(cluster).min(Config::resilience(cluster));
        Contract {
            promise: Promise(vec![CONSISTENCY, INTEGRITY, NO_DUPLICATION, VALIDITY, TOTALITY]),
            safety: Assumptions {
                byzantine: survived,
                forgetful: 0,
                faulty: u32::MAX,
                ..Assumptions::CRASH_RECOVERY
            },
            liveness: Assumptions {
                byzantine: survived,
                forgetful: 0,
                faulty: survived,
                ..Assumptions::CRASH_RECOVERY
            },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node =
            Self { slots: BTreeMap::new(), latest: None, abstains: false, is_repeating: false };
        for stored in disk {
            match *stored {
                Stored::Intact(Record::Said(step, instance, value)) => {
                    let slot = node.slots.entry(instance).or_default();
                    slot.say(step, value);
                    slot.hear(ctx.me(), step, value);
                }
                Stored::Intact(Record::Delivered(instance, value)) => {
                    node.slots.entry(instance).or_default().delivered = Some(value);
                }
                Stored::Damaged => node.abstains = true,
            }
        }
        node.resume(ctx);
        node
    }

    fn on_request(&mut self, op: OpId, Broadcast(value): Broadcast, ctx: &mut Context<'_, Self>) {
        let instance = Instance { sender: ctx.me(), op };
        let slot = self.slots.entry(instance).or_default();
        match slot.delivered {
            Some(value) => ctx.answer(op, indication(instance, value)),
            None => {
                slot.has_client = true;
                self.say(Step::Init, instance, value, ctx);
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        let Message { step, instance, value, again } = message;
        if !ctx.cluster().contains(from) || !ctx.cluster().contains(instance.sender) {
            return;
        }
        self.latest = Some(instance);
        if step == Step::Init {
            if from == instance.sender {
                self.say(Step::Echo, instance, value, ctx);
            }
        } else {
            self.slots.entry(instance).or_default().hear(from, step, value);
            self.advance(instance, value, ctx);
        }
        if again {
            self.remind(instance, from, ctx);
        }
    }

    fn on_timer(&mut self, Timer::Repeat: Timer, ctx: &mut Context<'_, Self>) {
        self.is_repeating = false;
        self.repeat(ctx);
        self.schedule(ctx);
    }

    fn monitor(_: &Config, _: Cluster) -> Auditor {
        Auditor::default()
    }
}

const fn indication(instance: Instance, value: Value) -> Delivered {
    Delivered { sender: instance.sender, instance: instance.op, value }
}

impl Bracha {
    /// Goes on where an earlier life stopped. A crash may have kept the records and lost what was
    /// to be said after them.
    fn resume(&mut self, ctx: &mut Context<'_, Self>) {
        for (instance, slot) in &self.slots {
            if let Some(value) = slot.delivered {
                ctx.indicate(indication(*instance, value));
            }
            // The sender hears its own INIT from itself.
            if let Some(value) = slot.said(Step::Init).filter(|_| slot.said(Step::Echo).is_none()) {
                let (step, instance) = (Step::Init, *instance);
                ctx.send(ctx.me(), Message { step, instance, value, again: false });
            }
        }
        self.repeat(ctx);
        self.schedule(ctx);
    }

    /// Writes something down and says it to everybody, oneself included; at most once a step.
    fn say(&mut self, step: Step, instance: Instance, value: Value, ctx: &mut Context<'_, Self>) {
        let is_mute = self.abstains;
        let slot = self.slots.entry(instance).or_default();
        if is_mute || !slot.say(step, value) {
            return;
        }
        if step == Step::Ready {
            ctx.announce(Landmark::Prepared { term: 0, index: instance.op.sequence.into() });
        }
        if !ctx.mutant("BR2") {
            ctx.persist(Record::Said(step, instance, value));
        }
        let message = Message { step, instance, value, again: false };
        ctx.broadcast(message.clone());
        ctx.send(ctx.me(), message);
        self.schedule(ctx);
    }

    /// Takes the steps that what was heard about `value` allows.
    fn advance(&mut self, instance: Instance, value: Value, ctx: &mut Context<'_, Self>) {
        let mut needed = ctx.config().thresholds(ctx.cluster());
        if ctx.mutant("BR1") {
            needed.echoes = needed.amplification;
        }
        let slot = self.slots.entry(instance).or_default();
        let is_deliverable = slot.delivered.is_none() && slot.is_deliverable(value, needed);
        let is_amplified =
            !self.abstains && slot.said(Step::Ready).is_none() && !slot.has_echoes(value, needed);
        if slot.is_certain(value, needed) {
            if is_amplified {
                ctx.announce(READY_AMPLIFIED.reached());
            }
            self.say(Step::Ready, instance, value, ctx);
        }
        if is_deliverable {
            self.deliver(instance, value, ctx);
        }
    }

    fn deliver(&mut self, instance: Instance, value: Value, ctx: &mut Context<'_, Self>) {
        let slot = self.slots.entry(instance).or_default();
        slot.delivered = Some(value);
        ctx.persist(Record::Delivered(instance, value));
        ctx.announce(Landmark::Decided);
        match slot.has_client {
            true => ctx.answer(instance.op, indication(instance, value)),
            false => ctx.indicate(indication(instance, value)),
        }
    }

    /// Says again to `node`, which repeats itself, what it may lack. Who has not delivered repeats
    /// itself anyway.
    fn remind(&self, instance: Instance, node: NodeId, ctx: &mut Context<'_, Self>) {
        let slot = self.slots.get(&instance).filter(|slot| slot.delivered.is_some());
        for (step, value) in slot.into_iter().flat_map(Slot::words) {
            ctx.send(node, Message { step, instance, value, again: false });
        }
    }

    /// Says everything again to whoever seems to lack it.
    fn repeat(&self, ctx: &mut Context<'_, Self>) {
        for (instance, slot) in &self.slots {
            for node in slot.laggards(ctx.me(), ctx.cluster()) {
                for (step, value) in slot.words() {
                    let instance = *instance;
                    ctx.send(node, Message { step, instance, value, again: true });
                }
            }
        }
    }

    /// Starts the timer, unless it runs, or nobody lacks anything.
    fn schedule(&mut self, ctx: &mut Context<'_, Self>) {
        let interval = ctx.config().retransmit;
        if interval.is_zero() || self.is_repeating {
            return;
        }
        let (me, cluster) = (ctx.me(), ctx.cluster());
        self.is_repeating = self.slots.values().any(|slot| !slot.laggards(me, cluster).is_empty());
        if self.is_repeating {
            ctx.set_timer(Timer::Repeat, interval);
        }
    }
}
