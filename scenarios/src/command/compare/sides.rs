//! The sides of a comparison: folders with tables are read, scenarios and protocols are run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use reports::stats::Observation;
use sim_core::outcome::{Measure, Metrics};

use crate::cli::CompareArgs;
use crate::comparison::{Run, Runs, Side};
use crate::diagnostic::{clean, did_you_mean};
use crate::error::Error;
use crate::plan::Plan;
use crate::registry;
use crate::results;
use crate::scenario::{self, Overrides, Scenario};
use crate::seeds::Seeds;
use crate::sweep;
use crate::terminal::Terminal;

use super::usage;

/// A side before anything is run.
pub(super) enum Prepared {
    /// It was read from a folder.
    Read(Side),
    /// It is to be run, under this name.
    Planned(String, Plan),
}

impl Prepared {
    fn label_mut(&mut self) -> &mut String {
        match self {
            Self::Read(side) => &mut side.label,
            Self::Planned(label, _) => label,
        }
    }

    fn label(&self) -> &str {
        match self {
            Self::Read(side) => &side.label,
            Self::Planned(label, _) => label,
        }
    }

    /// The names of its metrics.
    pub(super) fn metrics(&self) -> Vec<&str> {
        match self {
            Self::Read(side) => side.metrics.iter().map(String::as_str).collect(),
            Self::Planned(_, plan) => metrics(plan).collect(),
        }
    }

    /// What was swept at each of its points.
    fn keys(&self) -> Vec<String> {
        match self {
            Self::Read(side) => side.points.iter().map(|(key, _)| key.clone()).collect(),
            Self::Planned(_, plan) => plan.points.iter().map(|point| point.label()).collect(),
        }
    }
}

/// The metrics of every run, and those of the problems.
fn metrics(plan: &Plan) -> impl Iterator<Item = &'static str> + '_ {
    Metrics::COLUMNS.iter().chain(plan.gauges.iter().copied()).map(|metric| metric.name)
}

/// The sides, in the order in which they were named; a scenario with several protocols is a side
/// for each.
///
/// # Errors
/// When one is wrong, or they are not the same points.
pub(super) fn prepare(args: &CompareArgs, terminal: &Terminal) -> Result<Vec<Prepared>, Error> {
    let mut sides: Vec<Prepared> = Vec::new();
    for reference in &args.sides {
        let folder = results::meant(Path::new(reference));
        if folder.is_dir() && args.faults.is_none() {
            sides.push(Prepared::Read(read(&folder)?));
            continue;
        }
        for (label, scenario) in load(args, reference, terminal)? {
            let agreed = sides.iter().find_map(|side| match side {
                Prepared::Planned(_, plan) => Some(&plan.seeds),
                Prepared::Read(_) => None,
            });
            let seeds = args.seeds.as_ref().or(agreed).unwrap_or(&scenario.seeds).clone();
            agree(args.seeds.as_ref(), &seeds, &scenario, reference)?;
            sides.push(Prepared::Planned(label, Plan::new(vec![scenario], Some(seeds))?));
        }
    }
    for place in 1..sides.len() {
        let (before, rest) = sides.split_at_mut(place);
        let label = rest[0].label_mut();
        if before.iter().any(|known| known.label() == label.as_str()) {
            *label = format!("{label} ({})", place + 1);
        }
    }
    if let [only] = &sides[..] {
        let message = format!("a comparison has at least two sides, and {} is one", only.label());
        return Err(usage(message));
    }
    matched(&sides)?;
    Ok(sides)
}

/// Refuses sides of different seeds, unless all are told theirs.
fn agree(
    told: Option<&Seeds>,
    seeds: &Seeds,
    scenario: &Scenario,
    reference: &str,
) -> Result<(), Error> {
    if told.is_some() || scenario.seeds == *seeds {
        return Ok(());
    }
    let message = format!(
        "{reference} asks for seeds {}, a side before it for {seeds}; pairs need the same seeds",
        scenario.seeds
    );
    Err(Error::Usage { message, next: "add --seeds 0..300".into() })
}

/// The scenarios that a reference stands for, each with its name as a side: a file or a name, or
/// under `--faults` a protocol with its defaults in the place of that scenario's.
fn load(
    args: &CompareArgs,
    reference: &str,
    terminal: &Terminal,
) -> Result<Vec<(String, Scenario)>, Error> {
    let one = |reference: &str, first: Vec<String>| {
        let profile = args.laid.profile.clone();
        let set = first.into_iter().chain(args.laid.set.iter().cloned()).collect();
        let overrides = Overrides { set, over: Vec::new(), profile };
        let references = [reference.to_owned()];
        let (mut scenarios, _) =
            scenario::load(&references, &overrides, Terminal::colours_errors())?;
        scenarios.pop().ok_or_else(|| Error::Internal("a scenario was not read".into()))
    };
    let Some(faults) = &args.faults else {
        let scenario = one(reference, Vec::new())?;
        let mut protocols: Vec<&str> = scenario.points.iter().map(|it| it.entry.name).collect();
        protocols.dedup();
        if !scenario.axes.iter().any(|axis| axis.path == "protocol") || protocols.len() < 2 {
            return Ok(vec![(scenario.name.clone(), scenario)]);
        }
        let side = |name: &&str| {
            let scenario = one(reference, vec![format!("protocol.kind={name}")]);
            scenario.map(|scenario| ((*name).to_owned(), scenario))
        };
        return protocols.iter().map(side).collect();
    };
    known_protocol(reference)?;
    let original = one(faults, Vec::new())?;
    let sweeps_protocol = original.axes.iter().any(|axis| axis.path.starts_with("protocol."));
    // Where the scenario has a table for this protocol, its number of nodes is meant.
    let own = original.points.iter().find(|point| point.entry.name == reference);
    let nodes = own.or(original.points.first()).map_or(1, |point| point.simulation.setup().nodes);
    // What the scenario expects is about its own protocol.
    let mut set = vec![
        format!("protocol={{ kind = \"{reference}\", nodes = {nodes} }}"),
        "expect=[]".to_owned(),
    ];
    if sweeps_protocol {
        terminal.note(&format!(
            "{faults} sweeps over keys of its own protocol: nothing is swept, each has its defaults"
        ));
        set.push("sweep.over={}".to_owned());
    }
    Ok(vec![(reference.to_owned(), one(faults, set)?)])
}

fn known_protocol(name: &str) -> Result<(), Error> {
    let names: Vec<&str> = registry::entries().iter().map(|entry| entry.name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let (shown, near) = (clean(name), did_you_mean(name, &names));
    let message = format!("with --faults each side is a protocol, and `{shown}` is none{near}");
    Err(Error::Usage { message, next: "synod list protocols".into() })
}

/// Reads the runs of a folder.
fn read(folder: &Path) -> Result<Side, Error> {
    let runs = reports::row::Runs::read(&folder.join("runs.csv"))?;
    let columns = runs.columns();
    let read = |run: &reports::row::Run| {
        let values = columns.iter().map(|(_, column)| run.observation(*column)).collect();
        (run.seed, Run { verdict: run.verdict.word(), values })
    };
    let point = |point: &reports::row::Point| {
        let params = runs.params.iter().zip(&point.params);
        let swept = params.filter(|(name, _)| !["n", "f"].contains(&name.as_str()));
        let words: Vec<String> = swept.map(|(name, value)| format!("{name}={value}")).collect();
        (words.join(" "), point.runs.iter().map(read).collect::<Runs>())
    };
    Ok(Side {
        label: clean(&folder.to_string_lossy()),
        metrics: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
        points: runs.points.iter().map(point).collect(),
    })
}

/// Whether the sides have the same points.
fn matched(sides: &[Prepared]) -> Result<(), Error> {
    for side in sides {
        let keys = side.keys();
        if (1..keys.len()).any(|at| keys[..at].contains(&keys[at])) {
            let message = format!("{} has several protocols, and a side is one", side.label());
            let next = "synod sweep SCENARIO --set protocol.kind=raft -o DIR, for each of them";
            return Err(Error::Usage { message, next: next.into() });
        }
    }
    let (base, ours) = (sides[0].label(), sides[0].keys());
    for side in sides {
        let theirs = side.keys();
        let lone = ours.len() == 1 && theirs.len() == 1;
        if !lone && ours != theirs {
            let message = format!(
                "{base} has {} points and {} has {}, and they are not the same ones: each side is \
                 one protocol, swept alike",
                ours.len(),
                side.label(),
                theirs.len()
            );
            return Err(Error::Usage { message, next: EXAMPLE.into() });
        }
    }
    Ok(())
}

/// What can be compared.
const EXAMPLE: &str = "synod compare a.toml b.toml --seeds 0..300";

/// Runs the sides that were not read.
///
/// # Errors
/// When the system gives no threads, or sides have no seed in common.
pub(super) fn run(
    prepared: Vec<Prepared>,
    jobs: usize,
    terminal: &Terminal,
) -> Result<Vec<Side>, Error> {
    let run = |side: Prepared| match side {
        Prepared::Read(side) => Ok(side),
        Prepared::Planned(label, plan) => of_plan(label, &plan, jobs, terminal),
    };
    let sides: Vec<Side> = prepared.into_iter().map(run).collect::<Result<_, _>>()?;
    let base = &sides[0];
    for other in &sides {
        for ((_, ours), (_, theirs)) in base.points.iter().zip(&other.points) {
            if !ours.keys().any(|seed| theirs.contains_key(seed)) {
                let message = format!("{} and {} have no seed in common", base.label, other.label);
                return Err(Error::Nothing { message, next: EXAMPLE.into() });
            }
        }
    }
    Ok(sides)
}

fn of_plan(label: String, plan: &Plan, jobs: usize, terminal: &Terminal) -> Result<Side, Error> {
    terminal.note(&format!("{label}  {} runs", plan.runs()));
    let mut points: Vec<(String, Runs)> =
        plan.points.iter().map(|point| (point.label(), BTreeMap::new())).collect();
    let mut take = |made: sweep::Made| {
        let value = |measure| match measure {
            Measure::None => None,
            Measure::Value(value) => Some(Observation { value, censored: false }),
            Measure::Censored(value) => Some(Observation { value, censored: true }),
        };
        let of_every_run = made.outcome.metrics.values();
        let own = plan.gauges.iter().map(|metric| made.outcome.gauge(metric));
        let values = of_every_run.chain(own).map(value).collect();
        let run = Run { verdict: made.outcome.verdict.word(), values };
        points[made.point].1.insert(made.outcome.seed, run);
        Ok(())
    };
    sweep::unkept(plan, jobs, &AtomicBool::new(false), &mut take)?;
    Ok(Side { label, metrics: metrics(plan).map(str::to_owned).collect(), points })
}
