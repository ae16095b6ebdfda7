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

    /// What the agent signed that it convicts, with keys that may have been stolen. (Those of offices
    /// are not.)
    pub fn statements(&self) -> Option<[Statement; 2]> {
        match self {
            Self::Contradiction(statements) => Some(**statements),
            Self::Fork { .. } | Self::Shrunk { .. } => None,
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

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};
    use sim_core::time::{Duration, Time};

    use super::super::message::{Body, Letter, Sealed};
    use super::*;
    use crate::credential::Certificate;
    use crate::credential::tests::keys;
    use crate::problem::secure_messaging::{Kind, Label};

    /// Heads of a log that only grows, and of one that does not.
    fn heads(keeper: &SecretKey) -> (Tree, SignedHead, SignedHead, SignedHead) {
        let tree = Tree::over((0_u8..9).map(|number| leaf(&[number])));
        let head =
            |size: usize| SignedHead::sign(keeper, size as u32, tree.root_at(size).unwrap(), None);
        let other = Tree::over((10_u8..14).map(|number| leaf(&[number])));
        let forked = SignedHead::sign(keeper, other.len() as u32, other.root(), None);
        (tree.clone(), head(4), head(9), forked)
    }

    /// The key of an authority that vouched for nobody here.
    const VOUCHING: PublicKey = PublicKey { owner: NodeId(9), generation: 0 };

    #[test]
    fn two_logs_convict_whoever_signed_both_and_nobody_else() {
        let [keeper, eve] = keys();
        let (tree, small, large, forked) = heads(&keeper);
        let leaves = tree.leaves().to_vec();
        let fork = |small, large, leaves| Evidence::Fork { small, large, leaves };
        let convicts = |evidence: &Evidence| evidence.convicts(keeper.public(), VOUCHING);
        assert_eq!(convicts(&fork(forked, large, leaves.clone())), Some(NodeId(0)));
        assert_eq!(convicts(&fork(small, forked, vec![])), Some(NodeId(0)), "of one size");
        // A log that grew, the same head twice, and other leaves than those of the head prove nothing.
        assert_eq!(convicts(&fork(small, large, leaves.clone())), None);
        assert_eq!(convicts(&fork(small, small, vec![])), None);
        assert_eq!(convicts(&fork(forked, large, leaves[..8].to_vec())), None);
        assert_eq!(convicts(&fork(large, forked, leaves.clone())), None, "the wrong way round");
        // What somebody else signed convicts neither of them.
        let (_, of_eve, ..) = heads(&eve);
        let made_up = fork(forked, SignedHead::sign(&eve, 4, leaf(b""), None), vec![]);
        assert_eq!((convicts(&made_up), made_up.convicts(eve.public(), VOUCHING)), (None, None));
        assert_eq!(convicts(&fork(of_eve, large, leaves)), None);
    }

    #[test]
    fn an_answer_that_is_less_than_what_it_answers_convicts_and_an_old_one_does_not() {
        let [keeper, _] = keys();
        let (_, small, large, _) = heads(&keeper);
        let answer = |size, answering| SignedHead::sign(&keeper, size, leaf(b"x"), answering);
        let shrunk =
            |known, answer| Evidence::Shrunk { known, answer }.convicts(keeper.public(), VOUCHING);
        assert_eq!(shrunk(large, answer(4, Some(large.known()))), Some(NodeId(0)));
        assert_eq!(shrunk(large, answer(9, Some(large.known()))), None, "no less");
        assert_eq!(shrunk(large, answer(4, Some(small.known()))), None, "an answer to another");
        assert_eq!(shrunk(large, small), None, "an old head, which was an answer to nobody");
    }

    /// A message that was signed, under a key for which `authority` vouched.
    fn said(author: &SecretKey, authority: &SecretKey, to: u32, slot: u32, kind: Kind) -> Letter {
        let lasts = Duration::from_secs(9);
        let certificate = Certificate::issue(authority, author.public(), Time::ZERO, lasts);
        let letter = Letter {
            from: author.public().owner,
            to: NodeId(to),
            op: OpId { client: ClientId(0), sequence: slot },
            sent_at: Time::ZERO,
            sealed: Sealed::new(
                Body::Text { kind, label: Label::Secret, term: 3 },
                Some(NodeId(to)),
            ),
            certificate: None,
            signature: None,
        };
        letter.signed(author, certificate, true)
    }

    #[test]
    fn two_statements_in_one_slot_convict_their_author_before_anybody_and_nothing_else_does() {
        let [author, authority] = keys();
        let convicts = |first: &Letter, second: &Letter| {
            let both = [first, second].map(|letter| letter.statement().expect("a signed message"));
            Evidence::Contradiction(Box::new(both)).convicts(VOUCHING, authority.public())
        };
        let first = said(&author, &authority, 5, 1, Kind::Order);
        let other = said(&author, &authority, 6, 1, Kind::Note);
        assert_eq!(convicts(&first, &other), Some(NodeId(0)));
        assert_eq!(
            convicts(&first, &said(&author, &authority, 6, 1, Kind::Order)),
            Some(NodeId(0))
        );
        // The same letter sent again later, and another in another slot, are what the honest do.
        let mut again = Letter { sent_at: Time::ZERO + Duration::from_secs(1), ..first.clone() };
        let certificate = first.certificate.expect("it has one");
        again = again.signed(&author, certificate, true);
        assert_eq!(convicts(&first, &again), None);
        assert_eq!(convicts(&first, &said(&author, &authority, 6, 2, Kind::Note)), None);
        // What somebody else signed in his name, or under a key for which nobody vouched.
        let forged = Letter { from: NodeId(0), ..said(&authority, &authority, 6, 1, Kind::Note) };
        assert_eq!(convicts(&first, &forged), None);
        assert_eq!(convicts(&first, &Letter { to: NodeId(6), ..first.clone() }), None, "altered");
        let [first, other] =
            [Kind::Order, Kind::Note].map(|kind| said(&author, &author, 5, 1, kind));
        assert_eq!(convicts(&first, &other), None);
    }
}
