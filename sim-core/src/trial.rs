//! A trial: a Rust test that puts an experiment under many seeds.
//!
//! What fails is told as a test tells it, by a panic: which promise broke in how many runs, by
//! which witness, and how to see one of them again. With `SYNOD_SEED=412` in the environment a
//! trial makes that run alone and shows its last events; this is the one place of the kernel that
//! looks at anything outside of the run.
//!
//! ```
//! # fn test(experiment: &dyn sim_core::simulation::Simulation) {
//! use sim_core::trial::Trial;
//!
//! // In a `#[test]`, of an `Experiment` of your protocol:
//! Trial::of(experiment).seeds(0..200).passes();
//! # }
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use crate::outcome::{Outcome, Verdict};
use crate::simulation::Simulation;
use crate::trace::{StepKind, Trace};

/// The variable that names the one seed to run.
pub const SEED_VARIABLE: &str = "SYNOD_SEED";

/// The seeds of a trial that names none.
const DEFAULT_SEEDS: Range<u64> = 0..100;

/// Failing seeds that are named.
const SEEDS_SHOWN: usize = 8;

/// Steps that are shown of a failing run: what led up to the violation.
const STEPS_SHOWN: usize = 40;

/// An experiment under many seeds.
#[derive(Clone)]
pub struct Trial<'a> {
    simulation: &'a dyn Simulation,
    seeds: Range<u64>,
}

impl<'a> Trial<'a> {
    /// The experiment under a hundred seeds.
    pub const fn of(simulation: &'a dyn Simulation) -> Self {
        Self { simulation, seeds: DEFAULT_SEEDS }
    }

    /// The same under these seeds.
    #[must_use]
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// Every run keeps its promises, and at least one shows something.
    ///
    /// With `SYNOD_SEED` set, only that run is made.
    ///
    /// # Panics
    /// When that is not so, with what there is to know of it; when the experiment is wrong as a
    /// whole; when there are no seeds; when `SYNOD_SEED` is no seed.
    #[track_caller]
    pub fn passes(&self) {
        self.check();
        let result = match chosen_seed(std::env::var(SEED_VARIABLE).ok().as_deref()) {
            Ok(None) => self.all_pass(),
            Ok(Some(seed)) => self.one_passes(seed),
            Err(reason) => Err(reason),
        };
        if let Err(message) = result {
            panic!("{message}");
        }
    }

    /// A negative control: some run breaks the property or invariant of this name. Returns the
    /// first seed that does.
    ///
    /// # Panics
    /// When no run does; when the experiment is wrong as a whole; when there are no seeds.
    #[track_caller]
    pub fn breaks(&self, property: &str) -> u64 {
        self.check();
        let breaks = |seed: &u64| {
            let outcome = self.simulation.run(*seed);
            outcome.breaches.iter().any(|breach| breach.property == property)
        };
        match self.seeds.clone().find(breaks) {
            Some(seed) => seed,
            None => panic!(
                "{property} broke in none of {} runs (seeds {}..{}), and was to break in one",
                self.seeds.end - self.seeds.start,
                self.seeds.start,
                self.seeds.end
            ),
        }
    }

    #[track_caller]
    fn check(&self) {
        assert!(!self.seeds.is_empty(), "a trial needs seeds, such as 0..100");
        let complaints = self.simulation.complaints();
        let wrong: Vec<String> = complaints
            .iter()
            .filter(|complaint| !complaint.runnable)
            .map(|complaint| format!("{}: {}", complaint.path, complaint.reason))
            .collect();
        assert!(wrong.is_empty(), "this experiment cannot be run: {}", wrong.join("; "));
    }

    fn all_pass(&self) -> Result<(), String> {
        let (mut failed, mut passed) = (Failed::default(), 0);
        for seed in self.seeds.clone() {
            let outcome = self.simulation.run(seed);
            match outcome.verdict {
                Verdict::Pass => passed += 1,
                _ => failed.add(outcome),
            }
        }
        let runs = self.seeds.end - self.seeds.start;
        match (failed.worst(), passed) {
            (None, 0) => Err(format!("none of {runs} runs shows anything: {}", failed.counts())),
            (None, _) => Ok(()),
            (Some(worst), _) => {
                let mut message =
                    format!("{} of {runs} runs failed: {}\n", failed.seeds.len(), failed.counts());
                let shown = failed.seeds.iter().take(SEEDS_SHOWN).map(u64::to_string);
                let more = if failed.seeds.len() > SEEDS_SHOWN { ", …" } else { "" };
                let seeds = shown.collect::<Vec<_>>().join(", ");
                let _ = writeln!(message, "  seeds   {seeds}{more}");
                message += &told(worst);
                let _ = write!(message, "  again   {}", again(worst.seed, this_test().as_deref()));
                Err(message)
            }
        }
    }

    fn one_passes(&self, seed: u64) -> Result<(), String> {
        let (outcome, trace) = self.simulation.trace(seed);
        if outcome.verdict == Verdict::Pass {
            return Ok(());
        }
        let mut message = format!("seed {seed}: {}\n", outcome.verdict);
        message += &told(&outcome);
        message += &last_steps(&trace);
        Err(message)
    }
}

/// The runs that did not pass.
#[derive(Default)]
struct Failed {
    /// The seeds of those that failed; an inconclusive run did not.
    seeds: Vec<u64>,
    /// How many there were, by verdict and reason.
    reasons: BTreeMap<(Verdict, String), u64>,
    /// The first of each verdict.
    first: BTreeMap<Verdict, Outcome>,
}

impl Failed {
    fn add(&mut self, outcome: Outcome) {
        *self.reasons.entry((outcome.verdict, outcome.reason.clone())).or_default() += 1;
        if outcome.verdict != Verdict::Inconclusive {
            self.seeds.push(outcome.seed);
            self.first.entry(outcome.verdict).or_insert(outcome);
        }
    }

    /// The run to be told: of the worst verdict, the first.
    fn worst(&self) -> Option<&Outcome> {
        self.first.last_key_value().map(|(_, outcome)| outcome)
    }

    fn counts(&self) -> String {
        let count = |((verdict, reason), count): (&(Verdict, String), &u64)| {
            format!("{count} {verdict} ({reason})")
        };
        self.reasons.iter().rev().map(count).collect::<Vec<_>>().join(", ")
    }
}

/// What broke in a run.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    for breach in &outcome.breaches {
        let assumed = if breach.assumptions_held { "held" } else { "exceeded" };
        let _ = writeln!(
            text,
            "  seed {}  {} broke at {} s, assumptions {assumed}\n          {}",
            outcome.seed, breach.property, breach.at, breach.witness
        );
    }
    if outcome.breaches.is_empty() {
        let _ = writeln!(text, "  seed {}  {}", outcome.seed, outcome.reason);
    }
    text
}

/// The last steps up to the first violation, or to the end where there is none.
fn last_steps(trace: &Trace) -> String {
    let violation = trace.steps.iter().position(|step| step.kind == StepKind::Violation);
    let end = violation.map_or(trace.steps.len(), |at| at + 1);
    let start = end.saturating_sub(STEPS_SHOWN);
    let mut text = format!("  steps {} to {end} of {}:\n", start + 1, trace.steps.len());
    for step in &trace.steps[start..end] {
        let _ = writeln!(text, "    {step}");
    }
    text
}

/// The command that makes one run again.
fn again(seed: u64, test: Option<&str>) -> String {
    let filter = test.map_or_else(String::new, |test| format!(" {test}"));
    format!("{SEED_VARIABLE}={seed} cargo test{filter}")
}

/// The name of the test that runs on this thread; the harness calls its threads so.
fn this_test() -> Option<String> {
    let thread = std::thread::current();
    thread.name().filter(|name| *name != "main").map(str::to_owned)
}

/// The seed that the environment names.
fn chosen_seed(value: Option<&str>) -> Result<Option<u64>, String> {
    let Some(text) = value else { return Ok(None) };
    let refused =
        || format!("{SEED_VARIABLE}={text} names no seed: write a whole number, as in 412");
    text.parse().map(Some).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_a_seed_or_is_told_why_not() {
        assert_eq!(chosen_seed(None), Ok(None));
        assert_eq!(chosen_seed(Some("412")), Ok(Some(412)));
        for wrong in ["", "x", "-1", "1..2"] {
            assert!(chosen_seed(Some(wrong)).expect_err(wrong).contains("412"));
        }
    }

    #[test]
    fn the_command_names_the_seed_and_the_test() {
        assert_eq!(again(7, Some("tests::holds")), "SYNOD_SEED=7 cargo test tests::holds");
        assert_eq!(again(7, None), "SYNOD_SEED=7 cargo test");
    }
}
