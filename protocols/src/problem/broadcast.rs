//! Reliable broadcast: what one node sends to all, all deliver or none does, and all the same.
//!
//! This is the Byzantine reliable broadcast of Cachin, Guerraoui and Rodrigues, "Introduction to
//! Reliable and Secure Distributed Programming" (2011), section 3.11, and the properties have
//! their names there. Each request is an instance of its own, known by the node that was asked
//! and by the operation. It is weaker than consensus: if the sender lies, it may be that nobody
//! ever delivers.
//!
//! Client `c` sits at node `c mod n`, so the number of clients says who broadcasts: one client
//! makes n0 the only sender, and by default every node broadcasts once.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, End, Property, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, Incarnation, NodeId, NodeSet, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::ChaCha;
use sim_core::time::Time;
use sim_core::workload::Workload;

/// No two correct nodes deliver different values for one instance, and none changes its mind.
pub const CONSISTENCY: &str = "consistency";
/// If the sender is correct, what is delivered is what it was asked to broadcast.
pub const INTEGRITY: &str = "integrity";
/// No life of a node delivers an instance twice, but to repeat its answer to a client that asks
/// again.
pub const NO_DUPLICATION: &str = "no_duplication";
/// If a correct sender was asked to broadcast, every correct node delivers.
pub const VALIDITY: &str = "validity";
/// If one correct node delivers, every correct node does.
pub const TOTALITY: &str = "totality";

/// What is broadcast. No two operations of a run share a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub u64);

impl Value {
    /// The one lie about this value that all liars tell; the lie about the lie is the truth.
    #[must_use]
    pub const fn forged(self) -> Self {
        Self(!self.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of clients are small numbers, so a lie is easily told from the truth.
        match self.0.leading_ones() {
            0 => write!(f, "v{}", self.0),
            _ => write!(f, "¬v{}", !self.0),
        }
    }
}

/// The request: all are to deliver this.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Broadcast(pub Value);

/// The indication: this was delivered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Delivered {
    /// The node that broadcast it.
    pub sender: NodeId,
    /// Which of the sender's broadcasts it was.
    pub instance: OpId,
    /// What was broadcast.
    pub value: Value,
}

/// The keys of the load: there are none, because values are opaque.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum ReliableBroadcast {}

/// A client that numbers its values, so that no two broadcasts of a run look alike.
struct Numbering {
    client: ClientId,
    count: u32,
}

impl problem::Client<ReliableBroadcast> for Numbering {
    fn next(&mut self, _: &mut ChaCha) -> Broadcast {
        // The highest bit stays clear: it is set in what liars make of a value.
        let value = u64::from(self.client.0) << 31 | u64::from(self.count);
        self.count += 1;
        Broadcast(Value(value))
    }
}

type Judge = Box<dyn Checker<Broadcast, Delivered>>;

impl Problem for ReliableBroadcast {
    const NAME: &'static str = "broadcast";
    const SUMMARY: &'static str = "what one node sends, all deliver alike or nobody does";
    const PROPERTIES: &'static [&'static str] =
        &[CONSISTENCY, INTEGRITY, NO_DUPLICATION, VALIDITY, TOTALITY];
    type Request = Broadcast;
    type Indication = Delivered;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload::once(cluster.n)
    }

    fn client(_: &Load, _: Cluster, client: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Numbering { client, count: 0 })
    }

    fn answer(_: &Delivered) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Broadcast, Delivered>> {
        let judges: [(_, _, Judge); 5] = [
            (CONSISTENCY, Class::Safety, Box::<Consistency>::default()),
            (INTEGRITY, Class::Safety, Box::<Integrity>::default()),
            (NO_DUPLICATION, Class::Safety, Box::<NoDuplication>::default()),
            (VALIDITY, Class::Liveness, Box::<Validity>::default()),
            (TOTALITY, Class::Liveness, Box::<Totality>::default()),
        ];
        promise.judged_by(judges)
    }
}

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

/// Keeps who delivered each instance first, among the nodes still thought correct.
#[derive(Default)]
struct Consistency {
    delivered: BTreeMap<Instance, BTreeMap<NodeId, Sighting>>,
}

impl Checker<Broadcast, Delivered> for Consistency {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        if let Event::Corrupted = entry.event {
            for nodes in self.delivered.values_mut() {
                nodes.remove(&entry.node);
            }
        }
        let (instance, later) = delivery(entry)?;
        let nodes = self.delivered.entry(instance).or_default();
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
struct Integrity {
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
struct NoDuplication {
    unanswered: BTreeMap<(NodeId, OpId), u32>,
    delivered: BTreeMap<(NodeId, Instance), (Incarnation, Sighting)>,
}

impl NoDuplication {
    /// Takes one request off those that wait for their answer; says whether there was one.
    fn settle(&mut self, node: NodeId, op: OpId) -> bool {
        let open = self.unanswered.get_mut(&(node, op));
        open.filter(|count| **count > 0).map(|count| *count -= 1).is_some()
    }
}

impl Checker<Broadcast, Delivered> for NoDuplication {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        let answers = match entry.event {
            Event::Requested { op, reached, .. } => {
                let heard = self.unanswered.entry((entry.node, op)).or_default();
                *heard += u32::from(reached);
                return None;
            }
            Event::Indicated { answers, .. } => answers,
            _ => return None,
        };
        let was_asked = answers.is_some_and(|op| self.settle(entry.node, op));
        let (instance, new) = delivery(entry)?;
        let life = entry.incarnation;
        let (before, earlier) = self.delivered.insert((entry.node, instance), (life, new))?;
        (before == life && !was_asked)
            .then(|| format!("{earlier}, and again, without being asked, {new}"))
    }
}

/// Who delivered each instance, and since when the others owe it.
#[derive(Default)]
struct Progress {
    due: BTreeMap<Instance, Time>,
    delivered: BTreeMap<Instance, NodeSet>,
}

impl Progress {
    fn is_complete(&self, instance: Instance, core: &NodeSet) -> bool {
        self.delivered
            .get(&instance)
            .is_some_and(|nodes| core.iter().all(|node| nodes.contains(node)))
    }

    fn add(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Sighting> {
        let (instance, sighting) = delivery(entry)?;
        self.delivered.entry(instance).or_default().insert(entry.node);
        Some(sighting)
    }

    /// The first node of the core that owes an overdue delivery, and of what, since when.
    fn debtor(
        &self,
        end: &End,
        counts: impl Fn(Instance) -> bool,
    ) -> Option<(NodeId, Instance, Time)> {
        let due = self.due.iter().map(|(instance, since)| (*instance, *since));
        due.filter(|(instance, since)| end.is_overdue(*since) && counts(*instance)).find_map(
            |(instance, since)| {
                let nodes = self.delivered.get(&instance);
                let owes = |node: &NodeId| nodes.is_none_or(|nodes| !nodes.contains(*node));
                let node = end.core.iter().find(owes)?;
                Some((node, instance, since))
            },
        )
    }
}

/// Waits for what senders of the core were asked to broadcast.
#[derive(Default)]
struct Validity(Progress);

impl Checker<Broadcast, Delivered> for Validity {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        // Who was down when it was asked broadcasts nothing.
        if let Event::Requested { op, reached: true, .. } = entry.event {
            self.0.due.entry((entry.node, op)).or_insert(entry.at);
        }
        self.0.add(entry);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let counts = |(sender, _): Instance| end.core.contains(sender);
        let (node, (sender, op), since) = self.0.debtor(end, counts)?;
        let at = end.at;
        Some(format!(
            "{sender} was asked to broadcast {op} at {since} s, \
             and {node} has not delivered it at {at} s"
        ))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        let due = self.0.due.keys();
        due.filter(|(sender, _)| core.contains(*sender))
            .all(|instance| self.0.is_complete(*instance, core))
    }
}

/// Waits until what one node delivered is delivered by the core.
#[derive(Default)]
struct Totality {
    progress: Progress,
    /// The first delivery of each instance by each node still thought correct.
    first: BTreeMap<Instance, BTreeMap<NodeId, Sighting>>,
}

impl Checker<Broadcast, Delivered> for Totality {
    fn observe(&mut self, entry: &Entry<Broadcast, Delivered>) -> Option<Witness> {
        if let Event::Corrupted = entry.event {
            // Nobody has to follow a liar.
            for nodes in self.first.values_mut() {
                nodes.remove(&entry.node);
            }
        }
        if let Some(sighting) = self.progress.add(entry) {
            let Delivered { sender, instance, .. } = sighting.delivered;
            self.progress.due.entry((sender, instance)).or_insert(entry.at);
            let nodes = self.first.entry((sender, instance)).or_default();
            nodes.entry(entry.node).or_insert(sighting);
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let leads = |instance| {
            let nodes = self.first.get(&instance)?;
            nodes.values().min_by_key(|sighting| (sighting.at, sighting.node))
        };
        let (node, instance, _) =
            self.progress.debtor(end, |instance| leads(instance).is_some())?;
        let earlier = leads(instance)?;
        Some(format!("{earlier}, but {node} has not at {} s", end.at))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        let led = self.first.iter().filter(|(_, nodes)| !nodes.is_empty());
        led.into_iter().all(|(instance, _)| self.progress.is_complete(*instance, core))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::Duration;

    const N0: NodeId = NodeId(0);
    const OP: OpId = OpId { client: ClientId(0), sequence: 0 };
    const TRUE: Value = Value(7);

    type Happening = (u32, Incarnation, Event<Broadcast, Delivered>);
    type Bench = Vec<Property<Broadcast, Delivered>>;
    type Found = (&'static str, Witness);

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
        End {
            cluster: Cluster { n: 4 },
            at: Time::ZERO + Duration::from_secs(at),
            gst: Some(Time::ZERO),
            patience: Duration::from_secs(10),
            core: core.iter().copied().map(NodeId).collect(),
        }
    }

    /// All judges, after a history with an event each second.
    fn judges(history: &[Happening]) -> (Bench, Vec<Found>) {
        let promise = Promise(ReliableBroadcast::PROPERTIES.to_vec());
        let mut properties = ReliableBroadcast::properties(Cluster { n: 4 }, &promise);
        let mut found = Vec::new();
        for (second, (node, incarnation, event)) in (0..).zip(history) {
            let at = Time::ZERO + Duration::from_secs(second);
            let (node, incarnation, event) = (NodeId(*node), *incarnation, event.clone());
            let entry = Entry { at, node, incarnation, event };
            for property in &mut properties {
                found.extend(property.checker.observe(&entry).map(|it| (property.name, it)));
            }
        }
        (properties, found)
    }

    /// What the judges say of a history of four nodes.
    fn judge(history: &[Happening], end: &End) -> Vec<Found> {
        let (mut properties, mut found) = judges(history);
        for property in &mut properties {
            found.extend(property.checker.conclude(end).map(|it| (property.name, it)));
        }
        found
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
        let witness = "n1 delivered v7 as c0.0 of n0 at 1.000000000 s, \
             but n2 delivered ¬v7 as c0.0 of n0 at 2.000000000 s";
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
        let witness = "n1 delivered ¬v7 as c0.0 of n0 at 1.000000000 s, \
                       but the sender was asked for v7";
        rejects(&other, &end(3, &[]), INTEGRITY, witness);
        let invented = [(1, 0, delivered(TRUE))];
        let witness =
            "n1 delivered v7 as c0.0 of n0 at 0.000000000 s, but the sender was not asked";
        rejects(&invented, &end(3, &[]), INTEGRITY, witness);
        // Another node's request is not the sender's.
        let elsewhere = [(2, 0, asked(true)), (1, 0, delivered(TRUE))];
        assert_eq!(judge(&elsewhere, &end(3, &[]))[0].0, INTEGRITY);
        accepts(&[&[(0, 0, CORRUPTED)], &invented[..]].concat(), &end(3, &[]));
    }

    #[test]
    fn a_second_delivery_that_nobody_asked_for_breaks_no_duplication() {
        let twice = [(0, 0, asked(true)), (1, 0, delivered(TRUE)), (1, 0, delivered(TRUE))];
        let witness = "n1 delivered v7 as c0.0 of n0 at 1.000000000 s, and again, without being \
                       asked, n1 delivered v7 as c0.0 of n0 at 2.000000000 s";
        rejects(&twice, &end(3, &[]), NO_DUPLICATION, witness);
        let answered_twice =
            [(0, 0, asked(true)), (0, 0, says(Some(OP), TRUE)), (0, 0, says(Some(OP), TRUE))];
        assert_eq!(judge(&answered_twice, &end(3, &[]))[0].0, NO_DUPLICATION);
    }

    #[test]
    fn a_correct_senders_broadcast_that_the_core_does_not_deliver_breaks_validity() {
        let silence = [(0, 0, asked(true))];
        let witness = "n0 was asked to broadcast c0.0 at 0.000000000 s, \
                       and n0 has not delivered it at 10.000000000 s";
        rejects(&silence, &end(10, &[0, 1]), VALIDITY, witness);
        accepts(&silence, &end(9, &[0, 1]));
        // Who is not of the core, or was down, owes nobody anything.
        accepts(&silence, &end(10, &[1, 2]));
        accepts(&[(0, 0, asked(false))], &end(10, &[0, 1]));
    }

    #[test]
    fn a_delivery_that_others_of_the_core_miss_breaks_totality() {
        let one = [(0, 0, CORRUPTED), (1, 0, delivered(TRUE))];
        let witness = "n1 delivered v7 as c0.0 of n0 at 1.000000000 s, \
                       but n2 has not at 11.000000000 s";
        rejects(&one, &end(11, &[1, 2]), TOTALITY, witness);
        accepts(&one, &end(10, &[1, 2]));
        accepts(&one, &end(11, &[1]));
        accepts(&[&one[..], &[(1, 0, CORRUPTED)]].concat(), &end(11, &[2, 3]));
        accepts(&[&one[..], &[(2, 0, delivered(TRUE))]].concat(), &end(30, &[1, 2]));
    }

    #[test]
    fn a_run_is_settled_when_the_core_has_delivered_all_that_is_due() {
        let settled = |history: &[Happening], core: &[u32]| {
            let (properties, _) = judges(history);
            let core = end(0, core).core;
            properties.iter().all(|property| property.checker.is_settled(&core))
        };
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

    #[test]
    fn only_what_is_promised_is_judged() {
        let of = |promise| ReliableBroadcast::properties(Cluster { n: 3 }, &Promise(promise));
        let all = of(ReliableBroadcast::PROPERTIES.to_vec());
        let names: Vec<_> = all.iter().map(|property| property.name).collect();
        assert_eq!(names, ReliableBroadcast::PROPERTIES);
        assert!(of(vec![]).is_empty());
    }

    #[test]
    fn clients_number_their_values_and_a_lie_about_a_lie_is_the_truth() {
        use sim_core::rng::{Stream, Streams};

        let rng = &mut Streams::new(0).chacha(Stream::Application, 0);
        let cluster = Cluster { n: 4 };
        let mut seen = std::collections::BTreeSet::new();
        for client in [0, 1, u32::MAX] {
            let mut client = ReliableBroadcast::client(&Load {}, cluster, ClientId(client));
            for _ in 0..3 {
                let Broadcast(value) = client.next(rng);
                assert!(seen.insert(value) && seen.insert(value.forged()), "{value:?}");
                assert_eq!(value.forged().forged(), value);
            }
        }
        assert_eq!(format!("{TRUE:?} {:?}", TRUE.forged()), "v7 ¬v7");
    }
}
