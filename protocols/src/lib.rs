//! Problems of agreement, and the protocols that solve them.
//!
//! A [`problem`] says what may be asked of a node, what a node may tell, how clients ask, and
//! which properties must hold between the two; it knows no messages. A protocol is a state machine
//! that names the problem it solves, and promises some of its properties under assumptions. So all
//! that solve one problem are asked alike, judged alike, and stand on one chart. [`REGISTRY`] lists
//! the protocols, one line each, and forgets their types.
//!
//! Bracha's broadcast shows how it hangs together, from the promise to a sweep:
//!
//! ```
//! use protocols::REGISTRY;
//! use protocols::bracha::{Bracha, Config, Timer};
//! use protocols::problem::broadcast::{Broadcast, CONSISTENCY, TOTALITY, Value};
//! use sim_core::experiment::Experiment;
//! use sim_core::id::{Cluster, OpId};
//! use sim_core::protocol::Protocol;
//! use sim_core::setup::Setup;
//! use sim_core::tabletop::Tabletop;
//! use sim_core::time::Duration;
//! use sim_core::trial::Trial;
//!
//! // The contract: which properties of the problem it promises, and with how many liars of four.
//! let contract = Bracha::contract(&Config::default(), Cluster { n: 4 });
//! assert!(contract.promise.includes(TOTALITY));
//! assert_eq!(contract.safety.byzantine, 1);
//!
//! // On the table every step is taken by hand, and the judges of a run watch. n0 is asked, n3 hears
//! // nothing, and the others deliver without it.
//! let mut table = Tabletop::<Bracha>::new(4, Config::default());
//! table.request(0, OpId::default(), Broadcast(Value(7)));
//! table.settle(&[0, 1, 2]);
//! assert_eq!(table.transcript().matches("Announce(Decided)").count(), 3);
//! // What was for n3 is lost, and said again.
//! table.lose_all();
//! (0..3).for_each(|node| table.fire(node, Timer::Repeat));
//! table.settle(&[0, 1, 2, 3]);
//! assert_eq!(table.transcript().matches("Announce(Decided)").count(), 4);
//! assert_eq!(table.violations(), []);
//!
//! // In the world the seed decides what was decided by hand above.
//! let experiment = Experiment::<Bracha>::new(Config::default(), Setup::new(4, Duration::from_secs(5)));
//! Trial::of(&experiment).seeds(0..10).passes();
//!
//! // The command line knows it by its line in the registry.
//! let entry = REGISTRY.iter().find(|entry| entry.name == "bracha").expect("a line");
//! assert_eq!(entry.problem, "broadcast");
//! assert!(entry.properties.contains(&CONSISTENCY));
//! ```
//!
//! To read: [`problem::broadcast`], a problem in one sitting, then [`bracha`] from its `mod.rs` on.
//! In a protocol's folder `config.rs` has the keys of `[protocol]`, `message.rs` what is said and
//! written down, `monitor.rs` (or `invariants.rs`) the judge of states, `marks.rs` the rare states
//! worth reaching, `tests.rs` the figures of its paper step by step, and `mutants.rs` its planted
//! bugs. After that [`raft`] and [`pbft`], which split as their papers do, and [`voting`] and
//! [`consensus_builder`], which stand on the voting rules of [`election`].
//!
//! The order of the modules is the order of dependency: a module imports only those above it (its
//! tests may borrow a protocol from below). First come calculations that know no protocol, then the
//! problems, then what several protocols share, then the protocols.

pub mod quorum;
pub mod staleness;
pub mod election;
pub mod criteria;
pub mod bargain;
pub mod opinion;
pub mod audit;
pub mod credential;
pub mod capability;

pub mod problem;

pub mod machine;
pub mod awaited;
pub mod generals;
pub mod refinement;
pub mod negotiation;
#[cfg(test)]
mod mutants;

pub mod server;
pub mod raft;
pub mod pbft;
pub mod bracha;
pub mod ben_or;
pub mod oral_messages;
pub mod signed_messages;
pub mod voting;
pub mod consensus_builder;
pub mod abd;
pub mod quorum_store;
pub mod crdt;
pub mod gossip;
pub mod anti_entropy;
pub mod heartbeat;
pub mod swim;
pub mod approximate_agreement;
pub mod degroot;
pub mod delphi;
pub mod concession;
pub mod alternating_offers;
pub mod secure_messaging;

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
