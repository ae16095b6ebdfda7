//! What the parties say to each other.

use sim_core::message::{Forger, Lie, Message as Speech};

use crate::negotiation::{self, BYTES};

/// What the sender proposes in a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Message {
    /// The round, from 0.
    pub round: u32,
    /// The outcome, by its place in the domain.
    pub outcome: usize,
    /// Whether it was said before: who is further is asked to help.
    pub again: bool,
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["proposal"];

    fn kind(&self) -> usize {
        0
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let (round, outcome) = negotiation::lie((self.round, self.outcome), lie, forger)?;
        Some(Self { round, outcome, ..*self })
    }
}
