//! What can go wrong between a folder of tables and its pictures.
//!
//! A table that breaks the contract is reported with file, line and column, because the person who
//! reads the message has usually edited the file by hand or made it with another program. A chart
//! whose data are absent is not an error: it is skipped, and the reason is part of the result.

use csv::ErrorKind;
use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder could not be read or rendered.
#[derive(Debug)]
pub enum Error {
    /// A table that must be there could not be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A table or a figure could not be written.
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes of a table are not CSV, or not UTF-8.
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// The header lacks a column, names one twice, or has it in the wrong place.
    Header {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A cell does not hold what its column promises.
    Cell {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, the header being line 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The column's position, counted from 1.
        position: usize,
        /// What the cell holds.
        found: String,
        /// What it should hold.
        expected: String,
    },
    /// A figure could not be drawn.
    Draw {
        /// The figure's name.
        figure: String,
        /// What the drawing library said.
        message: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            Self::Syntax { path, line, message } => {
                write!(f, "{}:{line}: {message}", path.display())
            }
            Self::Header { path, column, problem } => {
                write!(f, "{}:1: column `{column}` {problem}", path.display())
            }
            Self::Cell { path, line, column, position, found, expected } => write!(
                f,
                "{}:{line}: column {position} (`{column}`): found {found:?}, expected {expected}",
                path.display()
            ),
            Self::Draw { figure, message } => write!(f, "cannot draw {figure}: {message}"),
        }
    }
}

impl Error {
    /// What reading this file as CSV came to: the system's own error, or where it is no CSV.
    pub fn of_csv(path: &Path, error: csv::Error) -> Self {
        let line = error.position().map_or(1, csv::Position::line);
        let message = match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("the row has {len} cells, the header has {expected_len}")
            }
            ErrorKind::Utf8 { err, .. } => format!("column {} is not UTF-8", err.field() + 1),
            _ => error.to_string(),
        };
        match error.into_kind() {
            ErrorKind::Io(source) => Self::Read { path: path.to_owned(), source },
            _ => Self::Syntax { path: path.to_owned(), line, message },
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source),
            _ => None,
        }
    }
}
