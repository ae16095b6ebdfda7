//! What a sweep remembers of the runs of one point, folded in run order as they come.
//!
//! Outcomes are not kept: a million seeds take no more memory than a thousand, but for the metrics
//! that an expectation names, which are judged exactly and cost some bytes per run.

use std::collections::BTreeMap;

use reports::stats::{CensoredHistogram, Histogram, MeanShare, Observation};
use sim_core::checker::Class;
use sim_core::fault::{FaultKind, When};
use sim_core::outcome::{Measure, Metric, Outcome, Verdict};
use sim_core::setup::Setup;
use sim_core::time::Time;

/// The metrics that the summary of a sweep shows, where runs have them.
pub const HEADLINES: [&str; 5] =
    ["decide_p50_ms", "failover_ms", "unavailable_ms", "msgs_per_op_ratio", "tokens_count"];

/// How many of a problem's own metrics the summary shows: the others are in the tables.
const OWN_HEADLINES: usize = 3;

/// The metrics that the summary shows of a problem that takes the measurements `own`.
pub fn headlines(own: &[Metric]) -> impl Iterator<Item = &'static str> {
    let own: Vec<_> = own.iter().take(OWN_HEADLINES).map(|metric| metric.name).collect();
    HEADLINES.into_iter().chain(own)
}

/// How often a property broke over the runs of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    /// In how many runs.
    pub runs: u64,
    /// Whether it is about safety or liveness.
    pub class: Class,
    /// In how many of the runs more had struck than the protocol assumes.
    pub exceeded: u64,
}

/// A fault that the scenario gives a time.
#[derive(Clone, PartialEq, Debug)]
pub struct Scripted {
    /// The kind of fault.
    pub kind: &'static str,
    /// What it did.
    pub label: String,
    /// When it struck.
    pub from_ms: f64,
    /// When it ended.
    pub to_ms: Option<f64>,
}

/// One slice of the timeline, over all runs.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// Operations whose intended start lies in it and whose client lost patience within the run.
    pub due: u64,
    /// Those of them that were answered before that.
    pub ok: u64,
    /// Their latencies.
    pub latencies: Histogram,
    led_ns: u128,
    covered_ns: u128,
}

impl Slice {
    /// The share of the time with a leader; `None` if no run got so far.
    pub fn led(&self) -> Option<f64> {
        (self.covered_ns > 0).then(|| (self.led_ns as f64 / self.covered_ns as f64).min(1.0))
    }
}

/// How often a mark of the protocol was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reached {
    /// The number of runs that reached it at all.
    pub runs: u64,
    /// How often all of them together did.
    pub times: u64,
}

/// What is remembered of a metric that the summary shows.
#[derive(Clone, Debug, Default)]
pub struct Headline {
    /// Its values.
    pub values: CensoredHistogram,
    /// Their mean, if they are shares.
    pub shares: MeanShare,
}

/// Everything that is remembered of the runs of one point.
#[derive(Clone, Debug)]
pub struct Fold {
    /// How many runs there were.
    pub runs: u64,
    /// How many of them ended in each verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// What broke.
    pub broken: BTreeMap<&'static str, Broken>,
    /// Runs that went beyond what the protocol assumes.
    pub exceeded: u64,
    /// Latencies of all operations of all runs.
    pub latencies: Histogram,
    /// The slices of the timeline.
    pub timeline: Vec<Slice>,
    /// The length of a slice.
    pub slice_ns: u64,
    /// Whether any run knew a leader.
    pub has_leader: bool,
    /// The faults that strike at fixed times, as they struck in the first run.
    pub scripted: Vec<Scripted>,
    /// Per entry of `[[fault]]`: in how many runs it changed anything.
    pub bitten: Vec<u64>,
    /// Per kind of fault in the schedule: in how many runs any of its strikes changed anything.
    pub kinds: BTreeMap<FaultKind, u64>,
    /// Per mark of the protocol: how often it was reached.
    pub marks: BTreeMap<&'static str, Reached>,
    /// The headline metrics, by name.
    pub headlines: BTreeMap<&'static str, Headline>,
    /// The metrics that expectations name, in run order.
    pub samples: BTreeMap<&'static str, Vec<Observation>>,
    /// Why runs were inconclusive, and how often.
    pub reasons: BTreeMap<String, u64>,
}

impl Fold {
    /// Nothing yet, for runs of `setup` whose problem takes the measurements `own`; the metrics in
    /// `wanted` are to be kept.
    pub fn new(
        setup: &Setup,
        own: &[Metric],
        wanted: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        Self {
            runs: 0,
            verdicts: [0; Verdict::ALL.len()],
            broken: BTreeMap::new(),
            exceeded: 0,
            latencies: Histogram::default(),
            timeline: vec![Slice::default(); Outcome::BUCKETS],
            slice_ns: slice_ns(setup),
            has_leader: false,
            scripted: Vec::new(),
            bitten: vec![0; setup.faults.len()],
            kinds: setup.faults.iter().map(|spec| (spec.fault.kind(), 0)).collect(),
            marks: BTreeMap::new(),
            headlines: headlines(own).map(|name| (name, Headline::default())).collect(),
            samples: wanted.into_iter().map(|name| (name, Vec::new())).collect(),
            reasons: BTreeMap::new(),
        }
    }

    /// Takes in the next run.
    pub fn add(&mut self, outcome: &Outcome, setup: &Setup) {
        if self.runs == 0 {
            self.scripted = scripted(outcome, setup);
        }
        self.runs += 1;
        if outcome.verdict == Verdict::Inconclusive {
            *self.reasons.entry(outcome.reason.clone()).or_default() += 1;
        }
        self.verdicts[outcome.verdict as usize] += 1;
        self.exceeded += u64::from(!outcome.assumptions_held);
        for breach in &outcome.breaches {
            let fresh = Broken { runs: 0, class: breach.class, exceeded: 0 };
            let broken = self.broken.entry(breach.property).or_insert(fresh);
            broken.runs += 1;
            broken.exceeded += u64::from(!breach.assumptions_held);
        }
        for (fault, bitten) in self.bitten.iter_mut().enumerate() {
            let bit =
                outcome.strikes.iter().any(|strike| strike.fault == fault && strike.changed > 0);
            *bitten += u64::from(bit);
        }
        for (kind, bitten) in &mut self.kinds {
            *bitten += u64::from(witnessed(outcome, setup, *kind).is_some_and(|count| count > 0));
        }
        for (mark, count) in &outcome.marks {
            let reached = self.marks.entry(*mark).or_default();
            reached.runs += u64::from(*count > 0);
            reached.times += count;
        }
        self.add_measures(outcome);
        self.add_timeline(outcome);
    }

    fn add_measures(&mut self, outcome: &Outcome) {
        for (metric, measure) in outcome.measures() {
            let (value, censored) = match measure {
                Measure::None => continue,
                Measure::Value(value) => (value, false),
                Measure::Censored(value) => (value, true),
            };
            if let Some(headline) = self.headlines.get_mut(metric.name) {
                headline.values.record(value, censored);
                if !metric.may_be_censored {
                    headline.shares.record(value);
                }
            }
            if let Some(sample) = self.samples.get_mut(metric.name) {
                sample.push(Observation { value, censored });
            }
        }
    }

    fn add_timeline(&mut self, outcome: &Outcome) {
        let ended = outcome.ended.as_nanos();
        self.has_leader |= outcome.has_leader;
        for (index, (slice, bucket)) in self.timeline.iter_mut().zip(&outcome.timeline).enumerate()
        {
            slice.due += u64::from(bucket.due);
            slice.ok += u64::from(bucket.ok);
            slice.led_ns += u128::from(bucket.led.as_nanos());
            // A run may end before the horizon; after its end it says nothing about leaders.
            let start = index as u64 * self.slice_ns;
            slice.covered_ns += u128::from(ended.saturating_sub(start).min(self.slice_ns));
        }
        for (start, latency) in &outcome.latencies {
            self.latencies.record(latency.as_nanos());
            let index = slice_at(*start, self.slice_ns);
            self.timeline[index].latencies.record(latency.as_nanos());
        }
    }
}

/// The length of a slice of the timeline, in nanoseconds.
pub fn slice_ns(setup: &Setup) -> u64 {
    (setup.horizon.as_nanos() / Outcome::BUCKETS as u64).max(1)
}

/// The slice in which an instant lies; the last one takes what the division left over.
pub fn slice_at(at: Time, slice_ns: u64) -> usize {
    ((at.as_nanos() / slice_ns) as usize).min(Outcome::BUCKETS - 1)
}

/// How much the strikes of one kind changed in a run; `None` if it is not in the schedule.
pub fn witnessed(outcome: &Outcome, setup: &Setup, kind: FaultKind) -> Option<u64> {
    setup.faults.iter().find(|spec| spec.fault.kind() == kind)?;
    let strikes = outcome.strikes.iter().filter(|strike| {
        setup.faults.get(strike.fault).is_some_and(|spec| spec.fault.kind() == kind)
    });
    Some(strikes.map(|strike| strike.changed).sum())
}

/// The strikes of entries that have one fixed time.
fn scripted(outcome: &Outcome, setup: &Setup) -> Vec<Scripted> {
    let fixed = outcome.strikes.iter().filter_map(|strike| {
        let spec = setup.faults.get(strike.fault)?;
        let When::At(at) = spec.when else { return None };
        (at.min == at.max).then(|| Scripted {
            kind: spec.fault.kind().name(),
            // As the scenario says it: who is struck differs from run to run.
            label: spec.fault.to_string(),
            from_ms: strike.at.as_millis_f64(),
            to_ms: strike.ended.map(|ended| ended.as_millis_f64()),
        })
    });
    fixed.collect()
}

impl Fold {
    /// In how many runs this was the verdict.
    pub const fn count(&self, verdict: Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }
}
