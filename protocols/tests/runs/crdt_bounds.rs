//! Replicated data in the whole world: every type, exchanged in every way, under any fault that is
//! no lie, converges to what its updates mean.

use protocols::crdt::{Config, Crdt, Peers, Sync, Type};
use sim_core::experiment::Experiment;
use sim_core::fault::{CrashKeeps, Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

use super::at_the_bound::value;

const WAYS: [Sync; 3] = [Sync::State, Sync::Delta, Sync::Operation];

/// Updates for two seconds among `nodes` replicas.
fn crdt(nodes: u32, data: Type, sync: Sync) -> Experiment<Crdt> {
    let mut setup = Setup::new(nodes, Duration::from_secs(20));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 30));
    let config = Config { data, sync, interval: Duration::from_millis(50), ..Config::default() };
    let mut crdt = Experiment::new(config, setup);
    crdt.workload.until = Some(Duration::from_secs(2));
    crdt
}

/// Loss, copies, messages that overtake each other, slow disks that forget what was not durable,
/// and nodes that go down.
fn stormy(mut crdt: Experiment<Crdt>) -> Experiment<Crdt> {
    let setup = &mut crdt.setup;
    setup.budget = Some(setup.nodes);
    setup.network.latency =
        Latency::log_normal(Duration::from_millis(5), Duration::from_millis(200));
    setup.network.loss = Ratio::new(20, 100);
    setup.network.duplicate = Ratio::new(20, 100);
    setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 8));
    setup.disk.crash_keeps = CrashKeeps::Prefix;
    for at in (0..2_000).step_by(200) {
        let when = When::At(DurationRange::from_millis(at, at + 200));
        let strike =
            FaultSpec { when, ..FaultSpec::at(Duration::ZERO, Fault::crash(Target::Random(2))) };
        setup.faults.push(strike.lasting(Duration::from_millis(60)));
    }
    crdt
}

#[track_caller]
fn holds(crdt: &Experiment<Crdt>, seeds: u64) {
    for seed in 0..seeds {
        let run = crdt.run(seed);
        let what = (crdt.config.data, crdt.config.sync);
        assert_eq!(run.verdict, Verdict::Pass, "{what:?}, seed {seed}: {run:?}");
        assert!(run.assumptions_held, "seed {seed}: {:?}", run.strikes);
        assert!(matches!(run.metrics.converged_ms, Measure::Value(_)), "{:?}", run.metrics);
    }
}

#[test]
fn every_type_converges_in_every_way() {
    for data in Type::ALL {
        for sync in WAYS {
            holds(&crdt(4, *data, sync), 3);
        }
    }
}

#[test]
fn loss_copies_reordering_and_crashes_break_nothing() {
    for data in Type::ALL {
        for sync in WAYS {
            holds(&stormy(crdt(4, *data, sync)), 8);
        }
    }
}

#[test]
fn whom_replicas_talk_to_and_what_they_send_back_changes_no_value() {
    for sync in WAYS {
        let mut other = stormy(crdt(5, Type::OrMap, sync));
        other.config.peers = Peers::RoundRobin;
        other.config.back_propagation = true;
        other.config.fanout = 2;
        other.config.snapshot_every = 1;
        holds(&other, 8);
    }
}

#[test]
fn an_update_is_everywhere_after_one_delay_of_its_broadcast() {
    let mut quiet = crdt(3, Type::PnCounter, Sync::Operation);
    quiet.setup.network.latency = Latency::Constant(Duration::from_millis(10));
    quiet.load.reads = Ratio::new(0, 1);
    quiet.workload.requests = Some(1);
    let run = quiet.run(0);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    assert_eq!(run.metrics.converged_ms, Measure::Value(10.0));
    assert_eq!(run.metrics.diverged_ms, Measure::Value(10.0));
    assert_eq!(run.metrics.redundant_bytes, Measure::Value(0.0));
}

#[test]
fn a_replica_that_is_down_for_good_is_waited_for_in_vain_and_the_time_is_censored() {
    let mut cut = crdt(3, Type::GSet, Sync::Delta);
    let crash = Fault::crash(Target::Node(NodeId(2)));
    cut.setup.faults = vec![FaultSpec::at(Duration::from_secs(1), crash)];
    let run = cut.run(0);
    assert_ne!(run.verdict, Verdict::Unsafe, "{run:?}");
    assert!(matches!(run.metrics.converged_ms, Measure::Censored(_)), "{:?}", run.metrics);
    assert!(matches!(gauge(&run, "convergence_ms"), Measure::Censored(_)), "{:?}", run.gauges);
}

/// What the problem measured.
fn gauge(run: &Outcome, name: &str) -> Measure {
    let found = run.gauges.iter().find(|(metric, _)| metric.name == name);
    found.expect("a metric of the problem").1
}

#[test]
fn what_was_sent_is_told_for_each_update_and_without_faults_there_is_no_heal() {
    let run = crdt(4, Type::OrSet, Sync::State).run(0);
    let (bytes, redundant) = (value(run.metrics.bytes_sent), value(run.metrics.redundant_bytes));
    let updates = value(gauge(&run, "updates_count"));
    assert!(updates > 20.0 && redundant > 0.0, "{run:?}");
    assert_eq!(value(gauge(&run, "bytes_per_update")), bytes / updates);
    assert_eq!(value(gauge(&run, "redundant_ratio")), redundant / bytes);
    assert_eq!(gauge(&run, "convergence_ms"), run.metrics.converged_ms);
}

#[test]
fn who_was_cut_off_while_others_wrote_is_waited_for_from_the_heal_on() {
    for sync in WAYS {
        let mut cut = crdt(4, Type::OrSet, sync);
        let apart = Fault::apart(Target::Node(NodeId(0)));
        cut.setup.faults =
            vec![FaultSpec::at(Duration::from_secs(1), apart).lasting(Duration::from_secs(4))];
        let run = cut.run(0);
        let (from_heal, from_update) =
            (value(gauge(&run, "convergence_ms")), value(run.metrics.converged_ms));
        // Updates end after two seconds, the partition after five.
        assert!(from_heal > 0.0 && from_heal < 1_000.0, "{sync:?}: {from_heal}");
        assert!(from_update - from_heal > 2_900.0, "{sync:?}: {from_update} and {from_heal}");
        let mut states = run.curves.iter().map(|point| point.y);
        let most = states.clone().fold(0.0, f64::max);
        assert!((2.0..=value(gauge(&run, "states_max_count"))).contains(&most), "{sync:?}: {most}");
        assert_eq!(states.next_back(), Some(1.0));
    }
}

#[test]
fn the_larger_the_set_the_more_a_delta_saves() {
    let bytes = |sync, elements| {
        let mut growing = crdt(4, Type::OrSet, sync);
        growing.load.elements = elements;
        growing.load.removes = Ratio::new(0, 1);
        let run = growing.run(0);
        assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
        value(run.metrics.bytes_sent)
    };
    let saved = |elements| bytes(Sync::State, elements) / bytes(Sync::Delta, elements);
    let (small, large) = (saved(10), saved(100_000));
    assert!(small > 1.0 && large > 1.25 * small, "{small} and {large} times");
}
