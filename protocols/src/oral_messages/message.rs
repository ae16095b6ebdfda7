//! What generals say to each other by word of mouth.

use sim_core::id::NodeId;
use sim_core::message::{Forger, Lie, Message as Speech};

use crate::problem::decision::Choice;

/// Whom an order went through: the commander first, and last who says it now.
pub type Path = Vec<NodeId>;

/// Sender, receiver, order and the length of the path, as a compact encoding has them.
const BYTES: u32 = 16;
/// One more name on the path.
const BYTES_PER_NAME: u32 = 4;

/// "The one before me told me that the one before told it that … the commander ordered this."
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Message {
    /// Whom the order went through; the receiver can check the last name only.
    pub path: Path,
    /// The order.
    pub choice: Choice,
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["order", "relay"];

    fn kind(&self) -> usize {
        usize::from(self.path.len() > 1)
    }

    fn bytes(&self) -> u32 {
        BYTES + BYTES_PER_NAME * self.path.len() as u32
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        match lie {
            Lie::Content => {
                let choice = self.choice.other(&mut forger.draw)?;
                Some(Self { path: self.path.clone(), choice })
            }
            // The length of the path is the round, and a wrong one is no message at all.
            Lie::Round | Lie::Time | Lie::Accusation => None,
        }
    }
}
