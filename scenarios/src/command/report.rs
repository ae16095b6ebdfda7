//! `synod report`: a folder of tables, drawn again.

use std::path::Path;

use serde_json::json;

use crate::cli::{Format, ReportArgs};
use crate::error::Error;
use crate::results;
use crate::terminal::{Terminal, plural};

/// Draws the folder and lists what was drawn and what was not.
///
/// # Errors
/// When a table is missing or broken, or the folder takes nothing.
pub fn report(args: &ReportArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let rendered = reports::render(&results::meant(&args.dir))?;
    if format == Format::Json {
        let figures: Vec<_> = rendered
            .figures
            .iter()
            .map(|figure| {
                json!({
                    "name": figure.name, "chart": figure.chart, "title": figure.title,
                    "svg": figure.svg, "png": figure.png, "csv": figure.csv,
                })
            })
            .collect();
        let skipped: Vec<_> = rendered
            .skipped
            .iter()
            .map(|skipped| json!({ "chart": skipped.chart, "reason": skipped.reason }))
            .collect();
        let document = json!({
            "schema": "synod.report/1", "figures": figures, "skipped": skipped,
            "warnings": rendered.warnings,
        });
        terminal.document(&document)?;
        return Ok(0);
    }
    let lines = rendered.figures.iter().map(figure_line);
    for line in lines.chain(rendered.skipped.iter().map(skipped_line)) {
        terminal.line(&line)?;
    }
    for warning in &rendered.warnings {
        terminal.detail(warning);
    }
    Ok(0)
}

/// What was drawn, a line each, and the parts of it that were not.
///
/// Most charts are about other data than a sweep has, and one line stands for these.
pub fn drawn(rendered: &reports::Rendered, dir: &Path) -> Vec<String> {
    let is_drawn = |chart| rendered.figures.iter().any(|figure| figure.chart == chart);
    let (parts, others): (Vec<_>, Vec<_>) =
        rendered.skipped.iter().partition(|skipped| is_drawn(skipped.chart));
    let mut lines: Vec<_> = rendered.figures.iter().map(figure_line).collect();
    lines.extend(parts.into_iter().map(skipped_line));
    if !others.is_empty() {
        lines.push(format!(
            "  skipped  {} chart{} for want of data; why: {} report {}",
            others.len(),
            plural(others.len() as u64),
            crate::registry::program(),
            dir.display()
        ));
    }
    lines
}

fn figure_line(figure: &reports::Figure) -> String {
    format!("  drawn    {}  {}", figure.svg.display(), figure.title)
}

fn skipped_line(skipped: &reports::Skipped) -> String {
    format!("  skipped  {}: {}", skipped.chart, skipped.reason)
}
