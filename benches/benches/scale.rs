//! What a node and an event cost as worlds grow: bytes per node and events per second from a
//! thousand nodes to a million, and the slope of both.
//!
//! A slope is the exponent of growth, fitted by least squares to the logarithms: 0 says that the
//! size of the world does not matter, 1 that what is measured grows as the world does. The time is
//! the processor's where the system tells it (on Linux), the clock's elsewhere.

#![expect(clippy::disallowed_methods, reason = "logarithms of what was measured decide no run")]

use std::fs;

use allocation_counter::measure;
use benches::ball::game;
use benches::epidemic::epidemic;
use scenarios::stopwatch::Stopwatch;
use sim_core::latency::Latency;
use sim_core::outcome::Outcome;
use sim_core::simulation::Simulation as _;
use sim_core::time::Duration;

/// The worlds.
const NODES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// So many nodes are run for one time: a small world again and again, because the system keeps its
/// accounts by the millisecond.
const ENOUGH: u32 = 1_000_000;
/// The best of so many times is taken.
const TIMES: u32 = 3;
/// How often each node of PHOLD passes a ball on.
const PASSES: u64 = 10;

/// What one size of world cost.
struct Cost {
    nodes: u32,
    bytes: f64,
    events: u64,
    /// Of one run, with the construction of the world and its end.
    seconds: f64,
}

impl Cost {
    fn of(nodes: u32, run: impl Fn(u32) -> Outcome) -> Self {
        let mut events = 0;
        let allocated = measure(|| events = run(nodes).events);
        let runs = (ENOUGH / nodes).max(1);
        let timed = |_| {
            let clock = Clock::start();
            for _ in 0..runs {
                assert_eq!(run(nodes).events, events, "a run differs from the one before");
            }
            clock.seconds() / f64::from(runs)
        };
        let seconds = (0..TIMES).map(timed).fold(f64::INFINITY, f64::min);
        Self { nodes, bytes: allocated.bytes_max as f64 / f64::from(nodes), events, seconds }
    }

    fn nanos_per_event(&self) -> f64 {
        self.seconds * 1e9 / self.events as f64
    }
}

/// The processor's time of this thread, or the clock's.
struct Clock {
    processor: Option<f64>,
    stopwatch: Stopwatch,
}

impl Clock {
    fn start() -> Self {
        Self { processor: Self::processor(), stopwatch: Stopwatch::start() }
    }

    fn seconds(&self) -> f64 {
        let passed = self.processor.zip(Self::processor()).map(|(start, end)| end - start);
        passed.unwrap_or_else(|| self.stopwatch.seconds())
    }

    /// How long this thread was on a processor, in seconds.
    fn processor() -> Option<f64> {
        let accounts = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanos: f64 = accounts.split_whitespace().next()?.parse().ok()?;
        Some(nanos / 1e9)
    }
}

/// The slope of the logarithm of `measured` over that of the number of nodes.
fn slope(costs: &[Cost], measured: impl Fn(&Cost) -> f64) -> f64 {
    let points: Vec<(f64, f64)> =
        costs.iter().map(|cost| (f64::from(cost.nodes).ln(), measured(cost).ln())).collect();
    let mean =
        |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let slant: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    slant / spread
}

fn report(workload: &str, run: impl Fn(u32) -> Outcome) {
    println!("{workload}");
    println!("{:>10} {:>14} {:>12} {:>10} {:>8}", "nodes", "bytes per node", "events", "M/s", "s");
    let mut costs = Vec::new();
    for nodes in NODES {
        let cost = Cost::of(nodes, &run);
        let rate = cost.events as f64 / cost.seconds / 1e6;
        println!(
            "{nodes:>10} {:>14.0} {:>12} {rate:>10.1} {:>8.4}",
            cost.bytes, cost.events, cost.seconds
        );
        costs.push(cost);
    }
    println!(
        "slopes: bytes per node {:+.3}, nanoseconds per event {:+.3}\n",
        slope(&costs, |cost| cost.bytes),
        slope(&costs, Cost::nanos_per_event)
    );
}

fn main() {
    report("a rumour until all know it, by push and pull", |nodes| epidemic(nodes).run(1));
    let latency =
        Latency::Exponential { mean: Duration::from_millis(10), min: Duration::from_millis(1) };
    report("PHOLD, one ball and ten passes for each node", |nodes| {
        game(nodes, 1, latency.clone(), PASSES * u64::from(nodes)).run(1)
    });
}
