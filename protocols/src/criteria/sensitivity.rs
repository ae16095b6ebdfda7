//! Sensitivity: the smallest change of one weight that makes another alternative win.
//!
//! After Triantaphyllou and Sánchez, "A sensitivity analysis approach for some deterministic
//! multi-criteria decision-making methods" (Decision Sciences 28(1), 1997), who call the criterion
//! with the smallest change the most critical one. Their closed form holds for sums; here whole
//! weights are tried in order of their distance, so any method will do and the answer is exact.

use super::matrix::{Matrix, Scores};

/// A change of one weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Change {
    /// Which criterion.
    pub criterion: usize,
    /// The weight as it is.
    pub from: u32,
    /// The nearest weight that lets another alternative win.
    pub to: u32,
    /// Which alternative wins then.
    pub winner: usize,
}

/// The smallest change of one weight that changes the winner; of two as large, a decrease goes
/// first, and then the earlier criterion. The other weights stay, so the shares of all change.
/// `None` if there is none, for weights up to ten times as much as all together.
pub fn smallest_change(matrix: &Matrix, method: impl Fn(&Matrix) -> Scores) -> Option<Change> {
    let winner = method(matrix).winner()?;
    let total: u32 = matrix.criteria.iter().map(|criterion| criterion.weight).sum();
    let mut changed = matrix.clone();
    for step in 1..=10 * total {
        for is_more in [false, true] {
            for criterion in 0..matrix.criteria.len() {
                let from = matrix.criteria[criterion].weight;
                let to = if is_more { from.checked_add(step) } else { from.checked_sub(step) };
                let Some(to) = to.filter(|to| *to > 0 || from < total) else { continue };
                changed.criteria[criterion].weight = to;
                let wins = method(&changed).winner();
                changed.criteria[criterion].weight = from;
                if let Some(other) = wins.filter(|other| *other != winner) {
                    return Some(Change { criterion, from, to, winner: other });
                }
            }
        }
    }
    None
}
