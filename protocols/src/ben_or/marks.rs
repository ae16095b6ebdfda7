//! The rare states of Ben-Or's protocol that some run should reach.

use sim_core::mark::Mark;

/// Nobody was heard to propose anything, so chance must do.
pub(super) const COIN_FLIPPED: Mark =
    Mark::named("coin_flipped", "a node tossed its coin for the next round");
/// Too few to decide, enough to be bound.
pub(super) const PROPOSAL_ADOPTED: Mark = Mark::named(
    "proposal_adopted",
    "a node went on with what others proposed, which were too few to decide",
);

/// All of them.
pub(super) const MARKS: &[Mark] = &[COIN_FLIPPED, PROPOSAL_ADOPTED];
