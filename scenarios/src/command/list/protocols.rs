//! What is said of each protocol: in lines, in sections of a page, and for programs.

use serde_json::{Value as Json, json};
use sim_core::protocol::{Contract, Mutant};
use sim_core::simulation::Entry;

use crate::command::explain::assumed;
use crate::registry;
use crate::sources::Sources;

use super::keys::{self, Key};
use super::table;

/// How many nodes a contract is shown for: the first of these among which the defaults can run.
const SIZES: [u32; 5] = [7, 4, 3, 2, 1];

/// A protocol in lines.
pub(super) fn human(entry: &Entry, verbose: bool) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", entry.name, entry.summary)];
    lines.push(format!("    solves {}: {}", entry.problem, entry.problem_summary));
    lines.push(format!("    properties: {}", entry.properties.join(", ")));
    if !entry.invariants.is_empty() {
        lines.push(format!("    invariants: {}", entry.invariants.join(", ")));
    }
    if verbose {
        lines.push(format!("    messages: {}", entry.messages.join(", ")));
        lines.push(format!("    records: {}", entry.records.join(", ")));
        let keys: Vec<_> = keys::of_protocol(entry).iter().filter_map(Key::written).collect();
        lines.push(format!("    keys: {}", keys.join(", ")));
        lines.extend(entry.mutants.iter().map(|mutant| {
            let (id, what, judges) = (mutant.id, mutant.summary, mutant.breaks.join(", "));
            format!("    mutant {id}: {what} (breaks {judges})")
        }));
    }
    lines
}

/// A protocol for programs.
pub(super) fn json(entry: &Entry) -> Json {
    json!({
        "name": entry.name, "summary": entry.summary, "problem": entry.problem,
        "properties": entry.properties, "invariants": entry.invariants,
        "messages": entry.messages, "records": entry.records, "mutants": bugs_json(entry),
    })
}

/// The bugs that can be planted in a protocol, for programs.
pub(super) fn bugs_json(entry: &Entry) -> Vec<Json> {
    let bug = |mutant: &Mutant| {
        json!({
            "id": mutant.id, "protocol": entry.name, "summary": mutant.summary,
            "breaks": mutant.breaks,
        })
    };
    entry.mutants.iter().map(bug).collect()
}

/// The rows of its bugs; with the protocol, where those of several are shown together.
pub(super) fn bugs(entry: &Entry, protocol: Option<&str>) -> Vec<Vec<String>> {
    let row = |mutant: &Mutant| {
        let mut cells = vec![mutant.id.to_owned()];
        cells.extend(protocol.map(str::to_owned));
        cells.extend([mutant.summary.to_owned(), mutant.breaks.join(", ")]);
        cells
    };
    entry.mutants.iter().map(row).collect()
}

/// A section of Markdown for each protocol, then for each problem.
pub(super) fn pages() -> Vec<String> {
    let mut lines: Vec<String> = registry::entries().iter().flat_map(page).collect();
    lines.extend(["## problems".to_owned(), String::new()]);
    lines.extend(keys::problems().into_iter().flat_map(problem));
    lines
}

fn page(entry: &Entry) -> Vec<String> {
    let mut lines = vec![format!("### {}", entry.name), String::new()];
    lines.push(format!("{}.", capital(entry.summary)));
    lines.push(String::new());
    lines.push(format!("- solves [{0}](#{0}): {1}", entry.problem, entry.problem_summary));
    if let Some((nodes, contract)) = contract(entry) {
        let promise = contract.promise.0.join(", ");
        lines.push(format!("- promises, with its defaults among {nodes} nodes: {promise}"));
        lines.push(format!("- safe {}", assumed(&contract.safety)));
        lines.push(format!("- live, after the faults, {}", assumed(&contract.liveness)));
    }
    let words = [
        ("invariants", entry.invariants),
        ("messages", entry.messages),
        ("records", entry.records),
    ];
    for (what, names) in words.iter().filter(|(_, names)| !names.is_empty()) {
        lines.push(format!("- {what}: {}", names.join(", ")));
    }
    lines.push(String::new());
    lines.extend(section(&["key", "value", "without it", "what it says"], rows(entry)));
    lines.extend(section(
        &["mark", "what was reached"],
        entry.marks.iter().map(|mark| vec![mark.name.into(), mark.summary.into()]).collect(),
    ));
    lines.extend(section(&["mutant", "what is wrong", "who catches it"], bugs(entry, None)));
    lines
}

fn problem(entry: &Entry) -> Vec<String> {
    let mut lines = vec![format!("### {}", entry.problem), String::new()];
    lines.push(format!("{}.", capital(entry.problem_summary)));
    lines.extend([String::new(), format!("- properties: {}", entry.properties.join(", "))]);
    let solved = registry::entries().iter().filter(|other| other.problem == entry.problem);
    let solved: Vec<_> = solved.map(|other| other.name).collect();
    lines.extend([format!("- solved by: {}", solved.join(", ")), String::new()]);
    let keys = keys::of_workload(entry).iter().map(|key| key.row(None)).collect();
    lines.extend(section(&["key of the workload", "value", "without it", "what it says"], keys));
    lines
}

fn rows(entry: &Entry) -> Vec<Vec<String>> {
    keys::of_protocol(entry).iter().map(|key| key.row(None)).collect()
}

/// A table whose first column is code, unless it were empty.
fn section(headings: &[&str], rows: Vec<Vec<String>>) -> Vec<String> {
    if rows.is_empty() { Vec::new() } else { table(headings, rows, &[0]) }
}

/// What a protocol promises with all its defaults, and among how many nodes; nothing if it cannot
/// run without being told more.
fn contract(entry: &Entry) -> Option<(u32, Contract)> {
    SIZES.iter().find_map(|&nodes| {
        let text =
            format!("horizon = \"1s\"\n[protocol]\nkind = \"{}\"\nnodes = {nodes}\n", entry.name);
        let mut sources = Sources::default();
        let source = sources.add("defaults", text);
        let document = sources.parse(source).ok()?;
        let point = crate::point::build(entry.name, document, Vec::new()).ok()?;
        Some((nodes, point.simulation.contract()))
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
