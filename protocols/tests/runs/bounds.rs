//! Bounds, written once for all protocols from their contracts: at the bound no seed fails, one
//! past it pinned seeds do. This tests the protocols, and that the judges can see.

use protocols::problem::decision::Load;
use protocols::raft::Raft;
use protocols::voting::{Config as Ballots, Tie, Voting};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::{Cluster, NodeId};
use sim_core::latency::Latency;
use sim_core::outcome::Verdict;
use sim_core::protocol::Protocol;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

use super::at_the_bound::{breaks, holds};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn experiment<P: Protocol>(nodes: u32, config: P::Config) -> Experiment<P> {
    let mut setup = Setup::new(nodes, secs(30));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    setup.budget = Some(nodes);
    Experiment::new(config, setup)
}

/// `count` drawn nodes go down for good, at a drawn time.
fn crash_for_good<P: Protocol>(mut experiment: Experiment<P>, count: u32) -> Experiment<P> {
    let when = When::At(DurationRange::from_millis(500, 6_000));
    experiment.setup.faults = match count {
        0 => Vec::new(),
        _ => {
            vec![FaultSpec { when, ..FaultSpec::at(secs(0), Fault::crash(Target::Random(count))) }]
        }
    };
    experiment
}

/// The last `count` nodes are corrupt from the beginning.
fn corrupt<P: Protocol>(
    mut experiment: Experiment<P>,
    count: u32,
    strategy: Strategy,
) -> Experiment<P> {
    let nodes = experiment.setup.nodes;
    experiment.setup.faults = (nodes - count..nodes)
        .map(|node| FaultSpec::at(secs(0), Fault::corrupt(Target::Node(NodeId(node)))))
        .collect();
    experiment.setup.adversary.strategy = strategy;
    experiment
}

#[test]
fn raft_survives_as_many_crashes_as_it_promises_and_stalls_with_one_more() {
    for n in [3, 4, 5] {
        let raft = || experiment::<Raft>(n, Default::default());
        let bound = <Raft>::contract(&Default::default(), raft().setup.cluster()).liveness.faulty;
        holds(&crash_for_good(raft(), bound), 15);
        let run = breaks(&crash_for_good(raft(), bound + 1), 0, "termination");
        assert_eq!(run.verdict, Verdict::Stalled);
    }
}

#[test]
fn raft_promises_nothing_about_liars_and_one_liar_breaks_it() {
    let raft = experiment::<Raft>(3, Default::default());
    let run = breaks(&corrupt(raft, 1, Strategy::Forge), 0, "validity");
    assert_eq!(run.verdict, Verdict::Unsafe);
}

/// Agents of whom the last `liars` are corrupt, and the honest rest is split as evenly as can be:
/// the hardest case for agreement.
fn divided(nodes: u32, liars: u32, strategy: Strategy) -> Experiment<Voting> {
    let mut voting = experiment::<Voting>(nodes, Ballots::default());
    let opinion = |node| if node < nodes - liars && node % 2 == 1 { "Vue" } else { "React" };
    voting.load = Load {
        options: vec!["React".into(), "Vue".into()],
        opinions: (0..nodes).map(|node| opinion(node).to_owned()).collect(),
        ..Load::default()
    };
    corrupt(voting, liars, strategy)
}

#[test]
fn voting_agrees_among_as_many_liars_as_it_promises_and_splits_with_one_more() {
    for n in [4, 5, 6, 7] {
        let bound = Voting::contract(&Ballots::default(), Cluster { n }).safety.byzantine;
        for strategy in [Strategy::Mute, Strategy::Forge, Strategy::Equivocate] {
            holds(&divided(n, bound, strategy), 50);
        }
        let run = breaks(&divided(n, bound + 1, Strategy::Equivocate), 0, "agreement");
        assert_eq!(run.verdict, Verdict::Unsafe, "n = {n}");
    }
}

#[test]
fn two_liars_among_four_flip_the_outcome_where_ties_are_broken() {
    // All four agents want React; ties go to the option that is listed first.
    let vote = |liars: u32| {
        let mut voting = experiment::<Voting>(4, Ballots { tie: Tie::First, ..Ballots::default() });
        voting.load = Load {
            options: vec!["Vue".into(), "React".into()],
            opinions: vec!["React".into()],
            ..Load::default()
        };
        corrupt(voting, liars, Strategy::Forge)
    };
    for seed in 0..50 {
        assert_eq!(vote(1).run(seed).verdict, Verdict::Pass, "one liar changed the outcome");
    }
    breaks(&vote(2), 0, "unanimity");
}

#[test]
fn voting_ends_for_everybody_however_many_are_down() {
    for down in 0..4 {
        holds(&crash_for_good(experiment::<Voting>(4, Ballots::default()), down), 20);
    }
}
