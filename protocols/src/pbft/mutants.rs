//! Each of PBFT's planted bugs in the shortest story that shows it.

use sim_core::id::{NodeId, NodeSet};
use sim_core::message::{Lie, Message as _};

use super::Config;
use super::invariants::{COMMITTED_AGREEMENT, COMMITTED_STAYS};
use super::message::{Batch, Message, Phase};
use super::tests::{Table, ask, lose_patience, offer, replica, request, settle_but, table, vote};
use crate::mutants::{Planted, breaks};

/// The primary n0 lies: it proposes one client's request to some and the other's to the rest,
/// and commits to whatever they want.
fn two_proposals(n: u32, some: &[u32], rest: &[u32], mutant: Planted) -> Table {
    let mut table = table(n, Config::default(), mutant);
    for client in [0, 1] {
        ask(&mut table, n, client, 0);
    }
    table.lose_all();
    for (client, group) in [(0, some), (1, rest)] {
        let offer = offer(&table, 0, (0, 1), Batch::One(request(&table, n, client, 0)));
        let commit = vote(&table, 0, Phase::Commit, offer.proposal);
        for node in group {
            table.inject(0, *node, Message::PrePrepare(offer.clone()));
            table.inject(0, *node, commit.clone());
        }
    }
    table.settle(some);
    table.settle(rest);
    table
}

#[test]
fn b01_two_f_votes_commit_two_proposals_in_one_view() {
    breaks("B01", COMMITTED_AGREEMENT, |mutant| two_proposals(4, &[1], &[2], mutant));
}

#[test]
fn b02_two_f_plus_one_votes_commit_two_proposals_among_five() {
    breaks("B02", COMMITTED_AGREEMENT, |mutant| two_proposals(5, &[1, 2], &[3, 4], mutant));
}

/// n0, n1 and n2 go on in view 1 without n3, and a second request takes the first free place.
fn go_on_without_n3(table: &mut Table) {
    table.crash(3);
    lose_patience(table, &[1, 2]);
    settle_but(table, |_| false);
    assert_eq!(replica(table, 0).view(), 1);
    ask(table, 4, 1, 0);
    ask(table, 4, 1, 0);
    settle_but(table, |_| false);
}

/// Everybody accepts the first request, and only n3 hears who else did.
fn prepared_at_n3(mutant: Planted) -> Table {
    let mut table = table(4, Config::default(), mutant);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |letter| {
        let vote = matches!(letter.message, Message::Prepare { .. } | Message::Commit { .. });
        vote && letter.to != NodeId(3)
    });
    table
}

/// Everybody prepares the first request, and only n3 hears the commits and executes it.
fn committed_at_n3(mutant: Planted) -> Table {
    let mut table = table(4, Config::default(), mutant);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |letter| {
        matches!(letter.message, Message::Commit { .. }) && letter.to != NodeId(3)
    });
    assert_eq!((replica(&table, 0).position(), replica(&table, 3).position()), (0, 1));
    table
}

#[test]
fn b03_what_is_executed_before_it_is_committed_is_lost_in_the_next_view() {
    breaks("B03", COMMITTED_STAYS, |mutant| {
        let mut table = prepared_at_n3(mutant);
        go_on_without_n3(&mut table);
        table
    });
}

#[test]
fn b06_a_liar_that_votes_twice_is_counted_as_two() {
    breaks("B06", COMMITTED_AGREEMENT, |mutant| {
        let mut table = table(4, Config::default(), mutant);
        ask(&mut table, 4, 0, 0);
        let held = settle_but(&mut table, |letter| {
            !matches!(letter.message, Message::Request(_) | Message::PrePrepare(_))
        });
        let prepare = held.into_iter().find(|letter| (letter.from.0, letter.to.0) == (3, 0));
        let prepare = prepare.expect("n3's prepare").message;
        let Message::Prepare { proposal, .. } = prepare else { panic!("{prepare:?}") };
        let commit = vote(&table, 3, Phase::Commit, proposal);
        for message in [&prepare, &prepare, &commit, &commit] {
            table.inject(3, 0, message.clone());
        }
        table.lose_all();
        table.crash(0);
        lose_patience(&mut table, &[1, 2, 3]);
        settle_but(&mut table, |_| false);
        ask(&mut table, 4, 1, 0);
        ask(&mut table, 4, 1, 0);
        settle_but(&mut table, |_| false);
        table
    });
}

#[test]
fn b07_a_view_change_that_says_nothing_of_what_was_prepared_loses_it() {
    breaks("B07", COMMITTED_STAYS, |mutant| {
        let mut table = committed_at_n3(mutant);
        go_on_without_n3(&mut table);
        table
    });
}

#[test]
fn b08_a_new_primary_that_proposes_null_requests_is_believed() {
    breaks("B08", COMMITTED_STAYS, |mutant| {
        let mut table = committed_at_n3(mutant);
        table.crash(3);
        lose_patience(&mut table, &[1, 2]);
        let is_new_view = |message: &Message| matches!(message, Message::NewView(_));
        let held = settle_but(&mut table, |letter| is_new_view(&letter.message));
        let told = held.into_iter().next().expect("a new view").message;
        let mouths = NodeSet::from_iter([NodeId(1)]);
        let lie = told.forge(Lie::Content, &mut table.forger(&mouths)).expect("a lie");
        table.inject(1, 0, lie.clone());
        table.inject(1, 2, lie);
        settle_but(&mut table, |letter| letter.to == NodeId(1));
        table
    });
}

#[test]
fn b10_prepares_are_passed_off_as_commits() {
    breaks("B10", COMMITTED_AGREEMENT, |mutant| {
        let mut table = table(4, Config::default(), mutant);
        ask(&mut table, 4, 0, 0);
        let is_vote =
            |message: &Message| matches!(message, Message::Prepare { .. } | Message::Commit { .. });
        let held = settle_but(&mut table, |letter| is_vote(&letter.message));
        for letter in held.into_iter().filter(|letter| letter.to == NodeId(3)) {
            // The liar n2 passes on what n1 and it said, and says it once more as something else.
            let Message::Prepare { proposal, seal } = letter.message else { continue };
            table.arrive(letter);
            table.inject(2, 3, Message::Commit { proposal, seal });
        }
        table.lose_all();
        go_on_without_n3(&mut table);
        table
    });
}
