//! How long a cluster is without a leader: the distribution over runs.
//!
//! A run that found no leader before the horizon is a run that took longer, not one that took until
//! the horizon: the curve stops below it and the share is printed. The form is that of the figure
//! by which Raft's authors chose their election timeout, so the two can be laid side by side.

use super::distribution;
use super::ends::{self, EndLabel};
use super::palette::{DASHES, SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, labels, left_out, pick, subject};
use super::sheet::{
    Drawn, Frame, MARGIN, Rect, Sheet, TOP, WIDTH, X_LABELS, Y_LABELS, band, curve, pixel,
};
use super::{Chart, Drawing, Picture};
use crate::Error;
use crate::cell::{CsvText, number_cell, text_cell};
use crate::row::{Point, Tables};
use crate::stats::{CensoredSample, percent};

pub(super) const CHART: Chart = Chart {
    name: "election-downtime",
    question: "How long is the cluster without a leader?",
    draw,
};

const METRIC: &str = "failover_ms";
const PANEL: f64 = 330.0;
const LABELS: f64 = 250.0;
/// With more curves than this their bands hide each other and are not drawn.
const BANDS_MAX: usize = 3;

struct Series<'a> {
    point: &'a Point,
    label: String,
    sample: CensoredSample,
}

impl Series<'_> {
    fn remark(&self) -> String {
        let censored = self.sample.censored();
        match self.sample.watched().first() {
            Some(&ms) => format!(
                "▷ {} % still leaderless at {}",
                percent(censored.share().unwrap_or(0.0)),
                duration(ms)
            ),
            None => format!("leaderless: {}", censored.text()),
        }
    }
}

/// Milliseconds for a label: from a second on in seconds.
fn duration(ms: f64) -> String {
    if ms < 1000.0 { format!("{} ms", rough(ms)) } else { format!("{} s", rough(ms / 1000.0)) }
}

fn draw(tables: &Tables) -> Result<Drawing, Error> {
    let runs = &tables.runs;
    if runs.metric(METRIC).is_none() {
        return Ok(Drawing::skipped(format!("runs.csv has no column `{METRIC}`")));
    }
    let sampled: Vec<(&Point, CensoredSample)> = runs
        .points
        .iter()
        .map(|point| (point, CensoredSample::new(runs.observations(point, METRIC))))
        .filter(|(_, sample)| !sample.is_empty())
        .collect();
    if sampled.is_empty() {
        return Ok(Drawing::skipped("no run lost its leader: `failover_ms` is empty throughout"));
    }
    let count = sampled.len();
    let chosen = pick(count, SERIES_MAX);
    let points: Vec<&Point> = chosen.iter().map(|&i| sampled[i].0).collect();
    let names = labels(runs, &points, &[]);
    let series: Vec<Series<'_>> = chosen
        .iter()
        .zip(names)
        .map(|(&i, label)| Series { point: sampled[i].0, label, sample: sampled[i].1.clone() })
        .collect();
    let durations = series.iter().flat_map(|s| s.sample.ended().iter().copied());
    let watched = series.iter().filter_map(|s| s.sample.watched().first().copied());
    let Some(x) = Scale::decades(durations.chain(watched), 10) else {
        return Ok(Drawing::skipped("no run lost its leader: `failover_ms` is empty throughout"));
    };
    let frame = frame(&series, count);
    let svg = frame.paint(|sheet| paint(sheet, &series, &x))?;
    let picture = Picture {
        name: frame.name,
        title: frame.title,
        description: frame.description,
        caption: frame.caption,
        svg,
        slice: slice(&series),
    };
    Ok(Drawing { pictures: vec![picture], left_out: left_out(count, "points") })
}

fn frame(series: &[Series<'_>], count: usize) -> Frame {
    let watched = || series.iter().flat_map(|s| s.sample.watched().iter().copied());
    let censoring = match (watched().next(), watched().fold(f64::INFINITY, f64::min)) {
        (None, _) => "No run was still leaderless at the horizon.".to_owned(),
        (Some(_), shortest) => {
            let longest = watched().fold(0.0, f64::max);
            let range = if shortest == longest {
                duration(shortest)
            } else {
                format!("{} to {}", duration(shortest), duration(longest))
            };
            format!(
                "Runs still leaderless at the horizon (▷, watched for {range}) count as slower \
                 than all others."
            )
        }
    };
    let bands = match series.len() <= BANDS_MAX {
        true => "Band: pointwise 95 % Wilson interval.",
        false => "Intervals are in the figure's CSV.",
    };
    let fewer = match count > series.len() {
        true => format!(" {} of {count} points are shown.", series.len()),
        false => String::new(),
    };
    let medians: Vec<String> = series
        .iter()
        .map(|s| {
            let median = match s.sample.quantile(0.5) {
                Ok(Some(ms)) => format!("median {}", duration(ms)),
                Ok(None) => "median not identified".to_owned(),
                Err(too_few) => format!("median: {too_few}"),
            };
            format!("{}: {median}, {}", s.label, s.remark().trim_start_matches("▷ "))
        })
        .collect();
    Frame {
        name: CHART.name.to_owned(),
        title: format!("Election downtime: {}", subject(series.iter().map(|s| s.point))),
        description: format!("Time without a leader after losing one. {}.", medians.join("; ")),
        caption: format!(
            "N = {} runs per curve that lost their leader. {bands} {censoring}{fewer}",
            counts(series.iter().map(|s| s.sample.len() as u64)),
        ),
        body: PANEL + X_LABELS + 14.0,
    }
}

fn paint(sheet: &Sheet<'_>, series: &[Series<'_>], x: &Scale) -> Drawn {
    let rect = Rect {
        left: MARGIN + Y_LABELS,
        right: WIDTH - MARGIN - LABELS,
        top: TOP + 4.0,
        bottom: TOP + 4.0 + PANEL,
    };
    let x_name = x.name("time without a leader", "ms");
    let y_name = "runs with a leader again within x (0–1)";
    let mut panel = sheet.panel(rect, (x, Some(&x_name)), (&Scale::share(), y_name))?;
    let mut labels = Vec::new();
    for (index, s) in series.iter().enumerate() {
        let [line, lower, upper] = distribution::outline(&s.sample);
        if series.len() <= BANDS_MAX {
            let outline = lower.into_iter().chain(upper.into_iter().rev()).collect();
            band(&mut panel, outline, SERIES[index], 0.14)?;
        }
        curve(&mut panel, &line, SERIES[index], 2.0, DASHES[index])?;
        let end = pixel(&panel, line.last().copied().unwrap_or((x.to(), 0.0)));
        if s.sample.censored().hits > 0 {
            sheet.censor_mark(end, SERIES[index])?;
        }
        labels.push(EndLabel {
            end,
            color: SERIES[index],
            name: s.label.clone(),
            remark: s.remark(),
        });
    }
    ends::paint(sheet, rect, &labels)
}

fn slice(series: &[Series<'_>]) -> String {
    let header = [
        "point_id",
        "series",
        "failover_ms",
        "ended_count",
        "runs_count",
        "share",
        "ci_lo",
        "ci_hi",
    ];
    let mut csv = CsvText::new(&header);
    for s in series {
        for step in s.sample.steps() {
            let interval = step.ended.wilson();
            csv.row(&[
                text_cell(&s.point.id).into_owned(),
                text_cell(&s.label).into_owned(),
                number_cell(Some(step.at)),
                step.ended.hits.to_string(),
                step.ended.total.to_string(),
                number_cell(step.ended.share()),
                number_cell(interval.and_then(|i| i.lo)),
                number_cell(interval.and_then(|i| i.hi)),
            ]);
        }
    }
    csv.finish()
}
