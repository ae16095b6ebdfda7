//! The judges of safety: each looks for the breaches of one property in the truth.

use sim_core::checker::{Checker, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, NodeSet};

use super::truth::{Breach, Truth};
use super::{
    AUTHENTICITY, AUTHORITY, CONFIDENTIALITY, Indication, LOG_CONSISTENCY, NO_FALSE_ACCUSATION,
    REVOCATION_FRESHNESS, Request,
};

/// The properties of safety, and what breaks each.
pub(super) const OF_SAFETY: [(&str, &[Breach]); 6] = [
    (AUTHENTICITY, &[Breach::Forged, Breach::Repeated]),
    (AUTHORITY, &[Breach::Unauthorised]),
    (CONFIDENTIALITY, &[Breach::Leaked]),
    (REVOCATION_FRESHNESS, &[Breach::StaleKey]),
    (LOG_CONSISTENCY, &[Breach::Blind]),
    (NO_FALSE_ACCUSATION, &[Breach::Slandered]),
];

/// Tells one property's breaches.
pub(super) struct Truthful {
    truth: Truth,
    breaks: &'static [Breach],
}

impl Truthful {
    pub(super) const fn new(cluster: Cluster, breaks: &'static [Breach]) -> Self {
        Self { truth: Truth::new(cluster), breaks }
    }
}

const fn story(breach: Breach) -> &'static str {
    match breach {
        Breach::Forged => "which nobody asked for, or not so",
        Breach::Repeated => "which was accepted before",
        Breach::Stolen => "which a thief signed",
        Breach::Absorbed => "which a corrupt agent made up",
        Breach::Unauthorised => "which whoever wanted it may not",
        Breach::Leaked => "which is not for those eyes",
        Breach::StaleKey => "under a key that had not been good for longer than the grace",
        Breach::Blind => "which lacks what had been acknowledged",
        Breach::Slandered => "who is honest",
    }
}

impl Checker<Request, Indication> for Truthful {
    fn observe(&mut self, entry: &Entry<Request, Indication>) -> Option<Witness> {
        let found = self.truth.observe(entry);
        let breach = found.into_iter().find(|breach| self.breaks.contains(breach))?;
        let Event::Indicated { indication, .. } = &entry.event else { return None };
        let (node, at) = (entry.node, entry.at);
        Some(format!("{node} at {at} s: {indication:?}, {}", story(breach)))
    }

    /// Another attack may come at any time, so the run goes on to its end.
    fn is_settled(&self, _: &NodeSet) -> bool {
        false
    }
}
