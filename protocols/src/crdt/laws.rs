//! The laws, for every type: on states that updates and joins in a drawn order lead to.

use std::collections::BTreeSet;

use sim_core::id::NodeId;
use sim_core::rng::{ChaCha, Random as _, Stream, Streams};

use super::data::{Data, Operation, Type};
use super::data_type::Origin;
use crate::problem::replicated_data::{Draft, Item, VersionVector};

/// Replicas that update at will and join each other now and then.
struct Drawn {
    data: Type,
    rng: ChaCha,
    replicas: Vec<(Data, VersionVector)>,
    time: u64,
}

/// An update: before and after it, and what it was.
struct Updated {
    before: Data,
    operation: Operation,
    after: Data,
}

impl Drawn {
    fn new(data: Type, seed: u64) -> Self {
        let rng = Streams::new(seed).chacha(Stream::Application, 0);
        let replicas = vec![(data.bottom(), VersionVector::default()); 3];
        Self { data, rng, replicas, time: 0 }
    }

    fn pick(&mut self) -> usize {
        self.rng.below(self.replicas.len() as u64) as usize
    }

    fn update(&mut self) -> Updated {
        let index = self.pick();
        // Clocks tick now and then only, so that some writes are of one time.
        self.time += self.rng.below(2);
        let draft = Draft {
            removes: self.rng.below(3) == 0,
            item: Item { key: self.rng.below(2) as u32, element: self.rng.below(3) as u32 },
            number: self.rng.next_u64() >> 8,
        };
        let (data, seen) = &mut self.replicas[index];
        let time = self.time.max(data.latest_time() + 1);
        let origin = Origin { dot: seen.next(NodeId(index as u32)), time };
        let before = data.clone();
        let (operation, _) = data.prepare(&self.data.update(draft), origin).expect("it fits");
        data.effect(&operation);
        seen.advance(origin.dot);
        Updated { before, operation, after: data.clone() }
    }

    fn join(&mut self) {
        let (to, from) = (self.pick(), self.pick());
        let (other, others) = self.replicas[from].clone();
        self.replicas[to].0.join(&other);
        self.replicas[to].1.join(&others);
    }

    fn step(&mut self) -> Option<Updated> {
        if self.rng.below(2) == 0 {
            return Some(self.update());
        }
        self.join();
        None
    }
}

fn joined(one: &Data, other: &Data) -> Data {
    let mut joined = one.clone();
    joined.join(other);
    joined
}

/// Does this with many drawn replicas of each type.
fn each(mut test: impl FnMut(&mut Drawn)) {
    for data in Type::ALL {
        for seed in 0..40 {
            test(&mut Drawn::new(*data, seed));
        }
    }
}

/// The states of three replicas and the deltas of some updates.
fn elements(drawn: &mut Drawn) -> Vec<Data> {
    let updates: Vec<_> = (0..30).filter_map(|_| drawn.step()).collect();
    let deltas = updates.iter().skip(updates.len() - 3);
    let deltas = deltas.map(|updated| updated.before.delta(&updated.operation));
    let states = drawn.replicas.iter().map(|(data, _)| data.clone());
    states.chain(deltas).collect()
}

#[test]
fn the_join_is_commutative_associative_and_idempotent() {
    each(|drawn| {
        let elements = elements(drawn);
        for x in &elements {
            assert_eq!(joined(x, x), *x);
            assert_eq!(joined(x, &drawn.data.bottom()), *x);
            for y in &elements {
                assert_eq!(joined(x, y), joined(y, x));
                for z in &elements {
                    assert_eq!(joined(&joined(x, y), z), joined(x, &joined(y, z)));
                }
            }
        }
    });
}

#[test]
fn the_order_is_that_of_the_join() {
    let (mut above, mut apart) = (BTreeSet::new(), BTreeSet::new());
    each(|drawn| {
        let elements = elements(drawn);
        for x in &elements {
            for y in &elements {
                let is_within = x.is_within(y);
                assert_eq!(is_within, joined(x, y) == *y, "{x:?} and {y:?}");
                assert!(x.is_within(&joined(x, y)));
                assert!(!(is_within && y.is_within(x)) || x == y, "{x:?} and {y:?}");
                let set = if is_within { &mut above } else { &mut apart };
                set.insert(drawn.data as usize);
            }
        }
    });
    // Every type was seen in both ways.
    assert_eq!((above.len(), apart.len()), (Type::ALL.len(), Type::ALL.len()));
}

#[test]
fn every_update_goes_up_and_is_the_join_with_its_delta() {
    each(|drawn| {
        for _ in 0..30 {
            let Some(Updated { before, operation, after }) = drawn.step() else { continue };
            assert!(before.is_within(&after), "{operation:?}");
            assert_eq!(joined(&before, &before.delta(&operation)), after, "{operation:?}");
        }
    });
}

#[test]
fn operations_of_replicas_that_do_not_know_each_other_commute() {
    each(|drawn| {
        for _ in 0..10 {
            // All start from one state, and each makes an update.
            for _ in 0..5 {
                drawn.step();
            }
            let mut all = drawn.replicas[0].clone();
            for (data, seen) in &drawn.replicas[1..] {
                all.0.join(data);
                all.1.join(seen);
            }
            drawn.replicas.fill(all.clone());
            let (mut operations, mut makers) = (Vec::new(), BTreeSet::new());
            while operations.len() < 2 {
                let before = drawn.replicas.clone();
                let updated = drawn.update();
                let maker = (0..3).find(|index| before[*index].1 != drawn.replicas[*index].1);
                if makers.insert(maker) {
                    operations.push(updated.operation);
                } else {
                    drawn.replicas = before;
                }
            }
            let after = |order: [usize; 2]| {
                let mut data = all.0.clone();
                order.into_iter().for_each(|index| data.effect(&operations[index]));
                data
            };
            assert_eq!(after([0, 1]), after([1, 0]), "{operations:?}");
        }
    });
}
