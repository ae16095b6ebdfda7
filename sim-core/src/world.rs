//! The world: one run. Clock, queue, nodes, network, disks, faults, judges.
//!
//! The loop takes the earliest event, hands it to the node that it concerns, and performs the
//! effects that the handler asked for. It allocates nothing per event in steady state: effect
//! buffer, slab and rings are reused, and messages are moved.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::adversary::{Adversary, Generic, Tampered};
use crate::checker::{Class, End};
use crate::clients::Clients;
use crate::court::Court;
use crate::digest::Digest;
use crate::disk::DiskModel;
use crate::experiment::Experiment;
use crate::fault::{Fault, Targets};
use crate::history::{Entry, Event};
use crate::id::{ClientId, Incarnation, InstanceId, NodeId, NodeSet, OpId};
use crate::landmark::Landmark;
use crate::ledger::Ledger;
use crate::message::Message;
use crate::nemesis::{Lot, Nemesis, Planned, Strike, View};
use crate::network::{Cut, Network, Parts};
use crate::node::{Clock, Node, Output};
use crate::outcome::{Outcome, Verdict};
use crate::problem::{Answer, Problem};
use crate::protocol::{Context, Contract, DiskMark, Effect, Indication, Protocol, Request};
use crate::queue::{EventQueue, Popped};
use crate::rng::{Key, Stream, Streams};
use crate::setup::Gst;
use crate::time::{Duration, Time};
use crate::trace::{Step, StepKind, Trace};

/// Something that happens at a known time and is never taken back.
enum Occurrence<P: Protocol> {
    Arrive { from: NodeId, to: InstanceId, message: P::Message },
    Synced { instance: InstanceId, incarnation: Incarnation },
    Due { client: ClientId },
    Redirected(Attempt),
    Strike(Strike),
    StrikeEnd { wake: usize },
    Disarm,
    Gst,
}

/// An occurrence, and the event that caused it.
struct Caused<P: Protocol> {
    cause: u64,
    occurrence: Occurrence<P>,
}

/// What a handler is called for.
enum Input<P: Protocol> {
    Request(OpId, Request<P>),
    Message(NodeId, P::Message),
    Timer(P::Timer),
    Durable(DiskMark),
}

/// A client's patience with one attempt.
#[derive(Clone, Copy)]
struct Attempt {
    op: OpId,
    attempt: u32,
    /// The event in which it was made.
    cause: u64,
}

type Queue<P> = EventQueue<Caused<P>, (InstanceId, <P as Protocol>::Timer), Attempt>;

/// The calls of `on_durable` that one event may set off at a disk without latency.
const DURABLE_CHAIN: u32 = 10_000;

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
    /// The event that caused the event at hand.
    cause: u64,
    at_this_instant: u64,
    /// The events of one instant from which on it counts as endless.
    zeno: u64,
    queue: Queue<P>,
    nodes: Vec<Node<P>>,
    up: NodeSet,
    corrupt: NodeSet,
    network: Network,
    disks: DiskModel,
    disk_key: Key,
    effects: Vec<Effect<P>>,
    clients: Clients<P::Problem>,
    court: Court<P>,
    nemesis: Nemesis<'a>,
    adversary: Box<dyn Adversary<P>>,
    ledger: Ledger,
    gst: Option<Time>,
    longest_timer: Duration,
    /// Whether a corruption, a crash or a cut went beyond what safety assumes.
    safety_exceeded: bool,
    ever_faulty: NodeSet,
    /// Whether anything happened since that could have settled a judge.
    news: bool,
    fingerprint: Digest,
    limit_hit: Option<&'static str>,
    recording: Recording<P>,
}

/// A trace in the making.
struct Recording<P: Protocol> {
    trace: Trace,
    /// The event that armed each running timer.
    armed_by: BTreeMap<(InstanceId, P::Timer), u64>,
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
    World::<P, true>::complete(experiment, contract, seed)
}

impl<'a, P: Protocol, const TRACED: bool> World<'a, P, TRACED> {
    /// A panic, of the protocol or of a judge, is a verdict; what was measured until then stays.
    fn complete(
        experiment: &'a Experiment<P>,
        contract: &'a Contract,
        seed: u64,
    ) -> (Outcome, Trace) {
        let guarded = catch_unwind(AssertUnwindSafe(|| {
            let mut world = Self::new(experiment, contract, seed);
            let panicked = catch_unwind(AssertUnwindSafe(|| world.play())).err();
            world.conclude(panicked.map(message_of))
        }));
        guarded.unwrap_or_else(|payload| {
            (Outcome::panicked(seed, message_of(payload)), Trace::default())
        })
    }

    fn new(experiment: &'a Experiment<P>, contract: &'a Contract, seed: u64) -> Self {
        let setup = &experiment.setup;
        let cluster = setup.cluster();
        let streams = Streams::new(seed);
        let (node_key, clock_key) = (streams.key(Stream::Nodes), streams.key(Stream::Clocks));
        let node = |node: NodeId| {
            let clock = Clock::new(&setup.clock, node, clock_key);
            Node::new(node, node_key.member(u64::from(node.0)), clock)
        };
        let (nemesis, planned) = Nemesis::new(setup, &streams);
        let horizon = Time::ZERO + setup.horizon;
        let (workload, load) = (&experiment.workload, &experiment.load);
        let mut world = Self {
            experiment,
            contract,
            seed,
            horizon,
            now: Time::ZERO,
            event: 0,
            cause: 0,
            at_this_instant: 0,
            // An exchange of all with all at one instant is no sign of a runaway.
            zeno: setup.limits.events_per_instant.max(4 * u64::from(setup.nodes).pow(2)),
            queue: EventQueue::default(),
            nodes: cluster.nodes().map(node).collect(),
            up: NodeSet::EMPTY,
            corrupt: NodeSet::EMPTY,
            network: Network::new(&setup.network, setup.nodes, streams.key(Stream::Weather)),
            disks: DiskModel::new::<P::Record>(&setup.disk),
            disk_key: streams.key(Stream::Disks),
            effects: Vec::new(),
            clients: Clients::new(workload, load, cluster, horizon, &streams),
            court: Court::new(&experiment.config, cluster, &contract.promise, setup.judges),
            nemesis,
            adversary: Box::new(Generic::new::<P>(
                &setup.adversary,
                streams.key(Stream::Adversary),
            )),
            ledger: Ledger::new(cluster, setup.horizon),
            gst: None,
            longest_timer: Duration::ZERO,
            safety_exceeded: false,
            ever_faulty: NodeSet::EMPTY,
            news: true,
            fingerprint: Digest::default(),
            limit_hit: None,
            recording: Recording { trace: Trace::default(), armed_by: BTreeMap::new() },
        };
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
        for instance in 0..self.nodes.len() {
            self.boot(InstanceId(instance as u32));
            if self.hits_a_limit() {
                return;
            }
        }
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

    /// Whether the run has used up what it may use; keeps which bound it was.
    #[inline]
    fn hits_a_limit(&mut self) -> bool {
        let limits = &self.experiment.setup.limits;
        self.limit_hit = if self.event >= limits.events {
            Some("event_cap")
        } else if self.at_this_instant >= self.zeno {
            Some("zeno")
        } else if self.queue.len() > limits.queue as usize {
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
        if !quiet || !std::mem::take(&mut self.news) {
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

    /// Adds a step to the trace, if one is kept.
    #[inline]
    fn step(
        &mut self,
        kind: StepKind,
        instance: Option<InstanceId>,
        what: impl FnOnce() -> String,
    ) {
        if TRACED {
            let node = instance.map(|instance| self.nodes[instance.index()].identity);
            let (at, event, cause) = (self.now, self.event, self.cause);
            self.recording.trace.steps.push(Step { at, event, cause, node, kind, what: what() });
        }
    }

    /// The event that armed a timer, if a trace is kept.
    #[inline]
    fn armed_by(&mut self, instance: InstanceId, timer: P::Timer) -> u64 {
        if !TRACED {
            return 0;
        }
        self.recording.armed_by.remove(&(instance, timer)).unwrap_or(0)
    }

    // --- Nodes ------------------------------------------------------------------------------

    /// The instance that hears what is said to an identity. A twin would be a second one.
    const fn instance_of(node: NodeId) -> InstanceId {
        InstanceId(node.0)
    }

    fn context<T>(
        &mut self,
        instance: InstanceId,
        act: impl FnOnce(
            &mut Option<P>,
            &[crate::protocol::Stored<P::Record>],
            &mut Context<'_, P>,
        ) -> T,
    ) -> T {
        let node = &mut self.nodes[instance.index()];
        let mut written = node.disk.written();
        let mut ctx = Context {
            me: node.identity,
            cluster: self.experiment.setup.cluster(),
            config: &self.experiment.config,
            mutant: self.experiment.setup.mutant.as_deref(),
            elapsed: node.clock.elapsed(self.now),
            wall_clock: node.clock.wall(self.now),
            random: &mut node.random,
            written: &mut written,
            effects: &mut self.effects,
        };
        act(&mut node.state, node.disk.durable(), &mut ctx)
    }

    fn boot(&mut self, instance: InstanceId) {
        self.note(instance, 2, 0);
        let identity = self.nodes[instance.index()].identity;
        self.up.insert(identity);
        self.news = true;
        self.enter(instance, Event::Booted);
        self.step(StepKind::Boot, Some(instance), || "boots".to_owned());
        self.context(instance, |state, disk, ctx| *state = Some(P::boot(disk, ctx)));
        self.perform(instance);
    }

    #[inline]
    fn handle(&mut self, instance: InstanceId, input: Input<P>) {
        if !self.nodes[instance.index()].is_up() {
            self.step(StepKind::Lose, Some(instance), || "is down".to_owned());
            return;
        }
        self.context(instance, |state, _, ctx| {
            let Some(state) = state else { return };
            match input {
                Input::Request(op, request) => state.on_request(op, request, ctx),
                Input::Message(from, message) => state.on_message(from, message, ctx),
                Input::Timer(timer) => state.on_timer(timer, ctx),
                Input::Durable(mark) => state.on_durable(mark, ctx),
            }
        });
        self.perform(instance);
    }

    /// Performs the effects that a handler asked for, in their order.
    #[inline]
    fn perform(&mut self, instance: InstanceId) {
        self.perform_once(instance);
        let mut chain = 0;
        // A disk without latency is durable at once; the protocol hears of it right away.
        while let Some(mark) = self.sync(instance) {
            chain += 1;
            assert!(chain < DURABLE_CHAIN, "on_durable persists without end");
            self.context(instance, |state, _, ctx| {
                if let Some(state) = state {
                    state.on_durable(mark, ctx);
                }
            });
            self.perform_once(instance);
        }
        let node = &self.nodes[instance.index()];
        if let Some(state) = &node.state
            && !node.corrupt
        {
            let held = !self.safety_exceeded;
            self.court.observe(node.identity, node.incarnation, state, self.now, held);
        }
    }

    #[inline]
    fn perform_once(&mut self, instance: InstanceId) {
        // The buffer is taken out and put back, so that it is allocated once per run.
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { to, message } => {
                    self.put_out(instance, Output::Send { to, message });
                }
                Effect::Indicate { answers, indication } => {
                    self.put_out(instance, Output::Indicate { answers, indication });
                }
                Effect::SetTimer { timer, after } => {
                    self.stop_repeating(instance, timer);
                    self.arm(instance, timer, after);
                }
                Effect::RepeatTimer { timer, every } => {
                    self.start_repeating(instance, timer, every);
                }
                Effect::CancelTimer { timer } => {
                    self.stop_repeating(instance, timer);
                    self.queue.cancel_timer(&(instance, timer));
                }
                Effect::Persist { record } => {
                    self.nodes[instance.index()].disk.append(&self.disks, record);
                }
                Effect::Compact { record } => {
                    self.nodes[instance.index()].disk.compact(&self.disks, record);
                }
                Effect::Announce(landmark) => self.announce(instance, landmark),
            }
        }
        self.effects = effects;
    }

    // --- Timers -----------------------------------------------------------------------------

    /// Arms a timer to fire after a span of the node's own clock.
    #[inline]
    fn arm(&mut self, instance: InstanceId, timer: P::Timer, after: Duration) {
        let after = self.nodes[instance.index()].clock.true_span(after);
        self.longest_timer = self.longest_timer.max(after);
        self.remember_cause(instance, timer);
        match self.now.checked_add(after) {
            Some(at) if at <= self.horizon => self.queue.set_timer(at, (instance, timer)),
            _ => self.queue.cancel_timer(&(instance, timer)),
        }
    }

    #[inline]
    fn fire(&mut self, instance: InstanceId, timer: P::Timer) {
        self.cause = self.armed_by(instance, timer);
        self.note(instance, 1, 0);
        self.step(StepKind::Timer, Some(instance), || format!("{timer:?}"));
        self.handle(instance, Input::Timer(timer));
    }

    fn start_repeating(&mut self, instance: InstanceId, timer: P::Timer, every: Duration) {
        assert!(!every.is_zero(), "a timer that repeats at once never ends");
        self.stop_repeating(instance, timer);
        self.queue.cancel_timer(&(instance, timer));
        let node = &mut self.nodes[instance.index()];
        node.repeating.push((timer, every));
        let rings = node.clock.is_true() && self.now.checked_add(every).is_some();
        if rings && self.queue.repeat_timer(self.now, every, (instance, timer)) {
            self.longest_timer = self.longest_timer.max(every);
            self.remember_cause(instance, timer);
        } else {
            self.arm(instance, timer, every);
        }
    }

    /// Ends the repeating of a timer, if it repeats.
    #[inline]
    fn stop_repeating(&mut self, instance: InstanceId, timer: P::Timer) {
        if let Some(every) = self.period(instance, timer) {
            self.nodes[instance.index()].repeating.retain(|(other, _)| *other != timer);
            self.queue.stop_repeating(every, (instance, timer));
        }
    }

    /// The period of a timer that repeats.
    #[inline]
    fn period(&self, instance: InstanceId, timer: P::Timer) -> Option<Duration> {
        let repeating = &self.nodes[instance.index()].repeating;
        repeating.iter().find(|(other, _)| *other == timer).map(|(_, every)| *every)
    }

    /// A repeating timer fires; its ring has armed it anew.
    fn repeat(&mut self, instance: InstanceId, timer: P::Timer) {
        self.fire(instance, timer);
        // The next firing was caused by this one, unless the handler had other plans.
        if self.period(instance, timer).is_some() {
            self.remember_cause(instance, timer);
        }
    }

    /// Keeps which event armed a timer, if a trace is kept.
    #[inline]
    fn remember_cause(&mut self, instance: InstanceId, timer: P::Timer) {
        if TRACED {
            self.recording.armed_by.insert((instance, timer), self.event);
        }
    }

    fn announce(&mut self, instance: InstanceId, landmark: Landmark) {
        self.step(StepKind::Landmark, Some(instance), || format!("{landmark:?}"));
        let node = &self.nodes[instance.index()];
        let identity = node.identity;
        // A liar's word about itself aims no fault and counts for no metric.
        if node.corrupt {
            return;
        }
        self.ledger.announced(self.now, identity, landmark);
        for planned in self.nemesis.hear(landmark, self.now) {
            self.plan(planned);
        }
    }

    // --- Disk and output --------------------------------------------------------------------

    /// Starts a sync of what waits; a sync without latency completes here, and its mark comes
    /// back.
    #[inline]
    fn sync(&mut self, instance: InstanceId) -> Option<DiskMark> {
        let node = &mut self.nodes[instance.index()];
        if node.disk.take_unannounced() {
            self.ledger.counts.syncs += 1;
            return Some(node.disk.safe());
        }
        if node.disk.is_clean() {
            return None;
        }
        let place = u64::from(node.identity.0);
        let bits = self.disk_key.at(place, node.disk.written().0, u64::from(node.incarnation));
        let delay = node.disk.start_sync(&self.disks, bits)?;
        let incarnation = node.incarnation;
        if delay.is_zero() {
            return Some(self.harden(instance));
        }
        self.after(delay, Occurrence::Synced { instance, incarnation });
        None
    }

    fn synced(&mut self, instance: InstanceId, incarnation: Incarnation) {
        let node = &self.nodes[instance.index()];
        if !node.is_up() || node.incarnation != incarnation {
            return;
        }
        self.note(instance, 3, 0);
        let mark = self.harden(instance);
        self.handle(instance, Input::Durable(mark));
    }

    /// The sync under way is complete: releases what waited for it.
    fn harden(&mut self, instance: InstanceId) -> DiskMark {
        self.ledger.counts.syncs += 1;
        let node = &mut self.nodes[instance.index()];
        node.disk.complete_sync();
        let safe = node.disk.safe();
        self.step(StepKind::Durable, Some(instance), || format!("up to {}", safe.0));
        loop {
            let output = &mut self.nodes[instance.index()].output;
            if output.front().is_none_or(|(mark, _)| *mark > safe) {
                return safe;
            }
            if let Some((_, output)) = output.pop_front() {
                self.let_out(instance, output);
            }
        }
    }

    /// Lets something out, or lines it up behind the disk.
    #[inline]
    fn put_out(&mut self, instance: InstanceId, output: Output<P>) {
        let node = &mut self.nodes[instance.index()];
        if node.disk.is_clean() {
            self.let_out(instance, output);
        } else {
            let mark = node.disk.written();
            node.output.push_back((mark, output));
        }
    }

    #[inline]
    fn let_out(&mut self, instance: InstanceId, output: Output<P>) {
        match output {
            Output::Send { to, message } => self.send(instance, to, message),
            Output::Indicate { answers, indication } => {
                self.indicate(instance, answers, indication);
            }
        }
    }

    // --- Network ----------------------------------------------------------------------------

    #[inline]
    fn send(&mut self, instance: InstanceId, to: NodeId, message: P::Message) {
        let node = &self.nodes[instance.index()];
        let from = node.identity;
        assert!(to.0 < self.nodes.len() as u32, "{from} sends to {to}, which does not exist");
        if to == from {
            // To oneself: at once, past network and adversary.
            self.later(self.now, Occurrence::Arrive { from, to: instance, message });
            return;
        }
        let message = if node.corrupt {
            match self.adversary.tamper(self.now, from, to, message) {
                Tampered::Left(message) => message,
                Tampered::Rewritten(lie) => {
                    self.count_lie(from);
                    self.step(StepKind::Send, Some(instance), || format!("lies to {to}:"));
                    lie
                }
                Tampered::Withheld => {
                    self.count_lie(from);
                    self.step(StepKind::Lose, Some(instance), || format!("withheld from {to}"));
                    return;
                }
            }
        } else {
            message
        };
        self.ledger.counts.messages += 1;
        self.ledger.counts.bytes += u64::from(message.bytes());
        self.step(StepKind::Send, Some(instance), || format!("to {to} {message:?}"));
        if let Some(strike) = self.network.stopped_by(from, to) {
            self.cut_off(strike, from, to);
            return;
        }
        let fate = self.network.fate(from, to, self.now);
        let Some(delay) = fate.delay else {
            self.ledger.counts.lost += 1;
            self.step(StepKind::Lose, None, || format!("{from} → {to} lost"));
            return;
        };
        let to = Self::instance_of(to);
        if let Some(delay) = fate.copy {
            self.ledger.counts.duplicated += 1;
            let message = message.clone();
            self.after(delay, Occurrence::Arrive { from, to, message });
        }
        self.after(delay, Occurrence::Arrive { from, to, message });
    }

    #[inline]
    fn arrive(&mut self, from: NodeId, to: InstanceId, message: P::Message) {
        self.note(to, 4, u64::from(from.0 & 0xffff) << 8 | message.kind() as u64);
        let node = &self.nodes[to.index()];
        let identity = node.identity;
        // What one says to oneself passes neither network nor adversary.
        if from != identity {
            if let Some(strike) = self.network.stopped_by(from, identity) {
                self.cut_off(strike, from, identity);
                return;
            }
            if node.corrupt && !self.adversary.hear(self.now, from, identity, &message) {
                self.count_lie(identity);
                return;
            }
        }
        self.step(StepKind::Deliver, Some(to), || format!("from {from} {message:?}"));
        self.handle(to, Input::Message(from, message));
    }

    fn cut_off(&mut self, strike: usize, from: NodeId, to: NodeId) {
        self.ledger.counts.cut += 1;
        self.nemesis.wakes[strike].record.changed += 1;
        self.step(StepKind::Lose, None, || format!("{from} → {to} cut"));
    }

    /// Credits a lie to the strike that corrupted the mouth.
    fn count_lie(&mut self, mouth: NodeId) {
        self.ledger.counts.lies += 1;
        let specs = &self.experiment.setup.faults;
        let corrupts = |fault: usize| matches!(specs[fault].fault, Fault::Corrupt { .. });
        let wakes = &mut self.nemesis.wakes;
        let by = wakes.iter_mut().find(|w| corrupts(w.record.fault) && w.downed.contains(mouth));
        if let Some(wake) = by {
            wake.record.changed += 1;
        }
    }

    // --- Application ------------------------------------------------------------------------

    fn enter(&mut self, instance: InstanceId, event: Event<Request<P>, Indication<P>>) {
        let node = &self.nodes[instance.index()];
        let (at, node, incarnation) = (self.now, node.identity, node.incarnation);
        self.news = true;
        self.court.enter(&Entry { at, node, incarnation, event }, !self.safety_exceeded);
    }

    fn due(&mut self, client: ClientId) {
        self.note(InstanceId(client.0), 5, 0);
        let Some((op, next)) = self.clients.ask(client, self.now) else { return };
        if let Some(next) = next {
            self.later(next, Occurrence::Due { client });
        }
        self.ledger.asked(self.now);
        self.request(op);
    }

    /// Brings an operation to the node where it stands.
    fn request(&mut self, op: OpId) {
        if let Some(timeout) = self.clients.timeout()
            && let Some(attempt) = self.clients.attempts(op)
            && let Some(at) = self.now.checked_add(timeout)
        {
            self.queue.set_deadline(at, Attempt { op, attempt, cause: self.event });
        }
        let (node, request) = self.clients.request(op);
        let request = request.clone();
        let instance = Self::instance_of(node);
        let reached = self.nodes[instance.index()].is_up();
        self.enter(instance, Event::Requested { op, request: request.clone(), reached });
        self.step(StepKind::Request, Some(instance), || format!("{op} {request:?}"));
        self.handle(instance, Input::Request(op, request));
    }

    fn lose_patience(&mut self, attempt: Attempt) {
        self.note(InstanceId(attempt.op.client.0), 6, 0);
        self.ledger.counts.retries += 1;
        self.clients.turn(attempt.op, None);
        self.request(attempt.op);
    }

    fn indicate(&mut self, instance: InstanceId, answers: Option<OpId>, indication: Indication<P>) {
        self.step(StepKind::Indicate, Some(instance), || match answers {
            Some(op) => format!("{op} {indication:?}"),
            None => format!("{indication:?}"),
        });
        let answer = P::Problem::answer(&indication);
        let corrupt = self.nodes[instance.index()].corrupt;
        if !corrupt {
            self.enter(instance, Event::Indicated { answers, indication });
        }
        let Some(op) = answers else { return };
        match answer {
            // What a liar tells its client is no answer that anybody should count.
            Answer::Done | Answer::Refused => {
                self.settle(op, answer == Answer::Done && !corrupt);
            }
            // A client that does not wander, or is pointed nowhere, waits until its patience ends.
            Answer::Elsewhere(Some(hint)) if self.clients.wanders() => self.redirect(op, hint),
            Answer::Elsewhere(_) => {}
        }
    }

    fn redirect(&mut self, op: OpId, hint: NodeId) {
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

    fn settle(&mut self, op: OpId, done: bool) {
        let Some(settled) = self.clients.settle(op, done) else { return };
        let waiting = self.clients.waiting();
        self.ledger.settled(self.now, settled.started, settled.done, waiting);
        if let Some(next) = self.clients.next_closed(self.now) {
            self.later(next, Occurrence::Due { client: op.client });
        }
    }

    // --- Faults -----------------------------------------------------------------------------

    fn view(&self) -> View<'_> {
        View {
            cluster: self.experiment.setup.cluster(),
            up: &self.up,
            corrupt: &self.corrupt,
            leader: self.ledger.leader(),
        }
    }

    /// How many nodes a strike of this kind may leave down or corrupt.
    fn budget(&self, fault: &Fault) -> u32 {
        let contract = self.contract;
        let survived = match fault {
            Fault::Corrupt { .. } => contract.safety.byzantine.min(contract.liveness.byzantine),
            _ => contract.liveness.faulty,
        };
        self.experiment.setup.budget.unwrap_or(survived)
    }

    /// Whom a strike on these targets takes, within the budget; the label says who was spared.
    fn victims(&mut self, wake: usize, strike: Strike, target: &Targets, verb: &str) -> NodeSet {
        let budget = self.budget(&self.nemesis.spec(strike).fault);
        let view = self.view();
        let mut draw = self.nemesis.draw(strike, Lot::Targets);
        let chosen = Nemesis::resolve(target, &view, view.up, &mut draw);
        let mut draw = self.nemesis.draw(strike, Lot::Budget);
        let victims = Nemesis::afford(&chosen, &view, budget, &mut draw);
        let spared = chosen.iter().filter(|node| view.up.contains(*node));
        let spared: NodeSet = spared.filter(|node| !victims.contains(*node)).collect();
        let mut label = format!("{verb} {victims:?}");
        if !spared.is_empty() {
            label = format!("{label} (budget {budget} spares {spared:?})");
        }
        self.label(wake, label);
        victims
    }

    fn strike(&mut self, strike: Strike) {
        let spec = self.nemesis.spec(strike);
        // At GST the schedule ends, but for what was declared permanent.
        if self.gst.is_some() && !spec.permanent {
            self.nemesis.retire(strike);
            return;
        }
        if let Some(next) = self.nemesis.next(strike, self.now) {
            self.plan(next);
        }
        let lasts = self.nemesis.length(strike);
        let wake = self.nemesis.struck(strike, self.now, lasts);
        match &spec.fault {
            Fault::Partition { groups } => {
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let groups = Nemesis::groups(groups, &self.view(), &mut draw);
                self.partition(wake, groups);
            }
            Fault::OneWay { from, to } => {
                let view = self.view();
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let from = Nemesis::resolve(from, &view, view.up, &mut draw);
                let to = Nemesis::resolve(to, &view, view.up, &mut draw);
                self.one_way(wake, from, to);
            }
            Fault::Heal => {
                let cuts: Vec<_> = self.network.cuts().collect();
                self.nemesis.wakes[wake].record.changed = cuts.len() as u64;
                cuts.into_iter().for_each(|cut| self.undo(cut));
            }
            Fault::Crash { target } => {
                let victims = self.victims(wake, strike, target, "crash");
                self.crash(&victims, wake);
            }
            Fault::Restart { target } => {
                let view = self.view();
                let down: NodeSet =
                    view.cluster.nodes().filter(|node| !view.up.contains(*node)).collect();
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let chosen = Nemesis::resolve(target, &view, &down, &mut draw);
                let chosen: NodeSet = chosen.iter().filter(|node| down.contains(*node)).collect();
                self.label(wake, format!("restart {chosen:?}"));
                self.nemesis.wakes[wake].record.changed = chosen.len().into();
                chosen.iter().for_each(|node| self.restart(Self::instance_of(node)));
            }
            Fault::Corrupt { target } => {
                let victims = self.victims(wake, strike, target, "corrupt");
                victims.iter().for_each(|node| self.take_over(Self::instance_of(node), wake));
            }
        }
        let label = self.nemesis.wakes[wake].record.label.clone();
        self.note(InstanceId(0), 7, wake as u64 & 0xffff);
        self.step(StepKind::Fault, None, || label);
        if let Some(lasts) = lasts {
            self.after(lasts, Occurrence::StrikeEnd { wake });
        }
        self.look_for_gst();
    }

    fn label(&mut self, wake: usize, label: String) {
        self.nemesis.wakes[wake].record.label = label;
    }

    fn partition(&mut self, wake: usize, groups: Option<Vec<u32>>) {
        let Some(groups) = groups else { return };
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let members = |group: u32| -> NodeSet {
            let inside = groups.iter().zip(0..).filter(move |(other, _)| **other == group);
            inside.map(|(_, node)| NodeId(node)).collect()
        };
        let sets: Vec<NodeSet> =
            (0..count).map(members).filter(|set: &NodeSet| !set.is_empty()).collect();
        let sides: Vec<_> = sets.iter().map(|set| format!("{set:?}")).collect();
        self.label(wake, format!("partition {}", sides.join(" | ")));
        // A leader that a majority cannot hear is lost to the others.
        let majority = self.experiment.setup.cluster().majority();
        if let Some(leader) = self.ledger.leader()
            && sets.iter().any(|set| set.contains(leader) && set.len() < majority)
        {
            self.ledger.lose_leader(self.now, leader);
        }
        self.cut(Cut { strike: wake, parts: Parts::Groups(groups) });
    }

    fn one_way(&mut self, wake: usize, from: NodeSet, to: NodeSet) {
        self.label(wake, format!("one-way {from:?} ↛ {to:?}"));
        let cluster = self.experiment.setup.cluster();
        if let Some(leader) = self.ledger.leader()
            && from.contains(leader)
            && cluster.nodes().filter(|node| *node == leader || !to.contains(*node)).count()
                < cluster.majority() as usize
        {
            self.ledger.lose_leader(self.now, leader);
        }
        self.cut(Cut { strike: wake, parts: Parts::OneWay(from, to) });
    }

    /// Puts a cut into force. An entry of the schedule has at most one: cuts of one entry that
    /// piled up would leave nobody connected.
    fn cut(&mut self, cut: Cut) {
        let fault = self.nemesis.wakes[cut.strike].record.fault;
        let old: Vec<usize> = self
            .network
            .cuts()
            .filter(|strike| self.nemesis.wakes[*strike].record.fault == fault)
            .collect();
        old.into_iter().for_each(|strike| self.undo(strike));
        self.news = true;
        self.network.cut(cut);
    }

    fn crash(&mut self, victims: &NodeSet, wake: usize) {
        let owned = |instance: InstanceId| victims.contains(NodeId(instance.0));
        self.queue.retain_timers(|(instance, _)| !owned(*instance));
        for identity in victims.iter() {
            let instance = Self::instance_of(identity);
            let node = &mut self.nodes[instance.index()];
            node.state = None;
            node.output.clear();
            node.repeating.clear();
            let place = u64::from(identity.0);
            let bits = self.disk_key.at(place, u64::MAX, u64::from(node.incarnation));
            node.disk.crash(&self.disks, bits);
            self.up.remove(identity);
            self.ledger.counts.crashes += 1;
            if self.ledger.leads(identity) && self.ledger.leader() == Some(identity) {
                self.ledger.lose_leader(self.now, identity);
            }
            self.ledger.follow(self.now, identity);
            let wake = &mut self.nemesis.wakes[wake];
            wake.record.changed += 1;
            wake.downed.insert(identity);
            self.fail(identity);
            self.enter(instance, Event::Crashed);
        }
    }

    /// Keeps account of whether safety's assumptions still hold; they never come back.
    fn fail(&mut self, node: NodeId) {
        self.ever_faulty.insert(node);
        let safety = self.contract.safety;
        self.safety_exceeded |=
            self.corrupt.len() > safety.byzantine || self.ever_faulty.len() > safety.faulty;
    }

    fn restart(&mut self, instance: InstanceId) {
        let node = &mut self.nodes[instance.index()];
        if node.is_up() {
            return;
        }
        node.incarnation += 1;
        let identity = node.identity;
        // Whoever took it down has no more claim to it.
        for wake in &mut self.nemesis.wakes {
            if wake.downed.remove(identity) && wake.downed.is_empty() {
                wake.record.ended.get_or_insert(self.now);
            }
        }
        self.boot(instance);
    }

    fn take_over(&mut self, instance: InstanceId, wake: usize) {
        let node = &mut self.nodes[instance.index()];
        node.corrupt = true;
        let identity = node.identity;
        self.corrupt.insert(identity);
        self.nemesis.wakes[wake].downed.insert(identity);
        if self.ledger.leads(identity) && self.ledger.leader() == Some(identity) {
            self.ledger.lose_leader(self.now, identity);
        }
        self.ledger.follow(self.now, identity);
        self.fail(identity);
        self.enter(instance, Event::Corrupted);
    }

    /// Ends what a strike did: mends its cut, restarts whom it took down.
    fn undo(&mut self, wake: usize) {
        let corrupts = matches!(
            self.experiment.setup.faults[self.nemesis.wakes[wake].record.fault].fault,
            Fault::Corrupt { .. }
        );
        if corrupts {
            return;
        }
        let mended = self.network.mend(wake);
        if mended {
            self.news = true;
            self.ledger.regain_leader();
        }
        let downed = std::mem::take(&mut self.nemesis.wakes[wake].downed);
        if mended || !downed.is_empty() {
            let record = &mut self.nemesis.wakes[wake].record;
            record.ended.get_or_insert(self.now);
            let label = record.label.clone();
            self.step(StepKind::Fault, None, || format!("end of {label}"));
        }
        downed.iter().for_each(|node| self.restart(Self::instance_of(node)));
    }

    fn look_for_gst(&mut self) {
        let auto = self.experiment.setup.gst == Gst::Auto;
        if auto && self.gst.is_none() && self.nemesis.is_over() {
            self.reach_gst();
        }
    }

    fn reach_gst(&mut self) {
        self.gst = Some(self.now);
        self.note(InstanceId(0), 8, 0);
        self.step(StepKind::Fault, None, || "GST: the faults are over".to_owned());
        self.network.settle(self.experiment.setup.delta);
        let ending: Vec<usize> = (0..self.nemesis.wakes.len())
            .filter(|wake| !self.nemesis.wakes[*wake].permanent)
            .collect();
        ending.into_iter().for_each(|wake| self.undo(wake));
    }

    // --- The end ----------------------------------------------------------------------------

    /// The nodes that must make progress: correct, up, and all connected with each other.
    fn core(&self) -> NodeSet {
        let able = self.up.iter().filter(|node| !self.corrupt.contains(*node)).collect();
        self.network.connected_core(&able)
    }

    fn held(&self, class: Class, core: &NodeSet) -> bool {
        let liveness = self.contract.liveness;
        match class {
            Class::Safety => !self.safety_exceeded,
            Class::Liveness => {
                let faulty = self.nodes.len() as u32 - core.len();
                self.corrupt.len() <= liveness.byzantine && faulty <= liveness.faulty
            }
        }
    }

    /// How long after GST anything good may take, if the scenario does not say: 20 of the longest
    /// timers, and time for a client to ask every node (or 20 of many) once.
    fn patience(&self) -> Duration {
        let clients = self.clients.patience() * (self.nodes.len() as u64 + 1).min(PATIENCE);
        (self.longest_timer * PATIENCE).max(clients)
    }

    fn conclude(mut self, panicked: Option<String>) -> (Outcome, Trace) {
        let setup = &self.experiment.setup;
        let patience = setup.patience.unwrap_or_else(|| self.patience());
        let end = End { at: self.now, gst: self.gst, patience, core: self.core() };
        let held = [Class::Safety, Class::Liveness].map(|class| self.held(class, &end.core));
        let of = |class: Class| held[usize::from(class == Class::Liveness)];
        if self.court.breaches.is_empty() && panicked.is_none() && self.limit_hit.is_none() {
            self.court.conclude(&end, of);
        }
        let settled = self.clients.waiting() == 0 && self.court.is_settled(&end.core);
        let judged = settled
            || setup.gst == Gst::Never
            || end.gst.is_some_and(|gst| end.at.since(gst) >= patience);
        let (verdict, reason) = self.verdict(panicked, judged);
        let breaches = self.court.breaches.clone();
        for breach in &breaches {
            self.step(StepKind::Violation, None, || {
                format!("{}: {}", breach.property, breach.witness)
            });
        }
        let held = match breaches.first() {
            Some(breach) => breach.assumptions_held,
            None => held[0] && held[1],
        };
        let mut fingerprint = self.fingerprint;
        fingerprint.pair(self.event, verdict as u64);
        let patience = self.clients.patience();
        let books = self.ledger.close(self.now, patience, self.clients.open());
        let outcome = Outcome {
            seed: self.seed,
            verdict,
            reason,
            assumptions_held: held,
            breaches,
            metrics: books.metrics,
            timeline: books.timeline,
            latencies: books.latencies,
            strikes: self.nemesis.wakes.into_iter().map(|wake| wake.record).collect(),
            has_leader: books.has_leader,
            ended: self.now,
            events: self.event,
            fingerprint: fingerprint.value(),
        };
        (outcome, self.recording.trace)
    }

    fn verdict(&self, panicked: Option<String>, judged: bool) -> (Verdict, String) {
        if let Some(message) = panicked {
            return (Verdict::Panicked, message);
        }
        if let Some(breach) = self.court.breaches.first() {
            let verdict = match breach.class {
                Class::Safety => Verdict::Unsafe,
                Class::Liveness => Verdict::Stalled,
            };
            return (verdict, breach.property.to_owned());
        }
        let nothing = self.ledger.is_blank() || self.nemesis.is_vacuous();
        let reason = match self.limit_hit {
            Some(limit) => limit,
            None if nothing => "vacuous",
            None if !judged => "short_horizon",
            None => return (Verdict::Pass, String::new()),
        };
        (Verdict::Inconclusive, reason.to_owned())
    }
}

/// How long a client takes to turn to the node that it was pointed to. Above zero, so that two
/// nodes that point at each other cost time and not for ever.
const REDIRECT: Duration = Duration::from_millis(1);

/// How many of the longest timers anything good may take after GST, if the scenario does not say.
const PATIENCE: u64 = 20;

fn message_of(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("panicked without a message").to_owned()
}
