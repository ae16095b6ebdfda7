//! The keys of `[protocol]` for monotonic concession, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use crate::negotiation;

/// How the parties bargain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long after it was asked a party breaks down without an agreement, by its own clock; above
    /// zero.
    pub deadline: Duration,
    /// How often a party repeats its proposal while it waits for the other's; `0s` says it once,
    /// which is enough only where no message is lost and nobody comes back from a crash.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), retransmit: Duration::from_millis(200) }
    }
}

impl Config {
    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        negotiation::objections(cluster, self.deadline)
    }
}
