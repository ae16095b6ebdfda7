//! What grows with the number of nodes: the mean of each size, and a line fitted through them.

use super::palette::SERIES_MAX;
use super::series::{along, labels, pick};
use crate::row::{Point, Run, Runs};
use crate::stats::Line;

/// The parameters that follow from the size.
const SIZES: [&str; 3] = ["n", "f", "protocol_nodes"];
/// Two sides of a normal distribution beyond this hold 5 %.
const NORMAL_95: f64 = 1.96;

/// The runs of one size.
pub(super) struct Mark<'a> {
    pub(super) point: &'a Point,
    pub(super) nodes: f64,
    pub(super) runs: usize,
    pub(super) mean: f64,
    /// Half of the 95 % interval of the mean.
    pub(super) slack: f64,
}

/// The sizes of one combination of everything else.
pub(super) struct Series<'a> {
    pub(super) point: &'a Point,
    pub(super) name: String,
    /// By ascending size.
    pub(super) marks: Vec<Mark<'a>>,
    /// Over log₂ n.
    pub(super) line: Line,
}

/// The curves drawn of those with at least three sizes, and how many there are. A run's `value` is
/// what the means are of.
pub(super) fn series<'a>(
    runs: &'a Runs,
    value: impl Fn(&Run) -> Option<f64>,
) -> (Vec<Series<'a>>, usize) {
    let Some(size) = runs.param("n") else { return (Vec::new(), 0) };
    let groups = along(runs, size, &SIZES).into_iter().map(|group| {
        let of = |(nodes, point): (f64, &'a Point)| Mark::of(point, nodes, &value);
        let mut marks: Vec<Mark<'a>> = group.into_iter().filter_map(of).collect();
        marks.dedup_by(|a, b| a.nodes == b.nodes);
        marks
    });
    let groups: Vec<Vec<Mark<'a>>> = groups.filter(|marks| marks.len() > 2).collect();
    let count = groups.len();
    let chosen = pick(count, SERIES_MAX);
    let groups = groups.into_iter().enumerate().filter(|(place, _)| chosen.contains(place));
    let groups: Vec<Vec<Mark<'a>>> = groups.map(|(_, marks)| marks).collect();
    let first: Vec<&Point> = groups.iter().map(|marks| marks[0].point).collect();
    let names = labels(runs, &first, &SIZES);
    let series = groups.into_iter().zip(names).map(|(marks, name)| {
        let points: Vec<_> =
            marks.iter().map(|mark| (mark.bits(), mark.mean, mark.slack)).collect();
        Series { point: marks[0].point, name, line: Line::through(&points), marks }
    });
    (series.collect(), count)
}

impl<'a> Mark<'a> {
    /// The mean over the runs of a point; `None` for fewer than two.
    fn of(point: &'a Point, nodes: f64, value: impl Fn(&Run) -> Option<f64>) -> Option<Self> {
        let values: Vec<f64> = point.runs.iter().filter_map(value).collect();
        if values.len() < 2 || nodes < 2.0 {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let slack = NORMAL_95 * (squares / (count - 1.0) / count).sqrt();
        Some(Self { point, nodes, runs: values.len(), mean, slack })
    }

    pub(super) fn bits(&self) -> f64 {
        libm::log2(self.nodes)
    }
}
