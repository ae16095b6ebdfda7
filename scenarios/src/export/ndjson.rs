//! A trace as JSON, an object per step.

use serde_json::json;
use sim_core::trace::Step;

use crate::export::View;

/// A step as an object; `at_ms` is in milliseconds of virtual time.
pub fn object(step: &Step) -> serde_json::Value {
    json!({
        "at_ms": step.at.as_millis_f64(),
        "event": step.event,
        "cause": step.cause,
        "node": step.node,
        "kind": format!("{:?}", step.kind).to_lowercase(),
        "what": step.what,
    })
}

/// A line per step that is shown.
pub fn ndjson(view: &View<'_>) -> String {
    view.shown().map(|step| format!("{}\n", object(step))).collect()
}
