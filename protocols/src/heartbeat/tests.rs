//! Heartbeats on the table.

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::{Config, Detector, Heartbeat, Message, Timer};
use crate::problem::membership::{Request, Status};

type Table = Tabletop<Heartbeat>;

const ALL: [u32; 3] = [0, 1, 2];

/// All three are up, and have sent a heartbeat.
fn table() -> Table {
    let mut table = Table::new(3, Config::default());
    for node in ALL {
        table.fire(node, Timer::Start);
    }
    table.settle(&ALL);
    table
}

fn status(table: &Table, node: u32, member: u32) -> Status {
    table.state(node).view[&NodeId(member)].status
}

#[test]
fn each_judges_by_itself_who_is_silent() {
    let mut table = table();
    table.fire(0, Timer::Silence(NodeId(2)));
    assert_eq!([status(&table, 0, 2), status(&table, 1, 2)], [Status::Dead, Status::Alive]);
}

#[test]
fn a_later_heartbeat_raises_from_the_dead_and_an_earlier_one_does_not() {
    let mut table = table();
    table.fire(2, Timer::Period);
    let early = table.take(2, 0);
    table.fire(2, Timer::Period);
    table.deliver(2, 0);
    table.fire(0, Timer::Silence(NodeId(2)));
    table.arrive(early);
    assert_eq!(status(&table, 0, 2), Status::Dead);
    table.fire(2, Timer::Period);
    table.settle(&ALL);
    assert_eq!(status(&table, 0, 2), Status::Alive);
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn a_life_counts_on_above_the_last() {
    let mut table = table();
    table.fire(2, Timer::Period);
    table.settle(&ALL);
    table.crash(2);
    table.fire(0, Timer::Silence(NodeId(2)));
    table.boot(NodeId(2));
    table.fire(2, Timer::Start);
    table.settle(&ALL);
    assert_eq!(status(&table, 0, 2), Status::Alive);
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn whoever_leaves_is_gone_at_once_and_stays_away() {
    let mut table = table();
    let op = OpId { client: ClientId(2), sequence: 0 };
    table.request(2, op, Request::Leave);
    table.settle(&ALL);
    assert_eq!([0, 1].map(|node| status(&table, node, 2)), [Status::Left; 2]);
    assert!(table.timers(2).is_empty());
    table.restart(2);
    assert!(table.timers(2).is_empty());
    table.request(2, OpId { sequence: 1, ..op }, Request::Join);
    table.fire(2, Timer::Start);
    table.settle(&ALL);
    assert_eq!([0, 1].map(|node| status(&table, node, 2)), [Status::Alive; 2]);
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn the_farewell_of_an_earlier_life_does_not_end_the_watching() {
    let mut table = table();
    let op = OpId { client: ClientId(2), sequence: 0 };
    table.request(2, op, Request::Leave);
    let late = table.take(2, 0);
    table.request(2, OpId { sequence: 1, ..op }, Request::Join);
    table.fire(2, Timer::Start);
    table.settle(&ALL);
    table.arrive(late);
    assert_eq!(status(&table, 0, 2), Status::Alive);
    assert!(table.timers(0).contains(&Timer::Silence(NodeId(2))));
}

#[test]
fn what_cannot_work_is_refused_and_what_is_risky_is_said() {
    use sim_core::id::Cluster;
    let wrong = |config: Config| {
        let objections = config.objections(Cluster { n: 3 });
        objections.iter().map(|o| (o.key, o.runnable)).collect::<Vec<_>>()
    };
    let second = Duration::from_secs(1);
    let with = Config::default;
    assert_eq!(wrong(with()), []);
    assert_eq!(wrong(Config { window: 0, ..with() }), [("window", false)]);
    assert_eq!(wrong(Config { phi_millis: 17_000, ..with() }), [("phi_millis", false)]);
    assert_eq!(wrong(Config { timeout: second, ..with() }), [("timeout", true)]);
    assert_eq!(wrong(Config { synchrony: Some(second), ..with() }), []);
    assert_eq!(wrong(Config { synchrony: Some(second * 3), ..with() }), [("synchrony", true)]);
    let accrual = Config { detector: Detector::Accrual, synchrony: Some(second), ..with() };
    assert_eq!(wrong(accrual), [("synchrony", true)]);
}

#[test]
fn a_lie_leaps_ahead() {
    let draw = Streams::new(0).key(Stream::Adversary).member(0);
    let forged = Message::Heartbeat(1).forge(Lie::Round, &mut Forger::without_keys(draw));
    assert!(matches!(forged, Some(Message::Heartbeat(count)) if count > 1 << 40));
    let accused = Message::Heartbeat(1).forge(Lie::Accusation, &mut Forger::without_keys(draw));
    assert_eq!(accused, None);
}
