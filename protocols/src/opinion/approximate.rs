//! Approximate agreement: new values from heard ones, of which up to f may be lies.
//!
//! Dolev, Lynch, Pinter, Stark and Weihl, "Reaching approximate agreement in the presence of
//! faults" (Journal of the ACM 33(3), 1986). Every round each node hears values, drops the f lowest
//! and the f highest, and averages what is left. What is left lies between values of correct nodes,
//! and any two correct nodes end closer to each other than the correct values were before, by a
//! factor that follows from how few of the values they heard can differ. Values are whole numbers of
//! some small unit, and averages are rounded down, so a round can leave one unit more than the
//! factor says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::rng::Ratio;

/// How the values that are left are averaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Average {
    /// The middle between the lowest and the highest.
    #[default]
    Midpoint,
    /// The mean of all.
    Mean,
    /// The mean of the lowest and of every k-th from it on, if two correct nodes hear up to k values
    /// differently; the best of the three for large n (their sections 4 and 5).
    Selection,
}

/// Whose values a node hears in a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// Those of all n: messages arrive in time, so silence is a fault. Two correct nodes hear up to
    /// f values differently. It takes n > 3f.
    #[default]
    Synchronous,
    /// Those of the first n − f: to wait for more could be for ever. Two correct nodes hear up to 2f
    /// values differently: those of liars, and those that only one of them waited for. It takes
    /// n > 5f.
    Asynchronous,
}

impl Timing {
    /// How many values two correct nodes may hear differently.
    const fn differing(self, liars: usize) -> usize {
        match self {
            Self::Synchronous => liars,
            Self::Asynchronous => 2 * liars,
        }
    }

    /// How many values a node of `n` hears in a round.
    pub const fn heard(self, n: usize, liars: usize) -> usize {
        match self {
            Self::Synchronous => n,
            Self::Asynchronous => n.saturating_sub(liars),
        }
    }

    /// Whether so many nodes are enough for so many liars.
    pub const fn suffices(self, n: usize, liars: usize) -> bool {
        match self {
            Self::Synchronous => n > 3 * liars,
            Self::Asynchronous => n > 5 * liars,
        }
    }
}

impl Average {
    /// The new value, from what was heard and with up to so many liars; `None` if fewer than
    /// 2f + 1 values were heard, since no value would be left.
    pub fn of(self, mut heard: Vec<i64>, liars: usize, timing: Timing) -> Option<i64> {
        heard.sort_unstable();
        let end = heard.len().checked_sub(liars)?;
        let left = heard.get(liars..end).filter(|left| !left.is_empty())?;
        Some(match self {
            Self::Midpoint => mean([left[0], left[left.len() - 1]]),
            Self::Mean => mean(left.iter().copied()),
            Self::Selection => mean(left.iter().copied().step_by(timing.differing(liars).max(1))),
        })
    }

    /// By what factor a round of `n` nodes shrinks the range of the correct values at least; `None`
    /// if there are too few nodes for so many liars.
    pub fn contraction(self, n: usize, liars: usize, timing: Timing) -> Option<Ratio> {
        if !timing.suffices(n, liars) {
            return None;
        }
        if liars == 0 {
            return Some(Ratio::NEVER);
        }
        let left = (timing.heard(n, liars) - 2 * liars) as u64;
        let differing = timing.differing(liars) as u64;
        Some(match self {
            Self::Midpoint => Ratio::new(1, 2),
            Self::Mean => Ratio::new(differing, left),
            Self::Selection => Ratio::new(1, (left - 1) / differing + 1),
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
