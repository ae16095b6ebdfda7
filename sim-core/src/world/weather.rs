//! What the weather does to messages on their way: the path that calm weather spares.

use super::{Caused, Occurrence, World};
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::message::{Forger, Lie, Message};
use crate::network::{Dropped, Parcel};
use crate::protocol::Protocol;
use crate::rng::Draw;
use crate::time::{Duration, Time};
use crate::trace::StepKind;

/// A message that a clog holds.
pub(super) struct Held<P: Protocol> {
    /// The strike that brought the clog.
    strike: usize,
    from: NodeId,
    to: NodeId,
    message: P::Message,
    /// When it would arrive without the clog.
    due: Option<Time>,
}

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// Sends a message out into weather that is not calm.
    pub(super) fn brave(&mut self, from: NodeId, to: NodeId, message: P::Message) {
        let parcel =
            Parcel { from, to, kind: message.kind(), bytes: message.bytes(), now: self.now };
        let passage = self.network.pass(&parcel);
        for strike in &passage.strikes {
            self.nemesis.wakes[*strike].record.changed += 1;
        }
        let counts = &mut self.ledger.counts;
        if let Some(drop) = passage.dropped {
            let (count, why) = match drop {
                Dropped::Lost => (&mut counts.lost, "lost"),
                Dropped::Overflowed => (&mut counts.overflowed, "finds the link's queue full"),
                Dropped::Damaged => {
                    counts.corrupted += 1;
                    (&mut counts.rejected, "damaged, and dropped")
                }
            };
            *count += 1;
            self.step(StepKind::Lose, None, || format!("{from} → {to} {why}"));
            return;
        }
        counts.delayed += u64::from(passage.delayed);
        counts.reordered += u64::from(passage.reordered);
        let message = match passage.damage {
            None => message,
            Some(draw) => match self.damage(from, to, &message, draw) {
                Some(damaged) => damaged,
                None => return,
            },
        };
        for delay in passage.copies {
            self.ledger.counts.duplicated += 1;
            self.carry(passage.clog, delay, from, to, message.clone());
        }
        self.ledger.counts.clogged += u64::from(passage.clog.is_some());
        self.carry(passage.clog, passage.delay, from, to, message);
    }

    /// What a message becomes that was damaged where nobody notices; dropped if nothing of its kind
    /// could have become of it.
    fn damage(
        &mut self,
        from: NodeId,
        to: NodeId,
        message: &P::Message,
        draw: Draw,
    ) -> Option<P::Message> {
        self.ledger.counts.corrupted += 1;
        let damaged = message.forge(Lie::Content, &mut Forger::without_keys(draw));
        if damaged.is_none() {
            self.ledger.counts.rejected += 1;
            self.step(StepKind::Lose, None, || format!("{from} → {to} damaged, and dropped"));
            return None;
        }
        self.step(StepKind::Lose, None, || format!("{from} → {to} damaged on the way"));
        self.mistrust(from);
        damaged
    }

    /// To its receivers, one whose messages are damaged unnoticed is a liar.
    fn mistrust(&mut self, from: NodeId) {
        self.garbled.insert(from);
        let liars: NodeSet = self.corrupt.iter().chain(self.garbled.iter()).collect();
        self.safety_exceeded |= liars.len() > self.contract.safety.byzantine;
    }

    /// Lets a message go its way, or lines it up behind a clog.
    fn carry(
        &mut self,
        clog: Option<usize>,
        delay: Duration,
        from: NodeId,
        to: NodeId,
        message: P::Message,
    ) {
        match clog {
            None => self.dispatch(delay, from, Self::instance_of(to), message),
            Some(strike) => {
                let due = self.now.checked_add(delay);
                self.held.push(Held { strike, from, to, message, due });
            }
        }
    }

    /// A message is on its way. What would arrive past the horizon stays in flight for ever.
    #[inline]
    pub(super) fn dispatch(
        &mut self,
        delay: Duration,
        from: NodeId,
        to: InstanceId,
        message: P::Message,
    ) {
        self.dispatch_at(self.now.checked_add(delay), from, to, message);
    }

    #[inline]
    fn dispatch_at(&mut self, at: Option<Time>, from: NodeId, to: InstanceId, message: P::Message) {
        match at {
            Some(at) if at <= self.horizon => {
                let occurrence = Occurrence::Arrive { from, to, message };
                self.queue.deliver(at, Caused { cause: self.event, occurrence });
            }
            _ => self.ledger.counts.beyond += 1,
        }
    }

    /// Ends all weather of a strike, and lets go what its clogs held: in the order of sending, and
    /// nothing before it would have arrived anyway. Says whether there was any.
    pub(super) fn lift(&mut self, strike: usize) -> bool {
        let lifted = self.network.lift(strike);
        let held = std::mem::take(&mut self.held);
        for mut held in held {
            if held.strike != strike {
                self.held.push(held);
                continue;
            }
            let Held { from, to, ref message, due, .. } = held;
            let parcel =
                Parcel { from, to, kind: message.kind(), bytes: message.bytes(), now: self.now };
            if let Some(next) = self.network.clogged_by(&parcel) {
                self.nemesis.wakes[next].record.changed += 1;
                held.strike = next;
                self.held.push(held);
            } else {
                let at = due.map(|due| due.max(self.now));
                self.dispatch_at(at, from, Self::instance_of(to), held.message);
            }
        }
        lifted
    }

    /// How many messages are on their way.
    pub(super) fn in_flight(&self) -> u64 {
        let arriving = self.queue.deliveries().filter(|Caused { occurrence, .. }| {
            matches!(occurrence, Occurrence::Arrive { from, to, .. }
                if *from != self.nodes[to.index()].identity)
        });
        self.ledger.counts.beyond + self.held.len() as u64 + arriving.count() as u64
    }
}
