//! What share of a sample has not ended yet, by the product-limit estimator.
//!
//! Kaplan and Meier ("Nonparametric Estimation from Incomplete Observations", JASA 1958): whoever was
//! watched for a shorter time than others counts for as long as it was watched. The variance is
//! Greenwood's, and the interval is symmetric on the scale of log(−log S), where it cannot leave 0 to
//! 1 (Kalbfleisch and Prentice, "The Statistical Analysis of Failure Time Data", 1980).

use super::{CensoredSample, Interval, Z};

/// One step down of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Survival {
    /// The duration at which it falls.
    pub at: f64,
    /// How many were still watched, and had not ended, just before.
    pub at_risk: u64,
    /// How many ended there.
    pub ended: u64,
    /// The share that has not ended after it, 0 to 1.
    pub share: f64,
    /// The pointwise 95 % interval of the share; open at both ends once the share is 0.
    pub interval: Interval,
}

impl CensoredSample {
    /// The curve of what has not ended: one step for each distinct finished duration. A duration
    /// whose watching ended at a step was still at risk there.
    pub fn survival(&self) -> Vec<Survival> {
        let (mut share, mut variance) = (1.0, 0.0);
        let mut curve: Vec<Survival> = Vec::new();
        let mut rest = self.ended();
        while let Some(&at) = rest.first() {
            let ended = rest.partition_point(|&value| value <= at);
            let gone = self.watched().partition_point(|&value| value < at);
            let at_risk = rest.len() + self.watched().len() - gone;
            rest = &rest[ended..];
            share *= (at_risk - ended) as f64 / at_risk as f64;
            variance += ended as f64 / (at_risk as f64 * (at_risk - ended) as f64);
            curve.push(Survival {
                at,
                at_risk: at_risk as u64,
                ended: ended as u64,
                share,
                interval: log_log(share, variance),
            });
        }
        curve
    }
}

/// The interval of a share from Greenwood's sum.
fn log_log(share: f64, variance: f64) -> Interval {
    if share <= 0.0 {
        return Interval { lo: None, hi: None };
    }
    let log = libm::log(share);
    let reach = libm::exp(Z * variance.sqrt() / -log);
    let raised = |power: f64| Some(libm::exp(log * power));
    Interval { lo: raised(reach), hi: raised(reach.recip()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Observation;

    /// Freireich et al. (1963): weeks in remission under 6-mercaptopurine, `+` for censored. The
    /// example of most textbooks of survival analysis.
    fn remission() -> CensoredSample {
        let ended = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let watched = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
        let observe = |censored: bool| move |value: f64| Observation { value, censored };
        let ended = ended.into_iter().map(observe(false));
        CensoredSample::new(ended.chain(watched.into_iter().map(observe(true))))
    }

    #[test]
    fn the_curve_of_the_remission_data_is_the_published_one() {
        let curve = remission().survival();
        let told: Vec<_> = curve
            .iter()
            .map(|step| (step.at, step.at_risk, step.ended, (step.share * 1e4).round() / 1e4))
            .collect();
        let expected = [
            (6.0, 21, 3, 0.8571),
            (7.0, 17, 1, 0.8067),
            (10.0, 15, 1, 0.7529),
            (13.0, 12, 1, 0.6902),
            (16.0, 11, 1, 0.6275),
            (22.0, 7, 1, 0.5378),
            (23.0, 6, 1, 0.4482),
        ];
        assert_eq!(told, expected);
        // The log-log interval at 10 weeks, as statistical packages give it.
        let Interval { lo: Some(lo), hi: Some(hi) } = curve[2].interval else { panic!("open") };
        assert!((lo - 0.503).abs() < 5e-4 && (hi - 0.889).abs() < 5e-4, "{lo} {hi}");
    }

    #[test]
    fn without_censoring_it_is_the_share_that_has_not_ended_and_ends_at_zero() {
        let observe = |value: f64| Observation { value, censored: false };
        let sample = CensoredSample::new([1.0, 2.0, 2.0, 5.0].map(observe));
        let shares: Vec<f64> = sample.survival().iter().map(|step| step.share).collect();
        assert_eq!(shares, [0.75, 0.25, 0.0]);
        let last = sample.survival().pop().expect("a step");
        assert_eq!(last.interval, Interval { lo: None, hi: None });
    }

    #[test]
    fn a_sample_of_which_nothing_ended_has_no_step() {
        let sample = CensoredSample::new([Observation { value: 3.0, censored: true }]);
        assert_eq!(sample.survival(), []);
    }
}
