//! How a run ends: who must have made progress, what held, what it showed.

use super::{Recording, World};
use crate::checker::{Class, End};
use crate::id::NodeSet;
use crate::outcome::{Outcome, Verdict};
use crate::problem::{Problem as _, ProblemGauge};
use crate::protocol::Protocol;
use crate::setup::Gst;
use crate::time::Duration;
use crate::trace::StepKind;

/// How many of the longest timers anything good may take after GST, if the scenario does not say.
const PATIENCE: u64 = 20;

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// The nodes of the electorate that must make progress: correct, up, and all connected with
    /// each other.
    pub(super) fn core(&self) -> NodeSet {
        let cluster = self.experiment.setup.cluster();
        let able = self.up.iter().filter(|node| !self.corrupt.contains(*node));
        self.network.connected_core(&able.filter(|node| cluster.contains(*node)).collect())
    }

    pub(super) fn assumptions_hold(&self, class: Class, core: &NodeSet) -> bool {
        let liveness = self.contract.liveness;
        match class {
            Class::Safety => !self.safety_exceeded,
            Class::Liveness => {
                let faulty = self.experiment.setup.nodes - core.len();
                self.corrupt.len() <= liveness.byzantine
                    && self.forgetful.len() <= liveness.forgetful
                    && faulty <= liveness.faulty
            }
        }
    }

    /// How long after GST anything good may take, if the scenario does not say: 20 of the longest
    /// timers, and time for a client to ask every node (or 20 of many) once.
    pub(super) fn patience(&self) -> Duration {
        let clients =
            self.clients.patience() * (u64::from(self.experiment.setup.nodes) + 1).min(PATIENCE);
        (self.longest_timer * PATIENCE).max(clients)
    }

    pub(super) fn conclude(mut self, panicked: Option<String>) -> (Outcome, Recording<P>) {
        let setup = &self.experiment.setup;
        let patience = setup.patience.unwrap_or_else(|| self.patience());
        let (cluster, core) = (setup.cluster(), self.core());
        let end = End { at: self.now, gst: self.gst, patience, cluster, core };
        let held =
            [Class::Safety, Class::Liveness].map(|class| self.assumptions_hold(class, &end.core));
        let of = |class: Class| held[usize::from(class == Class::Liveness)];
        if self.court.breaches.is_empty() && panicked.is_none() && self.limit_hit.is_none() {
            self.court.conclude(&end, of);
        }
        let settled = self.clients.waiting() == 0 && self.court.is_settled(&end.core);
        let judged = settled
            || setup.gst == Gst::Never
            || end.gst.is_some_and(|gst| end.at.since(gst) >= patience);
        let (verdict, reason) = self.verdict(panicked, judged);
        let breaches = self.court.breaches.clone();
        for breach in &breaches {
            self.step(StepKind::Violation, None, || {
                format!("{}: {}", breach.property, breach.witness)
            });
        }
        let held = match breaches.first() {
            Some(breach) => breach.assumptions_held,
            None => held[0] && held[1],
        };
        self.ledger.counts.in_flight = self.in_flight();
        // A panic may come between the sending of a message and its leaving.
        debug_assert!(
            verdict == Verdict::Panicked || self.ledger.counts.missing() == 0,
            "{} messages are missing: {:?}",
            self.ledger.counts.missing(),
            self.ledger.counts
        );
        self.end_link();
        let mut fingerprint = self.fingerprint;
        fingerprint.pair(self.event, verdict as u64);
        let traffic = self.ledger.traffic();
        let read = |gauge: &mut ProblemGauge<P::Problem>| {
            gauge.weigh(traffic);
            gauge.conclude(&end)
        };
        let reading = self.gauge.as_mut().map(read).unwrap_or_default();
        let gauges = P::Problem::METRICS.iter().zip(reading.measures).collect();
        let patience = self.clients.patience();
        let books = self.ledger.close(self.now, patience, self.clients.open());
        let outcome = Outcome {
            seed: self.seed,
            verdict,
            reason,
            assumptions_held: held,
            breaches,
            metrics: books.metrics,
            gauges,
            curves: reading.points,
            timeline: books.timeline,
            latencies: books.latencies,
            strikes: self.nemesis.wakes.into_iter().map(|wake| wake.record).collect(),
            marks: books.marks,
            has_leader: books.has_leader,
            ended: self.now,
            events: self.event,
            fingerprint: fingerprint.value(),
        };
        if TRACED {
            let nodes = self.nodes.into_iter();
            let correct = nodes.filter(|node| {
                cluster.contains(node.identity) && !self.corrupt.contains(node.identity)
            });
            let up = correct.filter_map(|node| Some((node.identity, node.state?)));
            self.recording.survivors = up.collect();
        }
        (outcome, self.recording)
    }

    pub(super) fn verdict(&self, panicked: Option<String>, judged: bool) -> (Verdict, String) {
        if let Some(message) = panicked {
            return (Verdict::Panicked, message);
        }
        if let Some(breach) = self.court.breaches.first() {
            // Where more was lost than the protocol can do without, there was nothing to wait for.
            let lost = self.forgetful.len() > self.contract.liveness.forgetful;
            if breach.class == Class::Liveness && lost {
                return (Verdict::Inconclusive, "unrecoverable".to_owned());
            }
            let verdict = match breach.class {
                Class::Safety => Verdict::Unsafe,
                Class::Liveness => Verdict::Stalled,
            };
            return (verdict, breach.property.to_owned());
        }
        // Of liars nothing is promised.
        let nobody = self.corrupt.len() == self.experiment.setup.nodes;
        let nothing = self.ledger.is_blank() || self.nemesis.is_vacuous() || nobody;
        let reason = match self.limit_hit {
            Some(limit) => limit,
            None if nothing => "vacuous",
            None if self.court.is_undecided() => "checker",
            None if !judged => "short_horizon",
            None => return (Verdict::Pass, String::new()),
        };
        (Verdict::Inconclusive, reason.to_owned())
    }
}
