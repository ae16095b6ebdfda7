//! `points.csv`: each point, metric and statistic with its interval.
//!
//! It is for people who do not script: every row stands on its own. A statistic that the sample
//! cannot carry is a row with an empty value, so that its absence is seen, and is repeated as a
//! warning that says how many runs it would need.

use crate::cell::{Cell, CsvText};
use crate::row::{Point, Runs, Verdict};
use crate::stats::{
    CensoredSample, Interval, LEVEL, Observation, Proportion, TooFew, bootstrap_mean,
    percentile_with_interval,
};

/// The percentiles that `points.csv` reports, with the names of their statistics.
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];

/// A table as text, and what it could not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsTable {
    /// The bytes of `points.csv`.
    pub csv: String,
    /// One line per statistic that was refused, such as
    /// `W31 p0 failover_ms p99: too few samples (71 < 299)`.
    pub warnings: Vec<String>,
}

/// Aggregates the runs of every point.
///
/// Columns: `point_id`, `protocol`, `fault_script`, the parameters (`n` and `f` among them),
/// `metric`, `stat`, `samples` (how many runs have the metric), `value`, `ci_lo`, `ci_hi`,
/// `ci_level`, `ci_method`. The metric `verdict` has the statistics `rate_pass`, `rate_unsafe` and
/// so on; each metric of the runs has `mean`, `p50`, `p90` and `p99`, and one with a `_censored`
/// twin also `rate_censored`. A mean over censored values is not identified and left empty.
pub fn points_table(runs: &Runs) -> PointsTable {
    let mut header: Vec<&str> = vec!["point_id", "protocol", "fault_script"];
    header.extend(runs.params.iter().map(String::as_str));
    header.extend([
        "metric",
        "stat",
        "samples",
        "value",
        "ci_lo",
        "ci_hi",
        "ci_level",
        "ci_method",
    ]);
    let mut table = Writer { csv: CsvText::new(&header), warnings: Vec::new() };
    for point in &runs.points {
        table.verdicts(point);
        for (metric, column) in runs.columns() {
            let sample: Vec<Observation> =
                point.runs.iter().filter_map(|run| run.observation(column)).collect();
            table.metric(point, metric, &sample, column.may_be_censored());
        }
    }
    PointsTable { csv: table.csv.finish(), warnings: table.warnings }
}

/// One statistic of one metric: what a row says beside its point.
struct Statistic<'a> {
    metric: &'a str,
    stat: &'a str,
    /// How many runs have the metric.
    samples: u64,
    value: Option<f64>,
    interval: Option<Interval>,
    method: &'a str,
}

struct Writer {
    csv: CsvText,
    warnings: Vec<String>,
}

impl Writer {
    fn verdicts(&mut self, point: &Point) {
        for verdict in Verdict::ALL {
            let hits = point.runs.iter().filter(|run| run.verdict == verdict).count() as u64;
            let rate = Proportion { hits, total: point.runs.len() as u64 };
            self.rate(point, "verdict", &format!("rate_{verdict}"), rate);
        }
    }

    fn metric(&mut self, point: &Point, metric: &str, sample: &[Observation], has_twin: bool) {
        let samples = sample.len() as u64;
        let censored = CensoredSample::new(sample.iter().copied());
        let complete = censored.watched().is_empty();
        let values: Vec<f64> = sample.iter().map(|observation| observation.value).collect();
        let mean = if complete { bootstrap_mean(&values) } else { None };
        self.row(
            point,
            &Statistic {
                metric,
                stat: "mean",
                samples,
                value: mean.map(|mean| mean.value),
                interval: mean.map(|mean| mean.interval),
                method: "bootstrap-percentile",
            },
        );
        for (stat, q) in PERCENTILES {
            let found = if complete {
                percentile_with_interval(censored.ended(), q)
                    .map(|found| (Some(found.value), found.interval))
            } else {
                censored.quantile(q).map(|value| (value, censored.quantile_interval(q)))
            };
            if let Err(too_few) = found {
                self.refuse(point, metric, stat, too_few);
            }
            self.row(
                point,
                &Statistic {
                    metric,
                    stat,
                    samples,
                    value: found.ok().and_then(|(value, _)| value),
                    interval: found.ok().map(|(_, interval)| interval),
                    method: "order-statistic",
                },
            );
        }
        if has_twin {
            self.rate(point, metric, "rate_censored", censored.censored());
        }
    }

    /// A metric that applies to no run of the point is empty by nature: no warning for it.
    fn refuse(&mut self, point: &Point, metric: &str, stat: &str, too_few: TooFew) {
        if too_few.have > 0 {
            self.warnings.push(format!("W31 {} {metric} {stat}: {too_few}", point.id));
        }
    }

    fn rate(&mut self, point: &Point, metric: &str, stat: &str, rate: Proportion) {
        self.row(
            point,
            &Statistic {
                metric,
                stat,
                samples: rate.total,
                value: rate.share(),
                interval: rate.wilson(),
                method: "wilson",
            },
        );
    }

    fn row(&mut self, point: &Point, statistic: &Statistic<'_>) {
        let known = statistic.interval.filter(|i| i.lo.is_some() || i.hi.is_some());
        let point = [&point.id, &point.protocol, &point.fault_script]
            .into_iter()
            .map(|name| Cell::text(name))
            .chain(point.params.iter().map(|param| Cell::parameter(param)));
        self.csv.row(point.chain([
            Cell::text(statistic.metric),
            Cell::text(statistic.stat),
            Cell::count(statistic.samples),
            Cell::number(statistic.value),
            Cell::number(known.and_then(|i| i.lo)),
            Cell::number(known.and_then(|i| i.hi)),
            Cell::number(known.map(|_| LEVEL)),
            Cell::text(known.map_or("", |_| statistic.method)),
        ]));
    }
}
