//! Gauges: measurements of a problem's own, taken from the history of one run.
//!
//! What every run has (operations, messages, elections) the ledger counts. What only a problem can
//! tell (how stale a read was, how long until everybody knew) its gauge reads off the history, as
//! judges do, and like them it cannot touch the run. What was not measured is empty, never zero; a
//! time that was watched in vain is censored, never a time.

use crate::checker::End;
use crate::history::Entry;
use crate::id::NodeId;

/// One column of measurements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metric {
    /// The name, in lower case with underscores, ending in its unit: `ms`, `bytes`, `count`, or
    /// `ratio` for a share or a quotient.
    pub name: &'static str,
    /// What is measured.
    pub summary: &'static str,
    /// Whether it is a time that may not end within the run; then a twin column tells.
    pub may_be_censored: bool,
}

/// A measurement.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Measure {
    /// There was nothing to measure.
    #[default]
    None,
    /// The value, in the unit that the metric's name ends in.
    Value(f64),
    /// Watched for so long, in vain: a lower bound, in the same unit.
    Censored(f64),
}

/// A curve of which each run gives some points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Curve {
    /// The name, which tables use.
    pub name: &'static str,
    /// What it shows.
    pub summary: &'static str,
    /// What lies along it, ending in its unit, such as `time_ms`.
    pub x: &'static str,
    /// What it measures there, ending in its unit, such as `informed_ratio`.
    pub y: &'static str,
}

/// One point of a curve.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CurvePoint {
    /// The name of the curve.
    pub curve: &'static str,
    /// The node that it is about, if it is about one.
    pub node: Option<NodeId>,
    /// Where it lies, in the unit that the curve's `x` ends in.
    pub x: f64,
    /// What was measured there, in the unit that the curve's `y` ends in; the mean, if it stands
    /// for several.
    pub y: f64,
    /// How many measurements it stands for, at least 1.
    pub weight: u64,
}

/// What a gauge shows at the end of a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reading {
    /// The measurements, in the order of the problem's list.
    pub measures: Vec<Measure>,
    /// The points of the curves, each curve's in order of `x`.
    pub points: Vec<CurvePoint>,
}

/// What the network carried in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Bytes sent over the network, what was lost there included.
    pub bytes: u64,
    /// Bytes received that told their receiver nothing new, as far as the protocol says so; copies
    /// that the network made are among them.
    pub redundant: u64,
}

/// Takes the measurements of one run.
pub trait Gauge<Q, I>: Send {
    /// Looks at the next entry.
    fn observe(&mut self, entry: &Entry<Q, I>);

    /// Hears at the end, before it looks back, what was carried: the history does not tell.
    fn weigh(&mut self, _traffic: Traffic) {}

    /// Looks back at the end of the run.
    fn conclude(&mut self, end: &End) -> Reading;
}
