//! Runs every seed at every point: in parallel, handed on in order.
//!
//! Runs are numbered seed-major, so that more seeds renumber nothing. They are made in blocks, and
//! only those that no earlier sweep has kept; all of them are taken in order, so the bytes written
//! depend neither on how many threads there are nor on how often the sweep was interrupted.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};
use sim_core::fault::FaultKind;
use sim_core::outcome::{Metric, Outcome};
use sim_core::simulation::Simulation;

use crate::codec;
use crate::error::Error;
use crate::parts::Kept;
use crate::point::Point;
use crate::scenario::Scenario;
use crate::seeds::{MOST_RUNS, Seeds};
use crate::shard::Shard;
use crate::stopwatch::Stopwatch;
use crate::table::{Parameter, point_cells};
use crate::verify::Verify;

/// All that a sweep is going to do.
pub struct Plan {
    /// The scenarios; their points are in [`Plan::points`].
    pub scenarios: Vec<Scenario>,
    /// The points of each scenario.
    pub ranges: Vec<Range<usize>>,
    /// The points of all scenarios.
    pub points: Vec<Point>,
    /// The seeds.
    pub seeds: Seeds,
    /// What differs between the points by plan.
    pub parameters: Vec<Parameter>,
    /// The kinds of fault in any of the schedules.
    pub kinds: Vec<FaultKind>,
    /// The measurements that any of the problems takes beside those of every run.
    pub gauges: Vec<&'static Metric>,
    /// The marks of any of the protocols, by name.
    pub marks: Vec<&'static str>,
    /// The cells that all rows of a point share.
    pub cells: Vec<Vec<String>>,
    /// Which runs are made twice.
    pub verify: Verify,
}

impl Plan {
    /// The plan of these scenarios, under the seeds given or those that they agree on.
    ///
    /// # Errors
    /// When they do not agree, when there is nothing to run, or far too much.
    pub fn new(mut scenarios: Vec<Scenario>, seeds: Option<Seeds>) -> Result<Self, Error> {
        let usage = |message: String, next: &str| Error::Usage { message, next: next.to_owned() };
        let Some(first) = scenarios.first() else {
            return Err(usage("no scenario was named".into(), "synod list scenarios"));
        };
        let agreed = first.seeds.clone();
        if let (None, Some(other)) = (&seeds, scenarios.iter().find(|other| other.seeds != agreed))
        {
            let message = format!(
                "{} asks for seeds {agreed}, {} for {}; one sweep has one set of seeds",
                first.name, other.name, other.seeds
            );
            return Err(usage(message, "add --seeds 0..1000"));
        }
        for (index, scenario) in scenarios.iter().enumerate() {
            if scenarios[..index].iter().any(|other| other.name == scenario.name) {
                let message = format!("two scenarios are called `{}`", scenario.name);
                return Err(usage(message, "sweep each by itself, or give each its own `name`"));
            }
        }
        let seeds = seeds.unwrap_or(agreed);
        let (mut points, mut ranges) = (Vec::new(), Vec::new());
        for scenario in &mut scenarios {
            let start = points.len();
            points.append(&mut scenario.points);
            ranges.push(start..points.len());
        }
        let parameters = Parameter::of(&points);
        let cells = points.iter().map(|point| point_cells(point, &parameters)).collect();
        let faults = points.iter().flat_map(|point| &point.simulation.setup().faults);
        let kinds: BTreeSet<FaultKind> = faults.map(|spec| spec.fault.kind()).collect();
        let kinds = kinds.into_iter().collect();
        let gauges = gauges(&points);
        let marks: BTreeSet<&str> =
            points.iter().flat_map(|point| point.entry.marks).map(|mark| mark.name).collect();
        let marks = marks.into_iter().collect();
        let plan = Self {
            scenarios,
            ranges,
            points,
            seeds,
            parameters,
            kinds,
            gauges,
            marks,
            cells,
            verify: Verify::default(),
        };
        if plan.seeds.is_empty() {
            let message = format!("there are no seeds in {}", plan.seeds);
            return Err(Error::Nothing { message, next: "add --seeds 0..100".into() });
        }
        match plan.seeds.len().checked_mul(plan.points.len() as u64) {
            Some(runs) if runs <= MOST_RUNS => Ok(plan),
            _ => Err(usage(
                format!(
                    "{} points × {} seeds are more than {MOST_RUNS} runs",
                    plan.points.len(),
                    plan.seeds.len()
                ),
                "give fewer --seeds",
            )),
        }
    }

    /// How many runs there are.
    pub const fn runs(&self) -> u64 {
        self.seeds.len() * self.points.len() as u64
    }

    /// The point and the seed of a run.
    pub fn locate(&self, run: u64) -> (usize, u64) {
        let points = self.points.len() as u64;
        ((run % points) as usize, self.seeds.get(run / points))
    }

    /// The scenario of a point.
    pub fn scenario_of(&self, point: usize) -> &Scenario {
        let index = self.ranges.iter().position(|range| range.contains(&point));
        &self.scenarios[index.expect("every point belongs to a scenario")]
    }
}

/// The measurements of the problems of these points, each once.
fn gauges(points: &[Point]) -> Vec<&'static Metric> {
    let mut gauges: Vec<&'static Metric> = Vec::new();
    for metric in points.iter().flat_map(|point| point.entry.metrics) {
        if gauges.iter().all(|known| known.name != metric.name) {
            gauges.push(metric);
        }
    }
    gauges
}

/// One run, made just now or before.
pub struct Made {
    /// Its number.
    pub run: u64,
    /// The index of its point.
    pub point: usize,
    /// What it showed.
    pub outcome: Outcome,
    /// The same, as parts keep it.
    pub word: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a run comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Origin {
    /// It was made just now.
    Fresh {
        /// How long it took the machine, in milliseconds.
        wall_ms: f64,
        /// Which thread made it.
        worker: usize,
    },
    /// It was made before, and stands in a part of this folder or of another one.
    Kept {
        /// Whether it stands in this folder.
        at_home: bool,
    },
}

/// What is to be made, and how.
pub struct Work<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The share of it.
    pub shard: Shard,
    /// How many threads.
    pub jobs: usize,
    /// Nothing more is made once this is set.
    pub stopped: &'a AtomicBool,
    /// Told of each run as soon as it is made.
    pub made: &'a (dyn Fn() + Sync),
}

/// What takes runs, in blocks: it is told how far the kept ones have been read.
pub type Take<'a> = &'a mut dyn FnMut(Vec<Made>, &Kept) -> Result<(), Error>;

/// Makes those runs of the shard that are not kept and hands all of them to `take`, in order and
/// in blocks that last about a second at most. `places` are counted within the shard. Returns how
/// many were taken: fewer than there are places only if the work was stopped, and then nothing
/// that was made is lost.
///
/// # Errors
/// When a part cannot be read, or what `take` returned; nothing more is run then.
pub fn sweep(
    work: &Work<'_>,
    places: Range<u64>,
    kept: &mut Kept,
    take: Take<'_>,
) -> Result<u64, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(work.jobs)
        .build()
        .map_err(|error| Error::Internal(format!("no threads: {error}")))?;
    let (mut start, mut taken, mut per_job) = (places.start, 0, RUNS_PER_JOB.start);
    while start < places.end {
        let stopped = work.stopped.load(Ordering::Relaxed);
        if stopped && kept.peek().is_none() {
            break;
        }
        let end = places.end.min(start + per_job * work.jobs as u64);
        let watch = Stopwatch::start();
        let mut block = read(work, start..end, kept)?;
        if !stopped {
            let lacking = block.iter_mut().zip(start..end).filter(|(made, _)| made.is_none());
            let lacking: Vec<_> = lacking.collect();
            pool.install(|| {
                lacking.into_par_iter().with_max_len(1).for_each(|(made, place)| {
                    *made = one(work, place);
                });
            });
        }
        let block: Vec<Made> = block.into_iter().flatten().collect();
        taken += block.len() as u64;
        take(block, kept)?;
        start = end;
        per_job = match watch.seconds() {
            ..LEAST_SECONDS => (per_job * 2).min(RUNS_PER_JOB.end),
            MOST_SECONDS.. => (per_job / 2).max(1),
            _ => per_job,
        };
    }
    Ok(taken)
}

/// Makes all runs of a plan and hands each to `take`, in order; nothing is kept. Returns how many
/// were taken: fewer than planned if the work was stopped.
///
/// # Errors
/// What `take` returned; nothing more is run then.
pub fn unkept(
    plan: &Plan,
    jobs: usize,
    stopped: &AtomicBool,
    take: &mut dyn FnMut(Made) -> Result<(), Error>,
) -> Result<u64, Error> {
    let work = Work { plan, shard: Shard::WHOLE, jobs, stopped, made: &|| {} };
    let mut all = |block: Vec<Made>, _: &Kept| block.into_iter().try_for_each(&mut *take);
    sweep(&work, 0..plan.runs(), &mut Kept::default(), &mut all)
}

/// Runs per thread and block: at first and at most, enough to even out long and short ones, few
/// enough to hold in memory.
const RUNS_PER_JOB: Range<u64> = 32..256;

/// How many seconds a block should last: less, and threads wait for each other too often; more,
/// and much is lost with a process that is killed.
const LEAST_SECONDS: f64 = 0.1;
const MOST_SECONDS: f64 = 0.5;

/// The runs at these places that are kept.
fn read(work: &Work<'_>, places: Range<u64>, kept: &mut Kept) -> Result<Vec<Option<Made>>, Error> {
    let mut block: Vec<Option<Made>> = places.clone().map(|_| None).collect();
    while let Some(line) = kept.next_before(work.shard.run(places.end - 1) + 1)? {
        // A part may hold runs that are no business of this shard.
        let slot = work.shard.place(line.run).and_then(|place| {
            block.get_mut(usize::try_from(place.checked_sub(places.start)?).ok()?)
        });
        let Some(slot) = slot else { continue };
        let (point, seed) = work.plan.locate(line.run);
        let planned = &work.plan.points[point];
        let outcome =
            codec::decode(&line.outcome, planned.simulation.setup(), planned.entry.metrics);
        let outcome = outcome.filter(|outcome| outcome.seed == seed).ok_or_else(|| {
            Error::Internal(format!("run {} was kept in words that are not understood", line.run))
        })?;
        let origin = Origin::Kept { at_home: line.at_home };
        *slot = Some(Made { run: line.run, point, outcome, word: line.outcome, origin });
    }
    Ok(block)
}

/// Makes the run at a place of the shard, unless the work was stopped.
fn one(work: &Work<'_>, place: u64) -> Option<Made> {
    if work.stopped.load(Ordering::Relaxed) {
        return None;
    }
    let run = work.shard.run(place);
    let (point, seed) = work.plan.locate(run);
    let simulation = work.plan.points[point].simulation.as_ref();
    let watch = Stopwatch::start();
    let outcome = work.plan.verify.guarded(simulation, seed);
    let worker = rayon::current_thread_index().unwrap_or(0);
    let origin = Origin::Fresh { wall_ms: watch.millis(), worker };
    (work.made)();
    let word = codec::encode(&outcome, simulation.setup());
    Some(Made { run, point, outcome, word, origin })
}

thread_local! {
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a run, where a panic is a verdict and not a crash.
pub fn is_running() -> bool {
    RUNNING.get()
}

/// One run, whatever happens in it.
pub fn guarded(simulation: &dyn Simulation, seed: u64) -> Outcome {
    shielded(|| simulation.run(seed)).unwrap_or_else(|message| Outcome::panicked(seed, message))
}

/// Calls `run` and turns a panic into its message.
pub fn shielded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    RUNNING.set(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    RUNNING.set(false);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "a panic without words".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use sim_core::outcome::Verdict;
    use sim_core::protocol::Contract;
    use sim_core::setup::{Complaint, Setup};
    use sim_core::trace::Trace;
    use sim_core::workload::Workload;

    use super::*;
    use crate::scenario::{Overrides, load};

    /// A simulation whose odd seeds bring the world down.
    struct Fragile(Box<dyn Simulation>);

    impl Simulation for Fragile {
        fn run(&self, seed: u64) -> Outcome {
            assert!(seed.is_multiple_of(2), "seed {seed} is odd");
            self.0.run(seed)
        }
        fn trace(&self, seed: u64) -> (Outcome, Trace) {
            self.0.trace(seed)
        }
        fn config(&self) -> &dyn erased_serde::Serialize {
            self.0.config()
        }
        fn workload(&self) -> &Workload {
            self.0.workload()
        }
        fn load(&self) -> &dyn erased_serde::Serialize {
            self.0.load()
        }
        fn contract(&self) -> Contract {
            self.0.contract()
        }
        fn setup(&self) -> &Setup {
            self.0.setup()
        }
        fn complaints(&self) -> Vec<Complaint> {
            self.0.complaints()
        }
    }

    fn plan(name: &str, seeds: Seeds) -> Plan {
        let folder =
            std::env::temp_dir().join(format!("synod-sweep-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("vote.toml");
        let text = "horizon = \"2s\"\n[protocol]\nkind = \"voting\"\nnodes = 3\n[sweep]\n\
                    over.\"network.loss\" = [\"0%\", \"20%\"]\n";
        std::fs::write(&file, text).expect("a file");
        let references = [file.to_string_lossy().into_owned()];
        let (scenarios, _) = load(&references, &Overrides::default(), false).expect("a scenario");
        std::fs::remove_dir_all(&folder).expect("the folder");
        Plan::new(scenarios, Some(seeds)).expect("a plan")
    }

    /// Hands out the runs of a plan of which nothing is kept.
    fn go(
        plan: &Plan,
        shard: Shard,
        jobs: usize,
        stop: &AtomicBool,
        see: &mut dyn FnMut(Made),
    ) -> u64 {
        let work = Work { plan, shard, jobs, stopped: stop, made: &|| {} };
        let mut take = |block: Vec<Made>, _: &Kept| {
            block.into_iter().for_each(&mut *see);
            Ok(())
        };
        sweep(&work, 0..shard.runs(plan.runs()), &mut Kept::default(), &mut take).expect("a sweep")
    }

    fn all(plan: &Plan, shard: Shard, jobs: usize) -> Vec<(u64, usize, u64)> {
        let mut seen = Vec::new();
        let mut see = |made: Made| seen.push((made.run, made.point, made.outcome.fingerprint));
        let made = go(plan, shard, jobs, &AtomicBool::new(false), &mut see);
        assert_eq!(made, shard.runs(plan.runs()));
        seen
    }

    #[test]
    fn runs_come_in_order_and_alike_whatever_the_threads() {
        let plan = plan("order", Seeds::Range(0, 100));
        let one = all(&plan, Shard::WHOLE, 1);
        assert_eq!(one, all(&plan, Shard::WHOLE, 4));
        assert!(one.iter().enumerate().all(|(index, (run, ..))| index as u64 == *run));
    }

    #[test]
    fn the_shards_of_a_sweep_are_the_sweep() {
        let plan = plan("shards", Seeds::Range(0, 50));
        let shards = ["0/3", "1/3", "2/3"].map(|shard| shard.parse().expect("a shard"));
        let mut union: Vec<_> = shards.into_iter().flat_map(|shard| all(&plan, shard, 2)).collect();
        union.sort_unstable();
        assert_eq!(union, all(&plan, Shard::WHOLE, 2));
    }

    #[test]
    fn runs_are_numbered_seed_major_so_that_more_seeds_renumber_nothing() {
        let short = plan("short", Seeds::Range(5, 10));
        assert_eq!(short.locate(0), (0, 5));
        assert_eq!(short.locate(1), (1, 5));
        assert_eq!(short.locate(2), (0, 6));
        let long = plan("long", Seeds::Range(5, 50));
        assert!((0..short.runs()).all(|run| short.locate(run) == long.locate(run)));
    }

    #[test]
    fn a_world_that_comes_down_is_a_row_with_its_seed_and_the_sweep_goes_on() {
        let mut plan = plan("fragile", Seeds::Range(0, 10));
        let inner = plan.points.remove(1);
        plan.points.insert(1, Point { simulation: Box::new(Fragile(inner.simulation)), ..inner });
        let mut panicked = Vec::new();
        let mut see = |made: Made| {
            if made.outcome.verdict == Verdict::Panicked {
                panicked.push((made.point, made.outcome.seed, made.outcome.reason));
            }
        };
        assert_eq!(go(&plan, Shard::WHOLE, 2, &AtomicBool::new(false), &mut see), 20);
        let expected: Vec<_> =
            [1, 3, 5, 7, 9].map(|seed| (1, seed, format!("seed {seed} is odd"))).into();
        assert_eq!(panicked, expected);
    }

    #[test]
    fn a_stopped_sweep_hands_on_everything_that_it_made() {
        let plan = plan("stopped", Seeds::Range(0, 1_000));
        let (stop, mut runs) = (AtomicBool::new(false), Vec::new());
        let mut see = |made: Made| {
            runs.push(made.run);
            if runs.len() == 40 {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let made = go(&plan, Shard::WHOLE, 2, &stop, &mut see);
        assert!((40..2_000).contains(&made), "{made}");
        assert_eq!(runs.len() as u64, made);
        assert!(runs.is_sorted_by(|one, next| one < next), "in order, each once");
    }
}
