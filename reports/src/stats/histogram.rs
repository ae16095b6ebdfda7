//! Latencies of many operations, pooled in bounded memory.
//!
//! A sweep answers millions of operations; keeping each would cost more than running them. A
//! high-dynamic-range histogram keeps three significant digits at any scale, and merging is adding
//! counts, so shards and threads may be folded in any order with the same result.

use super::{TooFew, quantile};
use crate::cell::{CsvText, number_cell, text_cell};

/// The header line of `hist.csv`, without the line end.
pub const HIST_HEADER: &str = "point_id,metric,ge_ms,lt_ms,count";

/// One non-empty bucket: `count` values in `ge_ms <= value < lt_ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The lower bound in milliseconds, inclusive.
    pub ge_ms: f64,
    /// The upper bound in milliseconds, exclusive.
    pub lt_ms: f64,
    /// How many values, at least 1.
    pub count: u64,
}

/// The largest value that the buckets reach, in nanoseconds: 146 years.
const CEILING: u64 = (i64::MAX / 2) as u64;

/// A pooled histogram of durations in nanoseconds, to three significant digits.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: hdrhistogram::Histogram<u64>,
}

impl Default for Histogram {
    fn default() -> Self {
        let counts = hdrhistogram::Histogram::new(3).expect("three digits are within its limits");
        Self { counts }
    }
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one duration, in nanoseconds. More than 146 years count as 146 years.
    pub fn record(&mut self, ns: u64) {
        self.counts.record(ns.min(CEILING)).expect("it grows to hold anything up to the ceiling");
    }

    /// Adds another histogram's counts to this one's.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("a growing histogram takes any other");
    }

    /// How many durations were recorded.
    pub fn len(&self) -> u64 {
        self.counts.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The nearest-rank quantile in milliseconds, to three significant digits.
    ///
    /// # Errors
    ///
    /// [`TooFew`] when the sample does not support `q` (see [`super::sample_needed`]).
    pub fn quantile_ms(&self, q: f64) -> Result<f64, TooFew> {
        let have = usize::try_from(self.len()).unwrap_or(usize::MAX);
        let need = quantile::sample_needed(q);
        if have < need {
            return Err(TooFew { have, need });
        }
        let rank = quantile::rank(have, q) as u64;
        let mut seen = 0;
        for bucket in self.buckets() {
            seen += bucket.count;
            if seen >= rank {
                return Ok(bucket.ge_ms);
            }
        }
        unreachable!("the counts of all buckets add up to the length")
    }

    /// The non-empty buckets, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.counts.iter_recorded().map(|bucket| {
            let value = bucket.value_iterated_to();
            Bucket {
                ge_ms: milliseconds(self.counts.lowest_equivalent(value)),
                lt_ms: milliseconds(self.counts.next_non_equivalent(value)),
                count: bucket.count_since_last_iteration(),
            }
        })
    }

    /// The rows of `hist.csv` for one point and metric, each with its line end; see
    /// [`HIST_HEADER`] for the columns.
    pub fn to_csv(&self, point_id: &str, metric: &str) -> String {
        let header: Vec<&str> = HIST_HEADER.split(',').collect();
        let mut csv = CsvText::new(&header);
        for bucket in self.buckets() {
            csv.row(&[
                text_cell(point_id).into_owned(),
                text_cell(metric).into_owned(),
                number_cell(Some(bucket.ge_ms)),
                number_cell(Some(bucket.lt_ms)),
                bucket.count.to_string(),
            ]);
        }
        csv.finish().split_off(HIST_HEADER.len() + 1)
    }
}

fn milliseconds(ns: u64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        for ns in values {
            histogram.record(ns);
        }
        histogram
    }

    #[test]
    fn buckets_are_at_most_a_thousandth_wide_and_hold_every_value() {
        let values: Vec<u64> = (0..5000).map(|i| 1_000_000 + i * i * 4_001).collect();
        let histogram = filled(values.iter().copied());
        let mut total = 0;
        for bucket in histogram.buckets() {
            assert!(bucket.lt_ms - bucket.ge_ms <= bucket.ge_ms / 1000.0 + 1e-9, "{bucket:?}");
            let inside = |&&ns: &&u64| {
                let ms = ns as f64 / 1e6;
                bucket.ge_ms <= ms && ms < bucket.lt_ms
            };
            assert_eq!(values.iter().filter(inside).count() as u64, bucket.count, "{bucket:?}");
            total += bucket.count;
        }
        assert_eq!(total, 5000);
    }

    #[test]
    fn merging_in_any_order_gives_the_same_rows() {
        let parts: Vec<Histogram> = (0..3)
            .map(|p| filled((0..400).map(|i| (i * i * (p * 977 + 1)) % 90_000_000)))
            .collect();
        let merged = |order: [usize; 3]| {
            let mut all = Histogram::new();
            order.iter().for_each(|&i| all.merge(&parts[i]));
            all.to_csv("p0", "decide_ms")
        };
        assert_eq!(merged([0, 1, 2]), merged([2, 0, 1]));
    }

    #[test]
    fn rows_are_as_the_contract_says() {
        let rows = filled([0, 1_500_000, 1_500_400, 2_000_000_000]).to_csv("p0", "decide_ms");
        expect_test::expect![[r#"
            p0,decide_ms,0,0.000001,1
            p0,decide_ms,1.499136,1.50016,1
            p0,decide_ms,1.50016,1.501184,1
            p0,decide_ms,1999.634432,2000.683008,1
        "#]]
        .assert_eq(&rows);
    }

    #[test]
    fn quantiles_are_right_to_three_digits_or_refused() {
        let histogram = filled((1..=1000).map(|ms| ms * 1_000_000));
        assert!((histogram.quantile_ms(0.5).expect("enough") - 500.0).abs() < 0.5);
        assert!((histogram.quantile_ms(0.99).expect("enough") - 990.0).abs() < 1.0);
        assert_eq!(histogram.quantile_ms(0.999), Err(TooFew { have: 1000, need: 2995 }));
    }

    #[test]
    fn the_longest_duration_is_counted_and_not_lost() {
        assert_eq!(filled([u64::MAX, 1]).len(), 2);
    }
}
