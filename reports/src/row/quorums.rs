//! `quorums.csv`: how likely it is that no quorum is alive, worked out and not simulated.

use super::cells::Cells;
use crate::error::Error;
use std::path::Path;

/// One place of the exact curve of a quorum system.
#[derive(Clone, Debug, PartialEq)]
pub struct QuorumRow {
    /// The point whose system it is.
    pub point_id: String,
    /// What the system is for, such as `write`.
    pub role: String,
    /// The system as it was written, such as `grid(3, 3)`.
    pub system: String,
    /// How often each node is down, 0 to 1.
    pub down_ratio: f64,
    /// How often no quorum is alive then, 0 to 1.
    pub no_quorum_ratio: f64,
}

impl QuorumRow {
    /// The columns, in the order in which they are written.
    pub const HEADER: [&str; 5] = ["point_id", "role", "system", "down_ratio", "no_quorum_ratio"];

    /// Reads `quorums.csv`; no rows when there is no such file.
    ///
    /// # Errors
    ///
    /// See [`super::Tables::read`].
    pub fn read(path: &Path) -> Result<Vec<Self>, Error> {
        let Some(cells) = Cells::read(path)? else { return Ok(Vec::new()) };
        let point_id = cells.column("point_id")?;
        let role = cells.column("role")?;
        let system = cells.column("system")?;
        let ratios = [cells.column("down_ratio")?, cells.column("no_quorum_ratio")?];
        let ratio = |row: usize, column: usize| {
            let ratio = cells.required(row, column)?;
            // A sum of many terms may miss 1 by its last bit.
            if (0.0..=1.0 + 1e-9).contains(&ratio) {
                Ok(ratio)
            } else {
                Err(cells.cell_error(row, column, "0 to 1"))
            }
        };
        let read = |row: usize| {
            Ok(Self {
                point_id: cells.text(row, point_id).to_owned(),
                role: cells.text(row, role).to_owned(),
                system: cells.text(row, system).to_owned(),
                down_ratio: ratio(row, ratios[0])?,
                no_quorum_ratio: ratio(row, ratios[1])?,
            })
        };
        (0..cells.len()).map(read).collect()
    }
}
