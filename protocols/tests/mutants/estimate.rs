//! Approximate agreement and Delphi with bugs planted, in the whole world: a liar finds those of the
//! one, and a facilitator that goes down that of the other.

use crate::trial::{found, is_caught};
use protocols::approximate_agreement::{ApproximateAgreement, Config};
use protocols::delphi::{self, Delphi, FACILITATOR};
use protocols::opinion::Timing;
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::{Judges, Setup};
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

/// Nodes with drawn numbers, of which the last lies.
fn among_a_liar(nodes: u32, timing: Timing) -> Experiment<ApproximateAgreement> {
    let mut setup = Setup::new(nodes, Duration::from_secs(15));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 90));
    let target = Targets(vec![Target::Node(NodeId(nodes - 1))]);
    setup.faults = vec![FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None })];
    setup.adversary.strategy = Strategy::Equivocate;
    Experiment::new(Config { timing, ..Config::default() }, setup)
}

#[test]
fn aa1_is_found_by_a_lie_beyond_the_hull() {
    for (nodes, timing) in [(4, Timing::Synchronous), (6, Timing::Asynchronous)] {
        assert!(found(among_a_liar(nodes, timing), "AA1", 20).contains(&"round_hull"));
        let mut black_box = among_a_liar(nodes, timing);
        black_box.setup.judges = Judges::Properties;
        let found = found(black_box, "AA1", 50);
        assert!(found.contains(&"hull") || found.contains(&"epsilon_agreement"), "{found:?}");
    }
}

#[test]
fn aa2_is_found_by_numbers_far_apart() {
    assert_eq!(found(among_a_liar(4, Timing::Synchronous), "AA2", 20), ["epsilon_agreement"]);
}

/// A facilitator that goes down again and again, and does not wait for the last of its experts.
fn under_a_frail_facilitator() -> Experiment<Delphi> {
    let mut setup = Setup::new(3, Duration::from_secs(15));
    setup.budget = Some(1);
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 90));
    setup.network.loss = Ratio::new(3, 10);
    setup.faults = vec![FaultSpec {
        when: When::At(DurationRange::from_millis(10, 150)),
        every: Some(DurationRange::from_millis(100, 400)),
        until: Some(Duration::from_secs(2)),
        lasts: Some(DurationRange::from_millis(5, 50)),
        ..FaultSpec::at(Duration::ZERO, Fault::crash(Target::Node(FACILITATOR)))
    }];
    let config = delphi::Config { rounds: 1, absent: 1, ..delphi::Config::default() };
    Experiment::new(config, setup)
}

#[test]
fn de1_is_found_by_a_facilitator_that_comes_back() {
    is_caught(under_a_frail_facilitator(), "DE1", 50);
}
