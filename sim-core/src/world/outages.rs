//! Who goes down, by whatever cause, what that takes from its disk, and who comes back.

use super::{Occurrence, World};
use crate::fault::{CrashKeeps, Fault, FaultKind, Loss};
use crate::history::Event;
use crate::id::{InstanceId, NodeId, NodeSet};
use crate::nemesis::{Lot, Nemesis};
use crate::protocol::Protocol;
use crate::rng::Random as _;
use crate::time::Duration;

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    pub(super) fn crash(&mut self, victims: &NodeSet, wake: usize) {
        let (loss, keeps) = match &self.nemesis.spec(self.nemesis.wakes[wake].strike).fault {
            Fault::Crash { loss, keeps, .. } => (*loss, *keeps),
            _ => (Loss::Nothing, None),
        };
        self.take_down(victims, loss, keeps);
        let wake = &mut self.nemesis.wakes[wake];
        wake.record.changed += u64::from(victims.len());
        wake.downed.extend(victims.iter());
    }

    /// Nodes go down.
    pub(super) fn take_down(&mut self, victims: &NodeSet, loss: Loss, keeps: Option<CrashKeeps>) {
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
            self.count_faulty(identity);
            self.enter(instance, Event::Crashed);
        }
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

    /// Keeps account of whether safety's assumptions still hold; they never come back.
    pub(super) fn count_faulty(&mut self, node: NodeId) {
        self.ever_faulty.insert(node);
        let safety = self.contract.safety;
        self.safety_exceeded |= self.corrupt.len() > safety.byzantine
            || self.forgetful.len() > safety.forgetful
            || self.ever_faulty.len() > safety.faulty;
    }

    /// A message is lost or late, or its receiver is held up, which counts where safety assumes that
    /// it is not; what liars do not get or do not say in time, they could have kept to themselves.
    #[cold]
    pub(super) fn count_late(&mut self, from: NodeId, to: NodeId) {
        let honest = ![from, to].iter().any(|node| self.corrupt.contains(*node));
        self.safety_exceeded |= honest && self.contract.safety.synchrony.is_some();
    }

    /// The durable state of a node was lost: it counts as faulty for good.
    pub(super) fn count_forgetful(&mut self, node: NodeId) {
        self.forgetful.insert(node);
        self.count_faulty(node);
    }

    /// Takes records off a disk beside what a crash takes.
    fn lose_records(&mut self, node: NodeId, loss: Loss) {
        if self.nodes[node.index()].disk.lose(loss) > 0 {
            self.count_forgetful(node);
        }
    }

    /// Records were lost that a lying disk had said to be durable.
    fn witness_lie(&mut self, node: NodeId, records: u64) {
        for _ in 0..records {
            self.witness(FaultKind::DiskLie, Self::instance_of(node));
        }
        self.count_forgetful(node);
    }

    /// A disk that cannot be written takes its node down.
    pub(super) fn go_down_with_disk(&mut self, instance: InstanceId) {
        let node = self.nodes[instance.index()].identity;
        let specs = &self.experiment.setup.faults;
        let sick = |kind| matches!(kind, FaultKind::DiskFull | FaultKind::DiskFail);
        let wake = self.nemesis.wakes.iter().position(|wake| {
            sick(specs[wake.record.fault].fault.kind()) && !wake.over && wake.held.contains(node)
        });
        let wake = wake.expect("a disk fails only while a strike makes it");
        self.crash(&NodeSet::from_iter([node]), wake);
    }

    /// A node that comes and goes does so.
    pub(super) fn churn(&mut self, wake: usize, node: NodeId, turn: u64) {
        let strike = self.nemesis.wakes[wake].strike;
        let Fault::Churn { up, down, .. } = &self.nemesis.spec(strike).fault else { return };
        if self.nemesis.wakes[wake].over {
            return;
        }
        // It stays for a while, is away for a while, and so on; both are drawn in turn.
        let mut draw = self.nemesis.draw(strike, Lot::Churn(node));
        let goes = turn > 0 && turn % 2 == 1;
        let mut stay = Duration::ZERO;
        for past in 0..=turn {
            stay = draw.between(if past % 2 == 0 { *up } else { *down });
        }
        self.note(Self::instance_of(node), 10, turn & 0xffff);
        let instance = Self::instance_of(node);
        if goes {
            let one = NodeSet::from_iter([node]);
            let budget = self.budget(&self.nemesis.spec(strike).fault);
            let mut spare = self.nemesis.draw(strike, Lot::Budget);
            let afforded = Nemesis::afford(&one, &self.view(), budget, &mut spare);
            self.write_absence(wake, &afforded, stay);
            self.crash(&afforded, wake);
        } else if self.nemesis.wakes[wake].downed.contains(node) {
            self.restart(instance);
        }
        self.after(stay, Occurrence::Churn { wake, node, turn: turn + 1 });
    }

    /// Whether a node that is to go down in the midst of speaking does not get this message out.
    pub(super) fn burns(&mut self, instance: InstanceId) -> bool {
        match &mut self.nodes[instance.index()].trouble().fuse {
            None => false,
            Some(fuse) if fuse.left > 0 => {
                fuse.left -= 1;
                false
            }
            Some(fuse) => {
                fuse.blown = true;
                true
            }
        }
    }

    /// A node whose fuse has blown goes down.
    #[cold]
    pub(super) fn look_at_fuse(&mut self, instance: InstanceId) {
        let node = &self.nodes[instance.index()];
        let Some(fuse) = node.trouble.as_ref().and_then(|trouble| trouble.fuse) else { return };
        if fuse.blown && node.is_up() {
            let victims = NodeSet::from_iter([node.identity]);
            self.crash(&victims, fuse.wake);
        }
    }
}
