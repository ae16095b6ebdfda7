//! Gossip and anti-entropy with bugs planted, in the whole world.

use crate::mutants::trial::found;
use protocols::anti_entropy::AntiEntropy;
use protocols::gossip::Gossip;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::setup::Setup;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

fn setup(nodes: u32) -> Setup {
    let mut setup = Setup::new(nodes, Duration::from_secs(40));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    setup
}

#[test]
fn g06_is_found_when_a_replica_is_down_longer_than_tombstones_are_kept() {
    let mut setup = setup(3);
    let crash = Fault::crash(Target::Random(1));
    setup.faults =
        vec![FaultSpec::at(Duration::from_secs(2), crash).lasting(Duration::from_secs(3))];
    let experiment = Experiment::<AntiEntropy>::new(Default::default(), setup);
    assert!(found(experiment, "G06", 20).contains(&"no_resurrection"));
}

#[test]
fn go1_is_found_by_whoever_hears_a_rumour_twice() {
    let experiment = Experiment::<Gossip>::new(Default::default(), setup(10));
    assert_eq!(found(experiment, "GO1", 3), ["integrity"]);
}

#[test]
fn go2_is_found_when_the_origin_crashes_before_it_has_told_anybody() {
    let mut setup = setup(10);
    let crash = Fault::crash(Target::Node(NodeId(0)));
    setup.faults =
        vec![FaultSpec::at(Duration::from_millis(20), crash).lasting(Duration::from_secs(1))];
    let experiment = Experiment::<Gossip>::new(Default::default(), setup);
    assert_eq!(found(experiment, "GO2", 20), ["coverage"]);
}
