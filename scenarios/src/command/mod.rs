//! One file per verb.

pub mod conclude;
pub mod compare;
pub mod completions;
pub mod explain;
pub mod failures;
pub mod gather;
pub mod list;
pub mod man;
pub mod manifest;
pub mod marks;
pub mod replay;
pub mod merge;
pub mod report;
pub mod run;
pub mod schema;
pub mod shrink;
pub mod summary;
pub mod sweep;
pub mod tables;
pub mod test;
pub mod trace;

use crate::cli::OverArgs;
use crate::error::Error;
use crate::point::Point;
use crate::registry;
use crate::scenario::{self, Overrides, Scenario};
use crate::terminal::{Terminal, painted};

/// Reads the scenario of a command that makes one run, and says which point it will be.
fn one(reference: &str, laid: &OverArgs, terminal: &Terminal) -> Result<(Scenario, Point), Error> {
    let overrides =
        Overrides { set: laid.set.clone(), over: Vec::new(), profile: laid.profile.clone() };
    let (mut scenarios, _) =
        scenario::load(&[reference.to_owned()], &overrides, Terminal::colours_errors())?;
    let internal = || Error::Internal("a scenario without points".into());
    let mut scenario = scenarios.pop().ok_or_else(internal)?;
    if scenario.shown != scenario.reference {
        terminal.note(&format!("{} is {}", scenario.reference, scenario.shown));
    }
    let count = scenario.points.len();
    if count > 1 {
        let first = &scenario.points[0];
        let label = first.label();
        terminal.note(&format!(
            "the first of {count} points: {} {label}  (choose another with --set)",
            first.entry.name
        ));
    }
    if scenario.points.is_empty() {
        return Err(internal());
    }
    let point = scenario.points.swap_remove(0);
    Ok((scenario, point))
}

/// What every result of a point must say of it: what is unsafe and was allowed, and the bug that
/// is planted.
fn stamps(point: &Point) -> Vec<String> {
    let mark = painted("!");
    let name = crate::diagnostic::clean(&point.scenario);
    let allowed = point.allowed.iter().map(|allowed| format!("unsafe, and allowed: {allowed}"));
    let mutant = point.simulation.setup().mutant.iter();
    let planted = mutant.map(|mutant| format!("the bug {mutant} is planted"));
    allowed.chain(planted).map(|stamp| format!("{mark} {name}: {stamp}")).collect()
}

/// The command that shows one run of a sweep step by step.
fn trace_command(scenario: &Scenario, point: &Point, laid: &OverArgs, seed: u64) -> String {
    let mut words = vec![format!("{} trace", registry::program()), quoted(&scenario.reference)];
    words.push(format!("--seed {seed}"));
    words.extend(laid.profile.iter().map(|profile| format!("--profile {}", quoted(profile))));
    words.extend(laid.set.iter().map(|set| format!("--set {}", quoted(set))));
    if scenario.axes.iter().any(|axis| axis.path == "protocol") {
        words.push(format!("--set protocol.kind={}", point.entry.name));
    }
    for (path, written) in &point.params {
        let value = crate::point::argument(&crate::point::plain(written));
        words.push(format!("--set {}", quoted(&format!("{path}={value}"))));
    }
    words.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=%:,+@".contains(c);
    let word = crate::diagnostic::clean(word);
    if word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
