//! The state machine above a replicated log.
//!
//! A protocol that replicates a log orders commands and does not look inside (Schneider 1990). What
//! they do is the machine's business: [`Journal`] does nothing, so that the log itself is the
//! service, and [`Store`] keeps values under keys. A protocol that is generic over its machine
//! solves the problem that the machine stands for.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use sim_core::id::{NodeId, OpId};
use sim_core::problem::Problem;

use crate::problem::kv::{self, Kv, Request, Response, Value};
use crate::problem::log::{self, Command, Log};

/// Which machine it is: what a protocol over it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`Journal`].
    Log,
    /// [`Store`].
    KeyValue,
}

/// A deterministic state machine: equal commands in equal order lead to equal answers.
pub trait Machine: Clone + Debug + Default + Hash + Send + 'static {
    /// Which machine it is.
    const KIND: Kind;
    /// The problem that a replicated log of its commands solves.
    type Problem: Problem;

    /// The command that a request becomes.
    fn command(request: &<Self::Problem as Problem>::Request) -> Command;
    /// Whether the command changes nothing, so that it can be answered from the state alone.
    fn is_read(command: Command) -> bool;
    /// Does what the next operation wants; positions are counted from 1.
    fn apply(&mut self, op: OpId, command: Command);
    /// What the operation at this position was answered.
    ///
    /// # Panics
    /// If nothing was applied there.
    fn response(&self, position: u64) -> Response;
    /// What a read would be answered now.
    fn read(&self, command: Command) -> Response;
    /// What the application is told when an operation is applied; `None` for nothing.
    fn delivered(
        position: u64,
        op: OpId,
        command: Command,
    ) -> Option<<Self::Problem as Problem>::Indication>;
    /// What the client is told whose operation was done.
    fn answered(position: u64, response: Response) -> <Self::Problem as Problem>::Indication;
    /// What a client is told that asked at the wrong node.
    fn redirect(leader: Option<NodeId>) -> <Self::Problem as Problem>::Indication;
}

/// What a protocol over machine `M` tells its application.
pub type Told<M> = <<M as Machine>::Problem as Problem>::Indication;

/// The machine of the log itself: its state is what was delivered, which the protocol keeps anyway.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Journal;

impl Machine for Journal {
    const KIND: Kind = Kind::Log;
    type Problem = Log;

    fn command(request: &Command) -> Command {
        *request
    }

    fn is_read(_: Command) -> bool {
        false
    }

    fn apply(&mut self, _: OpId, _: Command) {}

    fn response(&self, _: u64) -> Response {
        Response::Written
    }

    fn read(&self, _: Command) -> Response {
        Response::Written
    }

    fn delivered(position: u64, op: OpId, command: Command) -> Option<log::Indication> {
        Some(log::Indication::Delivered { position, op, command })
    }

    fn answered(position: u64, _: Response) -> log::Indication {
        log::Indication::Acknowledged { position }
    }

    fn redirect(leader: Option<NodeId>) -> log::Indication {
        log::Indication::Redirect { leader }
    }
}

/// The machine of the key–value store. It remembers what it answered: who asks again is told the
/// same (Ongaro's dissertation, 6.3).
#[derive(Clone, Debug, Default, Hash)]
pub struct Store {
    values: BTreeMap<u32, Value>,
    /// By position, from 1.
    responses: Vec<Response>,
}

impl Store {
    fn value(&self, key: u32) -> Option<Value> {
        self.values.get(&key).copied()
    }
}

impl Machine for Store {
    const KIND: Kind = Kind::KeyValue;
    type Problem = Kv;

    fn command(request: &Request) -> Command {
        request.command()
    }

    fn is_read(command: Command) -> bool {
        matches!(Request::of(command), Request::Get { .. })
    }

    fn apply(&mut self, op: OpId, command: Command) {
        let response = match Request::of(command) {
            Request::Get { key } => Response::Value(self.value(key)),
            Request::Put { key } => {
                self.values.insert(key, Value(op));
                Response::Written
            }
            Request::CompareAndSet { key, expected } => {
                let swaps = self.value(key) == expected;
                if swaps {
                    self.values.insert(key, Value(op));
                }
                Response::Swapped(swaps)
            }
        };
        self.responses.push(response);
    }

    fn response(&self, position: u64) -> Response {
        self.responses[position as usize - 1]
    }

    fn read(&self, command: Command) -> Response {
        Response::Value(self.value(Request::of(command).key()))
    }

    fn delivered(_: u64, _: OpId, _: Command) -> Option<kv::Indication> {
        None
    }

    fn answered(_: u64, response: Response) -> kv::Indication {
        kv::Indication::Answered(response)
    }

    fn redirect(leader: Option<NodeId>) -> kv::Indication {
        kv::Indication::Redirect { leader }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::ClientId;

    use super::*;

    const fn op(sequence: u32) -> OpId {
        OpId { client: ClientId(1), sequence }
    }

    #[test]
    fn a_store_writes_the_name_of_the_operation_and_compares_before_it_sets() {
        let mut store = Store::default();
        let mut ask = |sequence, request: Request| {
            store.apply(op(sequence), request.command());
            store.response(u64::from(sequence) + 1)
        };
        let first = Some(Value(op(1)));
        assert_eq!(ask(0, Request::Get { key: 3 }), Response::Value(None));
        assert_eq!(ask(1, Request::Put { key: 3 }), Response::Written);
        assert_eq!(ask(2, Request::Get { key: 3 }), Response::Value(first));
        let set = |expected| Request::CompareAndSet { key: 3, expected };
        assert_eq!(ask(3, set(None)), Response::Swapped(false));
        assert_eq!(ask(4, set(first)), Response::Swapped(true));
        assert_eq!(ask(5, Request::Get { key: 4 }), Response::Value(None));
        assert_eq!(
            store.read(Request::Get { key: 3 }.command()),
            Response::Value(Some(Value(op(4))))
        );
        assert_eq!(store.response(2), Response::Written, "an answer is remembered");
        let reads = [Request::Get { key: 0 }, Request::Put { key: 0 }, set(None)];
        assert_eq!(reads.map(|request| Store::is_read(request.command())), [true, false, false]);
    }

    #[test]
    fn the_machine_of_the_log_has_no_size() {
        assert_eq!(size_of::<Journal>(), 0);
    }
}
