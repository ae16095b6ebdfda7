//! The judges of replicated registers.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::linearizability::{CasOp, CasResult};
use sim_core::time::Time;

use super::super::kv::{Accesses, Call};
use super::super::operation::PerOp;
use super::{Indication, Register, Request, Shown, Value, homes};

#[cfg(test)]
mod tests;

/// Several values are judged as if the first of them had been found: who promises linearizability
/// has to choose.
impl Accesses for Register {
    type Heard = Indication;

    fn heard(indication: &Indication) -> Option<Indication> {
        Some(indication.clone())
    }

    fn call(op: OpId, request: &Request) -> Call {
        let call = match request {
            Request::Read { .. } => CasOp::Read,
            Request::Write { .. } => CasOp::Write(Some(Value(op))),
        };
        (request.key(), call)
    }

    fn result(heard: &Indication) -> CasResult<Option<Value>> {
        match heard {
            Indication::Found { values, .. } => CasResult::Value(values.first().copied()),
            _ => CasResult::Written,
        }
    }
}

/// A write whose answer came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub(super) op: OpId,
    pub(super) invoked: Time,
    pub(super) acknowledged: Time,
}

/// What is known of an operation.
#[derive(Clone, Copy, Debug)]
struct Asked {
    request: Request,
    at: Time,
    /// How many writes of its key had been acknowledged by then.
    writes: usize,
    answered: Option<Time>,
    abandoned: bool,
}

/// What an answered read missed: what it found had been acknowledged before these writes began, and
/// they were acknowledged before the read began.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// When it began.
    pub(super) invoked: Time,
    /// The newest write that had been acknowledged by then, if any had.
    pub(super) newest: Option<Write>,
    /// How many writes were missed.
    pub(super) behind: usize,
    /// Of those missed, the one that was acknowledged first.
    pub(super) missed: Option<Write>,
    /// Whether the newest was.
    pub(super) newest_missed: bool,
}

/// Something that was answered.
#[derive(Clone, Debug)]
pub(super) enum Done {
    Read(Read),
    Write,
}

/// Follows a history and tells, of each read that is answered, what it missed.
#[derive(Default)]
pub(super) struct Follower {
    asked: PerOp<Asked>,
    /// The acknowledged writes of each key, in the order of their acknowledgements.
    writes: BTreeMap<u32, Vec<Write>>,
}

impl Follower {
    /// The operation that this entry answers for the first time, and what came of it.
    pub(super) fn follow(&mut self, entry: &Entry<Request, Indication>) -> Option<(OpId, Done)> {
        match &entry.event {
            Event::Requested { op, request, .. } => {
                let writes = self.writes.get(&request.key()).map_or(0, Vec::len);
                let (at, request, answered) = (entry.at, *request, None);
                let new = Asked { request, at, writes, answered, abandoned: false };
                self.asked.slot(*op).get_or_insert(new);
                None
            }
            Event::Abandoned { op } => {
                self.asked.slot(*op).iter_mut().for_each(|asked| asked.abandoned = true);
                None
            }
            Event::Indicated { answers: Some(op), indication } => {
                let asked = self.asked.slot(*op).as_mut()?;
                if asked.abandoned || asked.answered.is_some() {
                    return None;
                }
                asked.answered = Some(entry.at);
                let Asked { request, at, writes, .. } = *asked;
                let done = match (request, indication) {
                    (Request::Write { key }, _) => {
                        let write = Write { op: *op, invoked: at, acknowledged: entry.at };
                        self.writes.entry(key).or_default().push(write);
                        Done::Write
                    }
                    (Request::Read { key }, Indication::Found { values, .. }) => {
                        Done::Read(self.read(key, at, writes, values))
                    }
                    (Request::Read { .. }, _) => return None,
                };
                Some((*op, done))
            }
            _ => None,
        }
    }

    /// What a read of `values` missed, that began when so many writes had been acknowledged.
    fn read(&self, key: u32, invoked: Time, writes: usize, values: &[Value]) -> Read {
        let known = self.writes.get(&key).map_or(&[][..], |all| &all[..writes]);
        // The newest of the siblings counts. What was not acknowledged yet cannot be overwritten.
        let written = |value: &Value| self.asked.get(value.0).map(|asked| asked.answered);
        let since = values.iter().filter_map(written).max_by_key(|at| (at.is_none(), *at));
        let is_missed = |write: &Write| match since {
            None => true,
            Some(None) => false,
            Some(Some(since)) => write.invoked > since,
        };
        // What was acknowledged before is no longer looked at: it began before, too.
        let later = known.iter().rev().take_while(|write| match since {
            Some(since) => since.is_some_and(|since| write.acknowledged > since),
            None => true,
        });
        let missed = later.filter(|write| is_missed(write));
        let (behind, first) = missed.fold((0, None), |(count, _), write| (count + 1, Some(*write)));
        let newest = known.last().copied();
        let newest_missed = newest.as_ref().is_some_and(is_missed);
        Read { invoked, newest, behind, missed: first, newest_missed }
    }
}

/// Judges [`super::REGULARITY`].
#[derive(Default)]
pub(super) struct Regularity {
    follower: Follower,
}

impl Checker<Request, Indication> for Regularity {
    fn observe(&mut self, entry: &Entry<Request, Indication>) -> Option<Witness> {
        let (op, Done::Read(read)) = self.follower.follow(entry)? else { return None };
        let write = read.missed?;
        let Event::Indicated { indication, .. } = &entry.event else { return None };
        Some(format!(
            "{op} began at {} s and {indication:?}; but {} had overwritten that, from {} s to {} s",
            read.invoked, write.op, write.invoked, write.acknowledged
        ))
    }
}

/// Judges [`super::VALIDITY`].
#[derive(Default)]
pub(super) struct Validity {
    requested: PerOp<Request>,
}

impl Validity {
    /// What is wrong with this value under this key.
    fn stray(&self, key: u32, value: Value) -> Option<String> {
        match self.requested.get(value.0) {
            Some(Request::Write { key: there }) if *there == key => None,
            Some(other) => Some(format!("k{key} has {value:?}, which asked to {other:?}")),
            None => Some(format!("k{key} has {value:?}, which nobody wrote")),
        }
    }
}

impl Checker<Request, Indication> for Validity {
    fn observe(&mut self, entry: &Entry<Request, Indication>) -> Option<Witness> {
        let Event::Indicated { answers, indication } = &entry.event else {
            if let Event::Requested { op, request, .. } = entry.event {
                self.requested.slot(op).get_or_insert(request);
            }
            return None;
        };
        let request = answers.map(|op| (op, self.requested.get(op).copied()));
        let wrong = match (request, indication) {
            (Some((op, None)), _) => Some(format!("nobody had asked for {op}")),
            (Some((_, Some(Request::Read { key }))), Indication::Found { values, .. }) => {
                values.iter().find_map(|value| self.stray(key, *value))
            }
            (None, Indication::Keeps { key, values }) => {
                values.iter().find_map(|value| self.stray(*key, *value))
            }
            (Some((_, Some(Request::Write { .. }))), Indication::Written { .. })
            | (None, Indication::Serves { .. } | Indication::Upkeep(_)) => None,
            (Some((op, Some(request))), told) => {
                Some(format!("{op} asked to {request:?} and was told: {told:?}"))
            }
            (None, told) => Some(format!("nobody was told: {told:?}")),
        };
        wrong.map(|wrong| format!("at {} {} s: {wrong}", entry.node, entry.at))
    }
}

/// What every node keeps, as far as it told.
struct Copies {
    cluster: Cluster,
    /// How many nodes keep each key; `None` until somebody said so.
    copies: Option<u32>,
    kept: BTreeMap<(u32, NodeId), Vec<Value>>,
    /// When each key was last asked for.
    asked: BTreeMap<u32, Time>,
}

impl Copies {
    const fn new(cluster: Cluster) -> Self {
        Self { cluster, copies: None, kept: BTreeMap::new(), asked: BTreeMap::new() }
    }

    fn observe(&mut self, entry: &Entry<Request, Indication>) {
        match &entry.event {
            Event::Requested { request, .. } => {
                self.asked.insert(request.key(), entry.at);
            }
            // It tells anew what it finds on its disk.
            Event::Booted => self.kept.retain(|(_, node), _| *node != entry.node),
            Event::Indicated { indication: Indication::Serves { copies }, .. } => {
                self.copies = Some(*copies);
            }
            Event::Indicated { indication: Indication::Keeps { key, values }, .. } => {
                self.kept.insert((*key, entry.node), values.clone());
            }
            _ => {}
        }
    }

    fn keeps(&self, key: u32, node: NodeId) -> &[Value] {
        self.kept.get(&(key, node)).map_or(&[], Vec::as_slice)
    }

    /// The keys that were asked for, when last, and those of their homes that are in `core`.
    fn keys<'a>(
        &'a self,
        core: &'a NodeSet,
    ) -> impl Iterator<Item = (u32, Time, Vec<NodeId>)> + 'a {
        self.asked.iter().filter_map(|(key, at)| {
            let homes = homes(self.cluster, self.copies?, *key);
            Some((*key, *at, homes.filter(|node| core.contains(*node)).collect()))
        })
    }

    /// Two of these nodes that keep different things.
    fn difference(&self, key: u32, homes: &[NodeId]) -> Option<(NodeId, NodeId)> {
        let (first, others) = homes.split_first()?;
        let one = self.keeps(key, *first);
        let other = others.iter().find(|node| self.keeps(key, **node) != one)?;
        Some((*first, *other))
    }
}

/// Judges [`super::CONVERGENCE`].
pub(super) struct Convergence(Copies);

impl Convergence {
    pub(super) const fn new(cluster: Cluster) -> Self {
        Self(Copies::new(cluster))
    }
}

impl Checker<Request, Indication> for Convergence {
    fn observe(&mut self, entry: &Entry<Request, Indication>) -> Option<Witness> {
        self.0.observe(entry);
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let copies = &self.0;
        let mut overdue = copies.keys(&end.core).filter(|(_, at, _)| end.is_overdue(*at));
        overdue.find_map(|(key, _, homes)| {
            let (one, other) = copies.difference(key, &homes)?;
            Some(format!(
                "at the end, {} s, {one} keeps {} under k{key} and {other} keeps {}",
                end.at,
                Shown(copies.keeps(key, one)),
                Shown(copies.keeps(key, other))
            ))
        })
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        let mut keys = self.0.keys(core);
        keys.all(|(key, _, homes)| self.0.difference(key, &homes).is_none())
    }
}

/// Judges [`super::NO_LOST_UPDATE`], at the end, of keys whose copies have become equal and that
/// were left alone for long enough.
///
/// A client knows of a write if it made it, or read it. Its next write of that key takes the place
/// of all that it knows of, and of what had taken the place of that.
pub(super) struct NoLostUpdate {
    copies: Copies,
    requested: PerOp<Request>,
    acknowledged: BTreeMap<u32, Vec<OpId>>,
    /// What each client knows of a key and has not written over.
    known: BTreeMap<(ClientId, u32), BTreeSet<Value>>,
    /// What each write took the place of.
    replaced: BTreeMap<OpId, Vec<Value>>,
}

impl NoLostUpdate {
    pub(super) const fn new(cluster: Cluster) -> Self {
        Self {
            copies: Copies::new(cluster),
            requested: PerOp::empty(),
            acknowledged: BTreeMap::new(),
            known: BTreeMap::new(),
            replaced: BTreeMap::new(),
        }
    }

    /// All writes that these stand for: they and whatever they took the place of.
    fn covered(&self, values: &[Value]) -> BTreeSet<Value> {
        let (mut covered, mut open) = (BTreeSet::new(), values.to_vec());
        while let Some(value) = open.pop() {
            if covered.insert(value) {
                open.extend(self.replaced.get(&value.0).into_iter().flatten());
            }
        }
        covered
    }

    /// A write that was acknowledged and that nothing which this node keeps stands for.
    fn lost(&self, key: u32, node: NodeId) -> Option<OpId> {
        let covered = self.covered(self.copies.keeps(key, node));
        let acknowledged = self.acknowledged.get(&key)?;
        acknowledged.iter().copied().find(|op| !covered.contains(&Value(*op)))
    }
}

impl Checker<Request, Indication> for NoLostUpdate {
    fn observe(&mut self, entry: &Entry<Request, Indication>) -> Option<Witness> {
        self.copies.observe(entry);
        match &entry.event {
            Event::Requested { op, request, .. } => {
                let asked = self.requested.slot(*op);
                if asked.is_none() && request.is_write() {
                    let known = self.known.entry((op.client, request.key())).or_default();
                    let replaced = std::mem::take(known).into_iter().collect();
                    known.insert(Value(*op));
                    self.replaced.insert(*op, replaced);
                }
                asked.get_or_insert(*request);
            }
            Event::Indicated { answers: Some(op), indication } => {
                let key = self.requested.get(*op)?.key();
                match indication {
                    Indication::Found { values, .. } => {
                        self.known.entry((op.client, key)).or_default().extend(values);
                    }
                    _ => self.acknowledged.entry(key).or_default().push(*op),
                }
            }
            _ => {}
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let mut overdue = self.copies.keys(&end.core).filter(|(_, at, _)| end.is_overdue(*at));
        overdue.find_map(|(key, _, homes)| {
            // Copies that differ are another property's affair.
            if self.copies.difference(key, &homes).is_some() {
                return None;
            }
            let lost = self.lost(key, *homes.first()?)?;
            Some(format!(
                "{lost} wrote k{key} and was acknowledged; at the end {} is kept, and nobody who \
                 could know of {lost} wrote over it",
                Shown(self.copies.keeps(key, homes[0]))
            ))
        })
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        let mut keys = self.copies.keys(core);
        keys.all(|(key, _, homes)| homes.iter().all(|home| self.lost(key, *home).is_none()))
    }
}
