//! The smallest case as a scenario file, and in a few words.

use serde_json::{Map, Value as Json, json};
use sim_core::fault::{FaultSpec, When};
use sim_core::outcome::Verdict;

use super::schedule::{entries, spec};
use super::{Case, Shrunk};
use crate::diagnostic::clean;
use crate::point::Point;
use crate::results::ENGINE;
use crate::seeds::Seeds;
use crate::table::assumptions;

/// What became smaller: `faults 38→2 ▏ nodes 5→3 ▏ … 212 tries`.
pub fn headline(shrunk: &Shrunk) -> String {
    let (before, after) = (&shrunk.before, &shrunk.after);
    let changes = [
        ("faults", before.strikes.to_string(), after.strikes.to_string()),
        ("nodes", before.nodes.to_string(), after.nodes.to_string()),
        ("horizon", before.horizon.to_string(), after.horizon.to_string()),
        ("requests", before.operations.to_string(), after.operations.to_string()),
        ("events", before.events.to_string(), after.events.to_string()),
    ];
    let changed = changes.into_iter().filter(|(_, old, new)| old != new);
    let parts: Vec<String> =
        changed.map(|(what, old, new)| format!("{what} {old}→{new}")).collect();
    format!("{}   {} tries", parts.join(" ▏ "), shrunk.tries)
}

/// What is left, in a sentence: `3 nodes; crash n0 at 60ms for 5ms`.
pub fn sentence(case: &Case) -> String {
    let nodes = if case.nodes == 1 { "1 node".to_owned() } else { format!("{} nodes", case.nodes) };
    let strikes = entries(&case.document);
    let strikes = strikes.iter().filter_map(spec).map(|spec| strike(&spec));
    let parts: Vec<String> = [nodes].into_iter().chain(strikes).collect();
    parts.join("; ")
}

fn strike(spec: &FaultSpec) -> String {
    let when = match spec.when {
        When::At(at) => format!("at {at}"),
        When::On { landmark, nth, after } => {
            // A landmark is written as in the scenario.
            let name = serde_json::to_value(landmark).unwrap_or_default();
            let late = if after.is_zero() { String::new() } else { format!("{after} after ") };
            format!("{late}on {} number {nth}", name.as_str().unwrap_or_default())
        }
    };
    let lasts = spec.lasts.map(|lasts| format!(" for {lasts}")).unwrap_or_default();
    format!("{} {when}{lasts}", spec.fault)
}

/// The scenario file: it expects what it shows.
pub fn written(point: &Point, seed: u64, shrunk: &Shrunk) -> String {
    let (failure, after) = (&shrunk.failure, &shrunk.after);
    let mut root = after.document.clone();
    let name = clean(&point.scenario);
    root["name"] = json!(format!("{name}-shrunk"));
    let seeds = match after.seed.checked_add(1) {
        Some(next) => Seeds::Range(after.seed, next),
        None => Seeds::List(vec![after.seed]),
    };
    root["sweep"] = json!({ "seeds": seeds.to_string() });
    let broken = match failure.verdict {
        Verdict::Panicked => json!({ "verdict": failure.verdict.word() }),
        _ if point.entry.properties.contains(&failure.reason.as_str()) => {
            json!({ "property": failure.reason, "holds": false })
        }
        _ => json!({ "invariant": failure.reason, "holds": false }),
    };
    root["expect"] = json!([broken]);
    let words = [
        format!("Shrunk from {name}, seed {seed} (synod {ENGINE})."),
        format!("What is left: {}.", sentence(after)),
        format!(
            "{}: {} at {} s, assumptions {}.",
            failure.verdict,
            clean(&failure.reason),
            after.failed_at,
            assumptions(failure.assumptions_held)
        ),
        format!("{}.", headline(shrunk)),
    ];
    let mut text: String = words.iter().map(|words| format!("# {words}\n")).collect();
    for key in ORDER {
        // A table that says nothing is left out.
        let says = |value: &&Json| !value.as_object().is_some_and(Map::is_empty);
        if let Some(value) = root.get(key).filter(says) {
            if value.is_object() || value.is_array() {
                text.push('\n');
            }
            text.push_str(&in_toml(key, value));
        }
    }
    text
}

/// The keys of a scenario in the order in which people write them.
const ORDER: [&str; 19] = [
    "name",
    "horizon",
    "gst",
    "delta",
    "patience",
    "recovery",
    "budget",
    "allow_unsafe",
    "protocol",
    "network",
    "disk",
    "clock",
    "cost",
    "limits",
    "adversary",
    "fault",
    "workload",
    "sweep",
    "expect",
];

/// A key of a scenario with its value, as its file has them.
pub fn in_toml(key: &str, value: &Json) -> String {
    let text = toml::to_string(&json!({ key: value }));
    text.unwrap_or_else(|error| format!("# {key} cannot be written: {error}\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sim_core::fault::FaultKind;

    use super::*;
    use crate::catalog;
    use crate::scenario::{Overrides, load};

    fn read(text: &str) -> FaultSpec {
        let mut table: BTreeMap<String, FaultSpec> =
            toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        table.remove("fault").expect("a fault")
    }

    fn text(spec: &FaultSpec) -> String {
        in_toml("fault", &serde_json::to_value(spec).expect("plain data"))
    }

    #[track_caller]
    fn comes_back(spec: &FaultSpec) {
        assert_eq!(read(&text(spec)), *spec, "{}", text(spec));
    }

    #[test]
    fn every_kind_of_fault_is_written_as_it_is_read() {
        for info in FaultKind::ALL {
            let spec = read(&format!("fault = {{ {} }}", info.example));
            assert_eq!(spec.fault.kind(), info.kind);
            comes_back(&spec);
        }
    }

    #[test]
    fn every_schedule_of_the_catalogue_is_written_as_it_is_read() {
        let mut seen = 0;
        for (name, _) in catalog::built_in() {
            let name = format!("catalog:{name}");
            let (scenarios, _) =
                load(&[name], &Overrides::default(), false).unwrap_or_else(|e| panic!("{e}"));
            for point in scenarios.iter().flat_map(|scenario| &scenario.points) {
                for spec in &point.simulation.setup().faults {
                    // Who wrote a fifth in a program reads 20 %: the same, from then on.
                    let once = read(&text(spec));
                    assert_eq!(text(&once), text(spec));
                    comes_back(&once);
                    seen += 1;
                }
            }
        }
        assert!(seen > 100, "only {seen} faults in the catalogue");
    }
}
