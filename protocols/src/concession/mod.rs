//! Monotonic concession over a network: two parties propose at once, and concede by Zeuthen's rule.
//!
//! Rosenschein and Zlotkin, "Rules of Encounter" (1994), chapter 3; the rule itself is [`Table`], and
//! ends at the largest product of gains. A round ends for a party when it has the other's proposal. A
//! party repeats its proposal until then, and tells who is behind what it proposed long ago. What it
//! proposes follows from what both know, so a later life proposes the same, and nothing is on disk.
//! At its deadline a party breaks down, by its own clock.
//!
//! A party takes no proposal for one that harms it, so it is never worse off for having bargained,
//! whoever it bargains with.

mod config;
mod message;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use message::Message;

use std::collections::BTreeMap;

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::awaited::Awaited;
use crate::bargain::{Move, Party, Proposals, Round, Table};
use crate::negotiation::{self, Timer, party, repeat};
use crate::problem::bargain::{
    AGREEMENT, Bargaining, Ending, INDIVIDUAL_RATIONALITY, Negotiate, TERMINATION,
};

/// The most rounds; proposals for later ones are not kept.
const ROUNDS_MAX: u32 = 1 << 12;

/// What a party bargains over, and the outcomes that it takes for proposals.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Stakes {
    table: Table,
    negotiable: Vec<usize>,
}

/// One party.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Concession {
    stakes: Option<Stakes>,
    /// What it proposed, by round.
    said: Vec<usize>,
    /// What the other proposed, by round, from the one that runs on.
    heard: BTreeMap<u32, usize>,
    ending: Awaited<Ending>,
}

impl Protocol for Concession {
    const NAME: &'static str = "concession";
    const SUMMARY: &'static str = "two parties concede in turn, whoever risks less: Zeuthen's rule";
    const MUTANTS: &'static [Mutant] = &[Mutant {
        id: "CO1",
        summary: "a party that accepts takes what it proposed itself for agreed",
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
        if self.stakes.is_some() || self.ending.has_come() {
            return;
        }
        let Negotiate(domain) = request;
        let negotiable = domain.negotiation_set();
        let Some(table) = Table::new(domain) else {
            negotiation::end(&mut self.ending, Ending::BrokenDown, ctx);
            return;
        };
        let opening = table.opening().by[party(ctx.me()).index()];
        self.stakes = Some(Stakes { table, negotiable });
        ctx.set_timer(Timer::Deadline, ctx.config().deadline);
        self.propose(opening, ctx);
        self.advance(ctx);
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        let Message { round, outcome, again } = message;
        if from == ctx.me() || !ctx.cluster().contains(from) {
            return;
        }
        let is_behind =
            round < self.round() || matches!(self.ending.outcome(), Some(Ending::Agreed { .. }));
        if again
            && is_behind
            && let Some(outcome) = self.said.get(round as usize)
        {
            ctx.send(from, Message { round, outcome: *outcome, again: false });
        }
        if round >= self.round() && round < ROUNDS_MAX && !self.ending.has_come() {
            self.heard.entry(round).or_insert(outcome);
            self.advance(ctx);
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        match timer {
            Timer::Repeat => self.speak(true, ctx),
            Timer::Deadline => negotiation::end(&mut self.ending, Ending::BrokenDown, ctx),
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}

impl Concession {
    /// The round that runs.
    const fn round(&self) -> u32 {
        self.said.len().saturating_sub(1) as u32
    }

    /// Goes into the next round with this proposal.
    fn propose(&mut self, outcome: usize, ctx: &mut Context<'_, Self>) {
        self.said.push(outcome);
        self.heard = self.heard.split_off(&self.round());
        ctx.announce(Landmark::Round { round: self.said.len() as u64 });
        self.speak(false, ctx);
    }

    /// Says what it proposes in this round, and will do so again.
    fn speak(&self, again: bool, ctx: &mut Context<'_, Self>) {
        if let Some(outcome) = self.said.last() {
            ctx.broadcast(Message { round: self.round(), outcome: *outcome, again });
            repeat(ctx.config().retransmit, ctx);
        }
    }

    /// What the other proposes in this round, if that can be taken for a proposal.
    fn others(&self, stakes: &Stakes) -> Option<usize> {
        let outcome = self.heard.get(&self.round())?;
        stakes.negotiable.contains(outcome).then_some(*outcome)
    }

    /// Goes through the rounds of which the other's proposal is there.
    fn advance(&mut self, ctx: &mut Context<'_, Self>) {
        let me = party(ctx.me());
        while !self.ending.has_come()
            && let Some(stakes) = &self.stakes
            && let (Some(own), Some(others)) = (self.said.last().copied(), self.others(stakes))
        {
            let by = if me == Party::One { [own, others] } else { [others, own] };
            let proposals = Proposals { by };
            match stakes.table.step(proposals) {
                Round::Open(next) => self.propose(next.by[me.index()], ctx),
                Round::Agreed(mut outcome) => {
                    let accepts = stakes.table.zeuthen(me, proposals) == Move::Accept;
                    if ctx.mutant("CO1") && accepts {
                        outcome = own;
                    }
                    let ending = Ending::Agreed { outcome, rounds: self.round() + 1 };
                    negotiation::end(&mut self.ending, ending, ctx);
                }
            }
        }
    }
}
