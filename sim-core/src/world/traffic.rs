//! What leaves a node and what reaches it: disks, network, application.

use super::{Attempt, Occurrence, World};
use crate::adversary::{Scene, Speech};
use crate::fault::FaultKind;
use crate::history::{Entry, Event};
use crate::id::{ClientId, Incarnation, InstanceId, NodeId, OpId};
use crate::message::Message;
use crate::nemesis::Lot;
use crate::node::{Input, Output};
use crate::problem::{Answer, Problem};
use crate::protocol::{DiskMark, Indication, Protocol, Request};
use crate::rng::Random as _;
use crate::time::Duration;
use crate::trace::{Ends, StepKind};

/// What a message takes that is said to a rushing adversary or by it.
const RUSH: Duration = Duration::from_micros(1);

/// How long a client takes to turn to the node that it was pointed to. Above zero, so that two
/// nodes that point at each other cost time and not for ever.
const REDIRECT: Duration = Duration::from_millis(1);

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// Starts a sync of what waits; a sync without latency completes here, and its mark comes
    /// back.
    #[inline]
    pub(super) fn sync(&mut self, instance: InstanceId) -> Option<DiskMark> {
        let node = &mut self.nodes[instance.index()];
        if node.is_plain() {
            return None;
        }
        if node.disk.take_unannounced() {
            self.ledger.counts.syncs += 1;
            return Some(node.disk.safe());
        }
        if node.disk.is_clean() {
            return None;
        }
        if node.disk.gives_out() {
            self.give_out(instance);
            return None;
        }
        if node.disk.waits() {
            self.witness(FaultKind::DiskStall, instance);
            return None;
        }
        let place = u64::from(node.identity.0);
        let bits = self.disk_key.at(place, node.disk.written().0, u64::from(node.incarnation));
        let delay = node.disk.start_sync(&self.disks, bits)?;
        let (incarnation, slow) = (node.incarnation, node.disk.is_slow());
        if slow {
            self.witness(FaultKind::DiskSlow, instance);
        }
        if delay.is_zero() {
            return Some(self.harden(instance));
        }
        self.after(delay, Occurrence::Synced { instance, incarnation });
        None
    }

    pub(super) fn synced(&mut self, instance: InstanceId, incarnation: Incarnation) {
        let node = &self.nodes[instance.index()];
        if !node.is_up() || node.incarnation != incarnation {
            return;
        }
        self.note(instance, 3, 0);
        let mark = self.harden(instance);
        self.submit(instance, Input::Durable(mark));
    }

    /// The sync under way is complete: releases what waited for it.
    pub(super) fn harden(&mut self, instance: InstanceId) -> DiskMark {
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
    pub(super) fn put_out(&mut self, instance: InstanceId, output: Output<P>) {
        let node = &mut self.nodes[instance.index()];
        if node.is_clean() {
            self.let_out(instance, output);
        } else {
            let mark = node.disk.written();
            node.output.push_back((mark, output));
        }
    }

    #[inline]
    pub(super) fn let_out(&mut self, instance: InstanceId, output: Output<P>) {
        match output {
            Output::Send { to, message } => self.send(instance, to, message),
            Output::Indicate { answers, indication } => {
                self.indicate(instance, answers, indication);
            }
        }
    }

    #[inline]
    pub(super) fn send(&mut self, instance: InstanceId, to: NodeId, message: P::Message) {
        let node = &self.nodes[instance.index()];
        let (from, odd) = (node.identity, node.is_odd());
        assert!(to.0 < self.nodes.len() as u32, "{from} sends to {to}, which does not exist");
        if to == from {
            // To oneself: at once, past network and adversary.
            self.later(self.now, Occurrence::Arrive { from, to: instance, message });
            return;
        }
        if odd {
            self.send_oddly(instance, to, message);
        } else {
            self.transmit(instance, from, to, message, Duration::ZERO);
        }
    }

    /// Sends for a node that is corrupt or in trouble.
    #[cold]
    fn send_oddly(&mut self, instance: InstanceId, to: NodeId, message: P::Message) {
        if self.nodes[instance.index()].is_troubled() && self.burns(instance) {
            return;
        }
        let node = &self.nodes[instance.index()];
        let from = node.identity;
        match node.corrupt {
            true => self.speak_through(instance, to, message),
            false => self.transmit(instance, from, to, message, Duration::ZERO),
        }
    }

    /// The adversary decides what goes out in the place of what its node was about to say.
    fn speak_through(&mut self, instance: InstanceId, to: NodeId, message: P::Message) {
        let from = self.nodes[instance.index()].identity;
        if !self.may_address(instance, from, to) {
            self.count_lie(from);
            return;
        }
        let scene = Scene {
            now: self.now,
            cluster: self.experiment.setup.cluster(),
            mouths: &self.corrupt,
            longest_timer: self.longest_timer,
        };
        let mut speeches = std::mem::take(&mut self.speeches);
        if self.adversary.tamper(&scene, from, to, message, &mut speeches) {
            self.count_lie(from);
            let (kind, what) = match speeches.len() {
                0 => (StepKind::Lose, "withheld"),
                _ => (StepKind::Alter, "lies"),
            };
            self.tell(kind, Some(instance), self.leaving(from, to), || what.to_owned());
        }
        for Speech { from, message, after } in speeches.drain(..) {
            self.transmit(instance, from, to, message, after);
        }
        self.speeches = speeches;
    }

    /// Puts a message on the network, `held` back at its sender for that long.
    #[inline(always)]
    fn transmit(
        &mut self,
        instance: InstanceId,
        from: NodeId,
        to: NodeId,
        message: P::Message,
        held: Duration,
    ) {
        self.ledger.counts.messages += 1;
        self.ledger.counts.bytes += u64::from(message.bytes());
        let ends = self.leaving(from, to);
        self.tell(StepKind::Send, Some(instance), ends, || format!("{message:?}"));
        if let Some(strike) = self.network.stopped_by(from, to) {
            self.cut_off(strike, ends);
            return;
        }
        let (mut held, mut rushed, mut hearer) = (held, false, Self::instance_of(to));
        if self.detours {
            let (waits, is_rushed, body) = self.detour(instance, from, to, &message);
            (held, rushed, hearer) = (held + waits, is_rushed, body);
        }
        if !self.network.is_calm() {
            self.brave(from, to, message, |delay| held + if rushed { RUSH } else { delay });
            return;
        }
        let fate = self.network.fate(from, to, self.now);
        let Some(delay) = fate.delay else {
            self.ledger.counts.lost += 1;
            self.tell(StepKind::Lose, None, ends, || "lost".to_owned());
            return;
        };
        let delay = if rushed { RUSH } else { delay };
        let to = hearer;
        if let Some(delay) = fate.copy {
            self.ledger.counts.duplicated += 1;
            let message = message.clone();
            self.dispatch(held + delay, from, to, message);
        }
        self.dispatch(held + delay, from, to, message);
    }

    #[inline]
    pub(super) fn arrive(&mut self, from: NodeId, to: InstanceId, message: P::Message) {
        self.note(to, 4, u64::from(from.0 & 0xffff) << 8 | message.kind() as u64);
        let node = &self.nodes[to.index()];
        let identity = node.identity;
        let ends = Ends { from, to: identity, sent: self.cause };
        // What one says to oneself passes neither network nor adversary.
        if from != identity {
            if let Some(strike) = self.network.stopped_on_arrival(from, identity) {
                self.cut_off(strike, ends);
                return;
            }
            if node.is_up() {
                self.ledger.counts.delivered += 1;
            } else {
                self.ledger.counts.down += 1;
            }
        }
        self.tell(StepKind::Deliver, Some(to), ends, || format!("{message:?}"));
        self.submit(to, Input::Message(from, message));
    }

    /// The ends of a message that leaves in the event at hand.
    #[inline]
    pub(super) const fn leaving(&self, from: NodeId, to: NodeId) -> Ends {
        Ends { from, to, sent: self.event }
    }

    fn cut_off(&mut self, strike: usize, ends: Ends) {
        self.ledger.counts.cut += 1;
        self.nemesis.wakes[strike].record.changed += 1;
        self.tell(StepKind::Lose, None, ends, || "cut".to_owned());
    }

    /// Credits a lie to the strike that corrupted the mouth.
    pub(super) fn count_lie(&mut self, mouth: NodeId) {
        self.ledger.counts.lies += 1;
        self.witness(FaultKind::Corrupt, Self::instance_of(mouth));
    }

    pub(super) fn enter(&mut self, instance: InstanceId, event: Event<Request<P>, Indication<P>>) {
        let node = &self.nodes[instance.index()];
        let (at, node, incarnation) = (self.now, node.identity, node.incarnation);
        self.news = true;
        let entry = Entry { at, node, incarnation, event };
        if let Some(gauge) = &mut self.gauge {
            gauge.observe(&entry);
        }
        self.court.enter(&entry, !self.safety_exceeded);
        if TRACED {
            self.recording.history.push(entry);
        }
    }

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

    pub(super) fn indicate(
        &mut self,
        instance: InstanceId,
        answers: Option<OpId>,
        indication: Indication<P>,
    ) {
        self.step(StepKind::Indicate, Some(instance), || match answers {
            Some(op) => format!("{op} {indication:?}"),
            None => format!("{indication:?}"),
        });
        let answer = P::Problem::answer(&indication);
        let corrupt = self.nodes[instance.index()].corrupt;
        if !corrupt || P::Problem::is_confession(&indication) {
            answers.into_iter().for_each(|op| self.clients.hear(op, &indication));
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
}
