//! The analytic hierarchy process: weights from comparing criteria two by two.
//!
//! Saaty, "The Analytic Hierarchy Process" (1980). Judgements a_ij ("i matters a_ij times as much as
//! j", 1/9 to 9, a_ji = 1/a_ij) that agree with each other are the ratios of weights; where they do
//! not quite, the weights are the principal eigenvector, and how far its eigenvalue exceeds the
//! number of criteria, in proportion to that of judgements made at random, tells how inconsistent
//! they are. Saaty asks for at most a tenth.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One judgement: so many times as much, as a fraction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Times(
    /// The numerator, from 1.
    pub u32,
    /// The denominator, from 1.
    pub u32,
);

/// Judgements on all pairs of criteria.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparisons {
    /// Row i: how many times as much criterion i matters as i + 1, i + 2, …; the last row, which
    /// would be empty, is left out.
    pub rows: Vec<Vec<Times>>,
}

/// What follows from judgements.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Priorities {
    /// The weight of each criterion, in millionths of all, rounded.
    pub weights: Vec<u32>,
    /// The principal eigenvalue, in millionths; the number of criteria if judgements agree.
    pub eigenvalue: u64,
    /// The consistency ratio, in millionths; 0 for two criteria, which cannot contradict.
    pub inconsistency: u32,
}

impl Priorities {
    /// Whether the judgements contradict each other by no more than Saaty's tenth.
    pub const fn is_consistent(&self) -> bool {
        self.inconsistency <= 100_000
    }
}

/// The most criteria that Saaty has a random index for.
pub const CRITERIA_MAX: usize = 15;

/// How much judgements made at random contradict each other (Saaty 1980, table 1.4), from one
/// criterion on.
const RANDOM_INDEX: [f64; CRITERIA_MAX] =
    [0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59];

/// Steps of the power iteration at the most; a positive matrix takes some dozens.
const STEPS: u32 = 10_000;

impl Comparisons {
    /// What is wrong with them: the reason.
    pub fn objection(&self) -> Option<String> {
        let count = self.rows.len() + 1;
        if count > CRITERIA_MAX {
            return Some(format!("{count} criteria are compared: no more than {CRITERIA_MAX}"));
        }
        for (index, row) in self.rows.iter().enumerate() {
            let wanted = count - 1 - index;
            if row.len() != wanted {
                let found = row.len();
                return Some(format!("row {index} has {found} judgements: it takes {wanted}"));
            }
            let is_wrong = |Times(part, whole): &&Times| *part == 0 || *whole == 0;
            if let Some(Times(part, whole)) = row.iter().find(is_wrong) {
                return Some(format!("row {index} has {part}/{whole}: a judgement is above 0"));
            }
        }
        None
    }

    fn matrix(&self) -> Vec<Vec<f64>> {
        let count = self.rows.len() + 1;
        let mut matrix = vec![vec![1.0; count]; count];
        for (i, row) in self.rows.iter().enumerate() {
            for (step, Times(part, whole)) in row.iter().enumerate() {
                let j = i + 1 + step;
                matrix[i][j] = f64::from(*part) / f64::from(*whole);
                matrix[j][i] = f64::from(*whole) / f64::from(*part);
            }
        }
        matrix
    }

    /// The weights, and how consistent the judgements are. There must be no
    /// [objection](Self::objection).
    pub fn priorities(&self) -> Priorities {
        let matrix = self.matrix();
        let count = matrix.len();
        let mut weights = vec![1.0 / count as f64; count];
        let mut eigenvalue = count as f64;
        for _ in 0..STEPS {
            let product = |row: &Vec<f64>| row.iter().zip(&weights).map(|(a, w)| a * w).sum();
            let image: Vec<f64> = matrix.iter().map(product).collect();
            // The weights add up to 1, so what they grow by is the eigenvalue.
            eigenvalue = image.iter().sum();
            let next: Vec<f64> = image.iter().map(|value| value / eigenvalue).collect();
            let moved = next.iter().zip(&weights).map(|(new, old)| (new - old).abs());
            let farthest = moved.fold(0.0, f64::max);
            weights = next;
            if farthest < 1e-14 {
                break;
            }
        }
        let excess = (eigenvalue - count as f64).max(0.0);
        let random = RANDOM_INDEX[count - 1];
        let ratio = if random > 0.0 { excess / (count as f64 - 1.0) / random } else { 0.0 };
        Priorities {
            weights: weights.iter().map(|weight| (weight * 1e6).round() as u32).collect(),
            eigenvalue: (eigenvalue * 1e6).round() as u64,
            inconsistency: (ratio * 1e6).round() as u32,
        }
    }
}
