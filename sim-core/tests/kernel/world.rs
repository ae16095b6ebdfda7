//! The world's promises, shown on a toy protocol.

use crate::toy::{Echo, toy};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::CrashKeeps;
use sim_core::fault::{ClockTrouble, Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::landmark::LandmarkKind;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::rng::Ratio;
use sim_core::setup::{Gst, NodeClock};
use sim_core::simulation::Simulation as _;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange, Time};
use sim_core::trace::{StepKind, Trace};
use sim_core::workload::Retry;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Time {
    Time::ZERO + ms(millis)
}

fn one(target: Target) -> Targets {
    Targets(vec![target])
}

fn crash(millis: u64, target: Target) -> FaultSpec {
    FaultSpec::at(ms(millis), Fault::crash(target))
}

fn isolate(millis: u64, target: Target) -> FaultSpec {
    FaultSpec::at(ms(millis), Fault::apart(target))
}

fn corrupt(target: Target) -> FaultSpec {
    FaultSpec::at(ms(0), Fault::corrupt(target))
}

fn value(measure: Measure) -> f64 {
    match measure {
        Measure::Value(value) => value,
        other => panic!("not a value: {other:?}"),
    }
}

/// A network on which everything is drawn.
fn stormy() -> Experiment<Echo> {
    let mut toy = toy();
    toy.config.writes = true;
    toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 20));
    toy.setup.network.loss = Ratio::new(1, 10);
    toy.setup.network.duplicate = Ratio::new(1, 20);
    toy.setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 3));
    toy.setup.clock.drift_ppm = 50_000;
    toy.setup.faults = vec![crash(300, Target::Random(1)).lasting(ms(200))];
    toy
}

fn says(trace: &Trace, kind: StepKind, node: u32, what: &str) -> Vec<Time> {
    let of_node = trace.steps.iter().filter(|step| step.node == Some(NodeId(node)));
    of_node
        .filter(|step| step.kind == kind && step.words().contains(what))
        .map(|step| step.at)
        .collect()
}

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
            let cut = FaultSpec { every, ..isolate(50, Target::Node(NodeId(1))) };
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
        toy.setup.faults = vec![crash(10, Target::Node(NodeId(0))).lasting(ms(50))];
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
    toy.setup.faults = vec![isolate(10, Target::Node(NodeId(1))).lasting(ms(300))];
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
    let (from, to) = (one(Target::Node(NodeId(0))), one(Target::Node(NodeId(1))));
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
        crash(100, Target::Node(NodeId(0))).lasting(ms(50)),
        FaultSpec { when, ..crash(0, Target::Node(NodeId(2))) }.lasting(ms(10)),
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
        FaultSpec { every, until, ..crash(50, Target::Node(NodeId(0))).lasting(ms(10)) },
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
    toy.setup.faults = vec![crash(100, Target::Node(NodeId(2))), isolate(200, Target::Leader)];
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
    toy.setup.faults = vec![crash(100, Target::Node(NodeId(2)))];
    let run = toy.run(1);
    assert_eq!((run.verdict, run.strikes[0].ended), (Verdict::Pass, None));
}

#[test]
fn a_lost_majority_stalls_and_the_assumptions_are_exceeded() {
    let mut toy = toy();
    toy.setup.patience = Some(ms(500));
    toy.setup.budget = Some(2);
    toy.setup.faults = vec![crash(100, Target::Majority)];
    let run = toy.run(1);
    assert_eq!((run.verdict, run.assumptions_held), (Verdict::Stalled, false));
    assert_eq!(run.first_breach().expect("a breach").property, "termination");
}

#[test]
fn what_cannot_be_judged_in_time_is_not_a_pass() {
    let mut toy = toy();
    toy.setup.network.latency = Latency::Constant(ms(1_500));
    toy.setup.patience = Some(Duration::from_secs(10));
    let run = toy.run(1);
    assert_eq!((run.verdict, run.reason.as_str()), (Verdict::Inconclusive, "short_horizon"));
}

#[test]
fn a_fault_that_changed_nothing_makes_the_run_vacuous() {
    let mut toy = toy();
    toy.setup.faults = vec![FaultSpec::at(ms(100), Fault::Heal)];
    let run = toy.run(1);
    assert_eq!((run.verdict, run.reason.as_str()), (Verdict::Inconclusive, "vacuous"));
    toy.setup.faults.clear();
    assert_eq!(toy.run(1).verdict, Verdict::Pass);
    toy.workload.requests = Some(0);
    assert_eq!(toy.run(1).reason, "vacuous", "nothing was asked");
}

#[test]
fn a_problem_measures_what_the_history_shows() {
    let run = toy().run(1);
    let [(metric, Measure::Value(count))] = run.gauges[..] else {
        panic!("one measurement: {:?}", run.gauges)
    };
    assert_eq!((metric.name, run.curves.len() as f64), ("answers_count", count));
    assert!(count >= 50.0, "every request was answered, some twice: {count}");
    assert!(run.curves.windows(2).all(|pair| pair[0].x <= pair[1].x));
    let measured = |name| run.measures().find(|(metric, _)| metric.name == name);
    assert_eq!(measured("answers_count"), Some((metric, Measure::Value(count))));
    assert_eq!(measured("ops_ok_count").map(|(_, value)| value), Some(Measure::Value(50.0)));
}

#[test]
fn bounds_end_a_run_without_a_verdict() {
    let mut spinning = toy();
    spinning.config.spins = true;
    assert_eq!(spinning.run(1).reason, "zeno");
    spinning.setup.limits.events_per_instant = u64::MAX;
    assert_eq!(spinning.run(1).reason, "event_cap");
    let mut stormy = toy();
    stormy.setup.limits.strikes = 3;
    let storm = FaultSpec::at(ms(100), Fault::Heal);
    stormy.setup.faults =
        vec![FaultSpec { every: Some(DurationRange::from_millis(1, 1)), ..storm }];
    let run = stormy.run(1);
    assert_eq!((run.reason.as_str(), run.strikes.len()), ("strikes", 3));
    let mut crowded = toy();
    crowded.setup.limits.queue = 3;
    assert_eq!(crowded.run(1).reason, "memory");
}

#[test]
fn a_panic_of_the_protocol_is_a_verdict() {
    let mut toy = toy();
    toy.config.panics = true;
    // Whatever was asked waits longer than anybody should, but nobody judges half a run.
    toy.setup.network.latency = Latency::Constant(ms(100));
    toy.setup.patience = Some(ms(1));
    let run = toy.run(1);
    assert_eq!(
        (run.verdict, run.reason.as_str()),
        (Verdict::Panicked, "the toy was told to panic")
    );
    assert_eq!(run.breaches, []);
}

#[test]
fn a_mute_node_says_nothing_and_its_silence_is_witnessed() {
    let mut toy = toy();
    toy.setup.budget = Some(1);
    toy.setup.faults = vec![corrupt(Target::Node(NodeId(2)))];
    toy.setup.adversary.strategy = Strategy::Mute;
    let (run, trace) = toy.trace(1);
    assert!(says(&trace, StepKind::Deliver, 0, "from n2").is_empty());
    assert!(run.strikes[0].changed > 10, "{:?}", run.strikes);
    assert_eq!(run.metrics.lies_count, Measure::Value(run.strikes[0].changed as f64));
}

#[test]
fn a_forger_is_believed_and_the_assumptions_are_exceeded() {
    let mut toy = toy();
    toy.setup.faults = vec![corrupt(Target::Node(NodeId(0)))];
    assert_eq!(toy.run(1).reason, "vacuous", "the contract allows no liar, and no budget does");
    toy.setup.budget = Some(1);
    let run = toy.run(1);
    assert_eq!((run.verdict, run.assumptions_held), (Verdict::Unsafe, false));
    assert_eq!(run.first_breach().expect("a breach").property, "truth");
}

#[test]
fn an_equivocator_lies_to_odd_nodes_only_and_all_mouths_tell_the_same_lie() {
    let mut toy = toy();
    toy.setup.nodes = 4;
    toy.setup.budget = Some(2);
    toy.setup.faults = vec![corrupt(Target::Node(NodeId(2))), corrupt(Target::Node(NodeId(3)))];
    toy.setup.adversary.strategy = Strategy::Equivocate;
    let (_, trace) = toy.trace(1);
    let told = |mouth: u32, to: &str| -> String {
        let steps = trace.steps.iter().filter(|step| step.node == Some(NodeId(mouth)));
        let mut sent =
            steps.filter(|step| step.kind == StepKind::Send && step.words().contains(to));
        let first = sent.find(|step| step.what.contains("Back"));
        first.expect("the mouth answered").words()
    };
    assert!(!told(2, "to n0").contains("number: 1000"), "{}", told(2, "to n0"));
    assert!(told(2, "to n1").contains("number: 1000"), "{}", told(2, "to n1"));
    assert_eq!(told(2, "to n1"), told(3, "to n1"));
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
fn clocks_further_apart_than_safety_assumes_exceed_its_assumptions() {
    let held = |clock_drift, ppm| {
        let mut toy = toy();
        toy.config.clock_drift = clock_drift;
        let trouble = ClockTrouble::Drift(ppm);
        let fault = Fault::Clock { target: one(Target::Node(NodeId(1))), trouble };
        toy.setup.faults = vec![FaultSpec::at(ms(100), fault)];
        toy.run(1).assumptions_held
    };
    let percent = Some(Ratio::new(1, 100));
    assert!(held(None, 20_000) && held(percent, 9_000) && held(percent, -9_000));
    assert!(!held(percent, 20_000) && !held(percent, -20_000));
}

#[test]
fn latency_counts_from_the_intended_start_over_retries() {
    let mut toy = toy();
    toy.workload.clients = 1;
    toy.workload.requests = Some(1);
    toy.workload.start = ms(10);
    toy.setup.faults = vec![crash(5, Target::Node(NodeId(0))).lasting(ms(50))];
    // n0 is down; after 100 ms the client turns to n1, which needs one round trip.
    let run = toy.run(1);
    assert_eq!(run.latencies, [(at(10), ms(102))]);
    assert_eq!(run.metrics.retries_count, Measure::Value(1.0));
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
    let (from, to) = (one(Target::All), one(Target::Node(NodeId(0))));
    toy.setup.faults = vec![FaultSpec::at(ms(0), Fault::OneWay { from, to })];
    let (_, trace) = toy.trace(1);
    assert!(says(&trace, StepKind::Deliver, 0, "from n0").len() > 100);
    assert!(says(&trace, StepKind::Deliver, 0, "from n1").is_empty());
}

#[test]
fn a_breach_is_excused_only_by_what_struck_before_it_and_only_if_that_is_assumed_away() {
    let breach = |liar_at: Option<u64>| {
        let mut toy = toy();
        (toy.config.writes, toy.config.forgets) = (true, true);
        toy.workload.requests = None;
        toy.setup.budget = Some(2);
        toy.setup.faults = vec![crash(300, Target::Node(NodeId(1))).lasting(ms(50))];
        if let Some(millis) = liar_at {
            let target = Target::Node(NodeId(2));
            toy.setup.faults.push(FaultSpec::at(ms(millis), Fault::corrupt(target)));
            toy.setup.adversary.strategy = Strategy::Mute;
        }
        toy.run(1).first_breach().expect("n1 forgot").clone()
    };
    assert_eq!((breach(None).property, breach(None).at), ("memory", at(350)));
    assert!(breach(None).assumptions_held, "a crash excuses nothing");
    assert!(breach(Some(900)).assumptions_held, "what comes later excuses nothing");
    assert!(!breach(Some(200)).assumptions_held);
}

#[test]
fn operations_that_were_never_answered_are_slower_than_all_others() {
    let mut toy = toy();
    toy.setup.patience = Some(Duration::from_secs(1));
    toy.setup.budget = Some(2);
    toy.workload.requests = None;
    toy.workload.rate = Some("500/s".parse().expect("a rate"));
    toy.setup.faults = vec![crash(1_000, Target::Followers)];
    let run = toy.run(1);
    assert!(matches!(run.metrics.decide_p50_ms, Measure::Value(_)), "{:?}", run.metrics);
    assert!(matches!(run.metrics.decide_p99_ms, Measure::Censored(_)), "{:?}", run.metrics);
    assert!(matches!(run.metrics.decide_max_ms, Measure::Censored(_)), "{:?}", run.metrics);
    assert!(matches!(run.metrics.unavailable_ms, Measure::Censored(_)), "{:?}", run.metrics);
}

#[test]
fn a_leader_that_is_cut_off_and_comes_back_unchallenged_was_not_lost() {
    let mut toy = toy();
    toy.setup.faults = vec![isolate(100, Target::Leader).lasting(ms(10))];
    assert_eq!(toy.run(1).metrics.failover_ms, Measure::None);
    toy.setup.faults = vec![crash(100, Target::Leader).lasting(ms(10))];
    assert!(
        matches!(toy.run(1).metrics.failover_ms, Measure::Censored(_)),
        "the toy elects nobody"
    );
}

#[test]
fn a_repeating_timer_fires_until_it_is_set_cancelled_or_its_node_goes_down() {
    let mut toy = toy();
    toy.config.repeats = true;
    toy.workload.requests = None;
    toy.setup.faults = vec![crash(120, Target::Node(NodeId(1))).lasting(ms(10))];
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
