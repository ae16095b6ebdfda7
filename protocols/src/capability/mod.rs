//! Capabilities: who may do what with which resource, and may pass a part of that on.
//!
//! A capability is a chain of blocks. The first is signed by the authority and names the key of its
//! holder; each further one is signed by the holder before it and names the next. Every block must
//! permit what is asked, so that a chain can only ever get narrower, and to verify it one needs the
//! authority's key and nothing else: macaroons (Birgisson et al., NDSS 2014) with signatures instead
//! of a chained MAC, as in SPKI (RFC 2693) and Biscuit. What no block permits is denied.
//!
//! Beside it the ambient way: a role says what its bearer may do, whoever asked him to. There the
//! confused deputy lives (Hardy 1988).

#[cfg(test)]
mod tests;

use std::hash::Hash;

use sim_core::id::NodeId;
use sim_core::signature::{SIGNATURE_BYTES, Signature};
use sim_core::time::{Duration, Time};

use crate::audit;
use crate::credential::{PublicKey, SecretKey};

/// What can be done with a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Action {
    /// Look at it.
    Read,
    /// Change it.
    Write,
}

/// Something that can be acted upon, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Resource(pub u32);

/// What one block permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Terms {
    /// On which resource.
    pub resource: Resource,
    /// To do what.
    pub action: Action,
    /// Until when.
    pub expires: Time,
    /// How many more times it may be passed on.
    pub depth: u8,
    /// Under which policy it was granted: the root of the tree over its rules.
    pub policy: audit::Hash,
}

/// One link of the chain: what its holder may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Block {
    terms: Terms,
    holder: PublicKey,
    signature: Signature,
}

/// The right to do something, and how one came by it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Capability(Vec<Block>);

/// Why a capability does not permit what is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Denial {
    /// There is none.
    Missing,
    /// A block was not signed by the holder before it, or the first not by the authority.
    Forged,
    /// Who presents it is not its last holder.
    NotHolder,
    /// It is for another resource or another action.
    Outside,
    /// It is over.
    Expired,
    /// It was passed on more often than it may be.
    TooDeep,
    /// A holder's key is no longer good.
    Revoked,
}

const DOMAIN: &str = "capability";
/// A block's terms, its holder and the signature.
const BLOCK_BYTES: u32 = 4 + 1 + 8 + 1 + audit::HASH_BYTES + 8 + SIGNATURE_BYTES;

impl Capability {
    /// The authority's own grant.
    pub fn grant(authority: &SecretKey, holder: PublicKey, terms: Terms) -> Self {
        let signature = authority.sign(DOMAIN, &(None::<Signature>, terms, holder));
        Self(vec![Block { terms, holder, signature }])
    }

    /// What the last holder may do.
    pub fn terms(&self) -> Terms {
        self.last().terms
    }

    /// Under which policy the authority granted it.
    pub fn policy(&self) -> audit::Hash {
        self.0.first().expect("a capability has a block").terms.policy
    }

    /// The last holder's key.
    pub fn holder(&self) -> PublicKey {
        self.last().holder
    }

    fn last(&self) -> &Block {
        self.0.last().expect("a capability has a block")
    }

    /// The keys of all its holders, the first one first.
    pub fn holders(&self) -> impl Iterator<Item = PublicKey> {
        self.0.iter().map(|block| block.holder)
    }

    /// The size on the wire, in bytes.
    pub const fn bytes(&self) -> u32 {
        BLOCK_BYTES * self.0.len() as u32
    }

    /// Passes it on under these terms; whether they are within what `by` may do shows when it is
    /// verified. `by` should be the last holder's key.
    #[must_use]
    pub fn passed_on(&self, by: &SecretKey, holder: PublicKey, terms: Terms) -> Self {
        let signature = by.sign(DOMAIN, &(Some(self.last().signature), terms, holder));
        let mut blocks = self.0.clone();
        blocks.push(Block { terms, holder, signature });
        Self(blocks)
    }

    /// Passes it on as it is, to be passed on once less.
    #[must_use]
    pub fn attenuated(&self, by: &SecretKey, holder: PublicKey) -> Self {
        let terms = self.terms();
        self.passed_on(by, holder, Terms { depth: terms.depth.saturating_sub(1), ..terms })
    }

    /// The same chain that claims other terms in its last block: a forgery, which does not verify.
    #[must_use]
    pub fn altered(&self, terms: Terms) -> Self {
        let mut blocks = self.0.clone();
        if let Some(last) = blocks.last_mut() {
            last.terms = terms;
        }
        Self(blocks)
    }

    /// Looks whether it permits what is asked. `is_good` tells whether a key has not been revoked.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(
        &self,
        asked: &Asked,
        authority: PublicKey,
        is_good: impl Fn(PublicKey) -> bool,
    ) -> Result<(), Denial> {
        let (mut signer, mut before): (_, Option<&Block>) = (authority, None);
        for block in &self.0 {
            let Block { terms, holder, signature } = block;
            let covered = (before.map(|block| block.signature), *terms, *holder);
            if !signer.verifies(signature, DOMAIN, &covered) {
                return Err(Denial::Forged);
            }
            if before.is_some_and(|before| before.terms.depth <= terms.depth) {
                return Err(Denial::TooDeep);
            }
            if (terms.resource, terms.action) != (asked.resource, asked.action) {
                return Err(Denial::Outside);
            }
            if asked.now > terms.expires + asked.skew {
                return Err(Denial::Expired);
            }
            if !is_good(*holder) {
                return Err(Denial::Revoked);
            }
            (signer, before) = (*holder, Some(block));
        }
        match before {
            Some(last) if last.holder.owner == asked.presenter => Ok(()),
            Some(_) => Err(Denial::NotHolder),
            None => Err(Denial::Missing),
        }
    }
}

/// What somebody wants to do, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Who presents the capability, with whatever key of his.
    pub presenter: NodeId,
    /// On which resource.
    pub resource: Resource,
    /// To do what.
    pub action: Action,
    /// The time.
    pub now: Time,
    /// How far off the clocks may be.
    pub skew: Duration,
}
