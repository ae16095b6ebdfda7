//! Weather as data: everything that can happen to a message on its way.
//!
//! There is one vocabulary for it. A scenario's `[network]` says what weather there always is; a
//! strike of the schedule brings more for a while. A cut is no weather: it parts nodes, whatever
//! they say.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::latency::Latency;
use crate::rng::Ratio;
use crate::time::Duration;

/// What happens to messages on their way, looked at when they are sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Weather {
    /// A message is lost.
    Loss {
        /// The probability, drawn for each message.
        probability: Ratio,
    },
    /// Good and bad periods alternate on each link, and in a bad one everything is lost (after
    /// Gilbert 1960). Good periods are exponential.
    BurstLoss {
        /// The share of the time that is bad, above 0 and below 100 %.
        share: Ratio,
        /// The mean length of a bad period, above 0.
        mean: Duration,
    },
    /// A message takes longer.
    Delay {
        /// By how much, drawn for each message.
        add: Latency,
    },
    /// A message takes so many times as long.
    SlowDown {
        /// How many times as long; finite, at least 0.
        factor: f64,
    },
    /// The network makes copies of a message, each with a delay of its own.
    Duplicate {
        /// The probability that a message is copied.
        probability: Ratio,
        /// How many copies beside the original, at least 1.
        #[serde(default = "one")]
        copies: u32,
    },
    /// A message is held back, so that later ones overtake it.
    Reorder {
        /// The probability that a message is held back.
        probability: Ratio,
        /// By how much at most, above 0; how much is drawn, uniformly from 1 ns on.
        by: Duration,
    },
    /// A message is damaged: `checksums` decides whether the receiver notices.
    Corrupt {
        /// The probability that a message is damaged.
        probability: Ratio,
    },
    /// A link carries so much and no more; what comes too fast lines up.
    Bandwidth {
        /// Bytes per second in each direction of each link, at least 1.
        bytes_per_second: u64,
        /// How many bytes may wait, that of the message under way included. An idle link takes any
        /// message; a busy one drops what does not fit.
        queue: u64,
    },
    /// What is sent is held until the weather ends, and then let go all at once and in order.
    Clog,
}

/// The copies that duplication makes unless it says otherwise.
pub(crate) const fn one() -> u32 {
    1
}

impl Weather {
    /// What is wrong with it: the key, and what would be right.
    pub fn objection(&self) -> Option<(&'static str, String)> {
        match self {
            Self::BurstLoss { share, .. } if share.is_never() || share.threshold() == u64::MAX => {
                let reason = format!("{share} of the time leaves no second state");
                Some(("share", format!("{reason}: the share lies between 0 and 100 %")))
            }
            Self::BurstLoss { mean, .. } if mean.is_zero() => {
                Some(("mean", "a bad period lasts longer than 0".into()))
            }
            Self::SlowDown { factor } if !(factor.is_finite() && *factor >= 0.0) => {
                Some(("factor", format!("{factor} is no factor: write a number from 0")))
            }
            Self::Duplicate { copies: 0, .. } => {
                Some(("copies", "no copy at all is a probability of 0 %".into()))
            }
            Self::Reorder { by, .. } if by.is_zero() => {
                Some(("by", "a message is held back by more than 0".into()))
            }
            Self::Bandwidth { bytes_per_second: 0, .. } => {
                Some(("bytes_per_second", "a link that carries nothing is a cut".into()))
            }
            _ => None,
        }
    }

    /// The place of its sort in one fixed order, which is the order in which weathers act: into the
    /// queue of the link, lost on the way, damaged, late, doubled, held.
    pub(crate) const fn sort(&self) -> u64 {
        match self {
            Self::Bandwidth { .. } => 0,
            Self::Loss { .. } => 1,
            Self::BurstLoss { .. } => 2,
            Self::Corrupt { .. } => 3,
            Self::SlowDown { .. } => 4,
            Self::Delay { .. } => 5,
            Self::Reorder { .. } => 6,
            Self::Duplicate { .. } => 7,
            Self::Clog => 8,
        }
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss { probability } => write!(f, "loss {probability}"),
            Self::BurstLoss { share, mean } => write!(f, "burst-loss {share}, mean {mean}"),
            Self::Delay { add } => write!(f, "delay {add}"),
            Self::SlowDown { factor } => write!(f, "slow-down ×{factor}"),
            Self::Duplicate { probability, copies } => {
                write!(f, "duplicate {probability}, copies {copies}")
            }
            Self::Reorder { probability, by } => write!(f, "reorder {probability}, by {by}"),
            Self::Corrupt { probability } => write!(f, "corrupt {probability}"),
            Self::Bandwidth { bytes_per_second, queue } => {
                write!(f, "bandwidth {bytes_per_second} bytes/s, queue {queue} bytes")
            }
            Self::Clog => f.write_str("clog"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Field, Origin, Settings, Value};

    fn table(entries: &[(&str, Value)]) -> Settings {
        let field = |value: &Value| Field {
            key: Origin(1),
            settings: Settings { value: value.clone(), origin: Origin(2) },
        };
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), field(value)));
        Settings { value: Value::Table(entries.collect()), origin: Origin(0) }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_weather_reads_from_the_keys_of_its_kind_and_from_no_others() {
        let mut keys =
            vec![("kind", text("burst-loss")), ("share", text("2%")), ("mean", text("200ms"))];
        let burst =
            Weather::BurstLoss { share: Ratio::new(2, 100), mean: Duration::from_millis(200) };
        let read: Weather = table(&keys).read().unwrap();
        assert_eq!(read.to_string(), burst.to_string());
        keys.push(("by", text("1ms")));
        assert!(table(&keys).read::<Weather>().is_err(), "a key of another kind was read");
        let duplicate = [("kind", text("duplicate")), ("probability", text("5%"))];
        let read: Weather = table(&duplicate).read().unwrap();
        assert!(matches!(read, Weather::Duplicate { copies: 1, .. }), "{read}");
        let slow = [("kind", text("slow-down")), ("factor", Value::Integer(10))];
        assert_eq!(table(&slow).read(), Ok(Weather::SlowDown { factor: 10.0 }));
        assert_eq!(table(&[("kind", text("clog"))]).read(), Ok(Weather::Clog));
    }

    #[test]
    fn weather_that_cannot_be_is_objected_to_by_key() {
        let (always, mean) = (Ratio::new(1, 1), Duration::from_millis(1));
        for (weather, key) in [
            (Weather::BurstLoss { share: Ratio::NEVER, mean }, "share"),
            (Weather::BurstLoss { share: always, mean }, "share"),
            (Weather::BurstLoss { share: Ratio::new(1, 2), mean: Duration::ZERO }, "mean"),
            (Weather::SlowDown { factor: f64::NAN }, "factor"),
            (Weather::SlowDown { factor: -1.0 }, "factor"),
            (Weather::Duplicate { probability: always, copies: 0 }, "copies"),
            (Weather::Reorder { probability: always, by: Duration::ZERO }, "by"),
            (Weather::Bandwidth { bytes_per_second: 0, queue: 1 }, "bytes_per_second"),
        ] {
            assert_eq!(weather.objection().map(|(key, _)| key), Some(key), "{weather}");
        }
        assert_eq!(Weather::BurstLoss { share: Ratio::new(1, 2), mean }.objection(), None);
        assert_eq!(Weather::Loss { probability: always }.objection(), None);
    }
}
