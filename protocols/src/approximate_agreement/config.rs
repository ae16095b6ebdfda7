//! The keys of `[protocol]` for approximate agreement, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use crate::opinion::{Average, Timing, rounds};
use crate::problem::estimate::Begin;
use crate::refinement::ROUNDS_MAX;

/// How the nodes approach each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whose numbers a node hears in a round: with `synchronous` those of all, in time, for
    /// n > 3f; with `asynchronous` the first n − f, however late, for n > 5f.
    pub timing: Timing,
    /// How what is left is averaged.
    pub average: Average,
    /// How many of the lowest and of the highest numbers are dropped, the f of the paper; by
    /// default as many as `timing` allows; more need `allow_unsafe = true`.
    pub liars: Option<u32>,
    /// How many rounds there are, up to 4096; by default as many as bring numbers of the known range
    /// near enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// How long a synchronous round is, above zero: longer than the longest delay and what clocks
    /// drift apart in all rounds together.
    pub round: Duration,
    /// How often a node repeats itself in an asynchronous round; `0s` says everything once, which
    /// is enough only where no message is lost and nobody comes back from a crash.
    pub retransmit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timing: Timing::Synchronous,
            average: Average::Midpoint,
            liars: None,
            rounds: None,
            round: Duration::from_millis(100),
            retransmit: Duration::from_millis(200),
        }
    }
}

impl Config {
    /// The most liars that the rounds can be made for.
    pub const fn survivable(&self, cluster: Cluster) -> u32 {
        let others = cluster.n.saturating_sub(1);
        match self.timing {
            Timing::Synchronous => others / 3,
            Timing::Asynchronous => others / 5,
        }
    }

    /// How many liars they are made for.
    pub fn liars(&self, cluster: Cluster) -> u32 {
        self.liars.unwrap_or(self.survivable(cluster))
    }

    /// How many numbers a node hears in a round.
    pub fn heard(&self, cluster: Cluster) -> usize {
        self.timing.heard(cluster.n as usize, self.liars(cluster) as usize)
    }

    /// How many rounds there are. Where too many liars rule out any number, as many as if each
    /// halved the range.
    pub fn rounds(&self, cluster: Cluster, begin: Begin) -> u32 {
        let (n, liars) = (cluster.n as usize, self.liars(cluster) as usize);
        let factor = self.average.contraction(n, liars, self.timing);
        let enough = || factor.and_then(|factor| rounds(factor, begin.range, begin.epsilon));
        let halvings = u64::BITS - (begin.range / begin.epsilon.max(1)).leading_zeros();
        self.rounds.or_else(enough).unwrap_or(halvings).min(ROUNDS_MAX)
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let mut objections = Vec::new();
        let (n, liars, most) = (cluster.n, self.liars(cluster), self.survivable(cluster));
        if liars > most {
            let share = if self.timing == Timing::Synchronous { 3 } else { 5 };
            let reason = format!(
                "{liars} liars among {n} are too many: n > {share}f allows for up to {most}"
            );
            // Who drops everything that it hears has nothing to go on with.
            let runnable = self.heard(cluster) as u64 > 2 * u64::from(liars);
            objections.push(Objection { key: "liars", reason, runnable });
        }
        if self.timing == Timing::Synchronous && self.round.is_zero() {
            let reason = "rounds without end at one instant: write \"100ms\"".to_owned();
            objections.push(Objection { key: "round", reason, runnable: false });
        }
        if let Some(rounds) = self.rounds.filter(|rounds| *rounds > ROUNDS_MAX) {
            let reason = format!("{rounds} rounds: at most {ROUNDS_MAX}");
            objections.push(Objection { key: "rounds", reason, runnable: false });
        }
        objections
    }
}
