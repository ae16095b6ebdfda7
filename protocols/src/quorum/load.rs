//! Load: the share of all operations that the busiest node takes part in.
//!
//! A strategy says how often each quorum is used. The load of a pair of systems is that of the best
//! strategy (Naor and Wool, "The Load, Capacity, and Availability of Quorum Systems", SIAM Journal
//! on Computing 27(2), 1998), here with a share of reads (Whittaker et al. 2021); finding it is a
//! linear programme. Capacity, in operations per unit of a node's own, is one over the load.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use sim_core::id::{NodeId, NodeSet};

use super::minimal::{Refusal, Word, set};
use super::system::System;

/// How often each quorum is used.
#[derive(Clone, PartialEq, Debug)]
pub struct Strategy {
    /// Read quorums, and the share of the reads that each serves; together 1.
    pub reads: Vec<(NodeSet, f64)>,
    /// Write quorums, and the share of the writes that each serves; together 1.
    pub writes: Vec<(NodeSet, f64)>,
}

impl Strategy {
    /// The share of the operations that the busiest node takes part in when `read_share` of them,
    /// from 0 to 1, are reads.
    pub fn load(&self, read_share: f64) -> f64 {
        let mut busy: BTreeMap<NodeId, f64> = BTreeMap::new();
        for (quorums, share) in [(&self.reads, read_share), (&self.writes, 1.0 - read_share)] {
            for (quorum, often) in quorums {
                quorum.iter().for_each(|node| *busy.entry(node).or_default() += share * often);
            }
        }
        busy.into_values().fold(0.0, f64::max)
    }
}

/// The strategy of least load when `read_share` of the operations, from 0 to 1, are reads.
///
/// # Errors
/// Too many minimal quorums, or a programme that the solver gives up.
pub fn optimal(reads: &System, writes: &System, read_share: f64) -> Result<Strategy, Refusal> {
    let sides = [(reads, read_share), (writes, 1.0 - read_share)];
    let mut programme = Problem::new(OptimizationDirection::Minimize);
    let load = programme.add_var(1.0, (0.0, f64::INFINITY));
    // What each node is busy with: (which strategy, how often it counts).
    let mut busy: BTreeMap<u32, Vec<(Variable, f64)>> = BTreeMap::new();
    let mut used: Vec<Vec<(Word, Variable)>> = Vec::new();
    for (system, share) in sides {
        let quorums: Vec<(Word, Variable)> = system
            .minimal_words()?
            .into_iter()
            .map(|word| (word, programme.add_var(0.0, (0.0, 1.0))))
            .collect();
        let whole: Vec<_> = quorums.iter().map(|(_, often)| (*often, 1.0)).collect();
        programme.add_constraint(whole, ComparisonOp::Eq, 1.0);
        for (word, often) in quorums.iter().filter(|_| share > 0.0) {
            for node in (0..Word::BITS).filter(|bit| word >> bit & 1 == 1) {
                busy.entry(node).or_default().push((*often, share));
            }
        }
        used.push(quorums);
    }
    for mut work in busy.into_values() {
        work.push((load, -1.0));
        programme.add_constraint(work, ComparisonOp::Le, 0.0);
    }
    // Each system has a quorum, so there is a strategy, and no load is below 0: it has an optimum.
    let solved = programme.solve().ok().and_then(|outcome| outcome.into_solution().ok());
    let solution = solved.ok_or(Refusal::Programme)?;
    let mut strategies = used.into_iter().map(|quorums| {
        let often = quorums.into_iter().map(|(word, often)| (word, solution.var_value(often)));
        often.filter(|(_, often)| *often > 0.0).map(|(word, often)| (set(word), often)).collect()
    });
    let (reads, writes) = (strategies.next(), strategies.next());
    Ok(Strategy { reads: reads.unwrap_or_default(), writes: writes.unwrap_or_default() })
}
