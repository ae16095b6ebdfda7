//! Building consensus, told step by step.

use std::collections::BTreeMap;

use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::protocol::Protocol as _;
use sim_core::rng::Ratio;
use sim_core::tabletop::Tabletop;

use super::*;
use crate::criteria::{Comparisons, Criterion, Direction, Times};
use crate::problem::decision::{Choice, Opinion};

type Table = Tabletop<ConsensusBuilder>;

fn criterion(name: &str, weight: u32) -> Criterion {
    Criterion { name: name.into(), weight, direction: Direction::Benefit }
}

/// Agents to whom the options are worth so much; each proposes its favourite.
fn seat(config: &Config, worth: &[&[u8]]) -> Table {
    let mut table = Table::new(worth.len() as u32, config.clone());
    for (node, worth) in (0..).zip(worth) {
        ask(&mut table, node, Opinion::valuing(worth));
    }
    table
}

fn ask(table: &mut Table, node: u32, opinion: Opinion) {
    let op = OpId { client: ClientId(node), sequence: 0 };
    table.request(node, op, Propose { choice: opinion.favourite(), opinion });
}

/// What an agent holds in the end.
fn record(table: &Table, node: u32) -> Option<&Minutes> {
    match table.state(node).ended.as_ref()? {
        Ending::Recorded(minutes) => Some(minutes),
        Ending::Blind => None,
    }
}

/// Everything arrives; then all agents of so many hold one record, which is returned.
fn held_by_all(mut table: Table, n: u32) -> Minutes {
    table.settle(&(0..n).collect::<Vec<_>>());
    assert_eq!(table.violations(), [], "{}", table.transcript());
    let first = record(&table, 0).expect("it ended").clone();
    assert!((1..n).all(|node| record(&table, node) == Some(&first)));
    first
}

const THREE: [&[u8]; 3] = [&[90, 60, 0], &[10, 80, 100], &[70, 75, 0]];

fn option(index: u8) -> Choice {
    Choice::new(index, 3)
}

#[test]
fn who_gives_way_finds_what_one_vote_does_not() {
    // By their own opinions the favourites are A, C and B: nobody has two thirds of three ballots.
    let config = Config { own: Ratio::ALWAYS, ..Config::default() };
    let minutes = held_by_all(seat(&config, &THREE), 3);
    let tops = |round: &Round| -> Vec<String> {
        let tops = round.ballots.values().map(|vote| round.top(*vote));
        tops.map(|top| top.map_or("-".into(), |top| top.to_string())).collect()
    };
    assert_eq!(tops(&minutes.rounds[0]), ["A", "C", "B"]);
    // All together value B most, at (60 + 80 + 75) / 3, and A at 56.66.
    let last = minutes.rounds.last().expect("a round");
    assert_eq!(minutes.standing(&config), Standing::Agreed(option(1)));
    assert!(last.support >= 2 && minutes.rounds.len() > 1, "{minutes:?}");
}

#[test]
fn without_rounds_left_it_is_written_down_that_there_is_no_agreement() {
    let config = Config { own: Ratio::ALWAYS, rounds: 1, ..Config::default() };
    let minutes = held_by_all(seat(&config, &THREE), 3);
    assert_eq!(minutes.standing(&config), Standing::Disagreed);
    assert_eq!(minutes.rounds.len(), 1);
}

#[test]
fn what_the_fewest_put_first_is_dropped_until_two_are_left() {
    let worth: [&[u8]; 5] =
        [&[100, 0, 90], &[100, 0, 90], &[0, 100, 10], &[0, 100, 10], &[90, 0, 100]];
    let config = Config {
        own: Ratio::ALWAYS,
        rule: "plurality".parse().expect("a rule"),
        threshold: Ratio::new(3, 5),
        rounds: 4,
        refinement: Refinement::DropLast,
        ..Config::default()
    };
    let minutes = held_by_all(seat(&config, &worth), 5);
    let tables: Vec<usize> = minutes.rounds.iter().map(|round| round.table.len()).collect();
    assert_eq!(tables, [3, 2]);
    assert_eq!(minutes.standing(&config), Standing::Agreed(option(0)));
    assert_eq!(minutes.rounds[1].support, 3);
    // With everybody needed, two options stay on the table to the end.
    let config = Config { threshold: Ratio::ALWAYS, ..config };
    let minutes = held_by_all(seat(&config, &worth), 5);
    let tables: Vec<usize> = minutes.rounds.iter().map(|round| round.table.len()).collect();
    assert_eq!((tables, minutes.standing(&config)), (vec![3, 2, 2, 2], Standing::Disagreed));
}

#[test]
fn what_nobody_proposes_is_not_on_the_table() {
    // B is worth most to all of them together, and nobody's favourite.
    let worth: [&[u8]; 3] = [&[100, 90, 0], &[0, 90, 100], &[100, 90, 0]];
    let config = Config { own: Ratio::NEVER, ..Config::default() };
    let minutes = held_by_all(seat(&config, &worth), 3);
    assert_eq!(minutes.rounds[0].table, [option(0), option(2)]);
    assert_eq!(minutes.standing(&config), Standing::Agreed(option(0)));
}

#[test]
fn each_agent_judges_by_its_criterion_and_their_weights_decide() {
    // n0 and n2 know of safety, n1 of price.
    let worth: [&[u8]; 3] = [&[100, 0, 0], &[0, 100, 0], &[80, 20, 0]];
    let decided = |method, safety, comparisons| {
        let criteria = vec![criterion("safety", safety), criterion("price", 10)];
        let own = Ratio::NEVER;
        let config = Config { criteria, method, own, comparisons, ..Config::default() };
        assert_eq!(ConsensusBuilder::objections(&config, Cluster { n: 3 }), []);
        held_by_all(seat(&config, &worth), 3).standing(&config)
    };
    for method in [Method::WeightedSum, Method::Topsis] {
        assert_eq!(decided(method, 20, None), Standing::Agreed(option(0)), "{method:?}");
        assert_eq!(decided(method, 5, None), Standing::Agreed(option(1)), "{method:?}");
    }
    let compared = |part, whole| Some(Comparisons { rows: vec![vec![Times(part, whole)]] });
    // What the criteria list says counts for nothing then.
    assert_eq!(decided(Method::Ahp, 1, compared(3, 1)), Standing::Agreed(option(0)));
    assert_eq!(decided(Method::Ahp, 20, compared(1, 3)), Standing::Agreed(option(1)));
}

/// What a section of a record says, all in one.
fn told(config: &Config, minutes: &Minutes, title: &str) -> String {
    use sim_core::record::Block;

    let cluster = Cluster { n: minutes.proposals.len() as u32 };
    let sections = super::record::sections(config, cluster, minutes);
    let section = sections.into_iter().find(|section| section.title == title);
    let blocks = section.expect("it is in every record").blocks;
    let texts = blocks.into_iter().filter_map(|block| match block {
        Block::Text(text) => Some(text),
        Block::Table { .. } => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}

const CHANGED: &str = "What would have changed the result";

#[test]
fn a_record_tells_how_far_comparisons_contradict_each_other_and_which_weight_would_have_changed_it()
{
    let worth: [&[u8]; 3] = [&[100, 0, 0], &[0, 100, 0], &[80, 20, 0]];
    let criteria = ["safety", "price", "looks"].map(|name| criterion(name, 1)).to_vec();
    let record = |last| {
        let rows = vec![vec![Times(2, 1), last], vec![Times(2, 1)]];
        let (method, comparisons) = (Method::Ahp, Some(Comparisons { rows }));
        let (criteria, own) = (criteria.clone(), Ratio::NEVER);
        let config = Config { criteria, method, comparisons, own, ..Config::default() };
        let minutes = held_by_all(seat(&config, &worth), 3);
        (told(&config, &minutes, "Criteria"), told(&config, &minutes, CHANGED))
    };
    let (criteria_told, changed) = record(Times(4, 1));
    assert!(criteria_told.contains("comparisons is 0.000: consistent enough"), "{criteria_told}");
    // 57 : 29 : 14; by safety and by looks A is best, by price B: they draw level at 15 + 14 to 29,
    // and what is lost as shares are rounded down is more where there are two.
    assert!(changed.contains("A weight of 15 % instead of 57 % for \"safety\""), "{changed}");
    // (3.5 − 3) / 2 / 0.58, as in the closed form for three.
    let (criteria_told, _) = record(Times(32, 1));
    assert!(criteria_told.contains("is 0.431: beyond Saaty's limit"), "{criteria_told}");
}

#[test]
fn a_record_blames_no_weight_for_ballots_that_follow_from_no_opinion() {
    let config = Config { own: Ratio::ALWAYS, threshold: Ratio::ALWAYS, ..Config::default() };
    let worth: [&[u8]; 3] = [&[90, 60, 0], &[80, 70, 0], &[70, 60, 50]];
    let minutes = held_by_all(seat(&config, &worth), 3);
    assert!(!told(&config, &minutes, CHANGED).contains("no weight can be told"));
    // A liar's word in the last round, which nobody else has reason to doubt.
    let mut forged = minutes.clone();
    let last = forged.rounds.pop().expect("a round");
    let mut table = last.table.clone();
    table.push(option(1));
    let other = Opinion::valuing(&[0, 100]);
    let vote =
        crate::voting::Vote::filled(crate::election::Form::Ranking, &other).expect("few options");
    let ballots = last.ballots.keys().map(|voter| (*voter, vote)).collect();
    forged.rounds.push(Round::close(table, ballots, &config, Cluster { n: 3 }));
    assert_ne!(forged.standing(&config), minutes.standing(&config));
    let changed = told(&config, &forged, CHANGED);
    assert!(changed.contains("no weight can be told to have changed"), "{changed}");
}

#[test]
fn without_faults_each_other_agent_costs_five_messages_and_two_more_for_each_round() {
    for (rounds, threshold) in [(1, Ratio::new(1, 5)), (3, Ratio::ALWAYS)] {
        let refinement = Refinement::DropLast;
        let config =
            Config { own: Ratio::ALWAYS, rounds, threshold, refinement, ..Config::default() };
        let mut table = seat(&config, &[&[100, 0], &[100, 0], &[0, 100], &[100, 0]]);
        let mut sent = 0;
        while !table.flying().is_empty() {
            let (from, to) = (table.flying()[0].from, table.flying()[0].to);
            table.deliver(from.0, to.0);
            sent += u32::from(from != to);
        }
        assert_eq!(record(&table, 3).expect("it ended").rounds.len(), rounds as usize);
        // A call and a report, minutes and a ballot before the first round and after each, and the
        // outcome.
        assert_eq!(sent, 3 * (5 + 2 * rounds));
    }
}

#[test]
fn the_next_agent_takes_over_and_goes_on_with_what_was_kept() {
    let mut table = seat(&Config::default(), &THREE);
    for other in 0..3 {
        table.deliver(0, other);
        table.deliver(other, 0);
    }
    // The minutes are open, and n1 alone has kept them.
    table.deliver(0, 1);
    table.crash(0);
    table.lose_all();
    table.fire(1, Timer::TakeOver);
    table.settle(&[1, 2]);
    assert!(table.timers(1).contains(&Timer::Patience), "it waits for n0");
    while table.timers(1).contains(&Timer::Patience) {
        table.fire(1, Timer::Patience);
        table.settle(&[1, 2]);
    }
    let minutes = record(&table, 1).expect("it ended");
    assert_eq!(record(&table, 2), Some(minutes));
    assert_eq!(minutes.proposals.len(), 3, "n0 has proposed");
    assert!(!minutes.rounds[0].ballots.contains_key(&NodeId(0)), "and has not voted");
    for mark in ["minutes_adopted", "closed_without_all"] {
        assert!(table.transcript().contains(mark), "{mark}");
    }
    // Back again, it hears how it ended when its turn comes: what was said meanwhile is lost.
    table.lose_all();
    table.restart(0);
    table.fire(0, Timer::TakeOver);
    table.settle(&[0, 1, 2]);
    assert_eq!(record(&table, 0), record(&table, 1));
    assert_eq!(table.violations(), []);
}

#[test]
fn minutes_are_kept_if_they_come_from_the_facilitator_of_a_view_that_is_not_over() {
    let mut table = seat(&Config::default(), &THREE);
    table.lose_all();
    let minutes = Arc::new(Minutes { proposals: BTreeMap::new(), rounds: Vec::new() });
    let mut hears = |from, view| {
        table.inject(from, 2, Message::Minutes { view, minutes: Arc::clone(&minutes) });
        let kept = table.state(2).kept.as_ref().map(|(view, _)| *view);
        let answers = table.flying().len();
        table.lose_all();
        (kept, answers)
    };
    assert_eq!(hears(0, 1), (None, 0), "view 1 is n1's");
    assert_eq!(hears(1, 1), (Some(1), 1));
    assert_eq!(hears(1, 2), (Some(1), 0), "view 2 is its own");
    assert_eq!(hears(0, 0), (Some(1), 0), "view 0 is over");
}

#[test]
fn who_votes_after_a_majority_has_kept_the_outcome_was_not_left_out() {
    let mut table = seat(&Config::default(), &THREE);
    table.settle(&[0, 1, 2]);
    let minutes = record(&table, 0).expect("it ended");
    assert!(minutes.rounds.iter().all(|round| round.ballots.len() == 3));
    assert!(!table.transcript().contains("closed_without_all"));
}

#[test]
fn an_outcome_survives_the_crash_of_everybody() {
    let mut table = seat(&Config::default(), &THREE);
    table.settle(&[0, 1, 2]);
    let before = record(&table, 0).expect("it ended").clone();
    for node in 0..3 {
        table.crash(node);
        table.restart(node);
        assert_eq!(record(&table, node), Some(&before));
    }
    ask(&mut table, 1, Opinion::valuing(&[100, 0, 0]));
    assert_eq!(table.violations(), []);
}

#[test]
fn whoever_abstains_hears_the_outcome_and_has_no_part_in_it() {
    let mut table = Table::new(3, Config::default());
    for node in 0..3 {
        let opinion = Opinion::valuing(&[0, 100]);
        let opinion = if node == 2 { Opinion::valuing(&[100, 0]).withheld() } else { opinion };
        ask(&mut table, node, opinion);
    }
    let minutes = held_by_all(table, 3);
    assert_eq!(minutes.proposals.len(), 2);
    assert_eq!(minutes.rounds[0].table, [Choice::new(1, 2)]);
    assert_eq!(minutes.rounds[0].ballots.len(), 2);
    let mut table = Table::new(2, Config::default());
    (0..2).for_each(|node| ask(&mut table, node, Opinion::valuing(&[100, 0]).withheld()));
    assert_eq!(held_by_all(table, 2).standing(&Config::default()), Standing::Disagreed);
}

#[test]
fn more_options_than_agents_rank_are_not_evaluated() {
    use crate::problem::decision::RANKED_MAX;

    let key = |count: usize| {
        let options = (0..count).map(|option| option.to_string()).collect();
        let load = Load { options, ..Load::default() };
        ConsensusBuilder::load_objection(&Config::default(), &load).map(|(key, _)| key)
    };
    assert_eq!([RANKED_MAX, RANKED_MAX + 1].map(key), [None, Some("options")]);
}

#[test]
fn what_cannot_be_run_is_objected_to() {
    let key = |config: &Config| {
        let found = ConsensusBuilder::objections(config, Cluster { n: 3 });
        found.first().map(|objection| objection.key)
    };
    let sound = Config::default();
    let cost = Criterion { direction: Direction::Cost, ..criterion("price", 1) };
    let comparisons = Some(Comparisons { rows: vec![vec![Times(1, 2)]] });
    assert_eq!(key(&sound), None);
    for (config, expected) in [
        (Config { criteria: vec![], ..sound.clone() }, "criteria"),
        (Config { criteria: vec![criterion("a", 101)], ..sound.clone() }, "criteria"),
        (Config { criteria: vec![cost], ..sound.clone() }, "criteria"),
        (Config { method: Method::Ahp, ..sound.clone() }, "comparisons"),
        (Config { comparisons: comparisons.clone(), ..sound.clone() }, "comparisons"),
        (Config { method: Method::Ahp, comparisons, ..sound.clone() }, "comparisons"),
        (Config { rounds: 0, ..sound.clone() }, "rounds"),
        (Config { threshold: Ratio::NEVER, ..sound.clone() }, "threshold"),
        (Config { timeout: sound.patience, ..sound.clone() }, "timeout"),
    ] {
        assert_eq!(key(&config), Some(expected), "{config:?}");
    }
}
