//! What objects do when nobody else is there: their sequential specifications.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

/// The sequential specification of a deterministic object (Herlihy and Wing 1990).
pub trait SequentialSpec {
    /// What tells objects that do not touch each other apart; `()` if there is but one.
    type Key: Clone + Ord + Debug;
    /// The state of one object.
    type State: Clone + Eq + Hash;
    /// What can be called.
    type Op;
    /// What can be answered.
    type Result;

    /// The object that an operation is of.
    fn key(&self, op: &Self::Op) -> Self::Key;

    /// The state in which every object begins.
    fn initial(&self) -> Self::State;

    /// The state after `op`, or `None` if `op` cannot answer `result` in `state`. Without a result
    /// nothing was heard, and any answer will do.
    fn apply(
        &self,
        state: &Self::State,
        op: &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<Self::State>;

    /// What the operation is to a register whose value is the state, if it is a plain read or
    /// write; `None` for all else. Histories of plain reads and writes can be judged faster.
    fn access<'a>(
        &self,
        _op: &'a Self::Op,
        _result: Option<&'a Self::Result>,
    ) -> Option<Access<'a, Self::State>> {
        None
    }
}

/// What an operation is to a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access<'a, V> {
    /// It read this value.
    Read(&'a V),
    /// It writes this value.
    Write(&'a V),
    /// It is a read of which nobody heard.
    Nothing,
}

/// `next`, if the answer is the right one or was not heard.
fn answering<T: PartialEq, S>(right: &T, heard: Option<&T>, next: S) -> Option<S> {
    heard.is_none_or(|heard| heard == right).then_some(next)
}

/// A register that can be read and written.
#[derive(Clone, Debug)]
pub struct Register<V> {
    /// The value before the first write.
    pub initial: V,
}

/// What a [`Register`] can be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegisterOp<V> {
    /// What is the value?
    Read,
    /// Let this be the value.
    Write(V),
}

/// What a [`Register`] answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegisterResult<V> {
    /// To a read: the value.
    Value(V),
    /// To a write.
    Written,
}

impl<V: Clone + Eq + Hash> SequentialSpec for Register<V> {
    type Key = ();
    type State = V;
    type Op = RegisterOp<V>;
    type Result = RegisterResult<V>;

    fn key(&self, _: &Self::Op) -> Self::Key {}

    fn initial(&self) -> V {
        self.initial.clone()
    }

    fn apply(&self, state: &V, op: &Self::Op, result: Option<&Self::Result>) -> Option<V> {
        match (op, result) {
            (RegisterOp::Read, None) => Some(state.clone()),
            (RegisterOp::Read, Some(RegisterResult::Value(value))) => {
                (value == state).then(|| state.clone())
            }
            (RegisterOp::Write(value), None | Some(RegisterResult::Written)) => Some(value.clone()),
            _ => None,
        }
    }

    fn access<'a>(
        &self,
        op: &'a Self::Op,
        result: Option<&'a Self::Result>,
    ) -> Option<Access<'a, V>> {
        match (op, result) {
            (RegisterOp::Read, None) => Some(Access::Nothing),
            (RegisterOp::Read, Some(RegisterResult::Value(value))) => Some(Access::Read(value)),
            (RegisterOp::Write(value), None | Some(RegisterResult::Written)) => {
                Some(Access::Write(value))
            }
            _ => None,
        }
    }
}

/// A register that can also be swapped for another value if it holds the expected one.
#[derive(Clone, Debug)]
pub struct CasRegister<V> {
    /// The value before the first change.
    pub initial: V,
}

/// What a [`CasRegister`] can be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CasOp<V> {
    /// What is the value?
    Read,
    /// Let this be the value.
    Write(V),
    /// Let `new` be the value if it is `expected`.
    CompareAndSwap {
        /// The value to compare with.
        expected: V,
        /// The value to put in its place.
        new: V,
    },
}

/// What a [`CasRegister`] answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CasResult<V> {
    /// To a read: the value.
    Value(V),
    /// To a write.
    Written,
    /// To a compare-and-swap: whether the value was the expected one.
    Swapped(bool),
}

impl<V: Clone + Eq + Hash> SequentialSpec for CasRegister<V> {
    type Key = ();
    type State = V;
    type Op = CasOp<V>;
    type Result = CasResult<V>;

    fn key(&self, _: &Self::Op) -> Self::Key {}

    fn initial(&self) -> V {
        self.initial.clone()
    }

    fn apply(&self, state: &V, op: &Self::Op, result: Option<&Self::Result>) -> Option<V> {
        match (op, result) {
            (CasOp::Read, None) => Some(state.clone()),
            (CasOp::Read, Some(CasResult::Value(value))) => (value == state).then(|| state.clone()),
            (CasOp::Write(value), None | Some(CasResult::Written)) => Some(value.clone()),
            (CasOp::CompareAndSwap { expected, new }, None | Some(CasResult::Swapped(_))) => {
                let swaps = state == expected;
                let next = if swaps { new } else { state };
                match result {
                    Some(CasResult::Swapped(heard)) if *heard != swaps => None,
                    _ => Some(next.clone()),
                }
            }
            _ => None,
        }
    }

    fn access<'a>(
        &self,
        op: &'a Self::Op,
        result: Option<&'a Self::Result>,
    ) -> Option<Access<'a, V>> {
        match (op, result) {
            (CasOp::Read, None) => Some(Access::Nothing),
            (CasOp::Read, Some(CasResult::Value(value))) => Some(Access::Read(value)),
            (CasOp::Write(value), None | Some(CasResult::Written)) => Some(Access::Write(value)),
            _ => None,
        }
    }
}

/// Many objects of one kind, each under its key; an operation names its key first.
#[derive(Clone, Debug)]
pub struct ByKey<K, S> {
    /// What each object does.
    pub object: S,
    keys: PhantomData<K>,
}

impl<K, S> ByKey<K, S> {
    /// An `object` under every key.
    pub const fn new(object: S) -> Self {
        Self { object, keys: PhantomData }
    }
}

/// A key–value store: reads, writes and swaps of the value under a key, which may be absent.
pub type KeyValue<K, V> = ByKey<K, CasRegister<Option<V>>>;

impl<K, V> Default for KeyValue<K, V> {
    /// The empty store.
    fn default() -> Self {
        Self::new(CasRegister { initial: None })
    }
}

impl<K: Clone + Ord + Debug, S: SequentialSpec> SequentialSpec for ByKey<K, S> {
    type Key = (K, S::Key);
    type State = S::State;
    type Op = (K, S::Op);
    type Result = S::Result;

    fn key(&self, (key, op): &Self::Op) -> Self::Key {
        (key.clone(), self.object.key(op))
    }

    fn initial(&self) -> Self::State {
        self.object.initial()
    }

    fn apply(
        &self,
        state: &Self::State,
        (_, op): &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<Self::State> {
        self.object.apply(state, op, result)
    }

    fn access<'a>(
        &self,
        (_, op): &'a Self::Op,
        result: Option<&'a Self::Result>,
    ) -> Option<Access<'a, Self::State>> {
        self.object.access(op, result)
    }
}

/// A queue, first in, first out; empty at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Queue<V>(PhantomData<V>);

/// What a [`Queue`] can be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueueOp<V> {
    /// Put this at the end.
    Enqueue(V),
    /// Take what is in front.
    Dequeue,
}

/// What a [`Queue`] answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueueResult<V> {
    /// To an enqueue.
    Enqueued,
    /// To a dequeue: what was in front; `None` if the queue was empty.
    Dequeued(Option<V>),
}

impl<V: Clone + Eq + Hash> SequentialSpec for Queue<V> {
    type Key = ();
    type State = VecDeque<V>;
    type Op = QueueOp<V>;
    type Result = QueueResult<V>;

    fn key(&self, _: &Self::Op) -> Self::Key {}

    fn initial(&self) -> Self::State {
        VecDeque::new()
    }

    fn apply(
        &self,
        state: &Self::State,
        op: &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<Self::State> {
        // Compare before the copy: most orders that a search tries fail here.
        let fits = match (op, result) {
            (_, None) | (QueueOp::Enqueue(_), Some(QueueResult::Enqueued)) => true,
            (QueueOp::Dequeue, Some(QueueResult::Dequeued(value))) => {
                value.as_ref() == state.front()
            }
            _ => false,
        };
        fits.then(|| {
            let mut next = state.clone();
            match op {
                QueueOp::Enqueue(value) => next.push_back(value.clone()),
                QueueOp::Dequeue => drop(next.pop_front()),
            }
            next
        })
    }
}

/// A set, empty at first. No operation touches more than one element, so each is judged alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set<V>(PhantomData<V>);

/// What a [`Set`] can be asked; it always answers whether the element was there before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetOp<V> {
    /// Put this in.
    Add(V),
    /// Take this out.
    Remove(V),
    /// Is this in?
    Contains(V),
}

impl<V: Clone + Ord + Debug> SequentialSpec for Set<V> {
    type Key = V;
    /// Whether the element is in.
    type State = bool;
    type Op = SetOp<V>;
    /// Whether the element was in.
    type Result = bool;

    fn key(&self, op: &Self::Op) -> V {
        let (SetOp::Add(value) | SetOp::Remove(value) | SetOp::Contains(value)) = op;
        value.clone()
    }

    fn initial(&self) -> bool {
        false
    }

    fn apply(&self, state: &bool, op: &Self::Op, result: Option<&bool>) -> Option<bool> {
        let next = match op {
            SetOp::Add(_) => true,
            SetOp::Remove(_) => false,
            SetOp::Contains(_) => *state,
        };
        answering(state, result, next)
    }
}

/// A lock that its owner cannot take twice; free at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lock<O>(PhantomData<O>);

/// What a [`Lock`] can be asked; it answers whether it did so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LockOp<O> {
    /// Give it to this owner, if it is free.
    Acquire(O),
    /// Free it, if this owner has it.
    Release(O),
}

impl<O: Clone + Eq + Hash> SequentialSpec for Lock<O> {
    type Key = ();
    /// Who has it.
    type State = Option<O>;
    type Op = LockOp<O>;
    /// Whether it was acquired, or released.
    type Result = bool;

    fn key(&self, _: &Self::Op) -> Self::Key {}

    fn initial(&self) -> Option<O> {
        None
    }

    fn apply(&self, state: &Option<O>, op: &Self::Op, result: Option<&bool>) -> Option<Option<O>> {
        let (done, after) = match op {
            LockOp::Acquire(owner) => (state.is_none(), Some(owner)),
            LockOp::Release(owner) => (state.as_ref() == Some(owner), None),
        };
        let next = if done { after.cloned() } else { state.clone() };
        answering(&done, result, next)
    }
}
