//! Session guarantees: histories whose verdicts are known, what must not change a verdict, and
//! judges that are broken on purpose, each of which some known history gives away.

mod corpus;
mod definition;

use std::collections::BTreeSet;

use sim_core::id::{ClientId, OpId};
use sim_core::session::{
    Answer, Evidence, Findings, Guarantee, Moment, Operation, Recorder, Violation, check,
};
use sim_core::time::{Duration, Time};

use Guarantee::{MonotonicReads, MonotonicWrites, ReadYourWrites};
use corpus::{corpus, histories};

type Op = Operation<char, char, u32>;

fn moment(at: u64) -> Moment {
    Moment { at: Time::from_nanos(at), turn: 0 }
}

/// An operation of client `session` from `from` to `to`, answered by `place`.
fn op(session: u32, place: char, from: u64, to: u64, key: char) -> Op {
    let answer = Some(Answer { at: moment(to), place, value: None, version: None });
    Op { session: ClientId(session), key, write: None, invoked: moment(from), answer }
}

fn write(session: u32, place: char, from: u64, key: char, value: u32) -> Op {
    Op { write: Some(value), ..op(session, place, from, from + 1, key) }
}

/// A read of a value; of nothing, if that is 0.
fn read(session: u32, place: char, from: u64, key: char, value: u32) -> Op {
    let mut read = op(session, place, from, from + 1, key);
    if let Some(answer) = &mut read.answer {
        answer.value = (value > 0).then_some(value);
    }
    read
}

/// A write of which nobody heard.
fn lost(session: u32, from: u64, key: char, value: u32) -> Op {
    Op { answer: None, ..write(session, 'p', from, key, value) }
}

/// The same history of a system that gives versions: the greater value is the newer one.
fn versioned(history: &[Op]) -> Vec<Op> {
    let mut history = history.to_vec();
    for operation in &mut history {
        if let Some(answer) = &mut operation.answer {
            answer.version = operation.write.or(answer.value).map(u64::from);
        }
    }
    history
}

fn broken(history: &[Op]) -> BTreeSet<Guarantee> {
    check(history).violations.into_iter().map(|violation| violation.guarantee).collect()
}

fn set(guarantees: &[Guarantee]) -> BTreeSet<Guarantee> {
    guarantees.iter().copied().collect()
}

#[test]
fn every_known_history_gets_its_verdict_with_versions_and_without() {
    for case in corpus() {
        assert_eq!(broken(&case.history), set(case.without), "{}", case.name);
        assert_eq!(broken(&versioned(&case.history)), set(case.with_versions), "{}", case.name);
        assert!(check(&case.history).strays.is_empty(), "{}", case.name);
    }
    for guarantee in Guarantee::ALL {
        let kept = corpus().iter().filter(|case| case.with_versions.is_empty()).count();
        assert!(kept > 5 && corpus().iter().any(|case| case.with_versions == [guarantee]));
    }
}

#[test]
fn a_violation_names_the_two_operations_their_times_and_the_session() {
    let history = versioned(&[
        write(1, 'p', 1_000_000, 'x', 1),
        write(0, 'p', 2_000_000, 'x', 2),
        read(0, 'q', 4_000_000, 'x', 1),
    ]);
    let found = check(&history).violations;
    let evidence = Evidence::Older;
    assert_eq!(found, [Violation { guarantee: ReadYourWrites, earlier: 1, later: 2, evidence }]);
    assert_eq!(
        found[0].witness(&history),
        "c0 wrote 2 to 'x' at 'p' from 0.002 s to 0.002000001 s; \
         then c0 read 1 from 'x' at 'q' from 0.004 s to 0.004000001 s, which is older"
    );
}

#[test]
fn a_violation_at_a_place_tells_what_showed_there_and_what_did_not() {
    let history = [
        write(0, 'p', 0, 'x', 1),
        write(0, 'p', 2, 'y', 2),
        read(1, 'q', 4, 'y', 2),
        read(2, 'q', 6, 'x', 0),
    ];
    let found = check(&history).violations;
    let evidence = Evidence::Place { seen: 2, missed: 3 };
    assert_eq!(found, [Violation { guarantee: MonotonicWrites, earlier: 0, later: 1, evidence }]);
    let witness = found[0].witness(&history);
    assert!(witness.contains("but c1 read 2 from 'y' at 'q'"), "{witness}");
    assert!(witness.contains("after that c2 found nothing at 'x' at 'q'"), "{witness}");
}

#[test]
fn a_contradiction_without_versions_lists_what_allows_no_order() {
    let history = [
        write(1, 'p', 0, 'x', 1),
        write(2, 'p', 2, 'x', 2),
        read(3, 'p', 4, 'x', 1),
        read(3, 'p', 6, 'x', 2),
        read(4, 'q', 5, 'x', 2),
        read(4, 'q', 7, 'x', 1),
    ];
    let found = check(&history).violations;
    let [Violation { guarantee: MonotonicReads, earlier: 4, later: 5, evidence }] = &found[..]
    else {
        panic!("{found:?}");
    };
    let Evidence::Cycle(pairs) = evidence else { panic!("{evidence:?}") };
    assert_eq!(pairs.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&(2, 3), &(4, 5)]));
    assert!(found[0].witness(&history).contains("no order fits"));
}

#[test]
fn what_no_write_explains_is_a_stray_and_no_broken_guarantee() {
    let strays = |history: &[Op]| {
        let Findings { violations, strays } = check(history);
        assert_eq!(violations, []);
        strays
    };
    assert_eq!(strays(&[write(0, 'p', 0, 'x', 1), read(0, 'p', 2, 'x', 7)]), [1]);
    // From the future, and from another key.
    assert_eq!(strays(&[read(0, 'p', 0, 'x', 1), write(0, 'p', 2, 'x', 1)]), [0]);
    assert_eq!(strays(&[write(0, 'p', 0, 'y', 1), read(0, 'p', 2, 'x', 1)]), [1]);
    // One version for two values, and two versions for one value.
    let mut history = versioned(&[write(0, 'p', 0, 'x', 1), write(1, 'p', 2, 'x', 2)]);
    history[1].answer = history[1].answer.take().map(|it| Answer { version: Some(1), ..it });
    assert_eq!(strays(&history), [1]);
    let mut history = versioned(&[write(0, 'p', 0, 'x', 1), read(1, 'p', 2, 'x', 1)]);
    history[1].answer = history[1].answer.take().map(|it| Answer { version: Some(2), ..it });
    assert_eq!(strays(&history), [1]);
}

#[test]
#[should_panic(expected = "operation 1 writes what another wrote to its key")]
fn a_value_that_is_written_twice_is_refused() {
    check(&[write(0, 'p', 0, 'x', 1), write(1, 'p', 2, 'x', 1)]);
}

#[test]
#[should_panic(expected = "operation 0 is answered before it was invoked")]
fn an_answer_before_the_invocation_is_refused() {
    check(&[op(0, 'p', 5, 4, 'x')]);
}

#[test]
fn a_recorder_keeps_the_order_of_what_happens_at_one_instant() {
    let (now, client) = (Time::from_nanos(7), ClientId(3));
    let op = |sequence| OpId { client, sequence };
    // The second is asked for after the first was answered; then before it was.
    for (is_after, expected) in [(true, set(&[ReadYourWrites])), (false, set(&[]))] {
        let mut recorder = Recorder::default();
        recorder.invoke(now, op(0), 'x', Some(1));
        if is_after {
            recorder.answer(now, op(0), 'p', None, Some(5));
            // A second answer to the same request tells nothing new.
            recorder.answer(now, op(0), 'q', None, Some(6));
        }
        recorder.invoke(now, op(1), 'x', None);
        if !is_after {
            recorder.answer(now, op(0), 'p', None, Some(5));
        }
        recorder.answer(now, op(1), 'q', None, None);
        assert_eq!(broken(recorder.history()), expected);
        assert!(check(recorder.history()).strays.is_empty());
    }
}

#[test]
fn names_times_and_order_of_writing_down_leave_the_verdict_alone() {
    for (name, history) in histories() {
        let verdict = broken(&history);
        let same = |what: &str, change: &dyn Fn(&mut Op)| {
            let mut changed = history.clone();
            changed.iter_mut().for_each(change);
            assert_eq!(broken(&changed), verdict, "{name}: {what}");
        };
        same("clients renamed", &|it| it.session = ClientId(9 - it.session.0));
        same("keys renamed", &|it| it.key = (b'z' - it.key as u8 % 26) as char);
        same("places renamed", &|it| {
            it.answer = it
                .answer
                .take()
                .map(|a| Answer { place: (b'~' - a.place as u8 % 26) as char, ..a });
        });
        same("values renamed", &|it| {
            it.write = it.write.map(|value| 100 - value);
            it.answer = it.answer.take().map(|a| Answer { value: a.value.map(|v| 100 - v), ..a });
        });
        same("versions stretched", &|it| {
            it.answer =
                it.answer.take().map(|a| Answer { version: a.version.map(|v| 7 * v + 3), ..a });
        });
        same("time shifted", &|it| {
            let later =
                |moment: Moment| Moment { at: moment.at + Duration::from_secs(1), ..moment };
            it.invoked = later(it.invoked);
            it.answer = it.answer.take().map(|a| Answer { at: later(a.at), ..a });
        });
        let backwards: Vec<Op> = history.iter().rev().cloned().collect();
        assert_eq!(broken(&backwards), verdict, "{name}: written down backwards");
        let mut longer = history.clone();
        longer.push(Op { answer: None, ..op(0, 'p', 900, 901, 'x') });
        longer.push(lost(0, 900, 'x', 77));
        assert_eq!(broken(&longer), verdict, "{name}: two more without an answer");
    }
}

#[test]
fn histories_that_touch_nothing_of_each_other_are_judged_as_if_alone() {
    for (one, first) in histories() {
        for (other, second) in histories() {
            let moved = second.iter().cloned().map(|it| Op {
                session: ClientId(it.session.0 + 50),
                key: it.key.to_ascii_uppercase(),
                answer: it.answer.map(|a| Answer { place: a.place.to_ascii_uppercase(), ..a }),
                ..it
            });
            let merged: Vec<Op> = first.iter().cloned().chain(moved).collect();
            let expected: BTreeSet<_> = &broken(&first) | &broken(&second);
            assert_eq!(broken(&merged), expected, "{one} and {other}");
        }
    }
}

#[test]
fn a_stale_read_flips_every_good_verdict() {
    for (name, history) in histories().into_iter().filter(|(_, it)| broken(it).is_empty()) {
        let mut stale = history;
        stale.extend([write(8, 'p', 100, 'w', 50), read(8, 'q', 102, 'w', 0)]);
        assert_eq!(broken(&stale), set(&[ReadYourWrites]), "{name}");
    }
}

/// What a broken judge would see of a history.
type Blur = (&'static str, fn(&mut Vec<Op>));

fn each(history: &mut [Op], change: impl Fn(&mut Answer<char, u32>)) {
    history.iter_mut().filter_map(|it| it.answer.as_mut()).for_each(change);
}

/// Judges that are broken on purpose: they judge what is left of a history.
const BLURS: [Blur; 14] = [
    ("drops the first operation", |it| _ = it.drain(..it.len().min(1))),
    ("drops the last operation", |it| _ = it.pop()),
    ("drops every third operation", |it| {
        let mut place = 0;
        it.retain(|_| {
            place += 1;
            place % 3 != 0
        });
    }),
    ("takes all clients for one", |it| it.iter_mut().for_each(|it| it.session = ClientId(0))),
    ("takes every operation for a client", |it| {
        (0..).zip(it).for_each(|(place, it)| it.session = ClientId(place));
    }),
    ("takes all keys for one", |it| it.iter_mut().for_each(|it| it.key = 'x')),
    ("takes all places for one", |it| each(it, |answer| answer.place = 'p')),
    ("takes every answer for a place", |it| {
        let answers = it.iter_mut().filter_map(|it| it.answer.as_mut());
        ('A'..).zip(answers).for_each(|(place, answer)| answer.place = place);
    }),
    ("takes a lost write for done", |it| {
        for it in it.iter_mut().filter(|it| it.answer.is_none()) {
            let at = it.invoked;
            it.answer = Some(Answer { at, place: 'p', value: None, version: None });
        }
    }),
    ("sees no reads", |it| it.retain(|it| it.write.is_some())),
    ("sees only what was answered", |it| it.retain(|it| it.answer.is_some())),
    ("takes every answer for instant", |it| {
        for it in it {
            let invoked = it.invoked;
            it.answer.iter_mut().for_each(|answer| answer.at = invoked);
        }
    }),
    ("takes operations that touch for overlapping", |it| {
        each(it, |answer| answer.at.at = answer.at.at + Duration::from_nanos(1));
    }),
    ("turns versions round", |it| {
        each(it, |answer| answer.version = answer.version.map(|version| 100 - version));
    }),
];

#[test]
fn the_corpus_kills_every_judge_that_is_broken_on_purpose() {
    for (name, blur) in BLURS {
        let mut killers = Vec::new();
        for (case, history) in histories() {
            let mut blurred = history.clone();
            blur(&mut blurred);
            if broken(&blurred) != broken(&history) || !check(&blurred).strays.is_empty() {
                killers.push(case);
            }
        }
        assert!(!killers.is_empty(), "no history tells that a judge {name}");
    }
}
