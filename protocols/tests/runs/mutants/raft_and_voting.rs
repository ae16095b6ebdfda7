//! The planted bugs of Raft and of voting in the whole world: drawn faults find them.

use crate::mutants::trial::is_caught;
use protocols::problem::decision::Load;
use protocols::raft::{Config as Log, Raft};
use protocols::voting::{Config as Ballots, Tie, Voting};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::landmark::LandmarkKind;
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

fn random_crash() -> Fault {
    Fault::crash(Target::Random(1))
}

/// Loss, duplicates, slow disks, small batches, crashes and partitions all the time.
fn chaos(nodes: u32) -> Experiment<Raft> {
    let mut setup = Setup::new(nodes, Duration::from_secs(30));
    setup.network.latency = Latency::log_normal(ms(5), ms(60));
    setup.network.loss = Ratio::new(3, 100);
    setup.network.duplicate = Ratio::new(5, 100);
    setup.disk.sync = Latency::Uniform(range(0, 5));
    let strike = |at, every, fault, lasts| FaultSpec {
        every: Some(every),
        until: Some(Duration::from_secs(12)),
        lasts: Some(lasts),
        when: When::At(at),
        ..FaultSpec::at(ms(0), fault)
    };
    let crash = Fault::crash(Target::Leader);
    let part = Fault::apart;
    setup.faults = vec![
        strike(range(300, 900), range(400, 1_500), crash, range(20, 600)),
        strike(range(300, 900), range(500, 1_500), random_crash(), range(20, 600)),
        strike(range(500, 1_500), range(700, 2_000), part(Target::Leader), range(200, 900)),
        strike(range(500, 1_500), range(700, 2_000), part(Target::Random(1)), range(200, 900)),
    ];
    let config = Log { max_entries_per_append: 2, ..Log::default() };
    let mut raft = Experiment::new(config, setup);
    raft.workload.rate = Some(Rate::per_second(50));
    raft.workload.start = ms(300);
    raft.workload.until = Some(Duration::from_secs(14));
    raft
}

/// Somebody, at times the voter, crashes right after a grant and comes back at once, while others
/// stand in the same term.
fn amnesia(nodes: u32) -> Experiment<Raft> {
    let mut raft = chaos(nodes);
    raft.config.election_timeout = range(60, 90);
    raft.config.heartbeat = ms(20);
    raft.setup.network.latency = Latency::Uniform(range(1, 12));
    raft.setup.disk.sync = Latency::ZERO;
    raft.setup.faults = (1..40)
        .flat_map(|nth| {
            let when = When::On { landmark: LandmarkKind::VoteGranted, nth, after: ms(0) };
            let blink = FaultSpec { when, ..FaultSpec::at(ms(0), random_crash()) };
            let when = When::On { landmark: LandmarkKind::Leader, nth, after: ms(100) };
            let crash = Fault::crash(Target::Leader);
            let depose = FaultSpec { when, ..FaultSpec::at(ms(0), crash) };
            [blink.lasting(ms(1)), depose.lasting(ms(400))]
        })
        .collect();
    raft
}

#[test]
fn chaos_finds_the_bugs_of_replication() {
    for id in ["R03", "R07", "R08", "R09", "R10", "R13", "R20"] {
        is_caught(chaos(5), id, 150);
    }
}

#[test]
fn chaos_finds_a_leader_that_commits_entries_of_earlier_terms() {
    is_caught(chaos(5), "R01", 400);
}

#[test]
fn voters_that_forget_their_votes_elect_two_leaders() {
    is_caught(amnesia(3), "R02", 400);
}

fn divided(nodes: u32, config: Ballots) -> Experiment<Voting> {
    let mut setup = Setup::new(nodes, Duration::from_secs(30));
    setup.network.latency = Latency::Uniform(range(1, 50));
    let mut voting = Experiment::<Voting>::new(config, setup);
    let options = vec!["React".to_owned(), "Vue".to_owned()];
    voting.load = Load { opinions: options.clone(), options, ..Load::default() };
    voting
}

#[test]
fn repeated_ballots_find_a_voter_that_counts_twice() {
    let mut voting = divided(4, Ballots::default());
    voting.setup.network.duplicate = Ratio::new(1, 2);
    is_caught(voting, "N01", 50);
}

#[test]
fn an_even_electorate_finds_a_tie_that_goes_by_arrival() {
    is_caught(divided(4, Ballots { tie: Tie::First, ..Ballots::default() }), "N03", 50);
}

#[test]
fn a_partition_finds_a_quorum_of_those_who_answered() {
    let mut voting = divided(4, Ballots::default());
    let side =
        Targets(vec![Target::Node(sim_core::id::NodeId(0)), Target::Node(sim_core::id::NodeId(2))]);
    voting.setup.faults =
        vec![FaultSpec::at(ms(0), Fault::Partition { groups: vec![side] }).lasting(ms(2_000))];
    is_caught(voting, "N04", 50);
}
