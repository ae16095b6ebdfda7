//! The keys of `[protocol]` for DeGroot's model, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use crate::opinion::{AGENTS_MAX, Trust};
use crate::refinement::ROUNDS_MAX;

/// Whom an agent trusts, as much as each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// Everybody.
    #[default]
    Complete,
    /// Its two neighbours.
    Ring,
    /// n0, which trusts everybody.
    Star,
}

/// How the agents influence each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The trust of each agent in each, by node, in proportion: a row for each of up to 64 agents.
    /// Without it `topology` and `own` say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// Whom an agent trusts beside itself, each with weight 1.
    pub topology: Topology,
    /// With which weight it trusts itself, beside 1 for each of the others; 0 ignores its own opinion.
    pub own: u32,
    /// How many rounds there are, up to 4096.
    pub rounds: u32,
    /// How often a node repeats itself in a round; `0s` says everything once, which is enough only
    /// where no message is lost and nobody comes back from a crash.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            trust: None,
            topology: Topology::Complete,
            own: 1,
            rounds: 20,
            retransmit: Duration::from_millis(200),
        }
    }
}

impl Config {
    /// How much an agent trusts another, or itself, in proportion.
    pub fn weight(&self, cluster: Cluster, agent: NodeId, other: NodeId) -> u32 {
        if let Some(trust) = &self.trust {
            return trust.rows[agent.index()][other.index()];
        }
        if agent == other {
            return self.own;
        }
        let apart = agent.0.abs_diff(other.0);
        u32::from(match self.topology {
            Topology::Complete => true,
            Topology::Ring => apart == 1 || apart == cluster.n - 1,
            Topology::Star => agent.0 == 0 || other.0 == 0,
        })
    }

    /// The whole matrix.
    pub fn trust(&self, cluster: Cluster) -> Trust {
        let row = |agent| cluster.nodes().map(|other| self.weight(cluster, agent, other)).collect();
        Trust { rows: cluster.nodes().map(row).collect() }
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let mut objections = Vec::new();
        let mut object = |key: &'static str, reason: String| {
            objections.push(Objection { key, reason, runnable: false });
        };
        let n = cluster.n as usize;
        match &self.trust {
            Some(trust) if trust.rows.len() != n => {
                let listed = trust.rows.len();
                object("trust", format!("{listed} rows for {n} agents: one each"));
            }
            _ if n > AGENTS_MAX => object("nodes", format!("{n} agents: up to {AGENTS_MAX}")),
            _ => {
                let key = if self.trust.is_some() { "trust" } else { "own" };
                if let Some(reason) = self.trust(cluster).objection() {
                    object(key, reason);
                }
            }
        }
        if self.rounds > ROUNDS_MAX {
            object("rounds", format!("{} rounds: at most {ROUNDS_MAX}", self.rounds));
        }
        objections
    }
}
