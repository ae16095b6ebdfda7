//! The adversary at work: whom it takes, what bodies they have then, and what goes out in the
//! place of what they were about to say.

use super::World;
use crate::adversary::{Conduct, Scene, Speech, Strategy};
use crate::fault::FaultKind;
use crate::history::Event;
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::nemesis::{Lot, Nemesis, Strike};
use crate::node::Node;
use crate::protocol::Protocol;
use crate::target::Targets;
use crate::trace::StepKind;

/// A second body of a corrupt node.
pub(super) struct Twin {
    pub(super) identity: NodeId,
    pub(super) body: InstanceId,
    /// Who hears this body and is heard by it; the others hear the other one.
    pub(super) audience: NodeSet,
}

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// The adversary takes its targets, and begins anew with those that it had already.
    pub(super) fn corrupt(&mut self, wake: usize, strike: Strike, target: &Targets) {
        let fault = &self.nemesis.spec(strike).fault;
        let Some(conduct) = self.experiment.setup.conduct(fault) else { return };
        let view = self.view();
        let bodies = self.nodes.len() as u32;
        let mut draw = self.nemesis.draw(strike, Lot::Targets);
        let again = Nemesis::resolve(target, &view, view.corrupt, &mut draw);
        let again: NodeSet = again.iter().filter(|node| view.corrupt.contains(*node)).collect();
        let fresh = self.victims(wake, strike, target);
        let against = match &conduct.against {
            // Clients that are nodes have their sides too.
            None => (0..bodies).map(NodeId).filter(|node| node.0 % 2 == 1).collect(),
            Some(against) => {
                let view = self.view();
                Nemesis::resolve(against, &view, view.up, &mut draw)
            }
        };
        self.write_corrupt(wake, &conduct, [&fresh, &again], &against);
        if conduct.strategy == Strategy::Amnesia {
            // A body that began anew is the same mouth.
            again.iter().for_each(|node| self.rebuild(node, &conduct, &against));
        }
        for node in fresh.iter() {
            self.take_over(Self::instance_of(node), wake);
            self.adversary.take(node, &conduct, against.clone());
            self.rebuild(node, &conduct, &against);
        }
        if conduct.strategy == Strategy::Split && !fresh.is_empty() {
            self.split(wake, &against);
        }
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
        self.count_faulty(identity);
        self.enter(instance, Event::Corrupted);
    }

    /// The adversary gives a node that it has a second body, an empty disk or a program of its own,
    /// if that is its way.
    fn rebuild(&mut self, node: NodeId, conduct: &Conduct, audience: &NodeSet) {
        let instance = Self::instance_of(node);
        match conduct.strategy {
            Strategy::Amnesia => {
                self.queue.retain_timers(|(owner, _)| *owner != instance);
                let body = &mut self.nodes[instance.index()];
                body.incarnation += 1;
                body.disk.wipe();
                body.stop_short();
                self.count_lie(node);
                self.boot(instance);
            }
            Strategy::Twins | Strategy::Split => {
                let body = InstanceId(self.nodes.len() as u32);
                let one = &self.nodes[instance.index()];
                let mut twin = Node::new(node, one.clock);
                twin.drawn = one.drawn;
                twin.disk = one.disk.copy();
                twin.incarnation = one.incarnation;
                twin.corrupt = true;
                twin.trouble = self.cost.as_ref().map(|_| Box::default());
                self.nodes.push(twin);
                let audience = audience.clone();
                self.twins.push(Twin { identity: node, body, audience });
                self.meets_more = true;
                self.boot(body);
            }
            Strategy::Program => {
                self.count_lie(node);
                self.programmed.insert(node);
                self.run_program(instance);
            }
            _ => {}
        }
    }

    /// A node that the adversary has begins its hostile program.
    pub(super) fn run_program(&mut self, instance: InstanceId) {
        self.context(instance, |state, _, ctx| {
            if let Some(state) = state {
                state.on_corrupted(ctx);
            }
        });
        self.perform(instance);
    }

    /// The body of `node` that hears what `from` says to it.
    #[inline]
    pub(super) fn hearer(&self, from: NodeId, node: NodeId) -> InstanceId {
        let twin = self.twins.iter().find(|twin| twin.identity == node);
        match twin {
            Some(twin) if twin.audience.contains(from) => twin.body,
            _ => Self::instance_of(node),
        }
    }

    /// Whether a body may speak to `to`: of twins, only one does.
    fn may_address(&self, instance: InstanceId, from: NodeId, to: NodeId) -> bool {
        self.twins.is_empty() || self.hearer(to, from) == instance
    }

    /// The adversary decides what goes out in the place of what its node was about to say.
    pub(super) fn speak_through(&mut self, instance: InstanceId, to: NodeId, message: P::Message) {
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

    /// Credits a lie to the strike that corrupted the mouth.
    fn count_lie(&mut self, mouth: NodeId) {
        self.ledger.counts.lies += 1;
        self.witness(FaultKind::Corrupt, Self::instance_of(mouth));
    }
}
