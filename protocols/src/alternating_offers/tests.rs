//! Alternating offers, told step by step.

use sim_core::id::{ClientId, NodeSet};
use sim_core::message::{Lie, Message as _};
use sim_core::rng::Ratio;
use sim_core::tabletop::Tabletop;

use super::*;
use crate::bargain::Domain;
use crate::mutants::{Planted, breaks_all};

type Table = Tabletop<AlternatingOffers>;

/// A pie in ten pieces; the first party's share goes down the list.
fn pie() -> Domain {
    let split = |own: u32| vec![100 * own, 1_000 - 100 * own];
    Domain { outcomes: (0..=10).rev().map(split).collect(), disagreement: vec![0, 0] }
}

fn ask(table: &mut Table, node: u32) {
    let op = OpId { client: ClientId(node), sequence: 0 };
    table.request(node, op, Negotiate(pie()));
}

fn seat(config: Config, mutant: Planted) -> Table {
    let mut table = Table::with_mutant(2, config, mutant);
    ask(&mut table, 0);
    ask(&mut table, 1);
    table
}

fn halves() -> Config {
    Config { patience: [Ratio::new(1, 2); 2], ..Config::default() }
}

const fn agreed(outcome: usize, rounds: u32) -> Option<Ending> {
    Some(Ending::Agreed { outcome, rounds })
}

fn ends(table: &Table) -> [Option<Ending>; 2] {
    [0, 1].map(|node| table.state(node).ending.outcome())
}

#[test]
fn the_first_offer_is_accepted_and_takes_two_messages() {
    // 1 / (1 + 1/2) of ten pieces, as the pieces allow.
    let mut table = seat(halves(), None);
    table.deliver(0, 1);
    assert_eq!(ends(&table), [None, agreed(4, 1)]);
    table.deliver(1, 0);
    assert_eq!(ends(&table), [agreed(4, 1); 2]);
    assert!(table.flying().is_empty());
    assert_eq!(table.violations(), []);
}

#[test]
fn what_is_lost_is_said_again_until_the_deadline() {
    let mut table = seat(halves(), None);
    table.lose_all();
    table.fire(0, Timer::Repeat);
    table.deliver(0, 1);
    table.lose_all();
    table.fire(0, Timer::Repeat);
    table.settle(&[0, 1]);
    assert_eq!(ends(&table), [agreed(4, 1); 2]);
    let mut table = seat(halves(), None);
    table.deliver(0, 1);
    table.lose_all();
    table.fire(0, Timer::Deadline);
    assert_eq!(ends(&table), [Some(Ending::BrokenDown), agreed(4, 1)]);
    assert_eq!(table.violations(), []);
}

#[test]
fn who_takes_the_other_for_impatient_is_refused_and_both_wait() {
    let config = Config {
        patience: [Ratio::new(9, 10); 2],
        assumed: Some(Ratio::new(1, 10)),
        ..Config::default()
    };
    let mut table = seat(config, None);
    table.deliver(0, 1);
    assert_eq!(ends(&table), [None; 2]);
    assert_eq!(table.state(1).round, 1);
    table.settle(&[0, 1]);
    assert!(table.state(0).round > 1, "{}", table.transcript());
    assert_eq!(table.violations(), []);
}

#[test]
fn in_the_last_round_nothing_is_too_little() {
    let config = Config {
        patience: [Ratio::ALWAYS; 2],
        assumed: Some(Ratio::NEVER),
        rounds: 3,
        ..Config::default()
    };
    let mut table = seat(config, None);
    table.settle(&[0, 1]);
    // Each takes the other for impatient and asks for all, until waiting brings nobody anything.
    assert_eq!(ends(&table), [agreed(0, 3); 2]);
    assert_eq!(table.violations(), []);
}

#[test]
fn after_the_last_round_there_is_no_agreement() {
    let mut table = seat(Config { rounds: 1, ..halves() }, None);
    table.lose_all();
    // It is none of the outcomes, so it is refused, and there is no round for an offer in return.
    table.inject(0, 1, Message::Offer { round: 0, outcome: 99 });
    assert_eq!(ends(&table), [None, Some(Ending::BrokenDown)]);
    assert!(table.flying().is_empty());
    table.fire(0, Timer::Deadline);
    assert_eq!(ends(&table), [Some(Ending::BrokenDown); 2]);
}

#[test]
fn an_offer_that_comes_before_the_request_is_kept() {
    let mut table = Table::new(2, halves());
    ask(&mut table, 0);
    table.deliver(0, 1);
    assert_eq!(ends(&table), [None; 2]);
    ask(&mut table, 1);
    table.settle(&[0, 1]);
    assert_eq!(ends(&table), [agreed(4, 1); 2]);
}

#[test]
fn nobody_accepts_for_the_other_or_what_was_not_offered() {
    let mut table = seat(halves(), None);
    table.inject(1, 0, Message::Accept { round: 0, outcome: 10 });
    table.inject(1, 0, Message::Accept { round: 1, outcome: 4 });
    table.inject(1, 0, Message::Offer { round: 0, outcome: 0 });
    assert_eq!(ends(&table), [None; 2]);
}

#[test]
fn lies_are_other_outcomes_and_later_rounds_in_the_same_words() {
    let table = seat(halves(), None);
    let mouths = NodeSet::from_iter([NodeId(0)]);
    for truth in [Message::Offer { round: 3, outcome: 2 }, Message::Accept { round: 3, outcome: 2 }]
    {
        let forge = |lie| truth.forge(lie, &mut table.forger(&mouths));
        let lies = [Lie::Content, Lie::Round].map(|lie| forge(lie).expect("a lie"));
        assert_eq!(lies.map(|lie| lie.kind()), [truth.kind(); 2]);
        let [(round, other), (later, outcome)] = lies.map(|lie| match lie {
            Message::Offer { round, outcome } | Message::Accept { round, outcome } => {
                (round, outcome)
            }
        });
        assert!(round == 3 && other != 2, "{lies:?}");
        assert!(later > 3 && outcome == 2, "{lies:?}");
        assert_eq!(forge(Lie::Time), None);
    }
}

#[test]
fn ao1_to_take_the_own_next_offer_for_agreed_is_caught() {
    breaks_all("AO1", |mutant| {
        let mut table = seat(halves(), mutant);
        table.settle(&[0, 1]);
        table
    });
}
