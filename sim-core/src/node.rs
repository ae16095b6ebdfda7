//! One instance of a node: volatile state, disk, waiting output, clocks.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

use crate::clock::{Clock, MILLION, Sway};
use crate::disk::Disk;
use crate::id::{Incarnation, NodeId, OpId};
use crate::protocol::{DiskMark, Indication, Protocol, Request};
use crate::rng::{Draw, Key, Random as _};
use crate::setup::ClockSpec;
use crate::time::{Duration, Time};

/// What leaves a node, once what was persisted before it is durable.
pub(crate) enum Output<P: Protocol> {
    Send { to: NodeId, message: P::Message },
    Indicate { answers: Option<OpId>, indication: Indication<P> },
}

/// What a handler is called for.
pub(crate) enum Input<P: Protocol> {
    Request(OpId, Request<P>),
    Message(NodeId, P::Message),
    Timer(P::Timer),
    Durable(DiskMark),
}

/// What slows a node down or trips it up: only nodes that have it pay for it.
pub(crate) struct Trouble<P: Protocol> {
    /// How many strikes hold it still.
    pub(crate) pauses: u32,
    /// How long each input takes, for strikes that slow it down.
    pub(crate) work: Duration,
    /// What waits for the processor, in order.
    pub(crate) backlog: VecDeque<Input<P>>,
    /// Whether the processor is at work on the front of the backlog.
    pub(crate) at_work: bool,
    /// When the processor is free, and when the network interface.
    pub(crate) processor_free: Time,
    pub(crate) interface_free: Time,
    /// The last message that was signed: copies of it are signed once.
    pub(crate) signed: Option<u64>,
    /// Messages that it still gets out before it goes down, and the strike that wants it so.
    pub(crate) fuse: Option<Fuse>,
    /// How the wall clock goes wrong and right.
    pub(crate) sway: Option<Sway>,
}

impl<P: Protocol> Default for Trouble<P> {
    fn default() -> Self {
        Self {
            pauses: 0,
            work: Duration::ZERO,
            backlog: VecDeque::new(),
            at_work: false,
            processor_free: Time::ZERO,
            interface_free: Time::ZERO,
            signed: None,
            fuse: None,
            sway: None,
        }
    }
}

/// A crash in the midst of speaking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fuse {
    /// The messages that still get out.
    pub(crate) left: u32,
    /// Whether one more was asked for, so that the node goes down as soon as it has acted.
    pub(crate) blown: bool,
    /// The strike.
    pub(crate) wake: usize,
}

/// What most nodes of a large world never touch: a word until it is changed.
pub(crate) struct Rare<T>(Option<Box<T>>);

/// What is there before anything was changed.
pub(crate) trait Blank: Default + 'static {
    /// Equal to the default.
    const BLANK: &'static Self;
}

impl<R: 'static> Blank for Disk<R> {
    const BLANK: &'static Self = &Self::EMPTY;
}

impl<T: 'static> Blank for VecDeque<T> {
    const BLANK: &'static Self = &Self::new();
}

impl<T> Rare<T> {
    const NEW: Self = Self(None);

    /// Whether it was never changed.
    pub(crate) const fn is_untouched(&self) -> bool {
        self.0.is_none()
    }

    /// Puts it back to what it was before it was changed.
    pub(crate) fn reset(&mut self) {
        self.0 = None;
    }
}

impl<T: Clone> Clone for Rare<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Blank> Deref for Rare<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::BLANK)
    }
}

impl<T: Blank> DerefMut for Rare<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

/// The repeating timers of a node, with their periods by the node's clock. Most have one at most.
pub(crate) enum Repeating<T> {
    None,
    One(T, Duration),
    Many(Box<Several<T>>),
}

/// Two repeating timers or more, or what is left of them.
pub(crate) struct Several<T> {
    timers: Vec<(T, Duration)>,
}

impl<T: Copy + PartialEq> Repeating<T> {
    /// The period of a timer that repeats.
    #[inline]
    pub(crate) fn period(&self, timer: T) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::One(other, every) => (*other == timer).then_some(*every),
            Self::Many(several) => {
                let found = several.timers.iter().find(|(other, _)| *other == timer);
                found.map(|(_, every)| *every)
            }
        }
    }

    /// Adds a timer that does not repeat yet.
    pub(crate) fn add(&mut self, timer: T, every: Duration) {
        match self {
            Self::None => *self = Self::One(timer, every),
            Self::One(first, period) => {
                let timers = vec![(*first, *period), (timer, every)];
                *self = Self::Many(Box::new(Several { timers }));
            }
            Self::Many(several) => several.timers.push((timer, every)),
        }
    }

    /// Takes a timer out, if it repeats.
    pub(crate) fn remove(&mut self, timer: T) {
        match self {
            Self::Many(several) => several.timers.retain(|(other, _)| *other != timer),
            Self::One(other, _) if *other == timer => *self = Self::None,
            Self::None | Self::One(..) => {}
        }
    }
}

/// One instance: it speaks as `identity`.
pub(crate) struct Node<P: Protocol> {
    pub(crate) identity: NodeId,
    /// Volatile memory; a node that is down has none, so it cannot remember.
    pub(crate) state: Option<P>,
    pub(crate) incarnation: Incarnation,
    pub(crate) disk: Rare<Disk<P::Record>>,
    /// What waits for the disk, each with the mark that it waits for.
    pub(crate) output: Rare<VecDeque<(DiskMark, Output<P>)>>,
    pub(crate) repeating: Repeating<P::Timer>,
    pub(crate) random: Draw,
    pub(crate) clock: Clock,
    pub(crate) corrupt: bool,
    /// `None` for a node that never had any.
    pub(crate) trouble: Option<Box<Trouble<P>>>,
}

impl<P: Protocol> Node<P> {
    pub(crate) fn new(identity: NodeId, random: Draw, clock: Clock) -> Self {
        Self {
            identity,
            state: None,
            incarnation: 0,
            disk: Rare::NEW,
            output: Rare::NEW,
            repeating: Repeating::None,
            random,
            clock,
            corrupt: false,
            trouble: None,
        }
    }

    /// What slows it down or trips it up.
    pub(crate) fn trouble(&mut self) -> &mut Trouble<P> {
        self.trouble.get_or_insert_default()
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.state.is_some()
    }
}

/// The clock of a node: drawn from the node's place in `key`, or set by hand.
pub(crate) fn clock_of(spec: &ClockSpec, node: NodeId, key: Key) -> Clock {
    let mut draw = key.member(u64::from(node.0));
    let spread = |draw: &mut Draw, limit: u64| draw.below(2 * limit + 1);
    let drift = u64::from(spec.drift_ppm.min(500_000));
    let offset = spec.offset.as_nanos().min(Clock::EPOCH.as_nanos());
    let drawn = Clock {
        rate: MILLION - drift + spread(&mut draw, drift),
        ahead: Clock::EPOCH - Duration::from_nanos(offset)
            + Duration::from_nanos(spread(&mut draw, offset)),
        ..Clock::TRUE
    };
    match spec.nodes.get(&node.to_string()) {
        None => drawn,
        Some(by_hand) => Clock {
            rate: MILLION.saturating_add_signed(i64::from(by_hand.drift_ppm)).max(MILLION / 10),
            ahead: Clock::EPOCH + by_hand.ahead,
            ..Clock::TRUE
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, Streams};
    use crate::setup::NodeClock;

    fn clock(spec: &ClockSpec, node: u32) -> Clock {
        clock_of(spec, NodeId(node), Streams::new(1).key(Stream::Clocks))
    }

    #[test]
    fn a_fast_clock_fires_its_timers_early_by_the_true_time() {
        let by_hand = NodeClock { drift_ppm: 1_000_000, ahead: Duration::from_secs(3) };
        let spec = ClockSpec { nodes: [("n1".to_owned(), by_hand)].into(), ..ClockSpec::default() };
        let fast = clock(&spec, 1);
        let now = Time::from_nanos(1_000);
        assert_eq!(fast.true_span(Duration::from_millis(10)), Duration::from_millis(5));
        assert_eq!(fast.elapsed(now), Time::from_nanos(2_000));
        let nominal = clock(&spec, 0);
        assert_eq!(nominal.elapsed(now), now);
        assert_eq!(fast.wall(Time::ZERO).since(nominal.wall(Time::ZERO)), Duration::from_secs(3));
    }

    #[test]
    fn drawn_clocks_stay_within_their_bounds_and_differ() {
        let spec =
            ClockSpec { drift_ppm: 100, offset: Duration::from_millis(50), ..ClockSpec::default() };
        let mut rates = std::collections::BTreeSet::new();
        for node in 0..1_000 {
            let clock = clock(&spec, node);
            rates.insert(clock.rate);
            let off = clock.ahead.as_nanos().abs_diff(Clock::EPOCH.as_nanos());
            assert!(clock.rate.abs_diff(MILLION) <= 100 && off <= 50_000_000);
        }
        assert!(rates.len() > 150, "{} different rates", rates.len());
    }
}
