//! What agents have to say of a vote for the record: the ballots, the count, and the fewest voters
//! who could have changed it.

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId};
use sim_core::record::Section;

use super::config::{Config, Tie};
use super::tally::{Lead, Tally};
use super::vote::Vote;
use super::{Basis, Voting};
use crate::election::{Pivot, Rule as _, pivot};
use crate::problem::decision::Choice;

/// How many changes of ballots are tried before the question is left open.
pub const PIVOT_TRIES: u64 = 20_000;

/// The sections of a record.
pub(super) fn sections(
    config: &Config,
    cluster: Cluster,
    nodes: &[(NodeId, Voting)],
) -> Vec<Section> {
    // Who counted knows best; of those who only heard of it, all know as much.
    let counted = |agent: &Voting| agent.outcome.is_some_and(|it| it.basis == Basis::Count);
    let most = nodes
        .iter()
        .max_by_key(|(node, agent)| (counted(agent), agent.heard.len(), std::cmp::Reverse(*node)));
    let Some((teller, agent)) = most else { return Vec::new() };
    let rows = agent.heard.iter().map(|(voter, vote)| {
        let weight = match (&config.rule, vote) {
            (Some(_), Vote::Ballot { confidence, .. }) => config.rights(*voter, *confidence).weight,
            _ => 1,
        };
        vec![voter.to_string(), vote.told(letter(*vote)), weight.to_string()]
    });
    let ballots = Section::new("Ballots")
        .text(format!("As {teller} has heard them; {} of {}.", agent.heard.len(), cluster.n))
        .table(["voter", "ballot", "weight"], rows.collect());
    vec![rule(config, cluster), ballots, alternatives(config, cluster, &agent.heard)]
}

fn letter(vote: Vote) -> impl Fn(usize) -> String {
    move |place| Choice::new(place as u8, vote.of()).to_string()
}

fn rule(config: &Config, cluster: Cluster) -> Section {
    let text = match &config.rule {
        Some(rule) => format!("The winner under {rule}."),
        None => format!("What has a quorum of all {} agents: {}.", cluster.n, config.quorum),
    };
    let tie = match config.tie {
        Tie::First => "A tie goes to the first in the list of options.",
        Tie::Undecided => "A tie is no decision.",
    };
    let weighed = match config.confidence {
        true => " A ballot weighs what its voter does, times the percents of which it is sure.",
        false => "",
    };
    Section::new("Rule").text(format!("{text} {tie}{weighed}"))
}

/// What these ballots come to if they are all.
fn outcome(config: &Config, cluster: Cluster, voters: &[NodeId], cast: &[Vote]) -> Option<Choice> {
    let mut tally = Tally::default();
    for (voter, vote) in voters.iter().zip(cast) {
        tally.take(*voter, *vote, config, cluster);
    }
    if config.rule.is_some() {
        return tally.standing(config, cluster)?.decided;
    }
    let needs = config.needs(cluster);
    match tally.lead()? {
        Lead::Alone(choice) => Some(choice).filter(|choice| tally.suffices(*choice, &needs)),
        Lead::Shared(first) => {
            let quorum = tally.suffices(first, &needs);
            Some(first).filter(|_| quorum || config.tie == Tie::First)
        }
    }
}

fn alternatives(config: &Config, cluster: Cluster, heard: &BTreeMap<NodeId, Vote>) -> Section {
    let section = Section::new("What would have changed the result");
    let voters: Vec<NodeId> = heard.keys().copied().collect();
    let cast: Vec<Vote> = heard.values().copied().collect();
    let of = cast.first().map_or(0, |vote| vote.of());
    let all = match &config.rule {
        Some(rule) => Vote::all(rule.form(), of.into()),
        None => Some((0..of).map(|index| Choice::new(index, of).into()).collect()),
    };
    let Some(all) = all else {
        return section.text("There are too many ways to vote to try them all.");
    };
    let word = |outcome: Option<Choice>| {
        outcome.map_or_else(|| "no decision".to_owned(), |choice| choice.to_string())
    };
    let now = word(outcome(config, cluster, &voters, &cast));
    let section = section.text(format!("Had these ballots been all: {now}."));
    // Who votes otherwise is as sure as before.
    let then = |changed: &[Vote]| {
        let held = changed.iter().zip(&cast).map(|(vote, before)| vote.as_sure_as(*before));
        outcome(config, cluster, &voters, &held.collect::<Vec<_>>())
    };
    let found = pivot(&cast, &all, then, PIVOT_TRIES);
    section.text(match found {
        Pivot::Ballots { changed, outcome } => {
            let named = changed.iter().map(|(place, vote)| {
                format!("{} with {}", voters[*place], vote.told(letter(*vote)))
            });
            let named = named.collect::<Vec<_>>().join(" and ");
            let (fewest, of, then) = (changed.len(), cast.len(), word(outcome));
            format!(
                "{fewest} of {of} ballots, and no fewer: with {named}, it would have been {then}."
            )
        }
        Pivot::MoreThan(most) => {
            let of = cast.len();
            format!("More than {most} of {of} ballots; larger changes are too many to try.")
        }
        Pivot::Nobody => "No change of these ballots.".into(),
    })
}
