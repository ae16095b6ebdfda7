//! The rare states of Raft that some run should reach.

use sim_core::mark::Mark;

/// The case of the paper's Figure 8, on its good side (§5.4.2).
pub const OLD_TERM_COMMITTED: Mark = Mark::named(
    "old_term_committed",
    "a leader committed entries of an earlier term by one of its own",
);

/// All of them.
pub const MARKS: &[Mark] = &[
    Mark::LEADER_CHANGED,
    Mark::SPLIT_VOTE,
    Mark::CONFLICT_TRUNCATED,
    Mark::RETRY_ANSWERED,
    OLD_TERM_COMMITTED,
];
