//! Operations: how many were asked for and answered, and how long each waited.

use super::timeline::Timeline;
use crate::outcome::Measure;
use crate::time::{Duration, Time};

/// The sample below which a 99th percentile is not given: 0.99ⁿ ≤ 5 % from here on.
const P99_LEAST: usize = 299;

/// What became of the operations of a run so far.
#[derive(Default)]
pub(super) struct Operations {
    pub(super) started: u64,
    pub(super) refused: u64,
    refused_waits: Duration,
    /// Intended start and latency of those that were answered as done.
    pub(super) latencies: Vec<(Time, Duration)>,
    pub(super) first_answer: Option<Time>,
    last_answer: Option<Time>,
    /// Since when something has waited without any answer.
    gap_since: Option<Time>,
    gap_longest: Duration,
}

impl Operations {
    pub(super) fn asked(&mut self, now: Time) {
        self.started += 1;
        self.gap_since.get_or_insert(now);
    }

    /// An operation that was meant to start at `started` is settled; `waiting` others are not.
    pub(super) fn settled(&mut self, now: Time, started: Time, done: bool, waiting: u32) {
        if !done {
            self.refused += 1;
            self.refused_waits = self.refused_waits + now.since(started);
            if waiting == 0 {
                self.gap_since = None;
            }
            return;
        }
        self.latencies.push((started, now.since(started)));
        self.first_answer.get_or_insert(now);
        self.last_answer = Some(now);
        if let Some(since) = self.gap_since {
            self.gap_longest = self.gap_longest.max(now.since(since));
        }
        self.gap_since = (waiting > 0).then_some(now);
    }

    /// Draws up how long everybody waited, and enters it into the timeline. `open` are the starts
    /// of the operations that were not answered as done, with whether they still wait.
    pub(super) fn waits(
        &self,
        end: Time,
        patience: Duration,
        open: impl Iterator<Item = (Time, bool)>,
        timeline: &mut Timeline,
    ) -> Waits {
        let due = |started: Time| started.checked_add(patience).is_some_and(|due| due <= end);
        let mut answered: Vec<Duration> =
            self.latencies.iter().map(|(_, latency)| *latency).collect();
        answered.sort_unstable();
        let total = answered.iter().fold(Duration::ZERO, |sum, latency| sum + *latency);
        let mut waits = Waits { answered, total, ..Waits::default() };
        for (started, is_waiting) in open {
            timeline.bucket(started).due += u32::from(due(started));
            if is_waiting {
                let wait = end.since(started);
                waits.pending += 1;
                waits.pending_total = waits.pending_total + wait;
                waits.longest = waits.longest.max(wait);
                if due(started) {
                    waits.lost += 1;
                    waits.lost_total = waits.lost_total + wait;
                }
            }
        }
        for (started, latency) in &self.latencies {
            let bucket = timeline.bucket(*started);
            bucket.due += u32::from(due(*started));
            bucket.ok += u32::from(due(*started) && *latency <= patience);
        }
        waits
    }

    /// How many operations waited, averaged over time. Every operation waits from its start to its
    /// answer or to the end, so that is the sum of all waits by the time watched.
    pub(super) fn mean_waiting(&self, waits: &Waits, end: Time) -> Measure {
        if end == Time::ZERO {
            return Measure::None;
        }
        let waited = waits.total + waits.pending_total + self.refused_waits;
        Measure::Value(waited.as_nanos() as f64 / end.as_nanos() as f64)
    }

    /// The time until the last answer; not over while somebody waits.
    pub(super) fn last_answer(&self, waits: &Waits, end: Time) -> Measure {
        match self.last_answer {
            Some(at) if waits.pending == 0 => Measure::Value(at.as_millis_f64()),
            _ if self.started > 0 => Measure::Censored(end.as_millis_f64()),
            _ => Measure::None,
        }
    }

    /// The longest time without an answer while something waited.
    pub(super) fn longest_gap(&self, waits: &Waits, end: Time) -> Measure {
        let open = self.gap_since.map_or(Duration::ZERO, |since| end.since(since));
        match (self.started > 0, open > self.gap_longest && waits.pending > 0) {
            (false, _) => Measure::None,
            (true, true) => Measure::Censored(open.as_millis_f64()),
            (true, false) => Measure::Value(self.gap_longest.as_millis_f64()),
        }
    }
}

/// How long the operations of a run waited.
#[derive(Default)]
pub(super) struct Waits {
    /// Of those that were answered as done, the shortest first.
    answered: Vec<Duration>,
    /// The sum of these.
    total: Duration,
    /// How many still wait.
    pub(super) pending: u64,
    pending_total: Duration,
    /// The longest of their waits so far.
    longest: Duration,
    /// Those among them whose client lost patience; a younger one says nothing about the others.
    lost: usize,
    lost_total: Duration,
}

impl Waits {
    /// The mean latency; a lower bound, if some were lost.
    pub(super) fn mean(&self) -> Measure {
        let answered = self.answered.len();
        match (answered + self.lost, self.lost) {
            (0, _) => Measure::None,
            (_, 0) => Measure::Value(self.total.as_millis_f64() / answered as f64),
            (all, _) => {
                Measure::Censored((self.total + self.lost_total).as_millis_f64() / all as f64)
            }
        }
    }

    pub(super) fn median(&self) -> Measure {
        self.rank(50, 1)
    }

    pub(super) fn p99(&self) -> Measure {
        self.rank(99, P99_LEAST)
    }

    pub(super) fn max(&self) -> Measure {
        self.rank(100, 1)
    }

    /// Nearest rank among the answered and the lost, who are slower than all answered. What the
    /// sample cannot support is not given.
    fn rank(&self, percent: usize, least: usize) -> Measure {
        let all = self.answered.len() + self.lost;
        let rank = (all * percent).div_ceil(100);
        match self.answered.get(rank.wrapping_sub(1)) {
            _ if all < least => Measure::None,
            Some(latency) => Measure::Value(latency.as_millis_f64()),
            None => Measure::Censored(self.longest.as_millis_f64()),
        }
    }
}
