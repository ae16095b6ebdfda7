//! Who is who: keys, certificates that expire, and lists of those that are revoked.
//!
//! A key belongs to an identity and has a generation, so that an identity that lost one can have
//! another. Signatures are symbolic ([`sim_core::signature`]): whoever holds the [`SecretKey`] signs,
//! a thief too, and nobody else. Certificates and the list of the revoked are those of RFC 5280 as
//! far as they matter here: a subject, its key, from when to when, signed by an authority; and a
//! dated list of what is no longer good. A verifier whose list is old knows too little and refuses.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::hash::Hash;

use sim_core::id::NodeId;
use sim_core::signature::{SIGNATURE_BYTES, Signature, Signer};
use sim_core::time::{Duration, Time};

/// The name of a key, by which signatures are verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    /// Whose it is.
    pub owner: NodeId,
    /// Which of its keys, from 0.
    pub generation: u32,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.owner, self.generation)
    }
}

impl PublicKey {
    /// Whether this key signed exactly this, for this purpose.
    pub fn verifies<T: Hash + ?Sized>(
        self,
        signature: &Signature,
        domain: &'static str,
        what: &T,
    ) -> bool {
        signature.signer() == self.owner && signature.covers(domain, &(self.generation, what))
    }
}

/// A key that signs. Whoever has a copy signs as well as its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct SecretKey {
    signer: Signer,
    public: PublicKey,
}

impl SecretKey {
    /// The key of this generation of the identity for which `signer` signs.
    pub const fn of(signer: Signer, generation: u32) -> Self {
        Self { signer, public: PublicKey { owner: signer.identity(), generation } }
    }

    /// Its name.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs `what` for the purpose `domain`.
    pub fn sign<T: Hash + ?Sized>(&self, domain: &'static str, what: &T) -> Signature {
        self.signer.sign(domain, &(self.public.generation, what))
    }
}

/// Why a credential is no good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Flaw {
    /// The authority did not sign it.
    Unsigned,
    /// It is not valid yet.
    Early,
    /// It is not valid any more.
    Expired,
    /// It was revoked.
    Revoked,
    /// Nobody knows whether it was revoked: the list is too old.
    Unknown,
}

/// That a key is an identity's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Certificate {
    key: PublicKey,
    not_before: Time,
    not_after: Time,
    signature: Signature,
}

/// The size of a certificate on the wire, in bytes: key, times, and the authority's signature.
pub const CERTIFICATE_BYTES: u32 = 32 + 8 + 16 + SIGNATURE_BYTES;

const CERTIFICATE: &str = "certificate";
const REVOCATIONS: &str = "revocations";

impl Certificate {
    /// The authority's word that `key` is its owner's from `not_before` for as long as `lasts`.
    pub fn issue(authority: &SecretKey, key: PublicKey, not_before: Time, lasts: Duration) -> Self {
        let not_after = not_before + lasts;
        let signature = authority.sign(CERTIFICATE, &(key, not_before, not_after));
        Self { key, not_before, not_after, signature }
    }

    /// The key.
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// When it ends.
    pub const fn not_after(&self) -> Time {
        self.not_after
    }

    /// The same with a key of somebody's choice in its place: a forgery, which does not verify.
    #[must_use]
    pub const fn transplanted(self, key: PublicKey) -> Self {
        Self { key, ..self }
    }

    /// Looks whether it is good at `now`, by a clock that may be `skew` off.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, authority: PublicKey, now: Time, skew: Duration) -> Result<(), Flaw> {
        let covered = (self.key, self.not_before, self.not_after);
        if !authority.verifies(&self.signature, CERTIFICATE, &covered) {
            return Err(Flaw::Unsigned);
        }
        if now + skew < self.not_before {
            return Err(Flaw::Early);
        }
        if now > self.not_after + skew {
            return Err(Flaw::Expired);
        }
        Ok(())
    }
}

/// The keys that are no longer good, as the authority knew at a time.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Revocations {
    revoked: BTreeSet<PublicKey>,
    issued: Time,
    signature: Signature,
}

impl Revocations {
    /// The authority's list of this moment.
    pub fn issue(authority: &SecretKey, revoked: BTreeSet<PublicKey>, issued: Time) -> Self {
        let signature = authority.sign(REVOCATIONS, &(&revoked, issued));
        Self { revoked, issued, signature }
    }

    /// When it was issued.
    pub const fn issued(&self) -> Time {
        self.issued
    }

    /// Whether the authority signed it.
    pub fn is_genuine(&self, authority: PublicKey) -> bool {
        authority.verifies(&self.signature, REVOCATIONS, &(&self.revoked, self.issued))
    }

    /// Whether a key is on it.
    pub fn has(&self, key: PublicKey) -> bool {
        self.revoked.contains(&key)
    }

    /// The first key of an owner that is on it.
    pub fn first_of(&self, owner: NodeId) -> Option<PublicKey> {
        let first = PublicKey { owner, generation: 0 };
        self.revoked.range(first..).next().copied().filter(|key| key.owner == owner)
    }

    /// The size on the wire, in bytes.
    pub fn bytes(&self) -> u32 {
        8 + SIGNATURE_BYTES + 8 * self.revoked.len() as u32
    }

    /// Looks whether a key is known at `now` not to be revoked, by a list that is at most `age` old.
    ///
    /// # Errors
    /// That it is revoked, or that the list is too old to tell.
    pub fn check(&self, key: PublicKey, now: Time, age: Duration) -> Result<(), Flaw> {
        if self.has(key) {
            return Err(Flaw::Revoked);
        }
        if now.since(self.issued) > age {
            return Err(Flaw::Unknown);
        }
        Ok(())
    }
}
