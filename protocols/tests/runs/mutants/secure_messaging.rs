//! Agents with bugs planted, in the whole world: hostile programs and restarts find them.

use crate::mutants::trial::found;
use protocols::problem::secure_messaging::{
    AUTHENTICITY, AUTHORITY, LOG_CONSISTENCY, REVOCATION_FRESHNESS,
};
use protocols::secure_messaging::{Attack, Config, SecureMessaging, Theft};
use sim_core::adversary::{Conduct, Strategy};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

const KEEPER: u32 = 6;
const BROKER: u32 = 7;

fn agents(attack: Attack, through: Option<u32>) -> Experiment<SecureMessaging> {
    let mut setup = Setup::new(8, Duration::from_secs(14));
    setup.network.latency =
        Latency::log_normal(Duration::from_millis(5), Duration::from_millis(40));
    setup.patience = Some(Duration::from_secs(5));
    if let Some(node) = through {
        let conduct = Some(Conduct::of(Strategy::Program));
        let target = Target::Node(NodeId(node)).into();
        setup.faults.push(FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct }));
    }
    let mut agents = Experiment::new(Config { attack, ..Config::default() }, setup);
    agents.workload.until = Some(Duration::from_secs(8));
    agents
}

#[test]
fn s01_is_found_by_a_broker_that_delivers_old_letters_to_agents_that_restart() {
    let mut agents = agents(Attack::Replay, Some(BROKER));
    let range = DurationRange::from_millis(500, 1_500);
    agents.setup.faults.push(FaultSpec {
        every: Some(range),
        until: Some(Duration::from_secs(7)),
        lasts: Some(DurationRange::from_millis(100, 300)),
        when: When::At(range),
        ..FaultSpec::at(Duration::ZERO, Fault::crash(Target::Random(2)))
    });
    assert_eq!(found(agents, "S01", 20), [AUTHENTICITY]);
}

#[test]
fn s02_is_found_by_a_thief_whose_key_was_revoked() {
    let mut agents = agents(Attack::StolenKey, Some(BROKER));
    let (at, noticed) = (Duration::from_secs(2), Duration::from_secs(1));
    agents.config.theft = Some(Theft { victim: 1, thief: BROKER, at, noticed });
    assert_eq!(found(agents, "S02", 20), [REVOCATION_FRESHNESS]);
}

#[test]
fn s03_is_found_by_a_broker_that_changes_what_is_not_signed() {
    let mut agents = agents(Attack::Tampering, Some(BROKER));
    // What is sealed cannot be changed in part.
    agents.config.defences = "all but encryption".parse().unwrap();
    assert_eq!(found(agents, "S03", 20), [AUTHENTICITY]);
}

#[test]
fn s04_is_found_by_a_keeper_that_cuts_the_end_off_the_log() {
    let agents = agents(Attack::Truncation, Some(KEEPER));
    assert_eq!(found(agents, "S04", 20), [LOG_CONSISTENCY]);
}

#[test]
fn s06_is_found_by_users_who_ask_deputies_for_what_they_may_not() {
    let mut agents = agents(Attack::Overreach, None);
    agents.load.overreach = Ratio::new(30, 100);
    assert_eq!(found(agents, "S06", 20), [AUTHORITY]);
}
