//! The judges judged: what they say of known histories, of real ones with one thing changed, and
//! whether the known histories would notice a judge that is broken.
//!
//! Seven kinds of evidence that a verdict can be trusted: labelled histories; two judges that agree
//! (in the kernel, for linearizability and sessions); mutated histories of real runs; changes that
//! must not matter; vacuity; protocols that are broken on purpose (`mutants.rs` of each protocol);
//! and judges that are broken on purpose, each of which some labelled history gives away.

mod broadcast;
mod decision;
mod estimate;
mod log;
mod membership;
mod scene;
mod secure_messaging;
mod service;

use protocols::approximate_agreement::ApproximateAgreement;
use protocols::ben_or::BenOr;
use protocols::bracha::Bracha;
use protocols::heartbeat::Heartbeat;
use protocols::oral_messages::OralMessages;
use protocols::pbft::Pbft;
use protocols::problem::broadcast::ReliableBroadcast;
use protocols::problem::decision::Decision;
use protocols::problem::estimate::Estimation;
use protocols::problem::log::Log;
use protocols::problem::membership::Membership;
use protocols::problem::secure_messaging::SecureMessaging as Trust;
use protocols::problem::service::Service;
use protocols::raft::Raft;
use protocols::secure_messaging::SecureMessaging;
use protocols::server::Server;
use protocols::swim::Swim;
use protocols::voting::Voting;
use sim_core::experiment::Experiment;
use sim_core::outcome::Verdict;
use sim_core::problem::Problem;
use sim_core::protocol::Protocol;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::time::Duration;

use scene::{Case, Scene, break_judges};

#[test]
fn every_labelled_history_gets_its_verdict() {
    fn agrees<B: Problem>(cases: &[Case<B>]) {
        let (good, bad) = cases.iter().partition::<Vec<_>, _>(|case| case.broken.is_empty());
        assert!(good.len() > 2 && bad.len() > 2, "{}", B::NAME);
        for Case { name, scene, broken } in cases {
            assert!(
                scene.broken().into_iter().eq(broken.iter().copied()),
                "{}: {name}: {:?}",
                B::NAME,
                scene.broken()
            );
        }
        for property in B::PROPERTIES {
            let breaks = |case: &Case<B>| case.broken.contains(property);
            assert!(cases.iter().any(breaks), "no history breaks {property} of {}", B::NAME);
        }
    }
    agrees(&log::corpus());
    agrees(&decision::corpus());
    agrees(&estimate::corpus());
    agrees(&broadcast::corpus());
    agrees(&service::corpus());
    agrees(&membership::corpus());
    agrees(&secure_messaging::corpus());
}

#[test]
fn the_labelled_histories_give_every_broken_judge_away() {
    let killed = break_judges::<Log>(&log::corpus(), log::BLIND_TO)
        + break_judges::<Decision>(&decision::corpus(), decision::BLIND_TO)
        + break_judges::<Estimation>(&estimate::corpus(), estimate::BLIND_TO)
        + break_judges::<ReliableBroadcast>(&broadcast::corpus(), broadcast::BLIND_TO)
        + break_judges::<Service>(&service::corpus(), service::BLIND_TO)
        + break_judges::<Membership>(&membership::corpus(), membership::BLIND_TO)
        + break_judges::<Trust>(&secure_messaging::corpus(), secure_messaging::BLIND_TO);
    assert_eq!(killed, 106, "a broken judge came or went: is that meant?");
}

#[test]
fn a_judge_that_is_shown_nothing_says_nothing() {
    fn is_silent<B: Problem>() {
        assert_eq!(Scene::<B>::new(Vec::new()).broken().len(), 0, "{}", B::NAME);
    }
    is_silent::<Log>();
    is_silent::<Decision>();
    is_silent::<Estimation>();
    is_silent::<ReliableBroadcast>();
    is_silent::<Service>();
    is_silent::<Membership>();
    is_silent::<Trust>();
}

#[test]
fn a_run_in_which_nobody_asks_for_anything_is_vacuous() {
    fn is_vacuous<P: Protocol>() {
        let mut idle =
            Experiment::<P>::new(P::Config::default(), Setup::new(4, Duration::from_secs(5)));
        idle.workload.requests = Some(0);
        let run = idle.run(0);
        assert_eq!(
            (run.verdict, run.reason.as_str()),
            (Verdict::Inconclusive, "vacuous"),
            "{}",
            P::NAME
        );
    }
    is_vacuous::<Raft>();
    is_vacuous::<Pbft>();
    is_vacuous::<Voting>();
    is_vacuous::<BenOr>();
    is_vacuous::<ApproximateAgreement>();
    is_vacuous::<Bracha>();
    is_vacuous::<OralMessages>();
    is_vacuous::<Server>();
    is_vacuous::<Swim>();
    is_vacuous::<Heartbeat>();
    is_vacuous::<SecureMessaging>();
}

#[test]
fn one_thing_changed_in_a_real_history_is_noticed_unless_it_does_not_matter() {
    // Of each: how many changes were noticed, and how many do not matter.
    for (name, (noticed, idle)) in [
        ("raft", log::mutate::<Raft>()),
        ("pbft", log::mutate::<Pbft>()),
        ("voting", decision::mutate::<Voting>()),
        ("ben-or", decision::mutate::<BenOr>()),
        ("oral-messages", decision::mutate::<OralMessages>()),
        ("bracha", broadcast::mutate()),
        ("server", service::mutate()),
    ] {
        assert!(noticed >= 10 && noticed > idle, "{name}: {noticed} noticed, {idle} idle");
    }
}

const LATER: Duration = Duration::from_secs(7);

#[test]
fn names_and_times_leave_every_verdict_alone() {
    fn are_kept<B: Problem>(cases: Vec<Case<B>>, renamed: impl Fn(&mut Scene<B>)) {
        for Case { name, mut scene, broken } in cases {
            scene.shift(LATER);
            renamed(&mut scene);
            scene.ask_in_vain();
            assert!(scene.broken().into_iter().eq(broken), "{}: {name}", B::NAME);
        }
    }
    are_kept(log::corpus(), log::rename);
    are_kept(decision::corpus(), decision::rename);
    are_kept(estimate::corpus(), estimate::rename);
    are_kept(broadcast::corpus(), broadcast::rename);
    are_kept(membership::corpus(), membership::rename);
    // Who may what depends on one's number, so nobody is renamed there.
    are_kept(secure_messaging::corpus(), |scene| secure_messaging::shift(scene, LATER));
    are_kept(service::corpus(), |scene| scene.rename_nodes(|node| 2 - node));
}
