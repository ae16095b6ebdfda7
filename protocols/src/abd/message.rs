//! What clients and nodes say to each other, and what a node writes down.

use sim_core::id::{ClientId, OpId};
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use crate::problem::register::{Value, version};

/// How new a value is: the greater the newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Tag {
    /// The number of the write, from 1.
    pub number: u64,
    /// Who wrote; of two writers with one number the higher counts as later.
    pub writer: ClientId,
}

impl Tag {
    /// The tag as one number.
    pub const fn version(self) -> u64 {
        version(self.number, self.writer)
    }
}

/// What is kept under a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Held {
    /// How new it is.
    pub tag: Tag,
    /// The value.
    pub value: Value,
}

/// What clients and nodes say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// A client: what do you keep?
    Query {
        /// For which operation.
        op: OpId,
        /// Under which key.
        key: u32,
    },
    /// A node: this.
    State {
        /// For which operation.
        op: OpId,
        /// What it keeps; `None` before the first write.
        held: Option<Held>,
    },
    /// A client: keep this, unless you have something newer.
    Store {
        /// For which operation.
        op: OpId,
        /// Under which key.
        key: u32,
        /// What is to be kept.
        held: Held,
    },
    /// A node: I keep that, or something newer.
    Stored {
        /// For which operation.
        op: OpId,
    },
}

/// A frame with sender and receiver, the operation and the key, as a compact encoding has them.
const FRAME_BYTES: u32 = 32;
/// A tag and a short value.
const HELD_BYTES: u32 = 20;

impl Held {
    /// The same with another value, the same whoever tells the lie.
    const fn forged(self) -> Self {
        let Value(OpId { client, sequence }) = self.value;
        Self { value: Value(OpId { client, sequence: !sequence }), ..self }
    }

    /// The same, as if it were far newer.
    const fn ahead(self) -> Self {
        let number = self.tag.number.saturating_add(1_000);
        Self { tag: Tag { number, ..self.tag }, ..self }
    }
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["query", "state", "store", "stored"];

    fn kind(&self) -> usize {
        match self {
            Self::Query { .. } => 0,
            Self::State { .. } => 1,
            Self::Store { .. } => 2,
            Self::Stored { .. } => 3,
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Query { .. } | Self::Stored { .. } | Self::State { held: None, .. } => {
                FRAME_BYTES
            }
            Self::State { held: Some(_), .. } | Self::Store { .. } => FRAME_BYTES + HELD_BYTES,
        }
    }

    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        let forged = |held: Held| match lie {
            Lie::Content => Some(held.forged()),
            Lie::Round => Some(held.ahead()),
            Lie::Time | Lie::Accusation => None,
        };
        match *self {
            Self::State { op, held: Some(held) } => {
                Some(Self::State { op, held: Some(forged(held)?) })
            }
            Self::Store { op, key, held } => Some(Self::Store { op, key, held: forged(held)? }),
            Self::Query { .. } | Self::Stored { .. } | Self::State { held: None, .. } => None,
        }
    }
}

/// That a node keeps something under a key.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Record {
    /// The key.
    pub key: u32,
    /// What it keeps.
    pub held: Held,
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["held"];

    fn kind(&self) -> usize {
        0
    }
}
