//! `hist.csv`, `timeline.csv` and `faults.csv`: what was folded over the runs of a point.
//!
//! Each is optional. A sweep of a protocol without operations has no latencies, and a folder from
//! another program may hold nothing but `runs.csv`.

use super::cells::Cells;
use crate::error::Error;
use std::path::Path;

/// One bucket of the pooled latencies of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct HistRow {
    /// The point.
    pub point_id: String,
    /// What was measured, such as `decide_ms`.
    pub metric: String,
    /// The lower bound in milliseconds, inclusive.
    pub ge_ms: f64,
    /// The upper bound in milliseconds, exclusive.
    pub lt_ms: f64,
    /// How many values.
    pub count: u64,
}

/// What users saw in one bucket of simulated time, over all runs of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    /// The point.
    pub point_id: String,
    /// The bucket's start in milliseconds of simulated time.
    pub t_ms: f64,
    /// The bucket's width in milliseconds.
    pub bucket_ms: f64,
    /// Operations whose intended start lies in the bucket and whose client had lost patience by the
    /// end of the run, had there been no answer.
    pub due_count: u64,
    /// How many of these were answered before the client's patience ended.
    pub ok_count: u64,
    /// Their median latency in milliseconds; empty when too few were answered.
    pub p50_ms: Option<f64>,
    /// Their 99th percentile in milliseconds; empty when too few were answered.
    pub p99_ms: Option<f64>,
    /// The mean share of the bucket with some leader, 0 to 1; `None` for protocols without one.
    pub leader_share: Option<f64>,
}

/// One scripted fault of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRow {
    /// The point.
    pub point_id: String,
    /// The kind of fault, such as `partition`.
    pub kind: String,
    /// What a chart calls it.
    pub label: String,
    /// When it strikes, in milliseconds of simulated time.
    pub from_ms: f64,
    /// When it is healed; `None` lasts to the end.
    pub to_ms: Option<f64>,
}

impl HistRow {
    /// The columns, in the order in which they are written.
    pub const HEADER: [&str; 5] = ["point_id", "metric", "ge_ms", "lt_ms", "count"];

    /// Reads `hist.csv`; no rows when there is no such file.
    ///
    /// # Errors
    ///
    /// See [`super::Tables::read`].
    pub fn read(path: &Path) -> Result<Vec<Self>, Error> {
        let Some(cells) = Cells::read(path)? else { return Ok(Vec::new()) };
        let point_id = cells.column("point_id")?;
        let metric = cells.column("metric")?;
        let ge_ms = cells.column("ge_ms")?;
        let lt_ms = cells.column("lt_ms")?;
        let count = cells.column("count")?;
        let mut rows: Vec<Self> = Vec::with_capacity(cells.len());
        for row in 0..cells.len() {
            let bucket = Self {
                point_id: cells.text(row, point_id).to_owned(),
                metric: cells.text(row, metric).to_owned(),
                ge_ms: cells.required(row, ge_ms)?,
                lt_ms: cells.required(row, lt_ms)?,
                count: cells.count(row, count)?,
            };
            if bucket.ge_ms < 0.0 {
                return Err(cells.cell_error(row, ge_ms, "at least 0"));
            }
            if bucket.lt_ms <= bucket.ge_ms {
                return Err(cells.cell_error(row, lt_ms, "more than `ge_ms`"));
            }
            let same =
                |last: &&Self| last.point_id == bucket.point_id && last.metric == bucket.metric;
            if rows.last().filter(same).is_some_and(|last| bucket.ge_ms < last.lt_ms) {
                return Err(cells.cell_error(row, ge_ms, "at least the row before's `lt_ms`"));
            }
            rows.push(bucket);
        }
        Ok(rows)
    }
}

impl TimelineRow {
    /// The columns, in the order in which they are written.
    pub const HEADER: [&str; 8] = [
        "point_id",
        "t_ms",
        "bucket_ms",
        "due_count",
        "ok_count",
        "p50_ms",
        "p99_ms",
        "leader_share",
    ];

    /// Reads `timeline.csv`; no rows when there is no such file.
    ///
    /// # Errors
    ///
    /// See [`super::Tables::read`].
    pub fn read(path: &Path) -> Result<Vec<Self>, Error> {
        let Some(cells) = Cells::read(path)? else { return Ok(Vec::new()) };
        let point_id = cells.column("point_id")?;
        let t_ms = cells.column("t_ms")?;
        let bucket_ms = cells.column("bucket_ms")?;
        let due_count = cells.column("due_count")?;
        let ok_count = cells.column("ok_count")?;
        let p50_ms = cells.column("p50_ms")?;
        let p99_ms = cells.column("p99_ms")?;
        let leader_share = cells.column("leader_share")?;
        let read = |row: usize| {
            let bucket = Self {
                point_id: cells.text(row, point_id).to_owned(),
                t_ms: cells.required(row, t_ms)?,
                bucket_ms: cells.required(row, bucket_ms)?,
                due_count: cells.count(row, due_count)?,
                ok_count: cells.count(row, ok_count)?,
                p50_ms: cells.number(row, p50_ms)?,
                p99_ms: cells.number(row, p99_ms)?,
                leader_share: cells.number(row, leader_share)?,
            };
            if bucket.bucket_ms <= 0.0 {
                return Err(cells.cell_error(row, bucket_ms, "more than 0"));
            }
            if bucket.ok_count > bucket.due_count {
                return Err(cells.cell_error(row, ok_count, "at most `due_count`"));
            }
            if bucket.leader_share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                return Err(cells.cell_error(row, leader_share, "0 to 1 or an empty cell"));
            }
            Ok(bucket)
        };
        (0..cells.len()).map(read).collect()
    }
}

impl FaultRow {
    /// The columns, in the order in which they are written.
    pub const HEADER: [&str; 5] = ["point_id", "kind", "label", "from_ms", "to_ms"];

    /// Reads `faults.csv`; no rows when there is no such file.
    ///
    /// # Errors
    ///
    /// See [`super::Tables::read`].
    pub fn read(path: &Path) -> Result<Vec<Self>, Error> {
        let Some(cells) = Cells::read(path)? else { return Ok(Vec::new()) };
        let point_id = cells.column("point_id")?;
        let kind = cells.column("kind")?;
        let label = cells.column("label")?;
        let from_ms = cells.column("from_ms")?;
        let to_ms = cells.column("to_ms")?;
        let read = |row: usize| {
            let fault = Self {
                point_id: cells.text(row, point_id).to_owned(),
                kind: cells.text(row, kind).to_owned(),
                label: cells.text(row, label).to_owned(),
                from_ms: cells.required(row, from_ms)?,
                to_ms: cells.number(row, to_ms)?,
            };
            if fault.to_ms.is_some_and(|to| to < fault.from_ms) {
                return Err(cells.cell_error(row, to_ms, "at least `from_ms`"));
            }
            Ok(fault)
        };
        (0..cells.len()).map(read).collect()
    }
}
