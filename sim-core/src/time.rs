//! Virtual time: instants and spans of whole nanoseconds.
//!
//! A `u64` of nanoseconds lasts 584 years, and integers are the same on every machine. Arithmetic
//! is checked, and "never" is `None` rather than a maximum: sentinels overflow.

use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use crate::notation::decimal;

/// An instant: nanoseconds since the run began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// A span of time in nanoseconds; never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

impl Time {
    /// The beginning of the run.
    pub const ZERO: Self = Self(0);

    /// The instant `nanos` nanoseconds after the beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds since the beginning, as a float for people and tables.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// `self + span`, or `None` past the end of time.
    pub const fn checked_add(self, span: Duration) -> Option<Self> {
        match self.0.checked_add(span.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The span since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// # Panics
    /// Past the end of time (584 years): no horizon reaches it.
    fn add(self, span: Duration) -> Self {
        self.checked_add(span).expect("an instant within 584 years")
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The longest span that settings may name, 31 years: sums of a few fit into time.
    pub const LONGEST: Self = Self::from_secs(1_000_000_000);

    /// A span of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A span of `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros * 1_000)
    }

    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// A span of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds, as a float for people and tables.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whether the span is empty.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// A span from a float of nanoseconds, as latency models produce them: rounded to the nearest
    /// nanosecond, negative and undefined values to zero, too large ones to the largest span.
    pub fn from_nanos_f64(nanos: f64) -> Self {
        // A cast saturates and maps NaN to zero, on every machine alike.
        Self((nanos + 0.5) as u64)
    }

    /// `self + other`, held at the largest span.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `self - other`, held at zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Duration {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Sub for Duration {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Add for Duration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

/// A span with a sign, as `+3s` or `-200ms`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Shift {
    /// Whether it goes back.
    pub back: bool,
    /// How far.
    pub by: Duration,
}

impl Shift {
    /// The same way in the other direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { back: !self.back, ..self }
    }

    /// A time moved by this much, held at zero and at the end of time.
    pub const fn from(self, time: Time) -> Time {
        match self.back {
            true => Time(time.0.saturating_sub(self.by.0)),
            false => Time(time.0.saturating_add(self.by.0)),
        }
    }
}

impl FromStr for Shift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (back, span) = match text.strip_prefix('-') {
            Some(span) => (true, span),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        Ok(Self { back, by: span.parse()? })
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.back { '-' } else { '+' }, self.by)
    }
}

crate::text_notation!(
    Shift,
    "a shift, such as \"+3s\" or \"-200ms\"",
    "A time forward or, with a minus, back.",
    r"^[+-]?[0-9]+(\.[0-9]+)? *(ns|us|µs|ms|s|m|h)$",
    &["+3s", "-200ms"]
);

const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl FromStr for Duration {
    type Err = String;

    /// Reads `150ms`, `1.5s`, `20us`: a decimal number and a unit, with nothing rounded away.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "`{text}` {why}: a duration is a number with a unit (ns, us, ms, s, m, h), such as \"150ms\""
            )
        };
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..split], text[split..].trim_start());
        let unit = if unit == "µs" { "us" } else { unit };
        if unit.is_empty() {
            return Err(wrong("has no unit"));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(wrong("has an unknown unit"));
        };
        decimal(number, *scale)
            .map(Self)
            .filter(|span| *span <= Self::LONGEST)
            .ok_or_else(|| wrong("is not a number that fits (at most 1,000,000,000 s)"))
    }
}

impl fmt::Display for Duration {
    /// Writes the largest unit that leaves a whole number: `150ms`, `90s`, `1500us`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0ms");
        }
        let (unit, scale) = UNITS[2..]
            .iter()
            .find(|(_, scale)| self.0.is_multiple_of(*scale))
            .expect("ns divides all");
        write!(f, "{}{unit}", self.0 / scale)
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Time {
    /// Writes seconds, exactly: `0.0485`. A precision, as in `{:.9}`, is the least number of digits
    /// after the point, so that columns of times stand below each other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, mut fraction) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let (mut digits, least) = (9, f.precision().unwrap_or(0));
        while digits > least && fraction % 10 == 0 {
            (fraction, digits) = (fraction / 10, digits - 1);
            if digits == 0 {
                return write!(f, "{whole}");
            }
        }
        write!(f, "{whole}.{fraction:0digits$}")
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

crate::text_notation!(
    Duration,
    "a duration with a unit, such as \"150ms\"",
    "A time, with its unit: ns, us, ms, s, m or h.",
    r"^[0-9]+(\.[0-9]+)? *(ns|us|µs|ms|s|m|h)$",
    &["150ms", "1.5s"]
);

/// A span chosen between two others, both ends included: `150ms..300ms`, or one fixed span.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct DurationRange {
    /// The shortest span.
    pub min: Duration,
    /// The longest span; at least `min`.
    pub max: Duration,
}

impl DurationRange {
    /// The range from `min` to `max` milliseconds.
    pub const fn from_millis(min: u64, max: u64) -> Self {
        Self { min: Duration::from_millis(min), max: Duration::from_millis(max) }
    }

    /// The range of one length.
    pub const fn exactly(span: Duration) -> Self {
        Self { min: span, max: span }
    }
}

impl FromStr for DurationRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let (min, max): (Duration, Duration) = (min.trim().parse()?, max.trim().parse()?);
        if min > max {
            return Err(format!("`{text}` runs backwards: write \"{max}..{min}\""));
        }
        Ok(Self { min, max })
    }
}

impl fmt::Display for DurationRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            return self.min.fmt(f);
        }
        write!(f, "{}..{}", self.min, self.max)
    }
}

crate::text_notation!(
    DurationRange,
    "a duration or a range of durations, such as \"150ms..300ms\"",
    "A time, or a range from which one is drawn.",
    r"^ *[0-9]+(\.[0-9]+)? *(ns|us|µs|ms|s|m|h) *(\.\. *[0-9]+(\.[0-9]+)? *(ns|us|µs|ms|s|m|h) *)?$",
    &["150ms", "150ms..300ms"]
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_exactly_and_written_back() {
        for (text, nanos, written) in [
            ("150ms", 150_000_000, "150ms"),
            ("1.5s", 1_500_000_000, "1500ms"),
            ("0.25us", 250, "250ns"),
            ("2h", 7_200_000_000_000, "7200s"),
            ("3µs", 3_000, "3us"),
        ] {
            let span: Duration = text.parse().unwrap();
            assert_eq!(span.as_nanos(), nanos, "{text}");
            assert_eq!(span.to_string(), written);
            assert_eq!(written.parse::<Duration>().unwrap(), span);
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "5",
            "ms",
            "-1ms",
            "1e3ms",
            "0.1ns",
            "1..2s",
            "999999999999h",
            "277778h",
            "1_000ms",
            "0x10s",
            "NaN s",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text} was accepted");
        }
        assert!("5".parse::<Duration>().unwrap_err().contains("no unit"));
        assert!("300ms..150ms".parse::<DurationRange>().unwrap_err().contains("150ms..300ms"));
    }

    #[test]
    fn times_are_written_in_seconds_exactly_and_in_columns_as_wide_as_asked_for() {
        for (nanos, text, column) in [
            (0, "0", "0.000000000"),
            (48_241_592, "0.048241592", "0.048241592"),
            (3_000_000_000, "3", "3.000000000"),
            (10_000_000, "0.01", "0.010000000"),
            (1, "0.000000001", "0.000000001"),
        ] {
            let at = Time::from_nanos(nanos);
            assert_eq!((at.to_string().as_str(), format!("{at:.9}").as_str()), (text, column));
        }
        assert_eq!(format!("{:.2}", Time::from_nanos(1_234_000_000)), "1.234", "never rounded");
    }

    #[test]
    fn time_never_wraps() {
        let late = Time::from_nanos(u64::MAX);
        assert_eq!(late.checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Time::ZERO.since(late), Duration::ZERO);
        assert_eq!(Duration::from_nanos_f64(f64::NAN), Duration::ZERO);
        assert_eq!(Duration::from_nanos_f64(-1.0), Duration::ZERO);
        assert_eq!(Duration::from_nanos_f64(1e300), Duration::from_nanos(u64::MAX));
    }
}
