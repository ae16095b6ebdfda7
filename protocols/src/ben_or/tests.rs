//! Ben-Or's protocols at the table, step by step.

use sim_core::id::ClientId;
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::*;

const A: Choice = Choice::new(0, 2);
const B: Choice = Choice::new(1, 2);

type Table = Tabletop<BenOr>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

fn byzantine() -> Config {
    Config { faults: Faults::Byzantine, ..Config::default() }
}

fn all(n: u32) -> Vec<u32> {
    (0..n).collect()
}

/// Asks everybody; each hears itself.
fn seat(opinions: &[Choice], config: Config) -> Table {
    let mut table = Table::new(opinions.len() as u32, config);
    for (node, opinion) in (0..).zip(opinions) {
        table.request(node, op(node), Propose::from(*opinion));
        table.settle(&[node]);
    }
    table
}

fn decisions(table: &Table, n: u32) -> Vec<Option<Choice>> {
    (0..n).map(|node| table.state(node).decided).collect()
}

const fn report(round: u64, choice: Choice) -> Message {
    Message::Report { round, choice, again: false }
}

const fn proposal(round: u64, choice: Option<Choice>) -> Message {
    Message::Proposal { round, choice, again: false }
}

#[test]
fn where_all_want_the_same_one_round_decides_it() {
    for config in [Config::default(), byzantine()] {
        for n in [1, 2, 3, 6, 11] {
            for choice in [A, B] {
                let mut table = seat(&vec![choice; n as usize], config.clone());
                table.settle(&all(n));
                assert_eq!(decisions(&table, n), vec![Some(choice); n as usize]);
                assert!((0..n).all(|node| table.state(node).concluded == Some((1, choice))));
                let lines = || table.transcript().lines();
                let crossed = lines().filter(|line| {
                    let ends = line.split_once(" → ");
                    ends.is_some_and(|(from, rest)| !rest.starts_with(&format!("{from} ")))
                });
                // Report, proposal and last word, each to each.
                assert_eq!(crossed.count() as u32, 3 * n * (n - 1), "n = {n}");
                assert_eq!(table.violations(), []);
            }
        }
    }
}

#[test]
fn divided_nodes_decide_some_round_and_all_the_same() {
    for coin in [Coin::Local, Coin::Common] {
        for (n, config) in [(5, Config::default()), (6, byzantine())] {
            for salt in 0..20 {
                let opinions: Vec<_> = (0..n).map(|node| [A, B][node as usize % 2]).collect();
                let mut table = seat(&opinions, Config { coin, salt, ..config.clone() });
                table.settle(&all(n));
                let decided = decisions(&table, n);
                assert!(decided[0].is_some() && decided.iter().all(|it| *it == decided[0]));
                assert_eq!(table.violations(), []);
            }
        }
    }
}

#[test]
fn thresholds_are_those_of_the_paper() {
    let of = |config: &Config, n| {
        let Thresholds { heard, propose, adopt, decide, believe } =
            config.thresholds(Cluster { n });
        [heard, propose, adopt, decide, believe]
    };
    assert_eq!(of(&Config::default(), 3), [2, 2, 1, 2, 1]);
    assert_eq!(of(&Config::default(), 5), [3, 3, 1, 3, 1]);
    assert_eq!(of(&Config { resilience: Some(1), ..Config::default() }, 5), [4, 3, 1, 2, 1]);
    assert_eq!(of(&byzantine(), 6), [5, 4, 2, 4, 2]);
    assert_eq!(of(&byzantine(), 11), [9, 7, 3, 7, 3]);
}

#[test]
fn thresholds_carry_the_lemmas_of_the_proof() {
    for n in 1..200 {
        for t in 0..=Config::default().survivable(Cluster { n }) {
            let config = Config { resilience: Some(t), ..Config::default() };
            let needed = config.thresholds(Cluster { n });
            assert!(needed.propose <= needed.heard, "n = {n}, t = {t}: the alive can agree");
            assert!(2 * needed.propose > n, "n = {n}, t = {t}: nobody proposes otherwise");
            assert!(needed.decide > t, "n = {n}, t = {t}: all hear one who proposes it");
            assert!(needed.decide <= needed.heard);
        }
        for t in 0..=byzantine().survivable(Cluster { n }) {
            let config = Config { resilience: Some(t), ..byzantine() };
            let needed = config.thresholds(Cluster { n });
            // Who agree are heard together but for t silent ones, and t liars among those heard.
            assert!(n - 2 * t >= needed.propose, "n = {n}, t = {t}: unanimity decides");
            assert!(2 * needed.propose > n + t, "n = {n}, t = {t}: nobody proposes otherwise");
            assert!(needed.decide - 2 * t >= needed.adopt, "n = {n}, t = {t}: all adopt");
            assert!(needed.adopt > t && needed.believe > t, "n = {n}, t = {t}: not on lies alone");
        }
    }
}

#[test]
fn a_node_hears_the_first_word_of_each_and_waits_for_enough() {
    let mut table = seat(&[A, A, A, B, B], Config::default());
    for choice in [B, A, B] {
        table.inject(1, 0, report(1, choice));
    }
    table.inject(7, 0, report(1, B));
    assert_eq!(table.state(0).said[&1].proposal, None, "two of five were heard");
    table.inject(2, 0, report(1, A));
    assert_eq!(table.state(0).said[&1].proposal, Some(None), "two of five want A, and one B");
    assert_eq!(table.state(0).heard[&1].reports.len(), 3);
}

#[test]
fn a_proposal_is_adopted_and_enough_of_them_decide() {
    for (proposals, decided, next) in
        [([Some(A), None], None, Some(A)), ([Some(A), Some(A)], Some(A), None)]
    {
        let mut table = seat(&[A, B, B, A, A], Config::default());
        (3..5).for_each(|from| table.inject(from, 0, report(1, A)));
        table.settle(&[0]);
        assert_eq!(table.state(0).said[&1].proposal, Some(Some(A)));
        for (from, choice) in (1..).zip(proposals) {
            table.inject(from, 0, proposal(1, choice));
        }
        assert_eq!(table.state(0).decided, decided);
        assert_eq!(table.state(0).said.get(&2).map(|words| words.report), next);
    }
}

#[test]
fn one_proposal_of_a_possible_liar_is_not_adopted() {
    let salt = (0..).find(|salt| common_coin(*salt, 1, 2) == B).unwrap();
    for (liars, next) in [(1, B), (2, A)] {
        let config = Config { coin: Coin::Common, salt, ..byzantine() };
        let mut table = seat(&[B, A, A, A, B, B], config);
        (1..5).for_each(|from| table.deliver(from, 0));
        table.settle(&[0]);
        assert_eq!(table.state(0).said[&1].proposal, Some(None));
        for from in 1..5 {
            table.inject(from, 0, proposal(1, Some(A).filter(|_| from <= liars)));
        }
        assert_eq!(table.state(0).said[&2].report, next, "{liars} propose A");
    }
}

#[test]
fn the_last_word_of_one_is_enough_among_the_honest_and_of_more_than_t_among_liars() {
    let done = Message::Decided { round: 4, choice: B };
    let mut table = seat(&[A, A, A], Config::default());
    table.inject(1, 0, done.clone());
    assert_eq!((table.state(0).decided, table.state(0).concluded), (Some(B), Some((4, B))));
    let mut table = seat(&[A; 6], byzantine());
    table.inject(1, 0, done.clone());
    table.inject(1, 0, done.clone());
    assert_eq!(table.state(0).decided, None);
    table.inject(2, 0, done);
    assert_eq!(table.state(0).decided, Some(B));
    assert_eq!(table.state(0).concluded, None, "the others may need its words");
    assert_eq!(table.timers(0), [Timer::Repeat]);
}

#[test]
fn the_last_word_stands_for_all_later_rounds_and_no_earlier_one() {
    for (round, stands) in [(0, true), (1, false)] {
        let mut table = seat(&[A; 6], byzantine());
        table.inject(1, 0, Message::Decided { round, choice: A });
        let heard = &table.state(0).heard[&1];
        assert_eq!(heard.reports.contains_key(&NodeId(1)), stands);
        assert_eq!(heard.proposals.contains_key(&NodeId(1)), stands);
    }
    // It is remembered until the node gets to a later round.
    let mut table = seat(&[A, A, A, B, B, B], byzantine());
    table.inject(5, 0, Message::Decided { round: 1, choice: B });
    (1..5).for_each(|from| table.deliver(from, 0));
    table.settle(&[0]);
    (1..5).for_each(|from| table.inject(from, 0, proposal(1, None)));
    assert_eq!(table.state(0).round, 2);
    assert_eq!(table.state(0).heard[&2].proposals[&NodeId(5)], Some(B));
}

#[test]
fn who_is_behind_is_helped_by_who_is_further() {
    let mut table = seat(&[A, A, B, B, A], Config::default());
    table.settle(&[0, 1, 2]);
    let ahead = table.state(0).decided;
    assert!(ahead.is_some());
    // All that was said to n3 and n4 is lost; their repeats are answered.
    table.lose_all();
    for node in [3, 4] {
        table.fire(node, Timer::Repeat);
    }
    table.settle(&all(5));
    assert_eq!(decisions(&table, 5), [ahead; 5]);
    assert_eq!(table.violations(), []);
}

#[test]
fn who_is_further_but_undecided_says_again_what_it_said_long_ago() {
    let mut table = seat(&[A, A, B, B, A], Config::default());
    // n0 to n2 hear of each other two A and one B, and propose nothing.
    for (from, to) in [(1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2)] {
        table.deliver(from, to);
        table.settle(&[to]);
    }
    for (from, to) in [(1, 0), (2, 0)] {
        table.deliver(from, to);
    }
    assert_eq!((table.state(0).round, table.state(0).decided), (2, None));
    table.lose_all();
    table.inject(3, 0, Message::Report { round: 1, choice: B, again: true });
    let sent: Vec<_> = table.flying().iter().map(|letter| letter.message.clone()).collect();
    assert_eq!(sent, [report(1, A), proposal(1, None)]);
    // One who repeats itself in the same round gets no answer: n0 repeats itself too.
    table.lose_all();
    table.inject(3, 0, Message::Report { round: 2, choice: B, again: true });
    assert!(table.flying().iter().all(|letter| letter.to != NodeId(3)));
}

#[test]
fn a_later_life_says_what_the_earlier_ones_said() {
    let mut table = seat(&[A, A, B], Config::default());
    table.deliver(1, 0);
    table.settle(&[0]);
    assert_eq!(table.state(0).said[&1].proposal, Some(Some(A)));
    let before = table.state(0).said.clone();
    table.lose_all();
    table.restart(0);
    assert_eq!(table.state(0).said, before);
    let again: Vec<_> = table.flying().iter().map(|letter| letter.message.clone()).collect();
    let report = Message::Report { round: 1, choice: A, again: true };
    let proposal = Message::Proposal { round: 1, choice: Some(A), again: true };
    assert_eq!(again, [report.clone(), report, proposal.clone(), proposal]);
    table.request(0, op(0), Propose::from(B));
    assert_eq!(table.state(0).said, before, "it was asked before");
    table.settle(&all(3));
    for node in 0..3 {
        if table.timers(node).contains(&Timer::Repeat) {
            table.fire(node, Timer::Repeat);
        }
        table.settle(&all(3));
    }
    assert!(decisions(&table, 3).iter().all(Option::is_some));
    assert_eq!(table.violations(), []);
}

#[test]
fn a_decision_outlives_a_reboot_and_is_said_again() {
    let mut table = seat(&[A; 3], Config::default());
    table.settle(&all(3));
    table.restart(1);
    assert_eq!(table.state(1).concluded, Some((1, A)));
    let last = Message::Decided { round: 1, choice: A };
    assert!(table.flying().iter().all(|letter| letter.message == last));
    assert_eq!(table.flying().len(), 2);
    assert_eq!(table.violations(), []);
}

#[test]
fn who_is_asked_about_three_options_gives_up_and_about_one_decides() {
    let three = Choice::new(0, 3);
    let table = seat(&[three; 3], Config::default());
    assert_eq!(table.transcript().matches("indication: Undecided").count(), 3);
    assert!(table.flying().is_empty());
    let only = Choice::new(0, 1);
    let mut table = seat(&[only; 3], Config::default());
    table.settle(&all(3));
    assert_eq!(decisions(&table, 3), [Some(only); 3]);
}

#[test]
fn the_common_coin_is_the_same_for_all_and_fair_over_rounds_and_salts() {
    let heads = |mut tosses: Vec<Choice>| {
        tosses.retain(|side| *side == A);
        tosses.len()
    };
    // A fair coin misses this in one of a hundred thousand million cases.
    let fair = 4_660..=5_340;
    assert!(fair.contains(&heads((0..10_000).map(|round| common_coin(3, round, 2)).collect())));
    assert!(fair.contains(&heads((0..10_000).map(|salt| common_coin(salt, 1, 2)).collect())));
}

#[test]
fn silence_is_kept_where_repeating_is_switched_off() {
    let table = seat(&[A, B], Config { retransmit: Duration::ZERO, ..Config::default() });
    assert!((0..2).all(|node| table.timers(node).is_empty()));
}

#[test]
fn lies_are_about_the_choice_or_the_round() {
    let forger = &mut Forger::without_keys(Streams::new(0).key(Stream::Adversary).member(0));
    let mut forge = |message: &Message, lie| message.forge(lie, forger);
    let done = |round, choice| Message::Decided { round, choice };
    assert_eq!(forge(&report(2, A), Lie::Content), Some(report(2, B)));
    assert_eq!(forge(&proposal(2, Some(B)), Lie::Content), Some(proposal(2, Some(A))));
    assert_eq!(forge(&done(2, A), Lie::Content), Some(done(2, B)));
    assert_eq!(forge(&proposal(2, None), Lie::Content), None);
    assert_eq!(forge(&report(2, Choice::new(0, 1)), Lie::Content), None);
    for mut message in [report(2, A), proposal(2, None), done(2, A)] {
        let mut lie = forge(&message, Lie::Round).expect("a lie");
        assert!((3..=12).contains(lie.round_mut()), "{lie:?}");
        *message.round_mut() = *lie.round_mut();
        assert_eq!(message, lie, "nothing else changes");
        assert_eq!(forge(&message, Lie::Time), None);
        assert_eq!(forge(&message, Lie::Accusation), None);
    }
}

#[test]
fn too_little_resilience_is_objected_to_and_not_promised() {
    let with = |config: Config, n, resilience| {
        let (config, cluster) = (Config { resilience, ..config }, Cluster { n });
        let runnable = BenOr::objections(&config, cluster).first().map(|it| it.runnable);
        let contract = BenOr::contract(&config, cluster);
        (runnable, contract.safety.byzantine, contract.liveness.faulty)
    };
    assert_eq!(with(Config::default(), 5, None), (None, 0, 2));
    assert_eq!(with(Config::default(), 4, None), (None, 0, 1));
    assert_eq!(with(Config::default(), 4, Some(2)), (Some(true), 0, 1));
    assert_eq!(with(Config::default(), 4, Some(4)), (Some(false), 0, 1));
    assert_eq!(with(byzantine(), 6, None), (None, 1, 1));
    assert_eq!(with(byzantine(), 5, None), (None, 0, 0));
    assert_eq!(with(byzantine(), 5, Some(1)), (Some(true), 0, 0));
    assert_eq!(with(byzantine(), 11, Some(1)), (None, 1, 1));
}

#[test]
fn each_message_has_a_kind_of_its_own() {
    let messages = [
        Message::Report { round: 1, choice: A, again: false },
        Message::Proposal { round: 1, choice: None, again: false },
        Message::Decided { round: 1, choice: A },
    ];
    let kinds = messages.map(|message| Message::KINDS[message.kind()]);
    assert_eq!(kinds, ["report", "proposal", "decided"]);
}
