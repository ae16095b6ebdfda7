//! Leader election (§5.2) and the restriction on who may win (§5.4.1).

use sim_core::id::{NodeId, NodeSet};
use sim_core::landmark::Landmark;
use sim_core::rng::Random as _;

use super::message::{Message, Payload, Place};
use super::replication::Leader;
use super::{Context, Raft, Role, Timer};
use crate::machine::Machine;

impl<M: Machine> Raft<M> {
    /// Waits for a sign of a leader, for a time drawn anew: that is what keeps candidates apart.
    pub(super) fn arm_election_timer(&self, ctx: &mut Context<'_, M>) {
        let range = ctx.config().election_timeout;
        let after = ctx.random().between(range);
        ctx.set_timer(Timer::Election, after);
    }

    /// No sign of a leader came in time.
    pub(super) fn on_election_timeout(&mut self, ctx: &mut Context<'_, M>) {
        if ctx.config().pre_vote && !ctx.mutant("R30") {
            self.poll(ctx);
        } else {
            self.stand(ctx);
        }
    }

    /// Asks who would vote for it, before it enters a term that deposes a leader which others
    /// still hear (dissertation, 9.6).
    fn poll(&mut self, ctx: &mut Context<'_, M>) {
        self.role = Role::PreCandidate { votes: NodeSet::EMPTY };
        self.arm_election_timer(ctx);
        ctx.broadcast(Message::PreVote { term: self.term, last: self.log.last() });
        self.on_pre_vote_reply(ctx.me(), ctx);
    }

    /// A server whose log ends at `last` asks whether it would have the vote.
    pub(super) fn on_pre_vote(
        &self,
        asking: NodeId,
        last: Place,
        stale: bool,
        ctx: &mut Context<'_, M>,
    ) {
        let granted =
            !stale && last.is_up_to_date_with(self.log.last()) && !self.hears_a_leader(ctx);
        ctx.send(asking, Message::PreVoteReply { term: self.term, granted });
    }

    /// A server of the same term would vote for this one.
    pub(super) fn on_pre_vote_reply(&mut self, voter: NodeId, ctx: &mut Context<'_, M>) {
        let Role::PreCandidate { votes } = &mut self.role else {
            return;
        };
        votes.insert(voter);
        if votes.len() >= ctx.cluster().majority() {
            self.stand(ctx);
        }
    }

    /// Whether this server leads, or heard a leader less than the shortest election timeout ago.
    /// Who has just begun cannot know what it heard before, and waits as long.
    pub(super) fn hears_a_leader(&self, ctx: &Context<'_, M>) -> bool {
        matches!(self.role, Role::Leader(_))
            || ctx.elapsed().since(self.heard) < ctx.config().election_timeout.min
    }

    /// Whether a candidate is to be left without an answer: while a server hears a leader it
    /// neither votes nor enters a later term (dissertation, 4.2.3).
    pub(super) fn disregards(&self, message: &Message, ctx: &Context<'_, M>) -> bool {
        matches!(message, Message::RequestVote { .. })
            && ctx.config().check_quorum
            && !ctx.mutant("R30")
            && self.hears_a_leader(ctx)
    }

    /// Stands for election in the next term.
    ///
    /// The vote for oneself is written before anybody is asked. Else a candidate that crashed
    /// could vote for somebody else in a term in which others had already voted for it.
    pub(super) fn stand(&mut self, ctx: &mut Context<'_, M>) {
        self.term += 1;
        self.vote = Some(ctx.me());
        self.role = Role::Candidate { votes: NodeSet::EMPTY };
        ctx.announce(Landmark::Candidate { term: self.term });
        self.write_state(ctx);
        self.arm_election_timer(ctx);
        ctx.broadcast(Message::RequestVote { term: self.term, last: self.log.last() });
    }

    /// A candidate, whose log ends at `last`, asks for a vote. If it is `newer`, this server has
    /// just entered its term and still has to write that down.
    pub(super) fn on_request_vote(
        &mut self,
        candidate: NodeId,
        last: Place,
        newer: bool,
        stale: bool,
        ctx: &mut Context<'_, M>,
    ) {
        let eligible = last.is_up_to_date_with(self.log.last()) || ctx.mutant("R13");
        let granted = !stale && eligible && self.vote.is_none_or(|vote| vote == candidate);
        let before = self.vote;
        if granted {
            self.vote = Some(candidate);
        }
        if newer || self.vote != before {
            self.write_state(ctx);
        }
        if granted {
            self.arm_election_timer(ctx);
            ctx.announce(Landmark::VoteGranted { term: self.term, candidate });
        }
        ctx.send(candidate, Message::Vote { term: self.term, granted });
    }

    /// A vote of the current term arrived, or this server's own vote is durable.
    pub(super) fn on_vote(&mut self, voter: NodeId, ctx: &mut Context<'_, M>) {
        let Role::Candidate { votes } = &mut self.role else {
            return;
        };
        votes.insert(voter);
        if votes.len() >= ctx.cluster().majority() {
            ctx.announce(Landmark::QuorumFormed { term: self.term });
            self.lead(ctx);
        }
    }

    /// Leads the current term. The first entry asks for nothing: only an entry of its own term
    /// tells a leader what is committed (§5.4.2, §8), and to wait for a client may take long.
    fn lead(&mut self, ctx: &mut Context<'_, M>) {
        ctx.announce(Landmark::Leader { term: self.term });
        ctx.cancel_timer(Timer::Election);
        ctx.repeat_timer(Timer::Heartbeat, ctx.config().heartbeat);
        let first = self.log.last().index + 1;
        self.role = Role::Leader(Leader::new(ctx.cluster(), first, ctx.elapsed()));
        self.append(Payload::Nothing, ctx);
    }
}
