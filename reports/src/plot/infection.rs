//! How a rumour spreads: the share that knows it, round by round, over all runs of a point.
//!
//! Beside the median of the runs stands what the mean field says: of all that are ignorant, the
//! share that is reached in a round is what it would be if everybody did as the average does.

use super::ends::{self, EndLabel};
use super::fan::{self, Column, Course, Fan};
use super::palette::{Dash, MUTED, SERIES};
use super::pictured::{Pictured, each_point};
use super::scale::{Scale, number, rough};
use super::series::with_curve;
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing, Picture};
use crate::error::Error;
use crate::row::Tables;

pub(super) const CHART: Chart = Chart {
    name: "infection",
    question: "How does a rumour spread?",
    table: "series.csv",
    feeds: &[CURVE],
    draw,
};

const CURVE: &str = "informed_by_round";
const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 200.0 };
/// The share that is not reached in a round, of the ignorant, when `x` know: by who calls.
type Missed = fn(f64) -> f64;
const MEAN_FIELDS: [(&str, Missed, Dash); 3] = [
    ("push", |x| libm::exp(-x), Some((8.0, 4.0))),
    ("pull", |x| 1.0 - x, Some((3.0, 3.0))),
    ("push-pull", |x| (1.0 - x) * libm::exp(-x), Some((10.0, 3.0))),
];

/// One point's picture in the making.
struct View<'a> {
    of: Pictured<'a>,
    nodes: f64,
    contact: Option<String>,
    /// By rounds.
    fan: Fan,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let curves = fan::curves(tables, CURVE);
    let points = with_curve(tables, CURVE);
    if points.is_empty() {
        return Ok(Drawing::lacks_curve(CURVE));
    }
    each_point(&tables.runs, (CHART.name, points), |of| {
        let param =
            |name: &str| tables.runs.param(name).map(|index| of.point.params[index].clone());
        let runs = &curves[of.point.id.as_str()];
        let rounds = 0..=fan::last(runs).min(10_000.0) as u32;
        let view = View {
            nodes: param("n").and_then(|n| n.parse().ok()).unwrap_or(f64::INFINITY),
            contact: param("protocol_contact"),
            fan: Fan::at(runs, rounds.map(f64::from)),
            of,
        };
        view.picture()
    })
}

impl View<'_> {
    /// The mean fields that are drawn: that of the point's way to call, if it is known.
    fn mean_fields(&self) -> impl Iterator<Item = &'static (&'static str, Missed, Dash)> {
        let contact = self.contact.clone();
        MEAN_FIELDS.iter().filter(move |(name, ..)| contact.as_ref().is_none_or(|own| own == name))
    }

    fn mean_field(&self, missed: Missed) -> Vec<(f64, f64)> {
        let mut share = if self.nodes.is_finite() { 1.0 / self.nodes } else { 0.0 };
        let mut points = Vec::with_capacity(self.fan.columns.len());
        for round in &self.fan.columns {
            points.push((round.x, share));
            share = 1.0 - (1.0 - share) * missed(share);
        }
        points
    }

    fn first_above(&self, share: f64) -> Option<f64> {
        let above = |round: &&Column| round.median().is_some_and(|median| median >= share);
        self.fan.columns.iter().find(above).map(|round| round.x)
    }

    fn picture(&self) -> Result<Picture, Error> {
        let said = |share: f64, words: &str| match self.first_above(share) {
            Some(round) => format!("{words} of the nodes know it after {} rounds", rough(round)),
            None => format!("{words} of the nodes do not come to know it"),
        };
        let frame = Frame {
            name: self.of.name.clone(),
            title: self.of.title("How a rumour spreads"),
            description: format!(
                "In the median run {}; {}.",
                said(0.5, "half"),
                said(0.99, "99 %")
            ),
            caption: format!(
                "N = {} runs of {} nodes. {} A run that has ended keeps its last share. Dashed: \
                 mean field. Dotted line: all but one node.",
                self.fan.runs,
                number(self.nodes),
                fan::CAPTION,
            ),
            body: LAYOUT.body(),
        };
        let slice = fan::slice("round", [(self.of.point, &self.fan)].into_iter());
        frame.picture(slice, |sheet| self.paint(sheet))
    }

    fn paint(&self, sheet: &Sheet<'_>) -> Drawn {
        let last = self.fan.columns.last().map_or(1.0, |round| round.x.max(1.0));
        let (x, y) = (Scale::linear(0.0, last, 10), Scale::percent());
        let mut panel = LAYOUT.panel(sheet, (&x, "rounds"), (&y, "know it (%)"))?;
        let mut labels = Vec::new();
        if self.nodes.is_finite() {
            let all_but_one = 100.0 * (1.0 - 1.0 / self.nodes);
            let ends = [(0.0, all_but_one), (last, all_but_one)];
            curve(&mut panel, &ends, MUTED, 1.0, Some((1.5, 3.0)))?;
        }
        let percent = (100.0, Course::Straight);
        if let Some(end) = self.fan.paint(&mut panel, percent, SERIES[0])? {
            labels.push(EndLabel::plain(pixel(&panel, end), SERIES[0], "median run"));
        }
        for (index, (contact, missed, dash)) in self.mean_fields().enumerate() {
            let points: Vec<_> =
                self.mean_field(*missed).into_iter().map(|(x, y)| (x, 100.0 * y)).collect();
            let color = SERIES[1 + index];
            curve(&mut panel, &points, color, 1.4, *dash)?;
            let Some(end) = points.last() else { continue };
            let name = format!("mean field, {contact}");
            labels.push(EndLabel::plain(pixel(&panel, *end), color, name));
        }
        ends::paint(sheet, LAYOUT.rect(), &labels)
    }
}
