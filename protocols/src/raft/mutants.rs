//! Each of Raft's planted bugs in the shortest story that shows it. The same story told with the
//! correct protocol breaks nothing.

use super::Timer;
use super::figures::figure_8;
use super::tests::{Table, ask, elect, stand_unheard, table};

type Mutant = Option<&'static str>;

/// Tells the story without and, if this build can, with the bug.
#[track_caller]
fn check(id: &'static str, story: impl Fn(Mutant) -> Table) {
    assert_eq!(story(None).violations(), []);
    #[cfg(feature = "mutants")]
    {
        let mutant = super::invariants::MUTANTS.iter().find(|mutant| mutant.id == id);
        let breaks = mutant.expect("the mutant is listed").breaks;
        let table = story(Some(id));
        let first = table.violations().first();
        assert!(
            first.is_some_and(|violation| breaks.contains(&violation.property)),
            "{first:?} is none of {breaks:?}:\n{}",
            table.transcript()
        );
    }
    #[cfg(not(feature = "mutants"))]
    assert_eq!(story(Some(id)).violations(), [], "{id} is planted without the feature");
}

#[test]
fn committing_older_terms_by_counting_copies_is_caught_in_figure_8() {
    check("R01", |mutant| figure_8(mutant, &mut Vec::new()));
}

#[test]
fn a_vote_that_a_restart_forgets_is_given_twice() {
    check("R02", |mutant| {
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
    check("R03", |mutant| {
        let mut table = table(3, 64, mutant);
        elect(&mut table, 0, &[1]);
        table.restart(1);
        table
    });
}

#[test]
fn a_late_append_that_cuts_the_log_loses_what_was_committed() {
    check("R07", |mutant| {
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
fn divergence(mutant: Mutant) -> Table {
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
    check("R08", |mutant| {
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
    check("R09", |mutant| {
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
    check("R10", |mutant| {
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
    check("R13", |mutant| {
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
    check("R20", |mutant| {
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
