//! Ballots by gossip: each agent pushes all that it has to a few others, again and again.
//!
//! The epidemics of Demers et al., "Epidemic Algorithms for Replicated Database Maintenance" (PODC
//! 1987), with ballots for rumours. A ballot gets to whom its voter cannot reach, and loss only
//! slows it down; but ballots are not signed, so one that relays them can change them.

use sim_core::id::NodeId;
use sim_core::protocol::Context;
use sim_core::rng::Random as _;

use super::vote::Vote;
use super::{Message, Timer, Voting};

impl Voting {
    /// Starts to push for as long as an agent waits for an outcome: who has one may be the only one
    /// that others can hear.
    pub(super) fn start_pushing(&mut self, ctx: &mut Context<'_, Self>) {
        let (patience, period) = (ctx.config().timeout, ctx.config().period);
        self.pushes = patience.as_nanos().div_ceil(period.as_nanos());
        ctx.set_timer(Timer::Push, period);
    }

    /// Pushes all that it has, and sets the timer for the next time.
    pub(super) fn push_again(&mut self, ctx: &mut Context<'_, Self>) {
        let known = self.heard.iter().map(|(voter, vote)| (*voter, *vote)).collect();
        Self::push(known, ctx);
        self.pushes = self.pushes.saturating_sub(1);
        if self.pushes > 0 {
            ctx.set_timer(Timer::Push, ctx.config().period);
        }
    }

    /// Pushes these ballots to as many others as the fanout says, all alike likely.
    pub(super) fn push(ballots: Vec<(NodeId, Vote)>, ctx: &mut Context<'_, Self>) {
        let mut others: Vec<NodeId> = ctx.cluster().others(ctx.me()).collect();
        ctx.random().shuffle(&mut others);
        for peer in others.into_iter().take(ctx.config().fanout as usize) {
            ctx.send(peer, Message::Ballots { ballots: ballots.clone() });
        }
    }

    /// Counts those of the pushed ballots that it has not heard, or has heard otherwise: that the
    /// same ones come again is how gossip works.
    pub(super) fn pushed(&mut self, ballots: Vec<(NodeId, Vote)>, ctx: &mut Context<'_, Self>) {
        for (voter, vote) in ballots {
            if ctx.cluster().contains(voter) && self.heard.get(&voter) != Some(&vote) {
                self.hear(voter, vote, ctx);
            }
        }
    }
}
