//! The glyphs of verdicts, drawn rather than written.
//!
//! Check mark, cross and the like are missing from many fonts, and a box in their place would say
//! the same for every verdict. Each has a shape of its own, so that colour only repeats it.

use super::palette::{HATCH, MUTED, SERIES};
use super::sheet::{Drawn, Sheet};
use plotters::style::RGBColor;

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glyph {
    /// All runs passed.
    Pass,
    /// Some run was unsafe, panicked or was not reproducible.
    Fail,
    /// As `Fail`, but only with the protocol's assumptions exceeded.
    Exceeded,
    /// Some run stalled, and none was worse.
    Stalled,
    /// Some run shows nothing, and none was worse.
    Unknown,
}

impl Glyph {
    /// The colour that goes with it, and that tints its cell.
    pub(super) fn color(self) -> RGBColor {
        match self {
            Self::Pass => SERIES[2],
            Self::Fail => SERIES[1],
            Self::Exceeded | Self::Unknown => HATCH,
            Self::Stalled => SERIES[3],
        }
    }

    /// Draws it around a centre, some 14 pixels wide.
    pub(super) fn paint(self, sheet: &Sheet<'_>, (x, y): (f64, f64)) -> Drawn {
        let ink = self.color();
        let cross = |width: f64| {
            sheet.line(&[(x - 6.0, y - 6.0), (x + 6.0, y + 6.0)], ink, width)?;
            sheet.line(&[(x + 6.0, y - 6.0), (x - 6.0, y + 6.0)], ink, width)
        };
        match self {
            Self::Pass => {
                sheet.line(&[(x - 6.0, y), (x - 2.0, y + 5.0), (x + 7.0, y - 6.0)], ink, 2.6)
            }
            Self::Fail => cross(3.0),
            Self::Exceeded => cross(1.4),
            Self::Stalled => {
                sheet.line(&[(x, y - 8.0), (x, y + 2.5)], ink, 3.0)?;
                sheet.line(&[(x, y + 5.0), (x, y + 8.0)], ink, 3.0)
            }
            Self::Unknown => {
                let hook = [
                    (x - 4.5, y - 4.0),
                    (x - 3.0, y - 7.0),
                    (x, y - 8.0),
                    (x + 3.5, y - 6.5),
                    (x + 4.5, y - 3.5),
                    (x + 3.0, y - 0.5),
                    (x, y + 1.0),
                    (x, y + 3.5),
                ];
                sheet.line(&hook, MUTED, 2.2)?;
                sheet.line(&[(x, y + 6.0), (x, y + 8.5)], MUTED, 2.6)
            }
        }
    }
}
