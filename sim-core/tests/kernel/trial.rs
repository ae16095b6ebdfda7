//! Trials: what a Rust test says when a promise breaks.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use crate::setting::{ms, node};
use crate::toy::{Echo, toy};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::simulation::Simulation as _;
use sim_core::time::DurationRange;
use sim_core::trial::{SEED_VARIABLE, Trial};

/// A node that forgets what it wrote goes down in it, so that some runs break `memory`: those in
/// which it had written anything by then.
fn forgetful() -> Experiment<Echo> {
    let mut toy = toy();
    toy.config.writes = true;
    toy.config.forgets = true;
    toy.workload.clients = 1;
    toy.workload.start = ms(300);
    toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 20));
    let when = When::At(DurationRange::from_millis(200, 400));
    toy.setup.faults = vec![FaultSpec::when(when, Fault::crash(node(0))).lasting(ms(100))];
    toy
}

fn message(trial: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(trial)).expect_err("it was to fail");
    *payload.downcast::<String>().expect("a message")
}

#[test]
fn a_failing_trial_names_property_witness_seeds_and_the_command() {
    let experiment = forgetful();
    let first = Trial::of(&experiment).seeds(0..40).breaks("memory");
    let said = message(|| Trial::of(&experiment).seeds(0..40).passes());
    let count: u64 = said.split(' ').next().and_then(|word| word.parse().ok()).expect("a count");
    assert!((1..40).contains(&count), "{said}");
    for part in [
        &format!("{count} of 40 runs failed: {count} unsafe (memory)"),
        &format!("  seeds   {first}, "),
        &format!("  seed {first}  memory broke at 0."),
        "n0 forgot before life 1",
        &format!(
            "again   SYNOD_SEED={first} cargo test \
             trial::a_failing_trial_names_property_witness_seeds_and_the_command"
        ),
    ] {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }
}

#[test]
fn one_seed_is_run_again_alone_with_its_last_events() {
    // The child is this very test, with the seed in its environment.
    const TOLD: &str = "TRIAL_CHILD";
    if env::var_os(TOLD).is_some() {
        return Trial::of(&forgetful()).seeds(0..40).passes();
    }
    let child = |seed: &str| {
        let name = "trial::one_seed_is_run_again_alone_with_its_last_events";
        let this = env::current_exe().expect("this program");
        let mut command = Command::new(this);
        command.args(["--exact", name, "--nocapture"]).env(TOLD, "1").env(SEED_VARIABLE, seed);
        let output = command.output().expect("the child");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let experiment = forgetful();
    let bad = Trial::of(&experiment).seeds(0..40).breaks("memory");
    let (passed, said) = child(&bad.to_string());
    assert!(!passed, "{said}");
    for part in [&format!("seed {bad}: unsafe"), "memory broke at", " ✗ memory"] {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }
    assert!(!said.contains("of 40 runs"), "only one run was asked for:\n{said}");
    let steps = said.lines().filter(|line| line.starts_with("    0.")).count();
    assert!((10..=40).contains(&steps), "{steps} steps in:\n{said}");
    let good = (0..40).find(|seed| experiment.run(*seed).breaches.is_empty());
    assert!(child(&good.expect("a good seed").to_string()).0);
    let (passed, said) = child("many");
    assert!(!passed && said.contains("SYNOD_SEED=many names no seed"), "{said}");
}

#[test]
fn a_trial_that_shows_nothing_fails() {
    let mut idle = toy();
    idle.setup.network.loss = Ratio::new(1, 1);
    idle.setup.limits.events = 5;
    let said = message(|| Trial::of(&idle).seeds(0..10).passes());
    assert!(said.contains("none of 10 runs shows anything: 10 inconclusive ("), "{said}");
    let said = message(|| {
        Trial::of(&toy()).seeds(0..10).breaks("truth");
    });
    assert!(said.contains("truth broke in none of 10 runs (seeds 0..10)"), "{said}");
}

#[test]
fn what_cannot_be_run_is_said_before_anything_is() {
    let mut nobody = toy();
    nobody.setup.nodes = 0;
    let said = message(|| Trial::of(&nobody).passes());
    assert!(said.contains("cannot be run: protocol.nodes: 0 nodes"), "{said}");
}
