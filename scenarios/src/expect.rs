//! What a scenario expects of its runs.
//!
//! How it is written is in `keys`, whether it came true is judged in [`judge`](crate::judge).

mod keys;

use std::fmt;

use serde_json::Value as Json;
use sim_core::fault::FaultKind;
use sim_core::outcome::{Metric, Verdict};
use sim_core::settings::Origin;

use crate::point::text;

pub use keys::{read, schema};

/// One `[[expect]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// What is expected.
    pub claim: Claim,
    /// The settings, by path, of the points that it speaks of, as they were written.
    pub condition: Vec<(String, Json)>,
    /// The points of the scenario that it speaks of, ascending.
    pub points: Vec<usize>,
    /// Where it was written; nowhere for the one that every scenario has.
    pub origin: Origin,
}

/// What can be expected.
#[derive(Clone, PartialEq, Debug)]
pub enum Claim {
    /// A property or invariant holds in all runs, or (a negative control) breaks in some run.
    Property {
        /// Its name.
        name: String,
        /// Whether it is to hold.
        holds: bool,
    },
    /// How many runs end in a verdict.
    Verdict {
        /// The verdict.
        verdict: Verdict,
        /// How many.
        share: Share,
    },
    /// A statistic of a metric stays within limits.
    Metric {
        /// The metric.
        metric: &'static Metric,
        /// The statistic.
        stat: Stat,
        /// It is at least this.
        min: Option<f64>,
        /// It is at most this.
        max: Option<f64>,
    },
    /// Strikes of this kind change something in some run of every point.
    Bites {
        /// The kind.
        kind: FaultKind,
    },
    /// Some run of every point reaches a mark of the protocol, or at least a share of them does.
    Reaches {
        /// Its name.
        mark: String,
        /// The share, 0 to 1, judged on its confidence interval.
        min: Option<f64>,
    },
    /// What nobody wrote but everybody means: no run is unsafe, stalled or without a verdict, but
    /// for the verdicts that another expectation speaks of.
    Sound {
        /// The verdicts that are judged elsewhere.
        waived: Vec<Verdict>,
    },
}

/// How many runs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Share {
    /// Every one.
    All,
    /// Not every one.
    NotAll,
    /// A share between two bounds, 0 to 1, judged on its confidence interval.
    Between(Option<f64>, Option<f64>),
}

/// A statistic over the runs of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stat {
    /// The least value seen.
    Min,
    /// The median.
    P50,
    /// The 90th percentile.
    P90,
    /// The 99th percentile.
    P99,
    /// The greatest value seen.
    Max,
    /// The mean.
    Mean,
}

impl Stat {
    /// The name in scenario files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}

/// The expectations that every scenario has, given those that it writes down: one for all points
/// of which the same is left to be expected.
pub fn sound(expectations: &[Expectation], points: usize) -> Vec<Expectation> {
    let mut sound: Vec<Expectation> = Vec::new();
    for point in 0..points {
        let told = expectations
            .iter()
            .filter(|expectation| expectation.points.binary_search(&point).is_ok());
        let Some(waived) = waived(told.map(|expectation| &expectation.claim)) else {
            continue;
        };
        let claim = Claim::Sound { waived };
        match sound.iter_mut().find(|known| known.claim == claim) {
            Some(known) => known.points.push(point),
            None => sound.push(Expectation {
                claim,
                condition: Vec::new(),
                points: vec![point],
                origin: Origin(0),
            }),
        }
    }
    sound
}

/// The verdicts of which claims speak; `None` if runs may fail altogether.
///
/// Who speaks of `unsafe` (or breaks a property on purpose) knows that runs may fail; who speaks of
/// `stalled` or `pass` judges liveness there; all else is to be sound.
fn waived<'a>(claims: impl Iterator<Item = &'a Claim>) -> Option<Vec<Verdict>> {
    use Verdict::{Inconclusive, Pass, Stalled, Unsafe};
    let mut waived = Vec::new();
    for claim in claims {
        match claim {
            Claim::Property { holds: false, .. } | Claim::Verdict { verdict: Unsafe, .. } => {
                return None;
            }
            Claim::Verdict { verdict: Pass, share: Share::NotAll } => return None,
            Claim::Verdict { verdict: Pass | Stalled, .. } => {
                waived.extend([Stalled, Inconclusive]);
            }
            Claim::Verdict { verdict, .. } => waived.push(*verdict),
            _ => {}
        }
    }
    waived.sort_unstable();
    waived.dedup();
    Some(waived)
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.claim)?;
        for (index, (path, value)) in self.condition.iter().enumerate() {
            let word = if index == 0 { "where" } else { "and" };
            write!(f, " {word} {path} = {}", text(value))?;
        }
        Ok(())
    }
}

impl Claim {
    /// Whether one run is enough for it to come true: a negative control.
    pub const fn is_control(&self) -> bool {
        matches!(
            self,
            Self::Property { holds: false, .. } | Self::Verdict { share: Share::NotAll, .. }
        )
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property { name, holds: true } => write!(f, "{name} holds"),
            Self::Property { name, holds: false } => write!(f, "{name} breaks in some run"),
            Self::Verdict { verdict, share: Share::All } => write!(f, "all runs {verdict}"),
            Self::Verdict { verdict, share: Share::NotAll } => write!(f, "not all runs {verdict}"),
            Self::Verdict { verdict, share: Share::Between(min, max) } => {
                write!(f, "{verdict}")?;
                min.map_or(Ok(()), |min| write!(f, " ≥ {} %", percent(min)))?;
                max.map_or(Ok(()), |max| write!(f, " ≤ {} %", percent(max)))
            }
            Self::Metric { metric, stat, min, max } => {
                write!(f, "{} {}", metric.name, stat.word())?;
                min.map_or(Ok(()), |min| write!(f, " ≥ {min}"))?;
                max.map_or(Ok(()), |max| write!(f, " ≤ {max}"))
            }
            Self::Bites { kind } => write!(f, "{} bites", kind.name()),
            Self::Reaches { mark, min } => {
                write!(f, "{mark} is reached")?;
                min.map_or(Ok(()), |min| write!(f, " ≥ {} %", percent(min)))
            }
            Self::Sound { waived } if waived.is_empty() => f.write_str("all runs pass"),
            Self::Sound { waived } => {
                let words: Vec<_> = waived.iter().map(ToString::to_string).collect();
                write!(f, "all runs pass, or are {}", words.join(" or "))
            }
        }
    }
}

/// A share in per cent, without the last digits, in which a float differs from what was written.
fn percent(share: f64) -> f64 {
    (share * 1e10).round() / 1e8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_as_it_was_written() {
        for tenths in 0..=1_000 {
            // As it is read, where a hundred times the share is not always what was divided.
            let written = f64::from(tenths) / 10.0;
            let share = Share::Between(Some(written / 100.0), None);
            let claim = Claim::Verdict { verdict: Verdict::Pass, share };
            assert_eq!(claim.to_string(), format!("pass ≥ {written} %"));
        }
    }
}
