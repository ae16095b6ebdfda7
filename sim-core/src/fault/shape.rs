//! Shapes of a network that is cut in part: who still talks to whom.
//!
//! In all of them what is not named is cut, in both directions. Nodes take their places in an
//! order that is drawn, so that no place belongs to a name.

use crate::id::{NodeId, NodeSet};
use crate::notation::vocabulary;

vocabulary! {
    /// Who still talks to whom.
    pub enum Shape {
        /// Two halves that share one node, which talks to both (Jepsen's bridge).
        Bridge "bridge" "two halves share one node";
        /// Each node talks to a majority, itself among it, and no two see the same majority: the
        /// nearest neighbours on a ring (Jepsen's majorities ring).
        Ring "ring" "each node sees another majority";
        /// All talk to the first node and to nobody else: the leader loses its quorum while one
        /// server still has one (the quorum-loss case of Ng, Haridi and Carbone, "Omni-Paxos",
        /// EuroSys 2023, §2).
        Star "star" "all talk to one node only: quorum loss";
        /// The leader talks to nobody; of the others all talk to one and to nobody else, so that
        /// only that one can win an election (the constrained-election case of the same paper).
        ConstrainedElection "constrained-election" "a star without the leader";
        /// A line with the leader at its end: each talks to its neighbours only (the chained case
        /// of the same paper).
        Chained "chained" "a line with the leader at its end";
    }
}

impl Shape {
    /// Whom each node talks to, itself among them. `places` are all nodes in the order in which
    /// they take their places; a leader that the shape speaks of comes first.
    pub(crate) fn reach(self, places: &[NodeId]) -> Vec<NodeSet> {
        let n = places.len();
        let mut reach: Vec<NodeSet> = vec![NodeSet::EMPTY; n];
        for (place, node) in places.iter().enumerate() {
            let talks = |other: usize| self.joins(place, other, n) || self.joins(other, place, n);
            let peers = (0..n).filter(|other| *other == place || talks(*other));
            reach[node.index()] = peers.map(|other| places[other]).collect();
        }
        reach
    }

    /// Whether the first of two places talks to the second, of `n`.
    const fn joins(self, place: usize, other: usize, n: usize) -> bool {
        match self {
            Self::Bridge => {
                place == 0 || (place - 1 < (n - 1) / 2) == (other.saturating_sub(1) < (n - 1) / 2)
            }
            // Half of the others that a majority needs stand on the next places; the ring closes.
            Self::Ring => {
                let ahead = (other + n - place) % n;
                ahead <= (n / 2).div_ceil(2)
            }
            Self::Star => place == 0,
            Self::ConstrainedElection => place == 1 && other != 0,
            Self::Chained => other == place + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(shape: Shape, n: u32) -> Vec<Vec<u32>> {
        let places: Vec<NodeId> = (0..n).map(NodeId).collect();
        let list = |set: &NodeSet| set.iter().map(|node| node.0).collect();
        shape.reach(&places).iter().map(list).collect()
    }

    #[test]
    fn shapes_are_what_their_names_say() {
        let all = vec![0, 1, 2, 3, 4];
        assert_eq!(
            reach(Shape::Bridge, 5),
            [all.clone(), vec![0, 1, 2], vec![0, 1, 2], vec![0, 3, 4], vec![0, 3, 4]]
        );
        assert_eq!(reach(Shape::Star, 5), [all, vec![0, 1], vec![0, 2], vec![0, 3], vec![0, 4]]);
        assert_eq!(
            reach(Shape::ConstrainedElection, 5),
            [vec![0], vec![1, 2, 3, 4], vec![1, 2], vec![1, 3], vec![1, 4]]
        );
        assert_eq!(reach(Shape::Chained, 3), [vec![0, 1], vec![0, 1, 2], vec![1, 2]]);
    }

    #[test]
    fn a_shape_is_called_what_scenarios_write() {
        for (shape, name, _) in Shape::ALL {
            assert_eq!(shape.name(), name);
            assert_eq!(serde_json::to_value(shape).expect("a name"), name);
        }
    }

    #[test]
    fn on_a_ring_everybody_sees_a_majority_and_no_two_the_same() {
        for n in [5, 6, 7, 9] {
            let reach = reach(Shape::Ring, n);
            for (node, peers) in reach.iter().enumerate() {
                assert!(peers.len() as u32 > n / 2, "n = {n}: n{node} sees {peers:?}");
                assert!((peers.len() as u32) < n, "n = {n}: n{node} sees everybody");
                assert_eq!(reach.iter().filter(|other| *other == peers).count(), 1, "n = {n}");
                for peer in peers {
                    assert!(reach[*peer as usize].contains(&(node as u32)), "one-way");
                }
            }
        }
    }
}
