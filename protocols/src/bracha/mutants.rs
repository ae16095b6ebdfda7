//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Bracha, Config, Instance, Message, ONE_ECHO, ONE_READY, READY_AGREEMENT, Step};
use crate::mutants::{Planted, breaks};
use crate::problem::broadcast::{CONSISTENCY, Value};

const INSTANCE: Instance =
    Instance { sender: NodeId(0), op: OpId { client: ClientId(0), sequence: 0 } };
const TRUE: Value = Value(7);

type Table = Tabletop<Bracha>;

fn says(step: Step, value: Value) -> Message {
    Message { step, instance: INSTANCE, value, again: false }
}

/// Sender n0 lies to the second half of the others, at each step, and each half talks to itself
/// first.
fn an_equivocating_sender(n: u32, mutant: Planted) -> Table {
    let mut table = Table::with_mutant(n, Config::default(), mutant);
    table.corrupt(0);
    let others: Vec<u32> = (1..n).collect();
    for step in [Step::Init, Step::Echo, Step::Ready] {
        for node in 1..n {
            let value = if node <= n / 2 { TRUE } else { TRUE.forged() };
            table.inject(0, node, says(step, value));
        }
    }
    let (first, second) = others.split_at(n as usize / 2);
    for some in [first, second, &others] {
        table.settle(some);
    }
    table
}

/// A node reboots between two things that it is told: by the sender, or by two liars.
fn a_reboot_between_two_lies(step: Step, mutant: Planted) -> Table {
    let mut table = Table::with_mutant(4, Config::default(), mutant);
    table.corrupt(0);
    table.corrupt(2);
    let mut tell = |value: Value| {
        match step {
            Step::Init | Step::Echo => table.inject(0, 1, says(Step::Init, value)),
            Step::Ready => {
                for liar in [0, 2] {
                    table.inject(liar, 1, says(Step::Ready, value));
                }
            }
        }
        table.settle(&[1]);
        table.restart(1);
    };
    tell(TRUE);
    tell(TRUE.forged());
    table
}

#[test]
fn br1_to_be_ready_after_too_few_echoes_is_caught() {
    for n in [4, 5] {
        breaks("BR1", READY_AGREEMENT, |mutant| an_equivocating_sender(n, mutant));
    }
}

#[test]
fn br1_makes_two_nodes_of_five_deliver_different_values() {
    // Two halves of correct nodes are enough with the liar, and n is not so small that 2f+1 READYs
    // overlap in a correct node.
    breaks("BR1", CONSISTENCY, |mutant| an_equivocating_sender(5, mutant));
}

#[test]
fn br2_to_speak_before_writing_is_caught() {
    breaks("BR2", ONE_ECHO, |mutant| a_reboot_between_two_lies(Step::Echo, mutant));
    breaks("BR2", ONE_READY, |mutant| a_reboot_between_two_lies(Step::Ready, mutant));
}
