//! What a trace tells of every event and of every message.

use crate::setting::stormy;
use sim_core::simulation::Simulation as _;
use sim_core::trace::{EventKind, StepKind};

#[test]
fn a_trace_has_a_link_for_every_event_and_the_fingerprint_after_it() {
    let toy = stormy();
    let (outcome, trace) = toy.trace(3);
    assert_eq!(trace.links.len() as u64, outcome.events + 1);
    assert_eq!((trace.links[0].kind, trace.links[0].node), (EventKind::Start, None));
    assert!(trace.links.is_sorted_by_key(|link| link.at));
    for step in &trace.steps {
        let link = trace.links[step.event as usize];
        let broken = step.kind == StepKind::Violation;
        assert!(broken || link.at == step.at, "{step} is not at the time of its event");
        match step.kind {
            StepKind::Deliver => {
                assert_eq!((link.kind, link.node), (EventKind::Arrival, step.node));
            }
            StepKind::Timer => assert_eq!((link.kind, link.node), (EventKind::Timer, step.node)),
            _ => {}
        }
    }
    let mut arrivals = trace.links.windows(2).filter(|pair| pair[1].kind == EventKind::Arrival);
    assert!(arrivals.clone().count() > 10);
    assert!(arrivals.all(|pair| pair[0].fingerprint != pair[1].fingerprint), "nobody noted one");
    assert_eq!(toy.trace(3).1.links, trace.links);
    assert_ne!(toy.trace(4).1.links, trace.links);
}

#[test]
fn a_step_about_a_message_names_its_ends_and_the_event_of_its_send() {
    let (_, trace) = stormy().trace(3);
    let sends: Vec<_> = trace.steps.iter().filter(|step| step.kind == StepKind::Send).collect();
    assert!(sends.len() > 10);
    for step in &sends {
        let ends = step.ends.expect("a send has ends");
        assert_eq!((Some(ends.from), ends.sent), (step.node, step.event), "{step}");
    }
    for step in trace.steps.iter().filter(|step| step.kind == StepKind::Deliver) {
        let ends = step.ends.expect("a delivery has ends");
        assert_eq!((Some(ends.to), ends.sent), (step.node, step.cause), "{step}");
        let sent = sends.iter().any(|send| send.ends == Some(ends) && send.what == step.what);
        assert!(sent || ends.from == ends.to, "{step} was sent by nobody");
    }
}
