//! Sensitivity: the smallest change of one weight that makes another alternative win.
//!
//! After Triantaphyllou and Sánchez, "A sensitivity analysis approach for some deterministic
//! multi-criteria decision-making methods" (Decision Sciences 28(1), 1997), who call the criterion
//! with the smallest change the most critical one. Their closed form holds for sums; here whole
//! weights are tried in order of their distance, so any method will do and the answer is exact.

use super::matrix::{Criterion, Matrix, Scores};

/// A change of one weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Change<W = usize> {
    /// Which criterion.
    pub criterion: usize,
    /// The weight as it is.
    pub from: u32,
    /// The nearest weight that lets another alternative win.
    pub to: u32,
    /// What wins then: which alternative, or whatever else was asked for.
    pub winner: W,
}

/// The smallest change of one weight that changes the winner; of two as large, a decrease goes
/// first, and then the earlier criterion. The other weights stay, so the shares of all change.
/// `None` if there is none, for weights up to ten times as much as all together.
pub fn smallest_change(matrix: &Matrix, method: impl Fn(&Matrix) -> Scores) -> Option<Change> {
    let change = nearest_change(&matrix.criteria, |criteria| {
        let criteria = criteria.to_vec();
        method(&Matrix { criteria, alternatives: matrix.alternatives.clone() }).winner()
    })?;
    let Change { criterion, from, to, winner } = change;
    Some(Change { criterion, from, to, winner: winner? })
}

/// The smallest change of one weight that changes what follows from all of them, in the same order.
pub fn nearest_change<W: PartialEq>(
    criteria: &[Criterion],
    outcome: impl Fn(&[Criterion]) -> W,
) -> Option<Change<W>> {
    let now = outcome(criteria);
    let total: u32 = criteria.iter().map(|criterion| criterion.weight).sum();
    let mut changed = criteria.to_vec();
    for step in 1..=10 * total {
        for is_more in [false, true] {
            for (criterion, Criterion { weight: from, .. }) in criteria.iter().enumerate() {
                let to = if is_more { from.checked_add(step) } else { from.checked_sub(step) };
                let Some(to) = to.filter(|to| *to > 0 || *from < total) else { continue };
                changed[criterion].weight = to;
                let then = outcome(&changed);
                changed[criterion].weight = *from;
                if then != now {
                    return Some(Change { criterion, from: *from, to, winner: then });
                }
            }
        }
    }
    None
}
