//! What PBFT must cost when nothing goes wrong: messages, message delays, bytes.

use protocols::pbft::{Authentication, Config, Pbft};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Verdict};
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::time::{Duration, DurationRange};
use sim_core::trace::StepKind;
use sim_core::workload::{Arrivals, Rate};

use super::at_the_bound::value;

const REQUESTS: u32 = 100;

/// 100 requests, one every 20 ms, and no checkpoint.
fn quiet(nodes: u32) -> Experiment<Pbft> {
    let config = Config { checkpoint_interval: 1_000, window: 2_000, ..Config::default() };
    let mut pbft = Experiment::new(config, Setup::new(nodes, Duration::from_secs(10)));
    pbft.workload.rate = Some(Rate::per_second(50));
    pbft.workload.arrivals = Arrivals::Even;
    pbft.workload.requests = Some(REQUESTS);
    pbft
}

/// Per request: n−1 pre-prepares, (n−1)² prepares, n(n−1) commits, which is 2n(n−1); and one
/// request to the primary and n replies. What a replica says to itself is not counted.
#[test]
fn a_request_costs_two_n_times_n_minus_one_messages_beside_request_and_replies() {
    for n in [1, 4, 5, 7, 10] {
        for authentication in [Authentication::Signatures, Authentication::Macs] {
            let mut pbft = quiet(n);
            pbft.config.authentication = authentication;
            pbft.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 5));
            let run = pbft.run(1);
            assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
            let expected = REQUESTS * (2 * n * (n - 1) + 1 + n);
            assert_eq!(run.metrics.msgs_count, Measure::Value(f64::from(expected)), "n = {n}");
        }
    }
}

/// n(n−1) messages more for each checkpoint.
#[test]
fn a_checkpoint_costs_a_message_from_each_to_each() {
    let mut pbft = quiet(4);
    let without = value(pbft.run(1).metrics.msgs_count);
    (pbft.config.checkpoint_interval, pbft.config.window) = (10, 20);
    assert_eq!(value(pbft.run(1).metrics.msgs_count) - without, f64::from(REQUESTS / 10 * 4 * 3));
}

/// A batch of b requests costs as much as one, but for requests and replies.
#[test]
fn a_full_batch_shares_one_round_of_votes() {
    let mut pbft = quiet(4);
    pbft.config.batch = 10;
    pbft.workload.rate = Some(Rate::per_second(20_000));
    let run = pbft.run(1);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    let rounds = (value(run.metrics.msgs_count) - f64::from(REQUESTS * 5)) / 24.0;
    // The first request goes alone, and what is left goes when that is done.
    assert!((10.0..=12.0).contains(&rounds), "{rounds} rounds of votes");
}

/// Pre-prepare, prepare, commit: three delays after the primary has the request, one later than
/// the client made it; and the reply is the fifth.
#[test]
fn a_request_is_committed_after_three_delays_and_answered_after_five() {
    let run = quiet(4).run(1);
    assert_eq!(run.metrics.decide_mean_ms, Measure::Value(5.0));
    assert_eq!(run.metrics.decide_max_ms, Measure::Value(5.0));
    let (run, trace) = quiet(4).trace(1);
    let starts: Vec<_> = run.latencies.iter().map(|(start, _)| *start).collect();
    let committed = trace
        .steps
        .iter()
        .filter(|step| step.kind == StepKind::Landmark && step.what.starts_with("Committed"));
    let mut count = 0;
    for step in committed {
        let delays = starts
            .iter()
            .filter(|start| **start <= step.at)
            .map(|start| step.at.since(*start).as_millis_f64());
        assert_eq!(delays.fold(f64::INFINITY, f64::min), 4.0, "{step:?}");
        count += 1;
    }
    assert_eq!(count, 4 * REQUESTS);
}

#[test]
fn macs_save_bytes_and_no_messages() {
    let [signed, vouched] = [Authentication::Signatures, Authentication::Macs].map(|mode| {
        let mut pbft = quiet(4);
        pbft.config.authentication = mode;
        value(pbft.run(1).metrics.bytes_sent)
    });
    // 24 votes of 64 bytes less 32 for each request, and 4 replies of 64 bytes less 8.
    assert_eq!(signed - vouched, f64::from(REQUESTS * (24 * 32 + 4 * 56)));
}

#[test]
fn signatures_cost_what_the_scenario_says_and_macs_cost_nothing_of_it() {
    let p50 = |authentication, micros| {
        let mut setup = Setup::new(4, Duration::from_secs(5));
        setup.cost.verify = Duration::from_micros(micros);
        let config = Config { authentication, ..Config::default() };
        let mut pbft = Experiment::<Pbft>::new(config, setup);
        pbft.workload.requests = Some(40);
        pbft.run(1).metrics.decide_p50_ms
    };
    let [signed, free] = [100, 0].map(|micros| p50(Authentication::Signatures, micros));
    assert_ne!(signed, free, "nobody verified a signature");
    // Requests are signed in both modes; a vote is not.
    assert_ne!(p50(Authentication::Macs, 100), signed, "votes were verified that nobody signed");
}
