//! Opinions as numbers: how many estimates become one, a round at a time.
//!
//! [`Average`] is approximate agreement among liars, [`Feedback`] what a Delphi panel is told, and
//! [`Trust`] DeGroot's model of influence with the consensus that it leads to.

mod approximate;
mod delphi;
mod influence;
#[cfg(test)]
mod tests;

pub use approximate::{Average, Timing, rounds};
pub use delphi::Feedback;
pub use influence::{AGENTS_MAX, Trust};
