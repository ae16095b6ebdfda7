//! The quorum systems of a scenario: what they are worth, in words and as a table.
//!
//! A protocol names its systems under `quorum`, or under `read` and `write`. What follows from them
//! alone, before anything is run, is told by `synod explain`; the exact probability that no quorum
//! is alive goes to `quorums.csv`, for charts to lay over what was simulated.

use std::collections::BTreeMap;

use protocols::quorum::{Outages, Reading, Refusal, Rule, System, optimal, overlap, resilience};
use reports::cell::{number_cell, text_cell};
use serde::Deserialize as _;
use serde_json::{Value as Json, json};
use sim_core::fault::Fault;
use sim_core::id::Cluster;
use sim_core::rng::Ratio;

use crate::point::Point;

/// The keys of `[protocol]` that name systems.
const ROLES: [&str; 3] = ["quorum", "read", "write"];
/// The chances that a node is down for which words are found.
const DOWN: [f64; 3] = [0.01, 0.1, 0.3];
/// The shares of reads for which words are found.
const READ_SHARES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// A system and what it is for.
pub struct Named {
    /// Its key.
    pub role: &'static str,
    /// As it was written.
    pub rule: Rule,
    /// What that means on the cluster.
    pub system: System,
}

/// The systems that a point's protocol names.
pub fn of(point: &Point) -> Vec<Named> {
    let cluster = Cluster { n: point.simulation.setup().nodes };
    let named = |role: &'static str| {
        let rule = Rule::deserialize(point.resolved["protocol"].get(role)?).ok()?;
        let system = rule.system(cluster).ok()?;
        Some(Named { role, rule, system })
    };
    ROLES.into_iter().filter_map(named).collect()
}

/// What is known of one system, or why it is not.
type Finding = (&'static str, Result<String, Refusal>);

/// What follows from a system by itself.
fn findings(named: &Named) -> Vec<Finding> {
    let system = &named.system;
    let minimal = system.minimal_quorums().map(|quorums| {
        let sizes = quorums.iter().map(|quorum| quorum.len());
        let (least, most) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
        let sizes = if least == most { least.to_string() } else { format!("{least} to {most}") };
        format!("{}, of {sizes} nodes", quorums.len())
    });
    let met = overlap(system, system);
    let meeting = met.clone().map(|met| match (met.nodes, &met.pair) {
        (0, [one, other]) => format!("none: {one:?} and {other:?} share no node"),
        (least, _) => format!("any two share {least} or more"),
    });
    let left = resilience(system);
    let failing = left.map(|left| format!("a quorum is left with any {left} down"));
    let liars = met.and_then(|met| {
        let left = left?;
        let survived = |reading| met.liars(reading, left);
        let (hidden, outvoted) = (survived(Reading::Dissemination), survived(Reading::Masking));
        Ok(format!("{hidden} if values prove themselves, {outvoted} if liars must be outvoted"))
    });
    let unavailable = Outages::of(system).map(|outages| {
        let at = |down: f64| match outages.probability(down) {
            rare if rare < 0.001 => format!("{rare:.3e} at {down}"),
            ratio => format!("{ratio:.6} at {down}"),
        };
        DOWN.map(at).join(", ")
    });
    let load = optimal(system, system, 0.0).map(|strategy| load_and_capacity(strategy.load(0.0)));
    vec![
        ("minimal quorums", minimal),
        ("intersection", meeting),
        ("resilience", failing),
        ("liars survived", liars),
        ("no quorum, by how often a node is down", unavailable),
        ("load, and capacity in nodes", load),
    ]
}

fn load_and_capacity(load: f64) -> String {
    format!("{load:.4}, {:.4}", 1.0 / load)
}

/// What follows from reads and writes together.
fn pair(reads: &System, writes: &System) -> Vec<Finding> {
    let meeting = overlap(reads, writes).map(|met| match (met.nodes, &met.pair) {
        (0, [read, write]) => format!("none: {read:?} reads what {write:?} does not write"),
        (least, _) => format!("a read and a write share {least} or more"),
    });
    let loads: Result<Vec<String>, Refusal> = READ_SHARES
        .into_iter()
        .map(|share| {
            let load = optimal(reads, writes, share)?.load(share);
            Ok(format!("{} at {share}", load_and_capacity(load)))
        })
        .collect();
    vec![
        ("intersection", meeting),
        ("load and capacity, by the share of reads", loads.map(|loads| loads.join("; "))),
    ]
}

/// Every system with what was found: heading, and findings.
fn described(named: &[Named]) -> Vec<(String, String, Vec<Finding>)> {
    let mut all: Vec<_> = named
        .iter()
        .map(|named| (named.role.to_owned(), named.rule.to_string(), findings(named)))
        .collect();
    let role = |role: &str| named.iter().find(|named| named.role == role);
    if let (Some(reads), Some(writes)) = (role("read"), role("write")) {
        let both = format!("{} and {}", reads.rule, writes.rule);
        all.push(("read and write".into(), both, pair(&reads.system, &writes.system)));
    }
    all
}

/// What was found, a line each.
pub fn lines(named: &[Named]) -> Vec<String> {
    let mut lines = Vec::new();
    for (role, rule, findings) in described(named) {
        lines.push(format!("{role}: {rule}"));
        for (what, found) in findings {
            let found = found.unwrap_or_else(|refusal| format!("not worked out: {refusal}"));
            lines.push(format!("  {what}: {found}"));
        }
    }
    lines
}

/// What was found, for programs.
pub fn document(named: &[Named]) -> Json {
    let of = |(role, rule, findings): (String, String, Vec<Finding>)| {
        let findings = findings.into_iter().map(|(what, found)| match found {
            Ok(found) => json!({ "what": what, "found": found }),
            Err(refusal) => json!({ "what": what, "refused": refusal.to_string() }),
        });
        json!({ "role": role, "system": rule, "findings": findings.collect::<Vec<_>>() })
    };
    described(named).into_iter().map(of).collect()
}

/// How likely nodes are to go down, each for itself, if a crash of the scenario says so.
fn down_by_chance(point: &Point) -> Option<Ratio> {
    let faults = &point.simulation.setup().faults;
    let crash = faults
        .iter()
        .find(|spec| matches!(spec.fault, Fault::Crash { .. }) && !spec.each.is_always());
    crash.map(|spec| spec.each)
}

/// The rows of `quorums.csv`: for each point whose nodes go down by chance, the exact curve of each
/// of its systems. Systems too large to be enumerated have none.
pub fn rows(points: &[Point]) -> Vec<Vec<String>> {
    // From one in a thousand to four in five, a quarter more each.
    let ladder = || std::iter::successors(Some(0.001), |down| Some(down * 1.25)).take(31);
    let mut known: BTreeMap<(String, u32), Option<Outages>> = BTreeMap::new();
    let mut rows = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let Some(own) = down_by_chance(point) else { continue };
        for Named { role, rule, system } in of(point) {
            let key = (rule.to_string(), point.simulation.setup().nodes);
            let outages = known.entry(key).or_insert_with(|| Outages::of(&system).ok());
            let Some(outages) = outages else { continue };
            let mut ratios: Vec<f64> = ladder().chain([own.as_f64()]).collect();
            ratios.sort_by(f64::total_cmp);
            for down in ratios {
                rows.push(vec![
                    format!("p{index}"),
                    role.to_owned(),
                    text_cell(&rule.to_string()).into_owned(),
                    number_cell(Some(down)),
                    number_cell(Some(outages.probability(down))),
                ]);
            }
        }
    }
    rows
}
