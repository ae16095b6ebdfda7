//! `synod compare`: sides on the same seeds, each against the first.

use std::fs;

use serde_json::json;

use crate::cli::{CompareArgs, Format};
use crate::comparison::{Threshold, rows, stat_of};
use crate::diagnostic::{clean, did_you_mean};
use crate::error::Error;
use crate::expect::Stat;
use crate::fold::HEADLINES;
use crate::judge::worst;
use crate::results::ENGINE;
use crate::terminal::Terminal;

mod sides;
mod told;

/// Makes or reads the runs of every side and says how far each is from the first.
///
/// # Errors
/// When a side is wrong, the sides do not match, or a file cannot be read or written. What can be
/// found wrong before anything is run is.
pub fn compare(args: &CompareArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let thresholds = args.fail_on.iter().map(|text| Threshold::read(text).map_err(usage));
    let thresholds: Vec<Threshold> = thresholds.collect::<Result<_, _>>()?;
    let prepared = sides::prepare(args, terminal)?;
    let metrics = metrics(args, &thresholds, &prepared[0].metrics())?;
    let sides = sides::run(prepared, super::sweep::jobs(args.threads.jobs, terminal), terminal)?;
    let rows = rows(&sides, &metrics);
    let limits = rows.iter().flat_map(|row| told::limits(row, &thresholds).map(|it| it.code(row)));
    let code = worst(limits);
    if format == Format::Json {
        terminal.document(&json!({
            "schema": "synod.compare/1",
            "engine": ENGINE,
            "sides": sides.iter().map(|side| &side.label).collect::<Vec<_>>(),
            "rows": rows.iter().map(|row| told::object(row, &thresholds)).collect::<Vec<_>>(),
            "exit_code": code,
        }))?;
    } else {
        let lines = told::human(&sides, &rows, &thresholds);
        lines.iter().try_for_each(|line| terminal.line(line))?;
    }
    if let Some(dir) = &args.out {
        fs::create_dir_all(dir).map_err(Error::io("make", dir))?;
        let file = dir.join("compare.csv");
        fs::write(&file, told::table(&rows)).map_err(Error::io("write", file))?;
    }
    Ok(code)
}

fn usage(message: String) -> Error {
    Error::Usage { message, next: "synod compare --help".into() }
}

/// What is compared: what was asked for and what thresholds name, or else the headlines. `known`
/// are the metrics of the first side.
fn metrics(
    args: &CompareArgs,
    thresholds: &[Threshold],
    known: &[&str],
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
    for (metric, _) in &metrics {
        // A folder of tables need not have every headline.
        let is_default = args.metric.is_empty() && HEADLINES.contains(&metric.as_str());
        if !(is_default || known.contains(&metric.as_str())) {
            let message =
                format!("unknown metric `{}`{}", clean(metric), did_you_mean(metric, known));
            return Err(Error::Usage { message, next: "synod list metrics".into() });
        }
    }
    Ok(metrics)
}
