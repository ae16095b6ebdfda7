//! What nodes say to each other, and what they write down before they say it.

use sim_core::id::{NodeId, OpId};
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use crate::problem::broadcast::Value;

/// A frame with sender and receiver, the instance and a short value, as a compact encoding has it.
const BYTES: u32 = 48;

/// One broadcast of one node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Instance {
    /// Who broadcasts.
    pub sender: NodeId,
    /// For which operation.
    pub op: OpId,
}

/// The three things that a node says about a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Step {
    /// The sender: this is what I broadcast.
    Init,
    /// This is what the sender told me.
    Echo,
    /// I know that no correct node will be ready for anything else.
    Ready,
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Message {
    /// What is said about the value.
    pub step: Step,
    /// Which broadcast it is about.
    pub instance: Instance,
    /// The value.
    pub value: Value,
    /// Whether it was said before: then the receiver, if it is done, is asked to say again what it
    /// said.
    pub again: bool,
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["init", "echo", "ready"];

    fn kind(&self) -> usize {
        self.step as usize
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    /// All mouths tell the same lie about a value, whatever the step: liars whose ECHOs did not
    /// match each other would be harmless.
    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        match lie {
            Lie::Content => Some(Self { value: self.value.forged(), ..self.clone() }),
            // There are no rounds, no clocks and no verdicts on others to lie about.
            Lie::Round | Lie::Time | Lie::Accusation => None,
        }
    }
}

/// What a node writes down before it says or does it, so that no later life of it says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// It says this about the value.
    Said(Step, Instance, Value),
    /// It delivers the value.
    Delivered(Instance, Value),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["init", "echo", "ready", "delivered"];

    fn kind(&self) -> usize {
        match self {
            Self::Said(step, ..) => *step as usize,
            Self::Delivered(..) => 3,
        }
    }
}
