//! DeGroot's model: everybody takes a weighted mean of all opinions, again and again.
//!
//! DeGroot, "Reaching a consensus" (Journal of the American Statistical Association 69(345), 1974).
//! Row i of the matrix is the trust of agent i in each agent, in proportion. Opinions come to agree,
//! whatever they were, exactly if some power of the matrix has a column without a zero (his theorem
//! of section 3); the consensus weighs each first opinion by the agent's influence, the left
//! eigenvector for the eigenvalue 1, which is found by elimination without a subtraction (Grassmann,
//! Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov chains",
//! Operations Research 33(5), 1985), so rounding does not pile up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most agents; a set of them is a machine word.
pub const AGENTS_MAX: usize = 64;

/// Whom each agent trusts how much.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Trust {
    /// By agent: the trust in each agent, itself included, in proportion.
    pub rows: Vec<Vec<u32>>,
}

impl Trust {
    /// What is wrong with it: the reason.
    pub fn objection(&self) -> Option<String> {
        let count = self.rows.len();
        if !(1..=AGENTS_MAX).contains(&count) {
            return Some(format!("{count} agents: let there be 1 to {AGENTS_MAX}"));
        }
        for (agent, row) in self.rows.iter().enumerate() {
            if row.len() != count {
                let listed = row.len();
                return Some(format!("n{agent} trusts {listed} agents: list all {count}"));
            }
            if row.iter().all(|trust| *trust == 0) {
                return Some(format!("n{agent} trusts nobody: let it trust itself at least"));
            }
        }
        None
    }

    /// The shares of an agent's trust.
    fn shares(&self, agent: usize) -> impl Iterator<Item = f64> {
        let row = &self.rows[agent];
        let total: u64 = row.iter().map(|trust| u64::from(*trust)).sum();
        row.iter().map(move |trust| f64::from(*trust) / total as f64)
    }

    /// An agent's next opinion, from those of all.
    pub fn mean(&self, agent: usize, opinions: &[f64]) -> f64 {
        self.shares(agent).zip(opinions).map(|(share, opinion)| share * opinion).sum()
    }

    /// Everybody's next opinion.
    pub fn step(&self, opinions: &[f64]) -> Vec<f64> {
        (0..self.rows.len()).map(|agent| self.mean(agent, opinions)).collect()
    }

    /// The agents whose opinions everybody comes to hear, by bits: the columns without a zero of a
    /// high power of the matrix; none if opinions need not come to agree.
    fn heard_by_all(&self) -> u64 {
        let bits = |row: &Vec<u32>| {
            let trusted = row.iter().enumerate().filter(|(_, trust)| **trust > 0);
            trusted.fold(0_u64, |bits, (agent, _)| bits | 1 << agent)
        };
        let mut reach: Vec<u64> = self.rows.iter().map(bits).collect();
        // A power beyond n² has every column that any power has; each squaring doubles it.
        for _ in 0..2 * AGENTS_MAX.ilog2() + 1 {
            let members = |set: u64| (0..AGENTS_MAX).filter(move |agent| set >> agent & 1 == 1);
            let onwards = |set: &u64| members(*set).fold(0, |all, agent| all | reach[agent]);
            reach = reach.iter().map(onwards).collect();
        }
        reach.into_iter().fold(u64::MAX, |common, reached| common & reached)
    }

    /// How much each agent's first opinion counts in the consensus, adding up to 1; `None` if
    /// there are opinions from which no consensus is reached. There must be no
    /// [objection](Self::objection).
    pub fn influence(&self) -> Option<Vec<f64>> {
        let heard = self.heard_by_all();
        let core: Vec<usize> =
            (0..self.rows.len()).filter(|agent| heard >> agent & 1 == 1).collect();
        if core.is_empty() {
            return None;
        }
        // Nobody of the core trusts anybody outside of it, so its shares add up to 1.
        let rows: Vec<Vec<f64>> = core
            .iter()
            .map(|agent| {
                let all: Vec<f64> = self.shares(*agent).collect();
                core.iter().map(|other| all[*other]).collect()
            })
            .collect();
        let mut influence = vec![0.0; self.rows.len()];
        for (agent, share) in core.into_iter().zip(stationary(rows)) {
            influence[agent] = share;
        }
        Some(influence)
    }
}

/// The stationary distribution of an irreducible chain: states are taken out from the last on, each
/// time with the ways through it given to the others.
fn stationary(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    for last in (1..rows.len()).rev() {
        let (kept, taken_out) = rows.split_at_mut(last);
        let onwards = &taken_out[0][..last];
        let leaving: f64 = onwards.iter().sum();
        for row in kept {
            let through = row[last] / leaving;
            row[last] = through;
            for (way, step) in row.iter_mut().zip(onwards) {
                *way += through * step;
            }
        }
    }
    let mut visits = vec![1.0; rows.len()];
    for state in 1..rows.len() {
        visits[state] = (0..state).map(|from| visits[from] * rows[from][state]).sum();
    }
    let total: f64 = visits.iter().sum();
    visits.into_iter().map(|visits| visits / total).collect()
}
