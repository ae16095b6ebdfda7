//! The keys of `[protocol]` for gossip, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::rng::Ratio;
use sim_core::time::Duration;

use super::topology::{Links, Topology};

/// Who gives rumours to whom when a node makes contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Contact {
    /// The caller tells the called.
    Push,
    /// The caller asks the called.
    Pull,
    /// Both.
    PushPull,
}

impl Contact {
    /// Whether callers tell.
    pub const fn pushes(self) -> bool {
        matches!(self, Self::Push | Self::PushPull)
    }

    /// Whether callers ask.
    pub const fn pulls(self) -> bool {
        matches!(self, Self::Pull | Self::PushPull)
    }
}

/// How a node loses interest in a rumour and stops to spread it (Demers et al. 1987, section 1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interest {
    /// Never: it infects for ever.
    Forever,
    /// After the contacts of one round: it infects and dies.
    Once,
    /// After `k` unnecessary contacts since the last useful one; blind: after `k` contacts.
    Counter,
    /// With probability `1/k` after each unnecessary contact; blind: after each contact.
    Coin,
}

/// When nodes make contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rounds {
    /// All at once, and a contact is judged by what its receiver knew when the round began. A
    /// message and its answer should take less than a period.
    Synchronous,
    /// Each at a phase of its own, and a contact is judged by what its receiver knows.
    Asynchronous,
}

/// How nodes gossip.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who gives rumours to whom.
    pub contact: Contact,
    /// How many contacts a node makes in a round, at least 1.
    pub fanout: u32,
    /// The time between two rounds of a node, above zero.
    pub period: Duration,
    /// When nodes make contact.
    pub rounds: Rounds,
    /// How a node loses interest.
    pub interest: Interest,
    /// The `k` of a counter or a coin, at least 1.
    pub k: u32,
    /// Whether the receiver of a copy says if it was useful; a blind sender does not ask.
    pub feedback: bool,
    /// How many hops a copy gets at most, from the node that was told; no bound by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hops: Option<u32>,
    /// How many rumours a node remembers, at least 1; all by default. Who forgets one may learn it
    /// again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// Whom a node may make contact with.
    pub topology: Topology,
    /// How many neighbours a node has, in a topology with neighbours: even, at least 2.
    pub degree: u32,
    /// The share of the links of a small world that lead anywhere instead of to a neighbour, `0%` to
    /// `100%`.
    pub rewired: Ratio,
    /// Another salt, any number, gives other links to the topologies that draw them.
    pub salt: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            contact: Contact::PushPull,
            fanout: 1,
            period: Duration::from_millis(100),
            rounds: Rounds::Asynchronous,
            interest: Interest::Forever,
            k: 1,
            feedback: true,
            hops: None,
            memory: None,
            topology: Topology::Complete,
            degree: 4,
            rewired: Ratio::new(1, 10),
            salt: 0,
        }
    }
}

impl Config {
    /// Whether receivers say if a copy was useful.
    pub(super) const fn has_feedback(&self) -> bool {
        self.feedback && matches!(self.interest, Interest::Counter | Interest::Coin)
    }

    /// Whether everybody learns everything in the end.
    pub(super) const fn covers(&self) -> bool {
        matches!(self.interest, Interest::Forever) && self.hops.is_none() && self.memory.is_none()
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let mut objections = Vec::new();
        let mut object = |key: &'static str, reason: String| {
            objections.push(Objection { key, reason, runnable: false });
        };
        if self.period.is_zero() {
            object("period", "rounds without end at one instant: write \"100ms\"".to_owned());
        }
        let counts = [("fanout", Some(self.fanout)), ("k", Some(self.k)), ("memory", self.memory)];
        for (key, _) in counts.into_iter().filter(|(_, count)| *count == Some(0)) {
            object(key, "must be at least 1".to_owned());
        }
        if self.topology == Topology::Complete {
            return objections;
        }
        let (n, degree) = (cluster.n, self.degree);
        if degree < 2 || degree % 2 == 1 || degree >= n {
            let reason = format!("{degree} neighbours among {n} nodes: even, from 2 to below n");
            object("degree", reason);
        } else if !Links::of(self, cluster).are_connected() {
            let reason = format!(
                "with salt {} and {degree} neighbours the {n} nodes fall into parts that never \
                 hear of each other: another salt, or more neighbours",
                self.salt
            );
            object("salt", reason);
        }
        objections
    }
}
