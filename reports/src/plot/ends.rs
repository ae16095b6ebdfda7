//! Names at the ends of curves, instead of a legend far away.
//!
//! Curves end close together where protocols are alike. So the names move apart, keep their order,
//! and a thin line joins each to its curve.

use super::label;
use super::palette::INK;
use super::sheet::{Anchor, Drawn, LINE, MARGIN, Rect, SMALL, Sheet, WIDTH};
use plotters::style::RGBColor;

/// A curve's name.
pub(super) struct EndLabel {
    /// Where the curve ends, in pixels.
    pub(super) end: (f64, f64),
    pub(super) color: RGBColor,
    pub(super) name: String,
    /// What is said below the name; may be empty.
    pub(super) remark: String,
}

impl EndLabel {
    /// The name of a curve of which nothing more is to be said.
    pub(super) fn plain(end: (f64, f64), color: RGBColor, name: impl Into<String>) -> Self {
        Self { end, color, name: name.into(), remark: String::new() }
    }
}

/// From the panel's edge to the names.
const JOINT: f64 = 22.0;
/// Between a curve's end and the line to its name: the censoring mark is there.
const CLEAR: f64 = 10.0;
/// Between two names.
const GAP: f64 = 6.0;

/// Writes the names right of the panel.
pub(super) fn paint(sheet: &Sheet<'_>, rect: Rect, labels: &[EndLabel]) -> Drawn {
    let left = rect.right + JOINT + 4.0;
    let room = WIDTH - MARGIN - left;
    let lines: Vec<Vec<(String, RGBColor)>> = labels
        .iter()
        .map(|label| {
            let name = label::wrap(&label.name, SMALL, room, 2).into_iter();
            let remark = label::wrap(&label.remark, SMALL, room, 2).into_iter();
            let named = name.map(|line| (line, label.color)).chain(remark.map(|line| (line, INK)));
            named.filter(|(line, _)| !line.is_empty()).collect()
        })
        .collect();
    let wanted: Vec<(f64, f64)> = labels
        .iter()
        .zip(&lines)
        .map(|(label, lines)| (label.end.1, lines.len() as f64 * LINE + GAP))
        .collect();
    let centres = label::spread(&wanted, rect.top - 10.0, rect.bottom + 40.0);
    for ((label, lines), centre) in labels.iter().zip(&lines).zip(centres) {
        let first = centre - (lines.len() as f64 - 1.0) * LINE / 2.0;
        let (x, y) = label.end;
        let joint = [(x.max(rect.right), y), (rect.right + JOINT, first)];
        if x + CLEAR < rect.right {
            sheet.line(&[(x + CLEAR, y), joint[0]], label.color, 0.5)?;
        }
        sheet.line(&joint, label.color, 0.7)?;
        for (row, (line, ink)) in lines.iter().enumerate() {
            let at = (left, first + row as f64 * LINE);
            sheet.text(at, line, SMALL, *ink, Anchor::Start)?;
        }
    }
    Ok(())
}
