//! Verdicts: what a run is said to have shown, and what excuses it.

use crate::setting::{at, busy, crash, ms, node};
use crate::toy::toy;
use sim_core::adversary::Strategy;
use sim_core::fault::{ClockTrouble, Fault, FaultSpec, Loss};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::Verdict;
use sim_core::rng::Ratio;
use sim_core::setup::Judges;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

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
fn a_breach_is_excused_only_by_what_struck_before_it_and_only_if_that_is_assumed_away() {
    let breach = |liar_at: Option<u64>| {
        let mut toy = toy();
        (toy.config.writes, toy.config.forgets) = (true, true);
        toy.workload.requests = None;
        toy.setup.budget = Some(2);
        toy.setup.faults = vec![crash(300, node(1)).lasting(ms(50))];
        if let Some(millis) = liar_at {
            let target = node(2);
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
fn a_stall_after_too_much_was_lost_is_no_stall() {
    let mut toy = busy();
    toy.config.forgets = true;
    let wipe = Fault::Crash {
        target: Target::All.into(),
        loss: Loss::Everything,
        keeps: None,
        after_sends: None,
    };
    toy.setup.judges = Judges::Properties;
    toy.setup.faults = vec![FaultSpec::at(ms(3_000), wipe)];
    toy.setup.horizon = Duration::from_secs(30);
    let run = toy.run(1);
    assert_eq!((run.verdict, run.reason.as_str()), (Verdict::Inconclusive, "unrecoverable"));
}

#[test]
fn clocks_further_apart_than_safety_assumes_exceed_its_assumptions() {
    let held = |clock_drift, ppm| {
        let mut toy = toy();
        toy.config.clock_drift = clock_drift;
        let trouble = ClockTrouble::Drift(ppm);
        let fault = Fault::Clock { target: Target::Node(NodeId(1)).into(), trouble };
        toy.setup.faults = vec![FaultSpec::at(ms(100), fault)];
        toy.run(1).assumptions_held
    };
    let percent = Some(Ratio::new(1, 100));
    assert!(held(None, 20_000) && held(percent, 9_000) && held(percent, -9_000));
    assert!(!held(percent, 20_000) && !held(percent, -20_000));
}
