//! How often no quorum is alive: exact lines, and what was simulated.
//!
//! Both axes are logarithmic, because a system's resilience is the slope at the lower end: with r
//! failures survived, the probability falls as the power r + 1 of a node's. A rate of zero has no
//! place on such an axis: its upper bound is drawn, as an open mark with a line down to the edge.

use super::ends::{self, EndLabel};
use super::label::clean;
use super::palette::{DASHES, MARKERS, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, labels, lines, subject};
use super::shares;
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Tables};
use crate::stats::Proportion;

pub(super) const CHART: Chart = Chart {
    name: "unavailability",
    question: "How often is no quorum alive, by how often a node is down?",
    table: "runs.csv",
    feeds: &[DECIDED],
    draw,
};

/// How the parameter on the horizontal axis ends: the `each` of a crash.
const DOWN: &str = "_each_pct";
/// A run without a quorum is one in which nobody decided.
const DECIDED: &str = "decided_nodes_count";
const LAYOUT: Single = Single { head: 0.0, height: 360.0, names: 210.0 };
/// Between the marks of two systems at one chance, in pixels.
const ASIDE: f64 = 6.0;

/// One system.
struct Series<'a> {
    point: &'a Point,
    name: String,
    /// (how often a node is down, how often no quorum is alive), exactly.
    exact: Vec<(f64, f64)>,
    marks: Vec<Mark>,
}

/// What was simulated at one chance of being down.
struct Mark {
    point_id: String,
    down: f64,
    without: Proportion,
    exact: Option<f64>,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(param) = runs.params.iter().position(|param| param.ends_with(DOWN)) else {
        return Ok(Drawing::skipped(format!("runs.csv has no parameter that ends in `{DOWN}`")));
    };
    let Some(decided) = runs.metric(DECIDED) else {
        return Ok(Drawing::lacks_column(DECIDED));
    };
    let lines = match lines(runs, param) {
        Ok(lines) => lines,
        Err(reason) => return Ok(Drawing::skipped(reason)),
    };
    let first = lines.first();
    let names =
        systems(tables, &first).unwrap_or_else(|| labels(runs, &first, &[&runs.params[param]]));
    let series: Vec<Series<'_>> = lines
        .things
        .iter()
        .zip(names)
        .map(|(group, name)| series(tables, group, name, decided))
        .filter(|series| !series.marks.is_empty())
        .collect();
    let marks = || series.iter().flat_map(|series| &series.marks);
    let seen = marks().flat_map(|mark| {
        let (lo, hi) = mark.without.ends();
        [lo, hi, mark.exact.unwrap_or(hi)].into_iter().filter(|ratio| *ratio > 0.0)
    });
    let (Some(x), Some(y)) = (
        // Room beside the first and the last marks.
        Scale::decades(
            marks()
                .map(|mark| mark.down)
                .filter(|down| *down > 0.0)
                .flat_map(|x| [x / 1.2, x * 1.2]),
            8,
        ),
        Scale::decades(seen, 8),
    ) else {
        return Ok(Drawing::skipped(format!("no run has the metric `{DECIDED}`")));
    };
    let frame = frame(&series, &lines.note());
    let picture = frame.picture(slice(&series), |sheet| paint(sheet, &series, &x, &y))?;
    Ok(Drawing::single(picture, lines.left_out()))
}

/// The systems of these points as they were written, if that tells the points apart.
fn systems(tables: &Tables, points: &[&Point]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for point in points {
        let row = tables.quorums.iter().find(|row| row.point_id == point.id)?;
        let name = clean(&row.system);
        if names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

fn series<'a>(
    tables: &Tables,
    group: &[(f64, &'a Point)],
    name: String,
    decided: usize,
) -> Series<'a> {
    let exact_of = |point: &Point| {
        let rows = tables.quorums.iter().filter(|row| row.point_id == point.id);
        rows.map(|row| (row.down_ratio, row.no_quorum_ratio)).collect::<Vec<_>>()
    };
    let mark = |&(percent, point): &(f64, &Point)| {
        let counted = point.runs.iter().filter_map(|run| run.metrics[decided]);
        let total = counted.clone().count() as u64;
        let hits = counted.filter(|nodes| *nodes == 0.0).count() as u64;
        let down = percent / 100.0;
        let exact = exact_of(point).into_iter().find(|(x, _)| (x - down).abs() < 1e-12);
        (total > 0).then(|| Mark {
            point_id: point.id.clone(),
            down,
            without: Proportion { hits, total },
            exact: exact.map(|(_, ratio)| ratio),
        })
    };
    let point = group[0].1;
    Series { point, name, exact: exact_of(point), marks: group.iter().filter_map(mark).collect() }
}

fn frame(series: &[Series<'_>], note: &str) -> Frame {
    let marks = || series.iter().flat_map(|series| &series.marks);
    let held = shares::held(marks().filter_map(|mark| Some((mark.without, mark.exact?))));
    let mut notes = match held {
        Some(held) => format!("; {held} intervals hold the exact value."),
        None => ".".to_owned(),
    };
    if marks().any(|mark| mark.without.hits == 0) {
        notes.push_str(" Open mark: 0 seen, at the upper bound.");
    }
    notes.push_str(note);
    let trends = series.iter().filter_map(|series| {
        let (first, last) = (series.marks.first()?, series.marks.last()?);
        let told =
            |mark: &Mark| format!("{} at {} %", mark.without.text(), rough(mark.down * 100.0));
        Some(format!("{}: no quorum in {}, in {}", series.name, told(first), told(last)))
    });
    Frame {
        name: CHART.name.to_owned(),
        title: format!(
            "No quorum alive, by node failures: {}",
            subject(series.iter().map(|series| series.point))
        ),
        description: format!("{}.", trends.collect::<Vec<_>>().join("; ")),
        caption: format!(
            "Line: exact, by enumeration. Marks, side by side: share of N = {} runs in which nobody \
             decided, with Wilson's 95 % interval{notes}",
            counts(marks().map(|mark| mark.without.total)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>], x: &Scale, y: &Scale) -> Drawn {
    let x_name = x.name("probability that a node is down", "0–1");
    let y_name = y.name("probability of no quorum", "0–1");
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (y, &y_name))?;
    let mut names = Vec::new();
    for (index, series) in all.iter().enumerate() {
        let color = SERIES[index];
        let seen = |(down, ratio): &(f64, f64)| {
            (x.from()..=x.to()).contains(down) && (y.from()..=y.to()).contains(ratio)
        };
        let line: Vec<(f64, f64)> = series.exact.iter().copied().filter(seen).collect();
        if line.len() > 1 {
            curve(&mut panel, &line, color, 1.4, DASHES[index])?;
        }
        // Marks of one chance stand side by side.
        let aside = (index as f64 - (all.len() as f64 - 1.0) / 2.0) * ASIDE;
        for mark in series.marks.iter().filter(|mark| mark.down > 0.0) {
            let (lo, hi) = mark.without.ends();
            let at = |ratio: f64| {
                let (left, top) = pixel(&panel, (mark.down, ratio.max(y.from())));
                (left + aside, top)
            };
            sheet.line(&[at(lo), at(hi)], color, 1.2)?;
            match mark.without.share() {
                Some(share) if share > 0.0 => sheet.marker(MARKERS[index], at(share), color)?,
                _ => {
                    let (left, top) = at(hi);
                    let corners = [
                        (left - 4.0, top),
                        (left + 4.0, top),
                        (left, top + 7.0),
                        (left - 4.0, top),
                    ];
                    sheet.line(&corners, color, 1.4)?;
                }
            }
        }
        let last = series.marks.iter().rev().find(|mark| mark.down > 0.0);
        let Some(last) = last else { continue };
        let end = line.last().copied().unwrap_or((last.down, last.without.ends().1));
        names.push(EndLabel::plain(pixel(&panel, end), color, &series.name));
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

fn slice(series: &[Series<'_>]) -> String {
    let mut csv = CsvText::new(&[
        "point_id",
        "series",
        "down_ratio",
        "runs_count",
        "no_quorum_count",
        "no_quorum_ratio",
        "ci_lo",
        "ci_hi",
        "exact_ratio",
    ]);
    for series in series {
        for mark in &series.marks {
            let place = [
                Cell::text(&mark.point_id),
                Cell::text(&series.name),
                Cell::number(mark.down),
                Cell::count(mark.without.total),
                Cell::count(mark.without.hits),
            ];
            let exact = Cell::number(mark.exact);
            csv.row(place.into_iter().chain(shares::cells(mark.without)).chain([exact]));
        }
    }
    csv.finish()
}
