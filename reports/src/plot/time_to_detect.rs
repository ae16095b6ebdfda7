//! How soon an attack is noticed: of the runs, the share in which it has not been yet.
//!
//! Runs that ended before anybody noticed were watched for different times, since attacks begin when
//! they can. Each counts for as long as it was watched (Kaplan and Meier).

use super::ends::{self, EndLabel};
use super::palette::{DASHES, SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, named, subject, with_metric};
use super::sheet::{Drawn, Frame, Panel, Sheet, band, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Tables};
use crate::stats::{CensoredSample, Proportion, Survival, percent};
use plotters::style::RGBColor;

pub(super) const CHART: Chart = Chart {
    name: "time-to-detect",
    question: "How soon is an attack noticed?",
    table: "runs.csv",
    feeds: &[METRIC],
    draw,
};

const METRIC: &str = "detect_attack_ms";
const LAYOUT: Single = Single { head: 0.0, height: 340.0, names: 250.0 };
/// Half the height of the mark of a run that was watched in vain, in pixels.
const TICK: f64 = 4.0;

/// One point of the sweep.
struct Series<'a> {
    point: &'a Point,
    name: String,
    sample: CensoredSample,
    steps: Vec<Survival>,
}

impl Series<'_> {
    /// The share not noticed after so long.
    fn share_at(&self, ms: f64) -> f64 {
        let passed = self.steps.partition_point(|step| step.at <= ms);
        passed.checked_sub(1).map_or(1.0, |last| self.steps[last].share)
    }

    /// How long the curve is known.
    fn end(&self) -> f64 {
        let watched = self.sample.watched().last().copied().unwrap_or(0.0);
        self.steps.last().map_or(0.0, |step| step.at).max(watched)
    }

    fn remark(&self) -> String {
        if self.steps.is_empty() {
            let noticed = Proportion { hits: 0, total: self.sample.len() as u64 };
            return format!("noticed: {}", noticed.text());
        }
        let median = self.steps.iter().find(|step| step.share <= 0.5);
        let left = self.share_at(self.end());
        match median {
            Some(step) if left > 0.0 => {
                let (half, left) = (rough(step.at), percent(left));
                format!("half in {half} ms, {left} % not by the end")
            }
            Some(step) => format!("half in {} ms", rough(step.at)),
            None => format!("{} % not noticed by the end", percent(left)),
        }
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    if runs.metric(METRIC).is_none() {
        return Ok(Drawing::lacks_column(METRIC));
    }
    let shown = named(runs, with_metric(runs, METRIC), SERIES_MAX).map(|(point, name)| {
        let sample = CensoredSample::new(runs.observations(point, METRIC));
        Series { point, name, steps: sample.survival(), sample }
    });
    let all = &shown.things;
    let times = all.iter().flat_map(|series| {
        series.steps.iter().map(|step| step.at).chain(series.sample.watched().iter().copied())
    });
    let Some(x) = Scale::decades(times, 10) else {
        return Ok(Drawing::skipped(format!(
            "there was no attack: `{METRIC}` is empty throughout"
        )));
    };
    let frame = frame(all, &shown.note());
    let picture = frame.picture(slice(all), |sheet| paint(sheet, all, &x))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

fn frame(all: &[Series<'_>], note: &str) -> Frame {
    let remarks: Vec<String> =
        all.iter().map(|series| format!("{}: {}", series.name, series.remark())).collect();
    let in_vain: usize = all.iter().map(|series| series.sample.watched().len()).sum();
    let at_once = match all.iter().any(|series| series.sample.ended().first() == Some(&0.0)) {
        true => " What was noticed at once is at the left edge.",
        false => "",
    };
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Time to detect: {}", subject(all.iter().map(|series| series.point))),
        description: format!(
            "Time from the first attempt until an honest node raised an alarm about a corrupt one. \
             {}.",
            remarks.join("; ")
        ),
        caption: format!(
            "N = {} runs with an attack per curve. Kaplan–Meier estimate; band: pointwise 95 % \
             interval (Greenwood's variance, log-log). A bar across a curve: the end of a run in \
             which nobody had noticed ({in_vain} in all); it counts for as long as it was \
             watched.{at_once}{note}",
            counts(all.iter().map(|series| series.sample.len() as u64)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>], x: &Scale) -> Drawn {
    let x_name = x.name("time since the first attempt", "ms");
    let y_name = "attacks not noticed yet (0–1)";
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (&Scale::share(), y_name))?;
    let mut names = Vec::new();
    for (place, series) in all.iter().enumerate() {
        let color = SERIES[place];
        let line = outline(series, x.from(), |step| Some(step.share));
        // Of a share of nothing no interval is known: it reaches from there to where it was.
        let lower = outline(series, x.from(), |step| step.interval.lo.or(Some(0.0)));
        let upper = outline(series, x.from(), |step| step.interval.hi);
        band(&mut panel, [lower, upper], color, 0.1)?;
        curve(&mut panel, &line, color, 2.0, DASHES[place])?;
        ticks(sheet, &panel, series, color)?;
        let end = line.last().map_or((0.0, 0.0), |last| pixel(&panel, *last));
        names.push(EndLabel { end, color, name: series.name.clone(), remark: series.remark() });
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

/// The corners of a curve from 1 down; it stays where it was at steps without a value.
fn outline(
    series: &Series<'_>,
    from: f64,
    value: impl Fn(&Survival) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let mut height = 1.0;
    let mut corners = vec![(from, height)];
    for step in &series.steps {
        let next = value(step).unwrap_or(height);
        corners.extend([(step.at, height), (step.at, next)]);
        height = next;
    }
    corners.push((series.end(), height));
    corners
}

/// Marks the runs that ended before anybody noticed.
fn ticks(sheet: &Sheet<'_>, panel: &Panel<'_, '_>, series: &Series<'_>, color: RGBColor) -> Drawn {
    let mut last = f64::NEG_INFINITY;
    for &ms in series.sample.watched() {
        let (x, y) = pixel(panel, (ms, series.share_at(ms)));
        // Those that would lie on each other are one.
        if x - last >= 2.0 {
            sheet.line(&[(x, y - TICK), (x, y + TICK)], color, 1.2)?;
            last = x;
        }
    }
    Ok(())
}

fn slice(all: &[Series<'_>]) -> String {
    let header = [
        "point_id",
        "series",
        METRIC,
        "at_risk_count",
        "noticed_count",
        "not_noticed_share",
        "ci_lo",
        "ci_hi",
    ];
    let mut csv = CsvText::new(&header);
    for series in all {
        for step in &series.steps {
            csv.row([
                Cell::text(&series.point.id),
                Cell::text(&series.name),
                Cell::number(step.at),
                Cell::count(step.at_risk),
                Cell::count(step.ended),
                Cell::number(step.share),
                Cell::number(step.interval.lo),
                Cell::number(step.interval.hi),
            ]);
        }
    }
    csv.finish()
}
