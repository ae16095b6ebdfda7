//! In steady state an event allocates nothing.

use allocation_counter::measure;
use benches::ball::game;
use benches::epidemic::epidemic;
use protocols::raft::Raft;
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::setup::{Limits, Setup};
use sim_core::simulation::Simulation;
use sim_core::time::Duration;
use sim_core::workload::Rate;

/// Allocations and bytes that are left at the most of the second half of a run, over the first.
fn second_half(simulation: impl Fn(u64) -> Box<dyn Simulation>, events: u64) -> (u64, u64) {
    let count = |events: u64| {
        let simulation = simulation(events);
        let mut handled = 0;
        let info = measure(|| handled = simulation.run(1).events);
        assert_eq!(handled, events);
        (info.count_total, info.bytes_max)
    };
    // What is made once per process, such as tables of distributions, is made before.
    count(1_000);
    let (half, whole) = (count(events / 2), count(events));
    (whole.0 - half.0, whole.1.saturating_sub(half.1))
}

fn exponential() -> Latency {
    Latency::Exponential { mean: Duration::from_millis(10), min: Duration::from_millis(1) }
}

#[test]
fn pingpong_allocates_nothing_per_event() {
    let constant = Latency::Constant(Duration::from_millis(1));
    let (allocations, bytes) = second_half(|n| Box::new(game(2, 0, constant.clone(), n)), 200_000);
    assert_eq!((allocations, bytes), (0, 0));
}

#[test]
fn phold_allocates_nothing_per_event() {
    let (allocations, bytes) = second_half(|n| Box::new(game(1_000, 1, exponential(), n)), 400_000);
    assert_eq!((allocations, bytes), (0, 0));
}

#[test]
fn raft_allocates_only_to_grow_its_logs_and_histories() {
    let raft = |events: u64| -> Box<dyn Simulation> {
        let mut setup = Setup::new(5, Duration::from_secs(1_000));
        // Links that reorder nothing: a repair would resend several entries, which allocates.
        setup.network.latency = Latency::Constant(Duration::from_millis(2));
        setup.limits = Limits { events, ..Limits::default() };
        let mut raft = Experiment::<Raft>::new(Default::default(), setup);
        raft.workload.rate = Some(Rate::per_second(100));
        Box::new(raft)
    };
    // Logs, disks and memories of judges double a few times.
    let (allocations, _) = second_half(raft, 200_000);
    assert!(allocations < 100, "{allocations} allocations in 100,000 events");
}

#[test]
fn a_node_of_a_big_world_takes_little_memory() {
    const NODES: u32 = 200_000;
    let info = measure(|| {
        game(NODES, 1, exponential(), 1).run(1);
    });
    let per_node = info.bytes_max / u64::from(NODES);
    println!("{per_node} bytes per node at the most, one message each in flight");
    assert!(per_node < 350, "{per_node} bytes per node");
}

#[test]
fn a_node_that_waits_for_a_rumour_takes_less_than_two_lines_of_memory() {
    const NODES: u32 = 100_000;
    let info = measure(|| {
        epidemic(NODES).run(1);
    });
    let per_node = info.bytes_max / u64::from(NODES);
    println!("{per_node} bytes per node at the most until all know a rumour");
    assert!(per_node < 128, "{per_node} bytes per node");
}
