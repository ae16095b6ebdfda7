//! What each defence stops: how much of each attack succeeds, by which defences stand.
//!
//! A matrix whose cells are filled by the share, and have it in figures: nothing seen is an empty
//! cell with a 0, and where nothing was attempted the cell is hatched.

use super::label;
use super::palette::{INK, MUTED, SERIES};
use super::series::{counts, index_of, subject};
use super::sheet::{Anchor, Drawn, Frame, LINE, MARGIN, Rect, SMALL, Sheet, TOP, WIDTH};
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Runs, Tables};
use crate::stats::{Interval, MeanShare, percent};

pub(super) const CHART: Chart = Chart {
    name: "defences",
    question: "How much of each attack succeeds, with which defences?",
    table: "runs.csv",
    feeds: &[METRIC],
    draw,
};

const METRIC: &str = "attack_success_ratio";
/// How the parameters of the columns and of the rows end.
const ATTACK: &str = "_attack";
const DEFENCES: &str = "_defences";

/// Room for the names of the rows.
const ROW_LABELS: f64 = 200.0;
const CELL_HEIGHT: f64 = 24.0;
/// The greatest width of a cell.
const CELL_WIDTH: f64 = 110.0;
/// The most room for the name of a column.
const NAME_WIDTH: f64 = 160.0;
/// More columns or rows than these are not drawn.
const COLUMNS_MAX: usize = 14;
const ROWS_MAX: usize = 40;
/// How strongly a cell is filled of which everything succeeded.
const FILLED: f64 = 0.55;

/// The runs under one attack and one set of defences; shares of what was attempted.
#[derive(Clone, Default)]
struct Success {
    shares: MeanShare,
    runs: u64,
}

/// The matrix: `cells[row][column]`, `None` where nothing was run.
#[derive(Default)]
struct Matrix {
    attacks: Vec<String>,
    defences: Vec<String>,
    cells: Vec<Vec<Option<Success>>>,
}

impl Matrix {
    fn of(runs: &Runs, [attack, defences]: [usize; 2], metric: usize) -> Self {
        let mut matrix = Self::default();
        for point in &runs.points {
            let column = index_of(&mut matrix.attacks, &point.params[attack]);
            let row = index_of(&mut matrix.defences, &point.params[defences]);
            matrix.cells.resize_with(matrix.defences.len(), Vec::new);
            let cells = &mut matrix.cells[row];
            if cells.len() <= column {
                cells.resize_with(column + 1, || None);
            }
            let cell = cells[column].get_or_insert_default();
            for share in point.runs.iter().filter_map(|run| run.metrics[metric]) {
                cell.shares.record(share);
                cell.runs += 1;
            }
        }
        matrix
    }

    fn cell(&self, row: usize, column: usize) -> Option<&Success> {
        self.cells[row].get(column)?.as_ref().filter(|cell| cell.runs > 0)
    }

    /// All that there is, with the places.
    fn all(&self) -> impl Iterator<Item = (&str, &str, &Success)> {
        self.defences.iter().enumerate().flat_map(move |(row, defences)| {
            self.attacks.iter().enumerate().filter_map(move |(column, attack)| {
                Some((defences.as_str(), attack.as_str(), self.cell(row, column)?))
            })
        })
    }

    fn slice(&self) -> String {
        let mut csv = CsvText::new(&["defences", "attack", "runs_count", "mean", "ci_lo", "ci_hi"]);
        for (defences, attack, cell) in self.all() {
            let Interval { lo, hi } =
                cell.shares.interval().unwrap_or(Interval { lo: None, hi: None });
            csv.row([
                Cell::text(defences),
                Cell::text(attack),
                Cell::count(cell.runs),
                Cell::number(cell.shares.mean()),
                Cell::number(lo),
                Cell::number(hi),
            ]);
        }
        csv.finish()
    }

    /// How many of a row's cells are without any success, in words.
    fn description(&self) -> String {
        let rows = self.defences.iter().enumerate().map(|(row, defences)| {
            let cells = (0..self.attacks.len()).filter_map(|column| self.cell(row, column));
            let cells: Vec<&Success> = cells.collect();
            let stopped =
                cells.iter().filter(|cell| cell.shares.mean().is_some_and(|mean| mean <= 0.0));
            format!("{defences}: {} of {}", stopped.count(), cells.len())
        });
        format!(
            "Share of attempts that succeed, by defences and attack. Attacks without any success, \
             {}.",
            rows.collect::<Vec<_>>().join("; ")
        )
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(metric) = runs.metrics.iter().position(|metric| metric == METRIC) else {
        return Ok(Drawing::lacks_column(METRIC));
    };
    let param = |ending: &str| runs.params.iter().position(|param| param.ends_with(ending));
    let (Some(attack), Some(defences)) = (param(ATTACK), param(DEFENCES)) else {
        return Ok(Drawing::skipped(format!(
            "runs.csv has no parameters that end in `{ATTACK}` and `{DEFENCES}`"
        )));
    };
    let matrix = Matrix::of(runs, [attack, defences], metric);
    if matrix.all().next().is_none() {
        return Ok(Drawing::skipped(format!("nothing was attempted: `{METRIC}` is empty")));
    }
    let grid = Grid::of(&matrix);
    let left_out =
        (grid.columns < matrix.attacks.len() || grid.rows < matrix.defences.len()).then(|| {
            format!(
                "{} of {} attacks and {} of {} sets of defences are drawn; all are in points.csv",
                grid.columns,
                matrix.attacks.len(),
                grid.rows,
                matrix.defences.len()
            )
        });
    let points = || runs.points.iter().filter(|point: &&Point| !point.runs.is_empty());
    let frame = Frame {
        name: CHART.name.to_owned(),
        title: format!("What each defence stops: {}", subject(points())),
        description: matrix.description(),
        caption: format!(
            "Share of attempts that succeed, in percent: the mean over N = {} runs of a cell, each \
             with a share of its own; its 95 % intervals are in the figure's data. A cell is filled as \
             much as succeeds; 0: no attempt succeeded in any run. Hatched: not run, or nothing was \
             attempted.",
            counts(matrix.all().map(|(.., cell)| cell.runs).collect::<Vec<_>>().into_iter()),
        ),
        body: grid.height(),
    };
    let picture = frame.picture(matrix.slice(), |sheet| paint(sheet, &matrix, &grid))?;
    Ok(Drawing { pictures: vec![picture], left_out })
}

/// Where the cells are.
struct Grid {
    columns: usize,
    rows: usize,
    cell_width: f64,
    header: Vec<Heading>,
}

/// The name of a column, over its middle as far as there is room, above those that it would touch.
struct Heading {
    name: String,
    x: f64,
    lane: usize,
}

impl Grid {
    fn of(matrix: &Matrix) -> Self {
        let columns = matrix.attacks.len().min(COLUMNS_MAX);
        let rows = matrix.defences.len().min(ROWS_MAX);
        let room = WIDTH - 2.0 * MARGIN - ROW_LABELS;
        let cell_width = (room / columns as f64).min(CELL_WIDTH);
        let named = |(column, name): (usize, &String)| {
            let name = label::shorten(&label::clean(name), SMALL, NAME_WIDTH);
            let half = label::width(&name, SMALL) / 2.0;
            let middle = MARGIN + ROW_LABELS + (column as f64 + 0.5) * cell_width;
            (middle.min(WIDTH - MARGIN - half), half, name)
        };
        let named: Vec<_> = matrix.attacks.iter().take(columns).enumerate().map(named).collect();
        let extents: Vec<_> = named.iter().map(|(x, half, _)| (x - half, x + half)).collect();
        let lanes = label::lanes(&extents, 6.0);
        let heading = |((x, _, name), lane)| Heading { name, x, lane };
        let header = named.into_iter().zip(lanes).map(heading).collect();
        Self { columns, rows, cell_width, header }
    }

    fn header_height(&self) -> f64 {
        let lanes = self.header.iter().map(|heading| heading.lane + 1).max().unwrap_or(1);
        lanes as f64 * LINE + 8.0
    }

    fn height(&self) -> f64 {
        self.header_height() + self.rows as f64 * CELL_HEIGHT + 16.0
    }
}

fn paint(sheet: &Sheet<'_>, matrix: &Matrix, grid: &Grid) -> Drawn {
    let header = grid.header_height();
    for Heading { name, x, lane } in &grid.header {
        let y = TOP + header - 4.0 - (*lane as f64 + 0.5) * LINE;
        sheet.text((*x, y), name, SMALL, INK, Anchor::Middle)?;
    }
    for (row, defences) in matrix.defences.iter().enumerate().take(grid.rows) {
        let top = TOP + header + row as f64 * CELL_HEIGHT;
        let name = label::shorten(&label::clean(defences), SMALL, ROW_LABELS - 14.0);
        let at = (MARGIN + ROW_LABELS - 8.0, top + CELL_HEIGHT / 2.0);
        sheet.text(at, &name, SMALL, INK, Anchor::End)?;
        for column in 0..grid.columns {
            let left = MARGIN + ROW_LABELS + column as f64 * grid.cell_width;
            let rect = Rect {
                left: left + 1.0,
                right: left + grid.cell_width - 1.0,
                top: top + 1.0,
                bottom: top + CELL_HEIGHT - 1.0,
            };
            paint_cell(sheet, rect, matrix.cell(row, column))?;
        }
    }
    Ok(())
}

fn paint_cell(sheet: &Sheet<'_>, rect: Rect, cell: Option<&Success>) -> Drawn {
    let Rect { left, top, right, bottom } = rect;
    let Some(mean) = cell.and_then(|cell| cell.shares.mean()) else {
        return sheet.hatch(rect);
    };
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    if mean > 0.0 {
        sheet.fill(&corners, SERIES[1], FILLED * mean)?;
    }
    let (text, ink) = if mean > 0.0 { (percent(mean), INK) } else { ("0".to_owned(), MUTED) };
    let middle = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    sheet.text(middle, &text, SMALL, ink, Anchor::Middle)
}
