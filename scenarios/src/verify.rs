//! Makes a share of the runs of a sweep twice: the same seed must give the same run.
//!
//! Which runs those are follows from the numbers of their seeds, and from whether they failed, so
//! the tables do not depend on how many threads there are.

use std::str::FromStr;

use sim_core::outcome::{Outcome, Verdict};
use sim_core::rng::Ratio;
use sim_core::simulation::Simulation;

use crate::divergence::{first, first_step, sentence};
use crate::guard::{guarded, shielded};

/// The share of seeds whose runs are made twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verify(pub Ratio);

impl Default for Verify {
    /// One in a hundred.
    fn default() -> Self {
        Self(Ratio::new(1, 100))
    }
}

impl FromStr for Verify {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl Verify {
    /// Whether this run is made twice: any that failed, and of the others those whose seeds make up
    /// the share, spread evenly from seed 0 on.
    pub fn wants(self, outcome: &Outcome) -> bool {
        let failed = !matches!(outcome.verdict, Verdict::Pass | Verdict::Inconclusive);
        !self.0.is_never() && (failed || self.0.takes(outcome.seed))
    }

    /// One run, whatever happens in it, made twice if that is wanted. Two that differ are one whose
    /// verdict is that.
    pub fn guarded(self, simulation: &dyn Simulation, seed: u64) -> Outcome {
        let mut outcome = guarded(simulation, seed);
        if self.wants(&outcome) {
            let again = guarded(simulation, seed);
            if key(&outcome) != key(&again) {
                outcome.reason = difference(simulation, &outcome, &again);
                outcome.verdict = Verdict::Nondeterministic;
            }
        }
        outcome
    }
}

fn key(outcome: &Outcome) -> (u64, u64, Verdict, &str) {
    (outcome.fingerprint, outcome.events, outcome.verdict, &outcome.reason)
}

/// How two runs of one seed differ: as two more do that keep everything, if they differ at all.
fn difference(simulation: &dyn Simulation, one: &Outcome, other: &Outcome) -> String {
    let trace = || shielded(|| simulation.trace(one.seed).1);
    let (Ok(first_trace), Ok(second_trace)) = (trace(), trace()) else {
        return "one of two runs brought the world down".to_owned();
    };
    match first(&first_trace, &second_trace) {
        Some(event) => {
            let place = first_step(&first_trace, &second_trace, event);
            format!(
                "event {event} was {}, and then {}",
                sentence(&first_trace, event, place),
                sentence(&second_trace, event, place)
            )
        }
        None => format!(
            "{} after {} events, and then {} after {}; two traced runs went alike",
            one.verdict, one.events, other.verdict, other.events
        ),
    }
}

#[cfg(test)]
mod tests;
