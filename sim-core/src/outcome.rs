//! The outcome: one run as a row.
//!
//! A run never fails: it returns an outcome. What was not measured is empty, never zero; a time
//! that was watched in vain is censored, never a time.

use std::fmt;

use crate::checker::Class;
use crate::gauge::CurvePoint;
use crate::time::{Duration, Time};

pub use crate::gauge::{Measure, Metric};

/// What a run showed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Nothing promised was broken, and there was something to judge.
    Pass,
    /// Nothing can be said; the reason tells why.
    Inconclusive,
    /// Something good that was promised did not happen in time.
    Stalled,
    /// Something bad that was excluded happened.
    Unsafe,
    /// The protocol's own code panicked.
    Panicked,
    /// The same seed gave two different runs.
    Nondeterministic,
}

impl Verdict {
    /// All verdicts, the mildest first.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Inconclusive,
        Self::Stalled,
        Self::Unsafe,
        Self::Panicked,
        Self::Nondeterministic,
    ];

    /// The word that tables use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Stalled => "stalled",
            Self::Unsafe => "unsafe",
            Self::Panicked => "panicked",
            Self::Nondeterministic => "nondeterministic",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A promise that was broken in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    /// The property or invariant.
    pub property: &'static str,
    /// Whether it was about safety or liveness.
    pub class: Class,
    /// When the judge saw it.
    pub at: Time,
    /// The events that contradict each other.
    pub witness: String,
    /// Whether the faults that struck before it were within what the protocol assumes. If so, it
    /// is a bug; if not, it is theory at work.
    pub assumptions_held: bool,
}

macro_rules! metrics {
    ($($field:ident $censored:literal $summary:literal),* $(,)?) => {
        /// Every measurement of a run.
        #[derive(Clone, Copy, PartialEq, Debug, Default)]
        pub struct Metrics {
            $(#[doc = $summary] pub $field: Measure,)*
        }

        impl Metrics {
            /// What the columns mean, in their order.
            pub const COLUMNS: &'static [Metric] = &[$(Metric {
                name: stringify!($field),
                summary: $summary,
                may_be_censored: $censored,
            }),*];

            /// The values, in the order of the columns.
            pub fn values(&self) -> impl Iterator<Item = Measure> {
                [$(self.$field),*].into_iter()
            }

            /// The measurements with these values, in the order of the columns; those left out
            /// are [`Measure::None`].
            pub fn from_values(values: impl IntoIterator<Item = Measure>) -> Self {
                let mut values = values.into_iter();
                Self { $($field: values.next().unwrap_or_default()),* }
            }
        }
    };
}

metrics! {
    ops_count false "operations that clients asked for",
    ops_ok_count false "operations that were answered as done",
    ops_refused_count false "operations that were refused",
    ops_pending_count false "operations without an answer at the end",
    retries_count false "requests that repeated an operation",
    waiting_mean_count false "operations that waited for an answer, averaged over time",
    decide_mean_ms true "mean time from an operation's intended start to its answer",
    decide_p50_ms true "median time from an operation's intended start to its answer",
    decide_p99_ms true "99th percentile of the same, where the run has enough operations",
    decide_max_ms true "the longest of the same",
    first_decide_ms true "time until the first operation was answered",
    last_decide_ms true "time until the last operation was answered",
    unavailable_ms true "longest time without an answer while an operation was waiting",
    first_leader_ms true "time until somebody knew of a quorum behind it",
    failover_ms true "time without a leader after the first crash or cut of one",
    elections_count false "candidacies that were announced",
    leaders_count false "leaderships that were announced",
    highest_term_count false "the highest term that was announced",
    rounds_count false "the highest round that was begun, of ballots, of words or of offers, where there are rounds",
    decided_nodes_count false "nodes that announced a decision",
    undecided_nodes_count false "nodes that announced that they gave up",
    msgs_count false "messages sent over the network",
    msgs_per_op_ratio false "messages sent for each operation answered",
    converged_ms true "time from the last update to when all nodes reflected the same updates for good",
    diverged_ms true "time during which not all nodes reflected the same updates",
    redundant_bytes false "bytes that told their receiver nothing new",
    bytes_sent false "bytes sent over the network",
    tokens_count false "tokens that messages cost, where `[cost.tokens]` says what one costs",
    msgs_lost_count false "messages lost by the network's own doing",
    msgs_cut_count false "messages lost at a cut",
    msgs_duplicated_count false "copies of messages that the network made",
    msgs_delivered_count false "messages and copies that reached a node that was up",
    msgs_overflowed_count false "messages dropped because the queue of their link was full",
    msgs_rejected_count false "messages dropped because they were damaged on their way",
    msgs_down_count false "messages and copies that found their receiver down",
    msgs_in_flight_count false "messages and copies still on their way at the end",
    msgs_corrupted_count false "messages damaged on their way, noticed or not",
    msgs_delayed_count false "messages that weather made slower",
    msgs_reordered_count false "messages held back so that others overtook them",
    msgs_clogged_count false "messages held until a clog ended",
    syncs_count false "syncs of disks that completed",
    crashes_count false "nodes that went down",
    lies_count false "messages that the adversary withheld or rewrote",
}

/// One slice of the availability timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    /// Operations whose intended start lies in the slice, and whose client's patience would have
    /// ended within the run.
    pub due: u32,
    /// Those among them that were answered as done before the client's patience ended.
    pub ok: u32,
    /// How long some leader was up within the slice.
    pub led: Duration,
}

/// What one strike of the schedule did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StrikeRecord {
    /// The entry of the schedule that it came from, by its place in
    /// [`Setup::faults`](crate::setup::Setup::faults).
    pub fault: usize,
    /// When it struck.
    pub at: Time,
    /// When it ended, if it did.
    pub ended: Option<Time>,
    /// What it did, with all targets resolved.
    pub label: String,
    /// How much it changed, in what its kind counts
    /// ([`KindInfo::counts`](crate::fault::KindInfo::counts)): messages cut, nodes that went down,
    /// lies told. 0 if it changed nothing.
    pub changed: u64,
}

/// One run as a row.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What the run showed.
    pub verdict: Verdict,
    /// Why, in a word or a name: the property that broke, or the bound that was hit.
    pub reason: String,
    /// Whether all that struck was within what the protocol assumes for safety and liveness, or
    /// for the first breach, what had struck before it.
    pub assumptions_held: bool,
    /// All promises that were broken, each at most once, in the order in which that was seen.
    pub breaches: Vec<Breach>,
    /// The measurements.
    pub metrics: Metrics,
    /// The measurements of the problem's own, in the order of its list.
    pub gauges: Vec<(&'static Metric, Measure)>,
    /// The points of the problem's curves.
    pub curves: Vec<CurvePoint>,
    /// The slices of the availability timeline; each lasts `horizon / Outcome::BUCKETS`.
    pub timeline: Vec<Bucket>,
    /// Intended start and latency of every operation that was answered as done.
    pub latencies: Vec<(Time, Duration)>,
    /// What the schedule did.
    pub strikes: Vec<StrikeRecord>,
    /// The protocol's marks in the order of its list, each with how often it was reached.
    pub marks: Vec<(&'static str, u64)>,
    /// Whether the protocol announced a leader at all.
    pub has_leader: bool,
    /// When the run ended.
    pub ended: Time,
    /// Events that were handled, from the first after all nodes have booted.
    pub events: u64,
    /// A digest of time, place and kind of every event: two runs with one fingerprint went alike.
    pub fingerprint: u64,
}

impl Outcome {
    /// Slices of the availability timeline.
    pub const BUCKETS: usize = 300;

    /// The outcome of a run that panicked before there was a world to measure.
    pub fn panicked(seed: u64, message: String) -> Self {
        Self {
            seed,
            verdict: Verdict::Panicked,
            reason: message,
            assumptions_held: true,
            breaches: Vec::new(),
            metrics: Metrics::default(),
            gauges: Vec::new(),
            curves: Vec::new(),
            timeline: vec![Bucket::default(); Self::BUCKETS],
            latencies: Vec::new(),
            strikes: Vec::new(),
            marks: Vec::new(),
            has_leader: false,
            ended: Time::ZERO,
            events: 0,
            fingerprint: 0,
        }
    }

    /// All measurements with their columns: those of every run, then those of the problem.
    pub fn measures(&self) -> impl Iterator<Item = (&'static Metric, Measure)> + '_ {
        let own = self.gauges.iter().copied();
        Metrics::COLUMNS.iter().zip(self.metrics.values()).chain(own)
    }

    /// The measurement of this metric by the problem; none if it takes none.
    pub fn gauge(&self, metric: &Metric) -> Measure {
        let found = self.gauges.iter().find(|(known, _)| known.name == metric.name);
        found.map_or(Measure::None, |(_, measure)| *measure)
    }

    /// The first promise that was broken.
    pub fn first_breach(&self) -> Option<&Breach> {
        self.breaches.first()
    }
}
