//! What the parties say to each other.

use sim_core::message::{Forger, Lie, Message as Speech};

use crate::negotiation::{self, BYTES};

/// What is said in a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// Its proposer: let it be this. That refuses what was offered in the round before.
    Offer {
        /// The round, from 0.
        round: u32,
        /// The outcome, by its place in the domain.
        outcome: usize,
    },
    /// The other: so be it.
    Accept {
        /// The round, from 0.
        round: u32,
        /// The outcome that was offered.
        outcome: usize,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["offer", "accept"];

    fn kind(&self) -> usize {
        usize::from(matches!(self, Self::Accept { .. }))
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let mut forged = *self;
        let (Self::Offer { round, outcome } | Self::Accept { round, outcome }) = &mut forged;
        (*round, *outcome) = negotiation::lie((*round, *outcome), lie, forger)?;
        Some(forged)
    }
}
