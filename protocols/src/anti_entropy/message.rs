//! What nodes ask each other and answer, and what they write down.

use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use super::state::{Hashes, Version};
use crate::problem::directory::Key;

/// A frame with sender and receiver, and the number of the question.
const HEADER: u32 = 24;
/// A key, a version, and a fold.
const NAME: u32 = 16;
/// An entry with a short value.
const ENTRY: u32 = 40;
/// A hash and its place.
const HASH: u32 = 10;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Question {
    /// Everything.
    All,
    /// What is newer than these versions, each with who is known to have seen it, folded.
    NewerThan(Vec<(Key, u32, u32)>),
    /// The branches, unless this is the root.
    UnlessRoot(u64),
    /// The leaves of these branches.
    Leaves(Vec<u16>),
    /// What lies in these leaves.
    Contents(Vec<u16>),
}

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Answer {
    /// The hashes of all branches.
    Branches(Hashes),
    /// The hashes of the leaves that were asked for.
    Leaves(Hashes),
    /// Entries.
    Entries(Vec<(Key, Version)>),
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// A question, or the next step of one.
    Ask {
        /// Names the question; drawn, so that no life of a node asks twice under one name.
        number: u64,
        /// What is asked for.
        question: Question,
    },
    /// The answer to a question.
    Tell {
        /// The question.
        number: u64,
        /// What is answered.
        answer: Answer,
    },
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["ask", "tell"];

    fn kind(&self) -> usize {
        usize::from(matches!(self, Self::Tell { .. }))
    }

    fn bytes(&self) -> u32 {
        let many = |count: usize, each: u32| u32::try_from(count).unwrap_or(u32::MAX) * each;
        let body = match self {
            Self::Ask { question, .. } => match question {
                Question::All => 0,
                Question::NewerThan(has) => many(has.len(), NAME),
                Question::UnlessRoot(_) => 8,
                Question::Leaves(places) | Question::Contents(places) => many(places.len(), 2),
            },
            Self::Tell { answer, .. } => match answer {
                Answer::Branches(hashes) | Answer::Leaves(hashes) => many(hashes.len(), HASH),
                Answer::Entries(entries) => many(entries.len(), ENTRY),
            },
        };
        HEADER + body
    }

    /// A lie gives each entry a version that nobody wrote.
    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        match (lie, self) {
            (Lie::Content, Self::Tell { number, answer: Answer::Entries(entries) }) => {
                let mut entries = entries.clone();
                entries.iter_mut().for_each(|(_, version)| version.version |= 1 << 31);
                Some(Self::Tell { number: *number, answer: Answer::Entries(entries) })
            }
            _ => None,
        }
    }
}

/// What a node writes down before it shows it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// It has this version of a key; the last is whether it is a deletion.
    Has(Key, u32, bool),
    /// It dropped the tombstone of a key.
    Dropped(Key),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["has", "dropped"];

    fn kind(&self) -> usize {
        usize::from(matches!(self, Self::Dropped(..)))
    }
}
