//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, OpId};
use sim_core::rng::Ratio;
use sim_core::tabletop::Tabletop;

use super::{Config, ConsensusBuilder, Timer};
use crate::mutants::{Planted, breaks_all};
use crate::problem::decision::{Choice, Propose};

const A: Choice = Choice::new(0, 2);
const B: Choice = Choice::new(1, 2);

type Table = Tabletop<ConsensusBuilder>;

/// Five agents of two opinions, each of whom goes by its own.
fn seat(mutant: Planted) -> Table {
    let config = Config {
        own: Ratio::ALWAYS,
        rule: "plurality".parse().expect("a rule"),
        threshold: Ratio::new(1, 2),
        rounds: 1,
        ..Config::default()
    };
    let mut table = Table::with_mutant(5, config, mutant);
    for (node, opinion) in (0..).zip([A, A, A, B, B]) {
        let op = OpId { client: ClientId(node), sequence: 0 };
        table.request(node, op, Propose::from(opinion));
    }
    table
}

const ALL: [u32; 5] = [0, 1, 2, 3, 4];

/// What the facilitator says to each of these arrives, and so does the answer.
fn exchange(table: &mut Table, facilitator: u32, others: &[u32]) {
    for other in others {
        table.deliver(facilitator, *other);
        table.deliver(*other, facilitator);
    }
}

/// n0 has counted all ballots, and nobody hears of it; n2 goes on with those who want B.
fn the_facilitator_is_cut_off_after_counting(mutant: Planted) -> Table {
    let mut table = seat(mutant);
    exchange(&mut table, 0, &ALL);
    exchange(&mut table, 0, &ALL);
    table.lose_all();
    the_others_go_on(&mut table);
    table
}

/// n2 takes over, hears n3 and n4 alone, and all that it says arrives there.
fn the_others_go_on(table: &mut Table) {
    table.fire(2, Timer::TakeOver);
    table.settle(&[2, 3, 4]);
    for _ in 0..2 {
        if table.timers(2).contains(&Timer::Patience) {
            table.fire(2, Timer::Patience);
        }
        table.settle(&[2, 3, 4]);
    }
}

/// A majority has kept that it is A, and n0 has announced it; the news reaches nobody. n2 has not
/// kept it, but hears n3, who has.
fn the_news_of_the_outcome_is_lost(mutant: Planted) -> Table {
    let mut table = seat(mutant);
    exchange(&mut table, 0, &ALL);
    exchange(&mut table, 0, &ALL);
    exchange(&mut table, 0, &[0, 1, 3]);
    table.lose_all();
    the_others_go_on(&mut table);
    table
}

#[test]
fn cb1_to_go_on_with_ones_own_minutes_is_caught() {
    breaks_all("CB1", the_news_of_the_outcome_is_lost);
}

#[test]
fn cb2_to_announce_what_no_majority_has_kept_is_caught() {
    breaks_all("CB2", the_facilitator_is_cut_off_after_counting);
}
