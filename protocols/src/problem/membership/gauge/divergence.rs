//! How far the views of the members lie apart: how many pairs of them are unequal, and for how
//! long.
//!
//! A view is the set of nodes that one holds for present, itself included. Sets are told apart by
//! the exclusive or of a random word for each node, so that equal views are counted and not pairs
//! compared.

use std::collections::BTreeMap;

use sim_core::gauge::CurvePoint;
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, NodeId};
use sim_core::rng::{Stream, Streams};
use sim_core::time::Time;

use super::super::standing::Standings;
use super::super::{Indication, Request};

/// The curve of a run has at most so many points.
const POINTS: usize = 200;

/// What the divergence came to.
pub(super) struct Total {
    pub(super) area_ms: f64,
    pub(super) diverged_ms: f64,
    pub(super) points: Vec<CurvePoint>,
}

/// Follows the views.
pub(super) struct Divergence {
    words: Vec<u64>,
    /// The view of each member, as a word; that of a node that is none is missing.
    views: BTreeMap<NodeId, u64>,
    /// How many members share each view.
    sharers: BTreeMap<u64, u64>,
    /// The unequal share from each time on at which it changed.
    steps: Vec<(Time, f64)>,
}

impl Divergence {
    pub(super) fn new(cluster: Cluster) -> Self {
        use sim_core::rng::Random as _;

        // The same words in every run: they only tell sets apart.
        let key = Streams::new(0).key(Stream::Application);
        Self {
            words: cluster.nodes().map(|node| key.member(node.0.into()).next_u64()).collect(),
            views: BTreeMap::new(),
            sharers: BTreeMap::new(),
            steps: vec![(Time::ZERO, 0.0)],
        }
    }

    /// Looks at an entry that `standings` have seen.
    pub(super) fn observe(&mut self, entry: &Entry<Request, Indication>, standings: &Standings) {
        let is_news = match entry.event {
            Event::Booted | Event::Crashed | Event::Corrupted => true,
            Event::Indicated { indication, .. } => matches!(
                indication,
                Indication::Joined { .. } | Indication::Left | Indication::Changed { .. }
            ),
            Event::Requested { .. } | Event::Abandoned { .. } => false,
        };
        if !is_news {
            return;
        }
        let view = standings.of(entry.node).filter(|standing| standing.is_member());
        let view = view.map(|standing| {
            let seen = standing.beliefs.iter().filter(|(_, held)| held.belief.is_present());
            let seen = seen.map(|(member, _)| *member).filter(|member| *member != entry.node);
            let words = seen.map(|member| self.words.get(member.index()).copied().unwrap_or(0));
            words.fold(self.words.get(entry.node.index()).copied().unwrap_or(0), |a, b| a ^ b)
        });
        self.replace(entry.node, view);
        let share = self.unequal();
        match self.steps.last_mut() {
            Some((at, last)) if *at == entry.at => *last = share,
            Some((_, last)) if *last == share => {}
            _ => self.steps.push((entry.at, share)),
        }
    }

    fn replace(&mut self, node: NodeId, view: Option<u64>) {
        let before = match view {
            Some(view) => self.views.insert(node, view),
            None => self.views.remove(&node),
        };
        if let Some(before) = before
            && let Some(count) = self.sharers.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                self.sharers.remove(&before);
            }
        }
        if let Some(view) = view {
            *self.sharers.entry(view).or_default() += 1;
        }
    }

    /// The share of unequal pairs.
    fn unequal(&self) -> f64 {
        let pairs = |count: u64| count * count.saturating_sub(1) / 2;
        let all = pairs(self.views.len() as u64);
        let equal: u64 = self.sharers.values().map(|count| pairs(*count)).sum();
        if all == 0 { 0.0 } else { (all - equal) as f64 / all as f64 }
    }

    /// Sums up until the end.
    pub(super) fn close(&mut self, end: Time) -> Total {
        let ends = self.steps[1..].iter().map(|(at, _)| *at).chain([end]);
        let spans = self.steps.iter().zip(ends).map(|(&(at, share), until)| (at, until, share));
        let spans: Vec<(Time, Time, f64)> = spans.collect();
        let span_ms = |(at, until, _): &(Time, Time, f64)| until.since(*at).as_millis_f64();
        Total {
            area_ms: spans.iter().map(|span| span_ms(span) * span.2).sum(),
            diverged_ms: spans.iter().filter(|span| span.2 > 0.0).map(span_ms).sum(),
            points: points(&spans, end),
        }
    }
}

/// The mean over each of [`POINTS`] slices of the run, drawn in its middle.
fn points(spans: &[(Time, Time, f64)], end: Time) -> Vec<CurvePoint> {
    let slice = end.as_millis_f64() / POINTS as f64;
    if slice == 0.0 {
        return Vec::new();
    }
    let mut areas = [0.0; POINTS];
    for (from, until, share) in spans.iter().filter(|span| span.2 > 0.0) {
        let (from, until) = (from.as_millis_f64(), until.as_millis_f64());
        let first = (from / slice) as usize;
        for (place, area) in areas.iter_mut().enumerate().skip(first) {
            let (left, right) = (place as f64 * slice, (place + 1) as f64 * slice);
            if left >= until {
                break;
            }
            *area += share * (until.min(right) - from.max(left)).max(0.0);
        }
    }
    let point = |(place, area): (usize, &f64)| CurvePoint {
        curve: "view_divergence",
        node: None,
        x: (place as f64 + 0.5) * slice,
        y: area / slice,
        weight: 1,
    };
    areas.iter().enumerate().map(point).collect()
}
