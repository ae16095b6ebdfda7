//! Quorum systems: which sets of nodes may act for all, as a small algebra.
//!
//! A scenario writes an [`Expression`] (`"majority"`, `"grid(3, 3)"`, `"n0 & n1 | n2"`,
//! `"choose(2, n0, n1, n2)"`). On a cluster it becomes a [`System`]: a tree of gates, each of which
//! opens when the members that are open weigh enough. Majority, weighted voting (Gifford,
//! "Weighted Voting for Replicated Data", SOSP 1979), grids (Cheung, Ammar, Ahamad 1990), trees
//! (Agrawal and El Abbadi, "An Efficient and Fault-Tolerant Solution for Distributed Mutual
//! Exclusion", ACM TOCS 9(1), 1991), hierarchies (Kumar, "Hierarchical Quorum Consensus", IEEE
//! Transactions on Computers 40(9), 1991), wheels and walls (Peleg and Wool, "Crumbling Walls",
//! Distributed Computing 10(2), 1997) are all such trees, so what follows is written once:
//! minimal quorums, the dual, intersection, resilience, availability, load. The expressions and
//! the load by read share are after Whittaker et al., "Read-Write Quorum Systems Made Practical"
//! (PaPoC 2021).

mod availability;
mod expression;
mod intersection;
mod load;
mod minimal;
mod parse;
mod rule;
mod system;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use availability::{ENUMERABLE, Outages};
pub use expression::{Expression, Shape};
pub use intersection::{Overlap, Reading, overlap, resilience};
pub use load::{Strategy, optimal};
pub use minimal::{MOST_QUORUMS, Refusal};
pub use parse::Misread;
pub use rule::Rule;
pub use system::{Misbuilt, System};
