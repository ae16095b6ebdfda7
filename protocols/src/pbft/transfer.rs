//! Catching up: status, repeats and state transfer (thesis, sections 5.2 and 5.3).
//!
//! A replica for which something stays unfinished says again what it said, and says how far it is;
//! who is further repeats what the other missed. What lies behind a stable checkpoint can no
//! longer be repeated: there the rest of the history is fetched, and checked against the
//! certificate of the checkpoint.

use std::sync::Arc;

use sim_core::id::NodeId;
use sim_core::signature::Signature;
use sim_core::time::Duration;

use super::marks::STATE_TRANSFERRED;
use super::message::{Certificate, Delivered, Message, Phase, Sequence, State};
use super::replica::{Progress, Replica};
use super::{Context, Timer};
use crate::machine::Machine;

/// How many sequence numbers are repeated at once.
const REPEATED: usize = 16;

/// How often in the time for a view change a replica looks whether it must repeat itself.
const LOOKS: u64 = 3;

impl<M: Machine> Replica<M> {
    /// Whether something is under way that lost messages could hold up.
    pub(super) fn is_unfinished(&self) -> bool {
        !self.active
            || self.ahead.is_some()
            || self.log.accepted() > self.executed
            || self.history.taken() > self.log.low()
    }

    /// Looks again after a while whether there was progress.
    pub(super) fn watch_progress(&mut self, ctx: &mut Context<'_, M>) {
        self.repeating = Some(self.progress());
        let pause = ctx.config().view_change_timeout.as_nanos() / LOOKS;
        ctx.set_timer(Timer::Repeat, Duration::from_nanos(pause.max(1)));
    }

    pub(super) fn on_repeat(&mut self, ctx: &mut Context<'_, M>) {
        let before = self.repeating.take();
        if !self.is_unfinished() {
            return;
        }
        if before == Some(self.progress()) {
            for to in self.rules.cluster.others(ctx.me()) {
                self.repeat(to, self.executed, ctx);
            }
            if let Some(ahead) = self.ahead.clone() {
                self.fetch(&ahead, ctx);
            }
            self.say_status(ctx);
        }
        self.watch_progress(ctx);
    }

    /// Says how far this replica is.
    pub(super) fn say_status(&self, ctx: &mut Context<'_, M>) {
        let Progress { view, active, executed } = self.progress();
        ctx.broadcast(Message::Status { view, active, executed });
    }

    /// Somebody says how far it is.
    pub(super) fn on_status(&self, from: NodeId, theirs: Progress, ctx: &mut Context<'_, M>) {
        if from == ctx.me() {
            return;
        }
        if let Some(stable) = &self.stable
            && theirs.executed < stable.sequence
        {
            ctx.send(from, Message::Stable(Arc::clone(stable)));
        }
        let behind = theirs.view < self.view || (theirs.view == self.view && !theirs.active);
        if let Some(new_view) = &self.new_view
            && self.active
            && behind
        {
            ctx.send(from, Message::NewView(Arc::clone(new_view)));
        }
        if !self.active || (theirs.view == self.view && theirs.active) {
            self.repeat(from, theirs.executed, ctx);
        }
    }

    /// Says again what this replica said of the current view, above `executed`.
    fn repeat(&self, to: NodeId, executed: Sequence, ctx: &mut Context<'_, M>) {
        if !self.active {
            if let Some(own) = &self.view_changes[ctx.me().index()] {
                ctx.send(to, Message::ViewChange(Arc::clone(own)));
            }
            return;
        }
        for checkpoint in &self.checkpoints[ctx.me().index()] {
            ctx.send(to, Message::Checkpoint(*checkpoint));
        }
        let slots = self.log.slots().filter(|(sequence, _)| *sequence > executed);
        for (_, slot) in slots.take(REPEATED) {
            let Some(offer) = &slot.accepted else { continue };
            let proposal = offer.proposal;
            let again = |phase: Phase| {
                Message::vote(phase, proposal, self.rules.seal(ctx.signer(), phase, &proposal))
            };
            let said = match self.leads(ctx) {
                true => Message::PrePrepare(Arc::clone(offer)),
                false => again(Phase::Prepare),
            };
            let commit = slot.is_prepared_in(self.view).then(|| again(Phase::Commit));
            ctx.send(to, said);
            commit.into_iter().for_each(|commit| ctx.send(to, commit));
        }
    }

    /// A checkpoint is stable, says somebody who has it.
    pub(super) fn on_stable(
        &mut self,
        from: NodeId,
        stable: Arc<Certificate>,
        ctx: &mut Context<'_, M>,
    ) {
        if stable.sequence > self.executed && self.rules.is_stable(&stable) {
            self.learn_stable(stable, ctx);
            ctx.send(from, self.wanted());
        }
    }

    /// Asks the next of those who signed a checkpoint for its state.
    fn fetch(&mut self, stable: &Certificate, ctx: &mut Context<'_, M>) {
        let signers = stable.signatures.iter().map(Signature::signer);
        let others: Vec<_> = signers.filter(|signer| *signer != ctx.me()).collect();
        if let Some(to) = others.get(self.fetches as usize % others.len().max(1)) {
            ctx.send(*to, self.wanted());
        }
        self.fetches = self.fetches.wrapping_add(1);
    }

    const fn wanted(&self) -> Message {
        Message::Fetch { executed: self.executed, after: self.history.position() }
    }

    /// Gives the state of the stable checkpoint. It may have a later sequence number and the same
    /// history: null requests leave no trace.
    pub(super) fn on_fetch(
        &self,
        from: NodeId,
        executed: Sequence,
        after: u64,
        ctx: &mut Context<'_, M>,
    ) {
        let Some(stable) = &self.stable else { return };
        if stable.sequence > executed {
            let entries = self.history.between(after, stable.position);
            let stable = Arc::clone(stable);
            ctx.send(from, Message::State(Arc::new(State { stable, after, entries })));
        }
    }

    /// Takes up a state, if it is the certified one.
    pub(super) fn on_state(&mut self, state: &State, ctx: &mut Context<'_, M>) {
        let State { stable, after, entries } = state;
        let Some(known) = self.history.position().checked_sub(*after) else { return };
        let Some(entries) = usize::try_from(known).ok().and_then(|known| entries.get(known..))
        else {
            return;
        };
        if stable.sequence <= self.executed
            || !self.rules.is_stable(stable)
            || !self.history.leads_to(entries, stable)
        {
            return;
        }
        entries.iter().for_each(|entry: &Delivered| {
            self.deliver(*entry, ctx);
        });
        ctx.announce(STATE_TRANSFERRED.reached());
        self.executed = stable.sequence;
        self.attempts = 0;
        self.save_checkpoint(ctx);
        self.stabilise(Arc::clone(stable), ctx);
        self.execute(ctx);
        self.say_status(ctx);
    }
}
