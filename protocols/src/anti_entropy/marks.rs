//! The rare states of anti-entropy that some run should reach.

use sim_core::mark::Mark;

/// A tombstone went.
pub(super) const COLLECTED: Mark =
    Mark::named("tombstone_collected", "a node dropped a tombstone that every node had");
/// An answer came too late to be taken.
pub(super) const LATE_ANSWER: Mark = Mark::named(
    "late_answer",
    "a node ignored entries that answer a question it does not ask any more",
);

/// All of them.
pub(super) const MARKS: &[Mark] = &[COLLECTED, LATE_ANSWER];
