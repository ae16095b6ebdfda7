//! What users saw over time: operations answered, their latency, and whether there was a leader.
//!
//! Three panels share one time axis, so that a dip, its latency and its cause stand below each
//! other. Faults are hatched through all of them and named above.

use super::ends::{self, EndLabel};
use super::fault_lanes::FaultLanes;
use super::palette::{MUTED, SERIES};
use super::pictured::{Pictured, each_point};
use super::scale::{Scale, number, rough};
use super::sheet::{
    Anchor, Drawn, Frame, MARGIN, Panel, Rect, SMALL, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS, band,
    curve, pixel,
};
use super::{Chart, Drawing, Picture};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Tables, TimelineRow};

pub(super) const CHART: Chart = Chart {
    name: "availability",
    question: "What did users see?",
    table: "timeline.csv",
    feeds: &["due_count", "ok_count", "leader_share"],
    draw,
};

const OK_PANEL: f64 = 150.0;
const LATENCY_PANEL: f64 = 150.0;
const LEADER_PANEL: f64 = 36.0;
const GAP: f64 = 18.0;
const LABELS: f64 = 100.0;

/// One point's picture in the making.
struct View<'a> {
    of: Pictured<'a>,
    buckets: Vec<&'a TimelineRow>,
    faults: FaultLanes,
    /// The end of the time axis in seconds.
    horizon: f64,
}

/// The panels' left and right edges.
const LEFT: f64 = MARGIN + Y_LABELS;
const RIGHT: f64 = WIDTH - MARGIN - LABELS;

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    if tables.timeline.is_empty() {
        return Ok(Drawing::lacks_table("timeline.csv"));
    }
    let has_rows = |point: &&Point| tables.timeline.iter().any(|row| row.point_id == point.id);
    let points: Vec<&Point> = tables.runs.points.iter().filter(has_rows).collect();
    if points.is_empty() {
        return Ok(Drawing::skipped("timeline.csv has no point of runs.csv"));
    }
    each_point(&tables.runs, (CHART.name, points), |of| View::of(tables, of).picture())
}

impl<'a> View<'a> {
    fn of(tables: &'a Tables, of: Pictured<'a>) -> Self {
        let mut buckets: Vec<&TimelineRow> =
            tables.timeline.iter().filter(|row| row.point_id == of.point.id).collect();
        buckets.sort_by(|a, b| a.t_ms.total_cmp(&b.t_ms));
        let end = |row: &&TimelineRow| (row.t_ms + row.bucket_ms) / 1000.0;
        let horizon = buckets.iter().map(end).fold(0.0, f64::max);
        let faults = tables.faults.iter().filter(|row| row.point_id == of.point.id);
        let faults = FaultLanes::new(faults, horizon, (LEFT, RIGHT));
        Self { of, buckets, faults, horizon }
    }

    fn has_leader(&self) -> bool {
        self.buckets.iter().any(|bucket| bucket.leader_share.is_some())
    }

    fn has_latency(&self) -> bool {
        self.buckets.iter().any(|bucket| bucket.p50_ms.or(bucket.p99_ms).is_some())
    }

    fn picture(&self) -> Result<Picture, Error> {
        let frame = Frame {
            name: self.of.name.clone(),
            title: self.of.title("Availability"),
            description: self.description(),
            caption: self.caption(),
            body: self.faults.height()
                + OK_PANEL
                + GAP
                + LATENCY_PANEL
                + GAP
                + LEADER_PANEL
                + X_LABELS
                + 14.0,
        };
        frame.picture(self.slice(), |sheet| self.paint(sheet))
    }

    fn description(&self) -> String {
        let due: u64 = self.buckets.iter().map(|bucket| bucket.due_count).sum();
        let ok: u64 = self.buckets.iter().map(|bucket| bucket.ok_count).sum();
        let worst = self
            .buckets
            .iter()
            .filter_map(|bucket| Some((bucket, ok_percent(bucket)?)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let mut text = format!("{ok} of {due} operations were answered in time.");
        if let Some((bucket, percent)) = worst {
            text.push_str(&format!(
                " The worst bucket begins at {} s with {} % answered in time.",
                rough(bucket.t_ms / 1000.0),
                rough(percent)
            ));
        }
        let faults: Vec<&str> = self.faults.words().take(8).collect();
        if !faults.is_empty() {
            text.push_str(&format!(" Faults: {}.", faults.join("; ")));
        }
        text
    }

    fn caption(&self) -> String {
        let due: u64 = self.buckets.iter().map(|bucket| bucket.due_count).sum();
        let width = self.buckets.first().map_or(0.0, |bucket| bucket.bucket_ms);
        format!(
            "N = {} operations of {} runs, folded by intended start into buckets of {} ms over \
             {} s; those whose client still had patience at the end are left out. In time: before \
             the client's patience ended. Never answered: no latency. No interval: operations of \
             one run are not independent. {}",
            number(due as f64),
            self.of.point.runs.len(),
            rough(width),
            rough(self.horizon),
            FaultLanes::caption(std::iter::once(&self.faults)),
        )
    }

    fn paint(&self, sheet: &Sheet<'_>) -> Drawn {
        let time = Scale::linear(0.0, self.horizon, 10);
        let ok = Rect {
            left: LEFT,
            right: RIGHT,
            top: TOP + self.faults.height(),
            bottom: TOP + self.faults.height() + OK_PANEL,
        };
        let latency = Rect { top: ok.bottom + GAP, bottom: ok.bottom + GAP + LATENCY_PANEL, ..ok };
        let leader =
            Rect { top: latency.bottom + GAP, bottom: latency.bottom + GAP + LEADER_PANEL, ..ok };
        self.faults.hatch(sheet, ok)?;
        self.faults.hatch(sheet, latency)?;
        if self.has_leader() {
            self.faults.hatch(sheet, leader)?;
        }
        self.faults.paint_names(sheet, TOP)?;
        self.paint_ok(sheet, ok, &time)?;
        self.paint_latency(sheet, latency, &time)?;
        self.paint_leader(sheet, leader, &time)
    }

    fn paint_ok(&self, sheet: &Sheet<'_>, rect: Rect, time: &Scale) -> Drawn {
        let y_name = "answered in time (%)";
        let mut panel = sheet.panel(rect, (time, None), (&Scale::percent(), y_name))?;
        for steps in self.stretches(ok_percent) {
            let (first, last) = (steps[0].0, steps[steps.len() - 1].0);
            let floor = vec![(first, 0.0), (last, 0.0)];
            band(&mut panel, [steps.clone(), floor], SERIES[2], 0.14)?;
            curve(&mut panel, &steps, SERIES[2], 1.8, None)?;
        }
        Ok(())
    }

    fn paint_latency(&self, sheet: &Sheet<'_>, rect: Rect, time: &Scale) -> Drawn {
        let values = self.buckets.iter().flat_map(|b| [b.p50_ms, b.p99_ms]).flatten();
        let scale = Scale::decades(values, 6).unwrap_or_else(|| Scale::linear(0.0, 1.0, 1));
        let mut panel = sheet.panel(rect, (time, None), (&scale, &scale.name("latency", "ms")))?;
        if !self.has_latency() {
            return note(sheet, rect, "no data: too few operations were answered");
        }
        let mut labels = Vec::new();
        for (name, color, dash) in [("p99", 1, Some((6.0, 3.0))), ("p50", 0, None)] {
            let of = |bucket: &TimelineRow| match name {
                "p99" => bucket.p99_ms,
                _ => bucket.p50_ms,
            };
            let stretches = self.stretches(of);
            for steps in &stretches {
                curve(&mut panel, &smoothed(steps), SERIES[color], 1.8, dash)?;
            }
            if let Some(end) = stretches.last().and_then(|steps| steps.last()) {
                labels.push(EndLabel::plain(pixel(&panel, *end), SERIES[color], name));
            }
        }
        ends::paint(sheet, rect, &labels)
    }

    fn paint_leader(&self, sheet: &Sheet<'_>, rect: Rect, time: &Scale) -> Drawn {
        let scale = Scale::linear(0.0, 1.0, 1);
        let x_name = "simulated time (s)";
        let mut panel: Panel<'_, '_> =
            sheet.panel(rect, (time, Some(x_name)), (&scale, "leader"))?;
        if !self.has_leader() {
            return note(sheet, rect, "n/a: the protocol has no leader");
        }
        for steps in self.stretches(|bucket| bucket.leader_share) {
            let (first, last) = (steps[0].0, steps[steps.len() - 1].0);
            let floor = vec![(first, 0.0), (last, 0.0)];
            band(&mut panel, [steps, floor], SERIES[3], 0.55)?;
        }
        let middle = f64::midpoint(rect.top, rect.bottom);
        sheet.text((RIGHT + 8.0, middle - 8.0), "share of runs", 11.0, MUTED, Anchor::Start)?;
        sheet.text((RIGHT + 8.0, middle + 7.0), "with a leader", 11.0, MUTED, Anchor::Start)
    }

    /// The buckets with a value as step lines in (seconds, value); a bucket without one is a gap.
    fn stretches(&self, of: impl Fn(&TimelineRow) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
        let mut stretches: Vec<Vec<(f64, f64)>> = Vec::new();
        for bucket in &self.buckets {
            let Some(value) = of(bucket) else { continue };
            let (from, to) = (bucket.t_ms / 1000.0, (bucket.t_ms + bucket.bucket_ms) / 1000.0);
            let continues = stretches
                .last()
                .and_then(|steps| steps.last())
                .is_some_and(|last| (last.0 - from).abs() < bucket.bucket_ms / 1e6);
            match stretches.last_mut() {
                Some(steps) if continues => steps.extend([(from, value), (to, value)]),
                _ => stretches.push(vec![(from, value), (to, value)]),
            }
        }
        stretches
    }

    fn slice(&self) -> String {
        let header = [
            "point_id",
            "t_s",
            "due_count",
            "ok_count",
            "ok_pct",
            "p50_ms",
            "p99_ms",
            "leader_share",
        ];
        let mut csv = CsvText::new(&header);
        for bucket in &self.buckets {
            csv.row([
                Cell::text(&self.of.point.id),
                Cell::number(bucket.t_ms / 1000.0),
                Cell::count(bucket.due_count),
                Cell::count(bucket.ok_count),
                Cell::number(ok_percent(bucket)),
                Cell::number(bucket.p50_ms),
                Cell::number(bucket.p99_ms),
                Cell::number(bucket.leader_share),
            ]);
        }
        csv.finish()
    }
}

/// Step lines as a line through the middles of the steps, since a dashed line with many corners is
/// a cloud of dots. A single step stays.
fn smoothed(steps: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if steps.len() <= 2 {
        return steps.to_vec();
    }
    steps.chunks(2).map(|ends| (f64::midpoint(ends[0].0, ends[1].0), ends[0].1)).collect()
}

fn ok_percent(bucket: &TimelineRow) -> Option<f64> {
    let share = bucket.ok_count as f64 / bucket.due_count as f64;
    (bucket.due_count > 0).then_some(share * 100.0)
}

/// What stands in a panel that has nothing to show.
fn note(sheet: &Sheet<'_>, rect: Rect, text: &str) -> Drawn {
    let at = (f64::midpoint(rect.left, rect.right), f64::midpoint(rect.top, rect.bottom));
    sheet.text(at, text, SMALL, MUTED, Anchor::Middle)
}
