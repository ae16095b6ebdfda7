//! The two streams: results on stdout, everything else on stderr.
//!
//! A closed pipe is no error, colour is never alone, and a terminal that cannot show `✓` gets
//! plainer marks.

use std::io::{self, Write as _};

use serde_json::Value as Json;

use crate::error::Error;
use crate::registry;
use crate::results::pretty;

/// How to talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Volume {
    /// Results only.
    Quiet,
    /// What most people want to know.
    Normal,
    /// Everything.
    Verbose,
}

/// The terminal, or what stands in its place.
#[derive(Debug)]
pub struct Terminal {
    volume: Volume,
    plain: bool,
    closed: bool,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new(volume: Volume) -> Self {
        Self { volume, plain: is_plain(|key| std::env::var(key).ok()), closed: false }
    }

    /// Whether nobody reads the results any more.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether progress and notes are wanted.
    pub fn is_quiet(&self) -> bool {
        self.volume == Volume::Quiet
    }

    /// Whether it shows ASCII only.
    pub const fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether more than usual is wanted.
    pub fn is_verbose(&self) -> bool {
        self.volume == Volume::Verbose
    }

    /// Whether errors may be coloured.
    pub fn colours_errors() -> bool {
        anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
    }

    /// Writes a line of results.
    ///
    /// # Errors
    /// When stdout cannot take it, unless that is because nobody reads it any more.
    pub fn line(&mut self, text: &str) -> Result<(), Error> {
        if self.closed {
            return Ok(());
        }
        let text = self.fit(text);
        let mut stdout = anstream::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            result => result.map_err(Error::io("write to", "stdout")),
        }
    }

    /// Writes a document of results.
    ///
    /// # Errors
    /// As [`Terminal::line`].
    pub fn document(&mut self, document: &Json) -> Result<(), Error> {
        self.line(&pretty(document))
    }

    /// Says something beside the results.
    pub fn note(&self, text: &str) {
        if self.volume != Volume::Quiet {
            self.warn(text);
        }
    }

    /// Says something that only some want to know.
    pub fn detail(&self, text: &str) {
        if self.volume == Volume::Verbose {
            self.warn(text);
        }
    }

    /// Says something that nobody may miss.
    pub fn warn(&self, text: &str) {
        // Where stderr is gone there is nobody left to tell.
        let _ = writeln!(anstream::stderr().lock(), "{}", self.fit(text));
    }

    /// Says what to type after what was just said; `command` may begin with `synod`.
    pub fn next(&self, command: &str) {
        self.warn(&format!("  next: {}", registry::typed(command)));
    }

    /// Says what one may type next, to those who want to know.
    pub fn hint(&self, command: &str) {
        if self.volume != Volume::Quiet {
            self.next(command);
        }
    }

    /// The text in the characters that the terminal has.
    pub fn fit(&self, text: &str) -> String {
        if !self.plain {
            return text.to_owned();
        }
        let mut fitted = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '✓' => fitted.push('+'),
                '✗' | '×' => fitted.push('x'),
                '≤' => fitted.push_str("<="),
                '≥' => fitted.push_str(">="),
                '–' => fitted.push('-'),
                '·' => fitted.push('.'),
                '…' => fitted.push_str("..."),
                '→' => fitted.push_str("->"),
                '↛' => fitted.push_str("-/>"),
                'µ' => fitted.push('u'),
                '▕' | '▏' => fitted.push('|'),
                c if c.is_ascii() => fitted.push(c),
                _ => fitted.push('?'),
            }
        }
        fitted
    }
}

/// Whether the locale says outright that it is not UTF-8; silence means that it is.
fn is_plain(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable);
    let first = set.map(|value| value.to_ascii_lowercase()).find(|value| !value.is_empty());
    first.is_some_and(|locale| !locale.contains("utf-8") && !locale.contains("utf8"))
}

/// A mark in its colour, where there are colours.
pub fn painted(mark: &str) -> String {
    let code = match mark {
        "✓" => "32",
        "✗" => "31",
        "?" | "!" => "33",
        _ => return mark.to_owned(),
    };
    format!("\u{1b}[{code}m{mark}\u{1b}[0m")
}

/// The ending of a word for so many.
pub const fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Lines of cells with the columns aligned; the last column is not padded.
pub fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(wide).max().unwrap_or(0))
        .collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_unicode_gets_words_that_it_can_show() {
        let terminal = Terminal { volume: Volume::Normal, plain: true, closed: false };
        assert_eq!(terminal.fit("✓ 0 of 200 (≤ 1.9 %) é"), "+ 0 of 200 (<= 1.9 %) ?");
    }

    #[test]
    fn only_a_locale_that_says_so_is_plain() {
        let with =
            |locale: &'static str| is_plain(|key| (key == "LC_ALL").then(|| locale.to_owned()));
        assert!(with("C") && with("POSIX") && with("de_DE.ISO-8859-1"));
        assert!(!with("C.UTF-8") && !with("en_GB.utf8") && !with(""));
        assert!(!is_plain(|_| None));
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [vec!["é".to_owned(), "x".to_owned()], vec!["ab".to_owned(), "y".to_owned()]];
        assert_eq!(aligned(&rows), ["é   x", "ab  y"]);
    }
}
