//! How rounds grow with the number of nodes: the mean of each size, a line fitted through them
//! over the logarithm, and the theory of push beside it.

use super::ends::{self, EndLabel};
use super::palette::{MARKERS, MUTED, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, subject};
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::sizes::{self, Mark, Series};
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Run, Tables};
use crate::stats::Line;

pub(super) const CHART: Chart = Chart {
    name: "rounds-by-size",
    question: "How many rounds does a rumour take among more nodes?",
    table: "runs.csv",
    feeds: &[METRIC],
    draw,
};

const METRIC: &str = "rounds_99_count";
const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 240.0 };

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(column) = runs.column(METRIC) else {
        return Ok(Drawing::lacks_column(METRIC));
    };
    let shown = sizes::series(runs, |run: &Run| run.observation(column));
    let series = &shown.things;
    if series.is_empty() {
        return Ok(Drawing::skipped(
            "no line without three sizes `n` of which all runs reach 99 %",
        ));
    }
    let frame = frame(series, &shown.note());
    let picture = frame.picture(slice(series), |sheet| paint(sheet, series))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

fn formula(line: &Line) -> String {
    let sign = if line.height < 0.0 { "−" } else { "+" };
    format!(
        "({} ± {}) log₂ n {sign} {}",
        rough(line.slope),
        rough(line.slack),
        rough(line.height.abs())
    )
}

/// Rounds of push until all know it, but for a constant: log₂ n + ln n.
fn theory(bits: f64) -> f64 {
    bits + bits * std::f64::consts::LN_2
}

fn frame(series: &[Series<'_>], note: &str) -> Frame {
    let trends: Vec<String> =
        series.iter().map(|s| format!("{}: {}", s.name, formula(&s.line))).collect();
    let runs = series.iter().flat_map(|s| s.marks.iter().map(|mark| mark.runs));
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Rounds until 99 % know: {}", subject(series.iter().map(|s| s.point))),
        description: format!("Rounds until 99 % know, by nodes n. {}.", trends.join("; ")),
        caption: format!(
            "Mean over N = {} runs of each size; bars: its 95 % interval (normal). Lines: least \
             squares over log₂ n, the slope with its 95 % interval. Sizes of which some run did \
             not reach 99 % have no mean and are left out. Dashed: log₂ n + ln n, push until all \
             know, but for a constant.{note}",
            counts(runs)
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, series: &[Series<'_>]) -> Drawn {
    let marks = || series.iter().flat_map(|s| &s.marks);
    let from = marks().map(Mark::bits).fold(f64::INFINITY, f64::min).floor();
    let to = marks().map(Mark::bits).fold(0.0, f64::max).ceil();
    let highest = marks().map(|mark| mark.mean + mark.slack).fold(theory(to), f64::max);
    let (x, y) = (Scale::linear(from, to, 10), Scale::linear(0.0, highest, 8));
    let mut panel = LAYOUT.panel(sheet, (&x, "nodes (log₂ n)"), (&y, "rounds until 99 %"))?;
    let dashes = [(from, theory(from)), (to, theory(to))];
    curve(&mut panel, &dashes, MUTED, 1.2, Some((6.0, 4.0)))?;
    let mut labels = vec![EndLabel::plain(pixel(&panel, dashes[1]), MUTED, "log₂ n + ln n")];
    for (index, s) in series.iter().enumerate() {
        let color = SERIES[index];
        let ends = [(from, s.line.at(from)), (to, s.line.at(to))];
        curve(&mut panel, &ends, color, 1.8, None)?;
        for mark in &s.marks {
            let at = |rounds: f64| pixel(&panel, (mark.bits(), rounds));
            let bar = [at(mark.mean - mark.slack), at(mark.mean + mark.slack)];
            sheet.line(&bar, color, 1.4)?;
            sheet.marker(MARKERS[index], at(mark.mean), color)?;
        }
        labels.push(EndLabel {
            end: pixel(&panel, ends[1]),
            color,
            name: s.name.clone(),
            remark: formula(&s.line),
        });
    }
    ends::paint(sheet, LAYOUT.rect(), &labels)
}

fn slice(series: &[Series<'_>]) -> String {
    let header = ["point_id", "series", "n", "runs_count", "rounds_mean", "ci_lo", "ci_hi"];
    let mut csv = CsvText::new(&header);
    for s in series {
        for mark in &s.marks {
            csv.row([
                Cell::text(&mark.point.id),
                Cell::text(&s.name),
                Cell::number(mark.nodes),
                Cell::count(mark.runs),
                Cell::number(mark.mean),
                Cell::number(mark.mean - mark.slack),
                Cell::number(mark.mean + mark.slack),
            ]);
        }
    }
    csv.finish()
}
