//! `synod compare`: sides on the same seeds, each against the first.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use reports::cell::{number_cell, text_cell};
use reports::stats::{Interval, LEVEL, Observation, Proportion};
use serde_json::{Value as Json, json};
use sim_core::outcome::{Measure, Metrics};

use crate::cli::{CompareArgs, Format};
use crate::comparison::{Row, Run, Runs, Side, Threshold, rows, stat_of};
use crate::diagnostic::nearest;
use crate::error::Error;
use crate::expect::Stat;
use crate::fold::HEADLINES;
use crate::judge::{number, worst};
use crate::registry;
use crate::results::{ENGINE, bytes};
use crate::scenario::{self, Overrides, Scenario};
use crate::seeds::Seeds;
use crate::sweep::{self, Plan};
use crate::terminal::{Terminal, aligned, painted};

use super::run::pretty;

/// Makes or reads the runs of every side and says how far each is from the first.
///
/// # Errors
/// When a side is wrong, the sides do not match, or a file cannot be read or written.
pub fn compare(args: &CompareArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let thresholds: Vec<Threshold> = args
        .fail_on
        .iter()
        .map(|text| Threshold::read(text).map_err(usage))
        .collect::<Result<_, _>>()?;
    let sides = sides(args, terminal)?;
    matched(&sides)?;
    let metrics = metrics(args, &thresholds, &sides)?;
    let rows = rows(&sides, &metrics);
    let code = worst(rows.iter().flat_map(|row| {
        thresholds
            .iter()
            .filter(|limit| limit.metric == row.metric && limit.stat == row.stat)
            .map(|limit| limit.code(row))
    }));
    if let Some(dir) = &args.out {
        fs::create_dir_all(dir).map_err(Error::io("make", dir))?;
        let file = dir.join("compare.csv");
        fs::write(&file, table(&rows)).map_err(Error::io("write", file))?;
    }
    match format {
        Format::Json => terminal.line(&pretty(&json!({
            "schema": "synod.compare/1",
            "engine": ENGINE,
            "sides": sides.iter().map(|side| &side.label).collect::<Vec<_>>(),
            "rows": rows.iter().map(|row| object(row, &thresholds)).collect::<Vec<_>>(),
            "exit_code": code,
        })))?,
        Format::Human | Format::Markdown => {
            human(&sides, &rows, &thresholds).iter().try_for_each(|line| terminal.line(line))?;
        }
    }
    Ok(code)
}

fn usage(message: String) -> Error {
    Error::Usage { message, next: format!("{} compare --help", registry::program()) }
}

/// The sides, in the order in which they were named: folders with tables are read, scenarios and
/// protocols are run.
fn sides(args: &CompareArgs, terminal: &Terminal) -> Result<Vec<Side>, Error> {
    if args.sides.len() < 2 {
        return Err(usage("a comparison has at least two sides".to_owned()));
    }
    let jobs = super::sweep::jobs(args.jobs, terminal);
    let mut agreed: Option<Seeds> = args.seeds.clone();
    let mut sides: Vec<Side> = Vec::new();
    for reference in &args.sides {
        let folder = Path::new(reference);
        let mut side = if folder.is_dir() && args.faults.is_none() {
            of_folder(folder)?
        } else {
            let scenario = load(args, reference, terminal)?;
            let seeds = agreed.get_or_insert_with(|| scenario.seeds.clone()).clone();
            if args.seeds.is_none() && scenario.seeds != seeds {
                let message = format!(
                    "{reference} asks for seeds {}, a side before it for {seeds}; pairs need the same seeds",
                    scenario.seeds
                );
                return Err(Error::Usage { message, next: "add --seeds 0..300".into() });
            }
            let label =
                if args.faults.is_some() { reference.clone() } else { scenario.name.clone() };
            of_plan(label, &Plan::new(vec![scenario], Some(seeds))?, jobs, terminal)?
        };
        if sides.iter().any(|known| known.label == side.label) {
            side.label = format!("{} ({})", side.label, sides.len() + 1);
        }
        sides.push(side);
    }
    Ok(sides)
}

/// The scenario of a side: a file or a name, or under `--faults` a protocol with its defaults in
/// the place of that scenario's.
fn load(args: &CompareArgs, reference: &str, terminal: &Terminal) -> Result<Scenario, Error> {
    let one = |reference: &str, set: Vec<String>| {
        let profile = args.laid.profile.clone();
        let overrides = Overrides { set, over: Vec::new(), profile };
        let references = [reference.to_owned()];
        let (mut scenarios, _) =
            scenario::load(&references, &overrides, Terminal::colours_errors())?;
        scenarios.pop().ok_or_else(|| Error::Internal("a scenario was not read".into()))
    };
    let Some(faults) = &args.faults else {
        return one(reference, args.laid.set.clone());
    };
    let names: Vec<&str> = registry::entries().iter().map(|entry| entry.name).collect();
    if !names.contains(&reference) {
        let shown = crate::diagnostic::clean(reference);
        let near = nearest(reference, &names)
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("with --faults each side is a protocol, and `{shown}` is none{near}");
        let next = format!("{} list protocols", registry::program());
        return Err(Error::Usage { message, next });
    }
    let nodes = one(faults, args.laid.set.clone())?;
    let sweeps_protocol = nodes.axes.iter().any(|axis| axis.path.starts_with("protocol."));
    let nodes = nodes.points.first().map_or(1, |point| point.simulation.setup().nodes);
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
    set.extend(args.laid.set.iter().cloned());
    one(faults, set)
}

fn of_folder(folder: &Path) -> Result<Side, Error> {
    let runs = reports::row::Runs::read(&folder.join("runs.csv"))?;
    let is_twin =
        |name: &str| name.strip_suffix("_censored").is_some_and(|name| runs.metric(name).is_some());
    let columns: Vec<(usize, Option<usize>)> = runs
        .metrics
        .iter()
        .enumerate()
        .filter(|(_, name)| !is_twin(name))
        .map(|(column, name)| (column, runs.metric(&format!("{name}_censored"))))
        .collect();
    let read = |run: &reports::row::Run| {
        let value = |(column, twin): &(usize, Option<usize>)| {
            let censored = twin.and_then(|twin| run.metrics[twin]).is_some_and(|flag| flag != 0.0);
            run.metrics[*column].map(|value| Observation { value, censored })
        };
        (run.seed, Run { verdict: run.verdict.word(), values: columns.iter().map(value).collect() })
    };
    let point = |point: &reports::row::Point| {
        let params = runs.params.iter().zip(&point.params);
        let swept = params.filter(|(name, _)| !["n", "f"].contains(&name.as_str()));
        let words: Vec<String> = swept.map(|(name, value)| format!("{name}={value}")).collect();
        (words.join(" "), point.runs.iter().map(read).collect::<Runs>())
    };
    Ok(Side {
        label: crate::diagnostic::clean(&folder.to_string_lossy()),
        metrics: columns.iter().map(|(column, _)| runs.metrics[*column].clone()).collect(),
        points: runs.points.iter().map(point).collect(),
    })
}

fn of_plan(label: String, plan: &Plan, jobs: usize, terminal: &Terminal) -> Result<Side, Error> {
    terminal.note(&format!("{label}  {} runs", plan.runs()));
    let mut points: Vec<(String, Runs)> =
        plan.points.iter().map(|point| (point.label(), BTreeMap::new())).collect();
    let interrupted = std::sync::atomic::AtomicBool::new(false);
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
    sweep::unkept(plan, jobs, &interrupted, &mut take)?;
    let metrics = Metrics::COLUMNS.iter().chain(plan.gauges.iter().copied());
    let metrics = metrics.map(|metric| metric.name.to_owned()).collect();
    Ok(Side { label, metrics, points })
}

/// Whether the sides have the same points, and seeds in common at each.
fn matched(sides: &[Side]) -> Result<(), Error> {
    let next = || format!("{} compare a.toml b.toml --seeds 0..300", registry::program());
    let base = &sides[0];
    let keys = |side: &Side| side.points.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    for side in sides {
        let keys = keys(side);
        if (1..keys.len()).any(|at| keys[..at].contains(&keys[at])) {
            let message = format!("{} has several protocols, and a side is one", side.label);
            let next = format!(
                "{} sweep SCENARIO --set protocol.kind=raft -o DIR, for each of them",
                registry::program()
            );
            return Err(Error::Usage { message, next });
        }
    }
    for other in sides {
        let lone = base.points.len() == 1 && other.points.len() == 1;
        let (ours, theirs) = (keys(base), keys(other));
        if !lone && ours != theirs {
            let message = format!(
                "{} has {} points and {} has {}, and they are not the same ones: each side is one \
                 protocol, swept alike",
                base.label,
                ours.len(),
                other.label,
                theirs.len()
            );
            return Err(Error::Usage { message, next: next() });
        }
        for ((_, ours), (_, theirs)) in base.points.iter().zip(&other.points) {
            if !ours.keys().any(|seed| theirs.contains_key(seed)) {
                let message = format!("{} and {} have no seed in common", base.label, other.label);
                return Err(Error::Nothing { message, next: next() });
            }
        }
    }
    Ok(())
}

/// What is compared: what was asked for and what thresholds name, or else the headlines.
fn metrics(
    args: &CompareArgs,
    thresholds: &[Threshold],
    sides: &[Side],
) -> Result<Vec<(String, Stat)>, Error> {
    let mut metrics: Vec<(String, Stat)> = Vec::new();
    let mut add = |metric: &str, stat: Stat| {
        if !metrics.iter().any(|known| known.0 == metric && known.1 == stat) {
            metrics.push((metric.to_owned(), stat));
        }
    };
    for asked in &args.metric {
        match asked.split_once(':') {
            None => add(asked, Stat::Mean),
            Some((metric, stat)) => add(metric, stat_of(stat).map_err(usage)?),
        }
    }
    if args.metric.is_empty() {
        HEADLINES.iter().for_each(|metric| add(metric, Stat::Mean));
    }
    thresholds.iter().for_each(|limit| add(&limit.metric, limit.stat));
    let known: Vec<&str> = sides[0].metrics.iter().map(String::as_str).collect();
    for (metric, _) in &metrics {
        // A folder of tables need not have every headline.
        let is_default = args.metric.is_empty() && HEADLINES.contains(&metric.as_str());
        if !(is_default || known.contains(&metric.as_str())) {
            let shown = crate::diagnostic::clean(metric);
            let near = nearest(metric, &known)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let next = format!("{} list metrics", registry::program());
            return Err(Error::Usage { message: format!("unknown metric `{shown}`{near}"), next });
        }
    }
    Ok(metrics)
}

fn human(sides: &[Side], rows: &[Row], thresholds: &[Threshold]) -> Vec<String> {
    let base = &sides[0];
    let mut lines = vec![format!(
        "paired by seed against {}; {} % intervals; marks after Holm's correction over {} comparisons",
        base.label,
        LEVEL * 100.0,
        rows.iter().filter(|row| row.corrected.is_some()).count()
    )];
    lines.push(String::new());
    lines.extend(aligned(&verdicts(sides)));
    for (at, (point, _)) in base.points.iter().enumerate() {
        lines.push(String::new());
        if base.points.len() > 1 {
            lines.push(format!("p{at} {point}"));
        }
        let mut cells = vec![
            ["  metric", "", "side", &base.label, "it", "Δ", "%Δ", "", "pairs"]
                .map(str::to_owned)
                .to_vec(),
        ];
        cells.extend(rows.iter().filter(|row| row.point == *point).map(cells_of));
        lines.extend(aligned(&cells));
    }
    let judged = rows.iter().flat_map(|row| {
        thresholds
            .iter()
            .filter(|limit| limit.metric == row.metric && limit.stat == row.stat)
            .map(move |limit| (row, limit))
    });
    lines.push(String::new());
    lines.push(
        "  ✓ better  ✗ worse  ≠ different  = not distinguishable  ? ended less often, or too few pairs"
            .to_owned(),
    );
    for (row, limit) in judged {
        let (mark, word) = match limit.code(row) {
            0 => ("✓", "not beyond it"),
            12 => ("✗", "beyond it"),
            _ => ("?", "cannot be told"),
        };
        let mark = painted(mark);
        lines.push(format!("  {mark} {}  {} {}: {word}", limit.written, row.other, row.point));
    }
    lines
}

/// How the runs of each side ended.
fn verdicts(sides: &[Side]) -> Vec<Vec<String>> {
    let mut table =
        vec![["  side", "runs", "unsafe", "stalled", "other"].map(str::to_owned).to_vec()];
    for side in sides {
        let runs = || side.points.iter().flat_map(|(_, runs)| runs.values());
        let total = runs().count() as u64;
        let count = |word: &str| runs().filter(|run| run.verdict == word).count() as u64;
        let rate = |hits: u64| Proportion { hits, total }.text();
        let other = total - count("pass") - count("unsafe") - count("stalled");
        table.push(vec![
            format!("  {}", side.label),
            total.to_string(),
            rate(count("unsafe")),
            rate(count("stalled")),
            other.to_string(),
        ]);
    }
    table
}

fn cells_of(row: &Row) -> Vec<String> {
    let mut pairs = row.pairs.values.len().to_string();
    if row.pairs.censored() > 0 {
        pairs += &format!(
            ", left out as unfinished: {} by {}, {} by {}, {} by both",
            row.pairs.censored_base,
            row.base,
            row.pairs.censored_other,
            row.other,
            row.pairs.censored_both
        );
    }
    let mut cells =
        vec![format!("  {}", row.metric), row.stat.word().to_owned(), row.other.clone()];
    match &row.found {
        Ok(found) => {
            let plain = |value: f64| signed(value, 3);
            let percent = |value: f64| signed(value * 100.0, 1);
            cells.extend([
                number(Some(found.base)),
                number(Some(found.other)),
                format!("{} {}", plain(found.absolute.0), interval(found.absolute.1, plain)),
                found.relative.map_or_else(
                    || "·".to_owned(),
                    |(value, within)| format!("{} % {}", percent(value), interval(within, percent)),
                ),
            ]);
        }
        Err(too_few) => {
            cells.extend(["·", "·"].map(str::to_owned));
            cells.extend([too_few.to_string(), "·".to_owned()]);
        }
    }
    cells.extend([painted(row.meaning.mark()), pairs]);
    cells
}

fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn interval(interval: Interval, shown: impl Fn(f64) -> String) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "·".to_owned(), &shown);
    format!("[{}, {}]", end(interval.lo), end(interval.hi))
}

/// The columns of `compare.csv`, in order; times are in the unit of the metric's name.
const HEADER: [&str; 21] = [
    "point",
    "base",
    "other",
    "metric",
    "stat",
    "pairs",
    "censored_base",
    "censored_other",
    "censored_both",
    "base_value",
    "other_value",
    "delta",
    "delta_lo",
    "delta_hi",
    "delta_pct",
    "delta_pct_lo",
    "delta_pct_hi",
    "ci_level",
    "p_value",
    "p_holm",
    "meaning",
];

fn table(rows: &[Row]) -> Vec<u8> {
    let row = |row: &Row| {
        let found = row.found.as_ref().ok();
        let relative = found.and_then(|found| found.relative);
        let percent = |share: Option<f64>| number_cell(share.map(|share| share * 100.0));
        let within = found.map(|found| found.absolute.1);
        let mut cells: Vec<String> = [&row.point, &row.base, &row.other, &row.metric]
            .map(|text| text_cell(text).into_owned())
            .into();
        cells.extend([
            row.stat.word().to_owned(),
            row.pairs.values.len().to_string(),
            row.pairs.censored_base.to_string(),
            row.pairs.censored_other.to_string(),
            row.pairs.censored_both.to_string(),
            number_cell(found.map(|found| found.base)),
            number_cell(found.map(|found| found.other)),
            number_cell(found.map(|found| found.absolute.0)),
            number_cell(within.and_then(|within| within.lo)),
            number_cell(within.and_then(|within| within.hi)),
            percent(relative.map(|relative| relative.0)),
            percent(relative.and_then(|relative| relative.1.lo)),
            percent(relative.and_then(|relative| relative.1.hi)),
            number_cell(found.map(|_| LEVEL)),
            number_cell(found.map(|found| found.p)),
            number_cell(row.corrected),
            row.meaning.word().to_owned(),
        ]);
        cells
    };
    bytes(&HEADER, rows.iter().map(row))
}

fn object(row: &Row, thresholds: &[Threshold]) -> Json {
    let found = row.found.as_ref().ok();
    let within = |(value, within): (f64, Interval)| json!({ "value": value, "lo": within.lo, "hi": within.hi });
    let limits =
        thresholds.iter().filter(|limit| limit.metric == row.metric && limit.stat == row.stat);
    json!({
        "point": row.point,
        "base": row.base,
        "other": row.other,
        "metric": row.metric,
        "stat": row.stat.word(),
        "pairs": row.pairs.values.len(),
        "censored": {
            "base": row.pairs.censored_base,
            "other": row.pairs.censored_other,
            "both": row.pairs.censored_both,
        },
        "base_value": found.map(|found| found.base),
        "other_value": found.map(|found| found.other),
        "delta": found.map(|found| within(found.absolute)),
        "relative": found.and_then(|found| found.relative).map(within),
        "p_value": found.map(|found| found.p),
        "p_holm": row.corrected,
        "meaning": row.meaning.word(),
        "refused": row.found.as_ref().err().map(ToString::to_string),
        "thresholds": limits
            .map(|limit| json!({ "limit": limit.written, "exit_code": limit.code(row) }))
            .collect::<Vec<_>>(),
    })
}
