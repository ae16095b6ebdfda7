//! Normal-case operation (section 4.2): pre-prepare, prepare, commit, execute, reply.

use std::sync::Arc;

use sim_core::id::{NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::protocol::DiskMark;

use super::Context;
use super::message::{
    Batch, Delivered, Message, Phase, PrePrepare, Proposal, Request, Seal, Sequence,
};
use super::record::Record;
use super::replica::{Milestone, Own, Replica};
use super::requests::Status;
use crate::machine::Machine;
use crate::problem::log::Command;

impl<M: Machine> Replica<M> {
    /// A client asks, or another replica passes on what it was asked.
    pub(super) fn on_request(&mut self, from: NodeId, request: Request, ctx: &mut Context<'_, M>) {
        if !request.is_genuine(self.rules.cluster) {
            return;
        }
        if let Status::Executed { position } = self.requests.status(request.op) {
            ctx.announce(Mark::RETRY_ANSWERED.reached());
            return self.reply(request.op, position, ctx);
        }
        self.requests.enter(request);
        if !self.active {
            return;
        }
        if self.leads(ctx) {
            self.propose(ctx);
        } else if !self.rules.cluster.contains(from) {
            ctx.send(self.rules.primary(self.view), Message::Request(request));
        }
    }

    fn reply(&self, op: OpId, position: u64, ctx: &mut Context<'_, M>) {
        let (view, response) = (self.view, self.machine.response(position));
        let seal = match self.rules.signed {
            true => Seal::Signed(ctx.signer().sign("reply", &(view, op, position, response))),
            false => Seal::Macs(1),
        };
        let client = self.rules.cluster.node_of(op.client);
        ctx.send(client, Message::Reply { view, op, position, response, seal });
    }

    /// As primary, assigns sequence numbers to what waits, as far as the watermarks allow. A batch
    /// that is not full goes out only if nothing is under way: so batches fill under load and cost
    /// no time without (section 5.1.4 of the thesis bounds what is under way alike).
    pub(super) fn propose(&mut self, ctx: &mut Context<'_, M>) {
        let most = ctx.config().batch as usize;
        while self.active && self.leads(ctx) && self.assigned < self.log.high() {
            let waiting = self.requests.unseen();
            if waiting == 0 || (waiting < most && self.assigned > self.executed) {
                return;
            }
            let taken = self.requests.take(most, self.view);
            if taken.is_empty() {
                return;
            }
            self.assigned += 1;
            let batch = Batch::of(&taken);
            let proposal =
                Proposal { view: self.view, sequence: self.assigned, digest: batch.digest() };
            let seal = self.rules.seal(ctx.signer(), Phase::PrePrepare, &proposal);
            let offer = Arc::new(PrePrepare { proposal, batch, seal });
            self.accept(&offer, ctx);
            ctx.broadcast(Message::PrePrepare(offer));
        }
    }

    pub(super) fn on_pre_prepare(
        &mut self,
        from: NodeId,
        offer: Arc<PrePrepare>,
        ctx: &mut Context<'_, M>,
    ) {
        let Proposal { view, sequence, .. } = offer.proposal;
        if view > self.view || (view == self.view && !self.active) {
            return self.keep_for_later(from, Message::PrePrepare(offer));
        }
        let primary = self.rules.primary(view);
        if view < self.view || primary == ctx.me() {
            return;
        }
        let fresh = self.log.slot(sequence).is_some_and(|slot| slot.accepted.is_none());
        if fresh && self.rules.is_genuine(from, &offer) {
            let mark = self.accept(&offer, ctx);
            self.vote(Phase::Prepare, offer.proposal, mark, ctx);
        }
    }

    /// Accepts a pre-prepare of the current view; what follows from it is said once it is durable.
    fn accept(&mut self, offer: &Arc<PrePrepare>, ctx: &mut Context<'_, M>) -> DiskMark {
        let mark = ctx.persist(Record::Accepted(Arc::clone(offer)));
        self.note_accepted(offer);
        self.count_primary(offer, mark, ctx);
        mark
    }

    /// Counts a pre-prepare as its primary's vote: one's own when it is durable.
    pub(super) fn count_primary(
        &mut self,
        offer: &PrePrepare,
        mark: DiskMark,
        ctx: &mut Context<'_, M>,
    ) {
        let primary = self.rules.primary(offer.proposal.view);
        let (phase, proposal, seal) = (Phase::PrePrepare, offer.proposal, offer.seal);
        if primary == ctx.me() {
            self.unsaved.push_back((mark, Own::Vote { phase, proposal, seal }));
        } else {
            self.count(primary, phase, proposal, seal, ctx);
        }
    }

    /// Keeps an accepted pre-prepare in memory.
    pub(super) fn note_accepted(&mut self, offer: &Arc<PrePrepare>) {
        if !self.log.accept(offer) {
            return;
        }
        for request in offer.batch.as_slice() {
            self.requests.propose(request.op, offer.proposal.view);
        }
        if !self.rules.signed
            && let Some(slot) = self.log.slot(offer.proposal.sequence)
        {
            slot.offer(offer.proposal);
        }
    }

    /// Tells everybody of a vote, and counts it once what it rests on is durable.
    pub(super) fn vote(
        &mut self,
        phase: Phase,
        proposal: Proposal,
        mark: DiskMark,
        ctx: &mut Context<'_, M>,
    ) {
        let seal = self.rules.seal(ctx.signer(), phase, &proposal);
        ctx.broadcast(Message::vote(phase, proposal, seal));
        self.unsaved.push_back((mark, Own::Vote { phase, proposal, seal }));
    }

    pub(super) fn on_vote(
        &mut self,
        from: NodeId,
        phase: Phase,
        proposal: Proposal,
        seal: Seal,
        ctx: &mut Context<'_, M>,
    ) {
        let Some(voter) = self.rules.voter(from, seal, phase, &proposal) else { return };
        // A primary's vote on its own proposal is its pre-prepare.
        if phase == Phase::Prepare && voter == self.rules.primary(proposal.view) {
            return;
        }
        if proposal.view > self.view || (proposal.view == self.view && !self.active) {
            return self.keep_for_later(from, Message::vote(phase, proposal, seal));
        }
        // One's own word counts from one's own mouth: it may be an echo from before a crash.
        if voter != ctx.me() {
            self.count(voter, phase, proposal, seal, ctx);
        }
    }

    /// Counts a genuine vote.
    pub(super) fn count(
        &mut self,
        voter: NodeId,
        phase: Phase,
        proposal: Proposal,
        seal: Seal,
        ctx: &mut Context<'_, M>,
    ) {
        if proposal.view != self.view || !self.active {
            return;
        }
        let Some(slot) = self.log.slot(proposal.sequence) else { return };
        let ballots = match phase {
            Phase::PrePrepare | Phase::Prepare => &mut slot.prepares,
            Phase::Commit => &mut slot.commits,
        };
        if ctx.mutant("B06") {
            ballots.add_unchecked(voter, proposal.digest, seal);
        } else {
            ballots.add(voter, proposal.digest, seal);
        }
        self.certify(proposal.sequence, ctx);
    }

    /// Looks whether the votes on a sequence number make a certificate.
    fn certify(&mut self, sequence: Sequence, ctx: &mut Context<'_, M>) {
        let (view, quorum) = (self.view, self.rules.quorum);
        let primary = self.rules.primary(view);
        let Some(slot) = self.log.slot(sequence) else { return };
        let Some(offer) = slot.accepted.clone() else { return };
        let proposal = offer.proposal;
        if !slot.is_prepared_in(view) && slot.prepares.reach(quorum, proposal.digest) {
            let prepared = slot.certify(&offer, primary, quorum);
            slot.prepared = Some(prepared.clone());
            self.milestones.push(Milestone::Prepared(proposal));
            ctx.announce(Landmark::Prepared { term: view, index: sequence });
            let mark = ctx.persist(Record::Prepared(prepared));
            self.vote(Phase::Commit, proposal, mark, ctx);
        }
        let hasty = ctx.mutant("B03");
        let Some(slot) = self.log.slot(sequence) else { return };
        if slot.is_prepared_in(view)
            && !slot.is_committed_in(view)
            && (hasty || slot.commits.reach(quorum, proposal.digest))
        {
            slot.committed_in = Some(view);
            slot.committed.get_or_insert_with(|| offer.batch.clone());
            self.milestones.push(Milestone::Committed(proposal));
            self.execute(ctx);
        }
    }

    /// Executes what is committed, in order.
    pub(super) fn execute(&mut self, ctx: &mut Context<'_, M>) {
        let before = self.executed;
        while let Some(batch) =
            self.log.get(self.executed + 1).and_then(|slot| slot.committed.clone())
        {
            self.executed += 1;
            for request in batch.as_slice() {
                self.execute_request(request, ctx);
            }
            if self.executed.is_multiple_of(ctx.config().checkpoint_interval) {
                self.take_checkpoint(ctx);
            }
        }
        if self.executed > before {
            ctx.announce(Landmark::Committed { index: self.executed });
            self.propose(ctx);
        }
    }

    /// Executes a request, unless it was executed before (section 4.1: exactly once).
    fn execute_request(&mut self, request: &Request, ctx: &mut Context<'_, M>) {
        let Request { op, command, .. } = *request;
        if matches!(self.requests.status(op), Status::Executed { .. }) {
            return;
        }
        self.attempts = 0;
        let position = self.deliver(Delivered { op, command }, ctx);
        self.reply(op, position, ctx);
    }

    /// Delivers an operation to the application.
    pub(super) fn deliver(&mut self, entry: Delivered, ctx: &mut Context<'_, M>) -> u64 {
        let Delivered { op, command } = entry;
        let position = self.history.push(entry);
        self.apply(position, op, command, ctx);
        position
    }

    /// Does what stands at this position of the history.
    pub(super) fn apply(
        &mut self,
        position: u64,
        op: OpId,
        command: Command,
        ctx: &mut Context<'_, M>,
    ) {
        self.requests.execute(op, position);
        self.machine.apply(op, command);
        M::delivered(position, op, command).into_iter().for_each(|told| ctx.indicate(told));
    }
}
