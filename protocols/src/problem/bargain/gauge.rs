//! What bargains measure: whether there was one, how good it was for whom, and how near to fair.

use sim_core::checker::End;
use sim_core::gauge::{Curve, CurvePoint, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::NodeSet;

use super::{Ending, Negotiate};
use crate::bargain::{Domain, Solution, UTILITY_MAX};

const fn metric(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

/// In the order of [`Bargain::measures`]; worths are shares of the most that an outcome can be worth.
pub(super) const METRICS: &[Metric] = &[
    metric("broken_down_ratio", "1 if no party agreed, else 0"),
    metric("one_sided_ratio", "1 if one party agreed and another broke down, else 0"),
    metric("nash_product_ratio", "the product of gains, by the largest that there is"),
    metric("welfare_mean_ratio", "what the outcome is worth to the parties on average"),
    metric("welfare_min_ratio", "what it is worth to the party to whom it is worth least"),
    metric("nash_distance_ratio", "how far its worths lie from those of Nash's solution"),
    metric(
        "kalai_smorodinsky_distance_ratio",
        "how far its worths lie from those of Kalai and Smorodinsky's solution",
    ),
];

/// An outcome by its mean worth, and its worth to the worst off.
const fn welfare(name: &'static str, summary: &'static str) -> Curve {
    Curve { name, summary, x: "welfare_mean_ratio", y: "welfare_min_ratio" }
}

/// The outcomes.
pub(super) const CURVES: &[Curve] = &[
    welfare("welfare", "what was agreed on: its mean worth, and its worth to the worst off"),
    welfare("welfare_frontier", "the same of all outcomes on the Pareto frontier"),
    welfare("welfare_nash", "the same of Nash's solution"),
    welfare("welfare_kalai_smorodinsky", "the same of Kalai and Smorodinsky's solution"),
];

/// Keeps how it ended.
pub(super) struct Bargain {
    domain: Domain,
    corrupt: NodeSet,
    agreed: NodeSet,
    broken_down: NodeSet,
    /// On what the first correct party agreed.
    outcome: Option<usize>,
}

impl Bargain {
    pub(super) const fn over(domain: Domain) -> Self {
        Self {
            domain,
            corrupt: NodeSet::EMPTY,
            agreed: NodeSet::EMPTY,
            broken_down: NodeSet::EMPTY,
            outcome: None,
        }
    }

    /// What an outcome is worth to each party, 0 to 1.
    fn worths(&self, outcome: usize) -> impl Iterator<Item = f64> + Clone + '_ {
        let most = f64::from(UTILITY_MAX);
        self.domain.outcomes[outcome].iter().map(move |worth| f64::from(*worth) / most)
    }

    fn mean(&self, outcome: usize) -> f64 {
        self.worths(outcome).sum::<f64>() / self.domain.parties() as f64
    }

    fn least(&self, outcome: usize) -> f64 {
        self.worths(outcome).fold(1.0, f64::min)
    }

    /// How far an outcome lies from that which a solution picks.
    fn distance(&self, outcome: usize, solution: Solution) -> Option<f64> {
        let picked = solution.pick(&self.domain)?;
        let squares = self.worths(outcome).zip(self.worths(picked));
        Some(squares.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt())
    }

    /// The product of gains, by that of Nash's solution.
    fn product(&self, outcome: usize) -> Option<f64> {
        let best = self.domain.product(Solution::Nash.pick(&self.domain)?);
        (best > 0).then(|| self.domain.product(outcome) as f64 / best as f64)
    }

    fn measures(&self) -> Vec<Measure> {
        let share = |hit: bool| Some(if hit { 1.0 } else { 0.0 });
        let ended = !(self.agreed.is_empty() && self.broken_down.is_empty());
        let of = |measure: &dyn Fn(usize) -> Option<f64>| self.outcome.and_then(measure);
        [
            share(self.agreed.is_empty()).filter(|_| ended),
            share(!self.agreed.is_empty() && !self.broken_down.is_empty()).filter(|_| ended),
            of(&|outcome| self.product(outcome)),
            of(&|outcome| Some(self.mean(outcome))),
            of(&|outcome| Some(self.least(outcome))),
            of(&|outcome| self.distance(outcome, Solution::Nash)),
            of(&|outcome| self.distance(outcome, Solution::KalaiSmorodinsky)),
        ]
        .map(|value| value.map_or(Measure::None, Measure::Value))
        .to_vec()
    }
}

impl Gauge<Negotiate, Ending> for Bargain {
    fn observe(&mut self, entry: &Entry<Negotiate, Ending>) {
        match entry.event {
            Event::Corrupted => _ = self.corrupt.insert(entry.node),
            Event::Indicated { .. } if self.corrupt.contains(entry.node) => {}
            Event::Indicated { indication: Ending::BrokenDown, .. } => {
                self.broken_down.insert(entry.node);
            }
            Event::Indicated { indication: Ending::Agreed { outcome, .. }, .. } => {
                self.agreed.insert(entry.node);
                if outcome < self.domain.outcomes.len() {
                    self.outcome.get_or_insert(outcome);
                }
            }
            _ => {}
        }
    }

    fn conclude(&mut self, _end: &End) -> Reading {
        let point = |curve: &Curve, outcome: usize| {
            let (x, y) = (self.mean(outcome), self.least(outcome));
            CurvePoint { curve: curve.name, node: None, x, y, weight: 1 }
        };
        let mut frontier = self.domain.frontier();
        frontier.sort_by(|one, other| self.mean(*one).total_cmp(&self.mean(*other)));
        let agreed: Vec<usize> = self.outcome.into_iter().collect();
        let picked = |solution: Solution| solution.pick(&self.domain).into_iter().collect();
        let all = [agreed, frontier, picked(Solution::Nash), picked(Solution::KalaiSmorodinsky)];
        let points = CURVES.iter().zip(all);
        let points = points.flat_map(|(curve, outcomes)| {
            outcomes.into_iter().map(move |outcome| point(curve, outcome))
        });
        let points = points.collect();
        Reading { measures: self.measures(), points }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;
    use sim_core::time::Time;

    use super::*;

    fn after(endings: &[Ending]) -> Vec<Option<f64>> {
        let outcomes = vec![vec![1_000, 100], vec![600, 500], vec![0, 900]];
        let mut gauge = Bargain::over(Domain { outcomes, disagreement: vec![0, 0] });
        for (node, indication) in (0..).zip(endings) {
            let event = Event::Indicated { answers: None, indication: *indication };
            gauge.observe(&Entry { at: Time::ZERO, node: NodeId(node), incarnation: 0, event });
        }
        let value = |measure| if let Measure::Value(value) = measure { Some(value) } else { None };
        gauge.measures().into_iter().map(value).collect()
    }

    #[test]
    fn an_agreement_is_measured_by_hand() {
        let agreed = |outcome| Ending::Agreed { outcome, rounds: 3 };
        let nash = after(&[agreed(1); 2]);
        assert_eq!(nash[..3], [Some(0.0), Some(0.0), Some(1.0)]);
        assert_eq!(nash[3..], [Some(0.55), Some(0.5), Some(0.0), Some(0.0)]);
        let greedy = after(&[agreed(0), Ending::BrokenDown]);
        assert_eq!(greedy[..3], [Some(0.0), Some(1.0), Some(1.0 / 3.0)]);
        let off = greedy[5].expect("a distance");
        assert!((off * off - 0.32).abs() < 1e-12, "{off}");
    }

    #[test]
    fn without_an_agreement_only_that_is_measured() {
        let broken = after(&[Ending::BrokenDown; 2]);
        assert_eq!(broken[..2], [Some(1.0), Some(0.0)]);
        assert!(broken[2..].iter().all(Option::is_none));
        assert_eq!(after(&[]), [None; 7]);
    }
}
