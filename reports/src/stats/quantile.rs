//! Percentiles across runs, by order statistics alone.
//!
//! A percentile is the nearest-rank one: an observed value, never an interpolated one. Its interval
//! is a pair of order statistics whose ranks follow from the binomial distribution, so it assumes
//! nothing about the shape of the latencies. A sample too small to have seen the tail is refused:
//! the 99th percentile of 71 runs is just their maximum.

use super::Interval;
use std::error::Error;
use std::fmt;

/// How unlikely it must be that the whole sample lies on one side of the quantile.
const RISK: f64 = 0.05;

/// The sample is too small for this percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// How many values there are.
    pub have: usize,
    /// How many there would have to be.
    pub need: usize,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too few samples ({} < {})", self.have, self.need)
    }
}

impl Error for TooFew {}

/// A percentile with its interval, in the unit of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The nearest-rank percentile.
    pub value: f64,
    /// The order-statistic interval; an end that would need a larger sample is `None`.
    pub interval: Interval,
}

/// The smallest sample that supports quantile `q`: `qⁿ ≤ 0.05` (for `q < ½`, `(1−q)ⁿ ≤ 0.05`).
///
/// `q` must lie strictly between 0 and 1.
///
/// ```
/// use reports::stats::sample_needed;
///
/// assert_eq!([0.5, 0.9, 0.99].map(sample_needed), [5, 29, 299]);
/// ```
pub fn sample_needed(q: f64) -> usize {
    let side = q.max(1.0 - q);
    (libm::log(RISK) / libm::log(side)).ceil() as usize
}

/// The smallest sample of which two order statistics enclose quantile `q` of the population, as
/// [`order_statistic_ranks`] has it: `qⁿ ≤ 0.025` (for `q < ½`, `(1−q)ⁿ ≤ 0.025`).
///
/// `q` must lie strictly between 0 and 1.
///
/// ```
/// use reports::stats::sample_enclosing;
///
/// assert_eq!([0.5, 0.9, 0.99].map(sample_enclosing), [6, 36, 368]);
/// ```
pub fn sample_enclosing(q: f64) -> usize {
    let side = q.max(1.0 - q);
    (libm::log(RISK / 2.0) / libm::log(side)).ceil() as usize
}

/// Whether a sample of `n` supports quantile `q`; see [`sample_needed`].
pub fn is_supported(n: usize, q: f64) -> bool {
    n >= sample_needed(q)
}

/// Refuses quantile `q` of a sample of `n` that does not support it.
pub(super) fn supported(n: usize, q: f64) -> Result<(), TooFew> {
    let need = sample_needed(q);
    if n < need { Err(TooFew { have: n, need }) } else { Ok(()) }
}

/// The nearest-rank percentile of an ascending sample: its `⌈q·n⌉`-th value.
///
/// # Errors
///
/// [`TooFew`] when the sample does not support `q`.
pub fn percentile(sorted: &[f64], q: f64) -> Result<f64, TooFew> {
    supported(sorted.len(), q)?;
    Ok(sorted[rank(sorted.len(), q) - 1])
}

/// The nearest-rank percentile of an ascending sample with its 95 % order-statistic interval.
///
/// # Errors
///
/// [`TooFew`] when the sample does not support `q`.
pub fn percentile_with_interval(sorted: &[f64], q: f64) -> Result<Estimate, TooFew> {
    let value = percentile(sorted, q)?;
    let (lo, hi) = order_statistic_ranks(sorted.len(), q);
    let at = |rank: usize| sorted[rank - 1];
    Ok(Estimate { value, interval: Interval { lo: lo.map(at), hi: hi.map(at) } })
}

/// The nearest rank of quantile `q` among `n`, from 1.
///
/// The product is nudged down because `0.07 * 100.0` is a little more than 7.
pub(crate) fn rank(n: usize, q: f64) -> usize {
    ((q * n as f64 - 1e-9).ceil() as usize).clamp(1, n)
}

/// The ranks (from 1) of the order statistics that enclose quantile `q` of the population with a
/// confidence of at least 95 %, at most 2.5 % being left on either side.
///
/// Exact for continuous populations and conservative for others. A side for which even the extreme
/// of the sample leaves more than 2.5 % is `None`.
pub fn order_statistic_ranks(n: usize, q: f64) -> (Option<usize>, Option<usize>) {
    let tail = (1.0 - super::LEVEL) / 2.0;
    let mass = Binomial::around_mode(n, q);
    // The number of values below the quantile is binomial. The r-th value lies above it when fewer
    // than r do, so the lower rank is the largest r with P(X < r) within the tail.
    let mut below = 0.0;
    let mut lo = mass.first;
    for &p in &mass.mass {
        if below + p > tail {
            break;
        }
        below += p;
        lo += 1;
    }
    let mut above = 0.0;
    let mut hi = mass.first + mass.mass.len();
    for &p in mass.mass.iter().rev() {
        if above + p > tail {
            break;
        }
        above += p;
        hi -= 1;
    }
    ((lo >= 1).then_some(lo), (hi <= n).then_some(hi))
}

/// The binomial distribution's mass, without the tails too thin for an `f64` to notice.
struct Binomial {
    /// The count to which `mass[0]` belongs.
    first: usize,
    mass: Vec<f64>,
}

impl Binomial {
    /// Starts at the mode and multiplies outward, so nothing underflows however large `n` is.
    fn around_mode(n: usize, q: f64) -> Self {
        const NEGLIGIBLE: f64 = 1e-18;
        let mode = (((n + 1) as f64 * q) as usize).min(n);
        let odds = q / (1.0 - q);
        let peak = {
            let (n, k) = (n as f64, mode as f64);
            let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
            libm::exp(choose + k * libm::log(q) + (n - k) * libm::log(1.0 - q))
        };
        let mut mass = vec![peak];
        let mut first = mode;
        let mut p = peak;
        while first > 0 && p > NEGLIGIBLE {
            p *= first as f64 / ((n - first + 1) as f64 * odds);
            first -= 1;
            mass.push(p);
        }
        mass.reverse();
        let mut last = mode;
        p = peak;
        while last < n && p > NEGLIGIBLE {
            p *= (n - last) as f64 * odds / (last + 1) as f64;
            last += 1;
            mass.push(p);
        }
        Self { first, mass }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_need_the_samples_that_the_one_sided_bound_asks_for() {
        for (q, need) in [(0.5, 5), (0.9, 29), (0.95, 59), (0.99, 299), (0.999, 2995), (0.1, 29)] {
            assert_eq!(sample_needed(q), need, "{q}");
            assert!(!is_supported(need - 1, q) && is_supported(need, q));
        }
    }

    #[test]
    fn a_percentile_that_the_sample_cannot_carry_is_refused() {
        let sorted: Vec<f64> = (1..=298).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 0.99), Err(TooFew { have: 298, need: 299 }));
        assert_eq!(
            percentile(&sorted, 0.99).expect_err("too few").to_string(),
            "too few samples (298 < 299)"
        );
        assert_eq!(percentile(&[], 0.5), Err(TooFew { have: 0, need: 5 }));
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let sorted: Vec<f64> = (1..=300).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 0.99), Ok(297.0));
        assert_eq!(percentile(&sorted, 0.5), Ok(150.0));
        assert_eq!(percentile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5), Ok(3.0));
        assert_eq!(rank(100, 0.07), 7);
    }

    /// The same ranks by summing all the mass with plain products: slow, obvious, small n only.
    fn ranks_by_summing(n: usize, q: f64) -> (Option<usize>, Option<usize>) {
        let mass: Vec<f64> = (0..=n)
            .map(|k| {
                let ways = (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
                ways * q.powi(k as i32) * (1.0 - q).powi((n - k) as i32)
            })
            .collect();
        let below = |r: usize| mass[..r].iter().sum::<f64>();
        let above = |s: usize| mass[s..].iter().sum::<f64>();
        ((1..=n).rev().find(|&r| below(r) <= 0.025), (1..=n).find(|&s| above(s) <= 0.025))
    }

    #[test]
    fn ranks_agree_with_the_plain_sum_of_the_binomial() {
        for n in [1, 2, 5, 6, 7, 20, 29, 30, 59, 100, 299] {
            for q in [0.1, 0.5, 0.9, 0.95, 0.99] {
                assert_eq!(order_statistic_ranks(n, q), ranks_by_summing(n, q), "{n} {q}");
            }
        }
    }

    #[test]
    fn ranks_of_the_median_are_the_textbook_ones() {
        // Conover, Practical Nonparametric Statistics: n = 20 gives the 6th and the 15th value.
        assert_eq!(order_statistic_ranks(20, 0.5), (Some(6), Some(15)));
        assert_eq!(order_statistic_ranks(6, 0.5), (Some(1), Some(6)));
        assert_eq!(order_statistic_ranks(5, 0.5), (None, None));
    }

    #[test]
    fn a_sample_encloses_a_quantile_from_a_size_on() {
        for q in [0.1, 0.5, 0.9, 0.99] {
            let both = |n: usize| matches!(order_statistic_ranks(n, q), (Some(_), Some(_)));
            let need = sample_enclosing(q);
            assert!(!both(need - 1) && both(need), "{q}: {need}");
        }
    }

    #[test]
    fn the_upper_end_of_a_p99_needs_368_values() {
        assert_eq!(order_statistic_ranks(367, 0.99).1, None);
        assert_eq!(order_statistic_ranks(368, 0.99).1, Some(368));
    }

    #[test]
    fn a_million_values_do_not_underflow() {
        let (lo, hi) = order_statistic_ranks(1_000_000, 0.99);
        // Normal approximation: 990 000 ± 1.96 · √(n q (1−q)) = ± 195.
        assert!(lo.expect("lo").abs_diff(989_805) < 3, "{lo:?}");
        assert!(hi.expect("hi").abs_diff(990_196) < 3, "{hi:?}");
    }

    #[test]
    fn an_interval_is_a_pair_of_observed_values() {
        let sorted: Vec<f64> = (1..=20).map(|i| f64::from(i) * 10.0).collect();
        let found = percentile_with_interval(&sorted, 0.5).expect("enough");
        assert_eq!(found.value, 100.0);
        assert_eq!(found.interval, Interval { lo: Some(60.0), hi: Some(150.0) });
    }
}
