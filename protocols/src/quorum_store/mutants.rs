//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::{Config, QuorumStore, ReadRepair, Versions};
use crate::mutants::{Planted, breaks};
use crate::problem::register::{REGULARITY, Request};

type Table = Tabletop<QuorumStore>;

const WRITE: Request = Request::Write { key: 0 };
const READ: Request = Request::Read { key: 0 };

const fn op(client: u32, sequence: u32) -> OpId {
    OpId { client: ClientId(client), sequence }
}

fn table(mutant: Planted) -> Table {
    let (versions, read_repair) = (Versions::Counter, ReadRepair::Never);
    let config = Config { versions, read_repair, ..Config::default() };
    Table::with_clients(3, 2, config, mutant)
}

/// A writer reaches one node of three, and a reader the other two.
fn quorums_that_do_not_meet(mutant: Planted) -> Table {
    let mut table = table(mutant);
    table.request(3, op(0, 0), WRITE);
    table.settle(&[0, 3]);
    table.pass(Duration::from_millis(1));
    table.request(4, op(1, 0), READ);
    table.settle(&[1, 2, 4]);
    table
}

/// The clock of n0 runs ahead. It is the last to answer the first write, and the first to answer the
/// second.
fn a_clock_ahead(mutant: Planted) -> Table {
    let mut table = table(mutant);
    table.drift(0, 500_000);
    table.pass(Duration::from_secs(10));
    for (sequence, first, last) in [(0, [1, 3], [0, 3]), (1, [0, 3], [1, 3])] {
        table.request(3, op(0, sequence), WRITE);
        table.settle(&first);
        table.settle(&last);
        table.settle(&[0, 1, 2, 3]);
        table.pass(Duration::from_millis(1));
    }
    table.request(4, op(1, 0), READ);
    table.settle(&[0, 1, 2, 4]);
    table
}

#[test]
fn q02_one_answer_instead_of_a_quorum_misses_a_write() {
    breaks("Q02", REGULARITY, quorums_that_do_not_meet);
}

#[test]
fn q04_a_write_stamped_by_a_clock_behind_another_one_is_lost() {
    breaks("Q04", REGULARITY, a_clock_ahead);
}
