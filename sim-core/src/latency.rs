//! How long a thing takes: distributions of delay, as pure functions of 64 uniform bits.
//!
//! Each sample is an inverse distribution function of one draw, so that a delay is a function of
//! its place in the field of randomness and of nothing else. Logarithms and exponentials come from
//! `libm`: the platform's differ in the last digit from machine to machine.

mod quantile;
mod tabled;
mod written;

use std::sync::Arc;

use crate::rng::{scale, unit};
use crate::time::{Duration, DurationRange};

use quantile::{NORMAL_P99, exponential_quantile, normal_quantile};
pub use tabled::{Empirical, Mixture, Part};

/// A distribution of delays.
#[derive(Clone, PartialEq, Debug)]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// Uniform, both ends included.
    Uniform(DurationRange),
    /// `min` plus an exponential part, so that the mean is `mean` (at least `min`).
    Exponential {
        /// The mean of the whole.
        mean: Duration,
        /// The least delay.
        min: Duration,
    },
    /// Normal, cut off below zero.
    Normal {
        /// The mean before the cut.
        mean: Duration,
        /// The standard deviation before the cut.
        deviation: Duration,
    },
    /// Log-normal through two quantiles; see [`Latency::log_normal`].
    LogNormal(LogNormal),
    /// Pareto: P(delay > x) = (min/x)^shape for x from `min` on.
    Pareto {
        /// The least delay.
        min: Duration,
        /// The shape, above 0 and finite; the mean is finite above 1, the variance above 2.
        shape: f64,
    },
    /// One of several, each as often as its weight says.
    Mixture(Mixture),
    /// Measured: quantiles, and straight lines between them.
    Empirical(Empirical),
    /// Another whose tails are cut off: what lies beyond an end is moved to it.
    Cut {
        /// The other.
        of: Arc<Self>,
        /// The least delay.
        min: Duration,
        /// The longest delay, if there is one.
        max: Option<Duration>,
    },
}

/// A log-normal distribution through two quantiles.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LogNormal {
    p50: Duration,
    p99: Duration,
    /// The standard deviation of the logarithm; kept, because a logarithm costs as much as all the
    /// rest of a sample.
    sigma: f64,
}

impl Latency {
    /// No delay.
    pub const ZERO: Self = Self::Constant(Duration::ZERO);

    /// Log-normal with this median (above 0) and this 99th percentile (at least the median). What
    /// is written in settings is checked when it is read; other values give delays that mean
    /// nothing.
    pub fn log_normal(p50: Duration, p99: Duration) -> Self {
        let sigma = libm::log(p99.as_nanos() as f64 / p50.as_nanos() as f64) / NORMAL_P99;
        Self::LogNormal(LogNormal { p50, p99, sigma })
    }

    /// The same with its tails cut off.
    #[must_use]
    pub fn cut(self, min: Duration, max: Option<Duration>) -> Self {
        Self::Cut { of: Arc::new(self), min, max }
    }

    /// The delay for these 64 uniform bits. Larger bits give longer delays, except across the parts
    /// of a mixture that overlap.
    #[inline]
    pub fn sample(&self, bits: u64) -> Duration {
        match self {
            Self::Constant(delay) => *delay,
            Self::Uniform(range) => {
                let width = (range.max - range.min).as_nanos().saturating_add(1);
                range.min + Duration::from_nanos(scale(bits, width))
            }
            Self::Exponential { mean, min } => {
                let tail = exponential_quantile(bits);
                *min + Duration::from_nanos_f64((*mean - *min).as_nanos() as f64 * tail)
            }
            Self::Normal { mean, deviation } => Duration::from_nanos_f64(
                mean.as_nanos() as f64 + deviation.as_nanos() as f64 * normal_quantile(unit(bits)),
            ),
            Self::LogNormal(LogNormal { p50, sigma, .. }) => {
                let median = p50.as_nanos() as f64;
                Duration::from_nanos_f64(median * libm::exp(sigma * normal_quantile(unit(bits))))
            }
            Self::Pareto { min, shape } => Duration::from_nanos_f64(
                min.as_nanos() as f64 * libm::pow(1.0 - unit(bits), -1.0 / shape),
            ),
            Self::Mixture(mixture) => mixture.sample(bits),
            Self::Empirical(empirical) => empirical.sample(bits),
            Self::Cut { of, min, max } => {
                let delay = of.sample(bits).max(*min);
                max.map_or(delay, |max| delay.min(max))
            }
        }
    }

    /// Whether it never delays.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Random as _, Stream, Streams};

    /// The largest distance between the empirical and the given distribution function stays below
    /// the Kolmogorov–Smirnov bound for 0.1 % at this sample size.
    fn fits(latency: &Latency, cdf: impl Fn(f64) -> f64) {
        const COUNT: usize = 1_000_000;
        let mut draw = Streams::new(1).key(Stream::Weather).member(0);
        let mut sample: Vec<f64> =
            (0..COUNT).map(|_| latency.sample(draw.next_u64()).as_millis_f64()).collect();
        sample.sort_by(f64::total_cmp);
        let distance = sample.iter().enumerate().fold(0.0_f64, |worst, (rank, x)| {
            let (below, upto) = (rank as f64 / COUNT as f64, (rank + 1) as f64 / COUNT as f64);
            worst.max((cdf(*x) - below).abs()).max((upto - cdf(*x)).abs())
        });
        assert!(distance < 1.95 / (COUNT as f64).sqrt(), "{latency}: distance {distance}");
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn normal_cdf(x: f64) -> f64 {
        libm::erfc(-x / std::f64::consts::SQRT_2) / 2.0
    }

    #[test]
    fn samples_follow_their_distributions() {
        fits(&Latency::Uniform(DurationRange::from_millis(30, 40)), |x| (x - 30.0) / 10.0);
        fits(&Latency::Exponential { mean: ms(12), min: ms(2) }, |x| {
            1.0 - libm::exp(-(x - 2.0) / 10.0)
        });
        fits(&Latency::Normal { mean: ms(100), deviation: ms(10) }, |x| {
            normal_cdf((x - 100.0) / 10.0)
        });
        fits(&Latency::Pareto { min: ms(3), shape: 1.5 }, |x| 1.0 - libm::pow(3.0 / x, 1.5));
        let sigma = libm::log(5.0) / NORMAL_P99;
        fits(&Latency::log_normal(ms(8), ms(40)), |x| normal_cdf(libm::log(x / 8.0) / sigma));
    }

    fn uniform(min: u64, max: u64) -> Latency {
        Latency::Uniform(DurationRange::from_millis(min, max))
    }

    fn mixture(parts: &[(u32, Latency)]) -> Latency {
        let parts = parts.iter().cloned().map(|(weight, latency)| Part { weight, latency });
        Latency::Mixture(Mixture::new(parts.collect()).expect("a mixture"))
    }

    #[test]
    fn mixtures_draw_each_part_as_often_as_its_weight_says() {
        let share = |x: f64, min: f64, max: f64| ((x - min) / (max - min)).clamp(0.0, 1.0);
        // Fast and slow, as networks with two paths are.
        fits(&mixture(&[(99, uniform(1, 2)), (1, uniform(50, 80))]), |x| {
            0.99 * share(x, 1.0, 2.0) + 0.01 * share(x, 50.0, 80.0)
        });
        // Parts that overlap, one of which is no table.
        let tail = Latency::Exponential { mean: ms(12), min: ms(2) };
        fits(&mixture(&[(1, uniform(5, 20)), (2, tail), (4, uniform(0, 10))]), |x| {
            let tail = if x < 2.0 { 0.0 } else { 1.0 - libm::exp(-(x - 2.0) / 10.0) };
            (share(x, 5.0, 20.0) + 2.0 * tail + 4.0 * share(x, 0.0, 10.0)) / 7.0
        });
    }

    fn measured(points: &[(&str, u64)]) -> Result<Empirical, String> {
        let point = |(share, at): &(&str, u64)| (share.parse().expect("a share"), ms(*at));
        Empirical::new(points.iter().map(point).collect())
    }

    #[test]
    fn empirical_tables_are_joined_by_straight_lines() {
        let points = [("0%", 1), ("50%", 2), ("99%", 10), ("100%", 50)];
        let latency = Latency::Empirical(measured(&points).expect("a table"));
        fits(&latency, |x| match x {
            ..2.0 => (x - 1.0) * 0.5,
            ..10.0 => 0.5 + (x - 2.0) / 8.0 * 0.49,
            _ => 0.99 + (x - 10.0) / 40.0 * 0.01,
        });
        assert_eq!(latency.sample(0), ms(1));
        assert_eq!(latency.sample(1 << 63), ms(2));
        assert_eq!(latency.sample(u64::MAX), ms(50));
    }

    #[test]
    fn tables_that_are_no_distribution_are_refused() {
        for points in [
            &[("0%", 1)][..],
            &[("10%", 1), ("100%", 2)],
            &[("0%", 1), ("90%", 2)],
            &[("0%", 1), ("50%", 3), ("50%", 4), ("100%", 5)],
            &[("0%", 1), ("50%", 3), ("100%", 2)],
        ] {
            assert!(measured(points).is_err(), "{points:?} was taken");
        }
        assert!(Mixture::new(Vec::new()).is_err());
        assert!(Mixture::new(vec![Part { weight: 0, latency: uniform(1, 2) }]).is_err());
    }

    #[test]
    fn what_lies_beyond_a_cut_is_moved_to_it_and_the_rest_stays() {
        let whole = Latency::Normal { mean: ms(100), deviation: ms(10) };
        let cut = whole.clone().cut(ms(90), Some(ms(120)));
        let mut draw = Streams::new(4).key(Stream::Weather).member(0);
        let (mut low, mut high) = (0, 0);
        for _ in 0..100_000 {
            let bits = draw.next_u64();
            let (was, is) = (whole.sample(bits), cut.sample(bits));
            low += u32::from(is == ms(90));
            high += u32::from(is == ms(120));
            assert_eq!(is, was.max(ms(90)).min(ms(120)));
        }
        // One standard deviation below, and two above.
        assert!((15_300..16_430).contains(&low), "{low} at the lower end");
        assert!((2_040..2_510).contains(&high), "{high} at the upper end");
        assert!(whole.clone().cut(ms(90), None).sample(u64::MAX) > ms(120));
    }

    #[test]
    fn the_tabled_exponential_is_the_logarithm_and_rises() {
        let mut draw = Streams::new(2).key(Stream::Weather).member(0);
        for _ in 0..100_000 {
            let bits = draw.next_u64();
            let exact = -libm::log(1.0 - unit(bits));
            assert!((exponential_quantile(bits) - exact).abs() < 4e-5, "{bits:x}");
            let above = exponential_quantile(bits.saturating_add(1 << 40));
            assert!(above >= exponential_quantile(bits), "{bits:x}");
        }
    }

    #[test]
    fn the_normal_quantile_inverts_the_distribution_function() {
        for step in 1..10_000 {
            let p = f64::from(step) / 10_000.0;
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 2e-9, "at {p}");
        }
        assert!((normal_quantile(0.99) - NORMAL_P99).abs() < 1e-8);
    }

    #[test]
    fn extreme_bits_give_finite_delays() {
        for latency in [
            Latency::Exponential { mean: ms(1), min: ms(0) },
            Latency::Normal { mean: ms(1), deviation: ms(5) },
            Latency::log_normal(ms(1), ms(9)),
            Latency::Pareto { min: ms(1), shape: 1.5 },
            mixture(&[(1, uniform(1, 2)), (u32::MAX, uniform(5, 6))]),
            Latency::Empirical(measured(&[("0%", 0), ("100%", 1)]).expect("a table")),
        ] {
            assert!(latency.sample(0) <= latency.sample(u64::MAX), "{latency}");
            assert!(latency.sample(u64::MAX).as_nanos() < u64::MAX, "{latency}");
        }
    }
}
