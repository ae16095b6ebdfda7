//! A run of a sweep, found again in the sweep's folder.
//!
//! The folder holds the recipe of its sweep, so the sweep is planned again and the run's number
//! tells its point and its seed.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::point::Point;
use crate::recipe::Recipe;
use crate::scenario::Scenario;

/// A run of a sweep, and what its row says.
pub struct Recorded {
    /// The scenario.
    pub scenario: Scenario,
    /// The point.
    pub point: Point,
    /// The seed.
    pub seed: u64,
    /// The verdict.
    pub verdict: String,
    /// The fingerprint, as 16 hexadecimal digits.
    pub trace_hash: String,
}

/// Finds a run by its number.
///
/// # Errors
/// When the folder is none of a finished sweep, is of another engine, or has no such run.
pub fn find(folder: &Path, run: u64) -> Result<Recorded, Error> {
    let row = row(folder, run)?;
    let cell = |column: &str| row.get(column).cloned().unwrap_or_default();
    let (verdict, trace_hash) = (cell("verdict"), cell("trace_hash"));
    let mut plan = Recipe::read(folder)?.plan(None)?;
    // Somebody else may have written the row.
    if run >= plan.runs() {
        let (shown, runs) = (folder.display(), plan.runs());
        let message = format!("the sweep in {shown} has no run {run}: it has {runs}");
        return Err(Error::Usage {
            message,
            next: format!("--run N, with N from 0 to {}", runs - 1),
        });
    }
    let (at, seed) = plan.locate(run);
    let owner = plan.ranges.iter().position(|range| range.contains(&at));
    let owner = owner.ok_or_else(|| Error::Internal("a point belongs to no scenario".into()))?;
    let (scenario, point) = (plan.scenarios.swap_remove(owner), plan.points.swap_remove(at));
    Ok(Recorded { scenario, point, seed, verdict, trace_hash })
}

/// That `verb` was given the folder of a sweep and no run of it.
pub fn which(verb: &str, folder: &Path) -> Error {
    let shown = folder.display();
    let message = format!("{shown} is the folder of a sweep: say which run");
    Error::Usage { message, next: format!("synod {verb} {shown} --run 0") }
}

/// The cells of a run by column.
fn row(folder: &Path, run: u64) -> Result<BTreeMap<String, String>, Error> {
    let path = folder.join("runs.csv");
    let refused = |error| Error::from(reports::Error::of_csv(&path, error));
    let mut reader = csv::Reader::from_path(&path).map_err(refused)?;
    let header = reader.headers().map_err(refused)?.clone();
    let column = header.iter().position(|name| name == "run_id");
    let mut rows = 0_u64;
    for record in reader.records() {
        let record = record.map_err(refused)?;
        let id = column.and_then(|column| record.get(column));
        if id.and_then(|id| id.parse().ok()) == Some(run) {
            let cells = header.iter().zip(&record);
            return Ok(cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect());
        }
        rows += 1;
    }
    let (shown, dir) = (path.display(), folder.display());
    let (message, next) = match rows {
        0 => (
            format!("there are no runs in {shown}"),
            format!("synod sweep --resume {dir}, which makes them"),
        ),
        _ => (
            format!("there is no run {run} in {shown}, which has {rows}"),
            format!("--run N, with N from 0 to {}", rows - 1),
        ),
    };
    Err(Error::Usage { message, next })
}
