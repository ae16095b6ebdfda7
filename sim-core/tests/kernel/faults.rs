//! Every kind of fault, shown at work on a toy protocol.

use std::collections::BTreeSet;

use crate::setting::{at, busy, for_a_while, ms, node, struck, traced, value};
use sim_core::fault::{
    ClockTrouble, CrashKeeps, DiskTrouble, Fault, FaultKind, FaultSpec, Loss, Profile, Shape, When,
};
use sim_core::id::NodeId;
use sim_core::landmark::LandmarkKind;
use sim_core::latency::Latency;
use sim_core::outcome::{Outcome, Verdict};
use sim_core::rng::Ratio;
use sim_core::setup::Recovery;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange, Shift};
use sim_core::trace::{Step, StepKind};
use sim_core::workload::Rate;

/// The example that the lists give for a kind.
fn example(kind: FaultKind) -> FaultSpec {
    let pairs = kind.info().example.split(", ").map(|pair| {
        let (key, value) = pair.split_once(" = ").expect("key = value");
        (key.to_owned(), serde_json::from_str(value).expect("a plain value"))
    });
    let table: serde_json::Map<String, serde_json::Value> = pairs.collect();
    serde_json::from_value(table.into()).expect("the example is a fault")
}

#[test]
fn every_kind_of_fault_bites_and_says_how_often() {
    for info in FaultKind::ALL {
        let mut faults = vec![example(info.kind)];
        // What mends and what a crash brings to light needs something to be wrong.
        match info.kind {
            FaultKind::Heal => faults.push(FaultSpec::at(ms(500), Fault::apart(Target::Half))),
            FaultKind::Restart => faults.push(FaultSpec::at(ms(500), Fault::crash(node(1)))),
            FaultKind::DiskLie => {
                faults.push(for_a_while(7_000, Fault::crash(Target::All), 500));
            }
            _ => {}
        }
        let quiet = struck(Vec::new());
        let run = struck(faults);
        let strike = run.strikes.iter().find(|strike| strike.fault == 0);
        let strike = strike.unwrap_or_else(|| panic!("{} never struck", info.name));
        assert!(strike.changed > 0, "{} changed nothing: {strike:?}", info.name);
        assert_ne!(run.fingerprint, quiet.fingerprint, "{} left no trace", info.name);
        assert_ne!(run.verdict, Verdict::Panicked, "{}: {}", info.name, run.reason);
    }
}

#[test]
fn a_fault_that_does_not_strike_changes_nothing() {
    let never = |fault| FaultSpec { chance: Ratio::NEVER, ..FaultSpec::at(ms(500), fault) };
    let run = struck(vec![never(Fault::crash(Target::All)), never(Fault::apart(Target::Half))]);
    assert_eq!(run.strikes, []);
    let quiet = struck(Vec::new());
    assert_eq!((run.metrics, run.latencies), (quiet.metrics, quiet.latencies));
}

#[test]
fn an_entry_with_a_chance_strikes_in_that_share_of_the_runs() {
    let mut toy = busy();
    toy.setup.horizon = Duration::from_secs(1);
    let chance = Ratio::new(1, 4);
    toy.setup.faults = vec![FaultSpec { chance, ..FaultSpec::at(ms(1), Fault::crash(node(1))) }];
    let struck = (0..400).filter(|seed| !toy.run(*seed).strikes.is_empty()).count();
    assert!((70..130).contains(&struck), "{struck} of 400");
}

#[test]
fn a_paused_node_handles_nothing_and_then_everything_in_order() {
    let pause = Fault::Pause { target: node(1).into() };
    let (run, trace) = traced(vec![for_a_while(5_000, pause, 1_000)]);
    let acts = |step: &&Step| {
        let kinds = [StepKind::Send, StepKind::Indicate];
        step.node == Some(NodeId(1)) && kinds.contains(&step.kind)
    };
    let within = |from: u64, to: u64| {
        let times = trace.steps.iter().filter(acts).map(|step| step.at.as_nanos() / 1_000_000);
        times.filter(|at| (from..to).contains(at)).count()
    };
    assert_eq!(within(5_003, 6_000), 0, "it acted in its sleep");
    assert!(within(6_000, 6_050) > 100, "it caught up with {}", within(6_000, 6_050));
    assert!(run.strikes[0].changed > 100, "{:?}", run.strikes);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
}

#[test]
fn a_slow_node_takes_one_thing_after_the_other() {
    let slow = Fault::SlowNode { target: node(1).into(), work: ms(3) };
    let (_, trace) = traced(vec![for_a_while(5_000, slow, 2_000)]);
    let sends = trace.steps.iter().filter(|step| {
        step.kind == StepKind::Send
            && step.node == Some(NodeId(1))
            && (5_100..6_900).contains(&(step.at.as_nanos() / 1_000_000))
    });
    let mut times: Vec<u64> = sends.map(|step| step.at.as_nanos()).collect();
    times.dedup();
    assert!(times.len() > 100);
    for pair in times.windows(2) {
        // Its disk, which is no work of the processor, may let something out in between.
        assert!(pair[1] - pair[0] >= 1_000_000, "{pair:?}");
    }
}

#[test]
fn a_crash_in_the_midst_of_a_broadcast_reaches_only_some() {
    let crash = |sends| Fault::Crash {
        target: node(1).into(),
        loss: Loss::Nothing,
        keeps: None,
        after_sends: Some(sends),
    };
    for sends in [1, 2, 3] {
        let (run, trace) = traced(vec![for_a_while(5_000, crash(sends), 1_000)]);
        let sent = trace.steps.iter().filter(|step| {
            step.kind == StepKind::Send
                && step.node == Some(NodeId(1))
                && step.at >= at(5_000)
                && step.at < at(6_000)
        });
        assert_eq!(sent.count() as u32, sends);
        assert_eq!(run.strikes[0].changed, 1);
    }
}

#[test]
fn churn_takes_nodes_away_and_brings_them_back() {
    let churn = Fault::Churn {
        target: Target::All.into(),
        up: DurationRange::from_millis(300, 900),
        down: DurationRange::from_millis(100, 200),
    };
    let run = struck(vec![for_a_while(1_000, churn.clone(), 8_000)]);
    assert!((40..100).contains(&run.strikes[0].changed), "{:?}", run.strikes);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    let mut toy = busy();
    (toy.setup.faults, toy.setup.budget) = (vec![for_a_while(1_000, churn, 8_000)], Some(1));
    let frugal = toy.run(1);
    let (all, few) = (run.strikes[0].changed, frugal.strikes[0].changed);
    assert!(few < all && few > 10, "with a budget of one {few} of {all}");
}

#[test]
fn a_wiped_node_comes_back_with_nothing_and_counts_as_forgetful() {
    let crash =
        |loss| Fault::Crash { target: node(1).into(), loss, keeps: None, after_sends: None };
    for (loss, forgets) in
        [(Loss::Nothing, false), (Loss::Records(1), true), (Loss::Everything, true)]
    {
        let run = struck(vec![for_a_while(5_000, crash(loss), 500)]);
        assert_eq!(run.assumptions_held, !forgets, "{loss:?}");
        // The toy's monitor remembers what was on the disk.
        let broken = run.first_breach().map(|breach| breach.property);
        assert_eq!(broken, forgets.then_some("memory"), "{loss:?}");
    }
}

#[test]
fn a_disk_that_lied_has_less_after_a_crash_and_a_disk_that_stopped_lying_has_all() {
    let lie = || Fault::Disk { target: node(1).into(), trouble: DiskTrouble::Lie };
    let crash = |at| for_a_while(at, Fault::crash(node(1)), 300);
    let caught = struck(vec![for_a_while(5_000, lie(), 2_000), crash(6_000)]);
    assert_eq!(caught.first_breach().map(|breach| breach.property), Some("memory"));
    assert!(caught.strikes[0].changed > 5 && !caught.assumptions_held);
    let lucky = struck(vec![for_a_while(5_000, lie(), 2_000), crash(8_000)]);
    assert_eq!((lucky.verdict, lucky.assumptions_held), (Verdict::Pass, true));
    assert_eq!(lucky.strikes[0].changed, 0);
    let twice = struck(vec![
        for_a_while(5_000, lie(), 1_000),
        for_a_while(5_500, lie(), 2_000),
        crash(7_000),
    ]);
    assert_eq!(twice.first_breach().map(|breach| breach.property), Some("memory"));
}

#[test]
fn damaged_records_are_found_at_the_next_boot() {
    let damage = Fault::Disk { target: node(1).into(), trouble: DiskTrouble::Corrupt(3) };
    let run = struck(vec![
        FaultSpec::at(ms(5_000), damage),
        for_a_while(6_000, Fault::crash(node(1)), 300),
    ]);
    assert_eq!(run.strikes[0].changed, 3);
    assert!(!run.assumptions_held, "a node that lost durable records counts as forgetful");
}

#[test]
fn a_stalled_disk_answers_nothing_until_it_ends() {
    let stall = Fault::Disk { target: Target::All.into(), trouble: DiskTrouble::Stall };
    let run = struck(vec![for_a_while(5_000, stall, 1_000)]);
    // The gap counts from the first request that waits.
    assert!(value(run.metrics.unavailable_ms) >= 950.0, "{:?}", run.metrics.unavailable_ms);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    let slow = Fault::Disk { target: Target::All.into(), trouble: DiskTrouble::Slow(100) };
    let run = struck(vec![for_a_while(5_000, slow, 2_000)]);
    assert!((100.0..600.0).contains(&value(run.metrics.decide_max_ms)), "{:?}", run.metrics);
}

#[test]
fn a_disk_that_cannot_be_written_takes_its_node_down() {
    for trouble in [DiskTrouble::Full, DiskTrouble::Fail] {
        let run =
            struck(vec![for_a_while(5_000, Fault::Disk { target: node(1).into(), trouble }, 700)]);
        assert_eq!(run.strikes[0].changed, 1, "{trouble:?}");
        assert_eq!(value(run.metrics.crashes_count), 1.0);
        assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    }
}

#[test]
fn a_torn_write_is_found_damaged_and_breaks_no_promise() {
    let mut toy = busy();
    toy.setup.disk.sync = Latency::Constant(ms(50));
    let crash = Fault::Crash {
        target: Target::All.into(),
        loss: Loss::Nothing,
        keeps: Some(CrashKeeps::Torn),
        after_sends: None,
    };
    toy.setup.faults = vec![for_a_while(5_000, crash, 300)];
    let run = toy.run(1);
    assert!(run.assumptions_held, "what was never durable is no loss: {run:?}");
    assert_ne!(run.verdict, Verdict::Unsafe);
}

#[test]
fn timers_follow_a_clock_that_changes_its_pace_or_jumps() {
    let ticks = |trouble, span: u64| {
        let fault = Fault::Clock { target: node(1).into(), trouble };
        let (_, trace) = traced(vec![for_a_while(5_000, fault, span)]);
        let ticks = trace
            .steps
            .iter()
            .filter(|step| step.kind == StepKind::Timer && step.node == Some(NodeId(1)));
        let millis = ticks.map(|step| step.at.as_nanos() / 1_000_000);
        millis.filter(|at| (5_000..6_000).contains(at)).count()
    };
    // The toy ticks every 50 ms of its own clock.
    assert_eq!(ticks(ClockTrouble::Step(Shift { back: true, by: ms(700) }), 900), 20);
    assert_eq!(ticks(ClockTrouble::Drift(1_000_000), 1_000), 40);
    assert_eq!(ticks(ClockTrouble::Drift(-500_000), 1_000), 10);
    assert_eq!(ticks(ClockTrouble::Jump(ms(500)), 1_000), 20, "a timer runs out early, once");
}

#[test]
fn a_surge_asks_more_and_leaves_the_other_requests_where_they_were() {
    let quiet = struck(Vec::new());
    let run = struck(vec![for_a_while(5_000, Fault::Surge { factor: 3 }, 2_000)]);
    let more = value(run.metrics.ops_count) - value(quiet.metrics.ops_count);
    assert_eq!(more, run.strikes[0].changed as f64);
    assert!((300.0..500.0).contains(&more), "{more} more");
    let times = |run: &Outcome| -> BTreeSet<u64> {
        run.latencies.iter().map(|(start, _)| start.as_nanos()).collect()
    };
    assert_eq!(times(&quiet), times(&run), "the loop itself was disturbed");
}

#[test]
fn clients_that_go_away_ask_nothing_more_and_nobody_waits_for_them() {
    let run = struck(vec![FaultSpec::at(ms(5_000), Fault::ClientCrash { clients: 4 })]);
    let quiet = struck(Vec::new());
    assert_eq!(run.strikes[0].changed, 4);
    assert!(value(run.metrics.ops_count) < 0.5 * value(quiet.metrics.ops_count));
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
}

#[test]
fn shapes_leave_open_what_they_say() {
    for (shape, _, _) in Shape::ALL {
        let run = struck(vec![for_a_while(5_000, Fault::Reshape { shape, first: None }, 2_000)]);
        assert!(run.strikes[0].changed > 50, "{shape:?}: {:?}", run.strikes);
    }
}

#[test]
fn profiles_strike_and_the_strikes_are_written_out() {
    for (profile, name, _) in Profile::ALL {
        let mut toy = busy();
        toy.setup.faults = profile.faults();
        let mut kinds = BTreeSet::new();
        for seed in 0..8 {
            let run = toy.run(seed);
            assert_ne!(run.verdict, Verdict::Panicked, "{name}: {}", run.reason);
            kinds.extend(run.strikes.iter().map(|strike| {
                assert!(!strike.label.is_empty());
                toy.setup.faults[strike.fault].fault.kind()
            }));
        }
        let expected = match profile {
            Profile::Chaos | Profile::Swarm => 12,
            Profile::Reactive => 2,
            Profile::Calm | Profile::Twins | Profile::Split => 1,
        };
        assert!(kinds.len() >= expected, "{name}: {kinds:?}");
    }
}

#[test]
fn a_recovery_can_be_struck_again() {
    let when = When::On { landmark: LandmarkKind::Recovered, nth: 1, after: ms(0) };
    let again = FaultSpec::when(when, Fault::crash(node(1))).lasting(ms(200));
    let run = struck(vec![for_a_while(5_000, Fault::crash(node(1)), 300), again]);
    assert_eq!(value(run.metrics.crashes_count), 2.0);
    let second = &run.strikes[1];
    assert_eq!(second.at.as_nanos() / 1_000_000, 5_300, "right after it came up");
}

#[test]
fn only_a_core_is_left_and_it_must_make_progress() {
    let mut toy = busy();
    toy.setup.recovery = Recovery::Core;
    toy.setup.faults = vec![for_a_while(5_000, Fault::apart(Target::Half), 1_000)];
    let mut who = BTreeSet::new();
    for seed in 0..20 {
        let (run, trace) = toy.trace(seed);
        assert_eq!((run.verdict, run.assumptions_held), (Verdict::Pass, true), "{}", run.reason);
        let away = trace.steps.iter().find(|step| step.what.ends_with("stay away for good"));
        who.insert(away.expect("two of five stay away").what.clone());
    }
    assert!(who.len() > 5, "the core was always the same: {who:?}");
}

#[test]
fn strikes_at_a_rate_are_as_frequent_as_it_says_and_as_irregular() {
    let blink = Fault::Pause { target: node(1).into() };
    let mut gaps = Vec::new();
    for seed in 0..20 {
        let mut toy = busy();
        toy.setup.faults = vec![FaultSpec {
            rate: Some(Rate::per_second(5)),
            until: Some(Duration::from_secs(18)),
            ..for_a_while(0, blink.clone(), 1)
        }];
        let times: Vec<u64> =
            toy.run(seed).strikes.iter().map(|strike| strike.at.as_nanos()).collect();
        gaps.extend(times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e9));
    }
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!((0.18..0.22).contains(&mean) && gaps.len() > 1_600, "{mean} s, {} gaps", gaps.len());
    let short = gaps.iter().filter(|gap| **gap < 0.2 * 0.105_36).count();
    let share = short as f64 / gaps.len() as f64;
    assert!((0.08..0.12).contains(&share), "{share} of an exponential's shortest tenth");
}

#[test]
fn a_region_fails_as_one() {
    let mut toy = busy();
    toy.setup.network.regions = [("eu".to_owned(), vec![NodeId(1), NodeId(3)])].into();
    let zone = Target::Zone("eu".to_owned());
    toy.setup.faults = vec![for_a_while(5_000, Fault::crash(zone), 500)];
    let run = toy.run(1);
    assert_eq!((run.strikes[0].changed, run.strikes[0].label.as_str()), (2, "crash {n1, n3}"));
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
}
