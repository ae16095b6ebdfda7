//! Registers with bugs planted, in the whole world.

use crate::mutants::trial::found;
use protocols::abd::{self, Abd};
use protocols::problem::register::Load;
use protocols::quorum_store::{self, QuorumStore, ReadRepair, Versions};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::protocol::Protocol;
use sim_core::rng::Ratio;
use sim_core::setup::{NodeClock, Setup};
use sim_core::time::Duration;
use sim_core::workload::Rate;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One client writes a key and four read it, over links of which each message takes its own time.
fn busy<P: Protocol<Problem = protocols::problem::register::Register>>(
    nodes: u32,
    config: P::Config,
) -> Experiment<P> {
    let mut setup = Setup::new(nodes, Duration::from_secs(4));
    setup.network.latency = Latency::Exponential { mean: ms(8), min: Duration::ZERO };
    let mut busy = Experiment::new(config, setup);
    busy.load = Load { keys: 1, writers: 1, reads: Ratio::NEVER, ..Load::default() };
    busy.workload.clients = 5;
    busy.workload.rate = Some(Rate::per_second(500));
    busy.workload.until = Some(Duration::from_secs(2));
    busy
}

fn store() -> quorum_store::Config {
    let (versions, read_repair) = (Versions::Counter, ReadRepair::Never);
    quorum_store::Config { versions, read_repair, ..quorum_store::Config::default() }
}

#[test]
fn q01_is_found_where_messages_overtake_each_other() {
    assert_eq!(found(busy::<Abd>(5, abd::Config::default()), "Q01", 20), ["linearizability"]);
}

#[test]
fn q02_is_found_by_a_reader_who_is_quick() {
    assert_eq!(found(busy::<QuorumStore>(3, store()), "Q02", 20), ["regularity"]);
}

#[test]
fn q04_is_found_by_a_clock_that_is_ahead() {
    let mut skewed = busy::<QuorumStore>(3, store());
    let ahead = NodeClock { drift_ppm: 0, ahead: ms(500) };
    skewed.setup.clock.nodes.insert("n0".to_owned(), ahead);
    assert_eq!(found(skewed, "Q04", 20), ["regularity"]);
}
