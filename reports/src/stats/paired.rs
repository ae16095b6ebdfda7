//! Two sides on the same seeds: how far apart they are, and whether that is more than chance.
//!
//! Common random numbers make the two values of a seed alike in everything but what is compared, so
//! seeds are resampled as pairs (Efron and Tibshirani 1993, *An introduction to the bootstrap*,
//! chapters 13 and 15). Where many comparisons are made at once, their p-values are corrected by
//! Holm's step-down method (1979, *A simple sequentially rejective multiple test procedure*).

use super::bootstrap::{draw, mean, middle};
use super::quantile::rank;
use super::{Interval, TooFew, sample_needed};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// How many resamples a difference is judged by: p-values are multiples of about 1/2000.
pub const PAIRED_RESAMPLES: usize = 4000;

/// The generator's key: any constant would do, but it must never change.
const KEY: [u8; 32] = *b"synod reports: paired difference";

/// What is compared of the two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compared {
    /// Their means, which differ by the mean of the differences.
    Mean,
    /// Their nearest-rank quantiles, strictly between 0 and 1.
    Quantile(f64),
}

/// How far the second of two samples lies from the first, statistic by statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The statistic of the first sample.
    pub base: f64,
    /// The statistic of the second sample.
    pub other: f64,
    /// The second minus the first, with its 95 % percentile interval.
    pub absolute: (f64, Interval),
    /// The same as a share of the first, which is above zero in every resample; else `None`.
    pub relative: Option<(f64, Interval)>,
    /// The two-sided bootstrap p-value of no difference; at least 2 / (resamples + 1).
    pub p: f64,
}

/// Compares the pairs `(first, second)`, one for each seed.
///
/// A pure function of the pairs in their order: the same ones give the same bits.
///
/// # Errors
/// [`TooFew`] when the pairs do not support the statistic; a mean takes at least two.
pub fn paired_difference(pairs: &[(f64, f64)], what: Compared) -> Result<Difference, TooFew> {
    let need = match what {
        Compared::Mean => 2,
        Compared::Quantile(q) => sample_needed(q),
    };
    if pairs.len() < need {
        return Err(TooFew { have: pairs.len(), need });
    }
    let (mut first, mut second): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (base, other) = (what.of(&mut first), what.of(&mut second));
    let mut rng = ChaCha8Rng::from_seed(KEY);
    let (mut absolute, mut relative) = (Vec::new(), Vec::new());
    for _ in 0..PAIRED_RESAMPLES {
        for (first, second) in first.iter_mut().zip(&mut second) {
            (*first, *second) = pairs[draw(&mut rng, pairs.len())];
        }
        let (base, other) = (what.of(&mut first), what.of(&mut second));
        absolute.push(other - base);
        if base > 0.0 {
            relative.push(other / base - 1.0);
        }
    }
    let below = absolute.iter().filter(|difference| **difference <= 0.0).count();
    let above = absolute.iter().filter(|difference| **difference >= 0.0).count();
    let tail = (below.min(above) + 1) as f64 / (PAIRED_RESAMPLES + 1) as f64;
    let is_ratio = base > 0.0 && relative.len() == PAIRED_RESAMPLES;
    Ok(Difference {
        base,
        other,
        absolute: (other - base, middle(&mut absolute)),
        relative: is_ratio.then(|| (other / base - 1.0, middle(&mut relative))),
        p: (2.0 * tail).min(1.0),
    })
}

impl Compared {
    /// The statistic of a sample that supports it; the order of the sample may change.
    fn of(self, sample: &mut [f64]) -> f64 {
        match self {
            Self::Mean => mean(sample.iter().copied(), sample.len()),
            Self::Quantile(q) => {
                let at = rank(sample.len(), q) - 1;
                *sample.select_nth_unstable_by(at, f64::total_cmp).1
            }
        }
    }
}

/// Holm's corrected p-values, in the order given: the `k`-th smallest of `m` is multiplied by
/// `m − k + 1`, never falls below one before it, and is at most 1. Whatever is at most α rejects
/// its hypothesis with a risk of at most α over all of them, however they depend on each other.
///
/// ```
/// assert_eq!(reports::stats::holm(&[0.01, 0.5]), [0.02, 0.5]);
/// ```
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut corrected = vec![1.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (before, at) in order.into_iter().enumerate() {
        let left = (p_values.len() - before) as f64;
        least = least.max((p_values[at] * left).min(1.0));
        corrected[at] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::Rng;

    use super::*;

    /// A roughly normal value, of mean 0 and variance 1: the sum of twelve uniform ones.
    fn noise(rng: &mut ChaCha8Rng) -> f64 {
        (0..12).map(|_| f64::from(rng.next_u32()) / 4_294_967_296.0).sum::<f64>() - 6.0
    }

    /// Pairs that share what the seed brings, and differ by `shift` and a little.
    fn pairs(rng: &mut ChaCha8Rng, count: usize, shift: f64) -> Vec<(f64, f64)> {
        let pair = |_| {
            let common = 100.0 + 20.0 * noise(rng);
            (common + noise(rng), common + shift + noise(rng))
        };
        (0..count).map(pair).collect()
    }

    #[test]
    fn the_interval_covers_the_true_difference_as_often_as_it_says() {
        let mut rng = ChaCha8Rng::from_seed([7; 32]);
        let (mut covered, mut rejected) = (0, 0);
        const TRIALS: usize = 400;
        for trial in 0..TRIALS {
            let shift = if trial % 2 == 0 { 0.0 } else { 5.0 };
            let found =
                paired_difference(&pairs(&mut rng, 60, shift), Compared::Mean).expect("enough");
            let (lo, hi) = (found.absolute.1.lo.expect("lo"), found.absolute.1.hi.expect("hi"));
            covered += usize::from(lo <= shift && shift <= hi);
            rejected += usize::from(trial % 2 == 0 && found.p <= 0.05);
        }
        // With 60 pairs the percentile method covers 94.3 % (it knows no Student's t): 377 of 400,
        // with a standard deviation of 4.6; and rejects 11.4 of 200 true zeros, with one of 3.3.
        assert!((363..=391).contains(&covered), "{covered}");
        assert!((2..=22).contains(&rejected), "{rejected}");
    }

    #[test]
    fn pairing_sees_what_two_separate_samples_would_not() {
        let mut rng = ChaCha8Rng::from_seed([8; 32]);
        let mut sample = pairs(&mut rng, 100, 2.0);
        let paired = paired_difference(&sample, Compared::Mean).expect("enough");
        assert!(paired.p < 0.001 && paired.absolute.1.lo > Some(1.0), "{paired:?}");
        // The same values, no longer seed by seed.
        let second: Vec<f64> = sample.iter().map(|(_, second)| *second).collect();
        for (at, pair) in sample.iter_mut().enumerate() {
            pair.1 = second[(at + 37) % 100];
        }
        let apart = paired_difference(&sample, Compared::Mean).expect("enough");
        assert!((apart.absolute.0 - paired.absolute.0).abs() < 1e-9);
        assert!(apart.p > 0.05 && apart.absolute.1.lo < Some(0.0), "{apart:?}");
    }

    #[test]
    fn a_difference_without_spread_is_exact() {
        let sample: Vec<(f64, f64)> =
            (1..=300).map(|at| (f64::from(at), f64::from(at * 2))).collect();
        let median = paired_difference(&sample, Compared::Quantile(0.5)).expect("enough");
        assert_eq!((median.base, median.other), (150.0, 300.0));
        let one = Interval { lo: Some(1.0), hi: Some(1.0) };
        assert_eq!(median.relative, Some((1.0, one)), "twice as much, whatever is drawn");
        let same: Vec<(f64, f64)> = (0..10).map(|at| (f64::from(at), f64::from(at))).collect();
        let none = paired_difference(&same, Compared::Mean).expect("enough");
        assert_eq!(none.absolute, (0.0, Interval { lo: Some(0.0), hi: Some(0.0) }));
        assert_eq!(none.p, 1.0);
    }

    #[test]
    fn a_share_of_nothing_is_no_share() {
        let sample = [(0.0, 1.0), (0.0, 2.0), (1.0, 4.0)];
        let found = paired_difference(&sample, Compared::Mean).expect("enough");
        assert_eq!(found.relative, None);
    }

    #[test]
    fn what_the_sample_cannot_carry_is_refused() {
        for (what, need) in [(Compared::Quantile(0.99), 299), (Compared::Mean, 2)] {
            let sample = vec![(1.0, 2.0); need];
            let refused = paired_difference(&sample[1..], what);
            assert_eq!(refused, Err(TooFew { have: need - 1, need }));
            assert!(paired_difference(&sample, what).is_ok(), "{need} are enough");
        }
    }

    #[test]
    fn holm_agrees_with_the_worked_example() {
        // By hand: the products of 0.01, 0.02, 0.03 and 0.04 with 4, 3, 2 and 1 are 0.04, 0.06,
        // 0.06 and 0.04; none may be less than the one before it.
        let corrected = holm(&[0.03, 0.01, 0.04, 0.02]);
        for (found, expected) in corrected.iter().zip([0.06, 0.04, 0.06, 0.06]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        // Of four hypotheses with these values two are rejected at 0.05, the others kept: the
        // example that most textbooks give.
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(holm(&[0.9, 0.6]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
