//! Approximate agreement on the table.

use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::message::{Lie, Message as _};
use sim_core::protocol::Protocol as _;
use sim_core::tabletop::Tabletop;

use super::{ApproximateAgreement, CONTRACTION, Config, ROUND_HULL};
use crate::mutants::{Planted, breaks_all, broken};
use crate::opinion::{Average, Timing};
use crate::problem::estimate::{Begin, EPSILON_AGREEMENT};
use crate::refinement::{Message, Timer};

type Table = Tabletop<ApproximateAgreement>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

/// Nodes that are asked with these numbers; those that come later are not asked.
fn seat(n: u32, config: &Config, values: &[i64], mutant: Planted) -> Table {
    let mut table = Table::with_mutant(n, config.clone(), mutant);
    for (node, value) in (0..).zip(values) {
        table.request(node, op(node), Begin { value: *value, range: 1_000, epsilon: 10 });
    }
    table
}

fn said(table: &Table, node: u32) -> Vec<i64> {
    table.state(node).rounds.said().to_vec()
}

fn value(round: u32, value: i64) -> Message {
    Message { round, value, again: false }
}

/// The clock ends a round at these nodes, once all was heard.
fn end_round(table: &mut Table, nodes: &[u32]) {
    table.settle(nodes);
    nodes.iter().for_each(|node| table.fire(*node, Timer::RoundEnds));
}

/// Three nodes of four, and a liar that tells n0 that it is low and the others that it is high.
fn among_lies(rounds: u32, mutant: Planted) -> Table {
    let config = Config { rounds: Some(rounds), ..Config::default() };
    let mut table = seat(4, &config, &[0, 500, 1_000], mutant);
    for round in 0..rounds {
        for (to, lie) in [(0, -9_000), (1, 9_000), (2, 9_000)] {
            table.inject(3, to, value(round, lie));
        }
        end_round(&mut table, &[0, 1, 2]);
    }
    table
}

#[test]
fn a_liar_is_trimmed_and_what_is_left_halves() {
    let mut table = among_lies(2, None);
    assert_eq!(said(&table, 0), [0, 250, 500]);
    assert_eq!(said(&table, 1), [500, 750, 750]);
    assert_eq!(said(&table, 2), [1_000, 750, 750]);
    let ended = table.transcript().matches("Settled").count();
    assert_eq!(ended, 3, "{}", table.transcript());
    // Two rounds do not bring 1000 to 10; all else holds.
    table.conclude();
    assert!(broken(&table).iter().all(|property| *property == EPSILON_AGREEMENT));
}

#[test]
fn aa1_to_trim_too_few_is_caught() {
    breaks_all("AA1", |mutant| among_lies(7, mutant));
}

#[test]
fn aa2_to_stop_after_one_round_is_caught() {
    breaks_all("AA2", |mutant| {
        let mut table = seat(4, &Config::default(), &[0, 500, 1_000], mutant);
        for round in 0..7 {
            for (to, lie) in [(0, 0), (1, 1_000), (2, 1_000)] {
                table.inject(3, to, value(round, lie));
            }
            // Whoever has ended waits for no round.
            let waiting: Vec<u32> = (0..3).filter(|node| !table.timers(*node).is_empty()).collect();
            end_round(&mut table, &waiting);
        }
        table
    });
}

#[test]
fn two_liars_of_four_drag_everybody_off() {
    let mut table = seat(4, &Config::default(), &[0, 10], None);
    for to in [0, 1] {
        for liar in [2, 3] {
            table.inject(liar, to, value(0, 9_000));
        }
    }
    end_round(&mut table, &[0, 1]);
    assert_eq!(said(&table, 0)[1], 4_505, "the middle between 10 and 9000");
    assert_eq!(broken(&table), [ROUND_HULL; 2]);
}

#[test]
fn who_is_silent_counts_as_if_it_agreed() {
    let mut table = seat(4, &Config::default(), &[0, 100, 200], None);
    table.lose_all();
    for node in 0..3 {
        table.fire(node, Timer::RoundEnds);
    }
    // Each heard nobody but itself: the bound on faults is exceeded, and nobody moves.
    assert_eq!([0, 1, 2].map(|node| said(&table, node)[1]), [0, 100, 200]);
    assert!(broken(&table).contains(&CONTRACTION), "{:?}", broken(&table));
}

#[test]
fn who_misses_the_beginning_gives_up() {
    let mut table = seat(4, &Config::default(), &[0, 100, 200], None);
    table.fire(3, Timer::RoundEnds);
    assert!(table.transcript().contains("n3 Indicate { answers: None, indication: GivenUp }"));
    table.pass(sim_core::time::Duration::from_millis(10));
    table.restart(1);
    table.request(1, op(1), Begin { value: 100, range: 1_000, epsilon: 10 });
    assert!(
        table.transcript().contains("n1 Indicate { answers: Some(c1.0), indication: GivenUp }")
    );
    assert_eq!(broken(&table), [""; 0]);
}

fn asynchronous() -> Config {
    Config { timing: Timing::Asynchronous, ..Config::default() }
}

#[test]
fn an_asynchronous_round_ends_with_the_first_n_minus_f() {
    let mut table = seat(6, &asynchronous(), &[0, 100, 200, 300, 400, 500], None);
    for from in 1..4 {
        table.deliver(from, 0);
    }
    assert_eq!(said(&table, 0), [0]);
    table.deliver(5, 0);
    assert_eq!(said(&table, 0), [0, 200], "of 0, 100, 200, 300, 500 the ends are dropped");
    table.settle(&[0, 1, 2, 3, 4, 5]);
    table.conclude();
    let ends: Vec<i64> = (0..6).filter_map(|node| said(&table, node).last().copied()).collect();
    assert_eq!(broken(&table), [""; 0]);
    assert!(ends.iter().all(|end| end.abs_diff(ends[0]) <= 10), "{ends:?}");
}

#[test]
fn words_beyond_the_first_n_minus_f_do_not_count() {
    let mut table = seat(6, &asynchronous(), &[], None);
    for from in 1..6 {
        table.inject(from, 0, value(0, i64::from(from) * 100));
    }
    table.request(0, op(0), Begin { value: 0, range: 1_000, epsilon: 10 });
    assert_eq!(said(&table, 0), [0, 300], "its own came sixth");
}

#[test]
fn who_reboots_says_the_same_again_and_is_helped() {
    let mut table = seat(6, &asynchronous(), &[0, 100, 200, 300, 400, 500], None);
    let most = [0, 1, 2, 3, 4];
    table.settle(&most);
    table.lose_all();
    table.restart(5);
    assert_eq!(said(&table, 5), [500]);
    // A new opinion comes too late.
    table.request(5, op(5), Begin { value: -9_999, range: 1_000, epsilon: 10 });
    for _ in 0..table.state(0).rounds.said().len() {
        if !table.timers(5).is_empty() {
            table.fire(5, Timer::Repeat);
            table.settle(&[0, 1, 2, 3, 4, 5]);
        }
    }
    assert_eq!(said(&table, 5).len(), said(&table, 0).len(), "{}", table.transcript());
    table.restart(5);
    table.conclude();
    assert_eq!(broken(&table), [""; 0]);
    assert_eq!(
        table.transcript().matches("n5 Indicate { answers: None, indication: Settled").count(),
        1
    );
}

#[test]
fn words_of_rounds_that_never_come_are_not_kept() {
    let mut table = seat(6, &asynchronous(), &[0], None);
    table.inject(1, 0, value(u32::MAX, 1));
    table.inject(1, 0, value(7, 1));
    table.inject(1, 0, value(6, 1));
    let kept: Vec<u32> = table.state(0).rounds.heard_rounds().collect();
    assert_eq!(kept, [0, 6], "there are seven rounds");
}

#[test]
fn the_number_of_rounds_follows_from_range_and_factor() {
    let rounds = |config: Config, n, epsilon| {
        config.rounds(Cluster { n }, Begin { value: 0, range: 1_000, epsilon })
    };
    assert_eq!(rounds(Config::default(), 4, 10), 7);
    assert_eq!(rounds(Config::default(), 4, 1_000), 0);
    assert_eq!(rounds(Config { rounds: Some(3), ..Config::default() }, 4, 10), 3);
    let beyond = Config { liars: Some(2), ..Config::default() };
    assert_eq!(rounds(beyond, 6, 10), 7, "as if each halved");
    // The least epsilon that is allowed is enough, whatever the average.
    for timing in [Timing::Synchronous, Timing::Asynchronous] {
        for average in [Average::Midpoint, Average::Mean, Average::Selection] {
            for n in 1..40 {
                let config = Config { timing, average, ..Config::default() };
                let liars = config.liars(Cluster { n }) as usize;
                let factor = average.contraction(n as usize, liars, timing).expect("few liars");
                assert!(
                    crate::opinion::rounds(factor, 1 << 40, n.into()).is_some(),
                    "{config:?} {n}"
                );
            }
        }
    }
}

#[test]
fn too_many_liars_are_objected_to() {
    let object = |timing, n, liars| {
        let config = Config { timing, liars: Some(liars), ..Config::default() };
        let found = ApproximateAgreement::objections(&config, Cluster { n });
        found.first().map(|objection| (objection.key, objection.runnable))
    };
    assert_eq!(object(Timing::Synchronous, 4, 1), None);
    assert_eq!(object(Timing::Synchronous, 3, 1), Some(("liars", true)));
    assert_eq!(object(Timing::Synchronous, 2, 1), Some(("liars", false)));
    assert_eq!(object(Timing::Synchronous, 4, 2), Some(("liars", false)));
    assert_eq!(object(Timing::Asynchronous, 6, 1), None);
    assert_eq!(object(Timing::Asynchronous, 5, 1), Some(("liars", true)));
    assert_eq!(object(Timing::Asynchronous, 3, 1), Some(("liars", false)));
}

#[test]
fn a_lie_is_another_number_or_a_later_round() {
    let table = seat(4, &Config::default(), &[], None);
    let mouths = NodeSet::from_iter([NodeId(3)]);
    let forge = |lie| value(2, 7).forge(lie, &mut table.forger(&mouths));
    let content = forge(Lie::Content).expect("another number");
    assert!(content.round == 2 && content.value != 7);
    let round = forge(Lie::Round).expect("another round");
    assert!(round.round > 2 && round.value == 7);
    assert_eq!([forge(Lie::Time), forge(Lie::Accusation)], [None; 2]);
}
