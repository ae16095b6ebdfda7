//! Raft: a replicated log under a leader that is elected for a term.
//!
//! After Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (USENIX ATC
//! 2014), and Ongaro's dissertation (Stanford 2014). Section numbers in the comments are the
//! paper's, unless they say dissertation. Where we depart from both:
//!
//! - A rejected append is answered with a place of the log instead of a plain refusal, so that
//!   logs meet faster than entry by entry ([`log::Log::last_shared`]).
//! - The leader streams: it counts what it sent as received until it learns otherwise, and sends
//!   one append at a time only while it looks for where the logs meet ([`replication`]).
//! - Heartbeats do not repair by themselves; they find out whether something is missing.
//! - A leader's rounds of heartbeats are numbered, and answers name their round: so a read that
//!   leaves no entry knows what confirms it ([`rounds`], [`reads`]).
//! - Every server remembers each operation for good, not only each client's last ([`sessions`]).
//!
//! What a server says waits, by the kernel's contract, for what it wrote before. Handlers do not
//! wait, so a server counts itself (its vote, its copy of an entry) only when it is told that its
//! own disk has it.

use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::problem::{Problem as _, Promise};
use sim_core::protocol::{
    self, Assumptions, Contract, DiskMark, Mutant, Objection, Protocol, Request, Stored,
};
use sim_core::time::Time;

use crate::machine::{Journal, Kind, Machine};

pub mod message;
mod config;
pub mod log;
pub mod sessions;
pub mod rounds;
pub mod reads;
pub mod replication;
mod election;
pub mod invariants;
pub mod marks;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod tests;

pub use config::Config;
use invariants::Invariants;
use log::Log;
use message::{Entries, Index, Message, Payload, Record, Term};
use reads::Reads;
use replication::Leader;
use sessions::{Sessions, Status};

type Context<'a, M> = protocol::Context<'a, Raft<M>>;

/// The timers of a server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// Runs at followers and candidates: no leader was heard of, or nobody won.
    Election,
    /// Runs at leaders.
    Heartbeat,
}

/// What a server is in its current term.
#[derive(Clone, Debug, Hash)]
pub enum Role {
    /// It follows.
    Follower {
        /// Whom, once that is known.
        leader: Option<NodeId>,
    },
    /// It asks who would vote for it.
    PreCandidate {
        /// Who would, itself among them.
        votes: NodeSet,
    },
    /// It stands for election.
    Candidate {
        /// Who voted for it; itself only when its own vote is durable.
        votes: NodeSet,
    },
    /// It leads.
    Leader(Leader),
}

/// One server.
#[derive(Clone, Debug, Hash)]
pub struct Raft<M = Journal> {
    term: Term,
    vote: Option<NodeId>,
    /// The last write of term and vote, and the last term that is known to be durable.
    state_mark: DiskMark,
    durable_term: Term,
    role: Role,
    log: Log,
    commit: Index,
    /// How many operations were delivered to the application.
    delivered: u64,
    sessions: Sessions,
    /// What the delivered operations made.
    machine: M,
    /// When it last heard a leader, or began, by its own monotonic clock.
    heard: Time,
}

impl<M> Raft<M> {
    /// The current term.
    pub const fn term(&self) -> Term {
        self.term
    }

    /// Who has this server's vote of the current term.
    pub const fn vote(&self) -> Option<NodeId> {
        self.vote
    }

    /// What the server is.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// The log.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// How far the log is known to be committed.
    pub const fn commit(&self) -> Index {
        self.commit
    }
}

impl<M: Machine> Raft<M> {
    fn write_state(&mut self, ctx: &mut Context<'_, M>) {
        let (term, vote) = (self.term, self.vote);
        self.state_mark = ctx.persist(Record::State { term, vote });
    }

    /// Takes up what one record says. A record that is missing or damaged may leave a gap in the
    /// log; what lies beyond it is no use without it.
    fn replay(&mut self, record: &Record) {
        match record {
            Record::State { term, vote } => (self.term, self.vote) = (*term, *vote),
            Record::Append { first, entries } if *first <= self.log.last().index + 1 => {
                self.rewrite(*first, entries);
            }
            Record::Append { .. } => {}
        }
    }

    /// Makes the log have these entries from `first` on, and nothing after them.
    fn rewrite(&mut self, first: Index, entries: &Entries) {
        if first <= self.log.last().index {
            for entry in self.log.range(first, usize::MAX) {
                if let Payload::Command { op, .. } = entry.payload {
                    self.sessions.leave(op);
                }
            }
            self.log.cut(first);
        }
        for entry in entries.as_slice() {
            if let Payload::Command { op, .. } = entry.payload {
                self.sessions.enter(op);
            }
            self.log.push(*entry);
        }
    }
}

impl<M: Machine> Protocol for Raft<M> {
    const NAME: &'static str = match M::KIND {
        Kind::Log => "raft",
        Kind::KeyValue => "raft-kv",
    };
    const SUMMARY: &'static str = match M::KIND {
        Kind::Log => "Raft: a log under an elected leader (Ongaro, Ousterhout 2014)",
        Kind::KeyValue => "a key–value store over Raft, with reads by log, ReadIndex or lease",
    };
    const MUTANTS: &'static [Mutant] = match M::KIND {
        Kind::Log => invariants::MUTANTS,
        Kind::KeyValue => invariants::STORE_MUTANTS,
    };
    const MARKS: &'static [Mark] = marks::MARKS;
    type Problem = M::Problem;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Invariants;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let any = Assumptions::CRASH_RECOVERY;
        let leases = config.reads == Reads::Lease;
        let clock_drift = config.clock_drift_bound.filter(|_| leases);
        Contract {
            promise: Promise(M::Problem::PROPERTIES.to_vec()),
            safety: Assumptions { clock_drift, ..any },
            liveness: Assumptions { faulty: cluster.minority(), ..any },
        }
    }

    fn objections(config: &Config, _: Cluster) -> Vec<Objection> {
        config.objections(M::KIND)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, M>) -> Self {
        let mut server = Self {
            term: 0,
            vote: None,
            state_mark: DiskMark::default(),
            durable_term: 0,
            role: Role::Follower { leader: None },
            log: Log::default(),
            commit: 0,
            delivered: 0,
            sessions: Sessions::default(),
            machine: M::default(),
            heard: ctx.elapsed(),
        };
        for stored in disk {
            if let Stored::Intact(record) = stored {
                server.replay(record);
            }
        }
        server.durable_term = server.term;
        if ctx.mutant("R02") {
            server.vote = None;
        }
        if ctx.mutant("R03") {
            (server.term, server.vote) = (server.log.last().term, None);
        }
        server.arm_election_timer(ctx);
        server
    }

    fn on_request(&mut self, op: OpId, request: Request<Self>, ctx: &mut Context<'_, M>) {
        let command = M::command(&request);
        match self.role {
            Role::Leader(_) if M::is_read(command) && ctx.config().reads != Reads::Log => {
                return self.on_read(op, command, ctx);
            }
            _ => {}
        }
        let forgetful = ctx.mutant("R20");
        match self.sessions.status(op) {
            Status::Applied { position } if !forgetful => {
                ctx.announce(Mark::RETRY_ANSWERED.reached());
                return ctx.answer(op, M::answered(position, self.machine.response(position)));
            }
            Status::Logged { .. } if matches!(self.role, Role::Leader(_)) && !forgetful => {}
            _ => match self.role {
                Role::Leader(_) => self.append(Payload::Command { op, command }, ctx),
                Role::Follower { leader } => return ctx.answer(op, M::redirect(leader)),
                Role::PreCandidate { .. } | Role::Candidate { .. } => {
                    return ctx.answer(op, M::redirect(None));
                }
            },
        }
        self.sessions.await_answer(op);
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, M>) {
        if self.disregards(&message, ctx) {
            return;
        }
        let newer = message.term() > self.term;
        if newer {
            self.follow(message.term(), None, ctx);
        }
        let stale = message.term() < self.term;
        if let Message::RequestVote { last, .. } = message {
            // A vote goes to the disk in one write with its term.
            return self.on_request_vote(from, last, newer, stale, ctx);
        }
        if newer {
            self.write_state(ctx);
        }
        match message {
            Message::Append(append) => self.on_append(from, &append, ctx),
            Message::Vote { granted: true, .. } if !stale => self.on_vote(from, ctx),
            Message::AppendReply { heartbeat, outcome, .. } if !stale => {
                self.on_append_reply(from, heartbeat, outcome, ctx);
            }
            Message::PreVote { last, .. } => self.on_pre_vote(from, last, stale, ctx),
            Message::PreVoteReply { granted: true, .. } if !stale => {
                self.on_pre_vote_reply(from, ctx);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, M>) {
        match timer {
            Timer::Election => self.on_election_timeout(ctx),
            Timer::Heartbeat => self.on_heartbeat(ctx),
        }
    }

    fn on_durable(&mut self, mark: DiskMark, ctx: &mut Context<'_, M>) {
        if mark >= self.state_mark {
            self.durable_term = self.term;
            self.on_vote(ctx.me(), ctx);
        }
        self.on_own_entries_durable(mark, ctx);
    }

    fn monitor(_: &Config, _: Cluster) -> Invariants {
        Invariants::default()
    }
}

/// The part of a server that depends on what it is.
impl<M: Machine> Raft<M> {
    /// Becomes a follower, of `leader` if that is known. A later term clears the vote; writing
    /// that down is left to the caller, who may have more to write.
    fn follow(&mut self, term: Term, leader: Option<NodeId>, ctx: &mut Context<'_, M>) {
        if term > self.term {
            (self.term, self.vote) = (term, None);
        }
        let before = std::mem::replace(&mut self.role, Role::Follower { leader });
        if matches!(before, Role::Leader(_)) {
            ctx.cancel_timer(Timer::Heartbeat);
            self.arm_election_timer(ctx);
        }
        if !matches!(before, Role::Follower { .. }) {
            ctx.announce(Landmark::Follower { term });
        }
    }
}
