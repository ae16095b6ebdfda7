//! Reads without entries, told by hand: what they cost, when they are answered, and when not.

use expect_test::expect;
use sim_core::id::{ClientId, Cluster, OpId};
use sim_core::protocol::Protocol as _;
use sim_core::rng::Ratio;
use sim_core::tabletop::Tabletop;
use sim_core::time::{Duration, DurationRange};

use super::figures::tells;
use super::message::{Append, Entries, Entry, Message, Payload, Place};
use super::reads::Reads;
use super::tests::elect;
use super::{Config, Raft, Timer};
use crate::machine::{Journal, Machine, Store};
use crate::problem::kv::Request;

type Table = Tabletop<Raft<Store>>;

/// Servers that have heard no leader for long.
pub(super) fn store(n: u32, config: Config, mutant: Option<&'static str>) -> Table {
    let election_timeout = DurationRange::from_millis(150, 150);
    let mut table = Table::with_mutant(n, Config { election_timeout, ..config }, mutant);
    table.pass(Duration::from_secs(1));
    table
}

/// Leases, for clocks of which one may run half as fast again as another.
pub(super) fn leased() -> Config {
    let clock_drift_bound = Some(Ratio::new(1, 2));
    Config { reads: Reads::Lease, check_quorum: true, clock_drift_bound, ..Config::default() }
}

/// Client c0 asks a node; some time has passed.
fn ask(table: &mut Table, node: u32, sequence: u32, request: Request) {
    table.pass(Duration::from_millis(1));
    table.request(node, OpId { client: ClientId(0), sequence }, request);
}

/// It writes under the only key.
pub(super) fn put(table: &mut Table, node: u32, sequence: u32) {
    ask(table, node, sequence, Request::Put { key: 0 });
}

/// It reads what is there.
pub(super) fn get(table: &mut Table, node: u32, sequence: u32) {
    ask(table, node, sequence, Request::Get { key: 0 });
}

/// n0 leads, and one value is written.
fn written(n: u32, config: Config) -> Table {
    let mut table = store(n, config, None);
    let others: Vec<u32> = (1..n).collect();
    elect(&mut table, 0, &others);
    let all: Vec<u32> = (0..n).collect();
    table.settle(&all);
    put(&mut table, 0, 0);
    table.settle(&all);
    table
}

fn delivered(table: &Table) -> usize {
    table.transcript().matches(" → n").count()
}

fn answers(table: &Table) -> Vec<&str> {
    table.transcript().lines().filter(|line| line.contains("Answered(read")).collect()
}

#[test]
fn a_read_by_index_is_answered_when_a_majority_has_confirmed_the_leader() {
    let mut table = written(3, Config { reads: Reads::ReadIndex, ..Config::default() });
    get(&mut table, 0, 1);
    table.deliver(0, 2);
    table.deliver(2, 0);
    tells(
        &table,
        "n0 is asked c0.1",
        &expect![[r#"
        n0 is asked c0.1 get k0
          n0 Send { to: n1, message: Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] }) }
          n0 Send { to: n2, message: Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] }) }
        n0 → n2 Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] })
          n2 SetTimer { timer: Election, after: 150ms }
          n2 Send { to: n0, message: AppendReply { term: 1, heartbeat: Some(1), outcome: Accepted { through: 2 } } }
          n2 Announce(Committed { index: 2 })
        n2 → n0 AppendReply { term: 1, heartbeat: Some(1), outcome: Accepted { through: 2 } }
          n0 Indicate { answers: Some(c0.1), indication: Answered(read c0.0) }
    "#]],
    );
}

#[test]
fn a_read_under_a_lease_is_answered_at_once_and_after_it_by_a_round() {
    let mut table = written(3, leased());
    table.fire(0, Timer::Heartbeat);
    table.deliver(0, 1);
    table.deliver(1, 0);
    table.lose_all();
    table.pass(Duration::from_millis(98));
    get(&mut table, 0, 1);
    get(&mut table, 0, 2);
    tells(
        &table,
        "n0 is asked c0.1",
        &expect![[r#"
        n0 is asked c0.1 get k0
          n0 Indicate { answers: Some(c0.1), indication: Answered(read c0.0) }
        n0 is asked c0.2 get k0
          n0 Send { to: n1, message: Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] }) }
          n0 Send { to: n2, message: Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] }) }
    "#]],
    );
}

#[test]
fn a_read_by_index_costs_one_round_of_heartbeats_and_a_read_under_a_lease_nothing() {
    for n in [3, 5, 7] {
        let all: Vec<u32> = (0..n).collect();
        for (config, cost) in [
            (Config { reads: Reads::ReadIndex, ..Config::default() }, 2 * (n as usize - 1)),
            (leased(), 0),
        ] {
            let mut table = written(n, config);
            table.fire(0, Timer::Heartbeat);
            table.settle(&all);
            let (before, last) = (delivered(&table), table.state(0).log().last());
            get(&mut table, 0, 1);
            table.settle(&all);
            assert_eq!(delivered(&table) - before, cost, "n = {n}");
            assert_eq!((table.state(0).log().last(), answers(&table).len()), (last, 1));
        }
    }
}

#[test]
fn reads_that_come_during_a_round_share_the_next_one() {
    let mut table = written(3, Config { reads: Reads::ReadIndex, ..Config::default() });
    let before = delivered(&table);
    (1..6).for_each(|sequence| get(&mut table, 0, sequence));
    assert_eq!(table.flying().len(), 2);
    table.settle(&[0, 1, 2]);
    assert_eq!((delivered(&table) - before, answers(&table).len()), (8, 5));
}

#[test]
fn an_answer_to_an_earlier_round_confirms_nothing() {
    let mut table = written(3, Config { reads: Reads::ReadIndex, ..Config::default() });
    table.fire(0, Timer::Heartbeat);
    let early = [table.take(0, 1), table.take(0, 2)];
    get(&mut table, 0, 1);
    early.into_iter().for_each(|letter| table.arrive(letter));
    table.deliver(1, 0);
    assert_eq!(answers(&table), [] as [&str; 0]);
    table.settle(&[0, 1, 2]);
    assert_eq!(answers(&table).len(), 1);
}

#[test]
fn a_leader_whose_reads_nobody_confirms_steps_down_and_answers_none() {
    let mut table = written(3, leased());
    table.pass(Duration::from_millis(160));
    get(&mut table, 0, 1);
    table.lose_all();
    table.fire(0, Timer::Heartbeat);
    assert_eq!(answers(&table), [] as [&str; 0]);
    assert_eq!(table.timers(0), [Timer::Election]);
    get(&mut table, 0, 2);
    assert!(table.transcript().contains("Redirect { leader: None }"));
}

#[test]
fn a_leader_whose_log_a_liar_had_cut_below_what_it_committed_answers_no_read() {
    let mut table = written(3, Config { reads: Reads::ReadIndex, ..Config::default() });
    put(&mut table, 0, 1);
    table.settle(&[0, 1, 2]);
    assert_eq!(table.state(0).commit(), 3);
    let (previous, commit) = (Place::default(), 0);
    let entries = Entries::One(Entry { term: 5, payload: Payload::Nothing });
    table.inject(2, 0, Message::Append(Append { term: 5, previous, commit, entries }));
    elect(&mut table, 0, &[1]);
    table.settle(&[0, 1]);
    assert_eq!((table.state(0).log().last().index, table.state(0).commit()), (2, 3));
    get(&mut table, 0, 2);
    table.settle(&[0, 1]);
    assert_eq!(answers(&table), [] as [&str; 0]);
}

#[test]
fn who_hears_a_leader_or_has_just_begun_leaves_candidates_without_an_answer() {
    let mut table = written(3, leased());
    table.fire(2, Timer::Election);
    table.deliver(2, 1);
    assert_eq!(table.state(1).term(), 1, "n1 hears n0");
    table.lose_all();
    table.pass(Duration::from_millis(150));
    table.restart(1);
    table.fire(2, Timer::Election);
    table.deliver(2, 1);
    assert_eq!((table.state(1).term(), table.flying().len()), (1, 1), "n1 forgot what it heard");
    table.lose_all();
    table.pass(Duration::from_millis(150));
    table.fire(2, Timer::Election);
    table.deliver(2, 1);
    assert_eq!(table.state(1).term(), table.state(2).term());
}

#[test]
fn who_would_lose_an_election_does_not_enter_its_term() {
    let config = Config { pre_vote: true, ..Config::default() };
    let mut table = store(3, config, None);
    table.fire(0, Timer::Election);
    assert_eq!(table.state(0).term(), 0, "it asks first");
    table.settle(&[0, 1]);
    assert_eq!(table.state(0).term(), 1);
    put(&mut table, 0, 0);
    table.settle(&[0, 1]);
    table.lose_all();
    table.pass(Duration::from_millis(200));
    // n2 lacks what n0 and n1 have: neither would vote for it, though they hear nobody.
    table.fire(2, Timer::Election);
    table.settle(&[1, 2]);
    assert_eq!((table.state(1).term(), table.state(2).term()), (1, 1));
    table.fire(1, Timer::Election);
    table.settle(&[1, 2]);
    assert_eq!((table.state(1).term(), table.state(2).term()), (2, 2));
}

#[test]
fn a_lease_without_a_bound_or_without_followers_that_refuse_is_objected_to() {
    fn objections<M: Machine>(config: &Config) -> Vec<(&'static str, bool)> {
        let objections = Raft::<M>::objections(config, Cluster { n: 3 });
        objections.into_iter().map(|it| (it.key, it.runnable)).collect()
    }
    assert_eq!(objections::<Store>(&leased()), []);
    let lenient = Config { check_quorum: false, ..leased() };
    assert_eq!(objections::<Store>(&lenient), [("check_quorum", false)]);
    let unbounded = Config { clock_drift_bound: None, ..leased() };
    assert_eq!(objections::<Store>(&unbounded), [("clock_drift_bound", false)]);
    assert_eq!(objections::<Journal>(&leased()), [("reads", false)]);
}

#[test]
fn only_a_lease_makes_assumptions_about_clocks() {
    let bound = |config: &Config| {
        let contract = Raft::<Store>::contract(config, Cluster { n: 3 });
        assert_eq!(contract.liveness.clock_drift, None);
        contract.safety.clock_drift
    };
    assert_eq!(bound(&leased()), Some(Ratio::new(1, 2)));
    assert_eq!(bound(&Config { reads: Reads::ReadIndex, ..leased() }), None);
}
