//! The protocols that this program knows, and what the program is called.
//!
//! A program of one's own has the whole command line with its own protocols: it installs them once,
//! before anything is read. All else finds the built-in ones.

use std::sync::OnceLock;

use sim_core::outcome::{Metric, Metrics};
use sim_core::simulation::Entry;

/// What was installed; whoever asks first without installing anything settles it.
static INSTALLED: OnceLock<Installed> = OnceLock::new();

struct Installed {
    program: String,
    entries: Vec<Entry>,
}

fn installed() -> &'static Installed {
    INSTALLED.get_or_init(|| Installed {
        program: "synod".to_owned(),
        entries: protocols::REGISTRY.to_vec(),
    })
}

/// Every protocol, in the order in which they were installed.
pub fn entries() -> &'static [Entry] {
    &installed().entries
}

/// What people type to start this program; commands to type next begin with it.
pub fn program() -> &'static str {
    &installed().program
}

/// Text with commands of `synod` in it, each with the name of this program instead.
pub fn typed(text: &str) -> String {
    renamed(text, program())
}

fn renamed(text: &str, program: &str) -> String {
    let (mut renamed, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("synod ") {
        renamed += &rest[..at];
        let is_word = !renamed.ends_with(|c: char| c.is_alphanumeric() || "-_./".contains(c));
        renamed += if is_word { program } else { "synod" };
        rest = &rest[at + "synod".len()..];
    }
    renamed + rest
}

/// Makes these the protocols of the program, once and for all.
///
/// # Errors
/// When two of them have one name, or protocols were installed or asked for before.
pub fn install(program: &str, parts: &[&[Entry]]) -> Result<(), String> {
    let entries = parts.concat();
    if let Some(name) = twice(&entries) {
        return Err(format!(
            "two protocols are called `{name}`: give each its own `Protocol::NAME`"
        ));
    }
    let program = program.to_owned();
    INSTALLED
        .set(Installed { program, entries })
        .map_err(|_| "protocols are installed once, before anything else is done".to_owned())
}

/// A name that two entries have.
fn twice(entries: &[Entry]) -> Option<&'static str> {
    let mut later = entries.iter().enumerate();
    let found = later.find(|(at, entry)| entries[..*at].iter().any(|one| one.name == entry.name));
    found.map(|(_, entry)| entry.name)
}

/// Every measurement, each once: those of every run, then those of the problems, with the name of
/// the problem.
pub fn metrics() -> Vec<(&'static Metric, &'static str)> {
    let mut all: Vec<_> = Metrics::COLUMNS.iter().map(|metric| (metric, "any")).collect();
    for entry in entries() {
        for metric in entry.metrics {
            if all.iter().all(|(known, _)| known.name != metric.name) {
                all.push((metric, entry.problem));
            }
        }
    }
    all
}

/// In what a metric, the column of a table, is counted; its name ends in that.
pub fn unit(name: &str) -> Option<&'static str> {
    const UNITS: [(&str, &str); 10] = [
        ("_ms", "ms"),
        ("_ratio", "ratio"),
        ("_share", "ratio"),
        ("_count", "count"),
        ("_bytes", "bytes"),
        ("bytes_sent", "bytes"),
        ("bytes_per_update", "bytes per update"),
        ("_periods", "protocol periods"),
        ("_units", "units of what is estimated"),
        ("_per_node_hour", "per node and hour"),
    ];
    UNITS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, unit)| *unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_ends_in_its_unit() {
        for (metric, _) in metrics() {
            assert!(unit(metric.name).is_some(), "in what is {} counted?", metric.name);
        }
    }

    #[test]
    fn no_problem_measures_under_a_name_that_every_run_has() {
        let every_run_has = |name: &str| {
            sim_core::outcome::Metrics::COLUMNS.iter().any(|metric| metric.name == name)
        };
        for entry in protocols::REGISTRY {
            for (place, metric) in entry.metrics.iter().enumerate() {
                let name = metric.name;
                assert!(!every_run_has(name), "{}: {name}", entry.name);
                let others = &entry.metrics[..place];
                assert!(others.iter().all(|other| other.name != name), "{}: {name}", entry.name);
            }
        }
    }

    #[test]
    fn commands_bear_the_name_of_the_program_and_files_keep_theirs() {
        let text = "synod run a, or `synod list`: my-synod is no synod";
        let mine = "mine run a, or `mine list`: my-synod is no synod";
        assert_eq!(renamed(text, "mine"), mine);
        assert_eq!(renamed("cat ./synod x", "mine"), "cat ./synod x");
        assert_eq!(renamed(&renamed(text, "my-synod"), "my-synod"), renamed(text, "my-synod"));
    }

    #[test]
    fn a_name_is_given_once_and_protocols_are_installed_once() {
        assert_eq!(twice(protocols::REGISTRY), None);
        let doubled = [protocols::REGISTRY, &protocols::REGISTRY[2..3]];
        let error = install("mine", &doubled).expect_err("one name twice");
        assert!(error.contains(protocols::REGISTRY[2].name), "{error}");
        assert_eq!((program(), entries().len()), ("synod", protocols::REGISTRY.len()));
        let error = install("mine", &[protocols::REGISTRY]).expect_err("too late");
        assert!(error.contains("once"), "{error}");
        assert_eq!(program(), "synod");
    }
}
