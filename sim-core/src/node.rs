//! One instance of a node: volatile state, disk, waiting output, clocks.

use std::collections::VecDeque;

use crate::disk::Disk;
use crate::id::{Incarnation, NodeId, OpId};
use crate::protocol::{DiskMark, Indication, Protocol};
use crate::rng::{Draw, Key, Random as _};
use crate::setup::ClockSpec;
use crate::time::{Duration, Time};

/// What leaves a node, once what was persisted before it is durable.
pub(crate) enum Output<P: Protocol> {
    Send { to: NodeId, message: P::Message },
    Indicate { answers: Option<OpId>, indication: Indication<P> },
}

/// One instance: it speaks as `identity`.
pub(crate) struct Node<P: Protocol> {
    pub(crate) identity: NodeId,
    /// Volatile memory; a node that is down has none, so it cannot remember.
    pub(crate) state: Option<P>,
    pub(crate) incarnation: Incarnation,
    pub(crate) disk: Disk<P::Record>,
    /// What waits for the disk, each with the mark that it waits for.
    pub(crate) output: VecDeque<(DiskMark, Output<P>)>,
    /// The repeating timers, with their periods by the node's clock.
    pub(crate) repeating: Vec<(P::Timer, Duration)>,
    pub(crate) random: Draw,
    pub(crate) clock: Clock,
    pub(crate) corrupt: bool,
}

impl<P: Protocol> Node<P> {
    pub(crate) fn new(identity: NodeId, random: Draw, clock: Clock) -> Self {
        Self {
            identity,
            state: None,
            incarnation: 0,
            disk: Disk::default(),
            output: VecDeque::new(),
            repeating: Vec::new(),
            random,
            clock,
            corrupt: false,
        }
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.state.is_some()
    }
}

/// A node's two clocks: a monotonic one, on which its timers run, and a wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    /// How far the monotonic clock gets in a million true nanoseconds.
    rate: u64,
    /// How far the wall clock is ahead of the monotonic one, plus [`Clock::EPOCH`].
    ahead: Duration,
}

const MILLION: u64 = 1_000_000;

impl Clock {
    /// The wall clock of a node without offset at the start of the run. Above any offset, so that
    /// a clock that is behind shows no negative time.
    const EPOCH: Duration = Duration::from_secs(1_000_000_000);

    /// The clock of a node: drawn from the node's place in `key`, or set by hand.
    pub(crate) fn new(spec: &ClockSpec, node: NodeId, key: Key) -> Self {
        let mut draw = key.member(u64::from(node.0));
        let spread = |draw: &mut Draw, limit: u64| draw.below(2 * limit + 1);
        let drift = u64::from(spec.drift_ppm.min(500_000));
        let offset = spec.offset.as_nanos().min(Self::EPOCH.as_nanos());
        let clock = Self {
            rate: MILLION - drift + spread(&mut draw, drift),
            ahead: Self::EPOCH - Duration::from_nanos(offset)
                + Duration::from_nanos(spread(&mut draw, offset)),
        };
        match spec.nodes.get(&node.to_string()) {
            None => clock,
            Some(by_hand) => Self {
                rate: MILLION.saturating_add_signed(i64::from(by_hand.drift_ppm)).max(MILLION / 10),
                ahead: Self::EPOCH + by_hand.ahead,
            },
        }
    }

    /// Whether the monotonic clock runs true.
    pub(crate) const fn is_true(self) -> bool {
        self.rate == MILLION
    }

    /// The monotonic clock at a true time.
    #[inline]
    pub(crate) fn elapsed(self, now: Time) -> Time {
        if self.rate == MILLION {
            return now;
        }
        Time::from_nanos(
            (u128::from(now.as_nanos()) * u128::from(self.rate) / u128::from(MILLION)) as u64,
        )
    }

    /// The wall clock at a true time.
    #[inline]
    pub(crate) fn wall(self, now: Time) -> Time {
        self.elapsed(now) + self.ahead
    }

    /// How long it truly takes until this clock has moved on by `span`; rounded up, so that a
    /// timer never fires early by its own clock.
    #[inline]
    pub(crate) fn true_span(self, span: Duration) -> Duration {
        if self.rate == MILLION {
            return span;
        }
        let nanos = u128::from(span.as_nanos()) * u128::from(MILLION);
        let nanos = nanos.div_ceil(u128::from(self.rate));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, Streams};
    use crate::setup::NodeClock;

    fn clock(spec: &ClockSpec, node: u32) -> Clock {
        Clock::new(spec, NodeId(node), Streams::new(1).key(Stream::Clocks))
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
