//! The keys of `[protocol]` for signed messages, and what is wrong with some of their values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use crate::generals::objection_to_round;

/// How the generals exchange orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The traitors that are survived, at most n − 2; there are m + 1 rounds. n − 2 by default.
    pub m: Option<u32>,
    /// The length of a round, above zero; longer than the longest delay of a message.
    pub round: Duration,
    /// The order of who has none, or several: an option by its position, from 0; the last if there
    /// are fewer.
    pub default: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self { m: None, round: Duration::from_millis(100), default: 1 }
    }
}

impl Config {
    /// The traitors that are survived.
    pub fn traitors_survived(&self, cluster: Cluster) -> u32 {
        self.m.unwrap_or(cluster.n.saturating_sub(2))
    }

    /// The number of rounds, m + 1.
    pub fn rounds(&self, cluster: Cluster) -> u32 {
        self.traitors_survived(cluster).saturating_add(1)
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let (n, m) = (cluster.n, self.traitors_survived(cluster));
        let mut objections: Vec<_> = objection_to_round(self.round).into_iter().collect();
        if m > n.saturating_sub(2) {
            let reason = format!(
                "with {m} traitors among {n} generals there are no two loyal ones to agree: give \
                 at most {}",
                n.saturating_sub(2)
            );
            objections.push(Objection { key: "m", reason, runnable: false });
        }
        objections
    }
}
