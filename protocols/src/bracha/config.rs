//! The keys of `[protocol]` for Bracha's broadcast, the thresholds that follow from them, and what
//! is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// How the nodes broadcast.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many liars the thresholds are made for; ⌊(n−1)/3⌋ by default, and more need
    /// `allow_unsafe = true`.
    pub faults: Option<u32>,
    /// How often a node repeats what it said to those who seem to lack it; `0s` says everything
    /// once, which is enough only where no message is lost and nobody crashes.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { faults: None, retransmit: Duration::from_millis(200) }
    }
}

/// Of how many nodes a node must have heard the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Thresholds {
    /// The ECHOs that make a node say READY, ⌈(n+f+1)/2⌉: any two such sets share a correct node.
    pub echoes: u32,
    /// The READYs that make it say READY too, f+1: one of them is of a correct node.
    pub amplification: u32,
    /// The READYs that make it deliver, 2f+1: so many correct nodes are among them that all
    /// others will be amplified.
    pub delivery: u32,
}

impl Config {
    /// How many liars the thresholds are made for.
    pub fn faults(&self, cluster: Cluster) -> u32 {
        self.faults.unwrap_or(Self::resilience(cluster))
    }

    /// The most liars that any protocol for this problem survives, ⌊(n−1)/3⌋.
    pub const fn resilience(cluster: Cluster) -> u32 {
        cluster.n.saturating_sub(1) / 3
    }

    /// Of how many nodes a node must have heard the same.
    pub fn thresholds(&self, cluster: Cluster) -> Thresholds {
        let (n, faults) = (cluster.n, self.faults(cluster));
        Thresholds {
            echoes: n.saturating_add(faults).saturating_add(1).div_ceil(2),
            amplification: faults.saturating_add(1),
            delivery: faults.saturating_mul(2).saturating_add(1),
        }
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let (n, faults) = (cluster.n, self.faults(cluster));
        if faults <= Self::resilience(cluster) {
            return Vec::new();
        }
        let reason = format!(
            "{faults} liars among {n} nodes are too many: up to {} are survived, and {faults} \
             need more than {} nodes",
            Self::resilience(cluster),
            faults.saturating_mul(3)
        );
        vec![Objection { key: "faults", reason, runnable: true }]
    }
}
