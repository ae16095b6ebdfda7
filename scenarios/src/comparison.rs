//! Two sides on the same seeds: what their runs measured, and how far apart it is.
//!
//! A time that was watched in vain is no time: a pair with such a side is left out of the
//! difference and counted, and where one side ended less often than the other, what is left speaks
//! of its easier runs, so nothing is called better for it.

use std::collections::BTreeMap;

use reports::stats::{
    Compared, Difference, Interval, Observation, TooFew, holm, paired_difference,
};

use crate::expect::Stat;

/// One side of a comparison.
#[derive(Debug)]
pub struct Side {
    /// What people call it.
    pub label: String,
    /// The names of the metrics.
    pub metrics: Vec<String>,
    /// Its points, by what was swept; a side without a sweep has one.
    pub points: Vec<(String, Runs)>,
}

/// The runs of one point, by seed.
pub type Runs = BTreeMap<u64, Run>;

/// What one run showed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The word for its verdict.
    pub verdict: &'static str,
    /// The metrics, in the order of the side's; `None` where there was nothing to measure.
    pub values: Vec<Option<Observation>>,
}

/// The pairs of one metric.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// Both sides, where both ended.
    pub values: Vec<(f64, f64)>,
    /// Seeds that only the first side watched in vain.
    pub censored_base: u64,
    /// Seeds that only the second side watched in vain.
    pub censored_other: u64,
    /// Seeds that both watched in vain.
    pub censored_both: u64,
}

impl Pairs {
    /// The pairs of a metric over all seeds that both sides ran.
    pub fn of(base: (&Side, &Runs), other: (&Side, &Runs), metric: &str) -> Self {
        let column = |side: &Side| side.metrics.iter().position(|name| name == metric);
        let (first, second) = (column(base.0), column(other.0));
        let mut pairs = Self::default();
        for (seed, run) in base.1 {
            let Some(twin) = other.1.get(seed) else { continue };
            let one = first.and_then(|column| run.values[column]);
            let two = second.and_then(|column| twin.values[column]);
            // A seed at which a side had nothing to measure is no pair.
            let (Some(one), Some(two)) = (one, two) else { continue };
            match (one.censored, two.censored) {
                (false, false) => pairs.values.push((one.value, two.value)),
                (true, false) => pairs.censored_base += 1,
                (false, true) => pairs.censored_other += 1,
                (true, true) => pairs.censored_both += 1,
            }
        }
        pairs
    }

    /// How many pairs are left out because a side did not end.
    pub const fn censored(&self) -> u64 {
        self.censored_base + self.censored_other + self.censored_both
    }
}

/// What a difference means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// The second side is better.
    Better,
    /// The second side is worse.
    Worse,
    /// They differ, and neither way is better.
    Different,
    /// The interval covers 0, or Holm's correction leaves too little evidence.
    Same,
    /// The pairs do not tell.
    Open,
}

impl Meaning {
    /// The mark that tables use.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Better => "✓",
            Self::Worse => "✗",
            Self::Different => "≠",
            Self::Same => "=",
            Self::Open => "?",
        }
    }

    /// The word that machines read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Different => "different",
            Self::Same => "not distinguishable",
            Self::Open => "inconclusive",
        }
    }
}

/// One metric of one side against the first side, at one point.
#[derive(Debug)]
pub struct Row {
    /// What was swept there; empty without a sweep.
    pub point: String,
    /// The first side.
    pub base: String,
    /// The side that is compared with it.
    pub other: String,
    /// The metric.
    pub metric: String,
    /// The statistic.
    pub stat: Stat,
    /// The pairs that it is about.
    pub pairs: Pairs,
    /// The difference, or why there is none.
    pub found: Result<Difference, TooFew>,
    /// Its p-value after Holm's correction over all rows.
    pub corrected: Option<f64>,
    /// What it means.
    pub meaning: Meaning,
}

/// Compares every other side with the first, at each point, in each metric.
pub fn rows(sides: &[Side], metrics: &[(String, Stat)]) -> Vec<Row> {
    let Some((base, others)) = sides.split_first() else { return Vec::new() };
    let mut rows = Vec::new();
    for (at, (point, runs)) in base.points.iter().enumerate() {
        for other in others {
            for (metric, stat) in metrics {
                let pairs = Pairs::of((base, runs), (other, &other.points[at].1), metric);
                if pairs.values.is_empty() && pairs.censored() == 0 {
                    continue;
                }
                let found = compared(*stat).map_or(Err(TooFew { have: 0, need: 0 }), |what| {
                    paired_difference(&pairs.values, what)
                });
                rows.push(Row {
                    point: point.clone(),
                    base: base.label.clone(),
                    other: other.label.clone(),
                    metric: metric.clone(),
                    stat: *stat,
                    pairs,
                    found,
                    corrected: None,
                    meaning: Meaning::Open,
                });
            }
        }
    }
    correct(&mut rows);
    rows
}

/// The statistic as it is compared; the extremes of a sample cannot be resampled.
pub const fn compared(stat: Stat) -> Option<Compared> {
    match stat {
        Stat::Mean => Some(Compared::Mean),
        Stat::P50 => Some(Compared::Quantile(0.5)),
        Stat::P90 => Some(Compared::Quantile(0.9)),
        Stat::P99 => Some(Compared::Quantile(0.99)),
        Stat::Min | Stat::Max => None,
    }
}

/// Corrects the p-values over all rows that have one, and says what each row means.
fn correct(rows: &mut [Row]) {
    let p_values: Vec<f64> =
        rows.iter().filter_map(|row| row.found.as_ref().ok().map(|found| found.p)).collect();
    let mut corrected = holm(&p_values).into_iter();
    for row in rows {
        if let Ok(found) = &row.found {
            row.corrected = corrected.next();
            row.meaning = meaning(row, found);
        }
    }
}

fn meaning(row: &Row, found: &Difference) -> Meaning {
    let risk = 1.0 - reports::stats::LEVEL;
    let rises = match found.absolute.1 {
        Interval { lo: Some(lo), .. } if lo > 0.0 => true,
        Interval { hi: Some(hi), .. } if hi < 0.0 => false,
        _ => return Meaning::Same,
    };
    if row.corrected.is_none_or(|p| p > risk) {
        return Meaning::Same;
    }
    let meaning = match more_is_better(&row.metric) {
        None => return Meaning::Different,
        Some(better) if better == rises => Meaning::Better,
        Some(_) => Meaning::Worse,
    };
    let (base, other) = (row.pairs.censored_base, row.pairs.censored_other);
    match meaning {
        Meaning::Better if other > base => Meaning::Open,
        Meaning::Worse if base > other => Meaning::Open,
        meaning => meaning,
    }
}

/// Whether more of a metric is better; `None` where neither way is.
fn more_is_better(metric: &str) -> Option<bool> {
    const MORE: [&str; 2] = ["ops_ok_count", "decided_nodes_count"];
    const LESS: [&str; 10] = [
        "ops_refused_count",
        "ops_pending_count",
        "retries_count",
        "waiting_mean_count",
        "elections_count",
        "undecided_nodes_count",
        "msgs_count",
        "msgs_per_op_ratio",
        "tokens_count",
        "syncs_count",
    ];
    if MORE.contains(&metric) {
        return Some(true);
    }
    // Waiting and traffic cost, whatever they are for: the unit tells.
    let is_cost = metric.ends_with("_ms")
        || metric.ends_with("_bytes")
        || metric.starts_with("bytes_")
        || LESS.contains(&metric);
    is_cost.then_some(false)
}

/// A limit on how much worse a metric may get: `metric:stat:limit`.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    /// The metric.
    pub metric: String,
    /// The statistic.
    pub stat: Stat,
    /// As it was written.
    pub written: String,
    limit: f64,
    relative: bool,
}

impl Threshold {
    /// Reads `unavailable_ms:p99:+5%`, `failover_ms:mean:+20ms` or `ops_ok_count:mean:-3`: the
    /// sign says which way is worse.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let shape = "write metric:stat:limit, as in unavailable_ms:p99:+5%";
        let mut parts = text.splitn(3, ':');
        let (Some(metric), Some(stat), Some(limit)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("`{text}` is no threshold: {shape}"));
        };
        let stat = stat_of(stat)?;
        let plain = limit.strip_prefix(['+', '-']).unwrap_or(limit);
        let (amount, relative) = match plain.strip_suffix('%') {
            Some(share) => (share.trim().parse::<f64>().ok().map(|share| share / 100.0), true),
            None if metric.ends_with("_ms") => {
                let time = plain.parse::<sim_core::time::Duration>().ok();
                (time.map(sim_core::time::Duration::as_millis_f64), false)
            }
            None => (plain.parse::<f64>().ok(), false),
        };
        let amount = amount.filter(|amount| amount.is_finite() && *amount >= 0.0);
        let amount =
            amount.ok_or_else(|| format!("`{limit}` is no limit: write +5%, -5%, +20ms or +3"))?;
        let limit = if limit.starts_with('-') { -amount } else { amount };
        let (metric, written) = (metric.to_owned(), text.to_owned());
        Ok(Self { metric, stat, written, limit, relative })
    }

    /// What a comparison says of it: 12 if the whole interval lies beyond the limit, 20 if that
    /// cannot be told, else 0.
    pub fn code(&self, row: &Row) -> u8 {
        // The sign alone: -0 has one, too.
        let falls = self.limit.is_sign_negative();
        let interval = row.found.as_ref().ok().and_then(|found| {
            if self.relative {
                found.relative.map(|relative| relative.1)
            } else {
                Some(found.absolute.1)
            }
        });
        let beyond = match interval {
            Some(Interval { hi: Some(hi), .. }) if falls => hi < self.limit,
            Some(Interval { lo: Some(lo), .. }) if !falls => lo > self.limit,
            _ => return 20,
        };
        match beyond {
            true => 12,
            // Its times look no worse, but more of them never ended.
            false if row.pairs.censored_other > row.pairs.censored_base => 20,
            false => 0,
        }
    }
}

/// A statistic that can be compared, by its name.
///
/// # Errors
/// That it is none.
pub fn stat_of(word: &str) -> Result<Stat, String> {
    let all = [Stat::Mean, Stat::P50, Stat::P90, Stat::P99];
    all.into_iter().find(|stat| stat.word() == word).ok_or_else(|| {
        let shown = crate::diagnostic::clean(word);
        format!("`{shown}` cannot be compared: write mean, p50, p90 or p99")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(label: &str, values: impl IntoIterator<Item = (f64, bool)>) -> Side {
        let run = |(value, censored)| Run {
            verdict: "pass",
            values: vec![Some(Observation { value, censored }), None],
        };
        let runs = (0..).zip(values.into_iter().map(run)).collect();
        let metrics = vec!["failover_ms".to_owned(), "ops_count".to_owned()];
        Side { label: label.to_owned(), metrics, points: vec![(String::new(), runs)] }
    }

    fn one(base: Side, other: Side) -> Row {
        let metrics =
            [("failover_ms".to_owned(), Stat::Mean), ("ops_count".to_owned(), Stat::Mean)];
        let mut rows = rows(&[base, other], &metrics);
        assert_eq!(rows.len(), 1, "what nobody measured is no row");
        rows.remove(0)
    }

    fn times(shift: f64) -> impl Iterator<Item = (f64, bool)> {
        (0..50)
            .map(move |at| (100.0 + f64::from(at * at % 23) + shift * f64::from(1 + at % 3), false))
    }

    #[test]
    fn waiting_and_traffic_are_costs_and_what_is_neither_has_no_direction() {
        for cost in ["failover_ms", "bytes_per_update", "bytes_sent", "signature_bytes"] {
            assert_eq!(more_is_better(cost), Some(false), "{cost}");
        }
        assert_eq!(more_is_better("ops_ok_count"), Some(true));
        assert_eq!(more_is_better("redundant_ratio"), None);
    }

    #[test]
    fn a_time_that_went_down_is_better_and_one_that_went_up_is_worse() {
        assert_eq!(one(side("a", times(0.0)), side("b", times(-5.0))).meaning, Meaning::Better);
        let row = one(side("a", times(0.0)), side("b", times(5.0)));
        assert_eq!((row.meaning, row.pairs.values.len()), (Meaning::Worse, 50));
        assert_eq!(one(side("a", times(0.0)), side("b", times(0.0))).meaning, Meaning::Same);
    }

    #[test]
    fn who_ends_less_often_is_not_called_better() {
        let censored =
            |from: usize| times(-5.0).enumerate().map(move |(at, (value, _))| (value, at >= from));
        let row = one(side("a", times(0.0)), side("b", censored(45)));
        assert_eq!((row.pairs.values.len(), row.pairs.censored_other), (45, 5));
        assert_eq!(row.meaning, Meaning::Open);
        // Where neither ends nothing speaks for either.
        let base = times(0.0).enumerate().map(|(at, (value, _))| (value, at >= 45));
        let row = one(side("a", base), side("b", censored(45)));
        assert_eq!((row.pairs.censored_both, row.meaning), (5, Meaning::Better));
    }

    #[test]
    fn a_threshold_fails_only_when_the_whole_interval_is_beyond_it() {
        let worse = one(side("a", times(0.0)), side("b", times(5.0)));
        let code = |text: &str, row: &Row| Threshold::read(text).expect(text).code(row);
        // The mean goes from about 111 to about 121: by 9 % or 10 ms.
        assert_eq!(code("failover_ms:mean:+5%", &worse), 12);
        assert_eq!(code("failover_ms:mean:+5ms", &worse), 12);
        assert_eq!(code("failover_ms:mean:+9%", &worse), 0, "the interval straddles it");
        assert_eq!(code("failover_ms:mean:+20ms", &worse), 0);
        let better = one(side("a", times(0.0)), side("b", times(-5.0)));
        assert_eq!(code("failover_ms:mean:-5%", &better), 12, "a minus says that less is worse");
        assert_eq!(code("failover_ms:mean:+0%", &better), 0);
        for limit in ["-0%", "-0.0%", "-0ms"] {
            let text = format!("failover_ms:mean:{limit}");
            assert_eq!((code(&text, &better), code(&text, &worse)), (12, 0), "{limit}");
        }
        let ended = times(-5.0).enumerate().map(|(at, (value, _))| (value, at >= 45));
        let fewer = one(side("a", times(0.0)), side("b", ended));
        assert_eq!(code("failover_ms:mean:+5%", &fewer), 20);
        let two = one(side("a", times(0.0).take(1)), side("b", times(5.0).take(1)));
        assert_eq!(code("failover_ms:mean:+5%", &two), 20, "one pair tells nothing");
    }

    #[test]
    fn what_is_no_threshold_is_told_how_to_write_one() {
        for (text, says) in [
            ("failover_ms", "metric:stat:limit"),
            ("failover_ms:max:+5%", "mean, p50, p90 or p99"),
            ("failover_ms:p99:5", "no limit"),
            ("failover_ms:p99:+x%", "no limit"),
            ("failover_ms:p99:+-5%", "no limit"),
            ("msgs_count:p99:+5ms", "no limit"),
        ] {
            let error = Threshold::read(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
