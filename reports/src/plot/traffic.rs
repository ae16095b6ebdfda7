//! What it costs to keep replicas equal: bytes for each update, by the number of replicas.
//!
//! On two logarithmic axes a power of n is a line, and the power is its slope. The area below the
//! marks is what told its receiver nothing new: where it is deep, most was sent in vain.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, MARKERS, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, subject};
use super::sheet::{Drawn, Frame, Sheet, band, curve, pixel};
use super::single::Single;
use super::sizes::{self, Mark};
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Run, Tables};
use crate::stats::Observation;

pub(super) const CHART: Chart = Chart {
    name: "traffic",
    question: "How many bytes does an update take among more replicas?",
    table: "runs.csv",
    feeds: &[BYTES, REDUNDANT],
    draw,
};

/// The column of bytes for each update, and that of their redundant share.
const BYTES: &str = "bytes_per_update";
const REDUNDANT: &str = "redundant_ratio";
/// Bytes in the unit of the vertical axis.
const KILOBYTE: f64 = 1000.0;
const LAYOUT: Single = Single { head: 0.0, height: 360.0, names: 240.0 };

/// One curve.
struct Series<'a> {
    /// Of the binary logarithm of the bytes.
    bits: sizes::Series<'a>,
    /// The mean redundant share of each mark, 0 to 1, as far as it is known.
    redundant: Vec<Option<f64>>,
}

/// The bytes of a mark: the geometric mean, and the ends of its interval.
fn bytes(mark: &Mark<'_>) -> [f64; 3] {
    [0.0, -mark.slack, mark.slack].map(|aside| libm::exp2(mark.mean + aside))
}

impl Series<'_> {
    /// The marks: nodes, bytes, and those bytes among them that told something new.
    fn places(&self) -> impl Iterator<Item = (f64, f64, Option<f64>)> {
        self.bits.marks.iter().zip(&self.redundant).map(|(mark, redundant)| {
            let [mean, ..] = bytes(mark);
            (mark.nodes, mean, redundant.map(|share| mean * (1.0 - share).max(0.0)))
        })
    }

    /// The bytes that the line has at a size.
    fn fitted(&self, nodes: f64) -> f64 {
        libm::exp2(self.bits.line.at(libm::log2(nodes)))
    }

    fn slope(&self) -> String {
        let line = self.bits.line;
        // An interval that is rounded down would be too narrow.
        format!("slope {:.2} ± {:.2}", line.slope, (line.slack * 100.0).ceil() / 100.0)
    }

    fn remark(&self) -> String {
        let shares = self.redundant.iter().flatten().map(|share| (share * 100.0).round());
        let (least, most) = (
            shares.clone().fold(f64::INFINITY, f64::min),
            shares.fold(f64::NEG_INFINITY, f64::max),
        );
        let redundant = match (least > most, least == most) {
            (true, _) => "redundant: no data".to_owned(),
            (_, true) => format!("{least} % redundant"),
            _ => format!("{least}–{most} % redundant"),
        };
        format!("{}, {redundant}", self.slope())
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    let Some(bytes) = runs.column(BYTES) else {
        return Ok(Drawing::lacks_column(BYTES));
    };
    let bits = |run: &Run| {
        let bytes = run.observation(bytes).filter(|bytes| bytes.value > 0.0)?;
        Some(Observation { value: libm::log2(bytes.value), ..bytes })
    };
    let found = sizes::series(runs, bits);
    if found.things.is_empty() {
        return Ok(Drawing::skipped("no line without three sizes `n` at which updates were sent"));
    }
    let column = runs.metric(REDUNDANT);
    let redundant = |point: &Point| {
        let shares: Vec<f64> = point.runs.iter().filter_map(|run| run.metrics[column?]).collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    };
    let shown = found.map(|bits| {
        let redundant = bits.marks.iter().map(|mark| redundant(mark.point)).collect();
        Series { bits, redundant }
    });
    let all = &shown.things;
    let mut nodes: Vec<f64> = all.iter().flat_map(|s| s.places()).map(|place| place.0).collect();
    nodes.sort_by(f64::total_cmp);
    nodes.dedup();
    let x = Scale::at(nodes);
    let heights = all.iter().flat_map(|s| {
        let told = s.places().flat_map(|(_, bytes, news)| [Some(bytes), news]).flatten();
        let fitted = s.places().map(|(nodes, ..)| s.fitted(nodes));
        fitted.chain(told.filter(|bytes| *bytes > 0.0)).collect::<Vec<f64>>()
    });
    let y = Scale::decades(heights.map(|bytes| bytes / KILOBYTE), 10).expect("a series has marks");
    let frame = frame(all, &shown.note());
    let picture = frame.picture(slice(all), |sheet| paint(sheet, all, (&x, &y)))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

fn frame(all: &[Series<'_>], note: &str) -> Frame {
    let trends = all.iter().filter_map(|s| {
        let (first, last) = (s.places().next()?, s.places().last()?);
        let told = |(nodes, bytes, _): (f64, f64, _)| {
            format!("{} bytes among {nodes} replicas", rough(bytes))
        };
        Some(format!("{}: {}, {}, {}", s.bits.name, told(first), told(last), s.remark()))
    });
    let runs = all.iter().flat_map(|s| s.bits.marks.iter().map(|mark| mark.runs));
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Bytes for each update: {}", subject(all.iter().map(|s| s.bits.point))),
        description: format!("{}.", trends.collect::<Vec<_>>().join("; ")),
        caption: format!(
            "Marks: geometric mean over N = {} runs of each size of all bytes sent by updates made; \
             bars: its 95 % interval (normal). Lines: powers of n by least squares; their exponent \
             is the slope, its 95 % interval from those of the marks. Lighter area, from the \
             marks down: bytes of messages that told their receiver nothing new at all.{note}",
            counts(runs),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>], (x, y): (&Scale, &Scale)) -> Drawn {
    let (x_name, y_name) = (x.name("replicas", "n"), y.name("sent for each update", "kB"));
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (y, &y_name))?;
    let mut names = Vec::new();
    for (index, s) in all.iter().enumerate() {
        let color = SERIES[index];
        let at = |(nodes, bytes): (f64, f64)| (nodes, (bytes / KILOBYTE).max(y.from()));
        let known = || s.places().filter_map(|(nodes, all, news)| Some((nodes, all, news?)));
        let sent = known().map(|(nodes, all, _)| at((nodes, all))).collect();
        let news = known().map(|(nodes, _, news)| at((nodes, news))).collect();
        band(&mut panel, [sent, news], color, 0.16)?;
        let ends: Vec<(f64, f64)> =
            s.places().map(|(nodes, ..)| at((nodes, s.fitted(nodes)))).collect();
        curve(&mut panel, &ends, color, 1.8, DASHES[index])?;
        for mark in &s.bits.marks {
            let [mean, low, high] = bytes(mark).map(|bytes| pixel(&panel, at((mark.nodes, bytes))));
            sheet.line(&[low, high], color, 1.4)?;
            sheet.marker(MARKERS[index], mean, color)?;
        }
        let Some(&end) = ends.last() else { continue };
        let (name, remark) = (s.bits.name.clone(), s.remark());
        names.push(EndLabel { end: pixel(&panel, end), color, name, remark });
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

fn slice(all: &[Series<'_>]) -> String {
    let mut csv = CsvText::new(&[
        "point_id",
        "series",
        "n",
        "runs_count",
        "bytes_per_update",
        "ci_lo",
        "ci_hi",
        "redundant_ratio",
    ]);
    for s in all {
        for (mark, redundant) in s.bits.marks.iter().zip(&s.redundant) {
            let [mean, low, high] = bytes(mark);
            csv.row([
                Cell::text(&mark.point.id),
                Cell::text(&s.bits.name),
                Cell::number(mark.nodes),
                Cell::count(mark.runs),
                Cell::number(mean),
                Cell::number(low),
                Cell::number(high),
                Cell::number(*redundant),
            ]);
        }
    }
    csv.finish()
}
