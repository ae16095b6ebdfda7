//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;

use super::{COMMUTATIVITY, Config, Crdt, IDEMPOTENCE, Sync, Timer, Type};
use crate::mutants::{Planted, breaks};
use crate::problem::replicated_data::{Item, MEANING, Request, STRONG_CONVERGENCE, Update};

const X: Item = Item { key: 0, element: 7 };

/// Replicas whose every message is sent by hand.
struct Story {
    table: Tabletop<Crdt>,
    n: u32,
    count: u32,
}

impl Story {
    fn new(n: u32, data: Type, sync: Sync, mutant: Planted) -> Self {
        let fanout = n - 1;
        let config = Config { data, sync, fanout, ..Config::default() };
        Self { table: Tabletop::with_mutant(n, config, mutant), n, count: 0 }
    }

    fn make(&mut self, node: u32, update: Update) {
        let op = OpId { client: ClientId(node), sequence: self.count };
        self.count += 1;
        self.table.request(node, op, Request::Make(update));
    }

    /// `from` talks to all, but only `to` hears it.
    fn tell(&mut self, from: u32, to: u32) {
        self.table.lose_all();
        self.table.fire(from, Timer::Talk);
        self.table.deliver(from, to);
    }

    fn everybody_tells_everybody(&mut self) {
        for _ in 0..2 {
            for from in 0..self.n {
                let others = (0..self.n).filter(|to| *to != from);
                others.for_each(|to| self.tell(from, to));
            }
        }
    }
}

#[test]
fn c01_a_merge_that_adds_counts_twice() {
    breaks("C01", MEANING, |mutant| {
        let mut story = Story::new(2, Type::GCounter, Sync::State, mutant);
        story.make(0, Update::Count(3));
        story.tell(0, 1);
        story.make(0, Update::Count(1));
        story.tell(0, 1);
        story.table
    });
}

#[test]
fn c01_breaks_idempotence_of_a_state_that_was_reached() {
    breaks("C01", IDEMPOTENCE, |mutant| {
        let mut story = Story::new(2, Type::GCounter, Sync::State, mutant);
        (0..10).for_each(|_| story.make(0, Update::Count(3)));
        story.table
    });
}

/// The clocks of the table stand still, so all writes are of one time but for what they have seen.
fn two_writes_at_one_time(mutant: Planted, sync: Sync) -> Tabletop<Crdt> {
    let mut story = Story::new(2, Type::LwwRegister, sync, mutant);
    story.make(0, Update::Write(10));
    story.make(1, Update::Write(11));
    story.everybody_tells_everybody();
    story.table
}

#[test]
fn c03_without_a_tie_break_each_keeps_its_own_write() {
    for sync in [Sync::State, Sync::Delta] {
        breaks("C03", STRONG_CONVERGENCE, |mutant| two_writes_at_one_time(mutant, sync));
        breaks("C03", MEANING, |mutant| two_writes_at_one_time(mutant, sync));
    }
}

#[test]
fn c03_breaks_commutativity_of_states_that_were_reached() {
    breaks("C03", COMMUTATIVITY, |mutant| {
        let mut story = Story::new(2, Type::LwwRegister, Sync::State, mutant);
        // The fifth change is sampled, and the tenth.
        (0..5).for_each(|value| story.make(0, Update::Write(value)));
        (0..5).for_each(|value| story.make(1, Update::Write(value + 10)));
        story.table
    });
}

#[test]
fn c04_a_blind_removal_takes_a_concurrent_addition() {
    for property in [MEANING, STRONG_CONVERGENCE] {
        breaks("C04", property, |mutant| {
            let mut story = Story::new(3, Type::OrSet, Sync::Operation, mutant);
            story.make(0, Update::Add(X));
            let (to_1, to_2) = (story.table.take(0, 1), story.table.take(0, 2));
            story.table.arrive(to_1);
            story.table.arrive(to_2);
            // n1 removes what it saw while n0 adds again; n2 hears of the removal first.
            story.make(1, Update::Remove(X));
            story.make(0, Update::Add(X));
            let last = story.table.take(1, 2);
            story.table.arrive(last);
            let last = story.table.take(0, 2);
            story.table.arrive(last);
            let last = story.table.take(1, 0);
            story.table.arrive(last);
            story.table
        });
    }
}

/// riak_dt's: x is added at a and b, c hears a; then a and b remove, in turn, what they have.
fn zombie(mutant: Planted) -> Tabletop<Crdt> {
    let mut story = Story::new(3, Type::OrSet, Sync::State, mutant);
    let (a, b, c) = (0, 1, 2);
    story.make(a, Update::Add(X));
    story.make(b, Update::Add(X));
    story.tell(a, c);
    story.make(a, Update::Remove(X));
    story.tell(b, a);
    story.make(b, Update::Remove(X));
    story.tell(a, c);
    story.tell(c, b);
    story.table
}

#[test]
fn c06_what_each_side_removed_of_the_other_comes_back() {
    breaks("C06", MEANING, zombie);
}

#[test]
fn c08_a_copy_of_an_operation_counts_again() {
    breaks("C08", MEANING, |mutant| {
        let mut story = Story::new(2, Type::PnCounter, Sync::Operation, mutant);
        story.make(0, Update::Count(5));
        story.table.duplicate(0, 1);
        story.table.deliver(0, 1);
        story.table
    });
}
