//! Counters: a slot for each replica, in which only that replica counts.
//!
//! Shapiro et al., "A Comprehensive Study of Convergent and Commutative Replicated Data Types"
//! (2011), section 3.1.

use std::collections::BTreeMap;

use sim_core::id::NodeId;

use super::data_type::{DataType, Origin, WORD};
use crate::problem::replicated_data::{Action, Update, Value};

/// A counter that only grows (specification 6).
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct GCounter {
    pub(super) slots: BTreeMap<NodeId, u64>,
}

/// Some replica counts.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Count {
    /// Who counts.
    pub node: NodeId,
    /// By how much.
    pub by: i64,
}

impl GCounter {
    fn count(&mut self, node: NodeId, by: u64) {
        *self.slots.entry(node).or_default() += by;
    }

    fn slot(&self, node: NodeId) -> u64 {
        self.slots.get(&node).copied().unwrap_or(0)
    }

    /// A state with one slot in which `by` more are counted than here.
    fn counted(&self, node: NodeId, by: u64) -> Self {
        Self { slots: BTreeMap::from([(node, self.slot(node) + by)]) }
    }

    fn sum(&self) -> i64 {
        self.slots.values().map(|slot| *slot as i64).sum()
    }
}

impl DataType for GCounter {
    type Operation = Count;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(Count, Action)> {
        match *update {
            Update::Count(by @ 0..) => {
                Some((Count { node: origin.dot.node, by }, Action::Count(by)))
            }
            _ => None,
        }
    }

    fn effect(&mut self, operation: &Count) {
        self.count(operation.node, operation.by.unsigned_abs());
    }

    fn delta(&self, operation: &Count) -> Self {
        self.counted(operation.node, operation.by.unsigned_abs())
    }

    fn join(&mut self, other: &Self) {
        for (node, theirs) in &other.slots {
            let mine = self.slots.entry(*node).or_default();
            *mine = (*mine).max(*theirs);
        }
    }

    fn is_within(&self, other: &Self) -> bool {
        self.slots.iter().all(|(node, mine)| other.slots.get(node).is_some_and(|slot| mine <= slot))
    }

    fn value(&self) -> Value {
        Value::Count(self.sum())
    }

    fn bytes(&self) -> u32 {
        (4 + WORD) * self.slots.len() as u32
    }

    fn operation_bytes(_: &Count) -> u32 {
        WORD
    }
}

/// A counter that grows and shrinks: one for what was added, one for what was taken off
/// (specification 7).
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct PnCounter {
    added: GCounter,
    taken: GCounter,
}

impl DataType for PnCounter {
    type Operation = Count;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(Count, Action)> {
        match *update {
            Update::Count(by) => Some((Count { node: origin.dot.node, by }, Action::Count(by))),
            _ => None,
        }
    }

    fn effect(&mut self, Count { node, by }: &Count) {
        let side = if *by < 0 { &mut self.taken } else { &mut self.added };
        side.count(*node, by.unsigned_abs());
    }

    fn delta(&self, Count { node, by }: &Count) -> Self {
        let mut delta = Self::default();
        match *by < 0 {
            true => delta.taken = self.taken.counted(*node, by.unsigned_abs()),
            false => delta.added = self.added.counted(*node, by.unsigned_abs()),
        }
        delta
    }

    fn join(&mut self, other: &Self) {
        self.added.join(&other.added);
        self.taken.join(&other.taken);
    }

    fn is_within(&self, other: &Self) -> bool {
        self.added.is_within(&other.added) && self.taken.is_within(&other.taken)
    }

    fn value(&self) -> Value {
        Value::Count(self.added.sum() - self.taken.sum())
    }

    fn bytes(&self) -> u32 {
        self.added.bytes() + self.taken.bytes()
    }

    fn operation_bytes(_: &Count) -> u32 {
        WORD
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;

    use super::*;

    #[test]
    fn a_counter_that_shrinks_carries_what_was_added_and_what_was_taken_off() {
        let mut counter = PnCounter::default();
        for (node, by) in [(0, 1), (0, -1), (1, -1)] {
            counter.effect(&Count { node: NodeId(node), by });
        }
        assert_eq!(counter.bytes(), 3 * (4 + WORD));
    }
}
