//! The contract, checked to the last execution of small electorates.
//!
//! What an agent does depends on the set of ballots that it gets, not on their order, so all
//! executions are: all opinions, times all subsets of the honest ballots, times all that the liars
//! may say to this agent (or not say). The real agent is run on each of these views.

use std::collections::BTreeSet;

use sim_core::id::{ClientId, Cluster, OpId};
use sim_core::protocol::Protocol as _;
use sim_core::tabletop::Tabletop;

use super::{Config, Message, Tie, Voting};
use crate::problem::decision::{Choice, Opinion, Propose};
use crate::quorum::{Expression, Rule};

/// Who decides otherwise than who, or than all were agreed on.
type Break = Option<String>;

struct Electorate {
    n: u32,
    liars: u32,
    options: u8,
    config: Config,
}

/// All sequences of `length` numbers below `base`.
fn sequences(base: u32, length: u32) -> impl Iterator<Item = Vec<u32>> {
    (0..base.pow(length)).map(move |code| {
        let digits = (0..length).map(|place| code / base.pow(place) % base);
        digits.collect()
    })
}

impl Electorate {
    fn choice(&self, index: u32) -> Choice {
        Choice::new(index as u8, self.options)
    }

    /// What `agent` decides when these are its own and the others' ballots.
    fn decide(&self, agent: u32, ballots: &[Option<Choice>]) -> Option<Choice> {
        let mut table = Tabletop::<Voting>::new(self.n, self.config.clone());
        for (voter, ballot) in (0..).zip(ballots) {
            let Some(choice) = *ballot else { continue };
            if voter == agent {
                let op = OpId { client: ClientId(voter), sequence: 0 };
                table.request(voter, op, Propose::from(choice));
            } else {
                let vote = self.config.vote(choice, &Opinion::plain(choice));
                table.inject(voter, agent, Message::Ballot { vote: vote.expect("it votes") });
            }
        }
        table.state(agent).outcome.and_then(|outcome| outcome.decided)
    }

    /// All that `agent` may decide, over everything that it may get to see.
    fn decisions(&self, agent: u32, opinions: &[u32]) -> BTreeSet<Choice> {
        let honest = opinions.len() as u32;
        let options = u32::from(self.options);
        let mut decisions = BTreeSet::new();
        for heard in sequences(2, honest).filter(|heard| heard[agent as usize] == 1) {
            // One number more than there are options: the liar says nothing.
            for lies in sequences(options + 1, self.liars) {
                let honest = opinions.iter().zip(&heard);
                let honest = honest.map(|(opinion, heard)| (*heard == 1).then_some(*opinion));
                let lies = lies.iter().map(|lie| Some(*lie).filter(|lie| *lie < options));
                let ballots: Vec<_> = honest
                    .chain(lies)
                    .map(|ballot| ballot.map(|index| self.choice(index)))
                    .collect();
                decisions.extend(self.decide(agent, &ballots));
            }
        }
        decisions
    }

    /// The first break of agreement or unanimity among all executions.
    fn find_break(&self) -> Break {
        let honest = self.n - self.liars;
        sequences(self.options.into(), honest).find_map(|opinions| {
            let all: Vec<_> = (0..honest).map(|agent| self.decisions(agent, &opinions)).collect();
            let is_common = opinions.iter().all(|opinion| *opinion == opinions[0]);
            let common = self.choice(opinions[0]);
            for (agent, mine) in all.iter().enumerate() {
                let strays = is_common && mine.iter().any(|choice| *choice != common);
                let disagrees = |theirs: &BTreeSet<Choice>| {
                    theirs.iter().any(|their| mine.iter().any(|my| my != their))
                };
                if strays || all[..agent].iter().any(disagrees) {
                    return Some(format!("opinions {opinions:?}: n{agent} may decide {mine:?}"));
                }
            }
            None
        })
    }
}

fn bound(n: u32, config: &Config) -> u32 {
    Voting::contract(config, Cluster { n }).safety.byzantine
}

#[test]
fn up_to_the_bound_no_execution_breaks_safety_and_one_liar_more_breaks_it() {
    for n in 3..=5 {
        let majority = Cluster { n }.majority();
        for quorum in majority..=n {
            let config = Config { quorum: Rule::Count(quorum), ..Config::default() };
            let bound = bound(n, &config);
            assert_eq!(bound, 2 * quorum - n - 1);
            for liars in 0..n.min(bound + 2) {
                let electorate = Electorate { n, liars, options: 3, config: config.clone() };
                let found = electorate.find_break();
                let case = format!("n = {n}, quorum = {quorum}, {liars} liars");
                assert_eq!(found.is_some(), liars > bound, "{case}: {found:?}");
            }
        }
    }
}

#[test]
fn where_a_tie_has_a_winner_no_liar_is_survived() {
    for n in 3..=5 {
        let config = Config { tie: Tie::First, ..Config::default() };
        assert_eq!(bound(n, &config), 0);
        let with = |liars, options| Electorate { n, liars, options, config: config.clone() };
        assert_eq!(with(0, 3).find_break(), None, "n = {n}");
        assert!(with(1, 3).find_break().is_some(), "n = {n}");
    }
}

#[test]
fn a_quorum_of_half_lets_two_choices_win_without_any_liar() {
    let electorate = Electorate {
        n: 4,
        liars: 0,
        options: 2,
        config: Config { quorum: Rule::Count(2), ..Config::default() },
    };
    assert!(electorate.find_break().is_some());
}

/// A system of quorums, and how many liars its contract survives among four.
fn of_four(text: &str) -> (Config, u32) {
    let rule = text.parse::<Expression>().map(Rule::Of).expect("an expression");
    let config = Config { quorum: rule, ..Config::default() };
    let bound = bound(4, &config);
    (config, bound)
}

#[test]
fn quorum_systems_survive_one_liar_fewer_than_two_quorums_share() {
    for (text, survived) in [
        ("choose(3)", 1),
        ("wheel", 0),
        ("weighted(4, 3 * n0, n1, n2, n3)", 0),
        ("grid(2, 2)", 1),
        ("n0 & n1 & (n2 | n3)", 1),
        ("n0 & n1 & n2 & n3", 3),
    ] {
        let (config, bound) = of_four(text);
        assert_eq!(bound, survived, "{text}");
        // The last agents lie: the bound holds for whomever it is, its tightness not.
        for liars in 0..=bound {
            let electorate = Electorate { n: 4, liars, options: 2, config: config.clone() };
            assert_eq!(electorate.find_break(), None, "{text}, {liars} liars");
        }
    }
    let (config, _) = of_four("n0 & n1 | n2 & n3");
    assert!(Electorate { n: 4, liars: 0, options: 2, config }.find_break().is_some());
}

#[test]
fn shares_of_the_whole_electorate_survive_one_liar_fewer_than_two_of_them_have_in_common() {
    for (n, rule, survived) in [
        (3, "majority(all)", 0),
        (4, "majority(all)", 1),
        (4, "supermajority(2/3, all)", 1),
        (4, "supermajority(3/4, all)", 1),
        (5, "majority(all)", 0),
        (5, "supermajority(2/3, all)", 2),
        (4, "unanimity(all)", 3),
        (4, "quorum(1/2, veto(majority(all)))", 1),
    ] {
        let rule = Some(rule.parse().expect("a rule"));
        let config = Config { rule, ..Config::default() };
        assert_eq!(bound(n, &config), survived, "{:?} of {n}", config.rule);
        for liars in 0..n.min(survived + 2) {
            let electorate = Electorate { n, liars, options: 2, config: config.clone() };
            let found = electorate.find_break();
            assert_eq!(found.is_some(), liars > survived, "{:?}, {liars}: {found:?}", config.rule);
        }
    }
}
