//! Signatures without cryptography: they cannot be made without a key, and everything else can be
//! done to them.
//!
//! A signature is the name of a key and a digest of what the protocol says that it covers, under a
//! domain that tells purposes apart. To verify is to compute the digest again. A signature can be
//! copied and transplanted, so leaving the receiver or the term out of what is covered is a bug
//! that can be made, and found. It cannot be *made* without the [`Signer`], which only the kernel
//! hands out: a node has its own, and the adversary has those of the nodes that it took over.
//!
//! ```compile_fail
//! use sim_core::id::NodeId;
//! // A signature has no public fields, and nobody but a signer makes one.
//! let forged = sim_core::signature::Signature { signer: NodeId(1), digest: 7 };
//! ```
//!
//! ```compile_fail
//! use sim_core::id::NodeId;
//! // A key is not for the taking either.
//! let stolen = sim_core::signature::Signer::new(NodeId(1));
//! ```

use std::hash::Hash;

use crate::digest::Digest;
use crate::id::NodeId;

/// A signature: whose it is, and a digest of what it covers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Signature {
    signer: NodeId,
    digest: u64,
}

/// The size of a signature on the wire, in bytes: that of Ed25519 (RFC 8032).
pub const SIGNATURE_BYTES: u32 = 64;

impl Signature {
    /// Whose signature it claims to be; see [`Signature::covers`] for whether that is true.
    pub const fn signer(&self) -> NodeId {
        self.signer
    }

    /// Whether its signer signed exactly this, for this purpose.
    pub fn covers<T: Hash + ?Sized>(&self, domain: &'static str, what: &T) -> bool {
        self.digest == digest(self.signer, domain, what)
    }
}

/// A key: it signs for one identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Signer(NodeId);

impl Signer {
    /// The key of an identity.
    pub(crate) const fn new(identity: NodeId) -> Self {
        Self(identity)
    }

    /// For whom it signs.
    pub const fn identity(&self) -> NodeId {
        self.0
    }

    /// Signs `what` for the purpose `domain`.
    pub fn sign<T: Hash + ?Sized>(&self, domain: &'static str, what: &T) -> Signature {
        Signature { signer: self.0, digest: digest(self.0, domain, what) }
    }
}

fn digest<T: Hash + ?Sized>(signer: NodeId, domain: &'static str, what: &T) -> u64 {
    Digest::of(&(signer, domain, Digest::of(what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_what_was_signed_and_nothing_else() {
        let (ann, bob) = (Signer::new(NodeId(0)), Signer::new(NodeId(1)));
        let signature = ann.sign("vote", &(3_u64, "yes"));
        assert!(signature.covers("vote", &(3_u64, "yes")));
        assert!(!signature.covers("vote", &(4_u64, "yes")), "another term");
        assert!(!signature.covers("vote", &(3_u64, "no")), "another choice");
        assert!(!signature.covers("veto", &(3_u64, "yes")), "another purpose");
        assert_ne!(signature, bob.sign("vote", &(3_u64, "yes")), "another signer");
    }
}
