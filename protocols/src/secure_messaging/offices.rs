//! Those who hold offices: the authority vouches for keys, the keeper keeps the log, the broker
//! carries letters.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::NodeId;
use sim_core::protocol::{Context, Stored};
use sim_core::time::Time;

use super::attack::Program;
use super::evidence::SignedHead;
use super::message::{Letter, Message, News, Record};
use super::rulebook::Rulebook;
use super::{SecureMessaging, Timer};
use crate::audit::{Hash, Tree};
use crate::capability::{Action, Capability, Terms};
use crate::credential::{Certificate, PublicKey, Revocations, SecretKey};
use crate::problem::secure_messaging::{Indication, LogEntry, Office, policy};

/// The key of an office, which everybody knows.
pub(super) const fn key_of(office: NodeId) -> PublicKey {
    PublicKey { owner: office, generation: 0 }
}

/// How often what is granted may be passed on: to a deputy.
const DEPTH: u8 = 1;

/// The broker carries a letter to whom it is for.
pub(super) fn deliver(letter: Letter, ctx: &mut Context<'_, SecureMessaging>) {
    if policy::office(ctx.cluster(), letter.to) == Office::Agent {
        ctx.send(letter.to, Message::Letter(Box::new(letter)));
    }
}

/// What the authority knows.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct Registry {
    key: SecretKey,
    /// The next generation of each agent's keys.
    next: BTreeMap<NodeId, u32>,
    revoked: BTreeSet<PublicKey>,
    /// By which it grants.
    rules: Rulebook,
    /// Whom the next list goes to first.
    turn: u32,
}

impl Registry {
    pub(super) fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, SecureMessaging>) -> Self {
        let key = SecretKey::of(ctx.signer(), 0);
        let mut registry = Self {
            key,
            next: BTreeMap::new(),
            revoked: BTreeSet::new(),
            rules: Rulebook::of_the_company(),
            turn: 0,
        };
        for stored in disk {
            match stored {
                Stored::Intact(Record::Issued(key)) => {
                    registry.next.insert(key.owner, key.generation + 1);
                }
                Stored::Intact(Record::Revoked(key)) => _ = registry.revoked.insert(*key),
                _ => {}
            }
        }
        ctx.indicate(Indication::Opened { grace: ctx.config().grace() });
        ctx.repeat_timer(Timer::Refresh, ctx.config().refresh);
        registry
    }

    fn list(&self, now: Time) -> Revocations {
        Revocations::issue(&self.key, self.revoked.clone(), now)
    }

    pub(super) fn hear(
        &mut self,
        from: NodeId,
        message: Message,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        if policy::office(ctx.cluster(), from) != Office::Agent {
            return;
        }
        match message {
            Message::Enrol => self.enrol(from, ctx),
            Message::Theft(key) if key.owner == from => self.revoke(key, ctx),
            _ => {}
        }
    }

    /// Vouches for the agent's next key, and grants what its role may do.
    fn enrol(&mut self, agent: NodeId, ctx: &mut Context<'_, SecureMessaging>) {
        let (now, lasts) = (ctx.wall_clock(), ctx.config().validity);
        let next = self.next.entry(agent).or_default();
        let key = PublicKey { owner: agent, generation: *next };
        *next += 1;
        let certificate = Certificate::issue(&self.key, key, now, lasts);
        let expires = certificate.not_after();
        let (cluster, policy) = (ctx.cluster(), self.rules.root());
        let grants = policy::resources(cluster)
            .flat_map(|resource| [Action::Read, Action::Write].map(|action| (resource, action)))
            .filter(|(resource, action)| self.rules.permits(cluster, agent, *resource, *action))
            .map(|(resource, action)| {
                let terms = Terms { resource, action, expires, depth: DEPTH, policy };
                Capability::grant(&self.key, key, terms)
            })
            .collect();
        ctx.persist(Record::Issued(key));
        ctx.indicate(Indication::Issued { key, not_after: expires });
        let list = self.list(now);
        let policy = self.rules.head(&self.key);
        ctx.send(agent, Message::Enrolled { certificate, grants, list, policy });
    }

    /// An insider changes the rules.
    pub(super) fn be_edited(&mut self) {
        self.rules.edit();
    }

    fn revoke(&mut self, key: PublicKey, ctx: &mut Context<'_, SecureMessaging>) {
        if self.revoked.insert(key) {
            ctx.persist(Record::Revoked(key));
            ctx.indicate(Indication::Revoked { key });
            self.refresh(ctx);
        }
    }

    /// Issues a list and tells two agents, who will tell the others.
    pub(super) fn refresh(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let list = self.list(ctx.wall_clock());
        let agents = policy::agents(ctx.cluster()).count() as u32;
        for _ in 0..agents.min(2) {
            self.turn = (self.turn + 1) % agents;
            let sent_at = ctx.wall_clock();
            let news = News {
                sent_at,
                certificate: None,
                list: Some(list.clone()),
                head: None,
                policy: Some(self.rules.head(&self.key)),
                statements: Vec::new(),
            };
            ctx.send(NodeId(self.turn), Message::News(Box::new(news)));
        }
    }
}

/// The log, as its keeper keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Ledger {
    entries: Vec<LogEntry>,
    places: BTreeMap<LogEntry, usize>,
    tree: Tree,
}

impl Ledger {
    pub(super) fn boot(disk: &[Stored<Record>]) -> Self {
        let mut ledger = Self::default();
        for stored in disk {
            if let Stored::Intact(Record::Entry(entry)) = stored {
                ledger.add(*entry);
            }
        }
        ledger
    }

    /// The log of these entries.
    pub(super) fn of(entries: impl IntoIterator<Item = LogEntry>) -> Self {
        let mut ledger = Self::default();
        entries.into_iter().for_each(|entry| ledger.add(entry));
        ledger
    }

    fn add(&mut self, entry: LogEntry) {
        self.places.insert(entry, self.entries.len());
        self.entries.push(entry);
        self.tree.push(entry.leaf());
    }

    pub(super) fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// The whole log, with a head in answer to somebody who knows it so far.
    pub(super) fn shown(
        &self,
        key: &SecretKey,
        known: Option<(u32, Hash)>,
    ) -> (Vec<LogEntry>, SignedHead) {
        (self.entries.clone(), self.head(key, known))
    }

    fn head(&self, key: &SecretKey, known: Option<(u32, Hash)>) -> SignedHead {
        SignedHead::sign(key, self.tree.len() as u32, self.tree.root(), known)
    }

    pub(super) fn hear(
        &mut self,
        from: NodeId,
        message: Message,
        program: Option<&mut Program>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let key = SecretKey::of(ctx.signer(), 0);
        match message {
            Message::Append { entry, known } if entry.by == from => {
                if !self.places.contains_key(&entry) {
                    self.add(entry);
                    ctx.persist(Record::Entry(entry));
                }
                let (index, size) = (self.places[&entry], self.tree.len());
                let old = known.map_or(0, |(size, _)| size as usize);
                ctx.send(
                    from,
                    Message::Appended {
                        entry,
                        index: index as u32,
                        inclusion: self.tree.inclusion(index, size).unwrap_or_default(),
                        consistency: self.tree.consistency(old, size).unwrap_or_default(),
                        head: self.head(&key, known),
                    },
                );
            }
            Message::Fetch { op, known } => {
                let shown = program.and_then(|program| program.show(self, from, known, ctx));
                let (entries, head) = shown.unwrap_or_else(|| self.shown(&key, known));
                ctx.send(from, Message::Log { op, entries, head });
            }
            Message::Summons => ctx.send(from, Message::Appeal),
            _ => {}
        }
    }
}
