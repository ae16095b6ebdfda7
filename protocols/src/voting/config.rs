//! The keys of `[protocol]` for voting, and what is wrong with some of their values.
//!
//! A quorum is a number of ballots out of the whole electorate, or those of a quorum system on it.
//! The objections refuse what cannot run, and mark as a negative control what runs but lets two
//! choices win.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use crate::quorum::{Overlap, Reading, Refusal, Rule, System, overlap};

/// Who counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Everybody sends the ballot to everybody, and counts: n(n−1) messages, one delay.
    #[default]
    AllToAll,
    /// One agent counts and announces the outcome: 2(n−1) messages, two delays.
    Collector,
}

/// What becomes of a vote in which all ballots are in and two or more choices lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tie {
    /// Nobody wins.
    #[default]
    Undecided,
    /// The first of the leading choices wins, in the order of the options.
    First,
}

/// Of whom a decision needs a quorum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Electorate {
    /// Of all agents.
    #[default]
    All,
    /// When the wait is over, a majority of those who could be heard is enough: the rule by which a
    /// network that falls apart decides in each of its parts.
    Reachable,
}

/// The ballots that a decision needs.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) enum Needs {
    /// So many, whosever they are.
    Ballots(u32),
    /// Those of a quorum.
    Quorum(Arc<System>),
}

/// How the agents vote.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who counts.
    pub form: Form,
    /// The node that counts in the collector form.
    pub collector: u32,
    /// The ballots for one choice that a decision needs: how many, or a quorum of which system; a
    /// majority of the electorate by default.
    pub quorum: Rule,
    /// Of whom.
    pub electorate: Electorate,
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
            quorum: Rule::MAJORITY,
            electorate: Electorate::All,
            timeout: Duration::from_millis(500),
            resend: None,
            tie: Tie::Undecided,
        }
    }
}

impl Config {
    /// The ballots for one choice that a decision needs.
    pub(super) fn needs(&self, cluster: Cluster) -> Needs {
        match self.quorum.count(cluster) {
            Some(count) => Needs::Ballots(count),
            None => self.quorum.system(cluster).map_or(
                // An objection forbids it; nobody wins what nobody can.
                Needs::Ballots(u32::MAX),
                |system| Needs::Quorum(Arc::new(system)),
            ),
        }
    }

    /// By how many agents two quorums meet at the least; `None` if there are no quorums.
    fn overlap(&self, cluster: Cluster) -> Option<Result<Overlap, Refusal>> {
        self.quorum.system(cluster).ok().map(|system| overlap(&system, &system))
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
    /// Two agents that decide differently saw two quorums, and whoever is in both is a liar that
    /// told the two different things: 2q − n agents or more, if q ballots are a quorum. One liar
    /// fewer than are in both is too few, and too few as well to be a quorum of their own. Where a
    /// tie has a winner, one liar makes a tie for some and not for others; a collector is believed;
    /// and of those who can be heard one may be all.
    pub(super) fn liars_survived(&self, cluster: Cluster) -> u32 {
        match (self.form, self.tie, self.electorate) {
            (Form::AllToAll, Tie::Undecided, Electorate::All) => match self.overlap(cluster) {
                // Who is not heard casts no ballot, so no agent need be spared for liveness.
                Some(Ok(overlap)) => overlap.liars(Reading::Dissemination, cluster.n),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// What is wrong with the quorums: why, and whether voting can be run all the same.
    fn misrule(&self, cluster: Cluster) -> Option<(String, bool)> {
        let n = cluster.n;
        match (self.quorum.count(cluster), self.overlap(cluster)) {
            (Some(quorum), _) if quorum == 0 || quorum > n => {
                Some((format!("{quorum} ballots out of {n}: give 1 to {n}"), false))
            }
            (Some(quorum), _) => (quorum <= n / 2).then(|| {
                let safe = cluster.majority();
                (format!("{quorum} of {n} lets two choices win: {safe} would not"), true)
            }),
            (None, None) => self.quorum.system(cluster).err().map(|error| (error.0, false)),
            (None, Some(Err(refusal))) => {
                let reason = format!("it cannot be told whether any two quorums meet: {refusal}");
                Some((reason, true))
            }
            (None, Some(Ok(Overlap { nodes: 0, pair: [one, other] }))) => {
                let reason = format!(
                    "{one:?} and {other:?} are quorums without a common agent: two choices can win"
                );
                Some((reason, true))
            }
            (None, Some(Ok(_))) => None,
        }
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let n = cluster.n;
        let mut objections = Vec::new();
        let mut object = |key, reason, runnable| {
            objections.push(Objection { key, reason, runnable });
        };
        if let Some((reason, runnable)) = self.misrule(cluster) {
            object("quorum", reason, runnable);
        }
        if self.electorate == Electorate::Reachable {
            let reason = "in a network that falls apart each part may decide: \"all\" would not";
            object("electorate", reason.into(), true);
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
