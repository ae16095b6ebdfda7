//! Runs every seed at every point: in parallel, handed on in order.
//!
//! Runs are made in blocks, and only those that no earlier sweep has kept; all of them are taken in
//! order, so the bytes written depend neither on how many threads there are nor on how often the
//! sweep was interrupted.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};
use sim_core::outcome::Outcome;

use crate::codec;
use crate::error::Error;
use crate::parts::Kept;
use crate::plan::Plan;
use crate::shard::Shard;
use crate::stopwatch::Stopwatch;

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

#[cfg(test)]
mod tests {
    use sim_core::outcome::Verdict;
    use sim_core::protocol::Contract;
    use sim_core::setup::{Complaint, Setup};
    use sim_core::simulation::Simulation;
    use sim_core::trace::Trace;
    use sim_core::workload::Workload;

    use super::*;
    use crate::plan::tests::plan;
    use crate::point::Point;
    use crate::seeds::Seeds;

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
        let plan = plan(Seeds::Range(0, 100));
        let one = all(&plan, Shard::WHOLE, 1);
        assert_eq!(one, all(&plan, Shard::WHOLE, 4));
        assert!(one.iter().enumerate().all(|(index, (run, ..))| index as u64 == *run));
    }

    #[test]
    fn the_shards_of_a_sweep_are_the_sweep() {
        let plan = plan(Seeds::Range(0, 50));
        let shards = ["0/3", "1/3", "2/3"].map(|shard| shard.parse().expect("a shard"));
        let mut union: Vec<_> = shards.into_iter().flat_map(|shard| all(&plan, shard, 2)).collect();
        union.sort_unstable();
        assert_eq!(union, all(&plan, Shard::WHOLE, 2));
    }

    #[test]
    fn a_world_that_comes_down_is_a_row_with_its_seed_and_the_sweep_goes_on() {
        let mut plan = plan(Seeds::Range(0, 10));
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
        let plan = plan(Seeds::Range(0, 1_000));
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
