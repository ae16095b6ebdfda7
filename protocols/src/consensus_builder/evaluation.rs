//! Evaluation: what the options are worth by every criterion, and to one agent all in all.
//!
//! Every agent is asked what the options are worth by the criterion that it knows most of, and the
//! mean of what those say who were asked about a criterion is the value by it. An agent then
//! evaluates all criteria by the method, with its own opinion as one criterion more.

use super::config::{Config, Refinement};
use super::minutes::Minutes;
use crate::criteria::{Alternative, Criterion, Direction, Matrix, WEIGHTS_MAX};
use crate::problem::decision::{Choice, Opinion, WORTH_MAX};

/// One unit of worth in a matrix: means keep two decimals.
pub(super) const UNIT: i64 = 100;

/// Of millionths of a score, one percent.
const PERCENT: u32 = 1_000_000 / WORTH_MAX as u32;

/// What all together say of the options on the table, by each criterion.
pub(super) fn shared(config: &Config, minutes: &Minutes, table: &[Choice]) -> Matrix {
    let criteria = config.weighed();
    let mean = |criterion: usize, option: Choice| {
        let experts = minutes.proposals.iter();
        let experts = experts.filter(|(agent, propose)| {
            config.expertise(**agent) == criterion && !propose.opinion.abstains()
        });
        let (sum, count) = experts.fold((0, 0), |(sum, count), (_, propose)| {
            (sum + i64::from(propose.opinion.worth(option)), count + 1)
        });
        // Of what nobody knows anything all options are worth the same.
        if count == 0 { 0 } else { sum * UNIT / count }
    };
    let alternatives = table.iter().map(|option| Alternative {
        name: option.to_string(),
        values: (0..criteria.len()).map(|criterion| mean(criterion, *option)).collect(),
    });
    Matrix { alternatives: alternatives.collect(), criteria }
}

/// What its own opinion weighs for an agent in the next round, of [`WEIGHTS_MAX`].
fn own_weight(config: &Config, round: usize) -> u32 {
    let at_first = config.own.of(WEIGHTS_MAX.into());
    let rounds = u64::from(config.rounds.max(1));
    let left = match config.refinement {
        Refinement::Concede => rounds.saturating_sub(round as u64),
        Refinement::DropLast => rounds,
    };
    (at_first * left / rounds) as u32
}

/// What an agent that thinks so makes of the options on the table, all in all.
pub(super) fn opinion(
    config: &Config,
    minutes: &Minutes,
    table: &[Choice],
    thinks: &Opinion,
) -> Opinion {
    let mut matrix = shared(config, minutes, table);
    let weight = own_weight(config, minutes.rounds.len());
    for criterion in &mut matrix.criteria {
        criterion.weight = criterion.weight * (WEIGHTS_MAX - weight) / WEIGHTS_MAX;
    }
    let name = "own opinion".to_owned();
    matrix.criteria.push(Criterion { name, weight, direction: Direction::Benefit });
    for (alternative, option) in matrix.alternatives.iter_mut().zip(table) {
        alternative.values.push(i64::from(thinks.worth(*option)) * UNIT);
    }
    let scores = config.evaluate(&matrix);
    let percents = scores.millionths().iter().map(|score| (score / PERCENT) as u8);
    Opinion::valuing(&percents.collect::<Vec<u8>>()).sure(thinks.confidence())
}
