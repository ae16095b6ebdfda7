//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::NodeId;
use sim_core::tabletop::Tabletop;

use super::{Config, Message, Purpose, STALE_NEWS_IS_STALE, Swim, Timer, Update};
use crate::mutants::{Planted, breaks};
use crate::problem::membership::{Belief, Status};

type Table = Tabletop<Swim>;

fn table(n: u32, mutant: Planted) -> Table {
    Table::with_mutant(n, Config { in_step: true, ..Config::default() }, mutant)
}

fn dead_on_one_unanswered_ping(mutant: Planted) -> Option<Belief> {
    let mut table = table(2, mutant);
    table.fire(0, Timer::Period);
    table.lose_all();
    // The next ping tells n1 that it is suspected, and n1 answers.
    table.fire(0, Timer::Period);
    table.settle(&[0, 1]);
    if table.timers(0).contains(&Timer::Suspicion(NodeId(1))) {
        table.fire(0, Timer::Suspicion(NodeId(1)));
    }
    // However often it speaks after that.
    for _ in 0..5 {
        for node in 0..2 {
            table.fire(node, Timer::Period);
            table.settle(&[0, 1]);
        }
    }
    table.state(0).belief(NodeId(1))
}

#[test]
fn g01_who_does_not_refute_is_dead_though_it_speaks() {
    assert_eq!(dead_on_one_unanswered_ping(None), Some(Belief::alive(1)));
    let dead = Belief::alive(0).turned(Status::Dead);
    let expected = if cfg!(feature = "mutants") { dead } else { Belief::alive(1) };
    assert_eq!(dead_on_one_unanswered_ping(Some("G01")), Some(expected));
}

/// n1 tells n0 of n2, in the order in which the bug was found in memberlist (its pull request 197).
fn stale_news_last(mutant: Planted) -> Table {
    let mut table = table(3, mutant);
    for (incarnation, status) in
        [(1, Status::Alive), (1, Status::Dead), (10, Status::Dead), (2, Status::Alive)]
    {
        let belief = Belief { incarnation, status };
        let updates = vec![Update { member: NodeId(2), belief }];
        table.inject(1, 0, Message { purpose: Purpose::News, incarnation: Some(0), updates });
    }
    table
}

#[test]
fn g02_who_keeps_the_earlier_incarnation_of_the_dead_believes_stale_news() {
    let correct = stale_news_last(None);
    let dead = Belief { incarnation: 10, status: Status::Dead };
    assert_eq!(correct.state(0).belief(NodeId(2)), Some(dead));
    breaks("G02", STALE_NEWS_IS_STALE, stale_news_last);
}
