//! Synod's kernel: one deterministic run of a protocol under faults.
//!
//! An [experiment](experiment::Experiment) pits a [protocol](protocol::Protocol) against faults; a seed
//! decides everything else. The kernel does no I/O, reads no clock, spawns no thread and prints
//! nothing; a [`trial`], which only tests call, looks at one variable of the environment. It knows
//! no protocol and no file format.
//!
//! The order of the modules is the order of dependency: a module imports only those above it.

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
