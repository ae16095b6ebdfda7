//! What grows with the number of nodes: the mean of each size, and a line fitted through them.

use super::palette::SERIES_MAX;
use super::series::{along, labels};
use super::shown::Shown;
use crate::row::{Point, Run, Runs};
use crate::stats::{CensoredSample, Line, Observation, normal_mean};

/// The parameters that follow from the size.
const SIZES: [&str; 3] = ["n", "f", "protocol_nodes"];

/// The runs of one size.
pub(super) struct Mark<'a> {
    pub(super) point: &'a Point,
    pub(super) nodes: f64,
    pub(super) runs: u64,
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

/// The curves of those with at least three sizes that have a mean. A run's `value` is what it is of.
pub(super) fn series<'a>(
    runs: &'a Runs,
    value: impl Fn(&Run) -> Option<Observation>,
) -> Shown<Series<'a>> {
    let lines = runs.param("n").map(|size| along(runs, size, &SIZES)).unwrap_or_default();
    let of = |line: Vec<(f64, &'a Point)>| {
        let marks = line.into_iter().filter_map(|(nodes, point)| Mark::of(point, nodes, &value));
        let mut marks: Vec<Mark<'a>> = marks.collect();
        marks.dedup_by(|a, b| a.nodes == b.nodes);
        marks
    };
    let lines: Vec<_> = lines.into_iter().map(of).filter(|marks| marks.len() > 2).collect();
    let shown = Shown::of(lines, SERIES_MAX, "curves");
    let first: Vec<&Point> = shown.things.iter().map(|marks| marks[0].point).collect();
    let mut names = labels(runs, &first, &SIZES).into_iter();
    shown.map(|marks| {
        let points: Vec<_> =
            marks.iter().map(|mark| (mark.bits(), mark.mean, mark.slack)).collect();
        let name = names.next().unwrap_or_default();
        Series { point: marks[0].point, name, line: Line::through(&points), marks }
    })
}

impl<'a> Mark<'a> {
    /// The mean over the runs of a point; `None` for fewer than two, and where one was only watched:
    /// no mean is known then.
    fn of(
        point: &'a Point,
        nodes: f64,
        value: impl Fn(&Run) -> Option<Observation>,
    ) -> Option<Self> {
        let sample = CensoredSample::new(point.runs.iter().filter_map(value));
        let is_known = sample.watched().is_empty() && nodes >= 2.0;
        let (mean, slack) = normal_mean(sample.ended()).filter(|_| is_known)?;
        Some(Self { point, nodes, runs: sample.len() as u64, mean, slack })
    }

    pub(super) fn bits(&self) -> f64 {
        libm::log2(self.nodes)
    }
}
