//! The problem of the replicated log: all nodes deliver the same operations in the same order.
//!
//! This is state machine replication (Lamport 1978; Schneider 1990) seen from outside. The
//! application at a node is told which operation stands at which position, and a client is told
//! where its operation ended up. Positions count delivered operations, from 1 and without gaps:
//! what a protocol puts into its log for its own sake, or puts there twice, consumes none. So
//! Raft, Multi-Paxos and PBFT are judged alike.

mod judges;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::ChaCha;
use sim_core::time::Duration;
use sim_core::workload::{Rate, Retry, Workload};

use super::operation::Termination;

/// No two nodes deliver different operations at one position, in whatever life.
pub const AGREEMENT: &str = "agreement";
/// Each life of a node delivers positions 1, 2, 3 and so on.
pub const PREFIX_AGREEMENT: &str = "prefix_agreement";
/// What is delivered was requested, with the same command.
pub const VALIDITY: &str = "validity";
/// No life of a node delivers an operation twice.
pub const EXACTLY_ONCE: &str = "exactly_once";
/// An acknowledged operation stays at its position.
pub const DURABILITY: &str = "durability";
/// Every requested operation is acknowledged.
pub const TERMINATION: &str = "termination";

/// What a client wants done. The log does not look inside; no two operations share a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Command(pub u64);

/// What a node tells its application.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Indication {
    /// The operation stands at this position of the log, for good.
    Delivered {
        /// The position, from 1.
        position: u64,
        /// The operation.
        op: OpId,
        /// What is to be done.
        command: Command,
    },
    /// To the client: its operation was done, at this position.
    Acknowledged {
        /// The position, from 1.
        position: u64,
    },
    /// To the client: not here.
    Redirect {
        /// Who leads, as far as this node knows.
        leader: Option<NodeId>,
    },
}

/// The keys of the load: there are none, because commands are opaque.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {}

/// The problem of the replicated log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Problem for Log {
    const NAME: &'static str = "log";
    const SUMMARY: &'static str = "a replicated log: the same operations in the same order, once";
    type Request = Command;
    type Indication = Indication;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            start: Duration::from_secs(1),
            timeout: Duration::from_millis(500),
            retry: Retry::Next,
            ..Workload::open(cluster.n, Rate::per_second(100))
        }
    }

    fn client(_: &Load, _: Cluster, client: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Numbering { client, count: 0 })
    }

    fn answer(indication: &Indication) -> Answer {
        match *indication {
            Indication::Redirect { leader } => Answer::Elsewhere(leader),
            Indication::Acknowledged { .. } | Indication::Delivered { .. } => Answer::Done,
        }
    }

    const PROPERTIES: &'static [&'static str] =
        &[AGREEMENT, PREFIX_AGREEMENT, VALIDITY, EXACTLY_ONCE, DURABILITY, TERMINATION];

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Command, Indication>> {
        let all: [(_, _, Box<dyn Checker<Command, Indication>>); 6] = [
            (AGREEMENT, Class::Safety, Box::<judges::Agreement>::default()),
            (PREFIX_AGREEMENT, Class::Safety, Box::<judges::PrefixAgreement>::default()),
            (VALIDITY, Class::Safety, Box::<judges::Validity>::default()),
            (EXACTLY_ONCE, Class::Safety, Box::<judges::ExactlyOnce>::default()),
            (DURABILITY, Class::Safety, Box::<judges::Durability>::default()),
            (TERMINATION, Class::Liveness, Box::<Termination<Self>>::default()),
        ];
        promise.judged_by(all)
    }
}

/// A client that numbers its commands, so that no two operations of a run look alike.
struct Numbering {
    client: ClientId,
    count: u32,
}

impl problem::Client<Log> for Numbering {
    fn next(&mut self, _: &mut ChaCha) -> Command {
        let command = u64::from(self.client.0) << 32 | u64::from(self.count);
        self.count += 1;
        Command(command)
    }
}
