//! What bargains come to: mean worth against the worth to the worst off, beside the outcomes that
//! were to be had.

use super::ends::{self, EndLabel};
use super::fan::Steps;
use super::palette::{MUTED, Marker, SERIES};
use super::pictured::{Pictured, each_point};
use super::scale::{Scale, number, rough};
use super::series::with_curve;
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing, Picture};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Tables};
use crate::stats::Proportion;
use std::collections::BTreeMap;

pub(super) const CHART: Chart = Chart {
    name: "welfare",
    question: "How good is what was agreed on, and for whom?",
    table: "series.csv",
    feeds: &[AGREED, FRONTIER],
    draw,
};

const AGREED: &str = "welfare";
const FRONTIER: &str = "welfare_frontier";
/// The solutions: the curve, its name, its mark.
const SOLUTIONS: [(&str, &str, Marker); 2] = [
    ("welfare_nash", "Nash", Marker::Diamond),
    ("welfare_kalai_smorodinsky", "Kalai–Smorodinsky", Marker::Triangle),
];
/// The runs of which the frontier is drawn, and those of which the outcomes are.
const LINES_MAX: usize = 12;
const RUNS_MAX: usize = 60;
const LAYOUT: Single = Single { head: 0.0, height: 400.0, names: 200.0 };

/// By run, its points of one curve.
type Runs = BTreeMap<u64, Steps>;

/// One point's picture in the making.
struct View<'a> {
    of: Pictured<'a>,
    agreed: Runs,
    solutions: [Runs; 2],
    lines: Lines,
}

/// The outcomes that no other beats in both respects.
#[derive(Default)]
struct Lines {
    /// From left to right, each line once; as many as are drawn.
    drawn: Vec<Steps>,
    /// How many different ones there are.
    count: usize,
    /// In how many runs one outcome is the best in both respects, which makes no line.
    alone: usize,
}

impl Lines {
    fn of<'a>(frontiers: impl Iterator<Item = &'a Steps>) -> Self {
        let mut lines = Self::default();
        for line in frontiers.map(undominated) {
            if line.len() < 2 {
                lines.alone += 1;
            } else if !lines.drawn.contains(&line) {
                lines.drawn.push(line);
            }
        }
        lines.count = lines.drawn.len();
        lines.drawn.truncate(LINES_MAX);
        lines
    }

    fn note(&self) -> String {
        let best = "one outcome is the best in both respects";
        let alone = match (self.count, self.alone) {
            (_, 0) => String::new(),
            (0, _) => format!(" In each run {best}, so there is no line."),
            (_, alone) => format!(" In {alone} runs {best}."),
        };
        let lines = match self.count {
            0 => String::new(),
            1 => " Line: the outcomes that none beats in both respects.".to_owned(),
            many => format!(
                " Thin lines: the outcomes that none beats in both respects, {} of {many} different \
                 ones.",
                self.drawn.len()
            ),
        };
        lines + &alone
    }
}

fn runs(tables: &Tables, point: &Point, curve: &str) -> Runs {
    let mut runs = Runs::new();
    for row in tables.series.iter().filter(|row| row.curve == curve && row.point_id == point.id) {
        runs.entry(row.run_id).or_default().push((row.x, row.y));
    }
    runs
}

/// Those that no other beats in both respects, from left to right.
fn undominated(points: &Steps) -> Steps {
    let beats = |a: &(f64, f64), b: &(f64, f64)| a != b && a.0 >= b.0 && a.1 >= b.1;
    let best = points.iter().filter(|one| !points.iter().any(|other| beats(other, one)));
    let mut best: Steps = best.copied().collect();
    best.sort_by(|a, b| a.0.total_cmp(&b.0));
    best.dedup();
    best
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let points = with_curve(tables, AGREED);
    if points.is_empty() {
        return Ok(Drawing::lacks_curve(AGREED));
    }
    each_point(&tables.runs, (CHART.name, points), |of| View::of(tables, of).picture())
}

impl<'a> View<'a> {
    fn of(tables: &'a Tables, of: Pictured<'a>) -> Self {
        Self {
            agreed: runs(tables, of.point, AGREED),
            solutions: SOLUTIONS.map(|(curve, ..)| runs(tables, of.point, curve)),
            lines: Lines::of(runs(tables, of.point, FRONTIER).values()),
            of,
        }
    }

    fn shown(runs: &Runs) -> impl Iterator<Item = &(f64, f64)> {
        runs.values().take(RUNS_MAX).flatten()
    }

    /// An axis from the tenth below the least of all that is drawn to 1.
    fn axis(&self, of: fn(&(f64, f64)) -> f64) -> Scale {
        let marks = self.solutions.iter().chain([&self.agreed]).flat_map(Self::shown);
        let all = marks.chain(self.lines.drawn.iter().flatten()).map(of);
        let least = all.fold(1.0, f64::min);
        Scale::linear(((least * 10.0).floor() / 10.0).clamp(0.0, 0.9), 1.0, 6)
    }

    /// In how many runs a solution's outcome was agreed on.
    fn met(&self, solution: &Runs) -> Proportion {
        let met = self.agreed.iter().filter(|(run, agreed)| solution.get(*run) == Some(*agreed));
        Proportion { hits: met.count() as u64, total: self.agreed.len() as u64 }
    }

    fn picture(&self) -> Result<Picture, Error> {
        let count = self.agreed.len();
        let mean = |of: fn(&(f64, f64)) -> f64| {
            let values = self.agreed.values().flatten().map(of);
            values.sum::<f64>() / count.max(1) as f64
        };
        let met = SOLUTIONS.iter().zip(&self.solutions).map(|((_, name, _), solution)| {
            format!("as good as {name}'s in {}", self.met(solution).text())
        });
        let lines = self.lines.note();
        let runs = self.of.point.runs.len();
        let shown = match count > RUNS_MAX {
            true => format!(" The first {RUNS_MAX} are drawn."),
            false => String::new(),
        };
        let frame = Frame {
            name: self.of.name.clone(),
            title: self.of.title("What was agreed on"),
            description: format!(
                "{} of {runs} runs agreed: mean worth {}, worth to the worst off {}; {}.",
                number(count as f64),
                rough(mean(|at| at.0)),
                rough(mean(|at| at.1)),
                met.collect::<Vec<_>>().join(", ")
            ),
            caption: format!(
                "N = {count} agreements in {runs} runs, one circle each, so there are no intervals.\
                 {shown}{lines} Worths are shares of the most that an outcome can be worth; runs \
                 without agreement are left out."
            ),
            body: LAYOUT.body(),
        };
        frame.picture(self.slice(), |sheet| self.paint(sheet))
    }

    fn paint(&self, sheet: &Sheet<'_>) -> Drawn {
        let (x, y) = (self.axis(|at| at.0), self.axis(|at| at.1));
        let names = ("mean worth (0–1)", "worth to the worst off (0–1)");
        let mut panel = LAYOUT.panel(sheet, (&x, names.0), (&y, names.1))?;
        let mut labels = Vec::new();
        let width = if self.lines.count > 1 { 0.6 } else { 1.6 };
        for frontier in &self.lines.drawn {
            curve(&mut panel, frontier, MUTED, width, None)?;
        }
        if let Some(end) = self.lines.drawn.first().and_then(|frontier| frontier.last()) {
            labels.push(EndLabel::plain(pixel(&panel, *end), MUTED, "Pareto line"));
        }
        for (index, ((_, name, marker), solution)) in
            SOLUTIONS.iter().zip(&self.solutions).enumerate()
        {
            let color = SERIES[1 + index];
            for at in Self::shown(solution) {
                sheet.marker(*marker, pixel(&panel, *at), color)?;
            }
            if let Some(at) = Self::shown(solution).last() {
                labels.push(EndLabel::plain(pixel(&panel, *at), color, *name));
            }
        }
        for at in Self::shown(&self.agreed) {
            let (x, y) = pixel(&panel, *at);
            let ring: Vec<(f64, f64)> = RING.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
            sheet.line(&ring, SERIES[0], 1.2)?;
        }
        if let Some(at) = Self::shown(&self.agreed).last() {
            labels.push(EndLabel::plain(pixel(&panel, *at), SERIES[0], "agreed"));
        }
        ends::paint(sheet, LAYOUT.rect(), &labels)
    }

    fn slice(&self) -> String {
        let header = ["point_id", "what", "run_id", "welfare_mean_ratio", "welfare_min_ratio"];
        let mut csv = CsvText::new(&header);
        let id = Cell::text(&self.of.point.id);
        let named = SOLUTIONS.iter().map(|(curve, ..)| *curve).zip(&self.solutions);
        for (what, runs) in std::iter::once((AGREED, &self.agreed)).chain(named) {
            for (run, (x, y)) in
                runs.iter().flat_map(|(run, steps)| steps.iter().map(move |at| (run, at)))
            {
                let (x, y) = (Cell::number(*x), Cell::number(*y));
                csv.row([id.clone(), Cell::text(what), Cell::count(*run), x, y]);
            }
        }
        for (line, frontier) in self.lines.drawn.iter().enumerate() {
            let what = Cell::text(&format!("{FRONTIER}-{}", line + 1));
            for (x, y) in frontier {
                let (x, y) = (Cell::number(*x), Cell::number(*y));
                csv.row([id.clone(), what.clone(), Cell::text(""), x, y]);
            }
        }
        csv.finish()
    }
}

/// An open circle around a point, in pixels.
const RING: [(f64, f64); 9] = [
    (0.0, -6.0),
    (4.2, -4.2),
    (6.0, 0.0),
    (4.2, 4.2),
    (0.0, 6.0),
    (-4.2, 4.2),
    (-6.0, 0.0),
    (-4.2, -4.2),
    (0.0, -6.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_outcome_is_the_best_there_is_no_line_and_lines_are_drawn_of_the_other_runs() {
        let alone = vec![(0.5, 0.4), (0.4, 0.3)];
        let pair = |x: f64| vec![(x, 0.4), (x + 0.1, 0.3), (x, 0.2)];
        let runs: Vec<Steps> = (0..40)
            .map(|run| if run < 20 { alone.clone() } else { pair(f64::from(run) / 100.0) })
            .collect();
        let lines = Lines::of(runs.iter());
        assert_eq!((lines.drawn.len(), lines.count, lines.alone), (LINES_MAX, 20, 20));
        assert!(lines.drawn.iter().all(|line| line.len() == 2), "what is drawn is seen");
        assert!(lines.note().contains("12 of 20 different ones. In 20 runs one outcome"));
        let none = Lines::of(runs.iter().take(5));
        assert!(none.drawn.is_empty() && none.note().contains("so there is no line"));
    }

    #[test]
    fn the_line_has_what_none_beats_in_both_respects_from_left_to_right() {
        let points = vec![(0.5, 0.2), (0.4, 0.4), (0.4, 0.3), (0.6, 0.1), (0.5, 0.2), (0.3, 0.4)];
        assert_eq!(undominated(&points), [(0.4, 0.4), (0.5, 0.2), (0.6, 0.1)]);
    }
}
