//! What a threshold of suspicion buys: the share of the attackers that it catches against the share
//! of the honest that it blames (the receiver's operating characteristic).
//!
//! The curve tells for every threshold who would have been caught by the suspicion of one run; the
//! numbered marks are the thresholds that were run, with all that an alarm then does to either.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, INK, MARKERS, SERIES, SERIES_MAX};
use super::scale::{Scale, number, rough};
use super::series::{Line, along, counts, labels, subject};
use super::sheet::{Anchor, Drawn, Frame, Panel, SMALL, Sheet, band, curve, pixel};
use super::shown::Shown;
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Run, Runs, SeriesRow, Tables};
use crate::stats::{Interval, Mean, Proportion, bootstrap_mean};
use plotters::style::RGBColor;

pub(super) const CHART: Chart = Chart {
    name: "detector",
    question: "What does the threshold of an alarm buy?",
    table: "series.csv",
    feeds: &CURVES,
    draw,
};

/// The parameter that is chosen, the curves over all of its values, and what came of the one chosen.
const THRESHOLD: &str = "protocol_threshold";
const CURVES: [&str; 2] = ["blamed_by_threshold", "caught_by_threshold"];
const ALARMS: [&str; 2] = ["false_alarm_ratio", "detected_ratio"];
const LAYOUT: Single = Single { head: 0.0, height: 340.0, names: 220.0 };
/// Numbers that are closer than this stand together, in pixels.
const NEAR: (f64, f64) = (30.0, 17.0);
/// From a mark down to its number and to the right, in pixels.
const BELOW: f64 = 15.0;
const BESIDE: f64 = 6.0;

/// What one threshold does.
struct Spot {
    threshold: f64,
    blamed: Mean,
    caught: Mean,
}

/// The thresholds of one combination of everything else.
struct Series<'a> {
    /// The point whose runs the curve is of: that of the highest threshold, which interferes least.
    point: &'a Point,
    name: String,
    curve: Vec<Spot>,
    chosen: Vec<Spot>,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let with_curve = groups(runs).into_iter().map(|line| {
        let point = line[line.len() - 1].1;
        (by_threshold(tables, point), line)
    });
    let with_curve = with_curve.filter(|(curve, _)| !curve.is_empty()).collect();
    let shown = Shown::of(with_curve, SERIES_MAX, "curves");
    let last: Vec<&Point> = shown.things.iter().map(|(_, line)| line[line.len() - 1].1).collect();
    let mut names = labels(runs, &last, &[THRESHOLD]).into_iter();
    let shown = shown.map(|(curve, line)| {
        let point = line[line.len() - 1].1;
        let chosen = line.iter().filter_map(|&(x, point)| alarms(runs, point, x)).collect();
        Series { point, name: names.next().unwrap_or_default(), curve, chosen }
    });
    let all = &shown.things;
    let Some(x) = Scale::decades(spots(all).map(|spot| spot.blamed.value), 10) else {
        let [blamed, caught] = CURVES;
        let missing = format!("there is no series.csv with the curves `{blamed}` and `{caught}`");
        return Ok(Drawing::skipped(missing));
    };
    if spots(all).all(|spot| spot.blamed.value == 0.0) {
        return Ok(Drawing::skipped("no honest agent was suspected: there is nothing to trade"));
    }
    let frame = frame(all, &shown.note());
    let picture = frame.picture(slice(all), |sheet| paint(sheet, all, &x))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

/// The points that differ in the threshold only, by ascending threshold; each by itself where no
/// threshold was varied.
fn groups(runs: &Runs) -> Vec<Line<'_>> {
    let groups = runs.param(THRESHOLD).map(|param| along(runs, param, &[])).unwrap_or_default();
    match groups.is_empty() {
        true => runs.points.iter().map(|point| vec![(f64::NAN, point)]).collect(),
        false => groups,
    }
}

fn spots<'a>(all: &'a [Series<'_>]) -> impl Iterator<Item = &'a Spot> {
    all.iter().flat_map(|series| series.curve.iter().chain(&series.chosen))
}

/// Who would have been blamed and caught at each threshold, over the runs of a point.
fn by_threshold(tables: &Tables, point: &Point) -> Vec<Spot> {
    let own = |row: &&SeriesRow| row.point_id == point.id && CURVES.contains(&row.curve.as_str());
    let mut rows: Vec<&SeriesRow> = tables.series.iter().filter(own).collect();
    // The sort is stable: the runs stay in their order.
    rows.sort_by(|a, b| a.x.total_cmp(&b.x));
    let spot = |rows: &[&SeriesRow]| {
        let mean = |curve: &str| {
            let own = rows.iter().filter(|row| row.curve == curve);
            bootstrap_mean(&own.map(|row| row.y).collect::<Vec<_>>())
        };
        let [blamed, caught] = CURVES.map(mean);
        Some(Spot { threshold: rows[0].x, blamed: blamed?, caught: caught? })
    };
    rows.chunk_by(|a, b| a.x == b.x).filter_map(spot).collect()
}

/// Who was blamed and caught in the runs of a point.
fn alarms(runs: &Runs, point: &Point, threshold: f64) -> Option<Spot> {
    let mean = |name: &str| {
        let metric = runs.metric(name)?;
        let values = point.runs.iter().filter_map(|run: &Run| run.metrics[metric]);
        bootstrap_mean(&values.collect::<Vec<_>>())
    };
    let [blamed, caught] = ALARMS.map(mean);
    (!threshold.is_nan()).then_some(Spot { threshold, blamed: blamed?, caught: caught? })
}

fn frame(all: &[Series<'_>], note: &str) -> Frame {
    let percent = |mean: &Mean| format!("{} %", rough(mean.value * 100.0));
    let trends: Vec<String> = all
        .iter()
        .map(|series| {
            let told = match series.chosen.is_empty() {
                true => &series.curve,
                false => &series.chosen,
            };
            let tell = |spot: &Spot| {
                let (caught, blamed) = (percent(&spot.caught), percent(&spot.blamed));
                format!("threshold {} catches {caught} and blames {blamed}", number(spot.threshold))
            };
            let ends = [told.first(), told.last()].into_iter().flatten().map(tell);
            format!("{}: {}", series.name, ends.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let marks = match all.iter().any(|series| !series.chosen.is_empty()) {
        true => {
            " Numbered marks: the thresholds that were run, with alarms and what they lead to; \
             bars: 95 % bootstrap intervals."
        }
        false => "",
    };
    let blames_nobody = |series: &&Series<'_>| {
        series.curve.iter().chain(&series.chosen).any(|spot| spot.blamed.value == 0.0)
    };
    let runs = all.iter().filter(blames_nobody).map(|series| series.point.runs.len() as u64);
    let none = match runs.min() {
        Some(total) => {
            let rate = Proportion { hits: 0, total };
            format!(" At the left edge: honest agents were blamed in {} runs.", rate.text())
        }
        None => String::new(),
    };
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Detector: {}", subject(all.iter().map(|series| series.point))),
        description: format!(
            "Corrupt agents caught against honest agents blamed. {}.",
            trends.join("; ")
        ),
        caption: format!(
            "N = {} runs per curve. Line: the share of agents whose suspicion ever reached each \
             threshold, falling from right to left as it rises, in the runs of the highest one; \
             band: pointwise 95 % bootstrap interval of who is caught.{marks}{none}{note}",
            counts(all.iter().map(|series| series.point.runs.len() as u64)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>], x: &Scale) -> Drawn {
    let x_name = x.name("honest agents blamed", "0–1");
    let y_name = "corrupt agents caught (0–1)";
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (&Scale::share(), y_name))?;
    let (mut names, mut numbers) = (Vec::new(), Vec::new());
    for (place, series) in all.iter().enumerate() {
        let color = SERIES[place];
        let at = |spot: &Spot| (spot.blamed.value.max(x.from()), spot.caught.value);
        let edge = |spot: &Spot, end: Option<f64>| (at(spot).0, end.unwrap_or(spot.caught.value));
        let lower = series.curve.iter().map(|spot| edge(spot, spot.caught.interval.lo));
        let upper = series.curve.iter().map(|spot| edge(spot, spot.caught.interval.hi));
        band(&mut panel, [lower.collect(), upper.collect()], color, 0.14)?;
        let line: Vec<(f64, f64)> = series.curve.iter().map(at).collect();
        curve(&mut panel, &line, color, 2.0, DASHES[place])?;
        for spot in &series.chosen {
            bars(sheet, &panel, spot, color)?;
            let middle = pixel(&panel, at(spot));
            sheet.marker(MARKERS[place], middle, color)?;
            let below = (middle.1 + BELOW).min(LAYOUT.rect().bottom - BELOW / 2.0);
            numbers.push(((middle.0 + BESIDE, below), number(spot.threshold)));
        }
        // Low thresholds are on the right, where the names are.
        let end = line.first().map_or((0.0, 0.0), |first| pixel(&panel, *first));
        names.push(EndLabel::plain(end, color, &series.name));
    }
    write_numbers(sheet, numbers)?;
    ends::paint(sheet, LAYOUT.rect(), &names)
}

/// The intervals of a threshold that was run, both ways.
fn bars(
    sheet: &Sheet<'_>,
    panel: &Panel<'_, '_>,
    Spot { blamed, caught, .. }: &Spot,
    color: RGBColor,
) -> Drawn {
    let ends =
        |mean: &Mean| [mean.interval.lo, mean.interval.hi].map(|end| end.unwrap_or(mean.value));
    sheet.line(&ends(blamed).map(|x| pixel(panel, (x, caught.value))), color, 1.2)?;
    sheet.line(&ends(caught).map(|y| pixel(panel, (blamed.value, y))), color, 1.2)
}

/// Writes the thresholds at their places; those that are near each other in one line.
fn write_numbers(sheet: &Sheet<'_>, numbers: Vec<((f64, f64), String)>) -> Drawn {
    let mut lines: Vec<((f64, f64), Vec<String>)> = Vec::new();
    for ((x, y), number) in numbers {
        let is_near = |at: &(f64, f64)| (at.0 - x).abs() < NEAR.0 && (at.1 - y).abs() < NEAR.1;
        match lines.iter_mut().find(|(at, _)| is_near(at)) {
            Some((_, known)) if known.contains(&number) => {}
            Some((_, known)) => known.push(number),
            None => lines.push(((x, y), vec![number])),
        }
    }
    for (at, numbers) in lines {
        sheet.text(at, &numbers.join(", "), SMALL, INK, Anchor::Start)?;
    }
    Ok(())
}

fn slice(all: &[Series<'_>]) -> String {
    let header = [
        "point_id",
        "series",
        "source",
        "threshold",
        "blamed_ratio",
        "blamed_lo",
        "blamed_hi",
        "caught_ratio",
        "caught_lo",
        "caught_hi",
    ];
    let mut csv = CsvText::new(&header);
    for series in all {
        for (source, spots) in [("suspicion", &series.curve), ("alarm", &series.chosen)] {
            for spot in spots {
                let mut row = vec![
                    Cell::text(&series.point.id),
                    Cell::text(&series.name),
                    Cell::text(source),
                    Cell::number(spot.threshold),
                ];
                for mean in [&spot.blamed, &spot.caught] {
                    let Interval { lo, hi } = mean.interval;
                    row.extend([Some(mean.value), lo, hi].map(Cell::number));
                }
                csv.row(row);
            }
        }
    }
    csv.finish()
}
