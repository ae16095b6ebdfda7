//! Whole runs, judged: bounds that hold at their edge and break one beyond it, numbers that a run must
//! hit, planted bugs that are caught, judges that are judged.
//!
//! One program, since each world is compiled once in it.

mod at_the_bound;
mod ben_or_bounds;
mod bounds;
mod bracha_bounds;
mod consensus_bounds;
mod crdt_bounds;
mod determinism;
mod estimate_bounds;
mod generals_bounds;
mod generals_oracles;
mod gossip_oracles;
mod kv;
mod membership_oracles;
mod oracles;
mod pairing;
mod pbft_bounds;
mod pbft_oracles;
mod quorum_oracles;
mod trust_oracles;
mod judges;
#[cfg(feature = "mutants")]
mod mutants;
