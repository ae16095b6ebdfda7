//! Fronts: weather in force, whom it concerns, and who answers for it.

use super::bursts::Bursts;
use super::{Lane, Network, Parcel};
use crate::digest::Digest;
use crate::id::NodeSet;
use crate::message::Kinds;
use crate::rng::{Draw, Key};
use crate::weather::Weather;

/// Weather that a strike brings over some messages.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Front {
    /// What happens to them.
    pub(crate) weather: Weather,
    /// Whose messages; `None` for everybody's.
    pub(crate) senders: Option<NodeSet>,
    /// Messages to whom; `None` for everybody.
    pub(crate) receivers: Option<NodeSet>,
    /// Which kinds of message.
    pub(crate) kinds: Kinds,
    /// Which strike brings it.
    pub(crate) strike: usize,
}

/// A weather with its draws.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) kinds: Kinds,
    pub(super) weather: Weather,
    /// When it is bad, of weather that comes in bursts.
    pub(super) bursts: Option<Bursts>,
    /// Names the state that it keeps.
    pub(super) name: u64,
    key: Key,
    /// Who answers for it; `None` for the scenario's own.
    pub(super) strike: Option<usize>,
}

impl Rule {
    /// A weather of the scenario's own.
    ///
    /// No message meets two of one sort, so that the sort is name enough. Loss and duplication are
    /// drawn where calm weather draws them: a storm elsewhere does not change them.
    pub(super) fn standing(kinds: Kinds, weather: Weather, key: Key) -> Self {
        let name = weather.sort();
        let key = match weather {
            Weather::Loss { .. } | Weather::Duplicate { .. } => key,
            _ => key.branch(name),
        };
        let bursts = Bursts::of(&weather);
        Self { kinds, weather, bursts, name, key, strike: None }
    }

    /// What this weather draws for a message.
    #[inline]
    pub(super) fn draw(&self, parcel: &Parcel, ordinal: u64, lane: Lane) -> u64 {
        self.key.at(parcel.place(), parcel.now.as_nanos(), ordinal << 2 | lane as u64)
    }

    /// A stream of draws that begins here.
    pub(super) const fn draws(&self, bits: u64) -> Draw {
        self.key.member(bits)
    }

    /// What one of several copies draws.
    pub(super) fn draw_copy(&self, parcel: &Parcel, ordinal: u64, copy: u32) -> u64 {
        // The first is drawn where calm weather draws its only one.
        let key = if copy == 0 { self.key } else { self.key.branch(u64::from(copy)) };
        key.at(parcel.place(), parcel.now.as_nanos(), ordinal << 2 | Lane::Copy as u64)
    }

    /// Whether it is in a bad period, where it has any.
    pub(super) fn is_bad(&self, parcel: &Parcel) -> bool {
        self.bursts
            .as_ref()
            .is_some_and(|bursts| bursts.is_bad(self.key, parcel.place(), parcel.now))
    }
}

/// A front that is in force.
pub(super) struct InForce {
    pub(super) front: Front,
    pub(super) rule: Rule,
}

impl InForce {
    /// Whether it concerns a message. A clog on a network that is first in, first out stops whole
    /// links: nothing may overtake what it holds.
    #[inline]
    pub(super) fn concerns(&self, parcel: &Parcel, fifo: bool) -> bool {
        let Front { weather, senders, receivers, kinds, .. } = &self.front;
        let whole = fifo && *weather == Weather::Clog;
        (whole || kinds.contains(parcel.kind))
            && senders.as_ref().is_none_or(|senders| senders.contains(parcel.from))
            && receivers.as_ref().is_none_or(|receivers| receivers.contains(parcel.to))
    }
}

impl Network {
    /// Puts a front into force. A strike may bring several.
    ///
    /// What it draws depends on its sort and on whom it concerns, not on what else is in force; of
    /// equal ones in force at once, each draws for itself.
    pub(crate) fn set_in(&mut self, front: Front) {
        let Front { weather, senders, receivers, kinds, strike } = &front;
        let name = |same: u64| Digest::of(&(weather.sort(), senders, receivers, kinds, same));
        let taken = |name: u64| self.fronts.iter().any(|other| other.rule.name == name);
        let free = (0..).map(name).find(|name| !taken(*name));
        let name = free.expect("there are more names than fronts");
        let rule = Rule {
            kinds: *kinds,
            weather: weather.clone(),
            bursts: Bursts::of(weather),
            name,
            key: self.key.branch(name),
            strike: Some(*strike),
        };
        self.fronts.push(InForce { front, rule });
        self.update_calm();
    }

    /// Ends all fronts of a strike; says whether there were any.
    pub(crate) fn lift(&mut self, strike: usize) -> bool {
        let before = self.fronts.len();
        let queues = &mut self.queues;
        self.fronts.retain(|other| {
            let stays = other.front.strike != strike;
            if !stays {
                queues.forget(other.rule.name);
            }
            stays
        });
        self.update_calm();
        self.fronts.len() != before
    }

    /// The strike whose clog holds a message, if one does.
    pub(crate) fn clogged_by(&self, parcel: &Parcel) -> Option<usize> {
        let clogs = self.fronts.iter().filter(|other| other.front.weather == Weather::Clog);
        let mut holding = clogs.filter(|clog| clog.concerns(parcel, self.fifo));
        holding.next().map(|clog| clog.front.strike)
    }
}
