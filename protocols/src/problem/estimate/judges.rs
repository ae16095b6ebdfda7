//! The judges of estimates: between what, how near each other, once, and ever.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{Incarnation, NodeId, NodeSet};
use sim_core::time::Time;

use super::super::operation::Waiting;
use super::{Begin, Estimate};

type Seen = Entry<Begin, Estimate>;

/// The number with which an entry shows that an agent ended.
const fn settled(entry: &Seen) -> Option<i64> {
    match entry.event {
        Event::Indicated { indication: Estimate::Settled { value, .. }, .. } => Some(value),
        _ => None,
    }
}

/// Waits until the end, since whoever lies does so from the beginning.
#[derive(Default)]
pub(super) struct Hull {
    corrupt: NodeSet,
    began: BTreeMap<NodeId, i64>,
    ended: Vec<(NodeId, i64, Time)>,
}

impl Checker<Begin, Estimate> for Hull {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            // An agent has its number, whether or not it hears its client.
            Event::Requested { request, .. } => _ = self.began.insert(entry.node, request.value),
            Event::Corrupted => _ = self.corrupt.insert(entry.node),
            _ => {}
        }
        self.ended.extend(settled(entry).map(|value| (entry.node, value, entry.at)));
        None
    }

    fn conclude(&mut self, _end: &End) -> Option<Witness> {
        let is_correct = |node: NodeId| !self.corrupt.contains(node);
        let began = || self.began.iter().filter(|(node, _)| is_correct(**node));
        let low = began().min_by_key(|(_, value)| **value)?;
        let high = began().max_by_key(|(_, value)| **value)?;
        let hull = *low.1..=*high.1;
        let mut ended = self.ended.iter().filter(|(node, ..)| is_correct(*node));
        let (node, value, at) = ended.find(|(_, value, _)| !hull.contains(value))?;
        Some(format!(
            "{node} ended with {value} at {at} s, but of the correct {} began lowest with {}, and \
             {} highest with {}",
            low.0, low.1, high.0, high.1
        ))
    }
}

/// Keeps what nodes ended with that are still thought correct.
#[derive(Default)]
pub(super) struct EpsilonAgreement {
    epsilon: Option<u64>,
    ended: BTreeMap<NodeId, (i64, Time)>,
}

impl Checker<Begin, Estimate> for EpsilonAgreement {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            Event::Requested { request, .. } => self.epsilon = Some(request.epsilon),
            Event::Corrupted => _ = self.ended.remove(&entry.node),
            _ => {}
        }
        let value = settled(entry)?;
        let epsilon = self.epsilon?;
        let is_far = |(earlier, _): &(i64, Time)| earlier.abs_diff(value) > epsilon;
        if let Some((other, (earlier, when))) = self.ended.iter().find(|(_, end)| is_far(end)) {
            let (node, at) = (entry.node, entry.at);
            return Some(format!(
                "{other} ended with {earlier} at {when} s, but {node} with {value} at {at} s, and \
                 they may be {epsilon} apart"
            ));
        }
        self.ended.insert(entry.node, (value, entry.at));
        None
    }
}

/// How a life of a node ended last.
struct Life {
    incarnation: Incarnation,
    last: Estimate,
    at: Time,
}

/// Allows what a retry or a reboot needs: the end may be said again to who asks again, and once
/// more in each life.
#[derive(Default)]
pub(super) struct Integrity {
    waiting: Waiting,
    lives: BTreeMap<NodeId, Life>,
    /// The first number of each node that it ended with, and when.
    kept: BTreeMap<NodeId, (i64, Time)>,
}

impl Checker<Begin, Estimate> for Integrity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        let (node, at, incarnation) = (entry.node, entry.at, entry.incarnation);
        let (answers, last) = match entry.event {
            Event::Requested { op, reached, .. } => {
                self.waiting.ask(node, op, reached);
                return None;
            }
            Event::Indicated { indication: Estimate::Revised { .. }, .. } => return None,
            Event::Indicated { answers, indication } => (answers, indication),
            _ => return None,
        };
        let was_asked = self.waiting.answer(node, answers);
        if let Estimate::Settled { value, .. } = last {
            let (kept, when) = *self.kept.entry(node).or_insert((value, at));
            if kept != value {
                return Some(format!(
                    "{node} ended with {kept} at {when} s and with {value} at {at} s"
                ));
            }
        }
        let before = self.lives.insert(node, Life { incarnation, last, at })?;
        let when = before.at;
        if before.incarnation != incarnation {
            None
        } else if before.last != last {
            Some(format!("{node} ended at {when} s and otherwise in the same life at {at} s"))
        } else {
            (!was_asked).then(|| {
                format!("{node} ended at {when} s and again, without being asked, at {at} s")
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};

    use super::super::super::bench::{Bench, Happening, end};
    use super::super::{EPSILON_AGREEMENT, Estimation, HULL, INTEGRITY, TERMINATION};
    use super::*;

    const fn op(node: u32) -> OpId {
        OpId { client: ClientId(node), sequence: 0 }
    }

    const fn asked(node: u32, value: i64, reached: bool) -> Happening<Estimation> {
        let request = Begin { value, range: 100, epsilon: 10 };
        (node, 0, Event::Requested { op: op(node), request, reached })
    }

    const fn says(
        node: u32,
        life: Incarnation,
        answers: Option<OpId>,
        indication: Estimate,
    ) -> Happening<Estimation> {
        (node, life, Event::Indicated { answers, indication })
    }

    const fn settles(node: u32, value: i64) -> Happening<Estimation> {
        says(node, 0, None, Estimate::Settled { rounds: 1, value })
    }

    const fn corrupted(node: u32) -> Happening<Estimation> {
        (node, 0, Event::Corrupted)
    }

    /// What is broken by a history, seen a minute later.
    fn broken(history: &[Happening<Estimation>], core: &[u32]) -> Vec<&'static str> {
        let mut bench = Bench::<Estimation>::after(history.iter().cloned());
        let found = bench.conclude(&end(60, Some(0), core));
        found.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn who_ends_outside_of_the_numbers_with_which_the_correct_began_leaves_the_hull() {
        let third = |reached| [asked(0, 10, true), asked(1, 20, true), asked(2, 90, reached)];
        let ends = |value| [settles(0, value)];
        let judged = |history: &[&[_]]| broken(&history.concat(), &[]);
        assert_eq!(judged(&[&third(true), &ends(25)]), [""; 0]);
        assert_eq!(judged(&[&third(true), &ends(91)]), [HULL]);
        assert_eq!(judged(&[&third(true), &ends(9)]), [HULL]);
        assert_eq!(judged(&[&third(true), &ends(25), &[corrupted(2)]]), [HULL]);
        assert_eq!(judged(&[&third(false), &ends(91)]), [HULL]);
        assert_eq!(judged(&[&third(false), &ends(25)]), [""; 0], "n2 has its number all the same");
        assert_eq!(judged(&[&third(true), &ends(91), &[corrupted(0)]]), [""; 0]);
    }

    #[test]
    fn the_correct_end_no_further_apart_than_was_asked_for() {
        let begun = [asked(0, 0, true), asked(1, 90, true)];
        let judged = |ends: &[_]| broken(&[&begun[..], ends].concat(), &[]);
        assert_eq!(judged(&[settles(0, 40), settles(1, 50)]), [""; 0]);
        assert_eq!(judged(&[settles(0, 40), settles(1, 51)]), [EPSILON_AGREEMENT]);
        assert_eq!(judged(&[settles(0, 40), corrupted(0), settles(1, 51)]), [HULL]);
    }

    #[test]
    fn an_agent_ends_once_in_each_life_and_with_one_number() {
        let ends =
            |life, answers, value| says(0, life, answers, Estimate::Settled { rounds: 1, value });
        let begun = asked(0, 5, true);
        let judged = |then: &[_]| broken(&[&[asked(0, 5, true)], then].concat(), &[]);
        for good in [
            vec![ends(0, None, 5), ends(1, None, 5)],
            vec![ends(0, Some(op(0)), 5), begun.clone(), ends(0, Some(op(0)), 5)],
            vec![says(0, 0, None, Estimate::GivenUp), ends(1, None, 5)],
        ] {
            assert_eq!(judged(&good), [""; 0], "{good:?}");
        }
        for bad in [
            vec![ends(0, None, 5), ends(0, None, 5)],
            vec![says(0, 0, None, Estimate::GivenUp), ends(0, None, 5)],
        ] {
            assert_eq!(judged(&bad), [INTEGRITY], "{bad:?}");
        }
        let taken_back = [begun, asked(1, 9, true), ends(0, None, 5), ends(1, None, 6)];
        assert_eq!(broken(&taken_back, &[]), [INTEGRITY]);
    }

    #[test]
    fn a_revision_is_no_end() {
        let revised = says(0, 0, None, Estimate::Revised { round: 1, value: 5 });
        assert_eq!(broken(&[asked(0, 5, true), revised], &[0]), [TERMINATION]);
        let given_up = says(0, 0, None, Estimate::GivenUp);
        assert_eq!(broken(&[asked(0, 5, true), given_up], &[0]), [""; 0]);
    }
}
