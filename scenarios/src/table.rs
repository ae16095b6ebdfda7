//! The tables of a sweep: their columns in order, and the cells of a row.
//!
//! The columns follow from the plan and never from the first row, so a table has the same shape
//! whatever happened. Empty means "not applicable"; nothing is ever `NaN`.

use reports::cell::{number_cell, text_cell};
use sim_core::fault::FaultKind;
use sim_core::outcome::{Measure, Metrics, Outcome};

use crate::fold::witnessed;
use crate::plan::Plan;

/// The header of `runs.csv`.
pub fn runs_header(plan: &Plan) -> Vec<String> {
    let mut header: Vec<String> =
        ["run_id", "point_id", "seed", "protocol", "fault_script"].map(String::from).into();
    header.extend(plan.parameters.iter().map(|parameter| parameter.column.clone()));
    header.extend(
        [
            "n",
            "f",
            "verdict",
            "reason",
            "assumptions",
            "first_violation",
            "first_violation_ms",
            "violations",
        ]
        .map(String::from),
    );
    for metric in Metrics::COLUMNS.iter().chain(plan.gauges.iter().copied()) {
        header.push(metric.name.to_owned());
        if metric.may_be_censored {
            header.push(format!("{}_censored", metric.name));
        }
    }
    header.extend(plan.kinds.iter().map(|kind| witness_column(*kind)));
    header.extend(plan.marks.iter().map(|mark| format!("mark_{mark}_count")));
    header.extend(["events_count", "trace_hash"].map(String::from));
    header
}

/// The column that says how much the strikes of a kind changed.
fn witness_column(kind: FaultKind) -> String {
    format!("fault_{}_count", kind.name().replace('-', "_"))
}

/// The row of one run.
pub fn run_row(run: u64, at: usize, plan: &Plan, outcome: &Outcome) -> Vec<String> {
    let (point, shared) = (&plan.points[at], &plan.cells[at]);
    let mut row = vec![run.to_string(), format!("p{at}"), outcome.seed.to_string()];
    row.extend(shared.iter().cloned());
    let first = outcome.first_breach();
    row.extend([
        outcome.verdict.word().to_owned(),
        text_cell(&outcome.reason).into_owned(),
        assumptions(outcome.assumptions_held).to_owned(),
        first.map_or_else(String::new, |breach| text_cell(breach.property).into_owned()),
        number_cell(first.map(|breach| breach.at.as_millis_f64())),
        outcome.breaches.len().to_string(),
    ]);
    let of_every_run = Metrics::COLUMNS.iter().zip(outcome.metrics.values());
    let own = plan.gauges.iter().map(|metric| (*metric, outcome.gauge(metric)));
    for (metric, measure) in of_every_run.chain(own) {
        let (value, censored) = match measure {
            Measure::Value(value) if value.is_finite() => (number_cell(Some(value)), "0"),
            Measure::Censored(value) if value.is_finite() => (number_cell(Some(value)), "1"),
            _ => (String::new(), ""),
        };
        row.push(value);
        if metric.may_be_censored {
            row.push(censored.to_owned());
        }
    }
    row.extend(plan.kinds.iter().map(|kind| {
        let count = witnessed(outcome, point.simulation.setup(), *kind);
        number_cell(count.map(|count| count as f64))
    }));
    row.extend(plan.marks.iter().map(|mark| {
        let reached = outcome.marks.iter().find(|(name, _)| name == mark);
        number_cell(reached.map(|(_, count)| *count as f64))
    }));
    row.extend([outcome.events.to_string(), format!("{:016x}", outcome.fingerprint)]);
    row
}

/// The rows of a run in `series.csv`: the points of its curves.
pub fn series_rows(run: u64, at: usize, outcome: &Outcome) -> impl Iterator<Item = [String; 7]> {
    outcome.curves.iter().map(move |point| {
        [
            run.to_string(),
            format!("p{at}"),
            point.curve.to_owned(),
            point.node.map_or_else(String::new, |node| node.to_string()),
            number_cell(Some(point.x)),
            number_cell(Some(point.y)),
            point.weight.to_string(),
        ]
    })
}

/// The header of `failures.csv`.
pub const FAILURES_HEADER: [&str; 6] =
    ["run_id", "property", "class", "at_ms", "assumptions", "witness"];

/// The rows of a run in `failures.csv`: each promise that broke, or the panic.
pub fn failure_rows(run: u64, outcome: &Outcome) -> Vec<[String; 6]> {
    let row = |property: &str, class: &str, at: f64, held: bool, witness: &str| {
        [
            run.to_string(),
            text_cell(property).into_owned(),
            class.to_owned(),
            number_cell(Some(at)),
            assumptions(held).to_owned(),
            text_cell(witness).into_owned(),
        ]
    };
    if outcome.verdict == sim_core::outcome::Verdict::Panicked {
        let at = outcome.ended.as_millis_f64();
        return vec![row("panic", "panic", at, outcome.assumptions_held, &outcome.reason)];
    }
    let breaches = outcome.breaches.iter().map(|breach| {
        let class = class_word(breach.class);
        let at = breach.at.as_millis_f64();
        row(breach.property, class, at, breach.assumptions_held, &breach.witness)
    });
    breaches.collect()
}

/// Safety or liveness, as tables write it.
pub const fn class_word(class: sim_core::checker::Class) -> &'static str {
    match class {
        sim_core::checker::Class::Safety => "safety",
        sim_core::checker::Class::Liveness => "liveness",
    }
}

/// Whether the assumptions held, as tables write it.
pub const fn assumptions(held: bool) -> &'static str {
    if held { "held" } else { "exceeded" }
}
