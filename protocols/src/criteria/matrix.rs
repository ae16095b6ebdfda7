//! The decision matrix: what each alternative is worth by each criterion.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether more is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More is better.
    #[default]
    Benefit,
    /// Less is better.
    Cost,
}

/// One criterion.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// What people call it.
    pub name: String,
    /// What it weighs in proportion to the others.
    pub weight: u32,
    /// Whether more is better.
    #[serde(default)]
    pub direction: Direction,
}

/// One alternative.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// What people call it.
    pub name: String,
    /// Its value by each criterion, in their order, in units of each criterion's own.
    pub values: Vec<i64>,
}

/// Alternatives by criteria. Numbers are whole, so a matrix can be compared, hashed and agreed on.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// What counts, and how much.
    pub criteria: Vec<Criterion>,
    /// What there is to choose from.
    pub alternatives: Vec<Alternative>,
}

/// The most that all weights come to; a search through weights takes steps of one.
pub const WEIGHTS_MAX: u32 = 10_000;

/// The largest value, above and below 0: floats hold it, and its square, closely enough.
pub const VALUE_MAX: i64 = 1_000_000_000_000;

impl Matrix {
    /// What is wrong with it: the key and the reason.
    pub fn objection(&self) -> Option<(&'static str, String)> {
        if self.alternatives.is_empty() {
            return Some(("alternatives", "there is nothing to choose from".into()));
        }
        let total: u64 = self.criteria.iter().map(|criterion| u64::from(criterion.weight)).sum();
        if total == 0 || total > u64::from(WEIGHTS_MAX) {
            let reason = format!("the weights add up to {total}: let them be 1 to {WEIGHTS_MAX}");
            return Some(("criteria", reason));
        }
        let wanted = self.criteria.len();
        for Alternative { name, values } in &self.alternatives {
            if values.len() != wanted {
                let reason = format!("{name} has {} values for {wanted} criteria", values.len());
                return Some(("alternatives", reason));
            }
            if let Some(value) =
                values.iter().find(|value| !(-VALUE_MAX..=VALUE_MAX).contains(*value))
            {
                let reason = format!("{name} has the value {value}: stay within ±{VALUE_MAX}");
                return Some(("alternatives", reason));
            }
        }
        None
    }

    /// The values by one criterion, turned so that more is better.
    pub(super) fn column(&self, criterion: usize) -> Vec<f64> {
        let sign = match self.criteria[criterion].direction {
            Direction::Benefit => 1.0,
            Direction::Cost => -1.0,
        };
        self.alternatives.iter().map(|one| sign * one.values[criterion] as f64).collect()
    }

    /// The share of a criterion in the weight of all.
    pub(super) fn share(&self, criterion: usize) -> f64 {
        let total: u32 = self.criteria.iter().map(|criterion| criterion.weight).sum();
        f64::from(self.criteria[criterion].weight) / f64::from(total)
    }
}

/// What a method makes of a matrix.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Scores(Vec<u32>);

impl Scores {
    /// Scores from 0 to 1, rounded to millionths: what differs by less counts as equal.
    pub(super) fn rounded(scores: impl IntoIterator<Item = f64>) -> Self {
        let millionths = |score: f64| (score.clamp(0.0, 1.0) * 1e6).round() as u32;
        Self(scores.into_iter().map(millionths).collect())
    }

    /// The score of each alternative, in millionths.
    pub fn millionths(&self) -> &[u32] {
        &self.0
    }

    /// The alternatives from best to worst; equals in the order of the list.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|alternative| std::cmp::Reverse(self.0[*alternative]));
        order
    }

    /// The best; of equals the first in the list.
    pub fn winner(&self) -> Option<usize> {
        self.order().first().copied()
    }
}
