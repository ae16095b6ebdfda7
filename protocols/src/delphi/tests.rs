//! Delphi on the table.

use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::message::{Lie, Message as _};
use sim_core::protocol::Protocol as _;
use sim_core::rng::Ratio;
use sim_core::tabletop::Tabletop;

use super::{Config, Delphi, Message, Timer};
use crate::mutants::{Planted, breaks, broken};
use crate::opinion::Feedback;
use crate::problem::estimate::{Begin, EPSILON_AGREEMENT, HULL};

type Table = Tabletop<Delphi>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

const fn begin(value: i64) -> Begin {
    Begin { value, range: 1_000, epsilon: 10 }
}

fn seat(config: &Config, values: &[i64]) -> Table {
    let mut table = Table::new(values.len() as u32, config.clone());
    for (node, value) in (0..).zip(values) {
        table.request(node, op(node), begin(*value));
    }
    table
}

fn said(table: &Table, node: u32) -> &[i64] {
    &table.state(node).said
}

#[test]
fn a_panel_moves_half_way_to_its_median_until_the_middle_half_is_near() {
    let mut table = seat(&Config::default(), &[0, 40, 100]);
    table.settle(&[0, 1, 2]);
    // Quartiles of three estimates are the least and the greatest.
    assert_eq!(said(&table, 0), [0, 20, 30, 35, 38]);
    assert_eq!(said(&table, 1), [40; 5]);
    assert_eq!(said(&table, 2), [100, 70, 55, 47, 43]);
    let medians: Vec<_> = table.state(0).closed.iter().map(|panel| panel.median).collect();
    assert_eq!(medians, [40; 5], "the last of 38, 40 and 43");
    table.conclude();
    assert!(table.violations().is_empty(), "{}", table.transcript());
    assert_eq!(table.transcript().matches("Settled { rounds: 5, value: 40 }").count(), 3);
}

#[test]
fn the_stubborn_stay_and_the_pliant_follow() {
    let stubbornness = vec![Ratio::ALWAYS, Ratio::NEVER, Ratio::new(1, 4)];
    let config = Config { stubbornness, ..Config::default() };
    let revised = |expert, own| config.revised(NodeId(expert), own, 100);
    assert_eq!([0, 1, 2, 3].map(|expert| revised(expert, 0)), [0, 100, 75, 0]);
    assert_eq!([0, 1, 2].map(|expert| revised(expert, 200)), [200, 100, 125]);
    let pliant = Config { stubbornness: Vec::new(), ..Config::default() };
    assert_eq!(pliant.revised(NodeId(3), i64::MIN, i64::MAX), i64::MAX);
}

#[test]
fn each_rule_to_stop_stops() {
    let told = |lower, median, upper| Feedback { lower, median, upper };
    let rounds = [told(0, 50, 100), told(20, 52, 80), told(45, 53, 55)];
    let after = |config: &Config| (1..=3).find(|count| config.stops(&rounds[..*count], 10));
    let never = Config { spread: Some(0), ..Config::default() };
    assert_eq!(after(&Config::default()), Some(3), "10 apart is near enough");
    assert_eq!(after(&never), None);
    assert_eq!(after(&Config { spread: Some(60), ..Config::default() }), Some(2));
    assert_eq!(after(&Config { stable: Some(1), ..never.clone() }), Some(3));
    assert_eq!(after(&Config { stable: Some(2), ..never.clone() }), Some(2));
    assert_eq!(after(&Config { rounds: 2, ..never }), Some(2));
}

#[test]
fn who_is_absent_is_not_waited_for_and_catches_up() {
    let config = Config { absent: 1, ..Config::default() };
    let mut table = seat(&config, &[0, 40, 100, 60]);
    table.settle(&[0, 1, 2]);
    assert!(table.state(1).end.outcome().is_some());
    table.lose_all();
    table.fire(3, Timer::Repeat);
    table.settle(&[0, 3]);
    assert_eq!(table.state(3).end.outcome(), table.state(1).end.outcome());
    table.conclude();
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

/// The facilitator goes down once n1 knows the result, and an expert thinks otherwise afterwards.
fn a_facilitator_that_comes_back(mutant: Planted) -> Table {
    let config = Config { rounds: 1, absent: 1, ..Config::default() };
    let mut table = Table::with_mutant(3, config, mutant);
    table.request(0, op(0), begin(70));
    table.request(1, op(1), begin(40));
    table.settle(&[0]);
    table.deliver(1, 0);
    table.deliver(0, 1);
    table.lose_all();
    table.restart(0);
    table.request(2, op(2), begin(100));
    table.deliver(2, 0);
    table.settle(&[0, 2]);
    table
}

#[test]
fn de1_to_speak_before_writing_is_caught() {
    breaks("DE1", EPSILON_AGREEMENT, a_facilitator_that_comes_back);
}

#[test]
fn the_panel_believes_nobody_but_its_facilitator() {
    let mut table = seat(&Config::default(), &[0, 40, 100]);
    let result = Message::Result { rounds: 1, value: 9_999 };
    table.inject(2, 1, result);
    assert_eq!(table.state(1).end.outcome(), None);
    table.inject(0, 1, result);
    table.conclude();
    assert_eq!(broken(&table), [HULL]);
}

#[test]
fn lies_are_other_numbers_and_later_rounds() {
    let table = Table::new(1, Config::default());
    let mouths = NodeSet::from_iter([NodeId(0)]);
    let panel = Feedback { lower: 1, median: 2, upper: 3 };
    for message in [
        Message::Estimate { round: 1, value: 2 },
        Message::Feedback { round: 1, panel },
        Message::Result { rounds: 1, value: 2 },
    ] {
        for lie in [Lie::Content, Lie::Round] {
            let forged = message.forge(lie, &mut table.forger(&mouths)).expect("a lie");
            assert!(forged != message && forged.kind() == message.kind());
        }
        assert_eq!(message.forge(Lie::Time, &mut table.forger(&mouths)), None);
    }
}

#[test]
fn what_cannot_work_is_objected_to() {
    let object = |config: Config| {
        let found = Delphi::objections(&config, Cluster { n: 3 });
        found.first().map(|objection| objection.key)
    };
    assert_eq!(object(Config::default()), None);
    assert_eq!(object(Config { absent: 3, ..Config::default() }), Some("absent"));
    assert_eq!(object(Config { rounds: 0, ..Config::default() }), Some("rounds"));
    let stubbornness = vec![Ratio::NEVER; 4];
    assert_eq!(object(Config { stubbornness, ..Config::default() }), Some("stubbornness"));
}
