//! What goes wrong: strikes, what they undo, and GST.

use super::{Occurrence, World};
use crate::adversary::Strategy;
use crate::fault::{CrashKeeps, DiskTrouble, Fault, Loss, Shape};
use crate::history::Event;
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::message::Message as _;
use crate::nemesis::{Lot, Nemesis, Strike, View};
use crate::network::{Cut, Front, Parts};
use crate::node::Fuse;
use crate::protocol::Protocol;
use crate::rng::Random as _;
use crate::setup::{Gst, Recovery};
use crate::target::Targets;
use crate::time::Duration;
use crate::trace::StepKind;
use crate::weather::{Kinds, Weather};

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    pub(super) fn view(&self) -> View<'_> {
        View {
            cluster: self.experiment.setup.cluster(),
            up: &self.up,
            corrupt: &self.corrupt,
            leader: self.ledger.leader(),
            network: &self.experiment.setup.network,
        }
    }

    /// How many nodes a strike of this kind may leave down or corrupt.
    pub(super) fn budget(&self, fault: &Fault) -> u32 {
        let contract = self.contract;
        let survived = match fault {
            Fault::Corrupt { .. } => contract.safety.byzantine.min(contract.liveness.byzantine),
            Fault::Crash { loss: Loss::Everything | Loss::Records(_), .. }
            | Fault::Disk { trouble: DiskTrouble::Lie | DiskTrouble::Corrupt(_), .. } => {
                contract.safety.forgetful.min(contract.liveness.faulty)
            }
            _ => contract.liveness.faulty,
        };
        self.experiment.setup.budget.unwrap_or(survived)
    }

    /// Whom a strike on these targets takes, within the budget; the label says who was spared.
    pub(super) fn victims(&mut self, wake: usize, strike: Strike, target: &Targets) -> NodeSet {
        let verb = self.nemesis.spec(strike).fault.kind().name();
        let budget = self.budget(&self.nemesis.spec(strike).fault);
        let view = self.view();
        let mut draw = self.nemesis.draw(strike, Lot::Targets);
        let chosen = Nemesis::resolve(target, &view, view.up, &mut draw);
        let chosen = self.nemesis.each(strike, chosen);
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
        if self.nemesis.wakes.len() >= self.experiment.setup.limits.strikes as usize {
            self.events_allowed = 0;
        }
        self.bite(wake, strike, &spec.fault);
        let label = self.nemesis.wakes[wake].record.label.clone();
        self.note(InstanceId(0), 7, wake as u64 & 0xffff);
        self.step(StepKind::Fault, None, || label);
        if let Some(lasts) = lasts {
            self.after(lasts, Occurrence::StrikeEnd { wake });
        }
        self.look_for_gst();
    }

    /// Does what the fault says.
    fn bite(&mut self, wake: usize, strike: Strike, fault: &Fault) {
        match fault {
            Fault::Partition { groups } => {
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let groups = Nemesis::groups(groups, &self.view(), &mut draw);
                self.partition(wake, groups);
            }
            Fault::Reshape { shape, first } => {
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let places = Nemesis::places(*shape, first.as_ref(), &self.view(), &mut draw);
                self.reshape(wake, *shape, &places);
            }
            Fault::OneWay { from, to } => {
                let view = self.view();
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let from = Nemesis::resolve(from, &view, view.up, &mut draw);
                let to = Nemesis::resolve(to, &view, view.up, &mut draw);
                self.write_one_way(wake, &from, &to);
                self.one_way(wake, from, to);
            }
            Fault::Heal => {
                let cuts: Vec<_> = self.network.cuts().collect();
                self.nemesis.wakes[wake].record.changed = cuts.len() as u64;
                self.write(wake, Clone::clone);
                cuts.into_iter().for_each(|cut| self.undo(cut));
            }
            Fault::Weather { weather, from, to, messages } => {
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let view = self.view();
                let mut side = |targets: &Option<Targets>| {
                    let targets = targets.as_ref()?;
                    Some(Nemesis::resolve(targets, &view, view.up, &mut draw))
                };
                let (senders, receivers) = (side(from), side(to));
                self.write_weather(wake, weather, messages, [&senders, &receivers]);
                let all = |set: &Option<NodeSet>| match set {
                    None => "all".to_owned(),
                    Some(set) => format!("{set:?}"),
                };
                let label = format!("{weather}, {} → {}", all(&senders), all(&receivers));
                let kinds = Kinds::named(messages, P::Message::KINDS);
                let weather = weather.clone();
                self.label(wake, label);
                self.network.set_in(Front { weather, senders, receivers, kinds, strike: wake });
            }
            Fault::SwizzleClog { target } => {
                let nodes = self.struck(wake, strike, target);
                self.nemesis.wakes[wake].record.changed = nodes.len().into();
                nodes.iter().for_each(|node| self.plan_clog(wake, strike, node));
            }
            Fault::Crash { target, after_sends: None, .. } => {
                let victims = self.victims(wake, strike, target);
                self.write_on(wake, &victims);
                self.crash(&victims, wake);
            }
            Fault::Crash { target, after_sends: Some(sends), .. } => {
                let victims = self.victims(wake, strike, target);
                self.write_on(wake, &victims);
                for node in victims.iter() {
                    let fuse = Fuse { left: *sends, blown: false, wake };
                    self.nodes[node.index()].trouble().fuse = Some(fuse);
                }
                self.nemesis.wakes[wake].held = victims;
            }
            Fault::Restart { target } => {
                let view = self.view();
                let down: NodeSet =
                    view.cluster.nodes().filter(|node| !view.up.contains(*node)).collect();
                let mut draw = self.nemesis.draw(strike, Lot::Targets);
                let chosen = Nemesis::resolve(target, &view, &down, &mut draw);
                let chosen: NodeSet = chosen.iter().filter(|node| down.contains(*node)).collect();
                self.label(wake, format!("restart {chosen:?}"));
                self.write_on(wake, &chosen);
                self.nemesis.wakes[wake].record.changed = chosen.len().into();
                chosen.iter().for_each(|node| self.restart(Self::instance_of(node)));
            }
            Fault::Pause { target } => {
                let nodes = self.struck(wake, strike, target);
                self.write_on(wake, &nodes);
                self.pause(wake, nodes);
            }
            Fault::SlowNode { target, work } => {
                let nodes = self.struck(wake, strike, target);
                self.write_on(wake, &nodes);
                for node in nodes.iter() {
                    let trouble = self.nodes[node.index()].trouble();
                    trouble.work = trouble.work + *work;
                }
                self.nemesis.wakes[wake].held = nodes;
            }
            Fault::Churn { target, .. } => {
                let nodes = self.struck(wake, strike, target);
                nodes.iter().for_each(|node| self.churn(wake, node, 0));
            }
            Fault::Clock { target, trouble } => {
                let nodes = self.struck(wake, strike, target);
                self.write_on(wake, &nodes);
                self.upset(wake, nodes, *trouble);
            }
            Fault::Disk { target, trouble } => {
                let nodes = match trouble {
                    DiskTrouble::Stall | DiskTrouble::Slow(_) => self.struck(wake, strike, target),
                    _ => self.victims(wake, strike, target),
                };
                self.write_on(wake, &nodes);
                self.sicken(wake, nodes, *trouble);
            }
            Fault::Corrupt { target, .. } => self.corrupt(wake, strike, target),
            Fault::Surge { factor } => {
                self.write(wake, Clone::clone);
                self.surges.push((wake, *factor));
            }
            Fault::RequestTwice { probability } => {
                self.write(wake, Clone::clone);
                self.repeats.push((wake, *probability));
            }
            Fault::ClientCrash { clients } => {
                self.write(wake, Clone::clone);
                self.send_away(wake, *clients);
            }
        }
    }

    /// Draws when a node is clogged and when it is let go.
    fn plan_clog(&mut self, wake: usize, strike: Strike, node: NodeId) {
        let mut draw = self.nemesis.draw(strike, Lot::Detail(node));
        let Some(length) = self.nemesis.length(strike) else { return };
        let half = length.as_nanos() / 2;
        let (from, to) = (draw.below(half.max(1)), half + draw.below(half.max(1)));
        let lasts = Duration::from_nanos(to - from);
        let start = Duration::from_nanos(from);
        self.after(start, Occurrence::Swizzle { wake, node, lasts });
    }

    /// Clogs one node for a while, in both directions.
    pub(super) fn swizzle(&mut self, parent: usize, node: NodeId, lasts: Duration) {
        if self.nemesis.wakes[parent].over {
            return;
        }
        let strike = self.nemesis.wakes[parent].strike;
        let wake = self.nemesis.struck(strike, self.now, Some(lasts));
        self.label(wake, format!("clog {node}"));
        let one = || Some(NodeSet::from_iter([node]));
        for (senders, receivers) in [(one(), None), (None, one())] {
            self.write_clog(wake, lasts, [&senders, &receivers]);
            let (weather, kinds) = (Weather::Clog, Kinds::ALL);
            self.network.set_in(Front { weather, senders, receivers, kinds, strike: wake });
        }
        self.note(InstanceId(node.0), 11, 0);
        self.step(StepKind::Fault, None, || format!("clog {node}"));
        self.after(lasts, Occurrence::StrikeEnd { wake });
    }

    /// Whom a strike takes that leaves nobody down or corrupt: all its targets that are up.
    fn struck(&mut self, wake: usize, strike: Strike, target: &Targets) -> NodeSet {
        let view = self.view();
        let mut draw = self.nemesis.draw(strike, Lot::Targets);
        let chosen = Nemesis::resolve(target, &view, view.up, &mut draw);
        let chosen: NodeSet = chosen.iter().filter(|node| view.up.contains(*node)).collect();
        let fault = &self.nemesis.spec(strike).fault;
        self.label(wake, format!("{} {chosen:?}", fault.kind().name()));
        chosen
    }

    /// The adversary takes its targets, and begins anew with those that it had already.
    fn corrupt(&mut self, wake: usize, strike: Strike, target: &Targets) {
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
            again.iter().for_each(|node| self.remake(node, &conduct, &against));
        }
        for node in fresh.iter() {
            self.take_over(Self::instance_of(node), wake);
            self.adversary.take(node, &conduct, against.clone());
            self.remake(node, &conduct, &against);
        }
        if conduct.strategy == Strategy::Split && !fresh.is_empty() {
            self.split(wake, &against);
        }
    }

    /// Cuts those who hear the one body of the adversary's nodes off from those who hear the
    /// other; its own nodes talk to everybody.
    fn split(&mut self, wake: usize, audience: &NodeSet) {
        let cluster = self.experiment.setup.cluster();
        let side = |node: NodeId| {
            let same = |other: NodeId| {
                self.corrupt.contains(node)
                    || self.corrupt.contains(other)
                    || audience.contains(other) == audience.contains(node)
            };
            cluster.nodes().filter(|other| same(*other)).collect()
        };
        let reach = cluster.nodes().map(side).collect();
        // The corrupt stay corrupt for good, but this is a cut like any other: GST ends it.
        let declared = self.nemesis.spec(self.nemesis.wakes[wake].strike).permanent;
        self.nemesis.wakes[wake].permanent = declared;
        self.cut(Cut { strike: wake, parts: Parts::Reach(reach) });
    }

    pub(super) fn label(&mut self, wake: usize, label: String) {
        self.nemesis.wakes[wake].record.label = label;
    }

    pub(super) fn partition(&mut self, wake: usize, groups: Option<Vec<u32>>) {
        let Some(groups) = groups else { return };
        self.write_partition(wake, &groups);
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

    fn reshape(&mut self, wake: usize, shape: Shape, places: &[NodeId]) {
        self.write_reshape(wake, shape, places);
        let reach = shape.reach(places);
        let peers = |(node, set)| format!("{}: {set:?}", NodeId(node));
        let sides: Vec<_> = (0..).zip(&reach).map(peers).collect();
        self.label(wake, format!("{} {}", shape.name(), sides.join(" ")));
        let majority = self.experiment.setup.cluster().majority();
        if let Some(leader) = self.ledger.leader()
            && reach[leader.index()].len() < majority
        {
            self.ledger.lose_leader(self.now, leader);
        }
        self.cut(Cut { strike: wake, parts: Parts::Reach(reach) });
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
        for strike in old {
            self.write_end(strike);
            self.undo(strike);
        }
        self.news = true;
        self.network.cut(cut);
    }

    pub(super) fn crash(&mut self, victims: &NodeSet, wake: usize) {
        let (loss, keeps) = match &self.nemesis.spec(self.nemesis.wakes[wake].strike).fault {
            Fault::Crash { loss, keeps, .. } => (*loss, *keeps),
            _ => (Loss::Nothing, None),
        };
        self.take_down(victims, loss, keeps);
        let wake = &mut self.nemesis.wakes[wake];
        wake.record.changed += u64::from(victims.len());
        victims.iter().for_each(|node| _ = wake.downed.insert(node));
    }

    /// Nodes go down.
    fn take_down(&mut self, victims: &NodeSet, loss: Loss, keeps: Option<CrashKeeps>) {
        let owned = |instance: InstanceId| victims.contains(NodeId(instance.0));
        self.queue.retain_timers(|(instance, _)| !owned(*instance));
        for identity in victims.iter() {
            let instance = Self::instance_of(identity);
            let node = &mut self.nodes[instance.index()];
            node.state = None;
            node.stop_short();
            if let Some(trouble) = &mut node.trouble {
                trouble.backlog.clear();
                (trouble.at_work, trouble.fuse) = (false, None);
            }
            let place = u64::from(identity.0);
            let bits = self.disk_key.at(place, u64::MAX, u64::from(node.incarnation));
            let lied_about = node.disk.crash(&self.disks, keeps, bits);
            if lied_about > 0 {
                self.witness_lie(identity, lied_about);
            }
            self.lose_records(identity, loss);
            self.up.remove(identity);
            self.ledger.counts.crashes += 1;
            if self.ledger.leads(identity) && self.ledger.leader() == Some(identity) {
                self.ledger.lose_leader(self.now, identity);
            }
            self.ledger.follow(self.now, identity);
            self.fail(identity);
            self.enter(instance, Event::Crashed);
        }
    }

    /// Keeps account of whether safety's assumptions still hold; they never come back.
    pub(super) fn fail(&mut self, node: NodeId) {
        self.ever_faulty.insert(node);
        let safety = self.contract.safety;
        self.safety_exceeded |= self.corrupt.len() > safety.byzantine
            || self.forgetful.len() > safety.forgetful
            || self.ever_faulty.len() > safety.faulty;
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
        let mended = self.network.mend(wake);
        if mended {
            self.news = true;
            self.ledger.regain_leader();
        }
        // The corrupt stay corrupt; what else their strike did, as a cut between two sides, ends.
        let strike = self.nemesis.wakes[wake].strike;
        if matches!(self.nemesis.spec(strike).fault, Fault::Corrupt { .. }) {
            return;
        }
        let released = self.release(wake) | self.calm(wake) | self.lift(wake);
        self.nemesis.wakes[wake].over = true;
        let downed = std::mem::take(&mut self.nemesis.wakes[wake].downed);
        if mended || released || !downed.is_empty() {
            let record = &mut self.nemesis.wakes[wake].record;
            record.ended.get_or_insert(self.now);
            let label = record.label.clone();
            self.step(StepKind::Fault, None, || format!("end of {label}"));
        }
        downed.iter().for_each(|node| self.restart(Self::instance_of(node)));
    }

    /// Clients that asked more, or twice, do so no longer; says whether there were any.
    fn calm(&mut self, wake: usize) -> bool {
        let before = self.surges.len() + self.repeats.len();
        self.surges.retain(|(strike, _)| *strike != wake);
        self.repeats.retain(|(strike, _)| *strike != wake);
        before != self.surges.len() + self.repeats.len()
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
        if self.experiment.setup.recovery == Recovery::Core {
            self.leave_to_a_core();
        }
    }

    /// A core that is as small as liveness allows is drawn; whoever is not of it stays away for
    /// good. The corrupt are never of it.
    fn leave_to_a_core(&mut self) {
        let cluster = self.experiment.setup.cluster();
        let mut able: Vec<NodeId> =
            cluster.nodes().filter(|node| !self.corrupt.contains(*node)).collect();
        self.nemesis.core_draw().shuffle(&mut able);
        let most_away = self.contract.liveness.faulty.min(cluster.n);
        let away = most_away.saturating_sub(self.corrupt.len()) as usize;
        let victims: NodeSet = able.into_iter().take(away).collect();
        let victims = victims.iter().filter(|node| self.up.contains(*node)).collect();
        self.step(StepKind::Fault, None, || format!("{victims:?} stay away for good"));
        self.take_down(&victims, Loss::Nothing, None);
        self.news = true;
    }
}
