//! Measurements: what a run counts and times, by the kernel and by the problem.

use crate::setting::{at, crash, isolate, ms, node};
use crate::toy::toy;
use sim_core::outcome::Measure;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::Duration;

#[test]
fn a_problem_measures_what_the_history_shows() {
    let run = toy().run(1);
    let [(metric, Measure::Value(count))] = run.gauges[..] else {
        panic!("one measurement: {:?}", run.gauges)
    };
    assert_eq!((metric.name, run.curves.len() as f64), ("answers_count", count));
    assert!(count >= 50.0, "every request was answered, some twice: {count}");
    assert!(run.curves.windows(2).all(|pair| pair[0].x <= pair[1].x));
    let measured = |name| run.measures().find(|(metric, _)| metric.name == name);
    assert_eq!(measured("answers_count"), Some((metric, Measure::Value(count))));
    assert_eq!(measured("ops_ok_count").map(|(_, value)| value), Some(Measure::Value(50.0)));
}

#[test]
fn latency_counts_from_the_intended_start_over_retries() {
    let mut toy = toy();
    toy.workload.clients = 1;
    toy.workload.requests = Some(1);
    toy.workload.start = ms(10);
    toy.setup.faults = vec![crash(5, node(0)).lasting(ms(50))];
    // n0 is down; after 100 ms the client turns to n1, which needs one round trip.
    let run = toy.run(1);
    assert_eq!(run.latencies, [(at(10), ms(102))]);
    assert_eq!(run.metrics.retries_count, Measure::Value(1.0));
}

#[test]
fn operations_that_were_never_answered_are_slower_than_all_others() {
    let mut toy = toy();
    toy.setup.patience = Some(Duration::from_secs(1));
    toy.setup.budget = Some(2);
    toy.workload.requests = None;
    toy.workload.rate = Some("500/s".parse().expect("a rate"));
    toy.setup.faults = vec![crash(1_000, Target::Followers)];
    let run = toy.run(1);
    assert!(matches!(run.metrics.decide_p50_ms, Measure::Value(_)), "{:?}", run.metrics);
    assert!(matches!(run.metrics.decide_p99_ms, Measure::Censored(_)), "{:?}", run.metrics);
    assert!(matches!(run.metrics.decide_max_ms, Measure::Censored(_)), "{:?}", run.metrics);
    assert!(matches!(run.metrics.unavailable_ms, Measure::Censored(_)), "{:?}", run.metrics);
}

#[test]
fn a_leader_that_is_cut_off_and_comes_back_unchallenged_was_not_lost() {
    let mut toy = toy();
    toy.setup.faults = vec![isolate(100, Target::Leader).lasting(ms(10))];
    assert_eq!(toy.run(1).metrics.failover_ms, Measure::None);
    toy.setup.faults = vec![crash(100, Target::Leader).lasting(ms(10))];
    assert!(
        matches!(toy.run(1).metrics.failover_ms, Measure::Censored(_)),
        "the toy elects nobody"
    );
}
