//! What a comparison says: to people, as a table, and to programs.

use reports::cell::{number_cell, text_cell};
use reports::stats::{Interval, LEVEL, Proportion};
use serde_json::{Value as Json, json};

use crate::comparison::{Row, Side, Threshold};
use crate::judge::number;
use crate::results::bytes;
use crate::terminal::{aligned, painted};

/// The thresholds that a row is held to.
pub(super) fn limits<'a>(
    row: &'a Row,
    thresholds: &'a [Threshold],
) -> impl Iterator<Item = &'a Threshold> {
    thresholds.iter().filter(|limit| limit.metric == row.metric && limit.stat == row.stat)
}

/// What people are told.
pub(super) fn human(sides: &[Side], rows: &[Row], thresholds: &[Threshold]) -> Vec<String> {
    let base = &sides[0];
    let mut lines = vec![format!(
        "paired by seed against {}; {} % intervals; marks after Holm's correction over {} comparisons",
        base.label,
        LEVEL * 100.0,
        rows.iter().filter(|row| row.corrected.is_some()).count()
    )];
    lines.push(String::new());
    lines.extend(aligned(&verdicts(sides)));
    for (at, (point, _)) in base.points.iter().enumerate() {
        lines.push(String::new());
        if base.points.len() > 1 {
            lines.push(format!("p{at} {point}"));
        }
        let mut cells = vec![
            ["  metric", "", "side", &base.label, "it", "Δ", "%Δ", "", "pairs"]
                .map(str::to_owned)
                .to_vec(),
        ];
        cells.extend(rows.iter().filter(|row| row.point == *point).map(cells_of));
        lines.extend(aligned(&cells));
    }
    let judged = rows.iter().flat_map(|row| limits(row, thresholds).map(move |limit| (row, limit)));
    lines.push(String::new());
    lines.push(
        "  ✓ better  ✗ worse  ≠ different  = not distinguishable  ? ended less often, or too few pairs"
            .to_owned(),
    );
    for (row, limit) in judged {
        let (mark, word) = match limit.code(row) {
            0 => ("✓", "not beyond it"),
            12 => ("✗", "beyond it"),
            _ => ("?", "cannot be told"),
        };
        let mark = painted(mark);
        lines.push(format!("  {mark} {}  {} {}: {word}", limit.written, row.other, row.point));
    }
    lines
}

/// How the runs of each side ended.
fn verdicts(sides: &[Side]) -> Vec<Vec<String>> {
    let mut table =
        vec![["  side", "runs", "unsafe", "stalled", "other"].map(str::to_owned).to_vec()];
    for side in sides {
        let runs = || side.points.iter().flat_map(|(_, runs)| runs.values());
        let total = runs().count() as u64;
        let count = |word: &str| runs().filter(|run| run.verdict == word).count() as u64;
        let rate = |hits: u64| Proportion { hits, total }.text();
        let other = total - count("pass") - count("unsafe") - count("stalled");
        table.push(vec![
            format!("  {}", side.label),
            total.to_string(),
            rate(count("unsafe")),
            rate(count("stalled")),
            other.to_string(),
        ]);
    }
    table
}

fn cells_of(row: &Row) -> Vec<String> {
    let mut pairs = row.pairs.values.len().to_string();
    if row.pairs.censored() > 0 {
        pairs += &format!(
            ", left out as unfinished: {} by {}, {} by {}, {} by both",
            row.pairs.censored_base,
            row.base,
            row.pairs.censored_other,
            row.other,
            row.pairs.censored_both
        );
    }
    let mut cells =
        vec![format!("  {}", row.metric), row.stat.word().to_owned(), row.other.clone()];
    match &row.found {
        Ok(found) => {
            let plain = |value: f64| signed(value, 3);
            let percent = |value: f64| signed(value * 100.0, 1);
            cells.extend([
                number(Some(found.base)),
                number(Some(found.other)),
                format!("{} {}", plain(found.absolute.0), interval(found.absolute.1, plain)),
                found.relative.map_or_else(
                    || "·".to_owned(),
                    |(value, within)| format!("{} % {}", percent(value), interval(within, percent)),
                ),
            ]);
        }
        Err(too_few) => {
            cells.extend(["·", "·"].map(str::to_owned));
            cells.extend([too_few.to_string(), "·".to_owned()]);
        }
    }
    cells.extend([painted(row.meaning.mark()), pairs]);
    cells
}

fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn interval(interval: Interval, shown: impl Fn(f64) -> String) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "·".to_owned(), &shown);
    format!("[{}, {}]", end(interval.lo), end(interval.hi))
}

/// The columns of `compare.csv`, in order; times are in the unit of the metric's name.
const HEADER: [&str; 21] = [
    "point",
    "base",
    "other",
    "metric",
    "stat",
    "pairs",
    "censored_base",
    "censored_other",
    "censored_both",
    "base_value",
    "other_value",
    "delta",
    "delta_lo",
    "delta_hi",
    "delta_pct",
    "delta_pct_lo",
    "delta_pct_hi",
    "ci_level",
    "p_value",
    "p_holm",
    "meaning",
];

/// `compare.csv`.
pub(super) fn table(rows: &[Row]) -> Vec<u8> {
    let row = |row: &Row| {
        let found = row.found.as_ref().ok();
        let relative = found.and_then(|found| found.relative);
        let percent = |share: Option<f64>| number_cell(share.map(|share| share * 100.0));
        let within = found.map(|found| found.absolute.1);
        let mut cells: Vec<String> = [&row.point, &row.base, &row.other, &row.metric]
            .map(|text| text_cell(text).into_owned())
            .into();
        cells.extend([
            row.stat.word().to_owned(),
            row.pairs.values.len().to_string(),
            row.pairs.censored_base.to_string(),
            row.pairs.censored_other.to_string(),
            row.pairs.censored_both.to_string(),
            number_cell(found.map(|found| found.base)),
            number_cell(found.map(|found| found.other)),
            number_cell(found.map(|found| found.absolute.0)),
            number_cell(within.and_then(|within| within.lo)),
            number_cell(within.and_then(|within| within.hi)),
            percent(relative.map(|relative| relative.0)),
            percent(relative.and_then(|relative| relative.1.lo)),
            percent(relative.and_then(|relative| relative.1.hi)),
            number_cell(found.map(|_| LEVEL)),
            number_cell(found.map(|found| found.p)),
            number_cell(row.corrected),
            row.meaning.word().to_owned(),
        ]);
        cells
    };
    bytes(&HEADER, rows.iter().map(row))
}

/// A row for programs.
pub(super) fn object(row: &Row, thresholds: &[Threshold]) -> Json {
    let found = row.found.as_ref().ok();
    let within = |(value, within): (f64, Interval)| json!({ "value": value, "lo": within.lo, "hi": within.hi });
    json!({
        "point": row.point,
        "base": row.base,
        "other": row.other,
        "metric": row.metric,
        "stat": row.stat.word(),
        "pairs": row.pairs.values.len(),
        "censored": {
            "base": row.pairs.censored_base,
            "other": row.pairs.censored_other,
            "both": row.pairs.censored_both,
        },
        "base_value": found.map(|found| found.base),
        "other_value": found.map(|found| found.other),
        "delta": found.map(|found| within(found.absolute)),
        "relative": found.and_then(|found| found.relative).map(within),
        "p_value": found.map(|found| found.p),
        "p_holm": row.corrected,
        "meaning": row.meaning.word(),
        "refused": row.found.as_ref().err().map(ToString::to_string),
        "thresholds": limits(row, thresholds)
            .map(|limit| json!({ "limit": limit.written, "exit_code": limit.code(row) }))
            .collect::<Vec<_>>(),
    })
}
