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
use sim_core::time::Time;

use super::log::Log;
use super::marks;
use super::message::{
    Append, Entries, Entry, Index, Message, Outcome, Payload, Place, Record, Round,
};
use super::reads::Waiting;
use super::rounds::Rounds;
use super::sessions::Status;
use super::{Context, Raft, Role};
use crate::machine::Machine;
use crate::problem::log::Command;

/// What a leader knows of its followers.
#[derive(Clone, Debug, Hash)]
pub struct Leader {
    /// By node; its own entry counts only what is durable.
    progress: Vec<Progress>,
    /// All `matched`, in order: what a majority has is read off at one place.
    ranked: Vec<Index>,
    /// Its own entries on their way to its disk, each with the mark of its write.
    unsynced: VecDeque<(DiskMark, Index)>,
    /// Who still follows it.
    pub(super) rounds: Rounds,
    /// The reads that wait for a round.
    pub(super) reads: VecDeque<Waiting>,
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
    pub(super) fn new(cluster: Cluster, next: Index, now: Time) -> Self {
        let unknown = Progress { matched: 0, next, mode: Mode::Probing { sent: 0 } };
        Self {
            progress: vec![unknown; cluster.n as usize],
            ranked: vec![0; cluster.n as usize],
            unsynced: VecDeque::new(),
            rounds: Rounds::new(cluster, now),
            reads: VecDeque::new(),
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
impl<M: Machine> Raft<M> {
    /// Appends an entry of the current term to the leader's log, and sends it on.
    ///
    /// It is sent before it is written, so that the leader's disk works at the same time as the
    /// followers' (dissertation, 10.2.1).
    pub(super) fn append(&mut self, payload: Payload, ctx: &mut Context<'_, M>) {
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

    fn send_entries(&mut self, follower: NodeId, ctx: &mut Context<'_, M>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let progress = &mut leader.progress[follower.index()];
        let max = ctx.config().max_entries_per_append;
        let (previous, mut entries) = progress.next_batch(&self.log, max);
        if let Entries::None { round } = &mut entries {
            *round = leader.rounds.latest();
        }
        let (term, commit) = (self.term, self.commit);
        ctx.send(follower, Message::Append(Append { term, previous, commit, entries }));
    }

    /// It is time to show all followers that the leader is there, if it still is.
    pub(super) fn on_heartbeat(&mut self, ctx: &mut Context<'_, M>) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let (me, cluster, config) = (ctx.me(), ctx.cluster(), ctx.config());
        let span = config.election_timeout.min;
        if config.check_quorum
            && !ctx.mutant("R30")
            && !leader.rounds.has_quorum(me, span, cluster, ctx.elapsed())
        {
            return self.follow(self.term, None, ctx);
        }
        self.send_round(Progress::next_heartbeat, ctx);
    }

    /// Asks all followers whether they still follow. That finds out nothing of their logs: entries
    /// may be on their way, and get their interval to arrive from the heartbeats.
    pub(super) fn confirm(&mut self, ctx: &mut Context<'_, M>) {
        self.send_round(|progress| progress.matched, ctx);
    }

    /// Sends everybody a heartbeat that names the entry which `named` says, whether or not they lag.
    fn send_round(&mut self, named: impl Fn(&mut Progress) -> Index, ctx: &mut Context<'_, M>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let (me, cluster) = (ctx.me(), ctx.cluster());
        if ctx.config().counts_rounds() {
            leader.rounds.begin(me, cluster, ctx.elapsed());
        } else {
            leader.rounds.count();
        }
        let (term, commit, round) = (self.term, self.commit, leader.rounds.latest());
        for follower in cluster.others(me) {
            let previous = self.log.place(named(&mut leader.progress[follower.index()]));
            let entries = Entries::None { round };
            ctx.send(follower, Message::Append(Append { term, previous, commit, entries }));
        }
        if cluster.n == 1 {
            self.serve_reads(ctx);
        }
    }

    /// A follower answers in the current term.
    pub(super) fn on_append_reply(
        &mut self,
        follower: NodeId,
        heartbeat: Option<Round>,
        outcome: Outcome,
        ctx: &mut Context<'_, M>,
    ) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if ctx.config().check_quorum {
            leader.rounds.hear(follower, ctx.elapsed());
        }
        if let Some(round) = heartbeat
            && ctx.config().counts_rounds()
        {
            leader.rounds.answer(follower, round, ctx.cluster());
        }
        let last = self.log.last().index;
        match outcome {
            Outcome::Accepted { through } => {
                // Nobody can have more than was sent; a liar may say so.
                let through = through.min(last);
                leader.progress[follower.index()].on_accepted(through, heartbeat.is_some());
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
        self.serve_reads(ctx);
    }

    /// Counts the leader's own copies of its entries, now that its disk has them.
    pub(super) fn on_own_entries_durable(&mut self, mark: DiskMark, ctx: &mut Context<'_, M>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let mut durable = 0;
        while let Some((_, index)) = leader.unsynced.pop_front_if(|(written, _)| *written <= mark) {
            durable = index;
        }
        leader.raise(ctx.me(), durable);
        self.advance_commit(ctx);
        self.serve_reads(ctx);
    }

    /// Commits what a majority has, if its last entry is of the current term: an older one could
    /// still be overwritten by a later leader, as Figure 8 shows. The terms of a log do not fall,
    /// so if the last is older then so are all before it.
    fn advance_commit(&mut self, ctx: &mut Context<'_, M>) {
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
impl<M: Machine> Raft<M> {
    pub(super) fn on_append(&mut self, leader: NodeId, append: &Append, ctx: &mut Context<'_, M>) {
        let heartbeat = append.entries.heartbeat();
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
            self.heard = ctx.elapsed();
            if self.log.has(previous) {
                self.accept(append, ctx)
            } else if heartbeat.is_some() && ctx.mutant("R09") {
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
    fn accept(&mut self, append: &Append, ctx: &mut Context<'_, M>) -> Outcome {
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
    fn commit_to(&mut self, index: Index, ctx: &mut Context<'_, M>) {
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
    fn deliver(&mut self, op: OpId, command: Command, ctx: &mut Context<'_, M>) {
        let status = self.sessions.status(op);
        if matches!(status, Status::Applied { .. }) && !ctx.mutant("R20") {
            return;
        }
        self.delivered += 1;
        let position = self.delivered;
        self.sessions.apply(op, position);
        self.machine.apply(op, command);
        M::delivered(position, op, command).into_iter().for_each(|told| ctx.indicate(told));
        if status == (Status::Logged { awaited: true }) {
            ctx.answer(op, M::answered(position, self.machine.response(position)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_acceptance_of_less_than_the_probe_asks_for_does_not_end_the_probing() {
        let mut progress = Progress { matched: 3, next: 8, mode: Mode::Probing { sent: 9 } };
        progress.on_accepted(5, false);
        assert!(matches!(progress.mode, Mode::Probing { sent: 9 }), "{progress:?}");
        assert_eq!(progress.next, 8);
        progress.on_accepted(7, false);
        assert!(matches!(progress.mode, Mode::Streaming { .. }), "{progress:?}");
        assert_eq!(progress.next, 10, "what the probe carried is under way");
    }
}
