//! The world's promises, shown on a toy protocol.

use crate::setting::{at, crash, isolate, ms, node, says, value};
use crate::toy::{Echo, toy};
use sim_core::experiment::Experiment;
use sim_core::fault::{CrashKeeps, Fault, FaultSpec, When};
use sim_core::landmark::LandmarkKind;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Verdict};
use sim_core::setup::{Gst, NodeClock};
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};
use sim_core::trace::StepKind;
use sim_core::workload::Retry;

#[test]
fn output_waits_until_what_was_persisted_before_it_is_durable() {
    let mut toy = toy();
    toy.config.writes = true;
    toy.workload.clients = 1;
    toy.workload.requests = Some(1);
    toy.setup.disk.sync = Latency::Constant(ms(30));
    let (_, trace) = toy.trace(1);
    assert_eq!(says(&trace, StepKind::Request, 0, ""), [at(0)]);
    assert_eq!(says(&trace, StepKind::Send, 0, "Echo"), [at(30), at(30)]);
}

#[test]
fn a_crash_loses_the_output_that_waits_and_the_records_under_way() {
    for (keeps, left) in [(CrashKeeps::Nothing, 0), (CrashKeeps::Everything, 1)] {
        let mut toy = toy();
        toy.config.writes = true;
        toy.workload.clients = 1;
        toy.workload.requests = Some(1);
        toy.workload.retry = Retry::Never;
        toy.setup.disk.sync = Latency::Constant(ms(30));
        toy.setup.disk.crash_keeps = keeps;
        toy.setup.faults = vec![crash(10, node(0)).lasting(ms(50))];
        let (run, trace) = toy.trace(1);
        assert!(says(&trace, StepKind::Send, 0, "Echo").is_empty(), "{keeps:?}");
        assert_eq!(run.metrics.syncs_count, Measure::Value(0.0));
        assert_eq!(says(&trace, StepKind::Boot, 0, ""), [at(0), at(60)]);
        let found = says(&trace, StepKind::Landmark, 0, &format!("Committed {{ index: {left} }}"));
        assert_eq!(found, if left == 1 { vec![at(60)] } else { vec![at(0), at(60)] }, "{keeps:?}");
    }
}

#[test]
fn several_records_become_durable_with_one_sync() {
    let mut toy = toy();
    toy.config.writes = true;
    toy.workload.clients = 3;
    toy.workload.requests = Some(30);
    toy.workload.rate = Some("1000/s".parse().unwrap());
    toy.workload.retry = Retry::Never;
    toy.setup.disk.sync = Latency::Constant(ms(100));
    let run = toy.run(1);
    let syncs = value(run.metrics.syncs_count);
    assert!(syncs <= 6.0, "{syncs} syncs for 30 records at 3 nodes within 30 ms");
}

#[test]
fn a_cut_stops_what_is_sent_and_what_is_under_way() {
    let mut toy = toy();
    toy.workload.clients = 1;
    toy.workload.requests = Some(1);
    toy.workload.timeout = ms(100);
    toy.setup.network.latency = Latency::Constant(ms(20));
    // The echo is on its way when the cut begins, and is lost; the retry goes into the cut.
    toy.setup.faults = vec![isolate(10, node(1)).lasting(ms(300))];
    let (run, trace) = toy.trace(1);
    assert!(says(&trace, StepKind::Deliver, 1, "from n0").is_empty());
    assert_eq!(says(&trace, StepKind::Deliver, 2, "from n0"), [at(20)]);
    assert_eq!(run.strikes[0].changed, 1);
    assert_eq!(run.metrics.msgs_cut_count, Measure::Value(1.0));
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
}

#[test]
fn a_one_way_cut_leaves_the_way_back_open() {
    let mut toy = toy();
    toy.setup.nodes = 2;
    toy.workload.clients = 2;
    toy.workload.requests = Some(2);
    let (from, to) = (node(0).into(), node(1).into());
    toy.setup.faults = vec![FaultSpec::at(ms(0), Fault::OneWay { from, to }).lasting(ms(50))];
    let (_, trace) = toy.trace(1);
    assert_eq!(says(&trace, StepKind::Deliver, 0, "Echo").first(), Some(&at(1)));
    assert!(says(&trace, StepKind::Deliver, 1, "Echo").iter().all(|time| *time >= at(50)));
}

#[test]
fn the_leader_is_found_when_the_fault_strikes() {
    let mut toy = toy();
    toy.setup.faults = vec![crash(100, Target::Leader).lasting(ms(100))];
    assert_eq!(toy.run(1).strikes[0].label, "crash {n0}");
}

#[test]
fn a_landmark_sets_off_a_strike() {
    let mut toy = toy();
    let when = When::On { landmark: LandmarkKind::Leader, nth: 2, after: ms(7) };
    toy.setup.faults = vec![
        crash(100, node(0)).lasting(ms(50)),
        FaultSpec { when, ..crash(0, node(2)) }.lasting(ms(10)),
    ];
    // The second leader is announced when n0 comes back.
    let run = toy.run(1);
    let times: Vec<_> = run.strikes.iter().map(|strike| (strike.at, strike.ended)).collect();
    assert_eq!(times, [(at(100), Some(at(150))), (at(157), Some(at(167)))]);
}

#[test]
fn a_strike_repeats_until_its_time_is_over() {
    let mut toy = toy();
    toy.workload.requests = None;
    let every = Some(DurationRange { min: ms(100), max: ms(100) });
    let until = Some(ms(450));
    let repeated = crash(100, Target::Random(1)).lasting(ms(10));
    toy.setup.faults = vec![FaultSpec { every, until, ..repeated }];
    let run = toy.run(1);
    let times: Vec<_> = run.strikes.iter().map(|strike| strike.at).collect();
    assert_eq!(times, [at(100), at(200), at(300), at(400)]);
}

#[test]
fn cuts_of_one_entry_do_not_pile_up() {
    let mut toy = toy();
    toy.setup.nodes = 5;
    toy.workload.requests = None;
    let every = Some(DurationRange::from_millis(50, 50));
    let until = Some(ms(1_900));
    toy.setup.faults = vec![FaultSpec { every, until, ..isolate(50, Target::Random(1)) }];
    let run = toy.run(1);
    let late = run.latencies.iter().filter(|(started, _)| *started > at(1_500)).count();
    assert!(late > 20, "{late} answers in the last half second");
}

#[test]
fn after_gst_nothing_strikes_any_more() {
    let mut toy = toy();
    toy.workload.requests = None;
    toy.setup.gst = Gst::At(ms(500));
    toy.setup.patience = Some(ms(500));
    let every = Some(DurationRange::from_millis(100, 100));
    let until = Some(ms(1_500));
    let again = When::On { landmark: LandmarkKind::Leader, nth: 3, after: ms(450) };
    toy.setup.faults = vec![
        FaultSpec { every, until, ..crash(50, node(0)).lasting(ms(10)) },
        FaultSpec { when: again, ..isolate(0, Target::Leader) },
    ];
    let run = toy.run(1);
    assert_eq!(run.strikes.iter().map(|s| s.at).max(), Some(at(450)), "{:?}", run.strikes);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
}

#[test]
fn whom_the_budget_spares_is_drawn_among_all() {
    let mut toy = toy();
    toy.setup.nodes = 5;
    toy.workload.requests = None;
    toy.setup.faults = vec![crash(100, Target::All).lasting(ms(50))];
    let mut hits = [0; 5];
    for seed in 0..200 {
        let label = toy.run(seed).strikes[0].label.clone();
        let taken = label.split(" (").next().expect("a label").to_owned();
        (0..5).filter(|node| taken.contains(&format!("n{node}"))).for_each(|n| hits[n] += 1);
    }
    assert!(hits.iter().all(|count| (50..110).contains(count)), "2 of 5, 200 times: {hits:?}");
}

#[test]
fn no_more_nodes_go_down_than_the_budget_allows() {
    let mut toy = toy();
    toy.setup.faults = vec![crash(100, Target::All).lasting(ms(50))];
    assert_eq!(toy.run(1).strikes[0].changed, 1, "a minority of three");
    toy.setup.budget = Some(3);
    assert_eq!(toy.run(1).strikes[0].changed, 3);
}

#[test]
fn after_gst_the_network_heals_the_crashed_restart_and_delays_are_bounded() {
    let mut toy = toy();
    toy.workload.requests = None;
    toy.setup.network.latency = Latency::Constant(ms(70));
    toy.setup.gst = Gst::At(ms(500));
    toy.setup.delta = Some(ms(3));
    toy.setup.patience = Some(ms(500));
    toy.setup.faults = vec![crash(100, node(2)), isolate(200, Target::Leader)];
    let (run, trace) = toy.trace(1);
    assert_eq!(says(&trace, StepKind::Boot, 2, ""), [at(0), at(500)]);
    assert_eq!(run.strikes.iter().map(|s| s.ended).collect::<Vec<_>>(), [Some(at(500)); 2]);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    let late = run.latencies.iter().filter(|(started, _)| *started > at(600));
    assert!(late.clone().count() > 10 && late.clone().all(|(_, latency)| *latency == ms(6)));
}

#[test]
fn a_fault_without_an_end_stays_and_the_rest_must_go_on() {
    let mut toy = toy();
    toy.setup.patience = Some(ms(500));
    toy.setup.faults = vec![crash(100, node(2))];
    let run = toy.run(1);
    assert_eq!((run.verdict, run.strikes[0].ended), (Verdict::Pass, None));
}

#[test]
fn a_fast_clock_fires_its_timers_early() {
    let mut toy = toy();
    let fast = NodeClock { drift_ppm: 1_000_000, ahead: Duration::ZERO };
    toy.setup.clock.nodes = [("n1".to_owned(), fast)].into();
    let (_, trace) = toy.trace(1);
    assert_eq!(says(&trace, StepKind::Timer, 1, "")[..2], [at(25), at(50)]);
    assert_eq!(says(&trace, StepKind::Timer, 0, "")[..2], [at(50), at(100)]);
}

#[test]
fn a_message_to_oneself_passes_neither_network_nor_adversary() {
    let mut toy = toy();
    toy.setup.nodes = 1;
    toy.config.spins = true;
    toy.setup.limits.events = 500;
    toy.setup.limits.events_per_instant = u64::MAX;
    assert_eq!(toy.run(1).metrics.msgs_count, Measure::Value(0.0));
}

#[test]
fn a_cut_from_everybody_to_one_leaves_that_one_talking_to_itself() {
    let mut toy = toy();
    toy.setup.nodes = 2;
    toy.config.spins = true;
    toy.setup.limits.events = 300;
    toy.setup.limits.events_per_instant = u64::MAX;
    let (from, to) = (Target::All.into(), node(0).into());
    toy.setup.faults = vec![FaultSpec::at(ms(0), Fault::OneWay { from, to })];
    let (_, trace) = toy.trace(1);
    assert!(says(&trace, StepKind::Deliver, 0, "from n0").len() > 100);
    assert!(says(&trace, StepKind::Deliver, 0, "from n1").is_empty());
}

#[test]
fn a_repeating_timer_fires_until_it_is_set_cancelled_or_its_node_goes_down() {
    let mut toy = toy();
    toy.config.repeats = true;
    toy.workload.requests = None;
    toy.setup.faults = vec![crash(120, node(1)).lasting(ms(10))];
    let by_hand = NodeClock { drift_ppm: 1_000_000, ahead: Duration::ZERO };
    toy.setup.clock.nodes = [("n2".to_owned(), by_hand)].into();
    let (_, trace) = toy.trace(1);
    let ticks = |node| says(&trace, StepKind::Timer, node, "")[..4].to_vec();
    assert_eq!(ticks(0), [at(50), at(100), at(150), at(200)]);
    assert_eq!(ticks(1), [at(50), at(100), at(180), at(230)]);
    assert_eq!(ticks(2), [at(25), at(50), at(75), at(100)]);
    // The toy sets the timer itself at its tenth tick, once, and then never again.
    let count = says(&trace, StepKind::Timer, 0, "").len();
    assert_eq!(count, 11, "ten by the period, one that was set");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..Default::default()
    })]

    /// Whatever the set-up accepts without a complaint ends in an outcome, however extreme.
    #[test]
    fn no_accepted_setting_makes_a_run_panic(
        nodes in 0_u32..6,
        clients in 0_u32..5,
        spans in proptest::collection::vec(0_usize..7, 10),
        every in proptest::bool::ANY,
        drift in proptest::prelude::any::<i32>(),
    ) {
        const SPANS: [Duration; 7] = [
            Duration::ZERO,
            Duration::from_nanos(1),
            ms(1),
            ms(300),
            Duration::from_secs(5),
            Duration::from_secs(100_000),
            Duration::LONGEST,
        ];
        let span = |index: usize| SPANS[spans[index]];
        let range = |a: usize, b: usize| DurationRange {
            min: span(a).min(span(b)),
            max: span(a).max(span(b)),
        };
        let mut setup = toy().setup;
        setup.nodes = nodes;
        setup.horizon = span(0);
        setup.limits.events = 3_000;
        setup.network.latency = Latency::Pareto { min: span(1), shape: 0.1 };
        setup.disk.sync = Latency::Uniform(range(2, 3));
        setup.clock.nodes =
            [("n0".to_owned(), NodeClock { drift_ppm: drift, ahead: span(4) })].into();
        let when = if every {
            When::At(range(5, 6))
        } else {
            When::On { landmark: LandmarkKind::Leader, nth: 1, after: span(5) }
        };
        let strikes = crash(0, Target::Random(1)).lasting(span(7));
        setup.faults = vec![FaultSpec {
            when,
            every: (every && !span(8).is_zero()).then(|| range(8, 6)),
            until: Some(span(6)),
            ..strikes
        }];
        let mut extreme = Experiment::<Echo>::new(toy().config, setup);
        extreme.config.writes = true;
        extreme.workload.clients = clients;
        extreme.workload.rate = every.then(|| "0.001/s".parse().expect("a rate"));
        extreme.workload.start = span(9);
        extreme.workload.timeout = span(3);
        if extreme.complaints().is_empty() {
            let run = extreme.run(1);
            proptest::prop_assert_ne!(run.verdict, Verdict::Panicked, "{}", run.reason);
        }
    }
}
