//! The adversary: what each strategy changes, who hears it, and what it makes of the verdict.

use std::collections::BTreeMap;

use crate::setting::{at, busy, for_a_while, ms, node, says, struck, traced, value};
use crate::toy::toy;
use sim_core::adversary::{Authentication, Conduct, Strategy};
use sim_core::fault::{DiskTrouble, Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::Duration;
use sim_core::trace::StepKind;

fn corrupt(target: Target) -> FaultSpec {
    FaultSpec::at(ms(0), Fault::corrupt(target))
}

#[test]
fn a_mute_node_says_nothing_and_its_silence_is_witnessed() {
    let mut toy = toy();
    toy.setup.budget = Some(1);
    toy.setup.faults = vec![corrupt(node(2))];
    toy.setup.adversary.strategy = Strategy::Mute;
    let (run, trace) = toy.trace(1);
    assert!(says(&trace, StepKind::Deliver, 0, "from n2").is_empty());
    assert!(run.strikes[0].changed > 10, "{:?}", run.strikes);
    assert_eq!(run.metrics.lies_count, Measure::Value(run.strikes[0].changed as f64));
}

#[test]
fn a_forger_is_believed_and_the_assumptions_are_exceeded() {
    let mut toy = toy();
    toy.setup.faults = vec![corrupt(node(0))];
    assert_eq!(toy.run(1).reason, "vacuous", "the contract allows no liar, and no budget does");
    toy.setup.budget = Some(1);
    let run = toy.run(1);
    assert_eq!((run.verdict, run.assumptions_held), (Verdict::Unsafe, false));
    assert_eq!(run.first_breach().expect("a breach").property, "truth");
}

#[test]
fn a_run_in_which_all_are_corrupt_says_nothing() {
    let mut toy = toy();
    let all = toy.setup.nodes;
    toy.setup.budget = Some(all);
    toy.setup.adversary.strategy = Strategy::Mute;
    let mut reason = |corrupted: u32| {
        toy.setup.faults = (0..corrupted).map(|number| corrupt(node(number))).collect();
        toy.run(1).reason
    };
    assert_eq!(reason(all), "vacuous");
    assert_ne!(reason(all - 1), "vacuous");
}

#[test]
fn an_equivocator_lies_to_odd_nodes_only_and_all_mouths_tell_the_same_lie() {
    let mut toy = toy();
    toy.setup.nodes = 4;
    toy.setup.budget = Some(2);
    toy.setup.faults = vec![corrupt(node(2)), corrupt(node(3))];
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

fn corrupted(conduct: Conduct) -> Outcome {
    struck(vec![FaultSpec::at(
        ms(1_000),
        Fault::Corrupt { target: node(0).into(), conduct: Some(conduct) },
    )])
}

#[test]
fn every_strategy_changes_what_is_said() {
    for (strategy, name, _) in Strategy::ALL {
        let mut toy = busy();
        toy.setup.adversary.authentication = Authentication::None;
        let fault = Fault::Corrupt { target: node(0).into(), conduct: Some(Conduct::of(strategy)) };
        toy.setup.faults = vec![FaultSpec::at(ms(1_000), fault)];
        let run = toy.run(1);
        assert!(run.strikes[0].changed > 0, "{name}: {:?}", run.strikes);
        assert_ne!(run.verdict, Verdict::Panicked, "{name}: {}", run.reason);
    }
}

#[test]
fn a_delayed_word_comes_late_and_a_flood_comes_often() {
    let sent = |strategy| value(corrupted(Conduct::of(strategy)).metrics.msgs_count);
    let honest = value(struck(Vec::new()).metrics.msgs_count);
    assert!(sent(Strategy::Mute) < honest && sent(Strategy::Selective) < honest);
    assert!(sent(Strategy::Repeat) > 1.1 * honest && sent(Strategy::Flood) > 2.0 * honest);
    let late = Conduct { by: Some(ms(300)), ..Conduct::of(Strategy::Delay) };
    let mut toy = busy();
    toy.setup.nodes = 2;
    let conduct = Some(late);
    toy.setup.faults =
        vec![FaultSpec::at(ms(0), Fault::Corrupt { target: node(0).into(), conduct })];
    let run = toy.run(1);
    // Of two nodes both must echo, so everybody waits for the late one.
    assert!(value(run.metrics.decide_p50_ms) > 300.0, "{:?}", run.metrics.decide_p50_ms);
}

#[test]
fn a_rushing_adversary_is_heard_before_the_honest() {
    let mut toy = busy();
    toy.setup.adversary.rushing = true;
    toy.setup.faults = vec![FaultSpec::at(ms(0), Fault::corrupt(node(0)))];
    toy.setup.adversary.strategy = Strategy::Repeat;
    let (_, trace) = toy.trace(1);
    let mut sent = BTreeMap::new();
    for step in &trace.steps {
        if step.kind == StepKind::Send && step.node == Some(NodeId(0)) {
            sent.insert(step.event, step.at);
        }
        if step.kind == StepKind::Deliver
            && step.ends.is_some_and(|ends| ends.from == NodeId(0))
            && step.node != Some(NodeId(0))
            && let Some(at) = sent.get(&step.cause)
        {
            assert_eq!(step.at.since(*at), Duration::from_micros(1), "{step}");
        }
    }
    assert!(sent.len() > 500);
}

#[test]
fn a_twin_has_its_own_audience() {
    let (_, trace) = traced(vec![FaultSpec::at(
        ms(1_000),
        Fault::Corrupt { target: node(0).into(), conduct: Some(Conduct::of(Strategy::Twins)) },
    )]);
    // Both bodies boot under one identity, and each node goes on hearing from n0.
    let boots = trace
        .steps
        .iter()
        .filter(|step| step.kind == StepKind::Boot && step.node == Some(NodeId(0)));
    assert_eq!(boots.count(), 2);
    for listener in 1..5 {
        let heard = trace.steps.iter().filter(|step| {
            step.kind == StepKind::Deliver
                && step.node == Some(NodeId(listener))
                && step.ends.is_some_and(|ends| ends.from == NodeId(0))
                && step.at > at(2_000)
        });
        assert!(heard.count() > 10, "n{listener} hears neither body");
    }
    // The body that clients ask makes a majority with the two nodes that hear it, and not the other.
    let answers = trace.steps.iter().filter(|step| {
        step.kind == StepKind::Indicate && step.node == Some(NodeId(0)) && step.at > at(2_000)
    });
    assert!(answers.count() > 10, "nobody hears the first body");
}

#[test]
fn a_twin_has_a_sound_disk_whatever_ails_that_of_the_first_body() {
    let twins = || {
        let conduct = Some(Conduct::of(Strategy::Twins));
        FaultSpec::at(ms(1_000), Fault::Corrupt { target: node(0).into(), conduct })
    };
    let sick = |trouble| for_a_while(500, Fault::Disk { target: node(0).into(), trouble }, 1_000);
    let cases = [
        ("a sync under way", vec![twins()]),
        ("a stall", vec![sick(DiskTrouble::Stall), twins()]),
        ("no room", vec![sick(DiskTrouble::Full), twins()]),
    ];
    for (ailment, faults) in cases {
        let mut toy = busy();
        toy.setup.disk.sync = Latency::Constant(ms(40));
        toy.setup.faults = faults;
        let (run, trace) = toy.trace(1);
        assert_ne!(run.verdict, Verdict::Panicked, "{ailment}: {}", run.reason);
        // Odd nodes hear the twin.
        let heard = says(&trace, StepKind::Deliver, 1, "from n0").into_iter();
        assert!(
            heard.filter(|time| *time > at(2_000)).count() > 100,
            "{ailment}: the twin is mute"
        );
    }
}

#[test]
fn a_node_that_begins_anew_while_its_disk_stalls_goes_on_when_the_stall_ends() {
    let stall = Fault::Disk { target: node(0).into(), trouble: DiskTrouble::Stall };
    let conduct = Some(Conduct::of(Strategy::Amnesia));
    let amnesia = Fault::Corrupt { target: node(0).into(), conduct };
    let (run, trace) =
        traced(vec![for_a_while(500, stall, 1_000), FaultSpec::at(ms(1_000), amnesia)]);
    assert_ne!(run.verdict, Verdict::Panicked, "{}", run.reason);
    let syncs = says(&trace, StepKind::Durable, 0, "").into_iter();
    assert!(syncs.filter(|time| *time > at(2_000)).count() > 10, "its disk stalls for ever");
}
