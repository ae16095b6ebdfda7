//! What one who is many can bring about: how often a jury that is drawn among identities has a
//! majority of his, by his share of the identities, and what counting says.

use super::ends::{self, EndLabel};
use super::palette::{DASHES, INK, MARKERS, SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, distinguishing, fewer, labels, left_out, pick, subject};
use super::sheet::{Drawn, Frame, Sheet, band, curve, pixel};
use super::single::Single;
use super::{Chart, Drawing};
use crate::Error;
use crate::cell::{CsvText, number_cell, text_cell};
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

impl Spot<'_> {
    fn interval(&self) -> (f64, f64) {
        self.captured.ends()
    }

    fn ratio(&self) -> f64 {
        self.captured.share().unwrap_or(0.0)
    }
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
    let spots: Vec<Spot<'_>> = runs.points.iter().filter_map(|point| spot(runs, point)).collect();
    let points: Vec<&Point> = runs.points.iter().collect();
    let told = distinguishing(runs, &points, &[IDENTITIES]);
    let alike = |a: &Spot<'_>, b: &Spot<'_>| {
        told.iter().all(|&param| a.point.params[param] == b.point.params[param])
    };
    let mut groups: Vec<Vec<Spot<'_>>> = Vec::new();
    for spot in spots {
        match groups.iter_mut().find(|group| alike(&group[0], &spot)) {
            Some(group) => group.push(spot),
            None => groups.push(vec![spot]),
        }
    }
    groups.retain(|group| group.len() > 1);
    let count = groups.len();
    let kept = pick(count, SERIES_MAX);
    let groups = groups.into_iter().enumerate().filter(|(place, _)| kept.contains(place));
    let groups: Vec<Vec<Spot<'_>>> = groups.map(|(_, group)| group).collect();
    let first: Vec<&Point> = groups.iter().map(|group| group[0].point).collect();
    let names = labels(runs, &first, &[IDENTITIES]);
    let mut all = Vec::new();
    for (mut spots, name) in groups.into_iter().zip(names) {
        spots.sort_by(|a, b| a.share.total_cmp(&b.share));
        all.push(Series { name, spots });
    }
    if all.is_empty() {
        return Ok(Drawing::skipped(format!(
            "no curve without juries drawn at two numbers of identities (`{IDENTITIES}`)"
        )));
    }
    let picture = frame(&all, count).picture(slice(&all), |sheet| paint(sheet, &all))?;
    let left_out = left_out(all.len(), count, "curves");
    Ok(Drawing { pictures: vec![picture], left_out })
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

fn frame(all: &[Series<'_>], count: usize) -> Frame {
    let spots = || all.iter().flat_map(|series| &series.spots);
    let trends: Vec<String> = all
        .iter()
        .filter_map(|series| {
            let (first, last) = (series.spots.first()?, series.spots.last()?);
            let tell = |spot: &Spot<'_>| {
                let [captured, share] = [spot.ratio(), spot.share].map(|of| rough(of * 100.0));
                format!("{captured} % of the juries at {share} % of the identities")
            };
            Some(format!("{}: {}, {}", series.name, tell(first), tell(last)))
        })
        .collect();
    let held = spots().filter(|spot| {
        let (lo, hi) = spot.interval();
        (lo..=hi).contains(&spot.expected)
    });
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Sybil: {}", subject(spots().map(|spot| spot.point))),
        description: format!("Juries with a majority of the attacker's. {}.", trends.join("; ")),
        caption: format!(
            "N = {} juries per mark, of {} runs. Band: 95 % Wilson interval. Dashed: the \
             hypergeometric distribution, draws without replacement; {} of {} intervals hold it. \
             Open mark: 0 seen.{}",
            counts(spots().map(|spot| spot.captured.total)),
            counts(spots().map(|spot| spot.point.runs.len() as u64)),
            held.count(),
            spots().count(),
            fewer(all.len(), count, "curves"),
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
        let lower = series.spots.iter().map(|spot| at(spot, spot.interval().0));
        let upper = series.spots.iter().rev().map(|spot| at(spot, spot.interval().1));
        band(&mut panel, lower.chain(upper).collect(), color, 0.2)?;
        let line: Vec<_> = series.spots.iter().map(|spot| at(spot, spot.ratio())).collect();
        curve(&mut panel, &line, color, 2.0, None)?;
        let expected: Vec<_> = series.spots.iter().map(|spot| at(spot, spot.expected)).collect();
        curve(&mut panel, &expected, INK, 1.2, DASHES[1])?;
        for spot in &series.spots {
            let middle = pixel(&panel, at(spot, spot.ratio()));
            match spot.captured.hits {
                0 => open(sheet, middle, color)?,
                _ => sheet.marker(MARKERS[place], middle, color)?,
            }
        }
        let end = line.last().map_or((0.0, 0.0), |last| pixel(&panel, *last));
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
            let (lo, hi) = spot.interval();
            csv.row(&[
                text_cell(&spot.point.id).into_owned(),
                text_cell(&series.name).into_owned(),
                number_cell(Some(spot.share)),
                spot.captured.total.to_string(),
                spot.captured.hits.to_string(),
                number_cell(spot.captured.share()),
                number_cell(Some(lo)),
                number_cell(Some(hi)),
                number_cell(Some(spot.expected)),
            ]);
        }
    }
    csv.finish()
}
