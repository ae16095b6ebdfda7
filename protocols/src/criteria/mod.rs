//! Multi-criteria decisions: alternatives scored by weighted criteria.
//!
//! A [`Matrix`] says how much each alternative has by each criterion. [`weighted_sum`] and
//! [`topsis`] score the alternatives, [`Comparisons`] make weights out of judgements on pairs
//! of criteria (AHP), [`smallest_change`] tells how much a winner hangs on one weight. Only
//! `+ − × ÷ √` are used, which are the same on every machine, and results are rounded to millionths.

mod hierarchy;
mod matrix;
mod sensitivity;
mod topsis;
mod weighted_sum;
#[cfg(test)]
mod tests;

pub use hierarchy::{CRITERIA_MAX, Comparisons, Priorities, Times};
pub use matrix::{Alternative, Criterion, Direction, Matrix, Scores, VALUE_MAX, WEIGHTS_MAX};
pub use sensitivity::{Change, nearest_change, smallest_change};
pub use topsis::topsis;
pub use weighted_sum::weighted_sum;
