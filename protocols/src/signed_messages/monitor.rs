//! The notary: looks at the signatures under every order that a general has accepted.
//!
//! Agreement rests on them: who accepts an order in round r holds r signatures of r generals, so in
//! the last round one of the signers is correct and has shown the order to everybody before.

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Cluster, Incarnation, NodeId, NodeSet};

use super::{Config, SignedMessages};
use crate::problem::decision::COMMANDER;

/// What is accepted in round r bears r genuine signatures of r generals, the commander's first.
pub const SIGNED_BY_ENOUGH: &str = "signed_by_enough";

/// The white-box judge of signed messages.
#[derive(Clone, Debug)]
pub struct Notary {
    config: Config,
    cluster: Cluster,
}

impl Notary {
    pub(super) const fn new(config: Config, cluster: Cluster) -> Self {
        Self { config, cluster }
    }
}

impl Monitor<SignedMessages> for Notary {
    const INVARIANTS: &'static [&'static str] = &[SIGNED_BY_ENOUGH];

    fn observe(
        &mut self,
        node: NodeId,
        _: Incarnation,
        state: &SignedMessages,
    ) -> Option<Violation> {
        let rounds = self.config.rounds(self.cluster);
        state.accepted.values().find_map(|accepted| {
            let (message, round) = (&accepted.message, accepted.round);
            let signers: NodeSet = message.signers().collect();
            let outsider = signers.iter().any(|signer| !self.cluster.contains(signer));
            let wrong = if !message.is_genuine() {
                "a signature that does not cover it"
            } else if message.signers().next() != Some(COMMANDER) || outsider {
                "signers who have no say"
            } else if signers.len() < round || round > rounds {
                "too few signers"
            } else {
                return None;
            };
            let choice = message.choice;
            let witness =
                format!("{node} accepted {choice} in round {round} with {wrong}: {signers:?}");
            Some(Violation { property: SIGNED_BY_ENOUGH, witness })
        })
    }
}
