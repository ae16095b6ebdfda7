//! `synod sweep`: many runs, a row of each, judged and drawn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::cli::{Format, SweepArgs};
use crate::error::Error;
use crate::expect::Claim;
use crate::fold::Fold;
use crate::judge::{self, Judgement, worst};
use crate::progress::Progress;
use crate::results::{self, Folder};
use crate::scenario::{self, Overrides};
use crate::stopwatch::Stopwatch;
use crate::sweep::{self, Plan};
use crate::terminal::Terminal;

use super::manifest::{Ending, manifest};
use super::summary::{self, Failure, Failures};
use super::tables::Tables;

/// Makes all runs and says what they showed.
///
/// # Errors
/// When the scenarios are wrong, or the results cannot be written.
pub fn sweep(args: &SweepArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let plan = plan(args, terminal)?;
    let jobs = jobs(args.jobs, terminal);
    if args.dry_run {
        dry_run(&plan, jobs, terminal)?;
        return Ok(0);
    }
    let id = results::id(&plan);
    let folder = Folder::create(&args.out, &results::folder_name(&plan), &id)?;
    let interrupted = interruption();
    let mut folds = folds(&plan);
    let mut failures = Failures::default();
    let made = make(&plan, jobs, &folder, &interrupted, &mut folds, &mut failures, terminal)?;

    let judged: Vec<Vec<Judgement>> = judge_all(&plan, &folds);
    let code = exit_code(&judged, &folds, made < plan.runs(), args.no_fail);
    let ending = Ending { id: &id, made, folds: &folds, judgements: &judged, code: Some(code) };
    let mut document = manifest(&plan, &ending, jobs);
    folder.write("manifest.json", super::run::pretty(&document).as_bytes())?;
    folder.point_latest()?;
    let rendered = draw(args, &folder)?;

    match format {
        Format::Json => {
            document["folder"] = json!(folder.dir());
            let figures = rendered.iter().flat_map(|rendered| &rendered.figures);
            document["figures"] = figures.map(|figure| json!(figure.svg)).collect();
            terminal.line(&super::run::pretty(&document))?;
        }
        Format::Human => {
            terminal.line(&title(&plan))?;
            summary::stamps(&plan).iter().try_for_each(|stamp| terminal.line(stamp))?;
            let sections = [
                summary::points(&plan, &folds),
                summary::toothless(&plan, &folds),
                summary::expectations(&plan, &judged),
            ];
            for section in sections.iter().filter(|section| !section.is_empty()) {
                terminal.line("")?;
                section.iter().try_for_each(|line| terminal.line(line))?;
            }
            let told = failures.lines(&plan, &args.laid);
            if !told.is_empty() {
                terminal.line("")?;
                told.iter().try_for_each(|line| terminal.line(line))?;
            }
            terminal.line(&format!("\n  results  {}", folder.dir().display()))?;
            if let Some(rendered) = &rendered {
                super::report::drawn(rendered).iter().try_for_each(|line| terminal.line(line))?;
                rendered.warnings.iter().for_each(|warning| terminal.detail(warning));
            } else {
                let dir = folder.dir().display();
                terminal.line(&format!("  charts   synod report {dir}"))?;
            }
        }
    }
    if made < plan.runs() {
        terminal.warn(&format!(
            "interrupted after {made} of {} runs; what was made is kept in {}\n  next: the same command makes them all, those kept bit for bit again",
            plan.runs(),
            folder.dir().display()
        ));
    }
    Ok(code)
}

fn plan(args: &SweepArgs, terminal: &Terminal) -> Result<Plan, Error> {
    let overrides = Overrides {
        set: args.laid.set.clone(),
        over: args.over.clone(),
        profile: args.laid.profile.clone(),
    };
    let (scenarios, _) = scenario::load(&args.scenarios, &overrides, Terminal::colours_errors())?;
    for scenario in scenarios.iter().filter(|scenario| scenario.shown != scenario.reference) {
        terminal.note(&format!("{} is {}", scenario.reference, scenario.shown));
    }
    Plan::new(scenarios, args.seeds.clone())
}

/// More threads than this only cost memory.
const MOST_JOBS: usize = 256;

pub(super) fn jobs(wanted: Option<usize>, terminal: &Terminal) -> usize {
    let here = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = wanted.unwrap_or(here);
    let jobs = wanted.clamp(1, MOST_JOBS);
    if jobs != wanted {
        terminal.note(&format!("--jobs {wanted} is taken as {jobs}"));
    }
    jobs
}

/// Set by the first Ctrl-C; the second ends the process.
fn interruption() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    // Where no handler can be set, Ctrl-C just ends the process: the tables keep what they have.
    let _ = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    flag
}

fn title(plan: &Plan) -> String {
    let names: Vec<_> =
        plan.scenarios.iter().map(|scenario| crate::diagnostic::clean(&scenario.name)).collect();
    let (points, seeds) = (plan.points.len(), plan.seeds.len());
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    format!(
        "{}  {points} point{} × {seeds} seed{}  engine {}",
        names.join(" "),
        plural(points as u64),
        plural(seeds),
        results::ENGINE
    )
}

/// What is to be remembered of each point: with it, the metrics that its scenario expects of.
fn folds(plan: &Plan) -> Vec<Fold> {
    let fold = |index: usize| {
        let expectations = &plan.scenario_of(index).expectations;
        let wanted = expectations.iter().filter_map(|expectation| match expectation.claim {
            Claim::Metric { column, .. } => Some(column),
            _ => None,
        });
        Fold::new(plan.points[index].simulation.setup(), wanted)
    };
    (0..plan.points.len()).map(fold).collect()
}

fn make(
    plan: &Plan,
    jobs: usize,
    folder: &Folder,
    interrupted: &AtomicBool,
    folds: &mut [Fold],
    failures: &mut Failures,
    terminal: &Terminal,
) -> Result<u64, Error> {
    let id = results::id(plan);
    let mut tables = Tables::begin(plan, folder)?;
    let begun = Ending { id: &id, made: 0, folds, judgements: &[], code: None };
    let begun = manifest(plan, &begun, jobs);
    folder.write("manifest.json", super::run::pretty(&begun).as_bytes())?;
    terminal.note(&format!("{}  -j{jobs}", title(plan)));
    let mut progress = Progress::new(plan.runs(), terminal);
    let ticker = progress.ticker();
    let mut take = |made: sweep::Made| {
        tables.add(plan, &made)?;
        folds[made.point].add(&made.outcome, plan.points[made.point].simulation.setup());
        let failure = Failure::of(&made);
        let line = failure.as_ref().map(|failure| failure.line(plan)).unwrap_or_default();
        progress.taken(made.outcome.verdict, || line);
        failure.into_iter().for_each(|failure| failures.add(failure));
        Ok(())
    };
    let made = sweep::sweep(plan, jobs, interrupted, &ticker, &mut take);
    progress.finish();
    let made = made?;
    tables.finish(folds)?;
    Ok(made)
}

fn judge_all(plan: &Plan, folds: &[Fold]) -> Vec<Vec<Judgement>> {
    let of_scenario = |index: usize| {
        let folds: Vec<&Fold> = folds[plan.ranges[index].clone()].iter().collect();
        let expectations = plan.scenarios[index].expectations.iter();
        expectations.map(|expectation| judge::judge(expectation, &folds)).collect()
    };
    (0..plan.scenarios.len()).map(of_scenario).collect()
}

fn exit_code(judged: &[Vec<Judgement>], folds: &[Fold], stopped: bool, no_fail: bool) -> u8 {
    let mut code = judge::exit_code(judged.iter().flatten(), folds);
    if no_fail && [10, 11, 12, 20].contains(&code) {
        code = 0;
    }
    // What a stopped sweep leaves open is open because it was stopped.
    match (stopped, code) {
        (true, 20) => 5,
        (true, code) => worst([code, 5]),
        (false, code) => code,
    }
}

/// Draws the charts. It takes all rows into memory, which the sweep itself never does.
fn draw(args: &SweepArgs, folder: &Folder) -> Result<Option<reports::Rendered>, Error> {
    if args.no_figures {
        return Ok(None);
    }
    Ok(Some(reports::render(folder.dir())?))
}

/// Makes a few runs to tell how long all of them would take.
fn dry_run(plan: &Plan, jobs: usize, terminal: &mut Terminal) -> Result<(), Error> {
    const PILOTS: u64 = 16;
    let pilots = PILOTS.min(plan.runs());
    let watch = Stopwatch::start();
    let mut bytes = 0;
    for pilot in 0..pilots {
        let run = pilot * plan.runs() / pilots;
        let (point, seed) = plan.locate(run);
        let outcome = sweep::guarded(plan.points[point].simulation.as_ref(), seed);
        let row = crate::table::run_row(run, point, plan, &outcome);
        bytes += row.iter().map(|cell| cell.len() + 1).sum::<usize>();
    }
    let each = watch.millis() / pilots as f64;
    let all = each * plan.runs() as f64 / 1e3 / jobs as f64;
    let megabytes = bytes as f64 / pilots as f64 * plan.runs() as f64 / 1e6;
    terminal.line(&title(plan))?;
    terminal.line(&format!(
        "{} runs · pilot {pilots} runs: {each:.1} ms each · about {all:.0} s on {jobs} threads · {megabytes:.1} MB CSV",
        plan.runs()
    ))
}
