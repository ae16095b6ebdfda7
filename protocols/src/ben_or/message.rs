//! What nodes say to each other, and what they write down before they say it.

use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};
use sim_core::rng::Random as _;

use crate::problem::decision::Choice;

/// A frame with sender, receiver, round and choice, as a compact encoding has it.
const BYTES: u32 = 40;

/// How far ahead a lie about the round may be.
const ROUNDS_AHEAD: u64 = 10;

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// The first phase: this is what I go into the round with.
    Report {
        /// The round, from 1.
        round: u64,
        /// What the sender stands for.
        choice: Choice,
        /// Whether it was said before: who is further, or done, is asked to help.
        again: bool,
    },
    /// The second phase: this is what most reported.
    Proposal {
        /// The round, from 1.
        round: u64,
        /// What enough nodes reported; `None` if nothing was.
        choice: Option<Choice>,
        /// Whether it was said before: who is further, or done, is asked to help.
        again: bool,
    },
    /// I am done; in all rounds after this one, take it as my report and my proposal.
    Decided {
        /// The round in which the sender decided.
        round: u64,
        /// What it decided.
        choice: Choice,
    },
}

impl Message {
    pub(super) const fn round_mut(&mut self) -> &mut u64 {
        match self {
            Self::Report { round, .. }
            | Self::Proposal { round, .. }
            | Self::Decided { round, .. } => round,
        }
    }
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["report", "proposal", "decided"];

    fn kind(&self) -> usize {
        match self {
            Self::Report { .. } => 0,
            Self::Proposal { .. } => 1,
            Self::Decided { .. } => 2,
        }
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let mut forged = self.clone();
        match lie {
            Lie::Content => {
                let told = match &mut forged {
                    Self::Report { choice, .. } | Self::Decided { choice, .. } => choice,
                    // Who proposes nothing knows of no choice to name.
                    Self::Proposal { choice, .. } => choice.as_mut()?,
                };
                *told = told.other(&mut forger.draw)?;
            }
            Lie::Round => {
                let ahead = 1 + forger.draw.below(ROUNDS_AHEAD);
                let round = forged.round_mut();
                *round = round.saturating_add(ahead);
            }
            // There are no clocks and no verdicts on others to lie about.
            Lie::Time | Lie::Accusation => return None,
        }
        Some(forged)
    }
}

/// What a node writes down before it says it, so that no later life of it says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// Its report of a round.
    Report(u64, Choice),
    /// Its proposal of a round.
    Proposal(u64, Option<Choice>),
    /// It decided because others say that they did.
    Told(Choice),
    /// Its rounds ended, with the decision that somebody came to in this one.
    Concluded(u64, Choice),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["report", "proposal", "told", "concluded"];

    fn kind(&self) -> usize {
        match self {
            Self::Report(..) => 0,
            Self::Proposal(..) => 1,
            Self::Told(_) => 2,
            Self::Concluded(..) => 3,
        }
    }
}
