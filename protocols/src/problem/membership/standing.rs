//! Who is up and a member, and what each believes of the others: read off the history, for judges
//! and for the gauge.

use std::collections::BTreeMap;

use sim_core::history::{Entry, Event};
use sim_core::id::NodeId;
use sim_core::time::Time;

use super::{Belief, Indication, Request};

/// What is believed, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) belief: Belief,
    /// When the belief last turned from present to gone or back.
    pub(super) since: Time,
}

/// One node, as far as the history tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) is_up: bool,
    pub(super) is_corrupt: bool,
    /// Whether it is up and has joined, and the first incarnation of this membership.
    pub(super) joined: Option<u64>,
    /// When it last joined, left or went down.
    pub(super) since: Time,
    /// What it believes of the others.
    pub(super) beliefs: BTreeMap<NodeId, Held>,
}

impl Standing {
    pub(super) const fn is_member(&self) -> bool {
        self.joined.is_some() && !self.is_corrupt
    }

    /// What it believes of a node is that this is present; and since when it does, or does not.
    pub(super) fn sees(&self, node: NodeId) -> (bool, Time) {
        match self.beliefs.get(&node) {
            Some(held) => (held.belief.is_present(), held.since.max(self.since)),
            None => (false, self.since),
        }
    }

    fn ends(&mut self, at: Time) {
        self.joined = None;
        self.since = at;
        self.beliefs.clear();
    }

    fn believes(&mut self, at: Time, member: NodeId, belief: Belief) {
        let since = match self.beliefs.get(&member) {
            Some(held) if held.belief.is_present() == belief.is_present() => held.since,
            _ => at,
        };
        self.beliefs.insert(member, Held { belief, since });
    }
}

/// All nodes that were heard of.
#[derive(Clone, Debug, Default)]
pub(super) struct Standings(BTreeMap<NodeId, Standing>);

impl Standings {
    pub(super) fn observe(&mut self, entry: &Entry<Request, Indication>) {
        let (at, node) = (entry.at, self.0.entry(entry.node).or_default());
        match entry.event {
            Event::Booted => {
                node.ends(at);
                node.is_up = true;
            }
            Event::Crashed => {
                node.ends(at);
                node.is_up = false;
            }
            Event::Corrupted => node.is_corrupt = true,
            Event::Indicated { indication, .. } => match indication {
                Indication::Joined { incarnation, .. } => {
                    node.joined = Some(incarnation);
                    node.since = at;
                }
                Indication::Left => node.ends(at),
                Indication::Changed { member, belief } => node.believes(at, member, belief),
                Indication::Refuted { .. }
                | Indication::Unanswered { .. }
                | Indication::Counted(_) => {}
            },
            Event::Requested { .. } | Event::Abandoned { .. } => {}
        }
    }

    pub(super) fn of(&self, node: NodeId) -> Option<&Standing> {
        self.0.get(&node)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &Standing)> + Clone {
        self.0.iter().map(|(node, standing)| (*node, standing))
    }

    /// The correct members, and how they stand.
    pub(super) fn members(&self) -> impl Iterator<Item = (NodeId, &Standing)> + Clone {
        self.iter().filter(|(_, standing)| standing.is_member())
    }

    /// Whether it is wrong to call `node` dead under this incarnation: it is a member since one
    /// that is no later.
    pub(super) fn slanders(&self, node: NodeId, incarnation: u64) -> bool {
        let standing = self.of(node).filter(|standing| standing.is_member());
        standing.and_then(|standing| standing.joined).is_some_and(|first| first <= incarnation)
    }
}
