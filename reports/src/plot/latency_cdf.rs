//! How long an operation takes: the distribution over all operations of a point.
//!
//! Operations that were never answered are part of the denominator, so a curve stops at the
//! answered share. A protocol that answers half of its operations quickly does not look fast here.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, SERIES, SERIES_MAX};
use super::scale::{Scale, number, rough};
use super::series::{counts, named, subject};
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{HistRow, Point, Tables};
use crate::stats::{Proportion, percent};

pub(super) const CHART: Chart = Chart {
    name: "latency-cdf",
    question: "How long does an operation take?",
    table: "hist.csv",
    feeds: &[METRIC],
    draw,
};

/// The metric of `hist.csv` that is drawn.
const METRIC: &str = "decide_ms";
const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 250.0 };

/// One curve.
struct Series<'a> {
    point: &'a Point,
    label: String,
    /// (latency in ms, operations answered by then).
    steps: Vec<(f64, u64)>,
    /// The latency in ms from which on those of each step were answered.
    begins: Vec<f64>,
    /// How many operations were started; `None` when `runs.csv` does not say.
    started: Option<u64>,
}

impl Series<'_> {
    fn answered(&self) -> u64 {
        self.steps.last().map_or(0, |&(_, count)| count)
    }

    /// What the shares are of. An answer that `runs.csv` does not know of still counts as
    /// started.
    fn total(&self) -> u64 {
        self.started.unwrap_or(0).max(self.answered())
    }

    fn unanswered(&self) -> Proportion {
        Proportion { hits: self.total() - self.answered(), total: self.total() }
    }

    /// The curve: a share rises within the bucket of those who were answered there, and where nobody
    /// was it stays.
    fn outline(&self) -> Vec<(f64, f64)> {
        let total = self.total() as f64;
        let mut points = vec![(self.steps[0].0, 0.0)];
        for (begin, &(ms, count)) in self.begins.iter().zip(&self.steps) {
            let (reached, share) = points[points.len() - 1];
            if *begin > reached {
                points.push((*begin, share));
            }
            points.push((ms, count as f64 / total));
        }
        points
    }

    /// The second line of the label.
    fn remark(&self) -> String {
        let unanswered = self.unanswered();
        match self.started {
            None => "unanswered: no data".to_owned(),
            Some(_) if unanswered.hits == 0 => {
                format!("0 of {} unanswered", number(unanswered.total as f64))
            }
            Some(_) => {
                format!("▷ {} % unanswered", percent(unanswered.share().unwrap_or(0.0)))
            }
        }
    }

    /// Where the axis need not begin later: a thousandth of the operations are answered by then.
    /// One extremely fast answer should not squeeze all curves to the right.
    fn start(&self) -> f64 {
        let thousandth = self.total().div_ceil(1000);
        self.steps.iter().find(|&&(_, count)| count >= thousandth).map_or(self.steps[0].0, |s| s.0)
    }

    /// The median over all operations started, where so many were answered.
    fn median(&self) -> Option<f64> {
        let half = self.total().div_ceil(2);
        self.steps.iter().find(|&&(_, count)| count >= half).map(|&(ms, _)| ms)
    }
}

/// The end of the bucket of those who need not wait: a nanosecond, in ms.
const AT_ONCE_MS: f64 = 1e-6;

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    if tables.hist.is_empty() {
        return Ok(Drawing::lacks_table("hist.csv"));
    }
    let has_rows = |point: &&Point| {
        tables.hist.iter().any(|row| row.point_id == point.id && row.metric == METRIC)
    };
    let points: Vec<&Point> = tables.runs.points.iter().filter(has_rows).collect();
    if points.is_empty() {
        return Ok(Drawing::skipped(format!("hist.csv has no `{METRIC}` of a point of runs.csv")));
    }
    let shown = named(&tables.runs, points, SERIES_MAX);
    let shown = shown.map(|(point, label)| series(tables, point, label));
    let series = &shown.things;
    let latencies = series.iter().flat_map(|s| [s.start(), s.steps[s.steps.len() - 1].0]);
    // What is answered at once has no place on an axis of decades, and lies at its left end.
    let slow = latencies.clone().filter(|ms| *ms > AT_ONCE_MS);
    let x = Scale::spanning(slow, 10).or_else(|| Scale::spanning(latencies, 10));
    let x = x.expect("every series has a step");
    let frame = frame(tables, series, &shown.note());
    let picture = frame.picture(slice(series), |sheet| paint(sheet, series, &x))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

fn series<'a>(tables: &Tables, point: &'a Point, label: String) -> Series<'a> {
    let mut count = 0;
    let own = |row: &&HistRow| row.point_id == point.id && row.metric == METRIC;
    let buckets = || tables.hist.iter().filter(own);
    let begins = buckets().map(|row| row.ge_ms).collect();
    let steps = buckets()
        .map(|row| {
            count += row.count;
            (row.lt_ms, count)
        })
        .collect();
    let known = tables.runs.metric("ops_count").is_some();
    let asked = tables.runs.observations(point, "ops_count");
    let started = known.then(|| asked.iter().map(|run| run.value as u64).sum());
    Series { point, label, steps, begins, started }
}

fn frame(tables: &Tables, series: &[Series<'_>], note: &str) -> Frame {
    let horizon = tables.timeline.iter().map(|row| row.t_ms + row.bucket_ms).fold(0.0, f64::max);
    let horizon = match horizon > 0.0 {
        true => format!(" Horizon {} s of simulated time.", rough(horizon / 1000.0)),
        false => String::new(),
    };
    let medians: Vec<String> = series
        .iter()
        .map(|s| {
            let median = match s.median() {
                Some(ms) => format!("half are answered within {} ms", rough(ms)),
                None => "fewer than half are answered".to_owned(),
            };
            format!("{}: {median}, {}", s.label, s.remark().trim_start_matches("▷ "))
        })
        .collect();
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Operation latency: {}", subject(series.iter().map(|s| s.point))),
        description: format!("Distribution of operation latency. {}.", medians.join("; ")),
        caption: format!(
            "N = {} operations per curve, pooled over {} runs. No interval: operations of one run \
             are not independent. Operations never answered are in the denominator, so a curve \
             ends (▷) at the answered share.{horizon}{note}",
            counts(series.iter().map(|s| s.total())),
            counts(series.iter().map(|s| s.point.runs.len() as u64)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, series: &[Series<'_>], x: &Scale) -> Drawn {
    let x_name = x.name("operation latency", "ms");
    let y_name = "operations answered within x (0–1)";
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (&Scale::share(), y_name))?;
    let mut labels = Vec::new();
    for (index, s) in series.iter().enumerate() {
        let points = thinned(&s.outline(), |at| pixel(&panel, at));
        curve(&mut panel, &points, SERIES[index], 2.0, DASHES[index])?;
        let end = points[points.len() - 1];
        if s.unanswered().hits > 0 {
            sheet.censor_mark(pixel(&panel, end), SERIES[index])?;
        }
        labels.push(EndLabel {
            end: pixel(&panel, end),
            color: SERIES[index],
            name: s.label.clone(),
            remark: s.remark(),
        });
    }
    ends::paint(sheet, LAYOUT.rect(), &labels)
}

/// The points that differ by at least half a pixel from the one before, and the last.
fn thinned(points: &[(f64, f64)], pixel: impl Fn((f64, f64)) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut last_pixel = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (index, &point) in points.iter().enumerate() {
        let at = pixel(point);
        let far = (at.0 - last_pixel.0).abs() >= 0.5 || (at.1 - last_pixel.1).abs() >= 0.5;
        if far || index + 1 == points.len() {
            kept.push(point);
            last_pixel = at;
        }
    }
    kept
}

fn slice(series: &[Series<'_>]) -> String {
    let mut csv = CsvText::new(&["point_id", "series", "latency_ms", "answered_count", "share"]);
    for s in series {
        for &(ms, count) in &s.steps {
            csv.row([
                Cell::text(&s.point.id),
                Cell::text(&s.label),
                Cell::number(ms),
                Cell::count(count),
                Cell::number(count as f64 / s.total() as f64),
            ]);
        }
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stays_where_nobody_is_answered_and_rises_where_somebody_is() {
        let point = Point {
            id: "p0".to_owned(),
            protocol: "crdt".to_owned(),
            fault_script: "none".to_owned(),
            params: Vec::new(),
            runs: Vec::new(),
        };
        let series = Series {
            point: &point,
            label: String::new(),
            // At once, in a bucket of its own, and in two next to each other.
            steps: vec![(1e-6, 6), (12.0, 7), (990.0, 8), (1_010.0, 10)],
            begins: vec![0.0, 10.0, 970.0, 990.0],
            started: Some(10),
        };
        let outline = series.outline();
        assert_eq!(outline[..2], [(1e-6, 0.0), (1e-6, 0.6)]);
        assert_eq!(outline[2..5], [(10.0, 0.6), (12.0, 0.7), (970.0, 0.7)]);
        assert_eq!(outline[5..], [(990.0, 0.8), (1_010.0, 1.0)]);
    }
}
