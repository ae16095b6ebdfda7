//! Writing down what struck, as a schedule in which nothing is left to be drawn.
//!
//! A traced run keeps every strike in the form that a scenario could say it: its time (or the
//! landmark that it waited for), the nodes that it took, its length. An untraced one is compiled
//! without a thought of it.

use super::World;
use crate::adversary::{Conduct, Strategy};
use crate::fault::{Fault, FaultSpec, Shape};
use crate::id::{NodeId, NodeSet};
use crate::protocol::Protocol;
use crate::target::{Target, Targets};
use crate::time::{Duration, DurationRange, Time};
use crate::trace::Struck;
use crate::weather::Weather;

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// Writes down the strike of this wake, with its fault made concrete.
    pub(super) fn write(&mut self, wake: usize, concrete: impl FnOnce(&Fault) -> Fault) {
        if TRACED {
            let strike = self.nemesis.wakes[wake].strike;
            let fault = concrete(&self.nemesis.spec(strike).fault);
            let spec = self.nemesis.concrete(strike, self.now, fault);
            self.recording.trace.schedule.push(Struck { strike: wake, spec });
        }
    }

    /// Writes down a strike on these nodes; nothing if there are none.
    pub(super) fn write_on(&mut self, wake: usize, nodes: &NodeSet) {
        if !nodes.is_empty() {
            self.write(wake, |fault| fault.clone().on(nodes.into()));
        }
    }

    /// Writes down a partition by the group of each node; the last group is the rest.
    pub(super) fn write_partition(&mut self, wake: usize, groups: &[u32]) {
        self.write(wake, |_| {
            let last = groups.iter().max().map_or(0, |last| *last);
            let members = |group: u32| -> Targets {
                let inside = (0..).zip(groups).filter(|(_, other)| **other == group);
                Targets(inside.map(|(node, _)| Target::Node(NodeId(node))).collect())
            };
            let named = (0..last).map(members).filter(|targets| !targets.0.is_empty());
            Fault::Partition { groups: named.collect() }
        });
    }

    /// Writes down who took which place of a shape.
    pub(super) fn write_reshape(&mut self, wake: usize, shape: Shape, places: &[NodeId]) {
        self.write(wake, |_| {
            let places = places.iter().map(|node| Target::Node(*node)).collect();
            Fault::Reshape { shape, first: Some(Targets(places)) }
        });
    }

    /// Writes down weather between these nodes, `None` being all; nothing if a side is empty.
    pub(super) fn write_weather(
        &mut self,
        wake: usize,
        weather: &Weather,
        messages: &[String],
        sides: [&Option<NodeSet>; 2],
    ) {
        if sides.iter().any(|side| side.as_ref().is_some_and(NodeSet::is_empty)) {
            return;
        }
        self.write(wake, |_| {
            let [from, to] = sides.map(|side| side.as_ref().map(Targets::from));
            Fault::Weather { weather: weather.clone(), from, to, messages: messages.to_vec() }
        });
    }

    /// Writes down a one-way cut; nothing if a side is empty.
    pub(super) fn write_one_way(&mut self, wake: usize, from: &NodeSet, to: &NodeSet) {
        if !from.is_empty() && !to.is_empty() {
            self.write(wake, |_| Fault::OneWay { from: from.into(), to: to.into() });
        }
    }

    /// Writes down one turn of a swizzle: a clog by itself, between these nodes, for so long.
    pub(super) fn write_clog(
        &mut self,
        wake: usize,
        lasts: Duration,
        sides: [&Option<NodeSet>; 2],
    ) {
        self.write_weather(wake, &Weather::Clog, &[], sides);
        self.write_turn(lasts);
    }

    /// Writes down one absence of a node that comes and goes: a crash by itself.
    pub(super) fn write_absence(&mut self, wake: usize, node: &NodeSet, away: Duration) {
        if !TRACED || node.is_empty() {
            return;
        }
        // Whoever is away when the churn ends comes back then.
        let strike = self.nemesis.wakes[wake].strike;
        let end = self.nemesis.length(strike);
        let end = end.and_then(|lasts| self.nemesis.wakes[wake].record.at.checked_add(lasts));
        let away = end.map_or(away, |end| away.min(end.since(self.now)));
        self.write(wake, |_| Fault::crash(Target::All).on(node.into()));
        self.write_turn(away);
    }

    /// What was written last is a turn of its strike: it came now, and took so long.
    fn write_turn(&mut self, lasts: Duration) {
        if let Some(turn) = self.recording.trace.schedule.last_mut().filter(|_| TRACED) {
            let at = self.now.since(Time::ZERO);
            let fault = turn.spec.fault.clone();
            turn.spec = FaultSpec { permanent: turn.spec.permanent, ..FaultSpec::at(at, fault) }
                .lasting(lasts);
        }
    }

    /// Writes down whom the adversary took, or made begin anew, and whom it treats otherwise.
    pub(super) fn write_corrupt(
        &mut self,
        wake: usize,
        conduct: &Conduct,
        [fresh, again]: [&NodeSet; 2],
        against: &NodeSet,
    ) {
        let renewed = again.iter().filter(|_| conduct.strategy == Strategy::Amnesia);
        let struck: NodeSet = fresh.iter().chain(renewed).collect();
        if struck.is_empty() {
            return;
        }
        self.write(wake, |fault| {
            let mut fault = fault.clone().on((&struck).into());
            if let (Fault::Corrupt { conduct: own, .. }, Some(_)) = (&mut fault, &conduct.against) {
                *own = Some(Conduct { against: Some(against.into()), ..conduct.clone() });
            }
            fault
        });
    }

    /// A strike ended before its time, because the next of its entry took its place.
    pub(super) fn write_end(&mut self, wake: usize) {
        if TRACED {
            let lasted = self.now.since(self.nemesis.wakes[wake].record.at);
            let written = self.recording.trace.schedule.iter_mut();
            for struck in written.filter(|struck| struck.strike == wake) {
                struck.spec.lasts = Some(DurationRange::exactly(lasted));
            }
        }
    }
}
