//! `synod trace`: one run, event by event.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use sim_core::outcome::Outcome;
use sim_core::time::{Duration, Time};
use sim_core::trace::{Step, StepKind};

use crate::cli::{Export, Format, Kind, TraceArgs};
use crate::error::Error;
use crate::export::past::causal_past;
use crate::export::{View, mermaid, ndjson, perfetto, shiviz, text};
use crate::judge::seconds;
use crate::sweep::shielded;
use crate::terminal::{Terminal, painted};

use super::run::{pretty, verdict_mark};

/// Makes one run and writes a line per step.
///
/// # Errors
/// When the scenario or the window is wrong, when the run takes its world down, or when stdout
/// takes nothing.
pub fn trace(args: &TraceArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    if args.export.is_some() && format == Format::Json {
        let message = "--export and --format json both say how to write".to_owned();
        return Err(Error::Usage { message, next: "--export ndjson".into() });
    }
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        let message = format!("--from {from} is after --to {to}");
        return Err(Error::Usage { message, next: format!("--from {to} --to {from}") });
    }
    let (scenario, point) = super::one(&args.scenario.scenario, &args.scenario.over, terminal)?;
    let setup = point.simulation.setup();
    if let Some(node) = args.node.iter().find(|node| node.0 >= setup.nodes) {
        let message = format!("there is no {node}: there are {} nodes", setup.nodes);
        return Err(Error::Usage { message, next: format!("--node n{}", setup.nodes - 1) });
    }
    let (outcome, trace) = shielded(|| point.simulation.trace(args.seed)).map_err(|message| {
        Error::Internal(format!("seed {} panicked outside of its protocol: {message}", args.seed))
    })?;
    let past = args.cause.map(|event| causal_past(&trace.steps, event));
    if let (Some(event), Some(past)) = (args.cause, &past)
        && past.is_empty()
    {
        let last = trace.steps.last().map_or(0, |step| step.event);
        let message = format!("nothing is told of event {event}: the last one is {last}");
        return Err(Error::Usage { message, next: format!("--cause {last}") });
    }
    let view = View::new(&trace.steps, |place, step| {
        wanted(step, args) && past.as_ref().is_none_or(|past| past.contains(&place))
    });
    // Whatever leaves says of which run it is, and what is wrong with that.
    let run = json!({
        "scenario": scenario.name,
        "protocol": point.entry.name,
        "seed": args.seed,
        "verdict": outcome.verdict.word(),
        "mutant": setup.mutant,
        "unsafe_and_allowed": point.allowed,
    });
    if let Some(export) = args.export {
        return write(&exported(&view, export, &run)?, args.out.as_deref(), terminal);
    }
    if format == Format::Json {
        let steps: Vec<_> = view.shown().map(ndjson::object).collect();
        let document = json!({
            "schema": "synod.trace/1",
            "scenario": scenario.name,
            "protocol": point.entry.name,
            "seed": args.seed,
            "verdict": outcome.verdict.word(),
            "reason": outcome.reason,
            "trace_hash": format!("{:016x}", outcome.fingerprint),
            "steps": steps,
        });
        terminal.line(&pretty(&document))?;
        return Ok(0);
    }
    terminal.line(&format!(
        "{}  {}  seed {}  {}",
        crate::diagnostic::clean(&scenario.name),
        point.entry.name,
        args.seed,
        verdict(&outcome)
    ))?;
    super::stamps(&point).iter().try_for_each(|stamp| terminal.line(stamp))?;
    for line in text::lines(&view) {
        terminal.line(&line)?;
        if terminal.is_closed() {
            return Ok(0);
        }
    }
    terminal.line(&format!("ended at {}: {}", seconds(outcome.ended), verdict(&outcome)))?;
    Ok(0)
}

/// What is shown, in the format of another tool, with a line on the run where the format has room
/// for one.
fn exported(view: &View<'_>, export: Export, run: &Json) -> Result<String, Error> {
    Ok(match export {
        Export::Text => {
            let lines: String = text::lines(view).map(|line| line + "\n").collect();
            format!("# {run}\n{lines}")
        }
        Export::Ndjson => format!("{}\n{}", json!({ "run": run }), ndjson::ndjson(view)),
        Export::Mermaid => format!("%% {run}\n{}", mermaid::mermaid(view)?),
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

fn wanted(step: &Step, args: &TraceArgs) -> bool {
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
        StepKind::Timer => Kind::Timer,
        StepKind::Durable => Kind::Durable,
        StepKind::Indicate => Kind::Indicate,
        StepKind::Landmark => Kind::Landmark,
        StepKind::Fault => Kind::Fault,
        StepKind::Violation => Kind::Violation,
    }
}
