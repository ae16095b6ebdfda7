//! The kernel from outside: a toy protocol under every fault, checkers against known histories.

mod adversary;
mod cost;
mod determinism;
mod faults;
mod keys;
mod linearizability;
mod linearizability_judged;
mod metrics;
mod reach;
mod schema;
mod session;
mod setting;
mod toy;
mod trace;
mod trial;
mod verdict;
mod weather;
mod world;
