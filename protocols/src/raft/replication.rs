//! Log replication (§5.3) and commitment (§5.4.2).
//!
//! A leader *streams* to a follower whose log it knows to agree: each new entry goes out at once,
//! and counts as sent. So one append and one reply per follower and entry is all there is. When a
//! reply shows that something is missing it *probes*: it goes back to where the logs may meet,
//! sends from there, and sends nothing more until it is answered.
//!
//! What is lost is found out by heartbeats. A heartbeat to a streaming follower names the last
//! entry that had been sent before the *previous* heartbeat: an entry has one interval to arrive
//! before its absence counts as a loss. If it named the last entry sent, each heartbeat that
//! overtakes an append on the network would set off a repair.

use std::collections::VecDeque;

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::protocol::DiskMark;

use super::log::Log;
use super::marks;
use super::message::{Append, Entries, Entry, Index, Message, Outcome, Payload, Place, Record};
use super::sessions::Status;
use super::{Context, Raft, Role};
use crate::problem::log::{Command, Indication};

/// What a leader knows of its followers.
#[derive(Clone, Debug, Hash)]
pub struct Leader {
    /// By node; its own entry counts only what is durable.
    progress: Vec<Progress>,
    /// All `matched`, in order: what a majority has is read off at one place.
    ranked: Vec<Index>,
    /// Its own entries on their way to its disk, each with the mark of its write.
    unsynced: VecDeque<(DiskMark, Index)>,
}

/// What a leader knows of one follower.
#[derive(Clone, Debug, Hash)]
struct Progress {
    /// The follower's log agrees this far, durably.
    matched: Index,
    /// The next entry to send.
    next: Index,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Hash)]
enum Mode {
    /// Everything before `next` was sent.
    Streaming {
        /// It was sent this far before the last heartbeat.
        due: Index,
    },
    /// Whether the logs agree before `next` is not known yet.
    Probing {
        /// The end of the append that is to find out; less than `next` if there is none.
        sent: Index,
    },
}

impl Leader {
    /// A new leader, whose first entry will be `next`: nothing is known of anybody.
    pub(super) fn new(cluster: Cluster, next: Index) -> Self {
        let unknown = Progress { matched: 0, next, mode: Mode::Probing { sent: 0 } };
        Self {
            progress: vec![unknown; cluster.n as usize],
            ranked: vec![0; cluster.n as usize],
            unsynced: VecDeque::new(),
        }
    }

    /// Takes note that a node has everything up to `matched`.
    fn raise(&mut self, node: NodeId, matched: Index) {
        let progress = &mut self.progress[node.index()];
        if matched <= progress.matched {
            return;
        }
        let before = std::mem::replace(&mut progress.matched, matched);
        // The last of those with the old rank moves up past all that are now lower.
        let mut at = self.ranked.partition_point(|rank| *rank <= before) - 1;
        while let Some(above) = self.ranked.get(at + 1).filter(|above| **above < matched) {
            self.ranked[at] = *above;
            at += 1;
        }
        self.ranked[at] = matched;
    }

    /// The last index that a majority has: a minority ranks below it, or just as high.
    fn agreed(&self, cluster: Cluster) -> Index {
        self.ranked[cluster.minority() as usize]
    }
}

impl Progress {
    /// Whether the entry at `index`, the last one, can be sent as soon as it is there.
    const fn awaits(&self, index: Index) -> bool {
        let probe_is_out = matches!(self.mode, Mode::Probing { sent } if sent >= self.next);
        self.next == index && !probe_is_out
    }

    /// The next entries to send, after their predecessor's place.
    fn next_batch(&mut self, log: &Log, max: u32) -> (Place, Entries) {
        let previous = log.place(self.next - 1);
        let entries = log.batch(self.next, max);
        let end = previous.index + entries.as_slice().len() as Index;
        match &mut self.mode {
            Mode::Streaming { .. } => self.next = end + 1,
            Mode::Probing { sent } => *sent = end,
        }
        (previous, entries)
    }

    /// The entry that a heartbeat asks about.
    fn next_heartbeat(&mut self) -> Index {
        let sent = self.next - 1;
        match &mut self.mode {
            Mode::Streaming { due } => self.matched.max(std::mem::replace(due, sent)),
            Mode::Probing { .. } => sent,
        }
    }

    fn on_accepted(&mut self, through: Index, heartbeat: bool) {
        match self.mode {
            Mode::Streaming { .. } => self.next = self.next.max(through + 1),
            Mode::Probing { sent } if through + 1 >= self.next => {
                // A heartbeat left after the probe: if it is answered first, the probe was lost.
                self.next = if heartbeat { through } else { through.max(sent) } + 1;
                self.mode = Mode::Streaming { due: 0 };
            }
            Mode::Probing { .. } => {}
        }
    }

    /// Whether a rejection of an append after `previous` says something new; it may be late.
    const fn is_news(&self, previous: Index) -> bool {
        match self.mode {
            Mode::Streaming { .. } => previous >= self.matched,
            Mode::Probing { .. } => previous + 1 == self.next,
        }
    }
}

/// The leader's part.
impl Raft {
    /// Appends an entry of the current term to the leader's log, and sends it on.
    ///
    /// It is sent before it is written, so that the leader's disk works at the same time as the
    /// followers' (dissertation, 10.2.1).
    pub(super) fn append(&mut self, payload: Payload, ctx: &mut Context<'_>) {
        let first = self.log.last().index + 1;
        let entries = Entries::One(Entry { term: self.term, payload });
        self.rewrite(first, &entries);
        for follower in ctx.cluster().others(ctx.me()) {
            let Role::Leader(leader) = &self.role else {
                return;
            };
            if leader.progress[follower.index()].awaits(first) {
                self.send_entries(follower, ctx);
            }
        }
        let mark = ctx.persist(Record::Append { first, entries });
        if let Role::Leader(leader) = &mut self.role {
            leader.unsynced.push_back((mark, first));
        }
    }

    fn send_entries(&mut self, follower: NodeId, ctx: &mut Context<'_>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let progress = &mut leader.progress[follower.index()];
        let max = ctx.config().max_entries_per_append;
        let (previous, entries) = progress.next_batch(&self.log, max);
        let (term, commit) = (self.term, self.commit);
        ctx.send(follower, Message::Append(Append { term, previous, commit, entries }));
    }

    /// Shows all followers that the leader is there, whether or not they lag.
    pub(super) fn send_heartbeats(&mut self, ctx: &mut Context<'_>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let (term, commit) = (self.term, self.commit);
        for follower in ctx.cluster().others(ctx.me()) {
            let previous = self.log.place(leader.progress[follower.index()].next_heartbeat());
            let entries = Entries::None;
            ctx.send(follower, Message::Append(Append { term, previous, commit, entries }));
        }
    }

    /// A follower answers in the current term.
    pub(super) fn on_append_reply(
        &mut self,
        follower: NodeId,
        heartbeat: bool,
        outcome: Outcome,
        ctx: &mut Context<'_>,
    ) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let last = self.log.last().index;
        match outcome {
            Outcome::Accepted { through } => {
                // Nobody can have more than was sent; a liar may say so.
                let through = through.min(last);
                leader.progress[follower.index()].on_accepted(through, heartbeat);
                let backlog = leader.progress[follower.index()].next <= last;
                leader.raise(follower, through);
                self.advance_commit(ctx);
                if backlog {
                    self.send_entries(follower, ctx);
                }
            }
            Outcome::Rejected { previous, hint } => {
                let progress = &mut leader.progress[follower.index()];
                if progress.is_news(previous) {
                    progress.next = self.log.last_shared(hint).index + 1;
                    progress.mode = Mode::Probing { sent: 0 };
                    self.send_entries(follower, ctx);
                }
            }
        }
    }

    /// Counts the leader's own copies of its entries, now that its disk has them.
    pub(super) fn on_own_entries_durable(&mut self, mark: DiskMark, ctx: &mut Context<'_>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let mut durable = 0;
        while let Some((_, index)) = leader.unsynced.pop_front_if(|(written, _)| *written <= mark) {
            durable = index;
        }
        leader.raise(ctx.me(), durable);
        self.advance_commit(ctx);
    }

    /// Commits what a majority has, if its last entry is of the current term: an older one could
    /// still be overwritten by a later leader, as Figure 8 shows. The terms of a log do not fall,
    /// so if the last is older then so are all before it.
    fn advance_commit(&mut self, ctx: &mut Context<'_>) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let agreed = leader.agreed(ctx.cluster());
        if agreed > self.commit && (self.log.place(agreed).term == self.term || ctx.mutant("R01")) {
            if self.log.place(self.commit + 1).term < self.term {
                ctx.announce(marks::OLD_TERM_COMMITTED.reached());
            }
            self.commit_to(agreed, ctx);
        }
    }
}

/// The follower's part, and what is common to both.
impl Raft {
    pub(super) fn on_append(&mut self, leader: NodeId, append: &Append, ctx: &mut Context<'_>) {
        let heartbeat = append.entries == Entries::None;
        let previous = append.previous;
        let outcome = if append.term < self.term {
            // The reply's term tells the old leader that its time is over.
            self.reject(previous)
        } else if matches!(self.role, Role::Leader(_)) {
            // Two leaders of one term: not without a liar.
            return;
        } else {
            if !matches!(self.role, Role::Follower { leader: Some(known) } if known == leader) {
                self.follow(append.term, Some(leader), ctx);
            }
            self.arm_election_timer(ctx);
            if self.log.has(previous) {
                self.accept(append, ctx)
            } else if heartbeat && ctx.mutant("R09") {
                Outcome::Accepted { through: previous.index }
            } else {
                self.reject(previous)
            }
        };
        let term = self.term;
        ctx.send(leader, Message::AppendReply { term, heartbeat, outcome });
        let Outcome::Accepted { through } = outcome else {
            return;
        };
        // Beyond what this append covered the logs may differ, whatever the leader committed.
        let covered = if ctx.mutant("R08") { self.log.last().index } else { through };
        self.commit_to(append.commit.min(covered).min(self.log.last().index), ctx);
    }

    fn reject(&self, previous: Place) -> Outcome {
        Outcome::Rejected { previous: previous.index, hint: self.log.last_shared(previous) }
    }

    /// Takes over the entries that are not there yet. Only a conflict cuts the log: the append
    /// may be an old one, and what follows its entries may have been committed since (§5.3).
    fn accept(&mut self, append: &Append, ctx: &mut Context<'_>) -> Outcome {
        let entries = append.entries.as_slice();
        let before = append.previous.index;
        let through = before + entries.len() as Index;
        let own = self.log.range(before + 1, entries.len());
        let known = own.iter().zip(entries).take_while(|(own, new)| own.term == new.term).count();
        let first = before + 1 + known as Index;
        let surplus = self.log.last().index >= first;
        if known < entries.len() || (surplus && ctx.mutant("R07")) {
            let new = match known {
                0 => append.entries.clone(),
                known => Entries::of(&entries[known..]),
            };
            if surplus {
                ctx.announce(Landmark::Truncated { index: first });
            }
            self.rewrite(first, &new);
            ctx.persist(Record::Append { first, entries: new });
        }
        if ctx.mutant("R10") {
            return Outcome::Accepted { through: self.log.last().index };
        }
        Outcome::Accepted { through }
    }

    /// Knows that everything up to `index` is committed, and delivers it.
    fn commit_to(&mut self, index: Index, ctx: &mut Context<'_>) {
        if index <= self.commit {
            return;
        }
        ctx.announce(Landmark::Committed { index });
        let committed = self.commit + 1..=index;
        self.commit = index;
        for index in committed {
            let entry = self.log.get(index).expect("only what the log has is committed");
            if let Payload::Command { op, command } = entry.payload {
                self.deliver(op, command, ctx);
            }
        }
    }

    /// Tells the application of an operation, once, and the client if it waits here.
    fn deliver(&mut self, op: OpId, command: Command, ctx: &mut Context<'_>) {
        let status = self.sessions.status(op);
        if matches!(status, Status::Applied { .. }) && !ctx.mutant("R20") {
            return;
        }
        self.delivered += 1;
        let position = self.delivered;
        self.sessions.apply(op, position);
        ctx.indicate(Indication::Delivered { position, op, command });
        if status == (Status::Logged { awaited: true }) {
            ctx.answer(op, Indication::Acknowledged { position });
        }
    }
}
