//! What generals send each other under their seals.

use std::fmt;

use sim_core::id::{NodeId, NodeSet};
use sim_core::message::{Forger, Lie, Message as Speech};
use sim_core::signature::{SIGNATURE_BYTES, Signature, Signer};

use crate::problem::decision::Choice;

/// What the seals are for, so that they are good for nothing else.
const DOMAIN: &str = "signed_messages order";

/// Sender, receiver, order and the length of the chain, as a compact encoding has them.
const BYTES: u32 = 16;

/// An order, signed by the commander and by everybody through whose hands it went.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// The order.
    pub choice: Choice,
    /// The signatures, the commander's first. Each covers the order and all signatures before it.
    pub chain: Vec<Signature>,
}

impl Message {
    /// The commander's order.
    pub fn order(choice: Choice, commander: Signer) -> Self {
        Self { choice, chain: Vec::new() }.signed_by(commander)
    }

    /// The same with one signature more.
    #[must_use]
    pub fn signed_by(&self, signer: Signer) -> Self {
        let mut chain = self.chain.clone();
        chain.push(signer.sign(DOMAIN, &(self.choice, &self.chain)));
        Self { choice: self.choice, chain }
    }

    /// Who signed, as far as the names on the signatures tell.
    pub fn signers(&self) -> impl Iterator<Item = NodeId> {
        self.chain.iter().map(Signature::signer)
    }

    /// Whether every signature covers the order and all signatures before it.
    pub fn is_genuine(&self) -> bool {
        (0..self.chain.len()).all(|place| self.is_covered_at(place))
    }

    /// Whether the signature at this place covers the order and all signatures before it.
    fn is_covered_at(&self, place: usize) -> bool {
        self.chain[place].covers(DOMAIN, &(self.choice, &self.chain[..place]))
    }

    /// Another order under the same names; genuine if all of them are the forger's.
    fn with(&self, choice: Choice, forger: &Forger<'_>) -> Self {
        let resign = |mut chain: Vec<Signature>, old: &Signature| {
            chain.push(forger.resign(*old, DOMAIN, &(choice, &chain)));
            chain
        };
        Self { choice, chain: self.chain.iter().fold(Vec::new(), resign) }
    }
}

/// As the paper writes it, v:0:j₁:…:jₖ, with a mark behind whoever did not sign this.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.choice)?;
        for (place, signature) in self.chain.iter().enumerate() {
            let mark = if self.is_covered_at(place) { "" } else { "✗" };
            write!(f, ":{}{mark}", signature.signer())?;
        }
        Ok(())
    }
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["order", "relay"];

    fn kind(&self) -> usize {
        usize::from(self.chain.len() > 1)
    }

    fn bytes(&self) -> u32 {
        BYTES + SIGNATURE_BYTES * self.chain.len() as u32
    }

    fn signatures(&self) -> u32 {
        self.chain.len() as u32
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        match lie {
            Lie::Content => {
                let choice = self.choice.other(&mut forger.draw)?;
                Some(self.with(choice, forger))
            }
            // As if it had gone through the hands of all who collude, and so belonged to a later
            // round.
            Lie::Round => {
                let signed: NodeSet = self.signers().collect();
                let mut hands = forger.mouths().iter().filter(|mouth| !signed.contains(*mouth));
                let first = self.signed_by(forger.signer(hands.next()?)?);
                let signers = hands.filter_map(|mouth| forger.signer(mouth));
                Some(signers.fold(first, |message, signer| message.signed_by(signer)))
            }
            Lie::Time | Lie::Accusation => None,
        }
    }
}
