//! Gathers the runs of a sweep: those that are kept and those that are still to be made.
//!
//! Each run goes to the tables and the folds, in order, and into a part if it is in none yet. That
//! is all there is to resuming, to sharing and to merging.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use reports::cell::number_cell;

use crate::error::Error;
use crate::expect::Claim;
use crate::fold::Fold;
use crate::parts::{Appender, Kept, Series, compact};
use crate::plan::Plan;
use crate::precision::Precision;
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::results::Folder;
use crate::seeds::Seeds;
use crate::shard::Shard;
use crate::sweep::{self, Made, Origin, Work};
use crate::terminal::Terminal;

use super::failures::{Failure, Failures};
use super::manifest::{Ending, manifest};
use super::tables::Tables;

/// What is to be gathered, and where.
pub struct Harvest<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it was made from.
    pub recipe: &'a Recipe,
    /// The folder, which nobody else writes to.
    pub folder: &'a Folder,
    /// The share that is to be made; `None` for all, with the tables.
    pub shard: Option<Shard>,
    /// How many threads.
    pub jobs: usize,
    /// The folders of other sweeps' parts, whose runs are taken over.
    pub others: Vec<PathBuf>,
}

/// What was gathered.
pub struct Gathered {
    /// The seeds of the runs: fewer than planned if the sweep stopped by itself.
    pub seeds: Seeds,
    /// How many runs are there.
    pub made: u64,
    /// How many of them were there before.
    pub kept: u64,
    /// How many of the others were made twice and must have gone alike.
    pub verified: u64,
    /// The first runs that are not there.
    pub missing: Vec<u64>,
    /// How many lines of parts were damaged.
    pub damaged: u64,
    /// What is remembered of each point.
    pub folds: Vec<Fold>,
    /// The runs that failed.
    pub failures: Failures,
    /// How the sweep stopped by itself, if it was to.
    pub adaptive: Option<Adaptive>,
}

/// How a sweep stopped by itself.
pub struct Adaptive {
    /// When it was to stop.
    pub until: Precision,
    /// Whether that is why it stopped.
    pub reached: bool,
    /// The most seeds that it would have taken.
    pub most: u64,
}

impl Adaptive {
    /// What readers of its intervals must know.
    pub const NOTE: &str =
        "stopping was adaptive: after repeated looks a plain 95 % interval is somewhat too narrow";
}

/// How many missing runs are named.
const NAMED: usize = 8;

/// Gathers all runs. Nothing more is made once `stopped` is set.
///
/// # Errors
/// When files cannot be read or written, or parts contradict each other.
pub fn gather(
    harvest: &Harvest<'_>,
    stopped: &AtomicBool,
    terminal: &Terminal,
) -> Result<Gathered, Error> {
    let Harvest { plan, recipe, folder, .. } = *harvest;
    let shard = harvest.shard.unwrap_or(Shard::WHOLE);
    begin(harvest)?;
    let (series, parts) = (Series::new(&recipe.id, plan.seeds.series()), folder.parts());
    let stem = shard.stem();
    let home = series.parts(&parts, harvest.shard.map(|_| &*stem))?;
    let mut others = Vec::new();
    for dir in &harvest.others {
        others.extend(series.parts(dir, None)?);
    }
    let mut kept = Kept::open(&series, home, others)?;
    let progress = Progress::new(shard.runs(plan.runs()), terminal);
    let ticker = progress.ticker();
    let mut taking = Taking {
        plan,
        shard,
        tables: harvest.shard.is_none().then(|| Tables::begin(plan, folder)).transpose()?,
        appender: Appender::new(&series, &parts, &stem),
        timing: Timing::open(&parts, &stem)?,
        folds: folds(plan, recipe.until.as_ref()),
        failures: Failures::default(),
        progress,
        kept: 0,
        verified: 0,
        next_place: 0,
        missing: Vec::new(),
    };
    let work = Work { plan, shard, jobs: harvest.jobs, stopped, made: &ticker };
    let result = all(&work, recipe.until.as_ref(), &mut kept, &mut taking);
    taking.progress.finish();
    let (made, seeds, adaptive) = result?;
    let runs = seeds.len() * plan.points.len() as u64;
    taking.skip_to(shard.runs(runs));
    let Taking {
        tables, appender, timing, folds, failures, kept: before, verified, missing, ..
    } = taking;
    appender.finish()?;
    timing.finish()?;
    compact(&series, &parts, &stem, kept.is_sound())?;
    if let Some(tables) = tables {
        tables.finish(&folds)?;
        write_timing(harvest)?;
    }
    let (damaged, kept) = (kept.damaged(), before);
    Ok(Gathered { seeds, made, kept, verified, missing, damaged, folds, failures, adaptive })
}

/// Writes what says of the folder whose it is, before any run goes there.
pub(super) fn begin(harvest: &Harvest<'_>) -> Result<(), Error> {
    let Harvest { plan, recipe, folder, .. } = *harvest;
    if harvest.shard.is_none() {
        folder.clear()?;
    }
    recipe.write(folder)?;
    for (index, stem) in recipe.stems().iter().enumerate() {
        let resolved = super::explain::resolved(plan, index);
        folder.write(&format!("{stem}.resolved.toml"), resolved.as_bytes())?;
    }
    let folds = folds(plan, None);
    let begun = Ending {
        recipe,
        shard: harvest.shard,
        adaptive: None,
        made: 0,
        folds: &folds,
        judgements: &[],
        code: None,
    };
    let begun = manifest(plan, &begun, harvest.jobs);
    folder.write_manifest(&begun)
}

/// What is to be remembered of each point: with it, the metrics that its scenario expects
/// something of, and the one that decides when to stop.
pub(super) fn folds(plan: &Plan, until: Option<&Precision>) -> Vec<Fold> {
    let fold = |index: usize| {
        let expectations = &plan.scenario_of(index).expectations;
        let wanted = expectations.iter().filter_map(|expectation| match expectation.claim {
            Claim::Metric { metric, .. } => Some(metric.name),
            _ => None,
        });
        let wanted = wanted.chain(until.map(|until| until.metric.name));
        let point = &plan.points[index];
        Fold::new(point.simulation.setup(), point.entry.metrics, wanted)
    };
    (0..plan.points.len()).map(fold).collect()
}

/// Takes all runs, or as many as are needed.
fn all(
    work: &Work<'_>,
    until: Option<&Precision>,
    kept: &mut Kept,
    taking: &mut Taking<'_>,
) -> Result<(u64, Seeds, Option<Adaptive>), Error> {
    let (seeds, points) = (&work.plan.seeds, work.plan.points.len() as u64);
    let mut take_all = |places, taking: &mut Taking<'_>| {
        sweep::sweep(work, places, kept, &mut |block, kept| taking.block(block, kept))
    };
    let Some(until) = until else {
        let places = 0..work.shard.runs(work.plan.runs());
        let made = take_all(places, taking)?;
        return Ok((made, seeds.clone(), None));
    };
    let (most, mut looked, mut made, mut reached) = (seeds.len(), 0, 0, false);
    while looked < most && !reached {
        let next = Precision::next_look(looked, most);
        let places = looked * points..next * points;
        let planned = places.end;
        made += take_all(places, taking)?;
        looked = next;
        if made < planned {
            break;
        }
        reached = taking.folds.iter().all(|fold| until.is_reached(fold));
    }
    let adaptive = Adaptive { until: until.clone(), reached, most };
    Ok((made, seeds.first(looked), Some(adaptive)))
}

/// Where runs go.
struct Taking<'a> {
    plan: &'a Plan,
    shard: Shard,
    tables: Option<Tables<'a>>,
    appender: Appender,
    timing: Timing,
    folds: Vec<Fold>,
    failures: Failures,
    progress: Progress<'a>,
    kept: u64,
    verified: u64,
    next_place: u64,
    missing: Vec<u64>,
}

impl Taking<'_> {
    /// Takes runs, and hands them to the system.
    fn block(&mut self, block: Vec<Made>, kept: &Kept) -> Result<(), Error> {
        block.iter().try_for_each(|made| self.run(made, kept))?;
        self.timing.flush()?;
        self.appender.flush()
    }

    fn run(&mut self, made: &Made, kept: &Kept) -> Result<(), Error> {
        let plan = self.plan;
        if let Some(place) = self.shard.place(made.run) {
            self.skip_to(place);
            self.next_place = place + 1;
        }
        if let Some(tables) = &mut self.tables {
            tables.add(plan, made)?;
        }
        match made.origin {
            Origin::Fresh { wall_ms, worker } => {
                self.verified += u64::from(plan.verify.wants(&made.outcome));
                self.timing.add(made.run, wall_ms, worker, self.shard)?;
                self.appender.append(made.run, &made.word, kept)?;
            }
            Origin::Kept { at_home } => {
                self.kept += 1;
                self.progress.kept();
                if !at_home {
                    self.appender.append(made.run, &made.word, kept)?;
                }
            }
        }
        self.folds[made.point].add(&made.outcome, plan.points[made.point].simulation.setup());
        let failure = Failure::of(made);
        let line = failure.as_ref().map(|failure| failure.line(plan)).unwrap_or_default();
        self.progress.taken(made.outcome.verdict, || line);
        failure.into_iter().for_each(|failure| self.failures.add(failure));
        Ok(())
    }

    /// What lies between the last run and this place is missing.
    fn skip_to(&mut self, place: u64) {
        let free = (NAMED - self.missing.len()) as u64;
        let named = self.next_place..place.min(self.next_place + free);
        self.missing.extend(named.map(|place| self.shard.run(place)));
    }
}

/// How long each run took, which is the one thing that no two sweeps agree on.
struct Timing {
    path: PathBuf,
    writer: BufWriter<File>,
}

/// The header of `timing.csv`.
const TIMING_HEADER: &str = "run_id,wall_ms,worker,shard";

impl Timing {
    fn open(folder: &Path, stem: &str) -> Result<Self, Error> {
        let path = folder.join(format!("timing.{stem}.csv"));
        let opened = OpenOptions::new().append(true).create(true).open(&path);
        let mut writer = BufWriter::new(opened.map_err(Error::io("write", &path))?);
        // What a killed process left half said stays a line of its own.
        writer.write_all(b"\n").map_err(Error::io("write", &path))?;
        Ok(Self { path, writer })
    }

    fn add(&mut self, run: u64, wall_ms: f64, worker: usize, shard: Shard) -> Result<(), Error> {
        let wall_ms = number_cell(Some(wall_ms));
        writeln!(self.writer, "{run},{wall_ms},{worker},{shard}")
            .map_err(Error::io("write", &self.path))
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::io("write", &self.path))
    }

    fn finish(mut self) -> Result<(), Error> {
        self.flush()
    }
}

/// Writes `timing.csv` from what all sweeps of these runs noted.
fn write_timing(harvest: &Harvest<'_>) -> Result<(), Error> {
    let home = harvest.folder.parts();
    let header: Vec<String> = TIMING_HEADER.split(',').map(str::to_owned).collect();
    let mut table = harvest.folder.table("timing.csv", &header)?;
    for folder in std::iter::once(&home).chain(&harvest.others) {
        for path in timings(folder)? {
            let file = File::open(&path).map_err(Error::io("read", &path))?;
            for line in BufReader::new(file).lines() {
                let line = line.map_err(Error::io("read", &path))?;
                let cells: Vec<&str> = line.split(',').collect();
                if cells.len() == header.len() {
                    table.row(cells)?;
                }
            }
        }
    }
    table.finish()
}

fn timings(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("read", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with("timing.") && name.ends_with(".csv")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
