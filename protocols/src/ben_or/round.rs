//! One round: what a node said in it, and what it heard.

use std::collections::BTreeMap;

use sim_core::id::NodeId;

use crate::problem::decision::Choice;

/// What a node said in a round; it is on its disk or on the way there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Words {
    pub(super) report: Choice,
    /// `None` until the second phase.
    pub(super) proposal: Option<Option<Choice>>,
}

/// What a node heard in a round: the first word of each node in each phase. Its own are here once
/// they are durable.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Heard {
    pub(super) reports: BTreeMap<NodeId, Choice>,
    pub(super) proposals: BTreeMap<NodeId, Option<Choice>>,
}

impl Heard {
    /// Keeps a report, if it is the node's first.
    pub(super) fn report(&mut self, from: NodeId, choice: Choice) {
        self.reports.entry(from).or_insert(choice);
    }

    /// Keeps a proposal, if it is the node's first.
    pub(super) fn propose(&mut self, from: NodeId, choice: Option<Choice>) {
        self.proposals.entry(from).or_insert(choice);
    }

    /// The choice that most reports are for, and how many.
    pub(super) fn most_reported(&self) -> Option<(Choice, u32)> {
        most(self.reports.values().copied())
    }

    /// The choice that most proposals are for, and how many.
    pub(super) fn most_proposed(&self) -> Option<(Choice, u32)> {
        most(self.proposals.values().flatten().copied())
    }
}

/// The most frequent choice, of several the last, and how often it occurs.
fn most(choices: impl Iterator<Item = Choice>) -> Option<(Choice, u32)> {
    let mut counts: BTreeMap<Choice, u32> = BTreeMap::new();
    for choice in choices {
        *counts.entry(choice).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count)
}
