//! Shares of samples: how they stand on a chart and in its CSV, always with their intervals.

use super::palette::Dash;
use super::sheet::{Drawn, Panel, band, curve};
use crate::cell::Cell;
use crate::stats::Proportion;
use plotters::style::RGBColor;

/// The share and the ends of its interval; empty where nothing was looked at.
pub(super) fn cells(rate: Proportion) -> [Cell; 3] {
    let interval = rate.wilson();
    [rate.share(), interval.and_then(|i| i.lo), interval.and_then(|i| i.hi)].map(Cell::number)
}

/// How many of these intervals hold the share that was expected, as "3 of 4"; `None` if nothing was.
pub(super) fn held(expected: impl Iterator<Item = (Proportion, f64)>) -> Option<String> {
    let judged: Vec<bool> = expected.map(|(rate, share)| rate.holds(share)).collect();
    let inside = judged.iter().filter(|inside| **inside).count();
    (!judged.is_empty()).then(|| format!("{inside} of {}", judged.len()))
}

/// Shares along an axis.
pub(super) struct Track {
    /// (place, share), without the places where nothing was looked at.
    pub(super) line: Vec<(f64, f64)>,
    /// The ends of the intervals.
    edges: [Vec<(f64, f64)>; 2],
}

impl Track {
    pub(super) fn of(places: impl Iterator<Item = (f64, Proportion)>) -> Self {
        let mut track = Self { line: Vec::new(), edges: [Vec::new(), Vec::new()] };
        for (x, rate) in places {
            let Some(share) = rate.share() else { continue };
            let (lo, hi) = rate.ends();
            track.line.push((x, share));
            track.edges[0].push((x, lo));
            track.edges[1].push((x, hi));
        }
        track
    }

    /// Draws the intervals as a band, and the line.
    pub(super) fn paint(
        &self,
        panel: &mut Panel<'_, '_>,
        (color, opacity): (RGBColor, f64),
        dash: Dash,
    ) -> Drawn {
        band(panel, self.edges.clone(), color, opacity)?;
        curve(panel, &self.line, color, 2.0, dash)
    }
}
