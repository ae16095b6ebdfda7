//! How long a thing takes: distributions of delay, as pure functions of 64 uniform bits.
//!
//! Each sample is an inverse distribution function of one draw, so that a delay is a function of
//! its place in the field of randomness and of nothing else. Logarithms and exponentials come from
//! `libm`: the platform's differ in the last digit from machine to machine.

use std::fmt;
use std::sync::LazyLock;

use serde::de::{self, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rng::{scale, unit};
use crate::time::{Duration, DurationRange};

/// A distribution of delays.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// Uniform, both ends included.
    Uniform(DurationRange),
    /// `min` plus an exponential part, so that the mean is `mean`.
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
    /// Log-normal through two quantiles.
    LogNormal {
        /// The median.
        p50: Duration,
        /// The 99th percentile; at least the median.
        p99: Duration,
    },
    /// Pareto: P(delay > x) = (min/x)^shape.
    Pareto {
        /// The least delay.
        min: Duration,
        /// The shape, above 0; the mean is finite above 1.
        shape: f64,
    },
}

/// The 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

impl Latency {
    /// No delay.
    pub const ZERO: Self = Self::Constant(Duration::ZERO);

    /// The delay for these 64 uniform bits; larger bits give longer delays.
    #[inline]
    pub fn sample(&self, bits: u64) -> Duration {
        match *self {
            Self::Constant(delay) => delay,
            Self::Uniform(range) => {
                let width = (range.max - range.min).as_nanos().saturating_add(1);
                range.min + Duration::from_nanos(scale(bits, width))
            }
            Self::Exponential { mean, min } => {
                let tail = exponential_quantile(bits);
                min + Duration::from_nanos_f64((mean - min).as_nanos() as f64 * tail)
            }
            Self::Normal { mean, deviation } => Duration::from_nanos_f64(
                mean.as_nanos() as f64 + deviation.as_nanos() as f64 * normal_quantile(unit(bits)),
            ),
            Self::LogNormal { p50, p99 } => {
                let median = p50.as_nanos() as f64;
                let sigma = libm::log(p99.as_nanos() as f64 / median) / NORMAL_P99;
                Duration::from_nanos_f64(median * libm::exp(sigma * normal_quantile(unit(bits))))
            }
            Self::Pareto { min, shape } => Duration::from_nanos_f64(
                min.as_nanos() as f64 * libm::pow(1.0 - unit(bits), -1.0 / shape),
            ),
        }
    }

    /// Whether it never delays.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

/// Steps of the table of the exponential distribution, a power of two.
const STEPS: usize = 1 << 12;
/// From this step on the curve is too steep for chords: the logarithm itself is taken.
const STEEP: usize = STEPS - STEPS / 16;

/// The quantile function of the standard exponential distribution at the ends of equal steps.
static EXPONENTIAL: LazyLock<Vec<f64>> =
    LazyLock::new(|| (0..=STEEP).map(|step| -libm::log1p(-(step as f64) / STEPS as f64)).collect());

/// The quantile function of the standard exponential distribution for 64 uniform bits, rising.
///
/// Chords between tabled points, a fifth of the price of a logarithm: on a step of width h at
/// tail 1 − p a chord is off by at most (h / (1 − p))² / 8, which is below 3.1e-5 where chords are
/// used and of the order of 1e-8 in the middle. The steep end takes the logarithm.
#[inline]
fn exponential_quantile(bits: u64) -> f64 {
    let step = (bits >> (64 - STEPS.trailing_zeros())) as usize;
    if step >= STEEP {
        // 1 − u is as uniform as u, and keeps larger bits on longer delays.
        return -libm::log(1.0 - unit(bits));
    }
    let table = &EXPONENTIAL[step..step + 2];
    table[0] + (table[1] - table[0]) * unit(bits << STEPS.trailing_zeros())
}

/// The quantile function of the standard normal distribution, for 0 < p < 1.
///
/// Acklam's rational approximation (2003); the relative error stays below 1.15e-9.
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const LOW: f64 = 0.024_25;
    let polynomial = |coefficients: &[f64], x: f64| {
        coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
    };
    let tail = |p: f64| {
        let q = (-2.0 * libm::log(p)).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    if p < LOW {
        tail(p)
    } else if p > 1.0 - LOW {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        polynomial(&A, q * q) * q / polynomial(&B, q * q)
    }
}

/// The keys of a latency that is written as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    dist: Family,
    mean: Option<Duration>,
    min: Option<Duration>,
    max: Option<Duration>,
    sd: Option<Duration>,
    p50: Option<Duration>,
    p99: Option<Duration>,
    shape: Option<f64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Family {
    Constant,
    Uniform,
    Exponential,
    Normal,
    LogNormal,
    Pareto,
}

impl TryFrom<Keys> for Latency {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let Keys { dist, mean, min, max, sd, p50, p99, shape } = keys;
        let need = |key: &str, value: Option<Duration>| {
            value.ok_or_else(|| format!("this distribution needs `{key}`"))
        };
        let given = [mean.is_some(), min.is_some(), max.is_some(), sd.is_some(), p50.is_some()];
        let given = [given.as_slice(), &[p99.is_some(), shape.is_some()]].concat();
        const NAMES: [&str; 7] = ["mean", "min", "max", "sd", "p50", "p99", "shape"];
        let (latency, used): (Self, &[&str]) = match dist {
            Family::Constant => (Self::Constant(need("mean", mean)?), &["mean"]),
            Family::Uniform => {
                let range = DurationRange { min: need("min", min)?, max: need("max", max)? };
                if range.min > range.max {
                    return Err(format!("min {} is above max {}", range.min, range.max));
                }
                (Self::Uniform(range), &["min", "max"])
            }
            Family::Exponential => {
                let (mean, min) = (need("mean", mean)?, min.unwrap_or(Duration::ZERO));
                if min > mean {
                    return Err(format!("min {min} is above the mean {mean}"));
                }
                (Self::Exponential { mean, min }, &["mean", "min"])
            }
            Family::Normal => {
                let (mean, deviation) = (need("mean", mean)?, need("sd", sd)?);
                (Self::Normal { mean, deviation }, &["mean", "sd"])
            }
            Family::LogNormal => {
                let (p50, p99) = (need("p50", p50)?, need("p99", p99)?);
                if p50 > p99 || p50.is_zero() {
                    return Err(format!("p50 {p50} must lie above 0 and not above p99 {p99}"));
                }
                (Self::LogNormal { p50, p99 }, &["p50", "p99"])
            }
            Family::Pareto => {
                let shape = shape.ok_or("this distribution needs `shape`")?;
                if !(shape > 0.0 && shape.is_finite()) {
                    return Err(format!("shape {shape} must be above 0"));
                }
                (Self::Pareto { min: need("min", min)?, shape }, &["min", "shape"])
            }
        };
        let stray = NAMES.iter().zip(given).find(|(name, given)| *given && !used.contains(name));
        match stray {
            Some((name, _)) => Err(format!(
                "`{name}` means nothing here; this distribution takes {}",
                used.join(", ")
            )),
            None => Ok(latency),
        }
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> de::Visitor<'de> for Written {
            type Value = Latency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a delay: \"5ms\", \"30ms..40ms\" or { dist = \"lognormal\", p50 = \"8ms\", p99 = \"40ms\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Latency, E> {
                let range: DurationRange = text.parse().map_err(E::custom)?;
                Ok(if range.min == range.max {
                    Latency::Constant(range.min)
                } else {
                    Latency::Uniform(range)
                })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Latency, A::Error> {
                let keys = Keys::deserialize(MapAccessDeserializer::new(map))?;
                keys.try_into().map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(delay) => write!(f, "{delay}"),
            Self::Uniform(range) => write!(f, "{range}"),
            Self::Exponential { mean, min } => write!(f, "exponential, mean {mean}, min {min}"),
            Self::Normal { mean, deviation } => write!(f, "normal, mean {mean}, sd {deviation}"),
            Self::LogNormal { p50, p99 } => write!(f, "lognormal, p50 {p50}, p99 {p99}"),
            Self::Pareto { min, shape } => write!(f, "pareto, min {min}, shape {shape}"),
        }
    }
}

impl Serialize for Latency {
    /// Writes what [`Deserialize`] reads back.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = match self {
            Self::Constant(delay) => return delay.serialize(serializer),
            Self::Uniform(range) => return range.serialize(serializer),
            _ => serializer.serialize_map(Some(3))?,
        };
        let mut spans = |dist: &str, pairs: [(&str, Duration); 2]| {
            map.serialize_entry("dist", dist)?;
            pairs.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
        };
        match *self {
            Self::Constant(_) | Self::Uniform(_) => {}
            Self::Exponential { mean, min } => {
                spans("exponential", [("mean", mean), ("min", min)])?;
            }
            Self::Normal { mean, deviation } => {
                spans("normal", [("mean", mean), ("sd", deviation)])?;
            }
            Self::LogNormal { p50, p99 } => spans("lognormal", [("p50", p50), ("p99", p99)])?,
            Self::Pareto { min, shape } => {
                map.serialize_entry("dist", "pareto")?;
                map.serialize_entry("min", &min)?;
                map.serialize_entry("shape", &shape)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Random as _, Stream, Streams};

    /// The largest distance between the empirical and the given distribution function stays below
    /// the Kolmogorov–Smirnov bound for 0.1 % at this sample size.
    fn fits(latency: Latency, cdf: impl Fn(f64) -> f64) {
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
        fits(Latency::Uniform(DurationRange::from_millis(30, 40)), |x| (x - 30.0) / 10.0);
        fits(Latency::Exponential { mean: ms(12), min: ms(2) }, |x| {
            1.0 - libm::exp(-(x - 2.0) / 10.0)
        });
        fits(Latency::Normal { mean: ms(100), deviation: ms(10) }, |x| {
            normal_cdf((x - 100.0) / 10.0)
        });
        fits(Latency::Pareto { min: ms(3), shape: 1.5 }, |x| 1.0 - libm::pow(3.0 / x, 1.5));
        let sigma = libm::log(5.0) / NORMAL_P99;
        fits(Latency::LogNormal { p50: ms(8), p99: ms(40) }, |x| {
            normal_cdf(libm::log(x / 8.0) / sigma)
        });
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
            Latency::LogNormal { p50: ms(1), p99: ms(9) },
            Latency::Pareto { min: ms(1), shape: 1.5 },
        ] {
            assert!(latency.sample(0) <= latency.sample(u64::MAX), "{latency}");
            assert!(latency.sample(u64::MAX).as_nanos() < u64::MAX, "{latency}");
        }
    }
}
