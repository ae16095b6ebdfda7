//! Verdicts: what a run is said to have shown, and what excuses it.

use crate::setting::{at, busy, crash, ms, node};
use crate::toy::{Echo, toy};
use sim_core::adversary::{Conduct, Strategy};
use sim_core::experiment::Experiment;
use sim_core::fault::{ClockTrouble, Fault, FaultSpec, Loss};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::Verdict;
use sim_core::rng::Ratio;
use sim_core::setup::Judges;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};
use sim_core::weather::Weather;

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

/// Whether the assumptions of a toy held whose safety assumes that a message takes 10 ms at most,
/// and those of one whose safety assumes nothing of the kind.
fn held_in_time(change: impl Fn(&mut Experiment<Echo>)) -> [bool; 2] {
    [Some(ms(10)), None].map(|synchrony| {
        let mut toy = toy();
        toy.config.synchrony = synchrony;
        toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 10));
        change(&mut toy);
        toy.run(1).assumptions_held
    })
}

#[test]
fn what_is_lost_late_or_held_up_exceeds_what_a_synchronous_protocol_assumes() {
    assert_eq!(held_in_time(|_| {}), [true; 2], "10 ms are in time");
    let slower = Latency::Uniform(DurationRange::from_millis(1, 11));
    assert_eq!(held_in_time(|toy| toy.setup.network.latency = slower.clone()), [false, true]);
    let lossy = |toy: &mut Experiment<Echo>| toy.setup.network.loss = Ratio::new(1, 5);
    assert_eq!(held_in_time(lossy), [false, true]);
    let weather = |weather| Fault::Weather { weather, from: None, to: None, messages: vec![] };
    let fifth = Ratio::new(1, 5);
    let faults = [
        Fault::apart(Target::Node(NodeId(1))),
        weather(Weather::Loss { probability: fifth }),
        weather(Weather::Delay { add: Latency::Constant(ms(10)) }),
        weather(Weather::SlowDown { factor: 11.0 }),
        weather(Weather::Corrupt { probability: fifth }),
        weather(Weather::Clog),
        Fault::Pause { target: node(1).into() },
        Fault::SlowNode { target: node(1).into(), work: ms(3) },
    ];
    let held_under = |fault: &Fault| {
        let struck = FaultSpec::at(ms(100), fault.clone()).lasting(ms(300));
        held_in_time(|toy| toy.setup.faults = vec![struck.clone()])
    };
    for fault in faults {
        assert_eq!(held_under(&fault), [false, true], "{fault:?}");
    }
    let harmless = [
        weather(Weather::Duplicate { probability: fifth, copies: 1 }),
        weather(Weather::Delay { add: Latency::Constant(Duration::ZERO) }),
    ];
    for fault in harmless {
        assert_eq!(held_under(&fault), [true; 2], "{fault:?}");
    }
}

#[test]
fn what_a_liar_says_too_late_it_could_have_kept_to_itself() {
    let held_with = |strategy, other: &[Fault]| {
        let lies = Conduct { by: Some(ms(50)), ..Conduct::of(strategy) };
        let lies = Fault::Corrupt { target: node(1).into(), conduct: Some(lies) };
        let faults = [FaultSpec::at(ms(0), lies)].into_iter();
        let other = other.iter().map(|fault| FaultSpec::at(ms(100), fault.clone()));
        let faults: Vec<_> = faults.chain(other).collect();
        held_in_time(|toy| {
            toy.setup.budget = Some(1);
            toy.setup.faults.clone_from(&faults);
        })
    };
    let of = |target| Fault::SlowNode { target: node(target).into(), work: ms(3) };
    // The other toy assumes that nobody lies.
    for strategy in [Strategy::Delay, Strategy::Mute] {
        assert_eq!(held_with(strategy, &[]), [true, false], "{strategy:?}");
        assert_eq!(held_with(strategy, &[of(1)]), [true, false], "{strategy:?}");
        assert_eq!(held_with(strategy, &[of(0)]), [false, false], "{strategy:?}");
    }
}
