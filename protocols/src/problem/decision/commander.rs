//! Commander validity: whoever obeys a correct commander decides what it ordered.
//!
//! This is condition IC2 of Lamport, Shostak and Pease, "The Byzantine Generals Problem" (ACM
//! TOPLAS 4(3), 1982): if the commanding general is loyal, every loyal lieutenant obeys the order
//! that he sends. The order is what the commander proposes; a liar gives none, and neither does a
//! commander that went down, because their model counts it among the faulty.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, Witness};
use sim_core::history::Event;
use sim_core::id::NodeId;

use super::judges::{Seen, Sighting, decision};
use super::{Choice, Conclusion, Propose};

/// The node whose proposal is the order, where a protocol has a commander: by convention the first.
pub const COMMANDER: NodeId = NodeId(0);

/// Judges at every entry: until a decision is seen, a commander that fails is no longer correct.
#[derive(Default)]
pub(super) struct CommanderValidity {
    order: Option<Choice>,
    is_faulty: bool,
    /// Decisions of nodes that did not wait for the order.
    premature: BTreeMap<NodeId, (Choice, Sighting)>,
}

impl CommanderValidity {
    fn judge(&self, choice: Choice, sighting: Sighting) -> Option<Witness> {
        let order = self.order.filter(|order| *order != choice && !self.is_faulty)?;
        Some(format!(
            "{sighting}, but the commander {COMMANDER}, which is correct, ordered {order}"
        ))
    }
}

impl Checker<Propose, Conclusion> for CommanderValidity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        let is_commander = entry.node == COMMANDER;
        match entry.event {
            Event::Requested { request: Propose { choice, .. }, .. } if is_commander => {
                self.order.get_or_insert(choice);
                let mut premature = self.premature.values();
                return premature.find_map(|(choice, sighting)| self.judge(*choice, *sighting));
            }
            Event::Corrupted | Event::Crashed if is_commander => self.is_faulty = true,
            Event::Corrupted => {
                self.premature.remove(&entry.node);
            }
            _ => {}
        }
        let (choice, sighting) = decision(entry)?;
        if self.order.is_none() {
            self.premature.entry(entry.node).or_insert((choice, sighting));
        }
        self.judge(choice, sighting)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::history::Entry;
    use sim_core::id::{ClientId, OpId};
    use sim_core::time::Time;

    use super::*;

    const A: Choice = Choice::new(0, 2);
    const B: Choice = Choice::new(1, 2);

    type Happening = Event<Propose, Conclusion>;

    fn orders(choice: Choice) -> Happening {
        let op = OpId { client: ClientId(0), sequence: 0 };
        Event::Requested { op, request: Propose::from(choice), reached: true }
    }

    const fn decides(choice: Choice) -> Happening {
        Event::Indicated { answers: None, indication: Conclusion::Decided(choice) }
    }

    fn judge(history: &[(u32, Happening)]) -> Option<Witness> {
        let mut judge = CommanderValidity::default();
        history.iter().find_map(|(node, event)| {
            let (node, event) = (NodeId(*node), event.clone());
            judge.observe(&Entry { at: Time::ZERO, node, incarnation: 0, event })
        })
    }

    #[test]
    fn a_correct_commander_is_obeyed_whatever_others_propose() {
        assert_eq!(
            judge(&[(0, orders(A)), (1, orders(B)), (1, decides(A)), (2, decides(B))]).unwrap(),
            "n2 decided B at 0 s, but the commander n0, which is correct, ordered A"
        );
        assert!(judge(&[(0, orders(A)), (0, decides(B))]).is_some(), "by itself too");
        assert_eq!(judge(&[(1, orders(B)), (0, orders(A)), (1, decides(A))]), None);
        let nothing = Event::Indicated { answers: None, indication: Conclusion::Undecided };
        assert_eq!(judge(&[(0, orders(A)), (1, nothing)]), None);
    }

    #[test]
    fn a_decision_before_the_order_must_be_the_order_too() {
        assert!(judge(&[(1, decides(B)), (0, orders(A))]).is_some());
        assert_eq!(judge(&[(1, decides(A)), (0, orders(A))]), None);
        assert_eq!(judge(&[(1, decides(B)), (1, Event::Corrupted), (0, orders(A))]), None);
    }

    #[test]
    fn a_commander_that_lies_or_goes_down_is_not_obeyed() {
        for failure in [Event::Corrupted, Event::Crashed] {
            assert_eq!(judge(&[(0, failure.clone()), (0, orders(A)), (1, decides(B))]), None);
            assert_eq!(judge(&[(0, orders(A)), (0, failure.clone()), (1, decides(B))]), None);
            assert!(judge(&[(0, orders(A)), (2, failure), (1, decides(B))]).is_some());
        }
    }

    #[test]
    fn an_order_is_given_once() {
        assert_eq!(judge(&[(0, orders(A)), (0, orders(B)), (1, decides(A))]), None);
        assert!(judge(&[(0, orders(A)), (0, orders(B)), (1, decides(B))]).is_some());
    }
}
