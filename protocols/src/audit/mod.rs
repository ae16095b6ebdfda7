//! A log that shows tampering: a Merkle tree over its entries, and short proofs that an entry is in
//! it and that a later log begins with an earlier one.
//!
//! The tree, its hashes (a leaf and an inner node hash under different prefixes, so that neither can
//! be passed off as the other) and both proofs are those of RFC 6962, sections 2.1 to 2.1.3; how a
//! proof is verified without the tree is RFC 9162, sections 2.1.3.2 and 2.1.4.2. The hash is
//! SHA-256. Beside it a plain hash chain, whose end is the whole log's digest: as strong against
//! alteration, and without short proofs.

mod proof;
#[cfg(test)]
mod tests;

pub use proof::{verify_consistency, verify_inclusion};

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The size of a hash on the wire, in bytes.
pub const HASH_BYTES: u32 = 32;

/// The prefixes of leaves and of inner nodes (RFC 6962, section 2.1).
const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The hash of an entry.
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([LEAF]).chain_update(entry).finalize().into()
}

/// The hash of an inner node with these children.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([NODE]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without entries.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The end of the hash chain over these leaves: each link hashes what came before and its leaf.
pub fn chain(leaves: &[Hash]) -> Hash {
    leaves.iter().fold(empty(), |end, leaf| node(&end, leaf))
}

/// The greatest power of two below `n`; `n` is at least 2.
const fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// A Merkle tree that only grows. It keeps the roots of all its complete subtrees, so that an entry
/// more costs one hash on average, and a root or a proof as many as the tree is high, squared.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Tree {
    /// `levels[h][i]` is the root of the complete subtree over the leaves from `i·2^h`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over these leaves.
    pub fn over(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }

    /// How many leaves there are.
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The leaves.
    pub fn leaves(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for height in 0.. {
            if height == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let level = &mut self.levels[height];
            level.push(hash);
            if level.len() % 2 == 1 {
                return;
            }
            hash = node(&level[level.len() - 2], &hash);
        }
    }

    /// The root of the subtree over the leaves from `start` up to `end`. `start` is a multiple of
    /// the power of two that the length does not exceed, as it is wherever the RFC splits.
    fn subtree(&self, start: usize, end: usize) -> Hash {
        let length = end - start;
        if length == 0 {
            return empty();
        }
        if length.is_power_of_two() {
            let height = length.trailing_zeros() as usize;
            return self.levels[height][start >> height];
        }
        let middle = start + split(length);
        node(&self.subtree(start, middle), &self.subtree(middle, end))
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        self.subtree(0, self.len())
    }

    /// The root that the tree had when it was of this size; `None` if it never was.
    pub fn root_at(&self, size: usize) -> Option<Hash> {
        (size <= self.len()).then(|| self.subtree(0, size))
    }
}
