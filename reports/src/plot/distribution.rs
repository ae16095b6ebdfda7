//! The distribution functions of durations that may not have ended.
//!
//! A duration that was watched in vain is longer than all others, not as long as the watching: the
//! curve stops below it.

use super::ends::{self, EndLabel};
use super::palette::Dash;
use super::shares;
use super::sheet::{Drawn, Panel, Rect, Sheet, band, curve, pixel};
use crate::cell::{Cell, CsvText};
use crate::row::Point;
use crate::stats::{CensoredSample, Proportion};
use plotters::style::RGBColor;

/// The curve of one sample.
pub(super) struct Distribution<'a> {
    pub(super) point: &'a Point,
    pub(super) name: String,
    pub(super) sample: CensoredSample,
    pub(super) color: RGBColor,
    pub(super) dash: Dash,
}

impl Distribution<'_> {
    pub(super) fn censored(&self) -> Proportion {
        self.sample.censored()
    }

    /// How many were watched in vain, by a word for what they are, with the mark of where the curve
    /// stops.
    fn in_vain(&self, waiting: &str) -> String {
        let censored = self.censored();
        let mark = if censored.hits > 0 { "▷ " } else { "" };
        format!("{mark}{waiting}: {}", censored.text())
    }

    /// The curve in words; `duration` writes one with its unit.
    pub(super) fn told(&self, waiting: &str, duration: impl Fn(f64) -> String) -> String {
        let median = match self.sample.quantile(0.5) {
            Ok(Some(value)) => format!("median {}", duration(value)),
            Ok(None) => "median not identified".to_owned(),
            Err(too_few) => format!("median: {too_few}"),
        };
        format!("{}: {median}, {waiting}: {}", self.name, self.censored().text())
    }
}

/// How far the curves go: how long those took that ended, and of each sample the shortest watching
/// in vain, at which its curve stops.
pub(super) fn durations<'a>(all: &'a [Distribution<'_>]) -> impl Iterator<Item = f64> + Clone + 'a {
    let ended = all.iter().flat_map(|one| one.sample.ended().iter().copied());
    ended.chain(all.iter().filter_map(|one| one.sample.watched().first().copied()))
}

/// How distributions are drawn.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// What those are that were watched in vain, such as "leaderless".
    pub(super) waiting: &'static str,
    /// Of the band around each; `None` where bands would hide each other.
    pub(super) band_opacity: Option<f64>,
    /// Whether the name of a curve that reaches 1 stands at the panel's edge, not at its end: lines
    /// from many curves to their names would lie on each other at the top.
    pub(super) named_at_edge: bool,
}

/// Draws the curves and their names, each with how many were watched in vain.
pub(super) fn paint(
    sheet: &Sheet<'_>,
    panel: &mut Panel<'_, '_>,
    rect: Rect,
    all: &[Distribution<'_>],
    look: Look,
) -> Drawn {
    let mut names = Vec::new();
    for one in all {
        let color = one.color;
        let [line, lower, upper] = outline(&one.sample);
        if let Some(opacity) = look.band_opacity {
            band(panel, [lower, upper], color, opacity)?;
        }
        curve(panel, &line, color, 2.0, one.dash)?;
        let last = line.last().map(|last| pixel(panel, *last));
        let mut end = last.unwrap_or((rect.right, rect.bottom));
        if one.censored().hits > 0 {
            sheet.censor_mark(end, color)?;
        } else if look.named_at_edge {
            end.0 = rect.right;
        }
        names.push(EndLabel {
            end,
            color,
            name: one.name.clone(),
            remark: one.in_vain(look.waiting),
        });
    }
    ends::paint(sheet, rect, &names)
}

/// The corners of the curve, and of its band's lower and upper edge.
fn outline(sample: &CensoredSample) -> [Vec<(f64, f64)>; 3] {
    let mut lines = [Vec::new(), Vec::new(), Vec::new()];
    let mut heights = [0.0; 3];
    for step in sample.steps() {
        let interval = step.ended.wilson();
        let next = [
            step.ended.share().unwrap_or(0.0),
            interval.and_then(|i| i.lo).unwrap_or(0.0),
            interval.and_then(|i| i.hi).unwrap_or(1.0),
        ];
        for ((line, height), next) in lines.iter_mut().zip(&mut heights).zip(next) {
            line.extend([(step.at, *height), (step.at, next)]);
            *height = next;
        }
    }
    // Nothing is known to end between the last step and the shortest watching in vain.
    if let Some(&watched) = sample.watched().first() {
        for (line, height) in lines.iter_mut().zip(heights) {
            let from = line.last().map_or(0.0, |last| last.0);
            line.extend((watched > from).then_some((watched, height)));
        }
    }
    lines
}

/// The steps of the curves as CSV, with these names for the duration and for how many had ended.
pub(super) fn slice(all: &[Distribution<'_>], [duration, ended]: [&str; 2]) -> String {
    let header = ["point_id", "series", duration, ended, "runs_count", "share", "ci_lo", "ci_hi"];
    let mut csv = CsvText::new(&header);
    for one in all {
        for step in one.sample.steps() {
            let place = [
                Cell::text(&one.point.id),
                Cell::text(&one.name),
                Cell::number(step.at),
                Cell::count(step.ended.hits),
                Cell::count(step.ended.total),
            ];
            csv.row(place.into_iter().chain(shares::cells(step.ended)));
        }
    }
    csv.finish()
}
