//! Landmarks: one vocabulary for the states of any protocol that are worth knowing.
//!
//! A protocol announces them; targets (`leader`), triggers, metrics and charts read them, and so
//! no part of the kernel knows a protocol.

use crate::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A state that a node says it has reached. Terms, views and ballots all count as `term`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Landmark {
    /// The node stands for election in `term`.
    Candidate {
        /// The term it stands in.
        term: u64,
    },
    /// The node gave its vote of `term` to `candidate`.
    VoteGranted {
        /// The term of the vote.
        term: u64,
        /// Who received it.
        candidate: NodeId,
    },
    /// The node knows that a quorum stands behind it in `term`.
    QuorumFormed {
        /// The term of the quorum.
        term: u64,
    },
    /// The node leads `term`.
    Leader {
        /// The term it leads.
        term: u64,
    },
    /// The node no longer leads or stands; it follows in `term`.
    Follower {
        /// The term it follows in.
        term: u64,
    },
    /// The node gave up on the leader of an earlier term and stands in `term` now, whoever leads
    /// it.
    ViewChanged {
        /// The term it moved to.
        term: u64,
    },
    /// The node goes into `round`, counted from 1, of a protocol whose rounds have no leader: a
    /// ballot, an exchange of words, an offer.
    Round {
        /// The round that begins for it.
        round: u64,
    },
    /// The node has a certificate that nothing else can be agreed on for `index` in `term`.
    Prepared {
        /// The term of the certificate.
        term: u64,
        /// What was prepared.
        index: u64,
    },
    /// The node gave up conflicting entries from `index` on.
    Truncated {
        /// The first index that went.
        index: u64,
    },
    /// The node knows that everything up to `index` is agreed.
    Committed {
        /// The highest agreed index.
        index: u64,
    },
    /// A client's update changed the node's state, which has this digest now.
    Updated {
        /// Equal for nodes that reflect the same updates.
        state: u64,
    },
    /// What another node told changed the node's state, which has this digest now.
    Merged {
        /// Equal for nodes that reflect the same updates.
        state: u64,
    },
    /// The node was told something that it knew.
    Redundant {
        /// The size of it, in bytes.
        bytes: u64,
    },
    /// The node holds something that it had not heard of, and that others spread as it is: a
    /// rumour, or that a member is there. What changes a state that nodes compare is
    /// [`Merged`](Self::Merged).
    Learned,
    /// The node takes `node` for failed, or for likely so, and did not before.
    Suspected {
        /// Whom it suspects.
        node: NodeId,
    },
    /// The node came up again after it was down; the kernel says so for every protocol.
    Recovered,
    /// The node decided.
    Decided,
    /// The node gave up without a decision.
    Undecided,
    /// The node reached a mark of its protocol that nothing else tells of.
    Marked {
        /// The mark's name.
        name: &'static str,
    },
}

/// The name of a [`Landmark`] without its particulars, as triggers and tables use it.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LandmarkKind {
    /// A node stands for election.
    Candidate,
    /// A node gives its vote to a candidate.
    VoteGranted,
    /// A node knows that a quorum stands behind it.
    QuorumFormed,
    /// A node leads.
    Leader,
    /// A node no longer leads or stands.
    Follower,
    /// A node gives up on a leader and stands in a later term or view.
    ViewChanged,
    /// A node goes into a round of a protocol without leaders.
    Round,
    /// A node has a certificate that nothing else can be agreed on.
    Prepared,
    /// A node gives up conflicting entries of its log.
    Truncated,
    /// A node knows that something is agreed.
    Committed,
    /// A client's update changes a node's state.
    Updated,
    /// What another node told changes a node's state.
    Merged,
    /// A node is told something that it knew.
    Redundant,
    /// A node comes to hold something that it had not heard of.
    Learned,
    /// A node takes another for failed, and did not before.
    Suspected,
    /// A node comes up again after it was down.
    Recovered,
    /// A node decides.
    Decided,
    /// A node gives up without a decision.
    Undecided,
    /// A node reaches a mark of its protocol that nothing else tells of.
    Marked,
}

impl Landmark {
    /// The landmark's name.
    pub const fn kind(self) -> LandmarkKind {
        match self {
            Self::Candidate { .. } => LandmarkKind::Candidate,
            Self::VoteGranted { .. } => LandmarkKind::VoteGranted,
            Self::QuorumFormed { .. } => LandmarkKind::QuorumFormed,
            Self::Leader { .. } => LandmarkKind::Leader,
            Self::Follower { .. } => LandmarkKind::Follower,
            Self::ViewChanged { .. } => LandmarkKind::ViewChanged,
            Self::Round { .. } => LandmarkKind::Round,
            Self::Prepared { .. } => LandmarkKind::Prepared,
            Self::Truncated { .. } => LandmarkKind::Truncated,
            Self::Committed { .. } => LandmarkKind::Committed,
            Self::Updated { .. } => LandmarkKind::Updated,
            Self::Merged { .. } => LandmarkKind::Merged,
            Self::Redundant { .. } => LandmarkKind::Redundant,
            Self::Learned => LandmarkKind::Learned,
            Self::Suspected { .. } => LandmarkKind::Suspected,
            Self::Recovered => LandmarkKind::Recovered,
            Self::Decided => LandmarkKind::Decided,
            Self::Undecided => LandmarkKind::Undecided,
            Self::Marked { .. } => LandmarkKind::Marked,
        }
    }
}
