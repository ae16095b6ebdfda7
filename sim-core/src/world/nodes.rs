//! The nodes of a world: boot, handlers, effects, timers.

use super::World;
use crate::history::Event;
use crate::id::{InstanceId, NodeId};
use crate::landmark::Landmark;
use crate::node::{Input, Node, Output, Particulars, Period};
use crate::protocol::{Context, Effect, Protocol, Stored};
use crate::time::Duration;
use crate::trace::StepKind;

/// The calls of `on_durable` that one event may set off at a disk without latency.
const DURABLE_CHAIN: u32 = 10_000;

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// The body of an identity; the first, if it has two.
    pub(super) const fn instance_of(node: NodeId) -> InstanceId {
        InstanceId(node.0)
    }

    #[inline(always)]
    pub(super) fn context<T>(
        &mut self,
        instance: InstanceId,
        act: impl FnOnce(&mut Option<P>, &[Stored<P::Record>], &mut Context<'_, P>) -> T,
    ) -> T {
        let Node { state, drawn, particulars, identity, .. } = &mut self.nodes[instance.index()];
        let own: &Particulars<P> = particulars;
        let mut written = own.disk.written();
        let mut random = self.node_key.member(u64::from(identity.0)).from(*drawn);
        let mut ctx = Context {
            me: *identity,
            cluster: self.experiment.setup.cluster(),
            config: &self.experiment.config,
            mutant: self.experiment.setup.mutant.as_deref(),
            now: self.now,
            clock: &own.clock,
            sway: own.trouble.as_ref().and_then(|trouble| trouble.sway.as_ref()),
            random: &mut random,
            written: &mut written,
            effects: &mut self.effects,
        };
        let done = act(state, own.disk.durable(), &mut ctx);
        *drawn = random.count();
        done
    }

    pub(super) fn boot(&mut self, instance: InstanceId) {
        self.note(instance, 2, 0);
        let identity = self.nodes[instance.index()].identity;
        // Only the electorate: no fault that draws its targets strikes a client.
        if self.experiment.setup.cluster().contains(identity) {
            self.up.insert(identity);
        }
        self.news = true;
        self.enter(instance, Event::Booted);
        self.step(StepKind::Boot, Some(instance), || "boots".to_owned());
        self.context(instance, |state, disk, ctx| *state = Some(P::boot(disk, ctx)));
        self.perform(instance);
        if self.nodes[instance.index()].incarnation > 0 {
            self.announce(instance, Landmark::Recovered);
        }
        if self.programmed.contains(identity) {
            self.run_program(instance);
        }
    }

    #[inline(always)]
    pub(super) fn handle(&mut self, instance: InstanceId, input: Input<P>) {
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
    pub(super) fn perform(&mut self, instance: InstanceId) {
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
        if self.nodes[instance.index()].is_troubled() {
            self.look_at_fuse(instance);
        }
        let node = &self.nodes[instance.index()];
        let own: &Particulars<P> = &node.particulars;
        if let Some(state) = &node.state
            && !own.corrupt
            && self.experiment.setup.cluster().contains(node.identity)
        {
            let held = !self.safety_exceeded;
            self.court.observe(node.identity, own.incarnation, state, self.now, held);
        }
    }

    #[inline]
    pub(super) fn perform_once(&mut self, instance: InstanceId) {
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
                    self.start_repeating(instance, timer, every, every);
                }
                Effect::RepeatTimerFrom { timer, first, every } => {
                    self.start_repeating(instance, timer, first, every);
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

    /// Arms a timer to fire after a span of the node's own clock.
    #[inline]
    pub(super) fn arm(&mut self, instance: InstanceId, timer: P::Timer, after: Duration) {
        let after = self.nodes[instance.index()].clock.true_span(after);
        self.longest_timer = self.longest_timer.max(after);
        self.remember_cause(instance, timer);
        match self.now.checked_add(after) {
            Some(at) if at <= self.horizon => self.queue.set_timer(at, (instance, timer)),
            _ => self.queue.cancel_timer(&(instance, timer)),
        }
    }

    #[inline]
    pub(super) fn fire(&mut self, instance: InstanceId, timer: P::Timer) {
        self.cause = self.armed_by(instance, timer);
        self.note(instance, 1, 0);
        self.step(StepKind::Timer, Some(instance), || format!("{timer:?}"));
        self.submit(instance, Input::Timer(timer));
    }

    pub(super) fn start_repeating(
        &mut self,
        instance: InstanceId,
        timer: P::Timer,
        first: Duration,
        every: Duration,
    ) {
        assert!(!every.is_zero(), "a timer that repeats at once never ends");
        assert!(first <= every, "a timer that repeats starts within its first period");
        self.stop_repeating(instance, timer);
        self.queue.cancel_timer(&(instance, timer));
        let node = &mut self.nodes[instance.index()];
        let start = self.now.checked_add(first).filter(|_| node.clock.is_true());
        let ring = start.and_then(|start| self.queue.repeat_timer(start, every, (instance, timer)));
        node.add_repeating(timer, every, ring);
        if ring.is_some() {
            // Those that start before anything happens are put in order all at once.
            if self.event > 0 {
                self.queue.order_rings();
            }
            self.longest_timer = self.longest_timer.max(every);
            self.remember_cause(instance, timer);
        } else {
            self.arm(instance, timer, first);
        }
    }

    /// Ends the repeating of a timer, if it repeats.
    #[inline]
    pub(super) fn stop_repeating(&mut self, instance: InstanceId, timer: P::Timer) {
        if let Some(every) = self.period(instance, timer) {
            self.nodes[instance.index()].remove_repeating(timer);
            self.queue.stop_repeating(every, (instance, timer));
        }
    }

    /// The period of a timer that repeats.
    #[inline]
    pub(super) fn period(&self, instance: InstanceId, timer: P::Timer) -> Option<Duration> {
        Some(match self.nodes[instance.index()].period(timer)? {
            Period::Ring(ring) => self.queue.period(ring),
            Period::Own(every) => every,
        })
    }

    /// A repeating timer fires; its ring has armed it anew.
    pub(super) fn repeat(&mut self, instance: InstanceId, timer: P::Timer) {
        self.fire(instance, timer);
        // The next firing was caused by this one, unless the handler had other plans.
        if TRACED && self.period(instance, timer).is_some() {
            self.remember_cause(instance, timer);
        }
    }

    pub(super) fn announce(&mut self, instance: InstanceId, landmark: Landmark) {
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
}

#[cfg(test)]
mod tests {
    use super::super::toy::Echo;
    use super::*;

    /// A million nodes are a million of these, and an event should wait for one line of memory.
    #[test]
    fn a_node_takes_three_words_beside_its_state() {
        assert_eq!(size_of::<Node<Echo>>(), size_of::<Option<Echo>>() + 3 * size_of::<u64>());
    }
}
