//! What the parties say to each other.

use sim_core::message::{Forger, Lie, Message as Speech};
use sim_core::rng::Random as _;

/// A frame with sender, receiver, round and outcome.
const BYTES: u32 = 32;
/// How many outcomes further on a lie may name.
const OFF_MAX: u64 = 20;
/// How far ahead a lie about the round may be.
const ROUNDS_AHEAD: u64 = 10;

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

    /// A lie names one of the outcomes around, or one that there is not, or a later round.
    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let mut forged = *self;
        let (Self::Offer { round, outcome } | Self::Accept { round, outcome }) = &mut forged;
        match lie {
            Lie::Content => {
                let off = 1 + forger.draw.below(OFF_MAX) as usize;
                let is_back = forger.draw.below(2) == 0 && off <= *outcome;
                *outcome = if is_back { *outcome - off } else { *outcome + off };
            }
            Lie::Round => {
                *round = round.saturating_add(1 + forger.draw.below(ROUNDS_AHEAD) as u32);
            }
            // There are no clocks and no verdicts on others to lie about.
            Lie::Time | Lie::Accusation => return None,
        }
        Some(forged)
    }
}
