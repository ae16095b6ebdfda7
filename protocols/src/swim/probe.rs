//! The failure detector: a ping, a ping through others, and the end of the period (section 3.1).

use sim_core::id::NodeId;
use sim_core::protocol::Context;
use sim_core::rng::Random as _;

use super::config::Targets;
use super::marks::REACHED_THROUGH_OTHERS;
use super::message::{Purpose, Sequence, Update};
use super::{Swim, Timer};
use crate::problem::membership::{Belief, Indication, Status};

/// The probe of the present period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Probe {
    target: NodeId,
    sequence: Sequence,
    is_answered: bool,
    has_asked_others: bool,
}

/// A ping that was sent for somebody else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Relay {
    origin: NodeId,
    probe: Sequence,
}

impl Swim {
    /// Concludes the period and begins the next one.
    pub(super) fn begin_period(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some(probe) = self.probe.take().filter(|probe| !probe.is_answered) {
            ctx.indicate(Indication::Unanswered { member: probe.target });
            self.suspect(probe.target, ctx);
        }
        self.relays.retain(|sequence, _| *sequence > self.earlier);
        self.earlier = self.sequence;
        let Some(target) = self.next_target(ctx) else {
            // Whoever sees nobody asks anybody, and does not wait for the next exchange.
            if !ctx.config().sync.is_zero() {
                self.exchange(ctx);
            }
            return;
        };
        self.sequence += 1;
        let sequence = self.sequence;
        self.probe = Some(Probe { target, sequence, is_answered: false, has_asked_others: false });
        self.say(target, Purpose::Ping(sequence), ctx);
        ctx.set_timer(Timer::Unanswered, ctx.config().probe_timeout);
    }

    fn suspect(&mut self, member: NodeId, ctx: &mut Context<'_, Self>) {
        let status = if ctx.config().suspicion == 0 { Status::Dead } else { Status::Suspect };
        let alive = self.belief(member).filter(|belief| belief.status == Status::Alive);
        if let Some(belief) = alive {
            self.learn(Update { member, belief: belief.turned(status) }, ctx);
        }
    }

    fn is_present(&self, member: NodeId) -> bool {
        self.belief(member).is_some_and(Belief::is_present)
    }

    fn next_target(&mut self, ctx: &mut Context<'_, Self>) -> Option<NodeId> {
        if self.present == 0 {
            return None;
        }
        if ctx.config().targets == Targets::Uniform {
            let place = ctx.random().below(self.present as u64) as usize;
            let mut present = self.view.iter().filter(|(_, belief)| belief.is_present());
            return present.nth(place).map(|(member, _)| *member);
        }
        loop {
            match self.round.pop() {
                Some(member) if self.is_present(member) => return Some(member),
                Some(_) => {}
                None => {
                    self.round = self.those(Belief::is_present);
                    ctx.random().shuffle(&mut self.round);
                }
            }
        }
    }

    /// Somebody new takes a place in the round, at random (section 4.3).
    pub(super) fn welcome(&mut self, member: NodeId, ctx: &mut Context<'_, Self>) {
        if !self.round.contains(&member) {
            let place = ctx.random().below(self.round.len() as u64 + 1) as usize;
            self.round.insert(place, member);
        }
    }

    /// The target did not answer in time: others try.
    pub(super) fn ask_others(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(probe) = &mut self.probe else { return };
        probe.has_asked_others = true;
        let Probe { target, sequence, .. } = *probe;
        let mut others = self.those(Belief::is_present);
        others.retain(|member| *member != target);
        ctx.random().shuffle(&mut others);
        for proxy in others.into_iter().take(ctx.config().proxies as usize) {
            self.say(proxy, Purpose::PingRequest { target, probe: sequence }, ctx);
        }
    }

    /// Pings for somebody else.
    pub(super) fn relay(
        &mut self,
        origin: NodeId,
        target: NodeId,
        probe: Sequence,
        ctx: &mut Context<'_, Self>,
    ) {
        if target == ctx.me() || !ctx.cluster().contains(target) {
            return;
        }
        self.sequence += 1;
        self.relays.insert(self.sequence, Relay { origin, probe });
        self.say(target, Purpose::Ping(self.sequence), ctx);
    }

    /// An answer: to the own probe, or to one for somebody else.
    pub(super) fn hear_ack(&mut self, sequence: Sequence, ctx: &mut Context<'_, Self>) {
        if let Some(Relay { origin, probe }) = self.relays.remove(&sequence) {
            self.say(origin, Purpose::Ack(probe), ctx);
            return;
        }
        let own = self.probe.as_mut().filter(|probe| probe.sequence == sequence);
        let Some(probe) = own.filter(|probe| !probe.is_answered) else { return };
        probe.is_answered = true;
        ctx.cancel_timer(Timer::Unanswered);
        if probe.has_asked_others {
            ctx.announce(REACHED_THROUGH_OTHERS.reached());
        }
    }
}
