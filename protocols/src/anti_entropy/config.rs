//! The keys of `[protocol]` for anti-entropy, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// How two nodes find out in what they differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exchange {
    /// Not at all: the whole state is sent.
    Full,
    /// The asker lists the versions that it has.
    Digest,
    /// They compare hashes down a tree, and descend only where these differ.
    Merkle,
}

/// How the nodes keep their directories alike.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How two nodes find out in what they differ.
    pub exchange: Exchange,
    /// The time between two questions of a node, above zero.
    pub period: Duration,
    /// How long a tombstone is kept after the node knows that every node has it; `0s` drops it at
    /// once. Who drops it later than others can learn that from them no more, so let it be many
    /// periods.
    pub collect_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            exchange: Exchange::Digest,
            period: Duration::from_millis(100),
            collect_after: Duration::from_secs(1),
        }
    }
}

impl Config {
    pub(super) fn objections(&self) -> Vec<Objection> {
        if !self.period.is_zero() {
            return Vec::new();
        }
        let reason = "questions without end at one instant: write \"100ms\"".to_owned();
        vec![Objection { key: "period", reason, runnable: false }]
    }
}
