//! The mean, with a bootstrap interval.
//!
//! Latencies and counts are skewed, so the interval is resampled rather than assumed normal. The
//! generator is ChaCha8 with a constant key: the interval is a property of the sample, not of the
//! moment at which it was computed.

use super::Interval;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many resamples an interval is read from.
pub const BOOTSTRAP_RESAMPLES: usize = 1000;

/// The generator's key: any constant would do, but it must never change.
const KEY: [u8; 32] = *b"synod reports: bootstrap of mean";

/// A mean and its 95 % interval, in the unit of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The arithmetic mean, summed in the order given.
    pub value: f64,
    /// The percentile-method interval; both ends are `None` for a sample of one.
    pub interval: Interval,
}

/// The mean of `sample` with the percentile-method bootstrap interval; `None` for an empty sample.
///
/// Deterministic: the same sample in the same order gives the same bits. Costs
/// [`BOOTSTRAP_RESAMPLES`] passes over the sample unless all its values are equal.
pub fn bootstrap_mean(sample: &[f64]) -> Option<Mean> {
    let first = *sample.first()?;
    let value = mean(sample.iter().copied(), sample.len());
    if sample.len() == 1 {
        return Some(Mean { value, interval: Interval { lo: None, hi: None } });
    }
    // Counts that never vary are common (messages of a fault-free run); every resample is the same.
    if sample.iter().all(|&x| x == first) {
        return Some(Mean {
            value: first,
            interval: Interval { lo: Some(first), hi: Some(first) },
        });
    }
    let mut rng = ChaCha8Rng::from_seed(KEY);
    let mut means: Vec<f64> = (0..BOOTSTRAP_RESAMPLES)
        .map(|_| {
            let draws = (0..sample.len()).map(|_| sample[draw(&mut rng, sample.len())]);
            mean(draws, sample.len())
        })
        .collect();
    Some(Mean { value, interval: middle(&mut means) })
}

/// The middle 95 % of resampled values: the percentile method.
pub(super) fn middle(values: &mut [f64]) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[(share * values.len() as f64).ceil() as usize - 1];
    Interval { lo: Some(at(0.025)), hi: Some(at(0.975)) }
}

/// The mean of so many values, summed in their order.
pub(super) fn mean(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.fold(0.0, |sum, x| sum + x) / count as f64
}

/// An index below `len` from 32 random bits; the bias of at most `len / 2^32` is far below the
/// resolution of a thousand resamples.
pub(super) fn draw(rng: &mut ChaCha8Rng, len: usize) -> usize {
    ((u64::from(rng.next_u32()) * len as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_same_twice_and_pinned() {
        let sample: Vec<f64> = (1..=50).map(|i| f64::from(i * i % 37)).collect();
        let first = bootstrap_mean(&sample).expect("a sample");
        assert_eq!(first, bootstrap_mean(&sample).expect("a sample"));
        expect_test::expect!["17.86 [14.84, 21.2]"].assert_eq(&format!(
            "{} [{}, {}]",
            first.value,
            first.interval.lo.expect("lo"),
            first.interval.hi.expect("hi")
        ));
    }

    #[test]
    fn the_interval_is_about_two_standard_errors_wide_on_a_uniform_sample() {
        let sample: Vec<f64> = (0..400).map(f64::from).collect();
        let found = bootstrap_mean(&sample).expect("a sample");
        let (lo, hi) = (found.interval.lo.expect("lo"), found.interval.hi.expect("hi"));
        // The standard error of the mean is 115.5 / 20 = 5.77, so the interval is 22.6 wide.
        assert!((hi - lo - 22.6).abs() < 2.5, "{lo} {hi}");
        assert!(lo < found.value && found.value < hi);
    }

    #[test]
    fn a_sample_of_one_has_a_mean_without_an_interval() {
        let found = bootstrap_mean(&[4.5]).expect("a sample");
        assert_eq!(found, Mean { value: 4.5, interval: Interval { lo: None, hi: None } });
        assert_eq!(bootstrap_mean(&[]), None);
    }

    #[test]
    fn a_sample_without_spread_has_an_interval_without_width() {
        let found = bootstrap_mean(&[0.1; 12]).expect("a sample");
        assert_eq!(found.value, 0.1);
        assert_eq!(found.interval, Interval { lo: Some(0.1), hi: Some(0.1) });
    }
}
