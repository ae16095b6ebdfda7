//! Conflict-free replicated data types: replicas take updates at once, and converge.
//!
//! Shapiro, Preguiça, Baquero and Zawirski, "Conflict-free Replicated Data Types" (2011). Eight
//! [types](Type) and three ways to [exchange](Sync) updates: by states that only go up in a lattice,
//! by deltas that are joined like states (Almeida, Shoker and Baquero, 2018), and by operations
//! over causal broadcast, each delivered once. Any type goes with any way.
//!
//! A replica writes down every change before anybody hears of it, so no later life of it gives two
//! updates one name. A replica that finds a record damaged may have forgotten updates of its own:
//! it goes on to join what others send, and refuses to make updates.

mod causal;
mod config;
mod counter;
mod data;
mod data_type;
mod exchange;
mod grow_only_set;
mod message;
mod monitor;
mod planted;
mod register;
mod replica;
mod set_and_map;
mod text;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod tests;

pub use causal::{Causal, Context as CausalContext, DotFun, DotMap, DotSet, DotStore};
pub use config::{Config, Peers, Sync};
pub use counter::{Count, GCounter, PnCounter};
pub use data::{Data, Operation, Type};
pub use data_type::{DataType, Origin};
pub use grow_only_set::GSet;
pub use message::{Message, Package, Parcel, Record};
pub use monitor::{ASSOCIATIVITY, COMMUTATIVITY, IDEMPOTENCE, INFLATION, Lattice};
pub use register::{LwwRegister, MvRegister, Overwrite, Write};
pub use replica::Replica;
pub use set_and_map::{ItemOperation, OrMap, OrSet};
pub use text::{Rga, Span, Splice};

use sim_core::digest::Digest;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::message::Message as _;
use sim_core::problem::Promise;
use sim_core::protocol::{
    Assumptions, Context, Contract, DiskMark, Mutant, Objection, Protocol, Stored,
};
use sim_core::rng::Random as _;
use sim_core::time::Duration;

use crate::problem::replicated_data::{
    CAUSALITY, CONVERGENCE, Indication, LIST_ORDER, MEANING, ReplicatedData, Request,
    STRONG_CONVERGENCE, Update, Updated,
};
use exchange::{Broadcast, Deltas};
use planted::Planted;

/// One replica.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Crdt {
    replica: Replica,
    deltas: Deltas,
    broadcast: Broadcast,
    /// Whose turn it is, among the others.
    turn: usize,
    /// Records since the last snapshot, and the last one written.
    records: u32,
    written: DiskMark,
    /// It may have forgotten updates of its own.
    abstains: bool,
    planted: Planted,
}

/// The timers of a replica.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to talk to others on one's own account.
    Talk,
}

impl Protocol for Crdt {
    const NAME: &'static str = "crdt";
    const SUMMARY: &'static str = "replicated data that converge: by states, deltas or operations";
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "C01",
            summary: "merging a counter adds the slots instead of keeping the larger",
            breaks: &[IDEMPOTENCE, ASSOCIATIVITY, MEANING, STRONG_CONVERGENCE],
        },
        Mutant {
            id: "C03",
            summary: "of two writes at one time the local one wins",
            breaks: &[COMMUTATIVITY, STRONG_CONVERGENCE, MEANING],
        },
        Mutant {
            id: "C04",
            summary: "a removal removes the element, not the additions that it had seen",
            breaks: &[MEANING, STRONG_CONVERGENCE, INFLATION],
        },
        Mutant {
            id: "C06",
            summary: "an element that both sides have keeps the dots that one of them removed",
            breaks: &[ASSOCIATIVITY, COMMUTATIVITY, INFLATION, MEANING, STRONG_CONVERGENCE],
        },
        Mutant {
            id: "C08",
            summary: "an operation takes effect each time that it arrives",
            breaks: &[MEANING, STRONG_CONVERGENCE],
        },
    ];
    type Problem = ReplicatedData;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Lattice;

    fn contract(_: &Config, _: Cluster) -> Contract {
        Contract {
            promise: Promise(vec![STRONG_CONVERGENCE, MEANING, CAUSALITY, LIST_ORDER, CONVERGENCE]),
            safety: Assumptions::CRASH_RECOVERY,
            liveness: Assumptions::CRASH_RECOVERY,
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node = Self {
            replica: Replica::new(ctx.config().data.bottom()),
            deltas: Deltas::default(),
            broadcast: Broadcast::default(),
            turn: 0,
            records: 0,
            written: DiskMark::default(),
            abstains: false,
            planted: Planted::find(ctx),
        };
        disk.iter().for_each(|stored| node.recall(stored, ctx));
        if !disk.is_empty() {
            node.show(false, ctx);
        }
        // Replicas do not talk in step.
        let interval = ctx.config().interval.as_nanos();
        let first = ctx.random().below(interval) + 1;
        ctx.set_timer(Timer::Talk, Duration::from_nanos(first));
        node
    }

    fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_, Self>) {
        let update = match request {
            Request::Read => None,
            _ if self.replica.done.contains(&op) => None,
            Request::Make(update) => Some(update),
            Request::Draw(draft) => Some(ctx.config().data.update(draft)),
        };
        match update {
            None => ctx.answer(op, self.replica.view()),
            Some(update) => self.make(op, &update, ctx),
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        let bytes = message.bytes();
        match message {
            Message::State(package) => self.receive(from, package, bytes, ctx),
            Message::Delta { package, through } => {
                self.receive(from, package, bytes, ctx);
                ctx.send(from, Message::Acknowledge { through });
            }
            Message::Acknowledge { through } => self.learn_acknowledged(from, through, ctx),
            Message::Operations(parcels) => self.deliver(parcels, ctx),
            Message::Digest(seen) => self.answer_digest(from, seen, ctx),
        }
    }

    fn on_timer(&mut self, Timer::Talk: Timer, ctx: &mut Context<'_, Self>) {
        self.talk(ctx);
    }

    /// Once nothing waits any more, all that was written was also told, and may be folded.
    fn on_durable(&mut self, mark: DiskMark, ctx: &mut Context<'_, Self>) {
        if mark == self.written && self.records >= ctx.config().snapshot_every {
            self.records = 0;
            self.written = ctx.compact(Record::Snapshot(Box::new(self.replica.clone())));
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Lattice {
        Lattice::default()
    }
}

impl Crdt {
    /// What the replica knows.
    pub const fn replica(&self) -> &Replica {
        &self.replica
    }

    fn make(&mut self, op: OpId, update: &Update, ctx: &mut Context<'_, Self>) {
        let wall_clock = ctx.wall_clock().as_nanos();
        let coarse = wall_clock - wall_clock % ctx.config().granularity.as_nanos();
        // Clocks may be wrong, but a write is later than those that its writer has seen.
        let time = coarse.max(self.replica.data.latest_time() + 1);
        let origin = Origin { dot: self.replica.seen.next(ctx.me()), time };
        let prepared = self.replica.data.prepare(update, origin);
        let Some((operation, action)) = prepared.filter(|_| !self.abstains) else {
            ctx.answer(op, Indication::Refused);
            return;
        };
        let updated = Updated { dot: origin.dot, seen: self.replica.seen.clone(), action };
        let delta = self.replica.make(op, &updated, &operation, self.planted);
        match ctx.config().sync {
            Sync::State => {}
            Sync::Delta => self.deltas.keep(self.replica.changes - 1, ctx.me(), delta),
            Sync::Operation => self.retain(&updated, &operation),
        }
        let parcel = self.replica.log.get(&origin.dot).cloned();
        self.persist(Record::Made { op, updated: updated.clone(), operation }, ctx);
        ctx.answer(op, Indication::Updated(updated));
        self.show(true, ctx);
        if let Some(parcel) = parcel {
            ctx.broadcast(Message::Operations(vec![parcel]));
        }
    }

    /// Keeps an operation of its own for those who may miss it.
    fn retain(&mut self, updated: &Updated, operation: &Operation) {
        let rests_on = updated.seen.clone();
        let parcel = Parcel { dot: updated.dot, rests_on, operation: operation.clone() };
        self.replica.log.insert(updated.dot, parcel);
    }

    fn persist(&mut self, record: Record, ctx: &mut Context<'_, Self>) {
        self.records += 1;
        self.written = ctx.persist(record);
    }

    /// Tells the application what there is after a change.
    fn show(&self, by_client: bool, ctx: &mut Context<'_, Self>) {
        let state = Digest::of(&self.replica.seen);
        ctx.announce(match by_client {
            true => Landmark::Updated { state },
            false => Landmark::Merged { state },
        });
        ctx.indicate(self.replica.view());
    }

    /// Knows again what a record says, unless it rests on one that is damaged.
    fn recall(&mut self, stored: &Stored<Record>, ctx: &mut Context<'_, Self>) {
        let Stored::Intact(record) = stored else {
            self.abstains = true;
            return;
        };
        self.records += 1;
        let seen = &self.replica.seen;
        match record {
            Record::Snapshot(replica) => self.replica = (**replica).clone(),
            Record::Made { op, updated, operation } if updated.seen.is_within(seen) => {
                self.replica.make(*op, updated, operation, self.planted);
                if ctx.config().sync == Sync::Operation {
                    self.retain(updated, operation);
                }
                // Its application may not have been told.
                ctx.indicate(Indication::Updated(updated.clone()));
            }
            Record::Joined { onto, package } if onto.is_within(seen) => {
                self.replica.join(package, self.planted);
            }
            Record::Applied(parcel) if parcel.rests_on.is_within(seen) => {
                self.replica.apply(parcel, self.planted);
            }
            Record::Made { .. } | Record::Joined { .. } | Record::Applied(_) => {}
        }
    }
}
