//! What a replica knows and its disk holds.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::OpId;

use super::data::{Data, Operation};
use super::message::{Package, Parcel};
use super::planted::Planted;
use crate::problem::replicated_data::{Dot, Indication, Updated, VersionVector};

/// What a replica knows.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Replica {
    /// The state.
    pub(super) data: Data,
    /// The updates that it reflects.
    pub(super) seen: VersionVector,
    /// The requests that were updates and are done: a retry does nothing.
    pub(super) done: BTreeSet<OpId>,
    /// How often it changed, that is how many records it has written.
    pub(super) changes: u64,
    /// The operations that somebody may lack.
    pub(super) log: BTreeMap<Dot, Parcel>,
}

impl Replica {
    pub(super) const fn new(data: Data) -> Self {
        Self {
            data,
            seen: VersionVector::EMPTY,
            done: BTreeSet::new(),
            changes: 0,
            log: BTreeMap::new(),
        }
    }

    /// What it shows.
    pub(super) fn view(&self) -> Indication {
        Indication::View { seen: self.seen.clone(), value: self.data.value() }
    }

    /// Makes an update of its own; says what it adds to the state.
    pub(super) fn make(
        &mut self,
        op: OpId,
        updated: &Updated,
        operation: &Operation,
        planted: Planted,
    ) -> Package {
        let delta = self.data.delta(operation);
        planted.effect(&mut self.data, operation);
        self.seen.advance(updated.dot);
        self.done.insert(op);
        self.changes += 1;
        Package { data: delta, seen: self.seen.clone() }
    }

    /// Whether a package would tell it anything new.
    pub(super) fn lacks(&self, package: &Package) -> bool {
        !package.seen.is_within(&self.seen) || !package.data.is_within(&self.data)
    }

    /// Joins a state or a delta.
    pub(super) fn join(&mut self, package: &Package, planted: Planted) {
        planted.join(&mut self.data, &package.data);
        self.seen.join(&package.seen);
        self.changes += 1;
    }

    /// Whether it has had all on which an operation rests.
    pub(super) fn is_ready_for(&self, parcel: &Parcel) -> bool {
        parcel.rests_on.is_within(&self.seen)
    }

    /// Takes the effect of an operation, and keeps it for others.
    pub(super) fn apply(&mut self, parcel: &Parcel, planted: Planted) {
        planted.effect(&mut self.data, &parcel.operation);
        self.seen.advance(parcel.dot);
        self.changes += 1;
        self.log.insert(parcel.dot, parcel.clone());
    }
}
