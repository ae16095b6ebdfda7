//! Anti-entropy: each node asks another, again and again, for what it lacks, until all have all.
//!
//! The oldest of the epidemic protocols (Demers et al., "Epidemic Algorithms for Replicated
//! Database Maintenance", PODC 1987, sections 1.3 and 2). Two nodes find out in what they differ by
//! sending everything, by a digest of versions, or down a tree of hashes (Merkle 1987).
//!
//! A deletion leaves a tombstone. It carries who has it on disk, and is dropped only some time after
//! that is everybody. That alone would not do: what was sent before may still be on its way. So a
//! node takes entries only as the answer to the question that it asks at present, and who drops a
//! tombstone forgets its question. Whoever answers a later one had the tombstone before, and so
//! nothing older.

mod config;
mod marks;
mod message;
mod state;
#[cfg(test)]
mod tests;

pub use config::{Config, Exchange};
pub use message::{Answer, Message, Question, Record};
pub use state::{Hashes, Version};

use std::collections::BTreeMap;

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};
use sim_core::rng::Random as _;
use sim_core::time::Duration;

use crate::problem::directory::{
    CONVERGENCE, Directory, Key, NO_RESURRECTION, VALIDITY, View, Write,
};
use marks::{COLLECTED, LATE_ANSWER};
use state::State;

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct AntiEntropy {
    state: State,
    /// The newest versions that its own clients wrote, collected or not: a retry may come late.
    written: BTreeMap<Key, u32>,
    /// The question that it asks at present.
    question: Option<u64>,
    /// An answer since the last round led to a further question: another round would cut it off.
    is_descending: bool,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to ask somebody.
    Round,
}

impl Protocol for AntiEntropy {
    const NAME: &'static str = "anti-entropy";
    const SUMMARY: &'static str = "entries and tombstones by full state, digest or Merkle tree";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[Mutant {
        id: "G06",
        summary: "a tombstone is dropped after a while, though a replica may never have seen it",
        breaks: &[NO_RESURRECTION, CONVERGENCE],
    }];
    type Problem = Directory;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Unwatched;

    fn contract(_: &Config, cluster: Cluster) -> Contract {
        let stay = Assumptions::CRASH_RECOVERY;
        Contract {
            promise: Promise(vec![VALIDITY, NO_RESURRECTION, CONVERGENCE]),
            safety: stay,
            liveness: Assumptions { faulty: cluster.n.saturating_sub(1), ..stay },
        }
    }

    fn objections(config: &Config, _: Cluster) -> Vec<Objection> {
        config.objections()
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node = Self::default();
        for stored in disk {
            match *stored {
                Stored::Intact(Record::Has(key, version, deleted)) => {
                    node.keep(key, version, deleted, ctx);
                }
                Stored::Intact(Record::Dropped(key)) => node.drop_tombstone(key),
                Stored::Damaged => {}
            }
        }
        // A crash may have kept what was written down and lost what was to be told after it.
        for (key, entry) in &node.state.entries {
            let (key, version, deleted) = (*key, entry.version, entry.deleted);
            ctx.indicate(View::Shows { key, version, deleted });
        }
        let period = ctx.config().period;
        let first = Duration::from_nanos(1 + ctx.random().below(period.as_nanos()));
        ctx.repeat_timer_from(Timer::Round, first, period);
        node
    }

    fn on_request(&mut self, op: OpId, write: Write, ctx: &mut Context<'_, Self>) {
        let (key, version, deleted) = (write.key, Write::version(op), write.deletes);
        let view = match self.written.get(&key) {
            Some(newest) if *newest > version => View::Overtaken,
            Some(newest) if *newest == version => View::Shows { key, version, deleted },
            _ => {
                ctx.persist(Record::Has(key, version, deleted));
                self.keep(key, version, deleted, ctx);
                View::Shows { key, version, deleted }
            }
        };
        ctx.answer(op, view);
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        match message {
            Message::Ask { number, question } => {
                if let Some(answer) = self.answer(&question) {
                    ctx.send(from, Message::Tell { number, answer });
                }
            }
            Message::Tell { number, answer } if self.question == Some(number) => {
                self.hear(from, number, answer, ctx);
            }
            Message::Tell { answer: Answer::Entries(_), .. } => {
                ctx.announce(LATE_ANSWER.reached());
            }
            Message::Tell { .. } => {}
        }
    }

    fn on_timer(&mut self, Timer::Round: Timer, ctx: &mut Context<'_, Self>) {
        self.collect(ctx);
        // Down a tree it takes several answers. Who is told nothing for a round begins anew.
        if std::mem::take(&mut self.is_descending) && self.question.is_some() {
            return;
        }
        let Some(others) = ctx.cluster().n.checked_sub(1).filter(|others| *others > 0) else {
            return;
        };
        let other = ctx.random().below(others.into()) as u32;
        let other = NodeId(other + u32::from(other >= ctx.me().0));
        let number = ctx.random().next_u64();
        self.question = Some(number);
        let has = |(key, version): (&Key, &Version)| (*key, version.version, version.fold());
        let question = match ctx.config().exchange {
            Exchange::Full => Question::All,
            Exchange::Digest => Question::NewerThan(self.state.entries.iter().map(has).collect()),
            Exchange::Merkle => Question::UnlessRoot(self.state.root()),
        };
        ctx.send(other, Message::Ask { number, question });
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}

impl AntiEntropy {
    /// Has a version from now on, which is newer than what it had.
    fn keep(&mut self, key: Key, version: u32, deleted: bool, ctx: &Context<'_, Self>) {
        let mut seen = NodeSet::EMPTY;
        if deleted {
            seen.insert(ctx.me());
        }
        self.state.ripe.remove(&key);
        self.state.entries.insert(key, Version { version, deleted, seen });
        if key.writer.0 % ctx.cluster().n == ctx.me().0 {
            let newest = self.written.entry(key).or_default();
            *newest = version.max(*newest);
        }
        self.ripen(key, ctx);
    }

    /// Notes since when a tombstone may be collected, once every node has it.
    fn ripen(&mut self, key: Key, ctx: &Context<'_, Self>) {
        let Some(entry) = self.state.entries.get(&key).filter(|entry| entry.deleted) else {
            return;
        };
        if entry.seen.len() == ctx.cluster().n || ctx.mutant("G06") {
            self.state.ripe.entry(key).or_insert_with(|| ctx.elapsed());
        }
    }

    fn drop_tombstone(&mut self, key: Key) {
        self.state.entries.remove(&key);
        self.state.ripe.remove(&key);
    }

    /// Drops the tombstones whose time has come. Answers to what it asked before are too old for
    /// one who has forgotten them.
    fn collect(&mut self, ctx: &mut Context<'_, Self>) {
        let (now, after) = (ctx.elapsed(), ctx.config().collect_after);
        let due = self.state.ripe.iter().filter(|(_, since)| now.since(**since) >= after);
        for key in due.map(|(key, _)| *key).collect::<Vec<_>>() {
            ctx.persist(Record::Dropped(key));
            ctx.announce(COLLECTED.reached());
            self.drop_tombstone(key);
            self.question = None;
        }
    }

    /// What it answers; `None` if there is nothing to tell.
    fn answer(&self, question: &Question) -> Option<Answer> {
        let entries = |entries: Vec<_>| (!entries.is_empty()).then_some(Answer::Entries(entries));
        match question {
            Question::All => entries(self.state.newer_than(&[])),
            Question::NewerThan(has) => entries(self.state.newer_than(has)),
            Question::UnlessRoot(root) if *root == self.state.root() => None,
            Question::UnlessRoot(_) => Some(Answer::Branches(self.state.branches())),
            Question::Leaves(branches) => Some(Answer::Leaves(self.state.leaves(branches))),
            Question::Contents(leaves) => entries(self.state.in_leaves(leaves)),
        }
    }

    /// Takes an answer, or asks on.
    fn hear(&mut self, from: NodeId, number: u64, answer: Answer, ctx: &mut Context<'_, Self>) {
        let question = match answer {
            Answer::Entries(entries) => {
                for (key, theirs) in entries {
                    self.merge(key, theirs, ctx);
                }
                self.is_descending = false;
                return;
            }
            Answer::Branches(theirs) => {
                Question::Leaves(differing(&self.state.branches(), &theirs))
            }
            Answer::Leaves(theirs) => {
                let mut branches: Vec<u16> =
                    theirs.iter().map(|(leaf, _)| leaf / state::CHILDREN).collect();
                branches.dedup();
                Question::Contents(differing(&self.state.leaves(&branches), &theirs))
            }
        };
        self.is_descending = true;
        ctx.send(from, Message::Ask { number, question });
    }

    /// Takes the newer of two versions, and of a tombstone who has it.
    fn merge(&mut self, key: Key, theirs: Version, ctx: &mut Context<'_, Self>) {
        let Version { version, deleted, seen } = theirs;
        let known = self.state.entries.get(&key).map(|entry| entry.version);
        // Who has seen a tombstone and lacks it has dropped it.
        if known.is_none() && deleted && seen.contains(ctx.me()) {
            return;
        }
        if known.is_none_or(|known| known < version) {
            ctx.persist(Record::Has(key, version, deleted));
            self.keep(key, version, deleted, ctx);
            ctx.indicate(View::Shows { key, version, deleted });
        }
        if let Some(entry) = self.state.entries.get_mut(&key)
            && entry.version == version
        {
            seen.iter().for_each(|node| _ = entry.seen.insert(node));
            self.ripen(key, ctx);
        }
    }
}

/// The places at which hashes differ.
fn differing(ours: &Hashes, theirs: &Hashes) -> Vec<u16> {
    let differs = |(place, hash): &&(u16, u64)| !ours.contains(&(*place, *hash));
    theirs.iter().filter(differs).map(|(place, _)| *place).collect()
}
