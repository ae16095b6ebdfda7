//! Cuts: who cannot reach whom, and who is left connected.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Network;
use crate::id::{NodeId, NodeSet};
use crate::setup::InFlight;

/// A cut that is in force.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// Which strike made it.
    pub(crate) strike: usize,
    /// Whom it parts.
    pub(crate) parts: Parts,
}

/// Whom a cut parts.
#[derive(Clone, Debug)]
pub(crate) enum Parts {
    /// The group of each node; messages cross no border.
    Groups(Vec<u32>),
    /// Nothing passes from the first to the second.
    OneWay(NodeSet, NodeSet),
    /// Whom each node talks to, in both directions.
    Reach(Vec<NodeSet>),
}

impl Parts {
    /// Whether a message from `from` to `to` is stopped.
    pub(crate) fn stop(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            Self::Groups(group) => group[from.index()] != group[to.index()],
            Self::OneWay(senders, receivers) => senders.contains(from) && receivers.contains(to),
            Self::Reach(reach) => !reach[from.index()].contains(to),
        }
    }

    /// Where a node stands: nodes on the same side are stopped alike.
    fn side(&self, node: NodeId) -> u32 {
        match self {
            Self::Groups(group) => group[node.index()],
            // Each node stands alone.
            Self::Reach(_) => node.0,
            Self::OneWay(senders, receivers) => {
                u32::from(senders.contains(node)) << 1 | u32::from(receivers.contains(node))
            }
        }
    }
}

impl Network {
    /// Puts a cut into force.
    pub(crate) fn cut(&mut self, cut: Cut) {
        self.cuts.push(cut);
    }

    /// Ends the cut of this strike; says whether it was in force.
    pub(crate) fn mend(&mut self, strike: usize) -> bool {
        let before = self.cuts.len();
        self.cuts.retain(|cut| cut.strike != strike);
        self.cuts.len() != before
    }

    /// The strikes whose cuts are in force.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = usize> + '_ {
        self.cuts.iter().map(|cut| cut.strike)
    }

    /// The strike whose cut stops a message, if one does.
    #[inline]
    pub(crate) fn stopped_by(&self, from: NodeId, to: NodeId) -> Option<usize> {
        // A client that is a node is no part of the electorate that a cut parts.
        if self.cuts.is_empty() || !self.cluster.contains(from) || !self.cluster.contains(to) {
            return None;
        }
        self.cuts.iter().find(|cut| cut.parts.stop(from, to)).map(|cut| cut.strike)
    }

    /// The strike whose cut stops a message that arrives, if one does and the network takes those
    /// that were on their way when it began.
    #[inline]
    pub(crate) fn stopped_on_arrival(&self, from: NodeId, to: NodeId) -> Option<usize> {
        self.stopped_by(from, to).filter(|_| self.in_flight == InFlight::Lost)
    }

    /// Among `nodes`, the largest set in which everybody hears everybody.
    ///
    /// Nodes that stand alike to every cut form a class. A core is built greedily from each class
    /// in turn, the largest first; with partitions alone that is exact.
    pub(crate) fn connected_core(&self, nodes: &NodeSet) -> NodeSet {
        if self.cuts.is_empty() {
            return nodes.clone();
        }
        let mut classes: BTreeMap<Vec<u32>, Vec<NodeId>> = BTreeMap::new();
        for node in nodes.iter() {
            let stands = self.cuts.iter().map(|cut| cut.parts.side(node)).collect();
            classes.entry(stands).or_default().push(node);
        }
        let open = |a: NodeId, b: NodeId| {
            self.stopped_by(a, b).is_none() && self.stopped_by(b, a).is_none()
        };
        // Who does not even hear its own kind counts alone.
        let mut classes: Vec<Vec<NodeId>> = classes.into_values().collect();
        for class in &mut classes {
            if class.len() > 1 && !open(class[0], class[1]) {
                class.truncate(1);
            }
        }
        classes.sort_by_key(|class| Reverse(class.len()));
        let core_from = |first: usize| {
            let mut core: Vec<usize> = vec![first];
            for other in (0..classes.len()).filter(|other| *other != first) {
                if core.iter().all(|member| open(classes[*member][0], classes[other][0])) {
                    core.push(other);
                }
            }
            core
        };
        let size =
            |core: &Vec<usize>| core.iter().map(|class| classes[*class].len()).sum::<usize>();
        // Of equals, the one that was built first.
        let best = (0..classes.len()).rev().map(core_from).max_by_key(size).unwrap_or_default();
        best.into_iter().flat_map(|class| classes[class].iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::network;
    use super::*;
    use crate::setup::NetworkSpec;

    #[test]
    fn the_core_is_the_largest_group_that_hears_itself() {
        let mut network = network(&NetworkSpec::default(), 5);
        let all: NodeSet = (0..5).map(NodeId).collect();
        network.cut(Cut { strike: 0, parts: Parts::Groups(vec![0, 0, 1, 1, 1]) });
        assert_eq!(
            network.connected_core(&all),
            [NodeId(2), NodeId(3), NodeId(4)].into_iter().collect()
        );
        let mute = Parts::OneWay([NodeId(4)].into_iter().collect(), all.clone());
        network.cut(Cut { strike: 1, parts: mute });
        assert_eq!(network.connected_core(&all).len(), 2);
        assert!(network.stopped_by(NodeId(4), NodeId(2)) == Some(1));
        assert!(network.stopped_by(NodeId(2), NodeId(4)).is_none());
        assert!(network.mend(0) && !network.mend(0));
    }
}
