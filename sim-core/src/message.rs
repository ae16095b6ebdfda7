//! What a message and a disk record must tell the kernel about themselves.

use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::Hash;

use crate::rng::Draw;

/// A message between nodes.
pub trait Message: Clone + Debug + Hash + Send + 'static {
    /// The names of the kinds of message, in the order of [`Message::kind`].
    const KINDS: &'static [&'static str];

    /// Which kind this is: an index into [`Message::KINDS`].
    fn kind(&self) -> usize;

    /// The size on the wire, in bytes.
    fn bytes(&self) -> u32;

    /// A well-formed lie of the same kind, or `None` if this kind has nothing to lie about.
    ///
    /// Equal draws must give equal lies to equal messages: colluding liars share their draws.
    fn forge(&self, draw: &mut Draw) -> Option<Self>;
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

    fn forge(&self, _: &mut Draw) -> Option<Self> {
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
