//! DeGroot's model on the table.

use sim_core::id::{ClientId, Cluster, OpId};
use sim_core::protocol::Protocol as _;
use sim_core::tabletop::Tabletop;

use super::{Config, DeGroot, Topology};
use crate::opinion::Trust;
use crate::problem::estimate::{Begin, HULL};
use crate::refinement::{Message, Timer};

type Table = Tabletop<DeGroot>;

fn seat(config: &Config, values: &[i64]) -> Table {
    let mut table = Table::new(values.len() as u32, config.clone());
    for (node, value) in (0..).zip(values) {
        let op = OpId { client: ClientId(node), sequence: 0 };
        table.request(node, op, Begin { value: *value, range: 10_000, epsilon: 100 });
    }
    table
}

fn said(table: &Table, node: u32) -> Vec<i64> {
    table.state(node).rounds.said().to_vec()
}

fn trusting(rows: &[&[u32]]) -> Config {
    let rows = rows.iter().map(|row| row.to_vec()).collect();
    Config { trust: Some(Trust { rows }), ..Config::default() }
}

#[test]
fn degroots_example_goes_to_his_limit() {
    let mut table = seat(&trusting(&[&[1, 1], &[1, 3]]), &[0, 9_000]);
    table.settle(&[0, 1]);
    assert_eq!(said(&table, 0)[..2], [0, 4_500]);
    assert_eq!(said(&table, 1)[..2], [9_000, 6_750]);
    // Two thirds of the way, but for rounding.
    for node in [0, 1] {
        let end = *said(&table, node).last().expect("an opinion");
        assert!(end.abs_diff(6_000) <= 5, "{end}");
    }
    table.conclude();
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn nobody_waits_for_whom_it_does_not_trust() {
    // n2 trusts all, and nobody trusts n2.
    let config = trusting(&[&[1, 1, 0], &[1, 3, 0], &[1, 1, 1]]);
    let mut table = seat(&config, &[0, 9_000, 300]);
    table.settle(&[0, 1]);
    assert_eq!(said(&table, 0).len(), 21);
    assert_eq!(said(&table, 2), [300]);
    table.lose_all();
    for _ in 0..20 {
        table.fire(2, Timer::Repeat);
        table.settle(&[0, 1, 2]);
    }
    assert_eq!(said(&table, 2).len(), 21, "the others told it what they had said");
}

#[test]
fn one_liar_draws_all_along() {
    let config = Config { rounds: 1, ..Config::default() };
    let mut table = seat(&config, &[10, 20, 30]);
    for to in [0, 1] {
        table.inject(2, to, Message { round: 0, value: 3_000, again: false });
        table.deliver(1 - to, to);
    }
    assert_eq!(said(&table, 0)[1], 1_010);
    table.conclude();
    assert!(table.violations().iter().all(|violation| violation.property == HULL));
    assert_eq!(table.violations().len(), 1);
}

#[test]
fn topologies_say_whom_one_trusts() {
    let weights = |topology| {
        let config = Config { topology, own: 2, ..Config::default() };
        config.trust(Cluster { n: 4 }).rows
    };
    assert_eq!(weights(Topology::Complete)[1], [1, 2, 1, 1]);
    assert_eq!(weights(Topology::Ring)[0], [2, 1, 0, 1]);
    assert_eq!(weights(Topology::Ring)[2], [0, 1, 2, 1]);
    assert_eq!(weights(Topology::Star)[0], [2, 1, 1, 1]);
    assert_eq!(weights(Topology::Star)[3], [1, 0, 0, 2]);
}

#[test]
fn trust_that_does_not_fit_is_objected_to() {
    let object = |config: &Config, n| {
        let found = DeGroot::objections(config, Cluster { n });
        found.first().map(|objection| objection.key)
    };
    let two = trusting(&[&[1, 1], &[1, 3]]);
    assert_eq!([1, 2, 3].map(|n| object(&two, n)), [Some("trust"), None, Some("trust")]);
    assert_eq!(object(&trusting(&[&[1, 1], &[0, 0]]), 2), Some("trust"));
    assert_eq!(object(&Config { own: 0, ..Config::default() }, 1), Some("own"));
    assert_eq!(object(&Config::default(), 64), None);
    assert_eq!(object(&Config::default(), 65), Some("nodes"));
    assert_eq!(object(&Config { rounds: 5_000, ..Config::default() }, 4), Some("rounds"));
}
