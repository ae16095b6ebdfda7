//! The judges of bargains: on one thing, to nobody's harm, and ever.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, NodeSet};
use sim_core::time::Time;

use super::{Ending, Negotiate};
use crate::bargain::Domain;

type Seen = Entry<Negotiate, Ending>;

/// The outcome that an entry shows a party to agree on.
const fn agreed(entry: &Seen) -> Option<usize> {
    match entry.event {
        Event::Indicated { indication: Ending::Agreed { outcome, .. }, .. } => Some(outcome),
        _ => None,
    }
}

/// Keeps what parties agreed on that are still thought correct; it is the same for all.
#[derive(Default)]
pub(super) struct Agreement {
    agreed: BTreeMap<NodeId, (usize, Time)>,
}

impl Checker<Negotiate, Ending> for Agreement {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        if let Event::Corrupted = entry.event {
            self.agreed.remove(&entry.node);
        }
        let (outcome, node, at) = (agreed(entry)?, entry.node, entry.at);
        if let Some((other, (settled, when))) = self.agreed.first_key_value()
            && *settled != outcome
        {
            return Some(format!(
                "{other} agreed on outcome {settled} at {when} s, but {node} on {outcome} at {at} s"
            ));
        }
        self.agreed.insert(node, (outcome, at));
        None
    }
}

/// Knows what is bargained over.
#[derive(Default)]
pub(super) struct Rationality {
    domain: Option<Domain>,
}

impl Checker<Negotiate, Ending> for Rationality {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        if let Event::Requested { request: Negotiate(domain), .. } = &entry.event {
            self.domain.get_or_insert_with(|| domain.clone());
        }
        let (outcome, node, at) = (agreed(entry)?, entry.node, entry.at);
        let domain = self.domain.as_ref()?;
        let without = *domain.disagreement.get(node.index())?;
        let worth = domain.outcomes.get(outcome).map_or(0, |worth| worth[node.index()]);
        (worth < without).then(|| {
            format!(
                "{node} agreed on outcome {outcome} at {at} s, which is worth {worth} to it; no \
                 agreement is worth {without}"
            )
        })
    }
}

/// Waits until all who stay have ended.
#[derive(Default)]
pub(super) struct Termination {
    waiting: BTreeMap<NodeId, Time>,
    ended: NodeSet,
}

impl Checker<Negotiate, Ending> for Termination {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            Event::Requested { .. } if !self.ended.contains(entry.node) => {
                self.waiting.entry(entry.node).or_insert(entry.at);
            }
            Event::Indicated { .. } => {
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
        Some(format!("{node} was asked at {since} s and has not ended at {at} s"))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        // Also those who were not asked yet: a run that ends before anybody asks shows nothing.
        core.len() <= self.ended.len() && core.iter().all(|node| self.ended.contains(node))
    }
}
