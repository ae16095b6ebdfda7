//! Evidence that convicts a keeper of two logs or an agent of two statements in one slot, and that
//! anybody can check who knows the keys of the offices.
//!
//! A head is signed with the head that it answers: the asker says how far it knows the log, so that
//! a keeper that answers with less contradicts itself in one signature. An honest keeper's log only
//! grows, and so it can never be convicted.

use sim_core::id::NodeId;
use sim_core::signature::{SIGNATURE_BYTES, Signature};

use super::message::Statement;
use crate::audit::{HASH_BYTES, Hash, Tree, leaf};
use crate::credential::{PublicKey, SecretKey};
use crate::problem::secure_messaging::LogEntry;

/// The purpose for which heads are signed.
const HEAD: &str = "head";

/// The size and root of a log, signed by its keeper.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct SignedHead {
    size: u32,
    root: Hash,
    answering: Option<(u32, Hash)>,
    signature: Signature,
}

impl SignedHead {
    /// Signs the head of a log, in answer to somebody who knows it so far.
    pub fn sign(key: &SecretKey, size: u32, root: Hash, answering: Option<(u32, Hash)>) -> Self {
        let signature = key.sign(HEAD, &(size, root, answering));
        Self { size, root, answering, signature }
    }

    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: PublicKey) -> bool {
        key.verifies(&self.signature, HEAD, &(self.size, self.root, self.answering))
    }

    /// How many entries there are.
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// The root of the tree over them.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Size and root.
    pub const fn known(&self) -> (u32, Hash) {
        (self.size, self.root)
    }

    /// How far whoever asked knew the log.
    pub const fn answering(&self) -> Option<(u32, Hash)> {
        self.answering
    }

    /// The size on the wire, in bytes.
    pub fn bytes(&self) -> u32 {
        let head = 4 + HASH_BYTES;
        head + self.answering.map_or(0, |_| head) + SIGNATURE_BYTES
    }
}

impl LogEntry {
    /// The hash of the entry as a leaf of the tree, over its canonical bytes.
    pub fn leaf(&self) -> Hash {
        let words = [self.by.0, self.about.client.0, self.about.sequence];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        leaf(&bytes)
    }
}

/// What convicts.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Evidence {
    /// Two heads of which the smaller is none of the larger's past, as the larger's leaves show.
    Fork {
        /// The head of the smaller log, or of one of equal size.
        small: SignedHead,
        /// The head of the larger log.
        large: SignedHead,
        /// The leaves of the larger log; none are needed if both are of one size.
        leaves: Vec<Hash>,
    },
    /// An answer that is smaller than the head that it answers, which the keeper had signed too.
    Shrunk {
        /// The head that was known.
        known: SignedHead,
        /// The answer to it.
        answer: SignedHead,
    },
    /// Two statements of one agent in one slot that say different things.
    Contradiction(Box<[Statement; 2]>),
}

impl Evidence {
    /// Whom it convicts, if it does: `keeper` is the key of whoever is said to have signed heads,
    /// `authority` that of whoever vouches for the keys of agents. Nobody else need be asked.
    pub fn convicts(&self, keeper: PublicKey, authority: PublicKey) -> Option<NodeId> {
        match self {
            // Either office keeps a log.
            Self::Fork { .. } | Self::Shrunk { .. } => [keeper, authority]
                .into_iter()
                .find(|office| self.is_proof_against(*office))
                .map(|office| office.owner),
            Self::Contradiction(both) => {
                let [first, second] = both.as_ref();
                let is_proof = first.contradicts(second)
                    && first.is_genuine(authority)
                    && second.is_genuine(authority);
                is_proof.then_some(first.slot().0)
            }
        }
    }

    /// Whether heads that this key signed contradict each other.
    fn is_proof_against(&self, keeper: PublicKey) -> bool {
        match self {
            Self::Fork { small, large, leaves } => {
                let are_signed = small.is_signed_by(keeper) && large.is_signed_by(keeper);
                are_signed
                    && match small.size == large.size {
                        true => small.root != large.root,
                        false => {
                            let tree = Tree::over(leaves.iter().copied());
                            tree.len() == large.size as usize
                                && tree.root() == large.root
                                && small.size < large.size
                                && tree.root_at(small.size as usize) != Some(small.root)
                        }
                    }
            }
            Self::Shrunk { known, answer } => {
                known.is_signed_by(keeper)
                    && answer.is_signed_by(keeper)
                    && answer.answering == Some(known.known())
                    && answer.size < known.size
            }
            Self::Contradiction(_) => false,
        }
    }

    /// The size on the wire, in bytes.
    pub fn bytes(&self) -> u32 {
        match self {
            Self::Fork { small, large, leaves } => {
                small.bytes() + large.bytes() + HASH_BYTES * leaves.len() as u32
            }
            Self::Shrunk { known, answer } => known.bytes() + answer.bytes(),
            Self::Contradiction(_) => 2 * Statement::bytes(),
        }
    }
}
