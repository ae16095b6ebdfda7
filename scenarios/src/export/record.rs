//! The record of a run as a Markdown page.

use std::fmt::Write as _;

use sim_core::outcome::{Measure, Outcome};
use sim_core::record::{Block, Section};

/// What a page is about.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The name of the scenario.
    pub scenario: &'a str,
    /// What the scenario asks, if it says so.
    pub title: Option<&'a str>,
    /// The protocol.
    pub protocol: &'a str,
    /// What is wrong with the run's settings; whatever leaves says so.
    pub stamps: &'a [String],
    /// What the run showed.
    pub outcome: &'a Outcome,
}

/// The measurements that make the price of a decision, each with its name for people.
const PRICE: [(&str, &str); 6] = [
    ("msgs_count", "messages"),
    ("bytes_sent", "bytes"),
    ("tokens_count", "tokens"),
    ("rounds_count", "rounds of ballots, words or offers"),
    ("highest_term_count", "views or terms after the first"),
    ("last_decide_ms", "milliseconds until the last answer"),
];

/// The page: what the problem and its protocol tell, what struck, and what it cost.
pub fn record(page: &Page<'_>, sections: &[Section]) -> String {
    let outcome = page.outcome;
    let mut text = format!("# Decision record: {}\n\n", cell(page.scenario));
    if let Some(title) = page.title {
        _ = writeln!(text, "> {}\n", cell(title));
    }
    let (protocol, seed, verdict) = (page.protocol, outcome.seed, outcome.verdict);
    _ = writeln!(text, "Protocol {protocol}, seed {seed}; verdict: {verdict}.");
    for stamp in page.stamps {
        _ = writeln!(text, "\n**{}**", cell(stamp));
    }
    for section in sections.iter().chain([&faults(outcome), &price(outcome)]) {
        _ = writeln!(text, "\n## {}", section.title);
        section.blocks.iter().for_each(|block| write_block(&mut text, block));
    }
    text
}

fn write_block(text: &mut String, block: &Block) {
    match block {
        Block::Text(paragraph) => _ = writeln!(text, "\n{paragraph}"),
        Block::Table { header, rows } => {
            let line = |cells: &[String]| {
                let cells: Vec<String> = cells.iter().map(|one| cell(one)).collect();
                format!("| {} |\n", cells.join(" | "))
            };
            let rule: Vec<String> = header.iter().map(|_| "---".to_owned()).collect();
            *text += "\n";
            for cells in [header, &rule].into_iter().chain(rows) {
                *text += &line(cells);
            }
        }
    }
}

/// Text that stays within its cell and is not taken for markup.
fn cell(text: &str) -> String {
    let clean = crate::diagnostic::clean(text);
    clean.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

/// What the schedule did.
fn faults(outcome: &Outcome) -> Section {
    let section = Section::new("Faults that struck");
    if outcome.strikes.is_empty() {
        return section.text("None.");
    }
    let rows = outcome.strikes.iter().map(|strike| {
        let ended = strike.ended.map_or_else(|| "never".to_owned(), |at| format!("{at} s"));
        vec![format!("{} s", strike.at), ended, strike.label.clone(), strike.changed.to_string()]
    });
    section.table(["at", "until", "what", "changed"], rows.collect())
}

/// What the decision cost.
fn price(outcome: &Outcome) -> Section {
    let of = |name: &str| outcome.measures().find(|(metric, _)| metric.name == name);
    let rows = PRICE.iter().filter_map(|(name, words)| {
        let amount = match of(name)?.1 {
            Measure::None => return None,
            Measure::Value(value) => value.to_string(),
            Measure::Censored(value) => format!("more than {value}"),
        };
        Some(vec![(*words).to_owned(), amount])
    });
    Section::new("Price").table(["what", "how much"], rows.collect())
}
