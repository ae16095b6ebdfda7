//! Profiles: all ballots of a vote, without their order and without names.
//!
//! Equal ballots are one entry with the weight of all who cast them, sorted by what they say. So no
//! rule can see in which order ballots came, and thousands of voters who think alike cost no more
//! than one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ballot::{Ballot, Form, Ranking, Scores, Spoilt};
use super::options::{OPTIONS_MAX, Options};
use super::rule::Outstanding;

/// One voter's rights.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Voter {
    /// As how many voters it counts; 0 has a say in nothing but a veto.
    pub weight: u32,
    /// Whether what its ballot leaves out is thereby rejected, under a rule that heeds vetoes.
    pub has_veto: bool,
}

impl Voter {
    /// One voter, one vote.
    pub const PLAIN: Self = Self { weight: 1, has_veto: false };

    /// A voter that counts as so many.
    pub const fn weighing(weight: u32) -> Self {
        Self { weight, has_veto: false }
    }
}

/// Who may vote, and how much each vote weighs: keys of a `[protocol]` table.
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Electorate {
    /// The weight of each voter, by node; those beyond the end of the list weigh 1.
    pub weights: Vec<u32>,
    /// The nodes that may veto.
    pub veto: Vec<u32>,
}

impl Electorate {
    /// The rights of the voter at this node.
    pub fn voter(&self, node: u32) -> Voter {
        let weight = self.weights.get(node as usize).copied().unwrap_or(1);
        Voter { weight, has_veto: self.veto.contains(&node) }
    }

    /// What all of `n` voters weigh together.
    pub fn weight(&self, n: u32) -> u64 {
        (0..n).map(|node| u64::from(self.voter(node).weight)).sum()
    }

    /// What the ballots of these nodes can still bring.
    pub fn outstanding(&self, nodes: impl IntoIterator<Item = u32>) -> Outstanding {
        let mut out = Outstanding::default();
        for voter in nodes.into_iter().map(|node| self.voter(node)) {
            out.weight += u64::from(voter.weight);
            out.vetoes += u32::from(voter.has_veto);
        }
        out
    }

    /// What is wrong with it among `n` voters: the key and the reason.
    pub fn objection(&self, n: u32) -> Option<(&'static str, String)> {
        if self.weights.len() > n as usize {
            let listed = self.weights.len();
            return Some(("weights", format!("{listed} weights for {n} voters: leave some out")));
        }
        if self.weight(n) == 0 {
            return Some(("weights", "nobody's vote counts: give one voter at least 1".into()));
        }
        let stranger = self.veto.iter().find(|node| **node >= n)?;
        Some(("veto", format!("n{stranger} is no voter: the last one is n{}", n.saturating_sub(1))))
    }
}

/// The ballots of one vote.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Profile {
    options: usize,
    form: Form,
    /// What all who may vote weigh together.
    electorate: u64,
    ballots: BTreeMap<Ballot, u64>,
    present: u64,
    rejected: Options,
}

impl Profile {
    /// No ballots yet, on so many options (1 to 16), of this form, out of an electorate that weighs
    /// so much.
    ///
    /// # Panics
    /// If there is no option, or more than 16.
    pub fn new(options: usize, form: Form, electorate: u64) -> Self {
        assert!((1..=OPTIONS_MAX).contains(&options), "a vote is on 1 to 16 options");
        let (ballots, rejected) = (BTreeMap::new(), Options::EMPTY);
        Self { options, form, electorate, ballots, present: 0, rejected }
    }

    /// Counts a ballot. One that supports nothing is an abstention: its voter is present.
    ///
    /// # Errors
    /// A ballot that does not count; nothing has changed then.
    pub fn cast(&mut self, ballot: Ballot, voter: Voter) -> Result<(), Spoilt> {
        ballot.check(self.form, self.options)?;
        self.present += u64::from(voter.weight);
        let supported = ballot.supports();
        if supported.is_empty() {
            return Ok(());
        }
        if voter.has_veto {
            self.rejected = self.rejected.with(self.all().without(supported));
        }
        if voter.weight > 0 {
            *self.ballots.entry(ballot).or_default() += u64::from(voter.weight);
        }
        Ok(())
    }

    /// How many options there are.
    pub const fn options(&self) -> usize {
        self.options
    }

    /// All options.
    pub const fn all(&self) -> Options {
        Options::all(self.options)
    }

    /// What all who may vote weigh.
    pub const fn electorate(&self) -> u64 {
        self.electorate
    }

    /// What those weigh who cast a ballot, and be it an abstention.
    pub const fn present(&self) -> u64 {
        self.present
    }

    /// What those weigh whose ballot supports something.
    pub fn voting(&self) -> u64 {
        self.ballots.values().sum()
    }

    /// The options that somebody with a veto did not support.
    pub const fn rejected(&self) -> Options {
        self.rejected
    }

    /// The rankings with their weights.
    pub fn rankings(&self) -> impl Iterator<Item = (Ranking, u64)> {
        self.ballots.iter().filter_map(|(ballot, weight)| match ballot {
            Ballot::Ranking(ranking) => Some((*ranking, *weight)),
            Ballot::Approval(_) | Ballot::Scores(_) => None,
        })
    }

    /// The approved sets with their weights.
    pub fn approvals(&self) -> impl Iterator<Item = (Options, u64)> {
        self.ballots.iter().filter_map(|(ballot, weight)| match ballot {
            Ballot::Approval(approved) => Some((*approved, *weight)),
            Ballot::Ranking(_) | Ballot::Scores(_) => None,
        })
    }

    /// The points with their weights.
    pub fn scores(&self) -> impl Iterator<Item = (Scores, u64)> {
        self.ballots.iter().filter_map(|(ballot, weight)| match ballot {
            Ballot::Scores(scores) => Some((*scores, *weight)),
            Ballot::Ranking(_) | Ballot::Approval(_) => None,
        })
    }

    /// The weight of the ballots on which each of the options among these stands first.
    pub fn first_choices(&self, among: Options) -> Vec<i64> {
        let mut votes = vec![0; self.options];
        for (ranking, weight) in self.rankings() {
            if let Some(first) = ranking.best_of(among) {
                votes[first] += weight as i64;
            }
        }
        votes
    }
}
