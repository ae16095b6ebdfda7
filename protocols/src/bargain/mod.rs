//! Bargaining: what parties with opposed interests can agree on, and what theory says they should.
//!
//! A [`Domain`] lists the outcomes with what each is worth to each party, in whole per-mille. A
//! [`Solution`] is a reference: the point that axioms single out. The [`Table`] is how two parties
//! get to one: the monotonic concession protocol with Zeuthen's strategy, a pure step at a time.
//! [`Patience`] is the other classic, alternating offers under discounting, as a calculation, and
//! [`Subgames`] the same over the outcomes of a domain.

mod alternating;
mod concession;
mod domain;
mod solution;
mod subgames;
#[cfg(test)]
mod tests;

pub use alternating::Patience;
pub use concession::{Move, Party, Proposals, Round, Table};
pub use domain::{Domain, PARTIES_MAX, UTILITY_MAX};
pub use solution::Solution;
pub use subgames::Subgames;
