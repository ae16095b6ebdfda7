//! What leaves a node and what reaches it: disks, network, application.

use super::{Occurrence, World};
use crate::fault::FaultKind;
use crate::history::{Entry, Event};
use crate::id::{Incarnation, InstanceId, NodeId, OpId};
use crate::message::Message;
use crate::node::{Input, Output};
use crate::problem::{Answer, Problem};
use crate::protocol::{DiskMark, Indication, Protocol, Request};
use crate::time::Duration;
use crate::trace::{Ends, StepKind};

/// What a message takes that is said to a rushing adversary or by it.
const RUSH: Duration = Duration::from_micros(1);

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
            self.go_down_with_disk(instance);
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

    /// Puts a message on the network, `held` back at its sender for that long.
    #[inline(always)]
    pub(super) fn transmit(
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
        if self.meets_more {
            let (waits, is_rushed, body) = self.beyond_network(instance, from, to, &message);
            (held, rushed, hearer) = (held + waits, is_rushed, body);
        }
        if !self.network.is_calm() {
            self.send_through_weather(from, to, message, |delay| {
                held + if rushed { RUSH } else { delay }
            });
            return;
        }
        let fate = self.network.fate(from, to, self.now);
        let Some(delay) = fate.delay else {
            self.ledger.counts.lost += 1;
            self.count_late(from, to);
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
        if held + delay > self.prompt {
            self.count_late(from, ends.to);
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
        self.count_late(ends.from, ends.to);
        self.nemesis.wakes[strike].record.changed += 1;
        self.tell(StepKind::Lose, None, ends, || "cut".to_owned());
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
}
