//! What message loss costs: latency over the loss rate.
//!
//! Each point is the median over seeds of a percentile within a run, because a pooled percentile
//! would be ruled by the few worst runs. A run that answered nothing ranks as slower than all
//! others: leaving it out would make a protocol look faster the more often it fails.

use super::ends::{self, EndLabel};
use super::palette::{Dash, MARKERS, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, labels, lines, subject};
use super::sheet::{Drawn, Frame, Sheet, band, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Runs, Tables};
use crate::stats::{CensoredSample, Interval, Observation, TooFew};

pub(super) const CHART: Chart = Chart {
    name: "latency-vs-loss",
    question: "What does message loss cost?",
    table: "runs.csv",
    feeds: &[PERCENTILES[0].1, PERCENTILES[1].1],
    draw,
};

/// The parameter on the horizontal axis.
const LOSS: &str = "network_loss_pct";
/// The percentiles within a run: name, column, dash.
const PERCENTILES: [(&str, &str, Dash); 2] =
    [("p50", "decide_p50_ms", None), ("p99", "decide_p99_ms", Some((8.0, 4.0)))];
const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 220.0 };

/// One curve: a percentile of one combination of protocol and other parameters.
struct Series<'a> {
    point: &'a Point,
    name: String,
    percentile: &'static str,
    dash: Dash,
    /// The index of its colour and marker.
    group: usize,
    marks: Vec<Mark>,
}

impl Series<'_> {
    /// Where the curve has no point because too many runs answered nothing.
    fn remark(&self) -> String {
        let lost = self.marks.iter().filter(|mark| mark.median == Ok(None));
        let losses: Vec<String> = lost.map(|mark| format!("{} %", rough(mark.loss))).collect();
        match losses.as_slice() {
            [] => String::new(),
            losses => format!("▷ half of the runs or more unanswered at {}", losses.join(", ")),
        }
    }
}

/// One loss rate of a curve.
struct Mark {
    point_id: String,
    loss: f64,
    runs: u64,
    unanswered: u64,
    /// The median in milliseconds: `None` when half of the runs or more answered nothing.
    median: Result<Option<f64>, TooFew>,
    interval: Interval,
}

impl Mark {
    fn value(&self) -> Option<f64> {
        self.median.ok().flatten()
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(loss) = runs.param(LOSS) else {
        return Ok(Drawing::skipped(format!("runs.csv has no parameter `{LOSS}`")));
    };
    if PERCENTILES.iter().all(|(_, column, _)| runs.metric(column).is_none()) {
        return Ok(Drawing::skipped("runs.csv has neither `decide_p50_ms` nor `decide_p99_ms`"));
    }
    let lines = match lines(runs, loss) {
        Ok(lines) => lines,
        Err(reason) => return Ok(Drawing::skipped(reason)),
    };
    let first = lines.first();
    let names = labels(runs, &first, &[LOSS]);
    let mut series = Vec::new();
    for (index, (group, name)) in lines.things.iter().zip(&names).enumerate() {
        for (percentile, column, dash) in PERCENTILES {
            let marks: Vec<Mark> =
                group.iter().filter_map(|&(x, point)| mark(runs, point, column, x)).collect();
            if marks.iter().any(|mark| mark.value().is_some()) {
                let name = name.clone();
                let point = group[0].1;
                series.push(Series { point, name, percentile, dash, group: index, marks });
            }
        }
    }
    let values = series
        .iter()
        .flat_map(|s| &s.marks)
        .flat_map(|mark| [mark.value(), mark.interval.lo, mark.interval.hi].into_iter().flatten());
    let Some(y) = Scale::spanning(values, 8) else {
        return Ok(Drawing::skipped(
            "no loss rate has a median latency: too few runs, or too few that answered",
        ));
    };
    let losses = series.iter().flat_map(|s| s.marks.iter().map(|mark| mark.loss));
    let x = Scale::linear(0.0, losses.fold(0.0, f64::max), 10);
    let frame = frame(&series, &lines.note());
    let picture = frame.picture(slice(&series), |sheet| paint(sheet, &series, &x, &y))?;
    Ok(Drawing::single(picture, lines.left_out()))
}

/// The median over the runs of a point; `None` when the metric applies to none of them.
fn mark(runs: &Runs, point: &Point, column: &str, loss: f64) -> Option<Mark> {
    let metric = runs.metric(column)?;
    let (asked, answered) = (runs.metric("ops_count"), runs.metric("ops_ok_count"));
    let sample: Vec<Observation> = point
        .runs
        .iter()
        .filter_map(|run| {
            let of = |index: Option<usize>| index.and_then(|index| run.metrics[index]);
            let nothing_answered = of(asked).is_some_and(|asked| asked > 0.0)
                && of(answered).is_some_and(|answered| answered == 0.0);
            match run.metrics[metric] {
                Some(value) => Some(Observation { value, censored: false }),
                None if nothing_answered => {
                    Some(Observation { value: f64::INFINITY, censored: true })
                }
                None => None,
            }
        })
        .collect();
    let sample = CensoredSample::new(sample);
    (!sample.is_empty()).then(|| Mark {
        point_id: point.id.clone(),
        loss,
        runs: sample.len() as u64,
        unanswered: sample.censored().hits,
        median: sample.quantile(0.5),
        interval: Interval {
            lo: sample.quantile_interval(0.5).lo.filter(|lo| lo.is_finite()),
            hi: sample.quantile_interval(0.5).hi,
        },
    })
}

fn frame(series: &[Series<'_>], note: &str) -> Frame {
    let marks = || series.iter().flat_map(|s| &s.marks);
    let unanswered = marks().filter(|mark| mark.unanswered > 0).count();
    let undrawn = marks().filter(|mark| mark.value().is_none()).count();
    let mut notes = String::new();
    if unanswered > 0 {
        notes.push_str(" Runs that answered nothing count as slower than all others.");
    }
    if undrawn > 0 {
        notes.push_str(&format!(
            " {undrawn} points are not drawn: fewer than 5 runs, or half of them answered nothing."
        ));
    }
    notes.push_str(note);
    let trends: Vec<String> = series
        .iter()
        .filter_map(|s| {
            let mut drawn = s.marks.iter().filter_map(|mark| Some((mark.loss, mark.value()?)));
            let (x0, y0) = drawn.next()?;
            let (x1, y1) = drawn.next_back()?;
            Some(format!(
                "{} {} goes from {} ms at {} % loss to {} ms at {} %",
                s.name,
                s.percentile,
                rough(y0),
                rough(x0),
                rough(y1),
                rough(x1)
            ))
        })
        .collect();
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Latency against message loss: {}", subject(series.iter().map(|s| s.point))),
        description: format!("{}.", trends.join("; ")),
        caption: format!(
            "Median over N = {} seeds of each run's p50 (solid) and p99 (dashed). Band: 95 % \
             order-statistic interval of that median.{notes}",
            counts(marks().map(|mark| mark.runs)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, series: &[Series<'_>], x: &Scale, y: &Scale) -> Drawn {
    let x_name = x.name("message loss", "%");
    let y_name = y.name("operation latency", "ms");
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (y, &y_name))?;
    let mut labels = Vec::new();
    for s in series {
        let color = SERIES[s.group];
        // A gap in the data is a gap in the curve.
        for stretch in s.marks.split(|mark| mark.value().is_none()) {
            let points: Vec<(f64, f64)> =
                stretch.iter().filter_map(|mark| Some((mark.loss, mark.value()?))).collect();
            let edge = |end: fn(&Interval) -> Option<f64>, open: f64| {
                move |mark: &Mark| (mark.loss, end(&mark.interval).unwrap_or(open))
            };
            let lower = stretch.iter().map(edge(|i| i.lo, y.from()));
            let upper = stretch.iter().map(edge(|i| i.hi, y.to()));
            if points.len() > 1 {
                band(&mut panel, [lower.collect(), upper.collect()], color, 0.14)?;
                curve(&mut panel, &points, color, 2.0, s.dash)?;
            }
            for &point in &points {
                sheet.marker(MARKERS[s.group], pixel(&panel, point), color)?;
            }
        }
        let last = s.marks.iter().rev().find_map(|mark| Some((mark.loss, mark.value()?)));
        let Some(last) = last else { continue };
        labels.push(EndLabel {
            end: pixel(&panel, last),
            color,
            name: format!("{} {}", s.name, s.percentile),
            remark: s.remark(),
        });
    }
    ends::paint(sheet, LAYOUT.rect(), &labels)
}

fn slice(series: &[Series<'_>]) -> String {
    let mut csv = CsvText::new(&[
        "point_id",
        "series",
        "percentile",
        LOSS,
        "runs_count",
        "unanswered_count",
        "latency_ms",
        "ci_lo",
        "ci_hi",
    ]);
    for s in series {
        for mark in &s.marks {
            csv.row([
                Cell::text(&mark.point_id),
                Cell::text(&s.name),
                Cell::text(s.percentile),
                Cell::number(mark.loss),
                Cell::count(mark.runs),
                Cell::count(mark.unanswered),
                Cell::number(mark.value()),
                Cell::number(mark.interval.lo),
                Cell::number(mark.interval.hi),
            ]);
        }
    }
    csv.finish()
}
