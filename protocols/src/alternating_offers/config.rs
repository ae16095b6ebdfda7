//! The keys of `[protocol]` for alternating offers, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::rng::Ratio;
use sim_core::time::Duration;

use crate::negotiation;

/// The most rounds: backward induction looks at all outcomes in each.
const ROUNDS_MAX: u32 = 1_000;

/// How the parties bargain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is left of a gain to each party if it comes a round later, `0%` to `100%`; the first of
    /// them, n0, proposes first.
    pub patience: [Ratio; 2],
    /// What each party takes the other's patience for, `0%` to `100%`; what it is, by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed: Option<Ratio>,
    /// The number of rounds, after which there is no agreement; 1 to 1000.
    pub rounds: u32,
    /// How long after it was asked a party breaks down without an agreement, by its own clock; above
    /// zero.
    pub deadline: Duration,
    /// How often a party repeats its offer while it waits for an answer; `0s` says it once.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            patience: [Ratio::new(9, 10); 2],
            assumed: None,
            rounds: 100,
            deadline: Duration::from_secs(10),
            retransmit: Duration::from_millis(200),
        }
    }
}

impl Config {
    /// The patience of both as one of them sees it.
    pub(super) fn seen_by(&self, party: usize) -> [Ratio; 2] {
        let mut patience = self.patience;
        if let Some(assumed) = self.assumed {
            patience[1 - party] = assumed;
        }
        patience
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let mut objections = negotiation::objections(cluster, self.deadline);
        if !(1..=ROUNDS_MAX).contains(&self.rounds) {
            let reason = format!("{}: give 1 to {ROUNDS_MAX}", self.rounds);
            objections.push(Objection { key: "rounds", reason, runnable: false });
        }
        objections
    }
}
