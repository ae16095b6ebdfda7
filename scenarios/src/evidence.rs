//! Which seeds show that an expectation did not come true.
//!
//! Counts say how often; a person wants a run to look at. Of each verdict and each broken property
//! the first few seeds are kept, and of each metric that is expected of, the seeds of its extremes.

use std::collections::BTreeMap;

use sim_core::outcome::{Measure, Outcome, Verdict};

use crate::expect::{Claim, Share};

/// Seeds that are kept of each sort.
const KEPT: usize = 5;

/// The evidence from the runs of one point.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    first: Option<u64>,
    verdicts: BTreeMap<Verdict, Vec<u64>>,
    broken: BTreeMap<&'static str, Vec<u64>>,
    extremes: BTreeMap<&'static str, Extremes>,
}

/// The least and the greatest value of a metric, each with its seed.
#[derive(Clone, Copy, Debug)]
struct Extremes {
    least: (f64, u64),
    greatest: (f64, u64),
}

impl Evidence {
    /// Takes in the next run of the point.
    pub fn add(&mut self, outcome: &Outcome) {
        let seed = outcome.seed;
        let keep = |seeds: &mut Vec<u64>| {
            if seeds.len() < KEPT {
                seeds.push(seed);
            }
        };
        self.first.get_or_insert(seed);
        keep(self.verdicts.entry(outcome.verdict).or_default());
        for breach in &outcome.breaches {
            keep(self.broken.entry(breach.property).or_default());
        }
        for (metric, measure) in outcome.measures() {
            let (Measure::Value(value) | Measure::Censored(value)) = measure else { continue };
            let fresh = Extremes { least: (value, seed), greatest: (value, seed) };
            let extremes = self.extremes.entry(metric.name).or_insert(fresh);
            if value < extremes.least.0 {
                extremes.least = (value, seed);
            }
            if value > extremes.greatest.0 {
                extremes.greatest = (value, seed);
            }
        }
    }

    /// Seeds that speak against the claim, in order; for a claim that no run alone can refute,
    /// those that come nearest to it, or the first.
    pub fn against(&self, claim: &Claim) -> Vec<u64> {
        let found = match claim {
            Claim::Property { name, holds: true } => {
                self.broken.get(name.as_str()).cloned().unwrap_or_default()
            }
            Claim::Verdict { verdict, share: Share::Between(None, Some(_)) } => {
                self.ended(|ended| ended == *verdict)
            }
            Claim::Verdict { verdict, share: Share::All | Share::Between(..) } => {
                self.ended(|ended| ended != *verdict)
            }
            Claim::Sound { waived } => {
                self.ended(|ended| ended != Verdict::Pass && !waived.contains(&ended))
            }
            Claim::Metric { metric, max, .. } => {
                let extremes = self.extremes.get(metric.name);
                let seed = |extremes: &Extremes| match max {
                    Some(_) => extremes.greatest.1,
                    None => extremes.least.1,
                };
                extremes.map(seed).into_iter().collect()
            }
            _ => Vec::new(),
        };
        if found.is_empty() { self.first.into_iter().collect() } else { found }
    }

    /// The seeds of the worst verdict among those wanted.
    fn ended(&self, wanted: impl Fn(Verdict) -> bool) -> Vec<u64> {
        let worst = self.verdicts.iter().rev().find(|(verdict, _)| wanted(**verdict));
        worst.map(|(_, seeds)| seeds.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use sim_core::outcome::Metrics;

    use super::*;
    use crate::expect::Stat;

    fn run(seed: u64, verdict: Verdict, ops: f64) -> Outcome {
        let mut outcome = Outcome::panicked(seed, String::new());
        outcome.verdict = verdict;
        outcome.metrics.ops_count = Measure::Value(ops);
        outcome
    }

    #[test]
    fn the_seeds_against_a_claim_are_those_of_the_worst_runs() {
        let mut evidence = Evidence::default();
        for seed in 0..20 {
            let verdict = match seed {
                3 | 7 => Verdict::Unsafe,
                4..=15 => Verdict::Stalled,
                _ => Verdict::Pass,
            };
            evidence.add(&run(seed, verdict, (seed as f64 - 9.0).abs()));
        }
        let sound = |waived| Claim::Sound { waived };
        assert_eq!(evidence.against(&sound(vec![])), [3, 7]);
        assert_eq!(evidence.against(&sound(vec![Verdict::Unsafe])), [4, 5, 6, 8, 9]);
        let stalled = |share| Claim::Verdict { verdict: Verdict::Stalled, share };
        assert_eq!(evidence.against(&stalled(Share::Between(None, Some(0.1))))[0], 4);
        assert_eq!(evidence.against(&stalled(Share::All)), [3, 7]);
        let ops =
            |min, max| Claim::Metric { metric: &Metrics::COLUMNS[0], stat: Stat::P50, min, max };
        assert_eq!(evidence.against(&ops(None, Some(1.0))), [19]);
        assert_eq!(evidence.against(&ops(Some(1.0), None)), [9]);
        let control = Claim::Verdict { verdict: Verdict::Pass, share: Share::NotAll };
        assert_eq!(evidence.against(&control), [0], "no run refutes it alone: the first");
    }
}
