//! Bracha's broadcast in the whole world: what it survives, what breaks it, and its oracles.

use protocols::bracha::{Bracha, Config};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::{Cluster, NodeId};
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::protocol::Protocol as _;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

use super::at_the_bound::{breaks, holds, value};

const STRATEGIES: [Strategy; 3] = [Strategy::Mute, Strategy::Equivocate, Strategy::Forge];

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Every node broadcasts once.
fn bracha(nodes: u32, config: Config) -> Experiment<Bracha> {
    let mut setup = Setup::new(nodes, secs(30));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    setup.budget = Some(nodes);
    Experiment::new(config, setup)
}

/// These nodes, senders themselves, are corrupt from the beginning.
fn among_liars(
    liars: &[u32],
    strategy: Strategy,
    mut bracha: Experiment<Bracha>,
) -> Experiment<Bracha> {
    let target = Targets(liars.iter().map(|node| Target::Node(NodeId(*node))).collect());
    if !liars.is_empty() {
        bracha.setup.faults.push(FaultSpec::at(secs(0), Fault::Corrupt { target, conduct: None }));
    }
    bracha.setup.adversary.strategy = strategy;
    bracha
}

#[test]
fn up_to_a_third_of_liars_of_any_kind_break_nothing() {
    for (n, lots) in [(4, vec![vec![0], vec![1]]), (7, vec![vec![0, 1], vec![2, 4], vec![1, 3]])] {
        let bound = Bracha::contract(&Config::default(), Cluster { n }).safety.byzantine;
        for liars in &lots {
            assert_eq!(liars.len() as u32, bound);
            for strategy in STRATEGIES {
                holds(&among_liars(liars, strategy, bracha(n, Config::default())), 40);
                // A liar that lies now and then is harder to pin down than one that always does.
                let mut moody = among_liars(liars, strategy, bracha(n, Config::default()));
                moody.setup.adversary.probability = Ratio::new(1, 2);
                holds(&moody, 40);
            }
        }
    }
}

#[test]
fn one_equivocating_sender_among_three_splits_the_other_two() {
    let three = among_liars(&[0], Strategy::Equivocate, bracha(3, Config::default()));
    assert_eq!(breaks(&three, 0, "consistency").verdict, Verdict::Unsafe);
}

#[test]
fn thresholds_made_for_a_third_of_three_nodes_are_safe_and_stall() {
    // With n = 3f nobody hears n READYs when one is mute: liveness is the price of safety.
    for (n, f, liars) in [(3, 1, &[2][..]), (6, 2, &[1, 4])] {
        let config = Config { faults: Some(f), ..Config::default() };
        for strategy in STRATEGIES {
            let past = among_liars(liars, strategy, bracha(n, config.clone()));
            for seed in 0..10 {
                assert_ne!(past.run(seed).verdict, Verdict::Unsafe, "seed {seed}");
            }
        }
        let mute = among_liars(liars, Strategy::Mute, bracha(n, config));
        assert_eq!(breaks(&mute, 0, "validity").verdict, Verdict::Stalled);
    }
}

#[test]
fn one_mute_node_more_than_the_bound_stalls_it() {
    for (n, liars) in [(4, &[0, 1][..]), (7, &[4, 5, 6])] {
        let past = among_liars(liars, Strategy::Mute, bracha(n, Config::default()));
        assert_eq!(breaks(&past, 0, "validity").verdict, Verdict::Stalled, "n = {n}");
    }
}

#[test]
fn crashes_restarts_loss_and_copies_break_nothing() {
    let mut stormy = bracha(4, Config::default());
    let setup = &mut stormy.setup;
    setup.network.loss = Ratio::new(20, 100);
    setup.network.duplicate = Ratio::new(10, 100);
    setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 4));
    let when = |min, max| When::At(DurationRange::from_millis(min, max));
    let crash = |count| Fault::crash(Target::Random(count));
    for at in [0, 10, 20, 30, 40] {
        let strike = FaultSpec { when: when(at, at + 10), ..FaultSpec::at(secs(0), crash(2)) };
        setup.faults.push(strike.lasting(Duration::from_millis(30)));
    }
    holds(&stormy, 200);
    // And with a liar among them.
    holds(&among_liars(&[0], Strategy::Equivocate, stormy), 200);
}

#[test]
fn a_third_may_be_down_for_good_and_one_more_stalls_it() {
    let crashed = |count| {
        let mut bracha = bracha(7, Config::default());
        let crash = Fault::crash(Target::Random(count));
        bracha.setup.faults = vec![FaultSpec::at(secs(0), crash)];
        // Those who are down cannot be asked, and their clients would wait for ever.
        bracha.setup.horizon = secs(20);
        bracha
    };
    holds(&crashed(2), 20);
    assert_eq!(breaks(&crashed(3), 0, "validity").verdict, Verdict::Stalled);
}

/// `senders` nodes broadcast once each, every message takes a millisecond, and none is repeated.
fn quiet(nodes: u32, senders: u32) -> Outcome {
    let config = Config { retransmit: Duration::ZERO, ..Config::default() };
    let mut bracha = bracha(nodes, config);
    bracha.setup.network.latency = Latency::Constant(Duration::from_millis(1));
    bracha.workload.clients = senders;
    bracha.workload.requests = Some(senders);
    let run = bracha.run(0);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    run
}

#[test]
fn a_broadcast_costs_its_messages_and_three_delays() {
    for n in [4, 5, 7, 10, 13] {
        for senders in [1, n] {
            let run = quiet(n, senders);
            let messages = f64::from(senders * (n - 1) * (2 * n + 1));
            assert_eq!(run.metrics.msgs_count, Measure::Value(messages), "n = {n}");
            assert_eq!(value(run.metrics.last_decide_ms), 3.0, "n = {n}");
            assert_eq!(run.metrics.decided_nodes_count, Measure::Value(f64::from(n)));
        }
    }
}
