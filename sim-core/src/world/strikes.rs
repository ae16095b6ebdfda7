//! What goes wrong: strikes, what they undo, and GST.

use super::{Occurrence, World};
use crate::fault::{Fault, Targets};
use crate::history::Event;
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::nemesis::{Lot, Nemesis, Strike, View};
use crate::network::{Cut, Parts};
use crate::protocol::Protocol;
use crate::setup::Gst;
use crate::trace::StepKind;

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    pub(super) fn view(&self) -> View<'_> {
        View {
            cluster: self.experiment.setup.cluster(),
            up: &self.up,
            corrupt: &self.corrupt,
            leader: self.ledger.leader(),
        }
    }

    /// How many nodes a strike of this kind may leave down or corrupt.
    pub(super) fn budget(&self, fault: &Fault) -> u32 {
        let contract = self.contract;
        let survived = match fault {
            Fault::Corrupt { .. } => contract.safety.byzantine.min(contract.liveness.byzantine),
            _ => contract.liveness.faulty,
        };
        self.experiment.setup.budget.unwrap_or(survived)
    }

    /// Whom a strike on these targets takes, within the budget; the label says who was spared.
    pub(super) fn victims(
        &mut self,
        wake: usize,
        strike: Strike,
        target: &Targets,
        verb: &str,
    ) -> NodeSet {
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

    pub(super) fn strike(&mut self, strike: Strike) {
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

    pub(super) fn label(&mut self, wake: usize, label: String) {
        self.nemesis.wakes[wake].record.label = label;
    }

    pub(super) fn partition(&mut self, wake: usize, groups: Option<Vec<u32>>) {
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

    pub(super) fn one_way(&mut self, wake: usize, from: NodeSet, to: NodeSet) {
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
    pub(super) fn cut(&mut self, cut: Cut) {
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

    pub(super) fn crash(&mut self, victims: &NodeSet, wake: usize) {
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
    pub(super) fn fail(&mut self, node: NodeId) {
        self.ever_faulty.insert(node);
        let safety = self.contract.safety;
        self.safety_exceeded |=
            self.corrupt.len() > safety.byzantine || self.ever_faulty.len() > safety.faulty;
    }

    pub(super) fn restart(&mut self, instance: InstanceId) {
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

    pub(super) fn take_over(&mut self, instance: InstanceId, wake: usize) {
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
    pub(super) fn undo(&mut self, wake: usize) {
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

    pub(super) fn look_for_gst(&mut self) {
        let auto = self.experiment.setup.gst == Gst::Auto;
        if auto && self.gst.is_none() && self.nemesis.is_over() {
            self.reach_gst();
        }
    }

    pub(super) fn reach_gst(&mut self) {
        self.gst = Some(self.now);
        self.note(InstanceId(0), 8, 0);
        self.step(StepKind::Fault, None, || "GST: the faults are over".to_owned());
        self.network.settle(self.experiment.setup.delta);
        let ending: Vec<usize> = (0..self.nemesis.wakes.len())
            .filter(|wake| !self.nemesis.wakes[*wake].permanent)
            .collect();
        ending.into_iter().for_each(|wake| self.undo(wake));
    }
}
