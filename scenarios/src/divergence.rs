//! Where two runs part: the first event in which they differ.

use std::fmt::Write as _;

use sim_core::trace::{Link, Step, Trace};

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
    format!("{what}{node} at {at} s")
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;
    use sim_core::time::Time;
    use sim_core::trace::{EventKind, StepKind};

    use super::*;

    /// Events 0 to 3, a millisecond apart; a timer goes off in each, and n1 says two things in 2.
    fn trace() -> Trace {
        let mut trace = Trace::default();
        for event in 0..4 {
            let (at, node) = (Time::from_nanos(event * 1_000_000), Some(NodeId(1)));
            let step = |what: &str| Step {
                at,
                event,
                cause: 0,
                node,
                kind: StepKind::Timer,
                ends: None,
                what: what.to_owned(),
            };
            trace.steps.extend((event > 0).then(|| step("Tick")));
            trace.steps.extend((event == 2).then(|| step("Tock")));
            trace.links.push(Link { at, kind: EventKind::Timer, node, fingerprint: event });
        }
        trace
    }

    fn changed(change: impl FnOnce(&mut Trace)) -> Option<u64> {
        let mut other = trace();
        change(&mut other);
        let (there, back) = (first(&trace(), &other), first(&other, &trace()));
        assert_eq!(there, back);
        there
    }

    #[test]
    fn runs_part_where_time_kind_node_fingerprint_or_words_differ_first() {
        assert_eq!(changed(|_| {}), None);
        assert_eq!(changed(|trace| trace.links[1].at = Time::ZERO), Some(1));
        assert_eq!(changed(|trace| trace.links[1].kind = EventKind::Work), Some(1));
        assert_eq!(changed(|trace| trace.links[1].node = None), Some(1));
        assert_eq!(changed(|trace| trace.links[3].fingerprint = 9), Some(3));
        assert_eq!(changed(|trace| trace.steps[2].what.clear()), Some(2));
        assert_eq!(changed(|trace| _ = trace.steps.remove(0)), Some(1));
        assert_eq!(changed(|trace| _ = trace.links.pop()), Some(3));
        assert_eq!(first(&Trace::default(), &Trace::default()), None);
    }

    #[test]
    fn an_event_is_told_by_the_step_in_which_it_differs() {
        let (one, mut other) = (trace(), trace());
        other.steps[2].what = "Tack".to_owned();
        let place = first_step(&one, &other, 2);
        assert_eq!(place, 1);
        assert_eq!(sentence(&one, 2, place), "a timer at n1 at 0.002 s: n1 Tock");
        assert_eq!(sentence(&other, 2, place), "a timer at n1 at 0.002 s: n1 Tack");
        assert_eq!(sentence(&one, 2, 2), "a timer at n1 at 0.002 s");
        assert_eq!(sentence(&one, 4, 0), "nothing: the run was over");
    }
}
