//! The keys of `[protocol]` for building consensus, and what is wrong with some of their values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Objection;
use sim_core::rng::Ratio;
use sim_core::time::Duration;

use crate::criteria::{Comparisons, Criterion, Direction, Matrix, Scores, WEIGHTS_MAX};
use crate::criteria::{topsis, weighted_sum};
use crate::election::Kind;

/// The most that the weights of the criteria come to: whole percents.
const TOTAL_MAX: u32 = 100;

/// Millionths of all, of which AHP speaks, in one unit of weight.
const MILLIONTHS: u32 = 1_000_000 / WEIGHTS_MAX;

/// The longest that the wait for a facilitator grows to, in multiples.
const GROWTH_MAX: u64 = 8;

/// The most rounds of voting.
const ROUNDS_MAX: u32 = 100;

/// How values by several criteria become one score.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The weighted sum.
    #[default]
    WeightedSum,
    /// The distances to the best and to the worst there is.
    Topsis,
    /// The weighted sum, with weights from comparing the criteria two by two.
    Ahp,
}

/// What happens between two rounds of voting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refinement {
    /// Everybody gives its own opinion less weight beside what all think, as in Delphi, and none of
    /// it would be left after the last round.
    #[default]
    Concede,
    /// The option that the fewest put first is dropped, as long as more than two are left.
    DropLast,
}

/// How consensus is built.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// By what the options are judged; each agent judges by one of them, and starts over with the
    /// first where there are more agents.
    pub criteria: Vec<Criterion>,
    /// How the judgements become one score.
    pub method: Method,
    /// How much more each criterion matters than each other, for `ahp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparisons: Option<Comparisons>,
    /// The share of an agent's own opinion in its evaluation; the rest is left to the criteria.
    pub own: Ratio,
    /// The voting rule that finds the winner of a round.
    pub rule: Kind,
    /// The share of a round's ballots that must put the winner first.
    pub threshold: Ratio,
    /// After so many rounds of voting there is no agreement, 1 to 100.
    pub rounds: u32,
    /// What happens between two rounds.
    pub refinement: Refinement,
    /// How long the facilitator waits for everybody; then a majority is enough.
    pub patience: Duration,
    /// How long the next agent waits for the facilitator before it takes its place; the one after
    /// it twice as long, and so on.
    pub timeout: Duration,
    /// How often the facilitator repeats itself to who has not answered.
    pub resend: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let worth = Criterion { name: "worth".into(), weight: 1, direction: Direction::Benefit };
        Self {
            criteria: vec![worth],
            method: Method::WeightedSum,
            comparisons: None,
            own: Ratio::new(3, 5),
            rule: Kind::Schulze,
            threshold: Ratio::new(2, 3),
            rounds: 3,
            refinement: Refinement::Concede,
            patience: Duration::from_millis(100),
            timeout: Duration::from_millis(500),
            resend: Duration::from_millis(50),
        }
    }
}

impl Config {
    /// Who is the facilitator of a view.
    pub(super) const fn facilitator(view: u64, cluster: Cluster) -> NodeId {
        NodeId((view % cluster.n as u64) as u32)
    }

    /// How long an agent in this view waits before it takes the facilitator's place.
    pub(super) fn wait(&self, me: NodeId, view: u64, cluster: Cluster) -> Duration {
        let n = u64::from(cluster.n);
        let behind = (u64::from(me.0) + n - view % n) % n;
        // The facilitator itself, when it comes back, is the last in turn.
        let turn = if behind == 0 { n } else { behind };
        self.timeout * (turn * (1 + view / n).min(GROWTH_MAX))
    }

    /// Which criterion an agent judges by.
    pub(super) fn expertise(&self, agent: NodeId) -> usize {
        agent.index() % self.criteria.len().max(1)
    }

    /// The criteria with the weights that the method takes, nearly [`WEIGHTS_MAX`] together.
    pub(super) fn weighed(&self) -> Vec<Criterion> {
        let total: u32 = self.criteria.iter().map(|criterion| criterion.weight).sum();
        let weights: Vec<u32> = match (&self.comparisons, self.method) {
            (Some(comparisons), Method::Ahp) => {
                let shares = comparisons.priorities().weights;
                shares.iter().map(|millionths| millionths / MILLIONTHS).collect()
            }
            _ => {
                let scaled = |criterion: &Criterion| criterion.weight * WEIGHTS_MAX / total.max(1);
                self.criteria.iter().map(scaled).collect()
            }
        };
        let criteria = self.criteria.iter().zip(weights);
        criteria.map(|(criterion, weight)| Criterion { weight, ..criterion.clone() }).collect()
    }

    /// The criteria with what they weigh of all, in percent, rounded.
    pub(super) fn in_percent(&self) -> Vec<Criterion> {
        let percent = |weight: u32| (weight * TOTAL_MAX + WEIGHTS_MAX / 2) / WEIGHTS_MAX;
        let weighed = self.weighed().into_iter();
        weighed.map(|it| Criterion { weight: percent(it.weight), ..it }).collect()
    }

    /// What the method makes of a matrix whose weights are settled.
    pub(super) fn evaluate(&self, matrix: &Matrix) -> Scores {
        match self.method {
            Method::Topsis => topsis(matrix),
            Method::WeightedSum | Method::Ahp => weighted_sum(matrix),
        }
    }

    /// Whether so many of all ballots are enough.
    pub(super) fn suffices(&self, support: u32, ballots: usize) -> bool {
        let (part, whole) = self.threshold.lowest_terms();
        let (support, ballots) = (u128::from(support), ballots as u128);
        support > 0 && support * u128::from(whole) >= u128::from(part) * ballots
    }

    /// What is wrong with the criteria and their comparisons.
    fn misjudged(&self) -> Option<(&'static str, String)> {
        let total: u64 = self.criteria.iter().map(|criterion| u64::from(criterion.weight)).sum();
        if total == 0 || total > u64::from(TOTAL_MAX) {
            let reason = format!("the weights add up to {total}: let them be 1 to {TOTAL_MAX}");
            return Some(("criteria", reason));
        }
        let is_cost = |criterion: &&Criterion| criterion.direction == Direction::Cost;
        if let Some(Criterion { name, .. }) = self.criteria.iter().find(is_cost) {
            let reason = format!(
                "agents say what an option is worth by \"{name}\", so more of it is better: leave `direction` out"
            );
            return Some(("criteria", reason));
        }
        match (self.method, &self.comparisons) {
            (Method::Ahp, None) => {
                let reason = "ahp compares the criteria: give `comparisons`, or another `method`";
                Some(("comparisons", reason.into()))
            }
            (Method::Ahp, Some(comparisons)) => {
                let (compared, wanted) = (comparisons.rows.len() + 1, self.criteria.len());
                let odd = || format!("{compared} criteria are compared, and {wanted} are listed");
                let reason = comparisons.objection();
                reason.or_else(|| (compared != wanted).then(odd)).map(|why| ("comparisons", why))
            }
            (_, Some(_)) => {
                let reason = "only the method \"ahp\" reads them: set it, or leave them out";
                Some(("comparisons", reason.into()))
            }
            (_, None) => None,
        }
    }

    pub(super) fn objections(&self) -> Vec<Objection> {
        let mut objections = Vec::new();
        let mut object =
            |key, reason: String| objections.push(Objection { key, reason, runnable: false });
        if let Some((key, reason)) = self.misjudged() {
            object(key, reason);
        }
        if !(1..=ROUNDS_MAX).contains(&self.rounds) {
            object("rounds", format!("{}: give 1 to {ROUNDS_MAX}", self.rounds));
        }
        if self.threshold.is_never() {
            object("threshold", "nobody need agree: give a share above 0".into());
        }
        for (key, span) in [("patience", self.patience), ("resend", self.resend)] {
            if span.is_zero() {
                object(key, "takes no time: give at least 1ns".into());
            }
        }
        if self.timeout <= self.patience {
            let (timeout, patience) = (self.timeout, self.patience);
            let reason = format!(
                "{timeout} is over before the facilitator has waited for {patience}: give more than that"
            );
            object("timeout", reason);
        }
        objections
    }
}
