//! Ballots by gossip and by broadcast: who gets them, and what a liar can do about it.

use sim_core::id::{ClientId, OpId};
use sim_core::tabletop::Tabletop;

use super::*;
use crate::bracha;

const A: Choice = Choice::new(0, 2);
const B: Choice = Choice::new(1, 2);

type Table = Tabletop<Voting>;

fn with(form: Form, rule: &str) -> Config {
    let rule = Some(rule.parse().expect("a rule"));
    Config { form, rule, tie: Tie::First, ..Config::default() }
}

fn ask(table: &mut Table, node: u32, choice: Choice) {
    let op = OpId { client: ClientId(node), sequence: 0 };
    table.request(node, op, Propose::from(choice));
}

fn ballot(config: &Config, choice: Choice) -> Vote {
    config.vote(choice, &Propose::from(choice).opinion).expect("it votes")
}

fn decided(table: &Table, node: u32) -> Option<Choice> {
    table.state(node).outcome.and_then(|outcome| outcome.decided)
}

#[test]
fn a_pushed_ballot_gets_to_whom_its_voter_cannot_reach() {
    let config = Config { fanout: 1, ..with(Form::Gossip, "unanimity") };
    let mut table = Table::new(3, config);
    (0..3).for_each(|node| ask(&mut table, node, A));
    table.lose_all();
    // n0 and n2 hear nothing of each other but through n1.
    for _ in 0..10 {
        for node in 0..3 {
            table.fire(node, Timer::Push);
        }
        for (from, to) in [(0, 1), (2, 1), (1, 0), (1, 2)] {
            while table.flying().iter().any(|it| (it.from.0, it.to.0) == (from, to)) {
                table.deliver(from, to);
            }
        }
        table.lose_all();
    }
    (0..3).for_each(|node| assert_eq!(decided(&table, node), Some(A), "n{node}"));
    assert_eq!(table.violations(), []);
    assert!(!table.transcript().contains("duplicate_ballot"), "copies are no repetition");
}

#[test]
fn an_agent_that_gossips_pushes_to_its_fanout_and_falls_silent_in_the_end() {
    let config = Config { fanout: 3, ..with(Form::Gossip, "majority") };
    let mut table = Table::new(6, config.clone());
    ask(&mut table, 0, A);
    let reached: std::collections::BTreeSet<_> = table.flying().iter().map(|it| it.to).collect();
    assert_eq!(reached.len(), 3, "three different others");
    let mut pushes = 0;
    while table.timers(0).contains(&Timer::Push) {
        table.fire(0, Timer::Push);
        pushes += 1;
    }
    assert_eq!(pushes, config.timeout.as_nanos() / config.period.as_nanos());
    assert_eq!(table.flying().len(), 3 + 3 * pushes as usize);
}

/// n3 tells n0 that it votes for A, and the others that it votes for B; of the honest, n0 wants A
/// and n1 and n2 want A and B. So its ballot breaks the tie.
fn equivocate(form: Form) -> Table {
    let config = with(form, "plurality");
    let mut table = Table::new(4, config.clone());
    for (node, choice) in [(0, A), (1, A), (2, B)] {
        ask(&mut table, node, choice);
    }
    for (node, choice) in [(0, A), (1, B), (2, B)] {
        let (vote, voter) = (ballot(&config, choice), NodeId(3));
        match form {
            Form::Reliable => {
                for step in [bracha::Step::Init, bracha::Step::Echo] {
                    table.inject(3, node, Message::Relay { step, voter, vote });
                }
            }
            _ => table.inject(3, node, Message::Ballot { vote }),
        }
    }
    table.settle(&[0, 1, 2]);
    table
}

#[test]
fn an_equivocator_is_counted_otherwise_by_each_unless_ballots_are_broadcast() {
    let counted = |form| {
        let table = equivocate(form);
        let heard = (0..3).map(|node| table.state(node).heard.get(&NodeId(3)).copied());
        (heard.collect::<std::collections::BTreeSet<_>>(), table)
    };
    let (direct, _) = counted(Form::AllToAll);
    assert_eq!(direct.len(), 2, "each believes what it was told: {direct:?}");
    let (broadcast, table) = counted(Form::Reliable);
    let config = with(Form::Reliable, "plurality");
    assert_eq!(broadcast.into_iter().collect::<Vec<_>>(), [Some(ballot(&config, B))]);
    assert_eq!(table.violations(), []);
    assert!(table.transcript().contains("equivocation"), "n0 hears of it");
    (0..3).for_each(|node| assert_eq!(decided(&table, node), Some(A), "two each: the first"));
}

#[test]
fn a_ballot_that_is_told_to_too_few_is_counted_by_nobody() {
    let config = with(Form::Reliable, "majority");
    let mut table = Table::new(4, config.clone());
    (0..3).for_each(|node| ask(&mut table, node, A));
    let (vote, voter) = (ballot(&config, B), NodeId(3));
    table.inject(3, 0, Message::Relay { step: bracha::Step::Init, voter, vote });
    table.settle(&[0, 1, 2]);
    for node in 0..3 {
        assert_eq!(decided(&table, node), Some(A));
        assert_eq!(table.state(node).heard.get(&voter), None);
    }
}

#[test]
fn a_broadcast_is_of_the_voters_own_ballot_and_a_bare_ballot_does_not_pass_for_one() {
    let config = with(Form::Reliable, "plurality");
    let mut table = Table::new(4, config.clone());
    ask(&mut table, 0, A);
    let vote = ballot(&config, B);
    let voter = NodeId(1);
    table.lose_all();
    table.inject(3, 0, Message::Relay { step: bracha::Step::Init, voter, vote });
    table.inject(3, 0, Message::Ballot { vote });
    table.inject(3, 0, Message::Ballots { ballots: vec![(voter, vote)] });
    assert_eq!(table.flying().len(), 0, "n1 did not say so itself");
    assert!(table.state(0).heard.is_empty());
}

#[test]
fn a_restart_never_echoes_another_ballot_of_the_same_voter() {
    let config = with(Form::Reliable, "majority");
    let mut table = Table::new(4, config.clone());
    let voter = NodeId(3);
    let init = |choice| {
        let vote = ballot(&config, choice);
        Message::Relay { step: bracha::Step::Init, voter, vote }
    };
    table.inject(3, 0, init(A));
    table.lose_all();
    table.restart(0);
    let repeated = table.flying().len();
    assert_eq!(repeated, 3, "it says again what it said");
    table.inject(3, 0, init(B));
    assert_eq!(table.flying().len(), repeated);
}

#[test]
fn a_repeated_broadcast_outlasts_loss() {
    let resend = Some(sim_core::time::Duration::from_millis(100));
    let config = Config { resend, ..with(Form::Reliable, "unanimity") };
    let mut table = Table::new(4, config);
    (0..4).for_each(|node| ask(&mut table, node, A));
    table.lose_all();
    for _ in 0..3 {
        for node in 0..4 {
            if table.timers(node).contains(&Timer::Resend) {
                table.fire(node, Timer::Resend);
            }
        }
        table.settle(&[0, 1, 2, 3]);
    }
    (0..4).for_each(|node| assert_eq!(decided(&table, node), Some(A), "n{node}"));
}

#[test]
fn below_a_third_of_liars_every_rule_is_safe_where_ballots_are_broadcast() {
    let bound = |form, rule: &str, change: fn(&mut Config)| {
        let mut config = with(form, rule);
        change(&mut config);
        Voting::contract(&config, Cluster { n: 7 }).safety.byzantine
    };
    let plain = |_: &mut Config| {};
    for rule in ["plurality", "borda", "schulze", "approval", "veto(majority)"] {
        assert_eq!(bound(Form::Reliable, rule, plain), 2, "{rule}");
        for form in [Form::AllToAll, Form::Collector, Form::Gossip] {
            assert_eq!(bound(form, rule, plain), 0, "{rule}, {form:?}");
        }
    }
    // The two heaviest liars would outvote the others, or the others be hardly sure.
    let heavy = |config: &mut Config| config.voters.weights = vec![3, 3];
    assert_eq!(bound(Form::Reliable, "plurality", heavy), 1);
    let unsure = |config: &mut Config| config.confidence = true;
    assert_eq!(bound(Form::Reliable, "plurality", unsure), 0);
    assert_eq!(bound(Form::Reliable, "borda", unsure), 2, "it does not promise to heed them");
    let quorum = |config: &mut Config| config.rule = None;
    assert_eq!(bound(Form::Reliable, "borda", quorum), 2);
    assert_eq!(bound(Form::Gossip, "borda", quorum), 0);
}
