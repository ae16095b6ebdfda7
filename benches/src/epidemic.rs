//! One rumour among many nodes, by push and pull in asynchronous rounds, until all know it.

use protocols::gossip::{Config, Gossip};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::setup::{Limits, Setup};
use sim_core::time::{Duration, DurationRange};

/// The rumour among so many nodes; rounds of 100 ms, messages of 1 to 10 ms.
pub fn epidemic(nodes: u32) -> Experiment<Gossip> {
    let mut setup = Setup::new(nodes, Duration::from_secs(30));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 10));
    setup.limits = Limits { events: u64::MAX, queue: u32::MAX, ..Limits::default() };
    Experiment::new(Config::default(), setup)
}
