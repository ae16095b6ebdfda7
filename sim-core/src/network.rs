//! The network: when a message arrives, if it does.
//!
//! The network's weather is a random field, not a stream: delay and fate of a message are a pure
//! function of the run's key, sender, receiver, the time of sending, and its ordinal among the
//! messages sent on that link at that instant. Nothing is stored per link, an unused link costs
//! nothing, and a message more elsewhere changes nobody's weather. Each message has its own
//! delivery time: a link is not a pipe.
//!
//! A cut is looked at twice: a message crosses only if the link is whole when it is sent and when
//! it arrives.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::digest::{ODD, fold};
use crate::id::{Cluster, NodeId, NodeSet};
use crate::latency::Latency;
use crate::rng::{Key, Ratio};
use crate::setup::NetworkSpec;
use crate::time::{Duration, Time};

/// How one direction of a link behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Link {
    latency: Latency,
    loss: Ratio,
    duplicate: Ratio,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fate {
    /// The delay; `None` if the message is lost.
    pub(crate) delay: Option<Duration>,
    /// The delay of a second copy, if there is one.
    pub(crate) copy: Option<Duration>,
}

/// What a draw of the field decides.
enum Lane {
    Loss = 0,
    Delay = 1,
    Duplicate = 2,
    Copy = 3,
}

/// A cut that is in force.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// Which strike made it.
    pub(crate) strike: usize,
    /// Whom it parts.
    pub(crate) parts: Parts,
}

/// Whom a cut parts.
#[derive(Clone, Debug)]
pub(crate) enum Parts {
    /// The group of each node; messages cross no border.
    Groups(Vec<u32>),
    /// Nothing passes from the first to the second.
    OneWay(NodeSet, NodeSet),
}

impl Parts {
    /// Whether a message from `from` to `to` is stopped.
    pub(crate) fn stop(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            // A client that is a node of its own stands on no side and reaches everybody.
            Self::Groups(group) => match (group.get(from.index()), group.get(to.index())) {
                (Some(one), Some(other)) => one != other,
                _ => false,
            },
            Self::OneWay(senders, receivers) => senders.contains(from) && receivers.contains(to),
        }
    }

    /// Where a node stands: nodes on the same side are stopped alike.
    fn side(&self, node: NodeId) -> u32 {
        match self {
            Self::Groups(group) => group[node.index()],
            Self::OneWay(senders, receivers) => {
                u32::from(senders.contains(node)) << 1 | u32::from(receivers.contains(node))
            }
        }
    }
}

/// The network of one run.
pub(crate) struct Network {
    key: Key,
    links: Vec<Link>,
    /// For each pair the entry of `links`; empty if all links are alike.
    table: Vec<u16>,
    cluster: Cluster,
    /// The electorate, and the clients that are nodes.
    nodes: usize,
    delay_max: Option<Duration>,
    cuts: Vec<Cut>,
    ordinals: Ordinals,
}

impl Network {
    /// # Panics
    /// If the names of the specification were not checked before.
    pub(crate) fn new(spec: &NetworkSpec, cluster: Cluster, bodies: u32, key: Key) -> Self {
        let general = Link { latency: spec.latency, loss: spec.loss, duplicate: spec.duplicate };
        let mut network = Self {
            key,
            links: vec![general],
            table: Vec::new(),
            cluster,
            nodes: bodies as usize,
            delay_max: None,
            cuts: Vec::new(),
            ordinals: Ordinals::default(),
        };
        if !spec.is_uniform() {
            network.table = vec![0; network.nodes * network.nodes];
        }
        let place = |name: &str| spec.place(name).expect("names were checked with the set-up");
        for (one, other, round_trip) in &spec.round_trip {
            let half = Latency::Constant(Duration::from_nanos(round_trip.as_nanos() / 2));
            for (from, to) in [(one, other), (other, one)] {
                network.differ(&place(from), &place(to), |link| link.latency = half);
            }
        }
        for link in &spec.links {
            let gather = |names: &[String]| names.iter().flat_map(|name| place(name)).collect();
            let (from, to): (Vec<_>, Vec<_>) = (gather(&link.from), gather(&link.to));
            let change = |old: &mut Link| {
                old.latency = link.latency.unwrap_or(old.latency);
                old.loss = link.loss.unwrap_or(old.loss);
                old.duplicate = link.duplicate.unwrap_or(old.duplicate);
            };
            network.differ(&from, &to, change);
            if link.both {
                network.differ(&to, &from, change);
            }
        }
        network
    }

    fn differ(&mut self, from: &[NodeId], to: &[NodeId], change: impl Fn(&mut Link)) {
        for from in from {
            for to in to {
                let cell = from.index() * self.nodes + to.index();
                let mut link = self.links[self.table[cell] as usize];
                change(&mut link);
                let known = self.links.iter().position(|known| *known == link);
                let entry = known.unwrap_or_else(|| {
                    self.links.push(link);
                    self.links.len() - 1
                });
                self.table[cell] = u16::try_from(entry).expect("at most 65,536 kinds of link");
            }
        }
    }

    /// From now on no message takes longer than this.
    pub(crate) const fn settle(&mut self, delay_max: Option<Duration>) {
        self.delay_max = delay_max;
    }

    /// The fate of the next message from `from` to `to`.
    #[inline]
    pub(crate) fn fate(&mut self, from: NodeId, to: NodeId, now: Time) -> Fate {
        let link = if self.table.is_empty() {
            &self.links[0]
        } else {
            &self.links[self.table[from.index() * self.nodes + to.index()] as usize]
        };
        let place = u64::from(from.0) << 32 | u64::from(to.0);
        let ordinal = self.ordinals.next(place, now);
        let (key, time) = (self.key, now.as_nanos());
        let draw = |lane: Lane| key.at(place, time, ordinal << 2 | lane as u64);
        if !link.loss.is_never() && link.loss.holds(draw(Lane::Loss)) {
            return Fate { delay: None, copy: None };
        }
        let bound = |delay: Duration| self.delay_max.map_or(delay, |max| delay.min(max));
        let delay = match link.latency {
            Latency::Constant(delay) => delay,
            ref latency => latency.sample(draw(Lane::Delay)),
        };
        let copy = !link.duplicate.is_never() && link.duplicate.holds(draw(Lane::Duplicate));
        let copy = copy.then(|| bound(link.latency.sample(draw(Lane::Copy))));
        Fate { delay: Some(bound(delay)), copy }
    }

    /// Puts a cut into force.
    pub(crate) fn cut(&mut self, cut: Cut) {
        self.cuts.push(cut);
    }

    /// Ends the cut of this strike; says whether it was in force.
    pub(crate) fn mend(&mut self, strike: usize) -> bool {
        let before = self.cuts.len();
        self.cuts.retain(|cut| cut.strike != strike);
        self.cuts.len() != before
    }

    /// The strikes whose cuts are in force.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = usize> + '_ {
        self.cuts.iter().map(|cut| cut.strike)
    }

    /// The strike whose cut stops a message, if one does.
    #[inline]
    pub(crate) fn stopped_by(&self, from: NodeId, to: NodeId) -> Option<usize> {
        // A client that is a node is no part of the electorate that a cut parts.
        if self.cuts.is_empty() || !self.cluster.contains(from) || !self.cluster.contains(to) {
            return None;
        }
        self.cuts.iter().find(|cut| cut.parts.stop(from, to)).map(|cut| cut.strike)
    }

    /// Among `nodes`, the largest set in which everybody hears everybody.
    ///
    /// Nodes that stand alike to every cut form a class. A core is built greedily from each class
    /// in turn, the largest first; with partitions alone that is exact.
    pub(crate) fn connected_core(&self, nodes: &NodeSet) -> NodeSet {
        if self.cuts.is_empty() {
            return nodes.clone();
        }
        let mut classes: BTreeMap<Vec<u32>, Vec<NodeId>> = BTreeMap::new();
        for node in nodes.iter() {
            let stands = self.cuts.iter().map(|cut| cut.parts.side(node)).collect();
            classes.entry(stands).or_default().push(node);
        }
        let open = |a: NodeId, b: NodeId| {
            self.stopped_by(a, b).is_none() && self.stopped_by(b, a).is_none()
        };
        // Who does not even hear its own kind counts alone.
        let mut classes: Vec<Vec<NodeId>> = classes.into_values().collect();
        for class in &mut classes {
            if class.len() > 1 && !open(class[0], class[1]) {
                class.truncate(1);
            }
        }
        classes.sort_by_key(|class| Reverse(class.len()));
        let core_from = |first: usize| {
            let mut core: Vec<usize> = vec![first];
            for other in (0..classes.len()).filter(|other| *other != first) {
                if core.iter().all(|member| open(classes[*member][0], classes[other][0])) {
                    core.push(other);
                }
            }
            core
        };
        let size =
            |core: &Vec<usize>| core.iter().map(|class| classes[*class].len()).sum::<usize>();
        // Of equals, the one that was built first.
        let best = (0..classes.len()).rev().map(core_from).max_by_key(size).unwrap_or_default();
        best.into_iter().flat_map(|class| classes[class].iter().copied()).collect()
    }
}

/// Counts the messages on each link at the present instant.
///
/// A table with open addressing whose entries expire when time moves on, so that it never needs
/// clearing: an entry of an earlier instant is an empty one. Each instant begins in a small part of
/// the table, which stays in the cache, and spreads as far as it must.
struct Ordinals {
    entries: Vec<(Time, u64, u32)>,
    now: Time,
    used: usize,
    /// The part of the table that this instant uses, less one; all ones.
    mask: usize,
}

const SMALL: usize = 64;
// No instant lies before the first, so fresh entries must belong to one that never comes.
const EXPIRED: (Time, u64, u32) = (Time::from_nanos(u64::MAX), 0, 0);

impl Default for Ordinals {
    fn default() -> Self {
        Self { entries: vec![EXPIRED; SMALL], now: Time::ZERO, used: 0, mask: SMALL - 1 }
    }
}

impl Ordinals {
    #[inline]
    fn next(&mut self, place: u64, now: Time) -> u64 {
        if now != self.now {
            (self.now, self.used, self.mask) = (now, 0, SMALL - 1);
        } else if self.used * 2 > self.mask {
            self.spread();
        }
        let slot = self.slot(place);
        let entry = &mut self.entries[slot];
        if entry.0 == now {
            entry.2 += 1;
            return u64::from(entry.2);
        }
        *entry = (now, place, 0);
        self.used += 1;
        0
    }

    /// Where the link of this place stands, or would stand.
    #[inline]
    fn slot(&self, place: u64) -> usize {
        let mut slot = fold(place ^ ODD[0], ODD[1]) as usize & self.mask;
        while self.entries[slot].0 == self.now && self.entries[slot].1 != place {
            slot = (slot + 1) & self.mask;
        }
        slot
    }

    #[cold]
    fn spread(&mut self) {
        let used = &mut self.entries[..=self.mask];
        let present: Vec<_> = used.iter().copied().filter(|entry| entry.0 == self.now).collect();
        used.fill(EXPIRED);
        self.mask = self.mask * 2 + 1;
        if self.entries.len() <= self.mask {
            self.entries.resize(self.mask + 1, EXPIRED);
        }
        for entry in present {
            let slot = self.slot(entry.1);
            self.entries[slot] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, Streams};
    use crate::setup::LinkSpec;
    use crate::time::DurationRange;

    fn network(spec: &NetworkSpec, nodes: u32) -> Network {
        Network::new(spec, Cluster { n: nodes }, nodes, Streams::new(3).key(Stream::Weather))
    }

    fn stormy() -> NetworkSpec {
        NetworkSpec {
            latency: Latency::Uniform(DurationRange::from_millis(1, 1_000)),
            loss: Ratio::new(1, 10),
            duplicate: Ratio::new(1, 10),
            ..NetworkSpec::default()
        }
    }

    #[test]
    fn a_message_elsewhere_changes_nobodys_weather() {
        let (a, b, c) = (NodeId(0), NodeId(1), NodeId(2));
        let now = Time::from_nanos(77);
        let mut alone = network(&stormy(), 3);
        let expected = [alone.fate(a, b, now), alone.fate(a, b, now)];
        assert_ne!(expected[0], expected[1], "two messages of one instant shared one draw");
        let mut busy = network(&stormy(), 5);
        let first = busy.fate(a, b, now);
        for node in 0..5 {
            busy.fate(c, NodeId(node), now);
            busy.fate(b, a, now);
        }
        assert_eq!([first, busy.fate(a, b, now)], expected);
    }

    #[test]
    fn ordinals_are_counted_per_link_and_instant_however_many_links_are_used() {
        let mut ordinals = Ordinals::default();
        for instant in [0, 1, 5] {
            let now = Time::from_nanos(instant);
            for round in 0..3 {
                for place in 0..1_000 {
                    assert_eq!(ordinals.next(place * 7, now), round, "place {place}");
                }
            }
        }
    }

    #[test]
    fn loss_and_duplication_are_as_frequent_as_they_say() {
        let mut network = network(&stormy(), 2);
        let (mut lost, mut doubled) = (0, 0);
        for nanos in 0..100_000 {
            let fate = network.fate(NodeId(0), NodeId(1), Time::from_nanos(nanos));
            lost += u32::from(fate.delay.is_none());
            doubled += u32::from(fate.copy.is_some());
        }
        assert!((9_500..10_500).contains(&lost), "{lost} lost");
        assert!((8_500..9_500).contains(&doubled), "{doubled} doubled of those not lost");
    }

    #[test]
    fn regions_and_links_are_told_apart_by_direction() {
        let ms = Duration::from_millis;
        let spec = NetworkSpec {
            regions: [("eu".into(), vec![NodeId(0), NodeId(1)]), ("us".into(), vec![NodeId(2)])]
                .into(),
            round_trip: vec![("eu".into(), "us".into(), ms(80))],
            links: vec![LinkSpec {
                from: vec!["n0".into()],
                to: vec!["us".into()],
                both: false,
                latency: Some(Latency::Constant(ms(500))),
                loss: None,
                duplicate: None,
            }],
            ..NetworkSpec::default()
        };
        let mut network = network(&spec, 3);
        let mut delay =
            |from, to| network.fate(NodeId(from), NodeId(to), Time::ZERO).delay.expect("no loss");
        assert_eq!(delay(0, 1), ms(1));
        assert_eq!(delay(1, 2), ms(40));
        assert_eq!(delay(2, 0), ms(40));
        assert_eq!(delay(0, 2), ms(500));
    }

    #[test]
    fn the_core_is_the_largest_group_that_hears_itself() {
        let mut network = network(&NetworkSpec::default(), 5);
        let all: NodeSet = (0..5).map(NodeId).collect();
        network.cut(Cut { strike: 0, parts: Parts::Groups(vec![0, 0, 1, 1, 1]) });
        assert_eq!(
            network.connected_core(&all),
            [NodeId(2), NodeId(3), NodeId(4)].into_iter().collect()
        );
        let mute = Parts::OneWay([NodeId(4)].into_iter().collect(), all.clone());
        network.cut(Cut { strike: 1, parts: mute });
        assert_eq!(network.connected_core(&all).len(), 2);
        assert!(network.stopped_by(NodeId(4), NodeId(2)) == Some(1));
        assert!(network.stopped_by(NodeId(2), NodeId(4)).is_none());
        assert!(network.mend(0) && !network.mend(0));
    }
}
