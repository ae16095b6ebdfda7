//! The judges of rumours: who may know what, how often it is learned, and who has yet to learn it.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, NodeSet, OpId};
use sim_core::time::Time;

use super::super::operation::Waiting;
use super::{Standing, Tell};

/// Knows what was told.
pub(super) struct Validity {
    told: BTreeSet<OpId>,
    /// Whether the run may end when all have learned what they should. Where nobody promises that
    /// they will, it goes on until nobody spreads anything.
    rests: bool,
}

impl Validity {
    pub(super) const fn new(rests: bool) -> Self {
        Self { told: BTreeSet::new(), rests }
    }
}

impl Checker<Tell, Standing> for Validity {
    fn observe(&mut self, entry: &Entry<Tell, Standing>) -> Option<Witness> {
        match entry.event {
            Event::Requested { op, reached: true, .. } => {
                self.told.insert(op);
                None
            }
            Event::Indicated { indication: Standing::Learned { rumour, .. }, .. } => {
                let (node, at) = (entry.node, entry.at);
                let invented = !self.told.contains(&rumour);
                invented.then(|| format!("{node} learned {rumour} at {at} s; nobody was told it"))
            }
            _ => None,
        }
    }

    fn must_wait(&self) -> bool {
        !self.rests
    }
}

/// Who knows each rumour in the present life.
#[derive(Default)]
struct Knowledge(BTreeMap<OpId, NodeSet>);

impl Knowledge {
    /// Whether it was new to the node.
    fn learn(&mut self, rumour: OpId, node: NodeId) -> bool {
        self.0.entry(rumour).or_default().insert(node)
    }

    fn forget(&mut self, rumour: OpId, node: NodeId) -> bool {
        self.0.get_mut(&rumour).is_some_and(|nodes| nodes.remove(node))
    }
}

/// Allows what a retry, a reboot or a small memory needs.
#[derive(Default)]
pub(super) struct Integrity {
    knowledge: Knowledge,
    waiting: Waiting,
}

impl Checker<Tell, Standing> for Integrity {
    fn observe(&mut self, entry: &Entry<Tell, Standing>) -> Option<Witness> {
        let node = entry.node;
        match entry.event {
            Event::Requested { op, reached, .. } => self.waiting.ask(node, op, reached),
            Event::Crashed => {
                for nodes in self.knowledge.0.values_mut() {
                    nodes.remove(node);
                }
            }
            Event::Indicated { answers, indication } => match indication {
                Standing::Learned { rumour, .. } => {
                    let was_new = self.knowledge.learn(rumour, node);
                    let answers_one = self.waiting.answer(node, answers);
                    if !was_new && !answers_one {
                        let at = entry.at;
                        return Some(format!("{node} learned {rumour} again at {at} s"));
                    }
                }
                Standing::Forgot { rumour } => _ = self.knowledge.forget(rumour, node),
                Standing::Removed { .. } => {}
            },
            _ => {}
        }
        None
    }
}

/// A rumour on its way.
#[derive(Default)]
struct Spread {
    /// Who was told it last, and when; nobody any more if its client went away.
    told: Option<(NodeId, Time)>,
    /// Who knows it in the present life, with those who are corrupt.
    known: NodeSet,
    /// How many of these are up and not known to be corrupt.
    count: u32,
    /// When it was learned first by one who was not corrupt.
    since: Option<Time>,
}

impl Spread {
    /// Since when all of the core should have learned it; `None` if they need not.
    fn owed(&self, core: &NodeSet) -> Option<Time> {
        match self.told {
            Some((node, at)) if core.contains(node) => Some(at),
            _ if core.iter().any(|node| self.known.contains(node)) => self.since,
            _ => None,
        }
    }

    /// Somebody of the core who has not learned it.
    fn susceptible(&self, core: &NodeSet) -> Option<NodeId> {
        core.iter().find(|node| !self.known.contains(*node))
    }
}

/// Waits until all who stay have learned what one of them knows.
#[derive(Default)]
pub(super) struct Coverage {
    rumours: BTreeMap<OpId, Spread>,
    corrupt: NodeSet,
    /// How many nodes are up and not known to be corrupt.
    up: u32,
}

impl Coverage {
    /// A node ceases to count, with all that it knows if it forgets that.
    fn leave(&mut self, node: NodeId, forgets: bool) {
        self.up = self.up.saturating_sub(1);
        for spread in self.rumours.values_mut() {
            spread.count -= u32::from(spread.known.contains(node));
            if forgets {
                spread.known.remove(node);
            }
        }
    }
}

impl Checker<Tell, Standing> for Coverage {
    fn observe(&mut self, entry: &Entry<Tell, Standing>) -> Option<Witness> {
        let (node, at) = (entry.node, entry.at);
        match entry.event {
            Event::Requested { op, reached: true, .. } => {
                self.rumours.entry(op).or_default().told = Some((node, at));
            }
            Event::Abandoned { op } => self.rumours.entry(op).or_default().told = None,
            Event::Booted if !self.corrupt.contains(node) => self.up += 1,
            Event::Crashed if !self.corrupt.contains(node) => self.leave(node, true),
            Event::Corrupted if self.corrupt.insert(node) => self.leave(node, false),
            Event::Indicated { indication: Standing::Learned { rumour, .. }, .. } => {
                let spread = self.rumours.entry(rumour).or_default();
                spread.count += u32::from(spread.known.insert(node));
                if !self.corrupt.contains(node) {
                    spread.since.get_or_insert(at);
                }
            }
            Event::Indicated { indication: Standing::Forgot { rumour }, .. } => {
                let spread = self.rumours.entry(rumour).or_default();
                spread.count -= u32::from(spread.known.remove(node));
            }
            _ => {}
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        self.rumours.iter().find_map(|(rumour, spread)| {
            let since = spread.owed(&end.core).filter(|since| end.is_overdue(*since))?;
            let node = spread.susceptible(&end.core)?;
            Some(format!(
                "{rumour} is told since {since} s, and {node} has not learned it at {} s",
                end.at
            ))
        })
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        self.rumours
            .values()
            .all(|spread| spread.owed(core).is_none() || spread.susceptible(core).is_none())
    }

    fn must_wait(&self) -> bool {
        self.rumours.values().any(|spread| spread.count < self.up)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, Incarnation};

    use super::super::super::bench::{Bench, end};
    use super::super::{COVERAGE, INTEGRITY, Rumour, VALIDITY};
    use super::*;

    const RUMOUR: OpId = OpId { client: ClientId(0), sequence: 0 };

    type Happening = (u32, Incarnation, Event<Tell, Standing>);

    const fn told(node: u32, reached: bool) -> Happening {
        (node, 0, Event::Requested { op: RUMOUR, request: Tell, reached })
    }

    const fn learns(node: u32, life: Incarnation, answers: Option<OpId>) -> Happening {
        let indication = Standing::Learned { rumour: RUMOUR, round: 0 };
        (node, life, Event::Indicated { answers, indication })
    }

    const fn forgets(node: u32) -> Happening {
        let indication = Standing::Forgot { rumour: RUMOUR };
        (node, 0, Event::Indicated { answers: None, indication })
    }

    /// What is broken by a history, seen a minute later by a core of n0 and n1.
    fn broken(history: &[Happening]) -> Vec<&'static str> {
        let mut bench = Bench::<Rumour>::after(history.iter().cloned());
        let end = end(60, Some(0), &[0, 1]);
        let is_settled = bench.is_settled(&end.core);
        let broken: Vec<_> = bench.conclude(&end).into_iter().map(|(name, _)| name).collect();
        assert_eq!(broken.contains(&COVERAGE), !is_settled);
        broken
    }

    #[test]
    fn what_nobody_was_told_is_not_valid() {
        let all = [learns(0, 0, None), learns(1, 0, None)];
        assert_eq!(broken(&[&[told(0, true)], &all[..]].concat()), [""; 0]);
        assert_eq!(broken(&[&[told(0, false)], &all[..]].concat()), [VALIDITY; 2]);
    }

    #[test]
    fn a_rumour_is_learned_once_in_a_life_unless_it_was_forgotten_or_is_an_answer() {
        let begun = [told(0, true), learns(0, 0, None), learns(1, 0, None)];
        let judged = |then: &[_]| broken(&[&begun[..], then].concat());
        assert_eq!(judged(&[learns(1, 0, None)]), [INTEGRITY]);
        assert_eq!(judged(&[forgets(1), learns(1, 0, None)]), [""; 0]);
        let reboot = [(1, 0, Event::Crashed), (1, 1, Event::Booted), learns(1, 1, None)];
        assert_eq!(judged(&reboot), [""; 0]);
        assert_eq!(judged(&[told(0, true), learns(0, 0, Some(RUMOUR))]), [""; 0]);
        // One answer for each that asked: here two for the second.
        let answer = learns(0, 0, Some(RUMOUR));
        assert_eq!(judged(&[told(0, true), answer.clone(), answer.clone()]), [""; 0]);
        assert_eq!(judged(&[told(0, true), answer.clone(), answer.clone(), answer]), [INTEGRITY]);
    }

    #[test]
    fn what_one_of_the_core_was_told_or_learned_all_of_it_learn() {
        let begun = [told(0, true), learns(0, 0, None)];
        assert_eq!(broken(&begun), [COVERAGE]);
        let both = [&begun[..], &[learns(1, 0, None)]].concat();
        assert_eq!(broken(&both), [""; 0]);
        assert_eq!(broken(&[&both[..], &[forgets(1)]].concat()), [COVERAGE]);
        // Who was told it, and alone knows it, is not of the core.
        assert_eq!(broken(&[told(3, true), learns(3, 0, None)]), [""; 0]);
    }

    #[test]
    fn a_liar_that_learns_a_rumour_does_not_make_it_due_and_one_of_the_core_does() {
        let history = [(3, 0, Event::Corrupted), told(3, true), learns(3, 0, None)];
        let later = (0..10).map(|_| (2, 0, Event::Booted));
        let history = history.into_iter().chain(later).chain([learns(0, 0, None)]);
        let broken = |at| {
            let mut bench = Bench::<Rumour>::after(history.clone());
            bench.conclude(&end(at, Some(0), &[0, 1])).len()
        };
        assert_eq!(broken(22), 0, "n0 has known it for 9 s, and patience is 10");
        assert_eq!(broken(23), 1);
    }

    #[test]
    fn a_crash_of_who_is_corrupt_takes_nobody_away_who_counts() {
        let mut coverage = Coverage::default();
        let mut happens = |(node, incarnation, event): Happening| {
            let (at, node) = (Time::ZERO, NodeId(node));
            assert_eq!(coverage.observe(&Entry { at, node, incarnation, event }), None);
            coverage.must_wait()
        };
        (0..3).for_each(|node| _ = happens((node, 0, Event::Booted)));
        happens((2, 0, Event::Corrupted));
        happens((2, 0, Event::Crashed));
        happens(told(0, true));
        assert!(happens(learns(0, 0, None)), "n1 counts and has not learned it");
        assert!(!happens(learns(1, 0, None)), "all who count have");
    }
}
