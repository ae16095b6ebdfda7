//! The reader of expressions; what it cannot read it points at.
//!
//! `&` binds closer than `|`, brackets closer than both. A construction takes its numbers first and
//! then its members: `choose(2, n0, n1, n2)`.

use std::fmt;
use std::str::FromStr;

use sim_core::id::NodeId;

use super::expression::{Expression, Shape};

/// How deep brackets may be nested.
const DEPTH: u32 = 32;

/// Why a text is no expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misread {
    /// The text.
    pub text: String,
    /// Where reading stopped, in characters from 0.
    pub at: usize,
    /// What could have stood there.
    pub expected: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before: String = self.text.chars().take(self.at).collect();
        let rest: String = self.text.chars().skip(self.at).take(12).collect();
        let found = if rest.is_empty() { "the end".to_owned() } else { format!("`{rest}`") };
        write!(f, "at character {}", self.at + 1)?;
        if !before.is_empty() {
            write!(f, ", after `{before}`")?;
        }
        write!(f, ": found {found}, expected {}", self.expected)
    }
}

impl std::error::Error for Misread {}

impl FromStr for Expression {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        let expression = reader.any()?;
        if reader.peek().is_some() {
            return Err(reader.expected("`&`, `|` or the end"));
        }
        Ok(expression)
    }
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    depth: u32,
}

const MEMBER: &str = "a node (n0), a construction (majority, weighted, choose, grid, tree, \
                      hierarchical, wheel, wall, dual) or `(`";

impl<'a> Reader<'a> {
    fn expected(&self, what: impl Into<String>) -> Misread {
        let at = self.text[..self.at].chars().count();
        Misread { text: self.text.to_owned(), at, expected: what.into() }
    }

    /// The next character that is no space; none of it is taken.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    /// Takes `mark` if it comes next.
    fn takes(&mut self, mark: char) -> bool {
        let comes = self.peek() == Some(mark);
        self.at += if comes { mark.len_utf8() } else { 0 };
        comes
    }

    fn wants(&mut self, mark: char, or: &str) -> Result<(), Misread> {
        if self.takes(mark) { Ok(()) } else { Err(self.expected(format!("{or}`{mark}`"))) }
    }

    /// The letters and digits that come next.
    fn word(&mut self) -> &'a str {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// The number that comes next, if one does.
    fn number(&mut self) -> Result<Option<u32>, Misread> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Ok(None);
        }
        let start = self.at;
        let word = self.word();
        word.parse().map(Some).map_err(|_| {
            self.at = start;
            self.expected(format!("a whole number up to {}", u32::MAX))
        })
    }

    fn any(&mut self) -> Result<Expression, Misread> {
        self.joined('|', Self::all, Expression::Any)
    }

    fn all(&mut self) -> Result<Expression, Misread> {
        self.joined('&', Self::member, Expression::All)
    }

    fn joined(
        &mut self,
        mark: char,
        part: fn(&mut Self) -> Result<Expression, Misread>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, Misread> {
        let first = part(self)?;
        if self.peek() != Some(mark) {
            return Ok(first);
        }
        let mut members = vec![first];
        while self.takes(mark) {
            members.push(part(self)?);
        }
        Ok(join(members))
    }

    fn member(&mut self) -> Result<Expression, Misread> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.expected(format!("no more than {DEPTH} brackets within each other")));
        }
        let member = if self.takes('(') {
            let inner = self.any()?;
            self.wants(')', "`&`, `|` or ")?;
            inner
        } else {
            self.named()?
        };
        self.depth -= 1;
        Ok(member)
    }

    fn named(&mut self) -> Result<Expression, Misread> {
        self.peek();
        let start = self.at;
        let word = self.word();
        if let Ok(node) = word.parse::<NodeId>() {
            return Ok(Expression::Node(node));
        }
        match (word, Shape::WORDS.iter().find(|(known, _)| *known == word)) {
            ("weighted", _) => self.weighted(),
            ("dual", _) => {
                self.wants('(', "")?;
                let of = self.any()?;
                self.wants(')', "")?;
                Ok(Expression::Dual(Box::new(of)))
            }
            (_, Some((_, numbers))) => self.built(word, *numbers),
            _ => {
                self.at = start;
                Err(self.expected(MEMBER))
            }
        }
    }

    /// What follows the word of a construction: its numbers, and its members if it lists any.
    fn built(&mut self, word: &str, takes: Option<usize>) -> Result<Expression, Misread> {
        let (mut numbers, mut members) = (Vec::new(), Vec::new());
        let after_word = self.at;
        if self.takes('(') {
            loop {
                let wants_number = members.is_empty() && takes.is_none_or(|n| numbers.len() < n);
                match if wants_number { self.number()? } else { None } {
                    Some(number) => numbers.push(number),
                    None if takes.is_some_and(|count| numbers.len() < count) => {
                        return Err(self.expected("a number"));
                    }
                    None => members.push(self.any()?),
                }
                if !self.takes(',') {
                    break;
                }
            }
            self.wants(')', "`,` or ")?;
        } else {
            self.at = after_word;
        }
        let shape = Shape::of(word, &numbers).ok_or_else(|| {
            let example = if word == "choose" { "(2)" } else { "(3, 3)" };
            self.expected(format!("the numbers of the {word}, such as `{word}{example}`"))
        })?;
        Ok(Expression::Built { shape, members })
    }

    fn weighted(&mut self) -> Result<Expression, Misread> {
        self.wants('(', "")?;
        let needed = self.number()?.ok_or_else(|| self.expected("the weight that is needed"))?;
        let mut members = Vec::new();
        while self.takes(',') {
            let weight = self.number()?;
            if weight.is_some() {
                self.wants('*', "")?;
            }
            members.push((weight.unwrap_or(1), self.any()?));
        }
        self.wants(')', "`,` or ")?;
        Ok(Expression::Weighted { needed, members })
    }
}
