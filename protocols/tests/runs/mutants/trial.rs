//! Putting a planted bug on trial: some seed must find it, and only with it.

use sim_core::checker::Class;
use sim_core::experiment::Experiment;
use sim_core::outcome::Verdict;
use sim_core::protocol::Protocol;
use sim_core::simulation::Simulation as _;

/// The seeds that are tried without the bug.
const WITHOUT: u64 = 30;

/// The properties that the bug breaks over these seeds, in order and each once. All of them are
/// named by it, and broken within the assumptions; without it nothing bad happens.
#[track_caller]
pub(crate) fn found<P: Protocol>(
    mut experiment: Experiment<P>,
    id: &str,
    seeds: u64,
) -> Vec<&'static str> {
    let mutant = P::MUTANTS.iter().find(|mutant| mutant.id == id).expect("a mutant of this id");
    for seed in 0..seeds.min(WITHOUT) {
        let run = experiment.run(seed);
        assert!(!matches!(run.verdict, Verdict::Unsafe | Verdict::Panicked), "{seed}: {run:?}");
    }
    experiment.setup.mutant = Some(id.to_owned());
    let mut found = Vec::new();
    for seed in 0..seeds {
        let run = experiment.run(seed);
        assert_ne!(run.verdict, Verdict::Panicked, "{id}, seed {seed}: {}", run.reason);
        // Who lost safety may be late too; what counts is whether a property names the bug.
        let named = |property| mutant.breaks.contains(&property);
        if let Some(breach) = run.first_breach()
            && (breach.class == Class::Safety || named(breach.property))
        {
            assert!(named(breach.property), "{id}, seed {seed}: {breach:?}");
            assert!(breach.assumptions_held, "{id}, seed {seed}: {breach:?}");
            found.push(breach.property);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Some seed finds the bug, by a property that names it.
#[track_caller]
pub(crate) fn is_caught<P: Protocol>(experiment: Experiment<P>, id: &str, seeds: u64) {
    assert!(!found(experiment, id, seeds).is_empty(), "{id} went unseen for {seeds} seeds");
}
