//! Shrinking: the smallest scenario that still breaks what a run broke.
//!
//! The run's own schedule is written down strike by strike, and strikes are left out by delta
//! debugging; then nodes, requests, time and settings are made fewer, until nothing can be made
//! smaller or the tries are used up. A candidate counts only if it breaks the same property, with
//! the protocol's assumptions held, or exceeded, as they were.
//!
//! Candidates are made in order of preference, tried in parallel, and the first in order that works
//! is taken: the result does not depend on the number of threads.

mod cluster;
mod ddmin;
mod document;
mod schedule;
mod settings;
mod simpler;
mod written;

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};
use serde_json::Value as Json;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::time::{Duration, Time};

use self::document::{below, without};
use crate::guard::guarded;
use crate::point::{self, Point};
use crate::seeds::Seeds;

pub use written::{headline, in_toml, sentence, written};

/// What a run showed, and what a smaller one has to show too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The verdict.
    pub verdict: Verdict,
    /// The property that broke first, or the message of a panic.
    pub reason: String,
    /// Whether what had struck until then was within the protocol's assumptions.
    pub assumptions_held: bool,
}

impl Failure {
    /// What failed in a run; `None` if nothing did that could be told again.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let reason = match (outcome.verdict, outcome.first_breach()) {
            (Verdict::Unsafe | Verdict::Stalled, Some(breach)) => breach.property.to_owned(),
            // Numbers in a message are of one run.
            (Verdict::Panicked, _) => outcome.reason.replace(|c: char| c.is_ascii_digit(), ""),
            _ => return None,
        };
        let held = outcome.assumptions_held;
        Some(Self { verdict: outcome.verdict, reason, assumptions_held: held })
    }
}

/// A scenario, and the run of it that fails.
#[derive(Clone, Debug)]
pub struct Case {
    /// The scenario without its name: what is run.
    pub document: Json,
    /// The seed.
    pub seed: u64,
    /// How often something struck.
    pub strikes: usize,
    /// The number of nodes.
    pub nodes: u32,
    /// The horizon.
    pub horizon: Duration,
    /// The events until the failure.
    pub events: u64,
    /// When it failed.
    pub failed_at: Time,
    /// The operations that clients asked for.
    pub operations: u64,
}

impl Case {
    fn new(document: Json, point: &Point, outcome: &Outcome) -> Self {
        let setup = point.simulation.setup();
        let operations = match outcome.metrics.ops_count {
            Measure::Value(count) | Measure::Censored(count) => count as u64,
            Measure::None => 0,
        };
        Self {
            document,
            seed: outcome.seed,
            strikes: outcome.strikes.len(),
            nodes: setup.nodes,
            horizon: setup.horizon,
            events: outcome.events,
            failed_at: outcome.first_breach().map_or(outcome.ended, |breach| breach.at),
            operations,
        }
    }
}

/// The seeds that smaller scenarios are tried on unless others are named.
pub const OTHERS: Seeds = Seeds::Range(0, 50);

/// How many smaller scenarios are tried unless another number is given.
pub const MOST_TRIES: u64 = 5_000;

/// What is to be shrunk, and how far one may go.
pub struct Task<'a> {
    /// The point whose run fails.
    pub point: &'a Point,
    /// The seed of that run.
    pub seed: u64,
    /// Seeds that each candidate is tried on when its own does not fail.
    pub others: Seeds,
    /// How many candidates are tried at most.
    pub most_tries: u64,
}

/// What came of it.
pub struct Shrunk {
    /// What fails.
    pub failure: Failure,
    /// The run as it was.
    pub before: Case,
    /// The smallest that was found.
    pub after: Case,
    /// How many candidates were tried.
    pub tries: u64,
    /// Whether there were tries left when nothing could be made smaller.
    pub is_finished: bool,
}

/// Shrinks the run of a task, telling `progress` after each pass that got somewhere; `Err` is the
/// outcome of a run that does not fail.
///
/// # Errors
/// The outcome of the run, if there is nothing in it to shrink.
pub fn shrink(
    task: &Task<'_>,
    progress: &(dyn Fn(&Case, u64) + Sync),
) -> Result<Shrunk, Box<Outcome>> {
    let outcome = guarded(task.point.simulation.as_ref(), task.seed);
    let Some(failure) = Failure::of(&outcome) else {
        return Err(Box::new(outcome));
    };
    let scenario = &task.point.scenario;
    let build = |document: &Json| point::build(scenario, point::settings(document), Vec::new());
    let document = document::terse(&task.point.resolved, |less| {
        build(less).is_ok_and(|point| point.resolved == task.point.resolved)
    });
    let before = Case::new(document, task.point, &outcome);
    let mut shrinker =
        Shrinker { task, failure, is_planted: true, best: before.clone(), tries: 0, progress };
    shrinker.is_planted =
        task.point.simulation.setup().mutant.is_some() && shrinker.is_its_doing(&before);
    shrinker.all();
    let is_finished = shrinker.tries < task.most_tries;
    let Shrinker { failure, best: after, tries, .. } = shrinker;
    Ok(Shrunk { failure, before, after, tries, is_finished })
}

/// The other seeds that most candidates are tried on; all of them only where one strike or one node
/// less is at stake.
const FEW_SEEDS: u64 = 12;

/// How many events a smaller case may have.
#[derive(Clone, Copy)]
enum Allow {
    /// Any number.
    Any,
    /// No more than before, and a few for being rounder.
    About,
    /// Less than before.
    Fewer,
}

/// Shrinking under way.
struct Shrinker<'a> {
    task: &'a Task<'a>,
    failure: Failure,
    /// Whether the failure is the doing of a bug that is planted.
    is_planted: bool,
    best: Case,
    tries: u64,
    progress: &'a (dyn Fn(&Case, u64) + Sync),
}

impl Shrinker<'_> {
    /// All passes, from the coarse to the fine.
    ///
    /// While targets are still roles and draws, one seed fails as well as another and a smaller
    /// cluster as a large one; so strikes are thinned out first, and get their names in the end.
    fn all(&mut self) {
        for pass in [
            Self::cut_short,
            Self::leave_out_strikes,
            Self::leave_out_nodes,
            Self::insist,
            Self::take_the_shortest_run,
            Self::cut_short,
            Self::fix_times,
        ] {
            self.pass(pass);
        }
        self.settle(Self::insist);
        self.settle(Self::name_targets);
    }

    /// All passes that make anything smaller, until none gets anywhere, nor `last` after them.
    fn settle(&mut self, last: fn(&mut Self)) {
        loop {
            let before = (self.best.document.clone(), self.best.seed);
            for pass in [
                Self::leave_out_strikes,
                Self::leave_out_nodes,
                Self::ask_less,
                Self::leave_out_settings,
                Self::end_early,
                Self::strike_early,
                Self::take_simpler_values,
                Self::take_another_seed,
            ] {
                self.pass(pass);
            }
            if before == (self.best.document.clone(), self.best.seed) {
                self.pass(last);
            }
            if self.is_spent() || before == (self.best.document.clone(), self.best.seed) {
                return;
            }
        }
    }

    /// One pass, and word of it if it got somewhere.
    fn pass(&mut self, pass: fn(&mut Self)) {
        let before = self.best.document.clone();
        pass(self);
        if before != self.best.document {
            (self.progress)(&self.best, self.tries);
        }
    }

    const fn is_spent(&self) -> bool {
        self.tries >= self.task.most_tries
    }

    fn tries_left(&self) -> usize {
        let left = self.task.most_tries.saturating_sub(self.tries);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Tries candidates on a few seeds and takes the first that fails alike, if one does; says
    /// which.
    fn try_all(&mut self, candidates: &[Json], allow: Allow) -> Option<usize> {
        self.try_on(candidates, allow, FEW_SEEDS)
    }

    /// The same on so many seeds, beside those of the run and of the best case.
    fn try_on(&mut self, candidates: &[Json], allow: Allow, seeds: u64) -> Option<usize> {
        let candidates = &candidates[..candidates.len().min(self.tries_left())];
        let tried =
            |(at, candidate): (usize, &Json)| Some((at, self.fails(candidate, allow, seeds)?));
        let found = candidates.par_iter().enumerate().with_max_len(1).find_map_first(tried);
        self.tries += found.as_ref().map_or(candidates.len(), |(at, _)| at + 1) as u64;
        let (at, case) = found?;
        self.best = case;
        Some(at)
    }

    fn build(&self, document: &Json) -> Option<Point> {
        point::build(&self.task.point.scenario, point::settings(document), Vec::new()).ok()
    }

    /// The case that this candidate makes, if some seed of it fails alike.
    fn fails(&self, candidate: &Json, allow: Allow, seeds: u64) -> Option<Case> {
        // Whoever allowed one thing that is unsafe did not allow another.
        let allowed = self.task.point.allowed.len();
        let point = self.build(candidate).filter(|point| point.allowed.len() <= allowed)?;
        let most = match allow {
            Allow::Any => u64::MAX,
            Allow::About => self.best.events + self.best.events / 16,
            // Who fails in the beginning fails after no event.
            Allow::Fewer => self.best.events.checked_sub(1)?,
        };
        let case = |seed| self.case(candidate, &point, seed);
        let mut small = self.seeds(seeds).filter_map(case).filter(|case| case.events <= most);
        small.find(|case| self.is_its_doing(case))
    }

    /// The case of this seed, if it fails alike.
    fn case(&self, document: &Json, point: &Point, seed: u64) -> Option<Case> {
        let outcome = guarded(point.simulation.as_ref(), seed);
        let fails = Failure::of(&outcome).as_ref() == Some(&self.failure);
        fails.then(|| Case::new(document.clone(), point, &outcome))
    }

    /// Whether a failure is the doing of the planted bug, if it was: the same run without the bug
    /// does not fail alike.
    fn is_its_doing(&self, case: &Case) -> bool {
        let sound = || without(&case.document, [&below("protocol", "mutant")]);
        !self.is_planted
            || self.build(&sound()).is_none_or(|point| {
                let outcome = guarded(point.simulation.as_ref(), case.seed);
                Failure::of(&outcome).as_ref() != Some(&self.failure)
            })
    }

    /// The seed that fails, that of the task, and so many of those that might fail too.
    fn seeds(&self, count: u64) -> impl Iterator<Item = u64> + '_ {
        let others = (0..self.task.others.len().min(count)).map(|at| self.task.others.get(at));
        let own = [self.best.seed, self.task.seed];
        let fresh = move |seed: &u64| !own.contains(seed);
        let original = own.into_iter().skip(usize::from(own[0] == own[1]));
        original.chain(others.filter(fresh))
    }

    /// The same scenario under another seed that fails after fewer events.
    fn take_another_seed(&mut self) {
        let same = |best: &Case| [best.document.clone()];
        while !self.is_spent() && self.try_all(&same(&self.best), Allow::Fewer).is_some() {}
    }

    /// The same scenario under the seed that fails after the fewest events, of all.
    fn take_the_shortest_run(&mut self) {
        if self.is_spent() {
            return;
        }
        let Some(point) = self.build(&self.best.document) else { return };
        let seeds: Vec<u64> = self.seeds(u64::MAX).collect();
        let case = |seed: &u64| self.case(&self.best.document, &point, *seed);
        let mut cases: Vec<Case> = seeds.par_iter().with_max_len(1).filter_map(case).collect();
        self.tries += 1;
        cases.sort_by_key(|case| case.events);
        if let Some(shortest) = cases.into_iter().find(|case| self.is_its_doing(case)) {
            self.best = shortest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::of_text;

    #[test]
    fn of_a_run_that_fails_before_its_first_event_there_is_none_with_fewer_events() {
        let text = "horizon = \"1s\"\n[protocol]\nkind = \"voting\"\nnodes = 3\n";
        let scenario = of_text("vote.toml", text).unwrap_or_else(|error| panic!("{error}"));
        let point = &scenario.points[0];
        // As of a protocol that panics when it boots.
        let outcome = Outcome::panicked(0, "no disk".to_owned());
        let failure = Failure::of(&outcome).expect("a panic is one");
        let best = Case::new(point.resolved.clone(), point, &outcome);
        let task = Task { point, seed: 0, others: OTHERS, most_tries: 9 };
        let progress = &|_: &Case, _: u64| {};
        let mut shrinker =
            Shrinker { task: &task, failure, is_planted: false, best, tries: 0, progress };
        shrinker.take_another_seed();
        assert_eq!((shrinker.tries, shrinker.best.events), (1, 0));
    }
}
