//! Who may make contact with whom: everybody with everybody, or along links that nobody stores.
//!
//! The links of a node are a function of its number and of the salt, so a million nodes keep none.
//! They begin as a ring lattice in which each node is linked with the `degree / 2` next on either
//! side. A share of them is rewired, as Watts and Strogatz do ("Collective dynamics of
//! 'small-world' networks", Nature 393, 1998): the far end of the `j`-th link of a node becomes its
//! image under the `j`-th of some random permutations, so that either end can find the other. With
//! no link rewired that is the ring; with all of them it is the permutation model of random regular
//! graphs.

use super::config::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::digest::Digest;
use sim_core::id::{Cluster, NodeId};
use sim_core::rng::Ratio;

/// Whom a node may make contact with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// Everybody.
    Complete,
    /// The next nodes on either side.
    Ring,
    /// Random nodes, as many for each.
    RandomRegular,
    /// The next nodes on either side, but some links lead anywhere.
    SmallWorld,
}

/// The links of a topology that has some.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    n: u32,
    degree: u32,
    rewired: Ratio,
    salt: u64,
}

/// What a draw of the links decides.
const REWIRED: u64 = u64::MAX;

impl Links {
    /// The links of a configuration whose topology is not complete.
    pub fn of(config: &Config, cluster: Cluster) -> Self {
        let rewired = match config.topology {
            Topology::Ring | Topology::Complete => Ratio::NEVER,
            Topology::RandomRegular => Ratio::ALWAYS,
            Topology::SmallWorld => config.rewired,
        };
        Self { n: cluster.n, degree: config.degree, rewired, salt: config.salt }
    }

    /// 64 bits that belong to a link or to a round of a permutation.
    fn bits(&self, lane: u64, place: u64) -> u64 {
        let mut digest = Digest::default();
        digest.pair(self.salt, lane);
        digest.word(place);
        digest.value()
    }

    fn is_rewired(&self, node: u32, j: u32) -> bool {
        match self.rewired {
            never if never.is_never() => false,
            always if always.is_always() => true,
            some => some.holds(self.bits(REWIRED, u64::from(node) << 32 | u64::from(j))),
        }
    }

    /// The neighbours of a node. A link to itself is none, and one that two links lead to counts
    /// twice.
    pub fn neighbours(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let me = node.0;
        let each = move |j: u32| {
            let permutation = Permutation { links: *self, j };
            let (next, previous) = (self.shift(me, j), self.shift(me, self.n - j));
            let forward = if self.is_rewired(me, j) { permutation.image(me) } else { next };
            let backward = (!self.is_rewired(previous, j)).then_some(previous);
            // Only where links are rewired is there anything to look for.
            let caller = (!self.rewired.is_never()).then(|| permutation.origin(me));
            let caller = caller.filter(|caller| self.is_rewired(*caller, j));
            [Some(forward), backward, caller]
        };
        let all = (1..=self.degree / 2).flat_map(each).flatten();
        all.filter(move |other| *other != me).map(NodeId)
    }

    /// The node `by` places further round the ring.
    const fn shift(&self, node: u32, by: u32) -> u32 {
        ((node as u64 + by as u64) % self.n as u64) as u32
    }

    /// Whether every node can be reached from every other.
    pub fn are_connected(&self) -> bool {
        let mut roots: Vec<u32> = (0..self.n).collect();
        let mut parts = self.n;
        for node in 0..self.n {
            for other in self.neighbours(NodeId(node)) {
                let (one, two) = (root(&mut roots, node), root(&mut roots, other.0));
                if one != two {
                    roots[one as usize] = two;
                    parts -= 1;
                }
            }
        }
        parts <= 1
    }
}

/// The root of a node among sets that are trees; halves the path to it.
fn root(roots: &mut [u32], mut node: u32) -> u32 {
    while roots[node as usize] != node {
        let parent = roots[node as usize];
        roots[node as usize] = roots[parent as usize];
        node = parent;
    }
    node
}

/// A random permutation of the nodes, computed both ways: a Feistel network of four rounds over the
/// next power of four, walked until it comes back into the range (Black and Rogaway, "Ciphers with
/// Arbitrary Finite Domains", CT-RSA 2002).
struct Permutation {
    links: Links,
    j: u32,
}

const FEISTEL_ROUNDS: u64 = 4;

impl Permutation {
    /// Half the bits of the domain.
    const fn half(&self) -> u32 {
        (u32::BITS - (self.links.n - 1).leading_zeros()).div_ceil(2)
    }

    fn mix(&self, round: u64, word: u64) -> u64 {
        let lane = u64::from(self.j) << 8 | round;
        self.links.bits(lane, word) & ((1 << self.half()) - 1)
    }

    fn step(&self, place: u64, rounds: impl Iterator<Item = u64>) -> u64 {
        let half = self.half();
        let (mut left, mut right) = (place >> half, place & ((1 << half) - 1));
        for round in rounds {
            (left, right) = (right, left ^ self.mix(round, right));
        }
        // The halves come out swapped, so that the rounds in reverse undo the rounds.
        right << half | left
    }

    fn walk(&self, node: u32, step: impl Fn(u64) -> u64) -> u32 {
        let mut place = step(u64::from(node));
        while place >= u64::from(self.links.n) {
            place = step(place);
        }
        place as u32
    }

    fn image(&self, node: u32) -> u32 {
        self.walk(node, |place| self.step(place, 0..FEISTEL_ROUNDS))
    }

    fn origin(&self, node: u32) -> u32 {
        self.walk(node, |place| self.step(place, (0..FEISTEL_ROUNDS).rev()))
    }
}

/// How many a node may make contact with; a neighbour counts once for each link.
pub(super) fn count_peers(config: &Config, cluster: Cluster, me: NodeId) -> u64 {
    match config.topology {
        Topology::Complete => u64::from(cluster.n) - 1,
        _ => Links::of(config, cluster).neighbours(me).count() as u64,
    }
}

/// One of them, by its place among them.
pub(super) fn peer_at(config: &Config, cluster: Cluster, me: NodeId, place: u64) -> Option<NodeId> {
    match config.topology {
        Topology::Complete => {
            let other = place as u32;
            let other = NodeId(other + u32::from(other >= me.0));
            cluster.contains(other).then_some(other)
        }
        _ => Links::of(config, cluster).neighbours(me).nth(place as usize),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn links(n: u32, topology: Topology, degree: u32) -> Links {
        Links::of(&Config { topology, degree, ..Config::default() }, Cluster { n })
    }

    fn all(links: Links) -> Vec<(u32, u32)> {
        let of = |node| links.neighbours(NodeId(node)).map(move |other| (node, other.0));
        let mut all: Vec<_> = (0..links.n).flat_map(of).collect();
        all.sort_unstable();
        all
    }

    const ALL: [Topology; 3] = [Topology::Ring, Topology::RandomRegular, Topology::SmallWorld];

    #[test]
    fn whoever_is_a_neighbour_has_that_neighbour() {
        for n in [5, 16, 17, 100, 1_000] {
            for topology in ALL {
                let there = all(links(n, topology, 4));
                let mut back: Vec<_> = there.iter().map(|(one, two)| (*two, *one)).collect();
                back.sort_unstable();
                assert_eq!(there, back, "{topology:?} of {n}");
            }
        }
    }

    #[test]
    fn a_permutation_reaches_every_node_once_and_its_inverse_leads_back() {
        for n in [2, 3, 5, 64, 65, 1_000] {
            for j in 1..4 {
                let permutation = Permutation { links: links(n, Topology::RandomRegular, 2), j };
                let images: BTreeSet<_> = (0..n).map(|node| permutation.image(node)).collect();
                assert_eq!(images.len() as u32, n);
                assert!((0..n).all(|node| permutation.origin(permutation.image(node)) == node));
            }
        }
    }

    #[test]
    fn a_ring_links_the_next_and_a_random_graph_gives_nearly_all_the_same_degree() {
        let ring: Vec<_> = links(10, Topology::Ring, 4).neighbours(NodeId(0)).collect();
        assert_eq!(ring, [1, 9, 2, 8].map(NodeId));
        let random = links(1_000, Topology::RandomRegular, 4);
        let full = |node: &u32| random.neighbours(NodeId(*node)).count() == 4;
        assert!((0..1_000).filter(full).count() > 980);
    }

    #[test]
    fn a_small_world_rewires_its_share() {
        let world = links(10_000, Topology::SmallWorld, 4);
        let near = |(one, two): &&(u32, u32)| {
            let apart = one.abs_diff(*two);
            apart.min(10_000 - apart) <= 2
        };
        let links = all(world);
        let far = links.len() - links.iter().filter(near).count();
        let share = far as f64 / links.len() as f64;
        assert!((0.09..0.11).contains(&share), "{share} of the links are rewired");
    }

    #[test]
    fn a_graph_in_parts_is_told_from_one_that_hangs_together() {
        assert!(ALL.into_iter().all(|topology| links(1_000, topology, 6).are_connected()));
        // One permutation is a handful of cycles.
        assert!(!links(1_000, Topology::RandomRegular, 2).are_connected());
        assert!(links(1_000, Topology::Ring, 2).are_connected());
    }

    #[test]
    fn each_neighbour_is_a_peer_and_nobody_is_its_own() {
        for (topology, peers) in [(Topology::Complete, 5), (Topology::Ring, 4)] {
            let config = Config { topology, degree: 4, ..Config::default() };
            let cluster = Cluster { n: 6 };
            for me in cluster.nodes() {
                let count = count_peers(&config, cluster, me);
                let met: BTreeSet<_> = (0..count)
                    .map(|place| peer_at(&config, cluster, me, place).expect("a peer"))
                    .collect();
                assert_eq!((met.len(), met.contains(&me)), (peers, false), "{topology:?} {me}");
            }
        }
        let alone = Cluster { n: 1 };
        assert_eq!(count_peers(&Config::default(), alone, NodeId(0)), 0);
        assert_eq!(peer_at(&Config::default(), alone, NodeId(0), 0), None);
    }
}
