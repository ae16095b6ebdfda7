//! One instance of a node: volatile state, disk, waiting output, clocks.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

use crate::clock::{Clock, MILLION, Sway};
use crate::disk::Disk;
use crate::id::{Incarnation, NodeId, OpId};
use crate::protocol::{DiskMark, Indication, Protocol, Request};
use crate::queue::RingId;
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

impl<P: Protocol> Deref for Rare<Particulars<P>> {
    type Target = Particulars<P>;

    #[inline]
    fn deref(&self) -> &Particulars<P> {
        self.0.as_deref().unwrap_or(Particulars::NONE)
    }
}

impl<P: Protocol> DerefMut for Rare<Particulars<P>> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Particulars<P> {
        self.0.get_or_insert_with(|| Box::new(Particulars::NEW))
    }
}

/// All in which a node can differ from one that has just come up for the first time, wrote nothing
/// and keeps good time.
pub(crate) struct Particulars<P: Protocol> {
    pub(crate) incarnation: Incarnation,
    pub(crate) disk: Disk<P::Record>,
    /// What waits for the disk, each with the mark that it waits for.
    pub(crate) output: VecDeque<(DiskMark, Output<P>)>,
    /// The repeating timers but the first in a ring, with their periods by the node's clock.
    repeating: Vec<(P::Timer, Duration)>,
    pub(crate) clock: Clock,
    pub(crate) corrupt: bool,
    /// `None` for a node that never had any.
    pub(crate) trouble: Option<Box<Trouble<P>>>,
}

impl<P: Protocol> Particulars<P> {
    const NEW: Self = Self {
        incarnation: 0,
        disk: Disk::EMPTY,
        output: VecDeque::new(),
        repeating: Vec::new(),
        clock: Clock::TRUE,
        corrupt: false,
        trouble: None,
    };
    const NONE: &'static Self = &Self::NEW;
}

/// One instance: it speaks as `identity`.
///
/// A large world is made of these, and each event waits for one of them to come from memory: what
/// few nodes have is elsewhere, reading it makes no room for it, and a node that fits into one
/// cache line lies in one.
#[repr(align(64))]
pub(crate) struct Node<P: Protocol> {
    /// Volatile memory; a node that is down has none, so it cannot remember.
    pub(crate) state: Option<P>,
    /// How many words of its own randomness it has drawn.
    pub(crate) drawn: u64,
    pub(crate) particulars: Rare<Particulars<P>>,
    pub(crate) identity: NodeId,
    /// A repeating timer that has a ring: most nodes have one at most.
    ringed: Option<(P::Timer, RingId)>,
}

impl<P: Protocol> Deref for Node<P> {
    type Target = Particulars<P>;

    #[inline]
    fn deref(&self) -> &Particulars<P> {
        &self.particulars
    }
}

impl<P: Protocol> DerefMut for Node<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Particulars<P> {
        &mut self.particulars
    }
}

/// How often a repeating timer of a node fires.
#[derive(Clone, Copy)]
pub(crate) enum Period {
    /// As often as the timers of a ring.
    Ring(RingId),
    /// Once in each such span of the node's clock.
    Own(Duration),
}

impl<P: Protocol> Node<P> {
    pub(crate) fn new(identity: NodeId, clock: Clock) -> Self {
        let mut node =
            Self { identity, state: None, drawn: 0, particulars: Rare(None), ringed: None };
        if clock != Clock::TRUE {
            node.clock = clock;
        }
        node
    }

    /// Whether it is like a node that has just come up for the first time.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        self.particulars.0.is_none()
    }

    /// Whether anything slows it down or trips it up.
    #[inline]
    pub(crate) fn is_troubled(&self) -> bool {
        self.particulars.0.as_ref().is_some_and(|own| own.trouble.is_some())
    }

    /// Whether it is corrupt or in trouble.
    #[inline]
    pub(crate) fn is_odd(&self) -> bool {
        self.particulars.0.as_ref().is_some_and(|own| own.corrupt || own.trouble.is_some())
    }

    /// Whether everything that it wrote is durable.
    #[inline]
    pub(crate) fn is_clean(&self) -> bool {
        self.particulars.0.as_ref().is_none_or(|own| own.disk.is_clean())
    }

    /// What slows it down or trips it up.
    pub(crate) fn trouble(&mut self) -> &mut Trouble<P> {
        self.trouble.get_or_insert_default()
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.state.is_some()
    }

    /// The period of a timer that repeats.
    #[inline]
    pub(crate) fn period(&self, timer: P::Timer) -> Option<Period> {
        match self.ringed {
            Some((other, ring)) if other == timer => Some(Period::Ring(ring)),
            _ => {
                let found = self.repeating.iter().find(|(other, _)| *other == timer);
                found.map(|(_, every)| Period::Own(*every))
            }
        }
    }

    /// Adds a timer that does not repeat yet; it may have a ring.
    pub(crate) fn add_repeating(&mut self, timer: P::Timer, every: Duration, ring: Option<RingId>) {
        match (self.ringed, ring) {
            (None, Some(ring)) => self.ringed = Some((timer, ring)),
            _ => self.repeating.push((timer, every)),
        }
    }

    /// Takes a timer out that repeats.
    pub(crate) fn remove_repeating(&mut self, timer: P::Timer) {
        if self.ringed.is_some_and(|(other, _)| other == timer) {
            self.ringed = None;
        } else {
            self.repeating.retain(|(other, _)| *other != timer);
        }
    }

    /// No timer repeats any more, and nothing waits for the disk.
    pub(crate) fn stop_short(&mut self) {
        self.ringed = None;
        if !self.is_plain() {
            self.repeating.clear();
            self.output.clear();
        }
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
