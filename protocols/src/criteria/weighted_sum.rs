//! The weighted sum: the share of each criterion times how good an alternative is by it, added up.
//!
//! Fishburn, "Additive utilities with incomplete product sets" (Operations Research 15(3), 1967).
//! By each criterion the worst alternative has 0 and the best 1; where all are equal, all have 0.

use super::matrix::{Matrix, Scores};

/// How good each alternative is by one criterion: 0 for the worst, 1 for the best.
fn relative(column: &[f64]) -> Vec<f64> {
    let least = column.iter().copied().fold(f64::INFINITY, f64::min);
    let most = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = most - least;
    let place = |value: &f64| if range > 0.0 { (value - least) / range } else { 0.0 };
    column.iter().map(place).collect()
}

/// The scores of the alternatives of a matrix without [objection](Matrix::objection).
pub fn weighted_sum(matrix: &Matrix) -> Scores {
    let mut sums = vec![0.0; matrix.alternatives.len()];
    for criterion in 0..matrix.criteria.len() {
        let share = matrix.share(criterion);
        for (sum, place) in sums.iter_mut().zip(relative(&matrix.column(criterion))) {
            *sum += share * place;
        }
    }
    Scores::rounded(sums)
}
