//! Bursts: good and bad periods of a link, as a pure function of key, link and time.

use crate::latency::Latency;
use crate::rng::{Key, Ratio};
use crate::time::{Duration, Time};
use crate::weather::Weather;

/// When a link is bad.
///
/// Troubles come as a Poisson process, each lasts the same time, and the link is bad while any
/// lasts: the busy periods of a queue M/D/∞. With troubles at rate λ of length L the link is bad
/// for the share 1 − e^(−λL) of the time, its good periods are exponential with mean 1/λ, and its
/// bad ones last (e^(λL) − 1)/λ on average (Takács 1962). λ and L follow from the share and the
/// mean that are asked for. Unlike those of a chain that is walked, its states need no past beyond
/// L: the troubles of a window of length L are drawn from its number.
#[derive(Clone, Debug)]
pub(super) struct Bursts {
    /// From trouble to trouble: exponential.
    gap: Latency,
    /// How long one lasts, in nanoseconds; also the length of a window.
    length: u64,
}

impl Bursts {
    /// The bursts of a weather that comes in bursts.
    pub(super) fn of(weather: &Weather) -> Option<Self> {
        match weather {
            Weather::BurstLoss { share, mean } => Some(Self::new(*share, *mean)),
            _ => None,
        }
    }

    fn new(share: Ratio, mean: Duration) -> Self {
        let share = share.as_f64();
        let gap = mean.as_nanos() as f64 * (1.0 - share) / share;
        let length = gap * -libm::log1p(-share);
        let mean = Duration::from_nanos_f64(gap);
        let gap = Latency::Exponential { mean, min: Duration::ZERO };
        Self { gap, length: (length as u64).max(1) }
    }

    /// Whether the link is bad.
    pub(super) fn is_bad(&self, key: Key, place: u64, now: Time) -> bool {
        let (window, offset) = (now.as_nanos() / self.length, now.as_nanos() % self.length);
        // A trouble lasts as long as a window: it counts if it began at or before this moment in
        // this window, or after it in the window before. The first has one before it, too.
        self.starts(key, place, window + 1).next().is_some_and(|start| start <= offset)
            || self.starts(key, place, window).any(|start| start > offset)
    }

    /// When troubles begin in a window, from its start.
    fn starts(&self, key: Key, place: u64, window: u64) -> impl Iterator<Item = u64> {
        let gap = move |count: u64| self.gap.sample(key.at(place, window, count)).as_nanos();
        let starts = (0..).scan(0_u64, move |at, count| {
            *at = at.saturating_add(gap(count));
            Some(*at)
        });
        starts.take_while(|start| *start < self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, Streams};

    /// Whether a link is bad at equal steps of this length.
    fn watch(share: Ratio, mean: Duration, place: u64, step: u64, steps: u64) -> Vec<bool> {
        let bursts = Bursts::new(share, mean);
        let key = Streams::new(5).key(Stream::Weather);
        (0..steps).map(|at| bursts.is_bad(key, place, Time::from_nanos(at * step))).collect()
    }

    #[test]
    fn bad_periods_have_the_share_and_the_mean_length_that_were_asked_for() {
        for (percent, mean) in [(2, 20), (10, 5), (50, 10), (90, 40)] {
            let (asked, steps) = (percent as f64 / 100.0, 4_000_000);
            // Fine enough to see nearly every period, good or bad.
            let step = (mean as f64 * 1e6 * ((1.0 - asked) / asked).min(1.0) / 80.0) as u64;
            let length = Duration::from_millis(mean);
            let watched = watch(Ratio::new(percent, 100), length, 7, step, steps);
            let bad = watched.iter().filter(|bad| **bad).count() as f64;
            let begun = watched.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
            let (share, length) = (bad / steps as f64, bad / begun * step as f64 / 1e6);
            // Some 5 standard deviations of a mean over so many periods, and what the steps hide.
            let slack = 5.0 / begun.sqrt() + 0.013;
            assert!(begun > 900.0, "{begun} periods are too few");
            assert!((share / asked - 1.0).abs() < slack, "{percent} %: {share}");
            assert!((length / mean as f64 - 1.0).abs() < slack, "{mean} ms: {length} ms");
        }
    }

    #[test]
    fn good_periods_are_exponential() {
        let watched = watch(Ratio::new(1, 2), Duration::from_millis(10), 3, 50_000, 4_000_000);
        let runs = watched.chunk_by(|one, other| one == other).filter(|run| !run[0]);
        let lengths: Vec<usize> = runs.map(<[bool]>::len).collect();
        let longer = |steps: usize| {
            lengths.iter().filter(|length| **length > steps).count() as f64 / lengths.len() as f64
        };
        // The mean good period is 10 ms, which is 200 steps.
        for steps in [100, 200, 400, 800] {
            let expected = libm::exp(-(steps as f64) / 200.0);
            let slack = 5.0 * (expected / lengths.len() as f64).sqrt() + 0.003;
            assert!((longer(steps) - expected).abs() < slack, "{steps}: {}", longer(steps));
        }
    }

    #[test]
    fn a_trouble_is_over_to_the_nanosecond() {
        let bursts = Bursts::new(Ratio::new(1, 100), Duration::from_millis(1));
        let key = Streams::new(5).key(Stream::Weather);
        // One after a window without any and before another, so that nothing else is in its way.
        let alone = |window: &u64| {
            let count = |window| bursts.starts(key, 0, window).count();
            [0, 1, 0] == [count(window - 1), count(*window), count(window + 1)]
        };
        let window = (2..1_000).find(alone).expect("one in a hundred windows has a trouble");
        let start = bursts.starts(key, 0, window).next().expect("one begins in this window");
        // The first window is the one before the run.
        let begins = (window - 1) * bursts.length + start;
        let is_bad = |nanos| bursts.is_bad(key, 0, Time::from_nanos(nanos));
        assert!(!is_bad(begins - 1) && is_bad(begins));
        assert!(is_bad(begins + bursts.length - 1) && !is_bad(begins + bursts.length));
    }

    #[test]
    fn links_are_bad_independently_of_each_other() {
        let bad =
            |place| watch(Ratio::new(1, 2), Duration::from_millis(5), place, 500_000, 400_000);
        let (one, other) = (bad(1 << 32 | 2), bad(2 << 32 | 1));
        let both = one.iter().zip(&other).filter(|(one, other)| **one && **other).count();
        let share = both as f64 / one.len() as f64;
        assert!((share - 0.25).abs() < 0.01, "both bad for {share}");
    }
}
