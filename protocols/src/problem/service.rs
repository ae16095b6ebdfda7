//! The problem of service: requests come, wait their turn, and are answered once.
//!
//! It asks for no agreement. It is here because queues have closed forms: a simulator whose clock,
//! queue or randomness were wrong would miss them.

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, End, Progress, Property, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, NodeSet, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::ChaCha;
use sim_core::time::{Duration, Time};
use sim_core::workload::{Rate, Retry, Workload};

/// A node answers in the order in which it was asked.
pub const ORDER: &str = "order";
/// Every request is answered.
pub const TERMINATION: &str = "termination";

/// A request without content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Job;

/// To the client: the job is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Served;

/// The keys of the load: there are none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {}

/// The problem of service.
#[derive(Clone, Copy, Debug)]
pub struct Service;

impl Problem for Service {
    const NAME: &'static str = "service";
    const SUMMARY: &'static str = "requests wait their turn at a server and are answered once";
    const PROPERTIES: &'static [&'static str] = &[ORDER, TERMINATION];
    type Request = Job;
    type Indication = Served;
    type Load = Load;

    fn workload(_: Cluster) -> Workload {
        Workload {
            timeout: Duration::from_secs(10),
            retry: Retry::Never,
            ..Workload::open(1, Rate::per_second(500))
        }
    }

    fn client(_: &Load, _: Cluster, _: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Customers)
    }

    fn answer(_: &Served) -> Answer {
        Answer::Done
    }

    fn properties(cluster: Cluster, promise: &Promise) -> Vec<Property<Job, Served>> {
        let queues = vec![VecDeque::new(); cluster.n as usize];
        let all: [(_, _, Box<dyn Checker<Job, Served>>); 2] = [
            (ORDER, Class::Safety, Box::new(Order { queues })),
            (TERMINATION, Class::Liveness, Box::<Termination>::default()),
        ];
        promise.judged_by(all)
    }
}

struct Customers;

impl problem::Client<Service> for Customers {
    fn next(&mut self, _: &mut ChaCha) -> Job {
        Job
    }
}

type Queue = VecDeque<(OpId, Time)>;

/// Keeps the queue of each node as it should be.
struct Order {
    queues: Vec<Queue>,
}

impl Checker<Job, Served> for Order {
    fn observe(&mut self, entry: &Entry<Job, Served>) -> Option<Witness> {
        let queue = &mut self.queues[entry.node.index()];
        match entry.event {
            Event::Requested { op, reached: true, .. } => queue.push_back((op, entry.at)),
            Event::Indicated { answers, .. } => {
                let (first, since) = queue.pop_front().unzip();
                if answers != first {
                    let (at, node) = (entry.at, entry.node);
                    return Some(match (answers, first.zip(since)) {
                        (Some(op), Some((first, since))) => format!(
                            "{node} served {op} at {at} s, before {first}, which came at {since} s"
                        ),
                        _ => {
                            format!("{node} served {answers:?} at {at} s, which nobody waited for")
                        }
                    });
                }
            }
            // The queue was in memory.
            Event::Crashed => queue.clear(),
            Event::Requested { .. }
            | Event::Abandoned { .. }
            | Event::Booted
            | Event::Corrupted => {}
        }
        None
    }
}

/// Waits for the answers, wherever they are given.
#[derive(Default)]
struct Termination {
    open: BTreeMap<OpId, Time>,
    progress: Progress,
}

impl Checker<Job, Served> for Termination {
    fn observe(&mut self, entry: &Entry<Job, Served>) -> Option<Witness> {
        match entry.event {
            Event::Requested { op, .. } => {
                self.open.entry(op).or_insert(entry.at);
            }
            Event::Indicated { answers: Some(op), .. } => {
                let asked = self.open.remove(&op);
                asked.into_iter().for_each(|asked| self.progress.answered(asked, entry.at));
            }
            Event::Abandoned { op } => {
                self.open.remove(&op);
            }
            Event::Indicated { .. } | Event::Crashed | Event::Booted | Event::Corrupted => {}
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let (op, since) = self.open.iter().min_by_key(|(_, since)| **since)?;
        self.progress.owes(*since, end).then(|| format!("{op} has waited since {since} s"))
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;

    use super::*;

    fn judged(answers: &[u32]) -> Option<Witness> {
        let mut judge = Order { queues: vec![Queue::new()] };
        let op = |sequence| OpId { client: ClientId(0), sequence };
        let entry = |event| Entry { at: Time::ZERO, node: NodeId(0), incarnation: 0, event };
        for sequence in 0..3 {
            let event = Event::Requested { op: op(sequence), request: Job, reached: true };
            assert_eq!(judge.observe(&entry(event)), None);
        }
        answers.iter().find_map(|sequence| {
            let answers = Some(op(*sequence));
            judge.observe(&entry(Event::Indicated { answers, indication: Served }))
        })
    }

    #[test]
    fn service_in_order_is_accepted_and_out_of_order_or_twice_is_not() {
        assert_eq!(judged(&[0, 1, 2]), None);
        assert!(judged(&[1]).is_some_and(|witness| witness.contains("before c0.0")));
        assert!(judged(&[0, 0]).is_some());
        assert!(judged(&[0, 1, 2, 2]).is_some_and(|witness| witness.contains("nobody waited")));
    }

    #[test]
    fn a_request_that_waits_beyond_patience_is_missed() {
        let mut judge = Termination::default();
        let op = OpId::default();
        let event = Event::Requested { op, request: Job, reached: true };
        judge.observe(&Entry { at: Time::ZERO, node: NodeId(0), incarnation: 0, event });
        let core: NodeSet = [NodeId(0)].into_iter().collect();
        assert!(!judge.is_settled(&core));
        let end = |secs| End {
            cluster: Cluster { n: 1 },
            at: Time::ZERO + Duration::from_secs(secs),
            gst: Some(Time::ZERO),
            patience: Duration::from_secs(5),
            core: core.clone(),
        };
        assert!(judge.conclude(&end(4)).is_none());
        assert!(judge.conclude(&end(5)).is_some());
    }
}
