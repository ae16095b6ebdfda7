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
