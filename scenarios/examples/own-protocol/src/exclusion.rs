//! The problem: mutual exclusion. Clients ask for a lock; a node says when it holds it for them,
//! and when no longer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, End, Property, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::problem::{Answer, Client, Problem, Promise};
use sim_core::rng::ChaCha;
use sim_core::time::{Duration, Time};
use sim_core::workload::Workload;

/// No two nodes hold the lock at once.
pub const MUTUAL_EXCLUSION: &str = "mutual_exclusion";
/// Whoever asks is granted the lock in the end.
pub const EVENTUAL_GRANT: &str = "eventual_grant";

/// Mutual exclusion.
#[derive(Debug)]
pub struct Exclusion;

/// The only request: to hold the lock for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Acquire;

/// What a node tells its application.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Notice {
    /// You hold the lock; this answers a request.
    Granted,
    /// You hold it no longer, whether you had finished or not.
    Released,
}

/// The workload has no keys beside its pace.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {}

impl Problem for Exclusion {
    const NAME: &'static str = "exclusion";
    const SUMMARY: &'static str = "one node at a time holds the lock";
    const PROPERTIES: &'static [&'static str] = &[MUTUAL_EXCLUSION, EVENTUAL_GRANT];
    type Request = Acquire;
    type Indication = Notice;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            think: Duration::from_millis(20),
            requests: Some(30),
            timeout: Duration::from_secs(2),
            ..Workload::once(cluster.n)
        }
    }

    fn client(_: &Load, _: Cluster, _: ClientId) -> Box<dyn Client<Self>> {
        Box::new(Contender)
    }

    fn answer(_: &Notice) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Acquire, Notice>> {
        let all: [Property<Acquire, Notice>; 2] = [
            Property {
                name: MUTUAL_EXCLUSION,
                class: Class::Safety,
                checker: Box::new(OneHolder::default()),
            },
            Property {
                name: EVENTUAL_GRANT,
                class: Class::Liveness,
                checker: Box::new(Granted::default()),
            },
        ];
        all.into_iter().filter(|property| promise.includes(property.name)).collect()
    }
}

struct Contender;

impl Client<Exclusion> for Contender {
    fn next(&mut self, _: &mut ChaCha) -> Acquire {
        Acquire
    }
}

/// Judges [`MUTUAL_EXCLUSION`].
#[derive(Default)]
struct OneHolder {
    holder: Option<(NodeId, Time)>,
}

impl Checker<Acquire, Notice> for OneHolder {
    fn observe(&mut self, entry: &Entry<Acquire, Notice>) -> Option<Witness> {
        let holds = self.holder.is_some_and(|(node, _)| node == entry.node);
        match &entry.event {
            Event::Indicated { indication: Notice::Granted, .. } => match self.holder {
                Some((node, since)) if !holds => Some(format!(
                    "{node} holds the lock since {since} s when {} is granted it at {} s",
                    entry.node, entry.at
                )),
                _ => {
                    self.holder = Some((entry.node, entry.at));
                    None
                }
            },
            // An application that is down does nothing with a lock.
            Event::Indicated { indication: Notice::Released, .. } | Event::Crashed if holds => {
                self.holder = None;
                None
            }
            _ => None,
        }
    }
}

/// Judges [`EVENTUAL_GRANT`].
#[derive(Default)]
struct Granted {
    open: Vec<(OpId, NodeId, Time)>,
}

impl Checker<Acquire, Notice> for Granted {
    fn observe(&mut self, entry: &Entry<Acquire, Notice>) -> Option<Witness> {
        match &entry.event {
            Event::Requested { op, .. } if self.open.iter().all(|(open, ..)| open != op) => {
                self.open.push((*op, entry.node, entry.at));
            }
            Event::Indicated { answers: Some(op), .. } | Event::Abandoned { op } => {
                self.open.retain(|(open, ..)| open != op);
            }
            _ => {}
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let overdue = |(_, node, since): &&(OpId, NodeId, Time)| {
            end.must_answer(*node) && end.is_overdue(*since)
        };
        let (op, node, since) = self.open.iter().find(overdue)?;
        Some(format!("{op} asked {node} at {since} s and was never granted the lock"))
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(events: &[(u32, Event<Acquire, Notice>)]) -> Option<Witness> {
        let mut judge = OneHolder::default();
        events.iter().zip(1..).find_map(|((node, event), second)| {
            judge.observe(&Entry {
                at: Time::ZERO + Duration::from_secs(second),
                node: NodeId(*node),
                incarnation: 0,
                event: event.clone(),
            })
        })
    }

    fn says(notice: Notice) -> Event<Acquire, Notice> {
        Event::Indicated { answers: None, indication: notice }
    }

    #[test]
    fn the_judge_sees_two_holders_and_nothing_else() {
        use Notice::{Granted, Released};
        let two = witness(&[(0, says(Granted)), (1, says(Granted))]).expect("two holders");
        assert!(two.starts_with("n0 holds the lock since 1 s when n1 "), "{two}");
        let in_turn = [(0, says(Granted)), (0, says(Released)), (1, says(Granted))];
        assert_eq!(witness(&in_turn), None);
        let crashed = [(0, says(Granted)), (0, Event::Crashed), (1, says(Granted))];
        assert_eq!(witness(&crashed), None);
        // That somebody else goes down or lets go frees nothing.
        let other = [(0, says(Granted)), (2, Event::Crashed), (1, says(Granted))];
        assert!(witness(&other).is_some());
        let other = [(0, says(Granted)), (2, says(Released)), (1, says(Granted))];
        assert!(witness(&other).is_some());
    }
}
