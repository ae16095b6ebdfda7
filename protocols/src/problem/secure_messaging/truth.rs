//! What really happened, read off the history: the one oracle that judges and gauge share. It knows
//! who asked what, whom the adversary has and whose keys it stole, and nothing of the defences.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::time::{Duration, Time};

use super::policy::{self, Label};
use super::{Cause, Claim, Indication, LogEntry, Request};
use crate::capability::{Action, Resource};
use crate::credential::PublicKey;

/// What is wrong with something that an honest agent did, or that a hostile one got to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Breach {
    /// It accepted what nobody asked for, or not so.
    Forged,
    /// It accepted the same again.
    Repeated,
    /// It accepted what a thief signed with a stolen key: nobody can tell before it is revoked.
    Stolen,
    /// It accepted what no user of a corrupt agent asked for, in that agent's own name.
    Absorbed,
    /// It let somebody act who may not.
    Unauthorised,
    /// Somebody learned what is not for him.
    Leaked,
    /// It took a key for good that had been revoked, or had expired, for longer than the grace.
    StaleKey,
    /// It took a log for complete that lacks what had been acknowledged.
    Blind,
    /// It convicted somebody honest, or held a conviction against him that should be taken back.
    Slandered,
}

/// The truth so far.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    cluster: Cluster,
    grace: Duration,
    requests: BTreeMap<OpId, (NodeId, Request, Time)>,
    accepted: BTreeSet<(NodeId, OpId)>,
    pub(super) corrupt: NodeSet,
    stolen: BTreeSet<PublicKey>,
    /// When a key ceased to be good.
    ended: BTreeMap<PublicKey, Time>,
    /// When a key was revoked.
    revoked: BTreeMap<PublicKey, Time>,
    recorded: Vec<(Time, LogEntry)>,
}

impl Truth {
    pub(super) const fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            grace: Duration::ZERO,
            requests: BTreeMap::new(),
            accepted: BTreeSet::new(),
            corrupt: NodeSet::EMPTY,
            stolen: BTreeSet::new(),
            ended: BTreeMap::new(),
            revoked: BTreeMap::new(),
            recorded: Vec::new(),
        }
    }

    /// Who asked this first.
    pub(super) fn request(&self, op: OpId) -> Option<(NodeId, Request)> {
        self.requests.get(&op).map(|(node, request, _)| (*node, *request))
    }

    /// Whether what is asked goes beyond what this agent's user may.
    pub(super) fn goes_beyond(&self, node: NodeId, request: Request) -> bool {
        match request {
            Request::Send { to, label, .. } => !policy::clears(self.cluster, to, label),
            Request::Act { resource, action, .. } => {
                !policy::permits(self.cluster, node, resource, action)
            }
            Request::Audit => false,
        }
    }

    /// Whether a key of this identity was stolen.
    pub(super) fn is_robbed(&self, node: NodeId) -> bool {
        self.stolen.iter().any(|key| key.owner == node)
    }

    /// Whether the adversary speaks for an identity: through its node, or with a key of it.
    fn is_taken(&self, node: NodeId) -> bool {
        self.corrupt.contains(node) || self.is_robbed(node)
    }

    /// Whether an identity may be held guilty of what its keys signed: it is corrupt, or nobody can
    /// tell yet that one was stolen.
    fn is_to_blame(&self, node: NodeId, at: Time) -> bool {
        let cannot_be_told = |key: &PublicKey| {
            self.revoked.get(key).is_none_or(|revoked| at <= *revoked + self.grace)
        };
        self.corrupt.contains(node)
            || self.stolen.iter().any(|key| key.owner == node && cannot_be_told(key))
    }

    /// Takes an entry in, and says what is wrong with it.
    pub(super) fn observe(&mut self, entry: &Entry<Request, Indication>) -> Vec<Breach> {
        let (at, node) = (entry.at, entry.node);
        match &entry.event {
            Event::Requested { op, request, .. } => {
                self.requests.entry(*op).or_insert((node, *request, at));
                Vec::new()
            }
            Event::Corrupted => {
                self.corrupt.insert(node);
                Vec::new()
            }
            Event::Indicated { answers, indication } => {
                self.indicated(at, node, *answers, indication)
            }
            Event::Abandoned { .. } | Event::Booted | Event::Crashed => Vec::new(),
        }
    }

    fn indicated(
        &mut self,
        at: Time,
        node: NodeId,
        answers: Option<OpId>,
        indication: &Indication,
    ) -> Vec<Breach> {
        let mut breaches = Vec::new();
        match indication {
            Indication::Opened { grace } => self.grace = *grace,
            Indication::Issued { key, not_after } => _ = self.ended.insert(*key, *not_after),
            Indication::Revoked { key } => {
                let ended = self.ended.entry(*key).or_insert(at);
                *ended = at.min(*ended);
                self.revoked.entry(*key).or_insert(at);
            }
            Indication::Stolen { key } => _ = self.stolen.insert(*key),
            Indication::Recorded { entry, .. } => self.recorded.push((at, *entry)),
            Indication::Accepted { claim, key } => {
                breaches.extend(self.agreement(node, claim, *key));
                breaches.extend(self.leak(node, claim.label));
                breaches.extend(self.staleness(at, *key));
            }
            Indication::Acted { resource, action, op, presenter, key } => {
                let done = (*resource, *action);
                breaches.extend(self.act_agrees(node, done, *op, *presenter, *key));
                breaches.extend(self.amplification(done, *op));
                breaches.extend(self.staleness(at, *key));
            }
            Indication::Learned { label, .. } => breaches.extend(self.leak(node, *label)),
            Indication::Audited { accepted: true, entries } => {
                breaches.extend(self.blindness(answers, entries));
            }
            Indication::Convicted { whom } => {
                breaches.extend((!self.is_to_blame(*whom, at)).then_some(Breach::Slandered));
            }
            Indication::Refused { from, cause: Cause::Convicted, .. } => {
                breaches.extend((!self.is_to_blame(*from, at)).then_some(Breach::Slandered));
            }
            Indication::Audited { .. }
            | Indication::Refused { .. }
            | Indication::Acquitted { .. }
            | Indication::Suspected { .. }
            | Indication::Drawn { .. }
            | Indication::Alarmed { .. }
            | Indication::Cleared { .. }
            | Indication::Done(_)
            | Indication::Declined(_)
            | Indication::Attempted
            | Indication::Ignored { .. } => {}
        }
        breaches
    }

    /// What is taken for an identity's word under this key, and is not: whose fault that is.
    fn blame(&self, identity: NodeId, key: Option<PublicKey>) -> Breach {
        if self.corrupt.contains(identity) {
            Breach::Absorbed
        } else if key.is_some_and(|key| self.stolen.contains(&key)) {
            Breach::Stolen
        } else {
            Breach::Forged
        }
    }

    /// Whether an acceptance agrees with a request on every field, and is the first of it.
    fn agreement(&mut self, node: NodeId, claim: &Claim, key: Option<PublicKey>) -> Option<Breach> {
        let asked = |(from, request): (NodeId, Request)| match request {
            Request::Send { to, kind, label, term } => {
                Claim { from, to, kind, label, term, content: claim.content } == *claim
                    && node == claim.to
            }
            Request::Act { .. } | Request::Audit => false,
        };
        if !self.request(claim.content).is_some_and(asked) {
            return Some(self.blame(claim.from, key));
        }
        (!self.accepted.insert((node, claim.content))).then_some(Breach::Repeated)
    }

    fn act_agrees(
        &mut self,
        node: NodeId,
        done: (Resource, Action),
        op: OpId,
        presenter: NodeId,
        key: Option<PublicKey>,
    ) -> Option<Breach> {
        let asked = |(_, request)| match request {
            Request::Act { resource, action, .. } => (resource, action) == done,
            _ => false,
        };
        if !self.request(op).is_some_and(asked) {
            // An honest deputy carries what a corrupt agent made up.
            let is_carried = policy::role(presenter) == policy::Role::Admin
                && policy::agents(self.cluster).any(|agent| self.is_taken(agent));
            let blame = self.blame(presenter, key);
            let is_excused = blame == Breach::Forged && is_carried;
            return Some(if is_excused { Breach::Absorbed } else { blame });
        }
        (!self.accepted.insert((node, op))).then_some(Breach::Repeated)
    }

    /// Whether whoever really wanted this may have it.
    fn amplification(&self, done: (Resource, Action), op: OpId) -> Option<Breach> {
        let (resource, action) = done;
        let may = |node| policy::permits(self.cluster, node, resource, action);
        let is_permitted = match self.request(op) {
            Some((node, Request::Act { resource, action, .. })) if (resource, action) == done => {
                may(node)
            }
            // The adversary wanted it: it may what those may for whom it speaks, and what others
            // entrusted to them.
            _ => {
                policy::agents(self.cluster).any(|node| self.is_taken(node) && may(node))
                    || self.requests.values().any(|(node, request, _)| match request {
                        Request::Act { resource, action, deputy: Some(deputy) } => {
                            (*resource, *action) == done && self.is_taken(*deputy) && may(*node)
                        }
                        _ => false,
                    })
            }
        };
        (!is_permitted).then_some(Breach::Unauthorised)
    }

    fn leak(&self, node: NodeId, label: Label) -> Option<Breach> {
        (!policy::clears(self.cluster, node, label)).then_some(Breach::Leaked)
    }

    fn staleness(&self, at: Time, key: Option<PublicKey>) -> Option<Breach> {
        let ended = self.ended.get(&key?)?;
        (at > *ended + self.grace).then_some(Breach::StaleKey)
    }

    /// Whether an accepted log lacks what was acknowledged the grace before the audit was asked for.
    fn blindness(&self, answers: Option<OpId>, entries: &[LogEntry]) -> Option<Breach> {
        let (_, _, asked) = self.requests.get(&answers?)?;
        let held: BTreeSet<LogEntry> = entries.iter().copied().collect();
        let is_due = |recorded: Time| recorded + self.grace <= *asked;
        let lacks =
            |(recorded, entry): &(Time, LogEntry)| is_due(*recorded) && !held.contains(entry);
        self.recorded.iter().any(lacks).then_some(Breach::Blind)
    }

    /// Whether a stolen key is still good.
    pub(super) fn is_key_at_large(&self, at: Time) -> bool {
        self.stolen.iter().any(|key| self.ended.get(key).is_none_or(|ended| at < *ended))
    }

    /// The end of the exposure that a stolen key meant: whether this acceptance was under one.
    pub(super) fn is_under_stolen_key(&self, key: Option<PublicKey>) -> bool {
        key.is_some_and(|key| self.stolen.contains(&key))
    }
}
