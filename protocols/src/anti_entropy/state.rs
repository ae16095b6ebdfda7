//! What a node knows of the directory, and the tree of hashes over it.

use std::collections::BTreeMap;

use sim_core::digest::Digest;
use sim_core::id::NodeSet;
use sim_core::time::Time;

use crate::problem::directory::Key;

/// The newest version of a key that a node knows.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Version {
    /// The version.
    pub version: u32,
    /// Whether it is a deletion; then this is a tombstone.
    pub deleted: bool,
    /// Who is known to have the tombstone on disk.
    pub seen: NodeSet,
}

impl Version {
    /// Who is known to have it, folded.
    pub(super) fn fold(&self) -> u32 {
        Digest::of(&self.seen) as u32
    }
}

/// Hashes of one level of the tree, with their places.
pub type Hashes = Vec<(u16, u64)>;

/// How many children a node of the tree has; there are two levels below the root.
pub(super) const CHILDREN: u16 = 16;

/// The entries of a node.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct State {
    pub(super) entries: BTreeMap<Key, Version>,
    /// Since when each tombstone may be collected that may.
    pub(super) ripe: BTreeMap<Key, Time>,
}

impl State {
    /// The leaf in which a key lies.
    pub(super) fn leaf(key: Key) -> u16 {
        (Digest::of(&key) % u64::from(CHILDREN * CHILDREN)) as u16
    }

    /// What the tree has at these places of the level above the leaves, or of the leaves.
    fn hashes(&self, places: impl Iterator<Item = u16>, place_of: impl Fn(Key) -> u16) -> Hashes {
        let mut hashes: BTreeMap<u16, u64> = places.map(|place| (place, 0)).collect();
        for (key, version) in &self.entries {
            if let Some(hash) = hashes.get_mut(&place_of(*key)) {
                // Keys come in order, so that equal sets have equal hashes.
                *hash = Digest::of(&(*hash, key, version));
            }
        }
        hashes.into_iter().collect()
    }

    /// The hashes of all branches.
    pub(super) fn branches(&self) -> Hashes {
        self.hashes(0..CHILDREN, |key| Self::leaf(key) / CHILDREN)
    }

    /// The hash of everything.
    pub(super) fn root(&self) -> u64 {
        Digest::of(&self.branches())
    }

    /// The hashes of the leaves of some branches.
    pub(super) fn leaves(&self, branches: &[u16]) -> Hashes {
        let leaves = branches.iter().flat_map(|branch| {
            let first = (branch % CHILDREN) * CHILDREN;
            first..first + CHILDREN
        });
        self.hashes(leaves, Self::leaf)
    }

    /// What lies in some leaves.
    pub(super) fn in_leaves(&self, leaves: &[u16]) -> Vec<(Key, Version)> {
        let wanted = |(key, _): &(&Key, &Version)| leaves.contains(&Self::leaf(**key));
        let entries = self.entries.iter().filter(wanted);
        entries.map(|(key, version)| (*key, version.clone())).collect()
    }

    /// What somebody lacks who has these versions of each key, with who has seen it, folded.
    pub(super) fn newer_than(&self, has: &[(Key, u32, u32)]) -> Vec<(Key, Version)> {
        let has: BTreeMap<Key, (u32, u32)> =
            has.iter().map(|(key, version, seen)| (*key, (*version, *seen))).collect();
        let lacks = |(key, version): &(&Key, &Version)| match has.get(key) {
            None => true,
            Some((known, _)) if *known != version.version => *known < version.version,
            Some((_, seen)) => *seen != version.fold(),
        };
        let entries = self.entries.iter().filter(lacks);
        entries.map(|(key, version)| (*key, version.clone())).collect()
    }
}
