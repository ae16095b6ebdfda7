//! The adversary: the one liar, speaking through every node that it has corrupted.
//!
//! A corrupted node goes on running the honest protocol; the adversary stands between it and the
//! network. Strategies are generic: what a protocol adds is [`Message::forge`], a well-formed lie
//! of the same kind. So there are N protocols and M strategies, not N × M attacks. A message to
//! oneself never passes the adversary.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{NodeId, NodeSet};
use crate::message::{Forger, Lie, Message};
use crate::protocol::Protocol;
use crate::rng::{Key, Ratio};
use crate::time::Time;

/// What the adversary does with each message of its nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Says nothing.
    Mute,
    /// Tells one part of the nodes the truth and the other part a lie; all mouths tell each part
    /// the same.
    Equivocate,
    /// Tells everybody the same lie.
    Forge,
}

impl Strategy {
    /// Every strategy with a line for lists.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Mute, "mute", "says nothing"),
        (Self::Equivocate, "equivocate", "tells odd nodes a lie and even nodes the truth"),
        (Self::Forge, "forge", "tells everybody the same lie"),
    ];
}

/// The `[adversary]` of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdversarySpec {
    /// What it does.
    pub strategy: Strategy,
    /// The kinds of message that it bothers with; empty for all.
    pub kinds: Vec<String>,
    /// How often it bothers; drawn for each message.
    pub probability: Ratio,
}

impl Default for AdversarySpec {
    fn default() -> Self {
        Self { strategy: Strategy::Forge, kinds: Vec::new(), probability: Ratio::new(1, 1) }
    }
}

/// What becomes of a message that a corrupted node was about to send.
#[derive(Debug)]
pub enum Tampered<M> {
    /// It goes out as it is.
    Left(M),
    /// Something else goes out in its place.
    Rewritten(M),
    /// Nothing goes out.
    Withheld,
}

/// The one who speaks through all corrupted nodes of a run.
///
/// Each hook has a default that leaves things alone.
pub trait Adversary<P: Protocol>: Send {
    /// What comes in at a corrupted node: `false` drops it.
    fn hear(&mut self, _now: Time, _from: NodeId, _mouth: NodeId, _message: &P::Message) -> bool {
        true
    }

    /// What a corrupted node was about to say; `mouths` are all that are corrupted.
    fn tamper(
        &mut self,
        now: Time,
        mouth: NodeId,
        to: NodeId,
        message: P::Message,
        mouths: &NodeSet,
    ) -> Tampered<P::Message>;
}

/// The adversary of the strategies that need no knowledge of the protocol.
pub struct Generic {
    strategy: Strategy,
    kinds: Vec<bool>,
    probability: Ratio,
    key: Key,
}

impl Generic {
    /// The adversary that a scenario describes.
    pub fn new<P: Protocol>(spec: &AdversarySpec, key: Key) -> Self {
        let bothers = |kind: &&str| spec.kinds.is_empty() || spec.kinds.iter().any(|k| k == kind);
        Self {
            strategy: spec.strategy,
            kinds: P::Message::KINDS.iter().map(bothers).collect(),
            probability: spec.probability,

            key,
        }
    }

    /// A function of what is said, where and when, so that a message more changes no other choice.
    fn is_in_the_mood<M: Message>(&self, now: Time, mouth: NodeId, to: NodeId, said: &M) -> bool {
        let place = u64::from(mouth.0) << 32 | u64::from(to.0);
        self.probability == Ratio::new(1, 1)
            || self.probability.holds(self.key.at(place, now.as_nanos(), Digest::of(said)))
    }

    /// Equal messages get equal lies, whichever mouth tells them: the mouths collude.
    fn lie<M: Message>(&self, mouths: &NodeSet, message: &M) -> Option<M> {
        let draw = self.key.member(Digest::of(message));
        message.forge(Lie::Content, &mut Forger::new(mouths, draw))
    }
}

impl<P: Protocol> Adversary<P> for Generic {
    fn tamper(
        &mut self,
        now: Time,
        mouth: NodeId,
        to: NodeId,
        message: P::Message,
        mouths: &NodeSet,
    ) -> Tampered<P::Message> {
        let bothers = self.kinds[message.kind()] && self.is_in_the_mood(now, mouth, to, &message);
        let lies = match self.strategy {
            Strategy::Mute if bothers => return Tampered::Withheld,
            Strategy::Mute => false,
            Strategy::Equivocate => bothers && to.0 % 2 == 1,
            Strategy::Forge => bothers,
        };
        match if lies { self.lie(mouths, &message) } else { None } {
            Some(lie) => Tampered::Rewritten(lie),
            None => Tampered::Left(message),
        }
    }
}
