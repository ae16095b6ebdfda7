//! What only registers can tell: how new reads were, and what that took.

use sim_core::checker::End;
use sim_core::gauge::{Curve, CurvePoint, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::OpId;
use sim_core::rng::{Stream, Streams};
use sim_core::session::{self, Evidence, Guarantee, Recorder};
use sim_core::time::Time;

use super::super::operation::PerOp;
use super::judges::{Done, Follower};
use super::{Indication, Request, Upkeep, Value};
use crate::staleness::{Model, Prediction};

const fn metric(name: &'static str, summary: &'static str) -> Metric {
    Metric { name, summary, may_be_censored: false }
}

/// The measurements, in the order of [`Freshness::measures`].
pub(super) const METRICS: &[Metric] = &[
    metric("stale_reads_count", "reads of what another write had overwritten before they began"),
    metric("stale_reads_ratio", "their share of all answered reads"),
    metric("staleness_p50_count", "by how many writes stale reads were behind: half of them"),
    metric("staleness_p99_count", "the same: 99 of 100"),
    metric("staleness_p50_ms", "since when stale reads could have found something newer: half"),
    metric("staleness_p99_ms", "the same: 99 of 100"),
    metric("read_latency_p50_ms", "from the first request to the answer of a read: half of them"),
    metric("read_latency_p99_ms", "the same: 99 of 100"),
    metric("write_latency_p50_ms", "from the first request to the answer of a write: half of them"),
    metric("write_latency_p99_ms", "the same: 99 of 100"),
    metric("sibling_reads_count", "reads that found several values, none newer than the others"),
    metric("siblings_max_count", "the most values that a read found"),
    metric("read_repairs_count", "copies that readers brought up to date"),
    metric("hints_queued_count", "writes taken on for a node that did not answer"),
    metric("hints_delivered_count", "those that reached it"),
    metric("hints_expired_count", "those given up for their age"),
    metric("hints_refused_count", "those for which there was no room"),
    metric(
        "read_your_writes_broken_count",
        "reads older than a write of their session before them",
    ),
    metric("monotonic_reads_broken_count", "reads older than a read of their session before them"),
    metric(
        "monotonic_writes_broken_count",
        "writes older than a write of their session before them",
    ),
    metric("writes_follow_reads_broken_count", "writes older than a read of their session before"),
];

/// P(fresh) against time.
const FRESH_SHARE: Curve = Curve {
    name: "fresh_share",
    summary: "how many reads see the newest acknowledged write, by the time since it was",
    x: "since_acknowledged_ms",
    y: "fresh_ratio",
};

/// The same as predicted.
const PREDICTED: Curve = Curve {
    name: "fresh_share_predicted",
    summary: "the same as `prediction` has it (PBS, Bailis et al. 2012)",
    ..FRESH_SHARE
};

/// The curves.
pub(super) const CURVES: &[Curve] = &[FRESH_SHARE, PREDICTED];

/// The times of the curve: up to the first bound they count as none, and from there on each bin ends
/// at so many times its beginning (a twelfth of a decade).
const FIRST_MS: f64 = 0.1;
const WIDTH: f64 = 1.211_527_658_628_589;
const BINS: usize = 60;

/// How many trials a prediction is made of, which every run makes anew: the curve is that of the
/// model, whatever the run was.
const TRIALS: u32 = 20_000;

/// Where each bin but the first begins, in ms.
fn bounds() -> Vec<f64> {
    std::iter::successors(Some(FIRST_MS), |bound| Some(bound * WIDTH)).take(BINS - 1).collect()
}

/// The bin of a time.
fn bin(bounds: &[f64], ms: f64) -> usize {
    bounds.partition_point(|bound| *bound <= ms)
}

/// The middle of a bin, in ms; none for the first.
fn middle(bounds: &[f64], bin: usize) -> f64 {
    bin.checked_sub(1).map_or(0.0, |place| bounds[place] * WIDTH.sqrt())
}

/// A bin of the curve: reads, and the fresh ones among them.
#[derive(Clone, Copy, Default)]
struct Bin {
    reads: u64,
    fresh: u64,
}

/// A place at which nothing else is read: what a client finds comes from many nodes.
type Nowhere = OpId;

/// Takes the measurements.
pub(super) struct Freshness {
    follower: Follower,
    requested: PerOp<(Request, Time)>,
    sessions: Recorder<Nowhere, u32, Value>,
    /// Whether versions have an order; without, sessions are not judged.
    are_ordered: bool,
    reads: u64,
    behind: Vec<f64>,
    stale_ms: Vec<f64>,
    read_ms: Vec<f64>,
    write_ms: Vec<f64>,
    sibling_reads: u64,
    siblings: usize,
    upkeep: [u64; Upkeep::COUNT],
    bounds: Vec<f64>,
    bins: [Bin; BINS],
    model: Option<Model>,
}

impl Freshness {
    pub(super) fn new(model: Option<Model>) -> Self {
        Self {
            follower: Follower::default(),
            requested: PerOp::default(),
            sessions: Recorder::default(),
            are_ordered: true,
            reads: 0,
            behind: Vec::new(),
            stale_ms: Vec::new(),
            read_ms: Vec::new(),
            write_ms: Vec::new(),
            sibling_reads: 0,
            siblings: 0,
            upkeep: [0; Upkeep::COUNT],
            bounds: bounds(),
            bins: [Bin::default(); BINS],
            model,
        }
    }

    fn answered(&mut self, entry: &Entry<Request, Indication>, op: OpId, told: &Indication) {
        let Some((request, asked)) = *self.requested.slot(op) else { return };
        let waited = entry.at.since(asked).as_millis_f64();
        let (value, version) = match told {
            Indication::Found { values, version } => {
                self.siblings = self.siblings.max(values.len());
                self.sibling_reads += u64::from(values.len() > 1);
                (values.first().copied(), if values.is_empty() { Some(0) } else { *version })
            }
            Indication::Written { version } => (None, *version),
            _ => return,
        };
        self.are_ordered &= version.is_some();
        let version = version.filter(|version| *version > 0);
        self.sessions.answer(entry.at, op, op, value, version);
        if request.is_write() { &mut self.write_ms } else { &mut self.read_ms }.push(waited);
    }

    fn measures(&mut self) -> Vec<Measure> {
        let count = |count: u64| Measure::Value(count as f64);
        let stale = self.behind.len() as u64;
        let ratio = match self.reads {
            0 => Measure::None,
            reads => Measure::Value(stale as f64 / reads as f64),
        };
        let mut measures = vec![count(stale), ratio];
        let samples = [&mut self.behind, &mut self.stale_ms, &mut self.read_ms, &mut self.write_ms];
        for sample in samples {
            sample.sort_by(f64::total_cmp);
            measures.extend([0.5, 0.99].map(|share| quantile(sample, share)));
        }
        measures.extend([count(self.sibling_reads), count(self.siblings as u64)]);
        measures.extend(self.upkeep.map(count));
        measures.extend(self.broken());
        measures
    }

    /// How often each session guarantee was broken, as far as versions tell.
    fn broken(&self) -> [Measure; 4] {
        if !self.are_ordered {
            return [Measure::None; 4];
        }
        let mut counts = [0_u64; 4];
        for violation in session::check(self.sessions.history()).violations {
            counts[violation.guarantee as usize] +=
                u64::from(matches!(violation.evidence, Evidence::Older));
        }
        Guarantee::ALL.map(|guarantee| Measure::Value(counts[guarantee as usize] as f64))
    }

    fn points(&self) -> Vec<CurvePoint> {
        let full = || self.bins.iter().enumerate().filter(|(_, bin)| bin.reads > 0);
        let point = |curve: Curve, bin, y, weight| CurvePoint {
            curve: curve.name,
            node: None,
            x: middle(&self.bounds, bin),
            y,
            weight,
        };
        let seen = full().map(|(place, bin)| {
            point(FRESH_SHARE, place, bin.fresh as f64 / bin.reads as f64, bin.reads)
        });
        let mut points: Vec<_> = seen.collect();
        if let Some(model) = &self.model {
            let mut draw = Streams::new(0).key(Stream::Application).member(0);
            let prediction = Prediction::new(model, TRIALS, &mut draw);
            points.extend(full().map(|(place, _)| {
                let share = prediction.fresh_share(middle(&self.bounds, place));
                point(PREDICTED, place, share, TRIALS.into())
            }));
        }
        points
    }
}

/// The smallest value that so large a share of the sorted sample does not exceed.
fn quantile(sorted: &[f64], share: f64) -> Measure {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(Measure::None, |value| Measure::Value(*value))
}

impl Gauge<Request, Indication> for Freshness {
    fn observe(&mut self, entry: &Entry<Request, Indication>) {
        match &entry.event {
            Event::Requested { op, request, .. } => {
                let asked = self.requested.slot(*op);
                if asked.is_none() {
                    *asked = Some((*request, entry.at));
                    let write = request.is_write().then_some(Value(*op));
                    self.sessions.invoke(entry.at, *op, request.key(), write);
                }
            }
            Event::Indicated { answers: None, indication: Indication::Upkeep(upkeep) } => {
                self.upkeep[*upkeep as usize] += 1;
            }
            _ => {}
        }
        let Some((op, done)) = self.follower.follow(entry) else { return };
        if let Event::Indicated { indication, .. } = &entry.event {
            self.answered(entry, op, indication);
        }
        let Done::Read(read) = done else { return };
        self.reads += 1;
        if let Some(missed) = read.missed {
            self.behind.push(read.behind as f64);
            self.stale_ms.push(read.invoked.since(missed.acknowledged).as_millis_f64());
        }
        if let Some(newest) = read.newest {
            let since = read.invoked.since(newest.acknowledged).as_millis_f64();
            let bin = &mut self.bins[bin(&self.bounds, since)];
            bin.reads += 1;
            bin.fresh += u64::from(!read.newest_missed);
        }
    }

    fn conclude(&mut self, _: &End) -> Reading {
        Reading { measures: self.measures(), points: self.points() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_a_bin_around_its_middle() {
        let bounds = bounds();
        assert!((bounds[48] / bounds[36] - 10.0).abs() < 1e-9, "a decade has twelve bins");
        assert_eq!((bin(&bounds, 0.0), middle(&bounds, 0)), (0, 0.0));
        for step in 0..40_000 {
            let ms = FIRST_MS + f64::from(step) / 10.0;
            let middle = middle(&bounds, bin(&bounds, ms));
            let half = WIDTH.sqrt() * (1.0 + 1e-9);
            assert!(ms / middle <= half && middle / ms <= half, "{ms} lies in that of {middle}");
        }
        assert_eq!(bin(&bounds, f64::MAX), BINS - 1);
    }

    #[test]
    fn stale_reads_are_measured_by_hand() {
        use sim_core::id::ClientId;

        use super::super::super::bench::{Happening, measured};
        use super::super::Register;

        let op = |sequence| OpId { client: ClientId(0), sequence };
        let asks = |sequence, request| -> Happening<Register> {
            (0, 0, Event::Requested { op: op(sequence), request, reached: true })
        };
        let told = |sequence, indication| -> Happening<Register> {
            (0, 0, Event::Indicated { answers: Some(op(sequence)), indication })
        };
        let write = |sequence| {
            let version = Some(u64::from(sequence) + 1);
            let asked = asks(sequence, Request::Write { key: 0 });
            [asked, told(sequence, Indication::Written { version })]
        };
        let read = |sequence, of: u32| {
            let (values, version) = (vec![Value(op(of))], Some(u64::from(of) + 1));
            let asked = asks(sequence, Request::Read { key: 0 });
            [asked, told(sequence, Indication::Found { values, version })]
        };
        // At 6 s a read finds what was written first, which was overwritten at 3 s and again at 5 s.
        let steps = [write(0), write(1), write(2), read(3, 0), read(4, 2)];
        let measured = measured::<Register>(steps.into_iter().flatten(), 10);
        let expected = [
            ("stale_reads_count", 1.0),
            ("stale_reads_ratio", 0.5),
            ("staleness_p50_count", 2.0),
            ("staleness_p50_ms", 3_000.0),
            ("read_latency_p50_ms", 1_000.0),
            ("sibling_reads_count", 0.0),
            ("siblings_max_count", 1.0),
            ("read_your_writes_broken_count", 1.0),
        ];
        for (name, value) in expected {
            assert_eq!(measured[name], Measure::Value(value), "{name}");
        }
    }

    #[test]
    fn a_quantile_is_a_value_of_the_sample() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.5), Measure::Value(100.0));
        assert_eq!(quantile(&sorted, 0.99), Measure::Value(198.0));
        assert_eq!(quantile(&[], 0.5), Measure::None);
    }
}
