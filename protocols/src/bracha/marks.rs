//! The rare states of Bracha's broadcast that some run should reach.

use sim_core::mark::Mark;

/// READYs carry those along who lack ECHOs.
pub(super) const READY_AMPLIFIED: Mark = Mark::named(
    "ready_amplified",
    "a node became ready because others were, without ECHOs enough of its own",
);

/// All of them.
pub(super) const MARKS: &[Mark] = &[READY_AMPLIFIED];
