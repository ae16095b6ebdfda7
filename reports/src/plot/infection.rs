//! How a rumour spreads: the share that knows it, round by round, over all runs of a point.
//!
//! Beside the median of the runs stands what the mean field says: of all that are ignorant, the
//! share that is reached in a round is what it would be if everybody did as the average does.

use super::ends::{self, EndLabel};
use super::palette::{Dash, MUTED, SERIES};
use super::scale::{Scale, number, rough};
use super::series::{distinguishing, pick, settings, subject};
use super::sheet::{
    Drawn, Frame, MARGIN, Panel, Rect, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS, band, curve, pixel,
};
use super::{Chart, Drawing, Picture};
use crate::Error;
use crate::cell::{CsvText, number_cell, text_cell};
use crate::row::{Point, Tables};
use crate::stats::percentile;
use std::collections::BTreeMap;

pub(super) const CHART: Chart =
    Chart { name: "infection", question: "How does a rumour spread?", draw };

const CURVE: &str = "informed_by_round";
const POINTS_MAX: usize = 6;
const PANEL: f64 = 330.0;
const LABELS: f64 = 200.0;
/// The share that is not reached in a round, of the ignorant, when `x` know: by who calls.
type Missed = fn(f64) -> f64;
const MEAN_FIELDS: [(&str, Missed, Dash); 3] = [
    ("push", |x| libm::exp(-x), Some((8.0, 4.0))),
    ("pull", |x| 1.0 - x, Some((3.0, 3.0))),
    ("push-pull", |x| (1.0 - x) * libm::exp(-x), Some((10.0, 3.0))),
];
/// The quantiles of the bands and of the line.
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// The shares that one run came to, with the rounds in which it did.
type Steps = Vec<(f64, f64)>;

/// One round, over all runs of a point.
struct Round {
    round: f64,
    /// The quantiles that the sample supports.
    quantiles: [Option<f64>; 5],
}

/// One point's picture in the making.
struct View<'a> {
    point: &'a Point,
    settings: String,
    runs: usize,
    nodes: f64,
    contact: Option<String>,
    rounds: Vec<Round>,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let mut curves: BTreeMap<&str, BTreeMap<u64, Steps>> = BTreeMap::new();
    for row in tables.series.iter().filter(|row| row.curve == CURVE) {
        let runs = curves.entry(&row.point_id).or_default();
        runs.entry(row.run_id).or_default().push((row.x, row.y));
    }
    let points: Vec<&Point> =
        tables.runs.points.iter().filter(|point| curves.contains_key(point.id.as_str())).collect();
    if points.is_empty() {
        return Ok(Drawing::skipped(format!("series.csv has no curve `{CURVE}`")));
    }
    let params = distinguishing(&tables.runs, &points, &[]);
    let mut pictures = Vec::new();
    let chosen = pick(points.len(), POINTS_MAX);
    for (at, &index) in chosen.iter().enumerate() {
        let point = points[index];
        let param = |name: &str| tables.runs.param(name).map(|index| point.params[index].clone());
        let runs: Vec<_> = curves[point.id.as_str()].values().collect();
        let view = View {
            point,
            settings: settings(&tables.runs, point, &params),
            runs: runs.len(),
            nodes: param("n").and_then(|n| n.parse().ok()).unwrap_or(f64::INFINITY),
            contact: param("protocol_contact"),
            rounds: rounds(&runs),
        };
        pictures.push(view.picture(format!("{}-{}", CHART.name, at + 1))?);
    }
    let left_out = (chosen.len() < points.len())
        .then(|| format!("{} of {} points are drawn, evenly spaced", chosen.len(), points.len()));
    Ok(Drawing { pictures, left_out })
}

/// The quantiles over runs at each round; a run keeps its last share once it has ended.
fn rounds(runs: &[&Steps]) -> Vec<Round> {
    let last = runs.iter().filter_map(|run| run.last()).map(|(x, _)| *x).fold(0.0, f64::max);
    let share_at = |run: &Steps, round: f64| {
        run.iter().take_while(|(x, _)| *x <= round).last().map_or(0.0, |(_, y)| *y)
    };
    let at = |round: u32| {
        let round = f64::from(round);
        let mut shares: Vec<f64> = runs.iter().map(|run| share_at(run, round)).collect();
        shares.sort_by(f64::total_cmp);
        Round { round, quantiles: QUANTILES.map(|q| percentile(&shares, q).ok()) }
    };
    (0..=last.min(10_000.0) as u32).map(at).collect()
}

impl View<'_> {
    /// The mean fields that are drawn: that of the point's way to call, if it is known.
    fn mean_fields(&self) -> impl Iterator<Item = &'static (&'static str, Missed, Dash)> {
        let contact = self.contact.clone();
        MEAN_FIELDS.iter().filter(move |(name, ..)| contact.as_ref().is_none_or(|own| own == name))
    }

    fn mean_field(&self, missed: Missed) -> Vec<(f64, f64)> {
        let mut share = if self.nodes.is_finite() { 1.0 / self.nodes } else { 0.0 };
        let mut points = Vec::with_capacity(self.rounds.len());
        for round in &self.rounds {
            points.push((round.round, share));
            share = 1.0 - (1.0 - share) * missed(share);
        }
        points
    }

    fn first_above(&self, share: f64) -> Option<f64> {
        let above = |round: &&Round| round.quantiles[2].is_some_and(|median| median >= share);
        self.rounds.iter().find(above).map(|round| round.round)
    }

    fn picture(&self, name: String) -> Result<Picture, Error> {
        let subject = subject(std::iter::once(self.point));
        let title = match self.settings.as_str() {
            "" => format!("How a rumour spreads: {subject}"),
            settings => format!("How a rumour spreads: {subject}, {settings}"),
        };
        let said = |share: f64, words: &str| match self.first_above(share) {
            Some(round) => format!("{words} of the nodes know it after {} rounds", rough(round)),
            None => format!("{words} of the nodes do not come to know it"),
        };
        let frame = Frame {
            name,
            title,
            description: format!(
                "In the median run {}; {}.",
                said(0.5, "half"),
                said(0.99, "99 %")
            ),
            caption: format!(
                "N = {} runs of {} nodes. Line: median over runs; bands: their 25–75 % and \
                 5–95 % quantiles, not intervals of confidence, as far as so many runs support \
                 them. A run that has ended keeps its last share. Dashed: mean field. Dotted line: \
                 all but one node.",
                self.runs,
                number(self.nodes),
            ),
            body: PANEL + X_LABELS + 14.0,
        };
        let svg = frame.paint(|sheet| self.paint(sheet))?;
        let (name, title) = (frame.name, frame.title);
        let (description, caption) = (frame.description, frame.caption);
        Ok(Picture { name, title, description, caption, svg, slice: self.slice() })
    }

    fn paint(&self, sheet: &Sheet<'_>) -> Drawn {
        let rect = Rect {
            left: MARGIN + Y_LABELS,
            right: WIDTH - MARGIN - LABELS,
            top: TOP + 4.0,
            bottom: TOP + 4.0 + PANEL,
        };
        let last = self.rounds.last().map_or(1.0, |round| round.round.max(1.0));
        let (x, y) = (Scale::linear(0.0, last, 10), Scale::percent());
        let mut panel = sheet.panel(rect, (&x, Some("rounds")), (&y, "know it (%)"))?;
        let mut labels = Vec::new();
        if self.nodes.is_finite() {
            let all_but_one = 100.0 * (1.0 - 1.0 / self.nodes);
            let ends = [(0.0, all_but_one), (last, all_but_one)];
            curve(&mut panel, &ends, MUTED, 1.0, Some((1.5, 3.0)))?;
        }
        for ((low, high), opacity) in [((0, 4), 0.12), ((1, 3), 0.22)] {
            self.paint_band(&mut panel, (low, high), opacity)?;
        }
        let median = |round: &Round| Some((round.round, 100.0 * round.quantiles[2]?));
        let median: Vec<_> = self.rounds.iter().filter_map(median).collect();
        curve(&mut panel, &median, SERIES[0], 2.2, None)?;
        let name = |name: &str| (name.to_owned(), String::new());
        if let Some(end) = median.last() {
            let (name, remark) = name("median run");
            labels.push(EndLabel { end: pixel(&panel, *end), color: SERIES[0], name, remark });
        }
        for (index, (contact, missed, dash)) in self.mean_fields().enumerate() {
            let points: Vec<_> =
                self.mean_field(*missed).into_iter().map(|(x, y)| (x, 100.0 * y)).collect();
            let color = SERIES[1 + index];
            curve(&mut panel, &points, color, 1.4, *dash)?;
            let Some(end) = points.last() else { continue };
            let (name, remark) = name(&format!("mean field, {contact}"));
            labels.push(EndLabel { end: pixel(&panel, *end), color, name, remark });
        }
        ends::paint(sheet, rect, &labels)
    }

    fn paint_band(
        &self,
        panel: &mut Panel<'_, '_>,
        (low, high): (usize, usize),
        opacity: f64,
    ) -> Drawn {
        let edge = |which: usize| {
            let at = move |round: &Round| Some((round.round, 100.0 * round.quantiles[which]?));
            self.rounds.iter().filter_map(at)
        };
        let outline: Vec<_> =
            edge(low).chain(edge(high).collect::<Vec<_>>().into_iter().rev()).collect();
        if outline.len() < 3 {
            return Ok(());
        }
        band(panel, outline, SERIES[0], opacity)
    }

    fn slice(&self) -> String {
        let mut csv =
            CsvText::new(&["point_id", "round", "p5", "p25", "p50", "p75", "p95", "runs_count"]);
        for round in &self.rounds {
            let mut row =
                vec![text_cell(&self.point.id).into_owned(), number_cell(Some(round.round))];
            row.extend(round.quantiles.iter().map(|share| number_cell(*share)));
            row.push(self.runs.to_string());
            csv.row(&row);
        }
        csv.finish()
    }
}
