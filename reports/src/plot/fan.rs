//! A curve that every run goes its own way along: the median run, and bands of quantiles around it.

use super::sheet::{Failed, Panel, band, curve};
use crate::cell::{Cell, CsvText};
use crate::row::{Point, Tables};
use crate::stats::percentile;
use plotters::style::RGBColor;
use std::collections::BTreeMap;

/// The quantiles of the bands and of the line.
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
/// Which of them is the median.
const MEDIAN: usize = 2;

/// What a picture says of its bands.
pub(super) const CAPTION: &str = "Line: median over runs; bands: their 25–75 % and 5–95 % \
     quantiles, not intervals of confidence, as far as so many runs support them.";

/// The points of one run's curve, in order of x.
pub(super) type Steps = Vec<(f64, f64)>;

/// One place, over all runs of a point.
pub(super) struct Column {
    pub(super) x: f64,
    /// The quantiles that the sample supports.
    quantiles: [Option<f64>; 5],
}

impl Column {
    pub(super) fn median(&self) -> Option<f64> {
        self.quantiles[MEDIAN]
    }
}

/// The runs of one point.
pub(super) struct Fan {
    pub(super) runs: u64,
    pub(super) columns: Vec<Column>,
}

/// By point, the curve of each of its runs.
pub(super) fn curves<'a>(tables: &'a Tables, name: &str) -> BTreeMap<&'a str, Vec<Steps>> {
    let mut curves: BTreeMap<&str, BTreeMap<u64, Steps>> = BTreeMap::new();
    for row in tables.series.iter().filter(|row| row.curve == name) {
        let runs = curves.entry(&row.point_id).or_default();
        runs.entry(row.run_id).or_default().push((row.x, row.y));
    }
    curves.into_iter().map(|(point, runs)| (point, runs.into_values().collect())).collect()
}

/// Where the last of these runs ends.
pub(super) fn last(runs: &[Steps]) -> f64 {
    runs.iter().filter_map(|run| run.last()).map(|(x, _)| *x).fold(0.0, f64::max)
}

/// How a curve goes from one place to the next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// Straight.
    Straight,
    /// At once, when it is there.
    Stepped,
}

impl Fan {
    /// The quantiles at these places. Each run keeps what it came to until it comes to something
    /// else, also after it has ended; before it begins it is at zero.
    pub(super) fn at(runs: &[Steps], places: impl Iterator<Item = f64>) -> Self {
        let value_at = |run: &Steps, place: f64| {
            let next = run.partition_point(|(x, _)| *x <= place);
            next.checked_sub(1).map_or(0.0, |last| run[last].1)
        };
        let column = |x: f64| {
            let mut values: Vec<f64> = runs.iter().map(|run| value_at(run, x)).collect();
            values.sort_by(f64::total_cmp);
            Column { x, quantiles: QUANTILES.map(|q| percentile(&values, q).ok()) }
        };
        Self { runs: runs.len() as u64, columns: places.map(column).collect() }
    }

    fn edge(&self, which: usize, unit: f64, course: Course) -> Steps {
        let mut line = Steps::new();
        for column in &self.columns {
            let Some(value) = column.quantiles[which] else { continue };
            if let (Course::Stepped, Some((_, before))) = (course, line.last().copied()) {
                line.push((column.x, before));
            }
            line.push((column.x, unit * value));
        }
        line
    }

    /// Draws the bands and the median in `unit`s of the panel; gives the end of the median.
    pub(super) fn paint(
        &self,
        panel: &mut Panel<'_, '_>,
        (unit, course): (f64, Course),
        color: RGBColor,
    ) -> Result<Option<(f64, f64)>, Failed> {
        for ((low, high), opacity) in [((0, 4), 0.12), ((1, 3), 0.22)] {
            let edges = [low, high].map(|which| self.edge(which, unit, course));
            band(panel, edges, color, opacity)?;
        }
        let median = self.edge(MEDIAN, unit, course);
        curve(panel, &median, color, 2.2, None)?;
        Ok(median.last().copied())
    }
}

/// The data drawn, as CSV: of each point its fan, with `x` in the column of this name.
pub(super) fn slice<'a>(x: &str, fans: impl Iterator<Item = (&'a Point, &'a Fan)>) -> String {
    let mut csv = CsvText::new(&["point_id", x, "p5", "p25", "p50", "p75", "p95", "runs_count"]);
    for (point, fan) in fans {
        for column in &fan.columns {
            let mut row = vec![Cell::text(&point.id), Cell::number(column.x)];
            row.extend(column.quantiles.iter().map(|value| Cell::number(*value)));
            row.push(Cell::count(fan.runs));
            csv.row(row);
        }
    }
    csv.finish()
}
