//! A store that stays up: N copies, R responses to a read, W acknowledgements of a write.
//!
//! DeCandia, Hastorun, Jampani, Kakulapati, Lakshman, Pilchin, Sivasubramanian, Vosshall and Vogels,
//! "Dynamo: Amazon's Highly Available Key-value Store" (SOSP 2007), sections 4.4 to 4.7. Each key has
//! N homes, consecutive nodes. With R + W > N (Gifford 1979) a read finds what was not overwritten
//! before it began; with less it may find anything older, soon. A sloppy quorum counts other nodes
//! that stand in for homes that do not answer, and hand what they took on over to them later.
//!
//! Clients coordinate their own operations (section 6.4), so the coordinator is none of the nodes:
//! each operation is messages to the homes and back, which is the model of Bailis et al. (2012). A
//! client has no disk, does not fail, and knows what it read and wrote: that is the context of its
//! writes. A comparison of notes sends digests of all keys that two nodes share, where Dynamo walks
//! a tree of them.

mod client;
mod config;
mod message;
#[cfg(test)]
mod mutants;
mod replica;
#[cfg(test)]
mod tests;
mod version;

pub use config::{Claim, Config, ReadRepair, Versions};
pub use message::{Cause, Message, Record};
pub use version::{Siblings, Vector, Version, Versioned};

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::mark::Mark;
use sim_core::protocol::{self, Contract, Mutant, Objection, Protocol, Stored};

use crate::problem::register::{NO_LOST_UPDATE, REGULARITY, Register, Request};
use client::Client;
use replica::Replica;

type Context<'a> = protocol::Context<'a, QuorumStore>;

/// A write was acknowledged by a node that stood in for another.
const STOOD_IN: Mark =
    Mark::named("stood_in", "a node stored something in the place of one that did not answer");

/// What a node had taken on reached its home.
const HANDED_OVER: Mark =
    Mark::named("handed_over", "a node handed over what it had taken on for another");

/// A read found siblings.
const SIBLINGS_FOUND: Mark =
    Mark::named("siblings_found", "a read found values none of which was newer than the others");

/// One node of the network.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct QuorumStore(Part);

#[derive(Clone, PartialEq, Eq, Debug, Hash)]
enum Part {
    Replica(Replica),
    Client(Client),
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A client asks again.
    Retransmit,
    /// A node tries to hand over what it keeps for others.
    Handoff,
    /// A node compares notes with another.
    AntiEntropy,
}

impl Protocol for QuorumStore {
    const NAME: &'static str = "quorum-store";
    const SUMMARY: &'static str = "a Dynamo-like store: N copies, R to read, W to write";
    const MARKS: &'static [Mark] = &[STOOD_IN, HANDED_OVER, SIBLINGS_FOUND];
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "Q02",
            summary: "one answer is enough to a read and to a write, whatever R and W are",
            breaks: &[REGULARITY],
        },
        Mutant {
            id: "Q04",
            summary: "the version of a write is the wall clock of a node, not above what there is",
            breaks: &[REGULARITY, NO_LOST_UPDATE],
        },
    ];
    type Problem = Register;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Unwatched;
    const CLIENTS_ON_NETWORK: bool = true;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        config.contract(cluster)
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_>) -> Self {
        Self(match ctx.client() {
            Some(_) => Part::Client(Client::default()),
            None => Part::Replica(Replica::boot(disk, ctx)),
        })
    }

    fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_>) {
        if let Part::Client(client) = &mut self.0 {
            client.on_request(op, request, ctx);
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_>) {
        match &mut self.0 {
            Part::Replica(replica) => replica.on_message(from, message, ctx),
            Part::Client(client) => client.on_message(from, message, ctx),
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_>) {
        match (&mut self.0, timer) {
            (Part::Client(client), Timer::Retransmit) => client.on_timer(ctx),
            (Part::Replica(replica), Timer::Handoff) => replica.hand_over(ctx),
            (Part::Replica(replica), Timer::AntiEntropy) => replica.compare_notes(ctx),
            // Only clients ask again, and only nodes keep anything.
            (Part::Client(_), _) | (Part::Replica(_), Timer::Retransmit) => {}
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}
