//! Laws that hold for every quorum system, tried on drawn ones.

use proptest::prelude::*;
use sim_core::id::{Cluster, NodeId, NodeSet};
use sim_core::rng::{Random as _, Ratio, Stream, Streams};

use super::{Expression, Outages, Shape, System, optimal, overlap, resilience};

const N: u32 = 6;

/// Expressions over six nodes.
fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = (0..N).prop_map(|node| Expression::Node(NodeId(node)));
    leaf.prop_recursive(3, 24, 4, |inner| {
        let members = prop::collection::vec(inner.clone(), 2..5);
        prop_oneof![
            members.clone().prop_map(Expression::All),
            members.clone().prop_map(Expression::Any),
            members
                .clone()
                .prop_map(|members| Expression::Built { shape: Shape::Majority, members }),
            (members.clone(), 0..4_u32).prop_map(|(members, k)| {
                let shape = Shape::Choose(1 + k % members.len() as u32);
                Expression::Built { shape, members }
            }),
            members.clone().prop_map(|members| {
                let shape = Shape::Wall(vec![1, members.len() as u32 - 1]);
                Expression::Built { shape, members }
            }),
            (prop::collection::vec((1..4_u32, inner.clone()), 2..5), 0..9_u32).prop_map(
                |(members, needed)| {
                    let total: u32 = members.iter().map(|(weight, _)| weight).sum();
                    Expression::Weighted { needed: 1 + needed % total, members }
                }
            ),
            inner.prop_map(|of| Expression::Dual(Box::new(of))),
        ]
    })
}

fn system(expression: &Expression) -> System {
    System::new(expression, Cluster { n: N }).expect("drawn to fit")
}

fn every_set() -> impl Iterator<Item = NodeSet> {
    (0..1_u32 << N).map(|bits| (0..N).filter(|bit| bits >> bit & 1 == 1).map(NodeId).collect())
}

fn meets(a: &NodeSet, b: &NodeSet) -> bool {
    a.iter().any(|node| b.contains(node))
}

fn includes(whole: &NodeSet, part: &NodeSet) -> bool {
    part.iter().all(|node| whole.contains(node))
}

fn seeded() -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(1991);
    ProptestConfig { cases: 200, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn a_set_is_a_quorum_of_the_dual_iff_it_meets_every_quorum(drawn in expressions()) {
        let (system, dual) = (system(&drawn), system(&drawn).dual());
        let quorums: Vec<_> = every_set().filter(|set| system.is_quorum(set)).collect();
        for set in every_set() {
            let meets_all = quorums.iter().all(|quorum| meets(quorum, &set));
            prop_assert_eq!(dual.is_quorum(&set), meets_all, "{} on {:?}", drawn, set);
        }
        prop_assert_eq!(dual.dual(), system);
    }

    #[test]
    fn the_minimal_quorums_are_all_there_is(drawn in expressions()) {
        let system = system(&drawn);
        let minimal = system.minimal_quorums().expect("small");
        for set in every_set() {
            let holds_one = minimal.iter().any(|quorum| includes(&set, quorum));
            prop_assert_eq!(system.is_quorum(&set), holds_one, "{} on {:?}", drawn, set);
        }
        for (at, one) in minimal.iter().enumerate() {
            let mut others = minimal.iter().enumerate().filter(|(other, _)| *other != at);
            prop_assert!(!others.any(|(_, other)| includes(one, other)), "{}: {:?}", drawn, minimal);
        }
    }

    #[test]
    fn the_overlap_is_the_least_there_is(a in expressions(), b in expressions()) {
        let (a, b) = (system(&a), system(&b));
        let found = overlap(&a, &b).expect("small");
        let common = |one: &NodeSet, other: &NodeSet| {
            one.iter().filter(|node| other.contains(*node)).count() as u32
        };
        let [one, other] = &found.pair;
        prop_assert!(a.is_quorum(one) && b.is_quorum(other));
        prop_assert_eq!(common(one, other), found.nodes);
        let (left, right) = (a.minimal_quorums().expect("small"), b.minimal_quorums().expect("small"));
        let pairs = left.iter().flat_map(|one| right.iter().map(move |other| common(one, other)));
        prop_assert_eq!(pairs.min(), Some(found.nodes));
        // Two systems meet exactly if every quorum of the one is one of the other's dual.
        let dual = b.dual();
        prop_assert_eq!(found.nodes > 0, left.iter().all(|one| dual.is_quorum(one)));
    }

    #[test]
    fn so_many_may_fail_and_one_more_is_too_many(drawn in expressions()) {
        let system = system(&drawn);
        let found = resilience(&system).expect("small");
        let survives = |failed: &NodeSet| {
            let left = (0..N).map(NodeId).filter(|node| !failed.contains(*node)).collect();
            system.is_quorum(&left)
        };
        prop_assert!(every_set().filter(|set| set.len() <= found).all(|set| survives(&set)));
        prop_assert!(every_set().filter(|set| set.len() == found + 1).any(|set| !survives(&set)));
    }

    #[test]
    fn what_is_written_reads_back_the_same(drawn in expressions()) {
        let again: Expression = drawn.to_string().parse().expect("written by us");
        prop_assert_eq!(again.to_string(), drawn.to_string());
        prop_assert_eq!(system(&again), system(&drawn));
    }

    #[test]
    fn the_exact_availability_is_within_the_interval_of_a_sample(
        drawn in expressions(), percent in 1..100_u64
    ) {
        let system = system(&drawn);
        let exact = Outages::of(&system).expect("small").probability(percent as f64 / 100.0);
        let mut draw = Streams::new(percent).chacha(Stream::Application, 0);
        let trials = 2_000;
        let hits = (0..trials)
            .filter(|_| {
                let alive = (0..N).map(NodeId).filter(|_| !draw.chance(Ratio::new(percent, 100)));
                !system.is_quorum(&alive.collect())
            })
            .count();
        // Five standard errors, and a little for the discreteness of rare outcomes.
        let spread = 5.0 * (exact * (1.0 - exact) / f64::from(trials)).sqrt() + 0.002;
        let share = hits as f64 / f64::from(trials);
        prop_assert!((share - exact).abs() <= spread, "{}: {} of {}", drawn, share, exact);
    }

    #[test]
    fn no_strategy_is_below_the_bound_of_naor_and_wool(drawn in expressions()) {
        // For systems any two of whose quorums meet: load ≥ max(1/c, c/n) ≥ 1/√n, with c nodes in
        // the smallest quorum.
        let system = system(&drawn);
        let strategy = optimal(&system, &system, 0.0).expect("small");
        let load = strategy.load(0.0);
        let smallest = f64::from(system.minimal_quorums().expect("small")[0].len());
        prop_assert!(load >= smallest / f64::from(N) - 1e-9);
        if overlap(&system, &system).expect("small").nodes > 0 {
            prop_assert!(load >= 1.0 / smallest - 1e-9, "{}: {}", drawn, load);
            prop_assert!(load >= 1.0 / f64::from(N).sqrt() - 1e-9, "{}: {}", drawn, load);
        }
        // No better than to spread evenly over the minimal quorums.
        let quorums = system.minimal_quorums().expect("small");
        let even = 1.0 / quorums.len() as f64;
        let even = quorums.into_iter().map(|quorum| (quorum, even)).collect::<Vec<_>>();
        let even = super::Strategy { reads: even.clone(), writes: even };
        prop_assert!(load <= even.load(0.0) + 1e-9);
    }
}
