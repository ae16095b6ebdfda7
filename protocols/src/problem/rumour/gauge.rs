//! What an epidemic measures: how fast it spread, how far, and at what cost.

use sim_core::checker::End;
use sim_core::gauge::{Curve, CurvePoint, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, NodeSet, OpId};
use sim_core::time::Time;

use super::{Standing, Tell};

const fn time(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: true }
}

const fn amount(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

/// The shares of the nodes whose learning is timed, in percent.
const SHARES: [u64; 4] = [50, 90, 99, 100];

/// All about the rumour that was told first.
pub(super) const METRICS: &[Metric] = &[
    time("informed_50_ms", "from the telling until half of the nodes knew it"),
    time("informed_90_ms", "until 90 % of the nodes knew it"),
    time("informed_99_ms", "until 99 % of the nodes knew it"),
    time("informed_all_ms", "until all nodes knew it"),
    time("rounds_50_count", "the round, from the telling, in which half of the nodes knew it"),
    time("rounds_90_count", "the round in which 90 % of the nodes knew it"),
    time("rounds_99_count", "the round in which 99 % of the nodes knew it"),
    time("rounds_all_count", "the round in which all nodes knew it"),
    amount("last_learned_ms", "when the last node learned it that ever did, from the telling"),
    amount("last_learned_round_count", "the round in which that was"),
    amount("residue_ratio", "the share of the nodes that never learned it"),
    amount(
        "copies_per_node_ratio",
        "copies sent, by nodes that spread it no more, per node of the cluster",
    ),
];

/// The infection curves.
pub(super) const CURVES: &[Curve] = &[
    Curve {
        name: "informed_by_time",
        summary: "the share of the nodes that know the rumour told first, from its telling",
        x: "time_ms",
        y: "informed_ratio",
    },
    Curve {
        name: "informed_by_round",
        summary: "the same by rounds",
        x: "round_count",
        y: "informed_ratio",
    },
];

/// The rounds that are told apart; what comes later counts as the last of them.
const ROUNDS_MAX: usize = 1 << 16;

/// Watches the rumour that was told first.
pub(super) struct Epidemic {
    n: u64,
    rumour: Option<OpId>,
    told: Time,
    /// The round of the telling.
    first_round: Option<u32>,
    /// Who ever learned it.
    informed: NodeSet,
    count: u64,
    /// How many learned it in each round from the telling.
    by_round: Vec<u64>,
    /// The time at which so many knew it, at each percent.
    crossings: Vec<(Time, u64)>,
    last: Time,
    removed: u64,
    copies: u64,
}

impl Epidemic {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self {
            n: u64::from(cluster.n),
            rumour: None,
            told: Time::ZERO,
            first_round: None,
            informed: NodeSet::EMPTY,
            count: 0,
            by_round: Vec::new(),
            crossings: Vec::new(),
            last: Time::ZERO,
            removed: 0,
            copies: 0,
        }
    }

    /// How many nodes make up this share.
    const fn quorum(&self, percent: u64) -> u64 {
        (self.n * percent).div_ceil(100)
    }

    fn learn(&mut self, at: Time, round: u32) {
        let first = *self.first_round.get_or_insert(round);
        let round = (round.saturating_sub(first) as usize).min(ROUNDS_MAX - 1);
        if self.by_round.len() <= round {
            self.by_round.resize(round + 1, 0);
        }
        self.by_round[round] += 1;
        let percent = |count: u64| count * 100 / self.n;
        self.count += 1;
        if percent(self.count) > percent(self.count - 1) || self.count == 1 {
            self.crossings.push((at, self.count));
        }
        self.last = at;
    }

    fn since_told(&self, at: Time) -> f64 {
        at.since(self.told).as_millis_f64()
    }

    /// When so many knew it. Each share is a whole number of percent, so its crossing was kept.
    fn time_of(&self, share: u64, end: Time) -> Measure {
        let needed = self.quorum(share);
        match self.crossings.iter().find(|(_, count)| *count >= needed) {
            _ if self.rumour.is_none() => Measure::None,
            Some((at, _)) => Measure::Value(self.since_told(*at)),
            None => Measure::Censored(self.since_told(end)),
        }
    }

    /// In which round so many knew it.
    fn round_of(&self, share: u64) -> Measure {
        let needed = self.quorum(share);
        let reached = self.cumulative().find(|(_, count)| *count >= needed);
        match reached {
            Some((round, _)) => Measure::Value(round as f64),
            None if self.count == 0 => Measure::None,
            None => Measure::Censored(self.by_round.len() as f64),
        }
    }

    /// How many knew it at the end of each round.
    fn cumulative(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.by_round.iter().enumerate().scan(0, |sum, (round, count)| {
            *sum += count;
            Some((round, *sum))
        })
    }

    fn points(&self) -> Vec<CurvePoint> {
        let share = |count: u64| count as f64 / self.n as f64;
        let point = |curve: usize, x: f64, count: u64| CurvePoint {
            curve: CURVES[curve].name,
            node: None,
            x,
            y: share(count),
            weight: 1,
        };
        let by_time =
            self.crossings.iter().map(|(at, count)| point(0, self.since_told(*at), *count));
        let by_round = self.cumulative().map(|(round, count)| point(1, round as f64, count));
        by_time.chain(by_round).collect()
    }
}

impl Gauge<Tell, Standing> for Epidemic {
    fn observe(&mut self, entry: &Entry<Tell, Standing>) {
        match entry.event {
            Event::Requested { op, reached: true, .. } if self.rumour.is_none() => {
                (self.rumour, self.told) = (Some(op), entry.at);
            }
            Event::Indicated { indication, .. } => match indication {
                Standing::Learned { rumour, round }
                    if self.rumour == Some(rumour) && self.informed.insert(entry.node) =>
                {
                    self.learn(entry.at, round);
                }
                Standing::Removed { rumour, copies } if self.rumour == Some(rumour) => {
                    self.removed += 1;
                    self.copies += u64::from(copies);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn conclude(&mut self, end: &End) -> Reading {
        let learned = self.count > 0;
        let some = |value: f64| if learned { Measure::Value(value) } else { Measure::None };
        let removed = self.removed > 0;
        let copies = self.copies as f64 / self.n as f64;
        let last_round = self.by_round.len().saturating_sub(1);
        let times = SHARES.map(|share| self.time_of(share, end.at));
        let rounds = SHARES.map(|share| self.round_of(share));
        let rest = [
            some(self.since_told(self.last)),
            some(last_round as f64),
            some((self.n - self.count) as f64 / self.n as f64),
            if removed { Measure::Value(copies) } else { Measure::None },
        ];
        let measures = times.into_iter().chain(rounds).chain(rest).collect();
        Reading { measures, points: self.points() }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::ClientId;

    use super::super::super::bench::{Happening, measured};
    use super::super::Rumour;
    use super::*;

    const fn op(sequence: u32) -> OpId {
        OpId { client: ClientId(0), sequence }
    }

    const fn tells(sequence: u32) -> Happening<Rumour> {
        (0, 0, Event::Requested { op: op(sequence), request: Tell, reached: true })
    }

    const fn stands(node: u32, indication: Standing) -> Happening<Rumour> {
        (node, 0, Event::Indicated { answers: None, indication })
    }

    const fn learns(node: u32, round: u32) -> Happening<Rumour> {
        stands(node, Standing::Learned { rumour: op(0), round })
    }

    const fn drops(node: u32, sequence: u32, copies: u32) -> Happening<Rumour> {
        stands(node, Standing::Removed { rumour: op(sequence), copies })
    }

    #[test]
    fn the_rumour_told_first_is_measured_by_hand() {
        let history = [
            tells(0),
            learns(0, 3),
            tells(1),
            learns(1, 4),
            learns(2, 6),
            learns(2, 7),
            drops(0, 0, 5),
            drops(0, 1, 90),
            drops(1, 0, 7),
        ];
        let measured = measured::<Rumour>(history, 20);
        let expected = [
            ("informed_50_ms", Measure::Value(4_000.0)),
            ("informed_all_ms", Measure::Censored(20_000.0)),
            ("rounds_50_count", Measure::Value(3.0)),
            ("rounds_all_count", Measure::Censored(4.0)),
            ("last_learned_ms", Measure::Value(4_000.0)),
            ("last_learned_round_count", Measure::Value(3.0)),
            ("residue_ratio", Measure::Value(0.4)),
            ("copies_per_node_ratio", Measure::Value(2.4)),
        ];
        for (name, measure) in expected {
            assert_eq!(measured[name], measure, "{name}");
        }
    }

    #[test]
    fn where_nobody_was_told_nothing_is_measured() {
        assert!(measured::<Rumour>([], 20).values().all(|measure| *measure == Measure::None));
    }
}
