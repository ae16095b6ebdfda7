//! How often a group decides what is right, by how many of it do not help: a curve for each rule.
//!
//! Beside the curves stands what Condorcet's jury theorem (*Essai*, 1785) gives a group of the same
//! size without faults: the chance that more than half of its members are right, if each is as often
//! as those of the runs were, and all by themselves.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, MARKERS, MUTED, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, labels, lines, subject};
use super::shares::{self, Track};
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Runs, Tables};
use crate::stats::Proportion;

pub(super) const CHART: Chart = Chart {
    name: "accuracy",
    question: "How often is a group right, by how many of it are faulty?",
    table: "runs.csv",
    feeds: &[RIGHT, OPINIONS],
    draw,
};

/// How the parameter on the horizontal axis ends: the share of the agents that deviate.
const SHARE: &str = "_share_pct";
/// 1 for a run that decided what is right.
const RIGHT: &str = "right_ratio";
/// The share of the agents that thought what is right.
const OPINIONS: &str = "right_opinions_ratio";
const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 230.0 };

/// One rule, or another combination of what else differs.
struct Series<'a> {
    point: &'a Point,
    name: String,
    marks: Vec<Mark>,
}

/// What was decided at one share.
struct Mark {
    point_id: String,
    percent: f64,
    right: Proportion,
}

/// A group without faults.
struct Jury {
    members: u32,
    competence: f64,
    right: f64,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(param) = runs.params.iter().position(|param| param.ends_with(SHARE)) else {
        return Ok(Drawing::skipped(format!("runs.csv has no parameter that ends in `{SHARE}`")));
    };
    let Some(right) = runs.metric(RIGHT) else {
        return Ok(Drawing::lacks_column(RIGHT));
    };
    let lines = match lines(runs, param) {
        Ok(lines) => lines,
        Err(reason) => return Ok(Drawing::skipped(reason)),
    };
    let first = lines.first();
    let names = labels(runs, &first, &[&runs.params[param]]);
    let series: Vec<Series<'_>> = lines
        .things
        .iter()
        .zip(names)
        .map(|(group, name)| Series {
            point: group[0].1,
            name,
            marks: group.iter().filter_map(|at| mark(right, at)).collect(),
        })
        .filter(|series| !series.marks.is_empty())
        .collect();
    if series.is_empty() {
        return Ok(Drawing::skipped(format!("no run has the metric `{RIGHT}`")));
    }
    let jury = jury(runs, &first);
    let shares = series.iter().flat_map(|series| series.marks.iter().map(|mark| mark.percent));
    let x = Scale::linear(0.0, shares.fold(0.0, f64::max), 10);
    let y = Scale::linear(0.0, 1.0, 10);
    let frame = frame(&series, jury.as_ref(), &lines.note());
    let slice = slice(&series, jury.as_ref());
    let picture = frame.picture(slice, |sheet| paint(sheet, &series, jury.as_ref(), &x, &y))?;
    Ok(Drawing::single(picture, lines.left_out()))
}

fn mark(right: usize, &(percent, point): &(f64, &Point)) -> Option<Mark> {
    let judged = point.runs.iter().filter_map(|run| run.metrics[right]);
    let total = judged.clone().count() as u64;
    let hits = judged.filter(|ratio| *ratio == 1.0).count() as u64;
    let right = Proportion { hits, total };
    (total > 0).then(|| Mark { point_id: point.id.clone(), percent, right })
}

/// The jury of these points, if they have one size.
fn jury(runs: &Runs, points: &[&Point]) -> Option<Jury> {
    let (size, opinions) = (runs.param("n")?, runs.metric(OPINIONS)?);
    let members: u32 = points.first()?.params[size].parse().ok()?;
    if points.iter().any(|point| point.params[size] != points[0].params[size]) {
        return None;
    }
    let all = points.iter().flat_map(|point| &point.runs);
    let seen: Vec<f64> = all.filter_map(|run| run.metrics[opinions]).collect();
    let competence = seen.iter().sum::<f64>() / seen.len() as f64;
    let is_one = !seen.is_empty() && members > 0;
    is_one.then(|| Jury { members, competence, right: more_than_half(members, competence) })
}

/// The chance that more than half of `members` are right, if each is with this probability and all
/// by themselves.
fn more_than_half(members: u32, competence: f64) -> f64 {
    // The chance that exactly so many of those asked so far are right.
    let mut chances = vec![0.0; members as usize + 1];
    chances[0] = 1.0;
    for asked in 1..=members as usize {
        for right in (0..=asked).rev() {
            let one_more = if right > 0 { chances[right - 1] * competence } else { 0.0 };
            chances[right] = chances[right] * (1.0 - competence) + one_more;
        }
    }
    chances[members as usize / 2 + 1..].iter().sum()
}

fn frame(series: &[Series<'_>], jury: Option<&Jury>, note: &str) -> Frame {
    let trends = series.iter().filter_map(|series| {
        let (first, last) = (series.marks.first()?, series.marks.last()?);
        let told = |mark: &Mark| format!("{} with {} %", mark.right.text(), rough(mark.percent));
        Some(format!("{}: right in {}, in {}", series.name, told(first), told(last)))
    });
    let mut notes = String::new();
    if let Some(Jury { members, competence, .. }) = jury {
        notes.push_str(&format!(
            " Dotted: a majority of {members} without faults, each right by itself with {} as in \
             the runs (Condorcet).",
            rough(*competence)
        ));
    }
    notes.push_str(note);
    let marks = || series.iter().flat_map(|series| &series.marks);
    Frame {
        name: CHART.name.to_owned(),
        title: format!(
            "Right decisions, by the share of faulty agents: {}",
            subject(series.iter().map(|series| series.point))
        ),
        description: format!("{}.", trends.collect::<Vec<_>>().join("; ")),
        caption: format!(
            "Share of N = {} runs that decided what is right; no decision is not right. Band: \
             Wilson's 95 % interval.{notes}",
            counts(marks().map(|mark| mark.right.total)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(
    sheet: &Sheet<'_>,
    all: &[Series<'_>],
    jury: Option<&Jury>,
    x: &Scale,
    y: &Scale,
) -> Drawn {
    let x_name = x.name("faulty or strategic agents", "%");
    let y_name = y.name("probability of the right decision", "0–1");
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (y, &y_name))?;
    let mut names = Vec::new();
    if let Some(jury) = jury {
        let line = [(x.from(), jury.right), (x.to(), jury.right)];
        curve(&mut panel, &line, MUTED, 1.4, Some((2.0, 4.0)))?;
        names.push(EndLabel::plain(pixel(&panel, line[1]), MUTED, "Condorcet's jury, no faults"));
    }
    for (index, series) in all.iter().enumerate() {
        let color = SERIES[index];
        let track = Track::of(series.marks.iter().map(|mark| (mark.percent, mark.right)));
        track.paint(&mut panel, (color, 0.14), DASHES[index])?;
        for point in &track.line {
            sheet.marker(MARKERS[index], pixel(&panel, *point), color)?;
        }
        let Some(last) = track.line.last() else { continue };
        names.push(EndLabel::plain(pixel(&panel, *last), color, &series.name));
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

fn slice(series: &[Series<'_>], jury: Option<&Jury>) -> String {
    let mut csv = CsvText::new(&[
        "point_id",
        "series",
        "share_pct",
        "runs_count",
        "right_count",
        "right_ratio",
        "ci_lo",
        "ci_hi",
        "jury_ratio",
    ]);
    for series in series {
        for mark in &series.marks {
            let place = [
                Cell::text(&mark.point_id),
                Cell::text(&series.name),
                Cell::number(mark.percent),
                Cell::count(mark.right.total),
                Cell::count(mark.right.hits),
            ];
            let expected = Cell::number(jury.map(|jury| jury.right));
            csv.row(place.into_iter().chain(shares::cells(mark.right)).chain([expected]));
        }
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::more_than_half;

    #[test]
    fn a_jury_is_as_often_right_as_the_binomial_says() {
        for (members, competence, expected) in
            [(3, 0.6, 0.648), (5, 0.6, 0.682_56), (11, 0.6, 0.753_498), (5, 0.8, 0.942_08)]
        {
            let right = more_than_half(members, competence);
            assert!((right - expected).abs() < 1e-6, "{members}, {competence}: {right}");
        }
        // Two each are no majority.
        assert_eq!(more_than_half(4, 0.5), 5.0 / 16.0);
    }
}
