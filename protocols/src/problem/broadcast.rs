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

mod judges;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::ChaCha;
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
            (CONSISTENCY, Class::Safety, Box::<judges::Consistency>::default()),
            (INTEGRITY, Class::Safety, Box::<judges::Integrity>::default()),
            (NO_DUPLICATION, Class::Safety, Box::<judges::NoDuplication>::default()),
            (VALIDITY, Class::Liveness, Box::<judges::Validity>::default()),
            (TOTALITY, Class::Liveness, Box::<judges::Totality>::default()),
        ];
        promise.judged_by(judges)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::rng::{Stream, Streams};

    use super::*;

    const TRUE: Value = Value(7);

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
        let rng = &mut Streams::new(0).chacha(Stream::Application, 0);
        let cluster = Cluster { n: 4 };
        let mut seen = BTreeSet::new();
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
