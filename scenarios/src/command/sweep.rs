//! `synod sweep`: many runs, a row of each, judged and drawn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::{Format, SweepArgs};
use crate::error::Error;
use crate::plan::Plan;
use crate::recipe::{self, Recipe};
use crate::results::{self, Folder, Held, Lock};
use crate::scenario::{self, Overrides};
use crate::shard::Shard;
use crate::stopwatch::Stopwatch;
use crate::terminal::Terminal;

use super::conclude::{Finished, conclude, tell_kept, title};
use super::gather::{Gathered, Harvest, gather};
use super::manifest::{Ending, manifest};

/// Makes all runs that are not there yet and says what all of them show.
///
/// # Errors
/// When the scenarios are wrong, or the results cannot be written.
pub fn sweep(args: &SweepArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let (mut plan, recipe) = plan(args, terminal)?;
    let jobs = jobs(args.threads.jobs, terminal);
    if args.dry_run {
        dry_run(&plan, jobs, terminal)?;
        return Ok(0);
    }
    let folder = match &args.resume {
        Some(dir) => Folder::existing(&results::meant(dir))?,
        None => Folder::create(&args.out, &results::folder_name(&plan), &recipe.id)?,
    };
    let stopped = interruption();
    let _locks = locks(&folder, args.shard, &stopped, terminal)?;
    recipe::check(folder.dir())?;
    terminal.note(&format!("{}  -j{jobs}", title(&plan)));
    let others = Vec::new();
    let harvest =
        Harvest { plan: &plan, recipe: &recipe, folder: &folder, shard: args.shard, jobs, others };
    let gathered = gather(&harvest, &stopped, terminal)?;
    plan.seeds = gathered.seeds.clone();
    tell_kept(&gathered, &folder, terminal);
    let finished =
        Finished { plan: &plan, recipe: &recipe, folder: &folder, gathered: &gathered, jobs };
    let (code, planned) = match args.shard {
        Some(shard) => {
            (conclude_shard(&finished, shard, format, terminal)?, shard.runs(plan.runs()))
        }
        None => (conclude(&finished, args.ending, format, terminal)?, plan.runs()),
    };
    if gathered.made < planned {
        let share = args.shard.map(|shard| format!(" --shard {shard}")).unwrap_or_default();
        let (made, dir) = (gathered.made, super::quoted(&folder.dir().to_string_lossy()));
        terminal.warn(&format!("interrupted after {made} of {planned} runs, which are kept"));
        terminal.next(&format!("synod sweep --resume {dir}{share}"));
    }
    Ok(code)
}

/// The plan, and what it was made from: the arguments, or what a folder holds of them.
fn plan(args: &SweepArgs, terminal: &Terminal) -> Result<(Plan, Recipe), Error> {
    if let Some(dir) = &args.resume {
        let mut recipe = Recipe::read(&results::meant(dir))?;
        let plan = Plan { verify: args.verify, ..recipe.plan(args.seeds.clone())? };
        recipe.seeds = plan.seeds.clone();
        recipe.until = args.until_ci.clone().or(recipe.until);
        return Ok((plan, recipe));
    }
    let overrides = Overrides {
        set: args.laid.set.clone(),
        over: args.over.clone(),
        profile: args.laid.profile.clone(),
    };
    let (scenarios, _) = scenario::load(&args.scenarios, &overrides, Terminal::colours_errors())?;
    for scenario in scenarios.iter().filter(|scenario| scenario.shown != scenario.reference) {
        terminal.note(&format!("{} is {}", scenario.reference, scenario.shown));
    }
    let plan = Plan::new(scenarios, args.seeds.clone())?;
    let plan = Plan { verify: args.verify, ..plan };
    let recipe = Recipe::of(&plan, overrides, args.until_ci.clone());
    Ok((plan, recipe))
}

/// Shards work side by side in one folder; whoever writes its tables works there alone.
fn locks(
    folder: &Folder,
    shard: Option<Shard>,
    stopped: &AtomicBool,
    terminal: &Terminal,
) -> Result<Vec<Held>, Error> {
    let locks = match shard {
        None => vec![Lock::whole()],
        Some(shard) => vec![Lock::among_others(), Lock::of_parts(&shard.stem())],
    };
    locks.iter().map(|lock| hold(folder, lock, stopped, terminal)).collect()
}

/// Holds a lock of the folder, after whoever holds it now.
///
/// # Errors
/// When the folder does not take it, or the wait was stopped.
pub fn hold(
    folder: &Folder,
    lock: &Lock,
    stopped: &AtomicBool,
    terminal: &Terminal,
) -> Result<Held, Error> {
    let mut told = false;
    let mut keep_waiting = |holder: &str| {
        if !told {
            let holder = crate::diagnostic::clean(holder);
            let holder = if holder.is_empty() { "another sweep" } else { &holder };
            let dir = folder.dir().display();
            terminal.warn(&format!("waiting for {holder}, which is writing to {dir}"));
            told = true;
        }
        !stopped.load(Ordering::Relaxed)
    };
    folder.lock(lock, &mut keep_waiting)?.ok_or_else(|| Error::Incomplete {
        message: "interrupted while waiting; nothing was run".into(),
        next: "the same command, once the other sweep is done".into(),
    })
}

/// Says what a shard made. Nothing is judged: a shard that found something has done its work.
fn conclude_shard(
    finished: &Finished<'_>,
    shard: Shard,
    format: Format,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let Finished { plan, recipe, folder, jobs, gathered: Gathered { made, folds, .. } } = *finished;
    let planned = shard.runs(plan.runs());
    let ending = Ending {
        recipe,
        shard: Some(shard),
        adaptive: None,
        made: *made,
        folds,
        judgements: &[],
        code: None,
    };
    let mut document = manifest(plan, &ending, jobs);
    folder.write_manifest(&document)?;
    folder.point_latest()?;
    let dir = folder.dir().display();
    if format == Format::Json {
        document["folder"] = serde_json::json!(folder.dir());
        terminal.document(&document)?;
    } else {
        terminal.line(&title(plan))?;
        terminal.line(&format!("  shard    {shard}: {made} of {planned} runs"))?;
        terminal.line(&format!("  results  {dir}"))?;
        let program = crate::registry::program();
        terminal.line(&format!("  next     {program} merge, with the folders of all shards"))?;
    }
    Ok(if *made < planned { 5 } else { 0 })
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
pub(super) fn interruption() -> Arc<AtomicBool> {
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

/// Makes a few runs to tell how long all of them would take.
fn dry_run(plan: &Plan, jobs: usize, terminal: &mut Terminal) -> Result<(), Error> {
    const PILOTS: u64 = 16;
    let pilots = PILOTS.min(plan.runs());
    let watch = Stopwatch::start();
    let mut bytes = 0;
    for pilot in 0..pilots {
        let run = pilot * plan.runs() / pilots;
        let (point, seed) = plan.locate(run);
        let outcome = crate::guard::guarded(plan.points[point].simulation.as_ref(), seed);
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
