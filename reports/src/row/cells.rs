//! A CSV file whose cells know where they stand.
//!
//! Typed deserialisation would be shorter, but its errors name neither the column's position nor
//! what was expected, and the metric columns are not known before the header is read.

use crate::error::Error;
use csv::{ReaderBuilder, StringRecord};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One table in memory.
pub(super) struct Cells {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<Row>,
}

/// One record and the line on which it starts.
struct Row {
    line: u64,
    record: StringRecord,
}

impl Cells {
    /// Reads a table; `Ok(None)` when there is no such file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        match fs::read(path) {
            Ok(bytes) => Self::parse(path, &bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path: path.to_owned(), source }),
        }
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let header: Vec<String> = reader
            .headers()
            .map_err(|error| Error::of_csv(path, error))?
            .iter()
            .map(str::to_owned)
            .collect();
        let mut seen = BTreeMap::new();
        for name in &header {
            if seen.insert(name, ()).is_some() {
                return Err(Error::Header {
                    path: path.to_owned(),
                    column: name.clone(),
                    problem: "appears twice",
                });
            }
        }
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|error| Error::of_csv(path, error))?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(Row { line, record });
        }
        Ok(Self { path: path.to_owned(), header, rows })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// How many rows there are, without the header.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The index of a column that must be there.
    pub(super) fn column(&self, name: &str) -> Result<usize, Error> {
        let found = self.header.iter().position(|column| column == name);
        found.ok_or_else(|| self.header_error(name, "is missing"))
    }

    pub(super) fn header_error(&self, column: &str, problem: &'static str) -> Error {
        Error::Header { path: self.path.clone(), column: column.to_owned(), problem }
    }

    /// The text of a cell, without the apostrophe that keeps spreadsheets from running it.
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        crate::cell::plain_text(&self.rows[row].record[column])
    }

    /// A number, or `None` for an empty cell.
    pub(super) fn number(&self, row: usize, column: usize) -> Result<Option<f64>, Error> {
        let cell = &self.rows[row].record[column];
        if cell.is_empty() {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.cell_error(row, column, "a finite number or an empty cell")),
        }
    }

    /// A number that must be there.
    pub(super) fn required(&self, row: usize, column: usize) -> Result<f64, Error> {
        self.number(row, column)?.ok_or_else(|| self.cell_error(row, column, "a finite number"))
    }

    /// A whole number of at least 0 that must be there.
    pub(super) fn count(&self, row: usize, column: usize) -> Result<u64, Error> {
        let parsed = self.rows[row].record[column].parse();
        parsed.map_err(|_| self.cell_error(row, column, "a whole number of at least 0"))
    }

    pub(super) fn cell_error(
        &self,
        row: usize,
        column: usize,
        expected: impl Into<String>,
    ) -> Error {
        Error::Cell {
            path: self.path.clone(),
            line: self.rows[row].line,
            column: self.header[column].clone(),
            position: column + 1,
            found: self.rows[row].record[column].to_owned(),
            expected: expected.into(),
        }
    }

    /// The line on which a row starts, the header being line 1.
    pub(super) fn line(&self, row: usize) -> u64 {
        self.rows[row].line
    }
}
