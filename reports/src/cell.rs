//! Cells of CSV as they are written, and the apostrophe that makes text safe to open.
//!
//! Names come from scenario files, and a spreadsheet runs what begins like a formula. So such text
//! gets an apostrophe on its way out and loses it on its way back in. Numbers are written in their
//! shortest form that reads back to the same value, and "not applicable" is an empty cell.

use std::borrow::Cow;

/// CSV being written to memory: comma, LF, quotes only where needed.
pub(crate) struct CsvText {
    writer: csv::Writer<Vec<u8>>,
}

impl CsvText {
    pub(crate) fn new(header: &[&str]) -> Self {
        let mut text = Self { writer: csv::Writer::from_writer(Vec::new()) };
        text.row(header.iter().map(|name| Cell::text(name)));
        text
    }

    /// Adds a row, of as many cells as the header.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.writer.write_record(cells).expect("memory takes it, and rows are of equal length");
    }

    pub(crate) fn finish(self) -> String {
        let bytes = self.writer.into_inner().expect("memory takes every byte");
        String::from_utf8(bytes).expect("only text was written")
    }
}

/// One cell of CSV being written. Text can only get into one disarmed.
#[derive(Clone, Debug)]
pub(crate) struct Cell(String);

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self(text_cell(text).into_owned())
    }

    /// A number; empty where there is none.
    pub(crate) fn number(value: impl Into<Option<f64>>) -> Self {
        Self(number_cell(value.into()))
    }

    pub(crate) fn count(count: u64) -> Self {
        Self(count.to_string())
    }

    /// A parameter, which may be either: what reads as a number is one.
    pub(crate) fn parameter(text: &str) -> Self {
        let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
        if is_number { Self(text.to_owned()) } else { Self::text(text) }
    }
}

impl AsRef<[u8]> for Cell {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A number in its shortest form that reads back to the same value; empty for `None`.
pub fn number_cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Text as a spreadsheet may safely open it: what would start a formula gets an apostrophe.
///
/// For text columns only; a negative number in a numeric column is a number.
///
/// ```
/// assert_eq!(reports::cell::text_cell("=HYPERLINK(0)"), "'=HYPERLINK(0)");
/// assert_eq!(reports::cell::text_cell("raft"), "raft");
/// ```
pub fn text_cell(text: &str) -> Cow<'_, str> {
    if starts_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What [`text_cell`] was given.
pub(crate) fn plain_text(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| starts_formula(rest)).unwrap_or(cell)
}

fn starts_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_starts_a_formula_is_made_safe_and_comes_back() {
        for text in ["=1+1", "+1", "-1", "@SUM", "\t=1", "\r=1"] {
            let cell = text_cell(text);
            assert_eq!(cell, format!("'{text}"));
            assert_eq!(plain_text(&cell), text);
        }
        for text in ["raft", "", "'quoted'", "p0", "a=b"] {
            assert_eq!(text_cell(text), text);
            assert_eq!(plain_text(text), text);
        }
    }

    #[test]
    fn numbers_are_written_in_their_shortest_form() {
        let cells = [Some(0.1), Some(-3.0), Some(1e-7), None].map(number_cell);
        assert_eq!(cells, ["0.1", "-3", "0.0000001", ""]);
    }
}
