//! `synod list`: what there is.

use std::collections::BTreeMap;

use ::protocols::election::{Form, Kind, Rule as _};
use reports::plot::CHARTS;
use serde_json::{Value as Json, json};
use sim_core::adversary::Strategy;
use sim_core::fault::{FaultKind, KEYS, Profile, Shape};
use sim_core::mark::Mark;
use sim_core::simulation::Entry;

use crate::catalog;
use crate::cli::{Format, ListArgs, Topic};
use crate::error::Error;
use crate::registry;
use crate::sources::Sources;
use crate::terminal::{Terminal, aligned};

mod keys;
mod protocols;

const TOPICS: [Topic; 13] = [
    Topic::Protocols,
    Topic::Scenarios,
    Topic::Faults,
    Topic::FaultKeys,
    Topic::Profiles,
    Topic::Shapes,
    Topic::Rules,
    Topic::Metrics,
    Topic::Adversaries,
    Topic::Marks,
    Topic::Keys,
    Topic::Bugs,
    Topic::Charts,
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
        terminal.document(&document)?;
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
        Topic::Rules => "rules",
        Topic::Metrics => "metrics",
        Topic::Adversaries => "adversaries",
        Topic::Marks => "marks",
        Topic::Keys => "keys",
        Topic::Bugs => "bugs",
        Topic::Charts => "charts",
    }
}

fn human(topic: Topic, verbose: bool) -> Vec<String> {
    match topic {
        Topic::Protocols => {
            registry::entries().iter().flat_map(|entry| protocols::human(entry, verbose)).collect()
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
        Topic::Rules => &["rule", "ballots", "who wins"],
        Topic::Metrics => &["metric", "problem", "unit", "what it measures"],
        Topic::Adversaries => &["strategy", "what it does"],
        Topic::Marks => &["mark", "protocols", "what was reached"],
        Topic::Keys => &["key", "section", "value", "without it", "what it says"],
        Topic::Bugs => &["mutant", "protocol", "what is wrong", "who catches it"],
        Topic::Charts => &["chart", "what it answers", "table", "drawn from"],
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
        Topic::Rules => rules().map(|(rule, form, wins)| words(&[rule, form, wins])).collect(),
        Topic::Metrics => registry::metrics()
            .into_iter()
            .map(|(metric, problem)| {
                let unit = registry::unit(metric.name).unwrap_or_default();
                words(&[metric.name, problem, unit, metric.summary])
            })
            .collect(),
        Topic::Adversaries => {
            Strategy::ALL.iter().map(|(_, name, what)| words(&[name, what])).collect()
        }
        Topic::Marks => marks()
            .iter()
            .map(|(mark, protocols)| words(&[mark.name, &protocols.join(", "), mark.summary]))
            .collect(),
        Topic::Keys => keys::all().iter().map(|(section, key)| key.row(Some(section))).collect(),
        Topic::Bugs => {
            let bugs = |entry: &Entry| protocols::bugs(entry, Some(entry.name));
            registry::entries().iter().flat_map(bugs).collect()
        }
        Topic::Charts => CHARTS
            .iter()
            .map(|chart| words(&[chart.name, chart.question, chart.table, &chart.feeds.join(", ")]))
            .collect(),
    }
}

/// The voting rules: an example, the ballots that it reads, who wins.
fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    Kind::ALL.iter().map(|(rule, wins)| {
        let form = match rule.parse::<Kind>().expect("a listed rule can be read").form() {
            Form::Ranking => "rankings",
            Form::Approval => "approvals",
            Form::Scores { .. } => "points",
        };
        (*rule, form, *wins)
    })
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

/// A topic as Markdown under a heading: a table, or several where a page of one could not be read.
fn markdown(topic: Topic) -> Vec<String> {
    let mut lines = vec![format!("## {}", name(topic)), String::new()];
    if topic == Topic::Scenarios {
        lines.extend(scenarios_by_folder());
        return lines;
    }
    // Names and examples are code.
    let code: &[usize] = match topic {
        Topic::Faults => &[0, 4],
        Topic::Charts => &[0, 2, 3],
        _ => &[0],
    };
    lines.extend(table(headings(topic), rows(topic), code));
    if topic == Topic::Protocols {
        lines.extend(protocols::pages());
    }
    lines
}

/// A table in Markdown, and the blank line after it; the cells of these columns are code.
fn table(headings: &[&str], rows: Vec<Vec<String>>, code: &[usize]) -> Vec<String> {
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let headings: Vec<String> = headings.iter().map(|name| (*name).to_owned()).collect();
    let rule = vec!["---".to_owned(); headings.len()];
    let mut lines = vec![row(&headings), row(&rule)];
    for mut cells in rows {
        for &place in code {
            if !cells[place].is_empty() {
                cells[place] = format!("`{}`", cells[place]);
            }
        }
        lines.push(row(&cells));
    }
    lines.push(String::new());
    lines
}

/// The catalogue: a table for each folder.
fn scenarios_by_folder() -> Vec<String> {
    let mut folders: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in rows(Topic::Scenarios) {
        let folder = row[0].split_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder.to_owned()).or_default().push(row);
    }
    let section = |(folder, rows): (String, Vec<Vec<String>>)| {
        let mut lines = vec![format!("### {folder}"), String::new()];
        lines.extend(table(headings(Topic::Scenarios), rows, &[0]));
        lines
    };
    folders.into_iter().flat_map(section).collect()
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
        Topic::Protocols => registry::entries().iter().map(protocols::json).collect(),
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
        Topic::Rules => rules()
            .map(|(rule, form, wins)| json!({ "name": rule, "ballots": form, "summary": wins }))
            .collect(),
        Topic::Metrics => registry::metrics()
            .into_iter()
            .map(|(metric, problem)| {
                json!({
                    "name": metric.name, "problem": problem, "summary": metric.summary,
                    "unit": registry::unit(metric.name),
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
        Topic::Keys => keys::all().iter().map(|(section, key)| key.json(section)).collect(),
        Topic::Bugs => registry::entries().iter().flat_map(protocols::bugs_json).collect(),
        Topic::Charts => CHARTS
            .iter()
            .map(|chart| {
                json!({
                    "name": chart.name, "question": chart.question, "table": chart.table,
                    "feeds": chart.feeds,
                })
            })
            .collect(),
    }
}
