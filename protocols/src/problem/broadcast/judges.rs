//! The judges of reliable broadcast: one value for each instance, once, from its sender, to all.

use std::collections::BTreeMap;
use std::fmt;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{Incarnation, NodeId, NodeSet, OpId};
use sim_core::time::Time;

use super::super::operation::Waiting;
use super::{Broadcast, Delivered, Value};

/// A broadcast: who sent it, and for which operation.
type Instance = (NodeId, OpId);

/// A delivery as a witness quotes it.
#[derive(Clone, Copy)]
struct Sighting {
    node: NodeId,
    at: Time,
    delivered: Delivered,
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, at, delivered: Delivered { sender, instance, value } } = self;
        write!(f, "{node} delivered {value:?} as {instance} of {sender} at {at} s")
    }
}

/// The delivery that an entry shows, if it shows one.
fn delivery(entry: &Entry<Broadcast, Delivered>) -> Option<(Instance, Sighting)> {
    let Event::Indicated { indication: delivered, .. } = entry.event else {
        return None;
    };
    let sighting = Sighting { node: entry.node, at: entry.at, delivered };
    Some(((delivered.sender, delivered.instance), sighting))
}

/// The first delivery of each instance by each node still thought correct.
#[derive(Default)]
struct Firsts(BTreeMap<Instance, BTreeMap<NodeId, Sighting>>);

impl Firsts {
    /// Forgets who turns out to be a liar; and shows the delivery of this entry, beside those of
    /// the same instance that are kept.
    fn follow(
        &mut self,
        entry: &Entry<Broadcast, Delivered>,
    ) -> Option<(Instance, Sighting, &mut BTreeMap<NodeId, Sighting>)> {
        if let Event::Corrupted = entry.event {
            self.0.values_mut().for_each(|nodes| _ = nodes.remove(&entry.node));
        }
        let (instance, sighting) = delivery(entry)?;
        Some((instance, sighting, self.0.entry(instance).or_default()))
    }
}

/// Compares the deliveries of nodes still thought correct.
#[derive(Default)]
pub(super) struct Consistency(Firsts);

impl Checker<Broadcast, Delivered> for Consistency {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        let (_, later, nodes) = self.0.follow(entry)?;
        // Any of them speaks for all: a delivery that contradicts them is not kept.
        if let Some(earlier) = nodes.values().next()
            && earlier.delivered != later.delivered
        {
            return Some(format!("{earlier}, but {later}"));
        }
        nodes.entry(entry.node).or_insert(later);
        None
    }
}

/// Knows what was requested of whom, and who turned out to be a liar.
#[derive(Default)]
pub(super) struct Integrity {
    requested: BTreeMap<Instance, Value>,
    corrupt: NodeSet,
}

impl Checker<Broadcast, Delivered> for Integrity {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        match entry.event {
            Event::Requested { op, request, reached: true } => {
                self.requested.entry((entry.node, op)).or_insert(request.0);
            }
            Event::Corrupted => {
                self.corrupt.insert(entry.node);
            }
            _ => {}
        }
        let (instance, sighting) = delivery(entry)?;
        if self.corrupt.contains(instance.0) {
            return None;
        }
        match self.requested.get(&instance) {
            Some(value) if *value == sighting.delivered.value => None,
            Some(value) => Some(format!("{sighting}, but the sender was asked for {value:?}")),
            None => Some(format!("{sighting}, but the sender was not asked")),
        }
    }
}

/// Allows what a retry or a reboot needs: a delivery may be told again to who asks again, and
/// once more in each life.
#[derive(Default)]
pub(super) struct NoDuplication {
    waiting: Waiting,
    delivered: BTreeMap<(NodeId, Instance), (Incarnation, Sighting)>,
}

impl Checker<Broadcast, Delivered> for NoDuplication {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        let answers = match entry.event {
            Event::Requested { op, reached, .. } => {
                self.waiting.ask(entry.node, op, reached);
                return None;
            }
            Event::Indicated { answers, .. } => answers,
            _ => return None,
        };
        let was_asked = self.waiting.answer(entry.node, answers);
        let (instance, new) = delivery(entry)?;
        let life = entry.incarnation;
        let (before, earlier) = self.delivered.insert((entry.node, instance), (life, new))?;
        (before == life && !was_asked)
            .then(|| format!("{earlier}, and again, without being asked, {new}"))
    }
}

/// Who delivered each instance.
#[derive(Default)]
struct Progress(BTreeMap<Instance, NodeSet>);

impl Progress {
    fn is_complete(&self, instance: Instance, core: &NodeSet) -> bool {
        self.0.get(&instance).is_some_and(|nodes| core.iter().all(|node| nodes.contains(node)))
    }

    fn add(&mut self, entry: &Entry<Broadcast, Delivered>) {
        if let Some((instance, _)) = delivery(entry) {
            self.0.entry(instance).or_default().insert(entry.node);
        }
    }

    /// The first node of the core that owes an overdue delivery, and of what, since when; `due` is
    /// all that is owed, and since when.
    fn debtor(
        &self,
        end: &End,
        due: impl Iterator<Item = (Instance, Time)>,
    ) -> Option<(NodeId, Instance, Time)> {
        due.filter(|(_, since)| end.is_overdue(*since)).find_map(|(instance, since)| {
            let nodes = self.0.get(&instance);
            let owes = |node: &NodeId| nodes.is_none_or(|nodes| !nodes.contains(*node));
            let node = end.core.iter().find(owes)?;
            Some((node, instance, since))
        })
    }
}

/// Waits for what senders of the core were asked to broadcast.
#[derive(Default)]
pub(super) struct Validity {
    progress: Progress,
    /// When each was asked first.
    asked: BTreeMap<Instance, Time>,
}

impl Validity {
    /// What was asked of senders of the core, and when.
    fn due(&self, core: &NodeSet) -> impl Iterator<Item = (Instance, Time)> {
        let asked = self.asked.iter().filter(|((sender, _), _)| core.contains(*sender));
        asked.map(|(instance, since)| (*instance, *since))
    }
}

impl Checker<Broadcast, Delivered> for Validity {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        // Who was down when it was asked broadcasts nothing.
        if let Event::Requested { op, reached: true, .. } = entry.event {
            self.asked.entry((entry.node, op)).or_insert(entry.at);
        }
        self.progress.add(entry);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let (node, (sender, op), since) = self.progress.debtor(end, self.due(&end.core))?;
        let at = end.at;
        Some(format!(
            "{sender} was asked to broadcast {op} at {since} s, \
             and {node} has not delivered it at {at} s"
        ))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        self.due(core).all(|(instance, _)| self.progress.is_complete(instance, core))
    }
}

/// Waits until what one node delivered is delivered by the core.
#[derive(Default)]
pub(super) struct Totality {
    progress: Progress,
    /// Nobody has to follow a liar.
    first: Firsts,
}

impl Totality {
    /// The first delivery of each instance by a node still thought correct.
    fn leads(&self) -> impl Iterator<Item = (Instance, Sighting)> {
        self.first.0.iter().filter_map(|(instance, nodes)| {
            let first = nodes.values().min_by_key(|sighting| (sighting.at, sighting.node))?;
            Some((*instance, *first))
        })
    }
}

impl Checker<Broadcast, Delivered> for Totality {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        self.progress.add(entry);
        let (_, sighting, nodes) = self.first.follow(entry)?;
        nodes.entry(entry.node).or_insert(sighting);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let due = self.leads().map(|(instance, first)| (instance, first.at));
        let (node, owed, _) = self.progress.debtor(end, due)?;
        let (_, earlier) = self.leads().find(|(instance, _)| *instance == owed)?;
        Some(format!("{earlier}, but {node} has not at {} s", end.at))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        self.leads().all(|(instance, _)| self.progress.is_complete(instance, core))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::ClientId;

    use super::super::super::bench::{self, Bench, Found};
    use super::super::{
        CONSISTENCY, INTEGRITY, NO_DUPLICATION, ReliableBroadcast, TOTALITY, VALIDITY,
    };
    use super::*;

    const N0: NodeId = NodeId(0);
    const OP: OpId = OpId { client: ClientId(0), sequence: 0 };
    const TRUE: Value = Value(7);

    type Happening = (u32, Incarnation, Event<Broadcast, Delivered>);

    const fn asked(reached: bool) -> Event<Broadcast, Delivered> {
        Event::Requested { op: OP, request: Broadcast(TRUE), reached }
    }

    const fn delivered(value: Value) -> Event<Broadcast, Delivered> {
        says(None, value)
    }

    const fn says(answers: Option<OpId>, value: Value) -> Event<Broadcast, Delivered> {
        Event::Indicated { answers, indication: Delivered { sender: N0, instance: OP, value } }
    }

    const CORRUPTED: Event<Broadcast, Delivered> = Event::Corrupted;

    fn end(at: u64, core: &[u32]) -> End {
        bench::end(at, Some(0), core)
    }

    /// All judges, after a history with an event each second.
    fn judges(history: &[Happening]) -> Bench<ReliableBroadcast> {
        Bench::after(history.iter().cloned())
    }

    fn judge(history: &[Happening], end: &End) -> Found {
        judges(history).conclude(end)
    }

    #[track_caller]
    fn rejects(history: &[Happening], end: &End, property: &str, witness: &str) {
        let found = judge(history, end);
        let found: Vec<_> = found.iter().map(|(name, it)| (*name, it.as_str())).collect();
        assert_eq!(found, [(property, witness)]);
    }

    #[track_caller]
    fn accepts(history: &[Happening], end: &End) {
        assert_eq!(judge(history, end), []);
    }

    #[test]
    fn a_broadcast_that_all_deliver_once_in_each_life_is_accepted() {
        let history = [
            (0, 0, asked(false)),
            (0, 0, asked(true)),
            (1, 0, delivered(TRUE)),
            (1, 0, Event::Crashed),
            (1, 1, Event::Booted),
            (1, 1, delivered(TRUE)),
            (0, 0, says(Some(OP), TRUE)),
            (0, 0, asked(true)),
            (0, 0, says(Some(OP), TRUE)),
            (2, 0, delivered(TRUE)),
            (3, 0, delivered(TRUE)),
        ];
        accepts(&history, &end(100, &[0, 1, 2, 3]));
    }

    #[test]
    fn two_values_for_one_instance_break_consistency_but_for_liars() {
        let split = [(0, 0, CORRUPTED), (1, 0, delivered(TRUE)), (2, 0, delivered(TRUE.forged()))];
        let witness = "n1 delivered v7 as c0.0 of n0 at 1 s, \
             but n2 delivered ¬v7 as c0.0 of n0 at 2 s";
        rejects(&split, &end(3, &[1, 2]), CONSISTENCY, witness);
        let liar = [
            (0, 0, CORRUPTED),
            (1, 0, delivered(TRUE)),
            (1, 0, CORRUPTED),
            (2, 0, delivered(TRUE.forged())),
        ];
        accepts(&liar, &end(3, &[2, 3]));
        // A later life counts like another node.
        let lives = [(0, 0, CORRUPTED), (1, 0, delivered(TRUE)), (1, 1, delivered(TRUE.forged()))];
        assert_eq!(judge(&lives, &end(3, &[1, 2]))[0].0, CONSISTENCY);
    }

    #[test]
    fn what_a_correct_sender_was_not_asked_for_breaks_integrity() {
        let other = [(0, 0, asked(true)), (1, 0, delivered(TRUE.forged()))];
        let witness = "n1 delivered ¬v7 as c0.0 of n0 at 1 s, \
                       but the sender was asked for v7";
        rejects(&other, &end(3, &[]), INTEGRITY, witness);
        let invented = [(1, 0, delivered(TRUE))];
        let witness = "n1 delivered v7 as c0.0 of n0 at 0 s, but the sender was not asked";
        rejects(&invented, &end(3, &[]), INTEGRITY, witness);
        // Another node's request is not the sender's.
        let elsewhere = [(2, 0, asked(true)), (1, 0, delivered(TRUE))];
        assert_eq!(judge(&elsewhere, &end(3, &[]))[0].0, INTEGRITY);
        accepts(&[&[(0, 0, CORRUPTED)], &invented[..]].concat(), &end(3, &[]));
    }

    #[test]
    fn a_second_delivery_that_nobody_asked_for_breaks_no_duplication() {
        let twice = [(0, 0, asked(true)), (1, 0, delivered(TRUE)), (1, 0, delivered(TRUE))];
        let witness = "n1 delivered v7 as c0.0 of n0 at 1 s, and again, without being \
                       asked, n1 delivered v7 as c0.0 of n0 at 2 s";
        rejects(&twice, &end(3, &[]), NO_DUPLICATION, witness);
        let answered_twice =
            [(0, 0, asked(true)), (0, 0, says(Some(OP), TRUE)), (0, 0, says(Some(OP), TRUE))];
        assert_eq!(judge(&answered_twice, &end(3, &[]))[0].0, NO_DUPLICATION);
    }

    #[test]
    fn a_correct_senders_broadcast_that_the_core_does_not_deliver_breaks_validity() {
        let silence = [(0, 0, asked(true))];
        let witness = "n0 was asked to broadcast c0.0 at 0 s, \
                       and n0 has not delivered it at 10 s";
        rejects(&silence, &end(10, &[0, 1]), VALIDITY, witness);
        accepts(&silence, &end(9, &[0, 1]));
        // Who is not of the core, or was down, owes nobody anything.
        accepts(&silence, &end(10, &[1, 2]));
        accepts(&[(0, 0, asked(false))], &end(10, &[0, 1]));
    }

    #[test]
    fn a_delivery_that_others_of_the_core_miss_breaks_totality() {
        let one = [(0, 0, CORRUPTED), (1, 0, delivered(TRUE))];
        let witness = "n1 delivered v7 as c0.0 of n0 at 1 s, \
                       but n2 has not at 11 s";
        rejects(&one, &end(11, &[1, 2]), TOTALITY, witness);
        accepts(&one, &end(10, &[1, 2]));
        accepts(&one, &end(11, &[1]));
        accepts(&[&one[..], &[(1, 0, CORRUPTED)]].concat(), &end(11, &[2, 3]));
        accepts(&[&one[..], &[(2, 0, delivered(TRUE))]].concat(), &end(30, &[1, 2]));
        // Who turns out to be a liar set no example: n2's is the first delivery that counts.
        let later = [&one[..], &[(1, 0, CORRUPTED), (2, 0, delivered(TRUE))]].concat();
        accepts(&later, &end(12, &[2, 3]));
        let witness = "n2 delivered v7 as c0.0 of n0 at 3 s, but n3 has not at 13 s";
        rejects(&later, &end(13, &[2, 3]), TOTALITY, witness);
    }

    #[test]
    fn a_run_is_settled_when_the_core_has_delivered_all_that_is_due() {
        let settled =
            |history: &[Happening], core: &[u32]| judges(history).is_settled(&end(0, core).core);
        let history = [(0, 0, asked(true)), (0, 0, delivered(TRUE)), (1, 0, delivered(TRUE))];
        assert!(settled(&[], &[0, 1]));
        assert!(!settled(&history[..1], &[0, 1]));
        assert!(!settled(&history[..2], &[0, 1]));
        assert!(settled(&history, &[0, 1]));
        assert!(!settled(&history, &[0, 1, 2]));
        // Nothing is due of a sender outside the core, unless somebody delivered it.
        assert!(settled(&history[..1], &[1, 2]));
        assert!(!settled(&history[..2], &[1, 2]));
    }
}
