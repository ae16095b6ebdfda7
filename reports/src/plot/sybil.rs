//! What one who is many can bring about: how often a jury that is drawn among identities has a
//! majority of his, by his share of the identities, and what counting says.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, INK, MARKERS, SERIES};
use super::scale::{Scale, rough};
use super::series::{counts, labels, lines, subject};
use super::shares::{self, Track};
use super::sheet::{Drawn, Frame, Sheet, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::cell::{Cell, CsvText};
use crate::error::Error;
use crate::row::{Point, Runs, Tables};
use crate::stats::{Proportion, at_least_of_draw};
use plotters::style::RGBColor;

pub(super) const CHART: Chart = Chart {
    name: "sybil",
    question: "What do many identities bring an attacker?",
    table: "runs.csv",
    feeds: &COLUMNS,
    draw,
};

/// The columns: the attacker's share, how many juries were drawn and captured, how large they are,
/// and of how many identities, his among them, they were drawn.
const SHARE: &str = "identities_hostile_ratio";
const COLUMNS: [&str; 6] = [
    SHARE,
    "juries_count",
    "juries_captured_count",
    "jurors_count",
    "jury_pool_count",
    "jury_pool_hostile_count",
];
/// The parameter along which a curve goes.
const IDENTITIES: &str = "protocol_identities";
const LAYOUT: Single = Single { head: 0.0, height: 340.0, names: 230.0 };

/// The runs of one point.
struct Spot<'a> {
    point: &'a Point,
    /// The attacker's share of all identities, 0 to 1.
    share: f64,
    captured: Proportion,
    /// What the hypergeometric distribution says of the mean draw.
    expected: f64,
}

/// The shares of one combination of everything else.
struct Series<'a> {
    name: String,
    /// By ascending share.
    spots: Vec<Spot<'a>>,
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    if let Some(missing) = COLUMNS.iter().find(|name| runs.metric(name).is_none()) {
        return Ok(Drawing::lacks_column(missing));
    }
    let Some(identities) = runs.param(IDENTITIES) else {
        return Ok(Drawing::skipped(format!("runs.csv has no parameter `{IDENTITIES}`")));
    };
    let lines = match lines(runs, identities) {
        Ok(lines) => lines,
        Err(reason) => return Ok(Drawing::skipped(reason)),
    };
    let names = labels(runs, &lines.first(), &[IDENTITIES]);
    let mut all = Vec::new();
    for (line, name) in lines.things.iter().zip(names) {
        let mut spots: Vec<Spot<'_>> =
            line.iter().filter_map(|(_, point)| spot(runs, point)).collect();
        spots.sort_by(|a, b| a.share.total_cmp(&b.share));
        all.extend((!spots.is_empty()).then_some(Series { name, spots }));
    }
    if all.is_empty() {
        return Ok(Drawing::skipped("no jury was drawn"));
    }
    let frame = frame(&all, &lines.note());
    let picture = frame.picture(slice(&all), |sheet| paint(sheet, &all))?;
    Ok(Drawing::single(picture, lines.left_out()))
}

/// The juries of a point; `None` if none was drawn.
fn spot<'a>(runs: &Runs, point: &'a Point) -> Option<Spot<'a>> {
    let [share, juries, captured, jurors, pool, hostile] = COLUMNS.map(|name| {
        let metric = runs.metric(name);
        let values = point.runs.iter().filter_map(|run| run.metrics[metric?]);
        let values: Vec<f64> = values.collect();
        (values.iter().sum::<f64>(), values.len() as f64)
    });
    let mean = |(sum, count): (f64, f64)| sum / count;
    let whole = |of: (f64, f64)| mean(of).round() as u64;
    let jury = whole(jurors);
    (juries.0 > 0.0).then(|| Spot {
        point,
        share: mean(share),
        captured: Proportion { hits: captured.0 as u64, total: juries.0 as u64 },
        expected: at_least_of_draw(whole(pool), whole(hostile), jury, jury / 2 + 1),
    })
}

fn frame(all: &[Series<'_>], note: &str) -> Frame {
    let spots = || all.iter().flat_map(|series| &series.spots);
    let trends: Vec<String> = all
        .iter()
        .filter_map(|series| {
            let (first, last) = (series.spots.first()?, series.spots.last()?);
            let tell = |spot: &Spot<'_>| {
                let (captured, share) = (spot.captured.text(), rough(spot.share * 100.0));
                format!("{captured} juries at {share} % of the identities")
            };
            Some(format!("{}: {}, {}", series.name, tell(first), tell(last)))
        })
        .collect();
    let held = shares::held(spots().map(|spot| (spot.captured, spot.expected)));
    let unseen = match spots().any(|spot| spot.captured.hits == 0) {
        true => " Open mark: 0 seen.",
        false => "",
    };
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Sybil: {}", subject(spots().map(|spot| spot.point))),
        description: format!("Juries with a majority of the attacker's. {}.", trends.join("; ")),
        caption: format!(
            "N = {} juries per mark, of {} runs. Band: 95 % Wilson interval. Dashed: the \
             hypergeometric distribution, draws without replacement; {} intervals hold it.\
             {unseen}{note}",
            counts(spots().map(|spot| spot.captured.total)),
            counts(spots().map(|spot| spot.point.runs.len() as u64)),
            held.unwrap_or_default(),
        ),
        body: LAYOUT.body(),
    }
}

fn paint(sheet: &Sheet<'_>, all: &[Series<'_>]) -> Drawn {
    let (x, y) = (Scale::percent(), Scale::share());
    let x_name = x.name("attacker's share of the identities", "%");
    let mut panel = LAYOUT.panel(sheet, (&x, &x_name), (&y, "P(a jury is captured) (0–1)"))?;
    let mut names = Vec::new();
    for (place, series) in all.iter().enumerate() {
        let color = SERIES[place];
        let at = |spot: &Spot<'_>, y: f64| (spot.share * 100.0, y);
        let places = series.spots.iter().map(|spot| (spot.share * 100.0, spot.captured));
        let track = Track::of(places);
        track.paint(&mut panel, (color, 0.2), None)?;
        let expected: Vec<_> = series.spots.iter().map(|spot| at(spot, spot.expected)).collect();
        curve(&mut panel, &expected, INK, 1.2, DASHES[1])?;
        for (percent, ratio) in &track.line {
            let middle = pixel(&panel, (*percent, *ratio));
            match *ratio == 0.0 {
                true => open(sheet, middle, color)?,
                false => sheet.marker(MARKERS[place], middle, color)?,
            }
        }
        let end = track.line.last().map_or((0.0, 0.0), |last| pixel(&panel, *last));
        names.push(EndLabel::plain(end, color, &series.name));
    }
    ends::paint(sheet, LAYOUT.rect(), &names)
}

/// A mark of what was not seen.
fn open(sheet: &Sheet<'_>, (x, y): (f64, f64), color: RGBColor) -> Drawn {
    const R: f64 = 4.0;
    let corners = [(-R, 0.0), (0.0, -R), (R, 0.0), (0.0, R), (-R, 0.0)];
    sheet.line(&corners.map(|(dx, dy)| (x + dx, y + dy)), color, 1.4)
}

fn slice(all: &[Series<'_>]) -> String {
    let header = [
        "point_id",
        "series",
        SHARE,
        "juries_count",
        "juries_captured_count",
        "captured_ratio",
        "ci_lo",
        "ci_hi",
        "expected_ratio",
    ];
    let mut csv = CsvText::new(&header);
    for series in all {
        for spot in &series.spots {
            let place = [
                Cell::text(&spot.point.id),
                Cell::text(&series.name),
                Cell::number(spot.share),
                Cell::count(spot.captured.total),
                Cell::count(spot.captured.hits),
            ];
            let expected = Cell::number(spot.expected);
            csv.row(place.into_iter().chain(shares::cells(spot.captured)).chain([expected]));
        }
    }
    csv.finish()
}
