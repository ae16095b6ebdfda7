//! How long a stolen key works: the median by when its victim noticed. Nobody can know before he
//! does, so what lies above the dashed line is the time that the news took.

use super::ends::{self, EndLabel};
use super::palette::{MARKERS, MUTED, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, labels, lines, subject};
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Tables};
use crate::stats::{CensoredSample, Interval};

pub(super) const CHART: Chart = Chart {
    name: "exposure",
    question: "How long does a stolen key work, by when the theft is noticed?",
    table: "runs.csv",
    feeds: &[METRIC],
    draw,
};

/// How the parameter on the horizontal axis ends.
const NOTICED: &str = "_theft_noticed_ms";
const METRIC: &str = "exposure_ms";
const LAYOUT: Single = Single { head: 0.0, height: 360.0, names: 210.0 };

/// One way of telling the others.
struct Series<'a> {
    point: &'a Point,
    name: String,
    marks: Vec<Mark>,
}

/// The runs of which the victim noticed after so long.
struct Mark {
    point_id: String,
    noticed: f64,
    runs: u64,
    /// `None` if half of the keys still worked at the end.
    median: Option<f64>,
    interval: Interval,
}

impl Mark {
    /// The ends of the interval, as far as they are known.
    fn ends(&self) -> impl Iterator<Item = f64> {
        [self.interval.lo, self.interval.hi, self.median].into_iter().flatten()
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(column) = runs.column(METRIC) else {
        return Ok(Drawing::lacks_column(METRIC));
    };
    let Some(param) = runs.params.iter().position(|param| param.ends_with(NOTICED)) else {
        return Ok(Drawing::skipped(format!("runs.csv has no parameter that ends in `{NOTICED}`")));
    };
    let lines = match lines(runs, param) {
        Ok(lines) => lines,
        Err(reason) => return Ok(Drawing::skipped(reason)),
    };
    let mark = |&(noticed, point): &(f64, &Point)| {
        let sample =
            CensoredSample::new(point.runs.iter().filter_map(|run| run.observation(column)));
        let median = sample.quantile(0.5).ok()?;
        Some(Mark {
            point_id: point.id.clone(),
            noticed,
            runs: sample.len() as u64,
            median,
            interval: sample.quantile_interval(0.5),
        })
    };
    let names = labels(runs, &lines.first(), &[&runs.params[param]]);
    let series: Vec<Series<'_>> = lines
        .things
        .iter()
        .zip(names)
        .map(|(line, name)| {
            let marks = line.iter().filter_map(mark).collect();
            Series { point: line[0].1, name, marks }
        })
        .filter(|series| !series.marks.is_empty())
        .collect();
    if series.is_empty() {
        return Ok(Drawing::skipped("no key was stolen"));
    }
    let frame = frame(&series, &lines.note());
    let picture = frame.picture(slice(&series), |sheet| paint(sheet, &series))?;
    Ok(Drawing::single(picture, lines.left_out()))
}

/// A median in words.
fn told(mark: &Mark) -> String {
    match mark.median {
        Some(median) => format!("{} ms", rough(median)),
        None => "no end in half of the runs".to_owned(),
    }
}

fn frame(series: &[Series<'_>], note: &str) -> Frame {
    let marks = || series.iter().flat_map(|series| &series.marks);
    let trends = series.iter().map(|series| {
        let each =
            series.marks.iter().map(|mark| format!("{} at {}", told(mark), rough(mark.noticed)));
        format!("{}: {}", series.name, each.collect::<Vec<_>>().join(", "))
    });
    let endless = match marks().filter(|mark| mark.median.is_none()).count() {
        0 => String::new(),
        marks => {
            format!(" Without a mark: {marks} where half of the keys still worked at the end.")
        }
    };
    Frame {
        name: CHART.name.to_owned(),
        title: format!(
            "How long a stolen key works: {}",
            subject(series.iter().map(|series| series.point))
        ),
        description: format!(
            "Time for which a stolen key works, by when its victim notices. {}.",
            trends.collect::<Vec<_>>().join("; ")
        ),
        caption: format!(
            "Median over N = {} runs of the time from the theft to the last letter accepted under \
             the key; bars: its 95 % interval (order statistics). Dashed: when the victim notices; \
             above it is the time until everybody knows.{endless}{note}",
            counts(marks().map(|mark| mark.runs)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>]) -> Drawn {
    let marks = || all.iter().flat_map(|series| &series.marks);
    let latest = marks().map(|mark| mark.noticed).fold(0.0, f64::max);
    let longest = marks().flat_map(Mark::ends).fold(latest, f64::max);
    // Room beside the first and the last marks.
    let beside = latest / 30.0;
    let (x, y) =
        (Scale::linear(-beside, latest + beside, 8), Scale::linear(0.0, longest * 1.05, 8));
    let x_name = x.name("the victim notices after", "ms");
    let y_name = y.name("the stolen key works for", "ms");
    let mut panel = LAYOUT.panel(sheet, (&x, &x_name), (&y, &y_name))?;
    curve(&mut panel, &[(0.0, 0.0), (latest, latest)], MUTED, 1.2, Some((6.0, 4.0)))?;
    let mut names =
        vec![EndLabel::plain(pixel(&panel, (latest, latest)), MUTED, "the victim notices")];
    for (index, series) in all.iter().enumerate() {
        let color = SERIES[index];
        let known = || series.marks.iter().filter_map(|mark| Some((mark.noticed, mark.median?)));
        let line: Vec<(f64, f64)> = known().collect();
        if line.len() > 1 {
            curve(&mut panel, &line, color, 1.6, None)?;
        }
        for mark in &series.marks {
            let at = |value: f64| pixel(&panel, (mark.noticed, value));
            let (lo, hi) = (mark.interval.lo.unwrap_or(0.0), mark.interval.hi.unwrap_or(y.to()));
            sheet.line(&[at(lo), at(hi)], color, 1.2)?;
            if let Some(median) = mark.median {
                sheet.marker(MARKERS[index], at(median), color)?;
            }
        }
        if let Some(end) = line.last() {
            names.push(EndLabel::plain(pixel(&panel, *end), color, &series.name));
        }
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

fn slice(series: &[Series<'_>]) -> String {
    let header =
        ["point_id", "series", "noticed_ms", "runs_count", "exposure_ms_median", "ci_lo", "ci_hi"];
    let mut csv = CsvText::new(&header);
    for series in series {
        for mark in &series.marks {
            csv.row([
                Cell::text(&mark.point_id),
                Cell::text(&series.name),
                Cell::number(mark.noticed),
                Cell::count(mark.runs),
                Cell::number(mark.median),
                Cell::number(mark.interval.lo),
                Cell::number(mark.interval.hi),
            ]);
        }
    }
    csv.finish()
}
