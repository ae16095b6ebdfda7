//! `synod replay`: a run made again, from its trace or from the row of a sweep.

use std::path::Path;

use serde_json::{Value as Json, json};
use sim_core::outcome::{Outcome, Verdict};
use sim_core::trace::Trace;

use crate::capsule::{Capsule, Finding};
use crate::cli::{Format, ReplayArgs};
use crate::divergence::{brief, first, first_step, sentence, steps_of};
use crate::error::Error;
use crate::judge::{self, worst};
use crate::point::Point;
use crate::rerun;
use crate::results;
use crate::scenario::Scenario;
use crate::terminal::{Terminal, painted};

use super::run::{alone, broken, concluded};
use super::trace::{Shown, check, check_nodes, traced};

/// The exit code of a run that did not go as before.
const NONDETERMINISTIC: u8 = 30;

/// The exit code by which `git bisect run` passes a revision over.
const CANNOT_TELL: u8 = 125;

/// Makes a run again and says whether it went as before; if it did, the exit code is by what the
/// scenario expects of verdicts.
///
/// # Errors
/// When the trace or the folder cannot be read or does not apply to this build, or when stdout
/// takes nothing.
pub fn replay(args: &ReplayArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let result = match &args.diff {
        Some(other) => diff(&args.from_where, other, format, terminal),
        None => again(args, format, terminal),
    };
    match result {
        // A revision that cannot do it is no revision that does it wrong.
        Err(error) if args.bisect && [2, 3, 70, 74].contains(&error.code()) => {
            Err(Error::Skip(Box::new(error)))
        }
        result => result,
    }
}

/// A run that was made again.
struct Rerun {
    scenario: Scenario,
    point: Point,
    outcome: Outcome,
    trace: Trace,
    /// Its point, as people write it.
    label: String,
    /// The verdict that it had, with its reason where that is known.
    was: (String, Option<String>),
    told: Told,
}

/// How it went.
struct Told {
    /// Whether it went as before.
    alike: bool,
    /// How it went, in a word or two.
    word: &'static str,
    /// What differs, for people.
    lines: Vec<String>,
    /// What differs, for programs.
    details: Json,
}

fn again(args: &ReplayArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    check(&args.view, format)?;
    let source = results::meant(&args.from_where);
    let rerun = match args.run {
        Some(run) => of_row(&source, run)?,
        None if source.is_dir() => return Err(rerun::which("replay", &source)),
        None => of_capsule(&source)?,
    };
    check_nodes(&args.view, &rerun.point, &rerun.trace)?;
    let code = if args.bisect { rerun.bisected() } else { rerun.code() };
    let shown = Shown {
        name: &rerun.scenario.name,
        point: &rerun.point,
        outcome: &rerun.outcome,
        trace: &rerun.trace,
    };
    // Where something else is written to stdout, what was found goes beside it.
    let beside = args.view.export.is_some() || format == Format::Json && args.view.is_wanted();
    if beside {
        rerun.told.lines.iter().for_each(|line| terminal.note(line));
    } else if format == Format::Json {
        terminal.document(&rerun.document(code))?;
    } else {
        super::stamps(&rerun.point).iter().try_for_each(|stamp| terminal.line(stamp))?;
        rerun.lines().iter().try_for_each(|line| terminal.line(line))?;
    }
    if args.view.is_wanted() {
        shown.show(&args.view, format, terminal)?;
    }
    Ok(code)
}

fn of_row(folder: &Path, run: u64) -> Result<Rerun, Error> {
    let recorded = rerun::find(folder, run)?;
    let (outcome, trace) = traced(&recorded.point, recorded.seed)?;
    let got = (outcome.verdict.word().to_owned(), format!("{:016x}", outcome.fingerprint));
    let expected = (recorded.verdict, recorded.trace_hash);
    let told = if expected == got {
        alike(&outcome)
    } else {
        let line = |word: &str, (verdict, hash): &(String, String)| {
            format!("  {word}  {verdict}, fingerprint {hash}")
        };
        Told {
            alike: false,
            word: "diverged",
            lines: vec![
                "diverged; a table does not tell where".to_owned(),
                line("expected", &expected),
                line("got     ", &got),
            ],
            details: json!({ "expected": expected.1, "got": got.1 }),
        }
    };
    let (scenario, point) = (recorded.scenario, recorded.point);
    let label = point.label();
    Ok(Rerun { scenario, point, outcome, trace, label, was: (expected.0, None), told })
}

fn of_capsule(path: &Path) -> Result<Rerun, Error> {
    let capsule = Capsule::load(path)?;
    let (scenario, point) = capsule.scenario(path)?;
    let (outcome, trace) = traced(&point, capsule.head.seed)?;
    let again = Capsule::of(&scenario, &point, capsule.head.text.clone(), &outcome, &trace);
    let told = match capsule.compare(&again) {
        Finding::Identical => alike(&outcome),
        Finding::Diverged(event) => diverged(&capsule, &again, &trace, event),
        Finding::Retold { part, expected, got } => Told {
            alike: false,
            word: if part == "verdict" { "verdict changed" } else { "retold" },
            lines: vec![
                format!("{part} changed, though all {} events went alike", outcome.events),
                format!("  expected  {}", crate::diagnostic::clean(&expected)),
                format!("  got       {}", crate::diagnostic::clean(&got)),
            ],
            details: json!({ "part": part, "expected": expected, "got": got }),
        },
    };
    let label = crate::diagnostic::clean(&capsule.head.point);
    let was = (capsule.head.verdict, Some(capsule.head.reason));
    Ok(Rerun { scenario, point, outcome, trace, label, was, told })
}

fn alike(outcome: &Outcome) -> Told {
    let line = format!("{} identical: {} events", painted("✓"), outcome.events);
    Told { alike: true, word: "identical", lines: vec![line], details: Json::Null }
}

/// What is known of the event that was expected, and all that is known of the one that came.
fn diverged(was: &Capsule, is: &Capsule, trace: &Trace, event: u64) -> Told {
    let at = |capsule: &Capsule| {
        let link = capsule.chain.get(event as usize)?;
        Some(brief(link.kind.words(), link.node, link.at))
    };
    let over = || "nothing: the run was over".to_owned();
    let (was, is) = (at(was), at(is));
    let expected = match &was {
        was if *was == is => "the same at the same time, with other contents".to_owned(),
        Some(was) => was.clone(),
        None => over(),
    };
    let got = is.unwrap_or_else(over);
    let steps = steps_of(trace, event).iter().map(|step| format!("    {step}"));
    let mut lines = vec![
        format!("{} diverged at event {event}", painted("✗")),
        format!("  expected  {expected}"),
        format!("  got       {got}"),
    ];
    lines.extend(steps);
    let details = json!({ "event": event, "expected": expected, "got": got });
    Told { alike: false, word: "diverged", lines, details }
}

impl Rerun {
    /// As `synod run` exits; a run that went another way is worse than most.
    fn code(&self) -> u8 {
        let (_, judged) = alone(&self.scenario, &self.point, &self.outcome);
        if self.told.alike { judged } else { worst([judged, NONDETERMINISTIC]) }
    }

    /// Whether this build shows what the trace shows: that a revision goes another way on its way
    /// there is no fault of it.
    fn bisected(&self) -> u8 {
        let (verdict, reason) = (self.outcome.verdict, &self.outcome.reason);
        let same = verdict.word() == self.was.0
            && self.was.1.as_ref().is_none_or(|expected| expected == reason);
        let passed = self.was.0 == Verdict::Pass.word();
        match verdict {
            Verdict::Pass => 0,
            _ if !same && !passed => CANNOT_TELL,
            verdict => judge::verdict_code(verdict),
        }
    }

    fn lines(&self) -> Vec<String> {
        let (name, protocol) =
            (crate::diagnostic::clean(&self.scenario.name), self.point.entry.name);
        let title = format!("{name}  {protocol}  seed {}  {}", self.outcome.seed, self.label);
        let mut lines = vec![title.trim_end().to_owned()];
        lines.extend(self.told.lines.iter().cloned());
        lines.extend(concluded(&self.outcome));
        lines.extend(broken(&self.outcome));
        lines
    }

    fn document(&self, code: u8) -> Json {
        let breaches = self
            .outcome
            .breaches
            .iter()
            .map(|breach| json!({ "property": breach.property, "witness": breach.witness }));
        json!({
            "schema": "synod.replay/1",
            "scenario": self.scenario.name,
            "protocol": self.point.entry.name,
            "seed": self.outcome.seed,
            "replay": self.told.word,
            "difference": self.told.details,
            "expected_verdict": self.was.0,
            "verdict": self.outcome.verdict.word(),
            "reason": self.outcome.reason,
            "assumptions": crate::table::assumptions(self.outcome.assumptions_held),
            "violations": breaches.collect::<Vec<_>>(),
            "events_count": self.outcome.events,
            "trace_hash": format!("{:016x}", self.outcome.fingerprint),
            "exit_code": code,
        })
    }
}

/// The steps that are shown before two runs part.
const CONTEXT: usize = 3;

/// Shows where two runs part.
fn diff(one: &Path, other: &Path, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let (one, other) = (of_capsule(one)?, of_capsule(other)?);
    for (name, rerun) in [("a", &one), ("b", &other)] {
        if !rerun.told.alike {
            terminal.warn(&format!("{name} does not replay:\n{}", rerun.told.lines.join("\n")));
        }
    }
    let code = if one.told.alike && other.told.alike { 0 } else { NONDETERMINISTIC };
    let parting = first(&one.trace, &other.trace);
    if format == Format::Json {
        let place = parting.map(|event| first_step(&one.trace, &other.trace, event));
        let told = |rerun: &Rerun| {
            let (event, place) = (parting?, place?);
            Some(sentence(&rerun.trace, event, place))
        };
        terminal.document(&json!({
            "schema": "synod.diff/1",
            "event": parting,
            "a": told(&one),
            "b": told(&other),
            "exit_code": code,
        }))?;
        return Ok(code);
    }
    match parting {
        None => terminal.line(&format!("equal: all {} events", one.outcome.events))?,
        Some(event) => parted(&one.trace, &other.trace, event)
            .iter()
            .try_for_each(|line| terminal.line(line))?,
    }
    Ok(code)
}

/// What came before two runs part, and what came then in each.
fn parted(one: &Trace, other: &Trace, event: u64) -> Vec<String> {
    let at = [one, other].map(|trace| trace.links.get(event as usize).map(|link| link.at));
    let when = at.into_iter().flatten().min().map_or_else(String::new, |at| format!("{at} s"));
    let equal = match event {
        0 => "the beginning differs".to_owned(),
        1 => format!("equal in the beginning, then at {when}:"),
        event => format!("equal for {} events, then at {when}:", event - 1),
    };
    let mut lines = vec![equal];
    let place = first_step(one, other, event);
    let before = one.steps.partition_point(|step| step.event < event) + place;
    let context = &one.steps[before.saturating_sub(CONTEXT)..before];
    lines.extend(context.iter().map(|step| format!("     {step}")));
    for (name, trace) in [("a", one), ("b", other)] {
        let steps = steps_of(trace, event).get(place..).unwrap_or_default();
        match (steps, place) {
            ([], 0) => lines.push(format!("  {name}: {}", sentence(trace, event, place))),
            ([], _) => lines.push(format!("  {name}: nothing more in this event")),
            _ => lines.extend(steps.iter().map(|step| format!("  {name}: {step}"))),
        }
    }
    lines
}
