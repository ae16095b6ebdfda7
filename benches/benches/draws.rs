//! What a draw costs: streams, counter-based draws, the weather field, delays.

use divan::counter::ItemsCount;
use sim_core::latency::Latency;
use sim_core::rng::{Random, Ratio, Stream, Streams};
use sim_core::time::{Duration, DurationRange};

fn main() {
    divan::main();
}

const DRAWS: u64 = 100_000;

fn drain(bencher: divan::Bencher<'_, '_>, mut random: impl Random) {
    bencher
        .counter(ItemsCount::new(DRAWS))
        .bench_local(|| (0..DRAWS).fold(0, |sum: u64, _| sum.wrapping_add(random.next_u64())));
}

#[divan::bench]
fn chacha(bencher: divan::Bencher<'_, '_>) {
    drain(bencher, Streams::new(1).chacha(Stream::Nemesis, 0));
}

#[divan::bench]
fn counter_based(bencher: divan::Bencher<'_, '_>) {
    drain(bencher, Streams::new(1).key(Stream::Nodes).member(0));
}

#[divan::bench]
fn field(bencher: divan::Bencher<'_, '_>) {
    let key = Streams::new(1).key(Stream::Weather);
    bencher
        .counter(ItemsCount::new(DRAWS))
        .bench_local(|| (0..DRAWS).fold(0, |sum: u64, time| sum.wrapping_add(key.at(7, time, 1))));
}

#[divan::bench]
fn chance(bencher: divan::Bencher<'_, '_>) {
    let mut draw = Streams::new(1).key(Stream::Nodes).member(0);
    let percent = Ratio::new(1, 100);
    bencher
        .counter(ItemsCount::new(DRAWS))
        .bench_local(|| (0..DRAWS).filter(|_| draw.chance(percent)).count());
}

#[divan::bench(args = ["uniform", "exponential", "normal", "lognormal", "pareto"])]
fn delay(bencher: divan::Bencher<'_, '_>, family: &str) {
    let ms = Duration::from_millis;
    let latency = match family {
        "uniform" => Latency::Uniform(DurationRange::from_millis(30, 40)),
        "exponential" => Latency::Exponential { mean: ms(10), min: ms(1) },
        "normal" => Latency::Normal { mean: ms(100), deviation: ms(10) },
        "lognormal" => Latency::log_normal(ms(8), ms(40)),
        _ => Latency::Pareto { min: ms(1), shape: 1.5 },
    };
    let mut draw = Streams::new(1).key(Stream::Nodes).member(0);
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(|| {
        (0..DRAWS)
            .fold(0, |sum: u64, _| sum.wrapping_add(latency.sample(draw.next_u64()).as_nanos()))
    });
}
