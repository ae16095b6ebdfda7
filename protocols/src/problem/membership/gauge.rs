//! The measurements of membership: how soon a crash is noticed, how often nobody had crashed, and
//! how far the views lie apart.

mod detection;
mod divergence;

use std::collections::BTreeSet;

use sim_core::checker::End;
use sim_core::gauge::{Curve, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, NodeId};
use sim_core::time::{Duration, Time};

use super::standing::Standings;
use super::{Indication, Request, Status};
use detection::Detection;
use divergence::Divergence;

const fn metric(name: &'static str, summary: &'static str, may_be_censored: bool) -> Metric {
    Metric { name, summary, may_be_censored }
}

/// The measurements, in the order of [`Views::conclude`].
pub(super) const METRICS: &[Metric] = &[
    metric("detect_first_ms", "time from the first crash to the first node that noticed", true),
    metric("detect_first_periods", "the same in protocol periods", true),
    metric("detect_all_ms", "time from the first crash until every member held it for gone", true),
    metric("detect_all_periods", "the same in protocol periods", true),
    metric("false_suspicions_count", "incarnations suspected though the member was there", false),
    metric("false_deaths_count", "incarnations declared dead though the member was there", false),
    metric("false_deaths_per_node_hour", "the same per hour that a member was there", false),
    metric("unanswered_ratio", "probes that a member who was there did not answer", false),
    metric("divergence_area_ms", "unequal pairs of views (0 to 1) times their duration", false),
    metric("views_unequal_ms", "time during which any two members' views were unequal", false),
];

/// The curves.
pub(super) const CURVES: &[Curve] = &[Curve {
    name: "view_divergence",
    summary: "pairs of members whose views are unequal",
    x: "time_ms",
    y: "unequal_ratio",
}];

const HOUR_MS: f64 = 3_600_000.0;

/// Watches the views of a run.
pub(super) struct Views {
    standings: Standings,
    detection: Option<Detection>,
    divergence: Divergence,
    suspected: BTreeSet<(NodeId, u64)>,
    declared: BTreeSet<(NodeId, u64)>,
    unanswered: u64,
    period: Duration,
    /// How long members were there, together, up to `at`.
    presence_ms: f64,
    at: Time,
}

impl Views {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self {
            standings: Standings::default(),
            detection: None,
            divergence: Divergence::new(cluster),
            suspected: BTreeSet::new(),
            declared: BTreeSet::new(),
            unanswered: 0,
            period: Duration::ZERO,
            presence_ms: 0.0,
            at: Time::ZERO,
        }
    }

    fn pass(&mut self, at: Time) {
        let members = self.standings.members().count();
        self.presence_ms += at.since(self.at).as_millis_f64() * members as f64;
        self.at = at;
    }

    /// Counts what is said of a member who is there.
    fn slander(&mut self, indication: Indication) {
        match indication {
            Indication::Unanswered { member } => {
                let is_there = |standing: &super::standing::Standing| standing.is_member();
                self.unanswered += u64::from(self.standings.of(member).is_some_and(is_there));
            }
            Indication::Changed { member, belief }
                if self.standings.slanders(member, belief.incarnation) =>
            {
                let counted = match belief.status {
                    Status::Suspect => &mut self.suspected,
                    Status::Dead => &mut self.declared,
                    Status::Alive | Status::Left => return,
                };
                counted.insert((member, belief.incarnation));
            }
            _ => {}
        }
    }

    fn per_hour(&self) -> Measure {
        let hours = self.presence_ms / HOUR_MS;
        if hours == 0.0 {
            Measure::None
        } else {
            Measure::Value(self.declared.len() as f64 / hours)
        }
    }

    /// Each member probes once a period.
    fn unanswered(&self) -> Measure {
        let probes = self.presence_ms / self.period.as_millis_f64();
        match probes.is_finite() && probes > 0.0 {
            true => Measure::Value(self.unanswered as f64 / probes),
            false => Measure::None,
        }
    }
}

impl Gauge<Request, Indication> for Views {
    fn observe(&mut self, entry: &Entry<Request, Indication>) {
        self.pass(entry.at);
        if let Event::Crashed = entry.event
            && self.detection.is_none()
            && self.standings.of(entry.node).is_some_and(|standing| standing.is_member())
        {
            self.detection = Some(Detection::of(entry.node, entry.at));
        }
        if let Event::Indicated { indication, .. } = entry.event {
            if let Indication::Joined { period, .. } = indication {
                self.period = period;
            }
            self.slander(indication);
        }
        self.standings.observe(entry);
        if let Some(detection) = &mut self.detection {
            detection.observe(entry, &self.standings);
        }
        self.divergence.observe(entry, &self.standings);
    }

    fn conclude(&mut self, end: &End) -> Reading {
        self.pass(end.at);
        let period = self.period.as_millis_f64();
        let detected = self.detection.as_ref().map(|detection| detection.times(end.at));
        let [first, all] = detected.unwrap_or([Measure::None; 2]);
        let divergence = self.divergence.close(end.at);
        let measures = vec![
            first,
            divided(first, period),
            all,
            divided(all, period),
            Measure::Value(self.suspected.len() as f64),
            Measure::Value(self.declared.len() as f64),
            self.per_hour(),
            self.unanswered(),
            Measure::Value(divergence.area_ms),
            Measure::Value(divergence.diverged_ms),
        ];
        Reading { measures, points: divergence.points }
    }
}

fn divided(measure: Measure, by: f64) -> Measure {
    match measure {
        Measure::Value(value) => Measure::Value(value / by),
        Measure::Censored(value) => Measure::Censored(value / by),
        Measure::None => Measure::None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::bench::{Happening, measured};
    use super::super::{Belief, Membership};
    use super::*;

    const fn says(node: u32, indication: Indication) -> Happening<Membership> {
        (node, 0, Event::Indicated { answers: None, indication })
    }

    const fn joins(node: u32) -> Happening<Membership> {
        says(node, Indication::Joined { incarnation: 0, period: Duration::from_secs(1) })
    }

    const fn believes(node: u32, of: u32, status: Status) -> Happening<Membership> {
        let belief = Belief { incarnation: 0, status };
        says(node, Indication::Changed { member: NodeId(of), belief })
    }

    #[test]
    fn what_is_said_of_a_member_is_false_while_it_is_there_and_true_once_it_crashed() {
        let begins = [joins(0), joins(1)];
        let suspects = [Status::Suspect, Status::Dead].map(|status| believes(0, 1, status));
        let crash = (1, 0, Event::Crashed);
        let false_counts = |history: Vec<Happening<Membership>>| {
            let measured = measured::<Membership>(history, 9);
            ["false_suspicions_count", "false_deaths_count"].map(|name| measured[name])
        };
        let there = begins.iter().chain(&suspects).cloned().collect();
        assert_eq!(false_counts(there), [1.0, 1.0].map(Measure::Value));
        let gone = begins.iter().chain([&crash]).chain(&suspects).cloned().collect();
        assert_eq!(false_counts(gone), [0.0, 0.0].map(Measure::Value));
    }

    #[test]
    fn views_are_apart_from_when_one_of_two_joins_until_both_know_of_each_other() {
        let known = |node: u32| believes(node, 1 - node, Status::Alive);
        let history = [joins(0), joins(1), known(0), known(1)];
        let measured = measured::<Membership>(history, 9);
        assert_eq!(measured["views_unequal_ms"], Measure::Value(2_000.0));
        assert_eq!(measured["divergence_area_ms"], Measure::Value(2_000.0));
    }
}
