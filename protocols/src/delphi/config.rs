//! The keys of `[protocol]` for Delphi, when a panel stops, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Objection;
use sim_core::rng::Ratio;
use sim_core::time::Duration;

use crate::opinion::Feedback;

/// The most rounds of a panel.
const ROUNDS_MAX: u32 = 1 << 12;

/// How the panel works.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which share of the way from the median to its own estimate an expert keeps, `0%` to `100%`, by
    /// node; a list that is too short starts over.
    pub stubbornness: Vec<Ratio>,
    /// For how many experts the facilitator does not wait; fewer than all.
    pub absent: u32,
    /// It stops when the middle half of the estimates is so near together, in the unit of the
    /// estimates; by default as near as the agents are to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<u64>,
    /// It stops when the median moved by at most so much since the round before, in the unit of the
    /// estimates; by default this is no reason to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable: Option<u64>,
    /// It stops after so many rounds, 1 to 4096.
    pub rounds: u32,
    /// How often an expert repeats its estimate while it waits for feedback; `0s` says it once.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stubbornness: vec![Ratio::new(1, 2)],
            absent: 0,
            spread: None,
            stable: None,
            rounds: 10,
            retransmit: Duration::from_millis(200),
        }
    }
}

impl Config {
    /// The next estimate of an expert that is told the median: of the way there from its own it keeps
    /// the share of its stubbornness, rounded down.
    pub fn revised(&self, expert: NodeId, own: i64, median: i64) -> i64 {
        let keeps = match self.stubbornness.len() {
            0 => Ratio::NEVER,
            listed => self.stubbornness[expert.index() % listed],
        };
        let kept = keeps.of(own.abs_diff(median));
        if own < median {
            median.saturating_sub_unsigned(kept)
        } else {
            median.saturating_add_unsigned(kept)
        }
    }

    /// For how many estimates the facilitator waits.
    pub fn awaited(&self, cluster: Cluster) -> usize {
        cluster.n.saturating_sub(self.absent) as usize
    }

    /// Whether the panel stops after these rounds.
    pub fn stops(&self, rounds: &[Feedback], epsilon: u64) -> bool {
        let Some((last, before)) = rounds.split_last() else { return false };
        let is_near = last.spread() <= self.spread.unwrap_or(epsilon);
        let is_stable = match (self.stable, before.last()) {
            (Some(most), Some(before)) => last.median.abs_diff(before.median) <= most,
            _ => false,
        };
        is_near || is_stable || rounds.len() as u64 >= u64::from(self.rounds)
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let mut objections = Vec::new();
        let mut object = |key: &'static str, reason: String| {
            objections.push(Objection { key, reason, runnable: false });
        };
        if self.absent >= cluster.n {
            object("absent", format!("{} of {} experts: fewer than all", self.absent, cluster.n));
        }
        if !(1..=ROUNDS_MAX).contains(&self.rounds) {
            object("rounds", format!("{} rounds: 1 to {ROUNDS_MAX}", self.rounds));
        }
        if self.stubbornness.len() > cluster.n as usize {
            let listed = self.stubbornness.len();
            object("stubbornness", format!("{listed} shares for {} experts", cluster.n));
        }
        objections
    }
}
