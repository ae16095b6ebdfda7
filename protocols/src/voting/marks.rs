//! The rare states of voting that some run should reach.

use sim_core::mark::Mark;

/// All voted, and nobody won.
pub(super) const TIE: Mark =
    Mark::named("tie", "all ballots were in, and several choices shared the lead");
/// A quorum makes the rest of the ballots idle.
pub(super) const EARLY_FINALISATION: Mark =
    Mark::named("early_finalisation", "a choice had its quorum before all ballots were in");

/// All of them.
pub(super) const MARKS: &[Mark] = &[TIE, EARLY_FINALISATION];
