//! `synod report`: a folder of tables, drawn again.

use serde_json::json;

use crate::cli::{Format, ReportArgs};
use crate::error::Error;
use crate::results;
use crate::terminal::Terminal;

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
    for line in drawn(&rendered) {
        terminal.line(&line)?;
    }
    for warning in &rendered.warnings {
        terminal.detail(warning);
    }
    Ok(0)
}

/// What was drawn and what was not, a line each.
pub fn drawn(rendered: &reports::Rendered) -> Vec<String> {
    let figures = rendered
        .figures
        .iter()
        .map(|figure| format!("  drawn    {}  {}", figure.svg.display(), figure.title));
    let skipped = rendered
        .skipped
        .iter()
        .map(|skipped| format!("  skipped  {}: {}", skipped.chart, skipped.reason));
    figures.chain(skipped).collect()
}
