//! The keys of `[protocol]` for heartbeats, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// What tells that somebody is dead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// No heartbeat for a fixed time.
    Timeout,
    /// A silence that the heartbeats so far make improbable (φ).
    Accrual,
}

/// How the times between heartbeats are taken to be distributed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Normally, with the mean and deviation of those seen.
    Normal,
    /// Exponentially, with their mean.
    Exponential,
}

/// How the nodes look after each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How often each node sends its heartbeat to all others; above zero.
    pub period: Duration,
    /// What tells that somebody is dead.
    pub detector: Detector,
    /// The silence after which `timeout` declares a node dead; more than the period.
    pub timeout: Duration,
    /// The φ at which `accrual` does, in thousandths: 8000 is a chance of 10⁻⁸ to be
    /// wrong; 100 to 16000.
    pub phi_millis: u32,
    /// How `accrual` takes heartbeats to be distributed.
    pub model: Model,
    /// From how many of the last heartbeats `accrual` learns; at least 1.
    pub window: u32,
    /// The least deviation that `accrual` supposes, so that heartbeats that were even so far do
    /// not make the first late one a death.
    pub deviation: Duration,
    /// The longest delay of a message, on a network that loses none, with nodes that do not dawdle
    /// and clocks of one pace: promises that nobody who is there is declared dead.
    pub synchrony: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(1),
            detector: Detector::Timeout,
            timeout: Duration::from_secs(4),
            phi_millis: 8_000,
            model: Model::Normal,
            window: 100,
            deviation: Duration::from_millis(100),
            synchrony: None,
        }
    }
}

impl Config {
    pub(super) fn objections(&self, _: Cluster) -> Vec<Objection> {
        let wrong = |key, reason, runnable| Objection { key, reason, runnable };
        let mut objections = Vec::new();
        if self.period.is_zero() {
            let reason = "a heart that beats at no interval beats for ever: write one above 0s";
            objections.push(wrong("period", reason.to_owned(), false));
        }
        if self.window == 0 {
            let reason = "nothing can be learned from no heartbeats: write at least 1";
            objections.push(wrong("window", reason.to_owned(), false));
        }
        if !(100..=16_000).contains(&self.phi_millis) {
            let reason = format!(
                "φ = {} lies outside of 0.1 to 16, where it can be computed: write 100 to 16000",
                f64::from(self.phi_millis) / 1_000.0
            );
            objections.push(wrong("phi_millis", reason, false));
        }
        if self.detector == Detector::Timeout && self.timeout <= self.period {
            let reason = format!(
                "{} is over before the next heartbeat is due, after {}: write more",
                self.timeout, self.period
            );
            objections.push(wrong("timeout", reason, true));
        }
        if let Some(delay) = self.synchrony {
            let needed = self.period + delay;
            if self.detector == Detector::Accrual {
                let reason = "an accrual detector errs now and then, however synchronous the \
                              network is: write detector = \"timeout\"";
                objections.push(wrong("synchrony", reason.to_owned(), true));
            } else if self.timeout <= needed {
                let reason = format!(
                    "heartbeats may come {needed} apart: write a timeout above, not {}",
                    self.timeout
                );
                objections.push(wrong("synchrony", reason, true));
            }
        }
        objections
    }
}
