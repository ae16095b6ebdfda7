//! A 4-ary min-heap of keys, each with the place of a body kept elsewhere.
//!
//! Four children share a cache line of keys; popping walks the hole to a leaf and sifts up from
//! there, which costs fewer and better predicted comparisons than sifting down (Wegener 1993).
//! Invariant: no key is below its parent's; `places[i]` belongs to `keys[i]`.

use std::hint::select_unpredictable;

/// Time in the high half, sequence in the low half: one comparison orders both, and no two are
/// equal.
pub(crate) type Key = u128;

/// The heap.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    keys: Vec<Key>,
    places: Vec<u32>,
}

impl Heap {
    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// The least key.
    #[inline]
    pub(crate) fn min(&self) -> Option<Key> {
        self.keys.first().copied()
    }

    #[inline]
    pub(crate) fn push(&mut self, key: Key, place: u32) {
        self.keys.push(key);
        self.places.push(place);
        self.sift_up(self.keys.len() - 1, key, place);
    }

    #[inline]
    fn sift_up(&mut self, mut hole: usize, key: Key, place: u32) {
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if self.keys[parent] < key {
                break;
            }
            self.keys[hole] = self.keys[parent];
            self.places[hole] = self.places[parent];
            hole = parent;
        }
        self.keys[hole] = key;
        self.places[hole] = place;
    }

    /// Takes out the least key, with its place.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Key, u32)> {
        let (last_key, last_place) = (self.keys.pop()?, self.places.pop()?);
        match (self.keys.first(), self.places.first()) {
            (Some(key), Some(place)) => {
                let least = (*key, *place);
                let leaf = self.sink_hole();
                self.sift_up(leaf, last_key, last_place);
                Some(least)
            }
            _ => Some((last_key, last_place)),
        }
    }

    /// Moves the hole from the root to a leaf, always along the least child.
    #[inline]
    fn sink_hole(&mut self) -> usize {
        let end = self.keys.len();
        let mut hole = 0;
        loop {
            let child = 4 * hole + 1;
            let least = if let Some(four) = self.keys.get(child..child + 4) {
                let left = select_unpredictable(four[1] < four[0], child + 1, child);
                let right = select_unpredictable(four[3] < four[2], child + 3, child + 2);
                select_unpredictable(self.keys[right] < self.keys[left], right, left)
            } else if child < end {
                (child..end).min_by_key(|index| self.keys[*index]).unwrap_or(child)
            } else {
                return hole;
            };
            self.keys[hole] = self.keys[least];
            self.places[hole] = self.places[least];
            hole = least;
        }
    }
}
