//! What a sweep says of itself to programs: `manifest.json`, and `--format json`.

use serde_json::{Value as Json, json};
use sim_core::outcome::Verdict;

use crate::fold::Fold;
use crate::judge::{Cell, Judgement};
use crate::plan::Plan;
use crate::point::plain;
use crate::recipe::Recipe;
use crate::results::{ENGINE, SCHEMA};
use crate::shard::Shard;
use crate::table::class_word;

use super::gather::Adaptive;

/// One judged expectation.
pub fn judgement(judgement: &Judgement) -> Json {
    let cell = |cell: &Cell| json!({ "point": cell.point, "answer": cell.answer.word(), "found": cell.found });
    json!({
        "expected": judgement.expectation.to_string(),
        "answer": judgement.answer.word(),
        "points": judgement.cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

/// What became of a sweep.
pub struct Ending<'a> {
    /// What it was made from.
    pub recipe: &'a Recipe,
    /// The share of it that was to be made, if not all.
    pub shard: Option<Shard>,
    /// How it stopped by itself, if it was to.
    pub adaptive: Option<&'a Adaptive>,
    /// How many runs are there.
    pub made: u64,
    /// What is remembered of each point.
    pub folds: &'a [Fold],
    /// The judged expectations of each scenario.
    pub judgements: &'a [Vec<Judgement>],
    /// The exit code; none before the end.
    pub code: Option<u8>,
}

/// The manifest. All but `host` is a function of the plan and the runs.
pub fn manifest(plan: &Plan, ending: &Ending<'_>, jobs: usize) -> Json {
    let scenarios: Vec<Json> = plan
        .scenarios
        .iter()
        .zip(&plan.ranges)
        .enumerate()
        .map(|(index, (scenario, range))| {
            let points = &plan.points[range.clone()];
            let mut allowed: Vec<&String> =
                points.iter().flat_map(|point| &point.allowed).collect();
            allowed.sort();
            allowed.dedup();
            let mut mutants: Vec<_> = points
                .iter()
                .filter_map(|point| point.simulation.setup().mutant.as_deref())
                .collect();
            mutants.sort_unstable();
            mutants.dedup();
            let judged = ending.judgements.get(index).map_or(&[][..], Vec::as_slice);
            json!({
                "name": scenario.name,
                "title": scenario.title,
                "from": scenario.shown,
                "points": range.len(),
                "unsafe_and_allowed": allowed,
                "mutants": mutants,
                "expectations": judged.iter().map(judgement).collect::<Vec<_>>(),
            })
        })
        .collect();
    let points: Vec<Json> = plan
        .points
        .iter()
        .zip(ending.folds)
        .enumerate()
        .map(|(index, (point, fold))| {
            let verdicts: serde_json::Map<String, Json> = Verdict::ALL
                .into_iter()
                .map(|verdict| (verdict.word().to_owned(), json!(fold.count(verdict))))
                .collect();
            let broken: serde_json::Map<String, Json> = fold
                .broken
                .iter()
                .map(|(property, broken)| {
                    let class = class_word(broken.class);
                    let numbers = json!({
                        "runs": broken.runs, "class": class, "assumptions_exceeded": broken.exceeded,
                    });
                    ((*property).to_owned(), numbers)
                })
                .collect();
            let params: serde_json::Map<String, Json> =
                point.params.iter().map(|(path, written)| (path.clone(), plain(written))).collect();
            json!({
                "point_id": format!("p{index}"),
                "scenario": point.scenario,
                "protocol": point.entry.name,
                "params": params,
                "runs": fold.runs,
                "verdicts": verdicts,
                "assumptions_exceeded": fold.exceeded,
                "broken": broken,
                "faults_bitten": fold.bitten,
                "marks": super::marks::json(fold),
            })
        })
        .collect();
    let adaptive = ending.adaptive.map(|adaptive| {
        json!({
            "until": adaptive.until.to_string(),
            "reached": adaptive.reached,
            "seeds_at_most": adaptive.most,
            "note": Adaptive::NOTE,
        })
    });
    json!({
        "schema": SCHEMA,
        "engine": ENGINE,
        "id": ending.recipe.id,
        "complete": ending.made == plan.runs() && ending.code.is_some(),
        "seeds": plan.seeds.to_string(),
        "shard": ending.shard.map(|shard| shard.to_string()),
        "adaptive": adaptive,
        "recipe": ending.recipe.json(),
        "runs": { "planned": plan.runs(), "made": ending.made },
        "scenarios": scenarios,
        "points": points,
        "exit_code": ending.code,
        "host": {
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "jobs": jobs,
            // The program's own path says something of the machine and nothing of the sweep.
            "argv": std::env::args().skip(1).collect::<Vec<_>>(),
        },
    })
}
