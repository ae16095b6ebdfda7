//! A protocol of one's own: a lock with leases, the problem that it solves, and nothing else.
//!
//! It is a complete example of what a crate outside of Synod needs. How it came about, from the
//! first failing seed to the regression scenario, is told in `protocols/README.md`.

pub mod exclusion;
pub mod lease;

use sim_core::simulation::Entry;

/// What the command line is to know of this crate.
pub static REGISTRY: &[Entry] = &[Entry::of::<lease::LeaseLock>()];
