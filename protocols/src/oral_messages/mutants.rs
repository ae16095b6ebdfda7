//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Config, Message, OralMessages};
use crate::generals::Timer;
use crate::mutants::{Planted, breaks_all};
use crate::problem::decision::{Choice, Propose};

const ATTACK: Choice = Choice::new(0, 2);
const RETREAT: Choice = Choice::new(1, 2);

type Table = Tabletop<OralMessages>;

/// Delivers what flies among the loyal, and ends the round for them.
fn round(table: &mut Table, loyal: &[u32]) {
    table.settle(loyal);
    loyal.iter().for_each(|general| table.fire(*general, Timer::RoundEnds));
}

fn say(table: &mut Table, from: u32, to: u32, path: &[u32], choice: Choice) {
    let path = path.iter().copied().map(NodeId).collect();
    table.inject(from, to, Message { path, choice });
}

/// The loyal commander of four orders an attack; n3 is a traitor.
fn attack(mutant: Planted) -> Table {
    let mut table = Table::with_mutant(4, Config::default(), mutant);
    table.request(0, OpId { client: ClientId(0), sequence: 0 }, Propose::from(ATTACK));
    round(&mut table, &[0, 1, 2]);
    table
}

/// The traitor says that it was told to retreat.
fn a_lying_lieutenant(mutant: Planted) -> Table {
    let mut table = attack(mutant);
    (1..3).for_each(|to| say(&mut table, 3, to, &[0, 3], RETREAT));
    round(&mut table, &[0, 1, 2]);
    table
}

/// The commander is the traitor, and tells n1 something else than n2 and n3.
fn a_lying_commander(mutant: Planted) -> Table {
    let mut table = Table::with_mutant(4, Config::default(), mutant);
    for (to, choice) in [(1, ATTACK), (2, RETREAT), (3, RETREAT)] {
        say(&mut table, 0, to, &[0], choice);
    }
    (0..2).for_each(|_| round(&mut table, &[1, 2, 3]));
    table
}

/// The traitor speaks in its own name and, before n2 can, in that of n2.
fn an_impostor(mutant: Planted) -> Table {
    let mut table = attack(mutant);
    say(&mut table, 3, 1, &[0, 2], RETREAT);
    say(&mut table, 3, 1, &[0, 3], RETREAT);
    round(&mut table, &[0, 1, 2]);
    table
}

#[test]
fn o01_to_heed_one_other_as_among_three_is_caught() {
    breaks_all("O01", a_lying_lieutenant);
}

#[test]
fn o02_to_obey_without_asking_the_others_is_caught() {
    breaks_all("O02", a_lying_commander);
}

#[test]
fn o03_to_take_a_message_in_the_name_of_another_is_caught() {
    breaks_all("O03", an_impostor);
}
