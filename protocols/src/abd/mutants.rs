//! The planted bug against a script in which a judge sees it.

use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::tests::op;
use super::{Abd, Config, Writers};
use crate::mutants::{Planted, breaks};
use crate::problem::register::{LINEARIZABILITY, Request};

type Table = Tabletop<Abd>;

/// A write has reached one node of three. One reader hears of it, a second one asks the other two.
fn two_reads_during_a_write(mutant: Planted) -> Table {
    let config = Config { writers: Writers::One, ..Config::default() };
    let mut table = Table::with_clients(3, 3, config, mutant);
    table.request(3, op(0), Request::Write { key: 0 });
    table.deliver(3, 0);
    table.pass(Duration::from_millis(1));
    table.request(4, op(1), Request::Read { key: 0 });
    table.settle(&[0, 4]);
    table.settle(&[1, 4]);
    table.settle(&[1, 2, 4]);
    table.pass(Duration::from_millis(1));
    table.request(5, op(2), Request::Read { key: 0 });
    table.settle(&[1, 2, 5]);
    table
}

#[test]
fn q01_a_read_that_is_not_written_back_is_followed_by_an_older_one() {
    breaks("Q01", LINEARIZABILITY, two_reads_during_a_write);
}
