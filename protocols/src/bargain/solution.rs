//! Points that the axioms of bargaining single out, on finite sets of outcomes.
//!
//! The theorems are about convex sets, on which each solution is one point. On a finite set several
//! outcomes may be as good by a solution's own measure; then the larger sum of gains decides, and
//! then the order of the list. All compare whole numbers exactly.

use std::cmp::Ordering;

use super::domain::Domain;

/// A solution.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solution {
    /// The largest product of gains: Nash, "The bargaining problem" (Econometrica 18(2), 1950).
    Nash,
    /// Gains as nearly in proportion to what each could gain at the best as can be: Kalai and
    /// Smorodinsky, "Other solutions to Nash's bargaining problem" (Econometrica 43(3), 1975). The
    /// least proportion is made as large as it can be, then the next to least, and so on.
    KalaiSmorodinsky,
    /// The least gain as large as it can be, then the next to least, and so on: Kalai, "Proportional
    /// solutions to bargaining situations" (Econometrica 45(7), 1977), in its lexicographic form.
    Egalitarian,
}

/// A fraction.
#[derive(Clone, Copy, Debug)]
struct Share {
    part: u32,
    whole: u32,
}

impl Share {
    fn compare(self, other: Self) -> Ordering {
        let across = |one: Self, two: Self| u64::from(one.part) * u64::from(two.whole);
        across(self, other).cmp(&across(other, self))
    }
}

/// Compares the least shares, then the next to least, and so on.
fn compare_from_the_least(mut one: Vec<Share>, mut other: Vec<Share>) -> Ordering {
    one.sort_by(|a, b| a.compare(*b));
    other.sort_by(|a, b| a.compare(*b));
    let pairs = one.into_iter().zip(other);
    pairs.map(|(a, b)| a.compare(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

impl Solution {
    /// The outcome that this solution picks; `None` if every outcome leaves somebody worse off than
    /// no agreement.
    pub fn pick(self, domain: &Domain) -> Option<usize> {
        let candidates = domain.negotiation_set();
        let ideal: Vec<u32> = (0..domain.parties())
            .map(|party| candidates.iter().map(|o| domain.gain(*o, party)).max().unwrap_or(0))
            .collect();
        let shares = |outcome: usize| -> Vec<Share> {
            let gains = domain.gains(outcome).into_iter().zip(&ideal);
            let share = |(part, most): (u32, &u32)| match self {
                // Who can gain nothing has all there is to have.
                Self::KalaiSmorodinsky if *most == 0 => Share { part: 1, whole: 1 },
                Self::KalaiSmorodinsky => Share { part, whole: *most },
                Self::Nash | Self::Egalitarian => Share { part, whole: 1 },
            };
            gains.map(share).collect()
        };
        let measure = |one: usize, other: usize| match self {
            Self::Nash => domain.product(one).cmp(&domain.product(other)),
            _ => compare_from_the_least(shares(one), shares(other)),
        };
        candidates.into_iter().reduce(|best, next| {
            let by_sum = || domain.sum(next).cmp(&domain.sum(best));
            if measure(next, best).then_with(by_sum).is_gt() { next } else { best }
        })
    }
}
