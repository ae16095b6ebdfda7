//! What an event costs in a whole world: network, faults, fingerprint and judges compiled in.

use benches::ball::game;
use benches::epidemic::epidemic;
use divan::counter::ItemsCount;
use protocols::pbft::Pbft;
use protocols::raft::Raft;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::latency::Latency;
use sim_core::outcome::Verdict;
use sim_core::protocol::Protocol;
use sim_core::setup::{Judges, Limits, Setup};
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

fn main() {
    divan::main();
}

const EVENTS: u64 = 1_000_000;

fn exponential() -> Latency {
    Latency::Exponential { mean: Duration::from_millis(10), min: Duration::from_millis(1) }
}

#[divan::bench(sample_count = 10)]
fn pingpong(bencher: divan::Bencher<'_, '_>) {
    let game = game(2, 0, Latency::Constant(Duration::from_millis(1)), EVENTS);
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| assert_eq!(game.run(1).events, EVENTS));
}

#[divan::bench(sample_count = 10, args = [10, 100, 1_000, 100_000])]
fn phold(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    let game = game(nodes, 1, exponential(), EVENTS);
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| assert_eq!(game.run(1).events, EVENTS));
}

/// A million nodes of which each throws one ball: what a big world costs to build and to run.
#[divan::bench(sample_count = 3)]
fn a_million_nodes(bencher: divan::Bencher<'_, '_>) {
    let game = game(1_000_000, 1, exponential(), 2 * EVENTS);
    bencher
        .counter(ItemsCount::new(2 * EVENTS))
        .bench(|| assert_eq!(game.run(1).events, 2 * EVENTS));
}

/// A rumour until all know it, with the construction of the world.
#[divan::bench(sample_count = 3, args = [1_000, 10_000, 100_000, 1_000_000])]
fn rumour(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    bench_run(bencher, &epidemic(nodes));
}

/// The real Raft, 1,000 requests per second, its properties and invariants judged.
fn raft(nodes: u32, faults: Vec<FaultSpec>) -> Experiment<Raft> {
    let mut setup = Setup::new(nodes, Duration::from_secs(20));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 5));
    setup.limits = Limits { events: u64::MAX, ..Limits::default() };
    setup.faults = faults;
    let mut raft = Experiment::new(Default::default(), setup);
    raft.workload.rate = Some(Rate::per_second(1_000));
    raft
}

/// The same without invariants, and without any judge.
#[divan::bench(sample_count = 10, args = ["all", "properties", "none"])]
fn raft_5_judged_by(bencher: divan::Bencher<'_, '_>, judges: &str) {
    let mut raft = raft(5, Vec::new());
    raft.setup.judges = match judges {
        "all" => Judges::All,
        "properties" => Judges::Properties,
        _ => Judges::None,
    };
    bench_run(bencher, &raft);
}

fn bench_run<P: Protocol>(bencher: divan::Bencher<'_, '_>, experiment: &Experiment<P>) {
    let run = experiment.run(1);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    bencher.counter(ItemsCount::new(run.events)).bench(|| experiment.run(1).events);
}

#[divan::bench(sample_count = 10, args = [5, 101])]
fn raft_under_load(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    bench_run(bencher, &raft(nodes, Vec::new()));
}

/// PBFT, its clients on the network, 1,000 requests per second, its properties and invariants judged.
#[divan::bench(sample_count = 10)]
fn pbft_4(bencher: divan::Bencher<'_, '_>) {
    let mut setup = Setup::new(4, Duration::from_secs(10));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 5));
    setup.limits = Limits { events: u64::MAX, ..Limits::default() };
    let mut pbft = Experiment::<Pbft>::new(Default::default(), setup);
    pbft.workload.rate = Some(Rate::per_second(1_000));
    bench_run(bencher, &pbft);
}

/// One decision of PBFT among many replicas: half a million messages at 512.
#[divan::bench(sample_count = 3, args = [32, 128, 512])]
fn pbft_one_decision(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    let mut setup = Setup::new(nodes, Duration::from_secs(2));
    setup.network.latency = Latency::Constant(Duration::from_millis(1));
    setup.limits = Limits { events: u64::MAX, queue: u32::MAX, ..Limits::default() };
    let mut pbft = Experiment::<Pbft>::new(Default::default(), setup);
    (pbft.workload.clients, pbft.workload.requests) = (1, Some(1));
    bench_run(bencher, &pbft);
}

#[divan::bench(sample_count = 10)]
fn raft_5_under_load_with_faults(bencher: divan::Bencher<'_, '_>) {
    let secs = Duration::from_secs;
    let faults = vec![
        FaultSpec::at(secs(4), Fault::crash(Target::Leader)).lasting(secs(1)),
        FaultSpec::at(secs(8), Fault::apart(Target::Leader)).lasting(secs(2)),
    ];
    bench_run(bencher, &raft(5, faults));
}
