//! The rare states of voting that some run should reach.

use sim_core::mark::Mark;

/// All voted, and nobody won.
pub(super) const TIE: Mark =
    Mark::named("tie", "all ballots were in, and several choices shared the lead");
/// The rest of the ballots is idle.
pub(super) const EARLY_FINALISATION: Mark =
    Mark::named("early_finalisation", "the outcome was certain before all ballots were in");

/// Too late to count.
pub(super) const LATE_BALLOT: Mark =
    Mark::named("late_ballot", "the first ballot of a voter came when the vote was over");
/// Lost on the way, late, or never cast.
pub(super) const MISSING_BALLOT: Mark = Mark::named(
    "missing_ballot",
    "the wait for ballots was over, and that of a voter had not come: lost, late or never cast",
);
/// A ballot came again.
pub(super) const DUPLICATE_BALLOT: Mark =
    Mark::named("duplicate_ballot", "a voter's ballot came again, and was not counted again");
/// A voter said two things.
pub(super) const EQUIVOCATION: Mark = Mark::named(
    "equivocation",
    "a second ballot of a voter said something else than the first, and was not counted",
);

/// All of them.
pub(super) const MARKS: &[Mark] =
    &[TIE, EARLY_FINALISATION, LATE_BALLOT, MISSING_BALLOT, DUPLICATE_BALLOT, EQUIVOCATION];
