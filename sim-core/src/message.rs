//! What a message and a disk record must tell the kernel about themselves.

use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::Hash;

use crate::id::{NodeId, NodeSet};
use crate::rng::Draw;
use crate::signature::{Signature, Signer};

/// A message between nodes.
pub trait Message: Clone + Debug + Hash + Send + 'static {
    /// The names of the kinds of message, in the order of [`Message::kind`].
    const KINDS: &'static [&'static str];

    /// Which kind this is: an index into [`Message::KINDS`].
    fn kind(&self) -> usize;

    /// The size on the wire, in bytes.
    fn bytes(&self) -> u32;

    /// How many signatures the receiver has to verify; what that costs is said by `[cost]`.
    fn signatures(&self) -> u32 {
        0
    }

    /// A well-formed lie of the same kind (an accusation may be of another), or `None` if this kind
    /// has nothing of this sort to lie about.
    ///
    /// Equal draws must give equal lies to equal messages: colluding liars share their draws.
    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self>;
}

/// A set of kinds of message, as bits over [`Message::KINDS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Kinds(pub(crate) u64);

impl Kinds {
    /// Every kind.
    pub(crate) const ALL: Self = Self(u64::MAX);

    /// The kinds of these names among `known`; no name at all stands for every kind. Names that are
    /// not known are left out.
    ///
    /// # Panics
    /// If a name stands at the 65th place or later.
    pub(crate) fn named(names: &[String], known: &[&str]) -> Self {
        if names.is_empty() {
            return Self::ALL;
        }
        let places = names.iter().filter_map(|name| known.iter().position(|other| other == name));
        Self(places.fold(0, |bits, place| {
            assert!(place < 64, "weather can tell the first 64 kinds of message apart");
            bits | 1 << place
        }))
    }

    /// Whether the kind at this place is among them. Beyond the first 64 that is so if all are.
    #[inline]
    pub(crate) const fn contains(self, kind: usize) -> bool {
        if kind < 64 { self.0 >> kind & 1 == 1 } else { self.0 == u64::MAX }
    }
}

/// What a lie is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Lie {
    /// What is said: another value, vote, entry or digest.
    Content,
    /// When in the protocol it is said: a term, view or round far ahead.
    Round,
    /// When on the clock: a timestamp that is wrong.
    Time,
    /// Others: that they failed, lied or fell behind.
    Accusation,
}

/// What a liar needs to forge: draws that it shares with those who collude, and the keys of them
/// all.
#[derive(Debug)]
pub struct Forger<'a> {
    speaker: Option<NodeId>,
    mouths: &'a NodeSet,
    /// Equal for equal messages, whichever mouth tells the lie.
    pub draw: Draw,
}

static NOBODY: NodeSet = NodeSet::EMPTY;

impl<'a> Forger<'a> {
    /// A forger who has nobody's key.
    pub const fn without_keys(draw: Draw) -> Forger<'static> {
        Forger { speaker: None, mouths: &NOBODY, draw }
    }

    /// Whoever speaks through `speaker`, and has the keys of all `mouths`.
    pub(crate) const fn new(speaker: Option<NodeId>, mouths: &'a NodeSet, draw: Draw) -> Self {
        Self { speaker, mouths, draw }
    }

    /// In whose name the lie is told, with the key; `None` for a forger who has nobody's.
    pub fn speaker(&self) -> Option<(NodeId, Signer)> {
        let speaker = self.speaker?;
        Some((speaker, self.signer(speaker)?))
    }

    /// Everybody whom the adversary has taken over.
    pub const fn mouths(&self) -> &'a NodeSet {
        self.mouths
    }

    /// The key of an identity, if the adversary has it.
    pub fn signer(&self, identity: NodeId) -> Option<Signer> {
        self.mouths.contains(identity).then(|| Signer::new(identity))
    }

    /// Signs again what a changed message covers, if the adversary has the key of the signature;
    /// otherwise the old signature stays, and will not verify.
    pub fn resign<T: Hash + ?Sized>(
        &self,
        old: Signature,
        domain: &'static str,
        what: &T,
    ) -> Signature {
        self.signer(old.signer()).map_or(old, |signer| signer.sign(domain, what))
    }
}

/// No message at all, for protocols whose nodes do not talk.
impl Message for Infallible {
    const KINDS: &'static [&'static str] = &[];

    fn kind(&self) -> usize {
        match *self {}
    }

    fn bytes(&self) -> u32 {
        match *self {}
    }

    fn forge(&self, _: Lie, _: &mut Forger<'_>) -> Option<Self> {
        match *self {}
    }
}

/// What one write to a disk holds.
pub trait Record: Clone + Debug + Hash + Send + 'static {
    /// The names of the kinds of record, in the order of [`Record::kind`]; the latency of a disk
    /// may depend on them.
    const KINDS: &'static [&'static str];

    /// Which kind this is: an index into [`Record::KINDS`].
    fn kind(&self) -> usize;
}

/// Nothing, for protocols that write nothing.
impl Record for () {
    const KINDS: &'static [&'static str] = &["nothing"];

    fn kind(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_by_name() {
        let known = ["append", "vote", "ack"];
        let kinds = Kinds::named(&["vote".to_owned()], &known);
        assert_eq!([0, 1, 2].map(|kind| kinds.contains(kind)), [false, true, false]);
        assert_eq!(Kinds::named(&[], &known), Kinds::ALL);
        assert!(Kinds::ALL.contains(64) && !kinds.contains(64) && !kinds.contains(65));
        assert!(!Kinds::named(&["veto".to_owned()], &known).contains(0));
    }
}
