//! The judge of linearizability judged: histories of an object that is atomic by construction, with
//! one thing changed; changes that must not matter; and judges that are broken on purpose, each of
//! which some labelled history gives away.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::digest::Digest;
use sim_core::linearizability::{
    ByKey, CasOp, CasRegister, CasResult, Operation, Outcome, Register, RegisterOp, RegisterResult,
    Verdict, check,
};
use sim_core::time::Time;

const BUDGET: usize = 1_000_000;

type Op = Operation<(char, RegisterOp<u32>), RegisterResult<u32>>;

/// The verdict by zones; that by search, as if the registers could swap too, must be the same.
fn is_good(history: &[Op]) -> bool {
    let zones = check(&ByKey::new(Register { initial: 0 }), history, 0);
    let mut swapping: Vec<_> = history.iter().map(as_swapping).collect();
    // A swap that can never happen; where there is one, there are no zones.
    let keys: BTreeSet<char> = history.iter().map(|operation| operation.call.0).collect();
    swapping.extend(keys.into_iter().map(|key| Operation {
        invoked: at(0),
        call: (key, CasOp::CompareAndSwap { expected: u32::MAX, new: 0 }),
        outcome: Outcome::Unknown,
    }));
    let search = check(&ByKey::new(CasRegister { initial: 0 }), &swapping, BUDGET);
    match (&zones, &search) {
        (Verdict::Linearizable, Verdict::Linearizable) => true,
        (Verdict::Violation(one), Verdict::Violation(other)) => {
            assert_eq!((one.key, one.misfit), (other.key, other.misfit));
            false
        }
        _ => panic!("{zones:?} by zones, {search:?} by search"),
    }
}

type Swapping = Operation<(char, CasOp<u32>), CasResult<u32>>;

fn as_swapping(operation: &Op) -> Swapping {
    let (key, call) = &operation.call;
    let call = match call {
        RegisterOp::Read => CasOp::Read,
        RegisterOp::Write(value) => CasOp::Write(*value),
    };
    let outcome = match operation.outcome {
        Outcome::Ok { at, result: RegisterResult::Value(value) } => {
            Outcome::Ok { at, result: CasResult::Value(value) }
        }
        Outcome::Ok { at, result: RegisterResult::Written } => {
            Outcome::Ok { at, result: CasResult::Written }
        }
        Outcome::Failed => Outcome::Failed,
        Outcome::Unknown => Outcome::Unknown,
    };
    Operation { invoked: operation.invoked, call: (*key, call), outcome }
}

fn at(nanos: u64) -> Time {
    Time::from_nanos(nanos)
}

fn read(from: u64, to: u64, key: char, value: u32) -> Op {
    let outcome = Outcome::Ok { at: at(to), result: RegisterResult::Value(value) };
    Op { invoked: at(from), call: (key, RegisterOp::Read), outcome }
}

fn write(from: u64, to: u64, key: char, value: u32) -> Op {
    let outcome = Outcome::Ok { at: at(to), result: RegisterResult::Written };
    Op { invoked: at(from), call: (key, RegisterOp::Write(value)), outcome }
}

fn lost(from: u64, key: char, value: u32) -> Op {
    Op { outcome: Outcome::Unknown, ..write(from, from, key, value) }
}

fn failed(from: u64, key: char, value: u32) -> Op {
    Op { outcome: Outcome::Failed, ..write(from, from, key, value) }
}

fn written(operation: &Op) -> Option<u32> {
    match operation.call.1 {
        RegisterOp::Write(value) => Some(value),
        RegisterOp::Read => None,
    }
}

fn heard(operation: &Op) -> Option<u32> {
    match operation.outcome {
        Outcome::Ok { result: RegisterResult::Value(value), .. } => Some(value),
        _ => None,
    }
}

fn answered(operation: &Op) -> Option<Time> {
    match operation.outcome {
        Outcome::Ok { at, .. } => Some(at),
        _ => None,
    }
}

/// The `index`th random number below `bound` of a case.
fn draw(case: u64, index: u64, bound: u64) -> u64 {
    Digest::of(&(case, index)) % bound
}

/// What three clients see of two registers that take each operation at one instant.
fn recorded(case: u64) -> Vec<Op> {
    let mut clocks = [0_u64; 3];
    let mut taken: Vec<(u64, Op)> = Vec::new();
    for number in 0..30_u64 {
        let draw = |index, bound| draw(case, 10 * number + index, bound);
        let clock = &mut clocks[draw(0, 3) as usize];
        let from = *clock + draw(1, 4);
        let takes = from + draw(2, 5);
        let to = takes + draw(3, 5);
        *clock = to + 1;
        let key = if draw(4, 2) == 0 { 'x' } else { 'y' };
        let value = number as u32 + 1;
        let operation = match draw(5, 8) {
            0..4 => read(from, to, key, 0),
            4..7 => write(from, to, key, value),
            _ => lost(from, key, value),
        };
        taken.push((takes, operation));
    }
    taken.sort_by_key(|(takes, _)| *takes);
    let mut registers = BTreeMap::new();
    for (_, operation) in &mut taken {
        let value = registers.entry(operation.call.0).or_insert(0);
        match (&operation.call.1, &mut operation.outcome) {
            (RegisterOp::Write(new), _) => *value = *new,
            (RegisterOp::Read, Outcome::Ok { result, .. }) => {
                *result = RegisterResult::Value(*value);
            }
            (RegisterOp::Read, _) => {}
        }
    }
    taken.into_iter().map(|(_, operation)| operation).collect()
}

fn before(one: &Op, other: &Op) -> bool {
    answered(one).is_some_and(|at| at < other.invoked)
}

/// All that can be changed in one place, with whether it matters, where that is certain.
fn mutations(history: &[Op]) -> Vec<(String, Vec<Op>, bool)> {
    let mut mutations = Vec::new();
    let with = |place: usize, operation: Op| {
        let mut history = history.to_vec();
        history[place] = operation;
        history
    };
    let without = |place: usize| {
        let mut history = history.to_vec();
        history.remove(place);
        history
    };
    for (place, operation) in history.iter().enumerate() {
        let key = operation.call.0;
        let same_key = || history.iter().filter(|other| other.call.0 == key);
        let says = |value| {
            let mut changed = operation.clone();
            if let Outcome::Ok { result, .. } = &mut changed.outcome {
                *result = RegisterResult::Value(value);
            }
            with(place, changed)
        };
        let mut add = |what: String, history, matters| {
            mutations.push((format!("{place} {what}"), history, matters));
        };
        if let Some(value) = heard(operation) {
            add("reads what nobody wrote".into(), says(999), true);
            for other in same_key() {
                let Some(told) = written(other).filter(|told| *told != value) else { continue };
                let is_covered = same_key().any(|next| {
                    written(next).is_some() && before(other, next) && before(next, operation)
                });
                if is_covered {
                    add(format!("reads {told}, which was covered"), says(told), true);
                }
                if before(operation, other) {
                    add(format!("reads {told} from the future"), says(told), true);
                }
            }
            add("is dropped".into(), without(place), false);
            let mut twice = history.to_vec();
            twice.push(operation.clone());
            add("is there twice".into(), twice, false);
        }
        if let Some(value) = written(operation) {
            let is_read = same_key().any(|read| heard(read) == Some(value));
            let gone = Op { outcome: Outcome::Failed, ..operation.clone() };
            if is_read {
                add("is dropped, and was read".into(), without(place), true);
                add("failed, and was read".into(), with(place, gone), true);
            } else if answered(operation).is_none() {
                add("is dropped, and nobody knew of it".into(), without(place), false);
            }
            let unheard = Op { outcome: Outcome::Unknown, ..operation.clone() };
            add("is not answered".into(), with(place, unheard), false);
        }
        if let Outcome::Ok { at: answer, result } = &operation.outcome {
            let outcome = Outcome::Ok { at: at(answer.as_nanos() + 7), result: result.clone() };
            let later = Op { outcome, ..operation.clone() };
            add("is answered later".into(), with(place, later), false);
        }
    }
    mutations
}

#[test]
fn one_thing_changed_in_a_linearizable_history_is_noticed_if_it_matters() {
    let (mut noticed, mut idle) = (0, 0);
    for case in 0..150 {
        let history = recorded(case);
        assert!(is_good(&history), "case {case}");
        for (what, changed, matters) in mutations(&history) {
            assert_eq!(is_good(&changed), !matters, "case {case}: {what}: {history:#?}");
            *(if matters { &mut noticed } else { &mut idle }) += 1;
        }
    }
    assert!(noticed > 3_000 && idle > 3_000, "{noticed} noticed, {idle} idle");
}

#[test]
fn names_times_order_and_company_leave_the_verdict_alone() {
    for case in 0..100 {
        let good = recorded(case);
        let mut histories = vec![good.clone()];
        histories.extend(mutations(&good).into_iter().map(|(_, it, _)| it).step_by(17));
        for history in histories {
            let verdict = is_good(&history);
            let same = |what: &str, changed: Vec<Op>| {
                assert_eq!(is_good(&changed), verdict, "case {case}: {what}");
            };
            let each = |change: &dyn Fn(&mut Op)| {
                let mut changed = history.clone();
                changed.iter_mut().for_each(change);
                changed
            };
            let stretch = |time: Time| at(3 * time.as_nanos() + 1_000);
            same(
                "time",
                each(&|it| {
                    it.invoked = stretch(it.invoked);
                    if let Outcome::Ok { at, .. } = &mut it.outcome {
                        *at = stretch(*at);
                    }
                }),
            );
            let name = |value: u32| if value == 0 { 0 } else { 5_000 - value };
            same(
                "values",
                each(&|it| {
                    if let RegisterOp::Write(value) = &mut it.call.1 {
                        *value = name(*value);
                    }
                    if let Outcome::Ok { result: RegisterResult::Value(value), .. } =
                        &mut it.outcome
                    {
                        *value = name(*value);
                    }
                }),
            );
            same("keys", each(&|it| it.call.0 = if it.call.0 == 'x' { 'b' } else { 'a' }));
            let mut backwards = history.clone();
            backwards.reverse();
            // Of answers at one instant another may be the misfit, but there is one or none.
            let zones = check(&ByKey::new(Register { initial: 0 }), &backwards, 0);
            assert_eq!(zones == Verdict::Linearizable, verdict, "case {case}: order");
            let others = each(&|it| it.call.0 = it.call.0.to_ascii_uppercase());
            same("company", [&history[..], &others].concat());
            same("a pending write", [&history[..], &[lost(9_000, 'x', 4_999)]].concat());
            let stale = [&history[..], &[write(9_000, 9_001, 'w', 1), read(9_002, 9_003, 'w', 0)]];
            assert!(!is_good(&stale.concat()), "case {case}: a stale read is linearizable");
        }
    }
}

#[test]
fn a_judge_that_is_shown_nothing_or_nothing_answered_says_nothing() {
    assert!(is_good(&[]));
    assert!(is_good(&[lost(0, 'x', 1), lost(2, 'x', 2), failed(4, 'y', 1)]));
}

/// Labelled histories.
fn corpus() -> Vec<(&'static str, bool, Vec<Op>)> {
    let one = |to| write(0, to, 'x', 1);
    vec![
        ("a read after its write", true, vec![one(1), read(2, 3, 'x', 1)]),
        ("a write is missed", false, vec![one(1), read(2, 3, 'x', 0)]),
        ("an overlapping write is missed", true, vec![one(9), read(2, 3, 'x', 0)]),
        ("a write that touches is missed", true, vec![one(5), read(5, 6, 'x', 0)]),
        (
            "an overlapping write is seen and then missed",
            false,
            vec![one(9), read(1, 2, 'x', 1), read(3, 4, 'x', 0)],
        ),
        (
            "reads that touch see a write and miss it",
            true,
            vec![one(9), read(1, 3, 'x', 1), read(3, 4, 'x', 0)],
        ),
        ("another key", true, vec![one(1), read(2, 3, 'y', 0)]),
        ("another key's value", false, vec![one(1), read(2, 3, 'y', 1)]),
        ("a covered value", false, vec![one(1), write(2, 3, 'x', 2), read(4, 5, 'x', 1)]),
        (
            "a lost write comes late",
            true,
            vec![lost(0, 'x', 1), read(2, 3, 'x', 0), read(4, 5, 'x', 1)],
        ),
        (
            "a lost write comes and goes",
            false,
            vec![lost(0, 'x', 1), read(2, 3, 'x', 1), read(4, 5, 'x', 0)],
        ),
        ("a failed write is seen", false, vec![failed(0, 'x', 1), read(2, 3, 'x', 1)]),
        ("a failed write is not seen", true, vec![failed(0, 'x', 1), read(2, 3, 'x', 0)]),
        ("a value from the future", false, vec![read(0, 1, 'x', 1), write(2, 3, 'x', 1)]),
    ]
}

#[test]
fn the_labelled_histories_give_every_broken_judge_away() {
    type Blur = (&'static str, fn(&mut Vec<Op>));
    fn times(history: &mut [Op], change: impl Fn(&mut Time, Option<&mut Time>)) {
        for operation in history {
            let answer = match &mut operation.outcome {
                Outcome::Ok { at, .. } => Some(at),
                _ => None,
            };
            change(&mut operation.invoked, answer);
        }
    }
    let blurs: [Blur; 13] = [
        ("misses the first operation", |it| _ = it.drain(..1)),
        ("misses the last operation", |it| _ = it.pop()),
        ("misses every third operation", |it| {
            let mut place = 0;
            it.retain(|_| {
                place += 1;
                place % 3 != 0
            });
        }),
        ("sees no writes", |it| it.retain(|it| written(it).is_none())),
        ("sees no reads", |it| it.retain(|it| written(it).is_some())),
        ("takes all keys for one", |it| it.iter_mut().for_each(|it| it.call.0 = 'x')),
        ("takes each operation for a key", |it| {
            ('a'..).zip(it).for_each(|(key, it)| it.call.0 = key);
        }),
        ("takes unknown for failed", |it| {
            it.retain(|it| !matches!(it.outcome, Outcome::Unknown));
        }),
        ("takes unknown for done", |it| {
            for it in it.iter_mut().filter(|it| matches!(it.outcome, Outcome::Unknown)) {
                it.outcome = Outcome::Ok { at: it.invoked, result: RegisterResult::Written };
            }
        }),
        ("takes failed for unknown", |it| {
            for it in it.iter_mut().filter(|it| matches!(it.outcome, Outcome::Failed)) {
                it.outcome = Outcome::Unknown;
            }
        }),
        ("takes operations that touch for ordered", |it| {
            times(it, |invoked, answer| {
                // An operation of no length would be answered before it was invoked.
                if answer.as_ref().is_none_or(|answer| **answer > *invoked) {
                    *invoked = at(10 * invoked.as_nanos() + 1);
                } else {
                    *invoked = at(10 * invoked.as_nanos());
                }
                answer.into_iter().for_each(|answer| *answer = at(10 * answer.as_nanos()));
            });
        }),
        ("takes all operations for overlapping", |it| {
            times(it, |_, answer| answer.into_iter().for_each(|answer| *answer = at(1_000)));
        }),
        ("takes answers for instant", |it| {
            times(it, |invoked, answer| answer.into_iter().for_each(|answer| *answer = *invoked));
        }),
    ];
    for (name, verdict, history) in corpus() {
        assert_eq!(is_good(&history), verdict, "{name}");
    }
    for (name, blur) in blurs {
        let killer = corpus().into_iter().find(|(_, verdict, history)| {
            let mut blurred = history.clone();
            blur(&mut blurred);
            is_good(&blurred) != *verdict
        });
        assert!(killer.is_some(), "no labelled history tells that a judge {name}");
    }
}
