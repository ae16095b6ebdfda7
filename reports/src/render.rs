//! A sweep's folder, rendered.
//!
//! The order is fixed (tables first, then the charts in the order of their list) and so are the
//! bytes. Each file appears whole or not at all, so that a report opened while a sweep is being
//! rendered again is merely old.

use crate::error::Error;
use crate::plot::Picture;
use crate::plot::{self, CHARTS};
use crate::row::Tables;
use crate::table::points_table;
use std::fs;
use std::path::{Path, PathBuf};

/// What [`render`] made of a folder.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The pictures, in the order of a report.
    pub figures: Vec<Figure>,
    /// What was not drawn, and why: whole charts, and points beyond a chart's limit.
    pub skipped: Vec<Skipped>,
    /// The statistics that `points.csv` had to leave empty, such as
    /// `W31 p0 failover_ms p99: too few samples (71 < 299)`.
    pub warnings: Vec<String>,
}

/// One picture on disk.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The name of the chart that drew it, such as `availability`.
    pub chart: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// Its own name, such as `availability-p0`.
    pub name: String,
    /// The title.
    pub title: String,
    /// What is to be seen, in words, for those who cannot see it.
    pub description: String,
    /// N, interval and method, horizon, censoring.
    pub caption: String,
    /// The picture.
    pub svg: PathBuf,
    /// The same picture in pixels.
    pub png: PathBuf,
    /// The data drawn.
    pub csv: PathBuf,
}

/// A chart, or a part of it, that was not drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The chart's name.
    pub chart: &'static str,
    /// Why, or what is missing.
    pub reason: String,
}

/// Reads a sweep's folder and writes `points.csv` and `figures/` into it.
///
/// Files of an earlier rendering are replaced one by one; figures that are no longer drawn stay.
///
/// # Errors
///
/// [`Error::Read`], [`Error::Syntax`], [`Error::Header`] or [`Error::Cell`] when a table is missing
/// or breaks the contract, [`Error::Write`] when the folder cannot be written to, [`Error::Draw`]
/// when a picture cannot be made.
pub fn render(dir: &Path) -> Result<Rendered, Error> {
    let tables = Tables::read(dir)?;
    let points = points_table(&tables.runs);
    write_atomically(&dir.join("points.csv"), points.csv.as_bytes())?;
    let figures = dir.join("figures");
    fs::create_dir_all(&figures)
        .map_err(|source| Error::Write { path: figures.clone(), source })?;
    let mut rendered = Rendered { warnings: points.warnings, ..Rendered::default() };
    for chart in CHARTS {
        let drawing = (chart.draw)(&tables)?;
        for picture in drawing.pictures {
            let [svg, png, csv] = write_picture(&figures, &picture)?;
            rendered.figures.push(Figure {
                chart: chart.name,
                question: chart.question,
                name: picture.name,
                title: picture.title,
                description: picture.description,
                caption: picture.caption,
                svg,
                png,
                csv,
            });
        }
        if let Some(reason) = drawing.left_out {
            rendered.skipped.push(Skipped { chart: chart.name, reason });
        }
    }
    Ok(rendered)
}

fn write_picture(figures: &Path, picture: &Picture) -> Result<[PathBuf; 3], Error> {
    let paths = ["svg", "png", "csv"]
        .map(|extension| figures.join(format!("fig-{}.{extension}", picture.name)));
    let png = plot::png(&picture.svg)
        .map_err(|message| Error::Draw { figure: picture.name.clone(), message })?;
    write_atomically(&paths[0], picture.svg.as_bytes())?;
    write_atomically(&paths[1], &png)?;
    write_atomically(&paths[2], picture.slice.as_bytes())?;
    Ok(paths)
}

/// Writes a file under a temporary name beside it and renames it, so that nobody ever reads half
/// of it.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    fs::write(&temporary, bytes).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}
