//! Rows in, pictures out: draws what a sweep of the simulator found.
//!
//! This crate imports none of the simulator's. Its interface is the folder of CSV files that a
//! sweep writes, so a table which it did not see being made can be drawn, and a change to the kernel
//! cannot change a chart. [`render`] is the whole of it: it reads `runs.csv` (and `hist.csv`,
//! `timeline.csv`, `faults.csv`, `quorums.csv`, `series.csv` where they exist), and writes
//! `points.csv` and `figures/fig-<name>.{svg,png,csv}`.
//!
//! Every number that is drawn or written says how sure it is ([`stats`]), every file is the same
//! bytes for the same rows, and what could not be drawn is part of the answer.
//!
//! Dependency order of the modules: `error`, [`cell`], [`stats`], [`row`], [`table`], [`plot`],
//! `render`.

mod error;
mod render;

pub mod cell;
pub mod plot;
pub mod row;
pub mod stats;
pub mod table;

pub use error::Error;
pub use render::{Figure, Rendered, Skipped, render};
