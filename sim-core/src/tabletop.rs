//! A protocol on the table: every step by hand, in the order that a test wants it.
//!
//! The world draws schedules; here a test writes one down: who is asked what, which timer fires,
//! which message arrives, who crashes. Figures of papers and minimal counter-examples are told
//! this way. The judges of a run watch here too. Disks are durable at once, and a crash loses
//! nothing but memory.

use std::fmt::Write as _;

use crate::checker::{End, Monitor, Property, Violation};
use crate::clock::Clock;
use crate::history::{Entry, Event};
use crate::id::{Cluster, Incarnation, NodeId, NodeSet, OpId};
use crate::message::Forger;
use crate::problem::Problem;
use crate::protocol::{Context, DiskMark, Effect, Indication, Protocol, Request, Stored};
use crate::rng::{Draw, Stream, Streams};
use crate::time::{Duration, Time};

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Flying<M> {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// What is said.
    pub message: M,
}

struct Seat<P: Protocol> {
    state: Option<P>,
    incarnation: Incarnation,
    disk: Vec<Stored<P::Record>>,
    written: DiskMark,
    durable: DiskMark,
    random: Draw,
    clock: Clock,
    timers: Vec<P::Timer>,
    /// Those among them that run on after they fired.
    repeating: Vec<P::Timer>,
    corrupt: bool,
}

impl<P: Protocol> Seat<P> {
    fn stop(&mut self, timer: P::Timer) {
        self.timers.retain(|running| *running != timer);
        self.repeating.retain(|running| *running != timer);
    }
}

/// A cluster whose every step is taken by hand.
///
/// # Panics
/// Whatever names a node panics if there is no such node: this is for tests.
pub struct Tabletop<P: Protocol> {
    config: P::Config,
    cluster: Cluster,
    mutant: Option<&'static str>,
    now: Time,
    seats: Vec<Seat<P>>,
    flying: Vec<Flying<P::Message>>,
    properties: Vec<Property<Request<P>, Indication<P>>>,
    monitor: P::Monitor,
    violations: Vec<Violation>,
    transcript: String,
}

impl<P: Protocol> Tabletop<P> {
    /// Seats `n` nodes and boots them.
    pub fn new(n: u32, config: P::Config) -> Self {
        Self::with_mutant(n, config, None)
    }

    /// The same with a bug planted.
    pub fn with_mutant(n: u32, config: P::Config, mutant: Option<&'static str>) -> Self {
        Self::with_clients(n, 0, config, mutant)
    }

    /// The same with clients that are nodes on the network, behind the `n`.
    pub fn with_clients(
        n: u32,
        clients: u32,
        config: P::Config,
        mutant: Option<&'static str>,
    ) -> Self {
        let cluster = Cluster { n };
        let key = Streams::new(0).key(Stream::Nodes);
        let seats = (0..n + clients).map(|node| Seat {
            state: None,
            incarnation: 0,
            disk: Vec::new(),
            written: DiskMark::default(),
            durable: DiskMark::default(),
            random: key.member(u64::from(node)),
            clock: Clock::TRUE,
            timers: Vec::new(),
            repeating: Vec::new(),
            corrupt: false,
        });
        let promise = P::contract(&config, cluster).promise;
        let mut table = Self {
            cluster,
            mutant,
            now: Time::ZERO,
            seats: seats.collect(),
            flying: Vec::new(),
            properties: P::Problem::properties(cluster, &promise),
            monitor: P::monitor(&config, cluster),
            violations: Vec::new(),
            transcript: String::new(),
            config,
        };
        (0..n + clients).for_each(|node| table.boot(NodeId(node)));
        table
    }

    /// What a liar has who speaks through the first of these nodes.
    pub fn forger<'a>(&self, mouths: &'a NodeSet) -> Forger<'a> {
        Forger::new(mouths.iter().next(), mouths, Streams::new(0).key(Stream::Adversary).member(0))
    }

    /// The state of a node that is up.
    ///
    /// # Panics
    /// If the node is down.
    pub fn state(&self, node: u32) -> &P {
        self.seats[node as usize].state.as_ref().unwrap_or_else(|| panic!("n{node} is down"))
    }

    /// The messages on their way, the oldest first.
    pub fn flying(&self) -> &[Flying<P::Message>] {
        &self.flying
    }

    /// The timers of a node that run.
    pub fn timers(&self, node: u32) -> &[P::Timer] {
        &self.seats[node as usize].timers
    }

    /// What was broken so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What happened so far, a line each.
    pub fn transcript(&self) -> &str {
        &self.transcript
    }

    /// Lets time pass on all clocks.
    pub fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    /// From now on the clocks of a node run this many parts per million faster than they did.
    pub fn drift(&mut self, node: u32, ppm: i32) {
        self.seats[node as usize].clock.speed_up(self.now, ppm);
    }

    /// Ends the story: the judges of safety have their last word.
    pub fn conclude(&mut self) {
        let (cluster, at) = (self.cluster, self.now);
        let end = End { cluster, at, gst: None, patience: Duration::ZERO, core: NodeSet::EMPTY };
        let found: Vec<_> = self
            .properties
            .iter_mut()
            .filter_map(|property| {
                let witness = property.checker.conclude(&end)?;
                Some(Violation { property: property.name, witness })
            })
            .collect();
        found.into_iter().for_each(|violation| self.violate(violation));
    }

    /// A client asks a node.
    pub fn request(&mut self, node: u32, op: OpId, request: Request<P>) {
        let node = NodeId(node);
        self.note(format_args!("{node} is asked {op} {request:?}"));
        let reached = self.seats[node.index()].state.is_some();
        self.enter(node, Event::Requested { op, request: request.clone(), reached });
        self.handle(node, |state, ctx| state.on_request(op, request, ctx));
    }

    /// A timer of a node runs out.
    ///
    /// # Panics
    /// If the timer does not run.
    pub fn fire(&mut self, node: u32, timer: P::Timer) {
        let seat = &mut self.seats[node as usize];
        let at = seat.timers.iter().position(|running| *running == timer);
        let at = at.unwrap_or_else(|| panic!("n{node} has no {timer:?} among its timers"));
        if !seat.repeating.contains(&timer) {
            seat.timers.remove(at);
        }
        let node = NodeId(node);
        self.note(format_args!("{node} timer {timer:?}"));
        self.handle(node, |state, ctx| state.on_timer(timer, ctx));
    }

    /// Delivers the oldest message between two nodes.
    ///
    /// # Panics
    /// If there is none.
    pub fn deliver(&mut self, from: u32, to: u32) {
        let letter = self.take(from, to);
        self.arrive(letter);
    }

    /// Delivers a copy of the oldest message between two nodes, and leaves it on its way.
    ///
    /// # Panics
    /// If there is none.
    pub fn duplicate(&mut self, from: u32, to: u32) {
        let letter = self.take(from, to);
        self.flying.insert(0, letter.clone());
        self.arrive(letter);
    }

    /// Delivers a message that nobody sent, as if `from` had sent it.
    pub fn inject(&mut self, from: u32, to: u32, message: P::Message) {
        self.arrive(Flying { from: NodeId(from), to: NodeId(to), message });
    }

    /// Takes the oldest message between two nodes off the network, to deliver it later.
    ///
    /// # Panics
    /// If there is none.
    pub fn take(&mut self, from: u32, to: u32) -> Flying<P::Message> {
        let at = self.flying.iter().position(|letter| letter.from.0 == from && letter.to.0 == to);
        let at =
            at.unwrap_or_else(|| panic!("nothing flies from n{from} to n{to}: {:?}", self.flying));
        self.flying.remove(at)
    }

    /// Delivers a message that was taken off.
    pub fn arrive(&mut self, letter: Flying<P::Message>) {
        let Flying { from, to, message } = letter;
        self.note(format_args!("{from} → {to} {message:?}"));
        self.handle(to, |state, ctx| state.on_message(from, message, ctx));
    }

    /// Delivers what flies among these nodes, the oldest first, until nothing does.
    ///
    /// # Panics
    /// After 10,000 messages: then they would fly for ever.
    pub fn settle(&mut self, among: &[u32]) {
        for _ in 0..10_000 {
            let inside = |letter: &Flying<P::Message>| {
                among.contains(&letter.from.0) && among.contains(&letter.to.0)
            };
            let Some(at) = self.flying.iter().position(inside) else {
                return;
            };
            let letter = self.flying.remove(at);
            self.arrive(letter);
        }
        panic!("messages fly for ever among {among:?}");
    }

    /// Loses everything that flies.
    pub fn lose_all(&mut self) {
        self.flying.clear();
    }

    /// A node goes down and forgets what its disk does not hold.
    pub fn crash(&mut self, node: u32) {
        let node = NodeId(node);
        self.seats[node.index()].state = None;
        self.seats[node.index()].timers.clear();
        self.seats[node.index()].repeating.clear();
        self.note(format_args!("{node} crashes"));
        self.enter(node, Event::Crashed);
        self.seats[node.index()].incarnation += 1;
    }

    /// A node comes up with what its disk holds.
    pub fn boot(&mut self, node: NodeId) {
        self.note(format_args!("{node} boots"));
        self.enter(node, Event::Booted);
        let disk = std::mem::take(&mut self.seats[node.index()].disk);
        let (state, effects) = self.with_context(node, |ctx| P::boot(&disk, ctx));
        self.seats[node.index()].disk = disk;
        self.seats[node.index()].state = Some(state);
        self.perform(node, effects);
        if self.seats[node.index()].corrupt {
            self.handle(node, |state, ctx| state.on_corrupted(ctx));
        }
    }

    /// The adversary takes a node over, and has it run the protocol's hostile program.
    pub fn corrupt(&mut self, node: u32) {
        let node = NodeId(node);
        self.note(format_args!("{node} is taken over"));
        self.seats[node.index()].corrupt = true;
        self.enter(node, Event::Corrupted);
        self.handle(node, |state, ctx| state.on_corrupted(ctx));
    }

    /// Reboots a node.
    pub fn restart(&mut self, node: u32) {
        self.crash(node);
        self.boot(NodeId(node));
    }

    fn with_context<T>(
        &mut self,
        node: NodeId,
        act: impl FnOnce(&mut Context<'_, P>) -> T,
    ) -> (T, Vec<Effect<P>>) {
        let mut effects = Vec::new();
        let seat = &mut self.seats[node.index()];
        let mut ctx = Context {
            me: node,
            cluster: self.cluster,
            config: &self.config,
            mutant: self.mutant,
            now: self.now,
            clock: &seat.clock,
            sway: None,
            random: &mut seat.random,
            written: &mut seat.written,
            effects: &mut effects,
        };
        let result = act(&mut ctx);
        (result, effects)
    }

    fn handle(&mut self, node: NodeId, act: impl FnOnce(&mut P, &mut Context<'_, P>)) {
        let Some(mut state) = self.seats[node.index()].state.take() else {
            self.note(format_args!("  ({node} is down)"));
            return;
        };
        let ((), effects) = self.with_context(node, |ctx| act(&mut state, ctx));
        self.seats[node.index()].state = Some(state);
        self.perform(node, effects);
    }

    fn perform(&mut self, node: NodeId, effects: Vec<Effect<P>>) {
        for effect in effects {
            self.note(format_args!("  {node} {effect:?}"));
            let seat = &mut self.seats[node.index()];
            match effect {
                Effect::Send { to, message } => {
                    self.flying.push(Flying { from: node, to, message });
                }
                Effect::SetTimer { timer, .. } => {
                    seat.stop(timer);
                    seat.timers.push(timer);
                }
                Effect::RepeatTimer { timer, .. } | Effect::RepeatTimerFrom { timer, .. } => {
                    seat.stop(timer);
                    seat.timers.push(timer);
                    seat.repeating.push(timer);
                }
                Effect::CancelTimer { timer } => seat.stop(timer),
                Effect::Persist { record } => seat.disk.push(Stored::Intact(record)),
                Effect::Compact { record } => seat.disk = vec![Stored::Intact(record)],
                Effect::Indicate { answers, indication } => {
                    if !seat.corrupt || P::Problem::is_confession(&indication) {
                        self.enter(node, Event::Indicated { answers, indication });
                    }
                }
                Effect::Announce(_) => {}
            }
        }
        let seat = &self.seats[node.index()];
        let state = seat.state.as_ref().expect("a node that acts is up");
        if self.cluster.contains(node)
            && !seat.corrupt
            && let Some(violation) = self.monitor.observe(node, seat.incarnation, state)
        {
            self.violate(violation);
        }
        let seat = &mut self.seats[node.index()];
        if seat.durable != seat.written {
            seat.durable = seat.written;
            let mark = seat.written;
            self.handle(node, |state, ctx| state.on_durable(mark, ctx));
        }
    }

    fn enter(&mut self, node: NodeId, event: Event<Request<P>, Indication<P>>) {
        let incarnation = self.seats[node.index()].incarnation;
        let entry = Entry { at: self.now, node, incarnation, event };
        let found: Vec<_> = self
            .properties
            .iter_mut()
            .filter_map(|property| {
                let witness = property.checker.observe(&entry)?;
                Some(Violation { property: property.name, witness })
            })
            .collect();
        found.into_iter().for_each(|violation| self.violate(violation));
    }

    fn violate(&mut self, violation: Violation) {
        self.note(format_args!("✗ {}: {}", violation.property, violation.witness));
        self.violations.push(violation);
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.transcript, "{line}").expect("a string takes every line");
    }
}
