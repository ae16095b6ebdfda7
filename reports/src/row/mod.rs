//! The rows of a sweep's tables, read back as they were written.
//!
//! The CSV files are this crate's whole interface to the simulator, so reading is strict about what
//! the contract fixes (which columns, which order, what a cell may hold) and tolerant of what it
//! leaves open (any parameter, any metric, further columns at the end). Whatever is wrong is said
//! with file, line and column.

mod cells;
mod pooled;
mod quorums;
mod run;
mod series;

pub use pooled::{FaultRow, HistRow, TimelineRow};
pub use quorums::QuorumRow;
pub use run::{Column, Point, Run, Runs, Verdict};
pub use series::SeriesRow;

use crate::error::Error;
use std::path::Path;

/// All tables of one sweep. The optional ones are empty when their file is not there.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// `runs.csv`: one row per run.
    pub runs: Runs,
    /// `hist.csv`: pooled latencies per point.
    pub hist: Vec<HistRow>,
    /// `timeline.csv`: what users saw, per point and time bucket.
    pub timeline: Vec<TimelineRow>,
    /// `faults.csv`: when the scripted faults struck.
    pub faults: Vec<FaultRow>,
    /// `quorums.csv`: the exact probability that no quorum is alive.
    pub quorums: Vec<QuorumRow>,
    /// `series.csv`: the curves that each run took of its problem.
    pub series: Vec<SeriesRow>,
}

impl Tables {
    /// Reads `runs.csv` and, where they exist, `hist.csv`, `timeline.csv`, `faults.csv`,
    /// `quorums.csv` and `series.csv`.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] when `runs.csv` is not there or a file cannot be read, and
    /// [`Error::Syntax`], [`Error::Header`] or [`Error::Cell`] when one breaks the contract.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        Ok(Self {
            runs: Runs::read(&dir.join("runs.csv"))?,
            hist: HistRow::read(&dir.join("hist.csv"))?,
            timeline: TimelineRow::read(&dir.join("timeline.csv"))?,
            faults: FaultRow::read(&dir.join("faults.csv"))?,
            quorums: QuorumRow::read(&dir.join("quorums.csv"))?,
            series: SeriesRow::read(&dir.join("series.csv"))?,
        })
    }
}
