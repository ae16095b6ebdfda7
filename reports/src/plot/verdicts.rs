//! Which protocol survives what: one cell per protocol and fault script.
//!
//! A glyph says how the cell's runs were judged, a number how many, and a bound what so many runs
//! can show. The worst verdict decides the glyph: one unsafe run among a thousand is the news.

use super::glyph::Glyph;
use super::label;
use super::palette::{INK, MUTED};
use super::series::{distinguishing, index_of, settings, subject};
use super::shares;
use super::sheet::{Anchor, Drawn, Frame, LINE, MARGIN, Rect, SMALL, Sheet, TOP, WIDTH};
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Runs, Tables, Verdict};
use crate::stats::Proportion;

pub(super) const CHART: Chart = Chart {
    name: "verdicts",
    question: "Which protocol survives what?",
    table: "runs.csv",
    feeds: &["verdict"],
    draw,
};

/// Room for the protocols' names.
const ROW_LABELS: f64 = 140.0;
/// The least width of a cell.
const CELL_WIDTH: f64 = 98.0;
/// The height of a cell: three lines.
const CELL_HEIGHT: f64 = 60.0;
/// The most lines of a column's name.
const HEADER_LINES: usize = 4;
/// More columns than this are not drawn: the picture would be longer than anyone reads.
const COLUMNS_MAX: usize = 48;

/// The runs of one protocol in one column.
#[derive(Default)]
struct Tally {
    counts: [u64; Verdict::ALL.len()],
    unsafe_exceeded: u64,
    total: u64,
}

impl Tally {
    fn add(&mut self, point: &Point) {
        for run in &point.runs {
            self.counts[run.verdict as usize] += 1;
            self.unsafe_exceeded += u64::from(run.verdict == Verdict::Unsafe && run.exceeded);
            self.total += 1;
        }
    }

    fn count(&self, verdict: Verdict) -> u64 {
        self.counts[verdict as usize]
    }

    /// The verdict that decides the glyph: the worst that occurred.
    fn headline(&self) -> (Glyph, Verdict) {
        let severity = [
            Verdict::Nondeterministic,
            Verdict::Panicked,
            Verdict::Unsafe,
            Verdict::Stalled,
            Verdict::Inconclusive,
        ];
        let worst = severity.into_iter().find(|&verdict| self.count(verdict) > 0);
        match worst {
            Some(Verdict::Unsafe) if self.unsafe_exceeded == self.count(Verdict::Unsafe) => {
                (Glyph::Exceeded, Verdict::Unsafe)
            }
            Some(Verdict::Stalled) => (Glyph::Stalled, Verdict::Stalled),
            Some(Verdict::Inconclusive) => (Glyph::Unknown, Verdict::Inconclusive),
            Some(verdict) => (Glyph::Fail, verdict),
            None => (Glyph::Pass, Verdict::Pass),
        }
    }

    /// The three lines of a cell.
    fn lines(&self) -> [String; 3] {
        let (_, verdict) = self.headline();
        let hits = Proportion { hits: self.count(verdict), total: self.total };
        // Where all passed, what matters is how many failures so many runs could have missed.
        let bound = if verdict == Verdict::Pass {
            format!("others {}", Proportion { hits: 0, total: self.total }.bound())
        } else {
            hits.bound()
        };
        let word = match verdict {
            Verdict::Nondeterministic => "irreproducible",
            other => other.word(),
        };
        [format!("{}/{}", hits.hits, hits.total), word.to_owned(), bound]
    }
}

/// The matrix: `cells[row][column]`, `None` where nothing was run.
struct Matrix {
    rows: Vec<String>,
    columns: Vec<String>,
    cells: Vec<Vec<Option<Tally>>>,
}

impl Matrix {
    fn of(runs: &Runs) -> Self {
        let points = &runs.points;
        let scripts = points.windows(2).any(|pair| pair[0].fault_script != pair[1].fault_script);
        let all: Vec<&Point> = points.iter().collect();
        let varying = distinguishing(runs, &all, &[]);
        let column_of = |point: &Point| match (scripts, varying.is_empty()) {
            (false, false) => settings(runs, point, &varying),
            _ if point.fault_script.is_empty() => "no fault script".to_owned(),
            _ => point.fault_script.clone(),
        };
        let mut matrix = Self { rows: Vec::new(), columns: Vec::new(), cells: Vec::new() };
        for point in points {
            let row = index_of(&mut matrix.rows, &point.protocol);
            let column = index_of(&mut matrix.columns, &column_of(point));
            matrix.cells.resize_with(matrix.rows.len(), Vec::new);
            let cells = &mut matrix.cells[row];
            if cells.len() <= column {
                cells.resize_with(column + 1, || None);
            }
            cells[column].get_or_insert_default().add(point);
        }
        matrix
    }

    fn cell(&self, row: usize, column: usize) -> Option<&Tally> {
        self.cells[row].get(column)?.as_ref()
    }

    fn slice(&self) -> String {
        let mut header = vec!["protocol", "column", "runs_count"];
        let words = Verdict::ALL.map(|verdict| format!("{verdict}_count"));
        header.extend(words.iter().map(String::as_str));
        header.extend(["unsafe_exceeded_count", "headline", "share", "ci_lo", "ci_hi"]);
        let mut csv = CsvText::new(&header);
        for (row, protocol) in self.rows.iter().enumerate() {
            for (column, name) in self.columns.iter().enumerate() {
                let Some(cell) = self.cell(row, column) else { continue };
                let (_, headline) = cell.headline();
                let rate = Proportion { hits: cell.count(headline), total: cell.total };
                let mut cells =
                    vec![Cell::text(protocol), Cell::text(name), Cell::count(cell.total)];
                cells.extend(cell.counts.map(Cell::count));
                cells.extend([Cell::count(cell.unsafe_exceeded), Cell::text(headline.word())]);
                cells.extend(shares::cells(rate));
                csv.row(cells);
            }
        }
        csv.finish()
    }

    fn description(&self, columns: usize) -> String {
        let mut failing = Vec::new();
        let mut cells = 0;
        for (row, protocol) in self.rows.iter().enumerate() {
            for (column, name) in self.columns.iter().enumerate().take(columns) {
                let Some(cell) = self.cell(row, column) else { continue };
                cells += 1;
                let (_, verdict) = cell.headline();
                if verdict != Verdict::Pass {
                    let [count, word, bound] = cell.lines();
                    failing.push(format!("{protocol} at {name}: {count} {word} ({bound})"));
                }
            }
        }
        let passing = cells - failing.len();
        let more = failing.len().saturating_sub(8);
        failing.truncate(8);
        let mut text = format!("All runs pass in {passing} of {cells} cells.");
        if !failing.is_empty() {
            text = format!("{text} Not so: {}.", failing.join("; "));
        }
        if more > 0 {
            text = format!("{text} And {more} more.");
        }
        text
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    if tables.runs.points.is_empty() {
        return Ok(Drawing::skipped("runs.csv has no rows"));
    }
    let matrix = Matrix::of(&tables.runs);
    let columns = matrix.columns.len().min(COLUMNS_MAX);
    let left_out = (columns < matrix.columns.len()).then(|| {
        format!("{columns} of {} columns are drawn; all are in points.csv", matrix.columns.len())
    });
    let grid = Grid::of(&matrix, columns);
    let frame = Frame {
        name: CHART.name.to_owned(),
        title: format!("Verdicts: {}", subject(tables.runs.points.iter())),
        description: matrix.description(columns),
        caption: "Each cell: the worst verdict that occurred, in how many of the runs, and the \
                  95 % Wilson interval of its rate; where all runs passed, the upper bound of the \
                  rate of all other verdicts. Hatched: not run."
            .to_owned(),
        body: grid.height(matrix.rows.len()),
    };
    let picture = frame.picture(matrix.slice(), |sheet| paint(sheet, &matrix, &grid))?;
    Ok(Drawing { pictures: vec![picture], left_out })
}

/// Where the cells are. Columns that do not fit side by side continue in a further band below.
struct Grid {
    columns: usize,
    per_band: usize,
    cell_width: f64,
    header: Vec<Vec<String>>,
}

impl Grid {
    fn of(matrix: &Matrix, columns: usize) -> Self {
        let room = WIDTH - 2.0 * MARGIN - ROW_LABELS;
        let fitting = (room / CELL_WIDTH).floor() as usize;
        let bands = columns.div_ceil(fitting);
        let per_band = columns.div_ceil(bands);
        let cell_width = (room / per_band as f64).min(180.0);
        let wrap =
            |name: &String| label::wrap(&label::clean(name), SMALL, cell_width - 8.0, HEADER_LINES);
        let header = matrix.columns.iter().take(columns).map(wrap).collect();
        Self { columns, per_band, cell_width, header }
    }

    fn bands(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        (0..self.columns)
            .step_by(self.per_band)
            .map(|first| first..(first + self.per_band).min(self.columns))
    }

    fn header_height(&self, band: &std::ops::Range<usize>) -> f64 {
        let lines = band.clone().map(|column| self.header[column].len()).max().unwrap_or(1);
        lines as f64 * LINE + 6.0
    }

    fn height(&self, rows: usize) -> f64 {
        let band = |band: std::ops::Range<usize>| {
            self.header_height(&band) + rows as f64 * CELL_HEIGHT + 14.0
        };
        self.bands().map(band).sum::<f64>() + 30.0
    }
}

fn paint(sheet: &Sheet<'_>, matrix: &Matrix, grid: &Grid) -> Drawn {
    let mut y = TOP;
    for band in grid.bands() {
        let header = grid.header_height(&band);
        for (place, column) in band.clone().enumerate() {
            let x = MARGIN + ROW_LABELS + (place as f64 + 0.5) * grid.cell_width;
            let lines = &grid.header[column];
            for (index, line) in lines.iter().enumerate() {
                let up = (lines.len() - index) as f64 - 0.5;
                let at = (x, y + header - 4.0 - up * LINE);
                sheet.text(at, line, SMALL, INK, Anchor::Middle)?;
            }
        }
        y += header;
        for (row, protocol) in matrix.rows.iter().enumerate() {
            let name = label::wrap(&label::clean(protocol), 13.0, ROW_LABELS - 12.0, 3);
            for (index, line) in name.iter().enumerate() {
                let middle = y + CELL_HEIGHT / 2.0;
                let down = index as f64 - (name.len() as f64 - 1.0) / 2.0;
                let at = (MARGIN + ROW_LABELS - 10.0, middle + down * LINE);
                sheet.text(at, line, 13.0, INK, Anchor::End)?;
            }
            for (place, column) in band.clone().enumerate() {
                let left = MARGIN + ROW_LABELS + place as f64 * grid.cell_width;
                let rect = Rect {
                    left: left + 1.5,
                    right: left + grid.cell_width - 1.5,
                    top: y + 1.5,
                    bottom: y + CELL_HEIGHT - 1.5,
                };
                paint_cell(sheet, rect, matrix.cell(row, column))?;
            }
            y += CELL_HEIGHT;
        }
        y += 14.0;
    }
    legend(sheet, y + 6.0)
}

fn paint_cell(sheet: &Sheet<'_>, rect: Rect, cell: Option<&Tally>) -> Drawn {
    let Rect { left, top, right, bottom } = rect;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    let middle = f64::midpoint(top, bottom);
    let Some(cell) = cell else {
        sheet.hatch(rect)?;
        return sheet.text(
            (f64::midpoint(left, right), middle),
            "not run",
            SMALL,
            MUTED,
            Anchor::Middle,
        );
    };
    let (glyph, _) = cell.headline();
    sheet.fill(&corners, glyph.color(), 0.09)?;
    glyph.paint(sheet, (left + 13.0, middle))?;
    let x = left + 26.0;
    let [count, word, bound] = cell.lines();
    let room = right - x - 2.0;
    for (index, (line, size, ink)) in
        [(count, 13.0, INK), (word, 11.0, INK), (bound, 11.0, MUTED)].into_iter().enumerate()
    {
        let at = (x, middle + (index as f64 - 1.0) * 15.5);
        sheet.text(at, &label::shorten(&line, size, room), size, ink, Anchor::Start)?;
    }
    Ok(())
}

fn legend(sheet: &Sheet<'_>, y: f64) -> Drawn {
    let entries = [
        (Glyph::Pass, "all runs pass"),
        (Glyph::Fail, "unsafe, panicked or irreproducible"),
        (Glyph::Exceeded, "unsafe only beyond its assumptions"),
        (Glyph::Stalled, "stalled"),
        (Glyph::Unknown, "inconclusive"),
    ];
    let mut x = MARGIN + 10.0;
    for (glyph, text) in entries {
        glyph.paint(sheet, (x, y))?;
        sheet.text((x + 14.0, y), text, SMALL, INK, Anchor::Start)?;
        x += 14.0 + label::width(text, SMALL) + 26.0;
    }
    Ok(())
}
