//! Counts of values to three digits, in memory that grows with their variety, not their number.
//!
//! A point of a sweep has one per slice of its timeline and one per pooled metric, so they are
//! sparse: where nothing was counted, nothing is stored. A bucket is at most a thousandth of its
//! value wide, and counting is adding, so the order of the runs does not matter.

use super::is_supported;
use super::quantile::rank;
use std::collections::BTreeMap;

/// A sparse histogram of values that are not negative, kept in millionths.
///
/// ```
/// let mut latencies = reports::stats::Histogram::default();
/// for ms in 1..=1_000 {
///     latencies.record(ms * 1_000_000);
/// }
/// let median = latencies.quantile(0.5).expect("a thousand values support a median");
/// assert!((median - 500.0).abs() < 0.5);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: BTreeMap<u64, u64>,
    total: u64,
}

/// Buckets to each power of two.
const FINE: u64 = 1_024;

/// One bucket: `count` values from `from` up to, not including, `to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bucket {
    /// The lower bound, inclusive, in the unit of the values.
    pub from: f64,
    /// The upper bound, exclusive.
    pub to: f64,
    /// How many values, at least 1.
    pub count: u64,
}

impl Histogram {
    /// Counts a value in millionths: nanoseconds, if the unit is the millisecond.
    pub fn record(&mut self, millionths: u64) {
        *self.buckets.entry(index(millionths)).or_default() += 1;
        self.total += 1;
    }

    /// Counts a value; what is below zero counts as zero.
    pub fn record_value(&mut self, value: f64) {
        self.record((value * 1e6 + 0.5) as u64);
    }

    /// How many values were counted.
    pub const fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The nearest-rank quantile of `q`, strictly between 0 and 1, to three digits; `None` if there
    /// are too few values to speak of it (see [`super::sample_needed`]).
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = usize::try_from(self.total).ok()?;
        is_supported(count, q).then(|| self.at(rank(count, q) as u64)).flatten()
    }

    /// The value of this rank, counted from 1; `None` if there are not so many.
    fn at(&self, rank: u64) -> Option<f64> {
        let mut seen = 0;
        self.buckets.iter().find_map(|(&index, &count)| {
            seen += count;
            (seen >= rank).then(|| three_digits(lower(index), lower(index + 1)) as f64 / 1e6)
        })
    }

    /// The index of the bucket of a value in millionths; the greatest value has the greatest index.
    pub const fn index(millionths: u64) -> u64 {
        index(millionths)
    }

    /// The least value of the bucket at `index`, in millionths; `None` if no value has that index.
    pub fn least(index: u64) -> Option<u64> {
        (index <= Self::index(u64::MAX)).then(|| lower(index) as u64)
    }

    /// The buckets that hold something, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.buckets.iter().map(|(&index, &count)| Bucket {
            from: lower(index) as f64 / 1e6,
            to: lower(index + 1) as f64 / 1e6,
            count,
        })
    }
}

/// Values of which some were only watched, in vain, up to where they were counted.
#[derive(Clone, Debug, Default)]
pub struct CensoredHistogram {
    /// Those that ended.
    ended: Histogram,
    /// All, as if those that were watched had ended then.
    all: Histogram,
}

/// The median of values some of which were only watched.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Median {
    /// There are too few of them to tell.
    Unknown,
    /// It is this.
    Is(f64),
    /// It is at least this: how much more depends on what was not seen.
    AtLeast(f64),
}

impl CensoredHistogram {
    /// Counts a value, or how long it was watched in vain.
    pub fn record(&mut self, value: f64, censored: bool) {
        self.all.record_value(value);
        if !censored {
            self.ended.record_value(value);
        }
    }

    /// Whether nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The median over all, ended or not.
    pub fn median(&self) -> Median {
        let Some(earliest) = self.all.quantile(0.5) else { return Median::Unknown };
        let latest = self.ended.at(self.all.len().div_ceil(2));
        if latest == Some(earliest) { Median::Is(earliest) } else { Median::AtLeast(earliest) }
    }
}

/// The index of the bucket of a value: itself below twice `FINE`, and `FINE` buckets to each
/// power of two above.
const fn index(value: u64) -> u64 {
    if value < 2 * FINE {
        return value;
    }
    let shift = (value.ilog2() - FINE.ilog2()) as u64;
    shift * FINE + (value >> shift)
}

/// The least value of a bucket, or the end of the one before it.
const fn lower(bucket: u64) -> u128 {
    if bucket < 2 * FINE {
        return bucket as u128;
    }
    let shift = bucket / FINE - 1;
    ((bucket - shift * FINE) as u128) << shift
}

/// The middle of a bucket, to as many digits as it is sure of: its ends are digits of the buckets,
/// and not of what was counted.
const fn three_digits(from: u128, to: u128) -> u128 {
    let middle = u128::midpoint(from, to - 1);
    if from + 1 == to {
        return middle;
    }
    let unit = 10_u128.pow(middle.ilog10() - 2);
    (middle + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_a_thousandth_wide() {
        let values =
            (0..64).flat_map(|shift| [1_u64 << shift, (1 << shift) + 1, u64::MAX >> shift]);
        for value in values.chain(0..5_000) {
            let index = index(value);
            let (from, to) = (lower(index), lower(index + 1));
            assert!((from..to).contains(&u128::from(value)), "{value}: {from}..{to}");
            assert!(to - from <= 1 + from / u128::from(FINE), "{value}: {from}..{to}");
        }
    }

    #[test]
    fn quantiles_are_right_to_three_digits_or_refused() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|ms| histogram.record(ms * 1_000_000));
        assert!((histogram.quantile(0.5).expect("enough") - 500.0).abs() < 0.5);
        assert!((histogram.quantile(0.99).expect("enough") - 990.0).abs() < 1.0);
        assert_eq!(histogram.quantile(0.9999), None);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn a_median_is_only_told_where_what_was_not_seen_cannot_move_it() {
        let median = |ended: &[f64], watched: &[f64]| {
            let mut histogram = CensoredHistogram::default();
            ended.iter().for_each(|value| histogram.record(*value, false));
            watched.iter().for_each(|value| histogram.record(*value, true));
            histogram.median()
        };
        assert_eq!(median(&[0.001; 4], &[]), Median::Unknown);
        assert_eq!(median(&[0.001; 5], &[]), Median::Is(0.001));
        assert_eq!(median(&[0.001, 0.001, 0.001], &[0.002, 0.002]), Median::Is(0.001));
        // Two ended at 1 and 5; of three nobody knows how long they would have taken beyond 2.
        let open = median(&[0.001, 0.005], &[0.002; 3]);
        assert_eq!(open, Median::AtLeast(0.002));
        assert_eq!(median(&[], &[0.002; 9]), Median::AtLeast(0.002));
    }

    #[test]
    fn what_has_three_digits_keeps_them_and_no_others_come_to_it() {
        for value in (1..1_000).chain((1..100).map(|tens| tens * 100_000)) {
            let mut histogram = Histogram::default();
            (0..5).for_each(|_| histogram.record_value(f64::from(value)));
            assert_eq!(histogram.quantile(0.5), Some(f64::from(value)));
        }
        let mut histogram = Histogram::default();
        (0..5).for_each(|_| histogram.record_value(178.947));
        assert_eq!(histogram.quantile(0.5), Some(179.0));
    }
}
