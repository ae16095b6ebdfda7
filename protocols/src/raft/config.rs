//! The keys of `[protocol]` for Raft, and what is wrong with some of their values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::protocol::Objection;
use sim_core::rng::Ratio;
use sim_core::time::{Duration, DurationRange};

use super::reads::Reads;
use crate::machine::Kind;

/// Raft's keys in the `[protocol]` of a scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a server waits for a sign of a leader before it stands; drawn anew from this range,
    /// such as `150ms..300ms`, at each arming (§5.2). Above zero.
    pub election_timeout: DurationRange,
    /// How often a leader shows that it is there (§5.2): above zero, and usually a third of the
    /// shortest election timeout; as long as that, followers depose a healthy leader.
    pub heartbeat: Duration,
    /// How many entries one append carries at most; at least 1.
    pub max_entries_per_append: u32,
    /// Whether a server asks who would vote for it before it stands (dissertation, 9.6).
    pub pre_vote: bool,
    /// Whether a leader steps down that has not heard a majority for the shortest election timeout
    /// (dissertation, 6.2), and servers that heard a leader within it refuse to vote (4.2.3).
    pub check_quorum: bool,
    /// How a leader answers what changes nothing (dissertation, 6.4); without a store only `log`, and
    /// `lease` only with `check_quorum` and `clock_drift_bound`.
    pub reads: Reads,
    /// How much further than the slowest clock the fastest may get, as a share of it, `0%` to `100%`.
    /// Needed by leases: theirs is the shortest election timeout, made so much shorter.
    pub clock_drift_bound: Option<Ratio>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            election_timeout: DurationRange::from_millis(150, 300),
            heartbeat: Duration::from_millis(50),
            max_entries_per_append: 64,
            pre_vote: false,
            check_quorum: false,
            reads: Reads::Log,
            clock_drift_bound: None,
        }
    }
}

impl Config {
    pub(super) fn objections(&self, kind: Kind) -> Vec<Objection> {
        let mut objections = Vec::new();
        let mut object = |key, reason: String, runnable| {
            objections.push(Objection { key, reason, runnable });
        };
        let (timeout, heartbeat) = (self.election_timeout, self.heartbeat);
        if timeout.min.is_zero() {
            let reason = "is zero: a server would stand for election without end; write a \
                          positive range, such as \"150ms..300ms\"";
            object("election_timeout", reason.to_owned(), false);
        }
        if heartbeat.is_zero() {
            let reason = "is zero: a leader would do nothing else; write a positive duration, \
                          such as \"50ms\"";
            object("heartbeat", reason.to_owned(), false);
        }
        if heartbeat >= timeout.min {
            let reason = format!(
                "{heartbeat} is not shorter than the shortest election timeout, {}: followers \
                 depose a healthy leader; a third of it is usual",
                timeout.min
            );
            object("heartbeat", reason, true);
        }
        if self.max_entries_per_append == 0 {
            let reason = "is 0: nothing would ever be replicated; write at least 1";
            object("max_entries_per_append", reason.to_owned(), false);
        }
        if self.reads == Reads::Lease && !self.check_quorum {
            let reason = "is false, and a lease rests on followers that refuse to vote while they \
                          hear the leader; write `check_quorum = true`";
            object("check_quorum", reason.to_owned(), false);
        }
        if self.reads == Reads::Lease && self.clock_drift_bound.is_none() {
            let reason = "is missing, and a lease is only as good as the clocks; say how much \
                          faster than another a clock may run, such as \"10%\"";
            object("clock_drift_bound", reason.to_owned(), false);
        }
        if self.reads != Reads::Log && kind == Kind::Log {
            let reason = "cannot be but \"log\" where nothing is read; leave it out, or write \
                          `kind = \"raft-kv\"`";
            object("reads", reason.to_owned(), false);
        }
        objections
    }
}
