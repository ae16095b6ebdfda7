//! How soon a crash is noticed, by the first node and by all: the distribution over runs, in
//! protocol periods, so that detectors of different pace can be compared.
//!
//! A crash that nobody noticed before the end took longer than all others, not until the end: the
//! curve stops below it and the share is printed.

use super::distribution::{self, Distribution, Look, durations};
use super::palette::{Dash, MUTED, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, named, subject, with_metric};
use super::sheet::{Anchor, Drawn, Frame, SMALL, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::error::Error;
use crate::row::Tables;
use crate::stats::CensoredSample;

pub(super) const CHART: Chart = Chart {
    name: "detection-time",
    question: "How soon is a crash noticed?",
    table: "runs.csv",
    feeds: &[STAGES[0].1, STAGES[1].1],
    draw,
};

/// Who has noticed, the column that tells when, and the line that shows it.
const STAGES: [(&str, &str, Dash); 2] = [
    ("first node", "detect_first_periods", None),
    ("all nodes", "detect_all_periods", Some((7.0, 4.0))),
];
/// More points than this, at two curves each, cannot be told apart.
const POINTS_MAX: usize = 3;
/// Probes at random among very many: periods until the first member suspects, on average; e/(e−1).
const LIMIT: f64 = std::f64::consts::E / (std::f64::consts::E - 1.0);
/// Above the panel is room for the name of the limit.
const LAYOUT: Single = Single { head: 20.0, height: 330.0, names: 250.0 };
const LOOK: Look = Look { waiting: "unnoticed", band_opacity: Some(0.12), named_at_edge: true };

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    if let Some((_, missing, _)) = STAGES.iter().find(|(_, name, _)| runs.metric(name).is_none()) {
        return Ok(Drawing::lacks_column(missing));
    }
    let shown = named(runs, with_metric(runs, STAGES[0].1), POINTS_MAX);
    let mut all: Vec<Distribution<'_>> = Vec::new();
    for (place, (point, name)) in shown.things.iter().enumerate() {
        all.extend(STAGES.map(|(who, metric, dash)| Distribution {
            point,
            name: format!("{name}, {who}"),
            sample: CensoredSample::new(runs.observations(point, metric)),
            color: SERIES[place],
            dash,
        }));
    }
    if all.is_empty() {
        return Ok(Drawing::skipped("no member crashed: `detect_first_periods` is empty"));
    }
    // The axis begins at the crash.
    let x = Scale::linear(0.0, durations(&all).fold(LIMIT, f64::max).ceil(), 10);
    let slice = distribution::slice(&all, ["periods", "noticed_count"]);
    let frame = frame(&all, &shown.note());
    let picture = frame.picture(slice, |sheet| paint(sheet, &all, &x))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

fn frame(all: &[Distribution<'_>], note: &str) -> Frame {
    let unnoticed: u64 = all.iter().map(|one| one.censored().hits).sum();
    let censoring = match unnoticed {
        0 => "Every crash was noticed by all.",
        _ => {
            "A crash not noticed when the victim came back or the run ended (▷) counts as slower \
             than all others."
        }
    };
    let periods = |count: f64| format!("{} periods", rough(count));
    let told: Vec<String> = all.iter().map(|one| one.told(LOOK.waiting, periods)).collect();
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Detection time: {}", subject(all.iter().map(|one| one.point))),
        description: format!("Time from a crash until it was noticed. {}.", told.join("; ")),
        caption: format!(
            "N = {} runs per curve, the first crash of each. Solid: the first node that noticed; \
             dashed: all members. Band: pointwise 95 % Wilson interval. {censoring} Thin line: \
             e/(e − 1), the mean until the first of very many members that probe at random.{note}",
            counts(all.iter().map(|one| one.sample.len() as u64)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Distribution<'_>], x: &Scale) -> Drawn {
    let x_name = x.name("time since the crash", "protocol periods");
    let y_name = "runs in which it was noticed within x (0–1)";
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (&Scale::share(), y_name))?;
    let rect = LAYOUT.rect();
    curve(&mut panel, &[(LIMIT, 0.0), (LIMIT, 1.0)], MUTED, 1.0, Some((3.0, 3.0)))?;
    let (middle, _) = pixel(&panel, (LIMIT, 1.0));
    let name = "e/(e − 1) = 1.582";
    sheet.text((middle, rect.top - 9.0), name, SMALL, MUTED, Anchor::Start)?;
    distribution::paint(sheet, &mut panel, rect, all, LOOK)
}
