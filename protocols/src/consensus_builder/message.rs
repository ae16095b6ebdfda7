//! What agents and their facilitator say to each other, and what they write down before they say it.

use std::sync::Arc;

use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use super::minutes::Minutes;
use crate::problem::decision::{Opinion, Propose};
use crate::voting::Vote;

/// A frame with sender, receiver and view.
const BYTES: u32 = 40;

/// A ballot with its voter, or a proposal with what one option is worth.
const ENTRY_BYTES: u32 = 20;

/// The size of minutes.
fn size(minutes: &Minutes) -> u32 {
    let ballots: usize = minutes.rounds.iter().map(|round| 1 + round.ballots.len()).sum();
    ENTRY_BYTES * (2 * minutes.proposals.len() + ballots) as u32
}

/// What is said.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// The facilitator of a view: what do you propose, and how far were you?
    Call {
        /// The view.
        view: u64,
    },
    /// The answer, after which nothing of an earlier view is taken.
    Report {
        /// The view.
        view: u64,
        /// What the agent wants, if it was asked and says so.
        proposal: Option<Propose>,
        /// The minutes that it has, and of which view.
        kept: Option<(u64, Arc<Minutes>)>,
    },
    /// The facilitator: this is where we stand.
    Minutes {
        /// The view.
        view: u64,
        /// All so far.
        minutes: Arc<Minutes>,
    },
    /// The answer: it is kept, and this is my ballot in the next round.
    Ballot {
        /// The view.
        view: u64,
        /// How many rounds the minutes have that are kept.
        rounds: u32,
        /// The ballot; none if there is no next round, or the agent abstains.
        vote: Option<Vote>,
    },
    /// This is the end, and it will never be otherwise.
    Outcome {
        /// The whole record.
        minutes: Arc<Minutes>,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["call", "report", "minutes", "ballot", "outcome"];

    fn kind(&self) -> usize {
        match self {
            Self::Call { .. } => 0,
            Self::Report { .. } => 1,
            Self::Minutes { .. } => 2,
            Self::Ballot { .. } => 3,
            Self::Outcome { .. } => 4,
        }
    }

    fn bytes(&self) -> u32 {
        BYTES
            + match self {
                Self::Call { .. } => 0,
                Self::Report { kept: None, .. } | Self::Ballot { .. } => ENTRY_BYTES,
                Self::Report { kept: Some((_, minutes)), .. } => ENTRY_BYTES + size(minutes),
                Self::Minutes { minutes, .. } | Self::Outcome { minutes } => size(minutes),
            }
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let draw = &mut forger.draw;
        // Views cannot be lied about: everybody knows whose they are.
        if lie != Lie::Content {
            return None;
        }
        let mut claim = |minutes: &Minutes| {
            let mut minutes = minutes.clone();
            let last = minutes.rounds.last_mut()?;
            last.leader = Some(last.leader.or_else(|| last.table.first().copied())?.other(draw)?);
            last.support = last.ballots.len() as u32;
            Some(Arc::new(minutes))
        };
        match self {
            Self::Call { .. } => None,
            Self::Report { view, proposal, kept } => {
                let choice = (*proposal)?.choice.other(draw)?;
                let proposal = Some(Propose { choice, opinion: Opinion::plain(choice) });
                Some(Self::Report { view: *view, proposal, kept: kept.clone() })
            }
            Self::Minutes { view, minutes } => {
                Some(Self::Minutes { view: *view, minutes: claim(minutes)? })
            }
            Self::Ballot { view, rounds, vote } => {
                let vote = Some((*vote)?.forged(draw)?);
                Some(Self::Ballot { view: *view, rounds: *rounds, vote })
            }
            Self::Outcome { minutes } => Some(Self::Outcome { minutes: claim(minutes)? }),
        }
    }
}

/// What is written down.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// What the agent was asked to propose.
    Asked(Propose),
    /// It takes nothing of an earlier view.
    Promised(u64),
    /// The minutes as the facilitator of a view circulated them.
    Kept(u64, Arc<Minutes>),
    /// How it ended.
    Outcome(Arc<Minutes>),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["asked", "promised", "kept", "outcome"];

    fn kind(&self) -> usize {
        match self {
            Self::Asked(_) => 0,
            Self::Promised(_) => 1,
            Self::Kept(..) => 2,
            Self::Outcome(_) => 3,
        }
    }
}
