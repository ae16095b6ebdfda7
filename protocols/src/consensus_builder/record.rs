//! What the minutes say for people: criteria, rounds and ballots, and what would have changed it.

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId};
use sim_core::record::Section;

use super::config::{Config, Method};
use super::evaluation;
use super::minutes::{Minutes, Round, Standing};
use crate::criteria::{Change, Criterion, nearest_change};
use crate::election::{Pivot, Rule as _, pivot};
use crate::problem::decision::Choice;
use crate::voting::{PIVOT_TRIES, Vote};

/// The sections of a record.
pub(super) fn sections(config: &Config, cluster: Cluster, minutes: &Minutes) -> Vec<Section> {
    let mut sections = vec![criteria(config, minutes), rule(config)];
    let rounds = minutes.rounds.iter().zip(1..);
    sections.extend(rounds.map(|(round, number)| ballots(config, round, number)));
    sections.push(alternatives(config, cluster, minutes));
    sections
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// How it stands, in words.
fn words(standing: Standing) -> String {
    match standing {
        Standing::Agreed(choice) => choice.to_string(),
        Standing::Open | Standing::Disagreed => "no agreement".into(),
    }
}

fn criteria(config: &Config, minutes: &Minutes) -> Section {
    let first = Minutes { proposals: minutes.proposals.clone(), rounds: Vec::new() };
    let table = first.table(config);
    let matrix = evaluation::shared(config, &first, &table);
    let total: u64 = matrix.criteria.iter().map(|criterion| u64::from(criterion.weight)).sum();
    let rows = matrix.criteria.iter().enumerate().map(|(index, criterion)| {
        let experts = minutes.proposals.keys().filter(|node| config.expertise(**node) == index);
        let experts: Vec<String> = experts.map(ToString::to_string).collect();
        let values = matrix.alternatives.iter().map(|alternative| {
            let value = alternative.values[index] as f64 / evaluation::UNIT as f64;
            format!("{} {value:.2}", alternative.name)
        });
        let weight = percent(criterion.weight.into(), total);
        let values = values.collect::<Vec<_>>().join(", ");
        vec![criterion.name.clone(), weight, experts.join(", "), values]
    });
    let method = match config.method {
        Method::WeightedSum => "weighted sum",
        Method::Topsis => "TOPSIS",
        Method::Ahp => "weighted sum, with weights by AHP",
    };
    let scores = config.evaluate(&matrix);
    let scores = matrix.alternatives.iter().zip(scores.millionths());
    let scores = scores
        .map(|(option, score)| format!("{} {}", option.name, percent((*score).into(), 1_000_000)));
    Section::new("Criteria")
        .table(["criterion", "weight", "judged by", "worth of the options"], rows.collect())
        .text(format!(
            "By all criteria together ({method}): {}.",
            scores.collect::<Vec<_>>().join(", ")
        ))
}

fn rule(config: &Config) -> Section {
    let (rule, threshold, rounds) = (&config.rule, config.threshold, config.rounds);
    let own = config.own;
    Section::new("Rule").text(format!(
        "The winner under {rule}, if {threshold} of the ballots put it first; at most {rounds} rounds. An agent's own opinion is {own} of its first evaluation."
    ))
}

fn ballots(config: &Config, round: &Round, number: u32) -> Section {
    let rows = round.ballots.iter().map(|(voter, vote)| {
        let order = vote.order().map(|place| round.table.get(place).map(ToString::to_string));
        let order: Vec<String> = order.flatten().collect();
        vec![voter.to_string(), order.join(" > ")]
    });
    let tally = round.table.iter().map(|option| format!("{option} {}", round.support(*option)));
    let tally = tally.collect::<Vec<_>>().join(", ");
    let found = match round.leader {
        Some(leader) => {
            let enough = match config.suffices(round.support, round.ballots.len()) {
                true => "enough",
                false => "not enough",
            };
            let (support, all) = (round.support, round.ballots.len());
            format!("The rule finds {leader}; {support} of {all} ballots put it first: {enough}.")
        }
        None => "The rule finds no single winner.".into(),
    };
    Section::new(format!("Round {number}"))
        .table(["voter", "ballot"], rows.collect())
        .text(format!("First places: {tally}. {found}"))
}

fn alternatives(config: &Config, cluster: Cluster, minutes: &Minutes) -> Section {
    Section::new("What would have changed the result")
        .text(by_ballots(config, cluster, minutes))
        .text(by_weights(config, cluster, minutes))
}

/// The fewest ballots of the last round.
fn by_ballots(config: &Config, cluster: Cluster, minutes: &Minutes) -> String {
    let Some(last) = minutes.rounds.last() else {
        return "Nobody proposed anything, so there was nothing to vote on.".into();
    };
    let before = Minutes {
        proposals: minutes.proposals.clone(),
        rounds: minutes.rounds[..minutes.rounds.len() - 1].to_vec(),
    };
    let voters: Vec<NodeId> = last.ballots.keys().copied().collect();
    let cast: Vec<Vote> = last.ballots.values().copied().collect();
    let Some(all) = Vote::all(config.rule.form(), last.table.len()) else {
        return "There are too many ways to vote on so many options to try them all.".into();
    };
    let outcome = |cast: &[Vote]| {
        let ballots: BTreeMap<_, _> = voters.iter().copied().zip(cast.iter().copied()).collect();
        let after = before.after(ballots, config, cluster);
        after.played_on(minutes, config, cluster).standing(config)
    };
    match pivot(&cast, &all, outcome, PIVOT_TRIES) {
        Pivot::Ballots { changed, outcome } => {
            let named = changed.iter().map(|(place, vote)| {
                let order = vote.order().filter_map(|place| last.table.get(place));
                let order: Vec<String> = order.map(Choice::to_string).collect();
                format!("{} with {}", voters[*place], order.join(" > "))
            });
            let named: Vec<String> = named.collect();
            format!(
                "{} of {} ballots of the last round, and no fewer: with {}, and all as they think in any round after it, the result would have been {}.",
                changed.len(),
                cast.len(),
                named.join(" and "),
                words(outcome)
            )
        }
        Pivot::MoreThan(most) => format!(
            "More than {most} of {} ballots of the last round; larger changes are too many to try.",
            cast.len()
        ),
        Pivot::Nobody => "No change of the ballots of the last round.".into(),
    }
}

/// The nearest change of one weight, with everybody as it was.
fn by_weights(config: &Config, cluster: Cluster, minutes: &Minutes) -> String {
    if config.method == Method::Ahp {
        return "Its weights follow from comparisons, so none of them can change alone.".into();
    }
    let outcome = |criteria: &[Criterion]| {
        let config = Config { criteria: criteria.to_vec(), ..config.clone() };
        minutes.replayed(&config, cluster).standing(&config)
    };
    match nearest_change(&config.criteria, outcome) {
        Some(Change { criterion, from, to, winner }) => {
            let name = &config.criteria[criterion].name;
            let then = words(winner);
            format!(
                "A weight of {to} instead of {from} for \"{name}\", and no nearer weight of one criterion: the result would have been {then}."
            )
        }
        None => "No change of the weight of one criterion.".into(),
    }
}
