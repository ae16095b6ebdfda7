//! The keys of `[protocol]` for SWIM, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// Whom a member probes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Targets {
    /// All in turn, in an order that is shuffled after each round: nobody is left out for longer
    /// than two rounds (section 4.3).
    RoundRobin,
    /// Anybody, each time anew (section 3.1).
    Uniform,
}

/// What a node knows of its incarnation when it comes up again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Incarnations {
    /// It is on the disk, and the next life has the next one.
    Persisted,
    /// Nothing: it starts from 0, and rises when it is told that it is held for dead.
    Volatile,
}

/// How the nodes look after each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The protocol period: a member probes one other in each; above zero.
    pub period: Duration,
    /// How long it waits for the answer before it asks others to try; below the period.
    pub probe_timeout: Duration,
    /// How many others are asked to try (k in the paper); 0 asks nobody.
    pub proxies: u32,
    /// Whom a member probes next.
    pub targets: Targets,
    /// Whether all members begin their periods together; by default each begins at a time of its
    /// own.
    pub in_step: bool,
    /// News is passed on ⌈λ ln(n + 1)⌉ times by each member, and once at least; this is λ.
    pub retransmit: u32,
    /// The most bytes of news that a message carries.
    pub piggyback: u32,
    /// A suspect is declared dead after this many periods times log10 n, and one period at least;
    /// 0 declares it dead at once, as in the paper's section 3.
    pub suspicion: u32,
    /// So many nodes, the first ones and at least 1, are known to all who come up, and asked for the
    /// others; by default all know all.
    pub seeds: Option<u32>,
    /// How often a member exchanges its whole view with another: with each in turn, in an order that
    /// is shuffled after each round, also with those that it holds for gone. So nobody waits for its
    /// turn longer than two rounds, and groups that lost each other have met, if no message is lost,
    /// after twice as many such times as there are nodes at the latest. `0s` for never.
    pub sync: Duration,
    /// What is left of the incarnation after a crash.
    pub incarnation: Incarnations,
    /// The longest delay of a message, on a network that loses none, with nodes that do not dawdle
    /// and clocks of one pace: promises that nobody who is there is declared dead.
    pub synchrony: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(1),
            probe_timeout: Duration::from_millis(300),
            proxies: 3,
            targets: Targets::RoundRobin,
            in_step: false,
            retransmit: 3,
            piggyback: 512,
            suspicion: 4,
            seeds: None,
            sync: Duration::from_secs(10),
            incarnation: Incarnations::Persisted,
            synchrony: None,
        }
    }
}

impl Config {
    /// How often a member passes on one piece of news among `n`: ⌈λ ln(n + 1)⌉, after section 4.1 of
    /// the paper, and at least once.
    pub fn transmissions(&self, n: usize) -> u32 {
        // At least once, or nothing would spread at all; at most some thousands.
        (f64::from(self.retransmit) * libm::log(n as f64 + 1.0)).ceil().max(1.0) as u32
    }

    /// How long a suspect among `n` has to speak up: a period at least, and more in larger groups, as
    /// news takes log n periods (section 4.1). Zero if there is no suspicion.
    pub fn suspicion_timeout(&self, n: usize) -> Duration {
        let periods = f64::from(self.suspicion) * libm::log10(n as f64).max(1.0);
        Duration::from_nanos_f64(periods * self.period.as_nanos() as f64)
    }

    pub(super) fn objections(&self, _: Cluster) -> Vec<Objection> {
        let wrong = |key, reason, runnable| Objection { key, reason, runnable };
        let mut objections = Vec::new();
        if self.period.is_zero() {
            let reason = "a period of no time would probe for ever: write one above 0s".to_owned();
            objections.push(wrong("period", reason, false));
        } else if self.probe_timeout >= self.period {
            let (timeout, period) = (self.probe_timeout, self.period);
            let reason = format!(
                "{timeout} leaves others no time to try within the period of {period}: write less"
            );
            objections.push(wrong("probe_timeout", reason, false));
        }
        if self.seeds == Some(0) {
            let reason = "without a seed nobody finds anybody: write at least 1".to_owned();
            objections.push(wrong("seeds", reason, false));
        }
        let answers = self.synchrony.map(|delay| delay * 2);
        if answers.is_some_and(|answers| answers >= self.period) {
            let reason = format!(
                "an answer may take longer than the period of {}: write less than half of it",
                self.period
            );
            objections.push(wrong("synchrony", reason, true));
        }
        if self.synchrony.is_some() && self.incarnation == Incarnations::Volatile {
            let reason = "a node that forgets its incarnation is taken for its earlier life: \
                          write incarnation = \"persisted\""
                .to_owned();
            objections.push(wrong("synchrony", reason, true));
        }
        objections
    }
}
