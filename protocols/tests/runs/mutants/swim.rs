//! SWIM with bugs planted, in the whole world: members that fall silent and come back find them.

use crate::mutants::trial::found;
use protocols::swim::{Config, Swim};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

fn swim(nodes: u32) -> Experiment<Swim> {
    let mut setup = Setup::new(nodes, Duration::from_secs(80));
    setup.network.latency =
        Latency::log_normal(Duration::from_millis(5), Duration::from_millis(60));
    setup.patience = Some(Duration::from_secs(40));
    Experiment::new(Config::default(), setup)
}

/// The fault strikes every few seconds.
fn restless(mut swim: Experiment<Swim>, fault: Fault, lasts: DurationRange) -> Experiment<Swim> {
    let range = DurationRange::from_millis(2_000, 4_000);
    swim.setup.faults.push(FaultSpec {
        every: Some(range),
        until: Some(Duration::from_secs(30)),
        lasts: Some(lasts),
        when: When::At(range),
        ..FaultSpec::at(Duration::ZERO, fault)
    });
    swim
}

#[test]
fn g01_is_found_by_members_that_are_cut_off_for_a_while() {
    let away = Fault::apart(Target::Random(1));
    let swim = restless(swim(5), away, DurationRange::from_millis(1_000, 8_000));
    let found = found(swim, "G01", 60);
    assert!(found.contains(&"accuracy"), "{found:?}");
}

#[test]
fn g02_is_found_by_members_that_come_and_go_while_messages_are_lost() {
    let mut swim = swim(6);
    swim.setup.network.loss = Ratio::new(20, 100);
    swim.setup.network.latency =
        Latency::log_normal(Duration::from_millis(100), Duration::from_millis(2_000));
    swim.config.suspicion = 1;
    let crash = Fault::crash(Target::Random(1));
    let swim = restless(swim, crash, DurationRange::from_millis(3_000, 9_000));
    assert_eq!(found(swim, "G02", 200), ["stale_news_is_stale"]);
}
