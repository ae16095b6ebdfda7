//! Alternating offers over a network: two parties take turns to propose, and waiting costs.
//!
//! Rubinstein, "Perfect equilibrium in a bargaining model" (Econometrica 50(1), 1982), over the
//! outcomes of a domain and with a last round ([`Subgames`]). A party that is offered at least what
//! waiting would bring it accepts and is done; else it makes the offer of the next round, which tells
//! the other that its own was refused. An offer is repeated until it is answered, and an acceptance
//! whenever the offer comes again. What a party does follows from what both know, so a later life of
//! it does the same, and nothing is on disk. At its deadline a party breaks down, by its own clock:
//! the other may have accepted and be alone with that.
//!
//! If both know how patient the other is, the first offer is accepted. Where they assume otherwise,
//! offers are refused, and the rounds that this takes are what it costs.

mod config;
mod message;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use message::Message;

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::awaited::Awaited;
use crate::bargain::Subgames;
use crate::negotiation::{self, Timer, party, repeat};
use crate::problem::bargain::{
    AGREEMENT, Bargaining, Ending, INDIVIDUAL_RATIONALITY, Negotiate, TERMINATION,
};

/// One party.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct AlternatingOffers {
    game: Option<Subgames>,
    /// The round in which it waits: for an offer, or for an answer to its own.
    round: u32,
    /// The offer that came before it was asked, the latest.
    heard: Option<(u32, usize)>,
    ending: Awaited<Ending>,
}

impl Protocol for AlternatingOffers {
    const NAME: &'static str = "alternating-offers";
    const SUMMARY: &'static str = "two parties propose in turn, and what comes later is worth less";
    const MUTANTS: &'static [Mutant] = &[Mutant {
        id: "AO1",
        summary: "a party that accepts takes what it would have offered next for agreed",
        breaks: &[AGREEMENT],
    }];
    type Problem = Bargaining;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = ();
    type Monitor = Unwatched;

    fn contract(_: &Config, _: Cluster) -> Contract {
        // The own clock ends it whatever becomes of the other. Nothing is on a disk, so a liar may
        // agree on one thing with one life of a party and on another with the next.
        let liveness = Assumptions {
            byzantine: u32::MAX,
            forgetful: u32::MAX,
            faulty: u32::MAX,
            ..Assumptions::CRASH_RECOVERY
        };
        Contract {
            promise: Promise(vec![AGREEMENT, INDIVIDUAL_RATIONALITY, TERMINATION]),
            safety: Assumptions { byzantine: 0, ..liveness },
            liveness,
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(_: &[Stored<()>], _: &mut Context<'_, Self>) -> Self {
        Self::default()
    }

    fn on_request(&mut self, op: OpId, request: Negotiate, ctx: &mut Context<'_, Self>) {
        self.ending.ask(op, ctx);
        if self.game.is_some() || self.ending.has_come() {
            return;
        }
        let patience = ctx.config().seen_by(party(ctx.me()).index());
        let Some(game) = Subgames::new(request.0, patience, ctx.config().rounds) else {
            negotiation::end(&mut self.ending, Ending::BrokenDown, ctx);
            return;
        };
        self.game = Some(game);
        ctx.set_timer(Timer::Deadline, ctx.config().deadline);
        match self.heard.take() {
            Some((round, outcome)) => self.consider(round, outcome, ctx),
            None => self.open(ctx),
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        if from == ctx.me() || !ctx.cluster().contains(from) {
            return;
        }
        match message {
            Message::Offer { round, outcome } => {
                if Subgames::proposer(round) == party(from).index() {
                    self.offered(round, outcome, ctx);
                }
            }
            Message::Accept { round, outcome } => {
                let own = self.game.as_ref().and_then(|game| game.offer(round));
                let is_mine = Subgames::proposer(round) == party(ctx.me()).index();
                if is_mine && round == self.round && own == Some(outcome) && !self.ending.has_come()
                {
                    negotiation::end(
                        &mut self.ending,
                        Ending::Agreed { outcome, rounds: round + 1 },
                        ctx,
                    );
                }
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        match timer {
            Timer::Repeat => self.speak(ctx),
            Timer::Deadline => negotiation::end(&mut self.ending, Ending::BrokenDown, ctx),
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}

impl AlternatingOffers {
    /// Begins the round.
    fn open(&self, ctx: &mut Context<'_, Self>) {
        ctx.announce(Landmark::Round { round: u64::from(self.round) + 1 });
        self.speak(ctx);
    }

    /// Makes the offer of the round, if it is its turn, and will do so again.
    fn speak(&self, ctx: &mut Context<'_, Self>) {
        let round = self.round;
        let offer = self.game.as_ref().and_then(|game| game.offer(round));
        if let Some(outcome) =
            offer.filter(|_| Subgames::proposer(round) == party(ctx.me()).index())
        {
            ctx.broadcast(Message::Offer { round, outcome });
            repeat(ctx.config().retransmit, ctx);
        }
    }

    /// The other offers this.
    fn offered(&mut self, round: u32, outcome: usize, ctx: &mut Context<'_, Self>) {
        match self.ending.outcome() {
            // It has not heard that it was accepted.
            Some(Ending::Agreed { outcome: agreed, rounds })
                if agreed == outcome && rounds.checked_sub(1) == Some(round) =>
            {
                ctx.broadcast(Message::Accept { round, outcome });
            }
            Some(_) => {}
            None if self.game.is_none() => {
                self.heard = self.heard.max(Some((round, outcome)));
            }
            None if round >= self.round => self.consider(round, outcome, ctx),
            // It has been refused, and its own offer is repeated until it hears that.
            None => {}
        }
    }

    /// Takes an offer, or makes the next.
    fn consider(&mut self, round: u32, outcome: usize, ctx: &mut Context<'_, Self>) {
        let Some(game) = &self.game else { return };
        if round >= ctx.config().rounds {
            return;
        }
        if game.accepts(round, outcome) {
            ctx.broadcast(Message::Accept { round, outcome });
            let own = game.offer(round + 1).filter(|_| ctx.mutant("AO1"));
            let outcome = own.unwrap_or(outcome);
            negotiation::end(&mut self.ending, Ending::Agreed { outcome, rounds: round + 1 }, ctx);
            return;
        }
        self.round = round + 1;
        match game.offer(self.round) {
            Some(_) => self.open(ctx),
            // That was the last round.
            None => negotiation::end(&mut self.ending, Ending::BrokenDown, ctx),
        }
    }
}
