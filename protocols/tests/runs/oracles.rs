//! Numbers that a run must hit: exact message counts, closed forms, published tables.

use protocols::raft::Raft;
use protocols::server::Server;
use protocols::voting::{Config as Voting, Form, Voting as Agents};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::protocol::Protocol;
use sim_core::setup::{Gst, Limits, Setup};
use sim_core::simulation::Simulation as _;
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::{Arrivals, Rate};

use super::at_the_bound::value;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One run of a quiet cluster to its horizon, with `requests` requests evenly spaced.
fn quiet<P: Protocol>(config: P::Config, nodes: u32, requests: u32) -> Outcome {
    let mut setup = Setup::new(nodes, Duration::from_secs(10));
    setup.gst = Gst::Never;
    let mut experiment = Experiment::<P>::new(config, setup);
    experiment.workload.requests = Some(requests);
    experiment.workload.arrivals = Arrivals::Even;
    experiment.workload.rate = experiment.workload.rate.map(|_| Rate::per_second(50));
    experiment.run(1)
}

#[test]
fn raft_sends_two_messages_per_entry_and_follower() {
    for n in [3, 5, 7] {
        // Elections and heartbeats are the same in both runs, so the difference is the entries'.
        let [few, many] = [100, 200].map(|requests| {
            let run = quiet::<Raft>(Default::default(), n, requests);
            assert_eq!(run.metrics.ops_ok_count, Measure::Value(f64::from(requests)));
            value(run.metrics.msgs_count)
        });
        assert_eq!(many - few, f64::from(100 * 2 * (n - 1)), "n = {n}");
    }
}

#[test]
fn all_to_all_voting_sends_every_ballot_to_every_other_agent() {
    for n in [3, 4, 5, 9] {
        let run = quiet::<Agents>(Voting::default(), n, n);
        assert_eq!(run.metrics.msgs_count, Measure::Value(f64::from(n * (n - 1))), "n = {n}");
        assert_eq!(run.metrics.decided_nodes_count, Measure::Value(f64::from(n)));
    }
}

#[test]
fn collector_voting_sends_one_ballot_and_one_outcome_per_voter() {
    for n in [3, 4, 5, 9] {
        let config = Voting { form: Form::Collector, ..Voting::default() };
        let run = quiet::<Agents>(config, n, n);
        assert_eq!(run.metrics.msgs_count, Measure::Value(f64::from(2 * (n - 1))), "n = {n}");
        assert_eq!(run.metrics.decided_nodes_count, Measure::Value(f64::from(n)));
    }
}

/// One server, `customers` customers: the outcome and all waiting times in order of size, in ms.
fn queue(service: Latency, rate: u64, customers: u32) -> (Outcome, Vec<f64>) {
    let mut setup = Setup::new(1, Duration::from_secs(1_000_000));
    setup.limits = Limits { events: u64::MAX, ..Limits::default() };
    let mut experiment = Experiment::<Server>::new(protocols::server::Config { service }, setup);
    experiment.workload.rate = Some(Rate::per_second(rate));
    experiment.workload.requests = Some(customers);
    let run = experiment.run(1);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    let mut times: Vec<f64> =
        run.latencies.iter().map(|(_, latency)| latency.as_millis_f64()).collect();
    times.sort_by(f64::total_cmp);
    (run, times)
}

fn assert_near(what: &str, measured: f64, expected: f64, tolerance: f64) {
    let off = measured / expected - 1.0;
    println!("{what}: expected {expected}, measured {measured:.4} ({:+.2} %)", off * 100.0);
    assert!(off.abs() <= tolerance, "{what}: {measured} is off {expected} by {:.2} %", off * 100.0);
}

#[test]
fn the_queue_mm1_waits_as_long_as_its_closed_form() {
    // Service rate 1 per ms, ρ = 0.8: L = ρ/(1−ρ), W = 1/(μ−λ), Wq = ρW; W is exponential, so its
    // 99th percentile is W · ln 100.
    let mean = ms(1);
    let service = Latency::Exponential { mean, min: Duration::ZERO };
    let (run, times) = queue(service, 800, 1_000_000);
    let (w, l) = (value(run.metrics.decide_mean_ms), value(run.metrics.waiting_mean_count));
    assert_near("L", l, 4.0, 0.03);
    assert_near("W", w, 5.0, 0.03);
    assert_near("Wq", w - 1.0, 4.0, 0.03);
    assert_near("p99 of W", times[times.len() * 99 / 100], 23.026, 0.03);
    // Little's law with the rate that came out, not the one that was asked for.
    let rate = times.len() as f64 / run.ended.as_millis_f64();
    assert_near("L = λW", l, rate * w, 0.01);
}

#[test]
fn the_queue_md1_waits_as_long_as_its_closed_form() {
    // ρ = 0.5: Wq = ρ / (2μ(1−ρ)) = 0.5 of a service time.
    let (run, _) = queue(Latency::Constant(ms(1)), 500, 1_000_000);
    assert_near("Wq", value(run.metrics.decide_mean_ms) - 1.0, 0.5, 0.01);
}

/// Elections of the simulated WAN (Ongaro's dissertation, section 9.5): five servers, one-way
/// latency uniform 30–40 ms, timeouts uniform 300–600 ms, no processing or disk time, measured
/// until the winner has a majority.
fn wan(seeds: u64) -> (Vec<f64>, f64) {
    let mut setup = Setup::new(5, Duration::from_secs(60));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(30, 40));
    let config = protocols::raft::Config {
        election_timeout: DurationRange::from_millis(300, 600),
        heartbeat: ms(75),
        ..Default::default()
    };
    let mut experiment = Experiment::<Raft>::new(config, setup);
    experiment.workload.requests = Some(1);
    let (mut times, mut one_term) = (Vec::new(), 0);
    for seed in 0..seeds {
        let run = experiment.run(seed);
        times.push(value(run.metrics.first_leader_ms));
        one_term += u64::from(run.metrics.highest_term_count == Measure::Value(1.0));
    }
    times.sort_by(f64::total_cmp);
    (times, one_term as f64 / seeds as f64)
}

#[test]
fn raft_elections_on_the_simulated_wan_take_as_long_as_published() {
    let (times, one_term) = wan(20_000);
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let quantile = |q: f64| times[(times.len() as f64 * q) as usize];
    assert_near("mean", mean, 429.9, 0.01);
    assert_near("p10", quantile(0.10), 375.4, 0.01);
    assert_near("p50", quantile(0.50), 409.6, 0.01);
    assert_near("p90", quantile(0.90), 489.2, 0.015);
    assert_near("p99", quantile(0.99), 833.0, 0.03);
    assert_near("P(one term)", one_term, 0.973, 0.005);

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/raft/cdf_wan_f0.csv");
    let Ok(text) = std::fs::read_to_string(file) else {
        println!("skipped the distance to the published curve: {file} is absent");
        return;
    };
    let curve: Vec<(f64, f64)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let (x, y) = line.split_once(',').expect("two columns");
            (x.parse().expect("a time"), y.parse().expect("a share"))
        })
        .collect();
    let share = |x: f64| times.partition_point(|time| *time <= x) as f64 / times.len() as f64;
    // The published curve is a staircase: compare at the middle of each riser.
    let distance =
        curve.windows(2).filter(|step| step[0].0 == step[1].0).fold(0.0_f64, |d, step| {
            let ours = share(step[0].0);
            let off = (ours - step[1].1).max(step[0].1 - ours).max(0.0);
            d.max(off)
        });
    println!("Kolmogorov–Smirnov distance to the published curve: {distance:.4}");
    assert!(curve.len() > 100 && distance < 0.018, "distance {distance}");
}

/// Split votes with constant latency: the dissertation's closed form (section 9.3).
#[test]
fn split_votes_are_as_frequent_as_the_closed_form_says() {
    // 5 servers, 4 live, timeouts 1000–1100 ms, latency 10 ms: l = 0.1 of the range.
    for (live, latency, expected) in [(4, 10, 0.0523), (4, 20, 0.1808), (3, 20, 0.488)] {
        let mut setup = Setup::new(5, Duration::from_secs(30));
        setup.network.latency = Latency::Constant(ms(latency));
        setup.faults = (live..5)
            .map(|node| {
                use sim_core::fault::{Fault, FaultSpec};
                let target = sim_core::target::Target::Node(sim_core::id::NodeId(node));
                FaultSpec::at(Duration::ZERO, Fault::crash(target))
            })
            .collect();
        let config = protocols::raft::Config {
            election_timeout: DurationRange::from_millis(1000, 1100),
            heartbeat: ms(100),
            ..Default::default()
        };
        let mut experiment = Experiment::<Raft>::new(config, setup);
        experiment.workload.requests = Some(1);
        experiment.workload.start = ms(900);
        const SEEDS: u64 = 40_000;
        let split = (0..SEEDS)
            .filter(|seed| {
                let run = experiment.run(*seed);
                run.metrics.highest_term_count != Measure::Value(1.0)
            })
            .count();
        let share = split as f64 / SEEDS as f64;
        println!("{live} live, latency {latency} ms: expected {expected}, measured {share:.4}");
        assert!((share - expected).abs() < 0.006, "{share} is off {expected}");
    }
}
