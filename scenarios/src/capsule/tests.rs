//! What a capsule keeps, what is found out about one that was changed, and what is not believed.

use expect_test::expect;

use super::bytes::Flaw;
use super::*;
use crate::catalog;

const VOTE: &str = "\
name = \"vote\"
horizon = \"2s\"
[protocol]
kind = \"voting\"
nodes = 3
[network]
latency = \"5ms..20ms\"
[[fault]]
at = \"1ms\"
kind = \"partition\"
target = \"n0\"
for = \"10ms\"
";

fn run(text: &str, seed: u64) -> (Scenario, Point, Outcome, Trace) {
    let (scenario, point) = one_point(text).unwrap_or_else(|reason| panic!("{reason}"));
    let (outcome, trace) = point.simulation.trace(seed);
    (scenario, point, outcome, trace)
}

fn capsule(text: &str, seed: u64) -> Capsule {
    let (scenario, point, outcome, trace) = run(text, seed);
    let text = text_of(&scenario, &point, seed).expect("a text that runs again");
    Capsule::of(&scenario, &point, text, &outcome, &trace)
}

/// The run of a capsule, made again.
fn again(capsule: &Capsule) -> Capsule {
    let (scenario, point) = capsule.scenario(Path::new("it")).expect("a scenario");
    let (outcome, trace) = point.simulation.trace(capsule.head.seed);
    Capsule::of(&scenario, &point, capsule.head.text.clone(), &outcome, &trace)
}

/// The bytes with a checksum that fits.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &Digest::of(body).to_le_bytes()].concat()
}

fn damage(bytes: &[u8]) -> String {
    match Capsule::from_bytes(bytes) {
        Err(Flaw::Damaged(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_read_is_what_was_written_and_its_run_is_the_same() {
    let capsule = capsule(VOTE, 7);
    let read = Capsule::from_bytes(&capsule.to_bytes()).expect("whole");
    assert_eq!(read, capsule);
    assert_eq!(read.compare(&again(&read)), Finding::Identical);
    assert_eq!(read.chain.len() as u64, read.head.events_count + 1);
    assert_eq!(read.head.faults.len(), 1);
    assert!(read.head.faults[0].label.contains("n0"), "{:?}", read.head.faults);
}

#[test]
fn the_format_never_changes_under_its_number() {
    let head = Head {
        engine: ENGINE.into(),
        scenario: "s".into(),
        point: String::new(),
        protocol: "raft".into(),
        mutant: None,
        seed: u64::MAX,
        verdict: "pass".into(),
        reason: String::new(),
        assumptions: "held".into(),
        violations: Vec::new(),
        faults: Vec::new(),
        ended_ns: 1_000_000,
        events_count: 1,
        trace_hash: "0".repeat(16),
        chain_hash: "1".repeat(16),
        text: "horizon = \"1s\"\n".into(),
    };
    let link = |at, kind, node: Option<u32>, stub| Link {
        at: Time::from_nanos(at),
        kind,
        node: node.map(NodeId),
        stub,
    };
    let chain =
        vec![link(0, EventKind::Start, None, 0x1234), link(300, EventKind::Timer, Some(9), 0xabcd)];
    let capsule = Capsule { head, chain };
    let bytes = capsule.to_bytes();
    let (body, _) = bytes.split_at(bytes.len() - 8);
    let (text, records) = body.split_at(body.len() - 10);
    expect![[r#"
        synod-trace 1
        {"engine":"ENGINE","scenario":"s","point":"","protocol":"raft","mutant":null,"seed":18446744073709551615,"verdict":"pass","reason":"","assumptions":"held","violations":[],"faults":[],"ended_ns":1000000,"events_count":1,"trace_hash":"0000000000000000","chain_hash":"1111111111111111","text":"horizon = \"1s\"\n"}
    "#]]
    .assert_eq(&String::from_utf8_lossy(text).replace(ENGINE, "ENGINE"));
    // 300 = 0b10_0101100, and a timer at n9 is 12 + 16 × 10 = 0b1_0101100.
    let expected = [0, 0, 0x34, 0x12, 0xac, 0x02, 0xac, 0x01, 0xcd, 0xab];
    assert_eq!(records, expected);
    assert_eq!(Capsule::from_bytes(&bytes), Ok(capsule));
}

#[test]
fn every_byte_counts_and_none_may_be_missing() {
    let bytes = capsule(VOTE, 7).to_bytes();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(Capsule::from_bytes(&changed).is_err(), "byte {place} is free");
        assert!(Capsule::from_bytes(&bytes[..place]).is_err(), "cut after {place}");
    }
    assert!(Capsule::from_bytes(&[&bytes[..], b"x"].concat()).is_err());
}

#[test]
fn an_event_of_a_long_run_costs_less_than_ten_bytes() {
    let (_, text) = catalog::built_in()
        .into_iter()
        .find(|(name, _)| name.ends_with("raft5-crash-partition"))
        .expect("it is built in");
    let (scenario, point, outcome, trace) = run(text, 3);
    let text = text_of(&scenario, &point, 3).expect("a text that runs again");
    let capsule = Capsule::of(&scenario, &point, text, &outcome, &trace);
    let each = capsule.to_bytes().len() as f64 / outcome.events as f64;
    assert!(outcome.events > 5_000 && each < 10.0, "{each} bytes, {} events", outcome.events);
}

#[test]
fn a_forged_link_is_where_the_run_diverges() {
    let capsule = capsule(VOTE, 7);
    assert!(capsule.chain.len() > 12);
    let last = capsule.chain.len() - 1;
    for event in [0, 1, 9, last] {
        let mut forged = capsule.clone();
        forged.chain[event].stub ^= 0x4000;
        let forged = Capsule::from_bytes(&forged.to_bytes()).expect("its checksum fits");
        assert_eq!(forged.compare(&again(&forged)), Finding::Diverged(event as u64));
    }
    let mut reordered = capsule.clone();
    let twin = reordered.chain[9];
    reordered.chain[9] = Link { at: twin.at, ..reordered.chain[10] };
    reordered.chain[10] = Link { at: reordered.chain[10].at, ..twin };
    assert_eq!(reordered.compare(&capsule), Finding::Diverged(9));
    let mut shorter = capsule.clone();
    shorter.chain.pop();
    assert_eq!(shorter.compare(&capsule), Finding::Diverged(last as u64));
    let mut by_chance = capsule.clone();
    by_chance.head.chain_hash = "0".repeat(16);
    assert_eq!(by_chance.compare(&capsule), Finding::Diverged(last as u64));
}

#[test]
fn other_settings_are_another_run_and_other_judges_another_verdict() {
    let was = capsule(VOTE, 7);
    let mut other = was.clone();
    assert!(other.head.text.contains("\"5ms..20ms\""), "{}", other.head.text);
    other.head.text = other.head.text.replace("\"5ms..20ms\"", "\"5ms..30ms\"");
    let Finding::Diverged(event) = other.compare(&again(&other)) else { panic!("it is alike") };
    let is = again(&other);
    assert_eq!(was.chain[..event as usize], is.chain[..event as usize]);
    assert_ne!(was.chain[event as usize], is.chain[event as usize]);

    let mut judged = was.clone();
    judged.head.verdict = "unsafe".into();
    judged.head.reason = "agreement".into();
    let expected = Finding::Retold {
        part: "verdict",
        expected: "unsafe: agreement".into(),
        got: was.head.verdict.clone(),
    };
    assert_eq!(judged.compare(&was), expected);
    let mut struck = was.clone();
    struck.head.faults[0].changed += 1;
    assert!(matches!(struck.compare(&was), Finding::Retold { part: "faults", .. }));
}

#[test]
fn nothing_is_believed_that_a_sealed_file_says() {
    let capsule = capsule(VOTE, 7);
    let bytes = capsule.to_bytes();
    let body = &bytes[..bytes.len() - 8];
    let text = String::from_utf8_lossy(body);
    let head_end = text.match_indices('\n').nth(1).expect("two lines").0 + 1;
    let head = &text[..head_end];
    let events = format!("\"events_count\":{}", capsule.head.events_count);
    let with_head = |from: &str, to: &str| {
        assert!(head.contains(from), "{from}");
        sealed(&[head.replace(from, to).as_bytes(), &body[head_end..]].concat())
    };
    let with_chain = |records: &[u8]| sealed(&[head.as_bytes(), records].concat());

    let huge = format!("\"events_count\":{}", 1_u64 << 63);
    assert!(damage(&with_head(&events, &huge)).contains("9223372036854775808 events"));
    assert!(damage(&with_head("\"ended_ns\":", "\"ended_ns\":-")).contains("expected u64"));
    assert!(damage(&with_head("\"seed\":7", "\"seed\":7.5")).contains("expected u64"));
    assert!(damage(&with_head("\"verdict\":\"", "\"verdict\":\"x")).contains("no verdict"));
    assert!(
        damage(&with_head(&format!("\"ended_ns\":{}", capsule.head.ended_ns), "\"ended_ns\":0"))
            .contains("goes on after its end")
    );
    let foreign = Capsule::from_bytes(&with_head(
        &format!("\"engine\":\"{ENGINE}\""),
        "\"engine\":\"9.9.9\\u001b\"",
    ));
    assert!(
        matches!(&foreign, Err(Flaw::Foreign(reason)) if reason.contains("engine 9.9.9")
        && !reason.contains('\u{1b}')),
        "{foreign:?}"
    );
    let foreign = Capsule::from_bytes(&[b"synod-trace 2\n", &body[14..]].concat());
    assert!(matches!(&foreign, Err(Flaw::Foreign(reason)) if reason.contains("format `2`")));

    let start = [0, 0, 0, 0];
    assert!(damage(&with_chain(&start)).contains("holds 0"));
    assert!(damage(&with_chain(&[&start[..], &[0xff; 9]].concat())).contains("event 1"));
    let end_of_time = [&[0xff; 9][..], &[1, 0, 0, 0]].concat();
    let twice = [&end_of_time[..], &end_of_time].concat();
    assert!(damage(&with_chain(&twice)).contains("event 1 of this trace lies past the end"));
    let too_long = [&[0xff; 9][..], &[2, 0, 0, 0]].concat();
    assert!(damage(&with_chain(&too_long)).contains("event 0 of this trace is cut off"));
    assert!(damage(&with_chain(&[0, 15, 0, 0])).contains("event 0 of this trace is of no kind"));
    let no_node = [0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x04, 0, 0];
    assert!(damage(&with_chain(&no_node)).contains("at no node"));
    for junk in [&b""[..], b"\n", b"synod-trace", b"synod-trace 1", b"\x1f\x8b\x08"] {
        assert!(Capsule::from_bytes(junk).is_err());
    }
    assert!(damage(&sealed(b"synod-trace 1\n")).contains("no head"));
    let deep = [b"synod-trace 1\n", "[".repeat(1_000_000).as_bytes(), b"\n"].concat();
    assert!(damage(&sealed(&deep)).contains("the head of this trace"));
}

#[test]
fn a_trace_reads_no_file_beside_it() {
    let mut capsule = capsule(VOTE, 7);
    capsule.head.text.insert_str(0, "extends = \"catalog:raft\"\n");
    let error = capsule.scenario(Path::new("it")).err().expect("it is refused");
    assert!(matches!(&error, Error::Foreign { message, .. } if message.contains("extends")));
    capsule.head.text = "horizon = 1".into();
    assert!(matches!(capsule.scenario(Path::new("it")), Err(Error::Foreign { .. })));
}

#[test]
fn scenarios_of_every_protocol_replay_as_they_went() {
    let mut protocols = Vec::new();
    for (name, text) in catalog::built_in() {
        let Ok(scenario) = scenario::of_text(&name, text) else { continue };
        for point in &scenario.points {
            if protocols.contains(&point.entry.name) {
                continue;
            }
            protocols.push(point.entry.name);
            let (outcome, trace) = point.simulation.trace(1);
            let text = text_of(&scenario, point, 1).expect("a text that runs again");
            let capsule = Capsule::of(&scenario, point, text, &outcome, &trace);
            let read = Capsule::from_bytes(&capsule.to_bytes()).expect("whole");
            assert_eq!(read.compare(&again(&read)), Finding::Identical, "{name}");
            // A trace says what a run says that keeps none.
            assert_eq!(point.simulation.run(1).fingerprint, outcome.fingerprint, "{name}");
        }
    }
    assert!(protocols.len() >= 7, "{protocols:?}");
}
