//! The keys of `[protocol]` for Ben-Or's protocols, the thresholds that follow from them, and what
//! is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// What the faulty may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Faults {
    /// They stop: Ben-Or's protocol A, for n > 2t.
    #[default]
    Crash,
    /// They lie: Ben-Or's protocol B, for n > 5t.
    Byzantine,
}

/// What a node tosses when a round told it nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coin {
    /// A coin of its own. All show the same side by luck alone.
    #[default]
    Local,
    /// One coin for all: a function of `salt` and the round, as a trusted dealer would have set it
    /// up (Rabin 1983). It is no secret here; an adversary that looked at it could foil it.
    Common,
}

/// How the nodes decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the faulty may do.
    pub faults: Faults,
    /// How many of them the thresholds are made for, the t of the paper; by default as many as
    /// `faults` allows, ⌊(n−1)/2⌋ or ⌊(n−1)/5⌋. More need `allow_unsafe = true`; fewer
    /// than n.
    pub resilience: Option<u32>,
    /// What a node tosses.
    pub coin: Coin,
    /// What the dealer of the common coin drew: any number, and another one gives other sides.
    pub salt: u64,
    /// How often an undecided node repeats what it said in its round; `0s` says everything once,
    /// which is enough only where no message is lost and nobody comes back from a crash.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            faults: Faults::Crash,
            resilience: None,
            coin: Coin::Local,
            salt: 0,
            retransmit: Duration::from_millis(200),
        }
    }
}

/// How many nodes it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Thresholds {
    /// To end a phase, n−t: the others may be silent for ever.
    pub heard: u32,
    /// Equal reports to propose their choice: more than n/2, or (n+t)/2 where t may lie; so no two
    /// correct nodes propose different choices.
    pub propose: u32,
    /// Equal proposals to go into the next round with their choice: 1, or t+1 where t may lie.
    pub adopt: u32,
    /// Equal proposals to decide: t+1, or more than (n+t)/2 where t may lie; so that everybody
    /// else hears enough to adopt.
    pub decide: u32,
    /// Nodes that say that they decided, to believe it: 1, or t+1 where t may lie.
    pub believe: u32,
}

impl Config {
    /// How many faulty nodes the thresholds are made for.
    pub fn resilience(&self, cluster: Cluster) -> u32 {
        self.resilience.unwrap_or(self.survivable(cluster))
    }

    /// The most faulty nodes that the protocol can be made for.
    pub const fn survivable(&self, cluster: Cluster) -> u32 {
        cluster.n.saturating_sub(1) / self.share()
    }

    /// The faulty nodes are to be fewer than one in so many.
    const fn share(&self) -> u32 {
        match self.faults {
            Faults::Crash => 2,
            Faults::Byzantine => 5,
        }
    }

    /// How many nodes it takes.
    pub fn thresholds(&self, cluster: Cluster) -> Thresholds {
        let (n, t) = (cluster.n, self.resilience(cluster));
        let heard = n.saturating_sub(t);
        match self.faults {
            Faults::Crash => Thresholds {
                heard,
                propose: n / 2 + 1,
                adopt: 1,
                decide: t.saturating_add(1),
                believe: 1,
            },
            Faults::Byzantine => {
                let more_than_liars = t.saturating_add(1);
                let most = n.saturating_add(t) / 2 + 1;
                Thresholds {
                    heard,
                    propose: most,
                    adopt: more_than_liars,
                    decide: most,
                    believe: more_than_liars,
                }
            }
        }
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let (n, t) = (cluster.n, self.resilience(cluster));
        if t <= self.survivable(cluster) {
            return Vec::new();
        }
        let (most, share) = (self.survivable(cluster), self.share());
        let reason =
            format!("{t} faulty among {n} are too many: n > {share}t allows for up to {most}");
        // Who waits for nobody would decide alone.
        vec![Objection { key: "resilience", reason, runnable: t < n }]
    }
}
