//! Planted bugs of the Byzantine generals in the whole world: drawn lies find them, and the property
//! that names them speaks. (Scripted stories for each of them stand beside the protocols; that of
//! O03 and SM3 is the only one, for no strategy speaks in the name of others or signs twice.)

use crate::mutants::trial::is_caught;
use protocols::oral_messages::{Config as Oral, OralMessages};
use protocols::problem::decision::{Decision, Load};
use protocols::signed_messages::{Config as Signed, SignedMessages};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::protocol::Protocol;
use sim_core::setup::{LinkSpec, Setup};
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

const ROUND: Duration = Duration::from_millis(10);

/// Generals of whom these are traitors from the beginning; the order is to attack.
fn treason<P: Protocol<Problem = Decision>>(
    nodes: u32,
    config: P::Config,
    traitors: &[u32],
    strategy: Strategy,
) -> Experiment<P> {
    let mut setup = Setup::new(nodes, Duration::from_secs(20));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    let corrupt = |node: &u32| {
        let target = Targets(vec![Target::Node(NodeId(*node))]);
        FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None })
    };
    setup.faults = traitors.iter().map(corrupt).collect();
    setup.adversary.strategy = strategy;
    let mut experiment = Experiment::new(config, setup);
    experiment.load = Load { options: vec!["attack".into(), "retreat".into()], ..Load::default() };
    experiment
}

fn oral() -> Oral {
    Oral { round: ROUND, ..Oral::default() }
}

fn signed() -> Signed {
    Signed { round: ROUND, ..Signed::default() }
}

#[test]
fn a_lying_lieutenant_finds_generals_who_think_that_they_are_three() {
    is_caught(treason::<OralMessages>(4, oral(), &[3], Strategy::Forge), "O01", 20);
}

#[test]
fn an_equivocating_commander_finds_lieutenants_who_ask_nobody() {
    is_caught(treason::<OralMessages>(4, oral(), &[0], Strategy::Equivocate), "O02", 20);
}

#[test]
fn a_lying_lieutenant_finds_generals_who_verify_no_signature() {
    is_caught(treason::<SignedMessages>(3, signed(), &[2], Strategy::Forge), "SM2", 20);
}

#[test]
fn a_traitor_who_holds_an_order_back_finds_generals_who_do_not_count_rounds() {
    // A traitor may be as late as it likes: only its own words are slow.
    let config = Signed { m: Some(1), ..signed() };
    let mut experiment = treason::<SignedMessages>(4, config, &[0], Strategy::Equivocate);
    experiment.setup.network.links = vec![LinkSpec {
        from: vec!["n0".into()],
        to: vec!["n2".into()],
        latency: Some(Latency::Uniform(DurationRange::from_millis(11, 19))),
        ..LinkSpec::default()
    }];
    is_caught(experiment, "SM1", 20);
}
