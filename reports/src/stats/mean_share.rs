//! The mean of shares, as they come, with an interval.
//!
//! Hits and misses have Wilson's interval, and so have values that are all alike, or few: no values
//! from 0 to 1 vary more than hits and misses with the same mean, so for these it errs on the wide
//! side, and it always has a width. Other values have Student's, which knows how little they vary.
//! Neither needs a memory of the values.

use super::proportion::{percent, score_interval};
use super::{Interval, Z};

/// The fewest values whose own variance is trusted.
const FEW: u64 = 5;

/// Values from 0 to 1, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanShare {
    sum: f64,
    count: u64,
    /// Those that were neither 0 nor 1.
    parts: u64,
    /// Those that were no shares.
    others: u64,
    /// The running mean, and the squares of what values differ from it (Welford, "Note on a method for
    /// calculating corrected sums of squares and products", Technometrics 4(3), 1962).
    centre: f64,
    squares: f64,
}

impl MeanShare {
    /// Counts a value.
    pub fn record(&mut self, value: f64) {
        if (0.0..=1.0).contains(&value) {
            self.sum += value;
            self.count += 1;
            self.parts += u64::from(value > 0.0 && value < 1.0);
            let apart = value - self.centre;
            self.centre += apart / self.count as f64;
            self.squares += apart * (value - self.centre);
        } else {
            self.others += 1;
        }
    }

    /// The mean, 0 to 1; `None` if there are no values, or some that are no shares.
    pub fn mean(&self) -> Option<f64> {
        (self.others == 0 && self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The 95 % interval of the mean, each end 0 to 1.
    pub fn interval(&self) -> Option<Interval> {
        let (lo, hi) = self.ends(self.mean()?);
        Some(Interval { lo: Some(lo), hi: Some(hi) })
    }

    fn ends(&self, mean: f64) -> (f64, f64) {
        let n = self.count as f64;
        let spread = self.squares / (n - 1.0);
        // What is alike but for rounding is alike.
        if self.parts == 0 || self.count < FEW || spread < 1e-18 {
            return score_interval(mean, n);
        }
        let half = student(n - 1.0) * (spread / n).sqrt();
        ((mean - half).max(0.0), (mean + half).min(1.0))
    }

    /// What a person should read, with two digits of what is uncertain: `76.6 % (72.7–80.1 %)`,
    /// `0 % (≤ 0.76 %)`.
    pub fn text(&self) -> Option<String> {
        let mean = self.mean()?;
        let (lo, hi) = self.ends(mean);
        if mean <= 0.0 {
            return Some(format!("0 % (≤ {} %)", percent(hi)));
        }
        if mean >= 1.0 {
            return Some(format!("100 % (≥ {} %)", percent(lo)));
        }
        let half = (hi - lo) * 50.0;
        let decimals = usize::try_from(1 - libm::floor(libm::log10(half)) as i32).unwrap_or(0);
        let [mean, lo, hi] = [mean, lo, hi].map(|share| format!("{:.decimals$}", share * 100.0));
        Some(format!("{mean} % ({lo}–{hi} %)"))
    }
}

/// The two-sided 95 % quantile of Student's distribution with four degrees of freedom or more, by
/// Cornish and Fisher's expansion (Abramowitz and Stegun, 26.7.5); off by 0.3 % at most.
fn student(freedom: f64) -> f64 {
    let power = |exponent: u32| (0..exponent).fold(1.0, |product, _| product * Z);
    Z + (power(3) + Z) / (4.0 * freedom)
        + (5.0 * power(5) + 16.0 * power(3) + 3.0 * Z) / (96.0 * freedom * freedom)
        + (3.0 * power(7) + 19.0 * power(5) + 17.0 * power(3) - 15.0 * Z)
            / (384.0 * freedom * freedom * freedom)
}

#[cfg(test)]
mod tests {
    use super::super::Proportion;
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> MeanShare {
        let mut mean = MeanShare::default();
        values.into_iter().for_each(|value| mean.record(value));
        mean
    }

    #[test]
    fn hits_and_misses_have_the_interval_of_their_proportion() {
        let mean = of((0..500).map(|run| f64::from(u8::from(run < 383))));
        let rate = Proportion { hits: 383, total: 500 };
        assert_eq!((mean.mean(), mean.interval()), (rate.share(), rate.wilson()));
        assert_eq!(mean.text().as_deref(), Some("76.6 % (72.7–80.1 %)"));
    }

    #[test]
    fn what_is_more_certain_has_more_digits() {
        let text = |count| of((0..count).map(|run| f64::from(run % 4) / 4.0)).text();
        // 0, 25, 50 and 75 % alike often: a standard deviation of 28.0 %, of the forty 28.3 %.
        assert_eq!(text(40).as_deref(), Some("37.5 % (28.4–46.6 %)"));
        assert_eq!(text(40_000).as_deref(), Some("37.50 % (37.23–37.77 %)"));
    }

    #[test]
    fn values_that_hardly_vary_have_a_narrow_interval_and_those_that_are_alike_a_wide_one() {
        let near = of([0.82, 0.83, 0.84, 0.83, 0.82, 0.84, 0.83, 0.83, 0.82, 0.84]);
        assert_eq!(near.text().as_deref(), Some("83.00 % (82.42–83.58 %)"));
        assert_eq!(of([0.83; 10]).text().as_deref(), Some("83 % (52–96 %)"), "as hits and misses");
        assert_eq!(of([0.82, 0.84]).text().as_deref(), Some("83 % (24–99 %)"), "two are too few");
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, quantile) in [(4.0, 2.776), (9.0, 2.262), (30.0, 2.042), (120.0, 1.980)] {
            assert!((student(freedom) / quantile - 1.0_f64).abs() < 0.003, "{freedom}");
        }
    }

    #[test]
    fn what_never_or_always_was_has_a_bound() {
        assert_eq!(of([0.0; 500]).text().as_deref(), Some("0 % (≤ 0.76 %)"));
        assert_eq!(of([1.0; 500]).text().as_deref(), Some("100 % (≥ 99.24 %)"));
    }

    #[test]
    fn what_is_no_share_has_no_mean_share() {
        assert_eq!(of([]).text(), None);
        assert_eq!(of([0.5, 1.5]).text(), None);
        assert_eq!(of([0.5, f64::NAN]).mean(), None);
    }
}
