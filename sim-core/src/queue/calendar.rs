//! A calendar of deliveries: O(1) for many, a plain heap for few.
//!
//! Few entries live in one day. With many, time is cut into days of equal length (Brown 1988). A
//! ring of days holds what comes soon, as lists that are threaded through the slab of bodies and
//! so never allocate; what lies beyond the ring waits in a heap. The day at hand is sorted when it
//! begins; what is scheduled for it later is inserted while the day is short, and goes to a small
//! heap otherwise. Length and number of the days follow the traffic. All of this decides only how
//! fast an entry comes out, never in which order.
//!
//! Invariants: every entry of the day at hand or before it is in `today` or `near`, of the days
//! `[first, first + days)` in the ring, of later days in `far` (or in the ring, once the days have
//! moved on). Unless the calendar is empty, `today` or `near` has an entry.

use std::cmp::Reverse;
use std::hint::black_box;

use super::heap::{Heap, Key};

/// Up to this many entries, one day is as fast and simpler.
const FEW: usize = 256;
/// Up to this many entries of the day at hand, moving those that come earlier costs less than a
/// heap.
const SHORT: usize = 24;
/// How many entries a day should have.
const PER_DAY: u64 = 4;
/// How many days pass before their length is looked at again.
const REVIEW: u32 = 256;
/// How many days the ring has, at the least and at the most; powers of two.
const FEWEST_DAYS: usize = 1 << 10;
const MOST_DAYS: usize = 1 << 20;
/// The latest time of an entry, 146 years in nanoseconds: the end of its day is still a time.
const LATEST: u64 = 1 << 62;
/// No entry: the end of a list.
const NIL: u32 = u32::MAX;

/// How many days ahead their lists are walked, so that they are in the caches when they are due: a
/// step in each of several lists takes as long as one in one.
const SCOUTS: usize = 8;

/// One entry, or room for one. What orders it lies beside the body, because the list of its day
/// leads here anyway.
#[derive(Debug)]
struct Slot<D> {
    body: Option<D>,
    /// Time and sequence of the key, and the next entry of its day, while it is in the ring.
    time: u64,
    sequence: u64,
    next: u32,
}

impl<D> Slot<D> {
    const fn new(body: D) -> Self {
        Self { body: Some(body), time: 0, sequence: 0, next: NIL }
    }

    const fn key(&self) -> Key {
        (self.time as u128) << 64 | self.sequence as u128
    }
}

/// Deliveries in the order of their keys.
#[derive(Debug)]
pub(crate) struct Calendar<D> {
    slots: Vec<Slot<D>>,
    free: Vec<u32>,
    len: usize,
    /// The day at hand, the last first.
    today: Vec<(Key, u32)>,
    /// What was scheduled for the day at hand after it began, when it was long.
    near: Heap,
    /// Times from here on belong to later days; the end of time while there are few.
    edge: u64,
    /// A day lasts 2^shift nanoseconds.
    shift: u32,
    /// The first day of the ring.
    first: u64,
    /// The first entry of each day's list.
    heads: Vec<u32>,
    /// Which days have entries, a bit each.
    occupied: Vec<u64>,
    in_ring: usize,
    /// For each of the next days an entry of its list, further on with each day that begins.
    scouts: [u32; SCOUTS],
    far: Heap,
    days_since_review: u32,
    entries_since_review: u64,
    /// Whether the day at hand began after [`Calendar::new_day`] was asked last.
    dawned: bool,
}

impl<D> Default for Calendar<D> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            len: 0,
            today: Vec::new(),
            near: Heap::default(),
            edge: u64::MAX,
            shift: 0,
            first: 0,
            heads: Vec::new(),
            occupied: Vec::new(),
            in_ring: 0,
            scouts: [NIL; SCOUTS],
            far: Heap::default(),
            days_since_review: 0,
            entries_since_review: 0,
            dawned: false,
        }
    }
}

const fn time_of(key: Key) -> u64 {
    (key >> 64) as u64
}

impl<D> Calendar<D> {
    /// How many entries there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The bodies of all entries, in no order that means anything.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &D> {
        self.slots.iter().filter_map(|slot| slot.body.as_ref())
    }

    /// The bodies of the day at hand, if it was not asked for before; what few entries there are,
    /// or what comes later into the day, it does not tell.
    #[inline]
    pub(crate) fn new_day(&mut self) -> impl Iterator<Item = &D> {
        let day: &[(Key, u32)] = if std::mem::take(&mut self.dawned) { &self.today } else { &[] };
        day.iter().filter_map(|(_, place)| self.slots[*place as usize].body.as_ref())
    }

    /// The least key.
    #[inline]
    pub(crate) fn min(&self) -> Option<Key> {
        match (self.today.last(), self.near.min()) {
            (Some((today, _)), Some(near)) => Some(near.min(*today)),
            (Some((today, _)), None) => Some(*today),
            (None, near) => near,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, key: Key, body: D) {
        debug_assert!(time_of(key) <= LATEST, "a time so late that the days overflow");
        let place = if let Some(place) = self.free.pop() {
            self.slots[place as usize].body = Some(body);
            place
        } else {
            self.slots.push(Slot::new(body));
            (self.slots.len() - 1) as u32
        };
        self.len += 1;
        if time_of(key) < self.edge {
            self.put_in(key, place);
            if self.edge == u64::MAX && self.len > FEW {
                self.rebuild();
            }
        } else {
            self.file(key, place);
            if self.len == 1 {
                self.begin_day();
            }
        }
    }

    /// Puts an entry into the day at hand.
    #[inline]
    fn put_in(&mut self, key: Key, place: u32) {
        if self.today.len() < SHORT {
            let at = self.today.partition_point(|(later, _)| *later > key);
            self.today.insert(at, (key, place));
        } else {
            self.near.push(key, place);
        }
    }

    /// Puts an entry of a later day where it belongs.
    #[inline]
    fn file(&mut self, key: Key, place: u32) {
        let day = time_of(key) >> self.shift;
        if day - self.first >= self.heads.len() as u64 {
            self.far.push(key, place);
            return;
        }
        let turn = day as usize & (self.heads.len() - 1);
        let slot = &mut self.slots[place as usize];
        (slot.time, slot.sequence) = (time_of(key), key as u64);
        slot.next = std::mem::replace(&mut self.heads[turn], place);
        self.occupied[turn / 64] |= 1 << (turn % 64);
        self.in_ring += 1;
    }

    /// Takes out the entry with the least key.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<D> {
        let place = match (self.today.last(), self.near.min()) {
            (Some((today, _)), near) if near.is_none_or(|near| *today < near) => {
                self.today.pop()?.1
            }
            _ => self.near.pop()?.1,
        };
        self.len -= 1;
        if self.today.is_empty() && self.near.len() == 0 && self.len > 0 {
            self.begin_day();
        }
        self.free.push(place);
        self.slots[place as usize].body.take()
    }

    /// Moves on to the next day that has entries.
    fn begin_day(&mut self) {
        self.review();
        if !self.today.is_empty() || self.near.len() > 0 {
            return;
        }
        if self.in_ring == 0
            && let Some(key) = self.far.min()
        {
            self.first = time_of(key) >> self.shift;
        }
        self.take_in();
        let slot = self.next_occupied(self.first as usize & (self.heads.len() - 1));
        let ahead = slot.wrapping_sub(self.first as usize) & (self.heads.len() - 1);
        self.first += ahead as u64;
        let mut place = std::mem::replace(&mut self.heads[slot], NIL);
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        while place != NIL {
            let slot = &self.slots[place as usize];
            self.today.push((slot.key(), place));
            place = slot.next;
        }
        self.in_ring -= self.today.len();
        self.entries_since_review += self.today.len() as u64;
        self.days_since_review += 1;
        self.today.sort_unstable_by_key(|entry| Reverse(entry.0));
        self.first += 1;
        self.edge = self.first << self.shift;
        self.dawned = true;
        self.scout();
    }

    /// Walks on in the lists of the days to come. An entry that was taken out meanwhile leads
    /// nowhere or elsewhere, which does no harm: nothing is done with what is found.
    fn scout(&mut self) {
        self.scouts.rotate_left(1);
        let last = (self.first as usize + SCOUTS - 1) & (self.heads.len() - 1);
        self.scouts[SCOUTS - 1] = self.heads[last];
        let mut touched = 0;
        for scout in &mut self.scouts {
            let Some(slot) = self.slots.get(*scout as usize) else { continue };
            // A slot may lie across two lines of memory or three.
            touched ^= slot.time ^ u64::from(slot.body.is_some());
            *scout = slot.next;
        }
        black_box(touched);
    }

    /// Takes into the ring what was far and has come near.
    fn take_in(&mut self) {
        let end = self.first + self.heads.len() as u64;
        while let Some(key) = self.far.min()
            && time_of(key) >> self.shift < end
            && let Some((key, place)) = self.far.pop()
        {
            self.file(key, place);
        }
    }

    /// The first day with entries at or after a slot of the ring, going round.
    fn next_occupied(&self, slot: usize) -> usize {
        let words = self.occupied.len();
        let here = self.occupied[slot / 64] >> (slot % 64);
        if here != 0 {
            return slot + here.trailing_zeros() as usize;
        }
        let word = (1..=words).map(|ahead| (slot / 64 + ahead) % words);
        let word = word.into_iter().find(|word| self.occupied[*word] != 0);
        let word = word.expect("a calendar that is not empty has a day with entries");
        word * 64 + self.occupied[word].trailing_zeros() as usize
    }

    /// Looks whether days are too long, too short or too few, and cuts time anew if so.
    fn review(&mut self) {
        if self.days_since_review < REVIEW {
            return;
        }
        let per_day = self.entries_since_review / u64::from(self.days_since_review);
        let too_few_days = self.far.len() * 2 > self.len && self.heads.len() < MOST_DAYS;
        // Cutting anew costs as much as there are entries; it must have been earned.
        let earned = self.entries_since_review >= self.len as u64;
        if earned && (too_few_days || !(PER_DAY / 2..=PER_DAY * 4).contains(&per_day)) {
            self.rebuild();
        } else if earned {
            (self.days_since_review, self.entries_since_review) = (0, 0);
        }
    }

    /// Cuts time anew, by the entries that there are.
    fn rebuild(&mut self) {
        let mut all = std::mem::take(&mut self.today);
        all.extend(std::iter::from_fn(|| self.near.pop()));
        for head in &mut self.heads {
            let mut place = std::mem::replace(head, NIL);
            while place != NIL {
                let slot = &self.slots[place as usize];
                all.push((slot.key(), place));
                place = slot.next;
            }
        }
        all.extend(std::iter::from_fn(|| self.far.pop()));
        self.in_ring = 0;
        (self.days_since_review, self.entries_since_review) = (0, 0);
        let days = all.len().next_power_of_two().clamp(FEWEST_DAYS, MOST_DAYS);
        self.heads.clear();
        self.heads.resize(days, NIL);
        self.occupied.clear();
        self.occupied.resize(days / 64, 0);
        // The middle half tells the density: a few stragglers say nothing about it.
        let middle = all.len() / 4..all.len() * 3 / 4;
        let time_at = |all: &mut [(Key, u32)], rank: usize| {
            time_of(all.select_nth_unstable_by_key(rank, |entry| entry.0).1.0)
        };
        let span = time_at(&mut all, middle.end) - time_at(&mut all, middle.start);
        let day = span * PER_DAY / middle.len().max(1) as u64;
        self.shift = day.max(1).ilog2();
        let least = all.iter().map(|entry| time_of(entry.0)).min().unwrap_or(0);
        self.first = least >> self.shift;
        self.edge = self.first << self.shift;
        for (key, place) in all.drain(..) {
            self.file(key, place);
        }
        self.today = all;
        self.begin_day();
    }
}
