//! Anti-entropy at the table, step by step.

use sim_core::id::ClientId;
use sim_core::tabletop::Tabletop;

use super::*;
use crate::mutants::{Planted, breaks, broken};

type Table = Tabletop<AntiEntropy>;

const KEY: Key = Key { writer: ClientId(0), number: 0 };
const ALL: [Exchange; 3] = [Exchange::Full, Exchange::Digest, Exchange::Merkle];

const fn op(sequence: u32) -> OpId {
    OpId { client: ClientId(0), sequence }
}

fn table(exchange: Exchange, mutant: Planted) -> Table {
    Table::with_mutant(3, Config { exchange, ..Config::default() }, mutant)
}

/// Client 0 writes or deletes a key at n0.
fn write(table: &mut Table, sequence: u32, number: u32, deletes: bool) {
    table.request(0, op(sequence), Write { key: Key { number, ..KEY }, deletes });
}

/// These nodes ask and are answered, often enough to have met all others.
fn gossip(table: &mut Table, nodes: &[u32]) {
    for _ in 0..12 {
        for node in nodes {
            table.fire(*node, Timer::Round);
            table.settle(&[0, 1, 2]);
        }
    }
}

fn entry(table: &Table, node: u32) -> Option<(u32, bool)> {
    let entry = table.state(node).state.entries.get(&KEY)?;
    Some((entry.version, entry.deleted))
}

#[test]
fn whatever_way_they_compare_all_come_to_have_all() {
    for exchange in ALL {
        let mut table = table(exchange, None);
        for number in 0..40 {
            write(&mut table, number, number, false);
        }
        write(&mut table, 40, 0, true);
        gossip(&mut table, &[1, 2]);
        for node in 1..3 {
            assert_eq!(table.state(node).state.entries.len(), 40, "{exchange:?}");
            assert_eq!(entry(&table, node), Some((41, true)), "{exchange:?}");
        }
        assert_eq!(broken(&table), [""; 0]);
    }
}

#[test]
fn between_equal_states_a_tree_needs_one_question_and_no_answer() {
    let mut table = table(Exchange::Merkle, None);
    write(&mut table, 0, 0, false);
    gossip(&mut table, &[1, 2]);
    table.fire(1, Timer::Round);
    let to = table.flying()[0].to.0;
    table.deliver(1, to);
    assert!(table.flying().is_empty(), "{:?}", table.flying());
}

#[test]
fn a_tree_descends_only_where_hashes_differ() {
    let mut table = table(Exchange::Merkle, None);
    for number in 0..200 {
        write(&mut table, number, number, false);
    }
    gossip(&mut table, &[1, 2]);
    write(&mut table, 200, 0, false);
    let question = Question::UnlessRoot(table.state(1).state.root());
    table.inject(1, 0, Message::Ask { number: 7, question });
    let Message::Tell { answer: Answer::Branches(theirs), .. } = table.take(0, 1).message else {
        panic!("no branches");
    };
    assert_eq!(differing(&table.state(1).state.branches(), &theirs).len(), 1);
}

#[test]
fn the_next_round_does_not_cut_off_a_descent_that_still_gets_answers() {
    let mut table = table(Exchange::Merkle, None);
    write(&mut table, 0, 0, false);
    table.fire(1, Timer::Round);
    while table.flying()[0].to.0 != 0 {
        table.lose_all();
        table.fire(1, Timer::Round);
    }
    for _ in 0..2 {
        table.deliver(1, 0);
        table.deliver(0, 1);
        table.fire(1, Timer::Round);
        assert_eq!(table.flying().len(), 1, "{:?}", table.flying());
    }
    // One that fell silent is given up.
    table.lose_all();
    table.fire(1, Timer::Round);
    assert!(matches!(
        table.flying()[0].message,
        Message::Ask { question: Question::UnlessRoot(_), .. }
    ));
}

#[test]
fn a_tombstone_goes_when_all_have_it_and_not_before() {
    let mut table = table(Exchange::Digest, None);
    write(&mut table, 0, 0, false);
    gossip(&mut table, &[1, 2]);
    write(&mut table, 1, 0, true);
    gossip(&mut table, &[0, 1]);
    let after = Config::default().collect_after;
    table.pass(after);
    gossip(&mut table, &[0, 1]);
    assert_eq!(entry(&table, 0), Some((2, true)), "n2 has not seen it");
    gossip(&mut table, &[0, 1, 2]);
    table.pass(after);
    gossip(&mut table, &[0, 1, 2]);
    assert!((0..3).all(|node| entry(&table, node).is_none()));
    assert_eq!(broken(&table), [""; 0]);
}

#[test]
fn a_retry_that_comes_after_the_collection_writes_nothing() {
    let mut table = table(Exchange::Digest, None);
    write(&mut table, 0, 0, false);
    write(&mut table, 1, 0, true);
    for _ in 0..2 {
        gossip(&mut table, &[0, 1, 2]);
        table.pass(Config::default().collect_after);
    }
    gossip(&mut table, &[0, 1, 2]);
    assert_eq!(entry(&table, 0), None);
    for _ in 0..2 {
        write(&mut table, 0, 0, false);
        assert_eq!(entry(&table, 0), None);
        table.restart(0);
    }
    assert_eq!(broken(&table), [""; 0]);
}

#[test]
fn an_answer_from_before_a_collection_is_not_taken_after_it() {
    let mut table = table(Exchange::Full, None);
    write(&mut table, 0, 0, false);
    // n2 alone has the value when n1 asks it; the answer is long on its way.
    gossip(&mut table, &[2]);
    let (mut number, mut to) = (0, 0);
    while to != 2 {
        table.fire(1, Timer::Round);
        let letter = table.flying().last().expect("a question").clone();
        to = letter.to.0;
        if let Message::Ask { number: asked, .. } = letter.message {
            number = asked;
        }
        table.lose_all();
    }
    table.inject(1, 2, Message::Ask { number, question: Question::All });
    let late = table.take(2, 1);
    write(&mut table, 1, 0, true);
    for _ in 0..2 {
        gossip(&mut table, &[0, 1, 2]);
        table.pass(Config::default().collect_after);
    }
    gossip(&mut table, &[0, 1, 2]);
    assert_eq!(entry(&table, 1), None);
    table.arrive(late);
    assert_eq!(entry(&table, 1), None);
    assert_eq!(broken(&table), [""; 0]);
}

#[test]
fn who_comes_up_again_shows_what_it_has_since_it_may_have_fallen_before_it_could() {
    let mut table = table(Exchange::Digest, None);
    write(&mut table, 0, 0, true);
    gossip(&mut table, &[1]);
    let shown = "n1 Indicate { answers: None, indication: Shows";
    let before = table.transcript().matches(shown).count();
    assert!(before > 0, "{}", table.transcript());
    table.restart(1);
    assert_eq!(table.transcript().matches(shown).count(), before + 1);
    assert_eq!(broken(&table), [""; 0]);
}

/// One replica is down for longer than tombstones are kept, and then takes part again.
fn a_replica_away_too_long(exchange: Exchange, mutant: Planted) -> Table {
    let mut table = table(exchange, mutant);
    write(&mut table, 0, 0, false);
    gossip(&mut table, &[1, 2]);
    table.crash(2);
    write(&mut table, 1, 0, true);
    gossip(&mut table, &[1]);
    table.pass(Config::default().collect_after);
    gossip(&mut table, &[0, 1]);
    table.boot(NodeId(2));
    gossip(&mut table, &[0, 1, 2]);
    table
}

#[test]
fn g06_to_drop_a_tombstone_that_a_replica_never_saw_is_caught() {
    for exchange in ALL {
        assert_eq!(entry(&a_replica_away_too_long(exchange, None), 2), Some((2, true)));
        breaks("G06", NO_RESURRECTION, |mutant| a_replica_away_too_long(exchange, mutant));
    }
}
