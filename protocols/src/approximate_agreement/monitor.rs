//! The surveyor: watches from inside that no round leaves the one before, and that each is narrower.
//!
//! These are the lemmas of the proof. Where one fails, agents may still end well by luck; so they
//! break earlier, and in more runs, than what was promised.

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Cluster, Incarnation, NodeId};
use sim_core::rng::Ratio;

use super::{ApproximateAgreement, Config};

/// What a node goes into a round with lies between what nodes went into the round before with.
pub const ROUND_HULL: &str = "round_hull";
/// A round leaves of the range at most the share that the average promises, and a unit.
pub const CONTRACTION: &str = "contraction";

/// The white-box judge of approximate agreement. Nodes are shown as they think, liars too: what they
/// think themselves follows from what they heard.
#[derive(Clone, Debug)]
pub struct Surveyor {
    /// What a round leaves at most, where anything is promised.
    factor: Option<Ratio>,
    /// The lowest and the highest number of each round so far, and whose they are.
    rounds: Vec<[(i64, NodeId); 2]>,
    /// How many rounds of each node were looked at.
    seen: Vec<usize>,
}

impl Surveyor {
    pub(super) fn new(config: &Config, cluster: Cluster) -> Self {
        let (n, liars) = (cluster.n as usize, config.liars(cluster) as usize);
        let factor = config.average.contraction(n, liars, config.timing);
        Self { factor, rounds: Vec::new(), seen: vec![0; n] }
    }

    /// Takes in a node's number of a round.
    fn survey(&mut self, node: NodeId, round: usize, value: i64) -> Option<Violation> {
        let own = (value, node);
        match self.rounds.get_mut(round) {
            None => self.rounds.push([own, own]),
            Some([low, high]) => {
                *low = own.min(*low);
                *high = own.max(*high);
            }
        }
        let [low, high] = *self.rounds.get(round.checked_sub(1)?)?;
        if value < low.0 || value > high.0 {
            let witness = format!(
                "{node} goes into round {round} with {value}, and into the one before nobody went \
                 with less than {} ({}) or more than {} ({})",
                low.0, low.1, high.0, high.1
            );
            return Some(Violation { property: ROUND_HULL, witness });
        }
        let most = self.factor?.of(low.0.abs_diff(high.0)) + 1;
        let [lower, upper] = self.rounds[round];
        let left = lower.0.abs_diff(upper.0);
        (left > most).then(|| {
            let witness = format!(
                "{} and {} go into round {round} with {} and {}, {left} apart; it should be {most}",
                lower.1, upper.1, lower.0, upper.0
            );
            Violation { property: CONTRACTION, witness }
        })
    }
}

impl Monitor<ApproximateAgreement> for Surveyor {
    const INVARIANTS: &'static [&'static str] = &[ROUND_HULL, CONTRACTION];

    fn observe(
        &mut self,
        node: NodeId,
        _: Incarnation,
        state: &ApproximateAgreement,
    ) -> Option<Violation> {
        let said = state.rounds.said();
        let first = self.seen[node.index()].min(said.len());
        self.seen[node.index()] = said.len();
        (first..said.len()).find_map(|round| self.survey(node, round, said[round]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What four nodes, of which one may lie, are told that went into rounds with these numbers.
    fn judge(numbers: &[(u32, usize, i64)]) -> Option<&'static str> {
        let mut surveyor = Surveyor::new(&Config::default(), Cluster { n: 4 });
        let mut survey = |(node, round, value): &(u32, usize, i64)| {
            surveyor.survey(NodeId(*node), *round, *value)
        };
        numbers.iter().find_map(|number| survey(number).map(|found| found.property))
    }

    #[test]
    fn nobody_leaves_the_round_before() {
        let first = [(0, 0, 10), (1, 0, 20)];
        let then = |value| judge(&[&first[..], &[(2, 1, value)]].concat());
        assert_eq!([9, 10, 20, 21].map(then), [Some(ROUND_HULL), None, None, Some(ROUND_HULL)]);
    }

    #[test]
    fn a_round_leaves_half_and_a_unit() {
        let first = [(0, 0, 10), (1, 0, 20), (0, 1, 12)];
        let then = |value| judge(&[&first[..], &[(1, 1, value)]].concat());
        assert_eq!([18, 19].map(then), [None, Some(CONTRACTION)]);
    }
}
