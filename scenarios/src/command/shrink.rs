//! `synod shrink`: the smallest scenario that still breaks what a run broke.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use sim_core::outcome::Outcome;

use crate::cli::{Format, ScenarioArgs, ShrinkArgs};
use crate::error::Error;
use crate::point::Point;
use crate::rerun::{self, Recorded};
use crate::results;
use crate::scenario::Scenario;
use crate::shrink::{self, Case, Shrunk, Task, headline, sentence, written};
use crate::table::assumptions;
use crate::terminal::Terminal;

/// Shrinks one run, and writes the scenario that is left.
///
/// # Errors
/// When the scenario is wrong, the run does not fail, or the file cannot be written.
pub fn shrink(args: &ShrinkArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let (scenario, point, seed) = wanted(args, terminal)?;
    if let Some(out) = &args.out {
        spare(&scenario, out)?;
    }
    for stamp in super::stamps(&point) {
        terminal.note(&stamp);
    }
    let jobs = super::sweep::jobs(args.threads.jobs, terminal);
    let others = args.seeds.clone();
    let task = Task { point: &point, seed, others, most_tries: args.tries };
    let quiet = terminal.is_quiet();
    let progress = |case: &Case, tries: u64| {
        if !quiet {
            terminal.note(&told(case, tries));
        }
    };
    let shrunk =
        on_threads(&task, jobs, &progress)?.map_err(|outcome| sound(&scenario, &outcome))?;
    if !shrunk.is_finished {
        let more = args.tries.max(1).saturating_mul(4);
        terminal.warn(&format!("stopped after {} tries; --tries {more} goes on", shrunk.tries));
    }
    let text = written(&point, seed, &shrunk);
    let kept = match &args.out {
        Some(out) => fs::write(out, &text).map_err(Error::io("write", out)),
        None => Ok(()),
    };
    if format == Format::Json {
        terminal.document(&document(&scenario, &point, seed, &shrunk, &text))?;
    } else if args.out.is_some() && kept.is_ok() {
        terminal.line(&sentence(&shrunk.after))?;
        terminal.line(&format!("  {}", headline(&shrunk)))?;
    } else {
        // Also where the file did not take it: that took long to find.
        text.lines().try_for_each(|line| terminal.line(line))?;
    }
    kept?;
    if let Some(out) = &args.out {
        let file = super::quoted(&out.to_string_lossy());
        terminal.hint(&format!("synod trace {file} --seed {}", shrunk.after.seed));
    }
    Ok(0)
}

/// Shrinks on so many threads; the inner error is the outcome of a run that does not fail.
///
/// # Errors
/// When the system gives no threads.
pub(super) fn on_threads(
    task: &Task<'_>,
    jobs: usize,
    progress: &(dyn Fn(&Case, u64) + Sync),
) -> Result<Result<Shrunk, Box<Outcome>>, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    let pool = pool.map_err(|error| Error::Internal(format!("no threads: {error}")))?;
    Ok(pool.install(|| shrink::shrink(task, progress)))
}

/// The run that is to be shrunk: of a scenario by its seed, or of a sweep by its number.
fn wanted(args: &ShrinkArgs, terminal: &Terminal) -> Result<(Scenario, Point, u64), Error> {
    let source = results::meant(Path::new(&args.scenario.scenario));
    match args.run {
        Some(run) => {
            let Recorded { scenario, point, seed, .. } = rerun::find(&source, run)?;
            Ok((scenario, point, seed))
        }
        None if source.join(results::MANIFEST).is_file() => Err(rerun::which("shrink", &source)),
        None => {
            let ScenarioArgs { scenario, over } = &args.scenario;
            let (scenario, point) = super::one(scenario, over, terminal)?;
            Ok((scenario, point, args.seed))
        }
    }
}

/// How far it has come.
fn told(case: &Case, tries: u64) -> String {
    format!(
        "  {} strikes, {} nodes, {} events, seed {}  ({tries} tries)",
        case.strikes, case.nodes, case.events, case.seed
    )
}

/// That the result would take the place of what it came from.
fn spare(scenario: &Scenario, out: &Path) -> Result<(), Error> {
    let own = fs::canonicalize(&scenario.shown);
    match (own, fs::canonicalize(out)) {
        (Ok(own), Ok(out)) if own == out => Err(Error::Usage {
            message: "-o names the scenario itself, which would be lost".into(),
            next: "-o shrunk.toml".into(),
        }),
        _ => Ok(()),
    }
}

/// That there is nothing to shrink.
fn sound(scenario: &Scenario, outcome: &Outcome) -> Error {
    let colon = if outcome.reason.is_empty() { "" } else { ": " };
    let reason = crate::diagnostic::clean(&outcome.reason);
    let verdict = outcome.verdict;
    Error::Usage {
        message: format!(
            "seed {} breaks nothing that could be shrunk ({verdict}{colon}{reason})",
            outcome.seed
        ),
        next: format!(
            "synod sweep {}, which names the seeds that fail",
            super::quoted(&scenario.reference)
        ),
    }
}

fn document(scenario: &Scenario, point: &Point, seed: u64, shrunk: &Shrunk, text: &str) -> Json {
    let case = |case: &Case| {
        json!({
            "seed": case.seed,
            "faults": case.strikes,
            "nodes": case.nodes,
            "horizon_ms": case.horizon.as_millis_f64(),
            "requests": case.operations,
            "events": case.events,
            "failed_at_ms": case.failed_at.as_millis_f64(),
        })
    };
    json!({
        "schema": "synod.shrink/1",
        "engine": crate::results::ENGINE,
        "scenario": scenario.name,
        "protocol": point.entry.name,
        "seed": seed,
        "mutant": point.simulation.setup().mutant,
        "verdict": shrunk.failure.verdict.word(),
        "reason": shrunk.failure.reason,
        "assumptions": assumptions(shrunk.failure.assumptions_held),
        "before": case(&shrunk.before),
        "after": case(&shrunk.after),
        "left": sentence(&shrunk.after),
        "tries": shrunk.tries,
        "finished": shrunk.is_finished,
        "document": text,
    })
}
