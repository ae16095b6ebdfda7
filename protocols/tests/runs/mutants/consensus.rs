//! Consensus builders with bugs planted, in the whole world: facilitators that are cut off find them.

use crate::mutants::trial::is_caught;
use protocols::consensus_builder::{Config, ConsensusBuilder};
use protocols::problem::decision::Load;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::landmark::LandmarkKind;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::{Judges, Setup};
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

/// Five agents with orders of their own. The first facilitator cannot reach the next for a while, and
/// is cut off from all when it ends.
fn interrupted() -> Experiment<ConsensusBuilder> {
    let config = Config {
        own: Ratio::ALWAYS,
        rule: "plurality".parse().expect("a rule"),
        threshold: Ratio::new(1, 3),
        ..Config::default()
    };
    let mut setup = Setup::new(5, Duration::from_secs(30));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 20));
    setup.budget = Some(5);
    let node = |node| Target::Node(NodeId(node)).into();
    let when = When::At(DurationRange::from_millis(0, 60));
    let unheard = Fault::OneWay { from: node(0), to: node(1) };
    let unheard = FaultSpec { when, ..FaultSpec::at(Duration::ZERO, unheard) };
    let (landmark, nth, after) = (LandmarkKind::Decided, 1, Duration::ZERO);
    let when = When::On { landmark, nth, after };
    let cut =
        FaultSpec { when, ..FaultSpec::at(Duration::ZERO, Fault::apart(Target::Node(NodeId(0)))) };
    setup.faults = [unheard, cut].map(|strike| strike.lasting(Duration::from_secs(8))).to_vec();
    let mut builder = Experiment::<ConsensusBuilder>::new(config, setup);
    let options = ["merge", "rework", "reject"].map(str::to_owned).to_vec();
    builder.load = Load { options, impartial: true, ..Load::default() };
    builder
}

#[test]
fn cb1_is_found_by_a_facilitator_that_is_cut_off() {
    is_caught(interrupted(), "CB1", 300);
}

#[test]
fn cb2_is_found_by_a_facilitator_that_is_cut_off() {
    is_caught(interrupted(), "CB2", 300);
    let mut black_box = interrupted();
    black_box.setup.judges = Judges::Properties;
    is_caught(black_box, "CB2", 600);
}
