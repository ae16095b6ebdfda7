//! The register of Attiya, Bar-Noy and Dolev: majorities keep the newest value, and a reader writes
//! back what it found.
//!
//! Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems" (JACM 42(1),
//! 1995), with one writer of each key; with several as in Lynch and Shvartsman, "Robust Emulation
//! of Shared Memory Using Dynamic Quorum-Acknowledged Broadcasts" (FTCS 1997): a writer first asks
//! a majority for the newest tag. Without the write-back a read is regular and no more: of two
//! reads in turn the second may find the older value.
//!
//! Clients are nodes of their own and run the reader's and the writer's part; the n nodes keep
//! copies. The paper's channels lose nothing; ours do, so a client asks again whoever has not
//! answered. A node writes down what it keeps before it says that it does.

mod config;
mod message;
mod monitor;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Config, Writers};
pub use message::{Held, Message, Record, Tag};
pub use monitor::{Auditor, TAGS_RISE};

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::problem::register::{
    Indication, LINEARIZABILITY, REGULARITY, Register, Request, TERMINATION, VALIDITY, Value,
};

/// A reader found that not all of its majority had what it found, and wrote it back.
const WRITTEN_BACK: Mark =
    Mark::named("written_back", "a reader wrote back a value that not all of its majority had");

/// What an operation waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
enum Phase {
    /// A majority to say what it keeps: the newest so far.
    Query(Option<Held>),
    /// A majority to keep this.
    Store(Held),
}

/// An operation without an answer.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Open {
    request: Request,
    phase: Phase,
    /// Who has answered in this phase.
    heard: NodeSet,
    /// Whether those who answered kept different things.
    is_split: bool,
}

/// One node: a copy of the registers, or a client.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Abd {
    /// What it keeps.
    held: BTreeMap<u32, Held>,
    /// The number of a client's next operation.
    next: u32,
    /// Its operations that are not done.
    open: BTreeMap<OpId, Open>,
    /// The highest number that this client gave a write of its own.
    numbers: BTreeMap<u32, u64>,
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A client asks again.
    Retransmit,
}

impl Protocol for Abd {
    const NAME: &'static str = "abd";
    const SUMMARY: &'static str = "linearizable registers kept by majorities";
    const MARKS: &'static [Mark] = &[WRITTEN_BACK];
    const MUTANTS: &'static [Mutant] = &[Mutant {
        id: "Q01",
        summary: "a reader returns the newest value without writing it back",
        breaks: &[LINEARIZABILITY],
    }];
    type Problem = Register;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Auditor;
    const CLIENTS_ON_NETWORK: bool = true;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let consistency = if config.write_back { LINEARIZABILITY } else { REGULARITY };
        let safety = Assumptions::CRASH_RECOVERY;
        Contract {
            promise: Promise(vec![consistency, VALIDITY, TERMINATION]),
            safety,
            liveness: Assumptions { faulty: cluster.minority(), ..safety },
        }
    }

    fn objections(config: &Config, _: Cluster) -> Vec<Objection> {
        config.objections()
    }

    fn boot(disk: &[Stored<Record>], _: &mut Context<'_, Self>) -> Self {
        let mut node = Self::default();
        for stored in disk {
            if let Stored::Intact(Record { key, held }) = stored {
                node.admit(*key, *held);
            }
        }
        node
    }

    /// What was asked for before is done or under way.
    fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_, Self>) {
        if op.sequence < self.next {
            return;
        }
        self.next = op.sequence + 1;
        let counts = request.is_write() && ctx.config().writers == Writers::One;
        let phase = match counts {
            true => Phase::Store(self.newest(op, request.key(), 0)),
            false => Phase::Query(None),
        };
        if self.open.is_empty() {
            ctx.repeat_timer(Timer::Retransmit, ctx.config().retransmit);
        }
        let open = Open { request, phase, heard: NodeSet::EMPTY, is_split: false };
        open.ask(op, ctx);
        self.open.insert(op, open);
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        match message {
            Message::Query { op, key } => {
                ctx.send(from, Message::State { op, held: self.held.get(&key).copied() });
            }
            Message::Store { op, key, held } => {
                if self.admit(key, held) {
                    ctx.persist(Record { key, held });
                }
                ctx.send(from, Message::Stored { op });
            }
            Message::State { op, held } => self.on_state(from, op, held, ctx),
            Message::Stored { op } => self.on_stored(from, op, ctx),
        }
    }

    fn on_timer(&mut self, Timer::Retransmit: Timer, ctx: &mut Context<'_, Self>) {
        for (op, open) in &self.open {
            open.ask(*op, ctx);
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Auditor {
        Auditor::default()
    }
}

impl Open {
    /// Asks whoever has not answered in this phase.
    fn ask(&self, op: OpId, ctx: &mut Context<'_, Abd>) {
        let key = self.request.key();
        let message = match self.phase {
            Phase::Query(_) => Message::Query { op, key },
            Phase::Store(held) => Message::Store { op, key, held },
        };
        for node in ctx.cluster().nodes().filter(|node| !self.heard.contains(*node)) {
            ctx.send(node, message.clone());
        }
    }
}

impl Abd {
    /// Keeps what is newer than what is kept; says whether it was.
    fn admit(&mut self, key: u32, new: Held) -> bool {
        let is_newer = self.held.get(&key).is_none_or(|old| new.tag > old.tag);
        if is_newer {
            self.held.insert(key, new);
        }
        is_newer
    }

    /// What a write of this client makes, above the highest number that it has heard of.
    fn newest(&mut self, op: OpId, key: u32, highest: u64) -> Held {
        let number = self.numbers.entry(key).or_default();
        *number = highest.max(*number) + 1;
        Held { tag: Tag { number: *number, writer: op.client }, value: Value(op) }
    }

    fn on_state(
        &mut self,
        from: NodeId,
        op: OpId,
        held: Option<Held>,
        ctx: &mut Context<'_, Self>,
    ) {
        let Some(Open { request, phase: Phase::Query(best), heard, is_split }) =
            self.open.get_mut(&op)
        else {
            return;
        };
        *is_split |= !heard.is_empty() && held != *best;
        if !heard.insert(from) {
            return;
        }
        *best = (*best).max(held);
        if heard.len() < ctx.cluster().majority() {
            return;
        }
        let (request, best, is_split) = (*request, *best, *is_split);
        match (request, best) {
            (Request::Write { key }, best) => {
                let held = self.newest(op, key, best.map_or(0, |best| best.tag.number));
                self.store(op, held, ctx);
            }
            (Request::Read { .. }, Some(best)) if ctx.config().write_back && !ctx.mutant("Q01") => {
                if is_split {
                    ctx.announce(WRITTEN_BACK.reached());
                }
                self.store(op, best, ctx);
            }
            (Request::Read { .. }, best) => self.answer(op, best, ctx),
        }
    }

    /// Has a majority keep this before the operation is answered.
    fn store(&mut self, op: OpId, held: Held, ctx: &mut Context<'_, Self>) {
        if let Some(open) = self.open.get_mut(&op) {
            open.phase = Phase::Store(held);
            open.heard.clear();
            open.ask(op, ctx);
        }
    }

    fn on_stored(&mut self, from: NodeId, op: OpId, ctx: &mut Context<'_, Self>) {
        let Some(Open { phase: Phase::Store(held), heard, .. }) = self.open.get_mut(&op) else {
            return;
        };
        heard.insert(from);
        if heard.len() >= ctx.cluster().majority() {
            let held = *held;
            self.answer(op, Some(held), ctx);
        }
    }

    fn answer(&mut self, op: OpId, held: Option<Held>, ctx: &mut Context<'_, Self>) {
        let Some(open) = self.open.remove(&op) else { return };
        if self.open.is_empty() {
            ctx.cancel_timer(Timer::Retransmit);
        }
        ctx.announce(Landmark::Decided);
        let version = held.map(|held| held.tag.version());
        let indication = match open.request {
            Request::Write { .. } => Indication::Written { version },
            Request::Read { .. } => Indication::Found {
                values: held.map(|held| held.value).into_iter().collect(),
                version,
            },
        };
        ctx.answer(op, indication);
    }
}
