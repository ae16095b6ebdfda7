//! Names of nodes, instances, clients and operations, and sets of nodes.
//!
//! Identity and instance are two things: state, disk and timers belong to an [`InstanceId`];
//! [`NodeId`] is the identity under which an instance speaks. Usually there is one of each; a twin
//! is a second instance under one identity.

use std::fmt;
use std::str::FromStr;

/// The identity of a node: `0..n`, stable across runs, crashes and re-boots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(pub u32);

/// One body of an identity: it owns state, disk, timers and inbox.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct InstanceId(pub u32);

/// A client of the application, `0..clients`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClientId(pub u32);

/// How often an instance was booted before: 0 for the first life.
pub type Incarnation = u32;

/// One operation of a client. A retry keeps its name, so that it can be recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OpId {
    /// Who asked.
    pub client: ClientId,
    /// The client's own count, from 0.
    pub sequence: u32,
}

impl NodeId {
    /// The position of the node in tables of `n` entries.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl InstanceId {
    /// The position of the instance in the world's table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix('n')
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a node: write \"n0\", \"n1\", …"))
    }
}

crate::text_notation!(NodeId, "a node, such as \"n0\"", "A node.", "^n[0-9]+$", &["n0"]);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.client, self.sequence)
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The electorate: the nodes `n0` to `n(n−1)` that a protocol runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Cluster {
    /// The number of nodes, at least 1.
    pub n: u32,
}

impl Cluster {
    /// All nodes, in order.
    pub fn nodes(self) -> impl DoubleEndedIterator<Item = NodeId> + Clone {
        (0..self.n).map(NodeId)
    }

    /// All nodes but `me`, in order.
    pub fn others(self, me: NodeId) -> impl DoubleEndedIterator<Item = NodeId> + Clone {
        self.nodes().filter(move |node| *node != me)
    }

    /// Whether `node` is one of them.
    pub const fn contains(self, node: NodeId) -> bool {
        node.0 < self.n
    }

    /// Where a client stands that is a node of its own: behind the electorate.
    pub const fn node_of(self, client: ClientId) -> NodeId {
        NodeId(self.n + client.0)
    }

    /// The client that is this node; `None` for one of the electorate.
    pub const fn client_at(self, node: NodeId) -> Option<ClientId> {
        if self.contains(node) { None } else { Some(ClientId(node.0 - self.n)) }
    }

    /// The size of the smallest majority, ⌊n/2⌋ + 1.
    pub const fn majority(self) -> u32 {
        self.n / 2 + 1
    }

    /// The most nodes that may crash while a majority is left, ⌈n/2⌉ − 1.
    pub const fn minority(self) -> u32 {
        self.n.saturating_sub(self.majority())
    }
}

/// A set of nodes: bits, and no allocation for the first 128 nodes.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct NodeSet {
    low: u128,
    high: Vec<u64>,
}

impl NodeSet {
    /// The empty set.
    pub const EMPTY: Self = Self { low: 0, high: Vec::new() };

    /// Adds `node`; says whether it was new.
    pub fn insert(&mut self, node: NodeId) -> bool {
        let new = !self.contains(node);
        match node.0 {
            low @ 0..128 => self.low |= 1 << low,
            high => {
                let (word, bit) = Self::place(high);
                if self.high.len() <= word {
                    self.high.resize(word + 1, 0);
                }
                self.high[word] |= 1 << bit;
            }
        }
        new
    }

    /// Takes `node` out; says whether it was there.
    pub fn remove(&mut self, node: NodeId) -> bool {
        let there = self.contains(node);
        match node.0 {
            low @ 0..128 => self.low &= !(1 << low),
            high => {
                let (word, bit) = Self::place(high);
                if let Some(word) = self.high.get_mut(word) {
                    *word &= !(1 << bit);
                }
            }
        }
        // One set has one representation, so that equality and digests mean the same.
        while self.high.last() == Some(&0) {
            self.high.pop();
        }
        there
    }

    /// Whether `node` is in the set.
    pub fn contains(&self, node: NodeId) -> bool {
        match node.0 {
            low @ 0..128 => self.low >> low & 1 == 1,
            high => {
                let (word, bit) = Self::place(high);
                self.high.get(word).is_some_and(|word| word >> bit & 1 == 1)
            }
        }
    }

    /// The number of nodes in the set.
    pub fn len(&self) -> u32 {
        self.low.count_ones() + self.high.iter().map(|word| word.count_ones()).sum::<u32>()
    }

    /// Whether nobody is in the set.
    pub fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_empty()
    }

    /// Removes everybody, keeping the memory.
    pub fn clear(&mut self) {
        self.low = 0;
        self.high.clear();
    }

    /// The nodes of the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        let end = 128 + self.high.len() as u32 * 64;
        (0..end).map(NodeId).filter(|node| self.contains(*node))
    }

    const fn place(high: u32) -> (usize, u32) {
        ((high - 128) as usize / 64, (high - 128) % 64)
    }
}

impl Extend<NodeId> for NodeSet {
    fn extend<I: IntoIterator<Item = NodeId>>(&mut self, nodes: I) {
        for node in nodes {
            self.insert(node);
        }
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(nodes);
        set
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_nodes_behaves_like_a_sorted_set() {
        let mut model = std::collections::BTreeSet::new();
        let mut set = NodeSet::EMPTY;
        for step in 0_u32..2_000 {
            let node = NodeId(step.wrapping_mul(2_654_435_761) >> 23);
            if step % 3 == 0 {
                assert_eq!(set.remove(node), model.remove(&node));
            } else {
                assert_eq!(set.insert(node), model.insert(node));
            }
            assert_eq!(set.len() as usize, model.len());
        }
        assert!(set.iter().eq(model.iter().copied()));
        assert!(model.iter().any(|node| node.0 >= 128), "the test never left the first word");
    }

    #[test]
    fn removing_what_was_added_leaves_an_equal_set() {
        let mut set = NodeSet::from_iter([NodeId(3)]);
        set.insert(NodeId(400));
        set.remove(NodeId(400));
        assert_eq!(set, NodeSet::from_iter([NodeId(3)]));
    }

    #[test]
    fn majorities_intersect() {
        for n in 1..200 {
            let cluster = Cluster { n };
            assert!(2 * cluster.majority() > n);
            assert_eq!(cluster.minority() + cluster.majority(), n);
        }
    }
}
