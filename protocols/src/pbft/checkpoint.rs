//! Checkpoints and garbage collection (section 4.3).

use std::sync::Arc;

use sim_core::protocol::DiskMark;

use super::Context;
use super::message::{Certificate, Checkpoint, Message, Sequence};
use super::record::{Record, Snapshot};
use super::replica::{Milestone, Own, Replica};
use crate::machine::Machine;

/// How many checkpoints are kept for each replica, the latest: when a later one becomes stable, the
/// earlier ones do not matter. A liar may announce as many as it likes.
const KEPT: usize = 4;

impl<M: Machine> Replica<M> {
    /// Takes a checkpoint of what was executed, and says so once it is durable.
    pub(super) fn take_checkpoint(&mut self, ctx: &mut Context<'_, M>) {
        let mark = self.save_checkpoint(ctx);
        let checkpoint = self.say_checkpoint(self.executed, ctx);
        self.unsaved.push_back((mark, Own::Checkpoint(checkpoint)));
    }

    /// Writes down what was delivered since the last checkpoint.
    pub(super) fn save_checkpoint(&mut self, ctx: &mut Context<'_, M>) -> DiskMark {
        let sequence = self.executed;
        let entries = self.history.checkpoint(sequence);
        let after = self.history.position() - entries.len() as u64;
        ctx.persist(Record::Checkpoint { sequence, after, entries })
    }

    /// Tells everybody that the present state is the one after `sequence`.
    pub(super) fn say_checkpoint(
        &self,
        sequence: Sequence,
        ctx: &mut Context<'_, M>,
    ) -> Checkpoint {
        let (position, digest) = (self.history.position(), self.history.digest());
        let signature = ctx.signer().sign("checkpoint", &(sequence, position, digest));
        let checkpoint = Checkpoint { sequence, position, digest, signature };
        ctx.broadcast(Message::Checkpoint(checkpoint));
        checkpoint
    }

    pub(super) fn on_checkpoint(&mut self, checkpoint: Checkpoint, ctx: &mut Context<'_, M>) {
        if checkpoint.sequence > self.log.low() && self.rules.is_signed(&checkpoint) {
            self.keep_checkpoint(checkpoint, ctx);
        }
    }

    /// Keeps a checkpoint that is signed, the latest few of each replica.
    pub(super) fn keep_checkpoint(&mut self, checkpoint: Checkpoint, ctx: &mut Context<'_, M>) {
        let kept = &mut self.checkpoints[checkpoint.signature.signer().index()];
        if kept.iter().any(|known| known.sequence == checkpoint.sequence) {
            return;
        }
        kept.push(checkpoint);
        if kept.len() > KEPT {
            let oldest = kept.iter().enumerate().min_by_key(|(_, known)| known.sequence);
            let oldest = oldest.map(|(at, _)| at);
            oldest.into_iter().for_each(|at| {
                kept.swap_remove(at);
            });
        }
        let claim = checkpoint.claim();
        let alike = self.checkpoints.iter().flatten().filter(|known| known.claim() == claim);
        let signatures: Vec<_> = alike.map(|known| known.signature).collect();
        if signatures.len() >= self.rules.quorum as usize {
            let Checkpoint { sequence, position, digest, signature: _ } = checkpoint;
            self.learn_stable(
                Arc::new(Certificate { sequence, position, digest, signatures }),
                ctx,
            );
        }
        // One's own may have been the only thing that was missing.
        if let Some(ahead) = self.ahead.clone() {
            self.learn_stable(ahead, ctx);
        }
    }

    /// A checkpoint is known to be stable: it is one's own, or one is behind it.
    pub(super) fn learn_stable(&mut self, stable: Arc<Certificate>, ctx: &mut Context<'_, M>) {
        let me = ctx.me().index();
        let claim = (stable.sequence, stable.position, stable.digest);
        if stable.sequence <= self.log.low() {
            return;
        }
        if self.checkpoints[me].iter().any(|own| own.claim() == claim) {
            self.stabilise(stable, ctx);
        } else if self.ahead.as_ref().is_none_or(|ahead| ahead.sequence < stable.sequence) {
            self.ahead = Some(stable);
        }
    }

    /// Forgets what a stable checkpoint makes superfluous, and writes down the rest in one piece.
    pub(super) fn stabilise(&mut self, stable: Arc<Certificate>, ctx: &mut Context<'_, M>) {
        let Certificate { sequence, digest, .. } = *stable;
        self.milestones.push(Milestone::Stable { sequence, digest });
        self.log.advance(sequence);
        for kept in &mut self.checkpoints {
            kept.retain(|checkpoint| checkpoint.sequence > sequence);
        }
        if self.ahead.as_ref().is_some_and(|ahead| ahead.sequence <= sequence) {
            self.ahead = None;
        }
        self.assigned = self.assigned.max(sequence);
        self.stable = Some(Arc::clone(&stable));
        ctx.compact(Record::Snapshot(Arc::new(Snapshot {
            view: self.view,
            active: self.active,
            new_view: self.new_view.clone(),
            stable,
            taken: self.history.taken(),
            history: self.history.chunks().to_vec(),
            slots: self.log.save(),
        })));
        self.propose(ctx);
    }
}
