//! What estimates measure: how fast they approach each other, and how near the truth they end.

use std::collections::BTreeMap;

use sim_core::checker::End;
use sim_core::gauge::{Curve, CurvePoint, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, NodeSet};

use super::{Begin, Estimate};
use crate::opinion::Feedback;

const fn metric(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

/// All about agents that are correct, in the order of [`Convergence::measures`].
pub(super) const METRICS: &[Metric] = &[
    metric("first_spread_units", "how far apart the agents began"),
    metric("final_spread_units", "how far apart those ended that did"),
    metric("final_iqr_units", "how far apart the middle half of them ended"),
    metric(
        "contraction_ratio",
        "what a round left of the spread, as the geometric mean until nothing was left",
    ),
    metric("truth_error_units", "how far from the truth they ended on average"),
];

/// The opinions.
pub(super) const CURVES: &[Curve] = &[
    Curve {
        name: "opinion_by_round",
        summary: "with which number each agent went into each round",
        x: "round_count",
        y: "opinion_units",
    },
    Curve {
        name: "corrupt_opinion_by_round",
        summary: "with which number each corrupt agent began: what it says later may differ for all",
        x: "round_count",
        y: "opinion_units",
    },
];

/// Keeps every agent's numbers.
pub(super) struct Convergence {
    truth: i64,
    corrupt: NodeSet,
    /// With which number each node was asked to begin.
    begun: BTreeMap<NodeId, i64>,
    /// By node and round.
    opinions: BTreeMap<(NodeId, u32), i64>,
    /// After how many rounds each node ended, and with what.
    ended: BTreeMap<NodeId, (u32, i64)>,
}

/// How far apart some numbers are; `None` if there are none.
fn spread(values: impl Iterator<Item = i64> + Clone) -> Option<u64> {
    Some(values.clone().min()?.abs_diff(values.max()?))
}

impl Convergence {
    pub(super) const fn towards(truth: i64) -> Self {
        Self {
            truth,
            corrupt: NodeSet::EMPTY,
            begun: BTreeMap::new(),
            opinions: BTreeMap::new(),
            ended: BTreeMap::new(),
        }
    }

    /// How far apart correct agents went into a round.
    fn spread_of(&self, round: u32) -> Option<u64> {
        let correct = self
            .opinions
            .iter()
            .filter(|((node, when), _)| *when == round && !self.corrupt.contains(*node));
        spread(correct.map(|(_, value)| *value))
    }

    /// What a round left of the spread: over the rounds until nothing was left, if that came.
    fn contraction(&self, rounds: u32) -> Option<f64> {
        let first = self.spread_of(0).filter(|spread| *spread > 0)?;
        let left = |round| Some((round, self.spread_of(round).filter(|spread| *spread > 0)?));
        let (rounds, last) = (1..=rounds).map_while(left).last()?;
        Some(libm::pow(last as f64 / first as f64, 1.0 / f64::from(rounds)))
    }

    fn measures(&self) -> Vec<Measure> {
        let correct = || self.ended.iter().filter(|(node, _)| !self.corrupt.contains(**node));
        let values = correct().map(|(_, (_, value))| *value);
        let rounds = correct().map(|(_, (rounds, _))| *rounds).max();
        let errors: Vec<u64> = values.clone().map(|value| value.abs_diff(self.truth)).collect();
        let error = || errors.iter().map(|error| *error as f64).sum::<f64>() / errors.len() as f64;
        let units = |units: Option<u64>| units.map(|units| units as f64);
        [
            units(self.spread_of(0)),
            units(spread(values.clone())),
            units(Feedback::of(values.collect()).map(Feedback::spread)),
            rounds.and_then(|rounds| self.contraction(rounds)),
            (!errors.is_empty()).then(error),
        ]
        .map(|value| value.map_or(Measure::None, Measure::Value))
        .to_vec()
    }
}

impl Gauge<Begin, Estimate> for Convergence {
    fn observe(&mut self, entry: &Entry<Begin, Estimate>) {
        match entry.event {
            Event::Corrupted => _ = self.corrupt.insert(entry.node),
            Event::Requested { request, .. } => {
                self.begun.entry(entry.node).or_insert(request.value);
            }
            Event::Indicated { indication, .. } => match indication {
                Estimate::Revised { round, value } => {
                    self.opinions.entry((entry.node, round)).or_insert(value);
                }
                Estimate::Settled { rounds, value } => {
                    self.ended.entry(entry.node).or_insert((rounds, value));
                }
                Estimate::GivenUp => {}
            },
            _ => {}
        }
    }

    fn conclude(&mut self, _end: &End) -> Reading {
        let point = |curve: &Curve, node: NodeId, round: u32, value: i64| {
            let (x, y) = (f64::from(round), value as f64);
            CurvePoint { curve: curve.name, node: Some(node), x, y, weight: 1 }
        };
        let is_correct = |node: NodeId| !self.corrupt.contains(node);
        let opinions = self.opinions.iter().filter(|((node, _), _)| is_correct(*node));
        let opinions =
            opinions.map(|((node, round), value)| point(&CURVES[0], *node, *round, *value));
        let corrupt = self.begun.iter().filter(|(node, _)| !is_correct(**node));
        let corrupt = corrupt.map(|(node, value)| point(&CURVES[1], *node, 0, *value));
        Reading { measures: self.measures(), points: opinions.chain(corrupt).collect() }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::Cluster;
    use sim_core::time::{Duration, Time};

    use super::*;

    #[test]
    fn liars_do_not_count_and_the_rest_is_measured_by_hand() {
        let mut gauge = Convergence::towards(10);
        let mut see = |node, event| {
            let node = NodeId(node);
            gauge.observe(&Entry { at: Time::ZERO, node, incarnation: 0, event });
        };
        let says = |indication| Event::Indicated { answers: None, indication };
        let op = sim_core::id::OpId { client: sim_core::id::ClientId(3), sequence: 0 };
        let request = Begin { value: 7, range: 64, epsilon: 4 };
        see(3, Event::Requested { op, request, reached: true });
        for (node, values) in [(0, [0, 8, 10]), (1, [64, 40, 14]), (2, [20, 16, 12]), (3, [999; 3])]
        {
            for (round, value) in (0..).zip(values) {
                see(node, says(Estimate::Revised { round, value }));
            }
            see(node, says(Estimate::Settled { rounds: 2, value: values[2] }));
        }
        see(3, Event::Corrupted);
        let cluster = Cluster { n: 4 };
        let core = cluster.nodes().collect();
        let end = End { at: Time::ZERO, gst: None, patience: Duration::ZERO, cluster, core };
        let Reading { measures, points } = gauge.conclude(&end);
        // 64 apart, then 32, then 4: a quarter each, on average.
        let expected = [64.0, 4.0, 4.0, 0.25, 2.0].map(Measure::Value);
        assert_eq!(measures, expected);
        let of_last: Vec<_> = points.iter().filter(|point| point.node == Some(NodeId(1))).collect();
        assert!(of_last.iter().map(|point| (point.x, point.y)).eq([
            (0.0, 64.0),
            (1.0, 40.0),
            (2.0, 14.0)
        ]));
        let liar: Vec<_> = points.iter().filter(|point| point.node == Some(NodeId(3))).collect();
        assert!(liar.iter().map(|point| (point.curve, point.y)).eq([(CURVES[1].name, 7.0)]));
    }

    #[test]
    fn nothing_is_measured_where_nobody_ended() {
        let gauge = Convergence::towards(0);
        assert!(gauge.measures().iter().all(|measure| *measure == Measure::None));
        assert_eq!(gauge.measures().len(), METRICS.len());
    }
}
