//! Bracha's broadcast with bugs planted, in the whole world: an equivocating sender finds them.

use crate::mutants::trial::found;
use protocols::bracha::{Bracha, Config};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::{Judges, Setup};
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

/// n0 broadcasts and lies.
fn lying_sender(nodes: u32) -> Experiment<Bracha> {
    let mut setup = Setup::new(nodes, Duration::from_secs(15));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    let target = Targets(vec![Target::Node(NodeId(0))]);
    setup.faults = vec![FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None })];
    setup.adversary.strategy = Strategy::Equivocate;
    let mut bracha = Experiment::new(Config::default(), setup);
    bracha.workload.clients = 1;
    bracha.workload.requests = Some(1);
    bracha
}

#[test]
fn br1_is_found_by_an_equivocating_sender() {
    for n in [4, 5, 7] {
        assert_eq!(found(lying_sender(n), "BR1", 60), ["ready_agreement"], "n = {n}");
    }
}

#[test]
fn br1_leaves_some_without_what_others_deliver_and_five_nodes_with_two_values() {
    let seen = |n| {
        let mut bracha = lying_sender(n);
        bracha.setup.judges = Judges::Properties;
        found(bracha, "BR1", 60)
    };
    assert_eq!(seen(4), ["totality"]);
    assert!(seen(5).contains(&"consistency"), "{:?}", seen(5));
}

#[test]
fn br2_is_found_by_a_sender_that_lies_now_and_then_to_nodes_that_reboot() {
    let mut bracha = lying_sender(4);
    bracha.setup.adversary.strategy = Strategy::Forge;
    bracha.setup.adversary.probability = Ratio::new(1, 2);
    bracha.setup.network.loss = Ratio::new(20, 100);
    for at in (0..300).step_by(20) {
        let crash = Fault::crash(Target::Random(1));
        let when = When::At(DurationRange::from_millis(at, at + 20));
        let strike = FaultSpec { when, ..FaultSpec::at(Duration::ZERO, crash) };
        bracha.setup.faults.push(strike.lasting(Duration::from_millis(5)));
    }
    bracha.setup.budget = Some(2);
    let found = found(bracha, "BR2", 200);
    assert!(found.contains(&"one_echo"), "{found:?}");
}
