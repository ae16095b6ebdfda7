//! A client's part: it coordinates its own operations (Dynamo section 6.4).

use std::collections::BTreeMap;

use sim_core::id::{NodeId, NodeSet, OpId};
use sim_core::landmark::Landmark;

use super::config::{ReadRepair, Versions};
use super::message::{Cause, Message};
use super::version::{Siblings, Vector, Version, Versioned};
use super::{Context, SIBLINGS_FOUND, STOOD_IN, Timer};
use crate::problem::register::{Indication, Request, Upkeep, Value, homes, number, version};

/// What an operation waits for.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
enum Step {
    /// To hear how new what there is is; the highest stamp so far.
    Ask(u64),
    /// That this is stored.
    Store(Siblings),
    /// To hear what there is: who has which.
    Read(Vec<(NodeId, Siblings)>),
    /// That what a read found is stored by so many more.
    Repair(Siblings, u32),
}

/// An operation that is under way.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Open {
    key: u32,
    step: Step,
    /// Who has answered in this step.
    heard: NodeSet,
    /// How often the timer found it open.
    ticks: u32,
    /// It was answered, and the rest is repair.
    is_answered: bool,
}

/// What a client knows of a key.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
struct Known {
    /// Everything that it read or wrote.
    vector: Vector,
    /// The highest number that it gave a write of its own.
    number: u64,
}

/// A client.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Client {
    /// The number of its next operation.
    next: u32,
    open: BTreeMap<OpId, Open>,
    known: BTreeMap<u32, Known>,
}

/// Of how many nodes a read and a write wait.
fn quorums(ctx: &Context<'_>) -> (u32, u32) {
    match ctx.mutant("Q02") {
        true => (1, 1),
        false => (ctx.config().read_quorum, ctx.config().write_quorum),
    }
}

impl Open {
    const fn new(key: u32, step: Step) -> Self {
        Self { key, step, heard: NodeSet::EMPTY, ticks: 0, is_answered: false }
    }

    /// Asks the homes that have not answered in this step.
    fn ask(&self, op: OpId, ctx: &mut Context<'_>) {
        for home in homes(ctx.cluster(), ctx.config().copies, self.key) {
            if !self.heard.contains(home) {
                ctx.send(home, self.message(op, None));
            }
        }
    }

    /// Asks other nodes in the place of the homes that have not answered.
    fn ask_others(&self, op: OpId, ctx: &mut Context<'_>) {
        let (cluster, copies) = (ctx.cluster(), ctx.config().copies);
        let absent = homes(cluster, copies, self.key).filter(|home| !self.heard.contains(*home));
        let others = homes(cluster, cluster.n, self.key).skip(copies as usize);
        for (absent, other) in absent.zip(others) {
            if !self.heard.contains(other) {
                ctx.send(other, self.message(op, Some(absent)));
            }
        }
    }

    fn message(&self, op: OpId, home: Option<NodeId>) -> Message {
        let key = self.key;
        match &self.step {
            Step::Ask(_) => Message::Ask { op, key },
            Step::Read(_) => Message::Read { op, key },
            Step::Store(siblings) => {
                Message::Store { cause: Cause::Write(op), key, siblings: siblings.clone(), home }
            }
            Step::Repair(siblings, _) => {
                Message::Store { cause: Cause::Repair(op), key, siblings: siblings.clone(), home }
            }
        }
    }

    /// Goes on to the next step, for which nobody has answered yet.
    fn enter(&mut self, step: Step) {
        self.step = step;
        self.heard.clear();
    }
}

impl Client {
    /// What was asked for before is done or under way.
    pub(super) fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_>) {
        if op.sequence < self.next {
            return;
        }
        self.next = op.sequence + 1;
        let step = match (request, ctx.config().versions) {
            (Request::Read { .. }, _) => Step::Read(Vec::new()),
            (Request::Write { key }, Versions::Vector) => {
                let known = self.known.entry(key).or_default();
                known.vector.count(op.client);
                let version = Version::Vector(known.vector.clone());
                Step::Store(Siblings::one(Versioned { value: Value(op), version }))
            }
            (Request::Write { .. }, Versions::WallClock | Versions::Counter) => Step::Ask(0),
        };
        if self.open.is_empty() {
            ctx.repeat_timer(Timer::Retransmit, ctx.config().retransmit);
        }
        let open = Open::new(request.key(), step);
        open.ask(op, ctx);
        self.open.insert(op, open);
    }

    pub(super) fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_>) {
        match message {
            Message::Told { op, stamp, clock } => self.on_told(from, op, stamp, clock, ctx),
            Message::Found { op, siblings } => self.on_found(from, op, siblings, ctx),
            Message::Stored { cause: Cause::Write(op) | Cause::Repair(op), .. } => {
                self.on_stored(from, op, ctx);
            }
            // What a node is told.
            _ => {}
        }
    }

    /// Asks again; and others, if that does not help.
    pub(super) fn on_timer(&mut self, ctx: &mut Context<'_>) {
        self.open.retain(|_, open| !open.is_answered || open.ticks == 0);
        for (op, open) in &mut self.open {
            open.ticks += 1;
            if open.ticks < 2 {
                continue;
            }
            open.ask(*op, ctx);
            if ctx.config().sloppy {
                open.ask_others(*op, ctx);
            }
        }
        self.rest(ctx);
    }

    fn rest(&self, ctx: &mut Context<'_>) {
        if self.open.is_empty() {
            ctx.cancel_timer(Timer::Retransmit);
        }
    }

    fn on_told(&mut self, from: NodeId, op: OpId, stamp: u64, clock: u64, ctx: &mut Context<'_>) {
        let Some(open) = self.open.get_mut(&op) else { return };
        let Step::Ask(highest) = &mut open.step else { return };
        *highest = stamp.max(*highest);
        open.heard.insert(from);
        let by_clock = ctx.config().versions == Versions::WallClock;
        let needed = if by_clock { 1 } else { quorums(ctx).0 };
        if open.heard.len() < needed {
            return;
        }
        let known = self.known.entry(open.key).or_default();
        known.number = match by_clock || ctx.mutant("Q04") {
            true => clock,
            false => number(*highest).max(known.number) + 1,
        };
        let version = Version::Stamp(version(known.number, op.client));
        open.enter(Step::Store(Siblings::one(Versioned { value: Value(op), version })));
        open.ask(op, ctx);
    }

    fn on_stored(&mut self, from: NodeId, op: OpId, ctx: &mut Context<'_>) {
        let (_, needed) = quorums(ctx);
        let Some(open) = self.open.get_mut(&op).filter(|open| !open.is_answered) else { return };
        let is_home = homes(ctx.cluster(), ctx.config().copies, open.key).any(|home| home == from);
        if open.heard.insert(from) && !is_home {
            ctx.announce(STOOD_IN.reached());
        }
        match &open.step {
            Step::Store(siblings) if open.heard.len() >= needed => {
                let version = Some(siblings.stamp()).filter(|stamp| *stamp > 0);
                self.open.remove(&op);
                self.done(op, Indication::Written { version }, ctx);
            }
            Step::Repair(siblings, more) if open.heard.len() >= *more => {
                let (key, siblings) = (open.key, siblings.clone());
                self.open.remove(&op);
                self.found(op, key, &siblings, ctx);
            }
            _ => {}
        }
    }

    fn on_found(&mut self, from: NodeId, op: OpId, siblings: Siblings, ctx: &mut Context<'_>) {
        let (needed, _) = quorums(ctx);
        let Some(open) = self.open.get_mut(&op) else { return };
        let Step::Read(found) = &mut open.step else { return };
        if !open.heard.insert(from) {
            return;
        }
        found.push((from, siblings));
        if found.len() < needed as usize {
            return;
        }
        let mut newest = Siblings::default();
        for (_, siblings) in &*found {
            newest.merge(siblings);
        }
        let (key, repair) = (open.key, ctx.config().read_repair);
        let current = found.iter().filter(|(_, siblings)| *siblings == newest).count() as u32;
        match repair {
            ReadRepair::Never => {
                self.open.remove(&op);
                self.found(op, key, &newest, ctx);
            }
            // The number of those who lack it can only be told once the read is answered.
            ReadRepair::Async => {
                let was_answered = std::mem::replace(&mut open.is_answered, true);
                open.ticks = 0;
                self.repair(op, &newest, ctx);
                if !was_answered {
                    self.found(op, key, &newest, ctx);
                }
            }
            ReadRepair::Sync if current >= needed => {
                self.open.remove(&op);
                self.found(op, key, &newest, ctx);
            }
            ReadRepair::Sync => {
                let stale = found.iter().filter(|(_, siblings)| *siblings != newest);
                for _ in stale {
                    ctx.indicate(Indication::Upkeep(Upkeep::ReadRepaired));
                }
                open.enter(Step::Repair(newest, needed));
                open.ask(op, ctx);
            }
        }
    }

    /// Sends the newest values to those homes that had something older, once.
    fn repair(&mut self, op: OpId, newest: &Siblings, ctx: &mut Context<'_>) {
        let Some(open) = self.open.get_mut(&op) else { return };
        let Step::Read(found) = &mut open.step else { return };
        let copies = ctx.config().copies;
        let homes = || homes(ctx.cluster(), copies, open.key);
        let is_stale = |(node, siblings): &&mut (NodeId, Siblings)| {
            siblings != newest && homes().any(|home| home == *node)
        };
        let mut stale = Vec::new();
        for (node, siblings) in found.iter_mut().filter(is_stale) {
            *siblings = newest.clone();
            stale.push(*node);
        }
        let is_over = homes().all(|home| open.heard.contains(home));
        for node in stale {
            let (cause, key, siblings) = (Cause::Repair(op), open.key, newest.clone());
            ctx.send(node, Message::Store { cause, key, siblings, home: None });
            ctx.indicate(Indication::Upkeep(Upkeep::ReadRepaired));
        }
        if is_over {
            self.open.remove(&op);
        }
    }

    /// Answers a read.
    fn found(&mut self, op: OpId, key: u32, newest: &Siblings, ctx: &mut Context<'_>) {
        let known = self.known.entry(key).or_default();
        for versioned in newest.iter() {
            if let Version::Vector(vector) = &versioned.version {
                known.vector.join(vector);
            }
        }
        let values = newest.values();
        if values.len() > 1 {
            ctx.announce(SIBLINGS_FOUND.reached());
        }
        let version = Some(newest.stamp()).filter(|stamp| *stamp > 0);
        self.done(op, Indication::Found { values, version }, ctx);
    }

    fn done(&self, op: OpId, indication: Indication, ctx: &mut Context<'_>) {
        ctx.announce(Landmark::Decided);
        ctx.answer(op, indication);
        self.rest(ctx);
    }
}
