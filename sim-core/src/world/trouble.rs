//! What trips a node up and slows it down: processors, pauses, clocks, sick disks.
//!
//! A node without trouble handles an input at once. A node with trouble has a processor: inputs
//! line up before it, each takes its time, and a pause stops it. So a slow node, a node that stands
//! still and the cost model are one mechanism.

use super::{Occurrence, World};
use crate::clock::{Clock, Sway};
use crate::digest::Digest;
use crate::fault::{ClockTrouble, DiskTrouble, Fault, FaultKind};
use crate::id::{Incarnation, InstanceId, NodeId, NodeSet};
use crate::message::Message;
use crate::nemesis::Lot;
use crate::node::Input;
use crate::protocol::Protocol;
use crate::time::{Duration, Time};

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// Brings an input before the node's processor.
    #[inline(always)]
    pub(super) fn submit(&mut self, instance: InstanceId, input: Input<P>) {
        match self.nodes[instance.index()].is_troubled() {
            false => self.handle(instance, input),
            true => self.line_up(instance, input),
        }
    }

    #[cold]
    fn line_up(&mut self, instance: InstanceId, input: Input<P>) {
        let node = &mut self.nodes[instance.index()];
        if !node.is_up() {
            return self.handle(instance, input);
        }
        let trouble = node.trouble();
        let waits = trouble.pauses > 0;
        let slow = !trouble.work.is_zero();
        trouble.backlog.push_back(input);
        if waits {
            self.witness(FaultKind::Pause, instance);
        }
        if slow {
            self.witness(FaultKind::SlowNode, instance);
        }
        if waits || slow {
            let identity = self.nodes[instance.index()].identity;
            self.count_late(identity, identity);
        }
        self.work(instance, false);
    }

    /// Sets the processor to work on the front of the backlog, if it can. What takes no time is
    /// handled on the spot, unless the node has others to catch up with.
    fn work(&mut self, instance: InstanceId, behind: bool) {
        let now = self.now;
        let node = &mut self.nodes[instance.index()];
        let incarnation = node.incarnation;
        let trouble = node.trouble();
        if trouble.pauses > 0 || trouble.at_work {
            return;
        }
        let Some(front) = trouble.backlog.front() else { return };
        let costs = self.cost.as_ref().map_or(Duration::ZERO, |cost| cost.of(front));
        let free = trouble.processor_free.max(now) + (trouble.work + costs);
        trouble.processor_free = free;
        if free == now && !behind {
            if let Some(input) = trouble.backlog.pop_front() {
                self.handle(instance, input);
            }
            return;
        }
        trouble.at_work = true;
        self.later(free, Occurrence::Worked { instance, incarnation });
    }

    /// The processor has done what the front of the backlog takes.
    pub(super) fn worked(&mut self, instance: InstanceId, incarnation: Incarnation) {
        let node = &mut self.nodes[instance.index()];
        if !node.is_up() || node.incarnation != incarnation {
            return;
        }
        let trouble = node.trouble();
        trouble.at_work = false;
        if trouble.pauses > 0 {
            return;
        }
        let input = trouble.backlog.pop_front();
        self.note(instance, 9, 0);
        if let Some(input) = input {
            self.handle(instance, input);
        }
        if self.nodes[instance.index()].is_up() {
            self.work(instance, true);
        }
    }

    /// How long a message waits at its sender: for the processor to sign it and for the interface
    /// to let it out.
    fn departure(&mut self, instance: InstanceId, message: &P::Message) -> Duration {
        let Some(cost) = &self.cost else { return Duration::ZERO };
        let trouble = self.nodes[instance.index()].trouble();
        if message.signatures() > 0 && !cost.sign.is_zero() {
            let digest = Digest::of(message);
            if trouble.signed.replace(digest) != Some(digest) {
                trouble.processor_free = trouble.processor_free.max(self.now) + cost.sign;
            }
        }
        let ready = trouble.processor_free.max(self.now);
        let start = trouble.interface_free.max(ready);
        trouble.interface_free = start + cost.transmission(message.bytes());
        trouble.interface_free.since(self.now)
    }

    /// How long a message waits at its sender beyond `held`, whether the adversary's own network
    /// carries it, and which body hears it, where that is not plain.
    #[cold]
    pub(super) fn beyond_network(
        &mut self,
        instance: InstanceId,
        from: NodeId,
        to: NodeId,
        message: &P::Message,
    ) -> (Duration, bool, InstanceId) {
        if let Some(tokens) = &self.tokens {
            let spent = self.ledger.counts.tokens.get_or_insert(0);
            *spent = spent.saturating_add(tokens.of::<P>(message));
        }
        (self.departure(instance, message), self.is_rushed(instance, to), self.hearer(from, to))
    }

    /// Whether the adversary's own network carries what this body says to `to`.
    fn is_rushed(&self, instance: InstanceId, to: NodeId) -> bool {
        self.experiment.setup.adversary.rushing
            && (self.nodes[instance.index()].corrupt || self.corrupt.contains(to))
    }

    /// Holds these nodes still.
    pub(super) fn pause(&mut self, wake: usize, nodes: NodeSet) {
        for node in nodes.iter() {
            self.nodes[node.index()].trouble().pauses += 1;
        }
        self.nemesis.wakes[wake].held = nodes;
    }

    /// Changes the pace or the reading of a clock; timers that run keep the time that is left to
    /// them by that clock, and a jump takes its length off it.
    fn retime(&mut self, node: NodeId, jump: Duration, change: impl FnOnce(&mut Clock)) {
        let instance = Self::instance_of(node);
        let timers = self.queue.take_timers(|(owner, _)| *owner == instance);
        let before = self.nodes[instance.index()].clock;
        change(&mut self.nodes[instance.index()].clock);
        for (at, (_, timer)) in timers {
            let left = before.elapsed(at).since(before.elapsed(self.now)).saturating_sub(jump);
            self.arm(instance, timer, left);
        }
    }

    /// What strikes that have not ended do to a node, in the order in which they struck, and when
    /// that was.
    fn ailments(&self, node: NodeId) -> impl Iterator<Item = (Time, &Fault)> {
        let holding = self.nemesis.wakes.iter().filter(move |wake| wake.held.contains(node));
        holding.map(|wake| (wake.record.at, &self.nemesis.spec(wake.strike).fault))
    }

    /// Makes clocks go wrong.
    pub(super) fn disturb_clocks(&mut self, wake: usize, nodes: NodeSet, trouble: ClockTrouble) {
        self.nemesis.wakes[wake].held = nodes.clone();
        for node in nodes.iter() {
            let now = self.now;
            let body = &mut self.nodes[node.index()];
            match trouble {
                ClockTrouble::Step(by) => body.clock.step(by),
                ClockTrouble::Jump(by) => self.retime(node, by, |clock| clock.jump(by)),
                ClockTrouble::Drift(ppm) => {
                    self.retime(node, Duration::ZERO, |clock| clock.speed_up(now, ppm));
                }
                ClockTrouble::Strobe { .. } | ClockTrouble::Wave { .. } => self.sway_clock(node),
            }
        }
        self.watch_clocks();
        let jumped = matches!(trouble, ClockTrouble::Jump(_)) && !nodes.is_empty();
        self.safety_exceeded |= jumped && self.contract.safety.clock_drift.is_some();
        self.nemesis.wakes[wake].record.changed = nodes.len().into();
    }

    /// The wall clock goes wrong and right as the last strike says that has not ended.
    fn sway_clock(&mut self, node: NodeId) {
        let sways = self.ailments(node).filter_map(|(since, fault)| match *fault {
            Fault::Clock { trouble: ClockTrouble::Strobe { by, period }, .. } => {
                Some(Sway { by, period, since, jumps: true })
            }
            Fault::Clock { trouble: ClockTrouble::Wave { by, period }, .. } => {
                Some(Sway { by, period, since, jumps: false })
            }
            _ => None,
        });
        let sway = sways.last();
        self.nodes[node.index()].trouble().sway = sway;
    }

    /// Keeps account of whether the clocks are as close to each other in pace as safety assumes.
    pub(super) fn watch_clocks(&mut self) {
        let Some(bound) = self.contract.safety.clock_drift else { return };
        let electorate = &self.nodes[..self.experiment.setup.nodes as usize];
        let paces = || electorate.iter().map(|node| node.clock.rate);
        if let (Some(slowest), Some(fastest)) = (paces().min(), paces().max()) {
            self.safety_exceeded |= fastest > slowest + bound.of(slowest);
        }
    }

    /// Sets clocks right again, as far as they can be: a jump stays.
    fn restore_clock(&mut self, node: NodeId, trouble: ClockTrouble) {
        let now = self.now;
        let body = &mut self.nodes[node.index()];
        match trouble {
            ClockTrouble::Step(by) => body.clock.step(by.reversed()),
            ClockTrouble::Jump(_) => {}
            ClockTrouble::Drift(ppm) => {
                self.retime(node, Duration::ZERO, |clock| clock.speed_up(now, -ppm));
            }
            ClockTrouble::Strobe { .. } | ClockTrouble::Wave { .. } => self.sway_clock(node),
        }
        self.watch_clocks();
    }

    /// Makes disks go wrong.
    pub(super) fn disturb_disks(&mut self, wake: usize, nodes: NodeSet, trouble: DiskTrouble) {
        let strike = self.nemesis.wakes[wake].strike;
        self.nemesis.wakes[wake].held = nodes.clone();
        for node in nodes.iter() {
            let disk = &mut self.nodes[node.index()].disk;
            match trouble {
                DiskTrouble::Stall => disk.sickness().stalls += 1,
                DiskTrouble::Slow(_) => self.slow_disk(node),
                DiskTrouble::Full => disk.sickness().full += 1,
                DiskTrouble::Fail => disk.sickness().fails = true,
                DiskTrouble::Lie => disk.begin_lie(),
                DiskTrouble::Corrupt(records) => {
                    let mut draw = self.nemesis.draw(strike, Lot::Detail(node));
                    let damaged = disk.damage(records, &mut draw);
                    self.nemesis.wakes[wake].record.changed += u64::from(damaged);
                    if damaged > 0 {
                        self.count_forgetful(node);
                    }
                }
            }
        }
    }

    /// A disk is as slow as all strikes together say that have not ended.
    fn slow_disk(&mut self, node: NodeId) {
        let factor = self.ailments(node).fold(1, |factor: u32, (_, fault)| match fault {
            Fault::Disk { trouble: DiskTrouble::Slow(times), .. } => factor.saturating_mul(*times),
            _ => factor,
        });
        self.nodes[node.index()].disk.sickness().factor = factor;
    }

    /// Ends what a strike did to a disk; what others do to it goes on.
    fn restore_disk(&mut self, node: NodeId, trouble: DiskTrouble) {
        let instance = Self::instance_of(node);
        let goes_on = self.ailments(node).any(
            |(_, fault)| matches!(fault, Fault::Disk { trouble: other, .. } if *other == trouble),
        );
        let disk = &mut self.nodes[node.index()].disk;
        match trouble {
            DiskTrouble::Stall => disk.sickness().stalls -= 1,
            DiskTrouble::Slow(_) => self.slow_disk(node),
            DiskTrouble::Full => disk.sickness().full -= 1,
            DiskTrouble::Fail => disk.sickness().fails &= goes_on,
            DiskTrouble::Lie if goes_on => {}
            DiskTrouble::Lie => disk.end_lie(),
            DiskTrouble::Corrupt(_) => {}
        }
        // What waited for a stalled disk goes on.
        if self.nodes[instance.index()].is_up() {
            self.perform(instance);
        }
    }

    /// Lets go of the nodes that a strike held.
    pub(super) fn release(&mut self, wake: usize) -> bool {
        let strike = self.nemesis.wakes[wake].strike;
        let fault = &self.nemesis.spec(strike).fault;
        let held = std::mem::take(&mut self.nemesis.wakes[wake].held);
        for node in held.iter() {
            match fault {
                Fault::Pause { .. } => {
                    self.nodes[node.index()].trouble().pauses -= 1;
                    self.work(Self::instance_of(node), true);
                }
                Fault::SlowNode { work, .. } => {
                    let trouble = self.nodes[node.index()].trouble();
                    trouble.work = trouble.work.saturating_sub(*work);
                }
                Fault::Clock { trouble, .. } => self.restore_clock(node, *trouble),
                Fault::Disk { trouble, .. } => self.restore_disk(node, *trouble),
                Fault::Crash { .. } => {
                    let fuse = &mut self.nodes[node.index()].trouble().fuse;
                    *fuse = fuse.filter(|fuse| fuse.wake != wake);
                }
                _ => {}
            }
        }
        !held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Echo, toy};
    use super::*;
    use crate::fault::FaultSpec;
    use crate::nemesis::Nemesis;
    use crate::rng::Streams;
    use crate::target::Target;

    const NODE: NodeId = NodeId(1);

    /// What is seen of a node when both have struck, one a second after the other, and when the
    /// first or the second has ended.
    fn overlapping<T>(
        [first, second]: [Fault; 2],
        strike: impl Fn(&mut World<'_, Echo, false>, usize, &Fault),
        see: impl Fn(&mut World<'_, Echo, false>) -> T,
    ) -> [T; 3] {
        let mut toy = toy();
        let faults = [first, second];
        toy.setup.faults =
            faults.iter().map(|fault| FaultSpec::at(Duration::ZERO, fault.clone())).collect();
        let contract = toy.contract();
        [None, Some(0), Some(1)].map(|ended| {
            let mut world = World::new(&toy, &contract, 1);
            let (_, planned) = Nemesis::new(&toy.setup, &Streams::new(1));
            for (fault, planned) in faults.iter().zip(planned) {
                world.now = world.now.checked_add(Duration::from_secs(1)).expect("a time");
                let wake = world.nemesis.struck(planned.strike, world.now, None);
                strike(&mut world, wake, fault);
            }
            ended.map(|wake| world.release(wake));
            see(&mut world)
        })
    }

    #[test]
    fn of_two_strikes_on_a_disk_or_a_clock_one_goes_on_when_the_other_ends() {
        let disk = |trouble| Fault::Disk { target: Target::Node(NODE).into(), trouble };
        let slow = [3, 5].map(|factor| disk(DiskTrouble::Slow(factor)));
        let sicken = |world: &mut World<'_, Echo, false>, wake, fault: &Fault| {
            let Fault::Disk { trouble, .. } = *fault else { panic!("{fault:?}") };
            world.disturb_disks(wake, NodeSet::from_iter([NODE]), trouble);
        };
        let factor =
            |world: &mut World<'_, Echo, false>| world.nodes[NODE.index()].disk.sickness().factor;
        assert_eq!(overlapping(slow, sicken, factor), [15, 5, 3]);
        let fails =
            |world: &mut World<'_, Echo, false>| world.nodes[NODE.index()].disk.sickness().fails;
        let twice = [DiskTrouble::Fail; 2].map(disk);
        assert_eq!(overlapping(twice, sicken, fails), [true; 3]);
        let once = [DiskTrouble::Fail, DiskTrouble::Full].map(disk);
        assert_eq!(overlapping(once, sicken, fails), [true, false, true]);

        let clock = |trouble| Fault::Clock { target: Target::Node(NODE).into(), trouble };
        let (by, period) = (Duration::from_secs(7), Duration::from_secs(2));
        let swaying =
            [ClockTrouble::Strobe { by, period }, ClockTrouble::Wave { by, period }].map(clock);
        let disturb = |world: &mut World<'_, Echo, false>, wake, fault: &Fault| {
            let Fault::Clock { trouble, .. } = *fault else { panic!("{fault:?}") };
            world.disturb_clocks(wake, NodeSet::from_iter([NODE]), trouble);
        };
        let sway = |world: &mut World<'_, Echo, false>| {
            let sway = world.nodes[NODE.index()].trouble().sway;
            sway.map(|sway| (sway.jumps, sway.since.as_nanos() / 1_000_000_000))
        };
        let (strobe, wave) = (Some((true, 1)), Some((false, 2)));
        assert_eq!(overlapping(swaying, disturb, sway), [wave, wave, strobe]);
    }
}
