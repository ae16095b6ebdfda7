//! A capsule: one run in a file, with everything that it takes to make it again and to see whether
//! it went as before.
//!
//! It holds the scenario as text with all defaults, the seed, what was concluded and why, what the
//! schedule did, and a chain: for every event its time, its kind, its node, and 16 bits of a digest
//! of all that had happened until its end. From the first event in which another run differs, each
//! link agrees with it by chance once in 65,536 times; so the event that is named is the first one,
//! but for that chance. The digest after the last event is kept whole.

mod bytes;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::hash::Hash as _;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sim_core::digest::Digest;
use sim_core::id::NodeId;
use sim_core::outcome::Outcome;
use sim_core::time::Time;
use sim_core::trace::{EventKind, Step, Trace};

use crate::error::Error;
use crate::point::Point;
use crate::results::ENGINE;
use crate::scenario::{self, Scenario, resolved_point};
use crate::table::{assumptions, class_word};

/// The largest file that is written or read, in bytes: some ten million events.
pub const LARGEST: u64 = 64 << 20;

/// One run in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capsule {
    /// What was run, and what it showed.
    pub head: Head,
    /// A link for every event, from event 0, which is the beginning; none if there was no world.
    pub chain: Vec<Link>,
}

/// What was run, and what it showed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The version of the engine.
    pub engine: String,
    /// The name of the scenario.
    pub scenario: String,
    /// The point of the sweep, as people write it.
    pub point: String,
    /// The protocol.
    pub protocol: String,
    /// The bug that is planted in it.
    pub mutant: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The verdict, in the word of the tables.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// Whether assumptions were held or exceeded.
    pub assumptions: String,
    /// Promises that were broken.
    pub violations: Vec<Violation>,
    /// What the schedule did.
    pub faults: Vec<Strike>,
    /// When the run ended, in nanoseconds.
    pub ended_ns: u64,
    /// Events that were handled.
    pub events_count: u64,
    /// The fingerprint of the run, as 16 hexadecimal digits.
    pub trace_hash: String,
    /// The digest after the last event, as 16 hexadecimal digits.
    pub chain_hash: String,
    /// The scenario: this point of it, with all defaults.
    pub text: String,
}

/// A promise that was broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// The property.
    pub property: String,
    /// Safety or liveness.
    pub class: String,
    /// When it was seen, in nanoseconds.
    pub at_ns: u64,
    /// Whether assumptions were held or exceeded.
    pub assumptions: String,
    /// The events that contradict each other.
    pub witness: String,
}

/// A strike of the schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Strike {
    /// The entry of the scenario that it came from.
    pub fault: usize,
    /// When it struck, in nanoseconds.
    pub at_ns: u64,
    /// When it ended, if it did, in nanoseconds.
    pub ended_ns: Option<u64>,
    /// What it did, with all targets resolved.
    pub label: String,
    /// How much it changed.
    pub changed: u64,
}

/// One event in the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// When it happened.
    pub at: Time,
    /// What sort of thing it is.
    pub kind: EventKind,
    /// The node that it concerns, if it concerns one.
    pub node: Option<NodeId>,
    /// The low bits of the digest of all that had happened until its end.
    pub stub: u16,
}

/// What a run that was made again turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// The same run.
    Identical,
    /// Another run, from this event on.
    Diverged(u64),
    /// The same events, told or judged otherwise: what differs, as it was and as it is.
    Retold {
        /// Which part of the head.
        part: &'static str,
        /// What the capsule says.
        expected: String,
        /// What this run says.
        got: String,
    },
}

impl Capsule {
    /// A run of a point, as it went.
    pub fn of(
        scenario: &Scenario,
        point: &Point,
        text: String,
        outcome: &Outcome,
        trace: &Trace,
    ) -> Self {
        let (chain, digest) = chain(trace);
        let violations = outcome.breaches.iter().map(|breach| Violation {
            property: breach.property.to_owned(),
            class: class_word(breach.class).to_owned(),
            at_ns: breach.at.as_nanos(),
            assumptions: assumptions(breach.assumptions_held).to_owned(),
            witness: breach.witness.clone(),
        });
        let faults = outcome.strikes.iter().map(|strike| Strike {
            fault: strike.fault,
            at_ns: strike.at.as_nanos(),
            ended_ns: strike.ended.map(Time::as_nanos),
            label: strike.label.clone(),
            changed: strike.changed,
        });
        let head = Head {
            engine: ENGINE.to_owned(),
            scenario: scenario.name.clone(),
            point: point.label(),
            protocol: point.entry.name.to_owned(),
            mutant: point.simulation.setup().mutant.clone(),
            seed: outcome.seed,
            verdict: outcome.verdict.word().to_owned(),
            reason: outcome.reason.clone(),
            assumptions: assumptions(outcome.assumptions_held).to_owned(),
            violations: violations.collect(),
            faults: faults.collect(),
            ended_ns: outcome.ended.as_nanos(),
            events_count: outcome.events,
            trace_hash: format!("{:016x}", outcome.fingerprint),
            chain_hash: format!("{digest:016x}"),
            text,
        };
        Self { head, chain }
    }

    /// What the run is that was made again.
    pub fn compare(&self, again: &Self) -> Finding {
        let links = self.chain.iter().zip(&again.chain);
        let alike = links.take_while(|(one, other)| one == other).count();
        if alike < self.chain.len().max(again.chain.len()) {
            return Finding::Diverged(alike as u64);
        }
        let (was, is) = (&self.head, &again.head);
        if was.chain_hash != is.chain_hash {
            // Its link agreed by chance.
            return Finding::Diverged(alike.saturating_sub(1) as u64);
        }
        let verdict = |head: &Head| match head.reason.as_str() {
            "" => head.verdict.clone(),
            reason => format!("{}: {reason}", head.verdict),
        };
        let violations = |head: &Head| format!("{:?}", head.violations);
        let faults = |head: &Head| format!("{:?}", head.faults);
        let parts: [(&'static str, String, String); 6] = [
            ("verdict", verdict(was), verdict(is)),
            ("assumptions", was.assumptions.clone(), is.assumptions.clone()),
            ("violations", violations(was), violations(is)),
            ("faults", faults(was), faults(is)),
            ("end", was.ended_ns.to_string(), is.ended_ns.to_string()),
            ("fingerprint", was.trace_hash.clone(), is.trace_hash.clone()),
        ];
        parts.into_iter().find(|(_, expected, got)| expected != got).map_or(
            Finding::Identical,
            |(part, expected, got)| Finding::Retold { part, expected, got },
        )
    }

    /// The scenario of the run, with its one point.
    ///
    /// # Errors
    /// When this build does not take its text for a scenario of one point.
    pub fn scenario(&self, path: &Path) -> Result<(Scenario, Point), Error> {
        one_point(&self.head.text).map_err(|reason| Error::foreign(path, &reason))
    }

    /// Writes the file, whole or not at all; into a pipe or a device, as it comes.
    ///
    /// # Errors
    /// When it would be too large, or the disk does not take it.
    pub fn save(&self, path: &Path) -> Result<usize, Error> {
        let bytes = self.to_bytes();
        if bytes.len() as u64 > LARGEST {
            let message = format!(
                "the trace would have {} MiB; at most {} MiB are kept",
                bytes.len() >> 20,
                LARGEST >> 20
            );
            let next = "shorten the run: --set horizon=10s, or --set limits.events=1000000".into();
            return Err(Error::Usage { message, next });
        }
        // A file that is renamed to `/dev/null` takes its place, for everybody on the machine.
        let taken = fs::metadata(path).ok().filter(|there| !there.is_file() && !there.is_dir());
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        match taken {
            Some(_) => fs::write(path, &bytes),
            None => fs::write(&part, &bytes).and_then(|()| fs::rename(&part, path)),
        }
        .map_err(Error::io("write", path))?;
        Ok(bytes.len())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When there is none, when it is no trace or a damaged one, or of another build.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let damaged = |reason: &str| Error::Damaged { path: path.into(), reason: reason.into() };
        // Asked before it is opened, since opening a pipe waits for somebody to write.
        let regular = fs::metadata(path).map_err(Error::io("open", path))?.is_file();
        if !regular {
            return Err(damaged("this is not a regular file, and a trace is one"));
        }
        let file = File::open(path).map_err(Error::io("open", path))?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::io("open", path))?;
        if bytes.len() as u64 > LARGEST {
            return Err(damaged("this file is larger than 64 MiB, and no trace is"));
        }
        Self::from_bytes(&bytes).map_err(|flaw| flaw.of(path))
    }
}

/// The text from which this point of a scenario can be made again. It expects what its scenario
/// expects, unless that is about points that are not in it.
///
/// # Errors
/// That no text makes the same experiment, which would be a mistake of this program.
pub fn text_of(scenario: &Scenario, point: &Point, seed: u64) -> Result<String, Error> {
    let makes_it_again = |text: &String| {
        one_point(text).is_ok_and(|(_, rebuilt)| rebuilt.resolved == point.resolved)
    };
    let texts = [true, false].map(|judged| resolved_point(scenario, point, seed, judged));
    texts.into_iter().find(makes_it_again).ok_or_else(|| {
        Error::Internal(format!("{} cannot be written down so that it runs again", scenario.name))
    })
}

/// The scenario in a text, with its one point.
///
/// # Errors
/// What is wrong with it.
pub fn one_point(text: &str) -> Result<(Scenario, Point), String> {
    let mut scenario =
        scenario::of_text("the trace", text).map_err(|error| format!("its scenario:\n{error}"))?;
    match (scenario.points.pop(), scenario.points.len()) {
        (Some(point), 0) => Ok((scenario, point)),
        _ => Err("its scenario is not a single point".to_owned()),
    }
}

/// The chain of a run, and the digest after its last event.
fn chain(trace: &Trace) -> (Vec<Link>, u64) {
    let mut digest = Digest::default();
    let mut steps = trace.steps.iter().peekable();
    let mut link = |(event, link): (usize, &sim_core::trace::Link)| {
        digest.word(link.fingerprint);
        while let Some(step) = steps.next_if(|step| step.event <= event as u64) {
            fold(&mut digest, step);
        }
        Link { at: link.at, kind: link.kind, node: link.node, stub: digest.value() as u16 }
    };
    let chain = trace.links.iter().enumerate().map(&mut link).collect();
    (chain, digest.value())
}

fn fold(digest: &mut Digest, step: &Step) {
    let node = |node: Option<NodeId>| node.map_or(0, |node| u64::from(node.0) + 1);
    digest.pair(step.cause, node(step.node) << 8 | step.kind as u64);
    if let Some(ends) = step.ends {
        digest.pair(node(Some(ends.from)) << 32 | node(Some(ends.to)), ends.sent);
    }
    step.what.hash(digest);
}
