//! A node's clocks: a monotonic one and a wall clock, and how they go wrong.

use std::ops::RangeInclusive;

use crate::time::{Duration, Shift, Time};

/// A node's two clocks: a monotonic one, on which its timers run, and a wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    /// How far the monotonic clock gets in a million true nanoseconds.
    pub(crate) rate: u64,
    /// How far the monotonic clock is from what its rate alone would have made of the run so far.
    pub(crate) lead: i64,
    /// How far the wall clock is ahead of the monotonic one, plus [`Clock::EPOCH`].
    pub(crate) ahead: Duration,
}

/// Parts of the rate: a clock that runs true gets this far in so many true nanoseconds.
pub(crate) const MILLION: u64 = 1_000_000;

/// By how many parts per million a clock may run faster than true (or slower, below 0): from a
/// tenth of the pace to ten times it.
pub(crate) const DRIFT_PPM: RangeInclusive<i32> = -900_000..=9_000_000;

impl Clock {
    /// A clock that runs true, without offset.
    pub(crate) const TRUE: Self = Self { rate: MILLION, lead: 0, ahead: Self::EPOCH };

    /// The wall clock of a node without offset at the start of the run. Above any offset, so that
    /// a clock that is behind shows no negative time.
    pub(crate) const EPOCH: Duration = Duration::from_secs(1_000_000_000);

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
    pub(crate) fn off(self, now: Time) -> Shift {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_changes_its_pace_never_goes_back_and_a_jump_is_kept() {
        let mut clock = Clock::TRUE;
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
}
