//! What a replica knows of requests: which it waits for, and the answers that it gave.
//!
//! The paper's reply cache keeps each client's last answer, because its clients have one request
//! at a time. Ours may have several under way, so all answers are kept: a vector per client, by
//! sequence number.

use std::collections::VecDeque;

use sim_core::id::OpId;

use super::message::{Request, View};

/// What became of an operation, as one replica knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Status {
    /// Nobody asked for it here.
    #[default]
    Unknown,
    /// It was asked for here and is not executed.
    Waiting {
        /// The last view in which this replica knew it to be proposed.
        proposed: Option<View>,
    },
    /// It was executed.
    Executed {
        /// Where it was delivered.
        position: u64,
    },
}

/// All requests that a replica was asked for.
#[derive(Clone, Debug, Hash, Default)]
pub struct Requests {
    statuses: Vec<Vec<Status>>,
    /// What waits, in the order of arrival; what is executed leaves when it comes to the front.
    waiting: VecDeque<Request>,
    /// How many of those at the front this primary has looked at in its view.
    looked_at: usize,
}

impl Requests {
    /// What became of this operation.
    pub fn status(&self, op: OpId) -> Status {
        let client = self.statuses.get(op.client.0 as usize);
        client.and_then(|ops| ops.get(op.sequence as usize)).copied().unwrap_or_default()
    }

    /// A request arrived; from now on it is waited for.
    pub fn enter(&mut self, request: Request) {
        let status = self.place(request.op);
        if *status == Status::Unknown {
            *status = Status::Waiting { proposed: None };
            self.waiting.push_back(request);
        }
    }

    /// The request that has waited longest.
    pub fn oldest(&self) -> Option<OpId> {
        self.waiting.front().map(|request| request.op)
    }

    /// The operation was executed.
    pub fn execute(&mut self, op: OpId, position: u64) {
        *self.place(op) = Status::Executed { position };
        while let Some(front) = self.waiting.front()
            && matches!(self.status(front.op), Status::Executed { .. })
        {
            self.waiting.pop_front();
            self.looked_at = self.looked_at.saturating_sub(1);
        }
    }

    /// The operation is proposed in this view.
    pub fn propose(&mut self, op: OpId, view: View) {
        if let Status::Waiting { proposed } = self.place(op) {
            *proposed = Some(view);
        }
    }

    /// A new view begins: what was proposed in older ones may be proposed again.
    pub const fn look_again(&mut self) {
        self.looked_at = 0;
    }

    /// How many requests this primary has not looked at in its view.
    pub fn unseen(&self) -> usize {
        self.waiting.len() - self.looked_at
    }

    /// The next requests that are not proposed in `view`, at most so many.
    pub fn take(&mut self, most: usize, view: View) -> Vec<Request> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(request) = self.waiting.get(self.looked_at).copied()
        {
            self.looked_at += 1;
            if let Status::Waiting { proposed } = self.place(request.op)
                && *proposed != Some(view)
            {
                *proposed = Some(view);
                taken.push(request);
            }
        }
        taken
    }

    fn place(&mut self, op: OpId) -> &mut Status {
        let (client, sequence) = (op.client.0 as usize, op.sequence as usize);
        if self.statuses.len() <= client {
            self.statuses.resize_with(client + 1, Vec::new);
        }
        let ops = &mut self.statuses[client];
        if ops.len() <= sequence {
            ops.resize(sequence + 1, Status::Unknown);
        }
        &mut ops[sequence]
    }
}
