//! The planted bugs, each against a script in which a judge sees it.
//!
//! Every script is run twice: the correct agents break nothing, the mutant breaks what its entry
//! says. So a script cannot pass because it is too tame, nor because the judges cry wolf.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Config, Tie, Timer, Voting};
use crate::problem::decision::{Choice, Propose};

const A: Choice = Choice::new(0, 2);
const B: Choice = Choice::new(1, 2);

type Table = Tabletop<Voting>;

fn seat(opinions: &[Choice], config: Config, mutant: Option<&'static str>) -> Table {
    let mut table = Table::with_mutant(opinions.len() as u32, config, mutant);
    for (node, opinion) in (0..).zip(opinions) {
        let op = OpId { client: ClientId(node), sequence: 0 };
        table.request(node, op, Propose::from(*opinion));
    }
    table
}

/// The network delivers n1's ballot to n0 twice.
fn a_ballot_comes_twice(mutant: Option<&'static str>) -> Table {
    let mut table = seat(&[A, B, A], Config::default(), mutant);
    table.duplicate(1, 0);
    table.settle(&[0, 1, 2]);
    table
}

/// Two agents disagree, and each hears the other last.
fn a_tie(tie: Tie, mutant: Option<&'static str>) -> Table {
    let config = Config { tie, ..Config::default() };
    let mut table = seat(&[A, B], config, mutant);
    table.settle(&[0, 1]);
    table
}

/// A partition cuts the agents in halves of one opinion each, until they give up.
fn two_halves(mutant: Option<&'static str>) -> Table {
    let mut table = seat(&[A, A, B, B], Config::default(), mutant);
    table.settle(&[0, 1]);
    table.settle(&[2, 3]);
    (0..4).for_each(|node| table.fire(node, Timer::GiveUp));
    table
}

#[track_caller]
fn check(id: &'static str, script: impl Fn(Option<&'static str>) -> Table) {
    assert_eq!(script(None).violations(), [], "the correct agents");
    #[cfg(feature = "mutants")]
    {
        use sim_core::protocol::Protocol as _;

        let mutant = Voting::MUTANTS.iter().find(|mutant| mutant.id == id);
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
fn n01_to_count_a_voter_twice_is_caught() {
    check("N01", a_ballot_comes_twice);
}

#[test]
fn n03_to_break_a_tie_by_arrival_is_caught() {
    check("N03", |mutant| a_tie(Tie::First, mutant));
    check("N03", |mutant| a_tie(Tie::Undecided, mutant));
}

#[test]
fn n04_to_take_a_quorum_of_those_who_answered_is_caught() {
    check("N04", two_halves);
}
