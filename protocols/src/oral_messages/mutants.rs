//! The planted bugs, each against a script in which a judge sees it.
//!
//! Every script is run twice: the correct generals break nothing, the mutant breaks what its entry
//! says. So a script cannot pass because it is too tame, nor because the judges cry wolf.

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Config, Message, OralMessages};
use crate::generals::Timer;
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
fn attack(mutant: Option<&'static str>) -> Table {
    let mut table = Table::with_mutant(4, Config::default(), mutant);
    table.request(0, OpId { client: ClientId(0), sequence: 0 }, Propose::from(ATTACK));
    round(&mut table, &[0, 1, 2]);
    table
}

/// The traitor says that it was told to retreat.
fn a_lying_lieutenant(mutant: Option<&'static str>) -> Table {
    let mut table = attack(mutant);
    (1..3).for_each(|to| say(&mut table, 3, to, &[0, 3], RETREAT));
    round(&mut table, &[0, 1, 2]);
    table
}

/// The commander is the traitor, and tells n1 something else than n2 and n3.
fn a_lying_commander(mutant: Option<&'static str>) -> Table {
    let mut table = Table::with_mutant(4, Config::default(), mutant);
    for (to, choice) in [(1, ATTACK), (2, RETREAT), (3, RETREAT)] {
        say(&mut table, 0, to, &[0], choice);
    }
    (0..2).for_each(|_| round(&mut table, &[1, 2, 3]));
    table
}

/// The traitor speaks in its own name and, before n2 can, in that of n2.
fn an_impostor(mutant: Option<&'static str>) -> Table {
    let mut table = attack(mutant);
    say(&mut table, 3, 1, &[0, 2], RETREAT);
    say(&mut table, 3, 1, &[0, 3], RETREAT);
    round(&mut table, &[0, 1, 2]);
    table
}

#[track_caller]
fn check(id: &'static str, script: impl Fn(Option<&'static str>) -> Table) {
    assert_eq!(script(None).violations(), [], "the correct generals");
    #[cfg(feature = "mutants")]
    {
        use sim_core::protocol::Protocol as _;

        let mutant = OralMessages::MUTANTS.iter().find(|mutant| mutant.id == id);
        let promised = mutant.expect("the mutant is listed").breaks;
        let table = script(Some(id));
        for property in promised {
            let mut violations = table.violations().iter();
            assert!(
                violations.any(|violation| violation.property == *property),
                "{id} breaks no {property}:\n{}",
                table.transcript()
            );
        }
    }
    #[cfg(not(feature = "mutants"))]
    assert_eq!(script(Some(id)).violations(), [], "nothing can be planted");
}

#[test]
fn o01_to_heed_one_other_as_among_three_is_caught() {
    check("O01", a_lying_lieutenant);
}

#[test]
fn o02_to_obey_without_asking_the_others_is_caught() {
    check("O02", a_lying_commander);
}

#[test]
fn o03_to_take_a_message_in_the_name_of_another_is_caught() {
    check("O03", an_impostor);
}
