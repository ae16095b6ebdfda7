//! The keys of `[protocol]` for voting, and what is wrong with some of their values.
//!
//! A quorum is a number of ballots out of the whole electorate, or those of a quorum system on it; a
//! voting rule takes its place where one is named. The objections refuse what cannot run, and mark as
//! a negative control what runs but lets two choices win.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use super::vote::Vote;
use crate::election::{self, Kind, Outstanding, Rule as _, Voter};
use crate::problem::decision::{Choice, Opinion};
use crate::quorum::{Overlap, Refusal, Rule, System, overlap};

/// All of the confidence that a voter can have, in percent.
const CERTAIN: u8 = 100;

/// The most that a voter may weigh: so what is counted is exact among a thousand of them.
const WEIGHT_MAX: u32 = 1_000_000;

/// Who counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Everybody sends the ballot to everybody, and counts: n(n−1) messages, one delay.
    #[default]
    AllToAll,
    /// One agent counts and announces the outcome: 2(n−1) messages, two delays.
    Collector,
    /// Everybody pushes all ballots that it has to some others, period by period, and counts.
    Gossip,
    /// Everybody sends its ballot by Bracha's broadcast, and counts: no equivocator has two votes.
    Reliable,
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
    /// The voting rule that decides instead of a quorum, as soon as the ballots that are out cannot
    /// change what it finds; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Kind>,
    /// What the voters weigh and who may veto, under a rule.
    pub voters: election::Electorate,
    /// Whether a ballot weighs as much, in percent, as its voter says it is sure, under a rule. A
    /// share of the electorate is then one of what all would weigh if they were sure.
    pub confidence: bool,
    /// Of whom.
    pub electorate: Electorate,
    /// How long an agent that counts waits for ballots. In the collector form the others wait
    /// twice as long: the collector may use up its own wait, and its word takes time to arrive.
    pub timeout: Duration,
    /// How often an agent without an outcome repeats its ballot; by default it never does. A
    /// collector answers a repeated ballot with the outcome. Agents that all count do not: who
    /// has decided falls silent, and who still lacks its ballot may end undecided.
    pub resend: Option<Duration>,
    /// To how many others an agent pushes ballots at a time, where they spread by gossip.
    pub fanout: u32,
    /// The time between two pushes of an agent, above zero.
    pub period: Duration,
    /// What a tie leads to.
    pub tie: Tie,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            form: Form::AllToAll,
            collector: 0,
            quorum: Rule::MAJORITY,
            rule: None,
            voters: election::Electorate::default(),
            confidence: false,
            electorate: Electorate::All,
            timeout: Duration::from_millis(500),
            resend: None,
            fanout: 2,
            period: Duration::from_millis(20),
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
    pub(super) fn overlap(&self, cluster: Cluster) -> Option<Result<Overlap, Refusal>> {
        self.quorum.system(cluster).ok().map(|system| overlap(&system, &system))
    }

    /// Whether `node` counts ballots.
    pub fn counts(&self, node: NodeId) -> bool {
        self.form != Form::Collector || node.0 == self.collector
    }

    /// Whether ballots go straight from their voters to those who count.
    pub(super) const fn is_direct(&self) -> bool {
        matches!(self.form, Form::AllToAll | Form::Collector)
    }

    /// Whether `node` is the one that counts for all.
    pub fn is_collector(&self, node: NodeId) -> bool {
        self.form == Form::Collector && node.0 == self.collector
    }

    /// How long `node` waits before it gives up.
    pub(super) fn patience(&self, node: NodeId) -> Duration {
        self.timeout * if self.counts(node) { 1 } else { 2 }
    }

    /// What the voter at a node may do with a ballot of which it is so sure, in percent.
    pub(super) fn rights(&self, voter: NodeId, confidence: u8) -> Voter {
        let rights = self.voters.voter(voter.0);
        let percent = u32::from(confidence.min(CERTAIN));
        let scale = if self.confidence { percent } else { 1 };
        Voter { weight: rights.weight.saturating_mul(scale), ..rights }
    }

    /// What the ballots of these voters can bring at the most.
    pub(super) fn outstanding(&self, voters: impl Iterator<Item = NodeId>) -> Outstanding {
        let mut out = Outstanding::default();
        for rights in voters.map(|voter| self.rights(voter, CERTAIN)) {
            out.weight += u64::from(rights.weight);
            out.vetoes += u32::from(rights.has_veto);
        }
        out
    }

    /// What all who may vote weigh, if all are sure.
    pub(super) fn whole(&self, cluster: Cluster) -> u64 {
        self.outstanding(cluster.nodes()).weight
    }

    /// How a rule settles a tie.
    pub(super) const fn tie(&self) -> election::Tie {
        match self.tie {
            Tie::Undecided => election::Tie::Undecided,
            Tie::First => election::Tie::Listed,
        }
    }

    /// How an agent of this opinion votes; `None` if it does not.
    pub(super) fn vote(&self, choice: Choice, opinion: &Opinion) -> Option<Vote> {
        match &self.rule {
            _ if opinion.abstains() => None,
            None => Some(Vote::Choice(choice)),
            Some(rule) => Vote::filled(rule.form(), opinion),
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

    /// What is wrong with the voters' weights and vetoes.
    fn misweighed(&self, n: u32) -> Option<(&'static str, String)> {
        let heaviest = self.voters.weights.iter().copied().max().unwrap_or(1);
        if heaviest > WEIGHT_MAX {
            let reason = format!("{heaviest} is too heavy: give at most {WEIGHT_MAX}");
            return Some(("voters.weights", reason));
        }
        let (key, reason) = self.voters.objection(n)?;
        Some((if key == "veto" { "voters.veto" } else { "voters.weights" }, reason))
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let n = cluster.n;
        let mut objections = Vec::new();
        let mut object = |key, reason, runnable| {
            objections.push(Objection { key, reason, runnable });
        };
        match &self.rule {
            Some(_) if self.quorum != Rule::MAJORITY => {
                let reason = "a voting rule decides instead of a quorum: leave one of the two out";
                object("quorum", reason.into(), false);
            }
            Some(_) => {
                if let Some((key, reason)) = self.misweighed(n) {
                    object(key, reason, false);
                }
            }
            None => {
                if let Some((reason, runnable)) = self.misrule(cluster) {
                    object("quorum", reason, runnable);
                }
                if self.confidence || self.voters != election::Electorate::default() {
                    let key = if self.confidence { "confidence" } else { "voters" };
                    let reason =
                        "a quorum weighs nothing: name a `rule`, such as \"majority(all)\"";
                    object(key, reason.into(), false);
                }
            }
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
        if self.period.is_zero() {
            object("period", too_short.into(), false);
        }
        if self.fanout == 0 {
            object("fanout", "0 spreads no ballot: give at least 1".into(), false);
        }
        objections
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};
    use sim_core::protocol::Protocol as _;

    use super::*;
    use crate::voting::Voting;

    #[test]
    fn keys_are_read_and_unknown_ones_refused() {
        let read = |keys: &[(&'static str, &'static str)]| {
            Config::deserialize(MapDeserializer::<_, Error>::new(keys.iter().copied()))
        };
        let keys = [("form", "collector"), ("tie", "first"), ("timeout", "2s")];
        let expected = Config {
            form: Form::Collector,
            tie: Tie::First,
            timeout: Duration::from_secs(2),
            ..Config::default()
        };
        assert_eq!(read(&keys), Ok(expected));
        assert_eq!(read(&[("form", "all-to-all")]), Ok(Config::default()));
        assert!(read(&[("quorom", "3")]).is_err());
    }

    #[test]
    fn what_cannot_run_is_objected_to_and_what_is_unsafe_is_marked() {
        let objections = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            let found = Voting::objections(&config, Cluster { n: 4 });
            found
                .into_iter()
                .map(|objection| (objection.key, objection.runnable))
                .collect::<Vec<_>>()
        };
        assert_eq!(objections(|_| {}), []);
        assert_eq!(objections(|it| it.quorum = Rule::Count(0)), [("quorum", false)]);
        assert_eq!(objections(|it| it.quorum = Rule::Count(1)), [("quorum", true)]);
        assert_eq!(objections(|it| it.quorum = Rule::Count(2)), [("quorum", true)]);
        assert_eq!(objections(|it| it.quorum = Rule::Count(3)), []);
        assert_eq!(objections(|it| it.quorum = Rule::Count(4)), []);
        assert_eq!(objections(|it| it.quorum = Rule::Count(5)), [("quorum", false)]);
        let of = |text: &str| Rule::Of(text.parse().expect("an expression"));
        assert_eq!(objections(|it| it.electorate = Electorate::Reachable), [("electorate", true)]);
        for (text, expected) in [
            ("majority", None),
            ("wheel", None),
            ("n0 & n1 | n2 & n3", Some(("quorum", true))),
            ("choose(2)", Some(("quorum", true))),
            ("n4", Some(("quorum", false))),
            ("grid(3, 3)", Some(("quorum", false))),
        ] {
            let config = Config { quorum: of(text), ..Config::default() };
            let found = Voting::objections(&config, Cluster { n: 4 });
            let found = found.first().map(|objection| (objection.key, objection.runnable));
            assert_eq!(found, expected, "{text}");
        }
        let halves = Config { quorum: of("n0 & n1 | n2 & n3"), ..Config::default() };
        assert_eq!(
            Voting::objections(&halves, Cluster { n: 4 })[0].reason,
            "{n0, n1} and {n2, n3} are quorums without a common agent: two choices can win"
        );
        assert_eq!(objections(|it| it.collector = 3), []);
        assert_eq!(objections(|it| it.collector = 4), [("collector", false)]);
        let zero = |it: &mut Config| it.timeout = Duration::ZERO;
        assert_eq!(objections(zero), [("timeout", false)]);
        let zero = |it: &mut Config| it.resend = Some(Duration::ZERO);
        assert_eq!(objections(zero), [("resend", false)]);
    }
}
