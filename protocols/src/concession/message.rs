//! What the parties say to each other.

use sim_core::message::{Forger, Lie, Message as Speech};
use sim_core::rng::Random as _;

/// A frame with sender, receiver, round and outcome.
const BYTES: u32 = 32;
/// How many outcomes further on a lie may name.
const OFF_MAX: u64 = 20;
/// How far ahead a lie about the round may be.
const ROUNDS_AHEAD: u64 = 10;

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

    /// A lie names one of the outcomes around, or one that there is not.
    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        match lie {
            Lie::Content => {
                let off = 1 + forger.draw.below(OFF_MAX) as usize;
                let is_back = forger.draw.below(2) == 0 && off <= self.outcome;
                let outcome = if is_back { self.outcome - off } else { self.outcome + off };
                Some(Self { outcome, ..*self })
            }
            Lie::Round => {
                let ahead = 1 + forger.draw.below(ROUNDS_AHEAD) as u32;
                Some(Self { round: self.round.saturating_add(ahead), ..*self })
            }
            // There are no clocks and no verdicts on others to lie about.
            Lie::Time | Lie::Accusation => None,
        }
    }
}
