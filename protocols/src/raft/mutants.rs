//! Each of Raft's planted bugs in the shortest story that shows it.

use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::figures::figure_8;
use super::invariants::{
    ELECTION_SAFETY, LEADER_COMPLETENESS, STATE_MACHINE_SAFETY, TERM_MONOTONICITY,
};
use super::reading::{get, leased, put, store};
use super::reads::Reads;
use super::tests::{Table, ask, elect, stand_unheard, table};
use super::{Config, Raft, Role, Timer};
use crate::machine::Store;
use crate::mutants::{Planted, breaks};
use crate::problem::kv::LINEARIZABILITY;
use crate::problem::log::EXACTLY_ONCE;

#[test]
fn committing_older_terms_by_counting_copies_is_caught_in_figure_8() {
    breaks("R01", LEADER_COMPLETENESS, |mutant| figure_8(mutant, &mut Vec::new()));
}

#[test]
fn a_vote_that_a_restart_forgets_is_given_twice() {
    breaks("R02", ELECTION_SAFETY, |mutant| {
        let mut table = table(3, 64, mutant);
        table.fire(0, Timer::Election);
        table.fire(2, Timer::Election);
        table.deliver(0, 1);
        table.restart(1);
        table.deliver(2, 1);
        table.deliver(1, 0);
        table.deliver(1, 2);
        table
    });
}

#[test]
fn a_term_that_a_restart_forgets_falls() {
    breaks("R03", TERM_MONOTONICITY, |mutant| {
        let mut table = table(3, 64, mutant);
        elect(&mut table, 0, &[1]);
        table.restart(1);
        table
    });
}

#[test]
fn a_late_append_that_cuts_the_log_loses_what_was_committed() {
    breaks("R07", LEADER_COMPLETENESS, |mutant| {
        let mut table = table(3, 64, mutant);
        elect(&mut table, 0, &[1]);
        table.settle(&[0, 1]);
        ask(&mut table, 0, 0);
        ask(&mut table, 0, 1);
        let early = table.take(0, 1);
        table.arrive(early.clone());
        table.settle(&[0, 1]);
        assert_eq!(table.state(0).commit(), 3);
        table.arrive(early);
        table.crash(0);
        elect(&mut table, 1, &[2]);
        table
    });
}

/// n2 led first and has two entries of its own beyond the one that all have; n0 leads now, and n1
/// has heard nothing from it but a request for its vote.
fn divergence(mutant: Planted) -> Table {
    let mut table = table(3, 1, mutant);
    elect(&mut table, 2, &[1]);
    table.settle(&[0, 1, 2]);
    ask(&mut table, 2, 0);
    ask(&mut table, 2, 1);
    elect(&mut table, 0, &[1]);
    ask(&mut table, 0, 2);
    table
}

#[test]
fn committing_beyond_what_an_append_covered_applies_what_was_never_agreed() {
    breaks("R08", STATE_MACHINE_SAFETY, |mutant| {
        let mut table = divergence(mutant);
        table.settle(&[0, 1]);
        assert_eq!(table.state(0).commit(), 3);
        table.lose_all();
        table.fire(0, Timer::Heartbeat);
        table.deliver(0, 2);
        table
    });
}

#[test]
fn a_heartbeat_accepted_without_its_predecessor_applies_what_was_never_agreed() {
    breaks("R09", STATE_MACHINE_SAFETY, |mutant| {
        let mut table = divergence(mutant);
        table.settle(&[0, 1]);
        elect(&mut table, 1, &[0]);
        table.settle(&[0, 1]);
        assert_eq!(table.state(1).commit(), 4);
        table.lose_all();
        table.fire(1, Timer::Heartbeat);
        table.deliver(1, 2);
        table
    });
}

#[test]
fn acknowledging_more_than_an_append_covered_commits_what_nobody_else_has() {
    breaks("R10", LEADER_COMPLETENESS, |mutant| {
        let mut table = divergence(mutant);
        table.lose_all();
        table.fire(0, Timer::Heartbeat);
        table.deliver(0, 2);
        table.deliver(2, 0);
        table.crash(0);
        elect(&mut table, 2, &[1]);
        table
    });
}

#[test]
fn a_vote_for_a_log_that_is_behind_elects_a_leader_without_what_was_committed() {
    breaks("R13", LEADER_COMPLETENESS, |mutant| {
        let mut table = table(3, 64, mutant);
        elect(&mut table, 0, &[1]);
        table.settle(&[0, 1]);
        table.crash(0);
        stand_unheard(&mut table, 2);
        elect(&mut table, 2, &[1]);
        table
    });
}

#[test]
fn a_retry_at_the_next_leader_is_done_twice_without_sessions() {
    breaks("R20", EXACTLY_ONCE, |mutant| {
        let mut table = table(3, 64, mutant);
        elect(&mut table, 0, &[1]);
        table.settle(&[0, 1]);
        ask(&mut table, 0, 0);
        table.settle(&[0, 1]);
        table.crash(0);
        elect(&mut table, 1, &[2]);
        ask(&mut table, 1, 0);
        table.settle(&[1, 2]);
        table
    });
}

/// n0 led, and n2 leads now with n1; n0 has not heard of it, and the value that it has is old.
fn deposed(config: Config, mutant: Planted) -> Tabletop<Raft<Store>> {
    let mut table = store(3, config, mutant);
    elect(&mut table, 0, &[1, 2]);
    table.settle(&[0, 1, 2]);
    put(&mut table, 0, 0);
    table.settle(&[0, 1, 2]);
    table.fire(0, Timer::Heartbeat);
    table.settle(&[0, 1, 2]);
    table
}

/// n2 leads with n1, and another value is written.
fn overwrite(table: &mut Tabletop<Raft<Store>>) {
    elect(table, 2, &[1]);
    table.settle(&[1, 2]);
    put(table, 2, 1);
    table.settle(&[1, 2]);
}

#[test]
fn a_deposed_leader_that_answers_reads_from_its_state_answers_what_is_old() {
    breaks("R17", LINEARIZABILITY, |mutant| {
        let config = Config { reads: Reads::ReadIndex, ..Config::default() };
        let mut table = deposed(config, mutant);
        overwrite(&mut table);
        get(&mut table, 0, 2);
        table
    });
}

#[test]
fn a_new_leader_that_answers_reads_before_it_knows_what_is_committed_answers_what_is_old() {
    breaks("R18", LINEARIZABILITY, |mutant| {
        let config = Config { reads: Reads::ReadIndex, ..Config::default() };
        let mut table = store(3, config, mutant);
        elect(&mut table, 0, &[1, 2]);
        table.settle(&[0, 1, 2]);
        put(&mut table, 0, 0);
        table.deliver(0, 1);
        table.deliver(1, 0);
        table.crash(0);
        elect(&mut table, 1, &[2]);
        table.lose_all();
        get(&mut table, 1, 1);
        table.deliver(1, 2);
        table.deliver(2, 1);
        table
    });
}

#[test]
fn a_lease_that_is_as_long_as_the_timeout_outlives_it_on_a_slow_clock() {
    breaks("R19", LINEARIZABILITY, |mutant| {
        let mut table = deposed(leased(), mutant);
        table.drift(0, -300_000);
        table.fire(0, Timer::Heartbeat);
        table.settle(&[0, 1, 2]);
        table.pass(Duration::from_millis(160));
        overwrite(&mut table);
        get(&mut table, 0, 2);
        table
    });
}

#[test]
fn a_server_that_does_not_hear_the_leader_deposes_it_if_it_asks_nobody_first() {
    let leads = |mutant| {
        let config = Config { pre_vote: true, check_quorum: true, ..Config::default() };
        let mut table = store(5, config, mutant);
        // n0, n1 and n2 hear each other; n3 hears n1 only.
        table.fire(0, Timer::Election);
        table.settle(&[0, 1, 2]);
        table.lose_all();
        // Its second candidacy would be in a later term than the leader's.
        for _ in 0..2 {
            table.fire(3, Timer::Election);
            table.settle(&[1, 3]);
        }
        table.fire(0, Timer::Heartbeat);
        table.settle(&[0, 1, 2]);
        matches!(table.state(0).role(), Role::Leader(_))
    };
    assert!(leads(None));
    assert_eq!(leads(Some("R30")), cfg!(not(feature = "mutants")));
}
