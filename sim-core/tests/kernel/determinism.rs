//! One seed, one run; and what is added to an experiment leaves all else of it alone.

use crate::setting::{crash, isolate, ms, node, says, stormy};
use crate::toy::{Echo, toy};
use sim_core::experiment::Experiment;
use sim_core::fault::{FaultSpec, When};
use sim_core::latency::Latency;
use sim_core::outcome::Outcome;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{DurationRange, Time};
use sim_core::trace::StepKind;

#[test]
fn the_same_seed_gives_the_same_run() {
    let experiment = stormy();
    let runs: Vec<Outcome> = (0..20).map(|seed| experiment.run(seed)).collect();
    for run in &runs {
        assert_eq!(experiment.run(run.seed), *run);
        assert_eq!(experiment.trace(run.seed).0, *run, "tracing changed the run");
    }
    let mut prints: Vec<u64> = runs.iter().map(|run| run.fingerprint).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), runs.len(), "two seeds gave one run");
}

#[test]
fn the_fingerprint_of_the_toy_is_golden() {
    let prints: Vec<String> =
        (0..3).map(|seed| format!("{:016x}", stormy().run(seed).fingerprint)).collect();
    expect_test::expect!["5cff3dfe090258f2 673652a5e9545393 abda5d64a6b0a899"]
        .assert_eq(&prints.join(" "));
}

#[test]
fn one_node_more_leaves_the_weather_between_the_others_alone() {
    // Only client 0 asks, so that the traffic between n0 and n1 is the same in both worlds.
    let deliveries = |nodes: u32| {
        let mut toy = toy();
        toy.setup.nodes = nodes;
        toy.workload.clients = 1;
        toy.workload.requests = Some(1);
        toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 50));
        says(&toy.trace(7).1, StepKind::Deliver, 1, "from n0")
    };
    let three = deliveries(3);
    assert_eq!(three.len(), 1);
    assert_eq!(deliveries(4), three);
    assert_eq!(deliveries(9), three);
}

/// When and whom the crashes of this experiment struck.
fn crashes(toy: &Experiment<Echo>, seed: u64) -> Vec<(Time, String)> {
    let strikes = toy.run(seed).strikes.into_iter();
    strikes
        .filter(|strike| strike.label.contains("crash"))
        .map(|strike| (strike.at, strike.label))
        .collect()
}

#[test]
fn one_fault_more_leaves_the_other_strikes_alone() {
    let drawn = FaultSpec {
        when: When::At(DurationRange::from_millis(100, 200)),
        every: Some(DurationRange::from_millis(100, 200)),
        ..crash(0, Target::Random(1)).lasting(ms(20))
    };
    let mut toy = toy();
    toy.workload.requests = None;
    toy.setup.faults = vec![drawn.clone()];
    for seed in 0..10 {
        let alone = crashes(&toy, seed);
        assert!(alone.len() >= 4, "{alone:?}");
        for count in 1..4 {
            // Before it in the schedule, and striking more and more often.
            let every = Some(DurationRange { min: ms(300 / count), max: ms(300 / count) });
            let cut = FaultSpec { every, ..isolate(50, node(1)) };
            let mut busy = Experiment::<Echo>::new(toy.config.clone(), toy.setup.clone());
            busy.workload.requests = None;
            busy.setup.faults = vec![cut.lasting(ms(1)), drawn.clone()];
            assert_eq!(crashes(&busy, seed), alone, "seed {seed}, {count}");
        }
    }
}

#[test]
fn how_long_a_strike_lasts_does_not_change_when_it_comes() {
    let times = |lasts: Option<u64>| {
        let mut toy = toy();
        toy.workload.requests = None;
        let every = Some(DurationRange::from_millis(100, 300));
        let drawn = FaultSpec { every, ..isolate(10, Target::Random(1)) };
        toy.setup.faults = vec![match lasts {
            Some(millis) => drawn.lasting(ms(millis)),
            None => drawn,
        }];
        toy.run(5).strikes.into_iter().map(|strike| strike.at).collect::<Vec<_>>()
    };
    assert_eq!(times(None), times(Some(5)));
    assert_eq!(times(Some(5)), times(Some(250)));
}
