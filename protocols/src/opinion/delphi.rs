//! Delphi: what is told to a panel of experts between its rounds.
//!
//! Dalkey and Helmer, "An experimental application of the Delphi method to the use of experts"
//! (Management Science 9(3), 1963): estimates are given in private, and the panel hears no names
//! but the median and how far the middle half lies apart. It stops when that is little. Quartiles
//! are estimates somebody gave (the smallest that a quarter, a half and three quarters do not
//! exceed), so they are whole numbers as the estimates are.

/// What a panel is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Feedback {
    /// A quarter of the estimates are no larger.
    pub lower: i64,
    /// Half of them are no larger.
    pub median: i64,
    /// Three quarters of them are no larger.
    pub upper: i64,
}

impl Feedback {
    /// Of these estimates, in any order; `None` if there are none.
    pub fn of(mut estimates: Vec<i64>) -> Option<Self> {
        estimates.sort_unstable();
        let at = |quarters: usize| {
            let rank = (quarters * estimates.len()).div_ceil(4);
            estimates.get(rank.checked_sub(1)?).copied()
        };
        Some(Self { lower: at(1)?, median: at(2)?, upper: at(3)? })
    }

    /// The interquartile range: how far the middle half of the estimates lies apart.
    pub const fn spread(self) -> u64 {
        self.upper.abs_diff(self.lower)
    }
}
