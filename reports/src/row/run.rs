//! `runs.csv`: one row per run.
//!
//! The header is read by position between landmarks, as the contract defines it: parameters are
//! what stands between `fault_script` and `verdict`, metrics what stands between `violations` and
//! `events_count`. So a new protocol's metrics need no change here.

use super::cells::Cells;
use crate::error::Error;
use crate::stats::Observation;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

/// How the name of the column ends that says where a metric is only a lower bound.
const TWIN: &str = "_censored";

/// How a run was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every property that was promised held.
    Pass,
    /// Something happened that must never happen.
    Unsafe,
    /// Something that must happen in the end did not happen within its bound.
    Stalled,
    /// The run shows nothing either way.
    Inconclusive,
    /// The protocol's code panicked.
    Panicked,
    /// The same seed gave two different runs.
    Nondeterministic,
}

impl Verdict {
    /// Every verdict, in the order in which tables list them.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Unsafe,
        Self::Stalled,
        Self::Inconclusive,
        Self::Panicked,
        Self::Nondeterministic,
    ];

    /// The word in the `verdict` column.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unsafe => "unsafe",
            Self::Stalled => "stalled",
            Self::Inconclusive => "inconclusive",
            Self::Panicked => "panicked",
            Self::Nondeterministic => "nondeterministic",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The seed that decided everything which the scenario left open.
    pub seed: u64,
    /// How it was judged.
    pub verdict: Verdict,
    /// Whether the faults went beyond what the protocol was promised.
    pub exceeded: bool,
    /// The metrics, in the order of [`Runs::metrics`]; `None` is "not applicable".
    pub metrics: Vec<Option<f64>>,
}

/// Where a metric stands in [`Run::metrics`], and the twin that says whether it is censored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    value: usize,
    twin: Option<usize>,
}

impl Column {
    /// Whether a twin says of each run if the metric is only a lower bound there.
    pub fn may_be_censored(self) -> bool {
        self.twin.is_some()
    }
}

impl Run {
    /// What this run measured of a metric; `None` is "not applicable".
    pub fn observation(&self, column: Column) -> Option<Observation> {
        let flag = column.twin.and_then(|twin| self.metrics[twin]);
        let censored = flag.is_some_and(|flag| flag != 0.0);
        self.metrics[column.value].map(|value| Observation { value, censored })
    }
}

/// One point of the grid: everything that its runs have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// `point_id`.
    pub id: String,
    /// The protocol's name.
    pub protocol: String,
    /// The scenario's name.
    pub fault_script: String,
    /// The parameters' cells, in the order of [`Runs::params`].
    pub params: Vec<String>,
    /// The runs, in the order of the file.
    pub runs: Vec<Run>,
}

/// The whole table, by point in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// The names of the parameters.
    pub params: Vec<String>,
    /// The names of the metrics, `_censored` twins included.
    pub metrics: Vec<String>,
    /// The points.
    pub points: Vec<Point>,
}

/// Where the columns are.
struct Layout {
    point_id: usize,
    seed: usize,
    protocol: usize,
    fault_script: usize,
    verdict: usize,
    assumptions: usize,
    violations: usize,
    events_count: usize,
}

impl Layout {
    fn of(cells: &Cells) -> Result<Self, Error> {
        let layout = Self {
            point_id: cells.column("point_id")?,
            seed: cells.column("seed")?,
            protocol: cells.column("protocol")?,
            fault_script: cells.column("fault_script")?,
            verdict: cells.column("verdict")?,
            assumptions: cells.column("assumptions")?,
            violations: cells.column("violations")?,
            events_count: cells.column("events_count")?,
        };
        if layout.verdict < layout.fault_script {
            return Err(cells.header_error("verdict", "must come after `fault_script`"));
        }
        if layout.events_count < layout.violations {
            return Err(cells.header_error("events_count", "must come after `violations`"));
        }
        Ok(layout)
    }
}

impl Runs {
    /// Reads `runs.csv`.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] when the file is not there or cannot be read; [`Error::Syntax`],
    /// [`Error::Header`] or [`Error::Cell`] when it breaks the contract, which includes a point
    /// whose rows disagree on protocol, fault script or a parameter.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let Some(cells) = Cells::read(path)? else {
            let source = io::Error::new(io::ErrorKind::NotFound, "there is no such file");
            return Err(Error::Read { path: path.to_owned(), source });
        };
        let layout = Layout::of(&cells)?;
        let params = layout.fault_script + 1..layout.verdict;
        let metrics = layout.violations + 1..layout.events_count;
        let mut index_of: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        let mut points: Vec<Point> = Vec::new();
        for row in 0..cells.len() {
            let id = cells.text(row, layout.point_id);
            let &mut (index, first_line) =
                index_of.entry(id.to_owned()).or_insert((points.len(), cells.line(row)));
            if index == points.len() {
                points.push(Point {
                    id: id.to_owned(),
                    protocol: cells.text(row, layout.protocol).to_owned(),
                    fault_script: cells.text(row, layout.fault_script).to_owned(),
                    params: params.clone().map(|c| cells.text(row, c).to_owned()).collect(),
                    runs: Vec::new(),
                });
            }
            let point = &mut points[index];
            let agree = |column: usize, known: &str| {
                if cells.text(row, column) == known {
                    return Ok(());
                }
                let expected = format!("{known:?}, as on line {first_line} of the same point");
                Err(cells.cell_error(row, column, expected))
            };
            agree(layout.protocol, &point.protocol)?;
            agree(layout.fault_script, &point.fault_script)?;
            for (column, known) in params.clone().zip(&point.params) {
                agree(column, known)?;
            }
            point.runs.push(Run {
                seed: cells.count(row, layout.seed)?,
                verdict: verdict(&cells, row, layout.verdict)?,
                exceeded: exceeded(&cells, row, layout.assumptions)?,
                metrics: metrics
                    .clone()
                    .map(|column| cells.number(row, column))
                    .collect::<Result<_, _>>()?,
            });
        }
        Ok(Self {
            params: cells.header()[params].to_vec(),
            metrics: cells.header()[metrics].to_vec(),
            points,
        })
    }

    /// The index of a metric in [`Run::metrics`].
    pub fn metric(&self, name: &str) -> Option<usize> {
        self.metrics.iter().position(|metric| metric == name)
    }

    /// The index of a parameter in [`Point::params`].
    pub fn param(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|param| param == name)
    }

    /// The values of a metric at a point, in the order of the runs, without those to which it does
    /// not apply. A metric without a `_censored` twin is never censored.
    pub fn observations(&self, point: &Point, metric: &str) -> Vec<Observation> {
        let Some(column) = self.column(metric) else { return Vec::new() };
        point.runs.iter().filter_map(|run| run.observation(column)).collect()
    }

    /// Where a metric stands.
    pub fn column(&self, metric: &str) -> Option<Column> {
        let twin = self.metric(&format!("{metric}{TWIN}"));
        self.metric(metric).map(|value| Column { value, twin })
    }

    /// The metrics with their columns, in the order of the table, without the `_censored` twins.
    pub fn columns(&self) -> Vec<(&str, Column)> {
        let is_twin =
            |name: &str| name.strip_suffix(TWIN).is_some_and(|name| self.metric(name).is_some());
        let own = self.metrics.iter().filter(|name| !is_twin(name));
        own.filter_map(|name| Some((name.as_str(), self.column(name)?))).collect()
    }
}

fn verdict(cells: &Cells, row: usize, column: usize) -> Result<Verdict, Error> {
    let word = cells.text(row, column);
    let found = Verdict::ALL.into_iter().find(|verdict| verdict.word() == word);
    found.ok_or_else(|| {
        let words = Verdict::ALL.map(Verdict::word).join(", ");
        cells.cell_error(row, column, format!("one of {words}"))
    })
}

fn exceeded(cells: &Cells, row: usize, column: usize) -> Result<bool, Error> {
    match cells.text(row, column) {
        "held" => Ok(false),
        "exceeded" => Ok(true),
        _ => Err(cells.cell_error(row, column, "held or exceeded")),
    }
}
