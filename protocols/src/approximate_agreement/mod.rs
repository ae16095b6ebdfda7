//! Approximate agreement: rounds in which each node drops what liars could have said and averages.
//!
//! Dolev, Lynch, Pinter, Stark and Weihl, "Reaching approximate agreement in the presence of
//! faults" (Journal of the ACM 33(3), 1986): the synchronous algorithm of section 4 for n > 3f and
//! the asynchronous one of section 5 for n > 5f. What a round does, and by how much it shrinks the
//! range, is [`Average`](crate::opinion::Average).
//!
//! We depart from the paper in two ways. There each node works out the number of rounds from what it
//! heard in the first one, and its last word stands for it when it stops; here all know how far
//! apart the numbers may be at first, so all make the same number of rounds. And their asynchronous
//! links lose nothing and their processes never recover; for ours see [`refinement`](crate::refinement).

mod config;
mod monitor;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use monitor::{CONTRACTION, ROUND_HULL, Surveyor};

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::opinion::Timing;
use crate::problem::estimate::{
    Begin, EPSILON_AGREEMENT, Estimation, HULL, INTEGRITY, TERMINATION,
};
use crate::refinement::{Message, Pace, ROUNDS_MAX, Record, Refinement, Rounds, Timer};

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct ApproximateAgreement {
    rounds: Rounds,
}

impl Protocol for ApproximateAgreement {
    const NAME: &'static str = "approximate-agreement";
    const SUMMARY: &'static str = "numbers approach each other among liars: trim f, and average";
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "AA1",
            summary: "a node drops one number fewer at either end than there may be liars",
            breaks: &[HULL, ROUND_HULL, CONTRACTION, EPSILON_AGREEMENT],
        },
        Mutant {
            id: "AA2",
            summary: "a node stops after one round, as if all had heard the same",
            breaks: &[EPSILON_AGREEMENT],
        },
    ];
    type Problem = Estimation;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Surveyor;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let liars = config.liars(cluster).min(config.survivable(cluster));
        let any = Assumptions::CRASH_RECOVERY;
        let (safety, liveness) = match config.timing {
            // Nothing is on a disk that could be lost, who is down is as silent as a liar, and the
            // own clock ends the rounds whatever becomes of the others.
            Timing::Synchronous => {
                let rounds = config.rounds.unwrap_or(ROUNDS_MAX);
                let in_rounds = Assumptions::in_rounds(config.round, rounds);
                (
                    Assumptions { forgetful: u32::MAX, faulty: liars, ..in_rounds },
                    Assumptions { byzantine: u32::MAX, forgetful: u32::MAX, ..any },
                )
            }
            Timing::Asynchronous => (any, Assumptions { byzantine: liars, faulty: liars, ..any }),
        };
        Contract {
            promise: Promise(vec![HULL, EPSILON_AGREEMENT, INTEGRITY, TERMINATION]),
            safety: Assumptions { byzantine: liars, ..safety },
            liveness,
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        Self { rounds: Rounds::boot(disk, ctx) }
    }

    fn on_request(&mut self, op: OpId, begin: Begin, ctx: &mut Context<'_, Self>) {
        self.rounds.ask(op, begin, ctx);
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        if ctx.cluster().contains(from) {
            self.rounds.hear(from, message, ctx);
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        self.rounds.wake(timer, ctx);
    }

    fn monitor(config: &Config, cluster: Cluster) -> Surveyor {
        Surveyor::new(config, cluster)
    }
}

impl Refinement for ApproximateAgreement {
    fn pace(config: &Config) -> Pace {
        match config.timing {
            Timing::Synchronous => Pace::Clock(config.round),
            Timing::Asynchronous => Pace::Hearing(config.retransmit),
        }
    }

    fn rounds(begin: Begin, ctx: &Context<'_, Self>) -> u32 {
        if ctx.mutant("AA2") { 1 } else { ctx.config().rounds(ctx.cluster(), begin) }
    }

    fn kept(config: &Config, cluster: Cluster) -> usize {
        config.heard(cluster)
    }

    fn revised(heard: &BTreeMap<NodeId, i64>, ctx: &Context<'_, Self>) -> Option<i64> {
        let config = ctx.config();
        let mut liars = config.liars(ctx.cluster()) as usize;
        if heard.len() < config.heard(ctx.cluster()) {
            return None;
        }
        if ctx.mutant("AA1") {
            liars = liars.saturating_sub(1);
        }
        config.average.of(heard.values().copied().collect(), liars, config.timing)
    }
}
