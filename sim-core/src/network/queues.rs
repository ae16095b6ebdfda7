//! Queues: links that carry so much and no more.

use std::collections::BTreeMap;

use crate::time::{Duration, Time};

/// The queues of all links in use under weather that limits their bandwidth.
///
/// Time is kept in parts of a nanosecond: in so many that a byte takes a whole number of them.
#[derive(Debug, Default)]
pub(super) struct Queues {
    /// When the link is through with all that it took: by the weather's name and the link's place.
    clear: BTreeMap<(u64, u64), u128>,
}

/// What a byte takes, in parts of which a nanosecond has as many as a second carries bytes.
const BYTE: u128 = 1_000_000_000;

impl Queues {
    /// Lines a message up; how long until the link has sent it, or `None` if there is no room.
    pub(super) fn take(
        &mut self,
        name: (u64, u64),
        now: Time,
        bytes: u32,
        bytes_per_second: u64,
        room: u64,
    ) -> Option<Duration> {
        let rate = u128::from(bytes_per_second);
        let clock = u128::from(now.as_nanos()) * rate;
        let clear = self.clear.entry(name).or_default();
        let ahead = clear.saturating_sub(clock);
        let own = u128::from(bytes) * BYTE;
        if ahead > 0 && ahead + own > u128::from(room) * BYTE {
            return None;
        }
        *clear = clock + ahead + own;
        Some(Duration::from_nanos((ahead + own).div_ceil(rate) as u64))
    }

    /// The weather of this name is over.
    pub(super) fn forget(&mut self, name: u64) {
        self.clear.retain(|(of, _), _| *of != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: (u64, u64) = (0, 1);

    fn at(micros: u64) -> Time {
        Time::from_nanos(micros * 1_000)
    }

    #[test]
    fn a_byte_takes_its_time_and_what_waits_is_bounded() {
        // 1 MB/s: a message of 100 bytes takes 100 µs.
        let mut queues = Queues::default();
        let mut take = |micros: u64| queues.take(LINK, at(micros), 100, 1_000_000, 250);
        let us = |micros| Some(Duration::from_micros(micros));
        assert_eq!(take(0), us(100), "an idle link sends at once");
        assert_eq!(take(0), us(200), "the second waits for the first");
        assert_eq!(take(0), None, "300 bytes do not fit into 250");
        assert_eq!(take(49), None, "251 do not either");
        assert_eq!(take(50), us(250), "250 do");
        assert_eq!(take(1_000), us(100), "after a rest the link is idle");
    }

    #[test]
    fn an_idle_link_takes_a_message_of_any_size() {
        let mut queues = Queues::default();
        let second = Duration::from_secs(1);
        assert_eq!(queues.take(LINK, at(0), 1_000, 1_000, 10), Some(second));
        assert_eq!(queues.take(LINK, at(999_999), 1, 1_000, 0), None);
        assert_eq!(queues.take(LINK, at(1_000_000), 1_000, 1_000, 0), Some(second));
    }

    #[test]
    fn nothing_is_rounded_away_over_many_messages() {
        // A third of a nanosecond a byte: a million messages of one byte take a third of a ms.
        let mut queues = Queues::default();
        let last = (0..1_000_000).map(|_| queues.take(LINK, at(0), 1, 3_000_000_000, u64::MAX));
        let last = last.last().flatten().map(Duration::as_nanos);
        assert_eq!(last, Some(333_334));
    }

    #[test]
    fn links_and_weathers_have_queues_of_their_own_until_they_end() {
        let mut queues = Queues::default();
        let mut take = |name| queues.take(name, at(0), 1_000, 1_000_000, 5_000);
        let ms = |millis| Some(Duration::from_millis(millis));
        assert_eq!(
            [take((0, 1)), take((0, 1)), take((0, 2)), take((1, 1))],
            [ms(1), ms(2), ms(1), ms(1)]
        );
        queues.forget(0);
        assert_eq!(queues.take((0, 1), at(0), 1_000, 1_000_000, 5_000), ms(1));
        assert_eq!(queues.take((1, 1), at(0), 1_000, 1_000_000, 5_000), ms(2));
    }
}
