//! DeGroot's model over a network: each agent takes a weighted mean of the opinions it trusts.
//!
//! DeGroot, "Reaching a consensus" (Journal of the American Statistical Association 69(345), 1974).
//! The model and the consensus it leads to are [`Trust`](crate::opinion::Trust); here opinions
//! travel, in rounds that wait for everybody who is trusted (see
//! [`refinement`](crate::refinement)). Opinions are whole numbers, and means are rounded to the
//! nearest. Who ends after a fixed number of rounds need not agree, so nearness is measured and not
//! promised; and as every voice that is trusted counts, one liar draws everybody along.

mod config;
#[cfg(test)]
mod tests;

pub use config::{Config, Topology};

use std::collections::BTreeMap;

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Objection, Protocol, Stored};

use crate::problem::estimate::{Begin, Estimation, HULL, INTEGRITY, TERMINATION};
use crate::refinement::{Message, Pace, Record, Refinement, Rounds, Timer};

/// One agent.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct DeGroot {
    rounds: Rounds,
}

impl Protocol for DeGroot {
    const NAME: &'static str = "degroot";
    const SUMMARY: &'static str = "opinions become weighted means of opinions, again and again";
    type Problem = Estimation;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Unwatched;

    fn contract(_: &Config, _: Cluster) -> Contract {
        let honest = Assumptions::CRASH_RECOVERY;
        Contract {
            promise: Promise(vec![HULL, INTEGRITY, TERMINATION]),
            safety: honest,
            // Whoever is trusted is waited for.
            liveness: Assumptions { faulty: 0, ..honest },
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

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}

impl Refinement for DeGroot {
    fn pace(config: &Config) -> Pace {
        Pace::Hearing(config.retransmit)
    }

    fn rounds(_: Begin, ctx: &Context<'_, Self>) -> u32 {
        ctx.config().rounds
    }

    fn kept(_: &Config, cluster: Cluster) -> usize {
        cluster.n as usize
    }

    /// The weighted mean, once all who are trusted were heard.
    fn revised(heard: &BTreeMap<NodeId, i64>, ctx: &Context<'_, Self>) -> Option<i64> {
        let (me, cluster) = (ctx.me(), ctx.cluster());
        let (mut sum, mut total) = (0_i128, 0_i128);
        for other in cluster.nodes() {
            let weight = i128::from(ctx.config().weight(cluster, me, other));
            if weight > 0 {
                sum += weight * i128::from(*heard.get(&other)?);
                total += weight;
            }
        }
        Some((2 * sum + total).div_euclid(2 * total) as i64)
    }
}
