//! Where an interval lies with respect to limits, and how many seeds would tell where it does not.

use reports::stats::{
    CensoredSample, Interval, Observation, Proportion, bootstrap_mean, sample_enclosing,
};

use super::{Answer, answer_of, number, worst};
use crate::expect::Stat;

/// The end of what was found of a rate whose interval straddles a limit.
pub(super) fn rate_would_tell(
    rate: Proportion,
    answer: Answer,
    limits: [Option<f64>; 2],
) -> String {
    let (Answer::Open, Some(share), Some(interval)) = (answer, rate.share(), rate.wilson()) else {
        return String::new();
    };
    would_tell(share, interval, limits, rate.total)
}

/// The end of what was found where an interval of so many runs straddles a limit: about how many
/// would tell, as its width falls with the root of their number. Nothing if it straddles none.
fn would_tell(value: f64, interval: Interval, limits: [Option<f64>; 2], runs: u64) -> String {
    let (Some(lo), Some(hi)) = (interval.lo, interval.hi) else {
        return ": more seeds would tell".to_owned();
    };
    let straddled = limits.into_iter().flatten().filter(|limit| (lo..=hi).contains(limit));
    let factor = straddled.map(|limit| {
        // How far the interval reaches on the side of the limit, in units of how far that is.
        let reach = if limit >= value { hi - value } else { value - lo };
        let factor = reach / (limit - value).abs();
        factor * factor
    });
    let needed = factor.fold(0.0, f64::max) * runs as f64;
    match needed {
        0.0 => String::new(),
        ..LARGEST_HINT => {
            // Two digits: it is a guess.
            let unit = 10_u64.pow((needed as u64).checked_ilog10().unwrap_or(0).saturating_sub(1));
            let seeds = (needed as u64 / unit + 1) * unit;
            format!(": about --seeds 0..{seeds} would tell")
        }
        _ => ": too near the limit to tell".to_owned(),
    }
}

/// More seeds than this are not suggested to anybody.
const LARGEST_HINT: f64 = 1e6;

/// Where an interval lies with respect to limits; `Broken` carries the code of thresholds.
pub(super) fn within(interval: Interval, min: Option<f64>, max: Option<f64>) -> Answer {
    let above = |limit: f64| match interval {
        Interval { lo: Some(lo), .. } if lo >= limit => Answer::Holds,
        Interval { hi: Some(hi), .. } if hi < limit => Answer::Broken(12),
        _ => Answer::Open,
    };
    let below = |limit: f64| match interval {
        Interval { hi: Some(hi), .. } if hi <= limit => Answer::Holds,
        Interval { lo: Some(lo), .. } if lo > limit => Answer::Broken(12),
        _ => Answer::Open,
    };
    let answers = [min.map(above), max.map(below)];
    answer_of(worst(answers.into_iter().flatten().map(Answer::code)))
}

/// What `runs` runs, of which these measured something, say of a statistic and its limits.
pub(super) fn metric(
    observations: &[Observation],
    runs: u64,
    stat: Stat,
    [min, max]: [Option<f64>; 2],
) -> (Answer, String) {
    if observations.is_empty() {
        return (Answer::Open, "no run measured it".to_owned());
    }
    let sample = CensoredSample::new(observations.iter().copied());
    let estimated = |value: f64, interval| match within(interval, min, max) {
        Answer::Open => {
            let told = would_tell(value, interval, [min, max], runs);
            (Answer::Open, number(Some(value)) + &told)
        }
        answer => (answer, number(Some(value))),
    };
    let quantile = |q: f64| match sample.quantile(q) {
        Err(too_few) => {
            let seeds = format!("{too_few}: try --seeds 0..{}", too_few.need);
            (Answer::Open, seeds)
        }
        Ok(Some(value)) => match (sample.quantile_interval(q), sample_enclosing(q)) {
            (interval, need) if sample.len() < need => {
                let answer = within(interval, min, max);
                let open = format!(": its interval has both ends from --seeds 0..{need} on");
                let told = if answer == Answer::Open { &*open } else { "" };
                (answer, number(Some(value)) + told)
            }
            (interval, _) => estimated(value, interval),
        },
        Ok(None) => (within(sample.quantile_interval(q), min, max), number(None)),
    };
    let values: Vec<f64> = observations.iter().map(|observation| observation.value).collect();
    let (ended, watched) = (sample.ended(), sample.watched());
    match stat {
        Stat::P50 => quantile(0.5),
        Stat::P90 => quantile(0.9),
        Stat::P99 => quantile(0.99),
        Stat::Mean if !watched.is_empty() => {
            (Answer::Open, format!("{} of {} censored", watched.len(), values.len()))
        }
        Stat::Mean => bootstrap_mean(&values)
            .map_or((Answer::Open, String::new()), |mean| estimated(mean.value, mean.interval)),
        // The extremes of the runs that were made: no interval, but a censored run only bounds.
        Stat::Max => {
            let lo =
                ended.last().copied().into_iter().chain(watched.last().copied()).reduce(f64::max);
            let hi = ended.last().copied().filter(|_| watched.is_empty());
            (within(Interval { lo, hi }, min, max), number(lo))
        }
        Stat::Min => {
            let hi = ended.first().copied();
            let lo =
                ended.first().copied().into_iter().chain(watched.first().copied()).reduce(f64::min);
            (within(Interval { lo, hi }, min, max), number(lo))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_judged_on_its_interval_and_small_samples_say_nothing() {
        let sample = |count: u32| -> Vec<Observation> {
            let value = |index| Observation { value: f64::from(index), censored: false };
            (1..=count).map(value).collect()
        };
        let below = |count, stat, limit| {
            metric(&sample(count), u64::from(count), stat, [None, Some(limit)]).0
        };
        assert_eq!(below(1_000, Stat::P50, 600.0), Answer::Holds);
        assert_eq!(below(1_000, Stat::P50, 505.0), Answer::Open);
        assert_eq!(below(1_000, Stat::P50, 400.0), Answer::Broken(12));
        assert_eq!(below(100, Stat::P99, 1e9), Answer::Open);
        assert_eq!(below(10, Stat::Max, 10.0), Answer::Holds);
        assert_eq!(below(10, Stat::Max, 9.0), Answer::Broken(12));
        assert_eq!(metric(&[], 9, Stat::Max, [None, Some(1.0)]).0, Answer::Open);
    }

    #[test]
    fn a_censored_run_bounds_and_never_counts_as_its_bound() {
        let mut sample = vec![Observation { value: 1.0, censored: false }; 9];
        sample.push(Observation { value: 5.0, censored: true });
        let below = |limit| metric(&sample, 10, Stat::Max, [None, Some(limit)]).0;
        assert_eq!(below(4.0), Answer::Broken(12), "it took longer than 5");
        assert_eq!(below(6.0), Answer::Open, "nobody knows how much longer");
        assert_eq!(metric(&sample, 10, Stat::Mean, [None, Some(9.0)]).0, Answer::Open);
    }

    #[test]
    fn who_is_not_told_is_told_how_many_seeds_would_tell() {
        let values = (0..100).map(|at| Observation { value: f64::from(at), censored: false });
        let values: Vec<Observation> = values.collect();
        let mean = |limit| metric(&values, 100, Stat::Mean, [None, Some(limit)]);
        // The mean is 49.5 and its interval reaches some 5.6 to either side.
        assert_eq!(mean(60.0), (Answer::Holds, "49.5".to_owned()));
        let (answer, found) = mean(52.3);
        assert_eq!(answer, Answer::Open);
        let seeds = found.strip_prefix("49.5: about --seeds 0..").expect("a hint");
        let seeds: u64 = seeds.split(' ').next().expect("a number").parse().expect("a number");
        assert!(
            (350..=450).contains(&seeds),
            "twice the distance takes four times as many: {found}"
        );
        assert_eq!(mean(49.5).1, "49.5: too near the limit to tell");
        let (answer, found) = metric(&values[..30], 30, Stat::P90, [None, Some(28.0)]);
        assert_eq!(answer, Answer::Open);
        assert_eq!(found, "26: its interval has both ends from --seeds 0..36 on");
        let (_, found) = metric(&values, 100, Stat::P50, [Some(48.0), None]);
        assert!(found.contains(": about --seeds 0.."), "{found}");
    }
}
