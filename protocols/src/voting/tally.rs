//! The count: how many ballots each choice has, and whose ballots were counted.
//!
//! It is a function of the set of ballots, so no order of arrival shows in it. It counts what it
//! is given; that nobody is counted twice is the caller's rule, and a monitor compares the two
//! numbers.

use sim_core::id::{Cluster, NodeId, NodeSet};

use super::vote::Vote;
use super::{Config, Needs};
use crate::election::{OPTIONS_MAX, Options, Profile, Rule as _};
use crate::problem::decision::Choice;

/// Who leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lead {
    /// One choice has more ballots than any other.
    Alone(Choice),
    /// Several share the lead; this is the first of them.
    Shared(Choice),
}

/// Ballots, counted.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Tally {
    /// By the index of the choice; made at the first ballot, which tells how many there are.
    counts: Vec<u32>,
    /// Who voted for which choice, where more matters than how many.
    supporters: Vec<NodeSet>,
    /// What a rule reads; made at the first ballot, which tells how many options there are.
    profile: Option<Profile>,
    /// How many ballots the profile was given, and be they void.
    cast: u32,
    voters: NodeSet,
}

/// What a rule makes of the ballots that are in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// Who wins on them.
    pub winners: Options,
    /// What the tie rule makes of the winners.
    pub decided: Option<Choice>,
    /// Whether no ballot that is out can change who wins.
    pub is_settled: bool,
}

impl Tally {
    /// Adds a vote, of whatever form. One that the rule cannot read is void: its voter has voted.
    pub(super) fn take(&mut self, voter: NodeId, vote: Vote, config: &Config, cluster: Cluster) {
        match (&config.rule, vote) {
            (None, Vote::Choice(choice)) => self.count(voter, choice),
            (Some(rule), Vote::Ballot { ballot, of, confidence }) => {
                let of = usize::from(of);
                if self.profile.is_none() && (1..=OPTIONS_MAX).contains(&of) {
                    self.profile = Some(Profile::new(of, rule.form(), config.whole(cluster)));
                }
                let profile = self.profile.as_mut().filter(|profile| profile.options() == of);
                if let Some(profile) = profile {
                    // A profile leaves out what is spoilt.
                    _ = profile.cast(ballot, config.rights(voter, confidence));
                }
                self.mark(voter);
            }
            _ => self.mark(voter),
        }
    }

    fn mark(&mut self, voter: NodeId) {
        self.cast += 1;
        self.voters.insert(voter);
    }

    /// What the rule makes of the ballots that are in; `None` before the first, or without a rule.
    pub(super) fn standing(&self, config: &Config, cluster: Cluster) -> Option<Standing> {
        let (rule, profile) = (config.rule.as_ref()?, self.profile.as_ref()?);
        let winners = rule.outcome(profile).winners;
        let of = profile.options() as u8;
        let decided = config.tie().decide(winners, 0).map(|index| Choice::new(index as u8, of));
        let out = config.outstanding(cluster.nodes().filter(|voter| !self.has(*voter)));
        let is_settled = rule.is_settled(profile, out);
        Some(Standing { winners, decided, is_settled })
    }

    /// Adds a ballot for a choice.
    pub(super) fn count(&mut self, voter: NodeId, choice: Choice) {
        if self.counts.len() < usize::from(choice.of()) {
            self.counts.resize(choice.of().into(), 0);
            self.supporters.resize(choice.of().into(), NodeSet::EMPTY);
        }
        self.counts[choice.index()] += 1;
        self.supporters[choice.index()].insert(voter);
        self.voters.insert(voter);
    }

    /// Whether a ballot of `voter` was counted.
    pub(super) fn has(&self, voter: NodeId) -> bool {
        self.voters.contains(voter)
    }

    /// The number of different voters that were counted.
    pub(super) fn voters(&self) -> u32 {
        self.voters.len()
    }

    /// The number of ballots that were counted.
    pub(super) fn ballots(&self) -> u32 {
        self.counts.iter().sum::<u32>() + self.cast
    }

    /// The ballots for `choice`.
    pub(super) fn votes(&self, choice: Choice) -> u32 {
        self.counts.get(choice.index()).copied().unwrap_or(0)
    }

    /// Whether the ballots for `choice` are enough.
    pub(super) fn suffices(&self, choice: Choice, needs: &Needs) -> bool {
        match needs {
            Needs::Ballots(count) => self.votes(choice) >= *count,
            Needs::Quorum(system) => {
                self.supporters.get(choice.index()).is_some_and(|nodes| system.is_quorum(nodes))
            }
        }
    }

    /// Who leads; `None` before the first ballot.
    pub(super) fn lead(&self) -> Option<Lead> {
        let most = self.counts.iter().copied().max().filter(|most| *most > 0)?;
        let mut leaders = (0_u8..)
            .zip(&self.counts)
            .filter(|(_, votes)| **votes == most)
            .map(|(index, _)| Choice::new(index, self.counts.len() as u8));
        let first = leaders.next()?;
        Some(match leaders.next() {
            None => Lead::Alone(first),
            Some(_) => Lead::Shared(first),
        })
    }
}
