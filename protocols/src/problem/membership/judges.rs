//! The judges of membership.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, NodeSet};
use sim_core::time::Time;

use super::standing::{Standing, Standings};
use super::{Belief, Indication, Request, Status};

type Seen = Entry<Request, Indication>;

/// A view never ends, so these judges wait for the end of the run.
const IS_SETTLED: bool = false;

/// Keeps what each life of a node believed last.
#[derive(Default)]
pub(super) struct NoResurrection {
    believed: BTreeMap<(NodeId, NodeId), (Belief, Time)>,
}

impl Checker<Request, Indication> for NoResurrection {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        let (node, at) = (entry.node, entry.at);
        match entry.event {
            Event::Booted | Event::Indicated { indication: Indication::Left, .. } => {
                self.believed.retain(|(observer, _), _| *observer != node);
                None
            }
            Event::Indicated { indication: Indication::Changed { member, belief }, .. } => {
                let (before, when) = self.believed.insert((node, member), (belief, at))?;
                (belief < before).then(|| {
                    format!(
                        "{node} held {member} for {before:?} at {when} s and for {belief:?} at {at} s"
                    )
                })
            }
            _ => None,
        }
    }
}

/// Keeps the last incarnation of each node.
#[derive(Default)]
pub(super) struct RisingIncarnation {
    last: BTreeMap<NodeId, (u64, Time)>,
}

impl Checker<Request, Indication> for RisingIncarnation {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        let Event::Indicated { indication, .. } = entry.event else {
            return None;
        };
        let (Indication::Joined { incarnation, .. } | Indication::Refuted { incarnation }) =
            indication
        else {
            return None;
        };
        let (node, at) = (entry.node, entry.at);
        let (before, when) = self.last.insert(node, (incarnation, at))?;
        (incarnation <= before).then(|| {
            format!("{node} had incarnation {before} at {when} s and {incarnation} at {at} s")
        })
    }
}

/// Knows who is a member.
#[derive(Default)]
pub(super) struct StrongAccuracy(Standings);

impl Checker<Request, Indication> for StrongAccuracy {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        self.0.observe(entry);
        let Event::Indicated { indication: Indication::Changed { member, belief }, .. } =
            entry.event
        else {
            return None;
        };
        let is_false = belief.status == Status::Dead && self.0.slanders(member, belief.incarnation);
        let (node, at) = (entry.node, entry.at);
        is_false.then(|| format!("{node} held {member} for {belief:?} at {at} s, and it was there"))
    }
}

/// The members of the core.
fn core<'a>(
    standings: &'a Standings,
    end: &'a End,
) -> impl Iterator<Item = (NodeId, &'a Standing)> + Clone {
    standings.members().filter(|(node, _)| end.core.contains(*node))
}

/// Knows who is gone.
#[derive(Default)]
pub(super) struct Completeness(Standings);

impl Checker<Request, Indication> for Completeness {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        self.0.observe(entry);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let gone = |(_, standing): &(NodeId, &Standing)| {
            standing.joined.is_none() && !standing.is_corrupt && end.is_overdue(standing.since)
        };
        let mut gone = self.0.iter().filter(gone);
        gone.find_map(|(member, standing)| {
            let blind = |(_, observer): &(NodeId, &Standing)| {
                let (is_present, since) = observer.sees(member);
                is_present && end.is_overdue(since)
            };
            let (node, _) = core(&self.0, end).find(blind)?;
            let (since, at) = (standing.since, end.at);
            Some(format!("{member} is gone since {since} s, and {node} sees it at {at} s"))
        })
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        IS_SETTLED
    }
}

/// Knows who is there.
#[derive(Default)]
pub(super) struct Accuracy(Standings);

impl Checker<Request, Indication> for Accuracy {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        self.0.observe(entry);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        core(&self.0, end).find_map(|(member, standing)| {
            let blind = |(node, observer): &(NodeId, &Standing)| {
                let (is_present, since) = observer.sees(member);
                *node != member && !is_present && end.is_overdue(since.max(standing.since))
            };
            let (node, observer) = core(&self.0, end).find(blind)?;
            let (since, at) = (observer.sees(member).1, end.at);
            Some(format!("{member} is there, and {node} does not see it from {since} s to {at} s"))
        })
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        IS_SETTLED
    }
}

/// Compares the views of the core.
#[derive(Default)]
pub(super) struct ViewsAgree(Standings);

impl Checker<Request, Indication> for ViewsAgree {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        self.0.observe(entry);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        end.cluster.nodes().find_map(|member| {
            // What has just changed may be on its way to the others.
            let settled = core(&self.0, end).filter(|(node, observer)| {
                *node != member && end.is_overdue(observer.sees(member).1)
            });
            let with = |there: bool| {
                let mut sharers = settled.clone();
                sharers.find(|(_, observer)| observer.sees(member).0 == there)
            };
            let ((yes, _), (no, _)) = (with(true)?, with(false)?);
            Some(format!("{yes} sees {member} and {no} does not at {} s", end.at))
        })
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        IS_SETTLED
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::Duration;

    use super::super::super::bench::{Bench, Happening, end};
    use super::super::{
        ACCURACY, COMPLETENESS, Membership, NO_RESURRECTION, RISING_INCARNATION, STRONG_ACCURACY,
        VIEWS_AGREE,
    };
    use super::*;

    const fn says(node: u32, indication: Indication) -> Happening<Membership> {
        (node, 0, Event::Indicated { answers: None, indication })
    }

    const fn joins(node: u32, incarnation: u64) -> Happening<Membership> {
        says(node, Indication::Joined { incarnation, period: Duration::from_secs(1) })
    }

    /// `node` holds `of` for this, under an incarnation of `of`.
    const fn holds(node: u32, of: u32, status: Status, incarnation: u64) -> Happening<Membership> {
        let belief = Belief { incarnation, status };
        says(node, Indication::Changed { member: NodeId(of), belief })
    }

    const fn knows(node: u32, of: u32) -> Happening<Membership> {
        holds(node, of, Status::Alive, 0)
    }

    const fn crashes(node: u32) -> Happening<Membership> {
        (node, 0, Event::Crashed)
    }

    /// What is broken by a history that begins with n0 and n1 as members who know each other, seen
    /// at this second.
    fn broken_at(second: u64, then: &[Happening<Membership>], core: &[u32]) -> Vec<&'static str> {
        let begins = [joins(0, 0), joins(1, 0), knows(0, 1), knows(1, 0)];
        let history = begins.into_iter().chain(then.iter().cloned());
        let found = Bench::<Membership>::after(history).conclude(&end(second, Some(0), core));
        found.into_iter().map(|(name, _)| name).collect()
    }

    fn broken(then: &[Happening<Membership>], core: &[u32]) -> Vec<&'static str> {
        broken_at(60, then, core)
    }

    #[test]
    fn members_who_know_each_other_and_learn_of_a_crash_are_accepted() {
        assert_eq!(broken(&[], &[0, 1]), [""; 0]);
        assert_eq!(broken(&[holds(0, 1, Status::Suspect, 0)], &[0, 1]), [""; 0]);
        assert_eq!(broken(&[crashes(1), holds(0, 1, Status::Dead, 0)], &[0]), [""; 0]);
    }

    #[test]
    fn a_belief_falls_only_with_the_memory_of_who_holds_it() {
        let dead = [crashes(1), holds(0, 1, Status::Dead, 0)];
        let judged = |then: &[_]| broken(&[&dead[..], then].concat(), &[]);
        assert_eq!(judged(&[knows(0, 1)]), [NO_RESURRECTION]);
        assert_eq!(judged(&[holds(0, 1, Status::Alive, 1)]), [""; 0]);
        assert_eq!(judged(&[(0, 0, Event::Booted), knows(0, 1)]), [""; 0]);
        assert_eq!(judged(&[says(0, Indication::Left), knows(0, 1)]), [""; 0]);
    }

    #[test]
    fn a_node_joins_and_refutes_each_time_under_a_later_incarnation() {
        let refutes = |incarnation| says(0, Indication::Refuted { incarnation });
        assert_eq!(broken(&[refutes(1), refutes(4)], &[]), [""; 0]);
        assert_eq!(broken(&[refutes(0)], &[]), [RISING_INCARNATION]);
        let again = [refutes(3), crashes(0), (0, 1, Event::Booted), joins(0, 2)];
        assert_eq!(broken(&again, &[]), [RISING_INCARNATION]);
    }

    #[test]
    fn who_is_declared_dead_though_it_is_there_is_missed_if_it_stays_so() {
        let slander = holds(0, 1, Status::Dead, 0);
        let amends = holds(0, 1, Status::Alive, 1);
        assert_eq!(broken(&[slander.clone(), amends], &[0, 1]), [STRONG_ACCURACY]);
        assert_eq!(broken(&[(1, 0, Event::Corrupted), slander.clone()], &[0]), [""; 0]);
        assert_eq!(broken(&[slander], &[0, 1]), [STRONG_ACCURACY, ACCURACY]);
        let anew = [crashes(1), joins(1, 5), holds(0, 1, Status::Dead, 0)];
        assert_eq!(broken(&anew, &[]), [""; 0], "that was another membership of it");
    }

    #[test]
    fn the_gone_are_seen_no_longer_than_patience_lasts() {
        // It crashes at 4 s, and patience is 10 s.
        assert_eq!(broken_at(14, &[crashes(1)], &[0]), [COMPLETENESS]);
        assert_eq!(broken_at(13, &[crashes(1)], &[0]), [""; 0]);
        assert_eq!(broken(&[crashes(1)], &[]), [""; 0], "nobody of the core sees it");
    }

    #[test]
    fn members_of_the_core_see_the_same() {
        let third = [joins(2, 0), knows(2, 0), knows(2, 1), knows(0, 2), knows(1, 2)];
        let judged = |then: &[_]| broken(&[&third[..], then].concat(), &[0, 1]);
        let gone = [crashes(2), holds(0, 2, Status::Dead, 0)];
        assert_eq!(judged(&gone), [COMPLETENESS, VIEWS_AGREE]);
        assert_eq!(judged(&[&gone[..], &[holds(1, 2, Status::Dead, 0)]].concat()), [""; 0]);
    }
}
