//! Approximate agreement: new values from heard ones, of which up to f may be lies.
//!
//! Dolev, Lynch, Pinter, Stark and Weihl, "Reaching approximate agreement in the presence of
//! faults" (Journal of the ACM 33(3), 1986). Every round each node hears a value of all n, drops the
//! f lowest and the f highest, and averages what is left. What is left lies between values of
//! correct nodes, and any two correct nodes, who heard the same but for f values, end closer to each
//! other than the correct values were before, by a known factor. Values are whole numbers of some
//! small unit, and averages are rounded down, so a round can leave one unit more than the factor
//! says.

use serde::{Deserialize, Serialize};
use sim_core::rng::Ratio;

/// How the values that are left are averaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Average {
    /// The middle between the lowest and the highest.
    #[default]
    Midpoint,
    /// The mean of all.
    Mean,
    /// The mean of the lowest and of every f-th from it on, which is the best for large n (their
    /// section 4); of all if f is 0.
    Selection,
}

impl Average {
    /// The new value, from what was heard and with up to so many liars; `None` if fewer than
    /// 2f + 1 values were heard, since no value would be left.
    pub fn of(self, mut heard: Vec<i64>, liars: usize) -> Option<i64> {
        heard.sort_unstable();
        let end = heard.len().checked_sub(liars)?;
        let left = heard.get(liars..end).filter(|left| !left.is_empty())?;
        Some(match self {
            Self::Midpoint => mean([left[0], left[left.len() - 1]]),
            Self::Mean => mean(left.iter().copied()),
            Self::Selection => mean(left.iter().copied().step_by(liars.max(1))),
        })
    }

    /// By what factor a round of `n` nodes shrinks the range of the correct values at least, if
    /// everybody hears of all others in time; `None` unless n > 3f, since then two correct nodes
    /// may have to keep what they have.
    pub fn contraction(self, n: usize, liars: usize) -> Option<Ratio> {
        if n <= 3 * liars {
            return None;
        }
        if liars == 0 {
            return Some(Ratio::NEVER);
        }
        let (left, liars) = ((n - 2 * liars) as u64, liars as u64);
        Some(match self {
            Self::Midpoint => Ratio::new(1, 2),
            Self::Mean => Ratio::new(liars, left),
            Self::Selection => Ratio::new(1, (left - 1) / liars + 1),
        })
    }
}

/// The mean, rounded down.
fn mean(values: impl IntoIterator<Item = i64>) -> i64 {
    let (mut sum, mut count) = (0_i128, 0_i128);
    for value in values {
        sum += i128::from(value);
        count += 1;
    }
    sum.div_euclid(count) as i64
}

/// How many rounds bring values that differ by `range` to within `epsilon` of each other, if each
/// round shrinks the range by this factor and rounding adds a unit; `None` if none do.
pub fn rounds(factor: Ratio, range: u64, epsilon: u64) -> Option<u32> {
    let (mut range, mut rounds) = (range, 0);
    while range > epsilon {
        let next = factor.of(range) + 1;
        if next >= range {
            return None;
        }
        range = next;
        rounds += 1;
    }
    Some(rounds)
}
