//! Rows in, pictures out: draws what a sweep of the simulator found.
//!
//! This crate imports none of the simulator's. Its interface is the folder of CSV files that a
//! sweep writes, so a table which it did not see being made can be drawn, and a change to the kernel
//! cannot change a chart.
//!
//! # A tour
//!
//! One table is enough: `runs.csv`, with a row for each run. What was swept stands between
//! `fault_script` and `verdict`, what was measured between `violations` and `events_count`. Times
//! are in milliseconds of simulated time; where one did not end, the column `…_censored` beside it
//! is 1 and the value is how long it was watched.
//!
//! ```
//! use reports::stats::Proportion;
//! use std::fs;
//!
//! let folder = std::env::temp_dir().join(format!("reports-tour-{}", std::process::id()));
//! fs::create_dir_all(&folder)?;
//! let mut runs = "run_id,point_id,seed,protocol,fault_script,n,f,verdict,reason,assumptions,\
//!     first_violation,first_violation_ms,violations,failover_ms,failover_ms_censored,\
//!     events_count,trace_hash\n"
//!     .to_owned();
//! for seed in 0..30 {
//!     let (took, censored) = if seed == 7 { (12_000, 1) } else { (150 + 5 * seed, 0) };
//!     let row = "raft,leader-crash,5,2,pass,,held,,,0";
//!     runs += &format!("{seed},p0,{seed},{row},{took},{censored},900,00\n");
//! }
//! fs::write(folder.join("runs.csv"), runs)?;
//!
//! let rendered = reports::render(&folder)?;
//!
//! // Each picture is an SVG, the same as a PNG, and the data drawn as CSV.
//! let charts: Vec<&str> = rendered.figures.iter().map(|figure| figure.chart).collect();
//! assert_eq!(charts, ["verdicts", "election-downtime"]);
//! assert!(folder.join("figures/fig-election-downtime.svg").is_file());
//!
//! // Every number says how sure it is: no unsafe run of 30 is not "never".
//! assert_eq!(Proportion { hits: 0, total: 30 }.text(), "0 of 30 (≤ 11 %)");
//! let points = fs::read_to_string(folder.join("points.csv"))?;
//! assert!(points.contains("verdict,rate_unsafe,30,0,0,0.11"));
//!
//! // What the rows do not support is refused, and what they lack is named.
//! assert_eq!(rendered.warnings[0], "W31 p0 failover_ms p99: too few samples (30 < 299)");
//! let lacking = "there is no timeline.csv, or it has no rows";
//! assert!(rendered.skipped.iter().any(|skipped| skipped.reason == lacking));
//! # fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The other tables (`hist.csv`, `timeline.csv`, `faults.csv`, `quorums.csv`, `series.csv`) are
//! read where they exist. The same rows give the same bytes, on any machine.
//!
//! # The rooms
//!
//! In the order in which they depend on each other: [`Error`] (file, line and column of what is
//! wrong), [`cell`] (how a cell is written), [`stats`] (intervals, quantiles, differences: refused
//! where the sample does not carry them), [`row`] (the tables as they are read), [`table`]
//! (`points.csv`), [`plot`] (one file for each chart) and [`render`], which does it all.

mod error;
pub mod cell;
pub mod stats;
pub mod row;
pub mod table;
pub mod plot;
mod render;

pub use error::Error;
pub use render::{Figure, Rendered, Skipped, render};
