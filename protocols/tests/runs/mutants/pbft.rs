//! PBFT's planted bugs in the whole world: liars, crashes and lost messages find them, within what
//! the protocol assumes, and the property that names them speaks.

use crate::mutants::trial::is_caught;
use protocols::pbft::{Config, Pbft};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn range(min: u64, max: u64) -> DurationRange {
    DurationRange::from_millis(min, max)
}

fn experiment(nodes: u32) -> Experiment<Pbft> {
    let mut setup = Setup::new(nodes, Duration::from_secs(20));
    setup.network.latency = Latency::log_normal(ms(5), ms(40));
    let config = Config { checkpoint_interval: 16, window: 32, ..Config::default() };
    let mut pbft = Experiment::new(config, setup);
    pbft.workload.rate = Some(Rate::per_second(60));
    pbft.workload.start = ms(100);
    pbft.workload.until = Some(Duration::from_secs(6));
    pbft
}

/// These nodes lie from the beginning, about these kinds of message.
fn lying(nodes: u32, liars: &[u32], strategy: Strategy, kinds: &[&str]) -> Experiment<Pbft> {
    let mut pbft = experiment(nodes);
    let target = Targets(liars.iter().map(|liar| Target::Node(NodeId(*liar))).collect());
    pbft.setup.faults =
        vec![FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None })];
    pbft.setup.budget = Some(nodes);
    pbft.setup.adversary.strategy = strategy;
    pbft.setup.adversary.messages = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    pbft
}

/// The leader is cut off or crashes again and again, and messages are lost.
fn restless(mut pbft: Experiment<Pbft>) -> Experiment<Pbft> {
    let strike = |fault| FaultSpec {
        every: Some(range(400, 1_200)),
        until: Some(Duration::from_secs(6)),
        lasts: Some(range(300, 900)),
        when: When::At(range(300, 900)),
        ..FaultSpec::at(ms(0), fault)
    };
    pbft.setup.network.loss = Ratio::new(5, 100);
    pbft.setup
        .faults
        .extend([strike(Fault::crash(Target::Leader)), strike(Fault::apart(Target::Leader))]);
    pbft
}

#[test]
fn a_primary_that_equivocates_finds_quorums_that_are_too_small() {
    is_caught(lying(4, &[0], Strategy::Equivocate, &[]), "B01", 50);
    is_caught(lying(5, &[0], Strategy::Equivocate, &[]), "B02", 50);
}

#[test]
fn liars_whose_votes_come_twice_find_a_count_of_messages() {
    let mut pbft = lying(7, &[0, 6], Strategy::Equivocate, &[]);
    pbft.setup.network.duplicate = Ratio::new(1, 5);
    is_caught(pbft, "B06", 50);
}

#[test]
fn leaders_that_come_and_go_find_what_a_view_change_forgets() {
    is_caught(restless(experiment(4)), "B03", 200);
    is_caught(restless(experiment(4)), "B07", 200);
}

#[test]
fn a_new_primary_that_lies_finds_backups_that_do_not_compute() {
    is_caught(restless(lying(4, &[1], Strategy::Forge, &["new-view"])), "B08", 200);
}

#[test]
fn transplanted_certificates_find_signatures_that_bind_too_little() {
    is_caught(restless(lying(4, &[3], Strategy::Forge, &["view-change"])), "B10", 400);
}
