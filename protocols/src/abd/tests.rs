//! ABD at the table, step by step.

use sim_core::id::ClientId;
use sim_core::tabletop::Tabletop;

use super::*;

type Table = Tabletop<Abd>;

pub(super) const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

fn table(writers: Writers) -> Table {
    Table::with_clients(3, 2, Config { writers, ..Config::default() }, None)
}

/// Delivers all that flies now, and nothing that is said on the way; returns how many messages.
fn one_delay(table: &mut Table) -> usize {
    let letters: Vec<_> = table.flying().iter().map(|it| (it.from.0, it.to.0)).collect();
    letters.iter().for_each(|(from, to)| table.deliver(*from, *to));
    letters.len()
}

#[test]
fn one_writer_takes_one_round_trip_and_everybody_else_two() {
    for (writers, request, rounds) in [
        (Writers::One, Request::Write { key: 0 }, 1),
        (Writers::Many, Request::Write { key: 0 }, 2),
        (Writers::Many, Request::Read { key: 0 }, 2),
    ] {
        let mut table = table(writers);
        // So that there is something to write back.
        table.request(3, op(0), Request::Write { key: 0 });
        table.settle(&[0, 1, 2, 3]);
        table.request(4, op(1), request);
        let mut messages = 0;
        for _ in 0..2 * rounds {
            assert!(!table.state(4).open.is_empty(), "{writers:?} {request:?}");
            messages += one_delay(&mut table);
        }
        assert!(table.state(4).open.is_empty(), "{writers:?} {request:?}");
        assert_eq!(messages, 6 * rounds, "2n for each round trip");
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn a_node_comes_up_with_what_it_said_that_it_keeps() {
    let mut table = table(Writers::One);
    table.request(3, op(0), Request::Write { key: 7 });
    table.settle(&[0, 1, 2, 3]);
    let held = table.state(0).held.clone();
    assert_eq!(held.len(), 1);
    table.restart(0);
    assert_eq!(table.state(0).held, held);
}

#[test]
fn a_client_asks_again_only_who_has_not_answered_and_stops_when_it_is_done() {
    let mut table = table(Writers::One);
    table.request(3, op(0), Request::Write { key: 0 });
    table.settle(&[0, 3]);
    table.lose_all();
    table.fire(3, Timer::Retransmit);
    let asked: Vec<u32> = table.flying().iter().map(|letter| letter.to.0).collect();
    assert_eq!(asked, [1, 2]);
    table.settle(&[1, 3]);
    assert_eq!(table.timers(3), []);
}

#[test]
fn what_is_asked_twice_is_written_once() {
    let mut table = table(Writers::Many);
    for _ in 0..2 {
        table.request(3, op(0), Request::Write { key: 0 });
        table.settle(&[0, 1, 2, 3]);
    }
    assert_eq!(table.state(0).held[&0].tag.number, 1);
}
