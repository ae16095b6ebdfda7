//! The charts: one file each, and the list of them.
//!
//! A chart is a function from the tables to pictures. It decides for itself whether the tables hold
//! what it needs, and says why not otherwise. The SVG is the source of truth: coordinates are whole
//! tenths of a pixel, so its bytes are the same everywhere, and the PNG is that SVG rasterised with
//! an embedded font. To add a chart, add its file and its line in [`CHARTS`].

mod accuracy;
mod availability;
mod convergence;
mod defences;
mod detection_time;
mod detector;
mod distribution;
mod divergence;
mod election_downtime;
mod ends;
mod exposure;
mod fan;
mod fault_lanes;
mod glyph;
mod infection;
mod label;
mod latency_cdf;
mod latency_vs_loss;
mod opinions;
mod palette;
mod pictured;
mod raster;
mod rounds_by_size;
mod scale;
mod series;
mod shares;
mod sheet;
mod shown;
mod single;
mod sizes;
mod sybil;
#[cfg(test)]
mod tests;
mod time_to_detect;
mod traffic;
mod unavailability;
mod verdicts;
mod visibility;
mod waits;
mod welfare;

pub use palette::themed;
pub use raster::png;

use crate::error::Error;
use crate::row::Tables;

/// One kind of chart.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// Its name, as in `fig-<name>.svg`.
    pub name: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// The table without which there is nothing to draw.
    pub table: &'static str,
    /// What of that table it draws: columns, or the metrics or curves that its rows are of.
    pub feeds: &'static [&'static str],
    /// Draws it from the tables.
    pub draw: fn(&Tables) -> Result<Drawing, Error>,
}

/// What a chart made of the tables.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// The pictures; none when the data are absent.
    pub pictures: Vec<Picture>,
    /// Why there is no picture, or what the pictures leave out.
    pub left_out: Option<String>,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its name, as in `fig-<name>.svg`: letters, digits, `-`, `_` and `.` only.
    pub name: String,
    /// The title drawn on top.
    pub title: String,
    /// One to three sentences made from the data, for those who cannot see the picture.
    pub description: String,
    /// The caption drawn below: N, interval and method, horizon, censoring.
    pub caption: String,
    /// The picture.
    pub svg: String,
    /// The data drawn, as CSV with a header.
    pub slice: String,
}

/// Every chart, in the order of a report.
pub const CHARTS: &[Chart] = &[
    verdicts::CHART,
    availability::CHART,
    latency_cdf::CHART,
    latency_vs_loss::CHART,
    election_downtime::CHART,
    detection_time::CHART,
    infection::CHART,
    rounds_by_size::CHART,
    unavailability::CHART,
    visibility::CHART,
    convergence::CHART,
    divergence::CHART,
    traffic::CHART,
    accuracy::CHART,
    detector::CHART,
    time_to_detect::CHART,
    sybil::CHART,
    exposure::CHART,
    defences::CHART,
    opinions::CHART,
    welfare::CHART,
];

impl Drawing {
    /// One picture, and what it leaves out.
    fn single(picture: Picture, left_out: Option<String>) -> Self {
        Self { pictures: vec![picture], left_out }
    }

    /// No picture, and the reason.
    fn skipped(reason: impl Into<String>) -> Self {
        Self { pictures: Vec::new(), left_out: Some(reason.into()) }
    }

    /// No picture, since this table is not there or empty.
    fn lacks_table(name: &str) -> Self {
        Self::skipped(format!("there is no {name}, or it has no rows"))
    }

    /// No picture, since `runs.csv` does not have this column.
    fn lacks_column(name: &str) -> Self {
        Self::skipped(format!("runs.csv has no column `{name}`"))
    }

    /// No picture, since `series.csv` does not have this curve, or is not there.
    fn lacks_curve(name: &str) -> Self {
        Self::skipped(format!("series.csv has no curve `{name}`"))
    }
}
