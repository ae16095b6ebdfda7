//! Voting under the rules of elections: ballots, early ends, weights, and what is not counted.

use sim_core::id::{ClientId, OpId};
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::rng::{Draw, Random as _, Stream, Streams};
use sim_core::tabletop::Tabletop;

use super::*;
use crate::election::{Ballot, Form as BallotForm, Kind, Profile, Rule as _};
use crate::election::{Electorate as Voters, Voter};
use crate::problem::decision::Opinion;

const RULES: [&str; 22] = [
    "majority",
    "majority(all)",
    "supermajority(2/3)",
    "unanimity",
    "plurality",
    "approval",
    "score",
    "star",
    "majority-judgement",
    "borda",
    "condorcet",
    "copeland",
    "minimax",
    "kemeny",
    "schulze",
    "ranked-pairs",
    "split-cycle",
    "nanson",
    "baldwin",
    "coombs",
    "instant-runoff",
    "quorum(1/2, veto(plurality))",
];

type Table = Tabletop<Voting>;

fn under(rule: &str) -> Config {
    Config { rule: Some(rule.parse().expect("a rule")), ..Config::default() }
}

fn draws(member: u64) -> Draw {
    Streams::new(7).key(Stream::Application).member(member)
}

fn ask(table: &mut Table, node: u32, opinion: Opinion) {
    let op = OpId { client: ClientId(node), sequence: 0 };
    table.request(node, op, Propose { choice: opinion.favourite(), opinion });
}

fn conclusion(table: &Table, node: u32) -> Option<Conclusion> {
    table.state(node).outcome.map(Settled::conclusion)
}

/// An agent that ranks three options in this order.
fn ranks(order: [u8; 3]) -> Opinion {
    Opinion::ranking_evenly(&order.map(|index| Choice::new(index, 3)))
}

/// An agent that wants this one of three.
fn wants(index: u8) -> Opinion {
    Opinion::plain(Choice::new(index, 3))
}

const fn decided(index: u8) -> Option<Conclusion> {
    Some(Conclusion::Decided(Choice::new(index, 3)))
}

const UNDECIDED: Option<Conclusion> = Some(Conclusion::Undecided);

/// Delivers everything, in an order that is drawn.
fn settle_in_any_order(table: &mut Table, draw: &mut Draw) {
    while !table.flying().is_empty() {
        let place = draw.below(table.flying().len() as u64) as usize;
        let (from, to) = (table.flying()[place].from, table.flying()[place].to);
        table.deliver(from.0, to.0);
    }
}

/// Lets agents that gossip push as often as they will.
fn push_to_the_end(table: &mut Table, n: u32) {
    let pushes = |table: &Table, node: u32| table.timers(node).contains(&Timer::Push);
    while let Some(node) = (0..n).find(|node| pushes(table, *node)) {
        table.fire(node, Timer::Push);
        settle_in_any_order(table, &mut draws(0));
    }
}

fn vote(config: &Config, opinions: &[Opinion]) -> Table {
    let mut table = Table::new(opinions.len() as u32, config.clone());
    for (node, opinion) in (0..).zip(opinions) {
        ask(&mut table, node, *opinion);
    }
    settle_in_any_order(&mut table, &mut draws(0));
    table
}

/// What the rule finds on the ballots of all, counted in one place.
fn at_once(config: &Config, opinions: &[Opinion]) -> Option<Conclusion> {
    let rule = config.rule.as_ref()?;
    let mut profile = Profile::new(3, rule.form(), opinions.len() as u64);
    for opinion in opinions {
        let vote = Vote::filled(rule.form(), opinion)?;
        let Vote::Ballot { ballot, .. } = vote else { return None };
        profile.cast(ballot, Voter::PLAIN).expect("of the form");
    }
    let winner = config.tie().decide(rule.outcome(&profile).winners, 0);
    winner.map_or(UNDECIDED, |index| decided(index as u8))
}

#[test]
fn in_every_form_and_order_all_decide_what_the_rule_finds_on_all_ballots() {
    let mut outcomes = std::collections::BTreeSet::new();
    for (rule, form) in RULES.iter().flat_map(|rule| FORMS.map(|form| (*rule, form))) {
        for case in 0..40 {
            let draw = &mut draws(case);
            let tie = if case % 2 == 0 { Tie::First } else { Tie::Undecided };
            let config = Config { form, tie, ..under(rule) };
            let opinions: Vec<Opinion> = (0..4)
                .map(|_| {
                    let worth = [0; 3].map(|_: u8| draw.below(101) as u8);
                    Opinion::valuing(&worth)
                })
                .collect();
            let mut table = Table::new(4, config.clone());
            for (node, opinion) in (0..).zip(&opinions) {
                ask(&mut table, node, *opinion);
            }
            settle_in_any_order(&mut table, draw);
            push_to_the_end(&mut table, 4);
            let expected = at_once(&config, &opinions);
            for node in 0..4 {
                assert_eq!(conclusion(&table, node), expected, "{rule}, {form:?}, {opinions:?}");
            }
            assert_eq!(table.violations(), [], "{rule}, {form:?}, {opinions:?}");
            outcomes.insert(format!("{expected:?}"));
        }
    }
    assert_eq!(outcomes.len(), 4, "every option wins somewhere, and nobody: {outcomes:?}");
}

const FORMS: [Form; 4] = [Form::AllToAll, Form::Collector, Form::Gossip, Form::Reliable];

#[test]
fn a_vote_ends_when_the_ballots_that_are_out_cannot_change_it_and_not_before() {
    for (rule, opinions, in_time) in [
        ("plurality", [0, 0, 0, 1, 1], 3),
        ("plurality", [0, 1, 0, 0, 1], 4),
        ("plurality", [0, 1, 0, 1, 2], 5),
        ("borda", [0, 0, 0, 0, 1], 4),
        ("unanimity", [0, 1, 0, 0, 0], 2),
    ] {
        let mut table = Table::new(5, Config { tie: Tie::First, ..under(rule) });
        for (node, index) in (0..5).zip(opinions) {
            let is_over = conclusion(&table, 0).is_some();
            assert_eq!(is_over, node >= in_time, "{rule} of {opinions:?} with {node} ballots");
            let vote = table.state(0).heard.len();
            assert_eq!(vote, node as usize);
            match node {
                0 => ask(&mut table, 0, wants(index)),
                _ => {
                    let form = under(rule).rule.expect("it has one").form();
                    let vote = Vote::filled(form, &wants(index)).expect("few options");
                    table.inject(node, 0, Message::Ballot { vote });
                }
            }
        }
        assert!(conclusion(&table, 0).is_some());
        let is_early = table.transcript().contains("early_finalisation");
        assert_eq!(is_early, in_time < 5);
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn what_was_received_at_the_timeout_decides_nothing_but_for_the_control() {
    for (electorate, expected) in
        [(Electorate::All, UNDECIDED), (Electorate::Reachable, decided(0))]
    {
        let mut table = Table::new(5, Config { electorate, ..under("plurality") });
        (0..2).for_each(|node| ask(&mut table, node, wants(0)));
        table.settle(&[0, 1]);
        assert_eq!(conclusion(&table, 0), None);
        table.fire(0, Timer::GiveUp);
        assert_eq!(conclusion(&table, 0), expected);
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn who_abstains_sends_no_ballot_and_learns_the_outcome() {
    for config in [Config::default(), under("majority"), under("plurality")] {
        let opinions = [wants(1), wants(1), wants(1), wants(0).withheld()];
        let table = vote(&config, &opinions);
        for node in 0..4 {
            assert_eq!(conclusion(&table, node), decided(1), "{:?}", config.rule);
        }
        assert_eq!(table.state(0).tally.voters().min(3), table.state(0).tally.ballots());
        assert!(!table.transcript().contains("n3 Send"));
    }
}

#[test]
fn a_ballot_weighs_what_its_voter_does_and_if_asked_for_as_much_as_it_is_sure() {
    let doubtful = |index| wants(index).sure(40);
    let opinions = [wants(0), wants(0), doubtful(1), doubtful(1), doubtful(1)];
    let table = |config: Config| vote(&config, &opinions);
    assert_eq!(conclusion(&table(under("plurality")), 0), decided(1));
    let confidence = Config { confidence: true, ..under("plurality") };
    assert_eq!(conclusion(&table(confidence), 0), decided(0));
    let voters = Voters { weights: vec![2, 2], veto: Vec::new() };
    assert_eq!(conclusion(&table(Config { voters, ..under("plurality") }), 4), decided(0));
    let voters = Voters { weights: Vec::new(), veto: vec![0] };
    assert_eq!(conclusion(&table(Config { voters, ..under("veto(plurality)") }), 4), {
        // A full ranking leaves nothing out, so it vetoes nothing.
        decided(1)
    });
}

#[test]
fn ballots_say_what_the_opinion_does_in_the_form_that_the_rule_reads() {
    let opinion = Opinion::valuing(&[40, 80, 39]);
    let said = |form| match Vote::filled(form, &opinion) {
        Some(Vote::Ballot { ballot, .. }) => format!("{ballot:?}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(BallotForm::Ranking), "Ranking(BAC)");
    // 39 is less than half of 80.
    assert_eq!(said(BallotForm::Approval), "Approval({'A', 'B'})");
    let points = said(BallotForm::Scores { most: 5 });
    assert!(points.starts_with("Scores(Scores([2, 4, 2, 0,"), "{points}");
    let of_many = Opinion::plain(Choice::new(3, 17));
    assert_eq!(Vote::filled(BallotForm::Approval, &of_many), None);
}

#[test]
fn a_ballot_is_told_as_what_it_is_and_in_a_record_weighs_what_it_was_counted_for() {
    use sim_core::record::Block;

    let opinion = Opinion::valuing(&[40, 80, 39]);
    let said = |form| {
        let vote = Vote::filled(form, &opinion).expect("few options");
        vote.told(|place| Choice::new(place as u8, 3).to_string())
    };
    assert_eq!(said(BallotForm::Ranking), "B > A > C");
    assert_eq!(said(BallotForm::Approval), "A, B", "no order is said");
    assert_eq!(said(BallotForm::Scores { most: 5 }), "B 4, A 2, C 2");
    // Two doubtful agents against one: 40 and 40 are less than 100.
    let config = Config { confidence: true, ..under("plurality") };
    let opinions = [wants(1).sure(40), wants(0), wants(1).sure(40)];
    let table = vote(&config, &opinions);
    assert_eq!(conclusion(&table, 0), decided(0));
    let nodes: Vec<_> = (0..3).map(|node| (NodeId(node), table.state(node).clone())).collect();
    let sections = Voting::minutes(&config, Cluster { n: 3 }, &nodes);
    let of = |title: &str| sections.iter().find(|section| section.title == title).expect("there");
    let weights = of("Ballots").blocks.iter().find_map(|block| match block {
        Block::Table { rows, .. } => {
            Some(rows.iter().map(|row| row[2].clone()).collect::<Vec<_>>())
        }
        Block::Text(_) => None,
    });
    assert_eq!(weights.expect("a table"), ["40", "100", "40"]);
    // Nobody becomes surer by voting otherwise: only the one who is sure can change it.
    let Block::Text(changed) = &of("What would have changed the result").blocks[1] else {
        panic!("no text")
    };
    assert!(changed.starts_with("1 of 3 ballots, and no fewer: with n1 with "), "{changed}");
    let Block::Text(rule) = &of("Rule").blocks[0] else { panic!("no text") };
    assert!(rule.contains("A tie is no decision. A ballot weighs"), "{rule}");
}

#[test]
fn late_repeated_and_contradicting_ballots_are_told_apart_and_none_of_them_is_counted() {
    let mut table = Table::new(4, under("majority"));
    let of = |opinion: &Opinion| Message::Ballot {
        vote: Vote::filled(BallotForm::Ranking, opinion).expect("few options"),
    };
    let marks = ["duplicate_ballot", "equivocation", "late_ballot"];
    let seen = |table: &Table| marks.map(|mark| table.transcript().matches(mark).count());
    table.inject(1, 0, of(&wants(0)));
    assert_eq!(seen(&table), [0, 0, 0]);
    table.inject(1, 0, of(&wants(0)));
    assert_eq!(seen(&table), [1, 0, 0]);
    // The same favourite, another second choice.
    table.inject(1, 0, of(&ranks([0, 2, 1])));
    assert_eq!((seen(&table), table.state(0).tally.ballots()), ([1, 1, 0], 1));
    table.inject(2, 0, of(&wants(0)));
    ask(&mut table, 0, wants(0));
    assert_eq!(conclusion(&table, 0), decided(0));
    table.inject(3, 0, of(&wants(1)));
    assert_eq!((seen(&table), table.state(0).tally.ballots()), ([1, 1, 1], 3));
    assert_eq!(table.violations(), []);
}

#[test]
fn who_counts_tells_of_each_ballot_that_had_not_come_when_the_wait_was_over() {
    let missing = |table: &Table| table.transcript().matches("missing_ballot").count();
    let mut table = Table::new(5, under("majority"));
    ask(&mut table, 0, wants(0));
    ask(&mut table, 3, wants(0));
    table.deliver(3, 0);
    assert_eq!(missing(&table), 0);
    table.fire(0, Timer::GiveUp);
    assert_eq!(missing(&table), 3);
    // Where one collects, the others wait for its word and miss nobody's ballot.
    let mut table = Table::new(5, Config { form: Form::Collector, ..under("majority") });
    for node in [0, 3] {
        ask(&mut table, node, wants(0));
        table.fire(node, Timer::GiveUp);
    }
    assert_eq!(missing(&table), 4);
}

#[test]
fn a_ballot_of_the_wrong_form_or_length_is_void_and_its_voter_has_voted() {
    let mut table = Table::new(2, under("majority"));
    ask(&mut table, 0, wants(0));
    table.inject(1, 0, Message::Ballot { vote: Vote::Choice(Choice::new(1, 3)) });
    assert_eq!(table.state(0).tally.ballots(), 2);
    assert_eq!(conclusion(&table, 0), decided(0));
    for ballot in [Ballot::bullet(1, BallotForm::Approval), Ballot::bullet(4, BallotForm::Ranking)]
    {
        let mut table = Table::new(2, under("majority"));
        ask(&mut table, 0, wants(0));
        let vote = Vote::Ballot { ballot, of: 3, confidence: 100 };
        table.inject(1, 0, Message::Ballot { vote });
        assert_eq!(conclusion(&table, 0), decided(0), "{ballot:?}");
    }
}

#[test]
fn a_lie_is_a_ballot_of_the_same_form_for_another_option() {
    let key = Streams::new(1).key(Stream::Adversary);
    for rule in RULES {
        let rule: Kind = rule.parse().expect("a rule");
        for member in 0..20 {
            let truth = Vote::filled(rule.form(), &ranks([2, 0, 1])).expect("few options");
            let forger = &mut Forger::without_keys(key.member(member));
            let lie = Message::Ballot { vote: truth }.forge(Lie::Content, forger);
            let Some(Message::Ballot { vote: lie }) = lie else { panic!("no lie") };
            assert_ne!(lie.top(), truth.top(), "{rule}");
            let Vote::Ballot { ballot, of, confidence } = lie else { panic!("{lie:?}") };
            assert_eq!((of, confidence, ballot.check(rule.form(), 3)), (3, 100, Ok(())));
        }
    }
}

#[test]
fn rules_that_weigh_compromises_promise_no_more_than_agreement() {
    use crate::problem::decision::{UNANIMITY, VALIDITY};

    let cluster = Cluster { n: 4 };
    for (rule, validity, unanimity) in [
        ("plurality", true, true),
        ("veto(instant-runoff)", true, true),
        ("schulze", false, true),
        ("coombs", false, true),
        ("star", false, false),
        ("majority-judgement", false, false),
        ("quorum(1/2, borda)", false, false),
        ("approval", false, false),
    ] {
        let promise = Voting::contract(&under(rule), cluster).promise;
        assert!(promise.includes(AGREEMENT));
        let kept = (promise.includes(VALIDITY), promise.includes(UNANIMITY));
        assert_eq!(kept, (validity, unanimity), "{rule}");
    }
}

#[test]
fn the_heaviest_may_be_the_liars() {
    let bound = |weights: &[u32]| {
        let voters = Voters { weights: weights.to_vec(), veto: Vec::new() };
        let config = Config { voters, ..under("supermajority(3/4, all)") };
        Voting::contract(&config, Cluster { n: 8 }).safety.byzantine
    };
    assert_eq!(bound(&[]), 3);
    assert_eq!(bound(&[3, 3]), 1);
    assert_eq!(bound(&[20]), 0);
}

#[test]
fn more_options_than_agents_rank_are_for_quorums_only() {
    use crate::problem::decision::RANKED_MAX;

    let of = |count: usize| Load {
        options: (0..count).map(|option| option.to_string()).collect(),
        ..Load::default()
    };
    let key = |config: &Config, load: &Load| Voting::load_objection(config, load).map(|it| it.0);
    assert_eq!(key(&under("borda"), &of(RANKED_MAX)), None);
    assert_eq!(key(&under("borda"), &of(RANKED_MAX + 1)), Some("options"));
    assert_eq!(key(&Config::default(), &of(RANKED_MAX + 1)), None);
}

#[test]
fn a_rule_and_a_quorum_exclude_each_other_and_weights_need_a_rule() {
    let objections = |config: Config| -> Vec<&'static str> {
        let found = Voting::objections(&config, Cluster { n: 4 });
        found.iter().filter(|found| !found.runnable).map(|found| found.key).collect()
    };
    let weighing =
        |weights: &[u32], veto: &[u32]| Voters { weights: weights.to_vec(), veto: veto.to_vec() };
    assert_eq!(objections(under("borda")), [""; 0]);
    let quorum = crate::quorum::Rule::Count(3);
    assert_eq!(objections(Config { quorum, ..under("borda") }), ["quorum"]);
    assert_eq!(objections(Config { confidence: true, ..Config::default() }), ["confidence"]);
    let of = |voters| Config { voters, ..under("borda") };
    let without = Config { voters: weighing(&[2], &[]), ..Config::default() };
    assert_eq!(objections(without), ["voters"]);
    assert_eq!(objections(of(weighing(&[2, 0], &[3]))), [""; 0]);
    assert_eq!(objections(of(weighing(&[0; 4], &[]))), ["voters.weights"]);
    assert_eq!(objections(of(weighing(&[1; 5], &[]))), ["voters.weights"]);
    assert_eq!(objections(of(weighing(&[1_000_001], &[]))), ["voters.weights"]);
    assert_eq!(objections(of(weighing(&[], &[4]))), ["voters.veto"]);
}
