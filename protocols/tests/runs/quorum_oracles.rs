//! Simulated votes against the exact availability of their quorum systems.

use protocols::quorum::{Expression, Outages, Rule, System};
use protocols::voting::{Config, Voting};
use sim_core::experiment::Experiment;
use sim_core::fault::{CrashKeeps, Fault, FaultSpec, Loss};
use sim_core::id::Cluster;
use sim_core::outcome::Measure;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::Duration;

const RUNS: u64 = 1_500;

/// The share of runs in which nobody decides, when each node is down with this probability.
fn without_decision(quorum: &Expression, nodes: u32, down: Ratio) -> f64 {
    let mut setup = Setup::new(nodes, Duration::from_secs(5));
    setup.budget = Some(nodes);
    let crash = Fault::Crash {
        target: Target::All.into(),
        loss: Loss::Nothing,
        keeps: None::<CrashKeeps>,
        after_sends: None,
    };
    setup.faults = vec![FaultSpec { each: down, ..FaultSpec::at(Duration::ZERO, crash) }];
    let config = Config { quorum: Rule::Of(quorum.clone()), ..Config::default() };
    let experiment = Experiment::<Voting>::new(config, setup);
    let without = (0..RUNS).filter(|seed| {
        let outcome = experiment.run(*seed);
        outcome.metrics.decided_nodes_count == Measure::Value(0.0)
    });
    without.count() as f64 / RUNS as f64
}

#[test]
fn votes_fail_as_often_as_no_quorum_is_alive() {
    for (text, nodes) in [("majority", 5), ("grid(3, 3)", 9), ("tree", 7), ("wheel", 5)] {
        let quorum: Expression = text.parse().expect(text);
        let system = System::new(&quorum, Cluster { n: nodes }).expect(text);
        let outages = Outages::of(&system).expect(text);
        for percent in [10, 30] {
            let exact = outages.probability(percent as f64 / 100.0);
            let simulated = without_decision(&quorum, nodes, Ratio::new(percent, 100));
            // The seeds are fixed, so this passes always or never: four standard errors.
            let spread = 4.0 * (exact * (1.0 - exact) / RUNS as f64).sqrt();
            assert!(
                (simulated - exact).abs() <= spread,
                "{text} at {percent} %: {simulated}, exactly {exact}"
            );
        }
    }
}
