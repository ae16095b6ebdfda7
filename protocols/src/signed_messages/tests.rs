//! Signed messages at the table, step by step.

use expect_test::expect;
use serde::Deserialize as _;
use serde::de::value::{Error, MapDeserializer};
use sim_core::checker::Monitor as _;
use sim_core::id::ClientId;
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::signature::Signer;
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::*;
use crate::problem::decision::Conclusion;

const ATTACK: Choice = Choice::new(0, 2);
const RETREAT: Choice = Choice::new(1, 2);

type Table = Tabletop<SignedMessages>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

fn order(table: &mut Table, choice: Choice) {
    table.request(0, op(0), Propose::from(choice));
}

/// Everybody's keys, which a test may have.
fn keys(n: u32) -> Vec<Signer> {
    let table = Table::new(1, Config::default());
    let mouths: NodeSet = (0..n).map(NodeId).collect();
    let forger = table.forger(&mouths);
    mouths.iter().filter_map(|mouth| forger.signer(mouth)).collect()
}

/// An order with the signatures of these, in this order.
fn signed(choice: Choice, signers: &[usize]) -> Message {
    let keys = keys(10);
    let unsigned = Message { choice, chain: Vec::new() };
    signers.iter().fold(unsigned, |message, signer| message.signed_by(keys[*signer]))
}

/// Delivers what flies among these, and ends the round for them.
fn round(table: &mut Table, generals: &[u32]) {
    table.settle(generals);
    generals.iter().for_each(|general| table.fire(*general, Timer::RoundEnds));
}

fn outcome(table: &Table, general: u32) -> Option<Conclusion> {
    table.state(general).general.outcome()
}

#[track_caller]
fn all_decide(table: &Table, generals: &[u32], choice: Choice) {
    for general in generals {
        assert_eq!(outcome(table, *general), Some(Conclusion::Decided(choice)), "n{general}");
    }
    assert_eq!(table.violations(), []);
}

/// The paper's figure 5: SM(1) among three, the commander signs two orders. Each lieutenant sees
/// both, and both know that the commander is a traitor.
#[test]
fn figure_5_the_commander_is_a_traitor_and_both_lieutenants_know_it() {
    let mut table = Table::new(3, Config::default());
    table.inject(0, 1, signed(ATTACK, &[0]));
    table.inject(0, 2, signed(RETREAT, &[0]));
    round(&mut table, &[1, 2]);
    round(&mut table, &[1, 2]);
    assert!((1..3).all(|lieutenant| table.state(lieutenant).accepted.len() == 2));
    all_decide(&table, &[1, 2], RETREAT);
    expect![[r#"
        n0 boots
          n0 Announce(Round { round: 1 })
          n0 RepeatTimer { timer: RoundEnds, every: 100ms }
        n1 boots
          n1 Announce(Round { round: 1 })
          n1 RepeatTimer { timer: RoundEnds, every: 100ms }
        n2 boots
          n2 Announce(Round { round: 1 })
          n2 RepeatTimer { timer: RoundEnds, every: 100ms }
        n0 → n1 A:n0
        n0 → n2 B:n0
        n1 timer RoundEnds
          n1 Send { to: n2, message: A:n0:n1 }
          n1 Announce(Round { round: 2 })
        n2 timer RoundEnds
          n2 Send { to: n1, message: B:n0:n2 }
          n2 Announce(Round { round: 2 })
        n1 → n2 A:n0:n1
        n2 → n1 B:n0:n2
        n1 timer RoundEnds
          n1 CancelTimer { timer: RoundEnds }
          n1 Announce(Decided)
          n1 Indicate { answers: None, indication: Decided(B) }
        n2 timer RoundEnds
          n2 CancelTimer { timer: RoundEnds }
          n2 Announce(Decided)
          n2 Indicate { answers: None, indication: Decided(B) }
    "#]]
    .assert_eq(table.transcript());
}

#[test]
fn three_generals_obey_a_loyal_commander_whatever_the_third_forges() {
    // Oral messages cannot do this (figure 1 of the paper).
    for forged in [signed(RETREAT, &[2]), signed(RETREAT, &[2, 2])] {
        let mut table = Table::new(3, Config::default());
        order(&mut table, ATTACK);
        let genuine = table.take(0, 2).message;
        table.inject(2, 1, forged.clone());
        round(&mut table, &[0, 1]);
        let transplant = Message { choice: RETREAT, chain: genuine.chain };
        table.inject(2, 1, transplant.signed_by(keys(3)[2]));
        table.inject(2, 1, forged);
        round(&mut table, &[0, 1]);
        all_decide(&table, &[0, 1], ATTACK);
    }
}

#[test]
fn an_order_needs_as_many_signatures_as_rounds_have_begun() {
    // n4 is asked in each round whether it takes a chain of each length.
    for begun in 1..=4_usize {
        for length in 1..=5 {
            let mut table = Table::new(6, Config { m: Some(3), ..Config::default() });
            (1..begun).for_each(|_| table.fire(4, Timer::RoundEnds));
            table.inject(3, 4, signed(ATTACK, &[0, 1, 2, 3, 5][..length]));
            let accepted = table.state(4).accepted.len();
            // There are four rounds, and none in which five signatures are of use.
            let expected = usize::from((begun..=4).contains(&length));
            assert_eq!(accepted, expected, "round {begun}, {length} signatures");
            assert_eq!(table.violations(), []);
        }
    }
}

#[test]
fn a_chain_must_begin_with_the_commander_and_name_nobody_twice() {
    for bad in [&[][..], &[1], &[1, 0], &[0, 1, 1], &[0, 1, 0], &[0, 9]] {
        let mut table = Table::new(4, Config::default());
        table.inject(1, 2, signed(ATTACK, bad));
        assert_eq!(table.state(2).accepted.len(), 0, "{bad:?}");
    }
    // A signature in the middle that covers another order.
    let mut mixed = signed(ATTACK, &[0, 1, 3]);
    mixed.chain[1] = signed(RETREAT, &[0, 1]).chain[1];
    let mut table = Table::new(4, Config::default());
    table.inject(3, 2, mixed);
    assert_eq!(table.state(2).accepted.len(), 0);
}

#[test]
fn an_order_is_passed_on_once_to_those_who_have_not_signed_it() {
    let mut table = Table::new(5, Config::default());
    table.inject(1, 2, signed(ATTACK, &[0, 1]));
    table.inject(3, 2, signed(ATTACK, &[0, 3]));
    table.fire(2, Timer::RoundEnds);
    let sent: Vec<_> = table.flying().iter().map(|letter| letter.to).collect();
    assert_eq!(sent, [NodeId(3), NodeId(4)]);
    assert!(table.flying().iter().all(|letter| letter.message == signed(ATTACK, &[0, 1, 2])));
    table.fire(2, Timer::RoundEnds);
    assert_eq!(table.flying().len(), 2);
}

#[test]
fn a_chain_of_m_plus_1_signatures_is_not_passed_on() {
    let mut table = Table::new(5, Config { m: Some(1), ..Config::default() });
    table.inject(1, 2, signed(ATTACK, &[0, 1]));
    (0..2).for_each(|_| table.fire(2, Timer::RoundEnds));
    assert_eq!(table.flying().len(), 0);
    assert_eq!(outcome(&table, 2), Some(Conclusion::Decided(ATTACK)));
}

#[test]
fn without_an_order_or_with_several_the_default_is_obeyed() {
    for (orders, default, decided) in [
        (&[][..], 0, Choice::new(0, 3)),
        (&[1], 0, Choice::new(1, 3)),
        (&[1, 2], 0, Choice::new(0, 3)),
        (&[0, 1, 2], 2, Choice::new(2, 3)),
        (&[0, 2], 9, Choice::new(2, 3)),
    ] {
        let mut table = Table::new(3, Config { default, ..Config::default() });
        table.request(1, op(1), Propose::from(Choice::new(1, 3)));
        for order in orders {
            table.inject(0, 1, signed(Choice::new(*order, 3), &[0]));
        }
        (0..2).for_each(|_| table.fire(1, Timer::RoundEnds));
        assert_eq!(outcome(&table, 1), Some(Conclusion::Decided(decided)));
    }
    let mut table = Table::new(3, Config::default());
    (0..2).for_each(|_| table.fire(1, Timer::RoundEnds));
    assert_eq!(outcome(&table, 1), Some(Conclusion::Undecided), "never heard of any option");
}

#[test]
fn an_order_is_given_once_and_only_in_the_first_round() {
    let mut table = Table::new(4, Config::default());
    order(&mut table, ATTACK);
    table.request(0, op(7), Propose::from(RETREAT));
    assert_eq!(table.flying().len(), 3);
    (0..3).for_each(|_| round(&mut table, &[0, 1, 2, 3]));
    all_decide(&table, &[0, 1, 2, 3], ATTACK);
    assert!((0..4).all(|general| table.timers(general).is_empty()));

    let mut table = Table::new(4, Config::default());
    round(&mut table, &[0, 1, 2, 3]);
    order(&mut table, ATTACK);
    assert_eq!(table.flying().len(), 0, "too late");
}

#[test]
fn who_comes_up_after_the_start_stays_out_and_ends_undecided() {
    let mut table = Table::new(3, Config::default());
    order(&mut table, ATTACK);
    table.pass(Duration::from_millis(1));
    table.restart(2);
    assert_eq!(outcome(&table, 2), Some(Conclusion::Undecided));
    assert_eq!(table.timers(2), []);
    table.deliver(0, 2);
    assert_eq!(table.state(2).accepted.len(), 0);
    (0..2).for_each(|_| round(&mut table, &[0, 1]));
    all_decide(&table, &[0, 1], ATTACK);
}

#[test]
fn a_lie_is_genuine_only_if_all_who_signed_collude() {
    let draws = Streams::new(1).key(Stream::Adversary);
    let truth = signed(ATTACK, &[0, 2]);
    let table = Table::new(4, Config::default());
    for (mouths, is_genuine) in [(&[0, 2][..], true), (&[0, 2, 3], true), (&[2], false)] {
        let mouths: NodeSet = mouths.iter().copied().map(NodeId).collect();
        let lie = truth.forge(Lie::Content, &mut table.forger(&mouths)).expect("another choice");
        assert_eq!(lie.choice, RETREAT);
        assert_eq!(lie.is_genuine(), is_genuine, "{mouths:?}");
        assert!(lie.signers().eq(truth.signers()));
        let marked = if is_genuine { "B:n0:n2" } else { "B:n0✗:n2" };
        assert_eq!(format!("{lie:?}"), marked);
    }
    let only = signed(Choice::new(0, 1), &[0]);
    assert_eq!(only.forge(Lie::Content, &mut Forger::without_keys(draws.member(0))), None);
}

#[test]
fn a_lie_about_the_round_bears_the_signatures_of_all_who_collude() {
    let table = Table::new(5, Config::default());
    let mouths: NodeSet = [2, 3, 4].into_iter().map(NodeId).collect();
    let lie = signed(ATTACK, &[0, 2]).forge(Lie::Round, &mut table.forger(&mouths));
    assert_eq!(lie, Some(signed(ATTACK, &[0, 2, 3, 4])));
    let lie = signed(ATTACK, &[0, 2, 3, 4]).forge(Lie::Round, &mut table.forger(&mouths));
    assert_eq!(lie, None, "nobody is left to sign");
    assert_eq!(signed(ATTACK, &[0]).forge(Lie::Time, &mut table.forger(&mouths)), None);
    assert_eq!([signed(ATTACK, &[0]).kind(), signed(ATTACK, &[0, 2]).kind()], [0, 1]);
    assert_eq!(signed(ATTACK, &[0, 2]).bytes() - signed(ATTACK, &[0]).bytes(), 64);
}

#[test]
fn the_notary_rejects_what_is_badly_signed() {
    let judge = |message: Message, round| {
        let mut state = Table::new(4, Config::default()).state(1).clone();
        state.accepted.insert(message.choice, Accepted { message, round });
        let mut notary = Notary::new(Config::default(), Cluster { n: 4 });
        notary.observe(NodeId(1), 0, &state).map(|violation| violation.witness)
    };
    assert_eq!(judge(signed(ATTACK, &[0, 2]), 1), None);
    assert_eq!(judge(signed(ATTACK, &[0, 2]), 2), None);
    let mut transplant = signed(ATTACK, &[0, 2]);
    transplant.choice = RETREAT;
    for (message, round, wrong) in [
        (signed(ATTACK, &[0, 2]), 3, "too few signers"),
        (signed(ATTACK, &[0, 2, 2]), 3, "too few signers"),
        (signed(ATTACK, &[2, 0]), 1, "signers who have no say"),
        (signed(ATTACK, &[0, 9]), 1, "signers who have no say"),
        (transplant, 1, "a signature that does not cover it"),
    ] {
        let witness = judge(message, round).expect("it is bad");
        assert!(witness.contains(wrong), "{witness}");
    }
}

#[test]
fn keys_are_read_and_unknown_ones_refused() {
    let read = |keys: &[(&'static str, &'static str)]| {
        Config::deserialize(MapDeserializer::<_, Error>::new(keys.iter().copied()))
    };
    let expected = Config { round: Duration::from_secs(2), ..Config::default() };
    assert_eq!(read(&[("round", "2s")]), Ok(expected));
    assert!(read(&[("form", "general")]).is_err());
}

#[test]
fn what_cannot_run_is_objected_to() {
    let objections = |n, config: Config| {
        let found = SignedMessages::objections(&config, Cluster { n });
        found.into_iter().map(|objection| (objection.key, objection.runnable)).collect::<Vec<_>>()
    };
    let with = |m| Config { m: Some(m), ..Config::default() };
    assert!((1..20).all(|n| objections(n, Config::default()).is_empty()));
    assert_eq!(objections(4, with(2)), []);
    assert_eq!(objections(4, with(3)), [("m", false)]);
    assert_eq!(objections(1, with(0)), []);
    assert_eq!(objections(4, with(u32::MAX)), [("m", false)]);
    let no_time = Config { round: Duration::ZERO, ..Config::default() };
    assert_eq!(objections(4, no_time), [("round", false)]);
}
