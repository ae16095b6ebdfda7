//! What a sweep says of itself to people.

use std::ops::Range;

use reports::stats::{Median, Proportion};
use sim_core::outcome::Verdict;

use crate::expect::Expectation;
use crate::fold::{Fold, headlines};
use crate::judge::{Answer, Cell, Judgement, number};
use crate::plan::Plan;
use crate::terminal::{aligned, painted};

/// How the runs went that were made twice.
pub fn verified(verified: u64, made: u64, folds: &[Fold]) -> String {
    let unstable = folds.iter().map(|fold| fold.count(Verdict::Nondeterministic)).sum();
    let alike = match unstable {
        0 => "alike".to_owned(),
        count => format!("{count} went differently"),
    };
    format!("verified {verified} of {made} runs: {alike}")
}

/// Points that the summary shows; the others are in `points.csv`.
const SHOWN: usize = 40;

/// What the results must say of the points, each once.
pub fn stamps(plan: &Plan) -> Vec<String> {
    let mut stamps: Vec<String> = Vec::new();
    for stamp in plan.points.iter().flat_map(super::stamps) {
        if !stamps.contains(&stamp) {
            stamps.push(stamp);
        }
    }
    stamps
}

/// The table of the points.
pub fn points(plan: &Plan, folds: &[Fold]) -> Vec<String> {
    let all = headlines(&[]).chain(plan.gauges.iter().map(|metric| metric.name));
    let headlines: Vec<Column> = all.filter_map(|name| Column::of(name, folds)).collect();
    let inconclusive = folds.iter().any(|fold| fold.count(Verdict::Inconclusive) > 0);
    let panicked = folds.iter().any(|fold| fold.count(Verdict::Panicked) > 0);
    let mut header: Vec<String> =
        ["  point", "", "runs", "unsafe", "stalled"].map(String::from).into();
    header.extend(inconclusive.then(|| "inconclusive".to_owned()));
    header.extend(panicked.then(|| "panicked".to_owned()));
    header.extend(headlines.iter().map(Column::heading));
    let mut rows = vec![header];
    for (index, (point, fold)) in plan.points.iter().zip(folds).enumerate().take(SHOWN) {
        let rate = |verdict| Proportion { hits: fold.count(verdict), total: fold.runs }.text();
        let mut name = point.entry.name.to_owned();
        if plan.scenarios.len() > 1 {
            name = format!("{} {name}", crate::diagnostic::clean(&point.scenario));
        }
        let mut row = vec![
            format!("  p{index}"),
            format!("{name} {}", point.label()).trim_end().to_owned(),
            fold.runs.to_string(),
            rate(Verdict::Unsafe),
            rate(Verdict::Stalled),
        ];
        row.extend(inconclusive.then(|| reasons(fold)));
        row.extend(panicked.then(|| fold.count(Verdict::Panicked).to_string()));
        row.extend(headlines.iter().map(|column| column.cell(fold)));
        rows.push(row);
    }
    let mut lines = aligned(&rows);
    if plan.points.len() > SHOWN {
        lines.push(format!("  … and {} more points in points.csv", plan.points.len() - SHOWN));
    }
    lines
}

/// A headline metric in the table of the points.
struct Column {
    name: &'static str,
    /// Whether its mean is shown: that the median run was right says little of how many were.
    is_of_shares: bool,
}

impl Column {
    /// The column of a metric that some run has.
    fn of(name: &'static str, folds: &[Fold]) -> Option<Self> {
        let mut seen = folds
            .iter()
            .filter_map(|fold| fold.headlines.get(name))
            .filter(|headline| !headline.values.is_empty())
            .peekable();
        seen.peek()?;
        let is_of_shares = name.ends_with("_ratio") && seen.all(|it| it.shares.mean().is_some());
        Some(Self { name, is_of_shares })
    }

    fn heading(&self) -> String {
        format!("{} ({})", self.name, if self.is_of_shares { "mean" } else { "median" })
    }

    fn cell(&self, fold: &Fold) -> String {
        let nothing = || "·".to_owned();
        let Some(headline) = fold.headlines.get(self.name) else { return nothing() };
        if self.is_of_shares {
            return headline.shares.text().unwrap_or_else(nothing);
        }
        match headline.values.median() {
            Median::Unknown => nothing(),
            Median::Is(median) => number(Some(median)),
            Median::AtLeast(least) => format!("≥ {}", number(Some(least))),
        }
    }
}

/// The runs of which nothing can be said, by reason.
fn reasons(fold: &Fold) -> String {
    if fold.reasons.is_empty() {
        return "0".to_owned();
    }
    let words = fold.reasons.iter().map(|(reason, count)| format!("{count} {reason}"));
    crate::diagnostic::clean(&words.collect::<Vec<_>>().join(", "))
}

/// The expectations, each with the points where it does not hold.
pub fn expectations(plan: &Plan, judged: &[Vec<Judgement>]) -> Vec<String> {
    let mut lines = Vec::new();
    for ((scenario, range), judgements) in plan.scenarios.iter().zip(&plan.ranges).zip(judged) {
        let whose = match plan.scenarios.len() {
            1 => String::new(),
            _ => format!("{}: ", crate::diagnostic::clean(&scenario.name)),
        };
        for judgement in judgements {
            let alone = match &judgement.cells[..] {
                [cell] => format!("  {}", cell.found),
                _ => String::new(),
            };
            let mark = painted(judgement.answer.mark());
            let of = some_points(&judgement.expectation, range);
            lines.push(format!("  {mark} {whose}{}{of}{alone}", judgement.expectation));
            if judgement.answer == Answer::Holds || judgement.cells.len() < 2 {
                continue;
            }
            for Cell { point, answer, found } in not_held(&judgement.cells) {
                let id = range.start + point;
                let point = &plan.points[id];
                let label = format!("{} {}", point.entry.name, point.label());
                let mark = painted(answer.mark());
                lines.push(format!("      {mark} p{id} {}  {found}", label.trim_end()));
            }
        }
    }
    lines
}

/// The cells of the first points where an expectation does not hold.
fn not_held(cells: &[Cell]) -> impl Iterator<Item = &Cell> {
    cells.iter().filter(|cell| cell.answer != Answer::Holds).take(SHOWN)
}

/// Of which points an expectation is that nobody wrote, if it is not of all.
fn some_points(expectation: &Expectation, range: &Range<usize>) -> String {
    let points = &expectation.points;
    if points.len() == range.len() || !expectation.condition.is_empty() {
        return String::new();
    }
    let named = points.iter().take(SHOWN).map(|point| format!("p{}", range.start + point));
    let more = if points.len() > SHOWN { ", …" } else { "" };
    format!(" at {}{more}", named.collect::<Vec<_>>().join(", "))
}

/// Entries of `[[fault]]` that changed nothing in any run of a point; of a profile, how many.
pub fn toothless(plan: &Plan, folds: &[Fold]) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, (point, fold)) in plan.points.iter().zip(folds).enumerate() {
        if fold.runs == 0 {
            continue;
        }
        let faults = &point.simulation.setup().faults;
        let entries: Vec<_> = point.places.iter().zip(faults).zip(&fold.bitten).collect();
        for written in entries.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
            let ((place, first), _) = written[0];
            let idle = written.iter().filter(|(_, bitten)| **bitten == 0).count();
            let (what, how_many) = match written.len() {
                1 => (first.fault.to_string(), String::new()),
                all => ("a profile".to_owned(), format!("{idle} of its {all} entries ")),
            };
            if idle > 0 {
                lines.push(format!(
                    "  ! p{index}: fault[{place}] ({what}) {how_many}changed nothing in any run"
                ));
            }
        }
    }
    if lines.len() > SHOWN {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("    … and {more} more that changed nothing"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_an_expectation_does_not_hold_is_told_however_many_points_come_before() {
        let cell = |point: usize| {
            let answer = if point.is_multiple_of(50) { Answer::Broken(12) } else { Answer::Holds };
            Cell { point, answer, found: String::new() }
        };
        let told = |points: usize| -> Vec<usize> {
            let cells: Vec<Cell> = (1..=points).map(cell).collect();
            not_held(&cells).map(|cell| cell.point).collect()
        };
        assert_eq!(told(120), [50, 100]);
        assert_eq!(told(50 * (SHOWN + 9)).len(), SHOWN);
    }
}
