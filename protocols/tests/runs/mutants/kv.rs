//! The planted bugs of reads without entries, and of elections without a look around, in the whole
//! world: drawn faults find them.

use crate::mutants::trial::is_caught;
use protocols::machine::Store;
use protocols::problem::kv::Load;
use protocols::raft::reads::Reads;
use protocols::raft::{Config, Raft};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn range(min: u64, max: u64) -> DurationRange {
    DurationRange::from_millis(min, max)
}

fn again(at: DurationRange, fault: Fault, lasts: DurationRange) -> FaultSpec {
    FaultSpec {
        every: Some(range(600, 1_500)),
        until: Some(Duration::from_secs(7)),
        lasts: Some(lasts),
        when: When::At(at),
        ..FaultSpec::at(ms(0), fault)
    }
}

/// Two keys, many requests, and leaders that crash or are cut off.
fn restless(config: Config) -> Experiment<Raft<Store>> {
    let mut setup = Setup::new(3, Duration::from_secs(30));
    setup.network.latency = Latency::Uniform(range(1, 8));
    setup.faults = vec![
        again(range(300, 900), Fault::apart(Target::Leader), range(300, 700)),
        again(range(300, 900), Fault::crash(Target::Leader), range(100, 400)),
    ];
    let mut store = Experiment::new(config, setup);
    store.load = Load { keys: 2, ..Load::default() };
    store.workload.rate = Some(Rate::per_second(200));
    store.workload.start = ms(200);
    store.workload.until = Some(Duration::from_secs(8));
    store
}

#[test]
fn leaders_that_are_cut_off_find_reads_that_ask_nobody() {
    is_caught(restless(Config { reads: Reads::ReadIndex, ..Config::default() }), "R17", 50);
}

#[test]
fn appends_that_are_lost_find_a_new_leader_that_reads_too_soon() {
    let mut store = restless(Config { reads: Reads::ReadIndex, ..Config::default() });
    store.setup.network.loss = Ratio::new(20, 100);
    is_caught(store, "R18", 100);
}

#[test]
fn slow_clocks_find_a_lease_without_a_bound() {
    let config = Config {
        election_timeout: range(150, 170),
        heartbeat: ms(30),
        check_quorum: true,
        reads: Reads::Lease,
        clock_drift_bound: Some(Ratio::new(1, 1)),
        ..Config::default()
    };
    let mut store = restless(config);
    store.setup.network.latency = Latency::Uniform(range(1, 3));
    store.setup.clock.drift_ppm = 330_000;
    is_caught(store, "R19", 200);
}

/// For ever, n0, n1 and n2 hear each other, n3 hears n1 only, and n4 hears n2 only.
fn partly_connected() -> Experiment<Raft> {
    let mut setup = Setup::new(5, Duration::from_secs(30));
    setup.network.latency = Latency::Uniform(range(1, 5));
    let nodes = |ids: &[u32]| Targets(ids.iter().map(|id| Target::Node(NodeId(*id))).collect());
    for (one, others) in [(3, [0, 2, 4]), (4, [0, 1, 3])] {
        for (from, to) in [(&[one][..], &others[..]), (&others, &[one])] {
            let cut = Fault::OneWay { from: nodes(from), to: nodes(to) };
            setup.faults.push(FaultSpec { permanent: true, ..FaultSpec::at(ms(0), cut) });
        }
    }
    let mut raft =
        Experiment::new(Config { pre_vote: true, check_quorum: true, ..Config::default() }, setup);
    raft.workload.rate = Some(Rate::per_second(50));
    raft
}

#[test]
fn servers_that_hear_part_of_the_others_find_elections_without_pre_votes() {
    is_caught(partly_connected(), "R30", 20);
}
