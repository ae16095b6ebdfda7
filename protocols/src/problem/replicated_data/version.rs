//! Names of updates, and what one has seen of them.

use std::fmt;

use sim_core::id::NodeId;

/// The name of one update: who made it, and its maker's count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// Who made it.
    pub node: NodeId,
    /// The maker's count of its updates, from 1.
    pub sequence: u32,
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.node, self.sequence)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Of each node, how many of its updates were seen: the first so many.
///
/// Parker et al., "Detection of Mutual Inconsistency in Distributed Systems" (1983).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VersionVector(Vec<u32>);

impl VersionVector {
    /// Nothing was seen.
    pub const EMPTY: Self = Self(Vec::new());

    /// How many updates of `node` were seen.
    pub fn of(&self, node: NodeId) -> u32 {
        self.0.get(node.index()).copied().unwrap_or(0)
    }

    /// Whether the update was seen.
    pub fn has(&self, dot: Dot) -> bool {
        dot.sequence <= self.of(dot.node)
    }

    /// The update that `node` makes next, as far as was seen.
    pub fn next(&self, node: NodeId) -> Dot {
        Dot { node, sequence: self.of(node) + 1 }
    }

    /// Has seen all updates of the dot's maker up to this one.
    pub fn advance(&mut self, dot: Dot) {
        if self.0.len() <= dot.node.index() {
            self.0.resize(dot.node.index() + 1, 0);
        }
        let seen = &mut self.0[dot.node.index()];
        *seen = dot.sequence.max(*seen);
    }

    /// Has seen what the other has seen too.
    pub fn join(&mut self, other: &Self) {
        other.last_dots().for_each(|dot| self.advance(dot));
    }

    /// Whether the other has seen all that this one has.
    pub fn is_within(&self, other: &Self) -> bool {
        self.last_dots().all(|dot| other.has(dot))
    }

    /// Of each node of which anything was seen, its last update that was.
    pub fn last_dots(&self) -> impl Iterator<Item = Dot> + '_ {
        let dots = self.0.iter().zip(0..);
        let dots = dots.map(|(sequence, node)| Dot { node: NodeId(node), sequence: *sequence });
        dots.filter(|dot| dot.sequence > 0)
    }

    /// How many updates were seen.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|sequence| u64::from(*sequence)).sum()
    }

    /// The size on the wire, in bytes: a counter for each node up to the last that counts.
    pub const fn bytes(&self) -> u32 {
        4 * self.0.len() as u32
    }
}

impl fmt::Debug for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.last_dots()).finish()
    }
}
