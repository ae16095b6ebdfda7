//! The keys of `[protocol]` for voting, and what is wrong with some of their values.
//!
//! A quorum is a number of ballots out of the whole electorate. The objections refuse what cannot
//! run, and mark as a negative control what runs but lets two choices win.

use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Objection;
use sim_core::time::Duration;

/// Who counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Everybody sends the ballot to everybody, and counts: n(n−1) messages, one delay.
    #[default]
    AllToAll,
    /// One agent counts and announces the outcome: 2(n−1) messages, two delays.
    Collector,
}

/// What becomes of a vote in which all ballots are in and two or more choices lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tie {
    /// Nobody wins.
    #[default]
    Undecided,
    /// The first of the leading choices wins, in the order of the options.
    First,
}

/// How the agents vote.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who counts.
    pub form: Form,
    /// The node that counts in the collector form.
    pub collector: u32,
    /// The ballots for one choice that a decision needs; a majority of the electorate by default.
    pub quorum: Option<u32>,
    /// How long an agent that counts waits for ballots. In the collector form the others wait
    /// twice as long: the collector may use up its own wait, and its word takes time to arrive.
    pub timeout: Duration,
    /// How often an agent without an outcome repeats its ballot; by default it never does. A
    /// collector answers a repeated ballot with the outcome. Agents that all count do not: who
    /// has decided falls silent, and who still lacks its ballot may end undecided.
    pub resend: Option<Duration>,
    /// What a tie leads to.
    pub tie: Tie,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            form: Form::AllToAll,
            collector: 0,
            quorum: None,
            timeout: Duration::from_millis(500),
            resend: None,
            tie: Tie::Undecided,
        }
    }
}

impl Config {
    /// The ballots for one choice that a decision needs.
    pub fn ballots_needed(&self, cluster: Cluster) -> u32 {
        self.quorum.unwrap_or(cluster.majority())
    }

    /// Whether `node` counts ballots.
    pub fn counts(&self, node: NodeId) -> bool {
        self.form == Form::AllToAll || node.0 == self.collector
    }

    /// Whether `node` is the one that counts for all.
    pub fn is_collector(&self, node: NodeId) -> bool {
        self.form == Form::Collector && node.0 == self.collector
    }

    /// How long `node` waits before it gives up.
    pub(super) fn patience(&self, node: NodeId) -> Duration {
        self.timeout * if self.counts(node) { 1 } else { 2 }
    }

    /// How many liars agreement and unanimity survive.
    ///
    /// Two agents that decide differently saw two quorums, which share 2q − n ballots or more; all
    /// of those are of liars that told the two different things. So 2q − n − 1 liars are too few,
    /// and too few as well to be a quorum of their own. Where a tie has a winner, one liar makes
    /// a tie for some and not for others; and a collector is believed.
    pub(super) fn liars_survived(&self, cluster: Cluster) -> u32 {
        match (self.form, self.tie) {
            (Form::AllToAll, Tie::Undecided) => {
                let two_quorums = self.ballots_needed(cluster).saturating_mul(2);
                two_quorums.saturating_sub(cluster.n + 1)
            }
            _ => 0,
        }
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let (n, quorum) = (cluster.n, self.ballots_needed(cluster));
        let mut objections = Vec::new();
        let mut object = |key, reason, runnable| {
            objections.push(Objection { key, reason, runnable });
        };
        if quorum == 0 || quorum > n {
            let reason = format!("{quorum} ballots out of {n}: give 1 to {n}");
            object("quorum", reason, false);
        } else if quorum <= n / 2 {
            let safe = cluster.majority();
            let reason = format!("{quorum} of {n} lets two choices win: {safe} would not");
            object("quorum", reason, true);
        }
        if self.collector >= n {
            let (collector, last) = (NodeId(self.collector), NodeId(n - 1));
            let reason = format!("{collector} is no agent: the last one is {last}");
            object("collector", reason, false);
        }
        let too_short = "takes no time: give at least 1ns";
        if self.timeout.is_zero() {
            object("timeout", too_short.into(), false);
        }
        if self.resend.is_some_and(Duration::is_zero) {
            object("resend", too_short.into(), false);
        }
        objections
    }
}
