//! The problem of service: requests come, wait their turn, and are answered once.
//!
//! It asks for no agreement. It is here because queues have closed forms: a simulator whose clock,
//! queue or randomness were wrong would miss them.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::ChaCha;
use sim_core::time::{Duration, Time};
use sim_core::workload::{Rate, Retry, Workload};

use super::operation::Termination;

/// A node answers in the order in which it was asked.
pub const ORDER: &str = "order";
/// Every request is answered, but for one to a server that is down for good.
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
#[derive(Clone, Copy, Debug, Default)]
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
            (TERMINATION, Class::Liveness, Box::<Termination<Self>>::default()),
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

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;

    use super::super::bench::{Bench, end};
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
    fn a_request_is_due_after_the_patience_from_a_server_that_stays_and_from_no_other() {
        let op = OpId::default();
        let asked = Event::Requested { op, request: Job, reached: true };
        let conclude = |at, core| {
            let mut bench =
                Bench::<Service>::after([(0, 0, asked.clone()), (0, 0, Event::Crashed)]);
            let end = end(at, Some(0), core);
            assert!(!bench.is_settled(&end.core));
            bench.conclude(&end).into_iter().map(|(property, _)| property).collect::<Vec<_>>()
        };
        assert_eq!(conclude(9, &[0, 1]), [""; 0]);
        assert_eq!(conclude(10, &[0, 1]), [TERMINATION]);
        assert_eq!(conclude(10, &[1]), [""; 0], "n0 is down for good");
    }
}
