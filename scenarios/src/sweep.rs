//! Runs every seed at every point: in parallel, handed on in order.
//!
//! Runs are numbered seed-major, so that more seeds renumber nothing. They are made in blocks; what
//! comes out is taken in order, so the bytes written do not depend on how many threads there are,
//! and an interrupted sweep is a whole beginning of the full one.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};
use sim_core::fault::FaultKind;
use sim_core::outcome::Outcome;
use sim_core::simulation::Simulation;

use crate::error::Error;
use crate::point::Point;
use crate::scenario::Scenario;
use crate::seeds::{MOST_RUNS, Seeds};
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
                return Err(usage(message, "give each its own `name`"));
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

/// One run that was made.
pub struct Made {
    /// Its number.
    pub run: u64,
    /// The index of its point.
    pub point: usize,
    /// What it showed.
    pub outcome: Outcome,
    /// How long it took the machine.
    pub wall_ms: f64,
    /// Which thread made it.
    pub worker: usize,
}

/// Makes all runs of the plan on `jobs` threads and hands each to `take`, in order. `made` is told
/// of each as soon as it is there. Returns how many were taken: fewer than planned if
/// `interrupted` was set.
///
/// # Errors
/// What `take` returned; nothing more is run then.
pub fn sweep(
    plan: &Plan,
    jobs: usize,
    interrupted: &AtomicBool,
    made: &(dyn Fn() + Sync),
    take: &mut dyn FnMut(Made) -> Result<(), Error>,
) -> Result<u64, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| Error::Internal(format!("no threads: {error}")))?;
    let total = plan.runs();
    let block = jobs as u64 * RUNS_PER_JOB;
    let mut start = 0;
    while start < total {
        let count = (total - start).min(block) as usize;
        let one = |offset: usize| {
            let run = start + offset as u64;
            if interrupted.load(Ordering::Relaxed) {
                return None;
            }
            let (point, seed) = plan.locate(run);
            let watch = Stopwatch::start();
            let outcome = plan.verify.guarded(plan.points[point].simulation.as_ref(), seed);
            let worker = rayon::current_thread_index().unwrap_or(0);
            made();
            Some(Made { run, point, outcome, wall_ms: watch.millis(), worker })
        };
        let runs: Vec<Option<Made>> =
            pool.install(|| (0..count).into_par_iter().with_max_len(1).map(one).collect());
        for run in runs {
            // A gap ends the beginning; what came after it is dropped and can be made again.
            let Some(run) = run else { return Ok(start) };
            take(run)?;
            start += 1;
        }
    }
    Ok(total)
}

/// Runs per thread and block: enough to even out long and short ones, few enough to be answered
/// quickly and to hold in memory.
const RUNS_PER_JOB: u64 = 32;

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

    fn all(plan: &Plan, jobs: usize) -> Vec<(u64, usize, u64)> {
        let mut seen = Vec::new();
        let mut take = |made: Made| {
            seen.push((made.run, made.point, made.outcome.fingerprint));
            Ok(())
        };
        let made = sweep(plan, jobs, &AtomicBool::new(false), &|| {}, &mut take).expect("a sweep");
        assert_eq!(made, plan.runs());
        seen
    }

    #[test]
    fn runs_come_in_order_and_alike_whatever_the_threads() {
        let plan = plan("order", Seeds::Range(0, 100));
        let one = all(&plan, 1);
        assert_eq!(one, all(&plan, 4));
        assert!(one.iter().enumerate().all(|(index, (run, ..))| index as u64 == *run));
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
        let mut take = |made: Made| {
            if made.outcome.verdict == Verdict::Panicked {
                panicked.push((made.point, made.outcome.seed, made.outcome.reason));
            }
            Ok(())
        };
        let made = sweep(&plan, 2, &AtomicBool::new(false), &|| {}, &mut take);
        assert_eq!(made.expect("a sweep"), 20);
        let expected: Vec<_> =
            [1, 3, 5, 7, 9].map(|seed| (1, seed, format!("seed {seed} is odd"))).into();
        assert_eq!(panicked, expected);
    }

    #[test]
    fn an_interrupted_sweep_is_a_whole_beginning() {
        let plan = plan("interrupted", Seeds::Range(0, 1_000));
        let interrupted = AtomicBool::new(false);
        let mut runs = Vec::new();
        let mut take = |made: Made| {
            runs.push(made.run);
            if runs.len() == 40 {
                interrupted.store(true, Ordering::Relaxed);
            }
            Ok(())
        };
        let made = sweep(&plan, 2, &interrupted, &|| {}, &mut take).expect("a sweep");
        assert!((40..2_000).contains(&made), "{made}");
        assert_eq!(runs, (0..made).collect::<Vec<_>>());
    }
}
