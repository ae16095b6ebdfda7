//! The judges of bargains: on one thing, to nobody's harm, and ever.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::NodeId;
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
