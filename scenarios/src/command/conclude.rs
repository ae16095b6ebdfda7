//! What follows when the runs of a sweep are gathered: judged, drawn and told.

use serde_json::{Value as Json, json};

use crate::cli::{EndingArgs, Format, OverArgs};
use crate::error::Error;
use crate::fold::Fold;
use crate::judge::{self, Judgement, worst};
use crate::plan::Plan;
use crate::recipe::Recipe;
use crate::results::{self, Folder};
use crate::scenario::Overrides;
use crate::terminal::{Terminal, plural};

use super::failures::{self, Keeper, Told};
use super::gather::{Adaptive, Gathered};
use super::manifest::{Ending, manifest};
use super::summary;

/// A sweep whose runs were gathered.
pub struct Finished<'a> {
    /// The plan of the runs that were to be made.
    pub plan: &'a Plan,
    /// What it was made from.
    pub recipe: &'a Recipe,
    /// Where it lies.
    pub folder: &'a Folder,
    /// What was gathered.
    pub gathered: &'a Gathered,
    /// On how many threads.
    pub jobs: usize,
}

/// Judges and draws what was gathered, and says what it shows.
///
/// # Errors
/// When the results cannot be written.
pub fn conclude(
    finished: &Finished<'_>,
    args: EndingArgs,
    format: Format,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let Finished { plan, recipe, folder, gathered, jobs } = *finished;
    let folds = &gathered.folds;
    let judged = judge_all(plan, folds);
    let code = exit_code(&judged, folds, gathered.made < plan.runs(), args.no_fail);
    let ending = Ending {
        recipe,
        shard: None,
        adaptive: gathered.adaptive.as_ref(),
        made: gathered.made,
        folds,
        judgements: &judged,
        code: Some(code),
    };
    let document = manifest(plan, &ending, jobs);
    folder.write_manifest(&document)?;
    folder.point_latest()?;
    // It takes all rows into memory, which the sweep itself never does. What the runs showed is told
    // even where it cannot be drawn.
    let drawn = (!args.no_figures).then(|| reports::render(folder.dir()));
    let rendered = drawn.as_ref().and_then(|drawn| drawn.as_ref().ok());
    // An interrupted sweep is to end; it will have all its runs another time.
    let shrinks = args.shrink && gathered.made == plan.runs();
    let kept = gathered.failures.keep(&Keeper { plan, folder, shrinks, jobs }, terminal);
    if format == Format::Json {
        let mut document = json_of(document, folder, rendered);
        document["failures"] = failures::json(&kept);
        document["verified"] = json!(gathered.verified);
        terminal.document(&document)?;
    } else {
        lines(finished, &judged, &kept).iter().try_for_each(|line| terminal.line(line))?;
        if let Some(rendered) = rendered {
            let lines = super::report::drawn(rendered, folder.dir());
            lines.iter().try_for_each(|line| terminal.line(line))?;
            rendered.warnings.iter().for_each(|warning| terminal.detail(warning));
        } else {
            let (program, dir) = (crate::registry::program(), folder.dir().display());
            terminal.line(&format!("  charts   {program} report {dir}"))?;
        }
    }
    drawn.transpose()?;
    Ok(code)
}

fn json_of(mut document: Json, folder: &Folder, rendered: Option<&reports::Rendered>) -> Json {
    document["folder"] = json!(folder.dir());
    let figures = rendered.iter().flat_map(|rendered| &rendered.figures);
    document["figures"] = figures.map(|figure| json!(figure.svg)).collect();
    document
}

/// What people are told.
fn lines(finished: &Finished<'_>, judged: &[Vec<Judgement>], kept: &[Told<'_>]) -> Vec<String> {
    let Finished { plan, recipe, folder, gathered, .. } = *finished;
    let Overrides { set, profile, .. } = recipe.overrides.clone();
    let laid = OverArgs { set, profile };
    let mut lines = vec![title(plan)];
    lines.extend(summary::stamps(plan));
    let sections = [
        summary::points(plan, &gathered.folds),
        summary::toothless(plan, &gathered.folds),
        super::marks::lines(&gathered.folds),
        gathered.adaptive.as_ref().map_or_else(Vec::new, |adaptive| adapted(plan, adaptive)),
        summary::expectations(plan, judged),
        failures::lines(&gathered.failures, kept, plan, folder, &laid),
    ];
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        lines.push(String::new());
        lines.extend(section);
    }
    if gathered.verified > 0 {
        let fresh = gathered.made - gathered.kept;
        let told = summary::verified(gathered.verified, fresh, &gathered.folds);
        lines.push(format!("\n  {told}"));
    }
    lines.push(format!("\n  results  {}", folder.dir().display()));
    lines
}

fn adapted(plan: &Plan, adaptive: &Adaptive) -> Vec<String> {
    let (until, most, seeds) = (&adaptive.until, adaptive.most, plan.seeds.len());
    let reached = match adaptive.reached {
        true => {
            format!("  {until} was reached at every point after {seeds} of at most {most} seeds")
        }
        false => format!("  ! {until} was not reached at every point in {seeds} seeds"),
    };
    vec![reached, format!("  {}", Adaptive::NOTE)]
}

/// One line on what is run.
pub fn title(plan: &Plan) -> String {
    let names: Vec<_> =
        plan.scenarios.iter().map(|scenario| crate::diagnostic::clean(&scenario.name)).collect();
    let (points, seeds) = (plan.points.len(), plan.seeds.len());
    format!(
        "{}  {points} point{} × {seeds} seed{}  engine {}",
        names.join(" "),
        plural(points as u64),
        plural(seeds),
        results::ENGINE
    )
}

/// Says what the parts had to say of themselves.
pub fn tell_kept(gathered: &Gathered, folder: &Folder, terminal: &Terminal) {
    let (kept, dir) = (gathered.kept, folder.dir().display());
    if kept > 0 {
        terminal.note(&format!("  {kept} of {} runs had been made before", gathered.made));
    }
    if gathered.damaged > 0 {
        let damaged = gathered.damaged;
        terminal.warn(&format!("  {damaged} damaged lines in {dir}/parts were dropped"));
    }
}

pub(super) fn judge_all(plan: &Plan, folds: &[Fold]) -> Vec<Vec<Judgement>> {
    let of_scenario = |index: usize| {
        let folds: Vec<&Fold> = folds[plan.ranges[index].clone()].iter().collect();
        let expectations = plan.scenarios[index].expectations.iter();
        expectations.map(|expectation| judge::judge(expectation, &folds)).collect()
    };
    (0..plan.scenarios.len()).map(of_scenario).collect()
}

pub(super) fn exit_code(
    judged: &[Vec<Judgement>],
    folds: &[Fold],
    stopped: bool,
    no_fail: bool,
) -> u8 {
    let code = forgiven(judge::exit_code(judged.iter().flatten(), folds), no_fail);
    // What a stopped sweep leaves open is open because it was stopped.
    match (stopped, code) {
        (true, 20) => 5,
        (true, code) => worst([code, 5]),
        (false, code) => code,
    }
}

/// The exit code of `--no-fail`: what expectations say does not count.
pub(super) const fn forgiven(code: u8, no_fail: bool) -> u8 {
    if no_fail && matches!(code, 10 | 11 | 12 | 20) { 0 } else { code }
}
