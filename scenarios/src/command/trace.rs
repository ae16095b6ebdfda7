//! `synod trace`: one run, event by event.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use sim_core::id::NodeId;
use sim_core::outcome::Outcome;
use sim_core::time::{Duration, Time};
use sim_core::trace::{Step, StepKind, Trace};

use crate::capsule::{Capsule, text_of};
use crate::cli::{Export, Format, Kind, RunArgs, TraceArgs, ViewArgs};
use crate::error::Error;
use crate::export::past::causal_past;
use crate::export::record::{self as page, Page};
use crate::export::{View, mermaid, ndjson, perfetto, schedule, shiviz, text};
use crate::guard::shielded;
use crate::point::Point;
use crate::scenario::Scenario;
use crate::terminal::{Terminal, painted};

use super::run::verdict_mark;

/// Makes one run, and writes a line per step or keeps it in a file.
///
/// # Errors
/// When the scenario or the window is wrong, when the run takes its world down, or when stdout or
/// the file takes nothing.
pub fn trace(args: &TraceArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    check(&args.view, format)?;
    let RunArgs { scenario, seed } = &args.run;
    let (scenario, point) = super::one(&scenario.scenario, &scenario.over, terminal)?;
    if args.record.is_some() && format == Format::Json {
        let message = "--record writes a page in Markdown, and --format json wants JSON".to_owned();
        let next = "the same command without one of them".into();
        return Err(Error::Usage { message, next });
    }
    if let Some(file) = &args.record {
        return record(&scenario, &point, *seed, file.as_deref(), terminal);
    }
    let (outcome, trace) = traced(&point, *seed)?;
    check_nodes(&args.view, &point, &trace)?;
    if let Some(path) = &args.save {
        let text = text_of(&scenario, &point, *seed)?;
        let capsule = Capsule::of(&scenario, &point, text, &outcome, &trace);
        return save(&capsule, path, terminal);
    }
    let shown = Shown { name: &scenario.name, point: &point, outcome: &outcome, trace: &trace };
    shown.show(&args.view, format, terminal)
}

/// Writes the record of a run as a page.
fn record(
    scenario: &Scenario,
    point: &Point,
    seed: u64,
    file: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let (outcome, _, sections) = uncaught(seed, || point.simulation.record(seed))?;
    if sections.is_empty() {
        let (protocol, problem) = (point.entry.name, point.entry.problem);
        let message = format!("{protocol} keeps no record: its problem is {problem}");
        let next = "synod list protocols (those for the problem decision keep one)".into();
        return Err(Error::Usage { message, next });
    }
    let page = Page {
        scenario: &scenario.name,
        title: scenario.title.as_deref(),
        protocol: point.entry.name,
        stamps: &super::stamps(point),
        outcome: &outcome,
    };
    write(&page::record(&page, &sections), file, terminal)
}

/// Keeps a run in a file, and says how large it is.
fn save(capsule: &Capsule, path: &Path, terminal: &mut Terminal) -> Result<u8, Error> {
    let bytes = capsule.save(path)?;
    let (events, shown) = (capsule.head.events_count, path.display());
    let each = bytes as f64 / events.max(1) as f64;
    terminal.line(&format!(
        "{shown}  {events} events, {bytes} bytes ({each:.1} per event)  {}",
        capsule.head.verdict
    ))?;
    terminal.hint(&format!("synod replay {}", super::quoted(&path.to_string_lossy())));
    Ok(0)
}

/// Makes a run of a point, and keeps everything that happens.
pub(super) fn traced(point: &Point, seed: u64) -> Result<(Outcome, Trace), Error> {
    uncaught(seed, || point.simulation.trace(seed))
}

/// Makes a run; a panic of its protocol is a verdict, and any other is an error.
fn uncaught<T>(seed: u64, run: impl FnOnce() -> T) -> Result<T, Error> {
    shielded(run).map_err(|message| {
        Error::Internal(format!("seed {seed} panicked outside of its protocol: {message}"))
    })
}

/// Refuses what cannot be shown, before anything runs.
pub(super) fn check(view: &ViewArgs, format: Format) -> Result<(), Error> {
    if view.export.is_some() && format == Format::Json {
        let message = "--export and --format json both say how to write".to_owned();
        return Err(Error::Usage { message, next: "--export ndjson".into() });
    }
    if let (Some(from), Some(to)) = (view.from, view.to)
        && from > to
    {
        let message = format!("--from {from} is after --to {to}");
        return Err(Error::Usage { message, next: format!("--from {to} --to {from}") });
    }
    Ok(())
}

/// Refuses nodes that the run does not have. Clients on the network are nodes too, with the numbers
/// after those of the cluster.
pub(super) fn check_nodes(view: &ViewArgs, point: &Point, trace: &Trace) -> Result<(), Error> {
    let nodes = point.simulation.setup().nodes;
    let is_there =
        |node: NodeId| node.0 < nodes || trace.steps.iter().any(|step| step.node == Some(node));
    match view.node.iter().find(|node| !is_there(**node)) {
        Some(node) => {
            let message = format!("there is no {node}: there are {nodes} nodes");
            Err(Error::Usage { message, next: format!("--node n{}", nodes - 1) })
        }
        None => Ok(()),
    }
}

/// A run that is shown.
pub(super) struct Shown<'a> {
    /// The name of its scenario.
    pub(super) name: &'a str,
    /// Its point.
    pub(super) point: &'a Point,
    /// What it showed.
    pub(super) outcome: &'a Outcome,
    /// Everything that happened in it.
    pub(super) trace: &'a Trace,
}

impl Shown<'_> {
    /// Writes a line per step, or what the arguments ask for.
    ///
    /// # Errors
    /// When the event asked for is none of the run, or when stdout or the file takes nothing.
    pub(super) fn show(
        &self,
        args: &ViewArgs,
        format: Format,
        terminal: &mut Terminal,
    ) -> Result<u8, Error> {
        let steps = &self.trace.steps;
        let past = args.cause.map(|event| causal_past(steps, event));
        if let (Some(event), Some(past)) = (args.cause, &past)
            && past.is_empty()
        {
            let last = steps.last().map_or(0, |step| step.event);
            let message = format!("nothing is told of event {event}: the last one is {last}");
            return Err(Error::Usage { message, next: format!("--cause {last}") });
        }
        let view = View::new(steps, |place, step| {
            wanted(step, args) && past.as_ref().is_none_or(|past| past.contains(&place))
        });
        match (args.export, format) {
            (Some(export), _) => {
                let text = exported(&view, export, self.trace, &self.stamp())?;
                write(&text, args.out.as_deref(), terminal)
            }
            (None, Format::Json) => {
                terminal.document(&self.document(&view))?;
                Ok(0)
            }
            (None, _) => self.lines(&view, terminal),
        }
    }

    /// Of which run it is, and what is wrong with that; whatever leaves says so.
    pub(super) fn stamp(&self) -> Json {
        json!({
            "scenario": self.name,
            "protocol": self.point.entry.name,
            "seed": self.outcome.seed,
            "verdict": self.outcome.verdict.word(),
            "mutant": self.point.simulation.setup().mutant,
            "unsafe_and_allowed": self.point.allowed,
        })
    }

    fn document(&self, view: &View<'_>) -> Json {
        let steps: Vec<_> = view.shown().map(ndjson::object).collect();
        json!({
            "schema": "synod.trace/1",
            "scenario": self.name,
            "protocol": self.point.entry.name,
            "seed": self.outcome.seed,
            "verdict": self.outcome.verdict.word(),
            "reason": self.outcome.reason,
            "trace_hash": format!("{:016x}", self.outcome.fingerprint),
            "steps": steps,
        })
    }

    fn lines(&self, view: &View<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
        let outcome = self.outcome;
        terminal.line(&format!(
            "{}  {}  seed {}  {}",
            crate::diagnostic::clean(self.name),
            self.point.entry.name,
            outcome.seed,
            verdict(outcome)
        ))?;
        super::stamps(self.point).iter().try_for_each(|stamp| terminal.line(stamp))?;
        for line in text::lines(view) {
            terminal.line(&line)?;
            if terminal.is_closed() {
                return Ok(0);
            }
        }
        terminal.line(&format!("ended at {} s: {}", outcome.ended, verdict(outcome)))?;
        Ok(0)
    }
}

/// What is shown, in the format of another tool, with a line on the run where the format has room
/// for one.
fn exported(view: &View<'_>, export: Export, trace: &Trace, run: &Json) -> Result<String, Error> {
    Ok(match export {
        Export::Text => {
            let lines: String = text::lines(view).map(|line| line + "\n").collect();
            format!("# {run}\n{lines}")
        }
        Export::Ndjson => format!("{}\n{}", json!({ "run": run }), ndjson::ndjson(view)),
        Export::Mermaid => format!("%% {run}\n{}", mermaid::mermaid(view)?),
        Export::Schedule => format!("# {run}\n{}", schedule::schedule(trace)),
        // Its parser takes every line for an event.
        Export::Shiviz => shiviz::shiviz(view),
        Export::Perfetto => {
            let mut document = perfetto::perfetto(view);
            document["otherData"] = run.clone();
            format!("{document}\n")
        }
    })
}

fn write(text: &str, out: Option<&Path>, terminal: &mut Terminal) -> Result<u8, Error> {
    match out {
        Some(path) => fs::write(path, text).map_err(Error::io("write", path))?,
        None => text.lines().try_for_each(|line| terminal.line(line))?,
    }
    Ok(0)
}

fn verdict(outcome: &Outcome) -> String {
    let mark = painted(verdict_mark(outcome.verdict));
    let reason = crate::diagnostic::clean(&outcome.reason);
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("{mark} {}{colon}{reason}", outcome.verdict)
}

fn wanted(step: &Step, args: &ViewArgs) -> bool {
    let time = |span: Duration| Time::ZERO + span;
    args.from.is_none_or(|from| step.at >= time(from))
        && args.to.is_none_or(|to| step.at <= time(to))
        && (args.node.is_empty() || step.node.is_some_and(|node| args.node.contains(&node)))
        && (args.kind.is_empty() || args.kind.contains(&kind(step.kind)))
}

const fn kind(kind: StepKind) -> Kind {
    match kind {
        StepKind::Boot => Kind::Boot,
        StepKind::Request => Kind::Request,
        StepKind::Deliver => Kind::Deliver,
        StepKind::Send => Kind::Send,
        StepKind::Lose => Kind::Lose,
        StepKind::Alter => Kind::Alter,
        StepKind::Timer => Kind::Timer,
        StepKind::Durable => Kind::Durable,
        StepKind::Indicate => Kind::Indicate,
        StepKind::Landmark => Kind::Landmark,
        StepKind::Fault => Kind::Fault,
        StepKind::Violation => Kind::Violation,
    }
}
