//! How soon replicas come to be equal, how far apart they are until then, and what that costs.
//!
//! A replica's state is what it showed last: which updates, and what value. One that is down keeps
//! it, one that comes up has none until it shows one. Replicas that agree have converged only if
//! they show every update that was made: an update that was lost for ever leaves them censored,
//! however much alike they are.

use std::collections::BTreeMap;

use sim_core::checker::End;
use sim_core::digest::Digest;
use sim_core::gauge::{Curve, CurvePoint, Gauge, Measure, Metric, Reading, Traffic};
use sim_core::history::Event;
use sim_core::id::{Cluster, NodeId};
use sim_core::time::Time;

use super::judges::{Entry, update, view};
use super::{Dot, Indication, Request, Value, VersionVector};

const fn amount(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

/// The measurements, in the order of [`Replicas::conclude`].
pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "convergence_ms",
        summary: "time from the last update, or the end of the faults if later, until all replicas \
                  showed all updates and the same value for good",
        may_be_censored: true,
    },
    amount("states_max_count", "the most states that replicas were in at once"),
    amount("updates_count", "updates that were made"),
    amount("bytes_per_update", "bytes sent over the network for each update made"),
    amount("redundant_ratio", "bytes that told their receiver nothing new, of the bytes sent"),
];

/// The curves.
pub(super) const CURVES: &[Curve] = &[Curve {
    name: "distinct_states",
    summary: "in how many different states the replicas are, from each time on",
    x: "time_ms",
    y: "states_count",
}];

/// The curve of a run has at most so many points: of the changes within one of so many slices of
/// the run, the last.
const SLICES: f64 = 400.0;

/// What a replica showed last.
#[derive(Clone, Default)]
struct State {
    /// Equal for replicas that have seen the same and show the same; 0 before they show anything.
    digest: u64,
    seen: VersionVector,
}

impl State {
    fn of(seen: &VersionVector, value: &Value) -> Self {
        let digest = if *seen == VersionVector::EMPTY { 0 } else { Digest::of(&(seen, value)) };
        Self { digest, seen: seen.clone() }
    }
}

/// Watches the replicas of a run.
pub(super) struct Replicas {
    /// The state of each that is correct.
    states: BTreeMap<NodeId, State>,
    /// How many replicas are in each state.
    sharers: BTreeMap<u64, u32>,
    /// The updates that were made, each counted once however often it is told.
    made: VersionVector,
    last_update: Option<Time>,
    /// Since when all replicas have shown all that was made, if they do.
    together_since: Option<Time>,
    /// The number of states from each time on at which it changed.
    steps: Vec<(Time, usize)>,
    traffic: Traffic,
}

impl Replicas {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self {
            states: cluster.nodes().map(|node| (node, State::default())).collect(),
            sharers: BTreeMap::from([(0, cluster.n)]),
            made: VersionVector::EMPTY,
            last_update: None,
            together_since: Some(Time::ZERO),
            steps: vec![(Time::ZERO, 1)],
            traffic: Traffic::default(),
        }
    }

    /// A replica is in another state now; in none if it is not to be counted any more.
    fn replace(&mut self, node: NodeId, state: Option<State>) {
        let digest = state.as_ref().map(|state| state.digest);
        let before = match state {
            // The corrupt say nothing that counts, whatever comes of them later.
            Some(_) if !self.states.contains_key(&node) => return,
            Some(state) => self.states.insert(node, state),
            None => self.states.remove(&node),
        };
        if let Some(before) = before
            && let Some(count) = self.sharers.get_mut(&before.digest)
        {
            *count -= 1;
            if *count == 0 {
                self.sharers.remove(&before.digest);
            }
        }
        if let Some(digest) = digest {
            *self.sharers.entry(digest).or_default() += 1;
        }
    }

    fn made(&mut self, dot: Dot, at: Time) {
        if !self.made.has(dot) {
            self.made.advance(dot);
            self.last_update = Some(at);
        }
    }

    /// Whether all replicas show all that was made, and the same.
    fn are_together(&self) -> bool {
        let mut states = self.states.values();
        self.sharers.len() <= 1
            && states.next().is_none_or(|state| self.made.is_within(&state.seen))
    }

    /// Takes note of how things stand after a change.
    fn note(&mut self, at: Time) {
        self.together_since = match self.are_together() {
            true => self.together_since.or(Some(at)),
            false => None,
        };
        let count = self.sharers.len();
        // Of several changes at one time the last counts, and one that was undone does not.
        self.steps.pop_if(|(last, _)| *last == at);
        if self.steps.last().is_none_or(|(_, states)| *states != count) {
            self.steps.push((at, count));
        }
    }

    fn convergence(&self, end: &End) -> Measure {
        let Some(last_update) = self.last_update else { return Measure::None };
        // Faults that never end have no end to count from.
        let from = end.gst.map_or(last_update, |gst| gst.max(last_update));
        match self.together_since {
            Some(at) => Measure::Value(at.max(from).since(from).as_millis_f64()),
            None => Measure::Censored(end.at.since(from).as_millis_f64()),
        }
    }

    fn points(&self, end: Time) -> Vec<CurvePoint> {
        let slice = |at: Time| (at.as_millis_f64() / end.as_millis_f64() * SLICES).floor();
        let next = self.steps.iter().skip(1).map(Some).chain([None]);
        let is_kept = |at: Time, next: Option<&(Time, usize)>| {
            next.is_none_or(|(next, _)| at == Time::ZERO || slice(*next) > slice(at))
        };
        let kept = self.steps.iter().zip(next).filter(|((at, _), next)| is_kept(*at, *next));
        let point = |((at, states), _): (&(Time, usize), _)| CurvePoint {
            curve: CURVES[0].name,
            node: None,
            x: at.as_millis_f64(),
            y: *states as f64,
            weight: 1,
        };
        kept.map(point).collect()
    }
}

impl Gauge<Request, Indication> for Replicas {
    fn observe(&mut self, entry: &Entry) {
        if let Some(updated) = update(entry) {
            self.made(updated.dot, entry.at);
        } else if let Some((seen, value)) = view(entry) {
            self.replace(entry.node, Some(State::of(seen, value)));
        } else {
            match entry.event {
                Event::Booted => self.replace(entry.node, Some(State::default())),
                Event::Corrupted => self.replace(entry.node, None),
                _ => return,
            }
        }
        self.note(entry.at);
    }

    fn weigh(&mut self, traffic: Traffic) {
        self.traffic = traffic;
    }

    fn conclude(&mut self, end: &End) -> Reading {
        let updates = self.made.total();
        let per = |amount: u64, of: u64| match (updates, of) {
            (0, _) | (_, 0) => Measure::None,
            _ => Measure::Value(amount as f64 / of as f64),
        };
        let states_max = self.steps.iter().map(|(_, states)| *states).max();
        let measures = vec![
            self.convergence(end),
            states_max.map_or(Measure::None, |states| Measure::Value(states as f64)),
            Measure::Value(updates as f64),
            per(self.traffic.bytes, updates),
            per(self.traffic.redundant, self.traffic.bytes),
        ];
        Reading { measures, points: self.points(end.at) }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeSet;
    use sim_core::time::Duration;

    use super::super::histories::seen;
    use super::super::{Action, Updated};
    use super::*;

    const CLUSTER: Cluster = Cluster { n: 2 };

    fn ms(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    fn entry(at: u64, node: u32, event: Event<Request, Indication>) -> Entry {
        Entry { at: ms(at), node: NodeId(node), incarnation: 0, event }
    }

    fn says(at: u64, node: u32, indication: Indication) -> Entry {
        entry(at, node, Event::Indicated { answers: None, indication })
    }

    /// `node` makes its next update, having seen so much, and shows how many it has seen then.
    fn makes(at: u64, node: u32, counts: [u32; 2]) -> Vec<Entry> {
        let before = seen(counts);
        let dot = before.next(NodeId(node));
        let mut after = counts;
        after[node as usize] += 1;
        let updated = Updated { dot, seen: before, action: Action::Count(1) };
        let shown = counts.iter().sum::<u32>() + 1;
        vec![says(at, node, Indication::Updated(updated)), shows(at, node, after, shown.into())]
    }

    fn shows(at: u64, node: u32, counts: [u32; 2], count: i64) -> Entry {
        says(at, node, Indication::View { seen: seen(counts), value: Value::Count(count) })
    }

    fn read(history: Vec<Vec<Entry>>, end: u64, gst: Option<u64>) -> Reading {
        let mut replicas = Replicas::new(CLUSTER);
        history.iter().flatten().for_each(|entry| replicas.observe(entry));
        replicas.weigh(Traffic { bytes: 600, redundant: 150 });
        replicas.conclude(&End {
            at: ms(end),
            gst: gst.map(ms),
            patience: Duration::from_secs(1),
            cluster: CLUSTER,
            core: NodeSet::from_iter(CLUSTER.nodes()),
        })
    }

    fn steps(reading: &Reading) -> Vec<(f64, f64)> {
        reading.points.iter().map(|point| (point.x, point.y)).collect()
    }

    #[test]
    fn convergence_counts_from_the_last_update_or_the_end_of_the_faults() {
        let history = vec![makes(100, 0, [0, 0]), vec![shows(250, 1, [1, 0], 1)]];
        let after = |gst| read(history.clone(), 900, gst).measures[0];
        assert_eq!(after(Some(0)), Measure::Value(150.0));
        assert_eq!(after(Some(200)), Measure::Value(50.0));
        assert_eq!(after(Some(400)), Measure::Value(0.0));
        assert_eq!(after(None), Measure::Value(150.0));
    }

    #[test]
    fn replicas_that_part_again_converge_when_they_meet_for_good() {
        let parted = vec![
            makes(100, 0, [0, 0]),
            vec![shows(150, 1, [1, 0], 1)],
            makes(300, 1, [1, 0]),
            vec![shows(420, 0, [1, 1], 2)],
        ];
        let reading = read(parted, 900, Some(0));
        assert_eq!(reading.measures[0], Measure::Value(120.0));
        let expected = [(0.0, 1.0), (100.0, 2.0), (150.0, 1.0), (300.0, 2.0), (420.0, 1.0)];
        assert_eq!(steps(&reading), expected);
    }

    #[test]
    fn replicas_that_are_apart_at_the_end_are_censored_since_the_heal() {
        let reading = read(vec![makes(100, 0, [0, 0])], 900, Some(300));
        assert_eq!(reading.measures[0], Measure::Censored(600.0));
        assert_eq!(reading.measures[1], Measure::Value(2.0));
    }

    #[test]
    fn an_update_that_was_lost_for_ever_is_censored_though_all_replicas_are_equal() {
        let lost = vec![makes(100, 0, [0, 0]), vec![entry(200, 0, Event::Booted)]];
        let reading = read(lost, 900, Some(200));
        assert_eq!(reading.measures[0], Measure::Censored(700.0));
        assert_eq!(steps(&reading).last(), Some(&(200.0, 1.0)), "both show nothing");
    }

    #[test]
    fn a_replica_that_comes_up_with_what_it_had_was_never_apart() {
        let back = vec![
            makes(100, 0, [0, 0]),
            vec![shows(150, 1, [1, 0], 1)],
            vec![entry(300, 1, Event::Crashed), entry(400, 1, Event::Booted)],
            // Told again, and no other update.
            vec![makes(0, 0, [0, 0]).remove(0), shows(400, 1, [1, 0], 1)],
        ];
        let reading = read(back, 900, Some(400));
        assert_eq!(reading.measures[0], Measure::Value(0.0));
        assert_eq!(reading.measures[2], Measure::Value(1.0));
        assert_eq!(steps(&reading).last(), Some(&(150.0, 1.0)));
    }

    #[test]
    fn the_same_updates_with_another_value_are_another_state() {
        let wrong = vec![makes(100, 0, [0, 0]), vec![shows(150, 1, [1, 0], 7)]];
        let reading = read(wrong, 900, Some(0));
        assert_eq!(reading.measures[0], Measure::Censored(800.0));
    }

    #[test]
    fn what_the_corrupt_show_is_not_waited_for() {
        let history = vec![vec![entry(0, 1, Event::Corrupted)], makes(100, 0, [0, 0])];
        let reading = read(history, 900, Some(0));
        assert_eq!(reading.measures[0], Measure::Value(0.0));
        assert_eq!(steps(&reading), [(0.0, 1.0)]);
    }

    #[test]
    fn bytes_are_counted_for_each_update_and_without_any_there_is_nothing_to_measure() {
        let twice = vec![makes(100, 0, [0, 0]), makes(200, 0, [1, 0])];
        let reading = read(twice, 900, Some(0));
        assert_eq!(reading.measures[2..], [2.0, 300.0, 0.25].map(Measure::Value));
        let nothing = read(Vec::new(), 900, Some(0)).measures;
        assert_eq!([nothing[0], nothing[3], nothing[4]], [Measure::None; 3]);
    }

    #[test]
    fn a_curve_of_many_changes_keeps_the_last_of_each_slice() {
        let flicker = |turn: u32| {
            let at = u64::from(turn) * 10;
            let mut entries = makes(at, 0, [turn, 0]);
            entries.push(shows(at + 5, 1, [turn + 1, 0], i64::from(turn) + 1));
            entries
        };
        let reading = read((0..1_000).map(flicker).collect(), 10_000, Some(0));
        let steps = steps(&reading);
        assert!(steps.len() <= SLICES as usize + 1, "{}", steps.len());
        assert_eq!(steps[..2], [(0.0, 2.0), (20.0, 2.0)]);
        assert_eq!(steps.last(), Some(&(9_995.0, 1.0)));
    }
}
