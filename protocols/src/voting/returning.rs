//! Voting at the table: restarts, retries, waiting, and what is said again because it was lost.

use sim_core::time::Duration;

use super::tests::{
    DECIDED_REACT, REACT, Table, UNDECIDED, VUE, ask, ballot, check, collector, conclusion, count,
    op, settle_all, vote,
};
use super::*;

fn resending(config: Config) -> Config {
    Config { resend: Some(Duration::from_millis(100)), ..config }
}

#[test]
fn a_restart_never_changes_a_vote() {
    let mut table = Table::new(3, Config::default());
    ask(&mut table, 0, REACT);
    table.lose_all();
    table.restart(0);
    // Another client of the agent has another opinion, but the agent has voted.
    table.request(0, op(7), Propose::from(VUE));
    let sent = table.flying().iter().map(|letter| letter.message.clone());
    assert_eq!(sent.collect::<Vec<_>>(), [ballot(REACT), ballot(REACT)]);
    ask(&mut table, 1, REACT);
    table.settle(&[0, 1]);
    check(&table, &[DECIDED_REACT, DECIDED_REACT, None]);
    assert_eq!(count(&table, "Persist { record: Ballot"), 2);
}

#[test]
fn a_restart_never_changes_an_outcome() {
    let mut table = Table::new(3, Config::default());
    ask(&mut table, 0, REACT);
    table.fire(0, Timer::GiveUp);
    table.restart(0);
    // Its ballot may have been lost with the crash, and others may need it.
    assert_eq!(table.flying().len(), 4);
    assert_eq!(table.timers(0), []);
    for other in 1..3 {
        table.inject(other, 0, ballot(REACT));
    }
    check(&table, &[UNDECIDED]);
    assert_eq!(count(&table, "Indicate"), 2);
}

#[test]
fn a_collector_that_restarts_announces_its_outcome_again() {
    let mut table = vote(collector(), &[REACT; 3]);
    table.restart(0);
    assert_eq!(table.flying().len(), 2);
    settle_all(&mut table, 3);
    check(&table, &[DECIDED_REACT; 3]);
}

#[test]
fn a_retry_votes_once_and_is_answered_once_the_outcome_is_known() {
    let mut table = Table::new(2, Config::default());
    ask(&mut table, 0, REACT);
    ask(&mut table, 0, REACT);
    assert_eq!(count(&table, "Send"), 1);
    assert_eq!(count(&table, "Indicate"), 0);
    ask(&mut table, 1, REACT);
    settle_all(&mut table, 2);
    assert_eq!(count(&table, "Indicate { answers: Some(c0.0)"), 1);
    table.restart(0);
    ask(&mut table, 0, REACT);
    assert_eq!(count(&table, "Indicate { answers: Some(c0.0)"), 2);
    check(&table, &[DECIDED_REACT; 2]);
}

#[test]
fn whoever_is_asked_after_the_outcome_still_votes_and_is_answered() {
    let mut table = Table::new(4, resending(Config::default()));
    (0..3).for_each(|node| ask(&mut table, node, REACT));
    settle_all(&mut table, 4);
    check(&table, &[DECIDED_REACT; 4]);
    ask(&mut table, 3, VUE);
    assert_eq!(table.flying().len(), 3);
    assert_eq!(table.timers(3), []);
    assert_eq!(count(&table, "Indicate { answers: Some(c3.0)"), 1);
    settle_all(&mut table, 4);
    check(&table, &[DECIDED_REACT; 4]);
}

#[test]
fn the_wait_starts_with_the_first_ballot_and_only_once() {
    let mut table = Table::new(4, Config::default());
    table.inject(1, 0, ballot(REACT));
    assert_eq!(table.timers(0), [Timer::GiveUp]);
    ask(&mut table, 0, VUE);
    assert_eq!(count(&table, "SetTimer { timer: GiveUp, after: 500ms"), 1);
    table.fire(0, Timer::GiveUp);
    check(&table, &[UNDECIDED, None, None, None]);
}

#[test]
fn a_voter_waits_twice_as_long_as_the_collector() {
    let mut table = Table::new(3, collector());
    ask(&mut table, 0, REACT);
    ask(&mut table, 1, VUE);
    assert_eq!(count(&table, "SetTimer { timer: GiveUp, after: 500ms"), 1);
    assert_eq!(count(&table, "SetTimer { timer: GiveUp, after: 1s"), 1);
    table.fire(1, Timer::GiveUp);
    table.inject(0, 1, Message::Outcome { decided: Some(VUE) });
    check(&table, &[None, UNDECIDED, None]);
}

#[test]
fn a_repeated_ballot_outlasts_loss() {
    for config in [Config::default(), collector()] {
        let mut table = Table::new(3, resending(config));
        (0..3).for_each(|node| ask(&mut table, node, REACT));
        table.lose_all();
        for node in 0..3 {
            if table.timers(node).contains(&Timer::Resend) {
                table.fire(node, Timer::Resend);
                assert!(table.timers(node).contains(&Timer::Resend), "once is not enough");
            }
        }
        settle_all(&mut table, 3);
        check(&table, &[DECIDED_REACT; 3]);
        (0..3).for_each(|node| assert_eq!(table.timers(node), []));
        table.inject(0, 1, ballot(REACT));
        assert_eq!(table.flying().len(), 0, "none but a collector announces");
    }
}

#[test]
fn a_collector_tells_the_outcome_again_to_whom_it_was_lost() {
    for (config, answers) in [(collector(), 0), (resending(collector()), 1)] {
        let mut table = Table::new(3, config);
        (0..2).for_each(|node| ask(&mut table, node, REACT));
        assert_eq!(table.timers(0), [Timer::GiveUp], "its ballot has nowhere to go");
        table.deliver(1, 0);
        table.lose_all();
        table.inject(1, 0, ballot(REACT));
        assert_eq!(table.flying().len(), answers);
        table.lose_all();
        // Its first ballot is only late: the outcome was sent to it anyway.
        ask(&mut table, 2, VUE);
        table.deliver(2, 0);
        assert_eq!(table.flying().len(), 0);
        table.inject(2, 0, ballot(VUE));
        assert_eq!(table.flying().len(), answers);
        settle_all(&mut table, 3);
        assert_eq!(conclusion(&table, 2).is_some(), answers == 1);
        assert_eq!(table.violations(), []);
    }
}
