//! The rare states of agents on their guard that some run should reach.

use sim_core::mark::Mark;

/// A key gave way to the next.
pub(super) const ROTATED: Mark =
    Mark::named("rotated", "an agent changed to its next key while the old one was still good");
/// A revoked key was used.
pub(super) const REVOKED_KEY_REFUSED: Mark =
    Mark::named("revoked_key_refused", "a letter came under a key that was known to be revoked");
/// A letter came twice.
pub(super) const COPY_REFUSED: Mark =
    Mark::named("copy_refused", "a letter came that had been taken before, exactly as it was");
/// A deputy had something done.
pub(super) const CARRIED: Mark =
    Mark::named("carried", "a deputy had something done by the right of whoever asked it");
/// Somebody is not heard.
pub(super) const QUARANTINED: Mark =
    Mark::named("quarantined", "an agent would not hear another for a while");
/// Somebody is heard again.
pub(super) const APPEAL_GRANTED: Mark =
    Mark::named("appeal_granted", "an agent in quarantine appealed, and was heard again early");
/// Somebody was found out.
pub(super) const CONVICTED: Mark =
    Mark::named("convicted", "an agent saw evidence that convicts another node");
/// Somebody was wronged.
pub(super) const ACQUITTED: Mark = Mark::named(
    "acquitted",
    "an agent took a conviction back, since the key that it was under had been stolen",
);
/// Somebody does not answer.
pub(super) const GIVEN_UP: Mark =
    Mark::named("given_up", "an agent gave up on another who left its letters unanswered");
/// Somebody who did not answer is heard of again.
pub(super) const HEARD_AGAIN: Mark =
    Mark::named("heard_again", "an agent that had been given up answered, and was cleared");

/// All of them.
pub(super) const MARKS: &[Mark] = &[
    ROTATED,
    REVOKED_KEY_REFUSED,
    COPY_REFUSED,
    CARRIED,
    QUARANTINED,
    APPEAL_GRANTED,
    CONVICTED,
    ACQUITTED,
    GIVEN_UP,
    HEARD_AGAIN,
];
