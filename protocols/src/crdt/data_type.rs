//! What every replicated data type has: a lattice of states, updates that go up in it, and a value.
//!
//! Shapiro et al. (2011), sections 2.2 and 2.3, and Almeida, Shoker and Baquero, "Delta State
//! Replicated Data Types" (2018), section 4: an update is prepared at one replica as an operation;
//! its effect on a state is the same as joining its delta, wherever it has not been yet.

use std::fmt::Debug;
use std::hash::Hash;

use crate::problem::replicated_data::{Action, Dot, Update, Value};

/// The circumstances of an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Its name.
    pub dot: Dot,
    /// The time of its maker, in nanoseconds; later than that of all updates that it has seen.
    pub time: u64,
}

/// A replicated data type: its states.
pub trait DataType: Clone + PartialEq + Eq + Debug + Hash + Default {
    /// What an update is on its way to other replicas.
    type Operation: Clone + PartialEq + Eq + Debug + Hash;

    /// Prepares an update at a replica in this state; `None` if the type has none like it.
    fn prepare(&self, update: &Update, origin: Origin) -> Option<(Self::Operation, Action)>;
    /// The effect of an operation on a replica that has had all those on which it rests, and not
    /// yet this one.
    fn effect(&mut self, operation: &Self::Operation);
    /// What an operation, prepared in this state, adds to it: joined with this, the state is as
    /// after its effect.
    fn delta(&self, operation: &Self::Operation) -> Self;
    /// The least upper bound of both states.
    fn join(&mut self, other: &Self);
    /// Whether the other state is above this one, or the same.
    fn is_within(&self, other: &Self) -> bool;
    /// What is shown.
    fn value(&self) -> Value;
    /// The size of the state on the wire, in bytes.
    fn bytes(&self) -> u32;
    /// The size of an operation on the wire, in bytes, without its name and what it rests on.
    fn operation_bytes(operation: &Self::Operation) -> u32;
}

/// The size of a dot, a number or an item on the wire, in bytes.
pub(super) const WORD: u32 = 8;
