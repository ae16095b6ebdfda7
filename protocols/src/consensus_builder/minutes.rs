//! The minutes: all that led to the outcome, as the facilitators write it and everybody keeps it.
//!
//! They only grow, by one closed round at a time, and what they say follows from the proposals and
//! the ballots in them.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::{Cluster, NodeId};

use super::config::{Config, Refinement};
use super::evaluation;
use crate::election::{Profile, Rule as _, Voter};
use crate::problem::decision::{Choice, Propose, RANKED_MAX};
use crate::voting::Vote;

/// A round of voting that is closed.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Round {
    /// What was voted on; ballots name the options by their places here.
    pub table: Vec<Choice>,
    /// The ballots that were in.
    pub ballots: BTreeMap<NodeId, Vote>,
    /// What the rule found, if it found one winner.
    pub leader: Option<Choice>,
    /// How many ballots put it first.
    pub support: u32,
}

impl Round {
    /// The option that a ballot of this round puts first.
    pub fn top(&self, vote: Vote) -> Option<Choice> {
        self.table.get(vote.top()?.index()).copied()
    }

    /// How many ballots put an option first.
    pub fn support(&self, option: Choice) -> u32 {
        let tops = self.ballots.values().map(|vote| self.top(*vote));
        tops.filter(|top| *top == Some(option)).count() as u32
    }

    /// What follows from these ballots on these options.
    pub(super) fn close(
        table: Vec<Choice>,
        ballots: BTreeMap<NodeId, Vote>,
        config: &Config,
        cluster: Cluster,
    ) -> Self {
        let mut round = Self { table, ballots, leader: None, support: 0 };
        if !round.table.is_empty() {
            let (options, rule) = (round.table.len(), &config.rule);
            let mut profile = Profile::new(options, rule.form(), cluster.n.into());
            for vote in round.ballots.values() {
                if let Vote::Ballot { ballot, of, .. } = vote
                    && usize::from(*of) == options
                {
                    // A profile leaves out what is spoilt.
                    _ = profile.cast(*ballot, Voter::PLAIN);
                }
            }
            let winner = rule.outcome(&profile).winners.single();
            round.leader = winner.and_then(|place| round.table.get(place).copied());
        }
        round.support = round.leader.map_or(0, |leader| round.support(leader));
        round
    }
}

/// How it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Another round is to be voted.
    Open,
    /// There is agreement on this.
    Agreed(Choice),
    /// There will be none.
    Disagreed,
}

/// What is written down.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Minutes {
    /// What each agent proposed, and what it thinks of all options.
    pub proposals: BTreeMap<NodeId, Propose>,
    /// The rounds that are closed.
    pub rounds: Vec<Round>,
}

impl Minutes {
    /// How it stands after the rounds that are closed.
    pub fn standing(&self, config: &Config) -> Standing {
        match self.rounds.last() {
            None if self.proposals.is_empty() => Standing::Disagreed,
            None => Standing::Open,
            Some(round) => match round.leader {
                Some(leader) if config.suffices(round.support, round.ballots.len()) => {
                    Standing::Agreed(leader)
                }
                _ if self.rounds.len() < config.rounds as usize => Standing::Open,
                _ => Standing::Disagreed,
            },
        }
    }

    /// What the next round votes on.
    pub fn table(&self, config: &Config) -> Vec<Choice> {
        let Some(last) = self.rounds.last() else { return self.proposed() };
        let mut table = last.table.clone();
        if config.refinement == Refinement::DropLast && table.len() > 2 {
            let weakest = table.iter().rev().min_by_key(|option| last.support(**option)).copied();
            table.retain(|option| Some(*option) != weakest);
        }
        table
    }

    /// The options that somebody proposed, in the order of the list; of more than can be ranked,
    /// those that most proposed.
    fn proposed(&self) -> Vec<Choice> {
        let mut counts: BTreeMap<Choice, usize> = BTreeMap::new();
        for propose in self.proposals.values() {
            *counts.entry(propose.choice).or_default() += 1;
        }
        let mut options: Vec<Choice> = counts.keys().copied().collect();
        options.sort_by_key(|option| std::cmp::Reverse(counts[option]));
        options.truncate(RANKED_MAX);
        options.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The ballot of an agent that thinks so in the next round.
    pub(super) fn ballot(&self, config: &Config, propose: &Propose) -> Option<Vote> {
        let table = self.table(config);
        if propose.opinion.abstains() || table.is_empty() {
            return None;
        }
        let opinion = evaluation::opinion(config, self, &table, &propose.opinion);
        Vote::filled(config.rule.form(), &opinion)
    }

    /// The same with another round, which these ballots make.
    pub(super) fn after(
        &self,
        ballots: BTreeMap<NodeId, Vote>,
        config: &Config,
        cluster: Cluster,
    ) -> Self {
        let mut minutes = self.clone();
        minutes.rounds.push(Round::close(self.table(config), ballots, config, cluster));
        minutes
    }

    /// What another configuration makes of the same agents.
    pub(super) fn replayed(&self, config: &Config, cluster: Cluster) -> Self {
        let proposals = self.proposals.clone();
        Self { proposals, rounds: Vec::new() }.played_on(self, config, cluster)
    }

    /// The same to its end, with everybody voting as it thinks who voted in that round of `others`,
    /// or in their last one.
    pub(super) fn played_on(mut self, others: &Self, config: &Config, cluster: Cluster) -> Self {
        while self.standing(config) == Standing::Open {
            let round = others.rounds.get(self.rounds.len()).or(others.rounds.last());
            let voters = round.into_iter().flat_map(|round| round.ballots.keys());
            let ballots = voters.filter_map(|voter| {
                let vote = self.ballot(config, self.proposals.get(voter)?)?;
                Some((*voter, vote))
            });
            self = self.after(ballots.collect(), config, cluster);
        }
        self
    }
}
