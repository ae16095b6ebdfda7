//! What nodes say to each other about rumours, and what they write down.

use sim_core::id::OpId;
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

/// A frame with sender and receiver, and what one knows.
const HEADER: u32 = 24;
/// A short rumour with its name and its hops.
const RUMOUR: u32 = 40;

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// A copy of a rumour.
    Copy {
        /// The rumour.
        rumour: OpId,
        /// How many hops this copy made.
        hops: u32,
        /// What the sender knows, folded, if it asks for what it does not.
        asks: Option<u32>,
    },
    /// Tell me what I do not know.
    Ask {
        /// What the sender knows, folded.
        known: u32,
    },
    /// How a copy was received.
    Feedback {
        /// The rumour.
        rumour: OpId,
        /// Whether it was new.
        useful: bool,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["copy", "ask", "feedback"];

    fn kind(&self) -> usize {
        match self {
            Self::Copy { .. } => 0,
            Self::Ask { .. } => 1,
            Self::Feedback { .. } => 2,
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Copy { .. } => HEADER + RUMOUR,
            Self::Ask { .. } | Self::Feedback { .. } => HEADER,
        }
    }

    /// A lie invents a rumour, denies that one was new, or gives a copy hops that it has not made.
    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        match (lie, *self) {
            (Lie::Content, Self::Copy { rumour, hops, asks }) => {
                let rumour = OpId { sequence: !rumour.sequence, ..rumour };
                Some(Self::Copy { rumour, hops, asks })
            }
            (Lie::Content, Self::Ask { known }) => Some(Self::Ask { known: !known }),
            (Lie::Content, Self::Feedback { rumour, useful }) => {
                Some(Self::Feedback { rumour, useful: !useful })
            }
            (Lie::Round, Self::Copy { rumour, asks, .. }) => {
                Some(Self::Copy { rumour, hops: u32::MAX, asks })
            }
            _ => None,
        }
    }
}

/// What the node that was told a rumour writes down before it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Record(pub OpId);

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["told"];

    fn kind(&self) -> usize {
        0
    }
}
