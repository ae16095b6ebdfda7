//! The observed-remove set, and the map whose keys hold such sets.
//!
//! Who adds an item gives it a dot; who removes it, or the key that it is under, removes the dots
//! that it has seen. So an addition that a removal had not seen wins, and a key that is removed
//! starts anew with what was added concurrently (reset-remove). The set is that of Bieniusa et al.
//! (2012); the map composes as in Almeida et al. (2018), section 7.5.

use super::causal::{Causal, DotMap, DotSet};
use super::data_type::{DataType, Origin, WORD};
use crate::problem::replicated_data::{Action, Dot, Item, Update, Value};

/// A set without tombstones in which additions win.
pub type OrSet = Causal<DotMap<u32, DotSet>>;

/// A map from keys to such sets.
pub type OrMap = Causal<DotMap<u32, DotMap<u32, DotSet>>>;

/// An update of items, and the dots that it removes.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct ItemOperation {
    pub(super) dot: Dot,
    pub(super) what: What,
    pub(super) observed: Vec<Dot>,
}

/// What becomes of which items.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum What {
    Add(Item),
    Remove(Item),
    RemoveKey(u32),
}

impl ItemOperation {
    fn action(&self) -> Action {
        match self.what {
            What::Add(item) => Action::Add(item),
            What::Remove(item) => Action::Remove(item),
            What::RemoveKey(key) => Action::RemoveKey(key),
        }
    }

    const fn bytes(&self) -> u32 {
        WORD * (1 + self.observed.len() as u32)
    }
}

impl DataType for OrSet {
    type Operation = ItemOperation;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(ItemOperation, Action)> {
        let (what, item) = match *update {
            Update::Add(item) => (What::Add(item), item),
            Update::Remove(item) => (What::Remove(item), item),
            _ => return None,
        };
        let observed = self.store.dots_of(item.element);
        let operation = ItemOperation { dot: origin.dot, what, observed };
        let action = operation.action();
        Some((operation, action))
    }

    fn effect(&mut self, operation: &ItemOperation) {
        self.join(&self.delta(operation));
    }

    fn delta(&self, ItemOperation { dot, what, observed }: &ItemOperation) -> Self {
        let store = match *what {
            What::Add(item) => DotMap::of(item.element, DotSet::from([*dot])),
            What::Remove(_) | What::RemoveKey(_) => DotMap::default(),
        };
        Self::adding(store, *dot, observed)
    }

    fn join(&mut self, other: &Self) {
        self.merge(other);
    }

    fn is_within(&self, other: &Self) -> bool {
        self.precedes(other)
    }

    fn value(&self) -> Value {
        Value::Set(self.store.0.keys().copied().collect())
    }

    fn bytes(&self) -> u32 {
        self.size(0)
    }

    fn operation_bytes(operation: &ItemOperation) -> u32 {
        operation.bytes()
    }
}

impl DataType for OrMap {
    type Operation = ItemOperation;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(ItemOperation, Action)> {
        let of_item = |item: Item| {
            let elements = self.store.0.get(&item.key);
            elements.map_or_else(Vec::new, |elements| elements.dots_of(item.element))
        };
        let (what, observed) = match *update {
            Update::Add(item) => (What::Add(item), of_item(item)),
            Update::Remove(item) => (What::Remove(item), of_item(item)),
            Update::RemoveKey(key) => (What::RemoveKey(key), self.store.dots_of(key)),
            _ => return None,
        };
        let operation = ItemOperation { dot: origin.dot, what, observed };
        let action = operation.action();
        Some((operation, action))
    }

    fn effect(&mut self, operation: &ItemOperation) {
        self.join(&self.delta(operation));
    }

    fn delta(&self, ItemOperation { dot, what, observed }: &ItemOperation) -> Self {
        let store = match *what {
            What::Add(Item { key, element }) => {
                DotMap::of(key, DotMap::of(element, DotSet::from([*dot])))
            }
            What::Remove(_) | What::RemoveKey(_) => DotMap::default(),
        };
        Self::adding(store, *dot, observed)
    }

    fn join(&mut self, other: &Self) {
        self.merge(other);
    }

    fn is_within(&self, other: &Self) -> bool {
        self.precedes(other)
    }

    fn value(&self) -> Value {
        let elements =
            |(key, map): (&u32, &DotMap<u32, DotSet>)| (*key, map.0.keys().copied().collect());
        Value::Map(self.store.0.iter().map(elements).collect::<_>())
    }

    fn bytes(&self) -> u32 {
        self.size(0)
    }

    fn operation_bytes(operation: &ItemOperation) -> u32 {
        operation.bytes()
    }
}
