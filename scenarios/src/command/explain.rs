//! `synod explain`: every setting of a scenario, with where it was written.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use sim_core::protocol::Assumptions;
use sim_core::settings::{Origin, Settings, Value};

use crate::cli::{ExplainArgs, Format};
use crate::diagnostic::{clean, did_you_mean};
use crate::error::Error;
use crate::grid::Axis;
use crate::plan::Plan;
use crate::point::{Point, inline, plain, text};
use crate::quorums;
use crate::results;
use crate::scenario::{self, Overrides, Scenario, alone, written};
use crate::sources::Sources;
use crate::terminal::{Terminal, aligned};

/// Shows the scenario as it would be run.
///
/// # Errors
/// When it is wrong, or has no such section.
pub fn explain(args: &ExplainArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let laid = &args.scenario.over;
    let overrides =
        Overrides { set: laid.set.clone(), over: args.over.clone(), profile: laid.profile.clone() };
    let references = [args.scenario.scenario.clone()];
    let (scenarios, sources) = scenario::load(&references, &overrides, Terminal::colours_errors())?;
    let plan = Plan::new(scenarios, None)?;
    let (scenario, first) = (&plan.scenarios[0], &plan.points[0]);
    let mut settings = Vec::new();
    flatten("", &first.resolved, &mut settings);
    let named = quorums::of(first);
    let asks_quorums = args.section.as_deref() == Some("quorum") && !named.is_empty();
    if let Some(section) = args.section.as_ref().filter(|_| !asks_quorums) {
        settings.retain(|(path, _)| {
            let rest = path.strip_prefix(section.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        if settings.is_empty() {
            let sections: Vec<&str> =
                first.resolved.as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
            let near = did_you_mean(section, &sections);
            let message = format!("there is no section `{}`{near}", clean(section));
            let next = format!("synod explain {}", super::quoted(&scenario.reference));
            return Err(Error::Usage { message, next });
        }
    }
    let id = results::id(&plan);
    if asks_quorums && format != Format::Json {
        return quorums::lines(&named).iter().try_for_each(|line| terminal.line(line)).map(|()| 0);
    }
    if format == Format::Json {
        let document = document(&plan, first, &settings, &sources, &id);
        terminal.document(&document)?;
        return Ok(0);
    }
    let name = clean(&scenario.name);
    terminal.line(&format!("# {name}  {}  id {id}", scenario.shown))?;
    if plan.points.len() > 1 {
        terminal.line(&format!(
            "# the first of {} points: {}",
            plan.points.len(),
            first.label()
        ))?;
    }
    let rows: Vec<Vec<String>> = settings
        .iter()
        .map(|(path, value)| {
            let from = sources.describe(origin(&first.document, path));
            vec![format!("{path} = {}", inline(value)), format!("# {from}")]
        })
        .collect();
    aligned(&rows).iter().try_for_each(|line| terminal.line(line))?;
    if args.section.is_none() {
        about(&plan, scenario, first, &sources).lines().try_for_each(|line| terminal.line(line))?;
    }
    Ok(0)
}

/// The axes, the expectations and the contract.
fn about(plan: &Plan, scenario: &Scenario, first: &Point, sources: &Sources) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        let _ = writeln!(text, "{words}");
    };
    line(String::new());
    for axis in &scenario.axes {
        line(format!("axis      {}  # {}", axis_words(axis), sources.describe(axis.origin)));
    }
    line(format!("seeds     {}", plan.seeds));
    line(format!(
        "runs      {} points × {} seeds = {}",
        plan.points.len(),
        plan.seeds.len(),
        plan.runs()
    ));
    for expectation in &scenario.expectations {
        line(format!("expects   {}  # {}", expectation, sources.describe(expectation.origin)));
    }
    let contract = first.simulation.contract();
    line(format!("promises  {}", contract.promise.0.join(", ")));
    line(format!("safe      {}", assumed(&contract.safety)));
    line(format!("live      after the faults, {}", assumed(&contract.liveness)));
    for allowed in &first.allowed {
        line(format!("unsafe    {allowed}"));
    }
    text
}

fn axis_words(axis: &Axis) -> String {
    let value = |value: &Settings| match axis.path.as_str() {
        // Whole tables: their kinds tell them apart.
        "protocol" => value.get("kind").map_or_else(String::new, |kind| text(&plain(kind))),
        _ => text(&plain(value)),
    };
    format!("{}: {}", axis.path, axis.values.iter().map(value).collect::<Vec<_>>().join(", "))
}

/// Assumptions in words.
pub(super) fn assumed(assumptions: &Assumptions) -> String {
    let most = |count: u32, what: &str| match count {
        u32::MAX => format!("any number {what}"),
        0 => format!("none {what}"),
        count => format!("at most {count} {what}"),
    };
    let mut words = format!(
        "with {}, {}, {}",
        most(assumptions.byzantine, "corrupt"),
        most(assumptions.forgetful, "forgetful"),
        most(assumptions.faulty, "faulty for good")
    );
    if let Some(drift) = assumptions.clock_drift {
        words += &format!(", clocks apart by at most {drift} of their pace");
    }
    if let Some(delay) = assumptions.synchrony {
        words += &format!(", every message within {delay}");
    }
    words
}

/// Where a resolved setting was written: at its path, or as the short form of a table around it.
fn origin(document: &Settings, path: &str) -> Origin {
    if let Some(settings) = document.at(path) {
        return settings.origin;
    }
    let Some(cut) = path.rfind(['.', '[']) else {
        return Origin(0);
    };
    match document.at(&path[..cut]).map(|settings| &settings.value) {
        Some(Value::Table(_)) => Origin(0),
        _ => origin(document, &path[..cut]),
    }
}

/// Every leaf with its path; tables in lists are entered, plain lists are leaves.
fn flatten(path: &str, value: &Json, leaves: &mut Vec<(String, Json)>) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{key}"), value, leaves);
            }
        }
        Json::Array(items) if items.iter().any(Json::is_object) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), item, leaves);
            }
        }
        leaf => leaves.push((path.to_owned(), leaf.clone())),
    }
}

fn document(
    plan: &Plan,
    first: &Point,
    settings: &[(String, Json)],
    sources: &Sources,
    id: &str,
) -> Json {
    let settings: Vec<Json> = settings
        .iter()
        .map(|(path, value)| {
            let from = sources.describe(origin(&first.document, path));
            json!({ "path": path, "value": value, "from": from })
        })
        .collect();
    let axes = plan.scenarios[0].axes.iter().map(|axis| {
        json!({ "path": axis.path, "values": axis.values.iter().map(plain).collect::<Vec<_>>() })
    });
    let contract = first.simulation.contract();
    json!({
        "schema": "synod.explain/1",
        "scenario": plan.scenarios[0].name,
        "from": plan.scenarios[0].shown,
        "id": id,
        "settings": settings,
        "axes": axes.collect::<Vec<_>>(),
        "seeds": plan.seeds.to_string(),
        "runs": plan.runs(),
        "promises": contract.promise.0,
        "safe": assumed(&contract.safety),
        "live": assumed(&contract.liveness),
        "quorums": quorums::document(&quorums::of(first)),
    })
}

/// A scenario of the plan as a file with all defaults written out, which runs as it did.
pub fn resolved(plan: &Plan, index: usize) -> String {
    let (scenario, range) = (&plan.scenarios[index], &plan.ranges[index]);
    let first = &plan.points[range.start];
    let mut root = alone(scenario, first, &plan.seeds.to_string());
    for axis in &scenario.axes {
        if axis.path == "protocol" {
            // Each protocol's first point has its table in full.
            let mut tables: Vec<&Json> = Vec::new();
            for point in &plan.points[range.clone()] {
                let table = &point.resolved["protocol"];
                if tables.iter().all(|known| known["kind"] != table["kind"]) {
                    tables.push(table);
                }
            }
            let tables: Json = tables.into_iter().cloned().collect();
            root["protocol"] = tables;
        } else {
            root["sweep"]["over"][&axis.path] = axis.values.iter().map(plain).collect();
        }
    }
    if let Some(expectations) = first.document.get("expect") {
        root["expect"] = plain(expectations);
    }
    written(&root)
}
