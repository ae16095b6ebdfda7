//! What the minutes say for people: criteria, rounds and ballots, and what would have changed it.

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId};
use sim_core::record::Section;

use super::config::{Config, Method};
use super::evaluation;
use super::minutes::{Minutes, Round, Standing};
use crate::criteria::{Change, Comparisons, Criterion, nearest_change};
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

/// What a ballot says of the options on the table.
fn said(vote: Vote, table: &[Choice]) -> String {
    vote.told(|place| table.get(place).map_or_else(|| "?".into(), Choice::to_string))
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
            "By all criteria together ({method}): {}.{}",
            scores.collect::<Vec<_>>().join(", "),
            consistency(config)
        ))
}

/// How far the comparisons of AHP contradict each other.
fn consistency(config: &Config) -> String {
    let comparisons = config.comparisons.as_ref().filter(|_| config.method == Method::Ahp);
    let Some(priorities) = comparisons.map(Comparisons::priorities) else { return String::new() };
    let judged = match priorities.is_consistent() {
        true => "consistent enough, by Saaty's limit of a tenth",
        false => {
            "beyond Saaty's limit of a tenth: the comparisons contradict each other, and should \
                  be made anew"
        }
    };
    let ratio = f64::from(priorities.inconsistency) / 1e6;
    format!(" The consistency ratio of the comparisons is {ratio:.3}: {judged}.")
}

fn rule(config: &Config) -> Section {
    let (rule, threshold, rounds) = (&config.rule, config.threshold, config.rounds);
    let own = config.own;
    Section::new("Rule").text(format!(
        "The winner under {rule}, if {threshold} of the ballots put it first; at most {rounds} rounds. An agent's own opinion is {own} of its first evaluation."
    ))
}

fn ballots(config: &Config, round: &Round, number: u32) -> Section {
    let rows = round
        .ballots
        .iter()
        .map(|(voter, vote)| vec![voter.to_string(), said(*vote, &round.table)]);
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
                format!("{} with {}", voters[*place], said(*vote, &last.table))
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
            "More than {most} of {} ballots of the last round, with all as they think in any round \
             after it; larger changes are too many to try.",
            cast.len()
        ),
        Pivot::Nobody => {
            "No change of the ballots of the last round, with all as they think in any round after it."
                .into()
        }
    }
}

/// The nearest change of one weight, with everybody as it was.
fn by_weights(config: &Config, cluster: Cluster, minutes: &Minutes) -> String {
    // What AHP makes of comparisons are weights as any others.
    let (criteria, unit) = match config.method {
        Method::Ahp => (config.in_percent(), " %"),
        Method::WeightedSum | Method::Topsis => (config.criteria.clone(), ""),
    };
    let method = match config.method {
        Method::Topsis => Method::Topsis,
        Method::WeightedSum | Method::Ahp => Method::WeightedSum,
    };
    let outcome = |criteria: &[Criterion]| {
        let criteria = criteria.to_vec();
        let config = Config { criteria, method, comparisons: None, ..config.clone() };
        minutes.replayed(&config, cluster).standing(&config)
    };
    let now = minutes.standing(config);
    if minutes.replayed(config, cluster).standing(config) != now {
        return "The ballots are not those that follow from what their voters said, so no weight can \
                be told to have changed the result."
            .into();
    }
    if outcome(&criteria) != now {
        return "Less than a percent of the weight of a criterion.".into();
    }
    match nearest_change(&criteria, outcome) {
        Some(Change { criterion, from, to, winner }) => {
            let name = &criteria[criterion].name;
            let then = words(winner);
            format!(
                "A weight of {to}{unit} instead of {from}{unit} for \"{name}\", and no nearer \
                 weight of one criterion: the result would have been {then}."
            )
        }
        None => "No change of the weight of one criterion.".into(),
    }
}
