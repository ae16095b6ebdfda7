//! The world: one run. Clock, queue, nodes, network, disks, faults, judges.
//!
//! This room holds the world itself and its loop; the others what happens at nodes (`nodes`),
//! between them (`traffic`; in bad weather, `weather`) and between them and clients (`requests`);
//! what goes wrong (`strikes`, and of them `cuts`, `outages`, `trouble` and `corruption`); and what
//! is kept of it: every step (`recording`), the schedule as it struck (`schedule`), the outcome
//! (`verdict`).
//!
//! The loop takes the earliest event, hands it to the node that it concerns, and performs the
//! effects that the handler asked for. It allocates nothing per event in steady state: effect
//! buffer, slab and rings are reused, and messages are moved.

mod corruption;
mod cuts;
mod nodes;
mod outages;
mod recording;
mod requests;
mod schedule;
mod strikes;
mod traffic;
mod trouble;
mod verdict;
mod weather;

/// The toy protocol of the tests outside, for those that look inside.
#[cfg(test)]
#[path = "../tests/kernel/toy.rs"]
mod toy;

use std::any::Any;
use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::adversary::{Adversary, Generic, Speech};
use crate::clients::Clients;
use crate::cost::{Cost, Tokens};
use crate::court::Court;
use crate::digest::Digest;
use crate::disk::DiskModel;
use crate::experiment::Experiment;
use crate::id::{ClientId, Incarnation, InstanceId, NodeId, NodeSet, OpId};
use crate::ledger::Ledger;
use crate::message::Message as _;
use crate::nemesis::{Nemesis, Planned, Strike};
use crate::network::Network;
use crate::node::{Node, clock_of};
use crate::outcome::Outcome;
use crate::problem::{Material, Problem as _, ProblemGauge};
use crate::protocol::{Contract, Effect, History, Protocol};
use crate::queue::{EventQueue, Popped};
use crate::record::Section;
use crate::rng::{Key, Ratio, Stream, Streams};
use crate::setup::Gst;
use crate::time::{Duration, Time};
use crate::trace::{EventKind, Trace};

use self::recording::Recording;

/// Something that happens at a known time and is never taken back.
enum Occurrence<P: Protocol> {
    Arrive {
        from: NodeId,
        to: InstanceId,
        message: P::Message,
    },
    Synced {
        instance: InstanceId,
        incarnation: Incarnation,
    },
    Due {
        client: ClientId,
    },
    Redirected(Attempt),
    /// The processor of a node has done the work that its next input takes.
    Worked {
        instance: InstanceId,
        incarnation: Incarnation,
    },
    /// A node is clogged for a while, as one of those of a strike.
    Swizzle {
        wake: usize,
        node: NodeId,
        lasts: Duration,
    },
    /// A node that comes and goes does so, for the `turn`-th time since its strike.
    Churn {
        wake: usize,
        node: NodeId,
        turn: u64,
    },
    Strike(Strike),
    StrikeEnd {
        wake: usize,
    },
    Disarm,
    Gst,
}

/// An occurrence, and the event that caused it.
struct Caused<P: Protocol> {
    cause: u64,
    occurrence: Occurrence<P>,
}

/// A client's patience with one attempt.
#[derive(Clone, Copy)]
struct Attempt {
    op: OpId,
    attempt: u32,
    /// The event in which it was made.
    cause: u64,
}

/// What is taken for the size of the caches of a core, in bytes.
const CACHE: usize = 1 << 20;

type Queue<P> = EventQueue<Caused<P>, (InstanceId, <P as Protocol>::Timer), Attempt>;

/// One run in the making.
///
/// Whether a trace is kept is decided once per run, and a loop that keeps none is compiled without
/// a thought of it.
pub(crate) struct World<'a, P: Protocol, const TRACED: bool> {
    experiment: &'a Experiment<P>,
    contract: &'a Contract,
    seed: u64,
    horizon: Time,
    now: Time,
    /// The number of the event at hand, from 1.
    event: u64,
    /// Whether the nodes are so many that they do not fit into the caches.
    is_vast: bool,
    /// The event that caused the event at hand.
    cause: u64,
    at_this_instant: u64,
    /// The events of one instant from which on it counts as endless.
    zeno: u64,
    queue: Queue<P>,
    nodes: Vec<Node<P>>,
    up: NodeSet,
    corrupt: NodeSet,
    /// Those of them that run a hostile program, in all their lives.
    programmed: NodeSet,
    /// Whose durable state was lost: they count as faulty for good.
    forgetful: NodeSet,
    /// The second bodies of corrupt nodes, and who hears them.
    twins: Vec<corruption::Twin>,
    network: Network,
    /// What clogs hold, in the order of sending.
    held: Vec<weather::Held<P>>,
    disks: DiskModel,
    node_key: Key,
    disk_key: Key,
    /// What messages cost their nodes; `None` for nothing.
    cost: Option<Cost>,
    /// What messages cost in tokens; `None` if nobody counts.
    tokens: Option<Tokens>,
    /// Whether a message meets more than the network: costs, twins, an adversary in a hurry.
    meets_more: bool,
    effects: Vec<Effect<P>>,
    clients: Clients<P::Problem>,
    court: Court<P>,
    gauge: Option<ProblemGauge<P::Problem>>,
    nemesis: Nemesis<'a>,
    adversary: Box<dyn Adversary<P>>,
    /// The strikes under which clients ask more, and how many times as much.
    surges: Vec<(usize, u32)>,
    /// The strikes under which requests come twice, and how often.
    repeats: Vec<(usize, Ratio)>,
    /// What the adversary says in the place of one message; kept for its memory.
    speeches: Vec<Speech<P::Message>>,
    ledger: Ledger,
    gst: Option<Time>,
    longest_timer: Duration,
    /// Whether a corruption, a crash, a clock or the network went beyond what safety assumes.
    safety_exceeded: bool,
    /// How long a message may take as far as safety assumes.
    prompt: Duration,
    ever_faulty: NodeSet,
    /// Whose messages arrived damaged, and nobody noticed.
    garbled: NodeSet,
    /// Whether anything happened since that could have settled a judge.
    news: bool,
    fingerprint: Digest,
    limit_hit: Option<&'static str>,
    /// How many events the run may have; none more once the schedule has struck too often.
    events_allowed: u64,
    recording: Recording<P>,
}

/// Runs one seed to its end.
pub(crate) fn run<P: Protocol>(
    experiment: &Experiment<P>,
    contract: &Contract,
    seed: u64,
) -> Outcome {
    World::<P, false>::complete(experiment, contract, seed).0
}

/// Runs one seed to its end and keeps everything that happened.
pub(crate) fn trace<P: Protocol>(
    experiment: &Experiment<P>,
    contract: &Contract,
    seed: u64,
) -> (Outcome, Trace) {
    let (outcome, recording) = World::<P, true>::complete(experiment, contract, seed);
    (outcome, recording.trace)
}

/// Runs one seed to its end and keeps what its judges were shown.
pub(crate) fn history<P: Protocol>(
    experiment: &Experiment<P>,
    contract: &Contract,
    seed: u64,
) -> (Outcome, History<P>) {
    let (outcome, recording) = World::<P, true>::complete(experiment, contract, seed);
    (outcome, recording.history)
}

/// Runs one seed to its end and keeps everything that happened, and what is to be recorded of it.
pub(crate) fn record<P: Protocol>(
    experiment: &Experiment<P>,
    contract: &Contract,
    seed: u64,
) -> (Outcome, Trace, Vec<Section>) {
    let (outcome, recording) = World::<P, true>::complete(experiment, contract, seed);
    let cluster = experiment.setup.cluster();
    let key = Streams::new(seed).key(Stream::Load);
    let minutes = P::minutes(&experiment.config, cluster, &recording.survivors);
    let sections = P::Problem::record(Material {
        load: &P::Problem::drawn(&experiment.load, cluster, key),
        cluster,
        history: &recording.history,
        minutes,
    });
    (outcome, recording.trace, sections)
}

impl<'a, P: Protocol, const TRACED: bool> World<'a, P, TRACED> {
    /// A panic, of the protocol or of a judge, is a verdict; what was measured until then stays.
    fn complete(
        experiment: &'a Experiment<P>,
        contract: &'a Contract,
        seed: u64,
    ) -> (Outcome, Recording<P>) {
        let guarded = catch_unwind(AssertUnwindSafe(|| {
            let mut world = Self::new(experiment, contract, seed);
            let panicked = catch_unwind(AssertUnwindSafe(|| world.play())).err();
            world.conclude(panicked.map(message_of))
        }));
        guarded.unwrap_or_else(|payload| {
            (Outcome::panicked(seed, message_of(payload)), Recording::default())
        })
    }

    fn new(experiment: &'a Experiment<P>, contract: &'a Contract, seed: u64) -> Self {
        let setup = &experiment.setup;
        let cluster = setup.cluster();
        let streams = Streams::new(seed);
        let (node_key, clock_key) = (streams.key(Stream::Nodes), streams.key(Stream::Clocks));
        let bodies = match P::CLIENTS_ON_NETWORK {
            true => setup.nodes + experiment.workload.clients,
            false => setup.nodes,
        };
        let node = |node: NodeId| {
            let clock = clock_of(&setup.clock, node, clock_key);
            Node::new(node, clock)
        };
        let (nemesis, planned) = Nemesis::new(setup, &streams);
        let horizon = Time::ZERO + setup.horizon;
        let workload = &experiment.workload;
        let load = &*P::Problem::drawn(&experiment.load, cluster, streams.key(Stream::Load));
        let mut world = Self {
            experiment,
            contract,
            seed,
            horizon,
            now: Time::ZERO,
            event: 0,
            is_vast: bodies as usize * size_of::<Node<P>>() > CACHE,
            cause: 0,
            at_this_instant: 0,
            // An exchange of all with all at one instant is no sign of a runaway.
            zeno: setup.limits.events_per_instant.max(4 * u64::from(setup.nodes).pow(2)),
            queue: EventQueue::default(),
            nodes: (0..bodies).map(NodeId).map(node).collect(),
            up: NodeSet::EMPTY,
            corrupt: NodeSet::EMPTY,
            programmed: NodeSet::EMPTY,
            forgetful: NodeSet::EMPTY,
            twins: Vec::new(),
            network: Network::new(
                &setup.network,
                P::Message::KINDS,
                cluster,
                bodies,
                streams.key(Stream::Weather),
            ),
            held: Vec::new(),
            disks: DiskModel::new::<P::Record>(&setup.disk),
            node_key,
            disk_key: streams.key(Stream::Disks),
            cost: Cost::new::<P>(&setup.cost),
            tokens: Tokens::new::<P>(&setup.cost),
            meets_more: setup.adversary.rushing || setup.cost.tokens.is_some(),
            effects: Vec::new(),
            clients: Clients::new::<P>(workload, load, cluster, horizon, &streams),
            court: Court::new(&experiment.config, cluster, &contract.promise, setup.judges),
            gauge: P::Problem::gauge(load, cluster),
            nemesis,
            adversary: Box::new(Generic::new(streams.key(Stream::Adversary))),
            surges: Vec::new(),
            repeats: Vec::new(),
            speeches: Vec::new(),
            ledger: Ledger::new(cluster, setup.horizon, P::MARKS),
            gst: None,
            longest_timer: Duration::ZERO,
            safety_exceeded: false,
            prompt: contract.safety.synchrony.unwrap_or(Duration::from_nanos(u64::MAX)),
            ever_faulty: NodeSet::EMPTY,
            garbled: NodeSet::EMPTY,
            news: true,
            fingerprint: Digest::default(),
            limit_hit: None,
            events_allowed: setup.limits.events,
            recording: Recording::default(),
        };
        if world.cost.is_some() {
            world.meets_more = true;
            world.nodes.iter_mut().for_each(|node| _ = node.trouble());
        }
        world.watch_clocks();
        // Strikes are scheduled before all else, so that one at time zero comes right after the
        // nodes have booted and before anything else happens.
        for planned in planned {
            world.plan(planned);
        }
        for at in world.nemesis.disarm_times() {
            world.later(at, Occurrence::Disarm);
        }
        if let Gst::At(at) = setup.gst {
            world.later(Time::ZERO + at, Occurrence::Gst);
        }
        for client in world.clients.ids() {
            if let Some(due) = world.clients.first_due(client) {
                world.later(due, Occurrence::Due { client });
            }
        }
        world
    }

    /// Schedules; what lies past the horizon never happens, and takes no room in the queue.
    #[inline]
    fn later(&mut self, at: Time, occurrence: Occurrence<P>) {
        if at > self.horizon {
            return;
        }
        self.queue.deliver(at, Caused { cause: self.event, occurrence });
    }

    /// Schedules after a delay; what lies past the end of time never happens.
    #[inline]
    fn after(&mut self, delay: Duration, occurrence: Occurrence<P>) {
        if let Some(at) = self.now.checked_add(delay) {
            self.later(at, occurrence);
        }
    }

    fn plan(&mut self, planned: Planned) {
        self.later(planned.at, Occurrence::Strike(planned.strike));
    }

    fn play(&mut self) {
        self.link(EventKind::Start, None);
        for instance in 0..self.nodes.len() {
            self.boot(InstanceId(instance as u32));
            if self.hits_a_limit() {
                return;
            }
        }
        self.queue.order_rings();
        self.look_for_gst();
        while let Some((at, popped)) = self.queue.pop(self.horizon) {
            if let Popped::Deadline(attempt) = popped
                && self.clients.attempts(attempt.op) != Some(attempt.attempt)
            {
                continue;
            }
            if at == self.now {
                self.at_this_instant += 1;
            } else {
                self.at_this_instant = 0;
                self.now = at;
            }
            self.event += 1;
            if self.is_vast {
                self.fetch_ahead();
            }
            self.link_to(&popped);
            match popped {
                Popped::Delivery(Caused { cause, occurrence }) => {
                    self.cause = cause;
                    self.happen(occurrence);
                }
                Popped::Timer((instance, timer)) => {
                    // A period that has no ring is armed anew by hand.
                    if let Some(every) = self.period(instance, timer) {
                        self.arm(instance, timer, every);
                    }
                    self.fire(instance, timer);
                }
                Popped::Repeated((instance, timer)) => self.repeat(instance, timer),
                Popped::Deadline(attempt) => {
                    self.cause = attempt.cause;
                    self.lose_patience(attempt);
                }
            }
            if !self.court.breaches.is_empty() || self.is_done() || self.hits_a_limit() {
                return;
            }
        }
        // What happened at no time after the last event is judged at the horizon.
        self.now = self.horizon;
    }

    /// Has the nodes that are about to act brought from memory, many at a time. Nothing is learned
    /// from them: it is their coming into the caches that counts.
    fn fetch_ahead(&mut self) {
        let (nodes, touched) = (&self.nodes, Cell::new(0));
        let touch = |instance: InstanceId| {
            let node = &nodes[instance.index()];
            touched.set(touched.get() + u32::from(node.is_up()) + u32::from(node.is_plain()));
        };
        let deliver = |Caused { occurrence, .. }: &Caused<P>| {
            if let Occurrence::Arrive { to, .. } = occurrence {
                touch(*to);
            }
        };
        self.queue.show_ahead(deliver, |(instance, _)| touch(*instance));
        black_box(touched.get());
    }

    /// Whether the run has used up what it may use; keeps which bound it was.
    #[inline]
    fn hits_a_limit(&mut self) -> bool {
        let limits = &self.experiment.setup.limits;
        self.limit_hit = if self.event >= self.events_allowed {
            Some(if self.event >= limits.events { "event_cap" } else { "strikes" })
        } else if self.at_this_instant >= self.zeno {
            Some("zeno")
        } else if self.queue.len() + self.held.len() > limits.queue as usize {
            Some("memory")
        } else {
            return false;
        };
        true
    }

    /// Whether nothing more can happen that anybody waits for.
    #[inline]
    fn is_done(&mut self) -> bool {
        let quiet = self.clients.waiting() == 0
            && self.clients.is_exhausted(self.now)
            && self.gst.is_some();
        // Judges and core are asked only when something new could have settled them.
        if !quiet || !std::mem::take(&mut self.news) || self.court.must_wait() {
            return false;
        }
        self.court.is_settled(&self.core())
    }

    #[inline]
    fn happen(&mut self, occurrence: Occurrence<P>) {
        match occurrence {
            Occurrence::Arrive { from, to, message } => self.arrive(from, to, message),
            Occurrence::Synced { instance, incarnation } => self.synced(instance, incarnation),
            Occurrence::Due { client } => self.due(client),
            Occurrence::Redirected(attempt) => {
                if self.clients.attempts(attempt.op) == Some(attempt.attempt) {
                    self.request(attempt.op);
                }
            }
            Occurrence::Worked { instance, incarnation } => self.worked(instance, incarnation),
            Occurrence::Swizzle { wake, node, lasts } => self.swizzle(wake, node, lasts),
            Occurrence::Churn { wake, node, turn } => self.churn(wake, node, turn),
            Occurrence::Strike(strike) => self.strike(strike),
            Occurrence::StrikeEnd { wake } => {
                self.nemesis.elapsed();
                self.undo(wake);
                self.look_for_gst();
            }
            Occurrence::Disarm => {
                self.nemesis.disarm(self.now);
                self.look_for_gst();
            }
            Occurrence::Gst => self.reach_gst(),
        }
    }

    /// Folds the event at hand into the fingerprint.
    #[inline]
    fn note(&mut self, instance: InstanceId, tag: u64, detail: u64) {
        let word = u64::from(instance.0) << 32 | tag << 24 | detail;
        self.fingerprint.pair(self.now.as_nanos(), word);
    }
}

fn message_of(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("panicked without a message").to_owned()
}
