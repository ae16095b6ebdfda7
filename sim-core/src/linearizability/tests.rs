//! Histories whose verdicts are known, and a hundred thousand small ones judged three ways.

use super::specification::Access;
use super::*;
use crate::digest::Digest;

const BUDGET: usize = 100_000;

fn at(nanos: u64) -> Time {
    Time::from_nanos(nanos)
}

/// An operation that was answered.
fn ok<O, R>(invoked: u64, answered: u64, call: O, result: R) -> Operation<O, R> {
    Operation { invoked: at(invoked), call, outcome: Outcome::Ok { at: at(answered), result } }
}

/// An operation of which nobody heard.
fn lost<O, R>(invoked: u64, call: O) -> Operation<O, R> {
    Operation { invoked: at(invoked), call, outcome: Outcome::Unknown }
}

type Plain = Operation<RegisterOp<u8>, RegisterResult<u8>>;

const REGISTER: Register<u8> = Register { initial: 0 };

fn read(invoked: u64, answered: u64, value: u8) -> Plain {
    ok(invoked, answered, RegisterOp::Read, RegisterResult::Value(value))
}

fn write(invoked: u64, answered: u64, value: u8) -> Plain {
    ok(invoked, answered, RegisterOp::Write(value), RegisterResult::Written)
}

/// The prefix and the misfit of a history that violates.
fn violation<S: SequentialSpec>(
    spec: &S,
    history: &[Operation<S::Op, S::Result>],
) -> (S::Key, Vec<usize>, usize) {
    match check(spec, history, BUDGET) {
        Verdict::Violation(Counterexample { key, prefix, misfit }) => (key, prefix, misfit),
        other => panic!("{other:?}"),
    }
}

fn is_linearizable<S: SequentialSpec>(spec: &S, history: &[Operation<S::Op, S::Result>]) -> bool {
    check(spec, history, BUDGET) == Verdict::Linearizable
}

#[test]
fn nothing_at_all_is_linearizable() {
    assert!(is_linearizable(&REGISTER, &[]));
}

#[test]
fn a_read_may_see_either_side_of_a_write_that_it_overlaps_but_not_go_back() {
    assert!(is_linearizable(&REGISTER, &[write(0, 10, 1), read(1, 2, 0), read(3, 4, 1)]));
    let back = [write(0, 10, 1), read(1, 2, 1), read(3, 4, 0)];
    assert_eq!(violation(&REGISTER, &back), ((), vec![0, 1], 2));
}

#[test]
fn a_stale_read_is_the_misfit_and_what_came_before_it_the_prefix() {
    let history = [write(0, 1, 1), write(2, 3, 2), read(4, 5, 1), read(6, 7, 2)];
    assert_eq!(violation(&REGISTER, &history), ((), vec![0, 1], 2));
}

#[test]
fn a_value_that_nobody_wrote_and_one_from_the_future_fit_nowhere() {
    assert_eq!(violation(&REGISTER, &[write(0, 1, 1), read(2, 3, 7)]).2, 1);
    assert_eq!(violation(&REGISTER, &[read(0, 1, 1), write(2, 3, 1)]).2, 0);
}

#[test]
fn operations_that_share_an_instant_are_concurrent() {
    assert!(is_linearizable(&REGISTER, &[write(0, 5, 1), read(5, 6, 0)]));
    assert!(!is_linearizable(&REGISTER, &[write(0, 5, 1), read(6, 7, 0)]));
}

#[test]
fn a_lost_write_may_come_late_or_never_but_not_twice() {
    let lost = || lost(0, RegisterOp::Write(1));
    assert!(is_linearizable(&REGISTER, &[lost(), read(10, 11, 0)]));
    assert!(is_linearizable(&REGISTER, &[lost(), read(10, 11, 0), read(12, 13, 1)]));
    let twice = [lost(), read(1, 2, 1), write(3, 4, 2), read(5, 6, 2), read(7, 8, 1)];
    assert_eq!(violation(&REGISTER, &twice).2, 4);
}

#[test]
fn a_failed_write_must_not_be_seen() {
    let failed = Operation { invoked: at(0), call: RegisterOp::Write(1), outcome: Outcome::Failed };
    assert!(is_linearizable(&REGISTER, &[failed.clone(), read(1, 2, 0)]));
    assert_eq!(violation(&REGISTER, &[failed, read(1, 2, 1)]).2, 1);
}

#[test]
fn of_two_swaps_that_expect_the_same_one_wins() {
    let spec = CasRegister { initial: 0 };
    let swap = |new, swapped| {
        ok(0, 9, CasOp::CompareAndSwap { expected: 0, new }, CasResult::Swapped(swapped))
    };
    assert!(is_linearizable(&spec, &[swap(1, true), swap(2, false)]));
    assert!(!is_linearizable(&spec, &[swap(1, true), swap(2, true)]));
    assert!(!is_linearizable(&spec, &[swap(1, false), swap(2, false)]));
}

#[test]
fn keys_are_judged_apart_and_the_violated_one_is_named() {
    let spec = KeyValue::default();
    let put =
        |key, from, value| ok(from, from + 1, (key, CasOp::Write(Some(value))), CasResult::Written);
    let get = |key, from, value| ok(from, from + 1, (key, CasOp::Read), CasResult::Value(value));
    let mut history = vec![put("a", 0, 1), put("b", 2, 2), get("a", 4, Some(1)), get("c", 6, None)];
    assert!(is_linearizable(&spec, &history));
    history.push(get("b", 8, None));
    assert_eq!(violation(&spec, &history), (("b", ()), vec![1], 4));
}

#[test]
fn a_queue_is_first_in_first_out() {
    let spec = Queue::default();
    let enqueue = |from, to, value| ok(from, to, QueueOp::Enqueue(value), QueueResult::Enqueued);
    let dequeue = |from, to, value| ok(from, to, QueueOp::Dequeue, QueueResult::Dequeued(value));
    let overlapping =
        [enqueue(0, 5, 1), enqueue(0, 5, 2), dequeue(6, 7, Some(2)), dequeue(8, 9, Some(1))];
    assert!(is_linearizable(&spec, &overlapping));
    let apart =
        [enqueue(0, 1, 1), enqueue(2, 3, 2), dequeue(6, 7, Some(2)), dequeue(8, 9, Some(1))];
    assert_eq!(violation(&spec, &apart), ((), vec![0, 1], 2));
    assert!(!is_linearizable(&spec, &[enqueue(0, 1, 1), dequeue(2, 3, None)]));
    assert!(is_linearizable(
        &spec,
        &[lost(0, QueueOp::Enqueue(1)), dequeue(2, 3, Some(1)), dequeue(4, 5, None)]
    ));
}

#[test]
fn a_set_adds_and_removes_an_element_once() {
    let spec = Set::default();
    assert!(is_linearizable(
        &spec,
        &[ok(0, 9, SetOp::Add(1), false), ok(0, 9, SetOp::Add(1), true)]
    ));
    assert!(!is_linearizable(
        &spec,
        &[ok(0, 9, SetOp::Add(1), false), ok(0, 9, SetOp::Add(1), false)]
    ));
    let history = [
        ok(0, 1, SetOp::Add(1), false),
        ok(2, 3, SetOp::Remove(1), true),
        ok(4, 5, SetOp::Contains(2), false),
        ok(6, 7, SetOp::Contains(1), true),
    ];
    assert_eq!(violation(&spec, &history), (1, vec![0, 1], 3));
}

#[test]
fn a_lock_has_one_owner_who_alone_can_release_it() {
    let spec = Lock::default();
    let acquire = |from, owner, got| ok(from, from + 1, LockOp::Acquire(owner), got);
    let release = |from, owner, did| ok(from, from + 1, LockOp::Release(owner), did);
    let fair = [
        acquire(0, 'a', true),
        acquire(2, 'b', false),
        release(4, 'a', true),
        acquire(6, 'b', true),
    ];
    assert!(is_linearizable(&spec, &fair));
    assert_eq!(violation(&spec, &[acquire(0, 'a', true), acquire(2, 'b', true)]).2, 1);
    assert_eq!(violation(&spec, &[acquire(0, 'a', true), release(2, 'b', true)]).2, 1);
    // The lost release explains the second owner.
    let lost = lost(2, LockOp::Release('a'));
    assert!(is_linearizable(&spec, &[acquire(0, 'a', true), lost, acquire(9, 'b', true)]));
}

#[test]
fn past_its_budget_a_search_is_inconclusive_and_within_it_is_not() {
    let spec = Queue::default();
    let mut history: Vec<_> =
        (0..8).map(|value| ok(0, 9, QueueOp::Enqueue(value), QueueResult::Enqueued)).collect();
    history.push(ok(10, 11, QueueOp::Dequeue, QueueResult::Dequeued(Some(99))));
    // Every order of every non-empty choice of the eight leads to a queue of its own.
    assert_eq!(check(&spec, &history, 109_599), Verdict::Inconclusive);
    let verdict = check(&spec, &history, 109_600);
    assert!(matches!(verdict, Verdict::Violation(found) if found.misfit == 8));
}

#[test]
fn a_violation_of_one_key_outweighs_a_search_that_gave_up_on_another() {
    let spec = ByKey::new(Queue::default());
    let mut history: Vec<_> = (0..8)
        .map(|value| ok(0, 9, ("a", QueueOp::Enqueue(value)), QueueResult::Enqueued))
        .collect();
    history.push(ok(10, 11, ("a", QueueOp::Dequeue), QueueResult::Dequeued(Some(99))));
    history.push(ok(0, 1, ("b", QueueOp::Dequeue), QueueResult::Dequeued(Some(1))));
    assert!(matches!(check(&spec, &history, 100), Verdict::Violation(found) if found.misfit == 9));
}

#[test]
#[should_panic(expected = "operation 1 is answered before it was invoked")]
fn an_answer_before_the_invocation_is_refused() {
    check(&REGISTER, &[write(0, 1, 1), read(5, 4, 1)], BUDGET);
}

#[test]
fn a_long_history_of_distinct_writes_is_judged_without_a_search() {
    // Each write overlaps the next; with no budget at all only the zones can tell.
    let spec = Register { initial: 0_u32 };
    let mut history = Vec::new();
    for value in 1..=50_000_u32 {
        let from = u64::from(value) * 10;
        history.push(ok(from, from + 12, RegisterOp::Write(value), RegisterResult::Written));
        history.push(ok(from + 3, from + 8, RegisterOp::Read, RegisterResult::Value(value)));
    }
    assert_eq!(check(&spec, &history, 0), Verdict::Linearizable);
    history.push(ok(600_000, 600_001, RegisterOp::Read, RegisterResult::Value(49_999)));
    assert!(
        matches!(check(&spec, &history, 0), Verdict::Violation(found) if found.misfit == 100_000)
    );
}

/// The `index`th random number below `bound` of a case.
fn draw(case: u64, index: usize, bound: u64) -> u64 {
    Digest::of(&(case, index)) % bound
}

/// Up to six operations within a few instants, some lost, made by `call` from four numbers.
fn random<O, R>(case: u64, call: impl Fn([u64; 4]) -> (O, R)) -> Vec<Operation<O, R>> {
    let count = 1 + draw(case, 0, 6) as usize;
    let operation = |which: usize| {
        let draw = |index, bound| draw(case, 1 + 10 * which + index, bound);
        let invoked = draw(0, 10);
        let (call, result) = call([draw(1, 4), draw(2, 3), draw(3, 3), which as u64]);
        match draw(4, 8) {
            0 => lost(invoked, call),
            _ => ok(invoked, invoked + draw(5, 4), call, result),
        }
    };
    (0..count).map(operation).collect()
}

/// Whether some order of the calls not yet `placed` explains the first `answers` answers, by
/// trying every order. Other answered calls may be left out, as those without an answer.
fn by_force<S: SequentialSpec>(
    object: &Object<'_, S>,
    answers: usize,
    state: &S::State,
    placed: &mut Vec<usize>,
) -> bool {
    let calls = &object.calls;
    let waiting: Vec<usize> = (0..calls.len()).filter(|call| !placed.contains(call)).collect();
    if waiting.iter().all(|&call| call >= answers) {
        return true;
    }
    waiting.iter().any(|&call| {
        let overtakes = |&other: &usize| {
            other < answers && calls[other].answer.is_some_and(|(at, _)| at < calls[call].invoked)
        };
        if waiting.iter().any(overtakes) {
            return false;
        }
        let heard = calls[call].answer.map(|(_, result)| result);
        object.spec.apply(state, calls[call].op, heard).is_some_and(|next| {
            placed.push(call);
            let found = by_force(object, answers, &next, placed);
            placed.pop();
            found
        })
    })
}

/// Asserts that a prefix explains all answers before the misfit's, in an order that time allows.
fn assert_explains<S: SequentialSpec>(object: &Object<'_, S>, prefix: &[usize], misfit: usize) {
    let mut state = object.spec.initial();
    for (rank, &call) in prefix.iter().enumerate() {
        let heard = object.calls[call].answer.map(|(_, result)| result);
        state =
            object.spec.apply(&state, object.calls[call].op, heard).expect("an answer that fits");
        for &later in &prefix[rank + 1..] {
            assert_ne!(call, later, "placed twice");
            let overtaken =
                object.calls[later].answer.is_some_and(|(at, _)| at < object.calls[call].invoked);
            assert!(!overtaken, "{later} was answered before {call} was invoked");
        }
    }
    assert!((0..misfit).all(|call| prefix.contains(&call)), "{prefix:?} {misfit}");
}

/// Judges every object of a history by force, by search and, if it has them, by zones.
fn judge_three_ways<S: SequentialSpec>(
    spec: &S,
    history: &[Operation<S::Op, S::Result>],
    tally: &mut Tally,
) {
    for places in partition(spec, history).into_values() {
        let object = Object::new(spec, history, &places);
        let forced = |answers| by_force(&object, answers, &spec.initial(), &mut Vec::new());
        let linearizable = forced(object.answered);
        let zones = zones::judge(&object);
        tally.zones += usize::from(zones.is_some());
        for finding in [Some(search::judge(&object, BUDGET)), zones].into_iter().flatten() {
            assert_eq!(finding == Finding::Linearizable, linearizable, "{finding:?} {:?}", places);
            if let Finding::Violation { prefix, misfit } = finding {
                tally.violations += 1;
                assert_explains(&object, &prefix, misfit);
                assert!(forced(misfit) && !forced(misfit + 1), "{misfit} is not the first misfit");
            }
        }
    }
}

/// What the judges came across.
#[derive(Default)]
struct Tally {
    /// Counterexamples that were checked.
    violations: usize,
    /// Objects that were judged by their zones.
    zones: usize,
}

#[test]
fn search_zones_and_brute_force_agree_on_random_histories() {
    let mut tally = Tally::default();
    for case in 0..20_000 {
        let plain = |distinct: bool| {
            random(case, move |[kind, a, _, which]| match kind {
                0 | 1 => {
                    (RegisterOp::Read, RegisterResult::Value(a as u8 * (1 + u8::from(distinct))))
                }
                _ if distinct => (RegisterOp::Write(1 + which as u8), RegisterResult::Written),
                _ => (RegisterOp::Write(a as u8), RegisterResult::Written),
            })
        };
        judge_three_ways(&REGISTER, &plain(false), &mut tally);
        let before = tally.zones;
        judge_three_ways(&REGISTER, &plain(true), &mut tally);
        assert_eq!(tally.zones, before + 1, "distinct writes were not judged by zones");
        let swaps = random(case, |[kind, a, b, _]| match kind {
            0 => (CasOp::Read, CasResult::Value(a)),
            1 => (CasOp::Write(a), CasResult::Written),
            _ => (CasOp::CompareAndSwap { expected: a, new: b }, CasResult::Swapped(kind == 2)),
        });
        judge_three_ways(&CasRegister { initial: 0 }, &swaps, &mut tally);
        let queue = random(case, |[kind, a, b, which]| match kind {
            0 | 1 => (QueueOp::Enqueue(which), QueueResult::Enqueued),
            _ => (QueueOp::Dequeue, QueueResult::Dequeued((b > 0).then_some(a))),
        });
        judge_three_ways(&Queue::default(), &queue, &mut tally);
        if case % 2 == 0 {
            let set = random(case, |[kind, a, b, _]| match kind {
                0 => (SetOp::Add(a % 2), b == 0),
                1 => (SetOp::Remove(a % 2), b == 0),
                _ => (SetOp::Contains(a % 2), b == 0),
            });
            judge_three_ways(&Set::default(), &set, &mut tally);
        } else {
            let lock = random(case, |[kind, a, b, _]| match kind {
                0 | 1 => (LockOp::Acquire(a), b > 0),
                _ => (LockOp::Release(a), b > 0),
            });
            judge_three_ways(&Lock::default(), &lock, &mut tally);
        }
    }
    assert!(tally.violations > 10_000, "only {} violations", tally.violations);
}

#[test]
fn registers_with_distinct_writes_and_only_they_have_zones() {
    let zones = |history: &[Plain]| {
        let places: Vec<usize> = (0..history.len()).collect();
        zones::judge(&Object::new(&REGISTER, history, &places))
    };
    assert_eq!(zones(&[write(0, 1, 1), write(2, 3, 2)]), Some(Finding::Linearizable));
    assert_eq!(zones(&[write(0, 1, 1), write(2, 3, 1)]), None);
    assert_eq!(zones(&[write(0, 1, 0)]), None, "the initial value was written again");
    let swap = CasOp::CompareAndSwap { expected: 0, new: 1 };
    assert_eq!(CasRegister { initial: 0 }.access(&swap, None), None);
    let write = CasOp::Write(3);
    assert_eq!(CasRegister { initial: 0 }.access(&write, None), Some(Access::Write(&3)));
}
