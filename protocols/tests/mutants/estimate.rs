//! Approximate agreement with bugs planted, in the whole world: a liar finds them.

use crate::trial::found;
use protocols::approximate_agreement::{ApproximateAgreement, Config};
use protocols::opinion::Timing;
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
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
