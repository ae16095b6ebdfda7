//! Where two runs part: the first event in which they differ.

use std::fmt::Write as _;

use sim_core::trace::{Link, Step, Trace};

use crate::judge::seconds;

/// The first event in which two runs differ; `None` if they went alike. Event 0 is the beginning.
pub fn first(one: &Trace, other: &Trace) -> Option<u64> {
    let place_of = |link: &Link| (link.at, link.kind, link.node);
    let most = one.links.len().max(other.links.len()) as u64;
    (0..most).find(|event| {
        let place = *event as usize;
        one.links.get(place).map(place_of) != other.links.get(place).map(place_of)
            || steps_of(one, *event) != steps_of(other, *event)
            || one.links.get(place) != other.links.get(place)
    })
}

/// The steps of an event.
pub fn steps_of(trace: &Trace, event: u64) -> &[Step] {
    let start = trace.steps.partition_point(|step| step.event < event);
    let end = trace.steps.partition_point(|step| step.event <= event);
    &trace.steps[start..end]
}

/// An event in one sentence; of its steps, only the one at this place.
pub fn sentence(trace: &Trace, event: u64, place: usize) -> String {
    let Some(link) = trace.links.get(event as usize) else {
        return "nothing: the run was over".to_owned();
    };
    let mut text = brief(link.kind.words(), link.node, link.at);
    if let Some(step) = steps_of(trace, event).get(place) {
        let node = step.node.map_or_else(String::new, |node| format!("{node} "));
        let _ = write!(text, ": {node}{}", step.words());
    }
    text
}

/// The place of the first step in which the runs differ within an event.
pub fn first_step(one: &Trace, other: &Trace, event: u64) -> usize {
    let steps = steps_of(one, event).iter().zip(steps_of(other, event));
    steps.take_while(|(one, other)| one == other).count()
}

/// What is known of an event before anybody looks into it.
pub fn brief(what: &str, node: Option<sim_core::id::NodeId>, at: sim_core::time::Time) -> String {
    let node = node.map_or_else(String::new, |node| format!(" at {node}"));
    format!("{what}{node} at {}", seconds(at))
}
