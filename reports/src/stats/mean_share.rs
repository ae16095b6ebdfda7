//! The mean of shares, as they come, with an interval.
//!
//! Values from 0 to 1 vary most where they are 0 and 1 only, as hits and misses are. So Wilson's
//! interval around a proportion of that size errs on the wide side for their mean, needs no memory of
//! them, and has a width even where all are alike.

use super::Interval;
use super::proportion::{percent, score_interval};

/// Values from 0 to 1, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanShare {
    sum: f64,
    count: u64,
    others: u64,
}

impl MeanShare {
    /// Counts a value.
    pub fn record(&mut self, value: f64) {
        if (0.0..=1.0).contains(&value) {
            self.sum += value;
            self.count += 1;
        } else {
            self.others += 1;
        }
    }

    /// The mean, 0 to 1; `None` if there are no values, or some that are no shares.
    pub fn mean(&self) -> Option<f64> {
        (self.others == 0 && self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// An interval that holds the mean of all there could be, 95 times in 100 or more.
    pub fn interval(&self) -> Option<Interval> {
        let (lo, hi) = score_interval(self.mean()?, self.count as f64);
        Some(Interval { lo: Some(lo), hi: Some(hi) })
    }

    /// What a person should read, with two digits of what is uncertain: `76.6 % (72.7–80.1 %)`,
    /// `0 % (≤ 0.76 %)`.
    pub fn text(&self) -> Option<String> {
        let mean = self.mean()?;
        let (lo, hi) = score_interval(mean, self.count as f64);
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
        assert_eq!(text(40).as_deref(), Some("38 % (24–53 %)"));
        assert_eq!(text(40_000).as_deref(), Some("37.50 % (37.03–37.98 %)"));
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
