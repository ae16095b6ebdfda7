//! A figure of one panel, with the names of its curves beside it.

use super::scale::Scale;
use super::sheet::{Failed, MARGIN, Panel, Rect, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS};

/// How much room there is for what, in pixels.
pub(super) struct Single {
    /// Above the panel.
    pub(super) head: f64,
    /// The panel.
    pub(super) height: f64,
    /// The names right of it.
    pub(super) names: f64,
}

impl Single {
    /// The height of it all, for the figure's frame.
    pub(super) const fn body(&self) -> f64 {
        self.head + self.height + X_LABELS + 14.0
    }

    /// Where the panel is.
    pub(super) fn rect(&self) -> Rect {
        let top = TOP + self.head.max(4.0);
        Rect {
            left: MARGIN + Y_LABELS,
            right: WIDTH - MARGIN - self.names,
            top,
            bottom: top + self.height,
        }
    }

    /// Draws the panel's axes, with their names.
    pub(super) fn panel<'s, 'a>(
        &self,
        sheet: &'s Sheet<'a>,
        (x, x_name): (&Scale, &str),
        (y, y_name): (&Scale, &str),
    ) -> Result<Panel<'s, 'a>, Failed> {
        sheet.panel(self.rect(), (x, Some(x_name)), (y, y_name))
    }
}
