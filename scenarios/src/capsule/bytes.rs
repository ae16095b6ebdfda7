//! A capsule as bytes, and back.
//!
//! A line that names the format; the head as JSON on one line; a record for each link; and a
//! checksum over all of it, in eight bytes, the lowest first. A record is the time since the one
//! before in nanoseconds and the kind with the node, both as integers of seven bits a byte with the
//! lowest first, and the stub in two bytes: six or seven bytes an event. There are no lengths, so
//! that none can be believed.

use std::path::Path;

use serde::Deserialize;
use sim_core::digest::Digest;
use sim_core::id::NodeId;
use sim_core::outcome::Verdict;
use sim_core::time::{Duration, Time};
use sim_core::trace::EventKind;

use super::{Capsule, Head, Link};
use crate::catalog::MAGIC;
use crate::codec::{put, take};
use crate::diagnostic::clean;
use crate::error::Error;
use crate::results::ENGINE;

/// The version of the format.
const VERSION: &str = "1";

/// The bytes of the checksum.
const CHECKSUM: usize = 8;

/// The bits of a kind beside those of its node.
const KIND_BITS: u32 = 4;

/// Why bytes are no capsule of this build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// They are not what was written.
    Damaged(String),
    /// They are of another build.
    Foreign(String),
}

impl Flaw {
    /// The flaw of this file.
    pub fn of(self, path: &Path) -> Error {
        match self {
            Self::Damaged(reason) => Error::Damaged { path: path.to_owned(), reason },
            Self::Foreign(reason) => Error::foreign(path, &reason),
        }
    }
}

fn damaged<T>(reason: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Damaged(reason.into()))
}

impl Capsule {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{MAGIC}{VERSION}\n").into_bytes();
        // A head is strings and numbers: there is nothing in it that could fail.
        bytes.extend(serde_json::to_vec(&self.head).unwrap_or_default());
        bytes.push(b'\n');
        let mut before = Time::ZERO;
        for link in &self.chain {
            put(&mut bytes, link.at.since(before).as_nanos());
            let node = link.node.map_or(0, |node| u64::from(node.0) + 1);
            put(&mut bytes, node << KIND_BITS | link.kind as u64);
            bytes.extend(link.stub.to_le_bytes());
            before = link.at;
        }
        let checksum = Digest::of(&bytes[..]);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// Reads the file's bytes.
    ///
    /// # Errors
    /// What is wrong with them, in a sentence.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Flaw> {
        let (first, _) = line(bytes).unwrap_or((bytes, &[]));
        match first.strip_prefix(MAGIC.as_bytes()) {
            None => return damaged("this is no trace: it does not begin with `synod-trace`"),
            Some(version) if version != VERSION.as_bytes() => {
                let version = clean(&String::from_utf8_lossy(&version[..version.len().min(16)]));
                let reason =
                    format!("it is written in format `{version}`, and this build reads {VERSION}");
                return Err(Flaw::Foreign(reason));
            }
            Some(_) => {}
        }
        let Some((body, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return damaged("this trace is cut off");
        };
        if Digest::of(body) != u64::from_le_bytes(*checksum) {
            return damaged("this trace was changed or cut off: its checksum does not fit");
        }
        let lines = line(body).and_then(|(_, rest)| line(rest));
        let Some((head, records)) = lines else {
            return damaged("this trace has no head");
        };
        let head = read_head(head)?;
        let chain = read_chain(records)?;
        check(&head, &chain)?;
        Ok(Self { head, chain })
    }
}

/// The first line, and what follows it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// Only what says whether the rest can be read.
#[derive(Deserialize)]
struct Maker {
    engine: String,
}

fn read_head(json: &[u8]) -> Result<Head, Flaw> {
    let flaw = |error: serde_json::Error| Flaw::Damaged(format!("the head of this trace: {error}"));
    let maker: Maker = serde_json::from_slice(json).map_err(flaw)?;
    if maker.engine != ENGINE {
        let engine = clean(&maker.engine);
        let reason =
            format!("engine {engine} wrote it, and engine {ENGINE} may give other results");
        return Err(Flaw::Foreign(reason));
    }
    serde_json::from_slice(json).map_err(flaw)
}

fn read_chain(mut rest: &[u8]) -> Result<Vec<Link>, Flaw> {
    let (mut chain, mut at) = (Vec::new(), Time::ZERO);
    while !rest.is_empty() {
        let event = chain.len();
        let record = || {
            let (after, rest) = take(rest)?;
            let (packed, rest) = take(rest)?;
            let (stub, rest) = rest.split_first_chunk()?;
            Some((after, packed, u16::from_le_bytes(*stub), rest))
        };
        let Some((after, packed, stub, left)) = record() else {
            return damaged(format!("event {event} of this trace is cut off"));
        };
        let Some(time) = at.checked_add(Duration::from_nanos(after)) else {
            return damaged(format!("event {event} of this trace lies past the end of time"));
        };
        let Some(kind) = EventKind::ALL.get((packed & ((1 << KIND_BITS) - 1)) as usize) else {
            return damaged(format!("event {event} of this trace is of no kind"));
        };
        let Ok(node) = (packed >> KIND_BITS).checked_sub(1).map(u32::try_from).transpose() else {
            return damaged(format!("event {event} of this trace is at no node that can be"));
        };
        chain.push(Link { at: time, kind: *kind, node: node.map(NodeId), stub });
        (at, rest) = (time, left);
    }
    Ok(chain)
}

/// Whether head and chain tell of one run.
fn check(head: &Head, chain: &[Link]) -> Result<(), Flaw> {
    let links = (chain.len() as u64).saturating_sub(1);
    if head.events_count != links {
        let events = head.events_count;
        return damaged(format!("this trace tells of {events} events and holds {links}"));
    }
    if chain.last().is_some_and(|last| last.at.as_nanos() > head.ended_ns) {
        return damaged("this trace goes on after its end");
    }
    if Verdict::ALL.iter().all(|verdict| verdict.word() != head.verdict) {
        return damaged(format!("this trace has no verdict: `{}`", clean(&head.verdict)));
    }
    Ok(())
}
