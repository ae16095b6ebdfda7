//! A set that only grows: union (Shapiro et al., "A Comprehensive Study", 2011, specification 11).

use std::collections::BTreeSet;

use super::data_type::{DataType, Origin, WORD};
use crate::problem::replicated_data::{Action, Update, Value};

/// A set that only grows.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct GSet {
    elements: BTreeSet<u32>,
}

impl DataType for GSet {
    type Operation = u32;

    fn prepare(&self, update: &Update, _: Origin) -> Option<(u32, Action)> {
        match *update {
            Update::Add(item) => Some((item.element, Action::Add(item))),
            _ => None,
        }
    }

    fn effect(&mut self, element: &u32) {
        self.elements.insert(*element);
    }

    fn delta(&self, element: &u32) -> Self {
        Self { elements: BTreeSet::from([*element]) }
    }

    fn join(&mut self, other: &Self) {
        self.elements.extend(&other.elements);
    }

    fn is_within(&self, other: &Self) -> bool {
        self.elements.is_subset(&other.elements)
    }

    fn value(&self) -> Value {
        Value::Set(self.elements.clone())
    }

    fn bytes(&self) -> u32 {
        WORD * self.elements.len() as u32
    }

    fn operation_bytes(_: &u32) -> u32 {
        WORD
    }
}
