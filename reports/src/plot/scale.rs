//! Axes: linear or logarithmic, with ticks at round numbers.
//!
//! A scale is a coordinate of `plotters` that brings its own ticks and labels, because the ticks
//! decide what a reader can read off: 1-2-5 steps on a linear axis, 1-2-5 or whole decades on a
//! logarithmic one, which is used when the data span more than two decades.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
    ticks: Vec<f64>,
}

impl Scale {
    /// A linear axis of exactly this extent with about `ticks_max` ticks at round numbers.
    pub(super) fn linear(from: f64, to: f64, ticks_max: usize) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        let step = round_step((to - from) / ticks_max as f64);
        let ticks = (0..)
            .map(|i| ((from / step).ceil() + f64::from(i)) * step)
            .take_while(|&tick| tick <= to + step * 1e-9)
            .collect();
        Self { from, to, logarithmic: false, ticks }
    }

    /// 0 to 1.
    pub(super) fn share() -> Self {
        Self::linear(0.0, 1.0, 5)
    }

    /// 0 to 100.
    pub(super) fn percent() -> Self {
        Self::linear(0.0, 100.0, 5)
    }

    /// An axis for these values: logarithmic when the positive ones span more than two decades,
    /// and linear from zero otherwise. `None` when there is no value.
    pub(super) fn spanning(values: impl Iterator<Item = f64>, ticks_max: usize) -> Option<Self> {
        let (min, max) = extent(values)?;
        if max / min > 100.0 {
            return Some(Self::between(min, max, ticks_max));
        }
        let step = round_step(max.max(1e-9) / ticks_max as f64);
        Some(Self::linear(0.0, (max / step).ceil().max(1.0) * step, ticks_max))
    }

    /// A logarithmic axis for these values, whatever they span; zeros are moved to its lower end.
    /// `None` when there is no value, and linear when all are zero.
    pub(super) fn decades(values: impl Iterator<Item = f64>, ticks_max: usize) -> Option<Self> {
        let (min, max) = extent(values)?;
        if min > max {
            return Some(Self::linear(0.0, 1.0, 1));
        }
        // At least a factor of five, or an axis of equal values would have no extent.
        Some(Self::between(min, max.max(min * 5.0), ticks_max))
    }

    /// A logarithmic axis with a tick at each of these ascending values above zero, and a little room
    /// beside the first and the last.
    pub(super) fn at(values: Vec<f64>) -> Self {
        const ROOM: f64 = 1.15;
        let from = values.first().map_or(1.0, |first| first / ROOM);
        let to = values.last().map_or(2.0, |last| last * ROOM);
        Self { from, to, logarithmic: true, ticks: values }
    }

    /// A logarithmic axis that reaches the 1-2-5 numbers around `min..=max`.
    fn between(min: f64, max: f64, ticks_max: usize) -> Self {
        let (first, last) = (libm::log10(min).floor() as i32, libm::log10(max).ceil() as i32);
        let candidates = |steps: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|e| steps.iter().map(move |step| step * libm::pow(10.0, f64::from(e))))
                .collect()
        };
        let fine = candidates(&[1.0, 2.0, 5.0]);
        let from = fine.iter().rev().find(|&&tick| tick <= min).copied().unwrap_or(min);
        let to = fine.iter().find(|&&tick| tick >= max).copied().unwrap_or(max);
        let within = |ticks: Vec<f64>| -> Vec<f64> {
            ticks.into_iter().filter(|tick| (from..=to).contains(tick)).collect()
        };
        let choices = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]];
        let mut ticks = choices
            .iter()
            .map(|steps| within(candidates(steps)))
            .find(|ticks| ticks.len() <= ticks_max)
            .unwrap_or_else(|| within(candidates(&[1.0])));
        while ticks.len() > ticks_max {
            ticks = ticks.into_iter().step_by(2).collect();
        }
        Self { from, to, logarithmic: true, ticks }
    }

    /// The lower end.
    pub(super) fn from(&self) -> f64 {
        self.from
    }

    /// The upper end.
    pub(super) fn to(&self) -> f64 {
        self.to
    }

    /// An axis name with its unit and, where it applies, the warning that it is logarithmic.
    pub(super) fn name(&self, quantity: &str, unit: &str) -> String {
        let kind = if self.logarithmic { ", log" } else { "" };
        format!("{quantity} ({unit}{kind})")
    }

    /// Where a value lies between the ends, 0 to 1; what lies beyond is moved to the end.
    fn position(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            let (from, to) = (libm::log(self.from), libm::log(self.to));
            (libm::log(value.max(self.from)) - from) / (to - from)
        } else {
            (value - self.from) / (self.to - self.from)
        };
        share.clamp(0.0, 1.0)
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let extent = f64::from(limit.1 - limit.0);
        limit.0 + (self.position(*value) * extent).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        number(*value)
    }
}

/// A number for a reader: six significant digits at most, no trailing zeros, thousands apart.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    let decimals = usize::try_from(5 - magnitude).unwrap_or(0);
    let plain = format!("{value:.decimals$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = whole.trim_start_matches('-').len();
    let mut text = String::new();
    for (index, letter) in whole.chars().enumerate() {
        let place = whole.len() - index;
        // From 10 000 on only: "1000" is easier to read whole.
        if digits > 4 && place % 3 == 0 && index > 0 && !text.ends_with('-') {
            text.push('\u{a0}');
        }
        text.push(letter);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A number to three significant digits, for labels.
pub(super) fn rough(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    let rounded: f64 = format!("{value:.decimals$}").parse().expect("a number was just printed");
    number(rounded)
}

/// The smallest positive value (infinite if there is none) and the largest one.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |extent, value| {
        let (min, max) = extent.unwrap_or((f64::INFINITY, 0.0_f64));
        Some((if value > 0.0 { min.min(value) } else { min }, max.max(value)))
    })
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(step)));
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors.into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> String {
        scale.ticks.iter().map(|&tick| number(tick)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_numbers_within_the_axis() {
        assert_eq!(labels(&Scale::share()), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(labels(&Scale::percent()), "0 20 40 60 80 100");
        assert_eq!(labels(&Scale::linear(0.0, 30.0, 10)), "0 5 10 15 20 25 30");
        assert_eq!(labels(&Scale::linear(0.0, 0.3, 4)), "0 0.1 0.2 0.3");
    }

    #[test]
    fn an_axis_is_logarithmic_beyond_two_decades_and_starts_at_zero_within() {
        let near = Scale::spanning([3.0, 299.0].into_iter(), 6).expect("values");
        assert!(!near.logarithmic);
        assert_eq!(near.from(), 0.0);
        let far = Scale::spanning([3.0, 301.0].into_iter(), 8).expect("values");
        assert!(far.logarithmic);
        assert_eq!(labels(&far), "2 5 10 20 50 100 200 500");
        let wide = Scale::spanning([0.002, 90_000.0].into_iter(), 8).expect("values");
        assert!(wide.ticks.len() <= 8, "{}", labels(&wide));
        assert_eq!(Scale::spanning(std::iter::empty(), 8), None);
    }

    #[test]
    fn an_axis_of_given_values_is_logarithmic_and_marks_just_them() {
        let scale = Scale::at(vec![4.0, 8.0, 16.0]);
        assert_eq!(labels(&scale), "4 8 16");
        let at = |value: f64| scale.map(&value, (0, 1_000));
        assert!(at(4.0) > 0 && at(16.0) < 1_000);
        assert_eq!(at(8.0) - at(4.0), at(16.0) - at(8.0));
    }

    #[test]
    fn a_scale_survives_zeros_and_equal_values() {
        for values in [vec![0.0], vec![0.0, 0.0], vec![7.0, 7.0], vec![0.0, 1e-12]] {
            let scale = Scale::spanning(values.iter().copied(), 6).expect("values");
            assert!(scale.to() > scale.from() && !scale.ticks.is_empty(), "{values:?} {scale:?}");
            let scale = Scale::decades(values.iter().copied(), 6).expect("values");
            assert!(scale.to() > scale.from() && !scale.ticks.is_empty(), "{values:?} {scale:?}");
        }
    }

    #[test]
    fn the_ends_map_to_the_ends_and_nothing_leaves_the_panel() {
        let scale = Scale::spanning([1.0, 1000.0].into_iter(), 8).expect("values");
        assert_eq!([0.0, 1.0, 1000.0, 5000.0].map(|v| scale.map(&v, (900, 0))), [900, 900, 0, 0]);
        assert!((scale.map(&31.6228, (0, 1000)) - 500).abs() <= 1);
    }

    #[test]
    fn numbers_are_printed_for_readers() {
        let nbsp = '\u{a0}';
        for (value, text) in [
            (0.1 + 0.2, "0.3".to_owned()),
            (1000.0, "1000".to_owned()),
            (25_000.0, format!("25{nbsp}000")),
            (-1_234_567.0, format!("-1{nbsp}234{nbsp}567")),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(rough(1234.5), "1234");
        assert_eq!(rough(0.012_345), "0.0123");
    }
}
