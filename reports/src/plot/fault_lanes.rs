//! Scripted faults on a time axis: hatched where they last, and named above without overlap.
//!
//! Scripts with dozens of faults at once are common. Each name gets the lowest lane in which it is
//! clear of the others; when there are too many lanes, the rest is counted rather than crammed in.

use super::label;
use super::palette::{HATCH, INK, MUTED};
use super::scale::rough;
use super::sheet::{Anchor, Drawn, Rect, SMALL, Sheet};
use crate::row::FaultRow;

/// The height of a lane.
const LANE: f64 = 21.0;
/// More faults at once than this are hatched but not named.
const LANES_MAX: usize = 6;
/// An instant is drawn this wide, or nobody would see it.
const WIDTH_MIN: f64 = 2.0;

/// The faults of one picture.
pub(super) struct FaultLanes {
    marks: Vec<Mark>,
    lanes: usize,
}

/// One fault; horizontal positions are in pixels.
struct Mark {
    from: f64,
    to: f64,
    /// Whether it lasts to the end, and so has no right edge.
    open: bool,
    name: String,
    name_left: f64,
    /// `None` when all lanes were taken.
    lane: Option<usize>,
    words: String,
}

impl FaultLanes {
    /// Lays out the faults on a time axis from 0 to `horizon` seconds between two pixels.
    pub(super) fn new<'a>(
        faults: impl Iterator<Item = &'a FaultRow>,
        horizon: f64,
        (left, right): (f64, f64),
    ) -> Self {
        let x = |ms: f64| left + (ms / 1000.0 / horizon).clamp(0.0, 1.0) * (right - left);
        let mut marks: Vec<Mark> = faults
            .map(|fault| {
                let text = if fault.label.is_empty() { &fault.kind } else { &fault.label };
                let name = label::shorten(&label::clean(text), SMALL, (right - left) / 3.0);
                let from = x(fault.from_ms).min(right - WIDTH_MIN);
                Mark {
                    from,
                    to: fault.to_ms.map_or(right, x).max(from + WIDTH_MIN),
                    open: fault.to_ms.is_none(),
                    // A name begins where its fault does, unless it would leave the panel.
                    name_left: from.min(right - label::width(&name, SMALL)),
                    name,
                    lane: None,
                    words: spell(text, fault),
                }
            })
            .collect();
        marks.sort_by(|a, b| a.from.total_cmp(&b.from));
        let extent = |mark: &Mark| {
            let name_right = mark.name_left + label::width(&mark.name, SMALL);
            (mark.name_left.min(mark.from), mark.to.max(name_right))
        };
        let lane_of = label::lanes(&marks.iter().map(extent).collect::<Vec<_>>(), 8.0);
        for (mark, &lane) in marks.iter_mut().zip(&lane_of) {
            mark.lane = (lane < LANES_MAX).then_some(lane);
        }
        let lanes = lane_of.iter().map(|lane| lane + 1).max().unwrap_or(0).min(LANES_MAX);
        Self { marks, lanes }
    }

    /// The height of all lanes together, in pixels.
    pub(super) fn height(&self) -> f64 {
        self.lanes as f64 * LANE + 6.0
    }

    /// What a caption says of the faults of these lanes.
    pub(super) fn caption<'a>(all: impl Iterator<Item = &'a Self>) -> String {
        let unnamed = all.flat_map(|lanes| &lanes.marks).filter(|mark| mark.lane.is_none());
        match unnamed.count() {
            0 => "Hatched: scripted faults.".to_owned(),
            count => format!(
                "Hatched: scripted faults. {count} more faults are hatched but not named; see \
                 faults.csv."
            ),
        }
    }

    /// The faults in words, in order of time.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.marks.iter().map(|mark| mark.words.as_str())
    }

    /// Writes the names into the lanes below `top`.
    pub(super) fn paint_names(&self, sheet: &Sheet<'_>, top: f64) -> Drawn {
        for mark in &self.marks {
            let Some(lane) = mark.lane else { continue };
            // Lane 0 is the lowest: most faults stand right above their hatching.
            let y = top + (self.lanes - 1 - lane) as f64 * LANE;
            sheet.text((mark.name_left, y + 7.0), &mark.name, SMALL, INK, Anchor::Start)?;
            sheet.line(&[(mark.from, y + 16.0), (mark.to, y + 16.0)], MUTED, 3.0)?;
        }
        Ok(())
    }

    /// Hatches the faults through a panel. Those that overlap are hatched as one, since hatching
    /// over hatching would look like a third kind.
    pub(super) fn hatch(&self, sheet: &Sheet<'_>, rect: Rect) -> Drawn {
        let mut merged: Vec<(f64, f64)> = Vec::new();
        for mark in &self.marks {
            match merged.last_mut() {
                Some(last) if mark.from <= last.1 => last.1 = last.1.max(mark.to),
                _ => merged.push((mark.from, mark.to)),
            }
        }
        for (left, right) in merged {
            sheet.hatch(Rect { left, right, ..rect })?;
        }
        // Where one fault ends inside another, its edges still show.
        for mark in &self.marks {
            sheet.line(&[(mark.from, rect.top), (mark.from, rect.bottom)], HATCH, 0.8)?;
            if !mark.open {
                sheet.line(&[(mark.to, rect.top), (mark.to, rect.bottom)], HATCH, 0.8)?;
            }
        }
        Ok(())
    }
}

fn spell(name: &str, fault: &FaultRow) -> String {
    let from = rough(fault.from_ms / 1000.0);
    match fault.to_ms {
        Some(to) if to == fault.from_ms => format!("{name} at {from} s"),
        Some(to) => format!("{name} from {from} to {} s", rough(to / 1000.0)),
        None => format!("{name} from {from} s on"),
    }
}
