//! The nemesis: draws when strikes come, picks their targets, and says when it is over.
//!
//! Every draw is keyed by what the entry of the schedule does, by how often it struck before and
//! by what is drawn: one more fault, a longer schedule or another knob leave the others alone.

use crate::digest::Digest;
use crate::fault::{Fault, FaultSpec, Shape, When};
use crate::id::{Cluster, NodeId, NodeSet, OpId};
use crate::landmark::Landmark;
use crate::outcome::StrikeRecord;
use crate::rng::{ChaCha, Random as _, Stream, Streams};
use crate::setup::{Gst, NetworkSpec, Setup};
use crate::target::{Target, Targets};
use crate::time::{Duration, DurationRange, Time};

/// One strike of one entry of the schedule.
#[derive(Clone, Copy)]
pub(crate) struct Strike {
    /// The entry.
    pub(crate) fault: usize,
    /// How often the entry struck before.
    ordinal: u64,
}

/// A strike, and when it comes.
pub(crate) struct Planned {
    pub(crate) at: Time,
    pub(crate) strike: Strike,
}

/// What is drawn for a strike.
#[derive(Clone, Copy, Hash)]
pub(crate) enum Lot {
    /// The time of the first strike, or the pause before a later one.
    Time,
    /// How long it lasts.
    Length,
    /// Whom it strikes.
    Targets,
    /// Whom the budget spares.
    Budget,
    /// Whether the run has the entry at all.
    Chance,
    /// The times at which this node comes and goes.
    Churn(NodeId),
    /// Whether it repeats this attempt of a request.
    Request(OpId, u32),
    /// What it does to this node: which records, say.
    Detail(NodeId),
    /// Whether it strikes this one of its targets.
    Each(NodeId),
}

/// What the nemesis keeps of an entry of the schedule.
struct Entry {
    /// The key of its draws: what it does, and how many entries before it do the same.
    key: u64,
    /// No strike comes after this.
    until: Time,
    /// The landmarks heard, for an entry that waits for one.
    heard: u32,
    /// Whether it still has a strike to come or a landmark to wait for.
    alive: bool,
}

/// What a strike has to know of the world to find its targets.
pub(crate) struct View<'a> {
    pub(crate) cluster: Cluster,
    pub(crate) up: &'a NodeSet,
    pub(crate) corrupt: &'a NodeSet,
    pub(crate) leader: Option<NodeId>,
    /// Where zones are told.
    pub(crate) network: &'a NetworkSpec,
}

/// What a strike left behind.
pub(crate) struct Wake {
    pub(crate) record: StrikeRecord,
    pub(crate) strike: Strike,
    /// Whether GST leaves it alone.
    pub(crate) permanent: bool,
    /// The nodes that it took down.
    pub(crate) downed: NodeSet,
    /// The nodes that it holds in some other way: paused, slowed, with a sick disk or clock.
    pub(crate) held: NodeSet,
    /// Whether it is over.
    pub(crate) over: bool,
}

/// The schedule of one run.
pub(crate) struct Nemesis<'a> {
    specs: &'a [FaultSpec],
    entries: Vec<Entry>,
    waiting_for_landmarks: bool,
    gst: Gst,
    streams: Streams,
    /// Strikes that have struck and will end at a known time.
    open: usize,
    /// What struck.
    pub(crate) wakes: Vec<Wake>,
}

impl<'a> Nemesis<'a> {
    /// The schedule, and the first strike of each entry whose time is known.
    pub(crate) fn new(setup: &'a Setup, streams: &Streams) -> (Self, Vec<Planned>) {
        let half = Duration::from_nanos(setup.horizon.as_nanos() / 2);
        let horizon = Time::ZERO + setup.horizon;
        let mut entries: Vec<Entry> = Vec::new();
        for spec in &setup.faults {
            let does = spec.fault.to_string();
            let key = |same: u32| Digest::of(&(&does, same));
            // Entries that do the same are told apart by their order.
            let same = (0..).find(|same| entries.iter().all(|entry| entry.key != key(*same)));
            entries.push(Entry {
                key: key(same.expect("there are more numbers than entries")),
                until: (Time::ZERO + spec.until.unwrap_or(half)).min(horizon),
                heard: 0,
                alive: true,
            });
        }
        let mut nemesis = Self {
            specs: &setup.faults,
            waiting_for_landmarks: setup.faults.iter().any(|s| matches!(s.when, When::On { .. })),
            entries,
            gst: setup.gst,
            streams: streams.clone(),
            open: 0,
            wakes: Vec::new(),
        };
        for (fault, spec) in setup.faults.iter().enumerate() {
            let has = spec.chance.is_always()
                || nemesis.draw(Strike { fault, ordinal: 0 }, Lot::Chance).chance(spec.chance);
            nemesis.entries[fault].alive = has;
        }
        let planned = setup.faults.iter().enumerate().filter_map(|(fault, spec)| {
            if !nemesis.entries[fault].alive {
                return None;
            }
            let When::At(at) = spec.when else { return None };
            let strike = Strike { fault, ordinal: 0 };
            let at = Time::ZERO + nemesis.draw(strike, Lot::Time).between(at);
            Some(Planned { at, strike })
        });
        let planned = planned.collect();
        (nemesis, planned)
    }

    /// The draws of one strike for one purpose.
    pub(crate) fn draw(&self, strike: Strike, lot: Lot) -> ChaCha {
        let place = (self.entries[strike.fault].key, strike.ordinal, lot);
        self.streams.chacha(Stream::Nemesis, Digest::of(&place) >> 8)
    }

    /// The draws of who is left to make progress after GST.
    pub(crate) fn core_draw(&self) -> ChaCha {
        self.streams.chacha(Stream::Nemesis, Digest::of("core") >> 8)
    }

    /// When entries that wait for landmarks stop waiting.
    pub(crate) fn disarm_times(&self) -> Vec<Time> {
        let waiting = self.specs.iter().zip(&self.entries);
        waiting
            .filter(|(spec, _)| matches!(spec.when, When::On { .. }))
            .map(|(_, entry)| entry.until)
            .collect()
    }

    /// Entries whose time to wait is over no longer wait.
    pub(crate) fn disarm(&mut self, now: Time) {
        for (spec, entry) in self.specs.iter().zip(&mut self.entries) {
            if let When::On { nth, .. } = spec.when
                && entry.heard < nth
                && entry.until <= now
            {
                entry.alive = false;
            }
        }
    }

    /// A landmark was announced; says what it sets off, and when.
    pub(crate) fn hear(&mut self, landmark: Landmark, now: Time) -> Vec<Planned> {
        let mut set_off = Vec::new();
        if !self.waiting_for_landmarks {
            return set_off;
        }
        for (fault, (spec, entry)) in self.specs.iter().zip(&mut self.entries).enumerate() {
            if let When::On { landmark: kind, nth, after } = spec.when
                && entry.alive
                && kind == landmark.kind()
                && entry.heard < nth
            {
                entry.heard += 1;
                if entry.heard == nth {
                    match now.checked_add(after) {
                        Some(at) => {
                            set_off.push(Planned { at, strike: Strike { fault, ordinal: 0 } });
                        }
                        None => entry.alive = false,
                    }
                }
            }
        }
        set_off
    }

    /// The entry of the schedule.
    pub(crate) fn spec(&self, strike: Strike) -> &'a FaultSpec {
        &self.specs[strike.fault]
    }

    /// The strike of this entry after this one, if there is one.
    pub(crate) fn next(&mut self, strike: Strike, now: Time) -> Option<Planned> {
        let strike = Strike { ordinal: strike.ordinal + 1, ..strike };
        let next = self.pause(strike).and_then(|pause| {
            let at = now.checked_add(pause)?;
            (at <= self.entries[strike.fault].until).then_some(Planned { at, strike })
        });
        self.entries[strike.fault].alive = next.is_some();
        next
    }

    /// The pause before a strike that is not the first of its entry.
    fn pause(&self, strike: Strike) -> Option<Duration> {
        let spec = &self.specs[strike.fault];
        let mut draw = self.draw(strike, Lot::Time);
        match (spec.every, spec.rate) {
            (Some(every), _) => Some(draw.between(every)),
            (None, Some(rate)) => {
                let nanos = rate.interval(1).as_nanos() as f64 * -libm::log(draw.unit());
                // Never at once: a strike that follows itself at one instant has no end.
                Some(Duration::from_nanos_f64(nanos).max(Duration::from_nanos(1)))
            }
            (None, None) => None,
        }
    }

    /// Those of its targets that a strike takes, each with the probability that the entry says.
    pub(crate) fn each(&self, strike: Strike, targets: NodeSet) -> NodeSet {
        let each = self.specs[strike.fault].each;
        if each.is_always() {
            return targets;
        }
        let is_struck = |node: &NodeId| self.draw(strike, Lot::Each(*node)).chance(each);
        targets.iter().filter(is_struck).collect()
    }

    /// The entry strikes no more.
    pub(crate) fn retire(&mut self, strike: Strike) {
        self.entries[strike.fault].alive = false;
    }

    /// How long a strike lasts; `None` until GST or for ever.
    pub(crate) fn length(&self, strike: Strike) -> Option<Duration> {
        let lasts = self.specs[strike.fault].lasts?;
        Some(self.draw(strike, Lot::Length).between(lasts))
    }

    /// The strike as an entry by itself, whose time, length and fault are no longer drawn.
    pub(crate) fn concrete(&self, strike: Strike, now: Time, fault: Fault) -> FaultSpec {
        let spec = self.spec(strike);
        let (when, until) = match spec.when {
            When::At(_) => (When::At(DurationRange::exactly(now.since(Time::ZERO))), None),
            on @ When::On { .. } => (on, Some(self.entries[strike.fault].until.since(Time::ZERO))),
        };
        let lasts = self.length(strike).map(DurationRange::exactly);
        FaultSpec { until, lasts, permanent: spec.permanent, ..FaultSpec::when(when, fault) }
    }

    /// A strike struck: keeps what it leaves behind, and says under which number.
    pub(crate) fn struck(&mut self, strike: Strike, now: Time, lasts: Option<Duration>) -> usize {
        self.open += usize::from(lasts.is_some());
        let spec = &self.specs[strike.fault];
        let endless = lasts.is_none() && self.gst == Gst::Auto;
        let label = spec.fault.to_string();
        let record = StrikeRecord { fault: strike.fault, at: now, ended: None, label, changed: 0 };
        let permanent = spec.permanent || endless;
        let (downed, held) = (NodeSet::EMPTY, NodeSet::EMPTY);
        self.wakes.push(Wake { record, strike, permanent, downed, held, over: false });
        self.wakes.len() - 1
    }

    /// The time of a strike that lasted is over.
    pub(crate) const fn elapsed(&mut self) {
        self.open -= 1;
    }

    /// Whether no strike is to come and none will end by itself.
    pub(crate) fn is_over(&self) -> bool {
        self.open == 0 && self.entries.iter().all(|entry| !entry.alive)
    }

    /// Whether there is a schedule and nothing of it changed anything.
    pub(crate) fn is_vacuous(&self) -> bool {
        !self.specs.is_empty() && self.wakes.iter().all(|wake| wake.record.changed == 0)
    }

    /// Resolves targets among `candidates` (nodes that are up, or for a restart those down).
    pub(crate) fn resolve(
        targets: &Targets,
        view: &View<'_>,
        candidates: &NodeSet,
        draw: &mut ChaCha,
    ) -> NodeSet {
        let mut chosen = NodeSet::EMPTY;
        let n = view.cluster.n;
        for target in &targets.0 {
            match *target {
                Target::Node(node) => chosen.extend([node]),
                Target::Zone(ref zone) => {
                    chosen.extend(view.network.regions.get(zone).into_iter().flatten().copied());
                }
                Target::Leader => chosen.extend(view.leader),
                Target::Followers => {
                    chosen.extend(view.up.iter().filter(|node| Some(*node) != view.leader));
                }
                Target::Random(count) => Self::pick(count, candidates, &mut chosen, draw),
                Target::Third => Self::pick(n.div_ceil(3) - 1, candidates, &mut chosen, draw),
                Target::Half => Self::pick(n / 2, candidates, &mut chosen, draw),
                Target::Minority => {
                    Self::pick(view.cluster.minority(), candidates, &mut chosen, draw);
                }
                Target::Majority => {
                    Self::pick(view.cluster.majority(), candidates, &mut chosen, draw);
                }
                Target::All => chosen.extend(view.cluster.nodes()),
            }
        }
        chosen
    }

    fn pick(count: u32, candidates: &NodeSet, chosen: &mut NodeSet, draw: &mut ChaCha) {
        let mut free: Vec<_> = candidates.iter().filter(|node| !chosen.contains(*node)).collect();
        draw.shuffle(&mut free);
        chosen.extend(free.into_iter().take(count as usize));
    }

    /// The group of each node when these targets part the cluster; `None` if nobody is parted.
    pub(crate) fn groups(
        groups: &[Targets],
        view: &View<'_>,
        draw: &mut ChaCha,
    ) -> Option<Vec<u32>> {
        let rest = groups.len() as u32;
        let mut group = vec![rest; view.cluster.n as usize];
        let mut free: NodeSet = view.cluster.nodes().collect();
        for (number, targets) in groups.iter().enumerate() {
            let candidates = view.up.iter().filter(|node| free.contains(*node)).collect();
            for node in Self::resolve(targets, view, &candidates, draw).iter() {
                if free.remove(node) {
                    group[node.index()] = number as u32;
                }
            }
        }
        group.iter().any(|other| *other != group[0]).then_some(group)
    }

    /// The nodes in the order in which they take their places in a network of this shape.
    pub(crate) fn places(
        shape: Shape,
        first: Option<&Targets>,
        view: &View<'_>,
        draw: &mut ChaCha,
    ) -> Vec<NodeId> {
        let mut places: Vec<NodeId> = view.cluster.nodes().collect();
        draw.shuffle(&mut places);
        let mut ahead: Vec<NodeId> = Vec::new();
        for target in first.iter().flat_map(|first| &first.0) {
            let named = Self::resolve(&Targets::from(target.clone()), view, view.up, draw);
            let fresh: Vec<_> = named.iter().filter(|node| !ahead.contains(node)).collect();
            ahead.extend(fresh);
        }
        if ahead.is_empty() && matches!(shape, Shape::ConstrainedElection | Shape::Chained) {
            ahead.extend(view.leader);
        }
        for (place, node) in ahead.into_iter().enumerate() {
            if let Some(at) = places.iter().position(|other| *other == node) {
                places.swap(place, at);
            }
        }
        places
    }

    /// Cuts a choice down to what the budget allows beside those already down or corrupt; who is
    /// spared is drawn.
    pub(crate) fn afford(
        chosen: &NodeSet,
        view: &View<'_>,
        budget: u32,
        draw: &mut ChaCha,
    ) -> NodeSet {
        let able = |node: &NodeId| view.up.contains(*node) && !view.corrupt.contains(*node);
        let spent = view.cluster.n - view.cluster.nodes().filter(able).count() as u32;
        let left = budget.saturating_sub(spent);
        let mut fresh: Vec<_> = chosen.iter().filter(able).collect();
        if fresh.len() > left as usize {
            draw.shuffle(&mut fresh);
            fresh.truncate(left as usize);
        }
        fresh.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn a_leader_comes_first_only_where_the_shape_is_about_it_and_nobody_is_named() {
        let (up, corrupt) = ((0..5).map(NodeId).collect(), NodeSet::EMPTY);
        let (cluster, leader) = (Cluster { n: 5 }, Some(NodeId(4)));
        let network = NetworkSpec::default();
        let view = View { cluster, up: &up, corrupt: &corrupt, leader, network: &network };
        // Where the leader comes, in as many draws.
        let places = |shape, first: Option<&Targets>| -> Vec<Option<usize>> {
            let mut draw = Streams::new(5).chacha(Stream::Nemesis, 0);
            let mut place = || {
                let places = Nemesis::places(shape, first, &view, &mut draw);
                places.iter().position(|node| Some(*node) == leader)
            };
            (0..50).map(|_| place()).collect()
        };
        let named = Targets::from(Target::Node(NodeId(1)));
        for shape in [Shape::ConstrainedElection, Shape::Chained] {
            assert_eq!(places(shape, None), [Some(0); 50], "{shape:?}");
            let others: Vec<_> = (1..5).map(Some).collect();
            let places = places(shape, Some(&named));
            assert!(places.iter().all(|place| others.contains(place)), "{shape:?}: {places:?}");
            assert!(others.iter().all(|place| places.contains(place)), "{shape:?}: {places:?}");
        }
        for shape in [Shape::Bridge, Shape::Ring, Shape::Star] {
            let places = places(shape, None);
            assert!((0..5).all(|place| places.contains(&Some(place))), "{shape:?}: {places:?}");
        }
    }
}
