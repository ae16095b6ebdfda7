//! The count: how many ballots each choice has, and whose ballots were counted.
//!
//! It is a function of the set of ballots, so no order of arrival shows in it. It counts what it
//! is given; that nobody is counted twice is the caller's rule, and a monitor compares the two
//! numbers.

use sim_core::id::{NodeId, NodeSet};

use super::Needs;
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
    voters: NodeSet,
}

impl Tally {
    /// Adds a ballot.
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
        self.counts.iter().sum()
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
