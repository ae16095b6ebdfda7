//! Which message of its instant it is on its link.

use crate::digest::{ODD, fold};
use crate::time::Time;

/// Counts the messages on each link at the present instant.
///
/// A table with open addressing whose entries expire when time moves on, so that it never needs
/// clearing: an entry of an earlier instant is an empty one. Each instant begins in a small part of
/// the table, which stays in the cache, and spreads as far as it must.
pub(super) struct Ordinals {
    entries: Vec<(Time, u64, u32)>,
    now: Time,
    used: usize,
    /// The part of the table that this instant uses, less one; all ones.
    mask: usize,
}

const SMALL: usize = 64;
// No instant lies before the first, so fresh entries must belong to one that never comes.
const EXPIRED: (Time, u64, u32) = (Time::from_nanos(u64::MAX), 0, 0);

impl Default for Ordinals {
    fn default() -> Self {
        Self { entries: vec![EXPIRED; SMALL], now: Time::ZERO, used: 0, mask: SMALL - 1 }
    }
}

impl Ordinals {
    #[inline]
    pub(super) fn next(&mut self, place: u64, now: Time) -> u64 {
        if now != self.now {
            (self.now, self.used, self.mask) = (now, 0, SMALL - 1);
        } else if self.used * 2 > self.mask {
            self.spread();
        }
        let slot = self.slot(place);
        let entry = &mut self.entries[slot];
        if entry.0 == now {
            entry.2 += 1;
            return u64::from(entry.2);
        }
        *entry = (now, place, 0);
        self.used += 1;
        0
    }

    /// Where the link of this place stands, or would stand.
    #[inline]
    fn slot(&self, place: u64) -> usize {
        let mut slot = fold(place ^ ODD[0], ODD[1]) as usize & self.mask;
        while self.entries[slot].0 == self.now && self.entries[slot].1 != place {
            slot = (slot + 1) & self.mask;
        }
        slot
    }

    #[cold]
    fn spread(&mut self) {
        let used = &mut self.entries[..=self.mask];
        let present: Vec<_> = used.iter().copied().filter(|entry| entry.0 == self.now).collect();
        used.fill(EXPIRED);
        self.mask = self.mask * 2 + 1;
        if self.entries.len() <= self.mask {
            self.entries.resize(self.mask + 1, EXPIRED);
        }
        for entry in present {
            let slot = self.slot(entry.1);
            self.entries[slot] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_counted_per_link_and_instant_however_many_links_are_used() {
        let mut ordinals = Ordinals::default();
        for instant in [0, 1, 5] {
            let now = Time::from_nanos(instant);
            for round in 0..3 {
                for place in 0..1_000 {
                    assert_eq!(ordinals.next(place * 7, now), round, "place {place}");
                }
            }
        }
    }
}
