//! Who leads, who stood for it, and how long nobody did.

use super::timeline::Timeline;
use crate::id::NodeId;
use crate::outcome::Measure;
use crate::time::{Duration, Time};

/// Terms and leaders, as far as they were announced.
#[derive(Default)]
pub(super) struct Leadership {
    /// The term that each node leads, up to the last one that ever led.
    leading: Vec<Option<u64>>,
    led_since: Option<Time>,
    /// When somebody first knew of a quorum behind it.
    pub(super) first_quorum: Option<Time>,
    /// When the first leader was lost, and its term.
    lost: Option<(Time, u64)>,
    /// How long it took until a later term had a leader.
    failover: Option<Duration>,
    pub(super) elections: u64,
    pub(super) leaders: u64,
    pub(super) highest_term: u64,
}

impl Leadership {
    /// The node that leads the highest term.
    pub(super) fn leader(&self) -> Option<NodeId> {
        let leading = self
            .leading
            .iter()
            .zip(0..)
            .filter_map(|(term, node)| term.map(|term| (term, NodeId(node))));
        leading.max_by_key(|(term, _)| *term).map(|(_, node)| node)
    }

    /// Whether the node leads some term.
    pub(super) fn leads(&self, node: NodeId) -> bool {
        self.leading.get(node.index()).is_some_and(Option::is_some)
    }

    /// Somebody leads, stands or follows in a term.
    pub(super) fn reached(&mut self, term: u64) {
        self.highest_term = self.highest_term.max(term);
    }

    /// The node leads a term.
    pub(super) fn lead(&mut self, now: Time, node: NodeId, term: u64) {
        self.leaders += 1;
        self.reached(term);
        if self.leading.len() <= node.index() {
            self.leading.resize(node.index() + 1, None);
        }
        self.leading[node.index()] = Some(term);
        self.led_since.get_or_insert(now);
        if let Some((lost, old)) = self.lost
            && term > old
        {
            self.failover.get_or_insert(now.since(lost));
        }
    }

    /// The node leads no more, if it did.
    pub(super) fn follow(&mut self, now: Time, node: NodeId, timeline: &mut Timeline) {
        let led = self.leading.get_mut(node.index()).and_then(Option::take);
        if led.is_some() && self.leading.iter().all(Option::is_none) {
            self.close(now, timeline);
        }
    }

    /// The leader is about to be crashed or cut off.
    pub(super) fn lose(&mut self, now: Time, node: NodeId) {
        if let Some(Some(term)) = self.leading.get(node.index()).copied() {
            self.lost.get_or_insert((now, term));
        }
    }

    /// The leader that was cut off is back, and nobody took its place: nothing was lost.
    pub(super) fn regain(&mut self) {
        if let Some((_, term)) = self.lost
            && self.failover.is_none()
            && self.leading.contains(&Some(term))
        {
            self.lost = None;
        }
    }

    /// Writes down how long somebody led, if anybody did up to now.
    pub(super) fn close(&mut self, now: Time, timeline: &mut Timeline) {
        if let Some(since) = self.led_since.take() {
            timeline.led(since, now);
        }
    }

    /// How long there was no leader after the first was lost.
    pub(super) fn failover(&self, end: Time) -> Measure {
        match (self.failover, self.lost) {
            (Some(span), _) => Measure::Value(span.as_millis_f64()),
            (None, Some((lost, _))) => Measure::Censored(end.since(lost).as_millis_f64()),
            (None, None) => Measure::None,
        }
    }
}
