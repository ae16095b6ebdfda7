//! A trace as Chrome's trace-event JSON, which Perfetto opens.
//!
//! A node is a track. Sends and deliveries are slices, because arrows bind to slices only; an arrow
//! goes from the end of the one to the start of the other. All else is an instant.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sim_core::trace::{Step, StepKind};

use crate::export::View;

/// The longest slice, in nanoseconds: wide enough to be hit, too short to be read as work.
const SLICE: u64 = 1_000;

/// The document; times are in microseconds.
pub fn perfetto(view: &View<'_>) -> Value {
    let mut events = tracks(view);
    let widths = widths(view);
    for (place, width) in &widths {
        events.push(event(&view.steps[*place], *width));
    }
    for (id, message) in view.messages.iter().enumerate() {
        let (Some(send), Some(end)) = (message.send, message.end) else { continue };
        let ends_in_slices = [send, end]
            .into_iter()
            .all(|place| widths.contains_key(&place) && is_slice(view.steps[place].kind));
        if ends_in_slices {
            events.push(flow(&view.steps[send], id, "s"));
            events.push(flow(&view.steps[end], id, "f"));
        }
    }
    json!({ "displayTimeUnit": "ms", "traceEvents": events })
}

/// The names of the tracks.
fn tracks(view: &View<'_>) -> Vec<Value> {
    let names: BTreeMap<u64, String> = view
        .shown()
        .map(|step| (track(step), step.node.map_or("world".to_owned(), |node| node.to_string())))
        .collect();
    let name = |(tid, name)| json!({ "ph": "M", "name": "thread_name", "pid": 1, "tid": tid, "args": { "name": name } });
    names.into_iter().map(name).collect()
}

/// How long the slices of the steps shown are, by place: never into the next moment of their track,
/// since slices of a track must nest.
fn widths(view: &View<'_>) -> BTreeMap<usize, u64> {
    let mut next: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let mut widths = BTreeMap::new();
    for place in view.shown.iter().rev() {
        let step = &view.steps[*place];
        let at = step.at.as_nanos();
        let width = match next.get(&track(step)) {
            Some((moment, width)) if *moment == at => *width,
            Some((moment, _)) => SLICE.min(moment - at),
            None => SLICE,
        };
        next.insert(track(step), (at, width));
        widths.insert(*place, width);
    }
    widths
}

fn event(step: &Step, width: u64) -> Value {
    let kind = format!("{:?}", step.kind).to_lowercase();
    let mut event = json!({
        "name": step.words(),
        "cat": kind,
        "pid": 1,
        "tid": track(step),
        "ts": micros(step.at.as_nanos()),
        "args": { "event": step.event, "cause": step.cause },
    });
    if is_slice(step.kind) {
        event["ph"] = json!("X");
        event["dur"] = json!(micros(width));
    } else {
        event["ph"] = json!("i");
        event["s"] = json!("t");
    }
    event
}

fn flow(step: &Step, id: usize, phase: &str) -> Value {
    json!({
        "ph": phase,
        "bp": "e",
        "id": id,
        "name": "message",
        "cat": "message",
        "pid": 1,
        "tid": track(step),
        "ts": micros(step.at.as_nanos()),
    })
}

const fn is_slice(kind: StepKind) -> bool {
    matches!(kind, StepKind::Send | StepKind::Deliver)
}

/// The track of a step; 0 is that of what happens at no node.
fn track(step: &Step) -> u64 {
    step.node.map_or(0, |node| u64::from(node.0) + 1)
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}
