//! Faults as data: what goes wrong, to whom, when, and for how long.
//!
//! Every fault is an entry of one schedule. Targets may be symbolic (`leader`, `minority`) and are
//! resolved when the fault strikes, from the landmarks that nodes have announced.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::id::NodeId;
use crate::landmark::LandmarkKind;
use crate::time::{Duration, DurationRange, text};

/// Whom a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// This node.
    Node(NodeId),
    /// The node that leads the highest term and is up; nobody if there is none.
    Leader,
    /// Everybody who is up and does not lead.
    Followers,
    /// So many nodes, drawn among those that are up.
    Random(u32),
    /// ⌈n/2⌉ − 1 nodes, drawn among those that are up.
    Minority,
    /// ⌊n/2⌋ + 1 nodes, drawn among those that are up.
    Majority,
    /// Everybody.
    All,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "leader" => Self::Leader,
            "followers" => Self::Followers,
            "random" => Self::Random(1),
            "minority" => Self::Minority,
            "majority" => Self::Majority,
            "all" => Self::All,
            _ => match text.strip_suffix(" random").map(str::parse) {
                Some(Ok(count)) => Self::Random(count),
                _ => Self::Node(text.parse().map_err(|_| {
                    format!(
                        "`{text}` is no target: write a node (\"n0\"), \"leader\", \"followers\", \
                         \"random\", \"2 random\", \"minority\", \"majority\" or \"all\""
                    )
                })?),
            },
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "{node}"),
            Self::Leader => f.write_str("leader"),
            Self::Followers => f.write_str("followers"),
            Self::Random(1) => f.write_str("random"),
            Self::Random(count) => write!(f, "{count} random"),
            Self::Minority => f.write_str("minority"),
            Self::Majority => f.write_str("majority"),
            Self::All => f.write_str("all"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a target, such as \"n0\" or \"leader\"")
    }
}

/// Several targets; one may be written without brackets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Targets(pub Vec<Target>);

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> de::Visitor<'de> for OneOrMore {
            type Value = Targets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a target, such as \"leader\", or a list of targets")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Targets, E> {
                text.parse().map(|target| Targets(vec![target])).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Targets, A::Error> {
                let mut targets = Vec::new();
                while let Some(target) = seq.next_element()? {
                    targets.push(target);
                }
                Ok(Targets(targets))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, target) in self.0.iter().enumerate() {
            write!(f, "{}{target}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The network falls into groups; whoever is named in none forms one more group.
    Partition {
        /// The groups.
        groups: Vec<Targets>,
    },
    /// What these say no longer reaches those; the way back stays open.
    OneWay {
        /// Who is no longer heard.
        from: Targets,
        /// Who no longer hears.
        to: Targets,
    },
    /// All cuts end.
    Heal,
    /// Nodes go down: memory and waiting output are lost, the disk stays.
    Crash {
        /// Who goes down.
        target: Targets,
    },
    /// Nodes that are down come up.
    Restart {
        /// Who comes up.
        target: Targets,
    },
    /// The adversary takes nodes over, for good.
    Corrupt {
        /// Whom it takes.
        target: Targets,
    },
}

/// The name of a fault without its particulars.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// See [`Fault::Partition`].
    Partition,
    /// See [`Fault::OneWay`].
    OneWay,
    /// See [`Fault::Heal`].
    Heal,
    /// See [`Fault::Crash`].
    Crash,
    /// See [`Fault::Restart`].
    Restart,
    /// See [`Fault::Corrupt`].
    Corrupt,
}

impl FaultKind {
    /// Every kind with a line for lists: name, knobs, what it does, what its witness counts.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 6] = [
        (
            Self::Partition,
            "groups | target, for",
            "the network falls into groups; `target` sets those apart from the rest",
            "messages lost at the cut",
        ),
        (
            Self::OneWay,
            "from, to, for",
            "what `from` says no longer reaches `to`; the way back stays open",
            "messages lost at the cut",
        ),
        (Self::Heal, "", "all cuts end", "cuts ended"),
        (
            Self::Crash,
            "target, restart_after",
            "nodes go down; memory and waiting output are lost, the disk stays",
            "nodes that were up",
        ),
        (Self::Restart, "target", "nodes that are down come up", "nodes that were down"),
        (
            Self::Corrupt,
            "target",
            "the adversary takes nodes over, for good",
            "messages withheld or rewritten",
        ),
    ];

    /// The name as scenario files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::OneWay => "one-way",
            Self::Heal => "heal",
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::Corrupt => "corrupt",
        }
    }
}

impl Fault {
    /// The fault's name.
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::Partition { .. } => FaultKind::Partition,
            Self::OneWay { .. } => FaultKind::OneWay,
            Self::Heal => FaultKind::Heal,
            Self::Crash { .. } => FaultKind::Crash,
            Self::Restart { .. } => FaultKind::Restart,
            Self::Corrupt { .. } => FaultKind::Corrupt,
        }
    }

    /// All targets that it names.
    pub fn targets(&self) -> Vec<Target> {
        match self {
            Self::Partition { groups } => groups.iter().flat_map(|group| group.0.clone()).collect(),
            Self::OneWay { from, to } => [from.0.clone(), to.0.clone()].concat(),
            Self::Heal => Vec::new(),
            Self::Crash { target } | Self::Restart { target } | Self::Corrupt { target } => {
                target.0.clone()
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partition { groups } => {
                let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
                write!(f, "partition {} | rest", groups.join(" | "))
            }
            Self::OneWay { from, to } => write!(f, "one-way {from} ↛ {to}"),
            Self::Heal => f.write_str("heal"),
            Self::Crash { target } => write!(f, "crash {target}"),
            Self::Restart { target } => write!(f, "restart {target}"),
            Self::Corrupt { target } => write!(f, "corrupt {target}"),
        }
    }
}

/// When a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// At a time, drawn from a range.
    At(DurationRange),
    /// When a landmark is announced for the `nth` time (from 1), `after` that long.
    On {
        /// Which landmark.
        landmark: LandmarkKind,
        /// Which of its announcements, counted over all nodes.
        nth: u32,
        /// How long after it.
        after: Duration,
    },
}

/// One entry of the schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultSpec {
    /// What goes wrong.
    pub fault: Fault,
    /// When it first strikes.
    pub when: When,
    /// The pause until it strikes again, drawn anew each time; `None` strikes once.
    pub every: Option<DurationRange>,
    /// The time after which it strikes no more; `None` for half the horizon.
    pub until: Option<Duration>,
    /// How long it lasts, drawn from a range; `None` until GST or for ever.
    pub lasts: Option<DurationRange>,
    /// Whether it outlasts GST.
    pub permanent: bool,
}

impl FaultSpec {
    /// The fault at one time, for good.
    pub const fn at(at: Duration, fault: Fault) -> Self {
        let when = When::At(DurationRange { min: at, max: at });
        Self { fault, when, every: None, until: None, lasts: None, permanent: false }
    }

    /// The same, ending after `span`.
    #[must_use]
    pub const fn lasting(mut self, span: Duration) -> Self {
        self.lasts = Some(DurationRange { min: span, max: span });
        self
    }
}

/// The keys of a `[[fault]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DurationRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<LandmarkKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<DurationRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Duration>,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    lasts: Option<DurationRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restart_after: Option<DurationRange>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    permanent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Targets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Targets>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Targets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Targets>,
}

impl Keys {
    const NONE: Self = Self {
        kind: FaultKind::Heal,
        at: None,
        on: None,
        nth: None,
        after: None,
        every: None,
        until: None,
        lasts: None,
        restart_after: None,
        permanent: false,
        target: None,
        groups: None,
        from: None,
        to: None,
    };

    /// Names the keys that were given but mean nothing for this kind.
    fn strays(&self) -> Vec<&'static str> {
        use FaultKind::{Corrupt, Crash, Heal, OneWay, Partition, Restart};
        let kind = self.kind;
        let lasting = matches!(kind, Partition | OneWay);
        [
            ("groups", self.groups.is_some() && kind != Partition),
            ("from", self.from.is_some() && kind != OneWay),
            ("to", self.to.is_some() && kind != OneWay),
            ("target", self.target.is_some() && matches!(kind, Heal | OneWay)),
            ("for", self.lasts.is_some() && !lasting),
            ("restart_after", self.restart_after.is_some() && kind != Crash),
            ("permanent", self.permanent && matches!(kind, Heal | Restart | Corrupt)),
            ("nth", self.nth.is_some() && self.on.is_none()),
            ("after", self.after.is_some() && self.on.is_none()),
            ("every", self.every.is_some() && self.on.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, stray)| stray.then_some(key))
        .collect()
    }
}

impl TryFrom<Keys> for FaultSpec {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let kind = keys.kind.name();
        if let [key, ..] = keys.strays()[..] {
            return Err(format!("`{key}` means nothing for a {kind} as it stands here"));
        }
        let need = |key: &str, targets: Option<Targets>| {
            targets
                .filter(|targets| !targets.0.is_empty())
                .ok_or_else(|| format!("a {kind} needs `{key}`, such as {key} = \"leader\""))
        };
        let fault = match keys.kind {
            FaultKind::Partition => match (keys.groups, keys.target) {
                (Some(groups), None) if !groups.is_empty() => Fault::Partition { groups },
                (None, Some(target)) => Fault::Partition { groups: vec![target] },
                _ => return Err("a partition needs either `groups` or `target`".into()),
            },
            FaultKind::OneWay => {
                Fault::OneWay { from: need("from", keys.from)?, to: need("to", keys.to)? }
            }
            FaultKind::Heal => Fault::Heal,
            FaultKind::Crash => Fault::Crash { target: need("target", keys.target)? },
            FaultKind::Restart => Fault::Restart { target: need("target", keys.target)? },
            FaultKind::Corrupt => Fault::Corrupt { target: need("target", keys.target)? },
        };
        let when = match (keys.at, keys.on) {
            (Some(at), None) => When::At(at),
            (None, Some(landmark)) => When::On {
                landmark,
                nth: keys.nth.unwrap_or(1).max(1),
                after: keys.after.unwrap_or(Duration::ZERO),
            },
            _ => return Err("a fault needs either `at` (a time) or `on` (a landmark)".into()),
        };
        if keys.every.is_some_and(|every| every.min.is_zero()) {
            return Err("`every` must be above 0".into());
        }
        let (every, until, permanent) = (keys.every, keys.until, keys.permanent);
        Ok(Self { fault, when, every, until, lasts: keys.lasts.or(keys.restart_after), permanent })
    }
}

impl From<FaultSpec> for Keys {
    fn from(spec: FaultSpec) -> Self {
        let mut keys = Self { kind: spec.fault.kind(), ..Self::NONE };
        match spec.when {
            When::At(at) => keys.at = Some(at),
            When::On { landmark, nth, after } => {
                (keys.on, keys.nth, keys.after) = (Some(landmark), Some(nth), Some(after));
            }
        }
        (keys.every, keys.until, keys.permanent) = (spec.every, spec.until, spec.permanent);
        match spec.fault {
            Fault::Crash { .. } => keys.restart_after = spec.lasts,
            _ => keys.lasts = spec.lasts,
        }
        match spec.fault {
            Fault::Partition { groups } => keys.groups = Some(groups),
            Fault::OneWay { from, to } => (keys.from, keys.to) = (Some(from), Some(to)),
            Fault::Heal => {}
            Fault::Crash { target } | Fault::Restart { target } | Fault::Corrupt { target } => {
                keys.target = Some(target);
            }
        }
        keys
    }
}

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
