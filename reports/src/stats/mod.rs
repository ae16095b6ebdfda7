//! Statistics that say how sure they are.
//!
//! Every number that leaves this module comes with its interval, or is refused when the sample
//! cannot carry it. All of it is a pure function of the sample in its given order: sums run in
//! order, transcendental functions come from `libm`, and the bootstrap has a fixed seed, so two
//! machines write the same bytes.

mod bootstrap;
mod censored;
mod histogram;
mod hypergeometric;
mod mean_share;
mod paired;
mod proportion;
mod quantile;
mod regression;
mod survival;

pub use bootstrap::{BOOTSTRAP_RESAMPLES, Mean, bootstrap_mean};
pub use censored::{CensoredSample, Observation, Step};
pub use histogram::{Bucket, CensoredHistogram, Histogram, Median};
pub use hypergeometric::at_least_of_draw;
pub use mean_share::MeanShare;
pub use paired::{Compared, Difference, PAIRED_RESAMPLES, holm, paired_difference};
pub use proportion::{Proportion, percent};
pub use quantile::{
    Estimate, TooFew, is_supported, order_statistic_ranks, percentile, percentile_with_interval,
    sample_enclosing, sample_needed,
};
pub use regression::{Line, normal_mean};
pub use survival::Survival;

/// The confidence level of every interval in this crate.
pub const LEVEL: f64 = 0.95;

/// The two-sided 95 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval. An end that the sample cannot locate is `None`, which is not infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end, in the unit of the value.
    pub lo: Option<f64>,
    /// The upper end, in the unit of the value.
    pub hi: Option<f64>,
}
