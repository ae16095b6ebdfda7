//! Synod's kernel: one deterministic run of a protocol under faults.
//!
//! An [experiment](experiment::Experiment) pits a [protocol](protocol::Protocol) against faults; a
//! seed decides everything else. The kernel does no I/O, reads no clock, spawns no thread and
//! prints nothing; a [`trial`], which only tests call, looks at one variable of the environment. It
//! knows no protocol and no file format.
//!
//! # A tour
//!
//! Five nodes; a client greets each of them, and a node welcomes its client when a majority has
//! heard of it. A minority may go down and come back; when a majority stays down, nobody is
//! welcomed, and the outcome says that more was broken than the protocol ever promised to survive.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use sim_core::checker::{Checker, Class, End, Property, Unwatched, Witness};
//! use sim_core::experiment::Experiment;
//! use sim_core::fault::{Fault, FaultSpec};
//! use sim_core::history::{Entry, Event};
//! use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
//! use sim_core::latency::Latency;
//! use sim_core::message::{Forger, Lie, Message};
//! use sim_core::outcome::{Measure, Verdict};
//! use sim_core::problem::{Answer, Client, Problem, Promise};
//! use sim_core::protocol::{Assumptions, Context, Contract, Protocol, Stored};
//! use sim_core::rng::ChaCha;
//! use sim_core::setup::Setup;
//! use sim_core::simulation::Simulation;
//! use sim_core::target::Target;
//! use sim_core::time::{Duration, DurationRange, Time};
//! use sim_core::trace::StepKind;
//! use sim_core::workload::Workload;
//!
//! // The problem: what clients ask, what nodes answer, and what must hold between the two. Here a
//! // request says nothing, and an answer tells how many nodes have heard of it.
//! struct Greeting;
//!
//! impl Problem for Greeting {
//!     const NAME: &'static str = "greeting";
//!     const SUMMARY: &'static str = "whoever greets is welcomed by a majority";
//!     const PROPERTIES: &'static [&'static str] = &["welcomed"];
//!     type Request = ();
//!     type Indication = u32;
//!     type Load = ();
//!
//!     // Each client asks once, and again every second until it is answered.
//!     fn workload(cluster: Cluster) -> Workload {
//!         Workload::once(cluster.n)
//!     }
//!     fn client(_: &(), _: Cluster, _: ClientId) -> Box<dyn Client<Self>> {
//!         Box::new(Guest)
//!     }
//!     fn answer(_: &u32) -> Answer {
//!         Answer::Done
//!     }
//!     fn properties(_: Cluster, promise: &Promise) -> Vec<Property<(), u32>> {
//!         promise.judged_by([("welcomed", Class::Liveness, Box::<Waiting>::default() as _)])
//!     }
//! }
//!
//! struct Guest;
//!
//! impl Client<Greeting> for Guest {
//!     fn next(&mut self, _: &mut ChaCha) {}
//! }
//!
//! // The judge: it is shown what the application saw, entry by entry, and never the world. It
//! // keeps where and since when each greeting waits.
//! #[derive(Default)]
//! struct Waiting(BTreeMap<OpId, (NodeId, Time)>);
//!
//! impl Checker<(), u32> for Waiting {
//!     fn observe(&mut self, entry: &Entry<(), u32>) -> Option<Witness> {
//!         match entry.event {
//!             Event::Requested { op, .. } => {
//!                 self.0.entry(op).or_insert((entry.node, entry.at));
//!             }
//!             Event::Indicated { answers: Some(op), .. } => {
//!                 self.0.remove(&op);
//!             }
//!             _ => {}
//!         }
//!         None
//!     }
//!     fn conclude(&mut self, end: &End) -> Option<Witness> {
//!         let owed = |node, since| end.must_answer(node) && end.is_overdue(since);
//!         let (op, (node, since)) = self.0.iter().find(|(_, (node, since))| owed(*node, *since))?;
//!         Some(format!("{op} greeted {node} at {since} s and was never welcomed"))
//!     }
//!     fn is_settled(&self, core: &NodeSet) -> bool {
//!         self.0.values().all(|(node, _)| !core.contains(*node))
//!     }
//! }
//!
//! // The protocol: a state machine without I/O. Inputs come in, and every verb of the context asks
//! // for an effect.
//! #[derive(Clone, Debug, Default, Hash)]
//! struct Host {
//!     heard: BTreeMap<OpId, NodeSet>,
//! }
//!
//! #[derive(Clone, Debug, Hash)]
//! enum Say {
//!     Somebody(OpId),
//!     Heard(OpId),
//! }
//!
//! impl Message for Say {
//!     const KINDS: &'static [&'static str] = &["somebody", "heard"];
//!     fn kind(&self) -> usize {
//!         usize::from(matches!(self, Self::Heard(_)))
//!     }
//!     fn bytes(&self) -> u32 {
//!         16
//!     }
//!     fn forge(&self, _: Lie, _: &mut Forger<'_>) -> Option<Self> {
//!         None
//!     }
//! }
//!
//! impl Protocol for Host {
//!     const NAME: &'static str = "host";
//!     const SUMMARY: &'static str = "tells all others, and welcomes when a majority has heard";
//!     type Problem = Greeting;
//!     type Config = ();
//!     type Message = Say;
//!     type Timer = ();
//!     type Record = ();
//!     type Monitor = Unwatched;
//!
//!     // What it promises, and what it assumes: for liveness, that a majority is there in the end.
//!     fn contract(_: &(), cluster: Cluster) -> Contract {
//!         let safety = Assumptions::CRASH_RECOVERY;
//!         let liveness = Assumptions { faulty: cluster.minority(), ..safety };
//!         Contract { promise: Promise(vec!["welcomed"]), safety, liveness }
//!     }
//!     fn boot(_: &[Stored<()>], _: &mut Context<'_, Self>) -> Self {
//!         Self::default()
//!     }
//!     fn on_request(&mut self, op: OpId, _: (), ctx: &mut Context<'_, Self>) {
//!         self.heard.insert(op, NodeSet::from_iter([ctx.me()]));
//!         ctx.broadcast(Say::Somebody(op));
//!     }
//!     fn on_message(&mut self, from: NodeId, say: Say, ctx: &mut Context<'_, Self>) {
//!         match say {
//!             Say::Somebody(op) => ctx.send(from, Say::Heard(op)),
//!             Say::Heard(op) => {
//!                 let Some(heard) = self.heard.get_mut(&op) else { return };
//!                 heard.insert(from);
//!                 if heard.len() == ctx.cluster().majority() {
//!                     ctx.answer(op, heard.len());
//!                     self.heard.remove(&op);
//!                 }
//!             }
//!         }
//!     }
//!     fn on_timer(&mut self, _: (), _: &mut Context<'_, Self>) {}
//!     fn monitor(_: &(), _: Cluster) -> Unwatched {
//!         Unwatched
//!     }
//! }
//!
//! // The experiment: nodes, a network, faults. Two of five go down for two seconds, and forget who
//! // waits for them; their clients ask again.
//! let mut setup = Setup::new(5, Duration::from_secs(10));
//! setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 5));
//! let crash = FaultSpec::at(Duration::from_millis(1), Fault::crash(Target::Minority));
//! setup.faults = vec![crash.lasting(Duration::from_secs(2))];
//! let mut experiment = Experiment::<Host>::new((), setup);
//! assert!(experiment.complaints().is_empty());
//!
//! // A run: a seed in, an outcome out. The same seed gives the same run.
//! let outcome = experiment.run(7);
//! assert_eq!(outcome.verdict, Verdict::Pass);
//! assert_eq!(outcome.metrics.ops_ok_count, Measure::Value(5.0));
//! assert_eq!(outcome.strikes[0].changed, 2, "two nodes that were up went down");
//! assert_eq!(outcome, experiment.run(7));
//!
//! // One step further: a majority goes down, for good. The judge sees it, and the outcome says
//! // that the assumptions of the contract were exceeded: no bug, but theory at work.
//! experiment.setup.budget = Some(5);
//! experiment.setup.faults = vec![FaultSpec::at(Duration::ZERO, Fault::crash(Target::Majority))];
//! let (outcome, trace) = experiment.trace(7);
//! assert_eq!(outcome.verdict, Verdict::Stalled);
//! assert!(!outcome.assumptions_held);
//! let breach = outcome.first_breach().expect("somebody waits in vain");
//! assert_eq!(breach.property, "welcomed");
//! assert!(breach.witness.ends_with("and was never welcomed"));
//!
//! // A trace has every step of the same run, each with the event that caused it.
//! assert_eq!(trace.steps.last().expect("steps").kind, StepKind::Violation);
//!
//! // A sweep knows no types: here the protocol's is forgotten.
//! let erased: Box<dyn Simulation> = Box::new(experiment);
//! assert_eq!(erased.run(7), outcome);
//! ```
//!
//! # In which order to read
//!
//! The order of the modules below in `lib.rs` is the order of dependency: a module imports only
//! those above it. Whoever wants to
//!
//! - **write a protocol** reads [`problem`], [`protocol`] and [`message`]; then [`tabletop`], where
//!   a test takes every step by hand, and [`trial`], which puts an experiment under many seeds;
//! - **judge one** reads [`history`], [`checker`], [`linearizability`], [`session`] and [`gauge`];
//! - **break one** reads [`fault`], [`target`], [`weather`] and [`adversary`], which are data, and
//!   [`setup`], where they stand together;
//! - **read results** reads [`outcome`] and [`trace`];
//! - **know how a run comes about** reads [`rng`] (nothing is random but by name), [`queue`], and
//!   then the source: `network`, `disk`, `node`, `nemesis`, and `world`, whose loop calls them all;
//! - **run protocols whose types it does not know** reads [`simulation`] and [`settings`].

// The toy protocol of the tests names the kernel as everybody outside does.
#[cfg(test)]
extern crate self as sim_core;

pub mod digest;
pub mod schema;
pub mod notation;
pub mod time;
pub mod id;
pub mod landmark;
pub mod mark;
pub mod settings;
pub mod rng;
mod clock;
pub mod latency;
pub mod weather;
pub mod atlas;
pub mod signature;
pub mod message;
pub mod workload;
pub mod history;
pub mod checker;
pub mod linearizability;
pub mod gauge;
pub mod session;
pub mod record;
pub mod problem;
pub mod protocol;
pub mod tabletop;
pub mod target;
pub mod adversary;
pub mod fault;
pub mod setup;
pub mod experiment;
pub mod outcome;
pub mod trace;
pub mod queue;
mod network;
mod disk;
mod node;
mod cost;

mod clients;
mod nemesis;
mod court;
mod ledger;
mod world;
pub mod simulation;
pub mod trial;
