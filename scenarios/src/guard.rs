//! Runs that may panic: that is a verdict on the run, and takes nothing else down.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sim_core::outcome::Outcome;
use sim_core::simulation::Simulation;

thread_local! {
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a run, where a panic is a verdict and not a crash.
pub fn is_running() -> bool {
    RUNNING.get()
}

/// One run, whatever happens in it.
pub fn guarded(simulation: &dyn Simulation, seed: u64) -> Outcome {
    shielded(|| simulation.run(seed)).unwrap_or_else(|message| Outcome::panicked(seed, message))
}

/// Calls `run` and turns a panic into its message.
pub fn shielded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    RUNNING.set(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    RUNNING.set(false);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "a panic without words".to_owned())
    })
}
