//! The measurements of trust: what was attacked and what of it succeeded, how soon it was noticed and
//! who was suspected, and what the defences cost.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use sim_core::checker::End;
use sim_core::gauge::{Curve, CurvePoint, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::time::{Duration, Time};

use super::policy;
use super::truth::{Breach, Truth};
use super::{Indication, Price, Request};
use crate::credential::PublicKey;

const fn count(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

const fn time(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: true }
}

/// The measurements, in the order of [`Trust::conclude`].
pub(super) const METRICS: &[Metric] = &[
    count("attempts_count", "attempts of hostile programs, and requests beyond what users may"),
    count(
        "successes_count",
        "what they achieved: acceptances, acts, contents, audits; of one thing made up, one",
    ),
    count("attack_success_ratio", "successes per attempt, at most 1"),
    count("forged_count", "acceptances and acts that nobody asked for, or not so"),
    count("repeated_count", "acceptances and acts that had been accepted before"),
    count("stolen_accepted_count", "acceptances and acts that a thief signed with a stolen key"),
    count("absorbed_count", "messages that a corrupt agent made up and others took"),
    count("unauthorised_count", "acts that whoever wanted them may not do"),
    count("leaked_count", "contents that somebody learned who is not cleared"),
    count("stale_key_count", "acceptances under a key that had ceased to be good"),
    count("blind_audits_count", "logs accepted that lack what had been acknowledged"),
    count("neglected_count", "requests that a corrupt agent ignored and that took longer than 3 s"),
    time("first_success_ms", "time from the first attempt to the first success"),
    time("detect_attack_ms", "time from the first attempt to the first alarm about a corrupt node"),
    count("detected_ratio", "corrupt nodes about whom an honest one raised an alarm"),
    count("false_alarm_ratio", "honest agents about whom an honest one raised an alarm"),
    count("false_alarms_standing_count", "alarms about honest agents that were never taken back"),
    count("convictions_true_count", "corrupt nodes that evidence convicted"),
    count(
        "convictions_false_count",
        "honest nodes that evidence convicted, but for victims of thieves who were acquitted",
    ),
    count("acquitted_count", "victims of thieves who were convicted, and acquitted by all"),
    count("refused_wrongly_count", "requests declined that were within what their users may"),
    count("refused_wrongly_ratio", "the same per request answered within what users may"),
    time("exposure_ms", "time from the theft of a key to the last acceptance under it"),
    count("payload_bytes", "bytes per request done: what was to be said"),
    count("signature_bytes", "bytes per request done: signatures and certificates"),
    count("proof_bytes", "bytes per request done: capabilities"),
    count("log_bytes", "bytes per request done: entries of the audit log and their proofs"),
    count("identities_hostile_ratio", "identities of corrupt agents, of all that were vouched for"),
    count("juries_count", "juries that agents drew to be heard about somebody"),
    count("juries_captured_count", "those of them of which a corrupt agent had more than half"),
    count("jurors_count", "identities in a jury, on average"),
    count("jury_pool_count", "identities that a jury was drawn from, on average"),
    count("jury_pool_hostile_count", "those of them that were a corrupt agent's, on average"),
];

/// The curves. The two over thresholds, one against the other, are the receiver's operating
/// characteristic of the suspicion.
pub(super) const CURVES: &[Curve] = &[
    Curve {
        name: "caught_by_threshold",
        summary: "corrupt agents whose suspicion ever reached a threshold",
        x: "threshold_score",
        y: "caught_ratio",
    },
    Curve {
        name: "blamed_by_threshold",
        summary: "honest agents whose suspicion ever reached a threshold",
        x: "threshold_score",
        y: "blamed_ratio",
    },
    Curve {
        name: "attack_successes",
        summary: "successes of attacks so far",
        x: "time_ms",
        y: "successes_count",
    },
];

/// The thresholds for which it is told who would have been caught.
const THRESHOLDS: u32 = 32;

/// Longer than this nobody should wait for an answer.
const WAIT: Duration = Duration::from_secs(3);

/// Watches one run.
pub(super) struct Trust {
    cluster: Cluster,
    truth: Truth,
    attempts: u64,
    first_attempt: Option<Time>,
    breaches: BTreeMap<Breach, u64>,
    successes: Vec<Time>,
    /// What was made up and has succeeded somewhere.
    achieved: BTreeSet<OpId>,
    /// The requests that were ignored and are not answered yet, and since when.
    ignored: BTreeMap<OpId, Time>,
    /// What was answered: a letter about it may still be on its way to somebody who ignores it.
    settled: BTreeSet<OpId>,
    neglected: u64,
    /// Who was alarmed about, and when first.
    alarms: BTreeMap<NodeId, Time>,
    /// Who is alarmed about whom and has not taken it back.
    standing: BTreeSet<(NodeId, NodeId)>,
    /// Who was ever convicted, and who still holds it against him.
    convicted: BTreeMap<NodeId, BTreeSet<NodeId>>,
    /// The highest score of each.
    suspected: BTreeMap<NodeId, u32>,
    answered: u64,
    refused_wrongly: u64,
    stolen_at: Option<Time>,
    exposed_until: Option<Time>,
    spent: [u64; 3],
    logged: u64,
    done: u64,
    /// The last generation of each agent's keys that was vouched for.
    vouched: BTreeMap<NodeId, u32>,
    juries: Juries,
}

/// The juries that were drawn: sums over them.
#[derive(Default)]
struct Juries {
    drawn: usize,
    captured: usize,
    jurors: usize,
    pool: usize,
    hostile: usize,
}

impl Juries {
    fn measures(&self) -> [Measure; 5] {
        let Self { drawn, captured, jurors, pool, hostile } = self;
        let mean = |sum: &usize| match drawn {
            0 => Measure::None,
            _ => Measure::Value(*sum as f64 / *drawn as f64),
        };
        let count = |number: &usize| match drawn {
            0 => Measure::None,
            _ => Measure::Value(*number as f64),
        };
        [count(drawn), count(captured), mean(jurors), mean(pool), mean(hostile)]
    }
}

impl Trust {
    pub(super) const fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            truth: Truth::new(cluster),
            attempts: 0,
            first_attempt: None,
            breaches: BTreeMap::new(),
            successes: Vec::new(),
            achieved: BTreeSet::new(),
            ignored: BTreeMap::new(),
            settled: BTreeSet::new(),
            neglected: 0,
            alarms: BTreeMap::new(),
            standing: BTreeSet::new(),
            convicted: BTreeMap::new(),
            suspected: BTreeMap::new(),
            answered: 0,
            refused_wrongly: 0,
            stolen_at: None,
            exposed_until: None,
            spent: [0; 3],
            logged: 0,
            done: 0,
            vouched: BTreeMap::new(),
            juries: Juries { drawn: 0, captured: 0, jurors: 0, pool: 0, hostile: 0 },
        }
    }

    fn attempt(&mut self, at: Time) {
        self.attempts += 1;
        self.first_attempt.get_or_insert(at);
    }

    /// Whether this is not about something made up that has succeeded before: what two agents were told
    /// is one attempt, and so is what a deputy had done.
    fn is_news(&mut self, event: &Event<Request, Indication>) -> bool {
        let Event::Indicated { indication, .. } = event else { return true };
        let op = match indication {
            Indication::Accepted { claim, .. } => claim.content,
            Indication::Acted { op, .. } => *op,
            _ => return true,
        };
        self.truth.request(op).is_some() || self.achieved.insert(op)
    }

    /// Takes the answer to a request in that its user might make.
    fn answer(&mut self, op: OpId, indication: &Indication) {
        let Some((node, request)) = self.truth.request(op) else { return };
        if self.truth.goes_beyond(node, request) {
            return;
        }
        self.answered += 1;
        match indication {
            Indication::Declined(_) => self.refused_wrongly += 1,
            Indication::Done(Price { payload, signature, proof }) => {
                let parts = [payload, signature, proof];
                for (sum, bytes) in self.spent.iter_mut().zip(parts) {
                    *sum += u64::from(*bytes);
                }
                self.done += 1;
            }
            _ => {}
        }
    }

    /// Whoever asked this hears no more of it; he waited for too long if so much time has passed
    /// since somebody ignored it.
    fn waited(&mut self, op: OpId, until: Time) {
        if let Some(since) = self.ignored.remove(&op)
            && until.since(since) > WAIT
        {
            self.neglected += 1;
            self.successes.push(since + WAIT);
        }
    }

    fn indicated(&mut self, entry: &Entry<Request, Indication>) {
        let (at, node) = (entry.at, entry.node);
        let Event::Indicated { answers, indication } = &entry.event else { return };
        if let Some(op) = *answers {
            self.waited(op, at);
            self.settled.insert(op);
            self.answer(op, indication);
        }
        match indication {
            Indication::Attempted => self.attempt(at),
            Indication::Ignored { op } => {
                self.attempt(at);
                if !self.settled.contains(op) {
                    self.ignored.insert(*op, at);
                }
            }
            Indication::Cleared { whom } => _ = self.standing.remove(&(node, *whom)),
            Indication::Stolen { .. } => _ = self.stolen_at.get_or_insert(at),
            Indication::Alarmed { whom } => {
                self.alarms.entry(*whom).or_insert(at);
                self.standing.insert((node, *whom));
            }
            Indication::Issued { key, .. } => {
                let last = self.vouched.entry(key.owner).or_default();
                *last = key.generation.max(*last);
            }
            Indication::Drawn { pool, jury } => self.drawn(pool, jury),
            Indication::Recorded { bytes, .. } => self.logged += u64::from(*bytes),
            Indication::Convicted { whom } => {
                self.convicted.entry(*whom).or_default().insert(node);
            }
            Indication::Acquitted { whom } => {
                self.convicted.entry(*whom).or_default().remove(&node);
                self.standing.remove(&(node, *whom));
            }
            Indication::Suspected { whom, score } => {
                let highest = self.suspected.entry(*whom).or_default();
                *highest = (*highest).max(*score);
            }
            Indication::Accepted { key, .. } | Indication::Acted { key, .. }
                if self.truth.is_under_stolen_key(*key) =>
            {
                self.exposed_until = Some(at);
            }
            _ => {}
        }
    }

    fn drawn(&mut self, pool: &[PublicKey], jury: &[PublicKey]) {
        let hostile = |identities: &[PublicKey]| {
            identities.iter().filter(|identity| self.is_corrupt(identity.owner)).count()
        };
        let (of_pool, of_jury) = (hostile(pool), hostile(jury));
        self.juries.drawn += 1;
        self.juries.captured += usize::from(of_jury * 2 > jury.len());
        self.juries.jurors += jury.len();
        self.juries.pool += pool.len();
        self.juries.hostile += of_pool;
    }

    /// The share of the corrupt agents' keys, if each honest agent counts with the one that it has.
    fn hostile_identities(&self) -> Measure {
        let keys = |(node, last): (&NodeId, &u32)| match self.is_corrupt(*node) {
            true => (*last as usize + 1, *last as usize + 1),
            false => (0, 1),
        };
        let (hostile, all) = self
            .vouched
            .iter()
            .map(keys)
            .fold((0, 0), |(hostile, all), (own, each)| (hostile + own, all + each));
        ratio(hostile, all)
    }

    fn of(&self, breach: Breach) -> Measure {
        Measure::Value(self.breaches.get(&breach).copied().unwrap_or(0) as f64)
    }

    /// The time from the first attempt to this, or to the end in vain; nothing without an attempt.
    fn since_attempt(&self, what: Option<Time>, end: Time) -> Measure {
        match (self.first_attempt, what) {
            (None, _) => Measure::None,
            (Some(first), Some(at)) => Measure::Value(at.since(first).as_millis_f64()),
            (Some(first), None) => Measure::Censored(end.since(first).as_millis_f64()),
        }
    }

    fn exposure(&self, end: Time) -> Measure {
        let Some(stolen) = self.stolen_at else { return Measure::None };
        if self.truth.is_key_at_large(end) {
            return Measure::Censored(end.since(stolen).as_millis_f64());
        }
        let until = self.exposed_until.unwrap_or(stolen);
        Measure::Value(until.since(stolen).as_millis_f64())
    }

    fn is_corrupt(&self, node: NodeId) -> bool {
        self.truth.corrupt.contains(node)
    }

    /// How many of those who were convicted are guilty, were robbed and are acquitted, and are neither.
    fn convictions(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for (whom, judges) in &self.convicted {
            let is_acquitted = self.truth.is_robbed(*whom) && judges.is_empty();
            counts[match (self.is_corrupt(*whom), is_acquitted) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            }] += 1;
        }
        counts
    }

    fn agents(&self, are_corrupt: bool) -> Vec<NodeId> {
        let agents = policy::agents(self.cluster);
        agents.filter(|node| self.is_corrupt(*node) == are_corrupt).collect()
    }

    /// Of these agents, the share that would have been caught at each threshold.
    fn by_threshold(&self, curve: &'static str, are_corrupt: bool) -> Vec<CurvePoint> {
        let agents = self.agents(are_corrupt);
        let reaches = |node: &&NodeId, threshold: u32| {
            self.suspected.get(node).is_some_and(|score| *score >= threshold)
        };
        let point = |threshold: u32| CurvePoint {
            curve,
            node: None,
            x: f64::from(threshold),
            y: agents.iter().filter(|node| reaches(node, threshold)).count() as f64
                / agents.len() as f64,
            weight: agents.len() as u64,
        };
        match agents.is_empty() {
            true => Vec::new(),
            false => (1..=THRESHOLDS).map(point).collect(),
        }
    }

    fn points(&self) -> Vec<CurvePoint> {
        let mut points = self.by_threshold("caught_by_threshold", true);
        points.extend(self.by_threshold("blamed_by_threshold", false));
        points.extend((1_u64..).zip(&self.successes).map(|(number, at)| CurvePoint {
            curve: "attack_successes",
            node: None,
            x: at.since(Time::ZERO).as_millis_f64(),
            y: number as f64,
            weight: 1,
        }));
        points
    }
}

/// A share, of nothing if there is nothing to share.
fn ratio(part: usize, whole: usize) -> Measure {
    match whole {
        0 => Measure::None,
        _ => Measure::Value((part as f64 / whole as f64).min(1.0)),
    }
}

impl Gauge<Request, Indication> for Trust {
    fn observe(&mut self, entry: &Entry<Request, Indication>) {
        let at = entry.at;
        if matches!(entry.event, Event::Crashed) {
            // It forgets whom it convicted.
            self.convicted.values_mut().for_each(|judges| _ = judges.remove(&entry.node));
        }
        if let Event::Requested { op, request, .. } = &entry.event
            && self.truth.request(*op).is_none()
            && self.truth.goes_beyond(entry.node, *request)
        {
            self.attempt(at);
        }
        let breaches = self.truth.observe(entry);
        // Whatever else is wrong with it, one thing that was let pass is one success.
        if breaches.iter().any(|breach| *breach != Breach::Slandered) && self.is_news(&entry.event)
        {
            self.successes.push(at);
        }
        for breach in breaches {
            *self.breaches.entry(breach).or_default() += 1;
        }
        self.indicated(entry);
    }

    fn conclude(&mut self, end: &End) -> Reading {
        for op in self.ignored.keys().copied().collect::<Vec<_>>() {
            self.waited(op, end.at);
        }
        self.successes.sort();
        let first_alarm = self.alarms.iter().filter(|(node, _)| self.is_corrupt(**node));
        let first_alarm = first_alarm.map(|(_, at)| *at).min();
        let alarmed =
            |nodes: &[NodeId]| nodes.iter().filter(|node| self.alarms.contains_key(node)).count();
        let corrupt: Vec<NodeId> = self.truth.corrupt.iter().collect();
        let honest = self.agents(false);
        let [guilty, acquitted, wronged] = self.convictions();
        let mut measures = vec![
            Measure::Value(self.attempts as f64),
            Measure::Value(self.successes.len() as f64),
            ratio(self.successes.len(), self.attempts as usize),
        ];
        measures.extend(
            [
                Breach::Forged,
                Breach::Repeated,
                Breach::Stolen,
                Breach::Absorbed,
                Breach::Unauthorised,
                Breach::Leaked,
                Breach::StaleKey,
                Breach::Blind,
            ]
            .map(|breach| self.of(breach)),
        );
        let is_false = |(_, whom): &&(NodeId, NodeId)| honest.contains(whom);
        let standing = self.standing.iter().filter(is_false).count();
        measures.extend([
            Measure::Value(self.neglected as f64),
            self.since_attempt(self.successes.first().copied(), end.at),
            self.since_attempt(first_alarm, end.at),
            ratio(alarmed(&corrupt), corrupt.len()),
            ratio(alarmed(&honest), honest.len()),
            Measure::Value(standing as f64),
            Measure::Value(guilty as f64),
            Measure::Value(wronged as f64),
            Measure::Value(acquitted as f64),
            Measure::Value(self.refused_wrongly as f64),
            ratio(self.refused_wrongly as usize, self.answered as usize),
            self.exposure(end.at),
        ]);
        let per_done = |bytes: u64| match self.done {
            0 => Measure::None,
            done => Measure::Value(bytes as f64 / done as f64),
        };
        measures.extend(self.spent.map(per_done));
        measures.extend([per_done(self.logged), self.hostile_identities()]);
        measures.extend(self.juries.measures());
        Reading { measures, points: self.points() }
    }
}
