//! The nemesis: draws the schedule of strikes up front, picks targets, and says when it is over.
//!
//! Every entry of the scenario's schedule draws from a stream of its own, so that one more fault
//! leaves the others where they were.

use crate::fault::{Fault, FaultSpec, Target, Targets, When};
use crate::id::{Cluster, NodeId, NodeSet};
use crate::landmark::Landmark;
use crate::outcome::StrikeRecord;
use crate::rng::{ChaCha, Random as _, Stream, Streams};
use crate::setup::{Gst, Setup};
use crate::time::{Duration, Time};

/// A strike that is due at a known time.
pub(crate) struct Planned {
    pub(crate) at: Time,
    pub(crate) strike: Strike,
}

/// One strike of one entry of the schedule.
pub(crate) struct Strike {
    /// The entry.
    pub(crate) fault: usize,
    /// How long it lasts; `None` until GST or for ever.
    pub(crate) lasts: Option<Duration>,
    /// Draws the targets.
    pub(crate) draw: ChaCha,
}

/// An entry that waits for a landmark.
struct Trigger {
    fault: usize,
    seen: u32,
    until: Time,
    fired: bool,
}

/// What a strike has to know of the world to find its targets.
pub(crate) struct View<'a> {
    pub(crate) cluster: Cluster,
    pub(crate) up: &'a NodeSet,
    pub(crate) corrupt: &'a NodeSet,
    pub(crate) leader: Option<NodeId>,
}

/// What a strike left behind.
pub(crate) struct Wake {
    pub(crate) record: StrikeRecord,
    /// Whether GST leaves it alone.
    pub(crate) permanent: bool,
    /// The nodes that it took down.
    pub(crate) downed: NodeSet,
}

/// The schedule of one run.
pub(crate) struct Nemesis<'a> {
    specs: &'a [FaultSpec],
    gst: Gst,
    triggers: Vec<Trigger>,
    streams: Streams,
    /// Strikes that have not struck yet.
    pending: usize,
    /// Strikes that have struck and will end at a known time.
    open: usize,
    /// What struck.
    pub(crate) wakes: Vec<Wake>,
}

impl<'a> Nemesis<'a> {
    /// The schedule, and the strikes whose time is known.
    pub(crate) fn new(setup: &'a Setup, streams: &Streams) -> (Self, Vec<Planned>) {
        let mut nemesis = Self {
            specs: &setup.faults,
            gst: setup.gst,
            triggers: Vec::new(),
            streams: streams.clone(),
            pending: 0,
            open: 0,
            wakes: Vec::new(),
        };
        let half = Duration::from_nanos(setup.horizon.as_nanos() / 2);
        let mut planned = Vec::new();
        for (fault, spec) in setup.faults.iter().enumerate() {
            let until = Time::ZERO + spec.until.unwrap_or(half);
            match spec.when {
                When::At(at) => nemesis.plan(fault, spec, Time::ZERO, at, until, &mut planned),
                When::On { .. } => {
                    nemesis.triggers.push(Trigger { fault, seen: 0, until, fired: false });
                }
            }
        }
        nemesis.pending = planned.len() + nemesis.triggers.len();
        (nemesis, planned)
    }

    fn plan(
        &self,
        fault: usize,
        spec: &FaultSpec,
        base: Time,
        first: crate::time::DurationRange,
        until: Time,
        planned: &mut Vec<Planned>,
    ) {
        let mut times = self.streams.chacha(Stream::Nemesis, (fault as u64) << 32);
        let mut at = base + times.between(first);
        loop {
            let ordinal = planned.len() as u64 + 1;
            planned.push(Planned { at, strike: self.strike(fault, spec, ordinal, &mut times) });
            let Some(every) = spec.every else { return };
            at = at + times.between(every);
            if at > until {
                return;
            }
        }
    }

    fn strike(&self, fault: usize, spec: &FaultSpec, ordinal: u64, times: &mut ChaCha) -> Strike {
        let lasts = spec.lasts.map(|lasts| times.between(lasts));
        let draw = self.streams.chacha(Stream::Nemesis, (fault as u64) << 32 | ordinal);
        Strike { fault, lasts, draw }
    }

    /// When entries that wait for landmarks stop waiting.
    pub(crate) fn disarm_times(&self) -> Vec<Time> {
        self.triggers.iter().map(|trigger| trigger.until).collect()
    }

    /// Entries whose time to wait is over no longer wait.
    pub(crate) fn disarm(&mut self, now: Time) {
        for trigger in self.triggers.iter_mut().filter(|t| !t.fired && t.until <= now) {
            trigger.fired = true;
            self.pending -= 1;
        }
    }

    /// A landmark was announced; says what it sets off, and when.
    pub(crate) fn hear(&mut self, landmark: Landmark, now: Time) -> Vec<Planned> {
        if self.triggers.is_empty() {
            return Vec::new();
        }
        let mut set_off = Vec::new();
        for index in 0..self.triggers.len() {
            let trigger = &mut self.triggers[index];
            let spec = &self.specs[trigger.fault];
            let When::On { landmark: kind, nth, after } = spec.when else { continue };
            if trigger.fired || kind != landmark.kind() {
                continue;
            }
            trigger.seen += 1;
            if trigger.seen == nth {
                trigger.fired = true;
                let fault = trigger.fault;
                let mut times = self.streams.chacha(Stream::Nemesis, (fault as u64) << 32);
                let strike = self.strike(fault, spec, 1, &mut times);
                set_off.push(Planned { at: now + after, strike });
            }
        }
        set_off
    }

    /// The entry of the schedule.
    pub(crate) fn fault(&self, strike: &Strike) -> &'a Fault {
        &self.specs[strike.fault].fault
    }

    /// A strike struck: keeps what it left behind, and says under which number.
    pub(crate) fn struck(&mut self, strike: &Strike, now: Time, label: String) -> usize {
        self.pending -= 1;
        self.open += usize::from(strike.lasts.is_some());
        let spec = &self.specs[strike.fault];
        let endless = strike.lasts.is_none() && self.gst == Gst::Auto;
        let record = StrikeRecord { fault: strike.fault, at: now, ended: None, label, changed: 0 };
        let permanent = spec.permanent || endless;
        self.wakes.push(Wake { record, permanent, downed: NodeSet::EMPTY });
        self.wakes.len() - 1
    }

    /// A strike that lasted is over.
    pub(crate) fn ended(&mut self, wake: usize, now: Time) {
        self.open -= 1;
        self.wakes[wake].record.ended.get_or_insert(now);
    }

    /// Whether no strike is to come and none will end by itself.
    pub(crate) const fn is_over(&self) -> bool {
        self.pending == 0 && self.open == 0
    }

    /// Whether scripted faults struck and none of them changed anything.
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
                Target::Node(node) => {
                    chosen.insert(node);
                }
                Target::Leader => {
                    view.leader.into_iter().for_each(|leader| {
                        chosen.insert(leader);
                    });
                }
                Target::Followers => {
                    let followers = view.up.iter().filter(|node| Some(*node) != view.leader);
                    followers.for_each(|node| {
                        chosen.insert(node);
                    });
                }
                Target::Random(count) => Self::pick(count, candidates, &mut chosen, draw),
                Target::Minority => {
                    Self::pick(view.cluster.minority(), candidates, &mut chosen, draw);
                }
                Target::Majority => {
                    Self::pick(view.cluster.majority(), candidates, &mut chosen, draw);
                }
                Target::All => (0..n).for_each(|node| {
                    chosen.insert(NodeId(node));
                }),
            }
        }
        chosen
    }

    fn pick(count: u32, candidates: &NodeSet, chosen: &mut NodeSet, draw: &mut ChaCha) {
        let mut free: Vec<_> = candidates.iter().filter(|node| !chosen.contains(*node)).collect();
        draw.shuffle(&mut free);
        free.into_iter().take(count as usize).for_each(|node| {
            chosen.insert(node);
        });
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

    /// Cuts a choice down to what the budget allows beside those already down or corrupt.
    pub(crate) fn afford(chosen: &NodeSet, view: &View<'_>, budget: u32) -> NodeSet {
        let spent = view
            .cluster
            .nodes()
            .filter(|node| !view.up.contains(*node) || view.corrupt.contains(*node));
        let left = budget.saturating_sub(spent.count() as u32);
        let fresh = chosen.iter().filter(|node| view.up.contains(*node));
        fresh.filter(|node| !view.corrupt.contains(*node)).take(left as usize).collect()
    }
}
