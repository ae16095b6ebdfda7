//! PBFT: a replicated log that survives liars, under a primary for each view.
//!
//! After Castro and Liskov, "Practical Byzantine Fault Tolerance" (OSDI 1999), and Castro's thesis
//! (MIT 2001). Section numbers in the comments are the paper's, unless they say thesis. `f` is
//! ⌊(n−1)/3⌋. Where we depart from both:
//!
//! - A quorum is ⌈(n+f+1)/2⌉, which is 2f+1 at n = 3f+1 and safe at any other n too.
//! - The state is what was delivered, and what a machine makes of it; its digest is a chain over the
//!   former ([`history`]), and a replica that is behind fetches the rest of that ([`transfer`]).
//! - Clients may have several requests under way, so all answers are remembered ([`requests`]).
//! - Replicas crash and come back. What they accepted, prepared and entered, and each checkpoint,
//!   is on disk before they speak of it, and a replica counts its own vote only when that is
//!   durable: so a reboot makes no honest replica contradict itself.
//! - The primary, too, waits for requests to be executed, and gives up on itself ([`replica`]). In
//!   the paper only backups do (section 4.4); then an honest primary, which f replicas left for a
//!   later view and which lacks the liars' votes, could wait for ever.
//! - View changes carry the batches of their certificates, and are signed in both modes, so that
//!   acknowledgements of view changes (thesis, section 3.2.4) are not needed.
//! - Neither read-only nor tentative execution.
//!
//! `authentication = "macs"` leaves the signatures off pre-prepares, prepares, commits and replies.
//! A receiver still knows who spoke, because the channel tells it, but can show it to nobody:
//! a prepared certificate becomes a claim, and the new primary may have to wait for more view
//! changes than a quorum ([`decision`]). Messages get smaller; processing time is not modelled.

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::mark::Mark;
use sim_core::problem::{Problem as _, Promise};
use sim_core::protocol::{
    self, Assumptions, Contract, DiskMark, Mutant, Objection, Protocol, Request, Stored,
};

use crate::machine::{Journal, Kind, Machine};

pub mod message;
mod config;
pub mod record;
mod forge;
mod wire;
pub mod requests;
pub mod log;
pub mod history;
pub mod certificates;
pub mod decision;
pub mod replica;
mod normal;
mod checkpoint;
mod view_change;
pub mod transfer;
mod recovery;
pub mod client;
pub mod invariants;
pub mod marks;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Authentication, Config};

use client::Client;
use invariants::Invariants;
use message::Message;
use record::Record;
use replica::Replica;

type Context<'a, M> = protocol::Context<'a, Pbft<M>>;

/// The timers of a replica.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A request or a new view should have come by now.
    Patience,
    /// Something is unfinished: perhaps messages were lost.
    Repeat,
}

/// One node: a replica or a client.
#[derive(Clone, Debug, Hash)]
pub enum Pbft<M = Journal> {
    /// One of the electorate.
    Replica(Box<Replica<M>>),
    /// One who asks.
    Client(Client),
}

impl<M: Machine> Protocol for Pbft<M> {
    const NAME: &'static str = match M::KIND {
        Kind::Log => "pbft",
        Kind::KeyValue => "pbft-kv",
    };
    const SUMMARY: &'static str = match M::KIND {
        Kind::Log => "PBFT: a log that survives f liars of 3f+1 (Castro, Liskov 1999)",
        Kind::KeyValue => "a key–value store over PBFT, whose clients believe f+1 equal answers",
    };
    const MUTANTS: &'static [Mutant] = invariants::MUTANTS;
    const MARKS: &'static [Mark] = marks::MARKS;
    const CLIENTS_ON_NETWORK: bool = true;
    type Problem = M::Problem;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Invariants;

    fn contract(_: &Config, cluster: Cluster) -> Contract {
        let f = certificates::liars(cluster);
        Contract {
            promise: Promise(M::Problem::PROPERTIES.to_vec()),
            safety: Assumptions {
                byzantine: f,
                forgetful: f,
                faulty: u32::MAX,
                ..Assumptions::CRASH_RECOVERY
            },
            liveness: Assumptions {
                byzantine: f,
                forgetful: f,
                faulty: f,
                ..Assumptions::CRASH_RECOVERY
            },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, M>) -> Self {
        match ctx.client() {
            Some(_) => Self::Client(Client::default()),
            None => Self::Replica(Box::new(Replica::boot(disk, ctx))),
        }
    }

    fn on_request(&mut self, op: OpId, request: Request<Self>, ctx: &mut Context<'_, M>) {
        if let Self::Client(client) = self {
            client.ask(op, M::command(&request), ctx);
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, M>) {
        match self {
            Self::Replica(replica) => replica.on_message(from, message, ctx),
            Self::Client(client) => client.on_message(from, &message, ctx),
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, M>) {
        if let Self::Replica(replica) = self {
            replica.on_timer(timer, ctx);
        }
    }

    fn on_durable(&mut self, mark: DiskMark, ctx: &mut Context<'_, M>) {
        if let Self::Replica(replica) = self {
            replica.on_durable(mark, ctx);
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Invariants {
        Invariants::default()
    }
}
