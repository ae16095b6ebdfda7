//! What the Byzantine generals' papers say that agreement costs: messages and rounds, exactly.

use protocols::oral_messages::{Config as Oral, Form, OralMessages, messages};
use protocols::problem::decision::Decision;
use protocols::signed_messages::{Config as Signed, SignedMessages};
use sim_core::experiment::Experiment;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::protocol::Protocol;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::time::Duration;

/// One run in which everybody is loyal, in rounds of 10 ms.
fn loyal<P: Protocol<Problem = Decision>>(nodes: u32, config: P::Config) -> Outcome {
    let setup = Setup::new(nodes, Duration::from_secs(20));
    let run = Experiment::<P>::new(config, setup).run(1);
    assert_eq!(run.verdict, Verdict::Pass, "{}", run.reason);
    assert_eq!(run.metrics.decided_nodes_count, Measure::Value(f64::from(nodes)));
    run
}

fn oral(nodes: u32, m: u32, form: Form) -> Outcome {
    let round = Duration::from_millis(10);
    loyal::<OralMessages>(nodes, Oral { m: Some(m), round, form, ..Oral::default() })
}

fn signed(nodes: u32, m: u32) -> Outcome {
    let round = Duration::from_millis(10);
    loyal::<SignedMessages>(nodes, Signed { m: Some(m), round, ..Signed::default() })
}

fn count(messages: u64) -> Measure {
    Measure::Value(messages as f64)
}

/// The recursion as the paper writes it.
fn recursion(n: u64, m: u64) -> u64 {
    if m == 0 { n - 1 } else { (n - 1) * (1 + recursion(n - 1, m - 1)) }
}

#[test]
fn oral_messages_are_as_many_as_the_recursion_says() {
    for (nodes, m, expected) in
        [(4, 1, 9), (7, 1, 36), (7, 2, 156), (4, 0, 3), (5, 1, 16), (10, 3, 3_609), (3, 1, 4)]
    {
        let case = format!("n = {nodes}, m = {m}");
        assert_eq!(recursion(nodes.into(), m.into()), expected, "{case}");
        assert_eq!(messages(nodes, m), expected, "{case}");
        let run = oral(nodes, m, Form::General);
        assert_eq!(run.metrics.msgs_count, count(expected), "{case}");
        let run = oral(nodes, m, Form::Interactive);
        assert_eq!(run.metrics.msgs_count, count(u64::from(nodes) * expected), "{case}");
    }
    assert_eq!(messages(16, 5), 3_999_675);
    assert_eq!(messages(1, 0), 0);
    assert_eq!(messages(u32::MAX, u32::MAX), u64::MAX);
}

#[test]
fn signed_messages_are_as_many_as_lieutenants_squared_if_the_commander_is_loyal() {
    for (nodes, m) in [(3, 1), (4, 1), (4, 2), (7, 2), (7, 5), (20, 3)] {
        // The order to each, and from each to the others but the commander.
        let lieutenants = u64::from(nodes) - 1;
        let expected = lieutenants + lieutenants * (lieutenants - 1);
        assert_eq!(expected, lieutenants.pow(2));
        let run = signed(nodes, m);
        assert_eq!(run.metrics.msgs_count, count(expected), "n = {nodes}, m = {m}");
    }
    assert_eq!(signed(5, 0).metrics.msgs_count, count(4), "nobody passes an order on");
}

#[test]
fn m_traitors_cost_m_plus_1_rounds_even_if_there_are_none() {
    for m in 0..=2 {
        let rounds = Measure::Value(f64::from(10 * (m + 1)));
        for run in [oral(7, m, Form::General), oral(7, m, Form::Interactive), signed(7, m)] {
            assert_eq!(run.metrics.first_decide_ms, rounds);
            assert_eq!(run.metrics.last_decide_ms, rounds);
        }
    }
}
