//! What agents say to each other, and what they write down before they say it.

use sim_core::id::NodeId;
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use super::vote::Vote;
use crate::bracha::Step;
use crate::problem::decision::Choice;

/// A frame with sender, receiver, poll and signature, as a compact encoding has it.
const BYTES: u32 = 40;

/// Another ballot in the same frame, with its voter.
const ENTRY_BYTES: u32 = 20;

/// What agents say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// The sender votes.
    Ballot {
        /// The sender's opinion, as the rule asks for it.
        vote: Vote,
    },
    /// Ballots that the sender has cast or heard of.
    Ballots {
        /// Each with its voter.
        ballots: Vec<(NodeId, Vote)>,
    },
    /// A step of the broadcast of a ballot.
    Relay {
        /// What is said about it.
        step: Step,
        /// Whose ballot it is.
        voter: NodeId,
        /// What it says.
        vote: Vote,
    },
    /// The collector has counted.
    Outcome {
        /// What won; `None` if nothing did.
        decided: Option<Choice>,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] =
        &["ballot", "outcome", "ballots", "init", "echo", "ready"];

    fn kind(&self) -> usize {
        match self {
            Self::Ballot { .. } => 0,
            Self::Outcome { .. } => 1,
            Self::Ballots { .. } => 2,
            Self::Relay { step, .. } => 3 + *step as usize,
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Ballots { ballots } => BYTES + ENTRY_BYTES * ballots.len() as u32,
            Self::Ballot { .. } | Self::Outcome { .. } | Self::Relay { .. } => BYTES,
        }
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let draw = &mut forger.draw;
        match self {
            _ if lie != Lie::Content => None,
            Self::Ballot { vote } => vote.forged(draw).map(|vote| Self::Ballot { vote }),
            // Who relays ballots lies about all that it has.
            Self::Ballots { ballots } => {
                let lie = |(voter, vote): &(NodeId, Vote)| Some((*voter, vote.forged(draw)?));
                let ballots = ballots.iter().map(lie).collect::<Option<Vec<_>>>()?;
                Some(Self::Ballots { ballots })
            }
            Self::Relay { step, voter, vote } => {
                let (step, voter) = (*step, *voter);
                vote.forged(draw).map(|vote| Self::Relay { step, voter, vote })
            }
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
    /// What it says of a voter's ballot.
    Said(Step, NodeId, Vote),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["ballot", "outcome", "said"];

    fn kind(&self) -> usize {
        match self {
            Self::Ballot(_) => 0,
            Self::Outcome(_) => 1,
            Self::Said(..) => 2,
        }
    }
}
