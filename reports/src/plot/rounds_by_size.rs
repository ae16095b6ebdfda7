//! How rounds grow with the number of nodes: the mean of each size, a line fitted through them
//! over the logarithm, and the theory of push beside it.

use super::ends::{self, EndLabel};
use super::palette::{MARKERS, MUTED, SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, labels, left_out, pick, subject};
use super::sheet::{
    Drawn, Frame, MARGIN, Rect, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS, curve, pixel,
};
use super::{Chart, Drawing, Picture};
use crate::Error;
use crate::cell::{CsvText, number_cell, text_cell};
use crate::row::{Point, Runs, Tables};

pub(super) const CHART: Chart = Chart {
    name: "rounds-by-size",
    question: "How many rounds does a rumour take among more nodes?",
    draw,
};

const METRIC: &str = "rounds_99_count";
/// The parameters that follow from the size.
const SIZES: [&str; 3] = ["n", "f", "protocol_nodes"];
const PANEL: f64 = 330.0;
const LABELS: f64 = 240.0;
/// Two sides of a normal distribution beyond this hold 5 %.
const NORMAL_95: f64 = 1.96;

/// The runs of one size.
struct Mark {
    point_id: String,
    nodes: f64,
    runs: usize,
    mean: f64,
    /// Half of the 95 % interval of the mean.
    slack: f64,
}

/// A line over log₂ n: slope with its slack, and height at n = 1.
struct Fit {
    slope: f64,
    slack: f64,
    height: f64,
}

/// The sizes of one combination of everything else.
struct Series<'a> {
    point: &'a Point,
    name: String,
    marks: &'a [Mark],
    fit: Fit,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(metric) = runs.metric(METRIC) else {
        return Ok(Drawing::skipped(format!("runs.csv has no metric `{METRIC}`")));
    };
    let Some(size) = runs.param("n") else {
        return Ok(Drawing::skipped("runs.csv has no parameter `n`"));
    };
    let groups = groups(runs, size, metric);
    if groups.is_empty() {
        return Ok(Drawing::skipped("no line without three sizes of which runs reach 99 %"));
    }
    let chosen: Vec<_> = pick(groups.len(), SERIES_MAX).into_iter().map(|i| &groups[i]).collect();
    let first: Vec<&Point> = chosen.iter().map(|(point, _)| *point).collect();
    let names = labels(runs, &first, &SIZES);
    let series: Vec<Series<'_>> = chosen
        .into_iter()
        .zip(names)
        .map(|((point, marks), name)| Series { point, name, marks, fit: Fit::of(marks) })
        .collect();
    let frame = frame(&series);
    let svg = frame.paint(|sheet| paint(sheet, &series))?;
    let (name, title) = (frame.name, frame.title);
    let (description, caption) = (frame.description, frame.caption);
    let picture = Picture { name, title, description, caption, svg, slice: slice(&series) };
    Ok(Drawing { pictures: vec![picture], left_out: left_out(groups.len(), "curves") })
}

/// The points that differ in size only, by ascending size, with their means; at least three sizes.
fn groups(runs: &Runs, size: usize, metric: usize) -> Vec<(&Point, Vec<Mark>)> {
    let others = |i: &usize| !SIZES.contains(&runs.params[*i].as_str());
    let alike = |a: &Point, b: &Point| {
        a.protocol == b.protocol
            && a.fault_script == b.fault_script
            && (0..a.params.len()).filter(others).all(|i| a.params[i] == b.params[i])
    };
    let mut groups: Vec<(&Point, Vec<Mark>)> = Vec::new();
    for point in &runs.points {
        let Ok(nodes) = point.params[size].parse::<f64>() else { continue };
        let Some(mark) = Mark::of(point, nodes, metric) else { continue };
        match groups.iter_mut().find(|(first, _)| alike(first, point)) {
            Some((_, marks)) => marks.push(mark),
            None => groups.push((point, vec![mark])),
        }
    }
    for (_, marks) in &mut groups {
        marks.sort_by(|a, b| a.nodes.total_cmp(&b.nodes));
        marks.dedup_by(|a, b| a.nodes == b.nodes);
    }
    groups.retain(|(_, marks)| marks.len() > 2);
    groups
}

impl Mark {
    /// The mean over the runs of a point; `None` for fewer than two.
    fn of(point: &Point, nodes: f64, metric: usize) -> Option<Self> {
        let values: Vec<f64> = point.runs.iter().filter_map(|run| run.metrics[metric]).collect();
        if values.len() < 2 || nodes < 2.0 {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let slack = NORMAL_95 * (squares / (count - 1.0) / count).sqrt();
        Some(Self { point_id: point.id.clone(), nodes, runs: values.len(), mean, slack })
    }

    fn bits(&self) -> f64 {
        libm::log2(self.nodes)
    }
}

impl Fit {
    /// Least squares, with the slope's error from that of each mean.
    fn of(marks: &[Mark]) -> Self {
        let count = marks.len() as f64;
        let (x, y) = (
            marks.iter().map(Mark::bits).sum::<f64>() / count,
            marks.iter().map(|mark| mark.mean).sum::<f64>() / count,
        );
        let spread: f64 = marks.iter().map(|mark| (mark.bits() - x) * (mark.bits() - x)).sum();
        let joint: f64 = marks.iter().map(|mark| (mark.bits() - x) * (mark.mean - y)).sum();
        let error = marks.iter().map(|mark| (mark.bits() - x) * mark.slack / spread);
        let slack = error.map(|part| part * part).sum::<f64>().sqrt();
        let slope = joint / spread;
        Self { slope, slack, height: y - slope * x }
    }

    fn at(&self, bits: f64) -> f64 {
        self.height + self.slope * bits
    }

    fn formula(&self) -> String {
        let sign = if self.height < 0.0 { "−" } else { "+" };
        format!(
            "({} ± {}) log₂ n {sign} {}",
            rough(self.slope),
            rough(self.slack),
            rough(self.height.abs())
        )
    }
}

/// Rounds of push until all know it, but for a constant: log₂ n + ln n.
fn theory(bits: f64) -> f64 {
    bits + bits * std::f64::consts::LN_2
}

fn frame(series: &[Series<'_>]) -> Frame {
    let trends: Vec<String> =
        series.iter().map(|s| format!("{}: {}", s.name, s.fit.formula())).collect();
    let runs = series.iter().flat_map(|s| s.marks.iter().map(|mark| mark.runs as u64));
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Rounds until 99 % know: {}", subject(series.iter().map(|s| s.point))),
        description: format!("Rounds grow with the logarithm of n. {}.", trends.join("; ")),
        caption: format!(
            "Mean over N = {} runs of each size; bars: its 95 % interval (normal). Lines: least \
             squares over log₂ n, the slope with its 95 % interval. Runs that did not reach 99 % \
             count with the rounds that they had. Dashed: log₂ n + ln n, push until all know, but \
             for a constant.",
            counts(runs)
        ),
        body: PANEL + X_LABELS + 14.0,
    }
}

fn paint(sheet: &Sheet<'_>, series: &[Series<'_>]) -> Drawn {
    let rect = Rect {
        left: MARGIN + Y_LABELS,
        right: WIDTH - MARGIN - LABELS,
        top: TOP + 4.0,
        bottom: TOP + 4.0 + PANEL,
    };
    let marks = || series.iter().flat_map(|s| s.marks);
    let from = marks().map(Mark::bits).fold(f64::INFINITY, f64::min).floor();
    let to = marks().map(Mark::bits).fold(0.0, f64::max).ceil();
    let highest = marks().map(|mark| mark.mean + mark.slack).fold(theory(to), f64::max);
    let (x, y) = (Scale::linear(from, to, 10), Scale::linear(0.0, highest, 8));
    let mut panel = sheet.panel(rect, (&x, Some("nodes (log₂ n)")), (&y, "rounds until 99 %"))?;
    let dashes = [(from, theory(from)), (to, theory(to))];
    curve(&mut panel, &dashes, MUTED, 1.2, Some((6.0, 4.0)))?;
    let mut labels = vec![EndLabel {
        end: pixel(&panel, dashes[1]),
        color: MUTED,
        name: "log₂ n + ln n".to_owned(),
        remark: String::new(),
    }];
    for (index, s) in series.iter().enumerate() {
        let color = SERIES[index];
        let ends = [(from, s.fit.at(from)), (to, s.fit.at(to))];
        curve(&mut panel, &ends, color, 1.8, None)?;
        for mark in s.marks {
            let at = |rounds: f64| pixel(&panel, (mark.bits(), rounds));
            let bar = [at(mark.mean - mark.slack), at(mark.mean + mark.slack)];
            sheet.line(&bar, color, 1.4)?;
            sheet.marker(MARKERS[index], at(mark.mean), color)?;
        }
        labels.push(EndLabel {
            end: pixel(&panel, ends[1]),
            color,
            name: s.name.clone(),
            remark: s.fit.formula(),
        });
    }
    ends::paint(sheet, rect, &labels)
}

fn slice(series: &[Series<'_>]) -> String {
    let header = ["point_id", "series", "n", "runs_count", "rounds_mean", "ci_lo", "ci_hi"];
    let mut csv = CsvText::new(&header);
    for s in series {
        for mark in s.marks {
            csv.row(&[
                text_cell(&mark.point_id).into_owned(),
                text_cell(&s.name).into_owned(),
                number_cell(Some(mark.nodes)),
                mark.runs.to_string(),
                number_cell(Some(mark.mean)),
                number_cell(Some(mark.mean - mark.slack)),
                number_cell(Some(mark.mean + mark.slack)),
            ]);
        }
    }
    csv.finish()
}
