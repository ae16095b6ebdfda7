//! Ben-Or's protocols in the whole world: what they survive, what breaks them, and their oracles.

use protocols::ben_or::{BenOr, Coin, Config, Faults};
use protocols::problem::decision::Load;
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, Loss, When};
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

fn down(target: Targets) -> Fault {
    Fault::Crash { target, loss: Loss::Nothing, keeps: None, after_sends: None }
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn byzantine() -> Config {
    Config { faults: Faults::Byzantine, ..Config::default() }
}

/// Nodes with these opinions, which start over.
fn ben_or(nodes: u32, config: Config, opinions: &[&str]) -> Experiment<BenOr> {
    let mut setup = Setup::new(nodes, secs(30));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    setup.budget = Some(nodes);
    let mut ben_or = Experiment::<BenOr>::new(config, setup);
    ben_or.load = Load {
        options: vec!["yes".into(), "no".into()],
        opinions: opinions.iter().map(ToString::to_string).collect(),
        ..Load::default()
    };
    ben_or
}

/// The last `count` nodes are struck at the beginning.
fn strike(
    mut ben_or: Experiment<BenOr>,
    count: u32,
    fault: impl Fn(Targets) -> Fault,
) -> Experiment<BenOr> {
    let nodes = ben_or.setup.nodes;
    let target = Targets((nodes - count..nodes).map(|node| Target::Node(NodeId(node))).collect());
    if count > 0 {
        ben_or.setup.faults.push(FaultSpec::at(secs(0), fault(target)));
    }
    ben_or
}

fn among_liars(mut ben_or: Experiment<BenOr>, count: u32, strategy: Strategy) -> Experiment<BenOr> {
    ben_or.setup.adversary.strategy = strategy;
    strike(ben_or, count, |target| Fault::Corrupt { target, conduct: None })
}

const COINS: [Coin; 2] = [Coin::Local, Coin::Common];

#[test]
fn fewer_than_a_fifth_of_liars_of_any_kind_break_nothing() {
    for n in [6, 11] {
        let bound = BenOr::contract(&byzantine(), Cluster { n }).safety.byzantine;
        assert_eq!(bound, (n - 1) / 5);
        for coin in COINS {
            for strategy in STRATEGIES {
                for opinions in [&["yes"][..], &["yes", "no"]] {
                    let config = Config { coin, ..byzantine() };
                    let mut liars = among_liars(ben_or(n, config, opinions), bound, strategy);
                    holds(&liars, 20);
                    // A liar that lies now and then is harder to pin down than one that always does.
                    liars.setup.adversary.probability = Ratio::new(1, 2);
                    holds(&liars, 20);
                }
            }
        }
    }
}

#[test]
fn one_mute_node_more_than_the_bound_stalls_it() {
    for n in [6, 11] {
        let bound = BenOr::contract(&byzantine(), Cluster { n }).safety.byzantine;
        let past = among_liars(ben_or(n, byzantine(), &["yes"]), bound + 1, Strategy::Mute);
        assert_eq!(breaks(&past, 0, "termination").verdict, Verdict::Stalled, "n = {n}");
    }
}

#[test]
fn one_liar_more_than_the_bound_breaks_agreement_or_unanimity() {
    for (liars, strategy, seed, property) in [
        (2, Strategy::Forge, 1, "unanimity"),
        (2, Strategy::Forge, 2, "agreement"),
        (2, Strategy::Equivocate, 4, "agreement"),
        (2, Strategy::Equivocate, 2, "proposal_agreement"),
    ] {
        let past = among_liars(ben_or(6, byzantine(), &["yes"]), liars, strategy);
        assert_eq!(breaks(&past, seed, property).verdict, Verdict::Unsafe, "{strategy:?}");
    }
}

#[test]
fn one_liar_among_five_breaks_what_is_made_for_one() {
    let config = Config { resilience: Some(1), ..byzantine() };
    for (strategy, seed, property) in [
        (Strategy::Equivocate, 0, "unanimity"),
        (Strategy::Equivocate, 7, "decision_carries_over"),
        (Strategy::Forge, 0, "unanimity"),
    ] {
        let past = among_liars(ben_or(5, config.clone(), &["yes"]), 1, strategy);
        assert_eq!(breaks(&past, seed, property).verdict, Verdict::Unsafe, "{strategy:?}");
    }
}

#[test]
fn the_crash_version_is_not_made_for_liars() {
    let past = among_liars(ben_or(5, Config::default(), &["yes"]), 1, Strategy::Forge);
    breaks(&past, 0, "unanimity");
    breaks(&past, 5, "agreement");
}

#[test]
fn any_minority_may_crash_and_one_more_stalls_it() {
    for n in [3, 4, 5, 7] {
        let bound = BenOr::contract(&Config::default(), Cluster { n }).liveness.faulty;
        assert_eq!(bound, (n - 1) / 2);
        for coin in COINS {
            let config = Config { coin, ..Config::default() };
            let crashed = |count| {
                let mut ben_or = ben_or(n, config.clone(), &["yes", "no"]);
                let target = Targets(vec![Target::Random(count)]);
                let when = When::At(DurationRange::from_millis(0, 30));
                let crash = FaultSpec::when(when, down(target));
                ben_or.setup.faults = vec![crash];
                ben_or
            };
            holds(&crashed(bound), 40);
            let at_once = strike(ben_or(n, config.clone(), &["yes", "no"]), bound + 1, down);
            assert_eq!(breaks(&at_once, 0, "termination").verdict, Verdict::Stalled, "n = {n}");
        }
    }
}

#[test]
fn crashes_restarts_loss_and_copies_break_nothing() {
    for (n, config, liars) in [(5, Config::default(), 0), (6, byzantine(), 1)] {
        for coin in COINS {
            let mut stormy = ben_or(n, Config { coin, ..config.clone() }, &["yes", "no"]);
            let setup = &mut stormy.setup;
            setup.network.loss = Ratio::new(20, 100);
            setup.network.duplicate = Ratio::new(10, 100);
            setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 4));
            for at in [0, 10, 20, 30, 40, 200, 210, 220] {
                let crash = Fault::crash(Target::Random(2));
                let when = When::At(DurationRange::from_millis(at, at + 10));
                let strike = FaultSpec { when, ..FaultSpec::at(secs(0), crash) };
                setup.faults.push(strike.lasting(Duration::from_millis(30)));
            }
            holds(&among_liars(stormy, liars, Strategy::Equivocate), 100);
        }
    }
}

#[test]
fn unanimity_costs_three_messages_a_pair_and_two_delays() {
    for config in [Config::default(), byzantine()] {
        for n in [2, 3, 6, 11] {
            let mut ben_or = ben_or(n, config.clone(), &["no"]);
            ben_or.setup.network.latency = Latency::Constant(Duration::from_millis(1));
            let run = ben_or.run(0);
            assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
            assert_eq!(run.metrics.msgs_count, Measure::Value(f64::from(3 * n * (n - 1))));
            assert_eq!(value(run.metrics.last_decide_ms), 2.0);
            assert_eq!(run.metrics.rounds_count, Measure::Value(1.0));
        }
    }
}

/// The round in which the last node decided, in each of so many runs.
fn rounds(runs: impl Iterator<Item = Outcome>) -> Vec<f64> {
    let round = |run: Outcome| {
        assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
        value(run.metrics.rounds_count)
    };
    runs.map(round).collect()
}

/// Among all ways in which `alive` coins can fall, the share of those where enough fall alike.
fn chance_of_agreement(alive: u32, enough: u32) -> f64 {
    let agree = (0..1_u64 << alive).filter(|coins| {
        let heads = coins.count_ones();
        heads.max(alive - heads) >= enough
    });
    agree.count() as f64 / f64::from(1_u32 << alive)
}

/// Where the t faulty are silent from the beginning, all others hear the same n−t words in every
/// phase, whatever the delays. So a round decides if enough coins fall alike, and else all toss
/// again: after a divided first round, the number of rounds is geometric.
#[test]
fn with_local_coins_and_t_silent_the_number_of_rounds_is_geometric() {
    const RUNS: u64 = 4_000;
    for (faults, n, t) in [
        (Faults::Crash, 4, 0),
        (Faults::Crash, 6, 0),
        (Faults::Crash, 5, 1),
        (Faults::Crash, 5, 2),
        (Faults::Crash, 6, 1),
        (Faults::Crash, 7, 3),
        (Faults::Byzantine, 6, 1),
        (Faults::Byzantine, 8, 1),
    ] {
        // More than half of all nodes, or of all and the liars (not from the code under test).
        let (alive, enough) = match faults {
            Faults::Crash => (n - t, n / 2 + 1),
            Faults::Byzantine => (n - t, (n + t) / 2 + 1),
        };
        let config = Config { faults, resilience: Some(t), ..Config::default() };
        let mut silent = ben_or(n, config, &["yes", "no"]);
        silent.workload.clients = alive;
        silent.workload.requests = Some(alive);
        let silent = strike(silent, t, down);
        assert!(alive.div_ceil(2) < enough, "the first round is to be divided");
        let p = chance_of_agreement(alive, enough);
        let rounds = rounds((0..RUNS).map(|seed| silent.run(seed)));
        let later = rounds.iter().map(|round| round - 1.0);
        let mean = later.clone().sum::<f64>() / RUNS as f64;
        let deviation = ((1.0 - p) / (p * p) / RUNS as f64).sqrt();
        println!("{faults:?} n = {n}, t = {t}: 1 + 1/{p} rounds expected, 1 + {mean} measured");
        assert!(
            (mean - 1.0 / p).abs() < 4.0 * deviation,
            "n = {n}, t = {t}: {mean}, not {}",
            1.0 / p
        );
        let mut longer = 1.0;
        for k in 0..6 {
            let share = later.clone().filter(|round| *round > f64::from(k)).count() as f64;
            let deviation = (longer * (1.0 - longer) / RUNS as f64).sqrt();
            let off = share / RUNS as f64 - longer;
            assert!(off.abs() <= 4.0 * deviation, "n = {n}, t = {t}: P(> 1 + {k}) is off by {off}");
            longer *= 1.0 - p;
        }
    }
}

/// At the end of a round all correct nodes that adopt adopt the same choice, and the others toss
/// one coin, which nobody's delays depend on: with probability 1/2 or more it shows that choice.
/// Then the next round decides, so P(more than 1+k rounds) ≤ 2⁻ᵏ and the mean is at most 3.
#[test]
fn with_a_common_coin_a_round_more_is_at_most_half_as_likely() {
    const RUNS: u64 = 2_000;
    for (n, config, liars) in [
        (4, Config::default(), 0),
        (5, Config::default(), 0),
        (9, Config::default(), 0),
        (6, byzantine(), 1),
        (11, byzantine(), 2),
    ] {
        let runs = (0..RUNS).map(|seed| {
            let config = Config { coin: Coin::Common, salt: seed, ..config.clone() };
            let divided = ben_or(n, config, &["yes", "no"]);
            among_liars(divided, liars, Strategy::Equivocate).run(seed)
        });
        let rounds = rounds(runs);
        let mean = rounds.iter().sum::<f64>() / RUNS as f64;
        println!("n = {n}, {liars} liars: {mean} rounds");
        assert!(mean <= 3.0 + 4.0 * (2.0 / RUNS as f64).sqrt(), "n = {n}: {mean} rounds");
        assert!(mean > 1.05, "n = {n}: {mean} rounds, so the coin was hardly tossed");
        for k in 0..8 {
            let bound = 0.5_f64.powi(k);
            let share = rounds.iter().filter(|round| **round > f64::from(1 + k)).count();
            let slack = 4.0 * (bound * (1.0 - bound) / RUNS as f64).sqrt();
            let share = share as f64 / RUNS as f64;
            assert!(share <= bound + slack, "n = {n}: P(> {}) = {share}", 1 + k);
        }
    }
}
