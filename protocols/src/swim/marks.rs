//! The rare states of SWIM that some run should reach.

use sim_core::mark::Mark;

/// Suspicion was answered in time.
pub(super) const REFUTED: Mark =
    Mark::named("refuted", "a member was told that it is suspected or dead, and spoke up");
/// A proxy reached whom the prober did not.
pub(super) const REACHED_THROUGH_OTHERS: Mark = Mark::named(
    "reached_through_others",
    "a member that did not answer in time was reached after others were asked to try",
);
/// Somebody who had been given up came back.
pub(super) const RETURNED: Mark =
    Mark::named("returned", "a member held for gone was seen under a later incarnation");

/// All of them.
pub(super) const MARKS: &[Mark] = &[REFUTED, REACHED_THROUGH_OTHERS, RETURNED];
