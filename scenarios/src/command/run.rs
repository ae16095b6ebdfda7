//! `synod run`: one seed, and everything that its outcome says.

use serde_json::{Value as Json, json};
use sim_core::outcome::{Measure, Outcome, Verdict};

use crate::cli::{Format, RunArgs};
use crate::error::Error;
use crate::expect::{Claim, Expectation, Share};
use crate::fold::Fold;
use crate::guard::guarded;
use crate::judge::{self, Answer, Judgement};
use crate::point::Point;
use crate::scenario::Scenario;
use crate::table::{assumptions, class_word};
use crate::terminal::{Terminal, aligned, painted};

/// Makes one run and shows it; the exit code is by what the scenario expects of verdicts.
///
/// # Errors
/// When the scenario is wrong or stdout takes nothing.
pub fn run(args: &RunArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let laid = &args.scenario.over;
    let (scenario, point) = super::one(&args.scenario.scenario, laid, terminal)?;
    let outcome = guarded(point.simulation.as_ref(), args.seed);
    let (judgements, code) = alone(&scenario, &point, &outcome);
    if format == Format::Json {
        let document = document(&scenario.name, &point, &outcome, &judgements, code);
        terminal.document(&document)?;
        return Ok(code);
    }
    super::stamps(&point).iter().try_for_each(|stamp| terminal.line(stamp))?;
    human(&scenario.name, &point, &outcome).iter().try_for_each(|line| terminal.line(line))?;
    for judgement in &judgements {
        let mark = painted(judgement.answer.mark());
        terminal.line(&format!("expected  {mark} {}", judgement.expectation.claim))?;
    }
    terminal.hint(&super::trace_command(&scenario, &point, laid, args.seed));
    Ok(code)
}

/// What one run, of the first point, says of the expectations that are about runs one by one, and
/// the exit code that follows.
pub(super) fn alone(scenario: &Scenario, point: &Point, outcome: &Outcome) -> (Vec<Judgement>, u8) {
    let setup = point.simulation.setup();
    let mut fold = Fold::new(setup, &[], []);
    fold.add(outcome, setup);
    let judgements = of_one_run(&scenario.expectations, &fold);
    let code = judge::exit_code(&judgements, [&fold]);
    (judgements, code)
}

/// That it breaks nothing which some run is to break, is no answer.
fn of_one_run(expectations: &[Expectation], fold: &Fold) -> Vec<Judgement> {
    let told = expectations.iter().filter(|expectation| {
        let of_many = matches!(
            expectation.claim,
            Claim::Metric { .. }
                | Claim::Bites { .. }
                | Claim::Reaches { .. }
                | Claim::Verdict { share: Share::Between(..), .. }
        );
        !of_many && expectation.points.contains(&0)
    });
    let judged = told.map(|expectation| {
        let of_the_run = Expectation { points: vec![0], ..expectation.clone() };
        let mut judgement = judge::judge(&of_the_run, &[fold]);
        if expectation.claim.is_control() && judgement.answer != Answer::Holds {
            judgement.answer = Answer::Open;
        }
        judgement
    });
    judged.collect()
}

fn human(name: &str, point: &Point, outcome: &Outcome) -> Vec<String> {
    let (name, protocol, seed) = (crate::diagnostic::clean(name), point.entry.name, outcome.seed);
    let title = format!("{name}  {protocol}  seed {seed}  {}", point.label());
    let mut lines = vec![title.trim_end().to_owned()];
    lines.extend(concluded(outcome));
    let sections = [
        ("broken", broken(outcome)),
        ("faults", struck(point, outcome)),
        ("metrics", measured(outcome)),
    ];
    for (title, section) in sections {
        if !section.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            lines.extend(section);
        }
    }
    lines.push(String::new());
    lines
}

/// What was concluded, and when.
pub(super) fn concluded(outcome: &Outcome) -> [String; 3] {
    let reason = crate::diagnostic::clean(&outcome.reason);
    let colon = if reason.is_empty() { "" } else { ": " };
    let mark = painted(verdict_mark(outcome.verdict));
    [
        format!("verdict   {mark} {}{colon}{reason}", outcome.verdict),
        format!("assumed   {}", assumptions(outcome.assumptions_held)),
        format!(
            "ended     {} s, {} events, fingerprint {:016x}",
            outcome.ended, outcome.events, outcome.fingerprint
        ),
    ]
}

/// The promises that were broken, each with its witness.
pub(super) fn broken(outcome: &Outcome) -> Vec<String> {
    let breaches = outcome.breaches.iter().flat_map(|breach| {
        let (class, assumed) = (class_word(breach.class), assumptions(breach.assumptions_held));
        let (mark, at) = (painted("✗"), breach.at);
        [
            format!("  {mark} {} ({class}, assumptions {assumed}) at {at} s", breach.property),
            format!("    {}", crate::diagnostic::clean(&breach.witness)),
        ]
    });
    breaches.collect()
}

fn struck(point: &Point, outcome: &Outcome) -> Vec<String> {
    let faults = &point.simulation.setup().faults;
    let rows: Vec<Vec<String>> = outcome
        .strikes
        .iter()
        .map(|strike| {
            let kind = faults.get(strike.fault).map(|spec| spec.fault.kind());
            let ended = strike.ended.map_or_else(|| "the end".to_owned(), |at| format!("{at} s"));
            let changed = match strike.changed {
                0 => "changed nothing".to_owned(),
                count => format!("{count} {}", kind.map_or("", |kind| kind.info().counts)),
            };
            let mark = if strike.changed > 0 { "✓" } else { "!" };
            let span = format!("{} s to {ended}", strike.at);
            vec![format!("  {mark}"), span, strike.label.clone(), changed]
        })
        .collect();
    aligned(&rows)
}

fn measured(outcome: &Outcome) -> Vec<String> {
    let rows: Vec<Vec<String>> = outcome
        .measures()
        .filter_map(|(metric, measure)| {
            let value = match measure {
                Measure::None => return None,
                Measure::Value(value) => judge::number(Some(value)),
                Measure::Censored(value) => format!("> {}", judge::number(Some(value))),
            };
            Some(vec![format!("  {}", metric.name), value, metric.summary.to_owned()])
        })
        .collect();
    aligned(&rows)
}

/// The mark of a verdict.
pub const fn verdict_mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Inconclusive => "?",
        _ => "✗",
    }
}

fn document(
    name: &str,
    point: &Point,
    outcome: &Outcome,
    judgements: &[Judgement],
    code: u8,
) -> Json {
    let metrics: serde_json::Map<String, Json> = outcome
        .measures()
        .filter_map(|(metric, measure)| {
            let value = match measure {
                Measure::None => return None,
                Measure::Value(value) => json!({ "value": value }),
                Measure::Censored(value) => json!({ "value": value, "censored": true }),
            };
            Some((metric.name.to_owned(), value))
        })
        .collect();
    let breaches: Vec<Json> = outcome
        .breaches
        .iter()
        .map(|breach| {
            json!({
                "property": breach.property,
                "class": class_word(breach.class),
                "at_ms": breach.at.as_millis_f64(),
                "assumptions": assumptions(breach.assumptions_held),
                "witness": breach.witness,
            })
        })
        .collect();
    let strikes: Vec<Json> = outcome
        .strikes
        .iter()
        .map(|strike| {
            json!({
                "fault": strike.fault,
                "at_ms": strike.at.as_millis_f64(),
                "ended_ms": strike.ended.map(|ended| ended.as_millis_f64()),
                "label": strike.label,
                "changed": strike.changed,
            })
        })
        .collect();
    json!({
        "schema": "synod.run/1",
        "engine": crate::results::ENGINE,
        "scenario": name,
        "protocol": point.entry.name,
        "seed": outcome.seed,
        "allowed": point.allowed,
        "mutant": point.simulation.setup().mutant,
        "verdict": outcome.verdict.word(),
        "reason": outcome.reason,
        "assumptions": assumptions(outcome.assumptions_held),
        "violations": breaches,
        "faults": strikes,
        "metrics": metrics,
        "ended_ms": outcome.ended.as_millis_f64(),
        "events_count": outcome.events,
        "trace_hash": format!("{:016x}", outcome.fingerprint),
        "expectations": judgements.iter().map(super::manifest::judgement).collect::<Vec<_>>(),
        "exit_code": code,
    })
}
