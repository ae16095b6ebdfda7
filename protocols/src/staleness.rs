//! How stale reads of partial quorums are, by calculation: probabilistically bounded staleness.
//!
//! Bailis, Venkataraman, Franklin, Hellerstein and Stoica, "Probabilistically Bounded Staleness for
//! Practical Partial Quorums" (PVLDB 5(8), 2012), section 4: a write reaches each replica after a
//! delay W and its acknowledgement is back after A; a read reaches it after R and its response is
//! back after S (WARS), all independent. This predicts; what a simulated store does is measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::latency::Latency;
use sim_core::rng::{Draw, Random as _};

/// What a prediction is made from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// How many replicas there are, N; 1 to 64.
    pub copies: u32,
    /// How many responses a read waits for, R; 1 to N.
    pub read_quorum: u32,
    /// How many acknowledgements a write waits for, W; 1 to N.
    pub write_quorum: u32,
    /// How long a write is on its way to a replica.
    pub write: Latency,
    /// How long its acknowledgement is on its way back.
    pub acknowledge: Latency,
    /// How long a read is on its way to a replica.
    pub read: Latency,
    /// How long its response is on its way back.
    pub response: Latency,
}

/// The most replicas of a model.
const COPIES_MAX: u32 = 64;

impl Model {
    /// What is wrong with it, if anything.
    pub fn objection(&self) -> Option<String> {
        let Self { copies, read_quorum, write_quorum, .. } = *self;
        if !(1..=COPIES_MAX).contains(&copies) {
            return Some(format!("{copies} copies: write a number from 1 to {COPIES_MAX}"));
        }
        let quorums = [("read_quorum", read_quorum), ("write_quorum", write_quorum)];
        let (name, size) = quorums.into_iter().find(|(_, size)| !(1..=copies).contains(size))?;
        Some(format!("{name} = {size} of {copies} copies: write a number from 1 to {copies}"))
    }
}

/// What a model predicts, from many trials.
#[derive(Clone, PartialEq, Debug)]
pub struct Prediction {
    /// How long after its write a read has to begin to see it, in ms and in order; below zero where
    /// it would have seen it before.
    needed_ms: Vec<f64>,
    /// How long reads and writes take, in ms and in order.
    read_ms: Vec<f64>,
    write_ms: Vec<f64>,
}

impl Prediction {
    /// Makes so many trials, at least one.
    pub fn new(model: &Model, trials: u32, draw: &mut Draw) -> Self {
        let Model { copies, read_quorum, write_quorum, .. } = *model;
        let trials = trials.max(1) as usize;
        let empty = || Vec::with_capacity(trials);
        let mut all = Self { needed_ms: empty(), read_ms: empty(), write_ms: empty() };
        let mut responses = Vec::with_capacity(copies as usize);
        let mut acknowledged = Vec::with_capacity(copies as usize);
        for _ in 0..trials {
            responses.clear();
            acknowledged.clear();
            for _ in 0..copies {
                let mut ms = |of: &Latency| of.sample(draw.next_u64()).as_millis_f64();
                let (write, back) = (ms(&model.write), ms(&model.acknowledge));
                let (read, response) = (ms(&model.read), ms(&model.response));
                acknowledged.push(write + back);
                responses.push((read + response, write - read));
            }
            acknowledged.sort_by(f64::total_cmp);
            responses.sort_by(|one, other| one.0.total_cmp(&other.0));
            let committed = acknowledged[write_quorum as usize - 1];
            let first = &responses[..read_quorum as usize];
            let soonest = first.iter().map(|(_, ahead)| *ahead).fold(f64::INFINITY, f64::min);
            all.needed_ms.push(soonest - committed);
            all.read_ms.push(first[first.len() - 1].0);
            all.write_ms.push(committed);
        }
        for sample in [&mut all.needed_ms, &mut all.read_ms, &mut all.write_ms] {
            sample.sort_by(f64::total_cmp);
        }
        all
    }

    /// The share of the reads, begun so many milliseconds after the write was acknowledged, that see
    /// it; 0 to 1.
    pub fn fresh_share(&self, since_ms: f64) -> f64 {
        let fresh = self.needed_ms.partition_point(|needed| *needed <= since_ms);
        fresh as f64 / self.needed_ms.len() as f64
    }

    /// How many milliseconds after the acknowledgement this share of the reads, 0 to 1, sees the write.
    pub fn visible_after_ms(&self, share: f64) -> f64 {
        at(&self.needed_ms, share).max(0.0)
    }

    /// How long this share of the reads, 0 to 1, takes at most, in ms.
    pub fn read_ms(&self, share: f64) -> f64 {
        at(&self.read_ms, share)
    }

    /// How long this share of the writes, 0 to 1, takes at most, in ms.
    pub fn write_ms(&self, share: f64) -> f64 {
        at(&self.write_ms, share)
    }
}

/// The smallest value that this share of the sorted sample does not exceed.
fn at(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use sim_core::latency::{Mixture, Part};
    use sim_core::rng::{Stream, Streams};
    use sim_core::time::Duration;

    use super::*;

    /// LNKD-SSD: 91.22 % Pareto (0.235 ms, 10), 8.78 % exponential of rate 1.66 per ms.
    fn ssd() -> Latency {
        let body = Latency::Pareto { min: Duration::from_micros(235), shape: 10.0 };
        mixture(9_122, body, 878, 1.66)
    }

    /// The writes of LNKD-DISK: 38 % Pareto (1.05 ms, 1.51), 62 % exponential of rate 0.183.
    fn disk() -> Latency {
        let body = Latency::Pareto { min: Duration::from_micros(1_050), shape: 1.51 };
        mixture(38, body, 62, 0.183)
    }

    fn mixture(weight: u32, body: Latency, rest: u32, rate: f64) -> Latency {
        let mean = Duration::from_nanos_f64(1e6 / rate);
        let tail = Latency::Exponential { mean, min: Duration::ZERO };
        let parts = vec![Part { weight, latency: body }, Part { weight: rest, latency: tail }];
        Latency::Mixture(Mixture::new(parts).expect("a mixture"))
    }

    fn predict(write: Latency, read_quorum: u32, write_quorum: u32) -> Prediction {
        let (copies, acknowledge, read, response) = (3, ssd(), ssd(), ssd());
        let model = Model { copies, read_quorum, write_quorum, write, acknowledge, read, response };
        assert_eq!(model.objection(), None);
        let mut draw = Streams::new(7).key(Stream::Application).member(1);
        Prediction::new(&model, 1_000_000, &mut draw)
    }

    #[track_caller]
    fn near(found: f64, published: f64, tolerance: f64, what: &str) {
        let off = (found - published).abs();
        assert!(off <= tolerance, "{what}: {found}, and the table has {published}");
    }

    /// A row of the table: read and write at 99.9 %, t at 99.9 %, P(consistent) at once.
    #[track_caller]
    fn row(write: Latency, quorums: (u32, u32), read: f64, written: f64, t: f64, at_once: f64) {
        let prediction = predict(write, quorums.0, quorums.1);
        let tail = if quorums.1 == 3 { 0.04 } else { 0.015 };
        near(prediction.read_ms(0.999), read, read * 0.015, "read");
        near(prediction.write_ms(0.999), written, written * tail, "write");
        let t_tolerance = if t > 20.0 { 0.04 } else { 0.02 };
        near(prediction.visible_after_ms(0.999), t, t * t_tolerance, "t");
        near(prediction.fresh_share(0.0), at_once, 0.002, "P(consistent)");
    }

    #[test]
    fn the_table_of_solid_state_disks_is_hit() {
        row(ssd(), (1, 1), 0.655, 0.655, 1.973, 0.9735);
        row(ssd(), (2, 1), 1.629, 0.655, 0.0, 0.9994);
        row(ssd(), (1, 3), 0.655, 4.113, 0.0, 1.0);
    }

    #[test]
    fn the_table_of_spinning_disks_is_hit() {
        row(disk(), (1, 1), 0.655, 10.95, 52.4, 0.4367);
        row(disk(), (2, 1), 1.633, 10.95, 14.14, 0.7628);
        near(predict(disk(), 1, 1).fresh_share(10.0), 0.9262, 0.002, "P(consistent) after 10 ms");
    }

    #[test]
    fn a_model_with_quorums_that_cannot_be_is_objected_to() {
        let latency = Latency::ZERO;
        let all = [(); 4].map(|()| latency.clone());
        let [write, acknowledge, read, response] = all;
        let model = Model {
            copies: 3,
            read_quorum: 4,
            write_quorum: 1,
            write,
            acknowledge,
            read,
            response,
        };
        let reason = model.objection().expect("an objection");
        assert_eq!(reason, "read_quorum = 4 of 3 copies: write a number from 1 to 3");
        assert!(Model { copies: 0, ..model }.objection().is_some());
    }
}
