//! What the formats make of a trace that is small enough to read, and of whole runs.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;
use serde_json::Value;
use sim_core::id::NodeId;
use sim_core::time::Time;
use sim_core::trace::{Ends, Step, StepKind};

use super::message::Fate;
use super::past::causal_past;
use super::{View, mermaid, ndjson, perfetto, shiviz, text};
use crate::error::Error;

fn step(event: u64, cause: u64, node: Option<u32>, kind: StepKind, what: &str) -> Step {
    let at = Time::from_nanos(event * 1_000_000);
    Step { at, event, cause, node: node.map(NodeId), kind, ends: None, what: what.to_owned() }
}

/// The same step, about a message between these nodes that was sent in that event.
fn between(from: u32, to: u32, sent: u64, step: Step) -> Step {
    Step { ends: Some(Ends { from: NodeId(from), to: NodeId(to), sent }), ..step }
}

/// n0 tells all; n1 hears it, n2 is cut off, n3 is down; n1 answers, damaged, and n0 leads.
fn tiny() -> Vec<Step> {
    use StepKind::{Alter, Boot, Deliver, Fault, Landmark, Lose, Send, Timer};
    vec![
        step(0, 0, Some(0), Boot, "boots"),
        step(0, 0, Some(1), Boot, "boots"),
        step(1, 0, None, Fault, "crash n3; #1"),
        step(2, 0, Some(0), Timer, "Tick"),
        between(0, 1, 2, step(2, 0, Some(0), Send, "Ask { a: 1 }")),
        between(0, 2, 2, step(2, 0, Some(0), Send, "Ask { a: 1 }")),
        between(0, 2, 2, step(2, 0, None, Lose, "cut")),
        between(0, 3, 2, step(2, 0, Some(0), Send, "Ask { a: 1 }")),
        between(0, 1, 2, step(3, 2, Some(1), Deliver, "Ask { a: 1 }")),
        between(1, 0, 3, step(3, 2, Some(1), Send, "Yes(1)")),
        between(1, 0, 3, step(3, 2, None, Alter, "damaged on the way")),
        between(0, 3, 2, step(4, 2, Some(3), Deliver, "Ask { a: 1 }")),
        step(4, 2, Some(3), Lose, "is down"),
        between(1, 0, 3, step(5, 3, Some(0), Deliver, "Yes(2)")),
        step(5, 3, Some(0), Landmark, "Leader { term: 1 }"),
        between(0, 1, 5, step(5, 3, Some(0), Send, "Bye")),
    ]
}

fn whole(steps: &[Step]) -> View<'_> {
    View::new(steps, |_, _| true)
}

#[test]
fn every_message_is_paired_with_its_send_and_its_fate() {
    let steps = tiny();
    let paired: Vec<_> = whole(&steps).messages.iter().map(|m| (m.send, m.end, m.fate)).collect();
    let expected = [
        (Some(5), Some(6), Fate::Lost),
        (Some(4), Some(8), Fate::Delivered),
        (Some(7), Some(11), Fate::Lost),
        (Some(9), Some(13), Fate::Delivered),
        (Some(15), None, Fate::Pending),
    ];
    assert_eq!(paired, expected);
}

#[test]
fn the_causal_past_holds_what_led_there_and_nothing_else() {
    let steps = tiny();
    let past = causal_past(&steps, 3);
    assert_eq!(past, BTreeSet::from([0, 1, 3, 4, 5, 6, 7, 8, 9, 10]));
    assert!(!causal_past(&steps, 5).contains(&11), "n3 told nobody anything");
    assert!(causal_past(&steps, 9).is_empty(), "there is no event 9");
}

#[test]
fn text_counts_what_it_leaves_out() {
    let steps = tiny();
    let view = View::new(&steps, |_, step| step.kind == StepKind::Landmark);
    let lines: Vec<String> = text::lines(&view).skip(1).collect();
    expect![[r#"
        0.005000000      5      3   n0 * Leader { term: 1 }
        1 of 16 steps"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn every_line_of_ndjson_is_an_object() {
    let steps = tiny();
    let lines = ndjson::ndjson(&whole(&steps));
    let parsed: Result<Vec<Value>, _> = lines.lines().map(serde_json::from_str).collect();
    let parsed = parsed.expect("JSON in every line");
    assert_eq!(parsed.len(), steps.len());
    assert!(parsed.iter().zip(&steps).all(|(object, step)| object["what"] == step.what.as_str()));
    expect![[r#"{"at_ms":5.0,"cause":3,"event":5,"from":"n0","kind":"send","node":"n0","sent":5,"to":"n1","what":"Bye"}"#]]
        .assert_eq(lines.lines().last().expect("a line"));
}

#[test]
fn mermaid_draws_every_message_once() {
    let steps = tiny();
    let diagram = mermaid::mermaid(&whole(&steps)).expect("few enough");
    expect![[r#"
        sequenceDiagram
            participant n0
            participant n1
            participant n2
            participant n3
            Note over n0,n3: 0.001000000 fault: crash n3#59; #35;1
            n0-xn2: 0.002000000 Ask { a: 1 }
            n0->>n1: 0.003000000 Ask { a: 1 }
            n0-xn3: 0.004000000 Ask { a: 1 }
            n1->>n0: 0.005000000 Yes(2)
            Note over n0: 0.005000000 * Leader { term: 1 }
            n0-->>n1: 0.005000000 Bye
    "#]]
    .assert_eq(&diagram);
    let arrows = |text: &str| {
        text.lines().filter(|line| line.contains(">>n") || line.contains("-xn")).count()
    };
    assert_eq!(arrows(&diagram), whole(&steps).messages.len());
    let sends = View::new(&steps, |_, step| step.kind == StepKind::Send);
    assert_eq!(arrows(&mermaid::mermaid(&sends).expect("few enough")), 5);
}

#[test]
fn mermaid_refuses_what_nobody_could_read() {
    let many: Vec<Step> = (1..=501)
        .map(|event| between(0, 1, event, step(event, 0, Some(0), StepKind::Send, "Hi")))
        .collect();
    assert!(mermaid::mermaid(&whole(&many[..500])).is_ok());
    let refused = mermaid::mermaid(&whole(&many)).expect_err("too many");
    assert!(matches!(&refused, Error::Usage { next, .. } if next.contains("--from")), "{refused}");
}

/// The hosts and clocks of a log, in order.
fn clocks(log: &str) -> Vec<(String, BTreeMap<String, u64>)> {
    let line = |line: &str| {
        let (host, rest) = line.split_once(' ').expect("a host");
        let (clock, _) = rest.split_once("} ").expect("a clock");
        (host.to_owned(), serde_json::from_str(&format!("{clock}}}")).expect("JSON"))
    };
    log.lines().skip(1).map(line).collect()
}

#[test]
fn a_vector_clock_dominates_that_of_the_send_and_counts_its_host_by_one() {
    let steps = tiny();
    let log = shiviz::shiviz(&whole(&steps));
    expect![[r##"
        # ^(?<host>\S+) (?<clock>\{[^}]*\}) (?<event>.*)$
        n0 {"n0":1} 0.000000000 boot boots
        n1 {"n1":1} 0.000000000 boot boots
        world {"world":1} 0.001000000 fault crash n3; #1
        n0 {"n0":2} 0.002000000 timer Tick
        n0 {"n0":3} 0.002000000 send to n1 Ask { a: 1 }
        n0 {"n0":4} 0.002000000 send to n2 Ask { a: 1 }
        world {"n0":4,"world":2} 0.002000000 lose n0 → n2 cut
        n0 {"n0":5} 0.002000000 send to n3 Ask { a: 1 }
        n1 {"n0":3,"n1":2} 0.003000000 deliver from n0 Ask { a: 1 }
        n1 {"n0":3,"n1":3} 0.003000000 send to n0 Yes(1)
        world {"n0":4,"world":3} 0.003000000 alter n1 → n0 damaged on the way
        n3 {"n0":5,"n3":1} 0.004000000 deliver from n0 Ask { a: 1 }
        n3 {"n0":5,"n3":2} 0.004000000 lose is down
        n0 {"n0":6,"n1":3} 0.005000000 deliver from n1 Yes(2)
        n0 {"n0":7,"n1":3} 0.005000000 landmark Leader { term: 1 }
        n0 {"n0":8,"n1":3} 0.005000000 send to n1 Bye
    "##]]
    .assert_eq(&log);
    let clocks_of_all = clocks(&log);
    for message in whole(&steps).messages {
        let (Some(send), Some(end)) = (message.send, message.end) else { continue };
        let (sent, ended) = (&clocks_of_all[send].1, &clocks_of_all[end].1);
        let dominated = sent.iter().all(|(host, count)| ended.get(host) >= Some(count));
        assert!(dominated && sent != ended, "{sent:?} and {ended:?}");
    }
    let some = View::new(&steps, |_, step| {
        matches!(step.kind, StepKind::Timer | StepKind::Deliver | StepKind::Landmark)
    });
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let partial = clocks(&shiviz::shiviz(&some));
    for (host, clock) in &partial {
        let count = seen.entry(host.clone()).or_default();
        *count += 1;
        assert_eq!(clock[host], *count, "{host} skips a step");
    }
    // Through sends that are not shown, n1 knows of the timer of n0 all the same.
    assert_eq!(partial[1].1, BTreeMap::from([("n0".to_owned(), 1), ("n1".to_owned(), 1)]));
}

#[test]
fn every_flow_of_perfetto_has_both_ends_in_slices() {
    let steps = tiny();
    let document = perfetto::perfetto(&whole(&steps));
    let text = document.to_string();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let events = document["traceEvents"].as_array().expect("events");
    let mut ends: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["cat"] == "message") {
        let slice = |other: &&Value| {
            other["ph"] == "X" && other["tid"] == event["tid"] && other["ts"] == event["ts"]
        };
        assert!(events.iter().any(|other| slice(&other)), "{event} binds to nothing");
        let phase = event["ph"].as_str().expect("a phase");
        ends.entry(event["id"].as_u64().expect("an id")).or_default().push(phase);
    }
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert!(ends.values().all(|phases| *phases == ["s", "f"]), "{ends:?}");
    let received = View::new(&steps, |_, step| step.kind == StepKind::Deliver);
    assert!(!perfetto::perfetto(&received).to_string().contains("\"message\""));
    let first = events.iter().find(|event| event["ph"] == "X").expect("a slice");
    expect![[r#"{"args":{"cause":0,"event":2},"cat":"send","dur":1.0,"name":"to n1 Ask { a: 1 }","ph":"X","pid":1,"tid":1,"ts":2000.0}"#]].assert_eq(&first.to_string());
}

#[test]
fn slices_of_a_track_never_overlap() {
    let mut steps = tiny();
    for (place, step) in steps.iter_mut().enumerate() {
        step.at = Time::from_nanos(place as u64 * 300);
    }
    let document = perfetto::perfetto(&whole(&steps));
    let mut free: BTreeMap<u64, f64> = BTreeMap::new();
    for event in document["traceEvents"].as_array().expect("events") {
        let Some(width) = event["dur"].as_f64() else { continue };
        let (track, at) =
            (event["tid"].as_u64().expect("a track"), event["ts"].as_f64().expect("a time"));
        let end = free.insert(track, at + width);
        assert!(end.is_none_or(|end| end <= at + 1e-9), "{event} begins in another");
    }
}
