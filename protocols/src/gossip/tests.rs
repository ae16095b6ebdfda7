//! Gossip at the table, step by step.

use sim_core::id::ClientId;
use sim_core::tabletop::Tabletop;

use super::*;
use crate::mutants::breaks_all;

const OP: OpId = op(0);
type Table = Tabletop<Gossip>;

const fn op(sequence: u32) -> OpId {
    OpId { client: ClientId(0), sequence }
}

fn counter(k: u32) -> Config {
    Config { contact: Contact::Push, interest: Interest::Counter, k, ..Config::default() }
}

fn copy(rumour: OpId, hops: u32) -> Message {
    Message::Copy { rumour, hops, asks: None }
}

fn item(table: &Table, node: u32) -> Option<Item> {
    table.state(node).known.get(OP).copied()
}

fn is_hot(table: &Table, node: u32) -> bool {
    item(table, node).is_some_and(|item| item.is_hot)
}

#[test]
fn a_pushed_copy_is_learned_and_a_known_one_is_not_learned_again() {
    let mut table = Table::new(2, counter(2));
    table.request(0, OP, Tell);
    table.fire(0, Timer::Round);
    table.deliver(0, 1);
    table.deliver(1, 0);
    assert_eq!(item(&table, 1).map(|item| (item.hops, item.is_hot)), Some((1, true)));
    table.inject(0, 1, copy(OP, 1));
    assert_eq!(table.violations(), []);
    assert_eq!(table.state(1).known.len(), 1);
}

#[test]
fn a_counter_runs_up_with_contacts_for_nothing_and_back_with_a_useful_one() {
    let mut table = Table::new(2, counter(2));
    table.request(0, OP, Tell);
    let says = |useful: bool| Message::Feedback { rumour: OP, useful };
    for (useful, hot) in [(false, true), (true, true), (false, true), (false, false)] {
        table.inject(1, 0, says(useful));
        assert_eq!(is_hot(&table, 0), hot);
    }
    // Who spreads nothing and asks nobody has no timer.
    table.fire(0, Timer::Round);
    assert_eq!((table.flying().len(), table.timers(0).len()), (0, 0));
}

#[test]
fn a_coin_of_one_side_loses_interest_at_the_first_contact_for_nothing() {
    let mut table = Table::new(2, Config { interest: Interest::Coin, ..counter(1) });
    table.request(0, OP, Tell);
    table.inject(1, 0, Message::Feedback { rumour: OP, useful: true });
    assert!(is_hot(&table, 0));
    table.inject(1, 0, Message::Feedback { rumour: OP, useful: false });
    assert!(!is_hot(&table, 0));
}

#[test]
fn a_blind_counter_asks_nobody() {
    let mut table = Table::new(2, Config { feedback: false, ..counter(2) });
    table.request(0, OP, Tell);
    for hot in [true, false] {
        table.fire(0, Timer::Round);
        assert_eq!(is_hot(&table, 0), hot);
        table.deliver(0, 1);
    }
    assert!(table.flying().is_empty());
}

#[test]
fn to_infect_and_die_is_one_round_of_as_many_copies_as_the_fan_out() {
    let mut table = Table::new(
        5,
        Config { contact: Contact::Push, interest: Interest::Once, fanout: 3, ..Config::default() },
    );
    table.request(0, OP, Tell);
    table.fire(0, Timer::Round);
    assert_eq!((table.flying().len(), is_hot(&table, 0)), (3, false));
    assert!(table.timers(0).is_empty());
}

#[test]
fn in_synchronous_rounds_a_contact_is_judged_by_what_was_known_when_the_round_began() {
    let mut table = Table::new(3, Config { rounds: Rounds::Synchronous, ..counter(1) });
    let period = Config::default().period;
    table.pass(period);
    let useful = |table: &mut Table| {
        table.inject(0, 1, copy(OP, 1));
        let answer = table.take(1, 0);
        matches!(answer.message, Message::Feedback { useful: true, .. })
    };
    assert!(useful(&mut table), "it was new");
    assert!(useful(&mut table), "it was new in this round");
    table.pass(period);
    assert!(!useful(&mut table), "it was known before this round");
    // Nor is a rumour passed on in the round in which it was learned.
    let pull = Config { contact: Contact::Pull, ..Config::default() };
    let mut table = Table::new(2, Config { rounds: Rounds::Synchronous, ..pull });
    table.request(0, OP, Tell);
    table.inject(1, 0, Message::Ask { known: 0 });
    assert!(table.flying().is_empty());
    table.pass(period);
    table.inject(1, 0, Message::Ask { known: 0 });
    assert_eq!(table.flying().len(), 1);
}

#[test]
fn who_asks_is_told_what_it_lacks_and_nothing_when_it_lacks_nothing() {
    let mut table = Table::new(2, Config { contact: Contact::Pull, ..Config::default() });
    table.request(0, OP, Tell);
    table.request(0, op(1), Tell);
    table.fire(1, Timer::Round);
    table.settle(&[0, 1]);
    assert_eq!(table.state(1).known.fold(), table.state(0).known.fold());
    assert_eq!(table.state(1).known.len(), 2);
    table.fire(1, Timer::Round);
    table.deliver(1, 0);
    assert!(table.flying().is_empty());
}

#[test]
fn one_call_of_push_and_pull_carries_both_ways() {
    let mut table = Table::new(2, Config::default());
    table.request(0, OP, Tell);
    table.request(1, op(1), Tell);
    table.fire(0, Timer::Round);
    assert_eq!(table.flying().len(), 1);
    table.settle(&[0, 1]);
    assert_eq!((table.state(0).known.len(), table.state(1).known.len()), (2, 2));
}

#[test]
fn a_copy_makes_as_many_hops_as_it_may() {
    let mut table = Table::new(3, Config { hops: Some(2), ..counter(9) });
    table.inject(0, 1, copy(OP, 1));
    table.inject(0, 2, copy(OP, 2));
    assert_eq!((is_hot(&table, 1), is_hot(&table, 2)), (true, false));
    assert_eq!(table.timers(2), []);
}

#[test]
fn a_small_memory_forgets_the_oldest_that_is_not_spread() {
    let mut table = Table::new(2, Config { memory: Some(2), ..counter(1) });
    for sequence in 0..2 {
        table.request(0, op(sequence), Tell);
    }
    table.inject(1, 0, Message::Feedback { rumour: op(1), useful: false });
    table.request(0, op(2), Tell);
    let knows = |table: &Table| {
        (0..4).filter(|at| table.state(0).known.get(op(*at)).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(knows(&table), [0, 2]);
    // Both are spread: the oldest has to go, and the next takes its place.
    table.request(0, op(3), Tell);
    assert_eq!(knows(&table), [2, 3]);
    table.inject(1, 0, copy(OP, 1));
    assert_eq!(knows(&table), [0, 3]);
    assert_eq!(table.violations(), []);
}

#[test]
fn the_fold_of_what_is_known_does_not_depend_on_the_order() {
    let folded = |order: [u32; 3]| {
        let mut known = Known::default();
        for at in order {
            let rumour = op(at);
            known.add(Item { rumour, round: 0, hops: 0, copies: 0, misses: 0, is_hot: true });
        }
        known.fold()
    };
    assert_eq!(folded([0, 1, 2]), folded([2, 0, 1]));
    assert_ne!(folded([0, 1, 2]), folded([0, 1, 3]));
}

#[test]
fn what_a_client_told_outlives_a_crash_and_what_others_told_does_not() {
    let mut table = Table::new(2, Config::default());
    table.request(0, OP, Tell);
    table.inject(0, 1, copy(OP, 1));
    table.restart(0);
    table.restart(1);
    assert_eq!((is_hot(&table, 0), is_hot(&table, 1)), (true, false));
    assert_eq!(table.violations(), []);
}

#[test]
fn to_learn_without_looking_is_caught() {
    breaks_all("GO1", |mutant| {
        let mut table = Table::with_mutant(2, Config::default(), mutant);
        table.request(0, OP, Tell);
        table.inject(0, 1, copy(OP, 1));
        table.inject(0, 1, copy(OP, 1));
        table
    });
}

/// With the kernel's three words a node fits into 64 bytes, and a million of them into the memory
/// and the time that a large world may take.
#[test]
fn a_node_that_knows_one_rumour_takes_five_words() {
    assert_eq!(size_of::<Option<Gossip>>(), 5 * size_of::<u64>());
}
