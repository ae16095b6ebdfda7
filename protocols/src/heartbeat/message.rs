//! What the nodes say to each other, and what they write down.

use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

/// Sender, receiver, kind and count, as a compact encoding has them.
const BYTES: u32 = 32;
/// How far ahead a liar's count is.
const LEAP: u64 = 1 << 48;

/// A heartbeat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// I am there; this is the number of my heartbeat.
    Heartbeat(u64),
    /// I leave; my last heartbeat was this.
    Farewell(u64),
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["heartbeat", "farewell"];

    fn kind(&self) -> usize {
        match self {
            Self::Heartbeat(_) => 0,
            Self::Farewell(_) => 1,
        }
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        match (lie, *self) {
            (Lie::Round, Self::Heartbeat(count)) => {
                Some(Self::Heartbeat(count.saturating_add(LEAP)))
            }
            (Lie::Round, Self::Farewell(count)) => Some(Self::Farewell(count.saturating_add(LEAP))),
            // It says nothing of others, of any time, or of any value.
            (Lie::Content | Lie::Time | Lie::Accusation, _) => None,
        }
    }
}

/// What a node writes down before its first heartbeat of a life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Record {
    /// Which of its lives this is.
    pub life: u64,
    /// Whether it has left.
    pub has_left: bool,
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["life"];

    fn kind(&self) -> usize {
        0
    }
}
