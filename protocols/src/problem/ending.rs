//! Termination where each node is asked for one outcome: who is asked ends, if it stays.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, NodeSet};
use sim_core::time::Time;

/// Waits until all who stay have ended.
pub(super) struct Termination<I> {
    is_end: fn(&I) -> bool,
    waiting: BTreeMap<NodeId, Time>,
    ended: NodeSet,
}

impl<I> Termination<I> {
    /// Where such an indication is the end of its node.
    pub(super) fn by(is_end: fn(&I) -> bool) -> Self {
        Self { is_end, waiting: BTreeMap::new(), ended: NodeSet::default() }
    }
}

impl<Q, I> Checker<Q, I> for Termination<I> {
    fn observe(&mut self, entry: &Entry<Q, I>) -> Option<Witness> {
        match &entry.event {
            Event::Requested { .. } if !self.ended.contains(entry.node) => {
                self.waiting.entry(entry.node).or_insert(entry.at);
            }
            Event::Indicated { indication, .. } if (self.is_end)(indication) => {
                self.waiting.remove(&entry.node);
                self.ended.insert(entry.node);
            }
            _ => {}
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let mut waiting = self.waiting.iter();
        let (node, since) =
            waiting.find(|(node, since)| end.core.contains(**node) && end.is_overdue(**since))?;
        let at = end.at;
        Some(format!("{node} was asked at {since} s and has no outcome at {at} s"))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        // Also those who were not asked yet: a run that ends before anybody asks shows nothing.
        core.len() <= self.ended.len() && core.iter().all(|node| self.ended.contains(node))
    }
}
