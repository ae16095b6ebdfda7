//! Approximate agreement in the whole world: what it survives, and what draws it out of the hull.

use protocols::approximate_agreement::{ApproximateAgreement, Config};
use protocols::opinion::{Average, Timing};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::{Cluster, NodeId};
use sim_core::latency::Latency;
use sim_core::outcome::Verdict;
use sim_core::protocol::Protocol as _;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

use super::at_the_bound::holds;

const STRATEGIES: [Strategy; 4] =
    [Strategy::Mute, Strategy::Forge, Strategy::Equivocate, Strategy::Inflate];
const AVERAGES: [Average; 3] = [Average::Midpoint, Average::Mean, Average::Selection];

/// Nodes with drawn numbers, of which the last `liars` lie from the beginning.
fn among_liars(
    nodes: u32,
    liars: u32,
    config: Config,
    strategy: Strategy,
) -> Experiment<ApproximateAgreement> {
    let mut setup = Setup::new(nodes, Duration::from_secs(30));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 90));
    setup.budget = Some(nodes);
    setup.adversary.strategy = strategy;
    let target = Targets((nodes - liars..nodes).map(|node| Target::Node(NodeId(node))).collect());
    setup.faults = vec![FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None })];
    Experiment::new(config, setup)
}

#[test]
fn at_the_bound_no_lie_leads_out_of_the_hull_or_widens_a_round() {
    for (timing, sizes) in [(Timing::Synchronous, [4, 7]), (Timing::Asynchronous, [6, 11])] {
        for (nodes, average) in sizes.into_iter().flat_map(|n| AVERAGES.map(|average| (n, average)))
        {
            let config = Config { timing, average, ..Config::default() };
            let contract = ApproximateAgreement::contract(&config, Cluster { n: nodes });
            for strategy in STRATEGIES {
                let bound = contract.safety.byzantine;
                let mut liars = among_liars(nodes, bound, config.clone(), strategy);
                holds(&liars, 10);
                // A liar that lies now and then is harder to pin down than one that always does.
                liars.setup.adversary.probability = Ratio::new(1, 2);
                holds(&liars, 10);
            }
        }
    }
}

#[test]
fn asynchronous_rounds_survive_loss_and_reboots_beside_a_liar() {
    for average in AVERAGES {
        let config = Config { timing: Timing::Asynchronous, average, ..Config::default() };
        let mut rough = among_liars(6, 1, config, Strategy::Equivocate);
        rough.setup.network.loss = Ratio::new(1, 10);
        rough.setup.network.duplicate = Ratio::new(1, 10);
        rough.setup.faults.push(FaultSpec {
            when: When::At(DurationRange::from_millis(10, 300)),
            every: Some(DurationRange::from_millis(50, 400)),
            until: Some(Duration::from_secs(2)),
            lasts: Some(DurationRange::from_millis(5, 300)),
            ..FaultSpec::at(Duration::ZERO, Fault::crash(Target::Random(1)))
        });
        for seed in 0..60 {
            let run = rough.run(seed);
            assert_eq!(run.verdict, Verdict::Pass, "{average:?}, seed {seed}: {run:?}");
        }
    }
}

#[test]
fn one_liar_more_than_the_bound_leads_out_of_the_hull() {
    for (timing, nodes, liars) in
        [(Timing::Synchronous, 4, 2), (Timing::Synchronous, 7, 3), (Timing::Asynchronous, 6, 2)]
    {
        let config = Config { timing, ..Config::default() };
        let past = among_liars(nodes, liars, config, Strategy::Forge);
        let broken: Vec<_> =
            (0..20).filter_map(|seed| past.run(seed).first_breach().cloned()).collect();
        assert!(broken.iter().all(|breach| !breach.assumptions_held), "{broken:?}");
        assert!(
            broken.iter().any(|breach| breach.property == "round_hull"),
            "{timing:?}: {broken:?}"
        );
    }
}
