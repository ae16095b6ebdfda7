//! In how many different states replicas are, over time: one panel per point, one below the other.
//!
//! The panels share their axes, so that what drifts apart further, or for longer, looks it. Faults
//! are hatched through them, and named above the first panel that has them.

use super::ends::{self, EndLabel};
use super::fan::{self, Column, Course, Fan};
use super::fault_lanes::FaultLanes;
use super::palette::{SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, named, subject, with_curve};
use super::sheet::{Drawn, Frame, MARGIN, Rect, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS, pixel};
use super::{Chart, Drawing};
use crate::error::Error;
use crate::row::{FaultRow, Point, Tables};
use crate::stats::is_supported;

pub(super) const CHART: Chart = Chart {
    name: "divergence",
    question: "How far do replicas drift apart?",
    table: "series.csv",
    feeds: &[CURVE],
    draw,
};

const CURVE: &str = "distinct_states";
const PANEL: f64 = 104.0;
const GAP: f64 = 20.0;
const LABELS: f64 = 200.0;
/// The panels' left and right edges.
const LEFT: f64 = MARGIN + Y_LABELS;
const RIGHT: f64 = WIDTH - MARGIN - LABELS;
/// At how many places of the time axis the runs are looked at.
const PLACES: u32 = 150;
/// The most ticks of a panel's vertical axis.
const TICKS: f64 = 4.0;

/// One panel.
struct View<'a> {
    point: &'a Point,
    name: String,
    /// By time in seconds.
    fan: Fan,
    faults: FaultLanes,
    /// Whether the panel above has the same faults, and so their names.
    named_above: bool,
}

impl View<'_> {
    /// Room above the panel.
    fn head(&self) -> f64 {
        if self.named_above { 0.0 } else { self.faults.height() }
    }

    /// How long the median run is apart, in seconds.
    fn apart(&self) -> f64 {
        let is_apart = |column: &Column| column.median().is_some_and(|states| states > 1.0);
        let pairs = self.fan.columns.windows(2);
        pairs.filter(|pair| is_apart(&pair[0])).map(|pair| pair[1].x - pair[0].x).sum()
    }

    fn remark(&self) -> String {
        match self.fan.columns.iter().filter_map(Column::median).reduce(f64::max) {
            Some(most) if most > 1.0 => {
                format!("median: {} states at most, apart for {} s", most, rough(self.apart()))
            }
            _ => "median: never apart".to_owned(),
        }
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let curves = fan::curves(tables, CURVE);
    let mut points = with_curve(tables, CURVE);
    if points.is_empty() {
        return Ok(Drawing::lacks_curve(CURVE));
    }
    points.retain(|point| is_supported(curves[point.id.as_str()].len(), 0.5));
    if points.is_empty() {
        return Ok(Drawing::skipped("no point has runs enough for a median of its states"));
    }
    let shown = named(&tables.runs, points, SERIES_MAX);
    let chosen: Vec<&Point> = shown.things.iter().map(|(point, _)| *point).collect();
    let runs = |point: &Point| &curves[point.id.as_str()];
    let all = || chosen.iter().flat_map(|point| runs(point).iter().flatten());
    let faults = |point: &Point| {
        let own = tables.faults.iter().filter(|fault| fault.point_id == point.id);
        own.collect::<Vec<&FaultRow>>()
    };
    let healed = chosen.iter().flat_map(|point| faults(point)).filter_map(|fault| fault.to_ms);
    let last_ms = all().map(|(at_ms, _)| *at_ms).chain(healed).fold(0.0, f64::max);
    let most = all().map(|(_, states)| *states).fold(1.0, f64::max);
    let horizon = if last_ms > 0.0 { last_ms / 1000.0 } else { 1.0 };
    let mut views: Vec<View<'_>> = Vec::new();
    for (place, (point, name)) in shown.things.iter().enumerate() {
        let own = faults(point);
        let above = place.checked_sub(1).map(|above| faults(chosen[above]));
        let seconds: Vec<fan::Steps> = runs(point)
            .iter()
            .map(|run| run.iter().map(|(at_ms, states)| (at_ms / 1000.0, *states)).collect())
            .collect();
        let places = (0..=PLACES).map(|place| horizon * f64::from(place) / f64::from(PLACES));
        views.push(View {
            point,
            name: name.clone(),
            fan: Fan::at(&seconds, places),
            faults: FaultLanes::new(own.iter().copied(), horizon, (LEFT, RIGHT)),
            named_above: above.is_some_and(|above| are_alike(&above, &own)),
        });
    }
    let (x, y) =
        (Scale::linear(0.0, horizon, 10), Scale::linear(0.0, most, most.min(TICKS) as usize));
    let slice = fan::slice("t_s", views.iter().map(|view| (view.point, &view.fan)));
    let frame = frame(&views, &shown.note());
    let picture = frame.picture(slice, |sheet| paint(sheet, &views, (&x, &y)))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

/// Whether two points have the same faults at the same times.
fn are_alike(one: &[&FaultRow], other: &[&FaultRow]) -> bool {
    let told =
        |fault: &&FaultRow| (fault.kind.clone(), fault.label.clone(), fault.from_ms, fault.to_ms);
    one.iter().map(told).eq(other.iter().map(told))
}

fn frame(views: &[View<'_>], note: &str) -> Frame {
    let told: Vec<String> =
        views.iter().map(|view| format!("{}: {}", view.name, view.remark())).collect();
    let named = views.iter().filter(|view| !view.named_above).map(|view| &view.faults);
    let panels = views.len() as f64;
    let heads: f64 = views.iter().map(View::head).sum();
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Divergence of replicas: {}", subject(views.iter().map(|view| view.point))),
        description: format!("Different states that replicas are in. {}.", told.join("; ")),
        caption: format!(
            "N = {} runs per panel. {} Replicas that show the same updates and the same value are \
             in one state. A run that has ended keeps its last number. {}{note}",
            counts(views.iter().map(|view| view.fan.runs)),
            fan::CAPTION,
            FaultLanes::caption(named),
        ),
        body: 4.0 + heads + panels * PANEL + (panels - 1.0) * GAP + X_LABELS + 14.0,
    }
}

fn paint(sheet: &Sheet<'_>, views: &[View<'_>], (x, y): (&Scale, &Scale)) -> Drawn {
    let mut top = TOP + 4.0;
    for (index, view) in views.iter().enumerate() {
        if !view.named_above {
            view.faults.paint_names(sheet, top)?;
        }
        top += view.head();
        let rect = Rect { left: LEFT, right: RIGHT, top, bottom: top + PANEL };
        view.faults.hatch(sheet, rect)?;
        let x_name = (index + 1 == views.len()).then_some("simulated time (s)");
        let mut panel = sheet.panel(rect, (x, x_name), (y, "states"))?;
        let color = SERIES[index];
        let end = view.fan.paint(&mut panel, (1.0, Course::Stepped), color)?;
        let end = end.map_or((rect.right, rect.bottom), |end| pixel(&panel, end));
        let (name, remark) = (view.name.clone(), view.remark());
        ends::paint(sheet, rect, &[EndLabel { end, color, name, remark }])?;
        top = rect.bottom + GAP;
    }
    Ok(())
}
