//! The quorum store at the table, step by step.

use sim_core::id::ClientId;
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::*;

type Table = Tabletop<QuorumStore>;

const WRITE: Request = Request::Write { key: 0 };
const READ: Request = Request::Read { key: 0 };

const fn op(client: u32, sequence: u32) -> OpId {
    OpId { client: ClientId(client), sequence }
}

/// Four nodes, three of which are homes of key 0; two clients, n4 and n5.
fn table(config: Config) -> Table {
    Table::with_clients(4, 2, config, None)
}

/// Lets the client's timer run out twice: from then on it asks again.
fn lose_patience(table: &mut Table, client: u32) {
    table.fire(client, Timer::Retransmit);
    table.fire(client, Timer::Retransmit);
}

fn told(table: &Table, what: &str) -> usize {
    table.transcript().matches(what).count()
}

#[test]
fn a_node_stands_in_for_a_home_that_is_silent_and_hands_over_what_it_took_on() {
    let mut table = table(Config { sloppy: true, write_quorum: 3, ..Config::default() });
    table.crash(2);
    table.request(4, op(0, 0), WRITE);
    table.settle(&[0, 1, 4]);
    assert_eq!(told(&table, "written"), 0, "two of three");
    lose_patience(&mut table, 4);
    table.settle(&[3, 4]);
    assert_eq!(told(&table, "written"), 1, "{}", table.transcript());
    assert_eq!(told(&table, "HintQueued"), 1);
    assert_eq!(
        told(&table, "stood_in"),
        1,
        "n3 did, and the homes n0 and n1 answered for themselves"
    );
    table.boot(NodeId(2));
    table.lose_all();
    table.fire(3, Timer::Handoff);
    table.settle(&[2, 3]);
    assert_eq!(told(&table, "HintDelivered"), 1);
    assert_eq!(table.timers(3).iter().filter(|timer| **timer == Timer::Handoff).count(), 0);
    assert_eq!(table.violations(), []);
}

#[test]
fn a_hint_expires_and_where_there_is_no_room_none_is_taken_on() {
    for (hint_capacity, word) in [(0, "HintRefused"), (1, "HintExpired")] {
        let hint_ttl = Some(Duration::from_secs(1));
        let config = Config { sloppy: true, hint_ttl, hint_capacity, ..Config::default() };
        let mut table = table(config);
        table.request(4, op(0, 0), WRITE);
        table.lose_all();
        lose_patience(&mut table, 4);
        table.settle(&[3, 4]);
        table.pass(Duration::from_secs(2));
        if hint_capacity > 0 {
            table.fire(3, Timer::Handoff);
        }
        assert_eq!(told(&table, word), 1, "{}", table.transcript());
    }
}

#[test]
fn a_reader_repairs_whoever_had_something_older() {
    for (read_repair, repairs) in
        [(ReadRepair::Never, 0), (ReadRepair::Async, 1), (ReadRepair::Sync, 1)]
    {
        let mut table = table(Config { read_repair, ..Config::default() });
        table.request(4, op(0, 0), WRITE);
        table.settle(&[0, 1, 4]);
        table.lose_all();
        table.request(5, op(1, 0), READ);
        table.settle(&[1, 2, 5]);
        assert_eq!(told(&table, "ReadRepaired"), repairs, "{}", table.transcript());
        assert_eq!(told(&table, "found c0.0"), 1, "{}", table.transcript());
        assert_eq!(told(&table, "keeps c0.0 under k0"), 2 + repairs);
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn writers_that_do_not_know_of_each_other_leave_siblings_and_a_reader_who_writes_ends_them() {
    let mut table = table(Config::default());
    let all = [0, 1, 2, 4, 5];
    for (client, request) in [(0, WRITE), (1, WRITE), (0, READ)] {
        let sequence = u32::from(request == READ);
        table.request(4 + client, op(client, sequence), request);
        table.settle(&all);
    }
    assert_eq!(told(&table, "found [c0.0, c1.0]"), 1, "{}", table.transcript());
    table.request(4, op(0, 2), WRITE);
    table.settle(&all);
    table.request(5, op(1, 1), READ);
    table.settle(&all);
    assert_eq!(told(&table, "found c0.2"), 1, "{}", table.transcript());
    assert_eq!(table.violations(), []);
}

#[test]
fn a_comparison_of_notes_makes_two_copies_equal_in_both_directions() {
    let mut table = table(Config { write_quorum: 1, ..Config::default() });
    for (client, node) in [(4, 0), (5, 1)] {
        table.request(client, op(client - 4, 0), WRITE);
        table.settle(&[node, client]);
        table.lose_all();
    }
    table.fire(0, Timer::AntiEntropy);
    table.settle(&[0, 1]);
    assert_eq!(told(&table, "keeps [c0.0, c1.0] under k0"), 2, "{}", table.transcript());
}
