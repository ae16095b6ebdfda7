//! Which runs are made twice, and what is said of those that differ.

use std::sync::atomic::{AtomicU64, Ordering};

use sim_core::outcome::Breach;
use sim_core::protocol::Contract;
use sim_core::setup::{Complaint, Setup};
use sim_core::time::Time;
use sim_core::trace::Trace;
use sim_core::workload::Workload;

use super::*;
use crate::scenario::of_text;

const VOTE: &str = "\
horizon = \"2s\"
[protocol]
kind = \"voting\"
nodes = 3
[network]
latency = \"5ms..20ms\"
";

fn simulation() -> Box<dyn Simulation> {
    let mut scenario = of_text("vote.toml", VOTE).unwrap_or_else(|error| panic!("{error}"));
    scenario.points.pop().expect("a point").simulation
}

/// Every other run of it has another seed, and every other traced one if those are fickle, too.
struct Fickle {
    inner: Box<dyn Simulation>,
    runs: AtomicU64,
    traces: AtomicU64,
    traced: bool,
}

impl Fickle {
    fn new(traced: bool) -> Self {
        let none = || AtomicU64::new(0);
        Self { inner: simulation(), runs: none(), traces: none(), traced }
    }
}

impl Simulation for Fickle {
    fn run(&self, seed: u64) -> Outcome {
        let turn = self.runs.fetch_add(1, Ordering::Relaxed) % 2;
        Outcome { seed, ..self.inner.run(seed + turn) }
    }
    fn trace(&self, seed: u64) -> (Outcome, Trace) {
        let turn = self.traces.fetch_add(u64::from(self.traced), Ordering::Relaxed) % 2;
        self.inner.trace(seed + turn)
    }
    fn config(&self) -> &dyn erased_serde::Serialize {
        self.inner.config()
    }
    fn workload(&self) -> &Workload {
        self.inner.workload()
    }
    fn load(&self) -> &dyn erased_serde::Serialize {
        self.inner.load()
    }
    fn contract(&self) -> Contract {
        self.inner.contract()
    }
    fn setup(&self) -> &Setup {
        self.inner.setup()
    }
    fn complaints(&self) -> Vec<Complaint> {
        self.inner.complaints()
    }
}

const ALL: Verify = Verify(Ratio::ALWAYS);
const NONE: Verify = Verify(Ratio::NEVER);

#[test]
fn two_runs_of_one_seed_that_differ_are_one_that_is_nondeterministic_from_the_event_on() {
    let outcome = ALL.guarded(&Fickle::new(true), 4);
    assert_eq!((outcome.verdict, outcome.seed), (Verdict::Nondeterministic, 4));
    let inner = simulation();
    let event = first(&inner.trace(4).1, &inner.trace(5).1).expect("two seeds, two runs");
    assert!(outcome.reason.starts_with(&format!("event {event} was ")), "{}", outcome.reason);
    assert!(outcome.reason.contains(", and then "), "{}", outcome.reason);
}

#[test]
fn runs_that_differ_only_while_nobody_looks_are_told_by_what_they_showed() {
    let outcome = ALL.guarded(&Fickle::new(false), 4);
    assert_eq!(outcome.verdict, Verdict::Nondeterministic);
    assert!(outcome.reason.ends_with("two traced runs went alike"), "{}", outcome.reason);
}

#[test]
fn what_is_not_verified_is_run_once_and_what_is_alike_is_left_alone() {
    let fickle = Fickle::new(true);
    let once = NONE.guarded(&fickle, 4);
    assert_eq!((once.verdict, fickle.runs.load(Ordering::Relaxed)), (Verdict::Pass, 1));
    let steady = simulation();
    assert_eq!(ALL.guarded(steady.as_ref(), 4), steady.run(4));
}

#[test]
fn a_share_of_consecutive_seeds_is_verified_exactly_and_whatever_failed() {
    let passed =
        |seed| Outcome { verdict: Verdict::Pass, ..Outcome::panicked(seed, String::new()) };
    let count = |verify: Verify, from: u64| {
        (from..from + 1_000).filter(|seed| verify.wants(&passed(*seed))).count()
    };
    let five: Verify = "5%".parse().expect("a share");
    for from in [0, 17, u64::MAX - 1_000] {
        assert_eq!(count(Verify::default(), from), 10);
        assert_eq!(count(five, from), 50);
        assert_eq!((count(ALL, from), count(NONE, from)), (1_000, 0));
    }
    assert!(Verify::default().wants(&passed(0)), "the first seed is among them");
    let breach = Breach {
        property: "agreement",
        class: sim_core::checker::Class::Safety,
        at: Time::ZERO,
        witness: String::new(),
        assumptions_held: true,
    };
    for verdict in [Verdict::Unsafe, Verdict::Stalled, Verdict::Panicked] {
        let failed = Outcome { verdict, breaches: vec![breach.clone()], ..passed(1) };
        assert!(Verify::default().wants(&failed) && !NONE.wants(&failed), "{verdict}");
    }
    assert!(!Verify::default().wants(&Outcome { verdict: Verdict::Inconclusive, ..passed(1) }));
}

#[test]
fn a_share_that_is_none_is_refused() {
    for text in ["5", "101%", "-1%", "NaN%", "", "%", "five%"] {
        assert!(text.parse::<Verify>().is_err(), "{text}");
    }
    let never = "0%".parse::<Verify>().expect("a share");
    assert!((0..1_000).all(|seed| !never.wants(&Outcome::panicked(seed, String::new()))));
}
