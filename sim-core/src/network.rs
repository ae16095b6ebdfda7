//! The network: when a message arrives, if it does.
//!
//! The network's weather is a random field, not a stream: delay and fate of a message are a pure
//! function of the run's key, sender, receiver, the time of sending, and its ordinal among the
//! messages sent on that link at that instant. Nothing is stored per link, an unused link costs
//! nothing, and a message more elsewhere changes nobody's weather. Each message has its own
//! delivery time: a link is not a pipe. What must remember (a queue of limited bandwidth, a link
//! that is first in, first out) remembers only links in use.
//!
//! A cut is looked at twice: a message crosses only if the link is whole when it is sent and when
//! it arrives, unless the scenario lets those on their way through.

mod bursts;
mod cuts;
mod fronts;
mod links;
mod ordinals;
mod passage;
mod queues;

use std::collections::BTreeMap;

use self::fronts::InForce;
use self::links::Links;
use self::ordinals::Ordinals;
use self::queues::Queues;
use crate::id::{Cluster, NodeId};
use crate::latency::Latency;
use crate::rng::Key;
use crate::setup::{InFlight, NetworkSpec};
use crate::time::{Duration, Time};

pub(crate) use self::cuts::{Cut, Parts};
pub(crate) use self::fronts::Front;
pub(crate) use self::passage::Dropped;

/// What becomes of a message in calm weather.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fate {
    /// The delay; `None` if the message is lost.
    pub(crate) delay: Option<Duration>,
    /// The delay of a second copy, if there is one.
    pub(crate) copy: Option<Duration>,
}

/// What the weather knows of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) kind: usize,
    pub(crate) bytes: u32,
    /// When it is sent.
    pub(crate) now: Time,
}

impl Parcel {
    #[inline]
    const fn place(&self) -> u64 {
        place(self.from, self.to)
    }
}

/// What a draw of the field decides.
#[derive(Clone, Copy)]
enum Lane {
    Chance = 0,
    Amount = 1,
    Duplicate = 2,
    Copy = 3,
}

/// The network of one run.
pub(crate) struct Network {
    key: Key,
    links: Links,
    cluster: Cluster,
    delay_max: Option<Duration>,
    cuts: Vec<Cut>,
    ordinals: Ordinals,
    /// What strikes brought.
    fronts: Vec<InForce>,
    /// Whether there is nothing but delay, loss and one copy, on every link and for every message.
    calm: bool,
    detour: Latency,
    fifo: bool,
    checksums: bool,
    in_flight: InFlight,
    queues: Queues,
    /// When the last message of each link arrives, on a network that is first in, first out.
    last_arrivals: BTreeMap<u64, Time>,
}

/// The place of a link in the field.
#[inline]
const fn place(from: NodeId, to: NodeId) -> u64 {
    (from.0 as u64) << 32 | to.0 as u64
}

impl Network {
    /// # Panics
    /// If the names of the specification were not checked before.
    pub(crate) fn new(
        spec: &NetworkSpec,
        kinds: &[&str],
        cluster: Cluster,
        bodies: u32,
        key: Key,
    ) -> Self {
        let mut network = Self {
            key,
            links: Links::new(spec, kinds, bodies, key),
            cluster,
            delay_max: None,
            cuts: Vec::new(),
            ordinals: Ordinals::default(),
            fronts: Vec::new(),
            calm: false,
            detour: spec.detour.clone(),
            fifo: spec.fifo,
            checksums: spec.checksums,
            in_flight: spec.in_flight,
            queues: Queues::default(),
            last_arrivals: BTreeMap::new(),
        };
        network.update_calm();
        network
    }

    /// Finds out whether the weather is calm.
    fn update_calm(&mut self) {
        self.calm =
            self.fronts.is_empty() && self.links.are_plain() && !self.fifo && self.detour.is_zero();
    }

    /// From now on no message takes longer than this.
    pub(crate) const fn settle(&mut self, delay_max: Option<Duration>) {
        self.delay_max = delay_max;
    }

    /// Whether [`Network::fate`] says all about the next message; otherwise [`Network::pass`] does.
    #[inline]
    pub(crate) const fn is_calm(&self) -> bool {
        self.calm
    }

    /// The fate of the next message from `from` to `to`, in calm weather.
    #[inline]
    pub(crate) fn fate(&mut self, from: NodeId, to: NodeId, now: Time) -> Fate {
        let link = self.links.between(from, to);
        let place = place(from, to);
        let ordinal = self.ordinals.next(place, now);
        let (key, time) = (self.key, now.as_nanos());
        let draw = |lane: Lane| key.at(place, time, ordinal << 2 | lane as u64);
        if !link.loss.is_never() && link.loss.holds(draw(Lane::Chance)) {
            return Fate { delay: None, copy: None };
        }
        let bound = |delay: Duration| self.delay_max.map_or(delay, |max| delay.min(max));
        let delay = match link.latency {
            Latency::Constant(delay) => delay,
            ref latency => latency.sample(draw(Lane::Amount)),
        };
        let copy = !link.duplicate.is_never() && link.duplicate.holds(draw(Lane::Duplicate));
        let copy = copy.then(|| bound(link.latency.sample(draw(Lane::Copy))));
        Fate { delay: Some(bound(delay)), copy }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rng::{Ratio, Stream, Streams};
    use crate::setup::LinkSpec;
    use crate::time::DurationRange;

    pub(super) fn network(spec: &NetworkSpec, nodes: u32) -> Network {
        let key = Streams::new(3).key(Stream::Weather);
        Network::new(spec, &["ping", "pong"], Cluster { n: nodes }, nodes, key)
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
                latency: Some(Latency::Constant(ms(500))),
                ..LinkSpec::default()
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
}
