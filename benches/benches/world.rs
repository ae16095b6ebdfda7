//! What an event costs in a whole world: network, faults, fingerprint and judges compiled in.

use benches::ball::game;
use divan::counter::ItemsCount;
use sim_core::experiment::Simulation as _;
use sim_core::latency::Latency;
use sim_core::time::Duration;

fn main() {
    divan::main();
}

const EVENTS: u64 = 1_000_000;

fn exponential() -> Latency {
    Latency::Exponential { mean: Duration::from_millis(10), min: Duration::from_millis(1) }
}

#[divan::bench(sample_count = 10)]
fn pingpong(bencher: divan::Bencher<'_, '_>) {
    let game = game(2, 0, Latency::Constant(Duration::from_millis(1)), EVENTS);
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| assert_eq!(game.run(1).events, EVENTS));
}

#[divan::bench(sample_count = 10, args = [10, 1_000, 100_000])]
fn phold(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    let game = game(nodes, 1, exponential(), EVENTS);
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| assert_eq!(game.run(1).events, EVENTS));
}
