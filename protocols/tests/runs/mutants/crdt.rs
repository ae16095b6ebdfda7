//! Replicated data with bugs planted, in the whole world: drawn updates and faults find them.

use crate::mutants::trial::found;
use protocols::crdt::{Config, Crdt, Sync, Type};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::{Judges, Setup};
use sim_core::time::{Duration, DurationRange};

const SEEDS: u64 = 40;

/// Four replicas, messages that come twice and overtake each other, and clocks that tick slowly.
fn replicas(data: Type, sync: Sync) -> Experiment<Crdt> {
    let mut setup = Setup::new(4, Duration::from_secs(10));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 200));
    setup.network.duplicate = Ratio::new(1, 10);
    let granularity = Duration::from_millis(100);
    let config = Config { data, sync, granularity, ..Config::default() };
    let mut crdt = Experiment::<Crdt>::new(config, setup);
    crdt.workload.until = Some(Duration::from_secs(2));
    crdt
}

/// The same without the judges of the laws.
fn seen_from_outside(data: Type, sync: Sync) -> Experiment<Crdt> {
    let mut crdt = replicas(data, sync);
    crdt.setup.judges = Judges::Properties;
    crdt
}

#[test]
fn c01_is_found_by_the_law_and_by_what_the_counter_shows() {
    for sync in [Sync::State, Sync::Delta] {
        let found = found(replicas(Type::GCounter, sync), "C01", SEEDS);
        assert!(found.iter().any(|law| ["idempotence", "meaning"].contains(law)), "{found:?}");
    }
    let crdt = seen_from_outside(Type::GCounter, Sync::State);
    assert!(found(crdt, "C01", SEEDS).contains(&"meaning"));
}

#[test]
fn c03_is_found_by_slow_clocks() {
    for sync in [Sync::State, Sync::Delta] {
        let found = found(seen_from_outside(Type::LwwRegister, sync), "C03", SEEDS);
        assert!(found.contains(&"meaning"), "{sync:?}: {found:?}");
    }
    let found = found(replicas(Type::LwwRegister, Sync::State), "C03", SEEDS);
    assert!(found.contains(&"commutativity"), "{found:?}");
}

#[test]
fn c04_is_found_by_concurrent_additions_and_removals() {
    let crdt = replicas(Type::OrSet, Sync::Operation);
    assert!(found(crdt, "C04", SEEDS).contains(&"meaning"));
}

/// The same few elements are added and removed again and again.
fn quarrelling(mut crdt: Experiment<Crdt>) -> Experiment<Crdt> {
    crdt.load.elements = 2;
    crdt.load.removes = Ratio::new(1, 2);
    crdt
}

#[test]
fn c06_is_found_by_the_law_and_by_what_the_set_shows() {
    let outside = quarrelling(seen_from_outside(Type::OrSet, Sync::State));
    let shown = found(outside, "C06", 200);
    assert!(shown.contains(&"meaning"), "{shown:?}");
    let inside = quarrelling(replicas(Type::OrSet, Sync::State));
    let laws = found(inside, "C06", 200);
    assert!(laws.contains(&"associativity"), "{laws:?}");
}

#[test]
fn c08_is_found_by_copies_of_messages() {
    let crdt = replicas(Type::PnCounter, Sync::Operation);
    assert!(found(crdt, "C08", SEEDS).contains(&"meaning"));
}
