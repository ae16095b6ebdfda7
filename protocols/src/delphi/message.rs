//! What a panel and its facilitator say to each other, and what they write down before they say it.

use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};
use sim_core::rng::Random as _;

use crate::opinion::Feedback;
use crate::problem::estimate::Begin;

/// A frame with sender, receiver, round and number.
const BYTES: u32 = 40;
/// Two more numbers.
const MORE: u32 = 16;
/// How far off a lie may be.
const LIE_MAX: u64 = 1 << 20;

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// An expert, to the facilitator: this is my estimate.
    Estimate {
        /// Of this round, from 0.
        round: u32,
        /// The number.
        value: i64,
    },
    /// The facilitator: this is what the panel thinks, without names.
    Feedback {
        /// After this round.
        round: u32,
        /// What the panel is told.
        panel: Feedback,
    },
    /// The facilitator: this is the result.
    Result {
        /// How many rounds there were.
        rounds: u32,
        /// The median of the last.
        value: i64,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["estimate", "feedback", "result"];

    fn kind(&self) -> usize {
        match self {
            Self::Estimate { .. } => 0,
            Self::Feedback { .. } => 1,
            Self::Result { .. } => 2,
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Estimate { .. } | Self::Result { .. } => BYTES,
            Self::Feedback { .. } => BYTES + MORE,
        }
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let mut forged = *self;
        match lie {
            Lie::Content => {
                let off = 1 + forger.draw.below(LIE_MAX) as i64;
                let off = if forger.draw.below(2) == 0 { off } else { -off };
                let number = match &mut forged {
                    Self::Estimate { value, .. } | Self::Result { value, .. } => value,
                    Self::Feedback { panel, .. } => &mut panel.median,
                };
                *number = number.saturating_add(off);
            }
            Lie::Round => {
                let (Self::Estimate { round, .. }
                | Self::Feedback { round, .. }
                | Self::Result { rounds: round, .. }) = &mut forged;
                *round = round.saturating_add(1 + forger.draw.below(10) as u32);
            }
            // There are no clocks and no verdicts on others to lie about.
            Lie::Time | Lie::Accusation => return None,
        }
        Some(forged)
    }
}

/// What is written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// What an expert was asked; its number is its estimate of round 0.
    Begun(Begin),
    /// An expert's estimate of the next round.
    Revised(i64),
    /// The facilitator has closed the next round.
    Closed(Feedback),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["begun", "revised", "closed"];

    fn kind(&self) -> usize {
        match self {
            Self::Begun(_) => 0,
            Self::Revised(_) => 1,
            Self::Closed(_) => 2,
        }
    }
}
