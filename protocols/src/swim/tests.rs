//! SWIM on the table: one period, its figures, and what the members are told.

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::{Config, Incarnations, Message, Purpose, Swim, Timer, UPDATE_BYTES, Update};
use crate::problem::membership::{Belief, Request, Status};

type Table = Tabletop<Swim>;

const OP: OpId = OpId { client: ClientId(0), sequence: 0 };

fn in_step() -> Config {
    Config { in_step: true, proxies: 1, ..Config::default() }
}

fn says(incarnation: u64, updates: Vec<Update>) -> Message {
    Message { purpose: Purpose::News, incarnation: Some(incarnation), updates }
}

fn update(member: u32, incarnation: u64, status: Status) -> Update {
    Update { member: NodeId(member), belief: Belief { incarnation, status } }
}

fn status(table: &Table, node: u32, member: u32) -> (u64, Status) {
    let belief = table.state(node).belief(NodeId(member)).expect("a member that is known");
    (belief.incarnation, belief.status)
}

/// The kinds of what flies, with sender and receiver.
fn flying(table: &Table) -> Vec<(&'static str, u32, u32)> {
    let kind = |message: &Message| Message::KINDS[message.kind()];
    table.flying().iter().map(|l| (kind(&l.message), l.from.0, l.to.0)).collect()
}

#[test]
fn a_ping_that_is_answered_ends_the_period_quietly() {
    let mut table = Table::new(2, in_step());
    table.fire(0, Timer::Period);
    assert_eq!(flying(&table), [("ping", 0, 1)]);
    table.deliver(0, 1);
    assert_eq!(flying(&table), [("ack", 1, 0)]);
    table.deliver(1, 0);
    assert!(!table.timers(0).contains(&Timer::Unanswered));
    table.fire(0, Timer::Period);
    assert_eq!(status(&table, 0, 1), (0, Status::Alive));
}

/// Figure 1 of the paper: the direct ping is lost, and the answer comes through a proxy.
#[test]
fn figure_1_a_proxy_reaches_whom_the_prober_does_not() {
    let mut table = Table::new(3, in_step());
    table.fire(0, Timer::Period);
    let [("ping", 0, target)] = flying(&table)[..] else { panic!("{:?}", flying(&table)) };
    let proxy = 3 - target;
    table.lose_all();
    table.fire(0, Timer::Unanswered);
    assert_eq!(flying(&table), [("ping_request", 0, proxy)]);
    table.deliver(0, proxy);
    assert_eq!(flying(&table), [("ping", proxy, target)]);
    table.deliver(proxy, target);
    table.deliver(target, proxy);
    assert_eq!(flying(&table), [("ack", proxy, 0)]);
    table.deliver(proxy, 0);
    table.lose_all();
    table.fire(0, Timer::Period);
    assert_eq!(status(&table, 0, target), (0, Status::Alive));
}

#[test]
fn whoever_does_not_answer_within_the_period_is_suspected_and_then_dead() {
    let mut table = Table::new(2, in_step());
    table.fire(0, Timer::Period);
    table.lose_all();
    table.fire(0, Timer::Unanswered);
    table.fire(0, Timer::Period);
    assert_eq!(status(&table, 0, 1), (0, Status::Suspect));
    table.fire(0, Timer::Suspicion(NodeId(1)));
    assert_eq!(status(&table, 0, 1), (0, Status::Dead));
}

#[test]
fn without_suspicion_the_first_unanswered_probe_is_a_death() {
    let mut table = Table::new(2, Config { suspicion: 0, ..in_step() });
    table.fire(0, Timer::Period);
    table.lose_all();
    table.fire(0, Timer::Period);
    assert_eq!(status(&table, 0, 1), (0, Status::Dead));
}

#[test]
fn a_suspect_is_told_so_by_the_next_ping_and_refutes_it_by_its_answer() {
    let mut table = Table::new(2, in_step());
    table.fire(0, Timer::Period);
    table.lose_all();
    table.fire(0, Timer::Period);
    table.deliver(0, 1);
    table.deliver(1, 0);
    assert_eq!(status(&table, 0, 1), (1, Status::Alive));
    assert!(!table.timers(0).contains(&Timer::Suspicion(NodeId(1))));
    assert!(table.violations().is_empty());
}

#[test]
fn an_answer_that_comes_a_period_late_answers_nothing() {
    let mut table = Table::new(2, in_step());
    table.fire(0, Timer::Period);
    table.deliver(0, 1);
    let late = table.take(1, 0);
    table.fire(0, Timer::Period);
    assert_eq!(status(&table, 0, 1), (0, Status::Suspect));
    table.arrive(late);
    table.lose_all();
    table.fire(0, Timer::Period);
    assert!(table.transcript().matches("Unanswered {").count() == 2, "{}", table.transcript());
}

#[test]
fn beliefs_are_ordered_by_incarnation_and_then_by_how_bad_they_are() {
    let mut table = Table::new(3, in_step());
    use Status::{Alive, Dead, Left, Suspect};
    for (told, believed) in [
        ((0, Suspect), (0, Suspect)),
        ((0, Alive), (0, Suspect)),
        ((1, Alive), (1, Alive)),
        ((0, Dead), (1, Alive)),
        ((1, Dead), (1, Dead)),
        ((1, Suspect), (1, Dead)),
        ((1, Alive), (1, Dead)),
        ((10, Dead), (10, Dead)),
        ((2, Alive), (10, Dead)),
        ((11, Suspect), (11, Suspect)),
        ((11, Left), (11, Left)),
        ((11, Dead), (11, Left)),
        ((12, Alive), (12, Alive)),
    ] {
        table.inject(1, 0, says(0, vec![update(2, told.0, told.1)]));
        assert_eq!(status(&table, 0, 2), believed, "after {told:?}");
    }
    assert!(table.violations().is_empty());
}

#[test]
fn a_message_carries_no_more_news_than_it_may() {
    let config = Config { piggyback: 2 * UPDATE_BYTES + 1, ..in_step() };
    let mut table = Table::new(8, config);
    let news = (2..8).map(|member| update(member, 1, Status::Alive)).collect();
    table.inject(1, 0, says(0, news));
    for _ in 0..4 {
        table.fire(0, Timer::Period);
    }
    let sizes = table.flying().iter().map(|letter| letter.message.updates.len());
    assert_eq!(sizes.max(), Some(2));
}

#[test]
fn news_is_passed_on_lambda_ln_n_times() {
    let config = Config { retransmit: 3, ..Config::default() };
    // 3 ln 9 = 6.59; 3 ln 33 = 10.49.
    assert_eq!([1, 8, 32].map(|n| config.transmissions(n)), [3, 7, 11]);
    assert_eq!(Config { retransmit: 0, ..config.clone() }.transmissions(8), 1);
    // 4 periods, and twice that among a hundred.
    assert_eq!(config.suspicion_timeout(8), Duration::from_secs(4));
    assert_eq!(config.suspicion_timeout(100), Duration::from_secs(8));
}

#[test]
fn in_a_round_everybody_is_probed_once() {
    let mut table = Table::new(6, in_step());
    let mut rounds: Vec<Vec<u32>> = Vec::new();
    for _ in 0..3 {
        let mut round: Vec<u32> = (0..5)
            .map(|_| {
                table.fire(0, Timer::Period);
                let target = table.flying().last().expect("a ping").to.0;
                table.settle(&[0, 1, 2, 3, 4, 5]);
                target
            })
            .collect();
        round.sort_unstable();
        rounds.push(round);
    }
    assert_eq!(rounds, vec![vec![1, 2, 3, 4, 5]; 3]);
}

#[test]
fn whoever_comes_up_again_has_a_later_incarnation_or_rises_when_it_is_told() {
    for (incarnation, at_once) in [(Incarnations::Persisted, 1), (Incarnations::Volatile, 0)] {
        let mut table = Table::new(2, Config { incarnation, ..in_step() });
        table.fire(0, Timer::Period);
        table.lose_all();
        table.fire(0, Timer::Period);
        table.fire(0, Timer::Suspicion(NodeId(1)));
        table.lose_all();
        table.restart(1);
        table.lose_all();
        table.fire(1, Timer::Period);
        table.deliver(1, 0);
        let dead = if at_once > 0 { (1, Status::Alive) } else { (0, Status::Dead) };
        assert_eq!(status(&table, 0, 1), dead, "{incarnation:?}");
        table.settle(&[0, 1]);
        table.fire(1, Timer::Period);
        table.settle(&[0, 1]);
        assert_eq!(status(&table, 0, 1), (1, Status::Alive), "{incarnation:?}");
        assert!(table.violations().is_empty(), "{}", table.transcript());
    }
}

/// Four nodes of which n0 is the seed, after two periods.
fn acquainted_by_a_seed() -> Table {
    let mut table = Table::new(4, Config { seeds: Some(1), ..in_step() });
    table.settle(&[0, 1, 2, 3]);
    // The seed knows them all; what each was told depends on who came before.
    for _ in 0..2 {
        for node in 0..4 {
            table.fire(node, Timer::Period);
            table.settle(&[0, 1, 2, 3]);
        }
    }
    table
}

#[test]
fn a_node_that_knows_a_seed_alone_comes_to_know_all() {
    let table = acquainted_by_a_seed();
    for node in 0..4 {
        for member in (0..4).filter(|member| *member != node) {
            assert_eq!(status(&table, node, member), (0, Status::Alive), "n{member} at n{node}");
        }
    }
}

#[test]
fn a_member_leaves_for_good_until_it_joins_again() {
    let mut table = Table::new(3, in_step());
    table.request(2, OP, Request::Leave);
    table.settle(&[0, 1, 2]);
    assert_eq!([0, 1].map(|node| status(&table, node, 2)), [(0, Status::Left); 2]);
    assert!(table.timers(2).is_empty());
    // It is deaf, also after a crash, and nobody probes it.
    table.restart(2);
    assert!(table.timers(2).is_empty());
    table.fire(0, Timer::Period);
    assert_eq!(flying(&table), [("ping", 0, 1)]);
    table.settle(&[0, 1, 2]);
    table.request(2, OpId { sequence: 1, ..OP }, Request::Join);
    table.settle(&[0, 1, 2]);
    table.fire(2, Timer::Period);
    table.settle(&[0, 1, 2]);
    table.fire(2, Timer::Period);
    table.settle(&[0, 1, 2]);
    assert_eq!([0, 1].map(|node| status(&table, node, 2).1), [Status::Alive; 2]);
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn who_joined_again_is_a_member_after_a_crash_whatever_is_kept_of_its_incarnation() {
    for incarnation in [Incarnations::Persisted, Incarnations::Volatile] {
        let mut table = Table::new(2, Config { incarnation, ..in_step() });
        table.request(1, OP, Request::Leave);
        table.settle(&[0, 1]);
        table.request(1, OpId { sequence: 1, ..OP }, Request::Join);
        table.settle(&[0, 1]);
        table.restart(1);
        table.settle(&[0, 1]);
        table.fire(1, Timer::Period);
        table.settle(&[0, 1]);
        assert_eq!(status(&table, 0, 1).1, Status::Alive, "{incarnation:?}");
        assert!(table.violations().is_empty(), "{}", table.transcript());
    }
}

#[test]
fn two_halves_that_held_each_other_for_dead_find_together_by_an_exchange() {
    let mut table = Table::new(2, in_step());
    for node in 0..2 {
        table.inject(1 - node, node, says(0, vec![update(1 - node, 0, Status::Dead)]));
    }
    table.lose_all();
    // Nobody probes the dead, but whoever is alone asks also without being told to.
    table.fire(0, Timer::Period);
    assert_eq!(flying(&table), [("sync", 0, 1)]);
    table.lose_all();
    table.fire(0, Timer::Sync);
    assert_eq!(flying(&table), [("sync", 0, 1)]);
    table.settle(&[0, 1]);
    table.fire(0, Timer::Period);
    table.settle(&[0, 1]);
    assert_eq!([status(&table, 0, 1).1, status(&table, 1, 0).1], [Status::Alive; 2]);
}

/// Whom a node sends views, firing the timer as often.
fn partners(table: &mut Table, node: u32, timer: Timer, times: usize) -> Vec<u32> {
    for _ in 0..times {
        table.fire(node, timer);
    }
    let mut partners: Vec<u32> = flying(table)
        .into_iter()
        .filter(|(kind, from, _)| *kind == "sync" && *from == node)
        .map(|(_, _, to)| to)
        .collect();
    partners.sort_unstable();
    table.lose_all();
    partners
}

#[test]
fn views_are_exchanged_with_everybody_in_turn_also_with_those_held_for_gone() {
    for gone in [Status::Dead, Status::Left] {
        let mut table = Table::new(6, in_step());
        table.inject(1, 0, says(0, vec![update(2, 0, gone), update(4, 0, gone)]));
        for _ in 0..5 {
            assert_eq!(partners(&mut table, 0, Timer::Sync, 5), [1, 2, 3, 4, 5]);
        }
    }
}

#[test]
fn nobody_waits_for_its_turn_longer_than_two_rounds_nor_does_who_comes_in_the_middle_of_one() {
    let mut table = Table::new(6, Config { seeds: Some(1), ..in_step() });
    table.lose_all();
    let known = (2..5).map(|member| update(member, 0, Status::Alive)).collect();
    table.inject(1, 0, says(0, known));
    let turn = |table: &mut Table| partners(table, 0, Timer::Sync, 1)[0];
    let begun = [turn(&mut table), turn(&mut table)];
    table.inject(5, 0, says(0, Vec::new()));
    let turns: Vec<u32> = begun.into_iter().chain((0..200).map(|_| turn(&mut table))).collect();
    let places = |member: u32| -> Vec<usize> {
        (0..turns.len()).filter(|place| turns[*place] == member).collect()
    };
    assert!((4..9).contains(&places(5)[0]), "the rest of this round and the next: {turns:?}");
    let waits = (1..6).flat_map(|member| {
        places(member).windows(2).map(|two| two[1] - two[0]).collect::<Vec<_>>()
    });
    assert_eq!(waits.max(), Some(2 * 5 - 1), "first in a round and last in the next: {turns:?}");
}

#[test]
fn whoever_comes_back_when_the_seed_is_gone_asks_whom_it_remembers() {
    let mut table = acquainted_by_a_seed();
    table.request(1, OP, Request::Leave);
    table.request(0, OP, Request::Leave);
    table.settle(&[0, 1, 2, 3]);
    table.request(1, OpId { sequence: 1, ..OP }, Request::Join);
    // The seed each time, and once everybody.
    assert_eq!(partners(&mut table, 1, Timer::Introduction, 2), [0, 0, 0, 2, 3]);
}

#[test]
fn whoever_comes_back_finds_another_who_came_back_when_the_rest_have_left() {
    let mut table = Table::new(3, in_step());
    let mut sequence = 0;
    let mut ask = |table: &mut Table, node: u32, request: Request| {
        sequence += 1;
        table.request(node, OpId { client: ClientId(node), sequence }, request);
        table.settle(&[0, 1, 2]);
    };
    ask(&mut table, 0, Request::Leave);
    ask(&mut table, 1, Request::Leave);
    ask(&mut table, 0, Request::Join);
    ask(&mut table, 2, Request::Leave);
    ask(&mut table, 1, Request::Join);
    // It asks until it is answered.
    for _ in 0..10 {
        if table.timers(1).contains(&Timer::Introduction) {
            table.fire(1, Timer::Introduction);
            table.settle(&[0, 1, 2]);
        }
    }
    assert_eq!([status(&table, 0, 1).1, status(&table, 1, 0).1], [Status::Alive; 2]);
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn a_lie_accuses_or_leaps_ahead() {
    let draw = Streams::new(0).key(Stream::Adversary).member(0);
    let honest = says(3, vec![update(2, 1, Status::Alive)]);
    let forge = |message: &Message, lie| message.forge(lie, &mut Forger::without_keys(draw));
    let accusation = forge(&honest, Lie::Accusation).expect("an accusation");
    assert_eq!(accusation.updates, [update(2, 1, Status::Dead)]);
    assert!(forge(&honest, Lie::Round).expect("a leap").incarnation > Some(1 << 31));
    assert_eq!(forge(&says(3, Vec::new()), Lie::Accusation), None);
    assert_eq!(forge(&honest, Lie::Time), None);
}

#[test]
fn a_message_is_as_long_as_its_news() {
    let news = vec![update(2, 1, Status::Alive); 3];
    assert_eq!(says(0, news).bytes() - says(0, Vec::new()).bytes(), 3 * UPDATE_BYTES);
}
