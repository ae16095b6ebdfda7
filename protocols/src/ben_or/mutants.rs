//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;

use super::{
    BenOr, Coin, Config, DECISION_CARRIES_OVER, Faults, Message, ONE_WORD, PROPOSAL_AGREEMENT,
    common_coin,
};
use crate::mutants::{Planted, breaks};
use crate::problem::decision::{AGREEMENT, Choice, Propose};

const A: Choice = Choice::new(0, 2);
const B: Choice = Choice::new(1, 2);

type Table = Tabletop<BenOr>;

fn seat(opinions: &[Choice], config: Config, mutant: Planted) -> Table {
    let mut table = Table::with_mutant(opinions.len() as u32, config, mutant);
    for (node, opinion) in (0..).zip(opinions) {
        let op = OpId { client: ClientId(node), sequence: 0 };
        table.request(node, op, Propose::from(*opinion));
        table.settle(&[node]);
    }
    table
}

/// Of three nodes only n0 hears a majority, and nobody hears n0; the coin shows the other side.
fn a_lonely_proposal(mutant: Planted) -> Table {
    let salt = (0..).find(|salt| common_coin(*salt, 1, 2) == B).expect("a coin has two sides");
    let config = Config { coin: Coin::Common, salt, ..Config::default() };
    let mut table = seat(&[A, A, B], config, mutant);
    for (from, to) in [(1, 0), (1, 2), (2, 1)] {
        table.deliver(from, to);
        table.settle(&[to]);
    }
    // The proposals: A by n0, nothing by the other two.
    for (from, to) in [(1, 0), (1, 2), (2, 1)] {
        table.deliver(from, to);
        table.settle(&[to]);
    }
    table.settle(&[1, 2]);
    table
}

/// Two pairs of nodes hear each other, and one of the other pair.
fn two_majorities_of_three(mutant: Planted) -> Table {
    let mut table = seat(&[A, A, B, B], Config::default(), mutant);
    for (from, to) in [(1, 0), (2, 0), (3, 2), (1, 2)] {
        table.deliver(from, to);
    }
    table.settle(&[0]);
    table.settle(&[2]);
    table
}

/// Somebody reboots, and its client has changed its mind.
fn a_change_of_mind(mutant: Planted) -> Table {
    let mut table = seat(&[A, A, B], Config::default(), mutant);
    table.restart(0);
    table.request(0, OpId { client: ClientId(0), sequence: 1 }, Propose::from(B));
    table.settle(&[0]);
    table
}

/// Six nodes want A, and the liar n5 says to one of them that B was decided.
fn hearsay(mutant: Planted) -> Table {
    let config = Config { faults: Faults::Byzantine, ..Config::default() };
    let mut table = seat(&[A; 6], config, mutant);
    table.inject(5, 0, Message::Decided { round: 1, choice: B });
    table.settle(&[0, 1, 2, 3, 4]);
    table
}

#[test]
fn bo1_to_decide_on_one_proposal_is_caught() {
    breaks("BO1", DECISION_CARRIES_OVER, a_lonely_proposal);
    breaks("BO1", AGREEMENT, a_lonely_proposal);
}

#[test]
fn bo2_to_propose_what_most_of_those_heard_reported_is_caught() {
    breaks("BO2", PROPOSAL_AGREEMENT, two_majorities_of_three);
}

#[test]
fn bo3_to_speak_before_writing_is_caught() {
    breaks("BO3", ONE_WORD, a_change_of_mind);
}

#[test]
fn bo4_to_believe_one_of_which_some_lie_is_caught() {
    breaks("BO4", AGREEMENT, hearsay);
}
