//! The trace: everything that happened in one run, each step with its cause.
//!
//! A sweep keeps only the fingerprint; a full trace costs memory and is made on demand, by running
//! the seed again. Determinism makes that exact.

use std::fmt;

use crate::fault::FaultSpec;
use crate::id::NodeId;
use crate::time::Time;

/// What sort of thing a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// A node came up.
    Boot,
    /// A client asked a node.
    Request,
    /// A message arrived.
    Deliver,
    /// A message was sent.
    Send,
    /// A message was lost, withheld or found its receiver down.
    Lose,
    /// A timer ran out.
    Timer,
    /// Records became durable.
    Durable,
    /// A node told its application something.
    Indicate,
    /// A node announced a landmark.
    Landmark,
    /// A fault struck or ended.
    Fault,
    /// A judge saw a promise broken.
    Violation,
}

/// One step of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When it happened.
    pub at: Time,
    /// The event that it belongs to, counted from 1.
    pub event: u64,
    /// The event that caused that event; 0 for the beginning.
    pub cause: u64,
    /// Where it happened; `None` for the network and the schedule.
    pub node: Option<NodeId>,
    /// What sort of thing it is.
    pub kind: StepKind,
    /// What happened, for people.
    pub what: String,
}

/// A strike as an entry of a schedule in which nothing is left to be drawn: it struck then, these
/// nodes, for so long. (What waits for a landmark goes on doing so.)
#[derive(Clone, PartialEq, Debug)]
pub struct Struck {
    /// Its number in [`Outcome::strikes`](crate::outcome::Outcome::strikes).
    pub strike: usize,
    /// The strike by itself.
    pub spec: FaultSpec,
}

/// Everything that happened in one run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trace {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What struck, in order; who came and went, or was clogged, stands here turn by turn. Strikes
    /// that found nobody are left out.
    pub schedule: Vec<Struck>,
}

impl fmt::Display for Step {
    /// One line: time in seconds, event, cause, node, what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node.map_or_else(|| "·".to_owned(), |node| node.to_string());
        let mark = match self.kind {
            StepKind::Boot => "^",
            StepKind::Request => "?",
            StepKind::Deliver => "<",
            StepKind::Send => ">",
            StepKind::Lose => "x",
            StepKind::Timer => "@",
            StepKind::Durable => "=",
            StepKind::Indicate => "!",
            StepKind::Landmark => "*",
            StepKind::Fault => "#",
            StepKind::Violation => "✗",
        };
        write!(f, "{} {:>6} {:>6} {node:>4} {mark} {}", self.at, self.event, self.cause, self.what)
    }
}
