//! Costs: what messages take of processors, interfaces and tokens.

use crate::setting::{busy, ms, value};
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome};
use sim_core::setup::TokenSpec;
use sim_core::simulation::Simulation as _;
use sim_core::time::Duration;
use sim_core::workload::{Arrivals, Rate};

#[test]
fn the_costs_of_messages_line_up_at_the_node() {
    let mut toy = busy();
    let free = toy.run(1);
    toy.setup.cost.receive = Duration::from_micros(10);
    let cheap = toy.run(1);
    toy.setup.cost.receive = Duration::from_micros(2_500);
    let dear = toy.run(1);
    let p50 = |run: &Outcome| value(run.metrics.decide_p50_ms);
    assert!(p50(&cheap) > p50(&free) && p50(&cheap) < p50(&free) + 0.2);
    // Each of 100 requests a second costs the five nodes eight messages: 0.4 of each processor at
    // 2.5 ms, and the queue before it shows.
    assert!(p50(&dear) > p50(&free) + 4.0, "{} against {}", p50(&dear), p50(&free));
    toy.setup.cost.receive = Duration::from_millis(8);
    // At 8 ms there is more work than time, and what waits grows for as long as it lasts.
    let waiting = |run: &Outcome| value(run.metrics.waiting_mean_count);
    let saturated = toy.run(1);
    assert!(waiting(&saturated) > 50.0 * waiting(&dear), "{}", waiting(&saturated));
}

#[test]
fn tokens_are_counted_by_kind_and_length_and_change_nothing_else() {
    let mut toy = busy();
    let free = toy.run(1);
    assert_eq!(free.metrics.tokens_count, Measure::None);
    let sent = value(free.metrics.msgs_count);
    // Messages have 16 bytes: the sixth token of three bytes is begun.
    for (tokens, each) in [
        (TokenSpec { each: 7, ..TokenSpec::default() }, 7.0),
        (TokenSpec { bytes_per_token: Some(3), ..TokenSpec::default() }, 6.0),
        (TokenSpec { each: 7, bytes_per_token: Some(4), ..TokenSpec::default() }, 11.0),
    ] {
        toy.setup.cost.tokens = Some(tokens);
        let counted = toy.run(1);
        assert_eq!(value(counted.metrics.tokens_count), each * sent);
        assert_eq!(counted.fingerprint, free.fingerprint);
    }
    let messages = [("echo".to_owned(), 1), ("back".to_owned(), 1_000)].into();
    toy.setup.cost.tokens = Some(TokenSpec { messages, ..TokenSpec::default() });
    let tokens = value(toy.run(1).metrics.tokens_count);
    assert!(tokens > sent && tokens < 1_000.0 * sent, "{tokens} for {sent} messages");
}

#[test]
fn a_narrow_interface_delays_by_the_bytes_before_it() {
    let mut toy = busy();
    toy.setup.network.latency = Latency::Constant(ms(1));
    toy.setup.disk.sync = Latency::ZERO;
    toy.workload.rate = Some(Rate::per_second(10));
    toy.workload.arrivals = Arrivals::Even;
    // 16 bytes a message: 1 ms each.
    toy.setup.cost.bytes_per_second = Some(16_000);
    let run = toy.run(1);
    // The second of four echoes leaves after 2 ms; it takes 1 ms each way, and the answer leaves
    // 1 ms after it came.
    assert_eq!(value(run.metrics.decide_p50_ms), 5.0);
}
