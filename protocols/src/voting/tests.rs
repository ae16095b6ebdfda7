//! Voting at the table, step by step: what is counted and what wins.

use expect_test::expect;
use sim_core::id::ClientId;
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;

use super::*;
use crate::quorum::Rule;

// The seed case: what four agents should build the front end with.
pub(super) const REACT: Choice = Choice::new(0, 2);
pub(super) const VUE: Choice = Choice::new(1, 2);
const A: Choice = Choice::new(0, 3);
const B: Choice = Choice::new(1, 3);
const C: Choice = Choice::new(2, 3);

pub(super) type Table = Tabletop<Voting>;

pub(super) const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

pub(super) fn ask(table: &mut Table, node: u32, opinion: Choice) {
    table.request(node, op(node), Propose::from(opinion));
}

pub(super) fn ballot(choice: Choice) -> Message {
    Message::Ballot { vote: choice.into() }
}

pub(super) fn settle_all(table: &mut Table, n: u32) {
    table.settle(&(0..n).collect::<Vec<_>>());
}

/// Asks everybody and delivers everything.
pub(super) fn vote(config: Config, opinions: &[Choice]) -> Table {
    let n = opinions.len() as u32;
    let mut table = Table::new(n, config);
    for (node, opinion) in (0..).zip(opinions) {
        ask(&mut table, node, *opinion);
    }
    settle_all(&mut table, n);
    table
}

pub(super) fn conclusion(table: &Table, node: u32) -> Option<Conclusion> {
    table.state(node).outcome.map(Settled::conclusion)
}

#[track_caller]
pub(super) fn check(table: &Table, expected: &[Option<Conclusion>]) {
    let conclusions = (0..expected.len()).map(|node| conclusion(table, node as u32));
    assert_eq!(conclusions.collect::<Vec<_>>(), expected);
    assert_eq!(table.violations(), []);
}

/// How often what follows the node's name in a line of the transcript starts with `what`.
pub(super) fn count(table: &Table, what: &str) -> usize {
    let lines = table.transcript().lines();
    let effects = lines.filter_map(|line| line.strip_prefix("  n")?.split_once(' '));
    effects.filter(|(_, effect)| effect.starts_with(what)).count()
}

pub(super) fn collector() -> Config {
    Config { form: Form::Collector, ..Config::default() }
}

fn first_wins() -> Config {
    Config { tie: Tie::First, ..Config::default() }
}

pub(super) const DECIDED_REACT: Option<Conclusion> = Some(Conclusion::Decided(REACT));
pub(super) const UNDECIDED: Option<Conclusion> = Some(Conclusion::Undecided);

#[test]
fn three_of_four_agents_want_react_and_all_decide_it() {
    for config in [Config::default(), collector()] {
        let table = vote(config, &[REACT, REACT, VUE, REACT]);
        check(&table, &[DECIDED_REACT; 4]);
        assert_eq!(count(&table, "Indicate"), 4);
    }
}

#[test]
fn a_forged_ballot_of_one_agent_changes_nothing() {
    for lie in [REACT, VUE] {
        let mut table = Table::new(4, Config::default());
        for node in [0, 1, 3] {
            ask(&mut table, node, REACT);
            table.inject(2, node, ballot(lie));
        }
        table.settle(&[0, 1, 3]);
        check(&table, &[DECIDED_REACT, DECIDED_REACT, None, DECIDED_REACT]);
    }
}

/// Honest n0 wants React and n1 wants Vue; the others say to each of them what it likes to hear.
fn equivocate(liars: &[u32]) -> Table {
    let mut table = Table::new(4, Config::default());
    ask(&mut table, 0, REACT);
    ask(&mut table, 1, VUE);
    for node in 2..4 {
        if liars.contains(&node) {
            table.inject(node, 0, ballot(REACT));
            table.inject(node, 1, ballot(VUE));
        } else {
            ask(&mut table, node, REACT);
        }
    }
    table.settle(&[0, 1, 2]);
    table
}

#[test]
fn two_equivocators_among_four_break_agreement_and_one_cannot() {
    check(&equivocate(&[3]), &[DECIDED_REACT, UNDECIDED]);
    let broken = equivocate(&[2, 3]);
    assert_eq!(broken.violations()[0].property, AGREEMENT);
}

#[test]
fn a_lying_collector_breaks_agreement() {
    let mut table = Table::new(3, collector());
    for (node, lie) in [(1, REACT), (2, VUE)] {
        ask(&mut table, node, lie);
        let decided = Some(lie);
        table.inject(0, node, Message::Outcome { decided });
    }
    assert_eq!(table.violations()[0].property, AGREEMENT);
    let config = collector();
    assert_eq!(Voting::contract(&config, Cluster { n: 3 }).safety.byzantine, 0);
}

#[test]
fn absentees_count_for_the_quorum() {
    for (present, expected) in [(3, DECIDED_REACT), (2, UNDECIDED)] {
        let mut table = Table::new(5, Config::default());
        (0..present).for_each(|node| ask(&mut table, node, REACT));
        table.settle(&[0, 1, 2]);
        for node in 0..present {
            if table.timers(node).contains(&Timer::GiveUp) {
                table.fire(node, Timer::GiveUp);
            }
        }
        check(&table, &vec![expected; present as usize]);
    }
}

#[test]
fn a_late_ballot_changes_nothing() {
    let mut table = Table::new(2, Config::default());
    ask(&mut table, 0, REACT);
    table.fire(0, Timer::GiveUp);
    ask(&mut table, 1, REACT);
    table.deliver(1, 0);
    check(&table, &[UNDECIDED]);
    assert_eq!(table.state(0).late, NodeSet::from_iter([NodeId(1)]));
    assert_eq!(table.state(0).tally.ballots(), 1);
}

#[test]
fn of_several_ballots_of_one_voter_the_first_counts() {
    let mut table = Table::new(3, Config::default());
    for choice in [VUE, VUE, REACT] {
        table.inject(1, 0, ballot(choice));
    }
    assert_eq!(table.state(0).duplicates, 2);
    assert_eq!(table.state(0).tally.votes(VUE), 1);
    assert_eq!(table.state(0).tally.ballots(), 1);
    check(&table, &[None; 3]);
}

#[test]
fn who_is_not_of_the_electorate_does_not_vote() {
    let mut table = Table::new(1, Config::default());
    table.inject(1, 0, ballot(VUE));
    assert_eq!(table.state(0).tally.ballots(), 0);
    let mut table = Table::new(3, collector());
    table.inject(2, 1, ballot(VUE));
    table.inject(2, 1, Message::Outcome { decided: Some(VUE) });
    assert_eq!(table.state(1).tally.ballots(), 0);
    check(&table, &[None; 3]);
}

/// All orders of `items`.
fn orders(items: &[u32]) -> Vec<Vec<u32>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let rest = [&items[..place], &items[place + 1..]].concat();
        for mut order in orders(&rest) {
            order.push(*item);
            all.push(order);
        }
    }
    all
}

#[test]
fn a_tie_ends_the_same_in_every_order_of_arrival() {
    let (a, b, none) = (Some(A), Some(B), None);
    for (opinions, with_first) in [
        ([A, A, B, B], a),
        ([B, C, C, B], b),
        // C leads alone, but two ballots are no quorum of four.
        ([A, B, C, C], none),
    ] {
        for (config, decided) in [(Config::default(), none), (first_wins(), with_first)] {
            let orders = orders(&[0, 1, 2, 3]);
            assert_eq!(orders.len(), 24);
            for order in orders {
                let mut table = Table::new(4, config.clone());
                for voter in &order {
                    assert_eq!(conclusion(&table, 0), None);
                    match *voter {
                        0 => ask(&mut table, 0, opinions[0]),
                        other => table.inject(other, 0, ballot(opinions[other as usize])),
                    }
                }
                let expected = decided.map_or(Conclusion::Undecided, Conclusion::Decided);
                assert_eq!(conclusion(&table, 0), Some(expected), "{opinions:?} {order:?}");
            }
        }
    }
}

#[test]
fn a_vote_costs_n_times_n_minus_1_messages_or_twice_n_minus_1() {
    for n in 1..10 {
        let opinions = vec![REACT; n];
        let table = vote(Config::default(), &opinions);
        assert_eq!(count(&table, "Send"), n * (n - 1));
        check(&table, &vec![DECIDED_REACT; n]);
        let table = vote(collector(), &opinions);
        assert_eq!(count(&table, "Send"), 2 * (n - 1));
        check(&table, &vec![DECIDED_REACT; n]);
    }
}

#[test]
fn a_lie_names_another_choice_and_colluding_liars_tell_the_same() {
    let draws = Streams::new(1).key(Stream::Adversary);
    let outcome = |decided| Message::Outcome { decided };
    for member in 0..20 {
        let forge = |message: Message| {
            message.forge(Lie::Content, &mut Forger::without_keys(draws.member(member)))
        };
        for truth in [A, B, C] {
            let lie = forge(ballot(truth));
            assert!([A, B, C].map(ballot).contains(lie.as_ref().unwrap()));
            assert_ne!(lie, Some(ballot(truth)));
            assert_eq!(lie, forge(ballot(truth)));
            assert_ne!(forge(outcome(Some(truth))), Some(outcome(Some(truth))));
        }
        let only = Choice::new(0, 1);
        assert_eq!(forge(ballot(only)), None);
        assert_eq!(forge(outcome(Some(only))), Some(outcome(None)));
        assert_eq!(forge(outcome(None)), None);
    }
}

#[test]
fn a_vote_all_to_all() {
    let mut table = Table::new(2, Config::default());
    ask(&mut table, 0, REACT);
    ask(&mut table, 1, REACT);
    settle_all(&mut table, 2);
    expect![[r#"
        n0 boots
        n1 boots
        n0 is asked c0.0 Propose(A)
          n0 Persist { record: Ballot(A) }
          n0 Announce(Round { round: 1 })
          n0 Send { to: n1, message: Ballot { vote: A } }
          n0 SetTimer { timer: GiveUp, after: 500ms }
        n1 is asked c1.0 Propose(A)
          n1 Persist { record: Ballot(A) }
          n1 Announce(Round { round: 1 })
          n1 Send { to: n0, message: Ballot { vote: A } }
          n1 SetTimer { timer: GiveUp, after: 500ms }
        n0 → n1 Ballot { vote: A }
          n1 Announce(QuorumFormed { term: 0 })
          n1 CancelTimer { timer: GiveUp }
          n1 Persist { record: Outcome(Some(A)) }
          n1 Announce(Decided)
          n1 Indicate { answers: Some(c1.0), indication: Decided(A) }
        n1 → n0 Ballot { vote: A }
          n0 Announce(QuorumFormed { term: 0 })
          n0 CancelTimer { timer: GiveUp }
          n0 Persist { record: Outcome(Some(A)) }
          n0 Announce(Decided)
          n0 Indicate { answers: Some(c0.0), indication: Decided(A) }
    "#]]
    .assert_eq(table.transcript());
}

#[test]
fn a_vote_through_a_collector_that_stays_short_of_its_quorum() {
    let mut table = Table::new(3, collector());
    ask(&mut table, 1, VUE);
    table.deliver(1, 0);
    table.fire(0, Timer::GiveUp);
    table.deliver(0, 1);
    expect![[r#"
        n0 boots
        n1 boots
        n2 boots
        n1 is asked c1.0 Propose(B)
          n1 Persist { record: Ballot(B) }
          n1 Announce(Round { round: 1 })
          n1 Send { to: n0, message: Ballot { vote: B } }
          n1 SetTimer { timer: GiveUp, after: 1s }
        n1 → n0 Ballot { vote: B }
          n0 SetTimer { timer: GiveUp, after: 500ms }
        n0 timer GiveUp
          n0 Announce(Marked { name: "missing_ballot" })
          n0 Announce(Marked { name: "missing_ballot" })
          n0 CancelTimer { timer: GiveUp }
          n0 Persist { record: Outcome(None) }
          n0 Announce(Undecided)
          n0 Send { to: n1, message: Outcome { decided: None } }
          n0 Send { to: n2, message: Outcome { decided: None } }
          n0 Indicate { answers: None, indication: Undecided }
        n0 → n1 Outcome { decided: None }
          n1 CancelTimer { timer: GiveUp }
          n1 Persist { record: Outcome(None) }
          n1 Announce(Undecided)
          n1 Indicate { answers: Some(c1.0), indication: Undecided }
    "#]]
    .assert_eq(table.transcript());
}

/// Agents that need a weight of 4 out of 3 + 1 + 1 + 1: the first and any other.
fn weighted() -> Config {
    let rule = "weighted(4, 3 * n0, n1, n2, n3)".parse().expect("an expression");
    Config { quorum: Rule::Of(rule), ..Config::default() }
}

#[test]
fn where_quorums_are_weighed_three_light_ballots_do_not_win() {
    check(&vote(weighted(), &[REACT, REACT, VUE, VUE]), &[DECIDED_REACT; 4]);
    check(&vote(weighted(), &[REACT, VUE, VUE, VUE]), &[UNDECIDED; 4]);
}

#[test]
fn a_majority_of_the_reachable_decides_in_each_part_of_a_network() {
    for (electorate, breaks) in [(Electorate::All, false), (Electorate::Reachable, true)] {
        let config = Config { electorate, ..Config::default() };
        let mut table = Table::new(4, config);
        for (node, opinion) in [(0, REACT), (1, REACT), (2, VUE), (3, VUE)] {
            ask(&mut table, node, opinion);
        }
        table.settle(&[0, 1]);
        table.settle(&[2, 3]);
        (0..4).for_each(|node| table.fire(node, Timer::GiveUp));
        let broken = table.violations().iter().any(|violation| violation.property == AGREEMENT);
        assert_eq!(broken, breaks, "{electorate:?}");
    }
}
