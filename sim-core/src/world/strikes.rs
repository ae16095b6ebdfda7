//! What goes wrong: strikes, what they undo, and GST.

use super::{Occurrence, World};
use crate::fault::{DiskTrouble, Fault, FaultKind, Loss};
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::message::{Kinds, Message as _};
use crate::nemesis::{Lot, Nemesis, Strike, View};
use crate::network::Front;
use crate::node::Fuse;
use crate::protocol::Protocol;
use crate::rng::Random as _;
use crate::setup::{Gst, Recovery};
use crate::target::Targets;
use crate::time::Duration;
use crate::trace::StepKind;
use crate::weather::Weather;

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
        self.apply(wake, strike, &spec.fault);
        let label = self.nemesis.wakes[wake].record.label.clone();
        self.note(InstanceId(0), 7, wake as u64 & 0xffff);
        self.step(StepKind::Fault, None, || label);
        if let Some(lasts) = lasts {
            self.after(lasts, Occurrence::StrikeEnd { wake });
        }
        self.look_for_gst();
    }

    /// Does what the fault says.
    fn apply(&mut self, wake: usize, strike: Strike, fault: &Fault) {
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
                self.disturb_clocks(wake, nodes, *trouble);
            }
            Fault::Disk { target, trouble } => {
                let nodes = match trouble {
                    DiskTrouble::Stall | DiskTrouble::Slow(_) => self.struck(wake, strike, target),
                    _ => self.victims(wake, strike, target),
                };
                self.write_on(wake, &nodes);
                self.disturb_disks(wake, nodes, *trouble);
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

    /// Credits a change to the strike of this kind that holds the node.
    pub(super) fn witness(&mut self, kind: FaultKind, instance: InstanceId) {
        let node = self.nodes[instance.index()].identity;
        let specs = &self.experiment.setup.faults;
        let by = self.nemesis.wakes.iter_mut().find(|wake| {
            specs[wake.record.fault].fault.kind() == kind
                && !wake.over
                && (wake.held.contains(node) || wake.downed.contains(node))
        });
        if let Some(wake) = by {
            wake.record.changed += 1;
        }
    }

    pub(super) fn label(&mut self, wake: usize, label: String) {
        self.nemesis.wakes[wake].record.label = label;
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
        let released = self.release(wake) | self.end_surges(wake) | self.lift(wake);
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
