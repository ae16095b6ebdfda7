//! What can be agreed on, and what it is worth to each party.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that an outcome can be worth: utilities are per-mille of the best.
pub const UTILITY_MAX: u32 = 1_000;

/// The most parties; the product of all gains fits 128 bits.
pub const PARTIES_MAX: usize = 12;

/// A finite set of outcomes, with what each is worth to each party.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// For each outcome, what it is worth to each party, 0 to 1000.
    pub outcomes: Vec<Vec<u32>>,
    /// What each party has if they do not agree, 0 to 1000.
    pub disagreement: Vec<u32>,
}

impl Domain {
    /// What is wrong with it: the key and the reason.
    pub fn objection(&self) -> Option<(&'static str, String)> {
        let parties = self.parties();
        if !(2..=PARTIES_MAX).contains(&parties) {
            let reason = format!("{parties} parties: let there be 2 to {PARTIES_MAX}");
            return Some(("disagreement", reason));
        }
        if let Some(utility) = self.disagreement.iter().find(|utility| **utility > UTILITY_MAX) {
            return Some(("disagreement", format!("{utility} is more than {UTILITY_MAX}")));
        }
        for (index, outcome) in self.outcomes.iter().enumerate() {
            if outcome.len() != parties {
                let listed = outcome.len();
                let reason =
                    format!("outcome {index} has {listed} utilities for {parties} parties");
                return Some(("outcomes", reason));
            }
            if let Some(utility) = outcome.iter().find(|utility| **utility > UTILITY_MAX) {
                let reason = format!("outcome {index} has {utility}: no more than {UTILITY_MAX}");
                return Some(("outcomes", reason));
            }
        }
        self.rational().is_empty().then(|| {
            ("outcomes", "every outcome leaves somebody worse off than no agreement".to_owned())
        })
    }

    /// How many parties there are.
    pub fn parties(&self) -> usize {
        self.disagreement.len()
    }

    /// By how much an outcome is better for a party than no agreement, in the unit of the utilities;
    /// 0 if it is not.
    ///
    /// # Panics
    /// If the domain has no such outcome or party.
    pub fn gain(&self, outcome: usize, party: usize) -> u32 {
        self.outcomes[outcome][party].saturating_sub(self.disagreement[party])
    }

    /// What each party gains.
    pub(super) fn gains(&self, outcome: usize) -> Vec<u32> {
        (0..self.parties()).map(|party| self.gain(outcome, party)).collect()
    }

    /// The product of all gains: what Nash's solution makes as large as it can be.
    ///
    /// # Panics
    /// If the domain has no such outcome.
    pub fn product(&self, outcome: usize) -> u128 {
        self.gains(outcome).into_iter().map(u128::from).product()
    }

    /// The sum of all gains.
    ///
    /// # Panics
    /// If the domain has no such outcome.
    pub fn sum(&self, outcome: usize) -> u32 {
        self.gains(outcome).into_iter().sum()
    }

    /// The outcomes that leave nobody worse off than no agreement.
    pub fn rational(&self) -> Vec<usize> {
        let is_rational = |outcome: &usize| {
            let utilities = self.outcomes[*outcome].iter().zip(&self.disagreement);
            utilities.into_iter().all(|(utility, without)| utility >= without)
        };
        (0..self.outcomes.len()).filter(is_rational).collect()
    }

    /// Whether one outcome is worse for nobody than another, and better for somebody.
    fn dominates(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.outcomes[one], &self.outcomes[other]);
        one != other && one.iter().zip(other).all(|(mine, theirs)| mine >= theirs)
    }

    /// The Pareto frontier: the outcomes that no other dominates. Of outcomes that are worth the same
    /// to everybody, the first in the list stands for all.
    pub fn frontier(&self) -> Vec<usize> {
        self.undominated(&(0..self.outcomes.len()).collect::<Vec<_>>())
    }

    /// The negotiation set: the part of the frontier that leaves nobody worse off than no agreement.
    pub fn negotiation_set(&self) -> Vec<usize> {
        self.undominated(&self.rational())
    }

    /// Those of these outcomes, in the order of the list, that none of them dominates.
    fn undominated(&self, among: &[usize]) -> Vec<usize> {
        let is_best = |outcome: &usize| {
            !among.iter().any(|other| {
                self.dominates(*other, *outcome)
                    || other < outcome && self.outcomes[*other] == self.outcomes[*outcome]
            })
        };
        among.iter().copied().filter(is_best).collect()
    }
}
