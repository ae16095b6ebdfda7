//! The judges of replicated data.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{self, Event};
use sim_core::id::{NodeId, NodeSet};
use sim_core::time::Time;

use super::meaning::Meaning;
use super::{Dot, Indication, Request, Updated, Value, VersionVector};

pub(super) type Entry = history::Entry<Request, Indication>;

/// The update that an entry tells of, if it does.
pub(super) fn update(entry: &Entry) -> Option<&Updated> {
    match &entry.event {
        Event::Indicated { indication: Indication::Updated(updated), .. } => Some(updated),
        _ => None,
    }
}

/// What an entry shows, if it shows anything.
pub(super) fn view(entry: &Entry) -> Option<(&VersionVector, &Value)> {
    match &entry.event {
        Event::Indicated { indication: Indication::View { seen, value }, .. } => {
            Some((seen, value))
        }
        _ => None,
    }
}

/// Keeps who showed what first, for every set of updates.
#[derive(Default)]
pub(super) struct StrongConvergence {
    shown: BTreeMap<VersionVector, (NodeId, Time, Value)>,
}

impl Checker<Request, Indication> for StrongConvergence {
    fn observe(&mut self, entry: &Entry) -> Option<Witness> {
        let (seen, value) = view(entry)?;
        let Some((node, at, before)) = self.shown.get(seen) else {
            self.shown.insert(seen.clone(), (entry.node, entry.at, value.clone()));
            return None;
        };
        (before != value).then(|| {
            format!(
                "having seen {seen:?}, {node} showed {before:?} at {at} s and {} shows {value:?} \
                 at {} s",
                entry.node, entry.at
            )
        })
    }
}

/// Knows all updates, and what they mean.
#[derive(Default)]
pub(super) struct Meaningful {
    meaning: Meaning,
}

impl Checker<Request, Indication> for Meaningful {
    fn observe(&mut self, entry: &Entry) -> Option<Witness> {
        if let Some(updated) = update(entry) {
            return self.meaning.add(updated).err();
        }
        let (seen, value) = view(entry)?;
        if let Some(dot) = seen.last_dots().find(|dot| self.meaning.update(*dot).is_none()) {
            return Some(format!("{} has seen {dot}, which nobody made", entry.node));
        }
        let objection = self.meaning.objection(seen, value)?;
        Some(format!("having seen {seen:?}, {} {objection}", entry.node))
    }
}

/// Knows what the makers of updates had seen, and what each node has seen in its present life.
#[derive(Default)]
pub(super) struct Causality {
    meaning: Meaning,
    seen: BTreeMap<NodeId, VersionVector>,
}

impl Checker<Request, Indication> for Causality {
    fn observe(&mut self, entry: &Entry) -> Option<Witness> {
        if let Some(updated) = update(entry) {
            // What is wrong with the update itself is told by its meaning.
            let is_sound = self.meaning.add(updated).is_ok();
            let before = Dot { sequence: updated.dot.sequence - 1, ..updated.dot };
            return (is_sound && !updated.seen.has(before))
                .then(|| format!("{} was made without having seen {before}", updated.dot));
        }
        if let Event::Booted = entry.event {
            self.seen.remove(&entry.node);
        }
        let (seen, _) = view(entry)?;
        let before = self.seen.insert(entry.node, seen.clone()).unwrap_or_default();
        if !before.is_within(seen) {
            return Some(format!("{} had seen {before:?} and now only {seen:?}", entry.node));
        }
        // An update's maker has seen its own earlier ones and all that it had seen then, so the
        // last ones speak for all.
        let updates = seen.last_dots().filter_map(|dot| self.meaning.update(dot));
        let orphan = updates.into_iter().find(|updated| !updated.seen.is_within(seen))?;
        let (node, dot) = (entry.node, orphan.dot);
        Some(format!("{node} has seen {dot} but of {:?}, on which it rests, {seen:?}", orphan.seen))
    }
}

/// Knows when each update was made, and what each node has seen.
#[derive(Default)]
pub(super) struct Convergence {
    made: BTreeMap<NodeId, Vec<Time>>,
    seen: BTreeMap<NodeId, VersionVector>,
}

impl Convergence {
    /// The first update of each maker that a node has not seen, and when it was made.
    fn missing(&self, node: NodeId) -> impl Iterator<Item = (Dot, Time)> {
        let seen = self.seen.get(&node).cloned().unwrap_or_default();
        self.made.iter().filter_map(move |(maker, times)| {
            let dot = seen.next(*maker);
            Some((dot, *times.get(dot.sequence as usize - 1)?))
        })
    }
}

impl Checker<Request, Indication> for Convergence {
    fn observe(&mut self, entry: &Entry) -> Option<Witness> {
        if let Some(Updated { dot, .. }) = update(entry) {
            let made = self.made.entry(dot.node).or_default();
            if made.len() < dot.sequence as usize {
                made.push(entry.at);
            }
        }
        if let Some((seen, _)) = view(entry) {
            self.seen.insert(entry.node, seen.clone());
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let owed = |node| self.missing(node).map(move |(dot, made)| (node, dot, made));
        let mut owed = end.core.iter().flat_map(owed);
        let (node, dot, made) = owed.find(|(.., made)| end.is_overdue(*made))?;
        Some(format!("{dot} was made at {made} s, and {node} has not seen it at {} s", end.at))
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        core.iter().all(|node| self.missing(node).next().is_none())
    }
}
