//! The keys of `[protocol]` for PBFT, and what is wrong with some of their values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use super::certificates;

/// How pre-prepares, prepares, commits and replies are authenticated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// By signatures, which a receiver can show to others.
    #[default]
    Signatures,
    /// By vectors of MACs, which convince their receivers only.
    Macs,
}

/// PBFT's keys in the `[protocol]` of a scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How pre-prepares, prepares, commits and replies are authenticated.
    pub authentication: Authentication,
    /// How long a replica waits for a request to be executed before it gives up on the primary, be
    /// it the primary itself; above zero, and doubled with every view change in a row (section 4.5.2).
    pub view_change_timeout: Duration,
    /// After how many sequence numbers a checkpoint is taken (section 4.3); at least 1.
    pub checkpoint_interval: u64,
    /// How far the high watermark lies above the low one, in sequence numbers (section 4.3); at least
    /// the checkpoint interval, and usually twice that.
    pub window: u64,
    /// How many requests share a sequence number at most; at least 1.
    pub batch: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            authentication: Authentication::Signatures,
            view_change_timeout: Duration::from_millis(300),
            checkpoint_interval: 64,
            window: 128,
            batch: 1,
        }
    }
}

impl Config {
    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let mut objections = Vec::new();
        let mut object = |key, reason: String, runnable| {
            objections.push(Objection { key, reason, runnable });
        };
        if self.view_change_timeout.is_zero() {
            let reason = "is zero: every primary would be given up at once; write a positive \
                          duration, such as \"300ms\"";
            object("view_change_timeout", reason.to_owned(), false);
        }
        if self.checkpoint_interval == 0 {
            let reason = "is 0: the log would never be cut; write at least 1";
            object("checkpoint_interval", reason.to_owned(), false);
        }
        if self.window < self.checkpoint_interval {
            let reason = format!(
                "{} is less than the checkpoint interval, {}: the log would be full before the \
                 first checkpoint; twice the interval is usual",
                self.window, self.checkpoint_interval
            );
            object("window", reason, false);
        }
        if self.batch == 0 {
            let reason = "is 0: nothing would ever be proposed; write at least 1";
            object("batch", reason.to_owned(), false);
        }
        if certificates::liars(cluster) == 0 {
            let reason = format!("{} replicas survive no liar: 4 survive one", cluster.n);
            object("nodes", reason, true);
        }
        objections
    }
}
