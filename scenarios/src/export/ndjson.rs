//! A trace as JSON, an object per step.

use serde_json::json;
use sim_core::trace::Step;

use crate::export::View;

/// A step as an object; `at_ms` is in milliseconds of virtual time. Where it is about a message,
/// `from` and `to` are its ends, and `sent` is the event in which it was sent.
pub fn object(step: &Step) -> serde_json::Value {
    let mut object = json!({
        "at_ms": step.at.as_millis_f64(),
        "event": step.event,
        "cause": step.cause,
        "node": step.node,
        "kind": format!("{:?}", step.kind).to_lowercase(),
        "what": step.what,
    });
    if let Some(ends) = step.ends {
        object["from"] = json!(ends.from);
        object["to"] = json!(ends.to);
        object["sent"] = json!(ends.sent);
    }
    object
}

/// A line per step that is shown.
pub fn ndjson(view: &View<'_>) -> String {
    view.shown().map(|step| format!("{}\n", object(step))).collect()
}
