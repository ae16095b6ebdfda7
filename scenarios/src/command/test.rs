//! `synod test`: scenario files as a test-suite, each judged by what it expects.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::catalog;
use crate::cli::{Format, OverArgs, TestArgs};
use crate::error::Error;
use crate::evidence::Evidence;
use crate::export::mermaid;
use crate::judge::{Answer, worst};
use crate::plan::Plan;
use crate::recipe::Recipe;
use crate::results::{self, ENGINE, Folder, Lock};
use crate::scenario::{self, Overrides};
use crate::sources::Sources;
use crate::stopwatch::Stopwatch;
use crate::suite::{Suite, Tried, github, junit};
use crate::sweep;
use crate::terminal::{Terminal, painted, plural};

use super::gather::Harvest;
use super::manifest::{Ending, manifest};
use super::tables::Tables;
use super::trace::traced;

/// Failing cases of a scenario that are told; the others are counted.
const TOLD: usize = 5;

/// Runs every scenario that the paths name, and judges each.
///
/// # Errors
/// When a scenario is wrong (then nothing is run), the paths and filters leave none, or a file
/// cannot be written.
pub fn test(args: &TestArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let references = references(&args.paths, &args.filter)?;
    let overrides = Overrides {
        set: args.laid.set.clone(),
        over: Vec::new(),
        profile: args.laid.profile.clone(),
    };
    let (scenarios, sources) =
        scenario::load_suite(&references, &overrides, Terminal::colours_errors())?;
    let plans = scenarios.into_iter().map(|one| Plan::new(vec![one], args.seeds.clone()));
    let plans = plans.collect::<Result<Vec<_>, _>>()?;
    let jobs = super::sweep::jobs(args.threads.jobs, terminal);
    let interrupted = super::sweep::interruption();
    let mut suites = Vec::new();
    for plan in &plans {
        let profile = plan.scenarios[0].profile.clone();
        let recipe = Recipe::of(plan, Overrides { profile, ..overrides.clone() }, None);
        let folder = args.out.as_ref();
        let folder = folder
            .map(|out| Folder::create(out, &results::folder_name(plan), &recipe.id))
            .transpose()?;
        let hold = |folder| super::sweep::hold(folder, &Lock::whole(), &interrupted, terminal);
        let held = folder.as_ref().map(hold).transpose()?;
        let suite = one(plan, &recipe, &sources, folder.as_ref(), jobs, &interrupted)?;
        drop(held);
        if format == Format::Human {
            lines(&suite).iter().try_for_each(|line| terminal.line(line))?;
        }
        suites.push(suite);
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    let mut code = worst(suites.iter().map(|suite| suite.code));
    if suites.len() < plans.len() {
        let (ran, all) = (suites.len(), plans.len());
        terminal.warn(&format!("interrupted: {ran} of {all} scenarios were begun"));
        code = worst([code, 5]);
    }
    let code = super::conclude::forgiven(code, args.no_fail);
    let count = |wanted: fn(Answer) -> bool| suites.iter().filter(|s| wanted(s.answer())).count();
    let passed = count(|answer| answer == Answer::Holds);
    let failed = count(|answer| matches!(answer, Answer::Broken(_)));
    let inconclusive = count(|answer| answer == Answer::Open);
    if format == Format::Json {
        terminal.document(&json!({
            "schema": "synod.test/1",
            "engine": ENGINE,
            "passed": passed,
            "failed": failed,
            "inconclusive": inconclusive,
            "exit_code": code,
            "scenarios": suites.iter().map(Suite::json).collect::<Vec<_>>(),
        }))?;
    } else {
        let counts = format!("{passed} passed, {failed} failed, {inconclusive} inconclusive");
        terminal.line(&format!("\n{counts}  (exit {code})"))?;
    }
    // What was found is told by now, whether or not a file takes it.
    if let Some(path) = &args.junit {
        fs::write(path, junit::document(&suites)?).map_err(Error::io("write", path))?;
    }
    if args.github {
        tell_github(&suites, &plans, terminal)?;
    }
    Ok(code)
}

/// The scenarios that these paths name: files, folders with all that is below them, names of the
/// catalogue, and folders of it.
fn references(paths: &[String], filters: &[String]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let built_in = catalog::built_in();
    for path in paths {
        let below = format!("{}/", path.trim_end_matches('/'));
        let shelf = || {
            let names = built_in.iter().map(|(name, _)| name);
            names.filter(|name| name.starts_with(&below)).cloned().collect::<Vec<_>>()
        };
        let is_scenario =
            built_in.iter().any(|(name, _)| name.rsplit('/').next() == Some(path.as_str()));
        if Path::new(path).is_dir() {
            gather(Path::new(path), &mut found)?;
        } else if is_scenario || Path::new(path).is_file() || shelf().is_empty() {
            found.push(path.clone());
        } else {
            found.extend(shelf());
        }
    }
    found.retain(|path| filters.is_empty() || filters.iter().any(|filter| path.contains(filter)));
    let mut seen = Vec::new();
    for path in found {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    if seen.is_empty() {
        let message = match filters {
            [] => "there is no scenario in these folders (files that end in .toml)".to_owned(),
            filters => format!("no scenario has {} in its path", filters.join(" or ")),
        };
        return Err(Error::Nothing { message, next: "synod list scenarios".into() });
    }
    Ok(seen)
}

/// The scenario files of a folder and all below it, in order. What begins with `_` or `.` is for
/// others to extend, and a `Cargo.toml` is no scenario.
fn gather(folder: &Path, found: &mut Vec<String>) -> Result<(), Error> {
    let read = || fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>();
    let mut entries = read().map_err(Error::io("read", folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with(['_', '.']) || name == "Cargo.toml" {
            continue;
        }
        // A link to a folder is not followed: it may lead back.
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            gather(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") && path.is_file() {
            // As people write it, and as annotations must name it.
            let plain = path.strip_prefix(".").unwrap_or(&path);
            found.push(plain.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// Runs one scenario; the results are kept in this folder, or nowhere.
fn one(
    plan: &Plan,
    recipe: &Recipe,
    sources: &Sources,
    folder: Option<&Folder>,
    jobs: usize,
    interrupted: &AtomicBool,
) -> Result<Suite, Error> {
    if let Some(folder) = folder {
        let others = Vec::new();
        super::gather::begin(&Harvest { plan, recipe, folder, shard: None, jobs, others })?;
    }
    let mut tables = folder.map(|folder| Tables::begin(plan, folder)).transpose()?;
    let mut folds = super::gather::folds(plan, None);
    let mut evidence = vec![Evidence::default(); plan.points.len()];
    let watch = Stopwatch::start();
    let mut take = |made: sweep::Made| {
        if let Some(tables) = &mut tables {
            tables.add(plan, &made)?;
        }
        folds[made.point].add(&made.outcome, plan.points[made.point].simulation.setup());
        evidence[made.point].add(&made.outcome);
        Ok(())
    };
    let made = sweep::unkept(plan, jobs, interrupted, &mut take)?;
    let seconds = watch.seconds();
    let judged = super::conclude::judge_all(plan, &folds);
    let code = super::conclude::exit_code(&judged, &folds, made < plan.runs(), false);
    if let (Some(folder), Some(tables)) = (folder, tables) {
        tables.finish(&folds)?;
        let ending = Ending {
            recipe,
            shard: None,
            adaptive: None,
            made,
            folds: &folds,
            judgements: &judged,
            code: Some(code),
        };
        folder.write_manifest(&manifest(plan, &ending, jobs))?;
        folder.point_latest()?;
    }
    let judgements = judged.first().map_or(&[][..], Vec::as_slice);
    let (folds, evidence) = (&folds[..], &evidence[..]);
    let tried = Tried { plan, sources, folds, evidence, judgements, code, seconds };
    let Overrides { profile, set, .. } = recipe.overrides.clone();
    let laid = OverArgs { profile, set };
    let repro = |point: usize, seed: u64| {
        super::trace_command(&plan.scenarios[0], &plan.points[point], &laid, seed)
    };
    Ok(Suite::of(&tried, &repro))
}

/// What people read of a scenario as it ends.
fn lines(suite: &Suite) -> Vec<String> {
    let name = crate::diagnostic::clean(&suite.name);
    let mut lines = vec![format!(
        "{} {name}  {} point{} × seeds {}  {:.1} s",
        painted(suite.answer().mark()),
        suite.points,
        plural(suite.points as u64),
        suite.seeds,
        suite.seconds
    )];
    for case in suite.failing().take(TOLD) {
        let place = case
            .place
            .as_ref()
            .map_or_else(|| suite.shown.clone(), |place| format!("{}:{}", place.file, place.line));
        let mark = painted(case.answer.mark());
        lines.push(format!(
            "    {mark} {place}  {}: {}  ({})",
            case.claim, case.found, case.point.1
        ));
        if let Some(repro) = &case.repro {
            let ending = plural(case.seeds.len() as u64);
            lines.push(format!("        seed{ending} {}  {repro}", junit::seeds(case)));
        }
    }
    let failing = suite.failing().count();
    if failing > TOLD {
        lines.push(format!("    … and {} more", failing - TOLD));
    }
    lines
}

/// Annotations go to stderr, which the runner reads as well as stdout and which is not for
/// results; the summary is appended to the file that the runner names.
fn tell_github(suites: &[Suite], plans: &[Plan], terminal: &Terminal) -> Result<(), Error> {
    github::annotations(suites).iter().for_each(|line| terminal.warn(line));
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let first = suites.iter().zip(plans).find_map(|(suite, plan)| {
        let case = suite.failing().find(|case| !case.seeds.is_empty())?;
        let (_, trace) = traced(&plan.points[case.point.0], case.seeds[0]).ok()?;
        mermaid::violation(&trace).ok()
    });
    let path = Path::new(&path);
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(Error::io("write", path))?;
    let there = file.metadata().map_err(Error::io("read", path))?.len();
    let room = (github::LARGEST_SUMMARY as u64).saturating_sub(there) as usize;
    let text = github::summary(suites, first.as_deref(), room);
    file.write_all(text.as_bytes()).map_err(Error::io("write", path))
}
