//! How opinions approach each other: what every agent thinks, round by round, in one run, and how
//! far from the middle of their own run the agents of all runs are.
//!
//! Each run ends somewhere else, so opinions of all runs side by side would never come together; what
//! is compared is how far each lies from the median of its run, and that is laid around the median
//! of the run that is drawn.
//!
//! A liar says other things to each, so it has no line: where it began is marked.

use super::ends::{self, EndLabel};
use super::fan::Steps;
use super::palette::{MUTED, Marker, SERIES};
use super::pictured::{Pictured, each_point};
use super::scale::{Scale, number, rough};
use super::series::with_curve;
use super::sheet::{Drawn, Frame, Sheet, band, curve, pixel};
use super::shown::Shown;
use super::single::Single;
use super::{Chart, Drawing, Picture};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{SeriesRow, Tables};
use crate::stats::percentile;
use std::collections::BTreeMap;

pub(super) const CHART: Chart = Chart {
    name: "opinions",
    question: "How do opinions approach each other?",
    table: "series.csv",
    feeds: &[CURVE, CORRUPT],
    draw,
};

const CURVE: &str = "opinion_by_round";
/// Where those began who were corrupt.
const CORRUPT: &str = "corrupt_opinion_by_round";
const AGENTS_MAX: usize = 50;
const ROUNDS_MAX: f64 = 1_000.0;
/// From here on opinions are told in thousands.
const SHORT: f64 = 20_000.0;
const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 170.0 };

/// One point's picture in the making.
struct View<'a> {
    of: Pictured<'a>,
    /// Which run is drawn agent by agent.
    run: u64,
    /// Its agents, each with its opinions.
    agents: Shown<(&'a str, Steps)>,
    corrupt: Vec<(&'a str, Steps)>,
    /// By round, as far as so many opinions are known that they have them: the 5 % and 95 % quantiles
    /// of how far the agents of all runs are from the median of their run, around that of this one.
    band: Vec<(f64, f64, f64)>,
    runs: usize,
}

/// The curves of one run, by node.
fn by_node<'a>(tables: &'a Tables, curve: &str, run: u64) -> BTreeMap<&'a str, Steps> {
    let mut nodes: BTreeMap<&str, Steps> = BTreeMap::new();
    for row in tables.series.iter().filter(|row| row.curve == curve && row.run_id == run) {
        nodes.entry(&row.node).or_default().push((row.x, row.y));
    }
    nodes
}

/// The middle of sorted numbers, or of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    f64::midpoint(sorted[low], sorted[high])
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let points = with_curve(tables, CURVE);
    if points.is_empty() {
        return Ok(Drawing::lacks_curve(CURVE));
    }
    each_point(&tables.runs, (CHART.name, points), |of| View::of(tables, of).picture())
}

impl<'a> View<'a> {
    fn of(tables: &'a Tables, of: Pictured<'a>) -> Self {
        let own = |row: &&SeriesRow| row.curve == CURVE && row.point_id == of.point.id;
        let rows = || tables.series.iter().filter(own);
        let run = rows().map(|row| row.run_id).min().unwrap_or(0);
        let agents = by_node(tables, CURVE, run).into_iter().collect();
        // By round and run.
        let mut rounds: BTreeMap<u64, BTreeMap<u64, Vec<f64>>> = BTreeMap::new();
        for row in rows().filter(|row| row.x <= ROUNDS_MAX) {
            let of_round = rounds.entry(row.x as u64).or_default();
            of_round.entry(row.run_id).or_default().push(row.y);
        }
        let runs = rounds.get(&0).map_or(0, BTreeMap::len);
        let band = rounds.into_iter().filter_map(|(round, mut of_run)| {
            of_run.values_mut().for_each(|opinions| opinions.sort_by(f64::total_cmp));
            let middle = median(of_run.get(&run)?);
            let mut off: Vec<f64> = Vec::new();
            for opinions in of_run.values() {
                let own = median(opinions);
                off.extend(opinions.iter().map(|opinion| opinion - own));
            }
            off.sort_by(f64::total_cmp);
            let quantile = |q| percentile(&off, q).ok();
            Some((round as f64, middle + quantile(0.05)?, middle + quantile(0.95)?))
        });
        Self {
            run,
            agents: Shown::of(agents, AGENTS_MAX, "agents"),
            corrupt: by_node(tables, CORRUPT, run).into_iter().collect(),
            band: band.collect(),
            runs,
            of,
        }
    }

    /// How far apart the agents of the run are at one end of their lines.
    fn apart(&self, end: impl Fn(&Steps) -> Option<&(f64, f64)>) -> f64 {
        let values = self.agents.things.iter().filter_map(|(_, steps)| end(steps)).map(|(_, y)| *y);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        (high - low).max(0.0)
    }

    fn picture(&self) -> Result<Picture, Error> {
        let rounds =
            self.agents.things.iter().filter_map(|(_, steps)| steps.last()).map(|(x, _)| *x);
        let corrupt = match self.corrupt.len() {
            0 => "",
            _ => {
                " Dashed, with a cross: where a corrupt agent began; it may say anything to \
                  anybody afterwards."
            }
        };
        let frame = Frame {
            name: self.of.name.clone(),
            title: self.of.title("What agents think, round by round"),
            description: format!(
                "In run {} the agents begin {} apart and end {} apart, after {} rounds.",
                self.run,
                rough(self.apart(|steps| steps.first())),
                rough(self.apart(|steps| steps.last())),
                number(rounds.fold(0.0, f64::max)),
            ),
            caption: format!(
                "Lines: the agents of run {}.{} Band: 5–95 % quantiles of how far correct agents are \
                 from the median of their run in the same round, in {} runs, around the median of run \
                 {}; not an interval of confidence.{corrupt}",
                self.run,
                self.agents.note(),
                self.runs,
                self.run
            ),
            body: LAYOUT.body(),
        };
        frame.picture(self.slice(), |sheet| self.paint(sheet))
    }

    fn paint(&self, sheet: &Sheet<'_>) -> Drawn {
        let lines = || self.agents.things.iter().chain(&self.corrupt).flat_map(|(_, steps)| steps);
        let band_ends = self.band.iter().flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]);
        let all: Vec<(f64, f64)> = lines().copied().chain(band_ends).collect();
        let fold = |pick: fn(f64, f64) -> f64, of: fn(&(f64, f64)) -> f64| {
            all.iter().map(of).reduce(pick).unwrap_or(0.0)
        };
        let last = fold(f64::max, |at| at.0).max(1.0);
        let (low, high) = (fold(f64::min, |at| at.1), fold(f64::max, |at| at.1));
        // Six digits have no room beside the axis.
        let is_short = low.abs().max(high.abs()) < SHORT;
        let unit = if is_short { 1.0 } else { 1_000.0 };
        let high = if high > low { high } else { low + 1.0 };
        let y = Scale::linear(low / unit, high / unit, 8);
        let scaled =
            |steps: &Steps| -> Steps { steps.iter().map(|(x, y)| (*x, y / unit)).collect() };
        let x = Scale::linear(0.0, last, last.min(10.0) as usize);
        let y_name = if is_short { "opinion (units)" } else { "opinion (1000 units)" };
        let mut panel = LAYOUT.panel(sheet, (&x, "round"), (&y, y_name))?;
        let upper = self.band.iter().map(|(x, _, high)| (*x, high / unit)).collect();
        let lower = self.band.iter().map(|(x, low, _)| (*x, low / unit)).collect();
        band(&mut panel, [upper, lower], SERIES[0], 0.14)?;
        for (_, steps) in &self.agents.things {
            curve(&mut panel, &scaled(steps), SERIES[0], 1.2, None)?;
        }
        let mut labels = Vec::new();
        let longest = self.agents.things.iter().filter_map(|(_, steps)| steps.last());
        if let Some(end) = longest.max_by(|a, b| a.0.total_cmp(&b.0)) {
            let end = (end.0, end.1 / unit);
            labels.push(EndLabel::plain(pixel(&panel, end), SERIES[0], "correct agents"));
        }
        for (node, steps) in &self.corrupt {
            let Some(begin) = steps.first() else { continue };
            let across = [(begin.0, begin.1 / unit), (last, begin.1 / unit)];
            curve(&mut panel, &across, MUTED, 0.8, Some((3.0, 4.0)))?;
            sheet.marker(Marker::Cross, pixel(&panel, across[0]), SERIES[1])?;
            let name = format!("{node}, corrupt");
            labels.push(EndLabel::plain(pixel(&panel, across[1]), SERIES[1], name));
        }
        ends::paint(sheet, LAYOUT.rect(), &labels)
    }

    fn slice(&self) -> String {
        let header = ["point_id", "what", "node", "round_count", "opinion_units", "p95_units"];
        let mut csv = CsvText::new(&header);
        let id = Cell::text(&self.of.point.id);
        let mut row = |what: &str, node: &str, x: f64, y: f64, high: Option<f64>| {
            let [x, y, high] = [Some(x), Some(y), high].map(Cell::number);
            csv.row([id.clone(), Cell::text(what), Cell::text(node), x, y, high]);
        };
        for (what, agents) in [("correct", &self.agents.things), ("corrupt", &self.corrupt)] {
            for (node, steps) in agents {
                steps.iter().for_each(|(x, y)| row(what, node, *x, *y, None));
            }
        }
        self.band.iter().for_each(|(x, low, high)| row("band", "", *x, *low, Some(*high)));
        csv.finish()
    }
}
