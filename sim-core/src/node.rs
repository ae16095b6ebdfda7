//! One instance of a node: volatile state, disk, waiting output, clocks.

use std::collections::VecDeque;

use crate::disk::Disk;
use crate::id::{Incarnation, NodeId, OpId};
use crate::protocol::{DiskMark, Indication, Protocol, Request};
use crate::rng::{Draw, Key, Random as _};
use crate::setup::ClockSpec;
use crate::time::{Duration, Shift, Time};

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

/// A wall clock that goes wrong and right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sway {
    pub(crate) by: Duration,
    pub(crate) period: Duration,
    pub(crate) since: Time,
    /// Whether it jumps between right and wrong; otherwise it swings about the truth.
    pub(crate) jumps: bool,
}

impl Sway {
    /// How far it is off.
    fn off(self, now: Time) -> Shift {
        let (period, by) = (self.period.as_nanos(), self.by.as_nanos());
        let phase = now.since(self.since).as_nanos() % period;
        let part = |phase: u64| (u128::from(phase) * u128::from(by) / u128::from(period)) as u64;
        let (back, by) = match (self.jumps, phase * 4 / period) {
            (true, quarter) => (false, if quarter < 2 { by } else { 0 }),
            (false, 0) => (false, 4 * part(phase)),
            (false, 1) => (false, 2 * by - 4 * part(phase)),
            (false, 2) => (true, (4 * part(phase)).saturating_sub(2 * by)),
            (false, _) => (true, 4 * (by - part(phase))),
        };
        Shift { back, by: Duration::from_nanos(by) }
    }
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
    /// `None` for a node that never had any.
    pub(crate) trouble: Option<Box<Trouble<P>>>,
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
            trouble: None,
        }
    }

    /// What slows it down or trips it up.
    pub(crate) fn trouble(&mut self) -> &mut Trouble<P> {
        self.trouble.get_or_insert_default()
    }

    /// The wall clock at a true time.
    #[inline]
    pub(crate) fn wall(&self, now: Time) -> Time {
        let wall = self.clock.wall(now);
        match self.trouble.as_ref().and_then(|trouble| trouble.sway) {
            Some(sway) => sway.off(now).from(wall),
            None => wall,
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
    /// How far the monotonic clock is from what its rate alone would have made of the run so far.
    lead: i64,
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
            lead: 0,
            ahead: Self::EPOCH - Duration::from_nanos(offset)
                + Duration::from_nanos(spread(&mut draw, offset)),
        };
        match spec.nodes.get(&node.to_string()) {
            None => clock,
            Some(by_hand) => Self {
                rate: MILLION.saturating_add_signed(i64::from(by_hand.drift_ppm)).max(MILLION / 10),
                ahead: Self::EPOCH + by_hand.ahead,
                ..clock
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
        Time::from_nanos(self.paced(now).as_nanos().saturating_add_signed(self.lead))
    }

    /// The monotonic clock by its rate alone.
    #[inline]
    fn paced(self, now: Time) -> Time {
        if self.rate == MILLION {
            return now;
        }
        Time::from_nanos(
            (u128::from(now.as_nanos()) * u128::from(self.rate) / u128::from(MILLION)) as u64,
        )
    }

    /// From now on the clock runs this many parts per million faster than it did.
    pub(crate) fn speed_up(&mut self, now: Time, ppm: i32) {
        let shown = self.elapsed(now);
        let rate = self.rate.saturating_add_signed(i64::from(ppm));
        self.rate = rate.clamp(MILLION / 10, 10 * MILLION);
        self.lead = shown.as_nanos().wrapping_sub(self.paced(now).as_nanos()).cast_signed();
    }

    /// Both clocks jump ahead.
    pub(crate) const fn jump(&mut self, by: Duration) {
        self.lead = self.lead.saturating_add_unsigned(by.as_nanos());
    }

    /// The wall clock is set ahead or back.
    pub(crate) fn step(&mut self, by: Shift) {
        self.ahead = by.from(Time::ZERO + self.ahead).since(Time::ZERO);
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
    fn a_clock_that_changes_its_pace_never_goes_back_and_a_jump_is_kept() {
        let mut clock = clock(&ClockSpec::default(), 0);
        let at = |millis| Time::ZERO + Duration::from_millis(millis);
        clock.speed_up(at(100), 1_000_000);
        assert_eq!((clock.elapsed(at(100)), clock.elapsed(at(150))), (at(100), at(200)));
        clock.speed_up(at(150), -1_000_000);
        assert_eq!((clock.elapsed(at(150)), clock.elapsed(at(160))), (at(200), at(210)));
        clock.jump(Duration::from_millis(5));
        assert_eq!(clock.elapsed(at(160)), at(215));
        let before = clock.wall(at(160));
        clock.step(Shift { back: true, by: Duration::from_secs(3) });
        assert_eq!(before.since(clock.wall(at(160))), Duration::from_secs(3));
        assert_eq!(clock.elapsed(at(160)), at(215), "the monotonic clock went back");
    }

    #[test]
    fn a_swinging_clock_is_right_twice_a_period_and_a_strobe_half_of_the_time() {
        let (by, period) = (Duration::from_millis(100), Duration::from_millis(40));
        let off = |jumps, millis| {
            let sway = Sway { by, period, since: Time::ZERO, jumps };
            let off = sway.off(Time::ZERO + Duration::from_millis(millis));
            off.by.as_nanos() as i64 / 1_000_000 * if off.back { -1 } else { 1 }
        };
        assert_eq!(
            [0, 5, 10, 20, 25, 30, 35, 40].map(|at| off(false, at)),
            [0, 50, 100, 0, -50, -100, -50, 0]
        );
        assert_eq!([0, 19, 20, 39, 40].map(|at| off(true, at)), [100, 100, 0, 0, 100]);
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
