//! How a latency is written and read: `5ms`, `30ms..40ms`, `{ dist = "lognormal", … }`.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, value::MapAccessDeserializer};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Empirical, Latency, LogNormal, Mixture, Part};
use crate::rng::Ratio;
use crate::schema;
use crate::time::{Duration, DurationRange};

/// The keys of a latency that is written as a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// The family of the distribution; it decides which of the other keys mean something.
    dist: Family,
    /// The mean; of a normal distribution before its tails are cut.
    mean: Option<Duration>,
    /// The least delay; where a family has none of its own, what lies below is moved to it.
    min: Option<Duration>,
    /// The longest delay, not below `min`; where a family has none of its own, what lies beyond is
    /// moved to it.
    max: Option<Duration>,
    /// The standard deviation of a normal distribution, before its tails are cut.
    sd: Option<Duration>,
    /// The median of a log-normal distribution, above 0.
    p50: Option<Duration>,
    /// The 99th percentile of a log-normal distribution, not below the median.
    p99: Option<Duration>,
    /// The shape of a Pareto distribution, above 0: P(delay > x) = (min/x)^shape.
    shape: Option<f64>,
    /// The parts of a mixture, at least one, from fast to slow.
    parts: Option<Vec<Part>>,
    /// Quantiles of an empirical distribution: probability and delay, from 0 % to 100 %.
    /// Probabilities rise and delays do not fall; between two points lies a straight line.
    points: Option<Vec<(Ratio, Duration)>>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Family {
    /// Always `mean`.
    Constant,
    /// Uniform from `min` to `max`, both included.
    Uniform,
    /// `min` (0 unless it is given) and an exponential part on top; `mean` is the mean of the
    /// whole.
    Exponential,
    /// Normal, by `mean` and `sd`, cut off below 0.
    Normal,
    /// Log-normal, by `p50` and `p99`.
    LogNormal,
    /// Pareto, by `min` and `shape`.
    Pareto,
    /// One of several `parts`, each as often as its weight says.
    Mixture,
    /// Measured: straight lines between `points` of the quantile function.
    Empirical,
}

impl Family {
    /// The keys that mean something to it.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Constant => &["mean"],
            Self::Uniform => &["min", "max"],
            Self::Exponential => &["mean", "min", "max"],
            Self::Normal => &["mean", "sd", "min", "max"],
            Self::LogNormal => &["p50", "p99", "min", "max"],
            Self::Pareto => &["min", "shape", "max"],
            Self::Mixture => &["parts", "min", "max"],
            Self::Empirical => &["points", "min", "max"],
        }
    }
}

impl Keys {
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("mean", self.mean.is_some()),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("sd", self.sd.is_some()),
            ("p50", self.p50.is_some()),
            ("p99", self.p99.is_some()),
            ("shape", self.shape.is_some()),
            ("parts", self.parts.is_some()),
            ("points", self.points.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

fn need<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("this distribution needs `{key}`"))
}

impl TryFrom<Keys> for Latency {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let known = keys.dist.keys();
        if let Some(stray) = keys.given().find(|name| !known.contains(name)) {
            let known = known.join(", ");
            return Err(format!("`{stray}` means nothing here; this distribution takes {known}"));
        }
        let Keys { dist, mean, min, max, sd, p50, p99, shape, parts, points } = keys;
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            return Err(format!("min {min} is above max {max}"));
        }
        // What a family does not take as its own cuts its tails.
        let (whole, min, max) = match dist {
            Family::Constant => (Self::Constant(need("mean", mean)?), None, None),
            Family::Uniform => {
                let range = DurationRange { min: need("min", min)?, max: need("max", max)? };
                (Self::Uniform(range), None, None)
            }
            Family::Exponential => {
                let (mean, min) = (need("mean", mean)?, min.unwrap_or(Duration::ZERO));
                if min > mean {
                    return Err(format!("min {min} is above the mean {mean}"));
                }
                (Self::Exponential { mean, min }, None, max)
            }
            Family::Normal => {
                let (mean, deviation) = (need("mean", mean)?, need("sd", sd)?);
                (Self::Normal { mean, deviation }, min, max)
            }
            Family::LogNormal => {
                let (p50, p99) = (need("p50", p50)?, need("p99", p99)?);
                if p50 > p99 || p50.is_zero() {
                    return Err(format!("p50 {p50} must lie above 0 and not above p99 {p99}"));
                }
                (Self::log_normal(p50, p99), min, max)
            }
            Family::Pareto => {
                let shape = need("shape", shape)?;
                if !(shape > 0.0 && shape.is_finite()) {
                    return Err(format!("shape {shape} must be above 0"));
                }
                (Self::Pareto { min: need("min", min)?, shape }, None, max)
            }
            Family::Mixture => (Self::Mixture(Mixture::new(need("parts", parts)?)?), min, max),
            Family::Empirical => {
                (Self::Empirical(Empirical::new(need("points", points)?)?), min, max)
            }
        };
        Ok(match (min, max) {
            (None, None) => whole,
            (min, max) => whole.cut(min.unwrap_or(Duration::ZERO), max),
        })
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

crate::notation!(Latency, |generator| {
    let range = generator.subschema_for::<DurationRange>();
    let table = generator.subschema_for::<Keys>();
    schema::either("A delay: fixed, uniform between two, or by a distribution.", &[range, table])
});

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(delay) => write!(f, "{delay}"),
            Self::Uniform(range) => write!(f, "{range}"),
            Self::Exponential { mean, min } => write!(f, "exponential, mean {mean}, min {min}"),
            Self::Normal { mean, deviation } => write!(f, "normal, mean {mean}, sd {deviation}"),
            Self::LogNormal(LogNormal { p50, p99, .. }) => {
                write!(f, "lognormal, p50 {p50}, p99 {p99}")
            }
            Self::Pareto { min, shape } => write!(f, "pareto, min {min}, shape {shape}"),
            Self::Mixture(mixture) => {
                let parts = mixture.parts().iter();
                let parts: Vec<_> =
                    parts.map(|part| format!("{} of ({})", part.weight, part.latency)).collect();
                write!(f, "mixture of {}", parts.join(", "))
            }
            Self::Empirical(empirical) => {
                let points = empirical.points().iter();
                let points: Vec<_> = points.map(|(share, at)| format!("{share} {at}")).collect();
                write!(f, "empirical, {}", points.join(", "))
            }
            Self::Cut { of, min, max } => {
                write!(f, "{of}, at least {min}")?;
                max.map_or(Ok(()), |max| write!(f, ", at most {max}"))
            }
        }
    }
}

impl Latency {
    /// Writes the keys of a latency that is written as a table.
    fn entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let mut spans = |dist: &str, pairs: [(&str, Duration); 2]| {
            map.serialize_entry("dist", dist)?;
            pairs.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
        };
        match self {
            Self::Constant(mean) => {
                map.serialize_entry("dist", "constant")?;
                map.serialize_entry("mean", mean)
            }
            Self::Uniform(range) => spans("uniform", [("min", range.min), ("max", range.max)]),
            Self::Exponential { mean, min } => {
                spans("exponential", [("mean", *mean), ("min", *min)])
            }
            Self::Normal { mean, deviation } => {
                spans("normal", [("mean", *mean), ("sd", *deviation)])
            }
            Self::LogNormal(LogNormal { p50, p99, .. }) => {
                spans("lognormal", [("p50", *p50), ("p99", *p99)])
            }
            Self::Pareto { min, shape } => {
                map.serialize_entry("dist", "pareto")?;
                map.serialize_entry("min", min)?;
                map.serialize_entry("shape", shape)
            }
            Self::Mixture(mixture) => {
                map.serialize_entry("dist", "mixture")?;
                map.serialize_entry("parts", mixture.parts())
            }
            Self::Empirical(empirical) => {
                map.serialize_entry("dist", "empirical")?;
                map.serialize_entry("points", empirical.points())
            }
            Self::Cut { of, min, max } => {
                of.entries(map)?;
                if !min.is_zero() {
                    map.serialize_entry("min", min)?;
                }
                max.map_or(Ok(()), |max| map.serialize_entry("max", &max))
            }
        }
    }
}

impl Serialize for Latency {
    /// Writes what [`Deserialize`] reads back.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(delay) => delay.serialize(serializer),
            Self::Uniform(range) => range.serialize(serializer),
            _ => {
                let mut map = serializer.serialize_map(None)?;
                self.entries(&mut map)?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_written_as_it_is_read() {
        for text in [
            r#""5ms""#,
            r#""30ms..40ms""#,
            r#"{"dist":"exponential","mean":"2ms","min":"1ms"}"#,
            r#"{"dist":"normal","mean":"9ms","sd":"2ms","min":"1ms","max":"20ms"}"#,
            r#"{"dist":"normal","mean":"9ms","sd":"2ms","max":"20ms"}"#,
            r#"{"dist":"lognormal","p50":"2ms","p99":"12ms"}"#,
            r#"{"dist":"pareto","min":"1ms","shape":1.5}"#,
        ] {
            let latency: Latency = serde_json::from_str(text).expect(text);
            assert_eq!(serde_json::to_string(&latency).expect(text), text);
        }
    }
}
