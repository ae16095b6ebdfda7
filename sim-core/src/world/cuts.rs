//! Cuts at work: who is parted from whom, and whether a leader is lost to the others.

use super::World;
use crate::fault::Shape;
use crate::id::{NodeId, NodeSet};
use crate::network::{Cut, Parts};
use crate::protocol::Protocol;

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    pub(super) fn partition(&mut self, wake: usize, groups: Option<Vec<u32>>) {
        let Some(groups) = groups else { return };
        self.write_partition(wake, &groups);
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let members = |group: u32| -> NodeSet {
            let inside = groups.iter().zip(0..).filter(move |(other, _)| **other == group);
            inside.map(|(_, node)| NodeId(node)).collect()
        };
        let sets: Vec<NodeSet> =
            (0..count).map(members).filter(|set: &NodeSet| !set.is_empty()).collect();
        let sides: Vec<_> = sets.iter().map(|set| format!("{set:?}")).collect();
        self.label(wake, format!("partition {}", sides.join(" | ")));
        // A leader that a majority cannot hear is lost to the others.
        let majority = self.experiment.setup.cluster().majority();
        if let Some(leader) = self.ledger.leader()
            && sets.iter().any(|set| set.contains(leader) && set.len() < majority)
        {
            self.ledger.lose_leader(self.now, leader);
        }
        self.cut(Cut { strike: wake, parts: Parts::Groups(groups) });
    }

    pub(super) fn reshape(&mut self, wake: usize, shape: Shape, places: &[NodeId]) {
        self.write_reshape(wake, shape, places);
        let reach = shape.reach(places);
        let peers = |(node, set)| format!("{}: {set:?}", NodeId(node));
        let sides: Vec<_> = (0..).zip(&reach).map(peers).collect();
        self.label(wake, format!("{} {}", shape.name(), sides.join(" ")));
        let majority = self.experiment.setup.cluster().majority();
        if let Some(leader) = self.ledger.leader()
            && reach[leader.index()].len() < majority
        {
            self.ledger.lose_leader(self.now, leader);
        }
        self.cut(Cut { strike: wake, parts: Parts::Reach(reach) });
    }

    pub(super) fn one_way(&mut self, wake: usize, from: NodeSet, to: NodeSet) {
        self.label(wake, format!("one-way {from:?} ↛ {to:?}"));
        let cluster = self.experiment.setup.cluster();
        if let Some(leader) = self.ledger.leader()
            && from.contains(leader)
            && cluster.nodes().filter(|node| *node == leader || !to.contains(*node)).count()
                < cluster.majority() as usize
        {
            self.ledger.lose_leader(self.now, leader);
        }
        self.cut(Cut { strike: wake, parts: Parts::OneWay(from, to) });
    }

    /// Cuts those who hear the one body of the adversary's nodes off from those who hear the
    /// other; its own nodes talk to everybody.
    pub(super) fn split(&mut self, wake: usize, audience: &NodeSet) {
        let cluster = self.experiment.setup.cluster();
        let side = |node: NodeId| {
            let same = |other: NodeId| {
                self.corrupt.contains(node)
                    || self.corrupt.contains(other)
                    || audience.contains(other) == audience.contains(node)
            };
            cluster.nodes().filter(|other| same(*other)).collect()
        };
        let reach = cluster.nodes().map(side).collect();
        // The corrupt stay corrupt for good, but this is a cut like any other: GST ends it.
        let declared = self.nemesis.spec(self.nemesis.wakes[wake].strike).permanent;
        self.nemesis.wakes[wake].permanent = declared;
        self.cut(Cut { strike: wake, parts: Parts::Reach(reach) });
    }

    /// Puts a cut into force. An entry of the schedule has at most one: cuts of one entry that
    /// piled up would leave nobody connected.
    fn cut(&mut self, cut: Cut) {
        let fault = self.nemesis.wakes[cut.strike].record.fault;
        let old: Vec<usize> = self
            .network
            .cuts()
            .filter(|strike| self.nemesis.wakes[*strike].record.fault == fault)
            .collect();
        for strike in old {
            self.write_end(strike);
            self.undo(strike);
        }
        self.news = true;
        self.network.cut(cut);
    }
}
