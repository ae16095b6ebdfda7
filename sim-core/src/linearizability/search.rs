//! The search for a linearization, with a memory of the configurations that it has seen.
//!
//! Wing and Gong (1993) try every operation that no unplaced one precedes, and take it
//! back if that leads nowhere; Lowe (2017) never enters a configuration twice. A
//! configuration is the set of operations placed so far, with the state that they lead to.

use rustc_hash::FxHashSet;

use super::{Finding, Object, SequentialSpec};

/// Looks for a linearization; gives up at the configuration after the `budget`th.
pub(super) fn judge<S: SequentialSpec>(object: &Object<'_, S>, budget: usize) -> Finding {
    Search::new(object).run(budget)
}

/// An operation that was placed, and what was before.
struct Step<T> {
    call: usize,
    state: T,
    front: usize,
}

struct Search<'a, 'h, S: SequentialSpec> {
    object: &'a Object<'h, S>,
    /// The calls not yet placed, by invocation: who comes after each. The last place, which is no
    /// call's, is both ends of the list.
    next: Vec<usize>,
    /// Who comes before each.
    previous: Vec<usize>,
    placed: Bits,
    /// All calls answered before this one's answer are placed, and it is not.
    front: usize,
    state: S::State,
    steps: Vec<Step<S::State>>,
    seen: FxHashSet<(Box<[u64]>, S::State)>,
    /// The furthest front so far, with the order that led there.
    furthest: (usize, Vec<usize>),
}

impl<'a, 'h, S: SequentialSpec> Search<'a, 'h, S> {
    fn new(object: &'a Object<'h, S>) -> Self {
        let count = object.calls.len();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&call| (object.calls[call].invoked, object.calls[call].place));
        let (mut next, mut previous) = (vec![count; count + 1], vec![count; count + 1]);
        let mut last = count;
        for call in order {
            (next[last], previous[call]) = (call, last);
            last = call;
        }
        (next[last], previous[count]) = (count, last);
        Self {
            object,
            next,
            previous,
            placed: Bits::new(object.answered, count),
            front: 0,
            state: object.spec.initial(),
            steps: Vec::new(),
            seen: FxHashSet::default(),
            furthest: (0, Vec::new()),
        }
    }

    fn run(mut self, budget: usize) -> Finding {
        let end = self.object.calls.len();
        let mut candidate = self.next[end];
        while self.front < self.object.answered {
            if candidate == end || !self.is_minimal(candidate) {
                let Some(back) = self.undo() else {
                    let (misfit, prefix) = self.furthest;
                    return Finding::Violation { prefix, misfit };
                };
                candidate = self.next[back];
            } else if self.place(candidate) {
                if self.seen.len() > budget {
                    return Finding::Inconclusive;
                }
                candidate = self.next[end];
            } else {
                candidate = self.next[candidate];
            }
        }
        Finding::Linearizable
    }

    /// Whether no unplaced call was answered before this one was invoked. The list is ordered by
    /// invocation, so that none after the first that is not minimal is.
    fn is_minimal(&self, candidate: usize) -> bool {
        let calls = &self.object.calls;
        calls[self.front].answer.is_some_and(|(at, _)| calls[candidate].invoked <= at)
    }

    /// Places a call next, if its answer allows and the configuration is a new one.
    fn place(&mut self, call: usize) -> bool {
        let heard = self.object.calls[call].answer.map(|(_, result)| result);
        let Some(state) = self.object.spec.apply(&self.state, self.object.calls[call].op, heard)
        else {
            return false;
        };
        // What nobody heard of and changes nothing might as well not have happened.
        if heard.is_none() && state == self.state {
            return false;
        }
        self.placed.flip(call);
        let mut front = self.front;
        while front < self.object.answered && self.placed.contains(front) {
            front += 1;
        }
        if !self.seen.insert((self.placed.signature(front), state.clone())) {
            self.placed.flip(call);
            return false;
        }
        let (before, after) = (self.previous[call], self.next[call]);
        (self.next[before], self.previous[after]) = (after, before);
        let state = std::mem::replace(&mut self.state, state);
        self.steps.push(Step { call, state, front: self.front });
        self.front = front;
        true
    }

    /// Takes back the call that was placed last.
    fn undo(&mut self) -> Option<usize> {
        // Looked at on the way back only: a search that never turns copies no order.
        if (self.front, self.steps.len()) > (self.furthest.0, self.furthest.1.len()) {
            self.furthest = (self.front, self.steps.iter().map(|step| step.call).collect());
        }
        let Step { call, state, front } = self.steps.pop()?;
        let (before, after) = (self.previous[call], self.next[call]);
        (self.next[before], self.previous[after]) = (call, call);
        self.placed.flip(call);
        (self.state, self.front) = (state, front);
        Some(call)
    }
}

/// A set of calls, in two parts: the answered ones, and the others.
struct Bits {
    answered: usize,
    heard: Vec<u64>,
    unheard: Vec<u64>,
}

impl Bits {
    fn new(answered: usize, count: usize) -> Self {
        let words = |bits: usize| vec![0; bits.div_ceil(64)];
        Self { answered, heard: words(answered), unheard: words(count - answered) }
    }

    fn flip(&mut self, call: usize) {
        match call.checked_sub(self.answered) {
            None => self.heard[call / 64] ^= 1 << (call % 64),
            Some(call) => self.unheard[call / 64] ^= 1 << (call % 64),
        }
    }

    /// Whether an answered call is in.
    fn contains(&self, call: usize) -> bool {
        self.heard[call / 64] >> (call % 64) & 1 == 1
    }

    /// Words that no other set has: all answered calls below the front are in, and few beyond it,
    /// so that the length is that of the overlap and not of the history.
    fn signature(&self, front: usize) -> Box<[u64]> {
        let from = front / 64;
        let used = self.heard.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        let window = self.heard.get(from..used).unwrap_or_default();
        let head = [front as u64];
        head.iter().chain(&self.unheard).chain(window).copied().collect()
    }
}
