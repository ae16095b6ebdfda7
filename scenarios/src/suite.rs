//! A scenario as a test-suite: a case for each expectation at each point, with the place where it
//! was written and the seeds that speak against it.

pub mod github;
pub mod junit;

use serde_json::{Value as Json, json};
use sim_core::outcome::Verdict;

use crate::evidence::Evidence;
use crate::fold::Fold;
use crate::judge::{Answer, Judgement};
use crate::plan::Plan;
use crate::sources::Sources;

/// A scenario that was tried.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Where it was found: a path, or `catalog:NAME`.
    pub shown: String,
    /// Its text.
    pub text: String,
    /// How many points it has.
    pub points: usize,
    /// The seeds.
    pub seeds: String,
    /// How many runs were made.
    pub runs: u64,
    /// How long they took the machine, in seconds.
    pub seconds: f64,
    /// The exit code that it alone would give.
    pub code: u8,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One expectation at one point; a negative control, which one run anywhere satisfies, has one
/// case for all points.
#[derive(Debug)]
pub struct Case {
    /// What is expected.
    pub claim: String,
    /// The index of the point in its plan, and what people call it.
    pub point: (usize, String),
    /// Whether it came true.
    pub answer: Answer,
    /// What was found.
    pub found: String,
    /// The line on which it was written; none for what every scenario is expected.
    pub place: Option<Place>,
    /// Seeds that speak against it, if it did not come true.
    pub seeds: Vec<u64>,
    /// The command that shows the first of them.
    pub repro: Option<String>,
}

/// Where an expectation was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file, or `catalog:NAME`.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// What the runs of one scenario showed.
pub struct Tried<'a> {
    /// The plan, of this scenario alone.
    pub plan: &'a Plan,
    /// Where its settings were written.
    pub sources: &'a Sources,
    /// What is remembered of each point.
    pub folds: &'a [Fold],
    /// Which seeds show what, at each point.
    pub evidence: &'a [Evidence],
    /// What was judged.
    pub judgements: &'a [Judgement],
    /// The exit code.
    pub code: u8,
    /// How long it took.
    pub seconds: f64,
}

impl Suite {
    /// The cases of a scenario; `repro` gives the command that shows a seed at a point.
    pub fn of(tried: &Tried<'_>, repro: &dyn Fn(usize, u64) -> String) -> Self {
        let scenario = &tried.plan.scenarios[0];
        let mut cases = Vec::new();
        for judgement in tried.judgements {
            let claim = &judgement.expectation.claim;
            let case = |at: usize, answer: Answer, found: &str| {
                let seeds = match answer {
                    Answer::Holds => Vec::new(),
                    _ => tried.evidence[at].against(claim),
                };
                Case {
                    claim: judgement.expectation.to_string(),
                    point: (at, point_name(tried.plan, at)),
                    answer,
                    found: found.to_owned(),
                    place: place(tried.sources, judgement),
                    repro: seeds.first().map(|seed| repro(at, *seed)),
                    seeds,
                }
            };
            if claim.is_control() {
                let held = judgement.cells.iter().find(|cell| cell.answer == Answer::Holds);
                if let Some(cell) = held.or(judgement.cells.first()) {
                    cases.push(case(cell.point, judgement.answer, &cell.found));
                }
            } else {
                let cells = judgement.cells.iter();
                cases.extend(cells.map(|cell| case(cell.point, cell.answer, &cell.found)));
            }
        }
        cases.extend(unforeseen(tried, &cases, repro));
        Self {
            name: scenario.name.clone(),
            shown: scenario.shown.clone(),
            text: scenario.files[0].text.clone(),
            points: tried.plan.points.len(),
            seeds: tried.plan.seeds.to_string(),
            runs: tried.folds.iter().map(|fold| fold.runs).sum(),
            seconds: tried.seconds,
            code: tried.code,
            cases,
        }
    }

    /// Whether the scenario passed, failed, or does not tell.
    pub const fn answer(&self) -> Answer {
        match self.code {
            0 => Answer::Holds,
            5 | 20 => Answer::Open,
            code => Answer::Broken(code),
        }
    }

    /// The cases that did not come true.
    pub fn failing(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.answer != Answer::Holds)
    }

    /// For programs.
    pub fn json(&self) -> Json {
        let case = |case: &Case| {
            json!({
                "point_id": format!("p{}", case.point.0),
                "point": case.point.1,
                "expected": case.claim,
                "answer": case.answer.word(),
                "found": case.found,
                "file": case.place.as_ref().map(|place| &place.file),
                "line": case.place.as_ref().map(|place| place.line),
                "seeds": case.seeds,
                "repro": case.repro,
            })
        };
        json!({
            "name": self.name,
            "from": self.shown,
            "points": self.points,
            "seeds": self.seeds,
            "runs": self.runs,
            "answer": self.answer().word(),
            "exit_code": self.code,
            "cases": self.cases.iter().map(case).collect::<Vec<_>>(),
        })
    }
}

/// A panic, or a seed that gave two runs, fails a scenario even where no expectation speaks of it.
fn unforeseen(
    tried: &Tried<'_>,
    cases: &[Case],
    repro: &dyn Fn(usize, u64) -> String,
) -> Option<Case> {
    let told = cases.iter().any(|case| case.answer == Answer::Broken(tried.code));
    let verdict = match tried.code {
        70 if !told => Verdict::Panicked,
        30 if !told => Verdict::Nondeterministic,
        _ => return None,
    };
    let at = tried.folds.iter().position(|fold| fold.count(verdict) > 0)?;
    let fold = &tried.folds[at];
    let never = crate::expect::Claim::Verdict {
        verdict,
        share: crate::expect::Share::Between(None, Some(0.0)),
    };
    let seeds = tried.evidence[at].against(&never);
    Some(Case {
        claim: format!("no run {verdict}"),
        point: (at, point_name(tried.plan, at)),
        answer: Answer::Broken(tried.code),
        found: format!("{} of {} runs", fold.count(verdict), fold.runs),
        place: None,
        repro: seeds.first().map(|seed| repro(at, *seed)),
        seeds,
    })
}

fn point_name(plan: &Plan, at: usize) -> String {
    let point = &plan.points[at];
    format!("p{at} {} {}", point.entry.name, point.label()).trim_end().to_owned()
}

fn place(sources: &Sources, judgement: &Judgement) -> Option<Place> {
    let origin = judgement.expectation.origin;
    let (source, _) = sources.find(origin)?;
    Some(Place { file: source.name.clone(), line: sources.line(origin) })
}
