//! The tables of a sweep's folder, as they are written.

use crate::error::Error;
use crate::fold::Fold;
use crate::quorums;
use crate::results::{Folder, Table, bytes};
use crate::sweep::{Made, Plan};
use crate::table::{FAILURES_HEADER, failure_rows, run_row, runs_header};
use reports::cell::{number_cell, text_cell};
use reports::stats::HIST_HEADER;

/// The tables that grow with the runs, and the folder for the others.
pub struct Tables<'a> {
    folder: &'a Folder,
    runs: Table,
    failures: Table,
    timing: Table,
    rows: u64,
}

/// Rows between two flushes: what a killed process loses at most.
const ROWS_PER_FLUSH: u64 = 64;

impl<'a> Tables<'a> {
    /// Begins the tables; the scenarios and the plan are written whole.
    ///
    /// # Errors
    /// When the folder does not take them.
    pub fn begin(plan: &Plan, folder: &'a Folder) -> Result<Self, Error> {
        let owned =
            |header: &[&str]| header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        // The first table is the one whose lock keeps a second sweep out.
        let runs = folder.table("runs.csv", &runs_header(&plan.parameters, &plan.kinds))?;
        let failures = folder.table("failures.csv", &owned(&FAILURES_HEADER))?;
        let timing = folder.table("timing.csv", &owned(&["run_id", "wall_ms", "worker"]))?;
        for (index, scenario) in plan.scenarios.iter().enumerate() {
            let stem = match plan.scenarios.len() {
                1 => "scenario".to_owned(),
                _ => format!("scenario-{}", crate::results::slug(&scenario.name)),
            };
            folder.write(&format!("{stem}.toml"), scenario.text.as_bytes())?;
            let resolved = crate::command::explain::resolved(plan, index);
            folder.write(&format!("{stem}.resolved.toml"), resolved.as_bytes())?;
        }
        write_plan(plan, folder)?;
        let exact = quorums::rows(&plan.points);
        if !exact.is_empty() {
            folder.write("quorums.csv", &bytes(&quorums::HEADER, exact))?;
        }
        Ok(Self { folder, runs, failures, timing, rows: 0 })
    }

    /// Adds a run.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, plan: &Plan, made: &Made) -> Result<(), Error> {
        self.runs.row(run_row(made.run, made.point, plan, &made.outcome))?;
        for row in failure_rows(made.run, &made.outcome) {
            self.failures.row(row)?;
        }
        self.timing.row([
            made.run.to_string(),
            number_cell(Some(made.wall_ms)),
            made.worker.to_string(),
        ])?;
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_PER_FLUSH) {
            self.runs.flush()?;
            self.failures.flush()?;
        }
        Ok(())
    }

    /// Gives the tables their names and writes those that were folded.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn finish(self, folds: &[Fold]) -> Result<(), Error> {
        self.runs.finish()?;
        self.failures.finish()?;
        self.timing.finish()?;
        let hist: Vec<&str> = HIST_HEADER.split(',').collect();
        self.folder.write("hist.csv", &bytes(&hist, by_point(folds, hist_rows)))?;
        let timeline = [
            "point_id",
            "t_ms",
            "bucket_ms",
            "due_count",
            "ok_count",
            "p50_ms",
            "p99_ms",
            "leader_share",
        ];
        self.folder.write("timeline.csv", &bytes(&timeline, by_point(folds, timeline_rows)))?;
        let faults = ["point_id", "kind", "label", "from_ms", "to_ms"];
        self.folder.write("faults.csv", &bytes(&faults, by_point(folds, fault_rows)))
    }
}

fn write_plan(plan: &Plan, folder: &Folder) -> Result<(), Error> {
    let mut header: Vec<String> = ["run_id", "point_id", "seed"].map(String::from).into();
    header.extend(plan.parameters.iter().map(|parameter| parameter.column.clone()));
    let mut table = folder.table("plan.csv", &header)?;
    let cells: Vec<Vec<String>> = plan
        .points
        .iter()
        .map(|point| plan.parameters.iter().map(|parameter| parameter.cell(point)).collect())
        .collect();
    for run in 0..plan.runs() {
        let (point, seed) = plan.locate(run);
        let ids = [run.to_string(), format!("p{point}"), seed.to_string()];
        table.row(ids.iter().chain(&cells[point]))?;
    }
    table.finish()
}

fn by_point<'a>(
    folds: &'a [Fold],
    rows: fn(&str, &'a Fold) -> Vec<Vec<String>>,
) -> impl Iterator<Item = Vec<String>> + 'a {
    folds.iter().enumerate().flat_map(move |(index, fold)| rows(&format!("p{index}"), fold))
}

fn hist_rows(point: &str, fold: &Fold) -> Vec<Vec<String>> {
    let row = |bucket: crate::histogram::Bucket| {
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
