//! The φ accrual failure detector: how improbable a silence is, given the heartbeats so far.
//!
//! Hayashibara, Défago, Yared and Katayama, "The φ Accrual Failure Detector" (SRDS 2004), section
//! 3: φ(t) = −log10 P(the next heartbeat comes later than t after the last one), so that whoever
//! suspects at φ is wrong once in 10^φ heartbeats. The paper takes the times between heartbeats to
//! be normal; that they are exponential is the simplification of Lakshman and Malik, "Cassandra"
//! (SIGOPS Operating Systems Review 44:2, 2010), section 5.3.

use std::collections::VecDeque;

use sim_core::time::{Duration, Time};

use super::config::{Config, Model};

/// The chance that a standard normal variable exceeds `z`.
fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// How many deviations above the mean φ is reached.
fn deviations(phi: f64) -> f64 {
    // φ grows with z, and lies between 0.1 and 16: halve until nothing is left to halve.
    let (mut low, mut high) = (-3.0, 9.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if -libm::log10(normal_tail(middle)) < phi { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Fixed-point digits of [`Threshold`]: states are hashed, and floats are not.
const DIGITS: f64 = 1e12;

/// When to suspect, computed once from the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Threshold {
    /// The multiple of the deviation (normal) or of the mean (exponential), in 10⁻¹².
    multiple: i64,
    model: Model,
    deviation: Duration,
}

impl Threshold {
    /// The threshold of this configuration.
    pub fn of(config: &Config) -> Self {
        let phi = f64::from(config.phi_millis) / 1_000.0;
        let multiple = match config.model {
            Model::Normal => deviations(phi),
            Model::Exponential => phi * std::f64::consts::LN_10,
        };
        let (model, deviation) = (config.model, config.deviation);
        Self { multiple: (multiple * DIGITS) as i64, model, deviation }
    }

    /// The silence at which φ reaches the threshold, for heartbeats of this mean and deviation.
    pub fn silence(self, mean: Duration, deviation: Duration) -> Duration {
        let multiple = self.multiple as f64 / DIGITS;
        let mean = mean.as_nanos() as f64;
        let nanos = match self.model {
            Model::Normal => mean + multiple * deviation.max(self.deviation).as_nanos() as f64,
            Model::Exponential => mean * multiple,
        };
        Duration::from_nanos_f64(nanos)
    }
}

/// The heartbeats of one node, as another hears them.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Arrivals {
    last: Option<Time>,
    intervals: VecDeque<Duration>,
}

impl Arrivals {
    /// A heartbeat at this time of the own clock; the last `window` count.
    pub fn hear(&mut self, at: Time, window: u32) {
        if let Some(last) = self.last.replace(at) {
            if self.intervals.len() >= window as usize {
                self.intervals.pop_front();
            }
            self.intervals.push_back(at.since(last));
        }
    }

    /// Forgets the silence of who was dead: it is no time between heartbeats.
    pub const fn interrupt(&mut self) {
        self.last = None;
    }

    /// Mean and deviation of the times between heartbeats; of an even `period` before there are
    /// two.
    pub fn estimate(&self, period: Duration) -> (Duration, Duration) {
        if self.intervals.len() < 2 {
            // A guess that is wide, because nothing is known yet.
            return (period, Duration::from_nanos(period.as_nanos() / 4));
        }
        let count = self.intervals.len() as f64;
        let nanos = || self.intervals.iter().map(|interval| interval.as_nanos() as f64);
        let mean = nanos().sum::<f64>() / count;
        let variance = nanos().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        (Duration::from_nanos_f64(mean), Duration::from_nanos_f64(variance.sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::{Draw, Random, Stream, Streams};

    const MEAN: Duration = Duration::from_millis(100);

    fn threshold(model: Model, phi_millis: u32) -> Threshold {
        let deviation = Duration::from_millis(1);
        Threshold::of(&Config { model, phi_millis, deviation, ..Config::default() })
    }

    fn draws() -> Draw {
        Streams::new(7).key(Stream::Nodes).member(0)
    }

    #[test]
    fn the_normal_model_waits_as_long_as_the_quantiles_of_the_normal_distribution_say() {
        for (phi, expected) in [(1, 112.816), (3, 130.902), (8, 156.120)] {
            let silence = threshold(Model::Normal, phi * 1_000)
                .silence(MEAN, Duration::from_millis(10))
                .as_millis_f64();
            assert!((silence - expected).abs() < 0.0006, "φ = {phi}: {silence} ms");
        }
    }

    #[test]
    fn the_exponential_model_waits_phi_ln_10_means() {
        for phi in [1, 3, 8] {
            let silence =
                threshold(Model::Exponential, phi * 1_000).silence(MEAN, MEAN).as_millis_f64();
            // 100 ms times ln 10.
            let expected = f64::from(phi) * 230.258_509;
            assert!((silence - expected).abs() < 1e-3, "φ = {phi}: {silence} ms");
        }
    }

    #[test]
    fn a_silence_exceeds_the_threshold_once_in_ten_to_the_phi_heartbeats() {
        let mut draw = draws();
        let mut exceeds = |model, mut interval: Box<dyn FnMut(&mut Draw) -> f64>| {
            let threshold = threshold(model, 2_000);
            let mut arrivals = Arrivals::default();
            let (mut at, mut count) = (Time::ZERO, 0);
            for beat in 0..210_000 {
                let next = Duration::from_nanos_f64(interval(&mut draw));
                let (mean, deviation) = arrivals.estimate(MEAN);
                let is_late = next > threshold.silence(mean, deviation);
                count += u32::from(is_late && beat >= 10_000);
                at = at + next;
                arrivals.hear(at, 1_000);
            }
            count
        };
        let exponential: Box<dyn FnMut(&mut Draw) -> f64> =
            Box::new(|draw| -1e8 * libm::log(draw.unit()));
        let late = exceeds(Model::Exponential, exponential);
        // 2,000 expected of 200,000; the estimated mean adds a little to the deviation of 45.
        assert!((1_830..2_210).contains(&late), "exponential: {late}");
        let normal: Box<dyn FnMut(&mut Draw) -> f64> = Box::new(|draw| {
            // Box and Muller (1958).
            let radius = libm::sqrt(-2.0 * libm::log(draw.unit()));
            1e8 + 1e7 * radius * libm::cos(std::f64::consts::TAU * draw.unit())
        });
        let late = exceeds(Model::Normal, normal);
        assert!((1_830..2_210).contains(&late), "normal: {late}");
    }

    #[test]
    fn only_the_window_counts_and_a_death_is_no_interval() {
        let mut arrivals = Arrivals::default();
        let mut at = Time::ZERO;
        for millis in [0, 500, 100, 100, 100] {
            at = at + Duration::from_millis(millis);
            arrivals.hear(at, 3);
        }
        assert_eq!(arrivals.estimate(MEAN), (MEAN, Duration::ZERO));
        arrivals.interrupt();
        arrivals.hear(at + Duration::from_secs(60), 3);
        assert_eq!(arrivals.estimate(MEAN), (MEAN, Duration::ZERO));
    }
}
