//! View changes (section 4.4): giving up on a primary, and beginning anew under the next.

use std::sync::Arc;

use sim_core::id::NodeId;
use sim_core::landmark::Landmark;
use sim_core::protocol::DiskMark;

use super::Context;
use super::decision::{Decision, decide};
use super::marks::{CERTIFICATE_CARRIED, NULL_REQUEST_FILLED};
use super::message::{
    Batch, Message, NewView, Phase, PrePrepare, Proposal, Sequence, View, ViewChange,
};
use super::record::Record;
use super::replica::{Own, Replica};
use crate::machine::Machine;

impl<M: Machine> Replica<M> {
    /// The view changes to exactly this view.
    pub(super) fn moving_to(&self, view: View) -> impl Iterator<Item = &Arc<ViewChange>> {
        self.view_changes.iter().flatten().filter(move |change| change.view == view)
    }

    /// Leaves the current view for a later one.
    pub(super) fn change_view(&mut self, view: View, ctx: &mut Context<'_, M>) {
        (self.view, self.active) = (view, false);
        self.attempts += 1;
        let mark = ctx.persist(Record::View(view));
        ctx.announce(Landmark::ViewChanged { term: view });
        let change = Arc::new(self.view_change(ctx));
        ctx.broadcast(Message::ViewChange(Arc::clone(&change)));
        self.unsaved.push_back((mark, Own::ViewChange(change)));
    }

    /// What this replica has to say about the views that it left.
    pub(super) fn view_change(&self, ctx: &Context<'_, M>) -> ViewChange {
        let mut change = ViewChange {
            view: self.view,
            replica: ctx.me(),
            stable: self.stable.clone(),
            prepared: self.log.slots().filter_map(|(_, slot)| slot.prepared.clone()).collect(),
            offered: self.log.slots().flat_map(|(_, slot)| slot.offered.clone()).collect(),
            signature: ctx.signer().sign("view-change", &()),
        };
        if ctx.mutant("B07") {
            change.prepared.clear();
        }
        change.signature = ctx.signer().sign("view-change", &change.claim());
        change
    }

    pub(super) fn on_view_change(&mut self, change: Arc<ViewChange>, ctx: &mut Context<'_, M>) {
        let current = change.view > self.view || (change.view == self.view && !self.active);
        if current && change.replica != ctx.me() && self.rules.is_credible(&change) {
            self.keep_view_change(change, ctx);
        }
    }

    /// Keeps the latest view change of a replica, and does what follows from it.
    pub(super) fn keep_view_change(&mut self, change: Arc<ViewChange>, ctx: &mut Context<'_, M>) {
        let known = &mut self.view_changes[change.replica.index()];
        if known.as_ref().is_some_and(|known| known.view >= change.view) {
            return;
        }
        *known = Some(change);
        self.join(ctx);
        self.begin(ctx);
    }

    /// Moves along when f+1 replicas, one of them honest, are in later views: to the first view
    /// that so many have reached or passed (section 4.5.2).
    fn join(&mut self, ctx: &mut Context<'_, M>) {
        let later = self.view_changes.iter().flatten().map(|change| change.view);
        let later: Vec<View> = later.filter(|view| *view > self.view).collect();
        if later.len() > self.rules.liars as usize
            && let Some(first) = later.into_iter().min()
        {
            self.change_view(first, ctx);
        }
    }

    /// As the new primary, begins the view if enough have moved to it.
    fn begin(&mut self, ctx: &mut Context<'_, M>) {
        if self.active || !self.leads(ctx) {
            return;
        }
        let view = self.view;
        let view_changes: Vec<_> = self.moving_to(view).cloned().collect();
        let Some(decision) = decide(&self.rules, &view_changes) else { return };
        ctx.announce(Landmark::QuorumFormed { term: view });
        let propose = |(sequence, batch): (Sequence, Batch)| {
            let proposal = Proposal { view, sequence, digest: batch.digest() };
            let seal = self.rules.seal(ctx.signer(), Phase::PrePrepare, &proposal);
            Arc::new(PrePrepare { proposal, batch, seal })
        };
        let proposals = decision.batches.clone().into_iter().map(propose).collect();
        let unsigned = ctx.signer().sign("new-view", &());
        let mut new_view = NewView { view, view_changes, proposals, signature: unsigned };
        new_view.signature = ctx.signer().sign("new-view", &new_view.claim());
        let new_view = Arc::new(new_view);
        ctx.broadcast(Message::NewView(Arc::clone(&new_view)));
        self.enter(new_view, decision, ctx);
    }

    pub(super) fn on_new_view(&mut self, new_view: Arc<NewView>, ctx: &mut Context<'_, M>) {
        let view = new_view.view;
        if view < self.view || (view == self.view && self.active) {
            return;
        }
        let primary = self.rules.primary(view);
        let genuine = primary != ctx.me()
            && new_view.signature.signer() == primary
            && new_view.signature.covers("new-view", &new_view.claim());
        if !genuine {
            return;
        }
        if let Some(decision) = self.verify(&new_view, ctx) {
            self.view = view;
            self.enter(new_view, decision, ctx);
        }
    }

    /// Computes the set O again from the set V: a primary that proposes anything else is not
    /// believed.
    fn verify(&self, new_view: &NewView, ctx: &Context<'_, M>) -> Option<Decision> {
        let NewView { view, view_changes, proposals, .. } = new_view;
        let credible = view_changes
            .iter()
            .all(|change| change.view == *view && self.rules.is_credible(change));
        let apart = view_changes.is_sorted_by(|one, next| one.replica < next.replica);
        let primary = self.rules.primary(*view);
        let sealed = proposals
            .iter()
            .all(|offer| offer.proposal.view == *view && self.rules.is_genuine(primary, offer));
        if !(credible && apart && sealed) {
            return None;
        }
        let decision = decide(&self.rules, view_changes)?;
        let offered = proposals.iter().map(|offer| (offer.proposal.sequence, &offer.batch));
        let decided = decision.batches.iter().map(|(sequence, batch)| (*sequence, batch));
        (offered.eq(decided) || ctx.mutant("B08")).then_some(decision)
    }

    /// Enters a view: its proposals are accepted, and voted on once the view is durable.
    fn enter(&mut self, new_view: Arc<NewView>, decision: Decision, ctx: &mut Context<'_, M>) {
        let mark = ctx.persist(Record::NewView(Arc::clone(&new_view)));
        self.note_entered(&new_view);
        if let Some(start) = decision.start {
            self.learn_stable(start, ctx);
        }
        let view = self.view;
        let primary = self.rules.primary(view);
        ctx.announce(match primary == ctx.me() {
            true => Landmark::Leader { term: view },
            false => Landmark::Follower { term: view },
        });
        let carries =
            |wanted: fn(&Batch) -> bool| decision.batches.iter().any(|(_, batch)| wanted(batch));
        if carries(|batch| *batch != Batch::Null) {
            ctx.announce(CERTIFICATE_CARRIED.reached());
        }
        if carries(|batch| *batch == Batch::Null) {
            ctx.announce(NULL_REQUEST_FILLED.reached());
        }
        for offer in &new_view.proposals {
            self.agree(offer, primary, mark, ctx);
        }
        self.propose(ctx);
        self.hear_early(ctx);
    }

    /// Votes for a proposal that came with the view.
    fn agree(
        &mut self,
        offer: &PrePrepare,
        primary: NodeId,
        mark: DiskMark,
        ctx: &mut Context<'_, M>,
    ) {
        let accepted = self.log.get(offer.proposal.sequence).and_then(|slot| slot.proposal());
        if accepted != Some(offer.proposal) {
            return;
        }
        self.count_primary(offer, mark, ctx);
        if primary != ctx.me() {
            self.vote(Phase::Prepare, offer.proposal, mark, ctx);
        }
    }

    /// Takes up a view that has begun, in memory.
    pub(super) fn note_entered(&mut self, new_view: &Arc<NewView>) {
        (self.view, self.active) = (new_view.view, true);
        self.new_view = Some(Arc::clone(new_view));
        self.log.begin_view();
        self.requests.look_again();
        for offer in &new_view.proposals {
            self.note_accepted(offer);
        }
        let last = new_view.proposals.last().map_or(0, |offer| offer.proposal.sequence);
        let lows = new_view.view_changes.iter().map(|change| change.low());
        self.assigned = lows.max().unwrap_or(0).max(last);
    }

    /// Keeps what is said of a view that has not begun here, as much as an honest replica may say.
    pub(super) fn keep_for_later(&mut self, from: NodeId, message: Message) {
        let early = &mut self.early[from.index()];
        if (early.len() as u64) < 2 * self.rules.window {
            early.push(message);
        }
    }

    fn hear_early(&mut self, ctx: &mut Context<'_, M>) {
        for from in self.rules.cluster.nodes() {
            for message in std::mem::take(&mut self.early[from.index()]) {
                self.take(from, message, ctx);
            }
        }
    }
}
