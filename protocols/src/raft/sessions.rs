//! Client sessions: an operation that is asked for twice is done once.
//!
//! A client that heard nothing asks again, perhaps at another server, although its operation may
//! be in the log. Every server therefore remembers what became of each operation
//! (Ongaro's dissertation, 6.3). We depart from it in three ways:
//!
//! - Its clients have one operation at a time, so that the latest answer per client is enough.
//!   Ours have several under way, which may be committed out of their order, so all are kept:
//!   a vector per client, by sequence number.
//! - Its duplicates enter the log and are recognised when they are applied. That check is here
//!   too, and it is what makes delivery exactly once. But a server also marks what is in its log:
//!   a mark per entry is cheap, and a leader that is asked again and again while it cannot
//!   commit does not fill its log with copies.
//! - Sessions never expire, and no entry opens one: the clients of a run are known.

use sim_core::id::OpId;

/// What became of an operation, as one server knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Status {
    /// It is not in the log.
    #[default]
    Unknown,
    /// It is in the log.
    Logged {
        /// Whether a client waits for the answer at this server.
        awaited: bool,
    },
    /// It was delivered.
    Applied {
        /// Where it was delivered.
        position: u64,
    },
}

/// What became of all operations.
#[derive(Clone, Debug, Hash, Default)]
pub struct Sessions(Vec<Vec<Status>>);

impl Sessions {
    /// What became of this operation.
    pub fn status(&self, op: OpId) -> Status {
        let client = self.0.get(op.client.0 as usize);
        client.and_then(|ops| ops.get(op.sequence as usize)).copied().unwrap_or_default()
    }

    /// The operation entered the log.
    pub fn enter(&mut self, op: OpId) {
        let status = self.place(op);
        if *status == Status::Unknown {
            *status = Status::Logged { awaited: false };
        }
    }

    /// The operation, if it was not applied, left the log.
    pub fn leave(&mut self, op: OpId) {
        let status = self.place(op);
        if matches!(status, Status::Logged { .. }) {
            *status = Status::Unknown;
        }
    }

    /// A client waits here for the operation to be done.
    pub fn await_answer(&mut self, op: OpId) {
        if let Status::Logged { awaited } = self.place(op) {
            *awaited = true;
        }
    }

    /// The operation is delivered at this position.
    pub fn apply(&mut self, op: OpId, position: u64) {
        *self.place(op) = Status::Applied { position };
    }

    fn place(&mut self, op: OpId) -> &mut Status {
        let (client, sequence) = (op.client.0 as usize, op.sequence as usize);
        if self.0.len() <= client {
            self.0.resize_with(client + 1, Vec::new);
        }
        let ops = &mut self.0[client];
        if ops.len() <= sequence {
            ops.resize(sequence + 1, Status::Unknown);
        }
        &mut ops[sequence]
    }
}
