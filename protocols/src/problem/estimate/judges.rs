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
