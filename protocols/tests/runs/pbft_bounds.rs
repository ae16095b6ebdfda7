//! PBFT at its bound and one past it: with f liars no seed is unsafe or stalls, whatever they do
//! and whoever they are; with one more, pinned seeds do, and the outcome says that the assumptions
//! were exceeded.

use protocols::pbft::{Authentication, Config, Pbft};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::Verdict;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

const MODES: [Authentication; 2] = [Authentication::Signatures, Authentication::Macs];
const STRATEGIES: [Strategy; 3] = [Strategy::Mute, Strategy::Equivocate, Strategy::Forge];

/// Seeds of each point at the bound. The scenario `pbft/one-liar` sweeps many more.
const SEEDS: u64 = 4;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A short log, checkpoints often, drawn latencies and some loss and repetition.
fn experiment(nodes: u32, authentication: Authentication) -> Experiment<Pbft> {
    let mut setup = Setup::new(nodes, Duration::from_secs(40));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    setup.network.duplicate = Ratio::new(1, 100);
    setup.budget = Some(nodes);
    let config = Config {
        authentication,
        checkpoint_interval: 8,
        window: 16,
        batch: 2,
        ..Config::default()
    };
    let mut pbft = Experiment::new(config, setup);
    pbft.workload.rate = Some(Rate::per_second(60));
    pbft.workload.start = ms(100);
    pbft.workload.until = Some(Duration::from_secs(2));
    pbft
}

fn corrupt(mut pbft: Experiment<Pbft>, liars: &[u32], strategy: Strategy) -> Experiment<Pbft> {
    let target = Targets(liars.iter().map(|liar| Target::Node(NodeId(*liar))).collect());
    pbft.setup.faults.push(FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct: None }));
    pbft.setup.adversary.strategy = strategy;
    pbft
}

/// No seed breaks anything, every operation is answered, and all assumptions held.
#[track_caller]
fn holds(pbft: &Experiment<Pbft>, seeds: u64) {
    for seed in 0..seeds {
        let run = pbft.run(seed);
        let summary = (run.verdict, run.reason.as_str(), run.assumptions_held);
        assert_eq!(summary, (Verdict::Pass, "", true), "seed {seed}: {:?}", run.breaches);
        let metrics = run.metrics;
        assert_eq!(metrics.ops_ok_count, metrics.ops_count, "seed {seed}");
    }
}

#[test]
fn pbft_survives_as_many_liars_as_it_promises_whoever_they_are() {
    // Each list begins with the first primary, its successors, or neither.
    for (nodes, liars) in
        [(4, vec![vec![0], vec![1], vec![3]]), (7, vec![vec![0, 1], vec![1, 4], vec![5, 6]])]
    {
        for liars in liars {
            for (mode, strategy) in
                MODES.into_iter().flat_map(|mode| STRATEGIES.map(|strategy| (mode, strategy)))
            {
                holds(&corrupt(experiment(nodes, mode), &liars, strategy), SEEDS);
            }
        }
    }
}

/// One past the bound: the pinned seed ends like this, and the assumptions were exceeded.
#[track_caller]
fn breaks(pbft: &Experiment<Pbft>, verdict: Verdict) {
    let run = pbft.run(0);
    assert_eq!((run.verdict, run.assumptions_held), (verdict, false), "{:?}", run.breaches);
}

#[test]
fn one_liar_more_divides_pbft_or_stops_it() {
    for (nodes, liars) in [(4, vec![0, 1]), (4, vec![0, 3]), (7, vec![0, 1, 2]), (7, vec![0, 2, 4])]
    {
        for mode in MODES {
            let with = |strategy| corrupt(experiment(nodes, mode), &liars, strategy);
            breaks(&with(Strategy::Equivocate), Verdict::Unsafe);
            breaks(&with(Strategy::Mute), Verdict::Stalled);
        }
    }
}

/// Crashes of anybody and of the leader, partitions, loss.
fn stormy(mut pbft: Experiment<Pbft>) -> Experiment<Pbft> {
    let strike = |fault, at, every, lasts| FaultSpec {
        every: Some(every),
        until: Some(Duration::from_secs(5)),
        lasts: Some(lasts),
        when: When::At(at),
        ..FaultSpec::at(ms(0), fault)
    };
    let range = DurationRange::from_millis;
    let whom = |target| Targets(vec![target]);
    pbft.setup.budget = None;
    pbft.setup.network.loss = Ratio::new(2, 100);
    pbft.setup.disk.sync = Latency::Uniform(range(0, 4));
    pbft.setup.faults = vec![
        strike(Fault::crash(Target::Leader), range(300, 900), range(400, 1_500), range(20, 900)),
        strike(Fault::crash(Target::Random(1)), range(300, 900), range(500, 1_500), range(20, 900)),
        strike(
            Fault::Partition { groups: vec![whom(Target::Leader)] },
            range(500, 1_500),
            range(700, 2_000),
            range(200, 900),
        ),
        strike(
            Fault::Partition { groups: vec![whom(Target::Random(2))] },
            range(500, 1_500),
            range(700, 2_000),
            range(200, 900),
        ),
    ];
    pbft.workload.until = Some(Duration::from_secs(6));
    pbft
}

#[test]
fn pbft_is_safe_in_a_storm_and_recovers_from_it() {
    for nodes in [4, 5, 7] {
        for mode in MODES {
            holds(&stormy(experiment(nodes, mode)), 2 * SEEDS);
        }
    }
}

#[test]
fn pbft_survives_a_storm_with_a_liar_in_it() {
    for (mode, strategy) in
        MODES.into_iter().flat_map(|mode| STRATEGIES.map(|strategy| (mode, strategy)))
    {
        holds(&corrupt(stormy(experiment(7, mode)), &[6], strategy), SEEDS);
        holds(&corrupt(stormy(experiment(7, mode)), &[1], strategy), SEEDS);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for mode in MODES {
        let pbft = corrupt(stormy(experiment(4, mode)), &[1], Strategy::Equivocate);
        for seed in 0..3 {
            assert_eq!(pbft.run(seed), pbft.run(seed), "seed {seed}");
        }
    }
}
