//! Estimate: every agent has a number, and the agents are to end near each other.
//!
//! This is approximate agreement (Dolev, Lynch, Pinter, Stark and Weihl, "Reaching approximate
//! agreement in the presence of faults", Journal of the ACM 33(3), 1986), seen as what a panel does
//! with its estimates. Numbers are whole and count some small unit. How far apart those of correct
//! agents may be at first, and how near they are to end, is known to all from the beginning.

mod gauge;
mod judges;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster, NodeId};
use sim_core::landmark::Landmark;
use sim_core::problem::{Answer, Client, Problem, ProblemGauge, Promise};
use sim_core::rng::{ChaCha, Key, Random as _};
use sim_core::workload::Workload;

use super::ending::Termination;

/// What a correct agent ends with lies between numbers with which correct agents began.
pub const HULL: &str = "hull";
/// No two correct agents end further apart than was asked for.
pub const EPSILON_AGREEMENT: &str = "epsilon_agreement";
/// An agent ends once, and no later life of it ends with another number.
pub const INTEGRITY: &str = "integrity";
/// Every agent that was asked comes to an end.
pub const TERMINATION: &str = "termination";

/// The largest number, either way: sums of as many as there are agents stay far from the ends of
/// the arithmetic.
pub const VALUE_MAX: i64 = 1 << 40;

/// The request: the agent at this node thinks of a number, and wants to know where all end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Begin {
    /// Its number.
    pub value: i64,
    /// How far apart the numbers of correct agents are at most.
    pub range: u64,
    /// How far apart they may be in the end.
    pub epsilon: u64,
}

/// The indication: what the agent thinks now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Estimate {
    /// It goes into a round with this number; into round 0 with its own.
    Revised {
        /// The round, from 0.
        round: u32,
        /// Its number.
        value: i64,
    },
    /// It ends with this number.
    Settled {
        /// After so many rounds.
        rounds: u32,
        /// Its number.
        value: i64,
    },
    /// It ends without one.
    GivenUp,
}

impl Estimate {
    /// Whether its node is done.
    const fn is_end(&self) -> bool {
        !matches!(self, Self::Revised { .. })
    }

    /// What a node announces that ends so.
    pub(crate) const fn landmark(&self) -> Landmark {
        match self {
            Self::GivenUp => Landmark::Undecided,
            Self::Revised { .. } | Self::Settled { .. } => Landmark::Decided,
        }
    }
}

/// What is right, and how far off an agent may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// The right number: with the error, up to 2^40 away from 0.
    pub value: i64,
    /// The largest error; up to it all errors are alike likely, either way.
    #[serde(default)]
    pub error: u64,
}

/// The keys of `[workload]` that say what the agents think.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// The number of each agent, by node, up to 2^40 away from 0; a list that is too short starts
    /// over, and without one the numbers are drawn around the truth.
    pub values: Vec<i64>,
    /// What is right, and how far off what is drawn may be.
    pub truth: Truth,
    /// How far apart the numbers may be at first, as all know; by default as far as those listed
    /// are, or as those drawn can be, and never less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<u64>,
    /// How far apart the agents may end: at least n, since averages are rounded.
    pub epsilon: u64,
}

impl Default for Load {
    fn default() -> Self {
        let truth = Truth { value: 5_000, error: 5_000 };
        Self { values: Vec::new(), truth, range: None, epsilon: 100 }
    }
}

impl Load {
    /// How far apart the numbers are that the agents may have.
    fn width(&self) -> u64 {
        match (self.values.iter().min(), self.values.iter().max()) {
            (Some(low), Some(high)) => low.abs_diff(*high),
            _ => self.truth.error.saturating_mul(2),
        }
    }

    /// How far apart the numbers may be, as all know.
    pub fn range(&self) -> u64 {
        self.range.unwrap_or_else(|| self.width())
    }

    /// The number of the agent at `node`; the truth if none is listed and none was drawn.
    pub fn value(&self, node: NodeId) -> i64 {
        let listed = self.values.len();
        if listed == 0 { self.truth.value } else { self.values[node.index() % listed] }
    }
}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum Estimation {}

/// A client that asks for what its agent thinks.
struct Expert(Begin);

impl Client<Estimation> for Expert {
    fn next(&mut self, _rng: &mut ChaCha) -> Begin {
        self.0
    }
}

type Judge = Box<dyn Checker<Begin, Estimate>>;

impl Problem for Estimation {
    const NAME: &'static str = "estimate";
    const SUMMARY: &'static str = "agents with a number each end near each other";
    const PROPERTIES: &'static [&'static str] = &[HULL, EPSILON_AGREEMENT, INTEGRITY, TERMINATION];
    type Request = Begin;
    type Indication = Estimate;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload::once(cluster.n)
    }

    fn objection(load: &Load, cluster: Cluster) -> Option<(&'static str, String)> {
        let n = cluster.n as usize;
        if load.values.len() > n {
            let listed = load.values.len();
            return Some(("values", format!("{listed} numbers for {n} agents")));
        }
        let largest = VALUE_MAX.unsigned_abs();
        if let Some(value) = load.values.iter().find(|value| value.unsigned_abs() > largest) {
            return Some(("values", format!("{value} is further from 0 than 2^40")));
        }
        let Truth { value, error } = load.truth;
        if value.unsigned_abs().saturating_add(error) > largest {
            let reason = format!("{value} and {error} around it reach further from 0 than 2^40");
            return Some(("truth", reason));
        }
        let width = load.width();
        if let Some(range) = load.range.filter(|range| *range < width) {
            let reason = format!("{range}, but the numbers are up to {width} apart");
            return Some(("range", reason));
        }
        (load.epsilon < u64::from(cluster.n)).then(|| {
            let epsilon = load.epsilon;
            let reason = format!(
                "{epsilon}, but averages are rounded, and {n} agents can end up to {n} apart: at \
                 least {n}, or numbers in a smaller unit"
            );
            ("epsilon", reason)
        })
    }

    fn drawn<'a>(load: &'a Load, cluster: Cluster, key: Key) -> Cow<'a, Load> {
        if !load.values.is_empty() {
            return Cow::Borrowed(load);
        }
        let Truth { value, error } = load.truth;
        let lowest = value - error as i64;
        let draw =
            |node: NodeId| lowest + key.member(u64::from(node.0)).below(2 * error + 1) as i64;
        let values = cluster.nodes().map(draw).collect();
        Cow::Owned(Load { values, range: Some(load.range()), ..load.clone() })
    }

    fn client(load: &Load, cluster: Cluster, client: ClientId) -> Box<dyn Client<Self>> {
        let value = load.value(NodeId(client.0 % cluster.n));
        Box::new(Expert(Begin { value, range: load.range(), epsilon: load.epsilon }))
    }

    fn answer(_indication: &Estimate) -> Answer {
        // To give up is an answer too: to ask again would not change it.
        Answer::Done
    }

    fn properties(_cluster: Cluster, promise: &Promise) -> Vec<Property<Begin, Estimate>> {
        let judges: [(_, _, Judge); 4] = [
            (HULL, Class::Safety, Box::<judges::Hull>::default()),
            (EPSILON_AGREEMENT, Class::Safety, Box::<judges::EpsilonAgreement>::default()),
            (INTEGRITY, Class::Safety, Box::<judges::Integrity>::default()),
            (TERMINATION, Class::Liveness, Box::new(Termination::by(Estimate::is_end))),
        ];
        promise.judged_by(judges)
    }

    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;

    fn gauge(load: &Load, _cluster: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Convergence::towards(load.truth.value)))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::rng::{Stream, Streams};

    use super::*;

    const CLUSTER: Cluster = Cluster { n: 4 };

    fn listed(values: &[i64]) -> Load {
        Load { values: values.to_vec(), ..Load::default() }
    }

    #[test]
    fn numbers_are_drawn_around_the_truth_and_the_known_range_is_that_of_all_draws() {
        let load = Load { truth: Truth { value: -10, error: 3 }, ..Load::default() };
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let key = Streams::new(seed).key(Stream::Load);
            let drawn = Estimation::drawn(&load, CLUSTER, key).into_owned();
            assert_eq!((drawn.values.len(), drawn.range()), (4, 6));
            seen.extend(drawn.values);
        }
        assert!(seen.into_iter().eq(-13..=-7));
    }

    #[test]
    fn listed_numbers_start_over_and_are_what_clients_ask_for() {
        let load = listed(&[5, -7]);
        let rng = &mut Streams::new(0).chacha(Stream::Application, 0);
        let key = Streams::new(0).key(Stream::Load);
        let drawn = Estimation::drawn(&load, CLUSTER, key);
        let mut ask = |client| Estimation::client(&drawn, CLUSTER, ClientId(client)).next(rng);
        assert_eq!(ask(2), Begin { value: 5, range: 12, epsilon: 100 });
        assert_eq!(ask(5).value, -7, "it sits at n1");
    }

    #[test]
    fn numbers_that_cannot_be_are_objected_to() {
        let key = |load: Load| Estimation::objection(&load, CLUSTER).map(|(key, _)| key);
        assert_eq!(key(Load::default()), None);
        assert_eq!(key(listed(&[VALUE_MAX, -VALUE_MAX])), None);
        assert_eq!(key(listed(&[0; 5])), Some("values"));
        assert_eq!(key(listed(&[i64::MIN])), Some("values"));
        let truth = Truth { value: i64::MAX, error: u64::MAX };
        assert_eq!(key(Load { truth, ..Load::default() }), Some("truth"));
        assert_eq!(key(Load { range: Some(9), ..listed(&[0, 10]) }), Some("range"));
        assert_eq!(key(Load { range: Some(10), ..listed(&[0, 10]) }), None);
        assert_eq!(key(Load { epsilon: 3, ..Load::default() }), Some("epsilon"));
        assert_eq!(key(Load { epsilon: 4, ..Load::default() }), None);
    }
}
