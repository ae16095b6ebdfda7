//! `failures/` in the folder of a sweep: of everything that went wrong, the first run that shows it,
//! as a trace that replays and as a diagram of what led there, and if wanted the smallest scenario
//! that still fails alike.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use sim_core::outcome::{Outcome, Verdict};

use crate::capsule::{Capsule, one_point, text_of};
use crate::cli::OverArgs;
use crate::error::Error;
use crate::export::mermaid;
use crate::plan::Plan;
use crate::point::Point;
use crate::registry;
use crate::results::Folder;
use crate::scenario::Scenario;
use crate::shrink::{self, MOST_TRIES, OTHERS, Task, headline, sentence, written};
use crate::sweep::Made;
use crate::terminal::{Terminal, plural};

use super::quoted;
use super::trace::{Shown, traced};

/// A run that failed, as it is told at once.
pub struct Failure {
    run: u64,
    point: usize,
    seed: u64,
    verdict: Verdict,
    events: u64,
    what: String,
    witness: String,
    /// What it shows, if that can be shown again.
    shown: Option<shrink::Failure>,
}

/// How many failures are kept and told.
const KEPT: usize = 5;

/// Events of the longest run that a sweep keeps as a trace: to make one takes memory for all steps.
const MOST_EVENTS: u64 = 1_000_000;

impl Failure {
    /// The failure of a run, if it is one.
    pub fn of(made: &Made) -> Option<Self> {
        let Outcome { seed, verdict, events, .. } = made.outcome;
        if matches!(verdict, Verdict::Pass | Verdict::Inconclusive) {
            return None;
        }
        let unstable = verdict == Verdict::Nondeterministic;
        let breach = made.outcome.first_breach().filter(|_| !unstable);
        let what = match breach {
            Some(breach) => {
                let assumed = if breach.assumptions_held { "" } else { ", assumptions exceeded" };
                format!("{} @ {} s{assumed}", breach.property, breach.at)
            }
            None => crate::diagnostic::clean(&made.outcome.reason),
        };
        let witness = breach.map_or_else(String::new, |breach| breach.witness.clone());
        let shown = shrink::Failure::of(&made.outcome);
        Some(Self { run: made.run, point: made.point, seed, verdict, events, what, witness, shown })
    }

    /// Whether another run showed the same.
    fn is_like(&self, other: &Self) -> bool {
        (self.verdict, &self.shown) == (other.verdict, &other.shown)
    }

    /// One line on it.
    pub fn line(&self, plan: &Plan) -> String {
        let point = &plan.points[self.point];
        let label = point.label();
        let space = if label.is_empty() { "" } else { " " };
        let protocol = point.entry.name;
        let (run, seed, verdict) = (self.run, self.seed, self.verdict);
        format!("  ✗ {verdict}  {protocol} {label}{space}seed={seed} (run {run})  {}", self.what)
    }
}

/// The failures of a sweep: the first run of each sort, and how many there are in all.
#[derive(Default)]
pub struct Failures {
    first: Vec<Failure>,
    count: u64,
}

impl Failures {
    /// Takes in a failure. They come in the order of their runs.
    pub fn add(&mut self, failure: Failure) {
        self.count += 1;
        if self.first.len() < KEPT && !self.first.iter().any(|known| known.is_like(&failure)) {
            self.first.push(failure);
        }
    }

    /// Keeps them in the folder of their sweep, in place of those that an earlier sweep kept there.
    /// What cannot be kept is said, and is no reason to lose anything else.
    pub fn keep<'a>(&'a self, keeper: &Keeper<'a>, terminal: &Terminal) -> Vec<Told<'a>> {
        let root = keeper.folder.dir().join("failures");
        let cleared = match fs::remove_dir_all(&root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let error = Error::io("remove", &root)(error);
                terminal.warn(&format!("no failure is kept: {error}"));
                false
            }
            _ => true,
        };
        let told = |failure: &'a Failure| {
            let kept = cleared.then(|| keeper.keep(failure, &root, terminal)).flatten();
            Told { failure, kept }
        };
        self.first.iter().map(told).collect()
    }

    /// How many there are beside those that are told.
    fn others(&self) -> u64 {
        self.count - self.first.len() as u64
    }
}

/// What keeps failures.
pub struct Keeper<'a> {
    /// The plan of the sweep.
    pub plan: &'a Plan,
    /// Where it lies.
    pub folder: &'a Folder,
    /// Whether failures are shrunk, too.
    pub shrinks: bool,
    /// On how many threads.
    pub jobs: usize,
}

/// A failure, and what was kept of it.
pub struct Told<'a> {
    failure: &'a Failure,
    kept: Option<Kept>,
}

/// What was kept of a failure.
struct Kept {
    trace: PathBuf,
    smaller: Option<Smaller>,
}

/// A smaller scenario that fails alike.
struct Smaller {
    file: PathBuf,
    sentence: String,
    headline: String,
}

impl Keeper<'_> {
    fn keep(&self, failure: &Failure, root: &Path, terminal: &Terminal) -> Option<Kept> {
        let (run, events) = (failure.run, failure.events);
        if events > MOST_EVENTS {
            let most = format!("only runs of at most {MOST_EVENTS} are");
            terminal.warn(&format!("run {run} of {events} events is not kept: {most}"));
            return None;
        }
        let dir = root.join(run.to_string());
        let trace = dir.join("trace.trace");
        let plan = self.plan;
        let (scenario, point) = (plan.scenario_of(failure.point), &plan.points[failure.point]);
        let made = fs::create_dir_all(&dir).map_err(Error::io("make", &dir));
        let written = made
            .and_then(|()| write(scenario, point, failure.seed, &trace, &dir.join("diagram.mmd")));
        if let Err(error) = written {
            terminal.warn(&format!("run {run} is not kept: {error}"));
            // Half of it is of no use.
            let _ = fs::remove_dir_all(&dir);
            return None;
        }
        let shrinks = self.shrinks && failure.shown.is_some();
        let smaller = shrinks.then(|| self.shrink(failure, point, &dir, terminal));
        let smaller = smaller.transpose().unwrap_or_else(|error| {
            terminal.warn(&format!("run {run} is not shrunk: {error}"));
            None
        });
        Some(Kept { trace, smaller })
    }

    fn shrink(
        &self,
        failure: &Failure,
        point: &Point,
        dir: &Path,
        terminal: &Terminal,
    ) -> Result<Smaller, Error> {
        let (run, seed) = (failure.run, failure.seed);
        terminal.note(&format!("  shrinking run {run}"));
        let task = Task { point, seed, others: OTHERS, most_tries: MOST_TRIES };
        let changed = |_| Error::Internal("it passes when it is run again".into());
        let shrunk = super::shrink::on_threads(&task, self.jobs, &|_, _| {})?.map_err(changed)?;
        if !shrunk.is_finished {
            let sweep = quoted(&self.folder.dir().to_string_lossy());
            let more = MOST_TRIES * 4;
            terminal.warn(&format!("stopped shrinking after {} tries", shrunk.tries));
            terminal.next(&format!("synod shrink {sweep} --run {run} --tries {more}"));
        }
        let (file, text) = (dir.join("shrunk.toml"), written(point, seed, &shrunk));
        fs::write(&file, &text).map_err(Error::io("write", &file))?;
        let (scenario, point) = one_point(&text).map_err(Error::Internal)?;
        let (trace, diagram) = (dir.join("shrunk.trace"), dir.join("shrunk.mmd"));
        write(&scenario, &point, shrunk.after.seed, &trace, &diagram)?;
        Ok(Smaller { file, sentence: sentence(&shrunk.after), headline: headline(&shrunk) })
    }
}

/// Makes a run, and writes its trace and the diagram of what led to its first violation.
fn write(
    scenario: &Scenario,
    point: &Point,
    seed: u64,
    to: &Path,
    diagram: &Path,
) -> Result<(), Error> {
    let (outcome, trace) = traced(point, seed)?;
    let text = text_of(scenario, point, seed)?;
    Capsule::of(scenario, point, text, &outcome, &trace).save(to)?;
    let shown = Shown { name: &scenario.name, point, outcome: &outcome, trace: &trace };
    let drawn = format!("%% {}\n{}", shown.stamp(), mermaid::violation(&trace)?);
    fs::write(diagram, drawn).map_err(Error::io("write", diagram))
}

/// What people are told of the failures of a sweep.
pub fn lines(
    failures: &Failures,
    told: &[Told<'_>],
    plan: &Plan,
    folder: &Folder,
    laid: &OverArgs,
) -> Vec<String> {
    let (program, sweep) = (registry::program(), quoted(&folder.dir().to_string_lossy()));
    let mut lines = Vec::new();
    for Told { failure, kept } in told {
        lines.push(failure.line(plan));
        if !failure.witness.is_empty() {
            lines.push(format!("      {}", crate::diagnostic::clean(&failure.witness)));
        }
        let Some(Kept { trace, smaller }) = kept else {
            let (scenario, point) = (plan.scenario_of(failure.point), &plan.points[failure.point]);
            let command = super::trace_command(scenario, point, laid, failure.seed);
            lines.push(format!("      trace   {command}"));
            continue;
        };
        let trace = quoted(&trace.to_string_lossy());
        lines.push(format!("      repro   {program} replay {trace}"));
        match smaller {
            Some(Smaller { file, sentence, headline }) => lines.extend([
                format!("      shrunk  {sentence}"),
                format!("              {headline}"),
                format!("      test    cp {} tests/", quoted(&file.to_string_lossy())),
            ]),
            None if failure.shown.is_some() => {
                let run = failure.run;
                lines.push(format!("      small   {program} shrink {sweep} --run {run}"));
            }
            None => {}
        }
    }
    if failures.others() > 0 {
        let more = failures.others();
        lines.push(format!("  … and {more} more run{} in failures.csv", plural(more)));
    }
    lines
}

/// The same for programs.
pub fn json(told: &[Told<'_>]) -> Json {
    let one = |Told { failure, kept }: &Told<'_>| {
        let smaller = kept.as_ref().and_then(|kept| kept.smaller.as_ref());
        json!({
            "run": failure.run,
            "point": failure.point,
            "seed": failure.seed,
            "verdict": failure.verdict.word(),
            "what": failure.what,
            "witness": failure.witness,
            "trace": kept.as_ref().map(|kept| &kept.trace),
            "shrunk": smaller.map(|smaller| &smaller.file),
            "left": smaller.map(|smaller| &smaller.sentence),
        })
    };
    told.iter().map(one).collect()
}
