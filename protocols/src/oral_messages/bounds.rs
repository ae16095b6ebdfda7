//! The bound, checked to the last behaviour of one traitor among three and among four generals.
//!
//! With OM(1) a traitor speaks once to each of the others: as commander its order, as lieutenant
//! what it says that the order was. So all its behaviours are all words to all others.

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Config, Message, OralMessages};
use crate::generals::Timer;
use crate::problem::decision::{AGREEMENT, COMMANDER_VALIDITY, Choice, Propose};

const ATTACK: Choice = Choice::new(0, 2);
const RETREAT: Choice = Choice::new(1, 2);

/// What a traitor may say to one other general.
type Word = Option<Choice>;

const LOUD: &[Word] = &[Some(ATTACK), Some(RETREAT)];
const LOUD_OR_SILENT: &[Word] = &[Some(ATTACK), Some(RETREAT), None];

/// All ways to say one of `words` to each of `others` generals.
fn behaviours(words: &[Word], others: u32) -> Vec<Vec<Word>> {
    (0..others).fold(vec![Vec::new()], |shorter, _| {
        let longer = |said: &Vec<Word>| {
            words.iter().map(|word| [&said[..], &[*word]].concat()).collect::<Vec<_>>()
        };
        shorter.iter().flat_map(longer).collect()
    })
}

fn end_round(table: &mut Tabletop<OralMessages>, generals: &[u32]) {
    generals.iter().for_each(|general| table.fire(*general, Timer::RoundEnds));
}

/// Plays OM(1) among `n`, of whom one is a traitor who says these words to those who would hear it
/// from a loyal one: to all lieutenants but itself. Says which property broke.
fn play(n: u32, traitor: u32, order: Choice, words: &[Word]) -> Option<&'static str> {
    let config = Config { m: Some(1), ..Config::default() };
    let mut table = Tabletop::<OralMessages>::new(n, config);
    let loyal: Vec<u32> = (0..n).filter(|general| *general != traitor).collect();
    let hearers: Vec<u32> = loyal.iter().copied().filter(|general| *general != 0).collect();
    assert_eq!(hearers.len(), words.len());
    let speak = |table: &mut Tabletop<OralMessages>, path: &[u32]| {
        for (to, word) in hearers.iter().zip(words) {
            if let Some(choice) = *word {
                let path = path.iter().copied().map(NodeId).collect();
                table.inject(traitor, *to, Message { path, choice });
            }
        }
    };
    if traitor == 0 {
        speak(&mut table, &[0]);
    } else {
        table.request(0, OpId { client: ClientId(0), sequence: 0 }, Propose::from(order));
        table.settle(&loyal);
    }
    end_round(&mut table, &loyal);
    if traitor != 0 {
        speak(&mut table, &[0, traitor]);
    }
    table.settle(&loyal);
    end_round(&mut table, &loyal);
    table.violations().first().map(|violation| violation.property)
}

/// How many behaviours of a traitor break something, and of how many: for all traitors among these
/// generals, for both orders of the commander, for all words.
fn broken(n: u32, traitors: &[u32], words: &[Word]) -> (usize, usize) {
    let (mut broke, mut all) = (0, 0);
    for traitor in traitors {
        let hearers = if *traitor == 0 { n - 1 } else { n - 2 };
        for said in behaviours(words, hearers) {
            for order in [ATTACK, RETREAT] {
                all += 1;
                if let Some(property) = play(n, *traitor, order, &said) {
                    assert!([AGREEMENT, COMMANDER_VALIDITY].contains(&property), "{property}");
                    broke += 1;
                }
            }
        }
    }
    (broke, all)
}

#[test]
fn among_three_generals_2_of_16_behaviours_of_one_traitor_break_it() {
    // A lieutenant who turns the order to attack around makes a tie, and a tie is a retreat. If the
    // order is to retreat, the default saves it; and a traitor in command divides nobody.
    assert_eq!(broken(3, &[1, 2], LOUD), (2, 8));
    assert_eq!(broken(3, &[0], LOUD), (0, 8));
    // Silence is as good as the default.
    assert_eq!(broken(3, &[1, 2], LOUD_OR_SILENT), (4, 12));
    assert_eq!(broken(3, &[0], LOUD_OR_SILENT), (0, 18));
}

#[test]
fn among_four_generals_no_behaviour_of_one_traitor_breaks_it() {
    assert_eq!(broken(4, &[0, 1, 2, 3], LOUD), (0, 40));
    assert_eq!(broken(4, &[0, 1, 2, 3], LOUD_OR_SILENT), (0, 108));
}
