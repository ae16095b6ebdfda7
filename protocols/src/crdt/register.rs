//! Registers: the last writer wins, or all concurrent writes stay.

use sim_core::id::NodeId;

use super::causal::{Causal, DotFun};
use super::data_type::{DataType, Origin, WORD};
use crate::problem::replicated_data::{Action, Dot, Update, Value};

/// One write. The later one is greater; of two at one time, that of the greater writer is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Write {
    /// When, in nanoseconds of the writer's clock.
    pub time: u64,
    /// Who wrote.
    pub writer: NodeId,
    /// What was written.
    pub value: u64,
}

/// The last writer wins, and ties go by the writer (Shapiro et al., "A Comprehensive Study", 2011,
/// specification 8).
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct LwwRegister {
    pub(super) write: Option<Write>,
}

impl DataType for LwwRegister {
    type Operation = Write;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(Write, Action)> {
        let Update::Write(value) = *update else { return None };
        let time = origin.time;
        let write = Write { time, writer: origin.dot.node, value };
        Some((write, Action::Write { value, time }))
    }

    fn effect(&mut self, write: &Write) {
        self.write = self.write.max(Some(*write));
    }

    fn delta(&self, write: &Write) -> Self {
        Self { write: Some(*write) }
    }

    fn join(&mut self, other: &Self) {
        self.write = self.write.max(other.write);
    }

    fn is_within(&self, other: &Self) -> bool {
        self.write <= other.write
    }

    fn value(&self) -> Value {
        Value::Latest(self.write.map(|write| write.value))
    }

    fn bytes(&self) -> u32 {
        if self.write.is_some() { 2 * WORD + 4 } else { 0 }
    }

    fn operation_bytes(_: &Write) -> u32 {
        2 * WORD
    }
}

/// All writes stay that no later one had seen (Almeida et al., 2018, section 7.4).
pub type MvRegister = Causal<DotFun<u64>>;

/// A write, and those that it overwrites.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Overwrite {
    dot: Dot,
    pub(super) value: u64,
    overwritten: Vec<Dot>,
}

impl DataType for MvRegister {
    type Operation = Overwrite;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(Overwrite, Action)> {
        let Update::Write(value) = *update else { return None };
        let operation = Overwrite { dot: origin.dot, value, overwritten: self.dots() };
        Some((operation, Action::Write { value, time: origin.time }))
    }

    fn effect(&mut self, operation: &Overwrite) {
        self.join(&self.delta(operation));
    }

    fn delta(&self, Overwrite { dot, value, overwritten }: &Overwrite) -> Self {
        Self::adding(DotFun::of(*dot, *value), *dot, overwritten)
    }

    fn join(&mut self, other: &Self) {
        self.merge(other);
    }

    fn is_within(&self, other: &Self) -> bool {
        self.precedes(other)
    }

    fn value(&self) -> Value {
        let mut values: Vec<u64> = self.store.values().copied().collect();
        values.sort_unstable();
        Value::Siblings(values)
    }

    fn bytes(&self) -> u32 {
        self.size(WORD)
    }

    fn operation_bytes(operation: &Overwrite) -> u32 {
        WORD * (1 + operation.overwritten.len() as u32)
    }
}
