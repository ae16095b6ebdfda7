//! Building consensus in the whole world: what it survives, and what is one too many.

use protocols::consensus_builder::{Config, ConsensusBuilder, Refinement};
use protocols::problem::decision::Load;
use sim_core::experiment::Experiment;
use sim_core::fault::{DiskTrouble, Fault, FaultSpec, Profile, ProfileSpec, When};
use sim_core::id::{Cluster, NodeId};
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Verdict};
use sim_core::protocol::Protocol as _;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

use super::at_the_bound::value;

/// Agents that rank three options each in an order of their own.
fn divided(nodes: u32, config: Config) -> Experiment<ConsensusBuilder> {
    let mut setup = Setup::new(nodes, Duration::from_secs(60));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(5, 90));
    setup.budget = Some(nodes);
    let mut builder = Experiment::<ConsensusBuilder>::new(config, setup);
    let options = ["merge", "rework", "reject"].map(str::to_owned).to_vec();
    builder.load = Load { options, impartial: true, ..Load::default() };
    builder
}

/// Rounds enough for the schedule to strike in the midst of them.
fn hard_to_please(refinement: Refinement) -> Config {
    Config { threshold: Ratio::new(4, 5), rounds: 6, refinement, ..Config::default() }
}

fn crash_for_good(nodes: u32, count: u32) -> Experiment<ConsensusBuilder> {
    let mut builder = divided(nodes, Config::default());
    // Later views wait longer, so that there is no other bound on when something must happen.
    builder.setup.patience = Some(Duration::from_secs(20));
    let when = When::At(DurationRange::from_millis(1, 300));
    let crash = Fault::crash(Target::Random(count));
    builder.setup.faults = vec![FaultSpec { when, ..FaultSpec::at(Duration::ZERO, crash) }];
    builder
}

#[test]
fn fewer_than_half_may_go_down_for_good_at_any_time_and_one_more_stalls_the_rest() {
    for nodes in [3, 4, 5, 7] {
        let contract = ConsensusBuilder::contract(&Config::default(), Cluster { n: nodes });
        let bound = contract.liveness.faulty;
        assert_eq!(bound, nodes.div_ceil(2) - 1);
        for seed in 0..40 {
            let run = crash_for_good(nodes, bound).run(seed);
            assert_eq!(run.verdict, Verdict::Pass, "{nodes} nodes, seed {seed}: {run:?}");
            assert!(run.assumptions_held);
        }
        let runs = (0..40).map(|seed| crash_for_good(nodes, bound + 1).run(seed));
        let stalled: Vec<_> = runs.filter(|run| run.verdict == Verdict::Stalled).collect();
        assert!(stalled.iter().all(|run| !run.assumptions_held && run.reason == "termination"));
        // In the others it was over before.
        assert!(stalled.len() > 3, "{nodes} nodes: {} stalled", stalled.len());
    }
}

#[test]
fn no_schedule_brings_two_records_about() {
    let mut reached = std::collections::BTreeMap::<&str, u64>::new();
    for profile in [Profile::Chaos, Profile::Swarm, Profile::Reactive] {
        for refinement in [Refinement::Concede, Refinement::DropLast] {
            let mut builder = divided(5, hard_to_please(refinement));
            let until = Some(Duration::from_secs(6));
            builder.setup.faults = ProfileSpec { profile, until }.faults(Duration::from_secs(60));
            for seed in 0..60 {
                let run = builder.run(seed);
                let is_bad = matches!(run.verdict, Verdict::Unsafe | Verdict::Panicked);
                assert!(!is_bad, "{profile:?}, seed {seed}: {run:?}");
                let is_stalled = run.verdict == Verdict::Stalled && run.assumptions_held;
                assert!(!is_stalled, "{profile:?}, seed {seed}: {run:?}");
                for (mark, count) in run.marks {
                    *reached.entry(mark).or_default() += count;
                }
            }
        }
    }
    // These schedules leave alone what was written.
    reached.remove("blind");
    assert!(reached.values().all(|count| *count > 0), "{reached:?}");
}

#[test]
fn a_run_went_through_as_many_rounds_as_were_not_enough_and_one_more() {
    let mut most = 0.0_f64;
    for seed in 0..40 {
        let run = divided(5, hard_to_please(Refinement::DropLast)).run(seed);
        let refined = run.marks.iter().find(|(mark, _)| *mark == "refined").expect("a mark").1;
        assert_eq!(run.metrics.rounds_count, Measure::Value(refined as f64 + 1.0), "seed {seed}");
        most = most.max(refined as f64 + 1.0);
    }
    assert!(most > 2.0, "at most {most} rounds");
}

#[test]
fn a_facilitator_that_goes_down_is_replaced() {
    let mut builder = divided(5, Config::default());
    let first = Fault::crash(Target::Node(NodeId(0)));
    builder.setup.faults = vec![FaultSpec::at(Duration::from_millis(30), first)];
    for seed in 0..40 {
        let run = builder.run(seed);
        assert_eq!(run.verdict, Verdict::Pass, "seed {seed}: {run:?}");
        assert!(value(run.metrics.highest_term_count) >= 1.0, "seed {seed}: n0 alone led");
        let [decided, undecided] =
            [run.metrics.decided_nodes_count, run.metrics.undecided_nodes_count].map(value);
        assert!(decided + undecided >= 4.0, "seed {seed}: {run:?}");
    }
}

#[test]
fn whoever_cannot_read_its_disk_gives_up_rather_than_say_otherwise() {
    let mut builder = divided(5, hard_to_please(Refinement::DropLast));
    let target = Target::Node(NodeId(2));
    let damage = Fault::Disk { target: target.clone().into(), trouble: DiskTrouble::Corrupt(1) };
    let damage = FaultSpec::at(Duration::from_millis(300), damage);
    let crash = FaultSpec::at(Duration::from_millis(301), Fault::crash(target));
    builder.setup.faults = vec![damage, crash.lasting(Duration::from_millis(50))];
    let mut blind = 0;
    for seed in 0..40 {
        let run = builder.run(seed);
        assert_ne!(run.verdict, Verdict::Unsafe, "seed {seed}: {run:?}");
        blind += run.marks.iter().find(|(mark, _)| *mark == "blind").expect("a mark").1;
    }
    assert!(blind > 10, "{blind} of 40 found their disks damaged");
}
