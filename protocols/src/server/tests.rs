//! The server on the table.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;

use super::{Config, Server};
use crate::problem::service::Job;

#[test]
fn jobs_are_served_one_at_a_time_in_the_order_of_arrival() {
    let mut table = Tabletop::<Server>::new(1, Config::default());
    let op = |sequence| OpId { client: ClientId(0), sequence };
    assert!(table.timers(0).is_empty(), "an idle server serves nobody");
    table.request(0, op(0), Job);
    table.request(0, op(1), Job);
    assert_eq!(table.timers(0).len(), 1);
    table.fire(0, ());
    table.fire(0, ());
    assert!(table.timers(0).is_empty());
    assert_eq!(table.violations(), []);
}
