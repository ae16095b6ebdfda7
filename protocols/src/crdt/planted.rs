//! How a replica joins states and takes the effect of operations: as the types say, or with a bug
//! that was planted.

use sim_core::protocol::Context;

use super::Crdt;
use super::data::{Data, Operation};
use super::register::Write;
use super::set_and_map::{OrSet, What};

/// The bug that is planted in the types, if any is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub(super) enum Planted {
    /// None.
    #[default]
    Nothing,
    /// C01: a counter's merge adds the slots.
    SumOfSlots,
    /// C03: of two writes at one time the local one wins.
    LocalWins,
    /// C04: a removal removes the element, with additions that it had not seen.
    BlindRemove,
    /// C06: an element that is on both sides stays, whatever either side removed.
    BothSidesStay,
}

impl Planted {
    /// What is planted in this run.
    pub(super) fn find(ctx: &Context<'_, Crdt>) -> Self {
        let bugs = [
            ("C01", Self::SumOfSlots),
            ("C03", Self::LocalWins),
            ("C04", Self::BlindRemove),
            ("C06", Self::BothSidesStay),
        ];
        let planted = bugs.into_iter().find(|(id, _)| ctx.mutant(id));
        planted.map_or(Self::Nothing, |(_, planted)| planted)
    }

    /// Joins `other` to `data`.
    pub(super) fn join(self, data: &mut Data, other: &Data) {
        match (self, data, other) {
            (Self::SumOfSlots, Data::GCounter(mine), Data::GCounter(theirs)) => {
                for (node, slot) in &theirs.slots {
                    *mine.slots.entry(*node).or_default() += slot;
                }
            }
            (Self::LocalWins, Data::LwwRegister(mine), Data::LwwRegister(theirs)) => {
                let time = |write: Option<Write>| write.map(|write| write.time);
                if time(theirs.write) > time(mine.write) {
                    mine.write = theirs.write;
                }
            }
            (Self::BothSidesStay, Data::OrSet(mine), Data::OrSet(theirs)) => {
                both_stay(mine, theirs);
            }
            (_, data, other) => data.join(other),
        }
    }

    /// Takes the effect of an operation.
    pub(super) fn effect(self, data: &mut Data, operation: &Operation) {
        data.effect(operation);
        if let (Self::BlindRemove, Data::OrSet(set), Operation::OrSet(operation)) =
            (self, data, operation)
            && let What::Remove(item) = operation.what
        {
            set.store.0.remove(&item.element);
        }
    }
}

/// Merges sets, but an element that is on both sides keeps the dots of both, whether or not the
/// other side had removed them.
fn both_stay(mine: &mut OrSet, theirs: &OrSet) {
    let before = mine.clone();
    mine.merge(theirs);
    for (element, dots) in &before.store.0 {
        if let Some(others) = theirs.store.0.get(element) {
            mine.store.0.insert(*element, dots | others);
        }
    }
}
