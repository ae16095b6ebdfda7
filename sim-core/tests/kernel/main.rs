//! The kernel from outside: a toy protocol under every fault, checkers against known histories.

mod faults;
mod keys;
mod linearizability;
mod linearizability_judged;
mod reach;
mod session;
mod toy;
mod trace;
mod trial;
mod weather;
mod world;
