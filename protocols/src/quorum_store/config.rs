//! The keys of `[protocol]` for the quorum store, what they promise, and what is wrong with some.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Contract, Objection};
use sim_core::time::Duration;

use crate::problem::register::{
    CONVERGENCE, LINEARIZABILITY, NO_LOST_UPDATE, REGULARITY, TERMINATION, VALIDITY,
};

/// How versions are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Versions {
    /// By what their writer knew (vector clocks, Dynamo section 4.4): of two that did not know of
    /// each other both are kept, as siblings.
    Vector,
    /// By the wall clock of the first node that the writer reaches; the last write wins.
    WallClock,
    /// By a number above all that a read quorum has; the last write wins.
    Counter,
}

/// When a reader sends what it found to those who had something older.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadRepair {
    /// Never.
    Never,
    /// After it answered, also to those who respond later.
    Async,
    /// Before it answers, until as many as a read waits for have it.
    Sync,
}

/// What somebody says of a store beyond what follows from its settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Every operation takes effect at one instant.
    Linearizability,
    /// A read finds what was not overwritten before it began.
    Regularity,
    /// No acknowledged write vanishes.
    NoLostUpdate,
}

impl Claim {
    const fn property(self) -> &'static str {
        match self {
            Self::Linearizability => LINEARIZABILITY,
            Self::Regularity => REGULARITY,
            Self::NoLostUpdate => NO_LOST_UPDATE,
        }
    }
}

/// How the store keeps its copies.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many nodes keep each key, N; 1 to n.
    pub copies: u32,
    /// How many responses a read waits for, R; 1 to N.
    pub read_quorum: u32,
    /// How many acknowledgements a write waits for, W; 1 to N.
    pub write_quorum: u32,
    /// Whether other nodes stand in for those that do not answer (Dynamo section 4.6).
    pub sloppy: bool,
    /// For how long such a node keeps what it holds for another; for ever by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint_ttl: Option<Duration>,
    /// For how many keys of others a node stands in at most.
    pub hint_capacity: u32,
    /// How versions are told apart.
    pub versions: Versions,
    /// When readers repair.
    pub read_repair: ReadRepair,
    /// How often a node compares what it keeps with another one's; `0s` never.
    pub anti_entropy: Duration,
    /// After which time a client asks again whoever has not answered, and other nodes too if the
    /// quorum is sloppy; the time between two attempts to hand a hint over. Above zero.
    pub retransmit: Duration,
    /// What is promised beyond what follows from the settings above; a negative control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            copies: 3,
            read_quorum: 2,
            write_quorum: 2,
            sloppy: false,
            hint_ttl: None,
            hint_capacity: 1_000,
            versions: Versions::Vector,
            read_repair: ReadRepair::Async,
            anti_entropy: Duration::from_millis(500),
            retransmit: Duration::from_millis(100),
            claim: None,
        }
    }
}

impl Config {
    /// Whether each read quorum meets each write quorum.
    const fn is_strict(&self) -> bool {
        !self.sloppy && self.read_quorum.saturating_add(self.write_quorum) > self.copies
    }

    /// Whether what was acknowledged stays somewhere until every home has it.
    const fn keeps_hints(&self) -> bool {
        !self.sloppy || self.hint_ttl.is_none()
    }

    /// What follows from the settings. Linearizability never does: of two reads during one write
    /// the second may find the older value.
    fn promise(&self) -> Vec<&'static str> {
        let mut promise = vec![VALIDITY, TERMINATION];
        if self.is_strict() && self.versions != Versions::WallClock {
            promise.push(REGULARITY);
        }
        if self.anti_entropy > Duration::ZERO {
            promise.push(CONVERGENCE);
            if self.versions == Versions::Vector && self.keeps_hints() {
                promise.push(NO_LOST_UPDATE);
            }
        }
        promise
    }

    pub(super) fn contract(&self, _: Cluster) -> Contract {
        let mut promise = self.promise();
        let claimed = self.claim.map(Claim::property);
        promise.extend(claimed.filter(|claim| !promise.contains(claim)));
        let spare = self.copies.saturating_sub(self.read_quorum.max(self.write_quorum));
        let safety = Assumptions::CRASH_RECOVERY;
        Contract {
            promise: Promise(promise),
            safety,
            liveness: Assumptions { faulty: spare, ..safety },
        }
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let Self { copies, read_quorum, write_quorum, .. } = *self;
        let mut objections = Vec::new();
        let mut object = |key, reason, runnable| {
            objections.push(Objection { key, reason, runnable });
        };
        if !(1..=cluster.n).contains(&copies) {
            let n = cluster.n;
            object("copies", format!("{copies} copies: write a number from 1 to n = {n}"), false);
        }
        for (key, size) in [("read_quorum", read_quorum), ("write_quorum", write_quorum)] {
            if !(1..=copies).contains(&size) {
                let reason =
                    format!("{size} of {copies} copies: write a number from 1 to {copies}");
                object(key, reason, false);
            }
        }
        if self.retransmit.is_zero() {
            let reason = "write a time above zero, such as \"100ms\"".to_owned();
            object("retransmit", reason, false);
        }
        if let Some(claim) = self.claim.map(Claim::property)
            && !self.promise().contains(&claim)
        {
            let kind = if self.sloppy { "a sloppy quorum" } else { "this store" };
            let reason = format!(
                "{kind} with N = {copies}, R = {read_quorum}, W = {write_quorum} and {:?} versions \
                 does not promise {claim}: take `claim` out{}",
                self.versions,
                if claim == LINEARIZABILITY { ", or use kind = \"abd\"" } else { "" }
            );
            object("claim", reason, true);
        }
        objections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: Cluster = Cluster { n: 5 };

    fn promises(config: &Config, property: &str) -> bool {
        config.contract(CLUSTER).promise.includes(property)
    }

    #[test]
    fn only_what_the_quorums_carry_is_promised() {
        let store = Config::default();
        let clock = Config { versions: Versions::WallClock, ..store.clone() };
        let partial = Config { read_quorum: 1, ..store.clone() };
        let sloppy = Config { sloppy: true, ..store.clone() };
        let forgetful = Config { hint_ttl: Some(Duration::from_secs(1)), ..sloppy.clone() };
        let of = |config: &Config| {
            assert!(!promises(config, LINEARIZABILITY), "{config:?}");
            assert!(promises(config, VALIDITY) && promises(config, CONVERGENCE), "{config:?}");
            [promises(config, REGULARITY), promises(config, NO_LOST_UPDATE)]
        };
        assert_eq!(of(&store), [true, true]);
        assert_eq!(of(&clock), [false, false]);
        assert_eq!(of(&partial), [false, true]);
        assert_eq!(of(&sloppy), [false, true]);
        assert_eq!(of(&forgetful), [false, false]);
        let idle = Config { anti_entropy: Duration::ZERO, ..store };
        assert!(!promises(&idle, CONVERGENCE) && !promises(&idle, NO_LOST_UPDATE));
    }

    #[test]
    fn a_sloppy_store_that_claims_linearizability_is_objected_to_and_runs_as_a_control() {
        let claim = Some(Claim::Linearizability);
        let sloppy = Config { sloppy: true, claim, ..Config::default() };
        let objections = sloppy.objections(CLUSTER);
        let [objection] = &objections[..] else { panic!("{objections:?}") };
        assert_eq!((objection.key, objection.runnable), ("claim", true));
        assert!(objection.reason.contains("does not promise linearizability"), "{objection:?}");
        assert!(promises(&sloppy, LINEARIZABILITY));
    }

    #[test]
    fn quorums_larger_than_the_copies_are_objected_to() {
        let keys = |config: Config| {
            config.objections(CLUSTER).into_iter().map(|it| it.key).collect::<Vec<_>>()
        };
        assert_eq!(keys(Config::default()), [] as [&str; 0]);
        assert_eq!(keys(Config { copies: 6, ..Config::default() }), ["copies"]);
        assert_eq!(keys(Config { read_quorum: 4, ..Config::default() }), ["read_quorum"]);
        assert_eq!(keys(Config { write_quorum: 0, ..Config::default() }), ["write_quorum"]);
        assert_eq!(
            keys(Config { retransmit: Duration::ZERO, ..Config::default() }),
            ["retransmit"]
        );
    }
}
