//! The same seed gives the same run, and one that never changes unawares: golden fingerprints.

use protocols::machine::Store;
use protocols::oral_messages::{Config as Oral, OralMessages};
use protocols::pbft::Pbft;
use protocols::raft::reads::Reads;
use protocols::raft::{Config as Log, Raft};
use protocols::server::Server;
use protocols::signed_messages::{Config as Signed, SignedMessages};
use protocols::voting::{Config as Ballots, Voting};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};
use sim_core::trace::StepKind;

fn stormy(nodes: u32) -> Setup {
    let ms = Duration::from_millis;
    let mut setup = Setup::new(nodes, Duration::from_secs(20));
    setup.network.latency = Latency::log_normal(ms(3), ms(30));
    setup.network.loss = Ratio::new(2, 100);
    setup.network.duplicate = Ratio::new(2, 100);
    setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 4));
    setup.clock.drift_ppm = 1_000;
    let crash = Fault::crash(Target::Random(1));
    let part = Fault::apart(Target::Minority);
    setup.faults = vec![
        FaultSpec::at(ms(10), crash).lasting(ms(700)),
        FaultSpec::at(ms(2_500), part).lasting(ms(1_500)),
    ];
    setup
}

fn prints(experiment: &dyn Simulation) -> String {
    let print = |seed| {
        let run = experiment.run(seed);
        assert_eq!(run, experiment.run(seed), "seed {seed} gave two runs");
        format!("{:016x}", run.fingerprint)
    };
    (0..3).map(print).collect::<Vec<_>>().join(" ")
}

#[test]
fn one_node_more_leaves_the_draws_of_the_others_alone() {
    // Nobody hears anybody, so that every server draws its election timeouts for itself alone.
    let timeouts = |nodes: u32| {
        let mut setup = Setup::new(nodes, Duration::from_secs(3));
        setup.network.loss = Ratio::new(1, 1);
        let raft = Experiment::<Raft>::new(Default::default(), setup);
        let of_first_three = |node: Option<NodeId>| node.is_some_and(|node| node.0 < 3);
        let (_, trace) = raft.trace(5);
        let timers = trace.steps.into_iter().filter(|step| step.kind == StepKind::Timer);
        timers
            .filter(|step| of_first_three(step.node))
            .map(|step| (step.node, step.at))
            .collect::<Vec<_>>()
    };
    assert!(timeouts(3).len() > 20);
    assert_eq!(timeouts(4), timeouts(3));
    assert_eq!(timeouts(9), timeouts(3));
}

#[test]
fn the_fingerprint_of_raft_is_golden() {
    let raft = Experiment::<Raft>::new(Default::default(), stormy(5));
    expect_test::expect!["c458e6b8c64d330d bcc74a5147cffc98 df34cbb4e3d7857d"]
        .assert_eq(&prints(&raft));
}

#[test]
fn the_fingerprint_of_a_store_over_raft_is_golden() {
    let config = Log { pre_vote: true, reads: Reads::ReadIndex, ..Log::default() };
    let store = Experiment::<Raft<Store>>::new(config, stormy(5));
    expect_test::expect!["3115920778fafdfd 4c8348eaae84a5ef 5cf8110757d6751a"]
        .assert_eq(&prints(&store));
}

#[test]
fn the_fingerprint_of_a_store_over_pbft_is_golden() {
    let store = Experiment::<Pbft<Store>>::new(Default::default(), stormy(4));
    expect_test::expect!["af024b5dd6f2a3e5 cf284e078d93f746 7c2cacef93e1151a"]
        .assert_eq(&prints(&store));
}

#[test]
fn the_fingerprint_of_voting_is_golden() {
    let ballots = Ballots { resend: Some(Duration::from_millis(60)), ..Ballots::default() };
    let voting = Experiment::<Voting>::new(ballots, stormy(5));
    expect_test::expect!["27e9baed95c86ccf 96b3b0a3d520b1e7 69ddcce937356de2"]
        .assert_eq(&prints(&voting));
}

#[test]
fn the_fingerprint_of_the_server_is_golden() {
    let mut server = Experiment::<Server>::new(Default::default(), stormy(1));
    server.setup.faults.clear();
    server.workload.requests = Some(1_000);
    expect_test::expect!["5849cf0937d38076 130bf2123495cba7 6f9bdddfda0f32b7"]
        .assert_eq(&prints(&server));
}

#[test]
fn the_fingerprint_of_oral_messages_is_golden() {
    let config = Oral { m: Some(1), ..Oral::default() };
    let oral = Experiment::<OralMessages>::new(config, stormy(5));
    expect_test::expect!["f5e9a3d33ae9c315 5023e55b5df312a3 d7e2f5e21d1c4f90"]
        .assert_eq(&prints(&oral));
}

#[test]
fn the_fingerprint_of_signed_messages_is_golden() {
    let config = Signed { m: Some(2), ..Signed::default() };
    let signed = Experiment::<SignedMessages>::new(config, stormy(5));
    expect_test::expect!["e2b97452c5f4cbbd 7367578f1030df64 775bd0255dbf92c7"]
        .assert_eq(&prints(&signed));
}

#[test]
fn sparing_the_judges_changes_nothing_but_what_they_say() {
    use sim_core::setup::Judges;

    let run = |judges: Judges, seed: u64| {
        let mut setup = stormy(5);
        setup.judges = judges;
        Experiment::<Raft>::new(Default::default(), setup).run(seed)
    };
    for seed in 0..20 {
        let judged = run(Judges::All, seed);
        assert_eq!(run(Judges::Properties, seed), judged, "seed {seed}");
        assert_eq!(run(Judges::None, seed).fingerprint, judged.fingerprint, "seed {seed}");
    }
}
