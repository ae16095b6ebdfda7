//! The keys of a `[[fault]]`: which there are, what each says, and what holds without it.

mod read;
mod write;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{CrashKeeps, FaultKind, FaultSpec, Shape};
use crate::adversary::Strategy;
use crate::landmark::LandmarkKind;
use crate::latency::Latency;
use crate::rng::Ratio;
use crate::target::Targets;
use crate::time::{Duration, DurationRange, Shift};
use crate::workload::Rate;

macro_rules! keys {
    ($($key:ident $(as $name:literal)?: $type:ty, $what:literal, $without:literal;)*) => {
        /// A fault: what goes wrong, to whom, when, and for how long.
        #[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            /// What goes wrong: it decides which of the other keys mean something.
            kind: FaultKind,
            $(
                #[doc = concat!($what, "; without it: ", $without)]
                #[serde(default, skip_serializing_if = "Option::is_none" $(, rename = $name)?)]
                $key: Option<$type>,
            )*
        }

        impl Keys {
            const fn of(kind: FaultKind) -> Self {
                Self { kind, $($key: None),* }
            }

            /// The names of the keys that were given.
            fn given(&self) -> impl Iterator<Item = &'static str> {
                let all = [$((keys!(@name $key $($name)?), self.$key.is_some())),*];
                all.into_iter().filter_map(|(key, given)| given.then_some(key))
            }
        }

        /// Every key of a `[[fault]]`: what it says, and what holds without it.
        pub const KEYS: &[(&str, &str, &str)] =
            &[$((keys!(@name $key $($name)?), $what, $without)),*];
    };
    (@name $key:ident) => { stringify!($key) };
    (@name $key:ident $name:literal) => { $name };
}

keys! {
    at: DurationRange,
        "when it first strikes: a time, or a range from which one is drawn", "or `on`";
    on: LandmarkKind, "strikes when this landmark is announced", "or `at`";
    nth: u32, "which announcement of the landmark, over all nodes", "1";
    after: Duration, "how long after the landmark", "0ms";
    every: DurationRange,
        "the pause until it strikes again; its least value is a floor", "strikes once";
    rate: Rate, "strikes again at random, so often in the mean, such as 0.5/s", "or `every`";
    until: Duration, "when it strikes for the last time", "half the horizon";
    lasts as "for": DurationRange, "how long it lasts; its least value is a floor", "until GST";
    permanent: bool, "outlasts GST", "false";
    chance: Ratio, "the probability that a run has this entry at all", "100%";
    restart_after: DurationRange, "when those who went down come back", "never, or at GST";
    target: Targets,
        "whom: a node (n0), leader, followers, random, 2 random, third, minority, half, majority, \
         all, or a region (zone eu); one or a list",
        "needed";
    each: Ratio, "the probability that a target is struck, drawn for each apart", "100%";
    groups: Vec<Targets>,
        "the sides of a partition; whoever is in none is one more", "or `target`, `shape`";
    shape: Shape, "who still talks to whom; see the shapes", "or `groups`, `target`";
    from: Targets, "whose messages", "everybody's";
    to: Targets, "messages to whom", "everybody";
    messages: Vec<String>, "the kinds of message", "all";
    probability: Ratio, "how often", "needed; 100% for a corrupt";
    share: Ratio, "the share of the time that is bad", "needed";
    mean: Duration, "the mean length of a bad period", "needed";
    add: Latency, "the delay on top, as any latency is written", "needed";
    factor: u32, "how many times as much or as long, at least 2", "needed";
    copies: u32, "copies beside the original", "1; 10 for a flood";
    by: Shift, "how far, or how late: a span, with a sign where it may go back", "needed";
    bytes_per_second: u64, "how many bytes a second each direction of a link carries", "needed";
    queue: u64, "how many bytes may wait for the link, that of the message under way included", "needed";
    keeps: CrashKeeps,
        "what is left of a sync under way: nothing, prefix, torn, everything", "`[disk]`";
    after_sends: u32, "goes down after so many messages more", "at once";
    records: u32, "how many records", "1; needed for a rollback";
    work: Duration, "the time that each input takes", "needed";
    up: DurationRange, "how long a node stays", "needed";
    down: DurationRange, "how long it is away", "needed";
    ppm: i32,
        "by how many parts per million clocks run faster, or slower if below 0: -900000 to 9000000",
        "needed";
    period: Duration, "how long there and back takes", "needed";
    clients: u32, "how many clients, drawn", "1";
    strategy: Strategy, "what the adversary does through the node", "`[adversary]`";
    against: Targets, "whom the strategy treats otherwise", "the nodes with odd numbers";
}

/// The keys that say when, which every kind has.
const WHEN: [&str; 9] =
    ["at", "on", "nth", "after", "every", "rate", "until", "permanent", "chance"];

crate::notation!(FaultSpec, |generator| Keys::json_schema(generator));

impl<'de> Deserialize<'de> for FaultSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Keys::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

impl Serialize for FaultSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Keys::from(self.clone()).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained_and_belongs_to_some_kind() {
        let explained: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
        let of_kinds = || FaultKind::ALL.iter().flat_map(|info| info.knobs);
        for key in of_kinds().chain(&WHEN) {
            assert!(explained.contains(key), "`{key}` is not explained");
        }
        for key in explained {
            assert!(WHEN.contains(&key) || of_kinds().any(|knob| *knob == key), "`{key}`");
        }
    }
}
