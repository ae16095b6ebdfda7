//! The event queue: four lanes, one order.
//!
//! - *Deliveries* are never cancelled: a calendar of packed keys over a slab of bodies, so that
//!   ordering moves 20 bytes and never a message.
//! - *Timers* are re-armed far more often than they fire: `priority-queue`, where re-arming is a
//!   change of priority and cancelling a removal, so that no stale timer is ever popped.
//! - *Repeating timers* of one period fire in the order in which they were started, and again in
//!   that order: a ring for each period is their queue, and re-arming is a step round.
//! - *Deadlines* of one constant delay fire in the order in which they were set: a ring is their
//!   queue.
//!
//! All lanes share one total order `(time, sequence)`. The sequence is given out when an event is
//! scheduled, so ties are first in, first out; this is the one place where another policy for ties
//! would go.

mod calendar;
mod heap;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::hash::Hash;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use crate::time::{Duration, Time};

use self::calendar::Calendar;
use self::heap::Key;

const fn time_of(key: Key) -> Time {
    Time::from_nanos((key >> 64) as u64)
}

/// What came out of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Popped<D, T, R> {
    /// A delivery.
    Delivery(D),
    /// A timer.
    Timer(T),
    /// A repeating timer; it is armed anew already.
    Repeated(T),
    /// A deadline.
    Deadline(R),
}

/// Events in the order `(time, sequence)`.
///
/// `D` is the body of a delivery, `T` the name of a timer (of which at most one runs), `R` a
/// deadline of constant delay.
pub struct EventQueue<D, T: Hash + Eq, R> {
    sequence: u64,
    deliveries: Calendar<D>,
    timers: PriorityQueue<T, Reverse<Key>, FxBuildHasher>,
    rings: Vec<Ring<T>>,
    deadlines: VecDeque<(Key, R)>,
}

/// A ring of repeating timers: the place of its period among those that have a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingId(u8);

/// The repeating timers of one period, the next first. Invariant: the keys rise, unless the ring
/// says that it is out of order.
struct Ring<T> {
    every: Duration,
    timers: VecDeque<Armed<T>>,
    in_order: bool,
    /// How many at its front were shown beforehand.
    shown: usize,
}

/// A repeating timer. Packed, because a large world has one for each of its nodes, and a key
/// aligned to its size would take a third more.
#[derive(Clone, Copy)]
#[repr(Rust, packed(4))]
struct Armed<T> {
    key: Key,
    timer: T,
}

/// How many repeating timers are shown at once.
const AHEAD: usize = 16;

/// How many periods may have a ring: all fronts are looked at to find the next event.
const RINGS: usize = 8;

impl<D, T: Hash + Eq + Copy, R: Copy> Default for EventQueue<D, T, R> {
    fn default() -> Self {
        Self {
            sequence: 0,
            deliveries: Calendar::default(),
            timers: PriorityQueue::with_hasher(FxBuildHasher),
            rings: Vec::new(),
            deadlines: VecDeque::new(),
        }
    }
}

impl<D, T: Hash + Eq + Copy, R: Copy> EventQueue<D, T, R> {
    #[inline]
    const fn key(&mut self, at: Time) -> Key {
        self.sequence += 1;
        (at.as_nanos() as u128) << 64 | self.sequence as u128
    }

    /// Schedules a delivery, which cannot be taken back.
    #[inline]
    pub fn deliver(&mut self, at: Time, body: D) {
        let key = self.key(at);
        self.deliveries.push(key, body);
    }

    /// Starts a timer, or re-arms it if it runs.
    #[inline]
    pub fn set_timer(&mut self, at: Time, timer: T) {
        let key = self.key(at);
        self.timers.push(timer, Reverse(key));
    }

    /// Stops a timer, if it runs.
    #[inline]
    pub fn cancel_timer(&mut self, timer: &T) {
        self.timers.remove(timer);
    }

    /// Starts a repeating timer that fires first at `first`, and gives its ring; if there is none
    /// for it, it does not run. A timer may be in one ring only. Before the next event is taken
    /// out, [`EventQueue::order_rings`] has to be called.
    pub fn repeat_timer(&mut self, first: Time, every: Duration, timer: T) -> Option<RingId> {
        let known = self.rings.iter().position(|ring| ring.every == every);
        if known.is_none() && self.rings.len() == RINGS {
            return None;
        }
        let key = self.key(first);
        let place = known.unwrap_or_else(|| {
            self.rings.push(Ring { every, timers: VecDeque::new(), in_order: true, shown: 0 });
            self.rings.len() - 1
        });
        let ring = &mut self.rings[place];
        ring.in_order &= ring.timers.back().is_none_or(|last| last.key < key);
        ring.timers.push_back(Armed { key, timer });
        Some(RingId(place as u8))
    }

    /// The period of a ring.
    pub fn period(&self, ring: RingId) -> Duration {
        self.rings[usize::from(ring.0)].every
    }

    /// Puts the rings in order into which timers came with a phase of their own.
    pub fn order_rings(&mut self) {
        for ring in self.rings.iter_mut().filter(|ring| !ring.in_order) {
            ring.timers.make_contiguous().sort_unstable_by_key(|armed| armed.key);
            ring.in_order = true;
        }
    }

    /// Stops a repeating timer; costs as much as there are timers of its period.
    pub fn stop_repeating(&mut self, every: Duration, timer: T) {
        if let Some(ring) = self.rings.iter_mut().find(|ring| ring.every == every) {
            ring.timers.retain(|armed| { armed.timer } != timer);
        }
    }

    /// Stops all timers but those that `keep` names.
    pub fn retain_timers(&mut self, keep: impl Fn(&T) -> bool) {
        self.timers.retain(|timer, _| keep(timer));
        for ring in &mut self.rings {
            ring.timers.retain(|armed| keep(&{ armed.timer }));
        }
    }

    /// Stops the timers that `of` names, repeating ones too; gives them in the order of their
    /// times.
    pub fn take_timers(&mut self, of: impl Fn(&T) -> bool) -> Vec<(Time, T)> {
        let mut taken: Vec<(Key, T)> = Vec::new();
        self.timers.retain(|timer, key| {
            let gone = of(timer);
            if gone {
                taken.push((key.0, *timer));
            }
            !gone
        });
        for ring in &mut self.rings {
            ring.timers.retain(|armed| {
                let (key, timer) = (armed.key, armed.timer);
                let gone = of(&timer);
                if gone {
                    taken.push((key, timer));
                }
                !gone
            });
        }
        taken.sort_unstable_by_key(|(key, _)| *key);
        taken.into_iter().map(|(key, timer)| (time_of(key), timer)).collect()
    }

    /// Schedules a deadline.
    ///
    /// # Panics
    /// If it would fire before one that was scheduled earlier: all must have one delay.
    pub fn set_deadline(&mut self, at: Time, deadline: R) {
        let key = self.key(at);
        assert!(
            self.deadlines.back().is_none_or(|(last, _)| *last < key),
            "deadlines run backwards"
        );
        self.deadlines.push_back((key, deadline));
    }

    /// The deliveries that wait, in no order that means anything.
    pub fn deliveries(&self) -> impl Iterator<Item = &D> {
        self.deliveries.bodies()
    }

    /// Shows many of the deliveries and repeating timers some time before they come out, several at
    /// once: whoever fetches from memory what they concern waits for it once and not each time.
    #[inline]
    pub(crate) fn show_ahead(&mut self, delivery: impl FnMut(&D), mut timer: impl FnMut(&T)) {
        self.deliveries.new_day().for_each(delivery);
        for ring in self.rings.iter_mut().filter(|ring| ring.shown == 0) {
            ring.timers.iter().take(AHEAD).for_each(|next| timer(&{ next.timer }));
            ring.shown = AHEAD;
        }
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        let repeating: usize = self.rings.iter().map(|ring| ring.timers.len()).sum();
        self.deliveries.len() + self.timers.len() + repeating + self.deadlines.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next event out, unless it lies after `limit`.
    #[inline]
    pub fn pop(&mut self, limit: Time) -> Option<(Time, Popped<D, T, R>)> {
        const NEVER: Key = Key::MAX;
        // Only keys are looked at to choose the lane; nothing is popped and pushed back.
        let delivery = self.deliveries.min().unwrap_or(NEVER);
        let timer = self.timers.peek().map_or(NEVER, |(_, key)| key.0);
        let deadline = self.deadlines.front().map_or(NEVER, |(key, _)| *key);
        let fronts =
            self.rings.iter().map(|ring| ring.timers.front().map_or(NEVER, |armed| armed.key));
        let repeated = fronts.min().unwrap_or(NEVER);
        let first = delivery.min(timer).min(deadline).min(repeated);
        if first == NEVER || time_of(first) > limit {
            return None;
        }
        let popped = if first == delivery {
            Popped::Delivery(self.deliveries.pop()?)
        } else if first == timer {
            Popped::Timer(self.timers.pop()?.0)
        } else if first == deadline {
            Popped::Deadline(self.deadlines.pop_front()?.1)
        } else {
            Popped::Repeated(self.turn(first)?)
        };
        Some((time_of(first), popped))
    }

    /// Takes the repeating timer with this key out at the front of its ring, and in at the back.
    fn turn(&mut self, first: Key) -> Option<T> {
        let fronts = |ring: &Ring<T>| ring.timers.front().is_some_and(|armed| armed.key == first);
        let ring = self.rings.iter().position(fronts)?;
        let key = self.key(time_of(first) + self.rings[ring].every);
        let ring = &mut self.rings[ring];
        let Armed { timer, .. } = ring.timers.pop_front()?;
        ring.timers.push_back(Armed { key, timer });
        ring.shown = ring.shown.saturating_sub(1);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::rng::{Random as _, Stream, Streams};

    type Queue = EventQueue<u32, u32, u32>;
    const END: Time = Time::from_nanos(u64::MAX);

    #[test]
    fn ties_break_in_order_of_scheduling_across_lanes() {
        let mut queue = Queue::default();
        let at = Time::from_nanos(5);
        queue.set_timer(at, 1);
        queue.deliver(at, 2);
        queue.set_deadline(at, 3);
        queue.deliver(at, 4);
        let order: Vec<_> =
            std::iter::from_fn(|| queue.pop(END)).map(|(_, popped)| popped).collect();
        use Popped::{Deadline, Delivery, Timer};
        assert_eq!(order, [Timer(1), Delivery(2), Deadline(3), Delivery(4)]);
    }

    #[test]
    fn a_rearmed_timer_fires_once_at_its_new_time() {
        let mut queue = Queue::default();
        queue.set_timer(Time::from_nanos(5), 1);
        queue.set_timer(Time::from_nanos(9), 1);
        queue.set_timer(Time::from_nanos(7), 2);
        queue.cancel_timer(&2);
        assert_eq!(queue.pop(END), Some((Time::from_nanos(9), Popped::Timer(1))));
        assert_eq!(queue.pop(END), None);
    }

    #[test]
    fn a_repeating_timer_keeps_its_place_among_others_until_it_is_stopped() {
        let mut queue = Queue::default();
        let (ten, at) = (Duration::from_nanos(10), Time::from_nanos);
        let rings =
            [(10, 1), (13, 2)].map(|(first, timer)| queue.repeat_timer(at(first), ten, timer));
        assert_eq!(rings.map(|ring| ring.map(|ring| queue.period(ring))), [Some(ten); 2]);
        queue.deliver(at(10), 7);
        let mut next = || queue.pop(at(25)).map(|(at, popped)| (at.as_nanos(), popped));
        use Popped::{Delivery, Repeated};
        assert_eq!([next(), next()], [Some((10, Repeated(1))), Some((10, Delivery(7)))]);
        assert_eq!([next(), next()], [Some((13, Repeated(2))), Some((20, Repeated(1)))]);
        queue.stop_repeating(ten, 2);
        assert_eq!((queue.pop(at(29)), queue.len()), (None, 1));
    }

    #[test]
    fn periods_beyond_the_rings_are_refused_and_nothing_is_lost() {
        let mut queue = Queue::default();
        let periods = || (1..=9).map(Duration::from_nanos);
        let mut start = |every: Duration| queue.repeat_timer(Time::ZERO + every, every, 1);
        let taken = periods().filter_map(&mut start).count();
        assert_eq!((taken, queue.len()), (RINGS, RINGS));
    }

    #[test]
    fn what_is_shown_ahead_comes_out_soon_and_was_not_shown_before() {
        let mut queue = Queue::default();
        let at = Time::from_nanos;
        for number in 0..3_000 {
            queue.deliver(at(1_000 + 7 * u64::from(number)), number);
        }
        for timer in 0..40 {
            let first = at(1 + 20 * u64::from(timer));
            assert!(queue.repeat_timer(first, Duration::from_nanos(1_000), timer).is_some());
        }
        let (mut deliveries, mut timers) = (BTreeSet::new(), BTreeSet::new());
        let (mut known, mut strange) = (0, 0);
        for _ in 0..3_500 {
            queue.show_ahead(
                |number| assert!(deliveries.insert(*number), "{number} was shown twice"),
                |timer| assert!(timers.insert(*timer), "{timer} was shown while it was due"),
            );
            assert!(deliveries.len() <= 100 && timers.len() <= AHEAD, "too much at once");
            let was_shown = match queue.pop(END).map(|(_, popped)| popped) {
                Some(Popped::Delivery(number)) => deliveries.remove(&number),
                Some(Popped::Repeated(timer)) => {
                    assert!(timers.remove(&timer), "{timer} was not shown");
                    true
                }
                other => panic!("{other:?} was not scheduled"),
            };
            known += u32::from(was_shown);
            strange += u32::from(!was_shown);
        }
        // The last few are one day that is not cut into others.
        assert!(known > 3_000 && strange < 300, "{known} were shown and {strange} were not");
    }

    #[test]
    fn nothing_after_the_limit_comes_out() {
        let mut queue = Queue::default();
        queue.deliver(Time::from_nanos(5), 1);
        assert_eq!(queue.pop(Time::from_nanos(4)), None);
        assert_eq!(queue.len(), 1);
    }

    /// A million random operations against a sorted map: equal times, times far ahead, timers
    /// re-armed and cancelled, all of them dropped for one owner.
    #[test]
    fn the_queue_agrees_with_a_sorted_map() {
        let mut draw = Streams::new(5).key(Stream::Nodes).member(0);
        let mut queue = Queue::default();
        let mut model: BTreeMap<(Time, u64), Popped<u32, u32, u32>> = BTreeMap::new();
        let mut running: BTreeMap<u32, (Time, u64)> = BTreeMap::new();
        let (mut now, mut sequence) = (Time::ZERO, 0_u64);
        let mut last_deadline = Time::ZERO;
        let mut repeating: BTreeMap<u32, (Duration, (Time, u64))> = BTreeMap::new();
        let (mut popped_count, mut delivered, mut repeated) = (0, 0, 0);
        let (mut rearmed, mut cancelled) = (0, 0);
        let shown = Cell::new(0);
        let show = || shown.set(shown.get() + 1);
        for step in 0..1_000_000_u32 {
            let ahead = match draw.below(4) {
                0 => 0,
                1 => draw.below(4),
                2 => draw.below(10_000),
                _ => draw.below(1 << 40),
            };
            let at = now + Duration::from_nanos(ahead);
            match draw.below(11) {
                10 if step % 500 == 0 => {
                    // One of three periods; a timer of these names runs in one ring at most.
                    let (timer, ring) = (1_000 + draw.below(60) as u32, draw.below(3) as usize);
                    let every = Duration::from_nanos([500, 9_000, 70_000][ring]);
                    if let Some((every, old)) = repeating.remove(&timer) {
                        queue.stop_repeating(every, timer);
                        model.remove(&old);
                    } else {
                        sequence += 1;
                        let first = now + Duration::from_nanos(draw.below(every.as_nanos() + 1));
                        assert!(queue.repeat_timer(first, every, timer).is_some());
                        queue.order_rings();
                        model.insert((first, sequence), Popped::Repeated(timer));
                        repeating.insert(timer, (every, (first, sequence)));
                    }
                }
                0..3 => {
                    sequence += 1;
                    queue.deliver(at, step);
                    model.insert((at, sequence), Popped::Delivery(step));
                }
                3..5 => {
                    sequence += 1;
                    let timer = draw.below(300) as u32;
                    queue.set_timer(at, timer);
                    if let Some(old) = running.insert(timer, (at, sequence)) {
                        model.remove(&old);
                        rearmed += 1;
                    }
                    model.insert((at, sequence), Popped::Timer(timer));
                }
                5 => {
                    let timer = draw.below(300) as u32;
                    queue.cancel_timer(&timer);
                    if let Some(old) = running.remove(&timer) {
                        model.remove(&old);
                        cancelled += 1;
                    }
                }
                6 if step % 1_000 == 0 => {
                    queue.retain_timers(|timer| timer % 7 != 0 || *timer >= 1_000);
                    running.retain(|timer, key| timer % 7 != 0 || model.remove(key).is_none());
                }
                6 => {
                    sequence += 1;
                    last_deadline = last_deadline.max(now) + Duration::from_nanos(draw.below(50));
                    queue.set_deadline(last_deadline, step);
                    model.insert((last_deadline, sequence), Popped::Deadline(step));
                }
                _ => {
                    // To look ahead changes nothing.
                    queue.show_ahead(|_| show(), |_| show());
                    let expected = model.pop_first().map(|((at, _), popped)| (at, popped));
                    assert_eq!(queue.pop(END), expected);
                    if let Some((at, popped)) = expected {
                        now = at;
                        popped_count += 1;
                        delivered += u32::from(matches!(popped, Popped::Delivery(_)));
                        if let Popped::Timer(timer) = popped {
                            running.remove(&timer);
                        }
                        if let Popped::Repeated(timer) = popped {
                            sequence += 1;
                            repeated += 1;
                            let (every, key) = repeating.get_mut(&timer).expect("it repeats");
                            *key = (now + *every, sequence);
                            model.insert(*key, popped);
                        }
                    }
                }
            }
            assert_eq!(queue.len(), model.len());
        }
        assert!(popped_count > 200_000 && rearmed > 10_000 && cancelled > 1_000);
        assert!(repeated > 1_000 && delivered > 50_000, "{repeated}, {delivered}");
        assert!(shown.get() > 5_000, "{shown:?}");
    }
}
