//! Start and restart: what a replica knows from its disk, and what it must ask for.

use sim_core::landmark::Landmark;
use sim_core::protocol::Stored;

use super::Context;
use super::message::{Message, Phase};
use super::record::{Record, Snapshot};
use super::replica::Replica;
use crate::machine::Machine;

impl<M: Machine> Replica<M> {
    /// Starts from what the disk holds. What was executed after the last checkpoint is not
    /// there; its certificates are, and the others are asked for the votes.
    pub(super) fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, M>) -> Self {
        let mut replica = Self::new(ctx);
        for stored in disk {
            if let Stored::Intact(record) = stored {
                replica.replay(record);
            }
        }
        replica.executed = replica.history.taken();
        replica.assigned = replica.assigned.max(replica.log.accepted()).max(replica.executed);
        replica.deliver_again(ctx);
        if !disk.is_empty() {
            replica.resume(ctx);
        }
        if replica.active {
            let term = replica.view;
            ctx.announce(match replica.leads(ctx) {
                true => Landmark::Leader { term },
                false => Landmark::Follower { term },
            });
        }
        replica
    }

    /// Takes up what one record says. What was delivered after a record that is damaged is no use
    /// without what that held.
    fn replay(&mut self, record: &Record) {
        match record {
            Record::View(view) => (self.view, self.active) = (*view, false),
            Record::Accepted(offer) => self.note_accepted(offer),
            Record::Prepared(prepared) => {
                if let Some(slot) = self.log.slot(prepared.proposal().sequence) {
                    slot.prepared = Some(prepared.clone());
                }
            }
            Record::NewView(new_view) => self.note_entered(new_view),
            Record::Checkpoint { sequence, after, entries }
                if *after == self.history.position() =>
            {
                self.history.restore(*sequence, entries);
            }
            Record::Checkpoint { .. } => {}
            Record::Snapshot(snapshot) => self.replay_snapshot(snapshot),
        }
    }

    fn replay_snapshot(&mut self, snapshot: &Snapshot) {
        (self.view, self.active) = (snapshot.view, snapshot.active);
        self.new_view.clone_from(&snapshot.new_view);
        self.stable = Some(snapshot.stable.clone());
        for chunk in &snapshot.history {
            self.history.restore(snapshot.taken, chunk);
        }
        self.log.advance(snapshot.stable.sequence);
        snapshot.slots.iter().for_each(|saved| self.log.restore(saved));
    }

    /// A reboot restarts the application: it hears everything again.
    fn deliver_again(&mut self, ctx: &mut Context<'_, M>) {
        let mut position = 0;
        for entry in self.history.between(0, self.history.position()) {
            position += 1;
            self.apply(position, entry.op, entry.command, ctx);
        }
    }

    /// Counts its own durable words again, and asks what it missed.
    fn resume(&mut self, ctx: &mut Context<'_, M>) {
        self.say_status(ctx);
        if self.executed > self.log.low() {
            let checkpoint = self.say_checkpoint(self.executed, ctx);
            self.keep_checkpoint(checkpoint, ctx);
        }
        if !self.active {
            let change = std::sync::Arc::new(self.view_change(ctx));
            ctx.broadcast(Message::ViewChange(change.clone()));
            return self.keep_view_change(change, ctx);
        }
        let view = self.view;
        let accepted: Vec<_> = self
            .log
            .slots()
            .filter_map(|(_, slot)| Some((slot.accepted.clone()?, slot.is_prepared_in(view))))
            .collect();
        let (me, primary) = (ctx.me(), self.rules.primary(view));
        for (offer, prepared) in accepted {
            let proposal = offer.proposal;
            self.count(primary, Phase::PrePrepare, proposal, offer.seal, ctx);
            let mut own = |phase: Phase, ctx: &mut Context<'_, M>| {
                let seal = self.rules.seal(ctx.signer(), phase, &proposal);
                self.count(me, phase, proposal, seal, ctx);
            };
            own(Phase::Prepare, ctx);
            if prepared {
                own(Phase::Commit, ctx);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};

    use super::super::Config;
    use super::super::message::Delivered;
    use super::super::tests::{replica, table};
    use super::*;
    use crate::problem::log::Command;

    #[test]
    fn a_checkpoint_is_left_out_beyond_one_that_is_lost() {
        let mut booting = replica(&table(4, Config::default(), None), 0).clone();
        let mut reads = |sequence, after, count: u32| {
            let op = |sequence| OpId { client: ClientId(0), sequence };
            let entry = |sequence| Delivered { op: op(sequence), command: Command(0) };
            let entries = (0..count).map(entry).collect();
            booting.replay(&Record::Checkpoint { sequence, after, entries });
            (booting.history.taken(), booting.position())
        };
        assert_eq!(reads(64, 0, 3), (64, 3));
        assert_eq!(reads(192, 5, 2), (64, 3), "the one after 128 is damaged");
        assert_eq!(reads(128, 3, 2), (128, 5), "it was taken again after a reboot");
    }
}
