//! What a sweep is going to do: the points of its scenarios, each under all seeds.
//!
//! Runs are numbered seed-major, so that more seeds renumber nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use sim_core::fault::FaultKind;
use sim_core::outcome::Metric;

use crate::column::{Parameter, point_cells};
use crate::error::Error;
use crate::point::Point;
use crate::scenario::Scenario;
use crate::seeds::{MOST_RUNS, Seeds};
use crate::verify::Verify;

/// All that a sweep is going to do.
pub struct Plan {
    /// The scenarios; their points are in [`Plan::points`].
    pub scenarios: Vec<Scenario>,
    /// The points of each scenario.
    pub ranges: Vec<Range<usize>>,
    /// The points of all scenarios.
    pub points: Vec<Point>,
    /// The seeds.
    pub seeds: Seeds,
    /// What differs between the points by plan.
    pub parameters: Vec<Parameter>,
    /// The kinds of fault in any of the schedules.
    pub kinds: Vec<FaultKind>,
    /// The measurements that any of the problems takes beside those of every run.
    pub gauges: Vec<&'static Metric>,
    /// The marks of any of the protocols, by name.
    pub marks: Vec<&'static str>,
    /// The cells that all rows of a point share.
    pub cells: Vec<Vec<String>>,
    /// Which runs are made twice.
    pub verify: Verify,
}

impl Plan {
    /// The plan of these scenarios, under the seeds given or those that they agree on.
    ///
    /// # Errors
    /// When they do not agree, when there is nothing to run, or far too much.
    pub fn new(mut scenarios: Vec<Scenario>, seeds: Option<Seeds>) -> Result<Self, Error> {
        let usage = |message: String, next: &str| Error::Usage { message, next: next.to_owned() };
        let Some(first) = scenarios.first() else {
            return Err(usage("no scenario was named".into(), "synod list scenarios"));
        };
        let agreed = first.seeds.clone();
        if let (None, Some(other)) = (&seeds, scenarios.iter().find(|other| other.seeds != agreed))
        {
            let message = format!(
                "{} asks for seeds {agreed}, {} for {}; one sweep has one set of seeds",
                first.name, other.name, other.seeds
            );
            return Err(usage(message, "add --seeds 0..1000"));
        }
        for (index, scenario) in scenarios.iter().enumerate() {
            if scenarios[..index].iter().any(|other| other.name == scenario.name) {
                let message = format!("two scenarios are called `{}`", scenario.name);
                return Err(usage(message, "sweep each by itself, or give each its own `name`"));
            }
        }
        let seeds = seeds.unwrap_or(agreed);
        let (mut points, mut ranges) = (Vec::new(), Vec::new());
        for scenario in &mut scenarios {
            let start = points.len();
            points.append(&mut scenario.points);
            ranges.push(start..points.len());
        }
        let parameters = Parameter::of(&points);
        let cells = points.iter().map(|point| point_cells(point, &parameters)).collect();
        let faults = points.iter().flat_map(|point| &point.simulation.setup().faults);
        let kinds: BTreeSet<FaultKind> = faults.map(|spec| spec.fault.kind()).collect();
        let kinds = kinds.into_iter().collect();
        let gauges = gauges(&points);
        let marks: BTreeSet<&str> =
            points.iter().flat_map(|point| point.entry.marks).map(|mark| mark.name).collect();
        let marks = marks.into_iter().collect();
        let plan = Self {
            scenarios,
            ranges,
            points,
            seeds,
            parameters,
            kinds,
            gauges,
            marks,
            cells,
            verify: Verify::default(),
        };
        if plan.seeds.is_empty() {
            let message = format!("there are no seeds in {}", plan.seeds);
            return Err(Error::Nothing { message, next: "add --seeds 0..100".into() });
        }
        match plan.seeds.len().checked_mul(plan.points.len() as u64) {
            Some(runs) if runs <= MOST_RUNS => Ok(plan),
            _ => Err(usage(
                format!(
                    "{} points × {} seeds are more than {MOST_RUNS} runs",
                    plan.points.len(),
                    plan.seeds.len()
                ),
                "give fewer --seeds",
            )),
        }
    }

    /// How many runs there are.
    pub const fn runs(&self) -> u64 {
        self.seeds.len() * self.points.len() as u64
    }

    /// The point and the seed of a run.
    pub fn locate(&self, run: u64) -> (usize, u64) {
        let points = self.points.len() as u64;
        ((run % points) as usize, self.seeds.get(run / points))
    }

    /// The scenario of a point.
    pub fn scenario_of(&self, point: usize) -> &Scenario {
        let index = self.ranges.iter().position(|range| range.contains(&point));
        &self.scenarios[index.expect("every point belongs to a scenario")]
    }
}

/// The measurements of the problems of these points, each once.
fn gauges(points: &[Point]) -> Vec<&'static Metric> {
    let mut gauges: Vec<&'static Metric> = Vec::new();
    for metric in points.iter().flat_map(|point| point.entry.metrics) {
        if gauges.iter().all(|known| known.name != metric.name) {
            gauges.push(metric);
        }
    }
    gauges
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::scenario::of_text;

    /// Three nodes vote, at two points.
    pub(crate) fn plan(seeds: Seeds) -> Plan {
        let text = "horizon = \"2s\"\n[protocol]\nkind = \"voting\"\nnodes = 3\n[sweep]\n\
                    over.\"network.loss\" = [\"0%\", \"20%\"]\n";
        let scenario = of_text("vote.toml", text).expect("a scenario");
        Plan::new(vec![scenario], Some(seeds)).expect("a plan")
    }

    #[test]
    fn runs_are_numbered_seed_major_so_that_more_seeds_renumber_nothing() {
        let short = plan(Seeds::Range(5, 10));
        assert_eq!([0, 1, 2].map(|run| short.locate(run)), [(0, 5), (1, 5), (0, 6)]);
        let long = plan(Seeds::Range(5, 50));
        assert!((0..short.runs()).all(|run| short.locate(run) == long.locate(run)));
    }
}
