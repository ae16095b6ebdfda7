//! What is measured of histories that are written down.

use sim_core::id::ClientId;

use super::super::super::bench::{Happening, measured};
use super::super::{Cause, Claim, Kind, Label, SecureMessaging};
use super::*;

const fn op(sequence: u32) -> OpId {
    OpId { client: ClientId(0), sequence }
}

const fn ignores(sequence: u32) -> Happening<SecureMessaging> {
    let indication = Indication::Ignored { op: op(sequence) };
    (1, 0, Event::Indicated { answers: None, indication })
}

const fn gives_up(sequence: u32) -> Happening<SecureMessaging> {
    let indication = Indication::Declined(Cause::Silent);
    (0, 0, Event::Indicated { answers: Some(op(sequence)), indication })
}

#[test]
fn who_ignores_a_request_attempts_it_and_succeeds_if_that_took_longer_than_3_s() {
    let history = || {
        [(1, 0, Event::Corrupted), ignores(0), ignores(1), ignores(2)].into_iter().chain([
            gives_up(0),
            gives_up(2),
            gives_up(1),
            ignores(0),
        ])
    };
    let counts = |end| {
        let measured = measured::<SecureMessaging>(history(), end);
        ["attempts_count", "neglected_count", "successes_count"].map(|name| measured[name])
    };
    // c0.0 and c0.2 waited for 3 s, c0.1 for 4 s; what was answered before is ignored in vain.
    assert_eq!(counts(20), [4.0, 1.0, 1.0].map(Measure::Value));
}

/// A key of n1 is stolen at 0 s, used at 1 s, revoked at 2 s or not at all, and the run ends at 9 s.
fn exposed(is_revoked: bool) -> Measure {
    let key = PublicKey { owner: NodeId(1), generation: 0 };
    let says = |node, indication| (node, 0, Event::Indicated { answers: None, indication });
    let claim = Claim {
        from: NodeId(1),
        to: NodeId(0),
        kind: Kind::Order,
        label: Label::Public,
        term: 0,
        content: op(0),
    };
    let story: Vec<Happening<SecureMessaging>> = vec![
        says(1, Indication::Stolen { key }),
        says(0, Indication::Accepted { claim, key: Some(key) }),
    ];
    let end = is_revoked.then(|| says(5, Indication::Revoked { key }));
    measured::<SecureMessaging>(story.into_iter().chain(end), 9)["exposure_ms"]
}

#[test]
fn what_two_agents_take_of_one_attempt_is_one_success_and_what_is_taken_twice_is_one_more() {
    let says = |node, indication| (node, 0, Event::Indicated { answers: None, indication });
    let takes = |node: u32, sequence| {
        let (from, to, content) = (NodeId(1), NodeId(node), op(sequence));
        let (kind, label, term) = (Kind::Note, Label::Public, 0);
        let claim = Claim { from, to, kind, label, term, content };
        says(node, Indication::Accepted { claim, key: None })
    };
    let request = Request::Send { to: NodeId(2), kind: Kind::Note, label: Label::Public, term: 0 };
    let asked = (1, 0, Event::Requested { op: op(7), request, reached: true });
    let counts = |then: &[Happening<SecureMessaging>]| {
        let begun = [(1, 0, Event::Corrupted), says(1, Indication::Attempted), asked.clone()];
        let measured = measured::<SecureMessaging>(begun.into_iter().chain(then.to_vec()), 20);
        measured["successes_count"]
    };
    assert_eq!(counts(&[takes(2, 0), takes(3, 0)]), Measure::Value(1.0), "told to two");
    assert_eq!(counts(&[takes(2, 0), takes(3, 1)]), Measure::Value(2.0), "two lies");
    // What was asked for is taken once, and then again and again.
    let replayed = [takes(2, 7), takes(2, 7), takes(2, 7)];
    assert_eq!(counts(&replayed), Measure::Value(2.0));
}

#[test]
fn a_stolen_key_that_is_still_good_at_the_end_has_no_end_of_its_exposure() {
    assert_eq!(exposed(true), Measure::Value(1_000.0));
    assert_eq!(exposed(false), Measure::Censored(9_000.0));
}

#[test]
fn a_victim_who_is_acquitted_by_all_was_convicted_falsely_by_nobody() {
    let key = PublicKey { owner: NodeId(1), generation: 0 };
    let says = |node, indication| (node, 0, Event::Indicated { answers: None, indication });
    let (convicted, acquitted) =
        (Indication::Convicted { whom: NodeId(1) }, Indication::Acquitted { whom: NodeId(1) });
    let counts = |judges: &[u32]| {
        let mut story: Vec<Happening<SecureMessaging>> = vec![says(1, Indication::Stolen { key })];
        story.extend([0, 2, 3].map(|judge| says(judge, convicted.clone())));
        story.extend(judges.iter().map(|judge| says(*judge, acquitted.clone())));
        story.push((3, 0, Event::Crashed));
        let measured = measured::<SecureMessaging>(story, 9);
        ["convictions_true_count", "convictions_false_count", "acquitted_count"]
            .map(|name| measured[name])
    };
    assert_eq!(counts(&[0, 2]), [0.0, 0.0, 1.0].map(Measure::Value), "one forgot it");
    assert_eq!(counts(&[0]), [0.0, 1.0, 0.0].map(Measure::Value));
}

#[test]
fn what_was_never_answered_was_waited_for_until_the_end() {
    for (end, neglected) in [(3, 0.0), (4, 1.0)] {
        let measured = measured::<SecureMessaging>([ignores(0)], end);
        assert_eq!(measured["neglected_count"], Measure::Value(neglected), "{end} s");
    }
}
