//! How long something takes that every run waits for: the distribution over runs.
//!
//! A run that waited in vain is a run that took longer, not one that took until the horizon: its
//! curve stops below 1 and the share is printed.

use super::distribution::{self, Distribution, Look, durations};
use super::palette::{DASHES, SERIES, SERIES_MAX};
use super::scale::{Scale, rough};
use super::series::{counts, named, subject, with_metric};
use super::sheet::Frame;
use super::single::Single;
use super::{Chart, Drawing};
use crate::error::Error;
use crate::row::Tables;
use crate::stats::CensoredSample;

/// What is waited for, in words.
pub(super) struct Wait {
    pub(super) chart: &'static str,
    pub(super) question: &'static str,
    /// The column of milliseconds.
    pub(super) metric: &'static str,
    pub(super) title: &'static str,
    /// What is measured, in a sentence.
    pub(super) measured: &'static str,
    /// Why the column may be empty throughout.
    pub(super) absent: &'static str,
    /// What sets the runs with a value apart, after "N runs per curve"; may be empty.
    pub(super) runs: &'static str,
    /// What a run is that still waits.
    pub(super) waiting: &'static str,
    pub(super) x_name: &'static str,
    pub(super) y_name: &'static str,
    /// See [`Look::named_at_edge`].
    pub(super) named_at_edge: bool,
}

const LAYOUT: Single = Single { head: 0.0, height: 330.0, names: 250.0 };
/// With more curves than this their bands hide each other and are not drawn.
const BANDS_MAX: usize = 3;

impl Wait {
    /// The chart's line in the list.
    pub(super) const fn chart(&'static self, draw: fn(&Tables) -> Result<Drawing, Error>) -> Chart {
        let feeds = std::slice::from_ref(&self.metric);
        Chart { name: self.chart, question: self.question, table: "runs.csv", feeds, draw }
    }

    pub(super) fn draw(&self, tables: &Tables) -> Result<Drawing, Error> {
        let runs = &tables.runs;
        let metric = self.metric;
        if runs.metric(metric).is_none() {
            return Ok(Drawing::lacks_column(metric));
        }
        let shown = named(runs, with_metric(runs, metric), SERIES_MAX);
        let mut places = 0..;
        let shown = shown.map(|(point, name)| {
            let place = places.next().unwrap_or(0);
            Distribution {
                point,
                name,
                sample: CensoredSample::new(runs.observations(point, metric)),
                color: SERIES[place],
                dash: DASHES[place],
            }
        });
        let all = &shown.things;
        let Some(x) = Scale::decades(durations(all), 10) else {
            let absent = self.absent;
            return Ok(Drawing::skipped(format!("{absent}: `{metric}` is empty throughout")));
        };
        let slice = distribution::slice(all, [metric, "ended_count"]);
        let picture = self.frame(all, &shown.note()).picture(slice, |sheet| {
            let (x_name, share) = (x.name(self.x_name, "ms"), Scale::share());
            let mut panel = LAYOUT.panel(sheet, (&x, &x_name), (&share, self.y_name))?;
            let band_opacity = (all.len() <= BANDS_MAX).then_some(0.14);
            let (waiting, named_at_edge) = (self.waiting, self.named_at_edge);
            let look = Look { waiting, band_opacity, named_at_edge };
            distribution::paint(sheet, &mut panel, LAYOUT.rect(), all, look)
        })?;
        Ok(Drawing::single(picture, shown.left_out()))
    }

    fn frame(&self, all: &[Distribution<'_>], note: &str) -> Frame {
        let bands = match all.len() <= BANDS_MAX {
            true => "Band: pointwise 95 % Wilson interval.",
            false => "Intervals are in the figure's CSV.",
        };
        let runs = match self.runs {
            "" => String::new(),
            which => format!(" {which}"),
        };
        let at_once = match durations(all).any(|ms| ms == 0.0) {
            true => " Runs that did not wait at all are at the left edge.",
            false => "",
        };
        let told: Vec<String> = all.iter().map(|one| one.told(self.waiting, duration)).collect();
        Frame {
            name: self.chart.to_owned(),
            title: format!("{}: {}", self.title, subject(all.iter().map(|one| one.point))),
            description: format!("{}. {}.", self.measured, told.join("; ")),
            caption: format!(
                "N = {} runs per curve{runs}. {bands} {}{at_once}{note}",
                counts(all.iter().map(|one| one.sample.len() as u64)),
                self.censoring(all),
            ),
            body: LAYOUT.body(),
        }
    }

    fn censoring(&self, all: &[Distribution<'_>]) -> String {
        let waiting = self.waiting;
        let watched = || all.iter().flat_map(|one| one.sample.watched().iter().copied());
        let (shortest, longest) =
            (watched().fold(f64::INFINITY, f64::min), watched().fold(0.0, f64::max));
        if watched().next().is_none() {
            return format!("No run was still {waiting} at the horizon.");
        }
        let range = match shortest == longest {
            true => duration(shortest),
            false => format!("{} to {}", duration(shortest), duration(longest)),
        };
        format!(
            "Runs still {waiting} at the horizon (▷, watched for {range}) count as slower than \
             all others."
        )
    }
}

/// Milliseconds for a label: from a second on in seconds.
fn duration(ms: f64) -> String {
    if ms < 1000.0 { format!("{} ms", rough(ms)) } else { format!("{} s", rough(ms / 1000.0)) }
}
