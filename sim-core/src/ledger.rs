//! The ledger: what is counted and timed while a run goes by.

use crate::gauge::Traffic;
use crate::id::{Cluster, NodeId, NodeSet};
use crate::landmark::Landmark;
use crate::mark::{Mark, Tally};
use crate::outcome::{Bucket, Measure, Metrics, Outcome};
use crate::time::{Duration, Time};

/// Counts of the network and the disks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// Tokens that messages cost; `None` if nobody counts, or nothing was sent.
    pub(crate) tokens: Option<u64>,
    pub(crate) duplicated: u64,
    pub(crate) delivered: u64,
    /// Dropped: by the weather, at a cut, for want of room, for damage that was noticed, at a
    /// receiver that is down, and at one that is corrupt and will not hear.
    pub(crate) lost: u64,
    pub(crate) cut: u64,
    pub(crate) overflowed: u64,
    pub(crate) rejected: u64,
    pub(crate) down: u64,
    /// Still on their way at the end: all, and those that would arrive past the horizon.
    pub(crate) in_flight: u64,
    pub(crate) beyond: u64,
    /// Changed on their way: damaged, made slower, held back, held by a clog.
    pub(crate) corrupted: u64,
    pub(crate) delayed: u64,
    pub(crate) reordered: u64,
    pub(crate) clogged: u64,
    pub(crate) syncs: u64,
    pub(crate) crashes: u64,
    pub(crate) lies: u64,
    pub(crate) retries: u64,
}

impl Counts {
    /// What was sent and what the network made of it, less what became of it: zero, whatever
    /// happened.
    pub(crate) const fn missing(&self) -> i128 {
        let dropped = self.lost + self.cut + self.overflowed + self.rejected + self.down;
        (self.messages + self.duplicated) as i128
            - (self.delivered + dropped + self.in_flight) as i128
    }
}

/// All measurements of one run in the making.
pub(crate) struct Ledger {
    pub(crate) counts: Counts,
    /// The term that each node leads, up to the last one that ever led.
    leading: Vec<Option<u64>>,
    led_since: Option<Time>,
    slice: Duration,
    timeline: Vec<Bucket>,
    latencies: Vec<(Time, Duration)>,
    started: u64,
    refused: u64,
    refused_waits: Duration,
    first_answer: Option<Time>,
    last_answer: Option<Time>,
    /// Since when something has waited without any answer.
    gap_since: Option<Time>,
    gap_longest: Duration,
    first_leader: Option<Time>,
    lost_leader: Option<(Time, u64)>,
    failover: Option<Duration>,
    elections: u64,
    leaders: u64,
    highest_term: u64,
    /// Who announced an outcome in whatever life; it may have been lost before it was durable.
    decided: NodeSet,
    undecided: NodeSet,
    marks: Tally,
    agreement: Agreement,
}

impl Ledger {
    pub(crate) fn new(cluster: Cluster, horizon: Duration, marks: &'static [Mark]) -> Self {
        let buckets = Outcome::BUCKETS as u64;
        Self {
            counts: Counts::default(),
            leading: Vec::new(),
            led_since: None,
            slice: Duration::from_nanos(horizon.as_nanos().div_ceil(buckets).max(1)),
            timeline: vec![Bucket::default(); Outcome::BUCKETS],
            latencies: Vec::new(),
            started: 0,
            refused: 0,
            refused_waits: Duration::ZERO,
            first_answer: None,
            last_answer: None,
            gap_since: None,
            gap_longest: Duration::ZERO,
            first_leader: None,
            lost_leader: None,
            failover: None,
            elections: 0,
            leaders: 0,
            highest_term: 0,
            decided: NodeSet::EMPTY,
            undecided: NodeSet::EMPTY,
            marks: Tally::of(marks),
            agreement: Agreement::new(cluster),
        }
    }

    fn bucket(&mut self, at: Time) -> &mut Bucket {
        let index = (at.as_nanos() / self.slice.as_nanos()) as usize;
        let last = self.timeline.len() - 1;
        &mut self.timeline[index.min(last)]
    }

    pub(crate) fn asked(&mut self, now: Time) {
        self.started += 1;
        self.gap_since.get_or_insert(now);
    }

    /// An operation that was meant to start at `started` is settled; `waiting` others are not.
    pub(crate) fn settled(&mut self, now: Time, started: Time, done: bool, waiting: u32) {
        if !done {
            self.refused += 1;
            self.refused_waits = self.refused_waits + now.since(started);
            if waiting == 0 {
                self.gap_since = None;
            }
            return;
        }
        self.latencies.push((started, now.since(started)));
        self.first_answer.get_or_insert(now);
        self.last_answer = Some(now);
        if let Some(since) = self.gap_since {
            self.gap_longest = self.gap_longest.max(now.since(since));
        }
        self.gap_since = (waiting > 0).then_some(now);
    }

    /// The node that leads the highest term.
    pub(crate) fn leader(&self) -> Option<NodeId> {
        let leading = self
            .leading
            .iter()
            .zip(0..)
            .filter_map(|(term, node)| term.map(|term| (term, NodeId(node))));
        leading.max_by_key(|(term, _)| *term).map(|(_, node)| node)
    }

    pub(crate) fn announced(&mut self, now: Time, node: NodeId, landmark: Landmark) {
        self.marks.announced(landmark);
        match landmark {
            Landmark::Candidate { term } => {
                self.elections += 1;
                self.highest_term = self.highest_term.max(term);
                self.follow(now, node);
            }
            Landmark::QuorumFormed { .. } => {
                self.first_leader.get_or_insert(now);
            }
            Landmark::Leader { term } => {
                self.leaders += 1;
                self.highest_term = self.highest_term.max(term);
                if self.leading.len() <= node.index() {
                    self.leading.resize(node.index() + 1, None);
                }
                self.leading[node.index()] = Some(term);
                self.led_since.get_or_insert(now);
                if let Some((lost, old)) = self.lost_leader
                    && term > old
                {
                    self.failover.get_or_insert(now.since(lost));
                }
            }
            Landmark::Follower { term } => {
                self.highest_term = self.highest_term.max(term);
                self.follow(now, node);
            }
            Landmark::Decided => {
                self.decided.insert(node);
            }
            Landmark::Undecided => {
                self.undecided.insert(node);
            }
            Landmark::ViewChanged { term } => {
                self.highest_term = self.highest_term.max(term);
                self.follow(now, node);
            }
            Landmark::Updated { state } => {
                self.agreement.last_update = Some(now);
                self.agreement.changed(now, node, state);
            }
            Landmark::Merged { state } => self.agreement.changed(now, node, state),
            Landmark::Redundant { bytes } => self.agreement.redundant += bytes,
            Landmark::VoteGranted { .. }
            | Landmark::Learned
            | Landmark::Suspected { .. }
            | Landmark::Recovered
            | Landmark::Prepared { .. }
            | Landmark::Truncated { .. }
            | Landmark::Committed { .. }
            | Landmark::Marked { .. } => {}
        }
    }

    /// The node leads no more, if it did.
    pub(crate) fn follow(&mut self, now: Time, node: NodeId) {
        let led = self.leading.get_mut(node.index()).and_then(Option::take);
        if led.is_some() && self.leading.iter().all(Option::is_none) {
            self.count_led(now);
        }
    }

    /// The leader is about to be crashed or cut off.
    pub(crate) fn lose_leader(&mut self, now: Time, node: NodeId) {
        if let Some(Some(term)) = self.leading.get(node.index()).copied() {
            self.lost_leader.get_or_insert((now, term));
        }
    }

    /// Whether the node leads some term.
    pub(crate) fn leads(&self, node: NodeId) -> bool {
        self.leading.get(node.index()).is_some_and(Option::is_some)
    }

    /// The leader that was cut off is back, and nobody took its place: nothing was lost.
    pub(crate) fn regain_leader(&mut self) {
        if let Some((_, term)) = self.lost_leader
            && self.failover.is_none()
            && self.leading.contains(&Some(term))
        {
            self.lost_leader = None;
        }
    }

    fn count_led(&mut self, now: Time) {
        let Some(mut from) = self.led_since.take() else { return };
        while from < now {
            let slice = self.slice;
            let index = from.as_nanos() / slice.as_nanos();
            let end = Time::from_nanos((index + 1) * slice.as_nanos()).min(now);
            let bucket = self.bucket(from);
            bucket.led = bucket.led + end.since(from);
            from = end;
        }
    }

    /// Whether no operation was asked for, so that there is nothing to judge.
    pub(crate) const fn is_blank(&self) -> bool {
        self.started == 0
    }

    /// What was carried so far.
    pub(crate) const fn traffic(&self) -> Traffic {
        Traffic { bytes: self.counts.bytes, redundant: self.agreement.redundant }
    }

    /// Closes the books. `open` are the starts of the operations that were not answered as done,
    /// with whether they still wait.
    pub(crate) fn close(
        mut self,
        end: Time,
        patience: Duration,
        open: impl Iterator<Item = (Time, bool)>,
    ) -> Books {
        self.count_led(end);
        let due = |started: Time| started.checked_add(patience).is_some_and(|due| due <= end);
        let (mut waiting, mut open_waits) = (0, Duration::ZERO);
        // Those whose client lost patience; a younger one says nothing about the others.
        let (mut lost, mut lost_waits, mut longest_wait) = (0, Duration::ZERO, Duration::ZERO);
        for (started, waits) in open {
            self.bucket(started).due += u32::from(due(started));
            if waits {
                let wait = end.since(started);
                waiting += 1;
                open_waits = open_waits + wait;
                longest_wait = longest_wait.max(wait);
                if due(started) {
                    lost += 1;
                    lost_waits = lost_waits + wait;
                }
            }
        }
        for index in 0..self.latencies.len() {
            let (started, latency) = self.latencies[index];
            let due = due(started);
            let bucket = self.bucket(started);
            bucket.due += u32::from(due);
            bucket.ok += u32::from(due && latency <= patience);
        }
        let mut sorted: Vec<Duration> =
            self.latencies.iter().map(|(_, latency)| *latency).collect();
        sorted.sort_unstable();
        let count = |count: u64| Measure::Value(count as f64);
        let ms = |span: Duration| Measure::Value(span.as_millis_f64());
        // Nearest rank among the answered and the lost, who are slower than all answered. What the
        // sample cannot support is not given.
        let all = sorted.len() + lost;
        let rank = |percent: usize, least: usize| {
            let rank = (all * percent).div_ceil(100);
            match sorted.get(rank.wrapping_sub(1)) {
                _ if all < least => Measure::None,
                Some(latency) => ms(*latency),
                None => Measure::Censored(longest_wait.as_millis_f64()),
            }
        };
        let until = |found: Option<Time>, watched: bool| match found {
            Some(at) => ms(at.since(Time::ZERO)),
            None if watched => Measure::Censored(end.as_millis_f64()),
            None => Measure::None,
        };
        let ok = self.latencies.len() as u64;
        let asked = self.started > 0;
        let elected = self.elections > 0;
        let open_gap = self.gap_since.map_or(Duration::ZERO, |since| end.since(since));
        let counts = self.counts;
        let total = sorted.iter().fold(Duration::ZERO, |sum, latency| sum + *latency);
        let waited = total + open_waits + self.refused_waits;
        let metrics = Metrics {
            ops_count: count(self.started),
            ops_ok_count: count(ok),
            ops_refused_count: count(self.refused),
            ops_pending_count: count(waiting),
            retries_count: count(counts.retries),
            // Every operation waits from its start to its answer or to the end, so the average
            // over time is the sum of all waits by the time watched.
            waiting_mean_count: if end > Time::ZERO {
                Measure::Value(waited.as_nanos() as f64 / end.as_nanos() as f64)
            } else {
                Measure::None
            },
            decide_mean_ms: match (all, lost) {
                (0, _) => Measure::None,
                (_, 0) => Measure::Value(total.as_millis_f64() / ok as f64),
                _ => Measure::Censored((total + lost_waits).as_millis_f64() / all as f64),
            },
            decide_p50_ms: rank(50, 1),
            decide_p99_ms: rank(99, P99_LEAST),
            decide_max_ms: rank(100, 1),
            first_decide_ms: until(self.first_answer, asked),
            last_decide_ms: match self.last_answer {
                Some(at) if waiting == 0 => ms(at.since(Time::ZERO)),
                _ if asked => Measure::Censored(end.as_millis_f64()),
                _ => Measure::None,
            },
            unavailable_ms: match (asked, open_gap > self.gap_longest && waiting > 0) {
                (false, _) => Measure::None,
                (true, true) => Measure::Censored(open_gap.as_millis_f64()),
                (true, false) => ms(self.gap_longest),
            },
            first_leader_ms: until(self.first_leader, elected),
            failover_ms: match (self.failover, self.lost_leader) {
                (Some(span), _) => ms(span),
                (None, Some((lost, _))) => Measure::Censored(end.since(lost).as_millis_f64()),
                (None, None) => Measure::None,
            },
            elections_count: count(self.elections),
            leaders_count: count(self.leaders),
            highest_term_count: count(self.highest_term),
            decided_nodes_count: count(self.decided.len().into()),
            undecided_nodes_count: count(self.undecided.len().into()),
            msgs_count: count(counts.messages),
            msgs_per_op_ratio: if ok > 0 {
                Measure::Value(counts.messages as f64 / ok as f64)
            } else {
                Measure::None
            },
            converged_ms: self.agreement.converged(end),
            diverged_ms: self.agreement.diverged(end),
            redundant_bytes: match self.agreement.last_update {
                Some(_) => count(self.agreement.redundant),
                None => Measure::None,
            },
            bytes_sent: count(counts.bytes),
            tokens_count: counts.tokens.map_or(Measure::None, count),
            msgs_lost_count: count(counts.lost),
            msgs_cut_count: count(counts.cut),
            msgs_duplicated_count: count(counts.duplicated),
            msgs_delivered_count: count(counts.delivered),
            msgs_overflowed_count: count(counts.overflowed),
            msgs_rejected_count: count(counts.rejected),
            msgs_down_count: count(counts.down),
            msgs_in_flight_count: count(counts.in_flight),
            msgs_corrupted_count: count(counts.corrupted),
            msgs_delayed_count: count(counts.delayed),
            msgs_reordered_count: count(counts.reordered),
            msgs_clogged_count: count(counts.clogged),
            syncs_count: count(counts.syncs),
            crashes_count: count(counts.crashes),
            lies_count: count(counts.lies),
        };
        let (timeline, latencies, marks) = (self.timeline, self.latencies, self.marks.close());
        Books { metrics, timeline, latencies, marks, has_leader: self.leaders > 0 }
    }
}

/// Which updates the nodes' states reflect, and since when that differs.
struct Agreement {
    cluster: Cluster,
    /// The digest of each node's state, equal before any change; empty until there is one.
    states: Vec<u64>,
    last_update: Option<Time>,
    /// Since when not all states are equal, if they are not.
    apart_since: Option<Time>,
    /// When they were equal again last.
    together_since: Time,
    apart: Duration,
    redundant: u64,
}

impl Agreement {
    fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            states: Vec::new(),
            last_update: None,
            apart_since: None,
            together_since: Time::ZERO,
            apart: Duration::ZERO,
            redundant: 0,
        }
    }

    fn changed(&mut self, now: Time, node: NodeId, state: u64) {
        self.states.resize(self.cluster.n as usize, 0);
        self.states[node.index()] = state;
        let is_apart = self.states.iter().any(|other| *other != state);
        match self.apart_since {
            None if is_apart => self.apart_since = Some(now),
            Some(since) if !is_apart => {
                self.apart = self.apart + now.since(since);
                self.apart_since = None;
                self.together_since = now;
            }
            _ => {}
        }
    }

    fn converged(&self, end: Time) -> Measure {
        match (self.last_update, self.apart_since) {
            (None, _) => Measure::None,
            (Some(update), Some(_)) => Measure::Censored(end.since(update).as_millis_f64()),
            (Some(update), None) => {
                Measure::Value(self.together_since.max(update).since(update).as_millis_f64())
            }
        }
    }

    fn diverged(&self, end: Time) -> Measure {
        let open = self.apart_since.map(|since| self.apart + end.since(since));
        match (self.last_update, open) {
            (None, _) => Measure::None,
            (Some(_), Some(apart)) => Measure::Censored(apart.as_millis_f64()),
            (Some(_), None) => Measure::Value(self.apart.as_millis_f64()),
        }
    }
}

/// The sample below which a 99th percentile is not given: 0.99ⁿ ≤ 5 % from here on.
const P99_LEAST: usize = 299;

/// What a run measured.
pub(crate) struct Books {
    pub(crate) metrics: Metrics,
    pub(crate) timeline: Vec<Bucket>,
    pub(crate) latencies: Vec<(Time, Duration)>,
    pub(crate) marks: Vec<(&'static str, u64)>,
    pub(crate) has_leader: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_apart_from_their_first_difference_until_all_are_equal() {
        let at = |millis| Time::ZERO + Duration::from_millis(millis);
        let mut states = Agreement::new(Cluster { n: 2 });
        assert_eq!(states.diverged(at(9)), Measure::None);
        states.last_update = Some(at(10));
        for (millis, node, state) in [(10, 0, 7), (30, 1, 7), (50, 1, 8)] {
            states.changed(at(millis), NodeId(node), state);
        }
        let open = (states.diverged(at(100)), states.converged(at(100)));
        assert_eq!(open, (Measure::Censored(70.0), Measure::Censored(90.0)));
        states.changed(at(60), NodeId(0), 8);
        let over = (states.diverged(at(100)), states.converged(at(100)));
        assert_eq!(over, (Measure::Value(30.0), Measure::Value(50.0)));
    }
}
