//! How soon a crash is noticed, by the first node and by all: the distribution over runs, in
//! protocol periods, so that detectors of different pace can be compared.
//!
//! A crash that nobody noticed before the end took longer than all others, not until the end: the
//! curve stops below it and the share is printed.

use super::distribution;
use super::ends::{self, EndLabel};
use super::palette::{Dash, MUTED, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, labels, pick, subject};
use super::sheet::{
    Anchor, Drawn, Frame, MARGIN, Rect, SMALL, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS, band, curve,
    pixel,
};
use super::{Chart, Drawing, Picture};
use crate::Error;
use crate::cell::{CsvText, number_cell, text_cell};
use crate::row::{Point, Tables};
use crate::stats::{CensoredSample, percent};

pub(super) const CHART: Chart =
    Chart { name: "detection-time", question: "How soon is a crash noticed?", draw };

/// Who has noticed, the column that tells when, and the line that shows it.
const STAGES: [(&str, &str, Dash); 2] = [
    ("first node", "detect_first_periods", None),
    ("all nodes", "detect_all_periods", Some((7.0, 4.0))),
];
/// More points than this, at two curves each, cannot be told apart.
const POINTS_MAX: usize = 3;
/// Probes at random among very many: periods until the first member suspects, on average; e/(e−1).
const LIMIT: f64 = std::f64::consts::E / (std::f64::consts::E - 1.0);
const PANEL: f64 = 330.0;
const LABELS: f64 = 250.0;
/// Room above the panel for the name of the limit.
const HEAD: f64 = 20.0;

/// One curve.
struct Series<'a> {
    point: &'a Point,
    /// Which of the points drawn it belongs to.
    place: usize,
    stage: usize,
    label: String,
    sample: CensoredSample,
}

impl Series<'_> {
    fn remark(&self) -> String {
        let censored = self.sample.censored();
        match (censored.hits, self.sample.quantile(0.5)) {
            (0, Ok(Some(median))) => format!("median {}", rough(median)),
            (0, _) => format!("N = {}", self.sample.len()),
            _ => format!("▷ {} % not noticed", percent(censored.share().unwrap_or(0.0))),
        }
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    if let Some((_, missing, _)) = STAGES.iter().find(|(_, name, _)| runs.metric(name).is_none()) {
        return Ok(Drawing::skipped(format!("runs.csv has no column `{missing}`")));
    }
    let sample = |point: &Point, stage: usize| {
        CensoredSample::new(runs.observations(point, STAGES[stage].1))
    };
    let struck: Vec<&Point> =
        runs.points.iter().filter(|point| !sample(point, 0).is_empty()).collect();
    let chosen: Vec<&Point> =
        pick(struck.len(), POINTS_MAX).into_iter().map(|place| struck[place]).collect();
    let names = labels(runs, &chosen, &[]);
    let series: Vec<Series<'_>> = chosen
        .iter()
        .zip(&names)
        .enumerate()
        .flat_map(|(place, (&point, name))| {
            (0..STAGES.len()).map(move |stage| Series {
                point,
                place,
                stage,
                label: format!("{name}, {}", STAGES[stage].0),
                sample: sample(point, stage),
            })
        })
        .collect();
    let ended = series.iter().flat_map(|s| s.sample.ended().iter().copied());
    let watched = series.iter().filter_map(|s| s.sample.watched().first().copied());
    let last = ended.chain(watched).fold(LIMIT, f64::max);
    if series.is_empty() {
        return Ok(Drawing::skipped("no member crashed: `detect_first_periods` is empty"));
    }
    // The axis begins at the crash.
    let x = Scale::linear(0.0, last.ceil(), 10);
    let frame = frame(&series, struck.len());
    let svg = frame.paint(|sheet| paint(sheet, &series, &x))?;
    let picture = Picture {
        name: frame.name,
        title: frame.title,
        description: frame.description,
        caption: frame.caption,
        svg,
        slice: slice(&series),
    };
    let left_out = (struck.len() > POINTS_MAX).then(|| {
        format!(
            "{POINTS_MAX} of {} points are drawn, evenly spaced; the others are in points.csv",
            struck.len()
        )
    });
    Ok(Drawing { pictures: vec![picture], left_out })
}

fn frame(series: &[Series<'_>], points: usize) -> Frame {
    let unnoticed: u64 = series.iter().map(|s| s.sample.censored().hits).sum();
    let censoring = match unnoticed {
        0 => "Every crash was noticed by all.".to_owned(),
        _ => "A crash not noticed when the victim came back or the run ended (▷) counts as slower \
              than all others."
            .to_owned(),
    };
    let fewer = match points > POINTS_MAX {
        true => format!(" {POINTS_MAX} of {points} points are shown."),
        false => String::new(),
    };
    let remarks: Vec<String> = series
        .iter()
        .map(|s| format!("{}: {}", s.label, s.remark().trim_start_matches("▷ ")))
        .collect();
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Detection time: {}", subject(series.iter().map(|s| s.point))),
        description: format!("Time from a crash until it was noticed. {}.", remarks.join("; ")),
        caption: format!(
            "N = {} runs per curve, the first crash of each. Solid: the first node that noticed; \
             dashed: all members. Band: pointwise 95 % Wilson interval. {censoring} Thin line: \
             e/(e − 1), the mean until the first of very many members that probe at \
             random.{fewer}",
            counts(series.iter().map(|s| s.sample.len() as u64)),
        ),
        body: HEAD + PANEL + X_LABELS + 14.0,
    }
}

fn paint(sheet: &Sheet<'_>, series: &[Series<'_>], x: &Scale) -> Drawn {
    let rect = Rect {
        left: MARGIN + Y_LABELS,
        right: WIDTH - MARGIN - LABELS,
        top: TOP + HEAD,
        bottom: TOP + HEAD + PANEL,
    };
    let x_name = x.name("time since the crash", "protocol periods");
    let y_name = "runs in which it was noticed within x (0–1)";
    let mut panel = sheet.panel(rect, (x, Some(&x_name)), (&Scale::share(), y_name))?;
    curve(&mut panel, &[(LIMIT, 0.0), (LIMIT, 1.0)], MUTED, 1.0, Some((3.0, 3.0)))?;
    let (middle, _) = pixel(&panel, (LIMIT, 1.0));
    let name = "e/(e − 1) = 1.582";
    sheet.text((middle, rect.top - 9.0), name, SMALL, MUTED, Anchor::Start)?;
    let mut labels = Vec::new();
    for s in series {
        let [line, lower, upper] = distribution::outline(&s.sample);
        let (color, dash) = (SERIES[s.place], STAGES[s.stage].2);
        band(&mut panel, lower.into_iter().chain(upper.into_iter().rev()).collect(), color, 0.12)?;
        curve(&mut panel, &line, color, 2.0, dash)?;
        let mut end = pixel(&panel, line.last().copied().unwrap_or((x.to(), 0.0)));
        if s.sample.censored().hits > 0 {
            sheet.censor_mark(end, color)?;
        } else {
            // Lines from all curves to their names would lie on each other at the top.
            end.0 = rect.right;
        }
        labels.push(EndLabel { end, color, name: s.label.clone(), remark: s.remark() });
    }
    ends::paint(sheet, rect, &labels)
}

fn slice(series: &[Series<'_>]) -> String {
    let header =
        ["point_id", "series", "periods", "noticed_count", "runs_count", "share", "ci_lo", "ci_hi"];
    let mut csv = CsvText::new(&header);
    for s in series {
        for step in s.sample.steps() {
            let interval = step.ended.wilson();
            csv.row(&[
                text_cell(&s.point.id).into_owned(),
                text_cell(&s.label).into_owned(),
                number_cell(Some(step.at)),
                step.ended.hits.to_string(),
                step.ended.total.to_string(),
                number_cell(step.ended.share()),
                number_cell(interval.and_then(|i| i.lo)),
                number_cell(interval.and_then(|i| i.hi)),
            ]);
        }
    }
    csv.finish()
}
