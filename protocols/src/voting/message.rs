//! What agents say to each other, and what they write down before they say it.

use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use super::vote::Vote;
use crate::problem::decision::Choice;

/// A frame with sender, receiver, poll and signature, as a compact encoding has it.
const BYTES: u32 = 40;

/// What agents say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// The sender votes.
    Ballot {
        /// The sender's opinion, as the rule asks for it.
        vote: Vote,
    },
    /// The collector has counted.
    Outcome {
        /// What won; `None` if nothing did.
        decided: Option<Choice>,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["ballot", "outcome"];

    fn kind(&self) -> usize {
        match self {
            Self::Ballot { .. } => 0,
            Self::Outcome { .. } => 1,
        }
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let draw = &mut forger.draw;
        match self {
            _ if lie != Lie::Content => None,
            Self::Ballot { vote } => vote.forged(draw).map(|vote| Self::Ballot { vote }),
            // Without another option the lie that is left is that there was no decision.
            Self::Outcome { decided: Some(choice) } => {
                Some(Self::Outcome { decided: choice.other(draw) })
            }
            // Who knows of no choice can name none.
            Self::Outcome { decided: None } => None,
        }
    }
}

/// What an agent writes down before it says it, so that no later life of it says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// Its own ballot.
    Ballot(Vote),
    /// How it ended.
    Outcome(Option<Choice>),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["ballot", "outcome"];

    fn kind(&self) -> usize {
        match self {
            Self::Ballot(_) => 0,
            Self::Outcome(_) => 1,
        }
    }
}
