//! Runs one workload once, for a profiler: `one pingpong 1000000`, `one phold 1000000 1000`,
//! `one raft 5` and `one pbft 5` (seconds of five or four nodes under 1,000 requests a second),
//! `one rumour 1000000` (push and pull until all of so many nodes know it).

use std::process::ExitCode;

use benches::ball::game;
use benches::epidemic::epidemic;
use protocols::pbft::Pbft;
use protocols::raft::Raft;
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::outcome::Outcome;
use sim_core::protocol::Protocol;
use sim_core::setup::{Limits, Setup};
use sim_core::simulation::Simulation as _;
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

fn loaded<P: Protocol>(nodes: u32, seconds: u64) -> Outcome {
    let mut setup = Setup::new(nodes, Duration::from_secs(seconds));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 5));
    setup.limits = Limits { events: u64::MAX, ..Limits::default() };
    let mut experiment = Experiment::<P>::new(Default::default(), setup);
    experiment.workload.rate = Some(Rate::per_second(1_000));
    experiment.run(1)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().skip(1).filter_map(|word| word.parse().ok()).collect();
    let run = match (arguments.first().map(String::as_str), numbers.as_slice()) {
        (Some("pingpong"), [events]) => {
            game(2, 0, Latency::Constant(Duration::from_millis(1)), *events).run(1)
        }
        (Some("phold"), [events, nodes]) => {
            let mean = Duration::from_millis(10);
            let latency = Latency::Exponential { mean, min: Duration::from_millis(1) };
            game(*nodes as u32, 1, latency, *events).run(1)
        }
        (Some("raft"), [seconds]) => loaded::<Raft>(5, *seconds),
        (Some("pbft"), [seconds]) => loaded::<Pbft>(4, *seconds),
        (Some("rumour"), [nodes]) => epidemic(*nodes as u32).run(1),
        _ => {
            eprintln!(
                "usage: one pingpong EVENTS | phold EVENTS NODES | raft SECONDS | pbft SECONDS | \
                 rumour NODES"
            );
            return ExitCode::from(2);
        }
    };
    println!("{} events", run.events);
    ExitCode::SUCCESS
}
