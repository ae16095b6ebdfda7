//! The lattice: judges the laws of the join on states that were reached.
//!
//! The join must be commutative, associative and idempotent, and a state only goes up (Shapiro et
//! al., "Conflict-free Replicated Data Types", 2011, section 2.3). Whoever has these converges,
//! whatever messages do. All pairs of states would be too many: one change in a few is sampled, and
//! compared with the samples before it.

use std::collections::{BTreeMap, VecDeque};

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};

use super::Crdt;
use super::data::Data;

/// x ⊔ y = y ⊔ x.
pub const COMMUTATIVITY: &str = "commutativity";
/// (x ⊔ y) ⊔ z = x ⊔ (y ⊔ z).
pub const ASSOCIATIVITY: &str = "associativity";
/// x ⊔ x = x.
pub const IDEMPOTENCE: &str = "idempotence";
/// Every change of a replica brings it up in the order of states, in one life.
pub const INFLATION: &str = "inflation";

/// One change in so many is sampled.
const STRIDE: u64 = 5;
/// After so many samples enough was seen.
const SAMPLES: u64 = 100;
/// How many earlier samples each is compared with.
const KEPT: usize = 3;

/// The white-box judge.
#[derive(Clone, Debug, Default)]
pub struct Lattice {
    changes: BTreeMap<NodeId, (Incarnation, u64)>,
    count: u64,
    samples: VecDeque<(NodeId, Incarnation, Data)>,
    /// The last sample of each node's present life.
    last: BTreeMap<NodeId, (Incarnation, Data)>,
}

impl Monitor<Crdt> for Lattice {
    const INVARIANTS: &'static [&'static str] =
        &[COMMUTATIVITY, ASSOCIATIVITY, IDEMPOTENCE, INFLATION];

    fn observe(&mut self, node: NodeId, life: Incarnation, state: &Crdt) -> Option<Violation> {
        let now = (life, state.replica.changes);
        if self.count / STRIDE >= SAMPLES || self.changes.insert(node, now) == Some(now) {
            return None;
        }
        self.count += 1;
        if !self.count.is_multiple_of(STRIDE) {
            return None;
        }
        // What was not durable when a life ended is nobody's past: a later life may give the names of
        // lost updates to others.
        self.samples.retain(|(other, before, _)| *other != node || *before == life);
        let data = &state.replica.data;
        let violation = self.examine(node, life, state);
        self.samples.push_back((node, life, data.clone()));
        if self.samples.len() > KEPT {
            self.samples.pop_front();
        }
        self.last.insert(node, (life, data.clone()));
        violation
    }
}

impl Lattice {
    fn examine(&self, node: NodeId, life: Incarnation, state: &Crdt) -> Option<Violation> {
        let join = |one: &Data, other: &Data| {
            let mut joined = one.clone();
            state.planted.join(&mut joined, other);
            joined
        };
        let data = &state.replica.data;
        let broken = |property, witness| Some(Violation { property, witness });
        if join(data, data) != *data {
            return broken(IDEMPOTENCE, format!("{node}: x ⊔ x is not x = {data:?}"));
        }
        if let Some((before, earlier)) = self.last.get(&node)
            && *before == life
            && !earlier.is_within(data)
        {
            return broken(INFLATION, format!("{node} went from {earlier:?} to {data:?}"));
        }
        for (other, _, sample) in &self.samples {
            if join(data, sample) != join(sample, data) {
                let witness = format!("x of {node} and y of {other}: {data:?} and {sample:?}");
                return broken(COMMUTATIVITY, witness);
            }
        }
        let pairs = self.samples.iter().zip(self.samples.iter().skip(1));
        for ((one, _, x), (other, _, y)) in pairs {
            if join(&join(x, y), data) != join(x, &join(y, data)) {
                let witness =
                    format!("x of {one}, y of {other}, z of {node}: {x:?}, {y:?} and {data:?}");
                return broken(ASSOCIATIVITY, witness);
            }
        }
        None
    }
}
