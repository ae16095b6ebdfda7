//! SWIM against its closed forms: how soon a crash is noticed, how often wrongly, and at what load;
//! and what the world alone can do to a member.

use protocols::heartbeat::Heartbeat;
use protocols::problem::membership::{Membership, STRONG_ACCURACY};
use protocols::swim::{Config, Swim, Targets as Probing};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};

/// Members that probe in step, anybody each time, over links of one millisecond.
fn swim(nodes: u32, horizon: Duration) -> Experiment<Swim> {
    let mut setup = Setup::new(nodes, horizon);
    setup.network.latency = Latency::Constant(Duration::from_millis(1));
    let config = Config {
        targets: Probing::Uniform,
        in_step: true,
        sync: Duration::ZERO,
        ..Config::default()
    };
    let mut swim = Experiment::new(config, setup);
    swim.workload.requests = Some(1);
    swim
}

fn measure(run: &Outcome, name: &str) -> f64 {
    let (_, measure) = run.measures().find(|(metric, _)| metric.name == name).expect("a metric");
    match measure {
        Measure::Value(value) => value,
        other => panic!("{name} is {other:?}"),
    }
}

fn mean(swim: &Experiment<Swim>, seeds: u64, name: &str) -> f64 {
    (0..seeds).map(|seed| measure(&swim.run(seed), name)).sum::<f64>() / seeds as f64
}

#[track_caller]
fn check(name: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{name}: {found}, expected {expected}");
}

/// Section 3.1: the first of N − 1 members to draw the crashed one does so after a geometric number
/// of periods, 1/(1 − (1 − 1/(N − 1))^(N − 1)) on average.
#[test]
fn the_first_member_suspects_after_as_many_periods_as_the_closed_form_says() {
    // The crash is just before the periods begin, and a probe fails when its period ends: what is
    // measured is the number of periods.
    let at = Duration::from_millis(3_000) - Duration::from_nanos(1);
    for (nodes, seeds, expected, tolerance) in [(8, 2_000, 1.5150, 0.06), (32, 500, 1.5671, 0.12)] {
        let mut swim = swim(nodes, Duration::from_secs(14));
        let crash = FaultSpec::at(at, Fault::crash(Target::Random(1)));
        swim.setup.faults = vec![FaultSpec { permanent: true, ..crash }];
        let periods = mean(&swim, seeds, "detect_first_periods");
        check(&format!("periods among {nodes}"), periods, expected, tolerance);
    }
}

/// A probe fails if neither ping nor ack arrives, nor any of the ways through k others, of four
/// packets each: (1 − q²)(1 − q⁴)^k.
#[test]
fn probes_fail_as_often_as_packets_are_lost() {
    for (proxies, expected, tolerance) in [(0, 0.0975, 0.004), (1, 0.01809, 0.002)] {
        let mut swim = swim(8, Duration::from_secs(1_000));
        swim.setup.network.loss = Ratio::new(5, 100);
        swim.config.proxies = proxies;
        // Nobody is declared dead, so everybody is probed all the time.
        swim.config.suspicion = 10_000;
        check(&format!("k = {proxies}"), mean(&swim, 6, "unanswered_ratio"), expected, tolerance);
    }
}

#[test]
fn a_member_sends_two_messages_a_period_however_many_there_are() {
    for nodes in [8, 32, 64] {
        let swim = swim(nodes, Duration::from_millis(100_500));
        let sent = measure(&swim.run(1), "msgs_count");
        check(&format!("n = {nodes}"), sent / (100.0 * f64::from(nodes)), 2.0, 0.0);
    }
}

#[test]
fn synchrony_makes_the_detector_perfect_and_its_loss_is_seen() {
    let mut swim = swim(6, Duration::from_secs(80));
    swim.config.synchrony = Some(Duration::from_millis(40));
    swim.config.suspicion = 0;
    swim.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 40));
    swim.setup.patience = Some(Duration::from_secs(20));
    let crash = FaultSpec::at(Duration::from_secs(5), Fault::crash(Target::Random(1)));
    swim.setup.faults = vec![crash.lasting(Duration::from_secs(10))];
    for seed in 0..50 {
        let run = swim.run(seed);
        assert_eq!((run.verdict, run.assumptions_held), (Verdict::Pass, true), "{seed}: {run:?}");
    }
    swim.setup.network.loss = Ratio::new(10, 100);
    let broken = (0..50).filter(|seed| {
        let run = swim.run(*seed);
        run.breaches.iter().any(|it| it.property == STRONG_ACCURACY && !it.assumptions_held)
    });
    assert!(broken.count() > 25);
}

/// Its first period began while it stood still, and it was asked to leave before that: what its
/// timer says comes last.
#[test]
fn whoever_leaves_while_it_stands_still_is_silent_afterwards() {
    fn check<P: sim_core::protocol::Protocol<Problem = Membership>>() {
        let mut setup = Setup::new(3, Duration::from_secs(60));
        setup.patience = Some(Duration::from_secs(20));
        let target = Targets(vec![Target::Node(NodeId(0))]);
        let pause = FaultSpec::at(Duration::from_nanos(1_000_000), Fault::Pause { target });
        setup.faults = vec![pause.lasting(Duration::from_secs(3))];
        let mut leaving = Experiment::<P>::new(P::Config::default(), setup);
        leaving.load.turnover = Ratio::ALWAYS;
        leaving.workload.clients = 1;
        leaving.workload.requests = Some(1);
        leaving.workload.start = Duration::from_millis(100);
        for seed in 0..20 {
            let run = leaving.run(seed);
            assert_eq!(run.verdict, Verdict::Pass, "{}, seed {seed}: {run:?}", P::NAME);
        }
    }
    check::<Swim>();
    check::<Heartbeat>();
}
