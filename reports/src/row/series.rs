//! `series.csv`: the points of the curves that runs took of their problem.

use super::cells::Cells;
use crate::error::Error;
use std::path::Path;

/// One point of a curve of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRow {
    /// The run.
    pub run_id: u64,
    /// The run's point.
    pub point_id: String,
    /// The name of the curve.
    pub curve: String,
    /// The node that it is about; empty for none.
    pub node: String,
    /// Where it lies.
    pub x: f64,
    /// What was measured there.
    pub y: f64,
    /// How many measurements it stands for.
    pub weight: u64,
}

impl SeriesRow {
    /// The columns, in the order in which they are written.
    pub const HEADER: [&str; 7] = ["run_id", "point_id", "curve", "node", "x", "y", "weight"];

    /// Reads `series.csv`; no rows when there is no such file.
    ///
    /// # Errors
    ///
    /// See [`super::Tables::read`].
    pub fn read(path: &Path) -> Result<Vec<Self>, Error> {
        let Some(cells) = Cells::read(path)? else { return Ok(Vec::new()) };
        let run_id = cells.column("run_id")?;
        let point_id = cells.column("point_id")?;
        let curve = cells.column("curve")?;
        let node = cells.column("node")?;
        let x = cells.column("x")?;
        let y = cells.column("y")?;
        let weight = cells.column("weight")?;
        let read = |row: usize| {
            Ok(Self {
                run_id: cells.count(row, run_id)?,
                point_id: cells.text(row, point_id).to_owned(),
                curve: cells.text(row, curve).to_owned(),
                node: cells.text(row, node).to_owned(),
                x: cells.required(row, x)?,
                y: cells.required(row, y)?,
                weight: cells.count(row, weight)?,
            })
        };
        (0..cells.len()).map(read).collect()
    }
}
