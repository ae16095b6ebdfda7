//! Durations that had not ended when the watching did.
//!
//! A run without a leader at the horizon did not take "horizon milliseconds": it took longer, and
//! nobody knows how much. So such a run counts in every denominator and never in a numerator, and
//! the curve stops at the share that ended. A quantile is given only where every possible
//! completion of the unfinished runs agrees on it; no distribution is assumed for them.

use super::quantile::{order_statistic_ranks, rank, supported};
use super::{Interval, Proportion, TooFew};

/// One duration: how long it took, or how long it was watched in vain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The duration, or its lower bound when censored; any unit, the same for the whole sample.
    pub value: f64,
    /// Whether the watching ended first.
    pub censored: bool,
}

/// One step of the distribution function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The duration at which the curve rises.
    pub at: f64,
    /// How many had ended by then, of the whole sample.
    pub ended: Proportion,
}

/// A sample with unfinished durations in it, in ascending order.
#[derive(Clone, Debug)]
pub struct CensoredSample {
    ended: Vec<f64>,
    watched: Vec<f64>,
}

impl CensoredSample {
    /// Sorts the observations into those that ended and those that did not.
    pub fn new(observations: impl IntoIterator<Item = Observation>) -> Self {
        let mut ended = Vec::new();
        let mut watched = Vec::new();
        for observation in observations {
            let side = if observation.censored { &mut watched } else { &mut ended };
            side.push(observation.value);
        }
        ended.sort_by(f64::total_cmp);
        watched.sort_by(f64::total_cmp);
        Self { ended, watched }
    }

    /// How many durations there are, finished or not.
    pub fn len(&self) -> usize {
        self.ended.len() + self.watched.len()
    }

    /// Whether there is no duration at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The finished durations, ascending.
    pub fn ended(&self) -> &[f64] {
        &self.ended
    }

    /// For how long the unfinished ones were watched, ascending.
    pub fn watched(&self) -> &[f64] {
        &self.watched
    }

    /// The unfinished share.
    pub fn censored(&self) -> Proportion {
        Proportion { hits: self.watched.len() as u64, total: self.len() as u64 }
    }

    /// The distribution function: one step per distinct finished duration, each counted against
    /// the whole sample. The last step is at 1 − (censored share), which is 1 only when every
    /// duration ended.
    pub fn steps(&self) -> Vec<Step> {
        let total = self.len() as u64;
        let mut steps: Vec<Step> = Vec::new();
        for (index, &at) in self.ended.iter().enumerate() {
            let ended = Proportion { hits: index as u64 + 1, total };
            match steps.last_mut() {
                Some(last) if last.at == at => last.ended = ended,
                _ => steps.push(Step { at, ended }),
            }
        }
        steps
    }

    /// The nearest-rank quantile, where it is identified: `Ok(None)` when it depends on how long
    /// the unfinished durations would have been.
    ///
    /// # Errors
    ///
    /// [`TooFew`] when the sample does not support `q`.
    pub fn quantile(&self, q: f64) -> Result<Option<f64>, TooFew> {
        supported(self.len(), q)?;
        let rank = rank(self.len(), q);
        let latest = self.at_most_late(rank);
        Ok(latest.filter(|&value| value == self.at_least(rank)))
    }

    /// The 95 % order-statistic interval of quantile `q`: from the earliest that the lower order
    /// statistic can be to the latest that the upper one can be. An upper end beyond the watching
    /// is `None`.
    pub fn quantile_interval(&self, q: f64) -> Interval {
        let (lo, hi) = order_statistic_ranks(self.len(), q);
        Interval {
            lo: lo.map(|rank| self.at_least(rank)),
            hi: hi.and_then(|rank| self.at_most_late(rank)),
        }
    }

    /// The order statistic if every unfinished duration took for ever; `None` if it would be one
    /// of those.
    fn at_most_late(&self, rank: usize) -> Option<f64> {
        self.ended.get(rank - 1).copied()
    }

    /// The order statistic if every unfinished duration had ended as its watching did.
    fn at_least(&self, rank: usize) -> f64 {
        let (mut ended, mut watched) =
            (self.ended.iter().peekable(), self.watched.iter().peekable());
        let mut value = f64::NEG_INFINITY;
        for _ in 0..rank {
            let next = match (ended.peek(), watched.peek()) {
                (Some(e), Some(w)) if w < e => watched.next(),
                (Some(_), _) => ended.next(),
                (None, _) => watched.next(),
            };
            value = *next.expect("a rank is at most the size of the sample");
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ended: &[f64], watched: &[f64]) -> CensoredSample {
        let observe = |censored: bool| move |&value: &f64| Observation { value, censored };
        CensoredSample::new(
            ended.iter().map(observe(false)).chain(watched.iter().map(observe(true))),
        )
    }

    #[test]
    fn the_curve_stops_at_the_censored_share_and_never_reaches_one() {
        for unfinished in 1..10 {
            let watched = vec![15.0; unfinished];
            let ended: Vec<f64> = (0..20).map(f64::from).collect();
            let steps = sample(&ended, &watched).steps();
            let last = steps.last().expect("steps").ended;
            assert_eq!(last, Proportion { hits: 20, total: 20 + unfinished as u64 });
            assert!(last.share().expect("a sample") < 1.0);
        }
    }

    #[test]
    fn a_sample_is_empty_without_any_duration_finished_or_not() {
        assert!(sample(&[], &[]).is_empty());
        assert!(!sample(&[1.0], &[]).is_empty() && !sample(&[], &[1.0]).is_empty());
    }

    #[test]
    fn equal_durations_are_one_step() {
        let steps = sample(&[2.0, 1.0, 2.0], &[9.0]).steps();
        let expected = [(1.0, 1), (2.0, 3)];
        assert_eq!(
            steps,
            expected.map(|(at, hits)| Step { at, ended: Proportion { hits, total: 4 } })
        );
    }

    #[test]
    fn a_quantile_below_every_censoring_time_is_identified() {
        let ended: Vec<f64> = (1..=18).map(f64::from).collect();
        let found = sample(&ended, &[30.0, 30.0]);
        assert_eq!(found.quantile(0.5), Ok(Some(10.0)));
        assert_eq!(found.quantile_interval(0.5), Interval { lo: Some(6.0), hi: Some(15.0) });
    }

    #[test]
    fn a_quantile_beyond_the_watching_is_not_identified() {
        let ended: Vec<f64> = (1..=14).map(f64::from).collect();
        let found = sample(&ended, &[30.0; 16]);
        assert_eq!(found.quantile(0.5), Ok(None));
        let interval = found.quantile_interval(0.5);
        assert_eq!(interval.lo, Some(10.0));
        assert_eq!(interval.hi, None);
    }

    #[test]
    fn a_run_watched_too_briefly_makes_the_quantile_unknown_but_bounded() {
        // Watched for 3 of the 10: it may belong on either side of the median.
        let ended: Vec<f64> = (1..=19).map(f64::from).collect();
        let found = sample(&ended, &[3.5]);
        assert_eq!(found.quantile(0.5), Ok(None));
        assert_eq!(found.quantile_interval(0.5), Interval { lo: Some(5.0), hi: Some(15.0) });
    }

    #[test]
    fn quantiles_of_small_samples_are_refused() {
        assert_eq!(sample(&[1.0, 2.0], &[3.0]).quantile(0.5), Err(TooFew { have: 3, need: 5 }));
    }
}
