//! Reads that leave no entry in the log (dissertation, 6.4).
//!
//! A leader may answer a read from its state if nobody can have replaced it by the time at which it
//! looks. It knows that from a round of heartbeats that a majority answered, sent after the read
//! came; reads that come while one is under way share the next. Or it holds a lease: who answered a
//! round votes for nobody for the shortest election timeout by its own clock, so that, clocks being
//! as close as [`super::Config::clock_drift_bound`] says, nobody else leads until that has passed
//! by the leader's. Either way its state must have what earlier leaders committed, and that it
//! knows once an entry of its own term is committed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::OpId;
use sim_core::time::Duration;

use super::message::Round;
use super::{Config, Context, Raft, Role};
use crate::machine::Machine;
use crate::problem::log::Command;

/// How a leader answers reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// As everything else: through the log.
    #[default]
    Log,
    /// From its state, after a round of heartbeats.
    ReadIndex,
    /// From its state at once while it holds a lease, else after a round of heartbeats.
    Lease,
}

/// A read that waits for a round.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Waiting {
    op: OpId,
    command: Command,
    /// The first round that was sent, or will be, after it came.
    round: Round,
}

impl Config {
    /// How long a leader's clock may go on from a round that was answered, so that no clock that
    /// keeps the bound has passed the shortest election timeout.
    pub(super) fn lease(&self) -> Duration {
        let shortest = self.election_timeout.min.as_nanos();
        let lease = self.clock_drift_bound.map_or(shortest, |bound| bound.shrink(shortest));
        Duration::from_nanos(lease)
    }

    /// Whether the answers to heartbeats matter.
    pub(super) fn counts_rounds(&self) -> bool {
        self.reads != Reads::Log
    }
}

impl<M: Machine> Raft<M> {
    /// A leader is asked for something that changes nothing.
    pub(super) fn on_read(&mut self, op: OpId, command: Command, ctx: &mut Context<'_, M>) {
        if ctx.mutant("R17") || self.holds_lease(ctx) {
            return self.answer_read(op, command, ctx);
        }
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if leader.reads.iter().any(|read| read.op == op) {
            return;
        }
        let under_way = leader.rounds.confirmed() < leader.rounds.latest();
        let round = leader.rounds.latest() + 1;
        leader.reads.push_back(Waiting { op, command, round });
        if !under_way {
            self.confirm(ctx);
        }
    }

    fn answer_read(&self, op: OpId, command: Command, ctx: &mut Context<'_, M>) {
        ctx.answer(op, M::answered(self.delivered, self.machine.read(command)));
    }

    fn holds_lease(&self, ctx: &Context<'_, M>) -> bool {
        let config = ctx.config();
        let Role::Leader(leader) = &self.role else {
            return false;
        };
        let length = match ctx.mutant("R19") {
            true => config.election_timeout.min,
            false => config.lease(),
        };
        config.reads == Reads::Lease
            && self.knows_what_is_committed(ctx)
            && leader.rounds.holds_lease(length, ctx.elapsed())
    }

    /// Whether the leader has delivered all that leaders before it committed (§8).
    fn knows_what_is_committed(&self, ctx: &Context<'_, M>) -> bool {
        // Where liars had the log cut, what was committed may not be there any more.
        self.log.get(self.commit).is_some_and(|entry| entry.term == self.term) || ctx.mutant("R18")
    }

    /// Answers the reads whose round a majority has answered, and begins a round for the others.
    pub(super) fn serve_reads(&mut self, ctx: &mut Context<'_, M>) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        if leader.reads.is_empty() || !self.knows_what_is_committed(ctx) {
            return;
        }
        while let Role::Leader(leader) = &mut self.role
            && let confirmed = leader.rounds.confirmed()
            && let Some(read) = leader.reads.pop_front_if(|read| read.round <= confirmed)
        {
            self.answer_read(read.op, read.command, ctx);
        }
        if let Role::Leader(leader) = &self.role
            && !leader.reads.is_empty()
            && leader.rounds.confirmed() == leader.rounds.latest()
        {
            self.confirm(ctx);
        }
    }
}
