//! The workload's pace: who asks when, and how long a client waits.
//!
//! What is asked belongs to the problem; this is only the pace. With a `rate` the loop is open:
//! requests come when they are due, whether or not earlier ones were answered, and latency counts
//! from the intended start. Without one the loop is closed: a client asks again when it was
//! answered and has thought.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::notation::decimal;
use crate::time::Duration;

/// Requests per second, in thousandths: from 0.001/s to 10⁹/s, written as `200/s`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    thousandths_per_second: u64,
}

impl Rate {
    /// So many requests per second, from 1 to 10⁹.
    pub const fn per_second(count: u64) -> Self {
        Self { thousandths_per_second: count * 1_000 }
    }

    /// The mean time between two requests of one of `clients` that share the rate, rounded down to
    /// nanoseconds.
    pub fn interval(self, clients: u32) -> Duration {
        let nanos = 1_000_000_000_000 * u128::from(clients);
        let interval = nanos / u128::from(self.thousandths_per_second.max(1));
        Duration::from_nanos(u64::try_from(interval).unwrap_or(u64::MAX))
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_suffix("/s")
            .and_then(|number| decimal(number.trim(), 1_000))
            .filter(|thousandths| (1..=1_000_000_000_000).contains(thousandths))
            .map(|thousandths_per_second| Self { thousandths_per_second })
            .ok_or_else(|| format!("`{text}` is not a rate: write a number per second, such as \"200/s\" (0.001/s to 10^9/s)"))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.thousandths_per_second / 1_000, self.thousandths_per_second % 1_000) {
            (whole, 0) => write!(f, "{whole}/s"),
            (whole, part) => write!(f, "{}/s", format!("{whole}.{part:03}").trim_end_matches('0')),
        }
    }
}

crate::text_notation!(
    Rate,
    "a rate, such as \"200/s\"",
    "So many a second.",
    r"^[0-9]+(\.[0-9]+)? */s$",
    &["200/s", "0.5/s"]
);

/// How the arrivals of an open loop are spaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Evenly, the clients taking turns.
    Even,
    /// As a Poisson process.
    Poisson,
}

/// What a client does with an operation that was not answered in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// It waits on.
    Never,
    /// It asks the same node again.
    Same,
    /// It asks the next node, or the one that it was pointed to.
    Next,
}

macro_rules! pace {
    ($($(#[$doc:meta])* $key:ident: $type:ty,)*) => {
        /// The pace of the clients.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
        pub struct Workload {
            $($(#[$doc])* pub $key: $type,)*
        }

        /// The keys of `[workload]` that set the pace; each one overrides the problem's default.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Pace {
            $($key: Option<$type>,)*
        }

        impl Pace {
            /// The names of the keys.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($key)),*];

            /// The workload with these keys overridden.
            pub fn over(self, base: Workload) -> Workload {
                Workload { $($key: self.$key.unwrap_or(base.$key)),* }
            }
        }
    };
}

pace! {
    /// How many clients there are, from 1 to a million; client `c` sits at node `c mod n`.
    clients: u32,
    /// Requests per second of all clients together; without it the loop is closed.
    rate: Option<Rate>,
    /// How the requests of an open loop are spaced.
    arrivals: Arrivals,
    /// The pause of a closed loop between an answer and the next request.
    think: Duration,
    /// When the first request is made.
    start: Duration,
    /// When the last request may be made; without it at the end of the run.
    until: Option<Duration>,
    /// How many requests are made by all clients together; without it there is no limit.
    requests: Option<u32>,
    /// How long a client waits before it retries, above 0; in the timeline of availability a later
    /// answer counts as none.
    timeout: Duration,
    /// Where it retries.
    retry: Retry,
}

impl Workload {
    /// Each of so many clients asks once, at the start, and asks its node again every second until
    /// it is answered.
    pub const fn once(clients: u32) -> Self {
        Self {
            clients,
            rate: None,
            arrivals: Arrivals::Even,
            think: Duration::ZERO,
            start: Duration::ZERO,
            until: None,
            requests: Some(clients),
            timeout: Duration::from_secs(1),
            retry: Retry::Same,
        }
    }

    /// Requests come at random at this rate, from the start to the end of the run; who is not
    /// answered asks its node again every second.
    pub const fn open(clients: u32, rate: Rate) -> Self {
        Self {
            rate: Some(rate),
            arrivals: Arrivals::Poisson,
            requests: None,
            ..Self::once(clients)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_load_asks_at_random_and_without_end() {
        let load = Workload::open(5, Rate::per_second(10));
        assert_eq!((load.arrivals, load.requests), (Arrivals::Poisson, None));
        assert_eq!((load.clients, load.rate), (5, Some(Rate::per_second(10))));
    }

    #[test]
    fn rates_are_read_exactly_and_written_back() {
        for text in ["200/s", "0.5/s", "1000000/s"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("200/s".parse::<Rate>().unwrap().interval(4), Duration::from_millis(20));
        for text in ["200", "0/s", "-1/s", "1e3/s", "/s", "5/m"] {
            assert!(text.parse::<Rate>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn a_key_that_is_given_overrides_the_default_and_leaves_the_others_alone() {
        use crate::settings::{Field, Origin, Settings, Value};

        let entry = |key: &str, value| {
            let settings = Settings { value, origin: Origin(1) };
            (key.to_owned(), Field { key: Origin(1), settings })
        };
        let rate = entry("rate", Value::Text("200/s".to_owned()));
        let table = [rate, entry("requests", Value::Integer(7))].into();
        let keys = Settings { value: Value::Table(table), origin: Origin(1) };
        let (base, rate) = (Workload::once(3), Some(Rate::per_second(200)));
        let pace = |settings: &Settings| settings.read::<Pace>().expect("keys of the pace");
        let expected = Workload { rate, requests: Some(7), ..base.clone() };
        assert_eq!(pace(&keys).over(base.clone()), expected);
        assert_eq!(pace(&Settings::empty()).over(base.clone()), base);
    }
}
