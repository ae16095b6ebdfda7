//! The rare states of building consensus that some run should reach.

use sim_core::mark::Mark;

/// Somebody else had to go on.
pub(super) const MINUTES_ADOPTED: Mark = Mark::named(
    "minutes_adopted",
    "a new facilitator went on with the minutes that an earlier one had circulated",
);
/// Not all were waited for.
pub(super) const CLOSED_WITHOUT_ALL: Mark =
    Mark::named("closed_without_all", "a step was closed without the answers of some agents");
/// One round was not enough.
pub(super) const REFINED: Mark =
    Mark::named("refined", "no option had enough support, and another round was voted");
/// All rounds were not enough.
pub(super) const NO_AGREEMENT: Mark =
    Mark::named("no_agreement", "it was found, and written down, that there is no agreement");
/// The disk was of no use.
pub(super) const BLIND: Mark = Mark::named(
    "blind",
    "an agent could not read what it had written, and gave up rather than say otherwise",
);

/// All of them.
pub(super) const MARKS: &[Mark] =
    &[Mark::LEADER_CHANGED, MINUTES_ADOPTED, CLOSED_WITHOUT_ALL, REFINED, NO_AGREEMENT, BLIND];
