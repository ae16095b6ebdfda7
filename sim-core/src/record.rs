//! Records: what a run came to and why, in sections for people.
//!
//! A problem tells what was asked and how it ended, a protocol what its nodes did in between; how a
//! record is written is none of their business.

/// A part of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// What there is to say, in order.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A table.
    Table {
        /// What the columns are.
        header: Vec<String>,
        /// The cells; each row is as long as the header.
        rows: Vec<Vec<String>>,
    },
}

impl Section {
    /// A section without contents.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    /// The same with one more paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// The same with one more table.
    #[must_use]
    pub fn table<const N: usize>(mut self, header: [&str; N], rows: Vec<Vec<String>>) -> Self {
        let header = header.map(str::to_owned).into();
        self.blocks.push(Block::Table { header, rows });
        self
    }
}
