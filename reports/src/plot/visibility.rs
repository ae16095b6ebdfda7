//! How soon a write is seen: the share of reads that see it, by the time since it was acknowledged
//! (t-visibility, Bailis et al. 2012), and what was predicted.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, INK, MARKERS, SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, named, subject, with_curve};
use super::shares::{self, Track};
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Tables};
use crate::stats::Proportion;

pub(super) const CHART: Chart = Chart {
    name: "visibility",
    question: "How soon after a write do reads see it?",
    table: "series.csv",
    feeds: &[SEEN, PREDICTED],
    draw,
};

/// The curve of what was simulated, and that of what was predicted.
const SEEN: &str = "fresh_share";
const PREDICTED: &str = "fresh_share_predicted";
const LAYOUT: Single = Single { head: 0.0, height: 360.0, names: 250.0 };
/// More marks on a curve than this would hide it.
const MARKERS_MAX: usize = 12;

/// Of reads that began so long after, how many saw the write.
struct Spot {
    since_ms: f64,
    fresh: Proportion,
    predicted: Option<f64>,
}

/// One point of the sweep.
struct Series<'a> {
    point: &'a Point,
    name: String,
    spots: Vec<Spot>,
}

impl Series<'_> {
    fn reads(&self) -> u64 {
        self.spots.iter().map(|spot| spot.fresh.total).sum()
    }

    /// Where the prediction goes: (time, share).
    fn predicted(&self) -> Vec<(f64, f64)> {
        self.spots.iter().filter_map(|spot| Some((spot.since_ms, spot.predicted?))).collect()
    }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let points = with_curve(tables, SEEN);
    if points.is_empty() {
        return Ok(Drawing::lacks_curve(SEEN));
    }
    let shown = named(&tables.runs, points, SERIES_MAX).map(|(point, name)| {
        let spots = spots(tables, point);
        Series { point, name, spots }
    });
    let all = &shown.things;
    let times = all.iter().flat_map(|series| &series.spots).map(|spot| spot.since_ms);
    let Some(x) = Scale::spanning(times, 10) else {
        return Ok(Drawing::skipped(format!("no read was answered: `{SEEN}` is empty")));
    };
    let low = all.iter().flat_map(|series| &series.spots).map(|spot| spot.fresh.ends().0);
    let low = if low.fold(1.0, f64::min) < 0.5 { 0.0 } else { 0.5 };
    let y = Scale::linear(low, 1.0, 5);
    let frame = frame(all, &shown.note());
    let picture = frame.picture(slice(all), |sheet| paint(sheet, all, &x, &y))?;
    Ok(Drawing::single(picture, shown.left_out()))
}

/// The runs of a point pooled, in order of time.
fn spots(tables: &Tables, point: &Point) -> Vec<Spot> {
    let own = |name: &'static str| {
        let rows = tables.series.iter();
        rows.filter(move |row| row.curve == name && row.point_id == point.id)
    };
    let mut spots: Vec<Spot> = Vec::new();
    for row in own(SEEN) {
        let place = spots.partition_point(|spot| spot.since_ms < row.x);
        if spots.get(place).is_none_or(|spot| spot.since_ms > row.x) {
            let fresh = Proportion { hits: 0, total: 0 };
            // The prediction is of the model, and the same in every run.
            let predicted = own(PREDICTED).find(|other| other.x == row.x).map(|other| other.y);
            spots.insert(place, Spot { since_ms: row.x, fresh, predicted });
        }
        let fresh = &mut spots[place].fresh;
        fresh.total += row.weight;
        fresh.hits += (row.y * row.weight as f64).round() as u64;
    }
    spots
}

fn frame(all: &[Series<'_>], note: &str) -> Frame {
    let trends = all.iter().filter_map(|series| {
        let (first, last) = (series.spots.first()?, series.spots.last()?);
        Some(format!(
            "{}: {} % at {} ms, {} % at {} ms",
            series.name,
            rough(first.fresh.share()? * 100.0),
            rough(first.since_ms),
            rough(last.fresh.share()? * 100.0),
            rough(last.since_ms)
        ))
    });
    let spots = all.iter().flat_map(|series| &series.spots);
    let prediction =
        match shares::held(spots.filter_map(|spot| Some((spot.fresh, spot.predicted?)))) {
            Some(held) => format!(" Dashed: predicted (PBS); {held} intervals hold it."),
            None => String::new(),
        };
    Frame {
        name: CHART.name.to_owned(),
        title: format!(
            "How soon a write is seen: {}",
            subject(all.iter().map(|series| series.point))
        ),
        description: format!(
            "Share of reads that see the newest acknowledged write. {}.",
            trends.collect::<Vec<_>>().join("; ")
        ),
        caption: format!(
            "N = {} answered reads per curve, pooled over {} runs and sorted by the time since the \
             newest write before them was acknowledged (on an axis of decades, none is at its left \
             end). Band: Wilson's 95 % interval at each time, as if the \
             reads of one run were independent.{prediction}{note}",
            counts(all.iter().map(Series::reads)),
            counts(all.iter().map(|series| series.point.runs.len() as u64)),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>], x: &Scale, y: &Scale) -> Drawn {
    let x_name = x.name("time since the write was acknowledged", "ms");
    let y_name = y.name("P(a read sees it)", "0–1");
    let mut panel = LAYOUT.panel(sheet, (x, &x_name), (y, &y_name))?;
    let mut names = Vec::new();
    for (index, series) in all.iter().enumerate() {
        let color = SERIES[index];
        let track = Track::of(series.spots.iter().map(|spot| (spot.since_ms, spot.fresh)));
        track.paint(&mut panel, (color, 0.2), None)?;
        let line = &track.line;
        for at in line.iter().step_by(line.len().div_ceil(MARKERS_MAX).max(1)) {
            sheet.marker(MARKERS[index], pixel(&panel, *at), color)?;
        }
        let predicted = series.predicted();
        if predicted.len() > 1 {
            curve(&mut panel, &predicted, INK, 1.4, DASHES[1])?;
        }
        let Some(end) = line.last() else { continue };
        names.push(EndLabel::plain(pixel(&panel, *end), color, &series.name));
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

fn slice(all: &[Series<'_>]) -> String {
    let header = [
        "point_id",
        "series",
        "since_ms",
        "reads_count",
        "fresh_count",
        "fresh_ratio",
        "ci_lo",
        "ci_hi",
        "predicted_ratio",
    ];
    let mut csv = CsvText::new(&header);
    for series in all {
        for spot in &series.spots {
            let place = [
                Cell::text(&series.point.id),
                Cell::text(&series.name),
                Cell::number(spot.since_ms),
                Cell::count(spot.fresh.total),
                Cell::count(spot.fresh.hits),
            ];
            let predicted = Cell::number(spot.predicted);
            csv.row(place.into_iter().chain(shares::cells(spot.fresh)).chain([predicted]));
        }
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Runs, SeriesRow};

    fn row(run_id: u64, curve: &str, x: f64, y: f64, weight: u64) -> SeriesRow {
        let (point_id, curve) = ("p0".to_owned(), curve.to_owned());
        SeriesRow { run_id, point_id, curve, node: String::new(), x, y, weight }
    }

    #[test]
    fn the_reads_of_all_runs_at_one_time_are_pooled_and_keep_their_prediction() {
        let point = Point {
            id: "p0".to_owned(),
            protocol: "quorum-store".to_owned(),
            fault_script: String::new(),
            params: Vec::new(),
            runs: Vec::new(),
        };
        let series = vec![
            row(0, SEEN, 0.0, 0.5, 10),
            row(0, SEEN, 3.0, 1.0, 4),
            row(0, PREDICTED, 0.0, 0.75, 1_000),
            row(1, SEEN, 0.0, 1.0, 10),
        ];
        let runs = Runs { points: vec![point], ..Runs::default() };
        let tables = Tables { runs, series, ..Tables::default() };
        let spots = spots(&tables, &tables.runs.points[0]);
        let told = |spot: &Spot| (spot.since_ms, spot.fresh.hits, spot.fresh.total, spot.predicted);
        assert_eq!(
            spots.iter().map(told).collect::<Vec<_>>(),
            [(0.0, 15, 20, Some(0.75)), (3.0, 4, 4, None)]
        );
        let drawing = draw(&tables).expect("a drawing");
        let [picture] = &drawing.pictures[..] else { panic!("{:?}", drawing.left_out) };
        assert!(picture.caption.contains("1 of 1 intervals hold it"), "{}", picture.caption);
        assert!(picture.slice.contains("p0,quorum-store,0,20,15,0.75,"), "{}", picture.slice);
    }
}
