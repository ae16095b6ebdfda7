//! A trace as a log for `ShiViz` (Beschastnikh et al., "Visualizing distributed system executions",
//! 2020), with vector clocks.

use std::collections::BTreeMap;

use crate::export::View;

/// What `ShiViz` is to be given as the parser of a log.
pub const PARSER: &str = r"^(?<host>\S+) (?<clock>\{[^}]*\}) (?<event>.*)$";

/// The host of what happens at no node: the network, the schedule, the judges.
const WORLD: &str = "world";

type Clock = BTreeMap<String, u64>;

/// A line per step that is shown: host, vector clock, what happened. The first line says how to
/// parse the others.
///
/// A clock counts the steps that are shown, but knows of what passed through those that are not.
pub fn shiviz(view: &View<'_>) -> String {
    let mut log = format!("# {PARSER}\n");
    for (place, clock) in clocks(view).into_iter().enumerate() {
        if view.shows(Some(place)) {
            let step = &view.steps[place];
            let what: String =
                step.words().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let kind = format!("{:?}", step.kind).to_lowercase();
            let clock = serde_json::json!(clock);
            log += &format!("{} {clock} {:.9} {kind} {what}\n", host(view, place), step.at);
        }
    }
    log
}

/// The clock of every step.
fn clocks(view: &View<'_>) -> Vec<Clock> {
    let ends = view.messages.iter().filter_map(|message| Some((message.end?, message.send?)));
    let sends: BTreeMap<usize, usize> = ends.collect();
    let mut hosts: BTreeMap<String, Clock> = BTreeMap::new();
    let mut clocks: Vec<Clock> = Vec::with_capacity(view.steps.len());
    for place in 0..view.steps.len() {
        let host = host(view, place);
        let clock = hosts.entry(host.clone()).or_default();
        let carried = sends.get(&place).map(|send| &clocks[*send]);
        for (other, count) in carried.into_iter().flatten() {
            let known = clock.entry(other.clone()).or_default();
            *known = (*known).max(*count);
        }
        if view.shows(Some(place)) {
            *clock.entry(host).or_default() += 1;
        }
        clocks.push(clock.clone());
    }
    clocks
}

fn host(view: &View<'_>, place: usize) -> String {
    view.steps[place].node.map_or_else(|| WORLD.to_owned(), |node| node.to_string())
}
