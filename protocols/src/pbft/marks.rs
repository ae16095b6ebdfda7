//! The rare states of PBFT that some run should reach.

use sim_core::mark::Mark;

/// What a view change is for (section 4.4).
pub const CERTIFICATE_CARRIED: Mark = Mark::named(
    "certificate_carried",
    "a view began with a request that was prepared in an earlier one",
);
/// A gap among what was prepared (section 4.4).
pub const NULL_REQUEST_FILLED: Mark =
    Mark::named("null_request_filled", "a view began with a null request to fill a gap");
/// Who is too far behind fetches the state (thesis, section 5.3).
pub const STATE_TRANSFERRED: Mark =
    Mark::named("state_transferred", "a replica took up the certified state of others");

/// All of them.
pub const MARKS: &[Mark] = &[
    Mark::VIEW_CHANGED,
    Mark::LEADER_CHANGED,
    CERTIFICATE_CARRIED,
    NULL_REQUEST_FILLED,
    STATE_TRANSFERRED,
    Mark::RETRY_ANSWERED,
];
