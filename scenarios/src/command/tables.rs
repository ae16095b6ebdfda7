//! The tables of a sweep's folder, as they are written.

use reports::cell::{number_cell, text_cell};
use reports::row::{FaultRow, HistRow, QuorumRow, SeriesRow, TimelineRow};
use reports::stats::Bucket;

use crate::error::Error;
use crate::fold::Fold;
use crate::plan::Plan;
use crate::quorums;
use crate::results::{Folder, Table, bytes};
use crate::sweep::Made;
use crate::table::{FAILURES_HEADER, failure_rows, run_row, runs_header, series_rows};

/// The tables that grow with the runs, and the folder for the others.
pub struct Tables<'a> {
    folder: &'a Folder,
    plan: Table,
    runs: Table,
    series: Option<Table>,
    failures: Table,
    parameters: Vec<Vec<String>>,
}

impl<'a> Tables<'a> {
    /// Begins the tables.
    ///
    /// # Errors
    /// When the folder does not take them.
    pub fn begin(plan: &Plan, folder: &'a Folder) -> Result<Self, Error> {
        let runs = folder.table("runs.csv", &runs_header(plan))?;
        let has_curves = plan.points.iter().any(|point| !point.entry.curves.is_empty());
        let series = has_curves.then(|| folder.table("series.csv", &owned(&SeriesRow::HEADER)));
        let series = series.transpose()?;
        let failures = folder.table("failures.csv", &owned(&FAILURES_HEADER))?;
        let mut header = owned(&["run_id", "point_id", "seed"]);
        header.extend(plan.parameters.iter().map(|parameter| parameter.column.clone()));
        let cells = |point| plan.parameters.iter().map(|parameter| parameter.cell(point)).collect();
        let parameters = plan.points.iter().map(cells).collect();
        let exact = quorums::rows(&plan.points);
        if !exact.is_empty() {
            folder.write("quorums.csv", &bytes(&QuorumRow::HEADER, exact))?;
        }
        Ok(Self {
            folder,
            plan: folder.table("plan.csv", &header)?,
            runs,
            series,
            failures,
            parameters,
        })
    }

    /// Adds the next run.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, plan: &Plan, made: &Made) -> Result<(), Error> {
        let ids = [made.run.to_string(), format!("p{}", made.point), made.outcome.seed.to_string()];
        self.plan.row(ids.iter().chain(&self.parameters[made.point]))?;
        self.runs.row(run_row(made.run, made.point, plan, &made.outcome))?;
        if let Some(series) = &mut self.series {
            let mut rows = series_rows(made.run, made.point, &made.outcome);
            rows.try_for_each(|row| series.row(row))?;
        }
        failure_rows(made.run, &made.outcome).into_iter().try_for_each(|row| self.failures.row(row))
    }

    /// Gives the tables their names and writes those that were folded.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn finish(self, folds: &[Fold]) -> Result<(), Error> {
        self.plan.finish()?;
        self.runs.finish()?;
        self.series.map_or(Ok(()), Table::finish)?;
        self.failures.finish()?;
        let hist = bytes(&HistRow::HEADER, by_point(folds, hist_rows));
        self.folder.write("hist.csv", &hist)?;
        let timeline = bytes(&TimelineRow::HEADER, by_point(folds, timeline_rows));
        self.folder.write("timeline.csv", &timeline)?;
        let faults = bytes(&FaultRow::HEADER, by_point(folds, fault_rows));
        self.folder.write("faults.csv", &faults)
    }
}

fn owned(header: &[&str]) -> Vec<String> {
    header.iter().map(|name| (*name).to_owned()).collect()
}

fn by_point<'a>(
    folds: &'a [Fold],
    rows: fn(&str, &'a Fold) -> Vec<Vec<String>>,
) -> impl Iterator<Item = Vec<String>> + 'a {
    folds.iter().enumerate().flat_map(move |(index, fold)| rows(&format!("p{index}"), fold))
}

fn hist_rows(point: &str, fold: &Fold) -> Vec<Vec<String>> {
    let row = |bucket: Bucket| {
        let number = |value| number_cell(Some(value));
        let (from, to) = (number(bucket.from), number(bucket.to));
        vec![point.to_owned(), "decide_ms".to_owned(), from, to, bucket.count.to_string()]
    };
    fold.latencies.buckets().map(row).collect()
}

fn timeline_rows(point: &str, fold: &Fold) -> Vec<Vec<String>> {
    let millis = |ns: u64| number_cell(Some(ns as f64 / 1e6));
    let rows = fold.timeline.iter().enumerate().map(|(index, slice)| {
        vec![
            point.to_owned(),
            millis(index as u64 * fold.slice_ns),
            millis(fold.slice_ns),
            slice.due.to_string(),
            slice.ok.to_string(),
            number_cell(slice.latencies.quantile(0.5)),
            number_cell(slice.latencies.quantile(0.99)),
            number_cell(slice.led().filter(|_| fold.has_leader)),
        ]
    });
    rows.collect()
}

fn fault_rows(point: &str, fold: &Fold) -> Vec<Vec<String>> {
    let row = |fault: &crate::fold::Scripted| {
        vec![
            point.to_owned(),
            fault.kind.to_owned(),
            text_cell(&fault.label).into_owned(),
            number_cell(Some(fault.from_ms)),
            number_cell(fault.to_ms),
        ]
    };
    fold.scripted.iter().map(row).collect()
}
