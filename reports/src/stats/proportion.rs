//! k of n, with Wilson's interval.
//!
//! Wilson rather than the textbook interval, because the counts of interest are 0 and n: there the
//! textbook interval has no width, and a report that says "0 %" claims what no sample can show.

use super::{Interval, Z};

/// `hits` of `total`: a rate that remembers its sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    /// How many had the property; at most `total`.
    pub hits: u64,
    /// How many were looked at.
    pub total: u64,
}

impl Proportion {
    /// The share, 0 to 1; `None` when nothing was looked at.
    pub fn share(self) -> Option<f64> {
        (self.total > 0).then(|| self.hits as f64 / self.total as f64)
    }

    /// Wilson's two-sided 95 % score interval, each end 0 to 1; `None` when nothing was looked at.
    ///
    /// Its upper end at `hits = 0` (and its lower end at `hits = total`) is what [`Self::text`]
    /// prints as a bound.
    pub fn wilson(self) -> Option<Interval> {
        let (lo, hi) = score_interval(self.share()?, self.total as f64);
        Some(Interval { lo: Some(lo), hi: Some(hi) })
    }

    /// The ends of that interval; 0 and 1, between which any share lies, when nothing was looked at.
    pub fn ends(self) -> (f64, f64) {
        let ends = self.wilson().and_then(|interval| Some((interval.lo?, interval.hi?)));
        ends.unwrap_or((0.0, 1.0))
    }

    /// Whether that interval holds this share, 0 to 1.
    pub fn holds(self, share: f64) -> bool {
        let (lo, hi) = self.ends();
        (lo..=hi).contains(&share)
    }

    /// The bound or interval alone: `≤ 1.9 %`, `≥ 98.1 %` or `0.51–4.3 %`.
    ///
    /// Empty when nothing was looked at.
    pub fn bound(self) -> String {
        let Some(Interval { lo: Some(lo), hi: Some(hi) }) = self.wilson() else {
            return String::new();
        };
        if self.hits == 0 {
            format!("≤ {} %", percent(hi))
        } else if self.hits == self.total {
            format!("≥ {} %", percent(lo))
        } else {
            format!("{}–{} %", percent(lo), percent(hi))
        }
    }

    /// What a person should read: `0 of 200 (≤ 1.9 %)`, `3 of 200 (0.51–4.3 %)`.
    ///
    /// ```
    /// use reports::stats::Proportion;
    ///
    /// let unsafe_runs = Proportion { hits: 0, total: 200 };
    /// assert_eq!(unsafe_runs.text(), "0 of 200 (≤ 1.9 %)");
    /// ```
    pub fn text(self) -> String {
        if self.total == 0 {
            return "0 of 0".to_owned();
        }
        format!("{} of {} ({})", self.hits, self.total, self.bound())
    }
}

/// Wilson's score interval around this share of `n`.
pub(super) fn score_interval(share: f64, n: f64) -> (f64, f64) {
    let spread = Z * Z / n;
    let centre = share + spread / 2.0;
    let half = (spread * (share * (1.0 - share) + spread / 4.0)).sqrt();
    // At the ends the exact value is 0 or 1, and rounding must not make it 1e-19.
    let lo = if share <= 0.0 { 0.0 } else { ((centre - half) / (1.0 + spread)).max(0.0) };
    let hi = if share >= 1.0 { 1.0 } else { ((centre + half) / (1.0 + spread)).min(1.0) };
    (lo, hi)
}

/// A share as per cent, with two significant digits of its distance from 0 or from 100, whichever
/// is nearer: what is not nothing never reads as 0, and what is not all never as 100.
///
/// ```
/// use reports::stats::percent;
///
/// assert_eq!([0.018_84, 0.36, 0.999_63].map(percent), ["1.9", "36", "99.963"]);
/// ```
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    let distance = value.min(100.0 - value);
    if distance <= 0.0 {
        return value.to_string();
    }
    let magnitude = libm::floor(libm::log10(distance)) as i32;
    let decimals = usize::try_from(1 - magnitude).unwrap_or(0);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hits: u64, total: u64, lo: f64, hi: f64) {
        let found = Proportion { hits, total }.wilson().expect("a sample");
        assert!((found.lo.expect("lo") - lo).abs() < 5e-5, "{hits}/{total}: {found:?}");
        assert!((found.hi.expect("hi") - hi).abs() < 5e-5, "{hits}/{total}: {found:?}");
    }

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe (1998), table I, method 3 (score without continuity correction).
        check(81, 263, 0.2553, 0.3662);
        check(15, 148, 0.0624, 0.1605);
        check(0, 20, 0.0, 0.1611);
        check(1, 29, 0.0061, 0.1718);
    }

    #[test]
    fn wilson_is_symmetric_and_exact_at_both_ends() {
        for (hits, total) in [(0, 1), (0, 200), (3, 200), (10, 11)] {
            let a = Proportion { hits, total }.wilson().expect("a sample");
            let b = Proportion { hits: total - hits, total }.wilson().expect("a sample");
            let sum = a.lo.expect("lo") + b.hi.expect("hi");
            assert!((sum - 1.0).abs() < 1e-12, "{hits}/{total}");
        }
        let none = Proportion { hits: 0, total: 7 }.wilson().expect("a sample");
        assert_eq!(none.lo, Some(0.0));
    }

    #[test]
    fn nothing_seen_is_a_bound_and_never_zero_per_cent() {
        assert_eq!(Proportion { hits: 0, total: 200 }.text(), "0 of 200 (≤ 1.9 %)");
        assert_eq!(Proportion { hits: 0, total: 500 }.text(), "0 of 500 (≤ 0.76 %)");
        assert_eq!(Proportion { hits: 200, total: 200 }.text(), "200 of 200 (≥ 98.1 %)");
        assert_eq!(Proportion { hits: 3, total: 200 }.text(), "3 of 200 (0.51–4.3 %)");
        assert_eq!(Proportion { hits: 0, total: 1_000_000 }.bound(), "≤ 0.00038 %");
        assert_eq!(Proportion { hits: 0, total: 0 }.text(), "0 of 0");
    }

    #[test]
    fn an_interval_holds_what_lies_between_its_ends() {
        let rate = Proportion { hits: 0, total: 20 };
        assert_eq!([0.0, 0.16, 0.17].map(|share| rate.holds(share)), [true, true, false]);
        assert!(Proportion { hits: 0, total: 0 }.holds(0.5), "nothing is known of it");
    }

    #[test]
    fn an_empty_sample_has_no_rate() {
        assert_eq!(Proportion { hits: 0, total: 0 }.share(), None);
        assert_eq!(Proportion { hits: 0, total: 0 }.wilson(), None);
        assert_eq!(Proportion { hits: 0, total: 0 }.ends(), (0.0, 1.0));
    }
}
