//! The auditor: watches from inside what every node says.
//!
//! What correct nodes deliver agrees because what they are ready for agrees, and that because none
//! echoes two things. So these invariants break earlier, and in more runs, than consistency does.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};

use super::Bracha;
use super::message::{Instance, Step};
use super::slot::Slot;
use crate::problem::broadcast::Value;

/// A correct node echoes at most one value of a broadcast, in all its lives.
pub const ONE_ECHO: &str = "one_echo";
/// A correct node is ready for at most one value of a broadcast, in all its lives.
pub const ONE_READY: &str = "one_ready";
/// No two correct nodes are ready for different values of one broadcast.
pub const READY_AGREEMENT: &str = "ready_agreement";

/// The white-box judge of Bracha's broadcast. It believes what a node heard itself say: that is
/// durable, and the others may have heard it too.
#[derive(Clone, Debug, Default)]
pub struct Auditor {
    said: BTreeMap<(Instance, NodeId, Step), Value>,
    /// Who was ready first, and for what.
    ready: BTreeMap<Instance, (NodeId, Value)>,
}

impl Auditor {
    fn examine(
        &mut self,
        node: NodeId,
        instance: Instance,
        slot: &Slot<Value>,
    ) -> Option<Violation> {
        let Instance { sender, op } = instance;
        for (step, property) in [(Step::Echo, ONE_ECHO), (Step::Ready, ONE_READY)] {
            let Some(value) = slot.heard(node, step) else { continue };
            let before = *self.said.entry((instance, node, step)).or_insert(value);
            if before != value {
                let witness = format!(
                    "{node} said {step:?} to {before:?} and to {value:?}, both as {op} of {sender}"
                );
                return Some(Violation { property, witness });
            }
        }
        let value = slot.heard(node, Step::Ready)?;
        let (first, settled) = match self.ready.entry(instance) {
            Entry::Vacant(vacant) => *vacant.insert((node, value)),
            Entry::Occupied(occupied) => *occupied.get(),
        };
        (settled != value).then(|| Violation {
            property: READY_AGREEMENT,
            witness: format!(
                "{first} is ready for {settled:?} and {node} for {value:?}, \
                 both as {op} of {sender}"
            ),
        })
    }
}

impl Monitor<Bracha> for Auditor {
    const INVARIANTS: &'static [&'static str] = &[ONE_ECHO, ONE_READY, READY_AGREEMENT];

    fn observe(&mut self, node: NodeId, _: Incarnation, state: &Bracha) -> Option<Violation> {
        match state.latest {
            Some(instance) => self.examine(node, instance, state.slots.get(&instance)?),
            // It has just come up, with all that its disk held.
            None => {
                let mut slots = state.slots.iter();
                slots.find_map(|(instance, slot)| self.examine(node, *instance, slot))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};

    use super::*;

    const OP: OpId = OpId { client: ClientId(0), sequence: 0 };
    const INSTANCE: Instance = Instance { sender: NodeId(0), op: OP };
    const V: Value = Value(7);

    /// What the auditor says of these words, each of a node about the one broadcast.
    fn judge(words: &[(u32, Step, Value)]) -> Option<Violation> {
        let mut auditor = Auditor::default();
        words.iter().find_map(|(node, step, value)| {
            let mut slot = Slot::default();
            slot.hear(NodeId(*node), *step, *value);
            auditor.examine(NodeId(*node), INSTANCE, &slot)
        })
    }

    #[test]
    fn a_node_says_one_thing_at_each_step() {
        for (step, property) in [(Step::Echo, ONE_ECHO), (Step::Ready, ONE_READY)] {
            let violation = judge(&[(1, step, V), (1, step, V.forged())]).unwrap();
            assert_eq!(violation.property, property);
            assert_eq!(
                violation.witness,
                format!("n1 said {step:?} to v7 and to ¬v7, both as c0.0 of n0")
            );
            assert_eq!(judge(&[(1, step, V), (1, step, V)]), None);
        }
        // An equivocating sender makes correct nodes echo different things.
        assert_eq!(judge(&[(1, Step::Echo, V), (2, Step::Echo, V.forged())]), None);
        // And amplification makes a node ready for what it did not echo.
        assert_eq!(judge(&[(1, Step::Echo, V), (1, Step::Ready, V.forged())]), None);
    }

    #[test]
    fn two_nodes_are_ready_for_the_same() {
        let violation = judge(&[(1, Step::Ready, V), (2, Step::Ready, V.forged())]).unwrap();
        assert_eq!(violation.property, READY_AGREEMENT);
        assert_eq!(violation.witness, "n1 is ready for v7 and n2 for ¬v7, both as c0.0 of n0");
        assert_eq!(judge(&[(1, Step::Ready, V), (2, Step::Ready, V)]), None);
    }

    #[test]
    fn what_others_said_is_no_word_of_the_node() {
        let mut auditor = Auditor::default();
        for value in [V, V.forged()] {
            let mut slot = Slot::default();
            slot.hear(NodeId(3), Step::Ready, value);
            assert_eq!(auditor.examine(NodeId(1), INSTANCE, &slot), None);
        }
    }
}
