//! Linearizability: does a history of overlapping operations look as if each took effect at once?
//!
//! A history is linearizable if every operation can be given one instant between its invocation
//! and its answer such that the answers are those of the sequential object (Herlihy and Wing 1990).
//! Linearizability is local: objects that do not touch each other, such as the keys of a map, are
//! judged one by one. A register all of whose written values differ is judged in O(n log n) by its
//! zones (Gibbons and Korach 1997, *Testing shared memories*); all else by the search of Wing and
//! Gong (1993, *Testing and verifying concurrent objects*) with Lowe's memory of configurations
//! (2017, *Testing for linearizability*). Nothing here reads a clock: effort is counted in states.

mod search;
mod specification;
mod zones;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::time::Time;

pub use specification::{
    Access, ByKey, CasOp, CasRegister, CasResult, KeyValue, Lock, LockOp, Queue, QueueOp,
    QueueResult, Register, RegisterOp, RegisterResult, SequentialSpec, Set, SetOp,
};

/// One operation of a history: what was called, when, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation<O, R> {
    /// When it was invoked.
    pub invoked: Time,
    /// What was called.
    pub call: O,
    /// What its caller learned.
    pub outcome: Outcome<R>,
}

/// What the caller of an operation learned of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<R> {
    /// It took effect, and answered.
    Ok {
        /// When the answer came; not before the invocation.
        at: Time,
        /// The answer.
        result: R,
    },
    /// It certainly took no effect.
    Failed,
    /// Nobody knows: it may take effect at any time after its invocation, or never.
    Unknown,
}

/// What can be said of a history. Numbers of operations are places in the history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict<K> {
    /// There is an order that explains every answer.
    Linearizable,
    /// There is none.
    Violation(Counterexample<K>),
    /// The search of at least one key reached its budget, and no other key shows a violation.
    Inconclusive,
}

/// Why a history is not linearizable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counterexample<K> {
    /// The object whose operations contradict each other; the least one, if there are several.
    pub key: K,
    /// Operations in an order that explains all answers which came before the misfit's.
    pub prefix: Vec<usize>,
    /// The operation that fits nowhere: no order explains its answer together with all earlier
    /// ones. Of answers that came at the same time, those earlier in the history count as earlier.
    pub misfit: usize,
}

/// Judges a history, whose operations may be in any order; operations that share an instant are
/// concurrent. The search of each key may visit `budget` states.
///
/// # Panics
/// If an operation is answered before it was invoked.
pub fn check<S: SequentialSpec>(
    spec: &S,
    history: &[Operation<S::Op, S::Result>],
    budget: usize,
) -> Verdict<S::Key> {
    let mut inconclusive = false;
    for (key, places) in partition(spec, history) {
        let object = Object::new(spec, history, &places);
        match zones::judge(&object).unwrap_or_else(|| search::judge(&object, budget)) {
            Finding::Linearizable => {}
            Finding::Inconclusive => inconclusive = true,
            Finding::Violation { prefix, misfit } => {
                let prefix = prefix.into_iter().map(|call| object.calls[call].place).collect();
                let misfit = object.calls[misfit].place;
                return Verdict::Violation(Counterexample { key, prefix, misfit });
            }
        }
    }
    if inconclusive { Verdict::Inconclusive } else { Verdict::Linearizable }
}

/// The places of the operations that may have taken effect, by the object that they are of.
fn partition<S: SequentialSpec>(
    spec: &S,
    history: &[Operation<S::Op, S::Result>],
) -> BTreeMap<S::Key, Vec<usize>> {
    let mut places: BTreeMap<S::Key, Vec<usize>> = BTreeMap::new();
    for (place, operation) in history.iter().enumerate() {
        if !matches!(operation.outcome, Outcome::Failed) {
            places.entry(spec.key(&operation.call)).or_default().push(place);
        }
    }
    places
}

/// An operation that may have taken effect.
#[derive(Debug)]
struct Call<'a, O, R> {
    /// Where it is in the history.
    place: usize,
    invoked: Time,
    op: &'a O,
    /// When it was answered, and what; `None` if it never was.
    answer: Option<(Time, &'a R)>,
}

/// All operations of one object.
struct Object<'a, S: SequentialSpec> {
    spec: &'a S,
    /// First the answered ones, in the order of their answers; then the others.
    calls: Vec<Call<'a, S::Op, S::Result>>,
    /// How many are answered.
    answered: usize,
}

impl<'a, S: SequentialSpec> Object<'a, S> {
    fn new(spec: &'a S, history: &'a [Operation<S::Op, S::Result>], places: &[usize]) -> Self {
        let call = |&place: &usize| {
            let Operation { invoked, call: op, outcome } = &history[place];
            let answer = match outcome {
                Outcome::Ok { at, result } => Some((*at, result)),
                Outcome::Failed | Outcome::Unknown => None,
            };
            let sound = answer.is_none_or(|(at, _)| at >= *invoked);
            assert!(sound, "operation {place} is answered before it was invoked");
            Call { place, invoked: *invoked, op, answer }
        };
        let mut calls: Vec<_> = places.iter().map(call).collect();
        calls.sort_by_key(|call| match call.answer {
            Some((at, _)) => (false, at, call.place),
            None => (true, call.invoked, call.place),
        });
        let answered = calls.partition_point(|call| call.answer.is_some());
        Self { spec, calls, answered }
    }
}

/// What can be said of one object. Numbers are places in [`Object::calls`].
#[derive(Clone, PartialEq, Eq, Debug)]
enum Finding {
    Linearizable,
    Violation { prefix: Vec<usize>, misfit: usize },
    Inconclusive,
}
