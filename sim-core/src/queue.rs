//! The event queue: three lanes, one order.
//!
//! - *Deliveries* are never cancelled: a calendar of packed keys over a slab of bodies, so that
//!   ordering moves 20 bytes and never a message.
//! - *Timers* are re-armed far more often than they fire: `priority-queue`, where re-arming is a
//!   change of priority and cancelling a removal, so that no stale timer is ever popped.
//! - *Deadlines* of one constant delay fire in the order in which they were set: a ring is their
//!   queue.
//!
//! All lanes share one total order `(time, sequence)`. The sequence is given out when an event is
//! scheduled, so ties are first in, first out; this is the one place where another policy for ties
//! would go.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::hash::Hash;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use crate::calendar::Calendar;
use crate::heap::Key;
use crate::time::Time;

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
    deadlines: VecDeque<(Key, R)>,
}

impl<D, T: Hash + Eq + Copy, R: Copy> Default for EventQueue<D, T, R> {
    fn default() -> Self {
        Self {
            sequence: 0,
            deliveries: Calendar::default(),
            timers: PriorityQueue::with_hasher(FxBuildHasher),
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

    /// Stops all timers but those that `keep` names; returns how many.
    pub fn retain_timers(&mut self, keep: impl Fn(&T) -> bool) -> usize {
        let before = self.timers.len();
        self.timers.retain(|timer, _| keep(timer));
        before - self.timers.len()
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

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.deliveries.len() + self.timers.len() + self.deadlines.len()
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
        let first = delivery.min(timer).min(deadline);
        if first == NEVER || time_of(first) > limit {
            return None;
        }
        let popped = if first == delivery {
            Popped::Delivery(self.deliveries.pop()?)
        } else if first == timer {
            Popped::Timer(self.timers.pop()?.0)
        } else {
            Popped::Deadline(self.deadlines.pop_front()?.1)
        };
        Some((time_of(first), popped))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rng::{Random as _, Stream, Streams};
    use crate::time::Duration;

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
        let (mut popped_count, mut rearmed, mut cancelled) = (0, 0, 0);
        for step in 0..1_000_000_u32 {
            let ahead = match draw.below(4) {
                0 => 0,
                1 => draw.below(4),
                2 => draw.below(10_000),
                _ => draw.below(1 << 40),
            };
            let at = now + Duration::from_nanos(ahead);
            match draw.below(10) {
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
                    queue.retain_timers(|timer| timer % 7 != 0);
                    running.retain(|timer, key| timer % 7 != 0 || model.remove(key).is_none());
                }
                6 => {
                    sequence += 1;
                    last_deadline = last_deadline.max(now) + Duration::from_nanos(draw.below(50));
                    queue.set_deadline(last_deadline, step);
                    model.insert((last_deadline, sequence), Popped::Deadline(step));
                }
                _ => {
                    let expected = model.pop_first().map(|((at, _), popped)| (at, popped));
                    assert_eq!(queue.pop(END), expected);
                    if let Some((at, popped)) = expected {
                        now = at;
                        popped_count += 1;
                        if let Popped::Timer(timer) = popped {
                            running.remove(&timer);
                        }
                    }
                }
            }
            assert_eq!(queue.len(), model.len());
        }
        assert!(popped_count > 200_000 && rearmed > 10_000 && cancelled > 1_000);
    }
}
