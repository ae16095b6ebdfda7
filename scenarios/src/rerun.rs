//! A run of a sweep, found again in the sweep's folder.
//!
//! The rows name what they are about: protocol, scenario and parameters. The point is looked up by
//! these and not by its number, which depends on the order in which the axes were typed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::catalog;
use crate::error::Error;
use crate::point::Point;
use crate::results::ENGINE;
use crate::scenario::{self, Scenario};
use crate::table::{Parameter, point_cells, runs_header};

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
    let foreign = |reason: String| Error::Foreign { path: folder.into(), reason };
    same_engine(folder)?;
    let row = row(folder, run)?;
    let cell = |column: &str| row.get(column).cloned().unwrap_or_default();
    let seed = cell("seed").parse().map_err(|_| foreign("its rows have no seeds".into()))?;
    let (verdict, trace_hash) = (cell("verdict"), cell("trace_hash"));
    let mut scenarios = scenarios(folder)?;
    let mut points = Vec::new();
    for (index, scenario) in scenarios.iter_mut().enumerate() {
        points.extend(scenario.points.drain(..).map(|point| (index, point)));
    }
    let (owners, points): (Vec<usize>, Vec<Point>) = points.into_iter().unzip();
    let parameters = Parameter::of(&points);
    let header = runs_header(&parameters, &[], &[]);
    // What stands before it are the numbers of run and point, and the seed.
    let named = &header[3..];
    let fits = |point: &Point| {
        let cells = point_cells(point, &parameters);
        named.iter().zip(&cells).all(|(column, cell)| row.get(column) == Some(cell))
    };
    let place = points.iter().position(fits);
    let place = place.ok_or_else(|| foreign(format!("no point of it is that of run {run}")))?;
    let (point, owner) = (points.into_iter().nth(place), owners[place]);
    let (Some(point), scenario) = (point, scenarios.swap_remove(owner)) else {
        return Err(Error::Internal("a point that was found is gone".into()));
    };
    Ok(Recorded { scenario, point, seed, verdict, trace_hash })
}

fn same_engine(folder: &Path) -> Result<(), Error> {
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).map_err(Error::io("open", &path))?;
    let manifest: Json = serde_json::from_str(&text)
        .map_err(|error| Error::Damaged { path: path.clone(), reason: error.to_string() })?;
    match manifest["engine"].as_str() {
        Some(ENGINE) => Ok(()),
        other => {
            let engine = crate::diagnostic::clean(other.unwrap_or("of no version"));
            let reason = format!("engine {engine} made it, and this is engine {ENGINE}");
            Err(Error::Foreign { path: folder.into(), reason })
        }
    }
}

/// The cells of a run by column.
fn row(folder: &Path, run: u64) -> Result<BTreeMap<String, String>, Error> {
    let path = folder.join("runs.csv");
    let damaged =
        |error: csv::Error| Error::Damaged { path: path.clone(), reason: error.to_string() };
    let mut reader = csv::Reader::from_path(&path).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::io("open", &path)(error),
        kind => Error::Damaged { path: path.clone(), reason: format!("{kind:?}") },
    })?;
    let header = reader.headers().map_err(damaged)?.clone();
    let column = header.iter().position(|name| name == "run_id");
    let mut rows = 0_u64;
    for record in reader.records() {
        let record = record.map_err(damaged)?;
        let id = column.and_then(|column| record.get(column));
        if id.and_then(|id| id.parse().ok()) == Some(run) {
            let cells = header.iter().zip(&record);
            return Ok(cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect());
        }
        rows += 1;
    }
    let shown = path.display();
    let message = format!("there is no run {run} in {shown}, which has {rows}");
    let next = format!("synod replay {} --run 0", folder.display());
    Err(Error::Usage { message, next })
}

/// The scenarios of the folder, with all defaults written out.
fn scenarios(folder: &Path) -> Result<Vec<Scenario>, Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("open", folder))? {
        let path = entry.map_err(Error::io("open", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("scenario") && name.ends_with(".resolved.toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let found = catalog::find(&path.to_string_lossy(), None)?;
        scenario::of_text(&found.shown, &found.text)
    };
    paths.iter().map(read).collect()
}
