//! Bargain: parties with different interests agree on one of several outcomes, or on none in time.
//!
//! The situation is that of Nash, "The bargaining problem" (Econometrica 18(2), 1950), on a finite
//! set of outcomes: everybody knows what each outcome is worth to whom, and what is left to each if
//! they do not agree. Over a network that loses messages nobody can be sure that the other knows of
//! an agreement (the two generals of Gray, 1978), so at a deadline one party may have agreed and the
//! other not; never do they agree on two things.

mod gauge;
mod judges;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster};
use sim_core::problem::{Answer, Client, Problem, ProblemGauge, Promise};
use sim_core::rng::{ChaCha, Key, Random as _};
use sim_core::workload::Workload;

use super::ending::Termination;
use crate::bargain::{Domain, UTILITY_MAX};

/// No two parties agree on different outcomes.
pub const AGREEMENT: &str = "agreement";
/// No correct party agrees on what leaves it worse off than no agreement.
pub const INDIVIDUAL_RATIONALITY: &str = "individual_rationality";
/// Every party that was asked ends, with an agreement or without.
pub const TERMINATION: &str = "termination";

/// The request: the party at this node is to bargain over this.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Negotiate(pub Domain);

/// The indication: how it ended for this party.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Ending {
    /// It agreed.
    Agreed {
        /// On this outcome of the domain.
        outcome: usize,
        /// After so many rounds.
        rounds: u32,
    },
    /// There is no agreement that it knows of.
    BrokenDown,
}

/// The keys of `[workload]` that say what is bargained over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// For each outcome, what it is worth to each party, 0 to 1000; without a list each run draws
    /// them, all worths alike likely.
    pub outcomes: Vec<Vec<u32>>,
    /// The two parties share a pie in so many pieces, 1 to 1000, instead: every split is an outcome,
    /// and what a party has of it is worth as large a share of 1000, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pie: Option<u32>,
    /// How many outcomes are drawn where none are listed; 1 to 1000.
    pub drawn: u32,
    /// What each party has if they do not agree, 0 to 1000 for each; nothing by default.
    pub disagreement: Vec<u32>,
}

impl Default for Load {
    fn default() -> Self {
        Self { outcomes: Vec::new(), pie: None, drawn: 20, disagreement: Vec::new() }
    }
}

/// The most outcomes that are drawn.
const DRAWN_MAX: u32 = 1_000;

impl Load {
    /// What is bargained over.
    fn domain(&self, cluster: Cluster) -> Domain {
        let disagreement = match self.disagreement.is_empty() {
            true => vec![0; cluster.n as usize],
            false => self.disagreement.clone(),
        };
        let split = |pieces: u32| {
            let worth = |own: u32| UTILITY_MAX * own / pieces;
            (0..=pieces).rev().map(|own| vec![worth(own), worth(pieces - own)]).collect()
        };
        let outcomes = self.pie.map_or_else(|| self.outcomes.clone(), split);
        Domain { outcomes, disagreement }
    }

    /// What is wrong with the pie, if there is one.
    fn misshared(&self, parties: usize) -> Option<String> {
        let pieces = self.pie?;
        if !(1..=UTILITY_MAX).contains(&pieces) {
            return Some(format!("{pieces} pieces: give 1 to {UTILITY_MAX}"));
        }
        if parties != 2 {
            return Some(format!("two parties share a pie, and there are {parties}"));
        }
        let listed = !self.outcomes.is_empty();
        listed.then(|| "`outcomes` are listed as well: leave one of the two out".to_owned())
    }
}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum Bargaining {}

/// A client that asks its party to bargain.
struct Principal(Domain);

impl Client<Bargaining> for Principal {
    fn next(&mut self, _rng: &mut ChaCha) -> Negotiate {
        Negotiate(self.0.clone())
    }
}

type Judge = Box<dyn Checker<Negotiate, Ending>>;

impl Problem for Bargaining {
    const NAME: &'static str = "bargain";
    const SUMMARY: &'static str = "parties agree on one outcome, or break down in time";
    const PROPERTIES: &'static [&'static str] = &[AGREEMENT, INDIVIDUAL_RATIONALITY, TERMINATION];
    type Request = Negotiate;
    type Indication = Ending;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload::once(cluster.n)
    }

    fn objection(load: &Load, cluster: Cluster) -> Option<(&'static str, String)> {
        let parties = cluster.n as usize;
        let given = load.disagreement.len();
        if given != 0 && given != parties {
            return Some(("disagreement", format!("{given} numbers for {parties} parties")));
        }
        if let Some(reason) = load.misshared(parties) {
            return Some(("pie", reason));
        }
        if load.pie.is_some() || !load.outcomes.is_empty() {
            return load.domain(cluster).objection();
        }
        if !(1..=DRAWN_MAX).contains(&load.drawn) {
            let reason = format!("{} outcomes: let there be 1 to {DRAWN_MAX}", load.drawn);
            return Some(("drawn", reason));
        }
        // What is drawn may be worth anything, so only the rest can be wrong.
        let best = vec![vec![UTILITY_MAX; parties]];
        Load { outcomes: best, ..load.clone() }.domain(cluster).objection()
    }

    fn drawn<'a>(load: &'a Load, cluster: Cluster, key: Key) -> Cow<'a, Load> {
        if load.pie.is_some() || !load.outcomes.is_empty() {
            return Cow::Borrowed(load);
        }
        let outcome = |index: u32| {
            let mut draw = key.member(u64::from(index));
            cluster.nodes().map(|_| draw.below(u64::from(UTILITY_MAX) + 1) as u32).collect()
        };
        let outcomes = (0..load.drawn).map(outcome).collect();
        Cow::Owned(Load { outcomes, ..load.clone() })
    }

    fn client(load: &Load, cluster: Cluster, _: ClientId) -> Box<dyn Client<Self>> {
        Box::new(Principal(load.domain(cluster)))
    }

    fn answer(_indication: &Ending) -> Answer {
        // To break down is an answer too: to ask again would not change it.
        Answer::Done
    }

    fn properties(_cluster: Cluster, promise: &Promise) -> Vec<Property<Negotiate, Ending>> {
        let judges: [(_, _, Judge); 3] = [
            (AGREEMENT, Class::Safety, Box::<judges::Agreement>::default()),
            (INDIVIDUAL_RATIONALITY, Class::Safety, Box::<judges::Rationality>::default()),
            (TERMINATION, Class::Liveness, Box::new(Termination::by(|_| true))),
        ];
        promise.judged_by(judges)
    }

    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;

    fn gauge(load: &Load, cluster: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Bargain::over(load.domain(cluster))))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::rng::{Stream, Streams};

    use super::*;

    const TWO: Cluster = Cluster { n: 2 };

    #[test]
    fn outcomes_are_drawn_for_all_parties_alike() {
        let key = Streams::new(7).key(Stream::Load);
        let load = Bargaining::drawn(&Load::default(), TWO, key).into_owned();
        assert_eq!(load.outcomes.len(), 20);
        let rng = &mut Streams::new(0).chacha(Stream::Application, 0);
        let mut ask = |client| Bargaining::client(&load, TWO, ClientId(client)).next(rng);
        assert_eq!(ask(0), ask(1));
        assert_eq!(ask(0).0.objection(), None);
        let worths: std::collections::BTreeSet<u32> = load.outcomes.concat().into_iter().collect();
        assert!(worths.len() > 30, "{worths:?}");
    }

    #[test]
    fn what_cannot_be_bargained_over_is_objected_to() {
        let key = |load: Load, n| Bargaining::objection(&load, Cluster { n }).map(|(key, _)| key);
        assert_eq!(key(Load::default(), 2), None);
        assert_eq!(key(Load { drawn: 0, ..Load::default() }, 2), Some("drawn"));
        let pie = |pieces| Load { pie: Some(pieces), ..Load::default() };
        assert_eq!(key(pie(3), 2), None);
        assert_eq!(pie(3).domain(TWO).outcomes, [[1_000, 0], [666, 333], [333, 666], [0, 1_000]]);
        assert_eq!([key(pie(0), 2), key(pie(1_001), 2), key(pie(3), 3)], [Some("pie"); 3]);
        let both = Load { outcomes: vec![vec![1, 2]], ..pie(3) };
        assert_eq!(key(both, 2), Some("pie"));
        assert_eq!(key(Load { disagreement: vec![0], ..Load::default() }, 2), Some("disagreement"));
        assert_eq!(
            key(Load { disagreement: vec![0, 1_001], ..Load::default() }, 2),
            Some("disagreement")
        );
        let listed = |outcome: &[u32]| Load { outcomes: vec![outcome.to_vec()], ..Load::default() };
        assert_eq!(key(listed(&[3, 4]), 2), None);
        assert_eq!(key(listed(&[3, 4, 5]), 2), Some("outcomes"));
        assert_eq!(key(listed(&[3]), 1), Some("disagreement"), "one party alone");
    }
}
