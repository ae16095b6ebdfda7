//! The clients of one run: who asks next, who waits for what, and for how long.

use crate::id::{ClientId, Cluster, NodeId, OpId};
use crate::problem::{Client, Problem};
use crate::protocol::Protocol;
use crate::rng::{ChaCha, Random as _, Stream, Streams};
use crate::time::{Duration, Time};
use crate::workload::{Arrivals, Retry, Workload};

/// How far an operation has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Waiting,
    Done,
    Refused,
    /// Its client went away.
    Abandoned,
}

struct Operation<Q> {
    request: Q,
    /// When the client meant to ask; latency counts from here.
    started: Time,
    stage: Stage,
    /// How often it was asked.
    attempts: u32,
    /// Where it was asked last.
    node: NodeId,
}

struct Caller<Pr: Problem> {
    machine: Box<dyn Client<Pr>>,
    contents: ChaCha,
    arrivals: ChaCha,
    operations: Vec<Operation<Pr::Request>>,
    gone: bool,
}

/// What an answer settled.
pub(crate) struct Settled {
    pub(crate) started: Time,
    pub(crate) done: bool,
}

/// All clients of one run.
pub(crate) struct Clients<Pr: Problem> {
    workload: Workload,
    cluster: Cluster,
    /// Whether each client asks at a node of its own.
    on_network: bool,
    callers: Vec<Caller<Pr>>,
    made: u32,
    waiting: u32,
    until: Time,
}

impl<Pr: Problem> Clients<Pr> {
    pub(crate) fn new<P: Protocol<Problem = Pr>>(
        workload: &Workload,
        load: &Pr::Load,
        cluster: Cluster,
        horizon: Time,
        streams: &Streams,
    ) -> Self {
        let callers = (0..workload.clients).map(|client| Caller {
            machine: Pr::client(load, cluster, ClientId(client)),
            contents: streams.chacha(Stream::Application, u64::from(client)),
            arrivals: streams.chacha(Stream::Arrivals, u64::from(client)),
            operations: Vec::new(),
            gone: false,
        });
        Self {
            callers: callers.collect(),
            until: workload.until.map_or(horizon, |until| Time::ZERO + until),
            workload: workload.clone(),
            cluster,
            on_network: P::CLIENTS_ON_NETWORK,
            made: 0,
            waiting: 0,
        }
    }

    /// All clients, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ClientId> + use<Pr> {
        (0..self.callers.len() as u32).map(ClientId)
    }

    /// How many operations wait for an answer.
    pub(crate) const fn waiting(&self) -> u32 {
        self.waiting
    }

    /// When a client makes its first request, if it makes any.
    pub(crate) fn first_due(&mut self, client: ClientId) -> Option<Time> {
        let start = Time::ZERO + self.workload.start;
        let pause = match (self.workload.rate, self.workload.arrivals) {
            (None, _) => Duration::ZERO,
            (Some(rate), Arrivals::Even) => rate.interval(1) * u64::from(client.0),
            (Some(_), Arrivals::Poisson) => self.pause(client)?,
        };
        let first = start.checked_add(pause)?;
        (first < self.until).then_some(first)
    }

    /// The pause before the next request of an open loop.
    fn pause(&mut self, client: ClientId) -> Option<Duration> {
        let mean = self.workload.rate?.interval(self.workload.clients);
        Some(match self.workload.arrivals {
            Arrivals::Even => mean,
            Arrivals::Poisson => {
                let tail = -libm::log(self.callers[client.0 as usize].arrivals.unit());
                Duration::from_nanos_f64(mean.as_nanos() as f64 * tail)
            }
        })
    }

    /// Makes the client's next request: the operation, and when an open loop makes the one after.
    /// `None` if no more may be made.
    pub(crate) fn ask(&mut self, client: ClientId, now: Time) -> Option<(OpId, Option<Time>)> {
        let op = self.ask_more(client, now)?;
        let next = self.pause(client).and_then(|pause| now.checked_add(pause));
        Some((op, next.filter(|next| *next < self.until)))
    }

    /// Makes a request of the client beside those of its loop.
    pub(crate) fn ask_more(&mut self, client: ClientId, now: Time) -> Option<OpId> {
        if self.workload.requests.is_some_and(|most| self.made >= most) || self.is_gone(client) {
            return None;
        }
        let caller = &mut self.callers[client.0 as usize];
        let op = OpId { client, sequence: caller.operations.len() as u32 };
        let node = match self.on_network {
            true => self.cluster.node_of(client),
            false => NodeId(client.0 % self.cluster.n),
        };
        let request = caller.machine.next(&mut caller.contents);
        let stage = Stage::Waiting;
        caller.operations.push(Operation { request, started: now, stage, attempts: 1, node });
        self.made += 1;
        self.waiting += 1;
        Some(op)
    }

    /// What is asked, and where.
    pub(crate) fn request(&self, op: OpId) -> (NodeId, &Pr::Request) {
        let operation = self.operation(op);
        (operation.node, &operation.request)
    }

    /// When each operation that was not answered as done was meant to start, and whether it still
    /// waits.
    pub(crate) fn open(&self) -> impl Iterator<Item = (Time, bool)> + '_ {
        let all = self.callers.iter().flat_map(|caller| &caller.operations);
        all.filter(|operation| !matches!(operation.stage, Stage::Done | Stage::Abandoned))
            .map(|operation| (operation.started, operation.stage == Stage::Waiting))
    }

    /// How long a client waits for an answer before it is disappointed, whether it retries or not.
    pub(crate) const fn patience(&self) -> Duration {
        self.workload.timeout
    }

    /// How long a client waits before it retries; `None` if it does not.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        (self.workload.retry != Retry::Never).then_some(self.workload.timeout)
    }

    /// Whether the client went away.
    pub(crate) fn is_gone(&self, client: ClientId) -> bool {
        self.callers[client.0 as usize].gone
    }

    /// The client goes away; gives the operations that it waited for.
    pub(crate) fn send_away(&mut self, client: ClientId) -> Vec<OpId> {
        let caller = &mut self.callers[client.0 as usize];
        caller.gone = true;
        let mut open = Vec::new();
        for (operation, sequence) in caller.operations.iter_mut().zip(0..) {
            if operation.stage == Stage::Waiting {
                operation.stage = Stage::Abandoned;
                open.push(OpId { client, sequence });
            }
        }
        self.waiting -= open.len() as u32;
        open
    }

    /// How often the operation was asked, while it waits.
    pub(crate) fn attempts(&self, op: OpId) -> Option<u32> {
        let operation = self.operation(op);
        (operation.stage == Stage::Waiting).then_some(operation.attempts)
    }

    /// Turns to another node, or to the same one again, for an operation that waits.
    pub(crate) fn turn(&mut self, op: OpId, hint: Option<NodeId>) {
        let n = self.cluster.n;
        let (retry, stays) = (self.workload.retry, self.on_network);
        let operation = self.operation_mut(op);
        operation.attempts += 1;
        operation.node = match (retry, hint) {
            _ if stays => operation.node,
            (Retry::Next, Some(hint)) if hint.0 < n => hint,
            (Retry::Next, _) => NodeId((operation.node.0 + 1) % n),
            _ => operation.node,
        };
    }

    /// Whether a client that is pointed elsewhere goes there.
    pub(crate) fn wanders(&self) -> bool {
        self.workload.retry == Retry::Next && !self.on_network
    }

    /// The client hears of an operation that it waits for.
    pub(crate) fn hear(&mut self, op: OpId, answer: &Pr::Indication) {
        if self.operation(op).stage == Stage::Waiting {
            self.callers[op.client.0 as usize].machine.hear(op.sequence, answer);
        }
    }

    /// The operation was answered; `None` if it was before.
    pub(crate) fn settle(&mut self, op: OpId, done: bool) -> Option<Settled> {
        let operation = self.operation_mut(op);
        if operation.stage != Stage::Waiting {
            return None;
        }
        operation.stage = if done { Stage::Done } else { Stage::Refused };
        let started = operation.started;
        self.waiting -= 1;
        Some(Settled { started, done })
    }

    /// When a client of a closed loop asks again after an answer.
    pub(crate) fn next_closed(&self, now: Time) -> Option<Time> {
        if self.workload.rate.is_some() {
            return None;
        }
        now.checked_add(self.workload.think).filter(|next| *next < self.until)
    }

    /// Whether no request will be made any more.
    pub(crate) fn is_exhausted(&self, now: Time) -> bool {
        now >= self.until
            || self.workload.requests.is_some_and(|most| self.made >= most)
            || self.callers.iter().all(|caller| caller.gone)
    }

    fn operation(&self, op: OpId) -> &Operation<Pr::Request> {
        &self.callers[op.client.0 as usize].operations[op.sequence as usize]
    }

    fn operation_mut(&mut self, op: OpId) -> &mut Operation<Pr::Request> {
        &mut self.callers[op.client.0 as usize].operations[op.sequence as usize]
    }
}
