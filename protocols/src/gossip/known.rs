//! The rumours that a node knows, the oldest first.
//!
//! Most nodes of a large cluster know one rumour or none, so the first lies in the node itself and
//! only the others take memory elsewhere.

use sim_core::digest::Digest;
use sim_core::id::OpId;

/// A rumour, and how a node stands to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Item {
    pub(super) rumour: OpId,
    /// The round in which the node learned it.
    pub(super) round: u32,
    /// The hops of the copy that it learned it from.
    pub(super) hops: u32,
    /// How many copies the node sent.
    pub(super) copies: u32,
    /// The contacts that count against it.
    pub(super) misses: u32,
    /// Whether the node spreads it.
    pub(super) is_hot: bool,
}

/// All but the oldest.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
struct Later {
    items: Vec<Item>,
    /// The names of these rumours, folded.
    fold: u32,
}

/// What a node knows.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Known {
    first: Option<Item>,
    later: Option<Box<Later>>,
    /// Whether the round timer of the node runs. It is kept here because there is room for it: beside
    /// what is known it would make each node a word larger.
    pub(super) is_awake: bool,
}

fn fold(rumour: OpId) -> u32 {
    Digest::of(&rumour) as u32
}

impl Known {
    /// The names of all rumours, folded: equal sets have equal folds.
    pub(super) fn fold(&self) -> u32 {
        let first = self.first.as_ref().map_or(0, |item| fold(item.rumour));
        first ^ self.later.as_ref().map_or(0, |later| later.fold)
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.later.as_ref().map_or(0, |later| later.items.len())
    }

    /// What is known, the oldest first.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.first.iter().chain(self.later.iter().flat_map(|later| &later.items))
    }

    pub(super) fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.first.iter_mut().chain(self.later.iter_mut().flat_map(|later| &mut later.items))
    }

    pub(super) fn get(&self, rumour: OpId) -> Option<&Item> {
        self.items().find(|item| item.rumour == rumour)
    }

    pub(super) fn get_mut(&mut self, rumour: OpId) -> Option<&mut Item> {
        self.items_mut().find(|item| item.rumour == rumour)
    }

    /// The rumour at this place, from the oldest.
    pub(super) fn at(&self, place: usize) -> Option<&Item> {
        match place.checked_sub(1) {
            None => self.first.as_ref(),
            Some(place) => self.later.as_ref().and_then(|later| later.items.get(place)),
        }
    }

    /// What was learned last.
    pub(super) fn latest(&self) -> Option<&Item> {
        let later = self.later.as_ref().and_then(|later| later.items.last());
        later.or(self.first.as_ref())
    }

    /// Whether any of it is spread.
    pub(super) fn is_hot(&self) -> bool {
        self.items().any(|item| item.is_hot)
    }

    /// Adds what was not known.
    pub(super) fn add(&mut self, item: Item) {
        match self.first {
            None => self.first = Some(item),
            Some(_) => {
                let later = self.later.get_or_insert_default();
                later.fold ^= fold(item.rumour);
                later.items.push(item);
            }
        }
    }

    /// Drops the oldest that is not spread, or the oldest.
    pub(super) fn forget(&mut self) -> Option<OpId> {
        let cold = self.items().position(|item| !item.is_hot).unwrap_or(0);
        let mut later = self.later.as_mut().filter(|later| !later.items.is_empty());
        let mut remove = |place: usize| {
            let later = later.as_mut()?;
            let item = later.items.remove(place);
            later.fold ^= fold(item.rumour);
            Some(item)
        };
        let gone = match cold.checked_sub(1) {
            None => std::mem::replace(&mut self.first, remove(0)),
            Some(place) => remove(place),
        };
        gone.map(|item| item.rumour)
    }
}
