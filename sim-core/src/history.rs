//! The history: what the application saw, entry by entry.
//!
//! Requests and indications are the terms of Cachin, Guerraoui and Rodrigues (2011); *history* is
//! Herlihy and Wing's (1990). Judges are shown the history and nothing else. Indications of corrupt
//! nodes are left out of it: they are not evidence (but for what a hostile program confesses, see
//! `Problem::is_confession`).
//!
//! `Q` and `I` are the problem's types of request and indication.

use crate::id::{Incarnation, NodeId, OpId};
use crate::time::Time;

/// One thing that the application saw, and when.
#[derive(Clone, Debug)]
pub struct Entry<Q, I> {
    /// When it happened, on the simulator's clock.
    pub at: Time,
    /// Where it happened.
    pub node: NodeId,
    /// Which life of the node saw it: a re-boot restarts the application too.
    pub incarnation: Incarnation,
    /// What happened.
    pub event: Event<Q, I>,
}

/// What the application can see.
#[derive(Clone, Debug)]
pub enum Event<Q, I> {
    /// A client made a request at this node; a retry is a request with the same `op`.
    Requested {
        /// The operation.
        op: OpId,
        /// What was asked.
        request: Q,
        /// Whether the node was up to hear it.
        reached: bool,
    },
    /// The node indicated something to its application.
    Indicated {
        /// The operation that the indication answers, if any.
        answers: Option<OpId>,
        /// What was indicated.
        indication: I,
    },
    /// The client of an operation went away, and nobody waits for the answer any more.
    Abandoned {
        /// The operation.
        op: OpId,
    },
    /// The node came up, with empty memory and what its disk held.
    Booted,
    /// The node went down.
    Crashed,
    /// The adversary took the node over: it is not correct from the beginning of the run on.
    Corrupted,
}
