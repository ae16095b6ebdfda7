//! TOPSIS: near to the best there is by every criterion, and far from the worst.
//!
//! Hwang and Yoon, "Multiple Attribute Decision Making" (1981), chapter III. Each column is divided
//! by its Euclidean length and weighted; the ideal takes the best of each column, the anti-ideal
//! the worst; the score is the distance to the anti-ideal in proportion to both distances. Where
//! all alternatives are equal, all have one half.

use super::matrix::{Matrix, Scores};

/// The scores of the alternatives of a matrix without [objection](Matrix::objection).
pub fn topsis(matrix: &Matrix) -> Scores {
    let count = matrix.alternatives.len();
    let (mut to_best, mut to_worst) = (vec![0.0; count], vec![0.0; count]);
    for criterion in 0..matrix.criteria.len() {
        let mut column = matrix.column(criterion);
        let length = column.iter().map(|value| value * value).sum::<f64>().sqrt();
        if length == 0.0 {
            continue;
        }
        let factor = matrix.share(criterion) / length;
        column.iter_mut().for_each(|value| *value *= factor);
        let best = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let worst = column.iter().copied().fold(f64::INFINITY, f64::min);
        for (alternative, value) in column.into_iter().enumerate() {
            to_best[alternative] += (best - value) * (best - value);
            to_worst[alternative] += (value - worst) * (value - worst);
        }
    }
    Scores::rounded(to_best.into_iter().zip(to_worst).map(|(best, worst)| {
        let (best, worst) = (best.sqrt(), worst.sqrt());
        if best + worst > 0.0 { worst / (best + worst) } else { 0.5 }
    }))
}
