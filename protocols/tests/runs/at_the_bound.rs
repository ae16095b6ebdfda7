//! What all tests of bounds ask of runs: at the bound no seed fails, one past it pinned seeds do; and
//! the number that was measured.

use sim_core::experiment::Experiment;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::protocol::Protocol;
use sim_core::simulation::Simulation as _;

/// At the bound: every seed passes, and all assumptions held.
#[track_caller]
pub(crate) fn holds<P: Protocol>(experiment: &Experiment<P>, seeds: u64) {
    for seed in 0..seeds {
        let run = experiment.run(seed);
        assert_eq!(run.verdict, Verdict::Pass, "seed {seed}: {run:?}");
        assert!(run.assumptions_held, "seed {seed}: {:?}", run.strikes);
    }
}

/// One past it: the pinned seed breaks this, and the assumptions were exceeded.
#[track_caller]
pub(crate) fn breaks<P: Protocol>(
    experiment: &Experiment<P>,
    seed: u64,
    property: &str,
) -> Outcome {
    let run = experiment.run(seed);
    let breach = run.first_breach().unwrap_or_else(|| panic!("{:?} {}", run.verdict, run.reason));
    assert_eq!((breach.property, breach.assumptions_held), (property, false), "{breach:?}");
    run
}

/// What was measured.
#[track_caller]
pub(crate) fn value(measure: Measure) -> f64 {
    match measure {
        Measure::Value(value) => value,
        other => panic!("not a value: {other:?}"),
    }
}
