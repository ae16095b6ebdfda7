//! The keys of `[protocol]` for ABD, and what is wrong with some of their values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// Who writes a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writers {
    /// One client each: it counts its own writes and need not ask. That no two clients write one key
    /// the workload has to see to (`writers` in `[workload]`).
    One,
    /// Anybody.
    Many,
}

/// The keys of `[protocol]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who writes a key.
    pub writers: Writers,
    /// Whether a reader writes back what it found before it answers. Without, only regularity is
    /// promised.
    pub write_back: bool,
    /// After which time a client asks again whoever has not answered; above zero.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let retransmit = Duration::from_millis(100);
        Self { writers: Writers::Many, write_back: true, retransmit }
    }
}

impl Config {
    pub(super) fn objections(&self) -> Vec<Objection> {
        let reason = "write a time above zero, such as \"100ms\"".to_owned();
        let wrong = Objection { key: "retransmit", reason, runnable: false };
        self.retransmit.is_zero().then_some(wrong).into_iter().collect()
    }
}
