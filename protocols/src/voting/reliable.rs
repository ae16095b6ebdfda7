//! Ballots by Bracha's broadcast: whatever a voter says to whom, all count the same ballot of it.
//!
//! Every ballot is a broadcast of its own (see [`crate::bracha`]): its voter says INIT, all ECHO what
//! they were told, and are READY once so many echo alike that nobody can be ready for another one.
//! Below a third of liars no two agents count different ballots of one voter, so an equivocator has
//! one vote or none. The price is n(n−1)(2n+1) messages for n ballots, and three delays.

use std::collections::BTreeMap;

use sim_core::id::NodeId;
use sim_core::protocol::Context;

use super::marks::EQUIVOCATION;
use super::vote::Vote;
use super::{Message, Record, Voting};
use crate::bracha::{Config as Broadcast, Slot, Step};

/// What an agent knows of the broadcasts of all ballots, by voter.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Broadcasts {
    slots: BTreeMap<NodeId, Slot<Vote>>,
}

impl Broadcasts {
    /// Takes up what an earlier life of `me` said.
    pub(super) fn restore(&mut self, me: NodeId, step: Step, voter: NodeId, vote: Vote) {
        let slot = self.slots.entry(voter).or_default();
        slot.say(step, vote);
        slot.hear(me, step, vote);
    }

    /// All that was said.
    fn words(&self) -> impl Iterator<Item = (NodeId, Step, Vote)> + '_ {
        let words = |(voter, slot): (&NodeId, &Slot<Vote>)| {
            let voter = *voter;
            slot.words().map(move |(step, vote)| (voter, step, vote)).collect::<Vec<_>>()
        };
        self.slots.iter().flat_map(words)
    }
}

impl Voting {
    /// Writes something down and says it to everybody, oneself included; at most once a step. An
    /// agent that cannot read what it said says nothing new.
    pub(super) fn say(
        &mut self,
        step: Step,
        voter: NodeId,
        vote: Vote,
        ctx: &mut Context<'_, Self>,
    ) {
        let slot = self.broadcasts.slots.entry(voter).or_default();
        if self.abstains || !slot.say(step, vote) {
            return;
        }
        ctx.persist(Record::Said(step, voter, vote));
        let message = Message::Relay { step, voter, vote };
        ctx.broadcast(message.clone());
        // Its own word counts once it is durable.
        ctx.send(ctx.me(), message);
    }

    /// Says everything again. Its own INIT it may have yet to hear.
    pub(super) fn repeat(&self, ctx: &mut Context<'_, Self>) {
        for (voter, step, vote) in self.broadcasts.words() {
            let message = Message::Relay { step, voter, vote };
            ctx.broadcast(message.clone());
            if step == Step::Init {
                ctx.send(ctx.me(), message);
            }
        }
    }

    /// Takes what another says about a ballot.
    pub(super) fn relayed(
        &mut self,
        from: NodeId,
        step: Step,
        voter: NodeId,
        vote: Vote,
        ctx: &mut Context<'_, Self>,
    ) {
        let slot = self.broadcasts.slots.entry(voter).or_default();
        let echoed = slot.said(Step::Echo);
        if step != Step::Ready && echoed.is_some_and(|echoed| echoed != vote) {
            ctx.announce(EQUIVOCATION.reached());
        }
        if step != Step::Init {
            slot.hear(from, step, vote);
            self.advance(voter, vote, ctx);
        } else if from == voter {
            self.say(Step::Echo, voter, vote, ctx);
        }
    }

    /// Takes the steps that what was heard about this ballot of a voter allows.
    fn advance(&mut self, voter: NodeId, vote: Vote, ctx: &mut Context<'_, Self>) {
        let needed = Broadcast::default().thresholds(ctx.cluster());
        let slot = self.broadcasts.slots.entry(voter).or_default();
        let is_deliverable = slot.delivered.is_none() && slot.is_deliverable(vote, needed);
        if is_deliverable {
            slot.delivered = Some(vote);
        }
        if slot.is_certain(vote, needed) {
            self.say(Step::Ready, voter, vote, ctx);
        }
        if is_deliverable {
            self.hear(voter, vote, ctx);
        }
    }
}
