//! What Raft's servers say to each other, and what they write to disk.
//!
//! The two remote procedure calls of the paper (Ongaro and Ousterhout 2014, Figure 2) become four
//! messages. An empty AppendEntries is a heartbeat and counts as a kind of its own, together with
//! its reply: so the price of an entry, 2(n−1) messages, can be read off the counts.
//!
//! A message is copied into queues at every hop, so it is kept at 64 bytes. The usual append
//! carries one entry and holds it inline; more entries are shared behind a reference count.

use std::fmt;
use std::sync::Arc;

use sim_core::id::OpId;
use sim_core::message::{self, Forger, Lie};
use sim_core::rng::{Draw, Random as _};

use crate::problem::log::Command;

/// A term: the reign of at most one leader. Counted from 1; 0 is before the first.
pub type Term = u64;

/// A place in the log, from 1; 0 is before the first entry.
pub type Index = u64;

/// A round of heartbeats of one leader, from 1; 0 is before the first.
pub type Round = u64;

/// Names an entry for good: no two entries share index and term (Log Matching, §5.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Where in the log.
    pub index: Index,
    /// In which term the entry was made.
    pub term: Term,
}

impl Place {
    /// Whether a log that ends here is at least as up to date as one that ends there (§5.4.1).
    pub fn is_up_to_date_with(self, other: Self) -> bool {
        (self.term, self.index) >= (other.term, other.index)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.index, self.term)
    }
}

/// What an entry asks the state machine to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing: a new leader's first entry, which lets it commit its predecessors' entries.
    Nothing,
    /// What a client asked for.
    Command {
        /// The operation.
        op: OpId,
        /// What is to be done.
        command: Command,
    },
}

/// One entry of the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: Term,
    /// What it asks for.
    pub payload: Payload,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.payload {
            Payload::Nothing => write!(f, "nothing@{}", self.term),
            Payload::Command { op, .. } => write!(f, "{op}@{}", self.term),
        }
    }
}

/// Successive entries; none or one take no allocation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Entries {
    /// None: a heartbeat, whose round takes the room that entries leave.
    None {
        /// The leader's last round.
        round: Round,
    },
    /// One, inline.
    One(Entry),
    /// Two or more.
    Many(Arc<[Entry]>),
}

impl Entries {
    /// These entries.
    pub fn of(entries: &[Entry]) -> Self {
        match entries {
            [] => Self::None { round: 0 },
            [one] => Self::One(*one),
            many => Self::Many(many.into()),
        }
    }

    /// The round of the heartbeat, if it is one.
    pub const fn heartbeat(&self) -> Option<Round> {
        match self {
            Self::None { round } => Some(*round),
            Self::One(_) | Self::Many(_) => None,
        }
    }

    /// The entries, in order.
    pub fn as_slice(&self) -> &[Entry] {
        match self {
            Self::None { .. } => &[],
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Many(entries) => entries,
        }
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// The leader's side of AppendEntries; a heartbeat if it carries no entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Append {
    /// The leader's term.
    pub term: Term,
    /// The entry just before these.
    pub previous: Place,
    /// How far the leader knows the log to be committed.
    pub commit: Index,
    /// What to append.
    pub entries: Entries,
}

/// What became of an [`Append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The logs agree up to and including `through`, and that much is durable.
    Accepted {
        /// The last entry that the append covered.
        through: Index,
    },
    /// The follower does not have the entry just before.
    Rejected {
        /// The index of that entry; it tells which append this answers.
        previous: Index,
        /// The last entry of the follower that could be one of the leader's.
        hint: Place,
    },
}

/// A message between servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A candidate asks for a vote.
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// The end of the candidate's log.
        last: Place,
    },
    /// The answer.
    Vote {
        /// The voter's term.
        term: Term,
        /// Whether the candidate has the vote.
        granted: bool,
    },
    /// A leader replicates, or shows that it is there.
    Append(Append),
    /// The answer.
    AppendReply {
        /// The follower's term.
        term: Term,
        /// Which heartbeat this answers, if it answers one.
        heartbeat: Option<Round>,
        /// What became of the append.
        outcome: Outcome,
    },
    /// A server asks who would vote for it in the next term (dissertation, 9.6).
    PreVote {
        /// The server's term.
        term: Term,
        /// The end of its log.
        last: Place,
    },
    /// The answer.
    PreVoteReply {
        /// The answering server's term.
        term: Term,
        /// Whether it would.
        granted: bool,
    },
}

impl Message {
    /// The sender's term.
    pub const fn term(&self) -> Term {
        match self {
            Self::RequestVote { term, .. }
            | Self::Vote { term, .. }
            | Self::AppendReply { term, .. }
            | Self::PreVote { term, .. }
            | Self::PreVoteReply { term, .. } => *term,
            Self::Append(append) => append.term,
        }
    }
}

/// Bytes on the wire for addresses, kind and term.
const HEADER_BYTES: u32 = 24;
/// Bytes for one place of the log, or one index with a round of heartbeats.
const PLACE_BYTES: u32 = 16;
/// Bytes for one entry: term, operation, command.
const ENTRY_BYTES: u32 = 24;

impl message::Message for Message {
    const KINDS: &'static [&'static str] = &[
        "request-vote",
        "vote",
        "append",
        "append-reply",
        "heartbeat",
        "heartbeat-reply",
        "pre-vote",
        "pre-vote-reply",
    ];

    fn kind(&self) -> usize {
        match self {
            Self::RequestVote { .. } => 0,
            Self::Vote { .. } => 1,
            Self::Append(append) if append.entries.heartbeat().is_some() => 4,
            Self::Append(_) => 2,
            Self::AppendReply { heartbeat, .. } => 3 + 2 * usize::from(heartbeat.is_some()),
            Self::PreVote { .. } => 6,
            Self::PreVoteReply { .. } => 7,
        }
    }

    fn bytes(&self) -> u32 {
        HEADER_BYTES
            + match self {
                Self::RequestVote { .. } | Self::PreVote { .. } | Self::AppendReply { .. } => {
                    PLACE_BYTES
                }
                Self::Vote { .. } | Self::PreVoteReply { .. } => 1,
                Self::Append(append) => {
                    2 * PLACE_BYTES + ENTRY_BYTES * append.entries.as_slice().len() as u32
                }
            }
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let mut told = self.clone();
        match lie {
            Lie::Content => told.falsify(&mut forger.draw),
            Lie::Round => *told.term_mut() += 1 + forger.draw.below(3),
            // A candidacy says that the leader has failed.
            Lie::Accusation => {
                let term = *told.term_mut() + 1;
                told = Self::RequestVote { term, last: Place { index: 0, term: 0 } };
            }
            Lie::Time => return None,
        }
        Some(told)
    }
}

impl Message {
    const fn term_mut(&mut self) -> &mut Term {
        match self {
            Self::RequestVote { term, .. }
            | Self::Vote { term, .. }
            | Self::Append(Append { term, .. })
            | Self::AppendReply { term, .. }
            | Self::PreVote { term, .. }
            | Self::PreVoteReply { term, .. } => term,
        }
    }

    /// Turns the message into a lie of the same term.
    fn falsify(&mut self, draw: &mut Draw) {
        match self {
            Self::RequestVote { term, last } | Self::PreVote { term, last } => {
                *last = Place { index: last.index + 1 + draw.below(8), term: *term };
            }
            Self::Vote { granted, .. } | Self::PreVoteReply { granted, .. } => *granted = !*granted,
            Self::Append(append) => append.falsify(draw),
            Self::AppendReply { outcome, .. } => {
                *outcome = match *outcome {
                    Outcome::Accepted { through } => {
                        Outcome::Accepted { through: through + 1 + draw.below(8) }
                    }
                    Outcome::Rejected { previous, .. } => Outcome::Accepted { through: previous },
                }
            }
        }
    }
}

impl Append {
    /// Turns the append into a lie: other entries, or a later commitment.
    fn falsify(&mut self, draw: &mut Draw) {
        if self.entries.heartbeat().is_some() || draw.below(2) == 0 {
            self.commit += 1 + draw.below(8);
            return;
        }
        let mut entries = self.entries.as_slice().to_vec();
        for entry in &mut entries {
            if let Payload::Command { command, .. } = &mut entry.payload {
                *command = Command(draw.next_u64());
            } else {
                entry.term = entry.term.saturating_sub(1);
            }
        }
        self.entries = Entries::of(&entries);
    }
}

/// What one write to the disk holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// The server entered `term`, or voted in it.
    State {
        /// The current term.
        term: Term,
        /// Who has this server's vote.
        vote: Option<sim_core::id::NodeId>,
    },
    /// The log has these entries from `first` on, and nothing after them. So a conflict is cut
    /// off and replaced in one atomic write.
    Append {
        /// Where the entries begin.
        first: Index,
        /// The entries.
        entries: Entries,
    },
}

impl message::Record for Record {
    const KINDS: &'static [&'static str] = &["state", "append"];

    fn kind(&self) -> usize {
        match self {
            Self::State { .. } => 0,
            Self::Append { .. } => 1,
        }
    }
}
