//! `synod list`: what there is.

use serde_json::{Value as Json, json};
use sim_core::adversary::Strategy;
use sim_core::fault::{FaultKind, KEYS, Profile, Shape};
use sim_core::mark::Mark;
use sim_core::simulation::Entry;

use crate::catalog;
use crate::cli::{Format, ListArgs, Topic};
use crate::document::Sources;
use crate::error::Error;
use crate::registry;
use crate::terminal::{Terminal, aligned};

use super::run::pretty;

const TOPICS: [Topic; 9] = [
    Topic::Protocols,
    Topic::Scenarios,
    Topic::Faults,
    Topic::FaultKeys,
    Topic::Profiles,
    Topic::Shapes,
    Topic::Metrics,
    Topic::Adversaries,
    Topic::Marks,
];

/// Lists one topic, or all.
///
/// # Errors
/// When stdout takes nothing.
pub fn list(args: &ListArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let topics = args.topic.map_or(TOPICS.to_vec(), |topic| vec![topic]);
    if format == Format::Json {
        let mut document = json!({ "schema": "synod.list/1" });
        for topic in topics {
            document[name(topic)] = json(topic);
        }
        terminal.line(&pretty(&document))?;
        return Ok(0);
    }
    if format == Format::Markdown {
        for line in topics.iter().flat_map(|topic| markdown(*topic)) {
            terminal.line(&line)?;
        }
        return Ok(0);
    }
    for (index, topic) in topics.iter().enumerate() {
        if topics.len() > 1 {
            terminal.line(&format!("{}{}", if index > 0 { "\n" } else { "" }, name(*topic)))?;
        }
        for line in human(*topic, terminal.is_verbose()) {
            terminal.line(&line)?;
        }
    }
    Ok(0)
}

const fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Protocols => "protocols",
        Topic::Scenarios => "scenarios",
        Topic::Faults => "faults",
        Topic::FaultKeys => "fault keys",
        Topic::Profiles => "profiles",
        Topic::Shapes => "shapes",
        Topic::Metrics => "metrics",
        Topic::Adversaries => "adversaries",
        Topic::Marks => "marks",
    }
}

fn human(topic: Topic, verbose: bool) -> Vec<String> {
    match topic {
        Topic::Protocols => {
            registry::entries().iter().flat_map(|entry| protocol(entry, verbose)).collect()
        }
        // Examples are long; who wants one asks for more.
        Topic::Faults if !verbose => {
            let short = |mut row: Vec<String>| {
                row.truncate(4);
                row
            };
            aligned(&rows(topic).into_iter().map(short).collect::<Vec<_>>())
        }
        _ => aligned(&rows(topic)),
    }
}

/// What the columns of a topic are.
const fn headings(topic: Topic) -> &'static [&'static str] {
    match topic {
        Topic::Protocols => &["protocol", "problem", "what it is"],
        Topic::Scenarios => &["scenario", "what it shows"],
        Topic::Faults => &["kind", "keys", "what it does", "its witness counts", "example"],
        Topic::FaultKeys => &["key", "what it says", "without it"],
        Topic::Profiles => &["profile", "what it does"],
        Topic::Shapes => &["shape", "who still talks to whom"],
        Topic::Metrics => &["metric", "problem", "what it measures"],
        Topic::Adversaries => &["strategy", "what it does"],
        Topic::Marks => &["mark", "protocols", "what was reached"],
    }
}

/// The rows of a topic, one for each thing.
fn rows(topic: Topic) -> Vec<Vec<String>> {
    let words = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    match topic {
        Topic::Protocols => {
            let row = |entry: &Entry| words(&[entry.name, entry.problem, entry.summary]);
            registry::entries().iter().map(row).collect()
        }
        Topic::Scenarios => {
            let row = |(name, text): &(String, &'static str)| words(&[name, &title(text)]);
            catalog::built_in().iter().map(row).collect()
        }
        Topic::Faults => FaultKind::ALL
            .iter()
            .map(|info| {
                let knobs = info.knobs.join(", ");
                words(&[info.name, &knobs, info.summary, info.counts, info.example])
            })
            .collect(),
        Topic::FaultKeys => {
            KEYS.iter().map(|(key, what, without)| words(&[key, what, without])).collect()
        }
        Topic::Profiles => {
            Profile::ALL.iter().map(|(_, name, what)| words(&[name, what])).collect()
        }
        Topic::Shapes => Shape::ALL.iter().map(|(_, name, what)| words(&[name, what])).collect(),
        Topic::Metrics => registry::metrics()
            .into_iter()
            .map(|(metric, problem)| words(&[metric.name, problem, metric.summary]))
            .collect(),
        Topic::Adversaries => {
            Strategy::ALL.iter().map(|(_, name, what)| words(&[name, what])).collect()
        }
        Topic::Marks => marks()
            .iter()
            .map(|(mark, protocols)| words(&[mark.name, &protocols.join(", "), mark.summary]))
            .collect(),
    }
}

/// All marks by name, each with the protocols that have it.
fn marks() -> Vec<(Mark, Vec<&'static str>)> {
    let mut marks: Vec<(Mark, Vec<&str>)> = Vec::new();
    for (mark, entry) in registry::entries()
        .iter()
        .flat_map(|entry| entry.marks.iter().map(move |mark| (*mark, entry)))
    {
        match marks.iter_mut().find(|(known, _)| *known == mark) {
            Some((_, protocols)) => protocols.push(entry.name),
            None => marks.push((mark, vec![entry.name])),
        }
    }
    marks.sort_by_key(|(mark, _)| mark.name);
    marks
}

/// A topic as a Markdown table under a heading.
fn markdown(topic: Topic) -> Vec<String> {
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let headings: Vec<String> = headings(topic).iter().map(|name| (*name).to_owned()).collect();
    let rule = vec!["---".to_owned(); headings.len()];
    let mut lines = vec![format!("## {}", name(topic)), String::new(), row(&headings), row(&rule)];
    for mut cells in rows(topic) {
        // Names and examples are code.
        let last = cells.len() - 1;
        cells[0] = format!("`{}`", cells[0]);
        if topic == Topic::Faults {
            cells[last] = format!("`{}`", cells[last]);
        }
        lines.push(row(&cells));
    }
    lines.push(String::new());
    lines
}

fn protocol(entry: &Entry, verbose: bool) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", entry.name, entry.summary)];
    lines.push(format!("    solves {}: {}", entry.problem, entry.problem_summary));
    lines.push(format!("    properties: {}", entry.properties.join(", ")));
    if !entry.invariants.is_empty() {
        lines.push(format!("    invariants: {}", entry.invariants.join(", ")));
    }
    if verbose {
        lines.push(format!("    messages: {}", entry.messages.join(", ")));
        lines.push(format!("    records: {}", entry.records.join(", ")));
        if let Some(keys) = keys(entry) {
            lines.push(format!("    keys: {keys}"));
        }
        lines.extend(entry.mutants.iter().map(|mutant| {
            format!(
                "    mutant {}: {} (breaks {})",
                mutant.id,
                mutant.summary,
                mutant.breaks.join(", ")
            )
        }));
    }
    lines
}

/// The keys of a protocol with their defaults.
fn keys(entry: &Entry) -> Option<String> {
    let text = format!("horizon = \"1s\"\n[protocol]\nkind = \"{}\"\nnodes = 5\n", entry.name);
    let mut sources = Sources::default();
    let source = sources.add("defaults", text);
    let document = sources.parse(source).ok()?;
    let point = crate::point::build(entry.name, document, Vec::new()).ok()?;
    let Json::Object(fields) = crate::point::at(&point.resolved, "protocol")? else { return None };
    let keys = fields.iter().filter(|(key, _)| !["kind", "nodes"].contains(&key.as_str()));
    let keys: Vec<_> =
        keys.map(|(key, value)| format!("{key} = {}", crate::point::inline(value))).collect();
    Some(keys.join(", "))
}

fn title(text: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add("catalog", text);
    let settings = sources.parse(source).ok();
    let title = settings.as_ref().and_then(|settings| settings.get("title"));
    title.map_or_else(String::new, |title| crate::point::text(&crate::point::plain(title)))
}

fn json(topic: Topic) -> Json {
    match topic {
        Topic::Protocols => registry::entries()
            .iter()
            .map(|entry| {
                let mutants: Vec<Json> = entry
                    .mutants
                    .iter()
                    .map(|mutant| json!({ "id": mutant.id, "summary": mutant.summary, "breaks": mutant.breaks }))
                    .collect();
                json!({
                    "name": entry.name, "summary": entry.summary, "problem": entry.problem,
                    "properties": entry.properties, "invariants": entry.invariants,
                    "messages": entry.messages, "records": entry.records, "mutants": mutants,
                })
            })
            .collect(),
        Topic::Scenarios => catalog::built_in()
            .iter()
            .map(|(name, text)| json!({ "name": name, "title": title(text) }))
            .collect(),
        Topic::Faults => FaultKind::ALL
            .iter()
            .map(|info| {
                json!({
                    "name": info.name, "knobs": info.knobs, "summary": info.summary,
                    "counts": info.counts, "example": info.example,
                })
            })
            .collect(),
        Topic::FaultKeys => KEYS
            .iter()
            .map(|(key, what, without)| json!({ "name": key, "summary": what, "default": without }))
            .collect(),
        Topic::Profiles => Profile::ALL
            .iter()
            .map(|(_, name, what)| json!({ "name": name, "summary": what }))
            .collect(),
        Topic::Shapes => Shape::ALL
            .iter()
            .map(|(_, name, what)| json!({ "name": name, "summary": what }))
            .collect(),
        Topic::Metrics => registry::metrics()
            .into_iter()
            .map(|(metric, problem)| {
                json!({
                    "name": metric.name, "problem": problem, "summary": metric.summary,
                    "may_be_censored": metric.may_be_censored,
                })
            })
            .collect(),
        Topic::Adversaries => Strategy::ALL
            .iter()
            .map(|(_, name, what)| json!({ "name": name, "summary": what }))
            .collect(),
        Topic::Marks => marks()
            .iter()
            .map(|(mark, protocols)| {
                json!({ "name": mark.name, "summary": mark.summary, "protocols": protocols })
            })
            .collect(),
    }
}
