//! The ledger: what is counted and timed while a run goes by.

mod agreement;
mod leadership;
mod operations;
mod timeline;

use crate::gauge::Traffic;
use crate::id::{Cluster, NodeId, NodeSet};
use crate::landmark::Landmark;
use crate::mark::{Mark, Tally};
use crate::outcome::{Bucket, Measure, Metrics};
use crate::time::{Duration, Time};

use self::agreement::Agreement;
use self::leadership::Leadership;
use self::operations::Operations;
use self::timeline::Timeline;

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
    operations: Operations,
    leadership: Leadership,
    agreement: Agreement,
    timeline: Timeline,
    /// Who announced an outcome in whatever life; it may have been lost before it was durable.
    decided: NodeSet,
    undecided: NodeSet,
    /// The highest round, if nodes go in rounds.
    rounds: Option<u64>,
    marks: Tally,
}

impl Ledger {
    pub(crate) fn new(cluster: Cluster, horizon: Duration, marks: &'static [Mark]) -> Self {
        Self {
            counts: Counts::default(),
            operations: Operations::default(),
            leadership: Leadership::default(),
            agreement: Agreement::new(cluster),
            timeline: Timeline::new(horizon),
            decided: NodeSet::EMPTY,
            undecided: NodeSet::EMPTY,
            rounds: None,
            marks: Tally::of(marks),
        }
    }

    pub(crate) fn asked(&mut self, now: Time) {
        self.operations.asked(now);
    }

    /// An operation that was meant to start at `started` is settled; `waiting` others are not.
    pub(crate) fn settled(&mut self, now: Time, started: Time, done: bool, waiting: u32) {
        self.operations.settled(now, started, done, waiting);
    }

    /// The node that leads the highest term.
    pub(crate) fn leader(&self) -> Option<NodeId> {
        self.leadership.leader()
    }

    /// Whether the node leads some term.
    pub(crate) fn leads(&self, node: NodeId) -> bool {
        self.leadership.leads(node)
    }

    /// The node leads no more, if it did.
    pub(crate) fn follow(&mut self, now: Time, node: NodeId) {
        self.leadership.follow(now, node, &mut self.timeline);
    }

    /// The leader is about to be crashed or cut off.
    pub(crate) fn lose_leader(&mut self, now: Time, node: NodeId) {
        self.leadership.lose(now, node);
    }

    /// The leader that was cut off is back, and nobody took its place: nothing was lost.
    pub(crate) fn regain_leader(&mut self) {
        self.leadership.regain();
    }

    pub(crate) fn announced(&mut self, now: Time, node: NodeId, landmark: Landmark) {
        self.marks.announced(landmark);
        match landmark {
            Landmark::Candidate { term } => {
                self.leadership.elections += 1;
                self.leadership.reached(term);
                self.follow(now, node);
            }
            Landmark::QuorumFormed { .. } => {
                self.leadership.first_quorum.get_or_insert(now);
            }
            Landmark::Leader { term } => self.leadership.lead(now, node, term),
            Landmark::Follower { term } | Landmark::ViewChanged { term } => {
                self.leadership.reached(term);
                self.follow(now, node);
            }
            Landmark::Round { round } => self.rounds = self.rounds.max(Some(round)),
            Landmark::Decided => {
                self.decided.insert(node);
            }
            Landmark::Undecided => {
                self.undecided.insert(node);
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

    /// Whether no operation was asked for, so that there is nothing to judge.
    pub(crate) const fn is_blank(&self) -> bool {
        self.operations.started == 0
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
        self.leadership.close(end, &mut self.timeline);
        let waits = self.operations.waits(end, patience, open, &mut self.timeline);
        let Self { counts, operations, leadership, agreement, .. } = &self;
        let count = |count: u64| Measure::Value(count as f64);
        let until = |found: Option<Time>, watched: bool| match found {
            Some(at) => Measure::Value(at.as_millis_f64()),
            None if watched => Measure::Censored(end.as_millis_f64()),
            None => Measure::None,
        };
        let ok = operations.latencies.len() as u64;
        let metrics = Metrics {
            ops_count: count(operations.started),
            ops_ok_count: count(ok),
            ops_refused_count: count(operations.refused),
            ops_pending_count: count(waits.pending),
            retries_count: count(counts.retries),
            waiting_mean_count: operations.mean_waiting(&waits, end),
            decide_mean_ms: waits.mean(),
            decide_p50_ms: waits.median(),
            decide_p99_ms: waits.p99(),
            decide_max_ms: waits.max(),
            first_decide_ms: until(operations.first_answer, operations.started > 0),
            last_decide_ms: operations.last_answer(&waits, end),
            unavailable_ms: operations.longest_gap(&waits, end),
            first_leader_ms: until(leadership.first_quorum, leadership.elections > 0),
            failover_ms: leadership.failover(end),
            elections_count: count(leadership.elections),
            leaders_count: count(leadership.leaders),
            highest_term_count: count(leadership.highest_term),
            rounds_count: self.rounds.map_or(Measure::None, count),
            decided_nodes_count: count(self.decided.len().into()),
            undecided_nodes_count: count(self.undecided.len().into()),
            msgs_count: count(counts.messages),
            msgs_per_op_ratio: match ok {
                0 => Measure::None,
                _ => Measure::Value(counts.messages as f64 / ok as f64),
            },
            converged_ms: agreement.converged(end),
            diverged_ms: agreement.diverged(end),
            redundant_bytes: match agreement.last_update {
                Some(_) => count(agreement.redundant),
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
        Books {
            metrics,
            has_leader: leadership.leaders > 0,
            timeline: self.timeline.buckets,
            latencies: self.operations.latencies,
            marks: self.marks.close(),
        }
    }
}

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
