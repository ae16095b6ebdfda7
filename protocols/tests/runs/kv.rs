//! The key–value store in the whole world: whatever goes wrong, and however reads are served, it
//! looks like one node; where clocks drift further than a lease allows, it does not, and the outcome
//! says whose fault that is.

use protocols::machine::Store;
use protocols::pbft::{Config as Pbfts, Pbft};
use protocols::problem::kv::{LINEARIZABILITY, Load};
use protocols::raft::reads::Reads;
use protocols::raft::{Config, Raft};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{ClockTrouble, Fault, FaultSpec, Profile, ProfileSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::protocol::Protocol;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::{Target, Targets};
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

/// Seeds of each point; the scenarios sweep many more.
const SEEDS: u64 = 40;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Few keys, one of them hot, and a bad network.
fn store<P: Protocol<Problem = protocols::problem::kv::Kv>>(
    nodes: u32,
    config: P::Config,
) -> Experiment<P> {
    let mut setup = Setup::new(nodes, Duration::from_secs(30));
    setup.network.latency = Latency::log_normal(ms(3), ms(40));
    setup.network.loss = Ratio::new(2, 100);
    setup.network.duplicate = Ratio::new(3, 100);
    setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 4));
    let mut store = Experiment::new(config, setup);
    store.load = Load { keys: 4, hot_keys: 1, hot_share: Ratio::new(1, 2), ..Load::default() };
    store.workload.rate = Some(Rate::per_second(60));
    store.workload.start = ms(200);
    store.workload.until = Some(Duration::from_secs(8));
    store
}

fn schedule(profile: Profile) -> Vec<FaultSpec> {
    let until = Some(Duration::from_secs(7));
    ProfileSpec { profile, until }.faults(Duration::from_secs(30))
}

/// No seed breaks anything or leaves anything open.
#[track_caller]
fn holds<P: Protocol>(experiment: &Experiment<P>, what: &str) {
    for seed in 0..SEEDS {
        let run = experiment.run(seed);
        let good = run.verdict == Verdict::Pass
            || (run.verdict == Verdict::Inconclusive && run.reason == "vacuous");
        assert!(good, "{what}, seed {seed}: {} {} {:?}", run.verdict, run.reason, run.breaches);
    }
}

const READS: [Reads; 3] = [Reads::Log, Reads::ReadIndex, Reads::Lease];

fn raft(reads: Reads) -> Config {
    Config {
        pre_vote: true,
        check_quorum: true,
        reads,
        clock_drift_bound: Some(Ratio::new(1, 2)),
        max_entries_per_append: 4,
        ..Config::default()
    }
}

/// Whether a fault makes monotonic clocks go wrong.
fn upsets_clocks(spec: &FaultSpec) -> bool {
    let Fault::Clock { trouble, .. } = spec.fault else { return false };
    matches!(trouble, ClockTrouble::Jump(_) | ClockTrouble::Drift(_))
}

#[test]
fn a_store_over_raft_is_linearizable_however_it_reads_and_whatever_goes_wrong() {
    for reads in READS {
        for profile in [Profile::Chaos, Profile::Swarm, Profile::Reactive] {
            let mut store = store::<Raft<Store>>(5, raft(reads));
            store.setup.faults = schedule(profile);
            if reads == Reads::Lease {
                store.setup.faults.retain(|spec| !upsets_clocks(spec));
                store.setup.clock.drift_ppm = 150_000;
            }
            holds(&store, &format!("{reads:?} {profile:?}"));
        }
    }
}

#[test]
fn a_store_over_raft_needs_neither_pre_votes_nor_quorum_checks_to_read_by_index() {
    let config = Config { pre_vote: false, check_quorum: false, ..raft(Reads::ReadIndex) };
    let mut store = store::<Raft<Store>>(3, config);
    store.setup.faults = schedule(Profile::Chaos);
    holds(&store, "read_index alone");
}

#[test]
fn a_store_over_pbft_is_linearizable_with_a_liar_among_four_and_whatever_else_goes_wrong() {
    for profile in [Profile::Chaos, Profile::Swarm, Profile::Reactive] {
        let config = Pbfts { checkpoint_interval: 16, window: 32, ..Pbfts::default() };
        let mut store = store::<Pbft<Store>>(4, config);
        store.setup.budget = Some(4);
        store.setup.adversary.strategy = Strategy::Equivocate;
        let target = Targets(vec![Target::Node(NodeId(0))]);
        store.setup.faults = schedule(profile);
        let liar = Fault::Corrupt { target, conduct: None };
        store.setup.faults.push(FaultSpec::at(Duration::ZERO, liar));
        holds(&store, &format!("{profile:?}"));
    }
}

/// Again and again the leader's clock runs so many parts per million slow, and it is cut off.
fn slow_leader(ppm: i32) -> Experiment<Raft<Store>> {
    let config = Config {
        election_timeout: DurationRange::from_millis(150, 180),
        heartbeat: ms(20),
        ..raft(Reads::Lease)
    };
    let mut store = store::<Raft<Store>>(3, config);
    store.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 3));
    store.setup.faults = [600, 2_600, 4_600]
        .into_iter()
        .flat_map(|at| {
            let (target, trouble) = (Target::Leader.into(), ClockTrouble::Drift(ppm));
            let slow = FaultSpec::at(ms(at), Fault::Clock { target, trouble });
            let cut = FaultSpec::at(ms(at + 400), Fault::apart(Target::Leader));
            [slow.lasting(ms(1_500)), cut.lasting(ms(600))]
        })
        .collect();
    store.load.keys = 2;
    store.workload.rate = Some(Rate::per_second(400));
    store
}

#[test]
fn a_lease_is_kept_by_clocks_within_its_bound_and_broken_by_clocks_beyond_it() {
    for seed in 0..SEEDS {
        let run = slow_leader(-300_000).run(seed);
        assert_eq!(
            (run.verdict, run.assumptions_held),
            (Verdict::Pass, true),
            "{:?}",
            run.breaches
        );
    }
    let broken: Vec<_> = (0..SEEDS)
        .map(|seed| slow_leader(-600_000).run(seed))
        .filter(|run| run.verdict == Verdict::Unsafe)
        .collect();
    assert!(!broken.is_empty(), "a lease on a clock that runs at two fifths went unseen");
    for run in broken {
        let breach = run.first_breach().expect("it is unsafe");
        assert_eq!((breach.property, breach.assumptions_held), (LINEARIZABILITY, false));
    }
}

#[test]
fn hot_keys_make_conditional_writes_fail() {
    let refused = |hot_share| {
        let mut store = store::<Raft<Store>>(3, Config::default());
        store.load = Load {
            keys: 50,
            hot_keys: 1,
            hot_share,
            compare_and_sets: Ratio::ALWAYS,
            ..Load::default()
        };
        let refused = |seed| match store.run(seed).metrics.ops_refused_count {
            Measure::Value(count) => count,
            other => panic!("{other:?}"),
        };
        (0..5).map(refused).sum::<f64>()
    };
    let (even, hot) = (refused(Ratio::new(1, 50)), refused(Ratio::new(9, 10)));
    assert!(hot > 1.2 * even, "{hot} of the hot, {even} of the even");
}

#[test]
fn what_the_judge_of_linearizability_cannot_tell_is_inconclusive() {
    let mut store = slow_leader(0);
    store.load.compare_and_sets = Ratio::new(1, 5);
    let runs: Vec<_> = (0..4).map(|seed| store.run(seed)).collect();
    assert!(runs.iter().all(|run| run.breaches.is_empty()), "{runs:?}");
    let undecided =
        |run: &Outcome| (run.verdict, run.reason.as_str()) == (Verdict::Inconclusive, "checker");
    assert!(runs.iter().any(undecided), "the judge was sure of all");
}
