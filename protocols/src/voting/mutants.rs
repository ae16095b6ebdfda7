//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Config, Tie, Timer, Voting};
use crate::mutants::{Planted, breaks_all};
use crate::problem::decision::{Choice, Propose};

const A: Choice = Choice::new(0, 2);
const B: Choice = Choice::new(1, 2);

type Table = Tabletop<Voting>;

fn seat(opinions: &[Choice], config: Config, mutant: Planted) -> Table {
    let mut table = Table::with_mutant(opinions.len() as u32, config, mutant);
    for (node, opinion) in (0..).zip(opinions) {
        let op = OpId { client: ClientId(node), sequence: 0 };
        table.request(node, op, Propose::from(*opinion));
    }
    table
}

/// The network delivers n1's ballot to n0 twice.
fn a_ballot_comes_twice(mutant: Planted) -> Table {
    let mut table = seat(&[A, B, A], Config::default(), mutant);
    table.duplicate(1, 0);
    table.settle(&[0, 1, 2]);
    table
}

/// Two agents disagree, and each hears the other last.
fn a_tie(tie: Tie, mutant: Planted) -> Table {
    let config = Config { tie, ..Config::default() };
    let mut table = seat(&[A, B], config, mutant);
    table.settle(&[0, 1]);
    table
}

/// A partition cuts the agents in halves of one opinion each, until they give up.
fn two_halves(mutant: Planted) -> Table {
    let mut table = seat(&[A, A, B, B], Config::default(), mutant);
    table.settle(&[0, 1]);
    table.settle(&[2, 3]);
    (0..4).for_each(|node| table.fire(node, Timer::GiveUp));
    table
}

#[test]
fn n01_to_count_a_voter_twice_is_caught() {
    breaks_all("N01", a_ballot_comes_twice);
}

#[test]
fn n03_to_break_a_tie_by_arrival_is_caught() {
    breaks_all("N03", |mutant| a_tie(Tie::First, mutant));
    breaks_all("N03", |mutant| a_tie(Tie::Undecided, mutant));
}

#[test]
fn n04_to_take_a_quorum_of_those_who_answered_is_caught() {
    breaks_all("N04", two_halves);
}
