//! The `[network]` of a scenario: its links, its regions, and the weather there always is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::atlas;
use crate::id::NodeId;
use crate::latency::Latency;
use crate::rng::Ratio;
use crate::time::Duration;
use crate::weather::{Weather, one};

/// The most nodes of a network whose links differ: the table of links has n² entries.
const MAX_NODES_OF_TABLE: u32 = 4_096;

/// The `[network]` of a scenario. Every link obeys the general settings unless a region or a link
/// says otherwise. Of the links that concern a message, the one named last wins, for each setting
/// alone; what strikes bring comes on top.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSpec {
    /// The one-way delay.
    pub latency: Latency,
    /// What each direction of each link adds to it, drawn once for the whole run: some paths are
    /// longer than others.
    pub detour: Latency,
    /// The probability that a message is lost.
    pub loss: Ratio,
    /// The probability that the network makes copies of a message.
    pub duplicate: Ratio,
    /// How many copies it then makes beside the original, at least 1.
    pub copies: u32,
    /// The probability that a message is damaged.
    pub corrupt: Ratio,
    /// Whether a damaged message is noticed, and dropped; otherwise it arrives as something else.
    pub checksums: bool,
    /// Whether no message of one direction of a link overtakes another.
    pub fifo: bool,
    /// What becomes of messages on their way when a cut begins.
    pub in_flight: InFlight,
    /// Periods in which everything is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst_loss: Option<Bursts>,
    /// Messages that others overtake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder: Option<Reordering>,
    /// How much a link carries; without it any amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// Names for groups of nodes, of 1 to 64 letters, digits, `_`, `.` and `-`. A node stands in
    /// one region at most.
    pub regions: BTreeMap<String, Vec<NodeId>>,
    /// A published table (such as `ibm-cloud`) that gives the round-trip times between the regions
    /// that it knows; all regions must then be of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matrix: Option<String>,
    /// The region matrix: two regions and the round-trip time between them; a message takes half.
    pub round_trip: Vec<(String, String, Duration)>,
    /// Links that differ.
    #[serde(rename = "link")]
    pub links: Vec<LinkSpec>,
}

impl Default for NetworkSpec {
    fn default() -> Self {
        Self {
            latency: Latency::Constant(Duration::from_millis(1)),
            detour: Latency::ZERO,
            loss: Ratio::NEVER,
            duplicate: Ratio::NEVER,
            copies: one(),
            corrupt: Ratio::NEVER,
            checksums: true,
            fifo: false,
            in_flight: InFlight::Lost,
            burst_loss: None,
            reorder: None,
            bandwidth: None,
            regions: BTreeMap::new(),
            matrix: None,
            round_trip: Vec::new(),
            links: Vec::new(),
        }
    }
}

/// What becomes of messages that are on their way when a cut begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InFlight {
    /// They are lost, if the cut still stands when they would arrive.
    Lost,
    /// They arrive: a cut is looked at only when a message is sent.
    Arrives,
}

/// Good and bad periods; see [`Weather::BurstLoss`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bursts {
    /// The share of the time that is bad, above 0 and below 100 %.
    pub share: Ratio,
    /// The mean length of a bad period, above 0.
    pub mean: Duration,
}

/// Messages that others overtake; see [`Weather::Reorder`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reordering {
    /// The probability that a message is held back.
    pub probability: Ratio,
    /// By how much at most, above 0; how much is drawn.
    pub by: Duration,
}

/// How much a link carries; see [`Weather::Bandwidth`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bandwidth {
    /// Bytes per second in each direction of each link, at least 1.
    pub bytes_per_second: u64,
    /// How many bytes may wait, that of the message under way included; what does not fit is lost.
    pub queue: u64,
}

impl From<Bursts> for Weather {
    fn from(Bursts { share, mean }: Bursts) -> Self {
        Self::BurstLoss { share, mean }
    }
}

impl From<Reordering> for Weather {
    fn from(Reordering { probability, by }: Reordering) -> Self {
        Self::Reorder { probability, by }
    }
}

impl From<Bandwidth> for Weather {
    fn from(Bandwidth { bytes_per_second, queue }: Bandwidth) -> Self {
        Self::Bandwidth { bytes_per_second, queue }
    }
}

/// Links that differ from the rest: from each of `from` to each of `to`, for some messages or all.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LinkSpec {
    /// Senders: nodes or regions; nobody named is everybody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Receivers: nodes or regions; nobody named is everybody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Whether the same holds for the way back.
    pub both: bool,
    /// The kinds of message that it concerns, by name; none named is all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    /// The one-way delay, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// What is added to the one-way delay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Latency>,
    /// How many times as long a message takes; finite, at least 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_down: Option<f64>,
    /// The probability that a message is lost, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Ratio>,
    /// Periods in which everything is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst_loss: Option<Bursts>,
    /// The probability that a message is copied, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Ratio>,
    /// How many copies are then made, at least 1; without it as many as on the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// Messages that others overtake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder: Option<Reordering>,
    /// The probability that a message is damaged, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<Ratio>,
    /// How much the link carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
}

impl LinkSpec {
    /// The weather that it sets: the key, and what that means.
    pub(crate) fn weathers(&self, copies: u32) -> impl Iterator<Item = (&'static str, Weather)> {
        let copies = self.copies.unwrap_or(copies);
        let loss = self.loss.map(|probability| Weather::Loss { probability });
        let duplicate =
            self.duplicate.map(|probability| Weather::Duplicate { probability, copies });
        let all = [
            ("bandwidth", self.bandwidth.map(Weather::from)),
            ("loss", loss),
            ("burst_loss", self.burst_loss.map(Weather::from)),
            ("corrupt", self.corrupt.map(|probability| Weather::Corrupt { probability })),
            ("slow_down", self.slow_down.map(|factor| Weather::SlowDown { factor })),
            ("delay", self.delay.clone().map(|add| Weather::Delay { add })),
            ("reorder", self.reorder.map(Weather::from)),
            ("duplicate", duplicate),
        ];
        all.into_iter().filter_map(|(key, weather)| weather.map(|weather| (key, weather)))
    }

    /// Whether it speaks of every link.
    pub(crate) const fn is_general(&self) -> bool {
        self.from.is_empty() && self.to.is_empty()
    }
}

impl NetworkSpec {
    /// The general settings, as a link from everybody to everybody.
    pub(crate) fn general(&self) -> LinkSpec {
        LinkSpec {
            latency: Some(self.latency.clone()),
            loss: Some(self.loss),
            duplicate: Some(self.duplicate),
            copies: Some(self.copies),
            corrupt: (!self.corrupt.is_never()).then_some(self.corrupt),
            burst_loss: self.burst_loss,
            reorder: self.reorder,
            bandwidth: self.bandwidth,
            ..LinkSpec::default()
        }
    }

    /// The round-trip times between regions: those of the table that it names, then those that it
    /// writes itself.
    pub(crate) fn round_trips(&self) -> Vec<(String, String, Duration)> {
        let mut round_trips = Vec::new();
        if let Some(table) = self.matrix.as_deref().and_then(atlas::table) {
            let names: Vec<_> = self.regions.keys().collect();
            for (index, one) in names.iter().enumerate() {
                for other in &names[index + 1..] {
                    if let Some(round_trip) = table.round_trip(one, other) {
                        round_trips.push(((*one).clone(), (*other).clone(), round_trip));
                    }
                }
            }
        }
        round_trips.extend(self.round_trip.iter().cloned());
        round_trips
    }

    /// Whether all links are alike.
    pub(crate) fn is_uniform(&self) -> bool {
        self.links.iter().all(LinkSpec::is_general) && self.round_trips().is_empty()
    }

    /// The nodes of a name: a region's, or the node itself.
    ///
    /// # Errors
    /// If it is neither, with the regions that there are.
    pub fn place(&self, name: &str) -> Result<Vec<NodeId>, String> {
        match self.regions.get(name) {
            Some(nodes) => Ok(nodes.clone()),
            None => name.parse().map(|node| vec![node]).map_err(|_: String| {
                let regions: Vec<_> = self.regions.keys().map(String::as_str).collect();
                format!("`{name}` is neither a node nor a region (regions: {})", regions.join(", "))
            }),
        }
    }

    pub(super) fn complaints(&self, n: u32, complain: &mut impl FnMut(String, String)) {
        if !self.is_uniform() && n > MAX_NODES_OF_TABLE {
            let reason = format!("links that differ need at most {MAX_NODES_OF_TABLE} nodes");
            complain("network".into(), reason);
        }
        self.check_regions(complain);
        self.check_places(n, complain);
        self.check_matrix(complain);
        self.check_weather("network", &self.general(), complain);
        for (index, link) in self.links.iter().enumerate() {
            self.check_weather(&format!("network.link[{index}]"), link, complain);
        }
    }

    /// Names of regions go into tables and folders, and a node stands in one place.
    fn check_regions(&self, complain: &mut impl FnMut(String, String)) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let mut placed: BTreeMap<NodeId, &str> = BTreeMap::new();
        for (region, nodes) in &self.regions {
            let mut wrong = |reason| complain(format!("network.regions.{region}"), reason);
            if !(1..=64).contains(&region.len()) || !region.chars().all(plain) {
                wrong("a region has a name of 1 to 64 letters, digits, `_`, `.` and `-`".into());
            }
            for node in nodes {
                if let Some(other) = placed.insert(*node, region) {
                    wrong(format!("{node} is in `{other}` too: a node stands in one place"));
                }
            }
        }
    }

    fn check_places(&self, n: u32, complain: &mut impl FnMut(String, String)) {
        let mut check = |path: String, name: &str| match self.place(name) {
            Err(reason) => complain(path, reason),
            Ok(nodes) => nodes.iter().filter(|node| node.0 >= n).for_each(|node| {
                complain(path.clone(), format!("there is no {node}: there are {n} nodes"));
            }),
        };
        for (index, (one, other, _)) in self.round_trip.iter().enumerate() {
            check(format!("network.round_trip[{index}]"), one);
            check(format!("network.round_trip[{index}]"), other);
        }
        if self.matrix.is_some() {
            for region in self.regions.keys() {
                check(format!("network.regions.{region}"), region);
            }
        }
        for (index, link) in self.links.iter().enumerate() {
            for (side, names) in [("from", &link.from), ("to", &link.to)] {
                names.iter().for_each(|name| check(format!("network.link[{index}].{side}"), name));
            }
        }
    }

    fn check_matrix(&self, complain: &mut impl FnMut(String, String)) {
        let Some(name) = &self.matrix else { return };
        let Some(table) = atlas::table(name) else {
            let known: Vec<_> = atlas::TABLES.iter().map(|table| table.name).collect();
            let reason = format!("`{name}` is no table of round-trip times: {}", known.join(", "));
            return complain("network.matrix".into(), reason);
        };
        for region in self.regions.keys().filter(|region| !table.knows(region)) {
            let reason = format!("{name} knows no `{region}`, but {}", table.regions.join(", "));
            complain(format!("network.regions.{region}"), reason);
        }
    }

    fn check_weather(
        &self,
        path: &str,
        link: &LinkSpec,
        complain: &mut impl FnMut(String, String),
    ) {
        for (key, weather) in link.weathers(self.copies) {
            if let Some((part, reason)) = weather.objection() {
                let path = match weather {
                    Weather::Duplicate { .. } => format!("{path}.{part}"),
                    Weather::SlowDown { .. } => format!("{path}.{key}"),
                    _ => format!("{path}.{key}.{part}"),
                };
                complain(path, reason);
            }
        }
        if self.fifo && link.reorder.is_some() {
            let reason = "on a link that is first in, first out, nothing is overtaken".into();
            complain(format!("{path}.reorder"), reason);
        }
        if link.copies.is_some() && link.duplicate.is_none() {
            complain(format!("{path}.copies"), "copies of what? `duplicate` says how often".into());
        }
    }
}
