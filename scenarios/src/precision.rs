//! When a sweep knows enough: a statistic whose interval is narrow at every point.
//!
//! It is looked at after whole blocks of seeds, which follow from the plan alone, so where a sweep
//! stops depends on no thread. The looks grow rarer as the sample grows. Because of them a plain
//! 95 % interval is somewhat too narrow (Law and Kelton, "Simulation Modeling and Analysis", on
//! sequential procedures), so results say that stopping was adaptive.

use std::fmt;
use std::str::FromStr;

use reports::stats::{CensoredSample, Interval, bootstrap_mean};
use sim_core::outcome::Metric;

use crate::diagnostic::{clean, did_you_mean};
use crate::expect::Stat;
use crate::fold::Fold;
use crate::registry;

/// How precisely which statistic of which metric is to be known.
#[derive(Clone, PartialEq, Debug)]
pub struct Precision {
    /// The metric.
    pub metric: &'static Metric,
    stat: Stat,
    /// Half the interval over the estimate, in per cent.
    percent: f64,
}

/// Seeds between two looks, at least.
const BLOCK: u64 = 100;

/// The statistics that have intervals.
const STATS: [Stat; 4] = [Stat::P50, Stat::P90, Stat::P99, Stat::Mean];

impl Precision {
    /// Whether a point is known well enough.
    pub fn is_reached(&self, fold: &Fold) -> bool {
        let observations = fold.samples.get(self.metric.name).map_or(&[][..], Vec::as_slice);
        let sample = CensoredSample::new(observations.iter().copied());
        let quantile = |q| Some((sample.quantile(q).ok()??, sample.quantile_interval(q)));
        let found = match self.stat {
            Stat::P50 => quantile(0.5),
            Stat::P90 => quantile(0.9),
            Stat::P99 => quantile(0.99),
            _ if !sample.watched().is_empty() => None,
            _ => {
                let values: Vec<f64> =
                    observations.iter().map(|observation| observation.value).collect();
                bootstrap_mean(&values).map(|mean| (mean.value, mean.interval))
            }
        };
        let Some((value, Interval { lo: Some(lo), hi: Some(hi) })) = found else {
            return false;
        };
        (hi - lo) / 2.0 <= value.abs() * self.percent / 100.0
    }

    /// After how many seeds to look, for the first time after `seeds` of at most `most`.
    pub fn next_look(seeds: u64, most: u64) -> u64 {
        let grown = seeds + (seeds / 4).max(BLOCK);
        grown.next_multiple_of(BLOCK).min(most)
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [metric, stat, percent] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err("write metric:stat:precision, as in unavailable_ms:p99:±5%".into());
        };
        let known = registry::metrics().into_iter().map(|(metric, _)| metric).collect::<Vec<_>>();
        let found = known.iter().find(|known| known.name == metric).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|known| known.name).collect();
            format!("there is no metric `{}`{}", clean(metric), did_you_mean(metric, &names))
        })?;
        let known = STATS.into_iter().find(|known| known.word() == stat);
        let stat = known.ok_or("the statistics with intervals are p50, p90, p99 and mean")?;
        let number = percent.trim_start_matches("+-").trim_start_matches('±').strip_suffix('%');
        let percent = number.and_then(|number| number.parse().ok());
        let percent = percent.filter(|percent| (0.01..=100.0).contains(percent));
        let percent = percent.ok_or("write how precisely, from ±0.01% to ±100%, as in ±5%")?;
        Ok(Self { metric: found, stat, percent })
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.metric.name;
        write!(f, "{metric}:{}:±{}%", self.stat.word(), self.percent)
    }
}

#[cfg(test)]
mod tests {
    use reports::stats::Observation;
    use sim_core::setup::Setup;
    use sim_core::time::Duration;

    use super::*;

    #[test]
    fn a_precision_is_read_as_it_is_written() {
        for text in ["unavailable_ms:p99:±5%", "msgs_count:mean:±0.5%"] {
            let precision: Precision = text.parse().expect(text);
            assert_eq!(precision.to_string(), text);
            assert_eq!(text.replace('±', "").parse(), Ok(precision.clone()));
            assert_eq!(text.replace('±', "+-").parse(), Ok(precision));
        }
        for (text, says) in [
            ("unavailable_ms", "write"),
            ("unavailable:p99:5%", "did you mean `unavailable_ms`"),
            ("unavailable_ms:max:5%", "p50, p90"),
            ("unavailable_ms:p99:0%", "±0.01%"),
            ("unavailable_ms:p99:nan%", "±0.01%"),
            ("unavailable_ms:p99:5", "±0.01%"),
        ] {
            let error = text.parse::<Precision>().expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn looks_come_after_whole_blocks_and_grow_rarer() {
        let mut looks = vec![0];
        while looks.last() != Some(&1_234) {
            looks.push(Precision::next_look(looks[looks.len() - 1], 1_234));
        }
        assert_eq!(looks, [0, 100, 200, 300, 400, 500, 700, 900, 1_200, 1_234]);
    }

    #[test]
    fn a_sample_is_precise_when_its_interval_is_narrow_and_located() {
        let precision: Precision = "unavailable_ms:p50:±5%".parse().expect("a precision");
        let reached = |values: &mut dyn Iterator<Item = Observation>| {
            let setup = Setup::new(3, Duration::from_secs(1));
            let mut fold = Fold::new(&setup, &[], [precision.metric.name]);
            fold.samples.insert(precision.metric.name, values.collect());
            precision.is_reached(&fold)
        };
        let spread = |count: u32| {
            (0..count).map(move |index| Observation {
                value: 100.0 + f64::from(index) * 100.0 / f64::from(count),
                censored: false,
            })
        };
        assert!(!reached(&mut spread(4)), "too few");
        assert!(!reached(&mut spread(40)), "the interval is about a third of its values");
        assert!(reached(&mut spread(1_000)));
        let mut half = spread(1_000)
            .map(|seen| Observation { censored: seen.value > 140.0, value: seen.value });
        assert!(!reached(&mut half), "the median is beyond what was watched");
    }
}
