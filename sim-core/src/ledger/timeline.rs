//! The timeline of availability: equal slices of the horizon, and what fell into each.

use crate::outcome::{Bucket, Outcome};
use crate::time::{Duration, Time};

/// The slices of a run.
pub(super) struct Timeline {
    /// How long a slice lasts.
    slice: Duration,
    pub(super) buckets: Vec<Bucket>,
}

impl Timeline {
    pub(super) fn new(horizon: Duration) -> Self {
        let slices = Outcome::BUCKETS as u64;
        Self {
            slice: Duration::from_nanos(horizon.as_nanos().div_ceil(slices).max(1)),
            buckets: vec![Bucket::default(); Outcome::BUCKETS],
        }
    }

    /// The slice in which something happened; the last takes what comes after it.
    pub(super) fn bucket(&mut self, at: Time) -> &mut Bucket {
        let index = (at.as_nanos() / self.slice.as_nanos()) as usize;
        let last = self.buckets.len() - 1;
        &mut self.buckets[index.min(last)]
    }

    /// Some leader was up from one time to another.
    pub(super) fn led(&mut self, mut from: Time, to: Time) {
        while from < to {
            let slice = self.slice;
            let index = from.as_nanos() / slice.as_nanos();
            let end = Time::from_nanos((index + 1) * slice.as_nanos()).min(to);
            let bucket = self.bucket(from);
            bucket.led = bucket.led + end.since(from);
            from = end;
        }
    }
}
