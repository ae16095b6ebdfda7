//! The protocol on trial: what a crate of one's own has in its tests.

use own_protocol::exclusion::MUTUAL_EXCLUSION;
use own_protocol::lease::{Config, CountFrom, LeaseLock};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};
use sim_core::trial::Trial;

/// Three nodes on a network whose delays differ by more than the lease leaves room for.
fn contention(config: Config) -> Experiment<LeaseLock> {
    let mut setup = Setup::new(3, Duration::from_secs(60));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 80));
    Experiment::new(config, setup)
}

#[test]
fn one_node_at_a_time_holds_the_lock() {
    Trial::of(&contention(Config::default())).seeds(0..200).passes();
}

#[test]
fn crashes_and_lost_messages_give_the_lock_to_nobody_twice() {
    let mut experiment = contention(Config::default());
    experiment.setup.network.loss = Ratio::new(1, 20);
    experiment.setup.clock.drift_ppm = 20_000;
    // More than may stay away for good: those that crash come back.
    experiment.setup.budget = Some(1);
    let mut crash = FaultSpec::at(Duration::ZERO, Fault::crash(Target::Random(1)));
    crash.when = When::At(DurationRange::from_millis(500, 1_500));
    crash.every = Some(DurationRange::from_millis(500, 1_500));
    crash.until = Some(Duration::from_secs(10));
    experiment.setup.faults = vec![crash.lasting(Duration::from_millis(200))];
    Trial::of(&experiment).seeds(0..100).passes();
}

#[test]
fn to_count_from_the_grant_lets_two_nodes_hold_the_lock() {
    let naive = Config { count_from: CountFrom::Grant, ..Config::default() };
    Trial::of(&contention(naive)).seeds(0..200).breaks(MUTUAL_EXCLUSION);
}
