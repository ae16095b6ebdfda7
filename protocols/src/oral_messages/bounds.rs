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

/// Plays OM(1) among `n`, of whom one is a traitor who says these words to the others in order.
/// Says which property broke.
fn play(n: u32, traitor: u32, order: Choice, words: &[Word]) -> Option<&'static str> {
    let config = Config { m: Some(1), ..Config::default() };
    let mut table = Tabletop::<OralMessages>::new(n, config);
    let loyal: Vec<u32> = (0..n).filter(|general| *general != traitor).collect();
    let path: Vec<NodeId> = if traitor == 0 { vec![0] } else { vec![0, traitor] }
        .into_iter()
        .map(NodeId)
        .collect();
    let speak = |table: &mut Tabletop<OralMessages>| {
        for (to, word) in loyal.iter().zip(words) {
            if let Some(choice) = *word {
                table.inject(traitor, *to, Message { path: path.clone(), choice });
            }
        }
    };
    if traitor == 0 {
        speak(&mut table);
    } else {
        table.request(0, OpId { client: ClientId(0), sequence: 0 }, Propose(order));
        table.settle(&loyal);
    }
    end_round(&mut table, &loyal);
    if traitor != 0 {
        speak(&mut table);
    }
    table.settle(&loyal);
    end_round(&mut table, &loyal);
    table.violations().first().map(|violation| violation.property)
}

/// How many behaviours of a traitor in each of these places break something, and of how many.
fn broken(n: u32, traitors: std::ops::Range<u32>, words: &[Word]) -> (usize, usize) {
    let mut verdicts = Vec::new();
    for traitor in traitors {
        // The commander hears what it is told too, and does not mind.
        for said in behaviours(words, n - 1) {
            for order in [ATTACK, RETREAT] {
                verdicts.push(play(n, traitor, order, &said));
            }
        }
    }
    let broke: Vec<_> = verdicts.iter().flatten().collect();
    let known = |property: &&&str| [AGREEMENT, COMMANDER_VALIDITY].contains(**property);
    assert!(broke.iter().all(known), "{broke:?}");
    (broke.len(), verdicts.len())
}
