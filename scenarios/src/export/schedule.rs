//! The faults of a run as a scenario has them: each as it struck, with nothing left to draw.

use serde_json::Value as Json;
use sim_core::trace::Trace;

use crate::shrink::in_toml;

/// An `[[fault]]` entry for each strike that was drawn, in the order of the schedule; nothing for a
/// run in which nothing struck.
pub fn schedule(trace: &Trace) -> String {
    let entries =
        trace.schedule.iter().filter_map(|strike| serde_json::to_value(&strike.spec).ok());
    let entries: Vec<Json> = entries.collect();
    if entries.is_empty() { String::new() } else { in_toml("fault", &Json::Array(entries)) }
}
