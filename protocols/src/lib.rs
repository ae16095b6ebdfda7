//! Problems of agreement, and the protocols that solve them.
//!
//! A problem owns what may be requested and indicated, the workload and the properties; a
//! protocol names the problem that it solves. [`REGISTRY`] lists every protocol, one line each.

pub mod abd;
pub mod alternating_offers;
pub mod anti_entropy;
pub mod approximate_agreement;
pub mod audit;
pub mod awaited;
pub mod bargain;
pub mod ben_or;
pub mod bracha;
pub mod capability;
pub mod concession;
pub mod credential;
pub mod consensus_builder;
pub mod crdt;
pub mod criteria;
pub mod degroot;
pub mod delphi;
pub mod election;
pub mod generals;
pub mod gossip;
pub mod heartbeat;
pub mod machine;
#[cfg(test)]
mod mutants;
pub mod negotiation;
pub mod opinion;
pub mod oral_messages;
pub mod pbft;
pub mod problem;
pub mod quorum;
pub mod quorum_store;
pub mod raft;
pub mod refinement;
pub mod secure_messaging;
pub mod server;
pub mod signed_messages;
pub mod staleness;
pub mod swim;
pub mod voting;

use sim_core::simulation::Entry;

/// Every protocol, by its name in scenario files.
///
/// It is a static and not a constant, so that the worlds of all protocols are compiled once, here,
/// and not again in every crate that names them.
pub static REGISTRY: &[Entry] = &[
    Entry::of::<abd::Abd>(),
    Entry::of::<alternating_offers::AlternatingOffers>(),
    Entry::of::<anti_entropy::AntiEntropy>(),
    Entry::of::<approximate_agreement::ApproximateAgreement>(),
    Entry::of::<ben_or::BenOr>(),
    Entry::of::<bracha::Bracha>(),
    Entry::of::<concession::Concession>(),
    Entry::of::<consensus_builder::ConsensusBuilder>(),
    Entry::of::<crdt::Crdt>(),
    Entry::of::<degroot::DeGroot>(),
    Entry::of::<delphi::Delphi>(),
    Entry::of::<gossip::Gossip>(),
    Entry::of::<heartbeat::Heartbeat>(),
    Entry::of::<oral_messages::OralMessages>(),
    Entry::of::<pbft::Pbft>(),
    Entry::of::<pbft::Pbft<machine::Store>>(),
    Entry::of::<quorum_store::QuorumStore>(),
    Entry::of::<raft::Raft>(),
    Entry::of::<raft::Raft<machine::Store>>(),
    Entry::of::<secure_messaging::SecureMessaging>(),
    Entry::of::<server::Server>(),
    Entry::of::<signed_messages::SignedMessages>(),
    Entry::of::<swim::Swim>(),
    Entry::of::<voting::Voting>(),
];
