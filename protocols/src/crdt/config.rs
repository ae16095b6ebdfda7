//! The keys of `[protocol]` for replicated data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use super::data::Type;

/// How replicas hear of each other's updates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sync {
    /// They send their whole state.
    State,
    /// They send what is new since the receiver's last acknowledgement.
    Delta,
    /// They broadcast operations, and tell what they have had.
    Operation,
}

/// With whom a replica talks next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Peers {
    /// Drawn anew each time.
    Random,
    /// In turn.
    RoundRobin,
}

/// What is replicated, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is replicated.
    #[serde(rename = "type")]
    pub data: Type,
    /// How replicas hear of each other's updates.
    pub sync: Sync,
    /// How often a replica talks to others on its own account; above zero.
    pub interval: Duration,
    /// To how many it talks then; 1 to n−1.
    pub fanout: u32,
    /// To whom it talks then.
    pub peers: Peers,
    /// Deltas only: whether what came from a replica is sent back to it (Enes et al., "Efficient
    /// Synchronization of State-based CRDTs", 2019, section 4, avoid it).
    pub back_propagation: bool,
    /// Registers only: the unit to which writes round the time of their clock down; above zero.
    /// The coarser, the more writes are of one time.
    pub granularity: Duration,
    /// After how many records the disk is compacted to a snapshot; at least 1.
    pub snapshot_every: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: Type::OrSet,
            sync: Sync::State,
            interval: Duration::from_millis(100),
            fanout: 1,
            peers: Peers::Random,
            back_propagation: false,
            granularity: Duration::from_millis(1),
            snapshot_every: 64,
        }
    }
}

impl Config {
    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let others = cluster.n.saturating_sub(1).max(1);
        let no_time = || "no time: write more than \"0s\"".to_owned();
        let wrong = [
            ("interval", self.interval.is_zero(), no_time()),
            ("granularity", self.granularity.is_zero(), no_time()),
            (
                "fanout",
                !(1..=others).contains(&self.fanout),
                format!("{} others of {}: write 1 to {others}", self.fanout, cluster.n),
            ),
            ("snapshot_every", self.snapshot_every == 0, "no records: write 1 or more".to_owned()),
        ];
        let wrong = wrong.into_iter().filter(|(_, is_wrong, _)| *is_wrong);
        wrong.map(|(key, _, reason)| Objection { key, reason, runnable: false }).collect()
    }
}
