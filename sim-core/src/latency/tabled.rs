//! Distributions that are made of others, or of measurements: mixtures and empirical tables.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Latency;
use crate::rng::{Ratio, scale};
use crate::time::Duration;

/// A part of a mixture.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// How often it is drawn beside the others, at least 1.
    pub weight: u32,
    /// The delay when it is drawn.
    pub latency: Latency,
}

/// One of several distributions, each as often as its weight says.
///
/// The parts share one draw: the first takes its low bits. Parts that are written from fast to
/// slow and do not overlap make one inverse distribution function of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Mixture {
    parts: Arc<[Part]>,
    whole: u64,
}

impl Mixture {
    /// The mixture of these parts.
    ///
    /// # Errors
    /// If there is no part, or one that has no weight.
    pub fn new(parts: Vec<Part>) -> Result<Self, String> {
        if parts.is_empty() {
            return Err("a mixture needs at least one part".into());
        }
        if parts.iter().any(|part| part.weight == 0) {
            return Err("every part of a mixture needs a weight above 0".into());
        }
        let whole = parts.iter().map(|part| u64::from(part.weight)).sum();
        Ok(Self { parts: parts.into(), whole })
    }

    /// The parts, as written.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn sample(&self, bits: u64) -> Duration {
        let wide = u128::from(bits) * u128::from(self.whole);
        let mut below = 0;
        for part in &*self.parts {
            let weight = u128::from(part.weight);
            if wide >> 64 < below + weight {
                // What is left of the draw is uniform within the part.
                return part.latency.sample(((wide - (below << 64)) / weight) as u64);
            }
            below += weight;
        }
        unreachable!("the shares of a draw lie below the sum of the weights")
    }
}

/// A distribution by its quantiles, with straight lines between them.
#[derive(Clone, PartialEq, Debug)]
pub struct Empirical {
    points: Arc<[(Ratio, Duration)]>,
    /// The probabilities in parts of 2⁶⁴.
    thresholds: Arc<[u64]>,
}

impl Empirical {
    /// The distribution through these points: the probability of a delay up to this, from 0 % to
    /// 100 %.
    ///
    /// # Errors
    /// If the points do not begin at 0 % or end at 100 %, if probabilities do not rise, or if
    /// delays fall.
    pub fn new(points: Vec<(Ratio, Duration)>) -> Result<Self, String> {
        let thresholds: Arc<[u64]> =
            points.iter().map(|(probability, _)| probability.threshold()).collect();
        if points.len() < 2 || thresholds[0] != 0 || thresholds[points.len() - 1] != u64::MAX {
            return Err("the points lead from \"0%\" to \"100%\"".into());
        }
        for pair in points.windows(2) {
            let ((lower, fast), (upper, slow)) = (pair[0], pair[1]);
            if lower.threshold() >= upper.threshold() {
                return Err(format!("{upper} does not lie above {lower}: probabilities rise"));
            }
            if fast > slow {
                return Err(format!("{slow} at {upper} is faster than {fast} at {lower}"));
            }
        }
        Ok(Self { points: points.into(), thresholds })
    }

    /// The points, as written.
    pub fn points(&self) -> &[(Ratio, Duration)] {
        &self.points
    }

    pub(super) fn sample(&self, bits: u64) -> Duration {
        let above = self.thresholds.partition_point(|threshold| *threshold <= bits);
        let Some((_, slow)) = self.points.get(above) else {
            return self.points[self.points.len() - 1].1;
        };
        let (fast, lower) = (self.points[above - 1].1, self.thresholds[above - 1]);
        let width = u128::from(self.thresholds[above] - lower);
        let along = (u128::from(bits - lower) << 64) / width;
        // Rounded down like every scaled draw; the last point itself is reached by the last bits.
        fast + Duration::from_nanos(scale(along as u64, (*slow - fast).as_nanos()))
    }
}
