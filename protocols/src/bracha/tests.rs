//! Bracha's broadcast at the table, step by step.

use sim_core::id::{ClientId, NodeSet};
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::*;
use crate::mutants::broken;

const OP: OpId = OpId { client: ClientId(0), sequence: 0 };
const INSTANCE: Instance = Instance { sender: NodeId(0), op: OP };
const TRUE: Value = Value(7);
const LIE: Value = TRUE.forged();

type Table = Tabletop<Bracha>;

fn says(step: Step, value: Value) -> Message {
    Message { step, instance: INSTANCE, value, again: false }
}

fn ask(table: &mut Table) {
    table.request(0, OP, Broadcast(TRUE));
}

fn all(n: u32) -> Vec<u32> {
    (0..n).collect()
}

fn delivered(table: &Table, n: u32) -> Vec<Option<Value>> {
    let slot = |node| table.state(node).slots.get(&INSTANCE);
    (0..n).map(|node| slot(node).and_then(|slot| slot.delivered)).collect()
}

/// How many messages are on their way to others than their senders.
fn on_the_network(table: &Table) -> usize {
    table.flying().iter().filter(|letter| letter.from != letter.to).count()
}

/// Delivers all that flies now, but nothing that is said on the way; what nodes say to themselves
/// takes no time. Returns how many messages crossed the network.
fn one_delay(table: &mut Table, n: u32) -> usize {
    let letters: Vec<_> =
        table.flying().iter().map(|letter| (letter.from.0, letter.to.0)).collect();
    let crossing: Vec<_> = letters.into_iter().filter(|(from, to)| from != to).collect();
    for (from, to) in &crossing {
        table.deliver(*from, *to);
    }
    (0..n).for_each(|node| table.settle(&[node]));
    crossing.len()
}

#[test]
fn a_broadcast_takes_three_delays_and_its_messages() {
    for n in [1, 2, 3, 4, 7, 10] {
        let mut table = Table::new(n, Config::default());
        ask(&mut table);
        (0..n).for_each(|node| table.settle(&[node]));
        let mut messages = 0;
        for _ in 0..2 {
            messages += one_delay(&mut table, n);
            let early = delivered(&table, n).iter().flatten().count() as u32;
            assert!(n <= 3 || early == 0, "n = {n}: {early} delivered early");
        }
        messages += one_delay(&mut table, n);
        assert_eq!(delivered(&table, n), vec![Some(TRUE); n as usize], "n = {n}");
        assert_eq!(on_the_network(&table), 0, "n = {n}");
        assert_eq!(messages as u32, (n - 1) * (2 * n + 1), "n = {n}");
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn thresholds_are_those_of_the_paper_and_leave_room_for_f_liars() {
    for (n, f, thresholds) in [(4, 1, (3, 2, 3)), (5, 1, (4, 2, 3)), (7, 2, (5, 3, 5))] {
        let cluster = Cluster { n };
        let config = Config::default();
        let Thresholds { echoes, amplification, delivery } = config.thresholds(cluster);
        assert_eq!((config.faults(cluster), (echoes, amplification, delivery)), (f, thresholds));
    }
    for n in 1..200 {
        let cluster = Cluster { n };
        let faults = Config::default().faults(cluster);
        let Thresholds { echoes, delivery, .. } = Config::default().thresholds(cluster);
        assert!(echoes <= n - faults && delivery <= n - faults, "n = {n}: liars could be mute");
        assert!(2 * echoes > n + faults, "n = {n}: two sets of echoes may share liars alone");
    }
}

#[test]
fn an_equivocating_sender_gets_one_value_delivered_or_none() {
    // n0 tells its truth to this many of the six others, and the lie to the rest.
    for truthful in 0..=6 {
        let mut table = Table::new(7, Config::default());
        table.corrupt(0);
        for step in [Step::Init, Step::Echo, Step::Ready] {
            for node in 1..7 {
                let value = if node <= truthful { TRUE } else { LIE };
                table.inject(0, node, says(step, value));
            }
        }
        table.settle(&[1, 2, 3, 4, 5, 6]);
        let seen = &delivered(&table, 7)[1..];
        let expected = match truthful {
            0..=2 => Some(LIE),
            4..=6 => Some(TRUE),
            _ => None,
        };
        assert_eq!(seen, [expected; 6], "truth told to {truthful}");
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn one_liar_among_three_splits_the_other_two() {
    let mut table = Table::new(3, Config::default());
    table.corrupt(0);
    for (node, value) in [(1, TRUE), (2, LIE)] {
        for step in [Step::Init, Step::Echo] {
            table.inject(0, node, says(step, value));
        }
        table.settle(&[node]);
    }
    assert_eq!(delivered(&table, 3)[1..], [Some(TRUE), Some(LIE)]);
    let broken = broken(&table);
    assert!(broken.contains(&CONSISTENCY) && broken.contains(&READY_AGREEMENT), "{broken:?}");
}

#[test]
fn ready_is_contagious_and_delivery_is_total() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    // n3 hears nothing but the READYs of two others, and catches up.
    table.settle(&[0, 1, 2]);
    assert_eq!(delivered(&table, 4), [Some(TRUE), Some(TRUE), Some(TRUE), None]);
    while table.flying()[0].message.step != Step::Ready {
        let (from, to) = (table.flying()[0].from.0, table.flying()[0].to.0);
        table.take(from, to);
    }
    let mut readies = 0;
    while readies < 2 {
        let (from, to) = (table.flying()[0].from.0, table.flying()[0].to.0);
        let letter = table.take(from, to);
        if letter.message.step == Step::Ready {
            assert_eq!(table.state(3).slots.get(&INSTANCE).and_then(|s| s.said(Step::Ready)), None);
            table.arrive(letter);
            readies += 1;
        }
    }
    table.settle(&[3]);
    assert_eq!(table.state(3).slots[&INSTANCE].said(Step::Ready), Some(TRUE));
    assert_eq!(delivered(&table, 4)[3], Some(TRUE), "its own READY is the third");
}

#[test]
fn only_the_sender_can_initiate_and_the_first_word_of_a_node_counts() {
    let mut table = Table::new(4, Config::default());
    table.inject(2, 1, says(Step::Init, TRUE));
    assert_eq!(table.flying().len(), 0, "n2 is not the sender");
    for value in [TRUE, LIE, LIE] {
        table.inject(2, 1, says(Step::Ready, value));
    }
    table.inject(3, 1, says(Step::Ready, LIE));
    assert_eq!(table.flying().len(), 0, "two READYs of one node are one");
    table.inject(
        3,
        1,
        Message { instance: Instance { sender: NodeId(9), op: OP }, ..says(Step::Ready, LIE) },
    );
    table.inject(9, 1, says(Step::Ready, LIE));
    assert_eq!(table.flying().len(), 0, "n9 does not exist");
    assert_eq!(table.state(1).slots.len(), 1);
}

#[test]
fn what_was_said_is_said_again_after_a_reboot_and_never_otherwise() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    table.settle(&[0]);
    table.deliver(0, 1);
    table.settle(&[1]);
    table.lose_all();
    table.restart(1);
    table.inject(0, 1, says(Step::Init, LIE));
    let said: NodeSet = table.flying().iter().map(|letter| letter.to).collect();
    assert_eq!(said, [0, 2, 3].map(NodeId).into_iter().collect());
    let echoes = |message: &Message| message.step == Step::Echo && message.value == TRUE;
    assert!(table.flying().iter().all(|letter| echoes(&letter.message)));
    assert_eq!(table.violations(), []);
}

#[test]
fn a_sender_that_reboots_before_it_heard_itself_still_broadcasts() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    table.lose_all();
    table.restart(0);
    table.settle(&all(4));
    assert_eq!(delivered(&table, 4), [Some(TRUE); 4]);
    assert_eq!(table.violations(), []);
}

#[test]
fn repeats_bring_everybody_there_though_everything_was_lost_once() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    for round in 0.. {
        assert!(round < 5, "still not delivered:\n{}", table.transcript());
        // Whatever crosses the network in this round is lost.
        (0..4).for_each(|node| table.settle(&[node]));
        table.lose_all();
        for node in (0..4).filter(|node| !table.timers(*node).is_empty()).collect::<Vec<_>>() {
            table.fire(node, Timer::Repeat);
        }
        table.settle(&all(4));
        if delivered(&table, 4) == [Some(TRUE); 4] {
            break;
        }
    }
    // Then each finds out that nobody lacks anything, and all fall silent.
    for _ in 0..2 {
        for node in (0..4).filter(|node| !table.timers(*node).is_empty()).collect::<Vec<_>>() {
            table.fire(node, Timer::Repeat);
        }
        table.settle(&all(4));
    }
    assert!((0..4).all(|node| table.timers(node).is_empty()), "{}", table.transcript());
    assert_eq!(table.violations(), []);
}

#[test]
fn a_node_that_missed_everything_is_told_by_those_who_delivered() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    table.settle(&[0, 1, 2]);
    table.lose_all();
    assert_eq!(delivered(&table, 4)[3], None);
    (0..3).for_each(|node| table.fire(node, Timer::Repeat));
    table.settle(&all(4));
    assert_eq!(delivered(&table, 4)[3], Some(TRUE));
}

#[test]
fn who_has_delivered_answers_a_repetition_with_all_that_it_said_and_repeats_nothing() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    table.settle(&[0, 1, 2]);
    table.lose_all();
    let again = Message { again: true, ..says(Step::Echo, TRUE) };
    table.inject(3, 1, again.clone());
    let answers: Vec<_> =
        table.flying().iter().map(|letter| (letter.to, &letter.message)).collect();
    let (echo, ready) = (says(Step::Echo, TRUE), says(Step::Ready, TRUE));
    assert_eq!(answers, [(NodeId(3), &echo), (NodeId(3), &ready)]);
    table.lose_all();
    table.inject(1, 3, again);
    let is_answer = |step| table.flying().iter().any(|letter| letter.message.step == step);
    assert!(!is_answer(Step::Echo) && !is_answer(Step::Ready), "n3 has not delivered");
}

#[test]
fn who_reboots_having_delivered_delivers_again_in_its_new_life() {
    let mut table = Table::new(4, Config::default());
    ask(&mut table);
    table.settle(&all(4));
    table.restart(2);
    table.settle(&all(4));
    let told = table.transcript().matches("n2 Indicate").count();
    assert_eq!(told, 2);
    // And a client that asks again is answered again.
    ask(&mut table);
    assert_eq!(table.transcript().matches("n0 Indicate { answers: Some(c0.0)").count(), 2);
    assert_eq!(table.violations(), []);
}

#[test]
fn retransmission_can_be_switched_off() {
    let config = Config { retransmit: Duration::ZERO, ..Config::default() };
    let mut table = Table::new(4, config);
    ask(&mut table);
    table.settle(&all(4));
    assert!((0..4).all(|node| table.timers(node).is_empty()));
    assert_eq!(delivered(&table, 4), [Some(TRUE); 4]);
}

#[test]
fn liars_agree_on_one_lie_about_a_value_at_every_step() {
    let draw = Streams::new(0).key(Stream::Adversary).member(0);
    for step in [Step::Init, Step::Echo, Step::Ready] {
        let forger = &mut Forger::without_keys(draw);
        assert_eq!(says(step, TRUE).forge(Lie::Content, forger), Some(says(step, LIE)));
        for lie in [Lie::Round, Lie::Time, Lie::Accusation] {
            assert_eq!(says(step, TRUE).forge(lie, forger), None);
        }
        assert_eq!(Message::KINDS[says(step, TRUE).kind()], format!("{step:?}").to_lowercase());
    }
}

#[test]
fn too_many_faults_are_objected_to_and_not_promised() {
    let with = |n, faults| {
        let config = Config { faults, ..Config::default() };
        let cluster = Cluster { n };
        let objected = !Bracha::objections(&config, cluster).is_empty();
        (objected, Bracha::contract(&config, cluster).safety.byzantine)
    };
    assert_eq!(with(4, None), (false, 1));
    assert_eq!(with(3, None), (false, 0));
    assert_eq!(with(3, Some(1)), (true, 0));
    assert_eq!(with(6, Some(2)), (true, 1));
    assert_eq!(with(7, Some(1)), (false, 1));
    assert!(
        Bracha::objections(&Config { faults: Some(1), ..Config::default() }, Cluster { n: 3 })
            .iter()
            .all(|objection| objection.runnable && objection.key == "faults")
    );
}
