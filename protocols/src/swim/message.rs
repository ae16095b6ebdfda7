//! What members say to each other, and what they write down.

use sim_core::id::NodeId;
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use crate::problem::membership::{Belief, Status};

/// Sender, receiver, kind, sequence number and the sender's incarnation, as a compact encoding has
/// them.
const HEADER_BYTES: u32 = 32;
/// What one update takes: a member, a status, an incarnation.
pub const UPDATE_BYTES: u32 = 13;
/// How far ahead a liar's incarnation is.
const LEAP: u64 = 1 << 32;

/// News of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Update {
    /// Of whom.
    pub member: NodeId,
    /// What is to be believed.
    pub belief: Belief,
}

/// Which probe of its sender a message belongs to.
pub type Sequence = u64;

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Purpose {
    /// Are you there?
    Ping(Sequence),
    /// Ask `target` whether it is there, and tell me.
    PingRequest {
        /// Who does not answer.
        target: NodeId,
        /// My probe.
        probe: Sequence,
    },
    /// I am there, or the one is whom you asked about.
    Ack(Sequence),
    /// This is my whole view; I want yours.
    Sync,
    /// This is my whole view.
    View,
    /// Only the news that is on it.
    News,
}

/// What members say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Message {
    /// What it is for.
    pub purpose: Purpose,
    /// The incarnation under which the sender speaks; `None` if it has left.
    pub incarnation: Option<u64>,
    /// News on the back of it.
    pub updates: Vec<Update>,
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["ping", "ping_request", "ack", "sync", "view", "news"];

    fn kind(&self) -> usize {
        match self.purpose {
            Purpose::Ping(_) => 0,
            Purpose::PingRequest { .. } => 1,
            Purpose::Ack(_) => 2,
            Purpose::Sync => 3,
            Purpose::View => 4,
            Purpose::News => 5,
        }
    }

    fn bytes(&self) -> u32 {
        HEADER_BYTES + self.updates.len() as u32 * UPDATE_BYTES
    }

    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        let mut forged = self.clone();
        match lie {
            // Whatever is news of others becomes news of their death.
            Lie::Accusation if !self.updates.is_empty() => {
                for update in &mut forged.updates {
                    update.belief = update.belief.turned(Status::Dead);
                }
            }
            // No later word of the sender's own will be heard for long.
            Lie::Round => forged.incarnation = Some(self.incarnation?.saturating_add(LEAP)),
            // Nothing is decided, and no time is told.
            Lie::Accusation | Lie::Content | Lie::Time => return None,
        }
        Some(forged)
    }
}

/// What a member writes down before it speaks under an incarnation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// It is there under this one.
    Present(u64),
    /// It left under this one, and does not join by coming up again.
    Left(u64),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["present", "left"];

    fn kind(&self) -> usize {
        match self {
            Self::Present(_) => 0,
            Self::Left(_) => 1,
        }
    }
}
