//! What clients and nodes say to each other, and what a node writes down.

use sim_core::id::{NodeId, OpId};
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use super::version::Siblings;

/// Why something is to be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Cause {
    /// A client writes it.
    Write(OpId),
    /// A reader found that the receiver had something older.
    Repair(OpId),
    /// The sender had taken it on for the receiver, under this digest.
    Handoff(u64),
}

/// What clients and nodes say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// A client: how new is what you have?
    Ask {
        /// For which operation.
        op: OpId,
        /// Under which key.
        key: u32,
    },
    /// A node: so new, and my wall clock shows this.
    Told {
        /// For which operation.
        op: OpId,
        /// The highest stamp under the key.
        stamp: u64,
        /// The wall clock, in microseconds.
        clock: u64,
    },
    /// Store this.
    Store {
        /// Why.
        cause: Cause,
        /// Under which key.
        key: u32,
        /// The newest values that the sender knows of.
        siblings: Siblings,
        /// The node for which the receiver stands in, if it does.
        home: Option<NodeId>,
    },
    /// That is stored.
    Stored {
        /// Why it was.
        cause: Cause,
        /// Under which key.
        key: u32,
    },
    /// A client: what do you have?
    Read {
        /// For which operation.
        op: OpId,
        /// Under which key.
        key: u32,
    },
    /// A node: this.
    Found {
        /// For which operation.
        op: OpId,
        /// What it has.
        siblings: Siblings,
    },
    /// A node to another: digests of all that both should keep.
    Summary(Vec<(u32, u64)>),
    /// A node to another: this is what I keep.
    Sync {
        /// Under which key.
        key: u32,
        /// What it keeps.
        siblings: Siblings,
        /// Whether the receiver shall tell what it keeps, if that is more.
        asks: bool,
    },
}

/// A frame with sender and receiver, the operation and the key, as a compact encoding has them.
const FRAME_BYTES: u32 = 32;

impl Speech for Message {
    const KINDS: &'static [&'static str] = &[
        "ask", "told", "store", "repair", "handoff", "stored", "read", "found", "summary", "sync",
    ];

    fn kind(&self) -> usize {
        match self {
            Self::Ask { .. } => 0,
            Self::Told { .. } => 1,
            Self::Store { cause: Cause::Write(_), .. } => 2,
            Self::Store { cause: Cause::Repair(_), .. } => 3,
            Self::Store { cause: Cause::Handoff(_), .. } => 4,
            Self::Stored { .. } => 5,
            Self::Read { .. } => 6,
            Self::Found { .. } => 7,
            Self::Summary(_) => 8,
            Self::Sync { .. } => 9,
        }
    }

    fn bytes(&self) -> u32 {
        FRAME_BYTES
            + match self {
                Self::Store { siblings, .. }
                | Self::Found { siblings, .. }
                | Self::Sync { siblings, .. } => siblings.bytes(),
                Self::Summary(digests) => 12 * digests.len() as u32,
                Self::Told { .. } => 16,
                Self::Ask { .. } | Self::Read { .. } | Self::Stored { .. } => 0,
            }
    }

    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        let mut forged = self.clone();
        match (lie, &mut forged) {
            (
                Lie::Content,
                Self::Store { siblings, .. }
                | Self::Found { siblings, .. }
                | Self::Sync { siblings, .. },
            ) => *siblings = siblings.forged(),
            (Lie::Round, Self::Told { stamp, .. }) => *stamp = stamp.saturating_add(1 << 24),
            (Lie::Time, Self::Told { clock, .. }) => *clock = clock.saturating_add(60_000_000),
            _ => return None,
        }
        Some(forged)
    }
}

/// What a node writes down before it says so.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// It keeps this under a key.
    Held(u32, Siblings),
    /// It keeps this for another node.
    Hint(NodeId, u32, Siblings),
    /// It does so no longer.
    Dropped(NodeId, u32),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["held", "hint", "dropped"];

    fn kind(&self) -> usize {
        match self {
            Self::Held(..) => 0,
            Self::Hint(..) => 1,
            Self::Dropped(..) => 2,
        }
    }
}
