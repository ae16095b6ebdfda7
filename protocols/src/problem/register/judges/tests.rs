//! The judges of replicated registers on histories that are known to be good or bad.

use sim_core::time::Duration;

use super::super::super::bench::{Bench, end};
use super::super::{LINEARIZABILITY, REGULARITY, VALIDITY};
use super::*;

type Happened = Event<Request, Indication>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

const fn told(answers: Option<OpId>, indication: Indication) -> Happened {
    Event::Indicated { answers, indication }
}

fn writes(client: u32) -> [Happened; 2] {
    let request = Request::Write { key: 0 };
    let asks = Event::Requested { op: op(client), request, reached: true };
    [asks, told(Some(op(client)), Indication::Written { version: None })]
}

/// The client of this number reads what this operation wrote.
fn reads(client: u32, written: OpId) -> [Happened; 2] {
    let (op, request, values) = (op(client), Request::Read { key: 0 }, vec![Value(written)]);
    let asks = Event::Requested { op, request, reached: true };
    [asks, told(Some(op), Indication::Found { values, version: None })]
}

/// The client of this number reads what this one wrote, and writes thereafter.
fn reads_and_writes(client: u32, writer: u32) -> [Happened; 4] {
    let [asks, finds] = reads(client, op(writer));
    let write = OpId { sequence: 1, ..op(client) };
    let (request, reached) = (Request::Write { key: 0 }, true);
    let writes = Event::Requested { op: write, request, reached };
    [asks, finds, writes, told(Some(write), Indication::Written { version: None })]
}

fn keeps(op: OpId) -> Happened {
    told(None, Indication::Keeps { key: 0, values: vec![Value(op)] })
}

/// What a judge says at the end, and whether it had nothing to wait for. There are two nodes,
/// both keep everything, and the end is long after what happened: first to clients at n0, then
/// to n0 and to n1.
fn judge<C>(checker: C, clients: &[Happened], copies: [Happened; 2]) -> (Option<Witness>, bool)
where
    C: Checker<Request, Indication>,
{
    let mut checker = checker;
    let serves = told(None, Indication::Serves { copies: 2 });
    let first = [&serves].into_iter().chain(clients).map(|event| (0, event));
    for (node, event) in first.chain((0..).zip(&copies)) {
        let (at, node, event) = (Time::ZERO, NodeId(node), event.clone());
        assert_eq!(checker.observe(&Entry { at, node, incarnation: 0, event }), None);
    }
    let end = End {
        cluster: CLUSTER,
        at: Time::from_nanos(1_000_000_000),
        gst: Some(Time::ZERO),
        patience: Duration::from_millis(100),
        core: CLUSTER.nodes().collect(),
    };
    let is_settled = checker.is_settled(&end.core);
    (checker.conclude(&end), is_settled)
}

const CLUSTER: Cluster = Cluster { n: 2 };

/// What all judges find in a history at n0 before its end.
fn found(history: &[Happened]) -> Vec<&'static str> {
    let history = history.iter().cloned().map(|event| (0, 0, event));
    let mut bench = Bench::<Register>::after(history);
    // Before GST nothing is overdue, and what is linearizable is not asked here.
    let found = bench.conclude(&end(60, None, &[])).into_iter().map(|(name, _)| name);
    found.filter(|name| *name != LINEARIZABILITY).collect()
}

#[test]
fn a_read_of_what_was_overwritten_before_it_began_is_not_regular() {
    let [[asks_first, hears_first], second] = [0, 1].map(writes);
    let [_, finds_first] = reads(2, op(0));
    let [asks_read, finds_second] = reads(2, op(1));
    let before = [asks_first.clone(), hears_first.clone(), asks_read.clone()];
    let stale = [&before[..2], &second, &[asks_read.clone(), finds_first.clone()]].concat();
    assert_eq!(found(&stale), [REGULARITY]);
    let fresh = [&before[..2], &second, &[asks_read, finds_second]].concat();
    assert_eq!(found(&fresh), [""; 0]);
    let meanwhile = [&before[..], &second, &[finds_first]].concat();
    assert_eq!(found(&meanwhile), [""; 0], "the second write began after the read");
}

#[test]
fn what_is_read_or_kept_was_written_there_and_every_answer_was_asked_for() {
    let stray = reads(2, op(9));
    assert_eq!(found(&stray), [VALIDITY]);
    assert_eq!(found(&[keeps(op(9))]), [VALIDITY]);
    assert_eq!(found(&[stray[1].clone()]), [VALIDITY], "nobody had asked");
    let [asks, hears] = writes(0);
    assert_eq!(found(&[asks.clone(), keeps(op(0)), hears]), [""; 0]);
    let none = Indication::Found { values: vec![], version: None };
    assert_eq!(found(&[asks, told(Some(op(0)), none)]), [VALIDITY], "a write finds nothing");
}

#[test]
fn copies_converge_if_they_are_equal_at_the_end() {
    let check = |copies| judge(Convergence::new(CLUSTER), &writes(0), copies);
    assert_eq!(check([keeps(op(0)), keeps(op(0))]), (None, true));
    let (witness, is_settled) = check([keeps(op(0)), keeps(op(1))]);
    let witness = witness.expect("they differ");
    assert!(witness.contains("n0 keeps") && witness.contains("n1 keeps"), "{witness}");
    assert!(!is_settled);
}

#[test]
fn an_update_is_lost_if_equal_copies_hold_what_was_written_without_knowing_of_it() {
    let check = |clients: &[Happened], kept| {
        judge(NoLostUpdate::new(CLUSTER), clients, [keeps(kept), keeps(kept)])
    };
    let blind = [writes(0), writes(1)].concat();
    let (witness, is_settled) = check(&blind, op(1));
    assert!(witness.expect("c0's is gone").starts_with("c0.0 wrote k0 and was acknowledged"));
    assert!(!is_settled);
    let knowing = [&writes(0)[..], &reads_and_writes(1, 0)].concat();
    assert_eq!(check(&knowing, OpId { sequence: 1, ..op(1) }), (None, true));
}
