//! The rare states of gossip that some run should reach.

use sim_core::mark::Mark;

/// A node that was about to lose interest kept it.
pub(super) const INTEREST_KEPT: Mark =
    Mark::named("interest_kept", "a useful contact set back the count of those that were not");
/// The bound on memory was felt.
pub(super) const RUMOUR_FORGOTTEN: Mark =
    Mark::named("rumour_forgotten", "a node forgot a rumour to make room for another");
/// The origin crashed and told its rumour again.
pub(super) const TOLD_AGAIN: Mark =
    Mark::named("told_again", "a node that was told a rumour rebooted and spread it from its disk");

/// All of them.
pub(super) const MARKS: &[Mark] = &[INTEREST_KEPT, RUMOUR_FORGOTTEN, TOLD_AGAIN];
