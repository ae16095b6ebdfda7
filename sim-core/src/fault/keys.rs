//! The keys of a `[[fault]]`: how an entry of the schedule is read and written.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    ClockTrouble, CrashKeeps, DiskTrouble, Fault, FaultKind, FaultSpec, Loss, Shape, When,
};
use crate::adversary::{Conduct, Strategy};
use crate::landmark::LandmarkKind;
use crate::latency::Latency;
use crate::rng::Ratio;
use crate::target::Targets;
use crate::time::{Duration, DurationRange, Shift};
use crate::weather::Weather;
use crate::workload::Rate;

macro_rules! keys {
    ($($key:ident $(as $name:literal)?: $type:ty),* $(,)?) => {
        /// Every key that some fault has.
        #[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            kind: FaultKind,
            $(
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
    };
    (@name $key:ident) => { stringify!($key) };
    (@name $key:ident $name:literal) => { $name };
}

keys! {
    at: DurationRange,
    on: LandmarkKind,
    nth: u32,
    after: Duration,
    every: DurationRange,
    rate: Rate,
    until: Duration,
    lasts as "for": DurationRange,
    restart_after: DurationRange,
    permanent: bool,
    chance: Ratio,
    each: Ratio,
    target: Targets,
    groups: Vec<Targets>,
    shape: Shape,
    from: Targets,
    to: Targets,
    keeps: CrashKeeps,
    after_sends: u32,
    records: u32,
    work: Duration,
    up: DurationRange,
    down: DurationRange,
    by: Shift,
    ppm: i32,
    period: Duration,
    factor: u32,
    probability: Ratio,
    clients: u32,
    share: Ratio,
    mean: Duration,
    add: Latency,
    bytes_per_second: u64,
    queue: u64,
    strategy: Strategy,
    messages: Vec<String>,
    against: Targets,
    copies: u32,
}

/// Every key of a `[[fault]]`: what it says, and what holds without it.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("at", "when it first strikes: a time, or a range from which one is drawn", "or `on`"),
    ("on", "strikes when this landmark is announced", "or `at`"),
    ("nth", "which announcement of the landmark, over all nodes", "1"),
    ("after", "how long after the landmark", "0ms"),
    ("every", "the pause until it strikes again; its least value is a floor", "strikes once"),
    ("rate", "strikes again at random, so often in the mean, such as 0.5/s", "or `every`"),
    ("until", "when it strikes for the last time", "half the horizon"),
    ("for", "how long it lasts; its least value is a floor", "until GST"),
    ("permanent", "outlasts GST", "false"),
    ("chance", "the probability that a run has this entry at all", "100%"),
    ("restart_after", "when those who went down come back", "never, or at GST"),
    (
        "target",
        "whom: a node (n0), leader, followers, random, 2 random, third, minority, half, majority, \
         all, or a region (zone eu); one or a list",
        "needed",
    ),
    ("each", "the probability that a target is struck, drawn for each apart", "100%"),
    ("groups", "the sides of a partition; whoever is in none is one more", "or `target`, `shape`"),
    ("shape", "who still talks to whom; see the shapes", "or `groups`, `target`"),
    ("from", "whose messages", "everybody's"),
    ("to", "messages to whom", "everybody"),
    ("messages", "the kinds of message", "all"),
    ("probability", "how often", "needed; 100% for a corrupt"),
    ("share", "the share of the time that is bad", "needed"),
    ("mean", "the mean length of a bad period", "needed"),
    ("add", "the delay on top, as any latency is written", "needed"),
    ("factor", "how many times as much or as long", "needed"),
    ("copies", "copies beside the original", "1; 10 for a flood"),
    ("by", "how far, or how late: a span, with a sign where it may go back", "needed"),
    ("bytes_per_second", "what each direction of a link carries", "needed"),
    ("queue", "the bytes that may wait for the link", "needed"),
    ("keeps", "what is left of a sync under way: nothing, prefix, torn, everything", "`[disk]`"),
    ("after_sends", "goes down after so many messages more", "at once"),
    ("records", "how many records", "1; needed for a rollback"),
    ("work", "the time that each input takes", "needed"),
    ("up", "how long a node stays", "needed"),
    ("down", "how long it is away", "needed"),
    ("ppm", "parts per million", "needed"),
    ("period", "how long there and back takes", "needed"),
    ("clients", "how many clients, drawn", "1"),
    ("strategy", "what the adversary does through the node", "`[adversary]`"),
    ("against", "whom the strategy treats otherwise", "the nodes with odd numbers"),
];

/// The keys that say when, which every kind has.
const WHEN: [&str; 9] =
    ["at", "on", "nth", "after", "every", "rate", "until", "permanent", "chance"];

impl Keys {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// A key that was given and means nothing as things stand.
    fn stray(&self) -> Option<&'static str> {
        let knobs = self.kind.info().knobs;
        let momentary = !self.kind.lasts() && !knobs.contains(&"restart_after");
        let stray = |key: &&str| match *key {
            "nth" | "after" => self.on.is_none(),
            "every" => self.on.is_some() || self.rate.is_some(),
            "rate" => self.on.is_some(),
            "permanent" => momentary,
            key => !knobs.contains(&key) && !WHEN.contains(&key),
        };
        self.given().find(stray)
    }

    fn need<T>(&self, key: &str, value: Option<T>, such: &str) -> Result<T, String> {
        value.ok_or_else(|| format!("a {} needs `{key}`, such as {key} = {such}", self.name()))
    }

    fn targets(&self, key: &str, targets: &Option<Targets>) -> Result<Targets, String> {
        let named = targets.clone().filter(|targets| !targets.0.is_empty());
        self.need(key, named, "\"leader\"")
    }

    fn target(&self) -> Result<Targets, String> {
        self.targets("target", &self.target)
    }

    /// A count that changes something.
    fn at_least(&self, key: &str, value: Option<u32>, least: u32) -> Result<u32, String> {
        let value = self.need(key, value, &least.to_string())?;
        match value >= least {
            true => Ok(value),
            false => Err(format!("`{key}` = {value}, and a {} needs {least} or more", self.name())),
        }
    }

    fn span(&self, key: &str, value: Option<Duration>) -> Result<Duration, String> {
        let value = self.need(key, value, "\"5ms\"")?;
        match value.is_zero() {
            true => Err(format!("`{key}` must be above 0")),
            false => Ok(value),
        }
    }

    /// A shift that goes one way only.
    fn ahead(&self) -> Result<Duration, String> {
        let by = self.need("by", self.by, "\"200ms\"")?;
        match by.back || by.by.is_zero() {
            true => Err(format!("a {} takes a span above 0 as `by`, not {by}", self.name())),
            false => Ok(by.by),
        }
    }

    fn partition(&self) -> Result<Fault, String> {
        match (&self.groups, &self.target, self.shape) {
            (None, first, Some(shape)) => Ok(Fault::Reshape { shape, first: first.clone() }),
            (Some(groups), None, None) if !groups.is_empty() => {
                Ok(Fault::Partition { groups: groups.clone() })
            }
            (None, Some(target), None) => Ok(Fault::Partition { groups: vec![target.clone()] }),
            _ => Err("a partition needs one of `groups`, `target` and `shape`".into()),
        }
    }

    fn weather(&self) -> Result<Fault, String> {
        let probability = || self.need("probability", self.probability, "\"10%\"");
        let weather = match self.kind {
            FaultKind::Loss => Weather::Loss { probability: probability()? },
            FaultKind::BurstLoss => Weather::BurstLoss {
                share: self.need("share", self.share, "\"10%\"")?,
                mean: self.span("mean", self.mean)?,
            },
            FaultKind::Delay => {
                Weather::Delay { add: self.need("add", self.add.clone(), "\"20ms..80ms\"")? }
            }
            FaultKind::SlowLink => {
                Weather::SlowDown { factor: self.at_least("factor", self.factor, 2)?.into() }
            }
            FaultKind::Duplicate => {
                let copies = self.at_least("copies", self.copies.or(Some(1)), 1)?;
                Weather::Duplicate { probability: probability()?, copies }
            }
            FaultKind::Reorder => {
                Weather::Reorder { probability: probability()?, by: self.ahead()? }
            }
            FaultKind::Garble => Weather::Corrupt { probability: probability()? },
            FaultKind::Bandwidth => Weather::Bandwidth {
                bytes_per_second: self.need("bytes_per_second", self.bytes_per_second, "1000")?,
                queue: self.need("queue", self.queue, "2000")?,
            },
            _ => Weather::Clog,
        };
        match weather.objection() {
            Some((key, reason)) => Err(format!("`{key}`: {reason}")),
            None => Ok(Fault::Weather {
                weather,
                from: self.from.clone(),
                to: self.to.clone(),
                messages: self.messages.clone().unwrap_or_default(),
            }),
        }
    }

    fn crash(&self, loss: Loss) -> Result<Fault, String> {
        let after_sends = match self.after_sends {
            Some(_) => Some(self.at_least("after_sends", self.after_sends, 1)?),
            None => None,
        };
        Ok(Fault::Crash { target: self.target()?, loss, keeps: self.keeps, after_sends })
    }

    fn clock(&self) -> Result<Fault, String> {
        let trouble = match self.kind {
            FaultKind::ClockStep => ClockTrouble::Step(self.need("by", self.by, "\"-3s\"")?),
            FaultKind::ClockJump => ClockTrouble::Jump(self.ahead()?),
            FaultKind::ClockDrift => {
                let ppm = self.need("ppm", self.ppm, "200000")?;
                if !(-900_000..=9_000_000).contains(&ppm) {
                    return Err(format!("`ppm` = {ppm}: between -900000 and 9000000 can be run"));
                }
                ClockTrouble::Drift(ppm)
            }
            kind => {
                let (by, period) = (self.ahead()?, self.span("period", self.period)?);
                match kind {
                    FaultKind::ClockStrobe => ClockTrouble::Strobe { by, period },
                    _ => ClockTrouble::Wave { by, period },
                }
            }
        };
        Ok(Fault::Clock { target: self.target()?, trouble })
    }

    fn disk(&self) -> Result<Fault, String> {
        let trouble = match self.kind {
            FaultKind::DiskStall => DiskTrouble::Stall,
            FaultKind::DiskSlow => DiskTrouble::Slow(self.at_least("factor", self.factor, 2)?),
            FaultKind::DiskFull => DiskTrouble::Full,
            FaultKind::DiskFail => DiskTrouble::Fail,
            FaultKind::DiskLie => DiskTrouble::Lie,
            _ => DiskTrouble::Corrupt(self.at_least("records", self.records.or(Some(1)), 1)?),
        };
        Ok(Fault::Disk { target: self.target()?, trouble })
    }

    fn corrupt(&self) -> Result<Fault, String> {
        let conduct = match self.strategy {
            Some(strategy) => Some(Conduct {
                messages: self.messages.clone().unwrap_or_default(),
                probability: self.probability.unwrap_or(Ratio::ALWAYS),
                against: self.against.clone(),
                by: self.by.map(|_| self.ahead()).transpose()?,
                copies: self.copies,
                ..Conduct::of(strategy)
            }),
            None => match self
                .given()
                .find(|key| ["messages", "probability", "against", "by", "copies"].contains(key))
            {
                Some(key) => {
                    return Err(format!(
                        "`{key}` needs a `strategy` here, or stands in [adversary]"
                    ));
                }
                None => None,
            },
        };
        Ok(Fault::Corrupt { target: self.target()?, conduct })
    }

    fn fault(&self) -> Result<Fault, String> {
        Ok(match self.kind {
            FaultKind::Partition => self.partition()?,
            FaultKind::OneWay => Fault::OneWay {
                from: self.targets("from", &self.from)?,
                to: self.targets("to", &self.to)?,
            },
            FaultKind::Heal => Fault::Heal,
            FaultKind::Loss
            | FaultKind::BurstLoss
            | FaultKind::Delay
            | FaultKind::SlowLink
            | FaultKind::Duplicate
            | FaultKind::Reorder
            | FaultKind::Garble
            | FaultKind::Bandwidth
            | FaultKind::Clog => self.weather()?,
            FaultKind::SwizzleClog => Fault::SwizzleClog { target: self.target()? },
            FaultKind::Crash => self.crash(Loss::Nothing)?,
            FaultKind::Wipe => self.crash(Loss::Everything)?,
            FaultKind::Rollback => {
                self.crash(Loss::Records(self.at_least("records", self.records, 1)?))?
            }
            FaultKind::Restart => Fault::Restart { target: self.target()? },
            FaultKind::Pause => Fault::Pause { target: self.target()? },
            FaultKind::SlowNode => {
                Fault::SlowNode { target: self.target()?, work: self.span("work", self.work)? }
            }
            FaultKind::Churn => Fault::Churn {
                target: self.target()?,
                up: self.need("up", self.up, "\"2s..9s\"")?,
                down: self.need("down", self.down, "\"100ms..1s\"")?,
            },
            FaultKind::ClockStep
            | FaultKind::ClockJump
            | FaultKind::ClockDrift
            | FaultKind::ClockStrobe
            | FaultKind::ClockWave => self.clock()?,
            FaultKind::DiskStall
            | FaultKind::DiskSlow
            | FaultKind::DiskFull
            | FaultKind::DiskFail
            | FaultKind::DiskLie
            | FaultKind::DiskCorrupt => self.disk()?,
            FaultKind::Corrupt => self.corrupt()?,
            FaultKind::Surge => Fault::Surge { factor: self.at_least("factor", self.factor, 2)? },
            FaultKind::RequestTwice => {
                let probability = self.need("probability", self.probability, "\"20%\"")?;
                Fault::RequestTwice { probability }
            }
            FaultKind::ClientCrash => {
                let clients = self.at_least("clients", self.clients.or(Some(1)), 1)?;
                Fault::ClientCrash { clients }
            }
        })
    }

    fn when(&self) -> Result<When, String> {
        match (self.at, self.on) {
            (Some(at), None) => Ok(When::At(at)),
            (None, Some(landmark)) => Ok(When::On {
                landmark,
                nth: self.nth.unwrap_or(1).max(1),
                after: self.after.unwrap_or(Duration::ZERO),
            }),
            _ => Err("a fault needs either `at` (a time) or `on` (a landmark)".into()),
        }
    }
}

impl Keys {
    /// Writes down what a weather is.
    fn tell(&mut self, weather: Weather) {
        match weather {
            Weather::Loss { probability } | Weather::Corrupt { probability } => {
                self.probability = Some(probability);
            }
            Weather::BurstLoss { share, mean } => {
                (self.share, self.mean) = (Some(share), Some(mean));
            }
            Weather::Delay { add } => self.add = Some(add),
            Weather::SlowDown { factor } => self.factor = Some(factor as u32),
            Weather::Duplicate { probability, copies } => {
                (self.probability, self.copies) = (Some(probability), Some(copies));
            }
            Weather::Reorder { probability, by } => {
                (self.probability, self.by) = (Some(probability), Some(Shift { back: false, by }));
            }
            Weather::Bandwidth { bytes_per_second, queue } => {
                (self.bytes_per_second, self.queue) = (Some(bytes_per_second), Some(queue));
            }
            Weather::Clog => {}
        }
    }
}

impl TryFrom<Keys> for FaultSpec {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        if let Some(key) = keys.stray() {
            return Err(format!("`{key}` means nothing for a {} as it stands here", keys.name()));
        }
        let (fault, when) = (keys.fault()?, keys.when()?);
        if keys.every.is_some_and(|every| every.min.is_zero()) {
            return Err("`every` must be above 0".into());
        }
        if let Fault::Churn { up, down, .. } = &fault
            && (up.min.is_zero() || down.min.is_zero())
        {
            return Err("`up` and `down` must be above 0".into());
        }
        if keys.kind == FaultKind::SwizzleClog && keys.lasts.is_none() {
            return Err("a swizzle-clog needs `for`, such as for = \"2s\"".into());
        }
        Ok(Self {
            every: keys.every,
            rate: keys.rate,
            until: keys.until,
            lasts: keys.lasts.or(keys.restart_after),
            permanent: keys.permanent.unwrap_or(false),
            chance: keys.chance.unwrap_or(Ratio::ALWAYS),
            each: keys.each.unwrap_or(Ratio::ALWAYS),
            ..Self::when(when, fault)
        })
    }
}

impl From<FaultSpec> for Keys {
    fn from(spec: FaultSpec) -> Self {
        let mut keys = Self::of(spec.fault.kind());
        match spec.when {
            When::At(at) => keys.at = Some(at),
            When::On { landmark, nth, after } => {
                (keys.on, keys.nth, keys.after) = (Some(landmark), Some(nth), Some(after));
            }
        }
        (keys.every, keys.rate, keys.until) = (spec.every, spec.rate, spec.until);
        keys.permanent = spec.permanent.then_some(true);
        keys.chance = (!spec.chance.is_always()).then_some(spec.chance);
        keys.each = (!spec.each.is_always()).then_some(spec.each);
        match keys.kind.lasts() {
            true => keys.lasts = spec.lasts,
            false => keys.restart_after = spec.lasts,
        }
        match spec.fault {
            Fault::Partition { groups } => keys.groups = Some(groups),
            Fault::Reshape { shape, first } => (keys.shape, keys.target) = (Some(shape), first),
            Fault::OneWay { from, to } => (keys.from, keys.to) = (Some(from), Some(to)),
            Fault::Heal => {}
            Fault::Weather { weather, from, to, messages } => {
                (keys.from, keys.to) = (from, to);
                keys.messages = (!messages.is_empty()).then_some(messages);
                keys.tell(weather);
            }
            Fault::SwizzleClog { target } => keys.target = Some(target),
            Fault::Crash { target, loss, keeps, after_sends } => {
                (keys.target, keys.keeps, keys.after_sends) = (Some(target), keeps, after_sends);
                if let Loss::Records(records) = loss {
                    keys.records = Some(records);
                }
            }
            Fault::Restart { target } | Fault::Pause { target } => keys.target = Some(target),
            Fault::SlowNode { target, work } => {
                (keys.target, keys.work) = (Some(target), Some(work));
            }
            Fault::Churn { target, up, down } => {
                (keys.target, keys.up, keys.down) = (Some(target), Some(up), Some(down));
            }
            Fault::Clock { target, trouble } => {
                keys.target = Some(target);
                let ahead = |by| Some(Shift { back: false, by });
                match trouble {
                    ClockTrouble::Step(by) => keys.by = Some(by),
                    ClockTrouble::Jump(by) => keys.by = ahead(by),
                    ClockTrouble::Drift(ppm) => keys.ppm = Some(ppm),
                    ClockTrouble::Strobe { by, period } | ClockTrouble::Wave { by, period } => {
                        (keys.by, keys.period) = (ahead(by), Some(period));
                    }
                }
            }
            Fault::Disk { target, trouble } => {
                keys.target = Some(target);
                match trouble {
                    DiskTrouble::Slow(factor) => keys.factor = Some(factor),
                    DiskTrouble::Corrupt(records) => keys.records = Some(records),
                    DiskTrouble::Stall
                    | DiskTrouble::Full
                    | DiskTrouble::Fail
                    | DiskTrouble::Lie => {}
                }
            }
            Fault::Corrupt { target, conduct } => {
                keys.target = Some(target);
                if let Some(conduct) = conduct {
                    keys.strategy = Some(conduct.strategy);
                    keys.messages = (!conduct.messages.is_empty()).then_some(conduct.messages);
                    let sometimes = !conduct.probability.is_always();
                    keys.probability = sometimes.then_some(conduct.probability);
                    keys.against = conduct.against;
                    keys.by = conduct.by.map(|by| Shift { back: false, by });
                    keys.copies = conduct.copies;
                }
            }
            Fault::Surge { factor } => keys.factor = Some(factor),
            Fault::RequestTwice { probability } => keys.probability = Some(probability),
            Fault::ClientCrash { clients } => keys.clients = Some(clients),
        }
        keys
    }
}

crate::notation!(FaultSpec, |generator| {
    let mut schema = Keys::json_schema(generator);
    let mut properties = schema.get_mut("properties").and_then(|keys| keys.as_object_mut());
    for (key, what, default) in KEYS {
        let property = properties.as_mut().and_then(|keys| keys.get_mut(*key)?.as_object_mut());
        if let Some(property) = property {
            let text = format!("{what}; without it: {default}");
            property.insert("description".to_owned(), text.into());
        }
    }
    schema
});

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
