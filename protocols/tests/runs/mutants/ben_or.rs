//! Ben-Or's protocols with bugs planted, in the whole world: drawn delays and faults find them.

use crate::mutants::trial::found;
use protocols::ben_or::{BenOr, Config, Faults};
use protocols::problem::decision::Load;
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::setup::{Judges, Setup};
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

/// Nodes of two opinions in turn.
fn divided(nodes: u32, config: Config) -> Experiment<BenOr> {
    let mut setup = Setup::new(nodes, Duration::from_secs(15));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    let mut ben_or = Experiment::<BenOr>::new(config, setup);
    let options = vec!["yes".to_owned(), "no".to_owned()];
    ben_or.load = Load { opinions: options.clone(), options, ..Load::default() };
    ben_or
}

/// Somebody goes down and comes back at once, again and again.
fn blinking(mut ben_or: Experiment<BenOr>) -> Experiment<BenOr> {
    for at in (2..60).step_by(4) {
        let crash = Fault::crash(Target::Random(1));
        let when = When::At(DurationRange::from_millis(at, at + 4));
        let strike = FaultSpec { when, ..FaultSpec::at(Duration::ZERO, crash) };
        ben_or.setup.faults.push(strike.lasting(Duration::from_millis(1)));
    }
    // A client asks again soon, so that who forgot its opinion is told.
    ben_or.workload.timeout = Duration::from_millis(5);
    ben_or
}

#[test]
fn bo1_is_found_by_drawn_delays() {
    assert!(found(divided(5, Config::default()), "BO1", 200).contains(&"decision_carries_over"));
    // From outside it shows if word of the decision comes too late.
    let mut black_box = divided(5, Config::default());
    black_box.setup.network.latency =
        Latency::log_normal(Duration::from_millis(2), Duration::from_millis(200));
    black_box.setup.judges = Judges::Properties;
    assert_eq!(found(black_box, "BO1", 200), ["agreement"]);
}

#[test]
fn bo2_is_found_by_drawn_delays() {
    assert!(found(divided(4, Config::default()), "BO2", 200).contains(&"proposal_agreement"));
}

#[test]
fn bo3_is_found_by_nodes_that_come_back_at_once() {
    let found = found(blinking(divided(5, Config::default())), "BO3", 300);
    assert!(found.contains(&"one_word"), "{found:?}");
}

#[test]
fn bo4_is_found_by_a_liar_that_is_done_before_others() {
    let mut ben_or = divided(6, Config { faults: Faults::Byzantine, ..Config::default() });
    let target = Targets(vec![Target::Node(NodeId(5))]);
    ben_or.setup.faults =
        vec![FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None })];
    ben_or.setup.adversary.strategy = Strategy::Forge;
    assert!(found(ben_or, "BO4", 200).contains(&"agreement"));
}
