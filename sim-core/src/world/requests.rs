//! What clients ask of nodes, again where it must be, and how their operations end.

use super::{Attempt, Occurrence, World};
use crate::history::Event;
use crate::id::{ClientId, InstanceId, NodeId, OpId};
use crate::nemesis::Lot;
use crate::node::Input;
use crate::protocol::{Protocol, Request};
use crate::rng::Random as _;
use crate::time::Duration;
use crate::trace::StepKind;

/// How long a client takes to turn to the node that it was pointed to. Above zero, so that two
/// nodes that point at each other cost time and not for ever.
const REDIRECT: Duration = Duration::from_millis(1);

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    pub(super) fn due(&mut self, client: ClientId) {
        self.note(InstanceId(client.0), 5, 0);
        let Some((op, next)) = self.clients.ask(client, self.now) else { return };
        if let Some(next) = next {
            self.later(next, Occurrence::Due { client });
        }
        self.ledger.asked(self.now);
        self.request(op);
        // An open loop asks more in a surge; a closed one waits for its answers.
        if next.is_some() && !self.surges.is_empty() {
            self.surge(client);
        }
    }

    /// Asks what a surge adds to one request.
    fn surge(&mut self, client: ClientId) {
        for at in 0..self.surges.len() {
            let (wake, factor) = self.surges[at];
            for _ in 1..factor {
                let Some(op) = self.clients.ask_more(client, self.now) else { return };
                self.nemesis.wakes[wake].record.changed += 1;
                self.ledger.asked(self.now);
                self.request(op);
            }
        }
    }

    /// Brings an operation to the node where it stands.
    pub(super) fn request(&mut self, op: OpId) {
        if let Some(timeout) = self.clients.timeout()
            && let Some(attempt) = self.clients.attempts(op)
            && let Some(at) = self.now.checked_add(timeout)
        {
            self.queue.set_deadline(at, Attempt { op, attempt, cause: self.event });
        }
        let (node, request) = self.clients.request(op);
        let request = request.clone();
        let instance = Self::instance_of(node);
        if !self.repeats.is_empty() {
            self.repeat_request(instance, op, &request);
        }
        self.bring(instance, op, request);
    }

    /// Brings a request to a node.
    fn bring(&mut self, instance: InstanceId, op: OpId, request: Request<P>) {
        let reached = self.nodes[instance.index()].is_up();
        self.enter(instance, Event::Requested { op, request: request.clone(), reached });
        self.step(StepKind::Request, Some(instance), || format!("{op} {request:?}"));
        self.submit(instance, Input::Request(op, request));
    }

    /// Brings a request once more, if a strike wants it twice.
    fn repeat_request(&mut self, instance: InstanceId, op: OpId, request: &Request<P>) {
        let attempt = self.clients.attempts(op).unwrap_or(0);
        for at in 0..self.repeats.len() {
            let (wake, probability) = self.repeats[at];
            let strike = self.nemesis.wakes[wake].strike;
            if self.nemesis.draw(strike, Lot::Request(op, attempt)).chance(probability) {
                self.nemesis.wakes[wake].record.changed += 1;
                self.bring(instance, op, request.clone());
            }
        }
    }

    pub(super) fn lose_patience(&mut self, attempt: Attempt) {
        self.note(InstanceId(attempt.op.client.0), 6, 0);
        self.ledger.counts.retries += 1;
        self.clients.turn(attempt.op, None);
        self.request(attempt.op);
    }

    pub(super) fn redirect(&mut self, op: OpId, hint: NodeId) {
        if self.clients.attempts(op).is_none() {
            return;
        }
        self.ledger.counts.retries += 1;
        self.clients.turn(op, Some(hint));
        if let Some(attempt) = self.clients.attempts(op) {
            let cause = self.event;
            self.after(REDIRECT, Occurrence::Redirected(Attempt { op, attempt, cause }));
        }
    }

    pub(super) fn settle(&mut self, op: OpId, done: bool) {
        let Some(settled) = self.clients.settle(op, done) else { return };
        let waiting = self.clients.waiting();
        self.ledger.settled(self.now, settled.started, settled.done, waiting);
        if let Some(next) = self.clients.next_closed(self.now) {
            self.later(next, Occurrence::Due { client: op.client });
        }
    }

    /// Clients go away for good: they ask nothing more, and nobody takes their answers.
    pub(super) fn send_away(&mut self, wake: usize, count: u32) {
        let mut draw = self.nemesis.draw(self.nemesis.wakes[wake].strike, Lot::Targets);
        let mut clients: Vec<_> =
            self.clients.ids().filter(|id| !self.clients.is_gone(*id)).collect();
        draw.shuffle(&mut clients);
        clients.truncate(count as usize);
        self.nemesis.wakes[wake].record.changed = clients.len() as u64;
        for client in clients {
            for op in self.clients.send_away(client) {
                let (node, _) = self.clients.request(op);
                self.enter(Self::instance_of(node), Event::Abandoned { op });
            }
        }
    }

    /// Clients that asked more, or twice, do so no longer; says whether there were any.
    pub(super) fn end_surges(&mut self, wake: usize) -> bool {
        let before = self.surges.len() + self.repeats.len();
        self.surges.retain(|(strike, _)| *strike != wake);
        self.repeats.retain(|(strike, _)| *strike != wake);
        before != self.surges.len() + self.repeats.len()
    }
}
