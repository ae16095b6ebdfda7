//! A node's part: it keeps copies, stands in for others, and compares notes.

use std::collections::BTreeMap;

use sim_core::digest::Digest;
use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Stored;
use sim_core::time::{Duration, Time};

use super::message::{Cause, Message, Record};
use super::version::Siblings;
use super::{Context, HANDED_OVER, Timer};
use crate::problem::register::{Indication, Upkeep, homes};

/// What a node keeps for another one.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Hint {
    siblings: Siblings,
    /// Since when, by its own clock, in this life.
    since: Time,
}

/// A node that keeps copies.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Replica {
    held: BTreeMap<u32, Siblings>,
    hints: BTreeMap<(NodeId, u32), Hint>,
    /// With whom it compared notes last.
    peer: u32,
}

/// Whether a node is one of the homes of a key.
fn is_home(cluster: Cluster, copies: u32, key: u32, node: NodeId) -> bool {
    homes(cluster, copies, key).any(|home| home == node)
}

fn keeps(key: u32, siblings: &Siblings, ctx: &mut Context<'_>) {
    ctx.indicate(Indication::Keeps { key, values: siblings.values() });
}

impl Replica {
    pub(super) fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_>) -> Self {
        let mut replica = Self { peer: ctx.me().0, ..Self::default() };
        let since = ctx.elapsed();
        for stored in disk {
            match stored {
                Stored::Intact(Record::Held(key, siblings)) => {
                    replica.held.insert(*key, siblings.clone());
                }
                Stored::Intact(Record::Hint(home, key, siblings)) => {
                    let hint = Hint { siblings: siblings.clone(), since };
                    replica.hints.insert((*home, *key), hint);
                }
                Stored::Intact(Record::Dropped(home, key)) => {
                    replica.hints.remove(&(*home, *key));
                }
                Stored::Damaged => {}
            }
        }
        ctx.indicate(Indication::Serves { copies: ctx.config().copies });
        for (key, siblings) in &replica.held {
            keeps(*key, siblings, ctx);
        }
        if ctx.config().anti_entropy > Duration::ZERO {
            ctx.repeat_timer(Timer::AntiEntropy, ctx.config().anti_entropy);
        }
        if !replica.hints.is_empty() {
            ctx.repeat_timer(Timer::Handoff, ctx.config().retransmit);
        }
        replica
    }

    /// All that it has under a key, for whomever.
    fn has(&self, key: u32) -> Siblings {
        let mut all = self.held.get(&key).cloned().unwrap_or_default();
        for ((_, of), hint) in &self.hints {
            if *of == key {
                all.merge(&hint.siblings);
            }
        }
        all
    }

    pub(super) fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_>) {
        match message {
            Message::Ask { op, key } => {
                let clock = ctx.wall_clock().as_nanos() / 1_000;
                ctx.send(from, Message::Told { op, stamp: self.has(key).stamp(), clock });
            }
            Message::Read { op, key } => {
                ctx.send(from, Message::Found { op, siblings: self.has(key) });
            }
            Message::Store { cause, key, siblings, home } => {
                let stands_in = home.filter(|home| *home != ctx.me());
                let is_stored = match stands_in {
                    Some(home) => self.take_on(home, key, &siblings, ctx),
                    None => {
                        self.keep(key, &siblings, ctx);
                        true
                    }
                };
                if is_stored {
                    ctx.send(from, Message::Stored { cause, key });
                }
            }
            Message::Stored { cause: Cause::Handoff(digest), key } => {
                self.on_handed_over(from, key, digest, ctx);
            }
            Message::Summary(digests) => self.on_summary(from, &digests, ctx),
            Message::Sync { key, siblings, asks } => {
                self.keep(key, &siblings, ctx);
                let own = &self.held[&key];
                if asks && *own != siblings {
                    let siblings = own.clone();
                    ctx.send(from, Message::Sync { key, siblings, asks: false });
                }
            }
            // What a client is told.
            Message::Told { .. } | Message::Found { .. } | Message::Stored { .. } => {}
        }
    }

    /// Keeps what is newer than what it keeps.
    fn keep(&mut self, key: u32, siblings: &Siblings, ctx: &mut Context<'_>) {
        let held = self.held.entry(key).or_default();
        if held.merge(siblings) {
            ctx.persist(Record::Held(key, held.clone()));
            keeps(key, held, ctx);
        }
    }

    /// Keeps something for another node, if there is room; says whether it does.
    fn take_on(
        &mut self,
        home: NodeId,
        key: u32,
        siblings: &Siblings,
        ctx: &mut Context<'_>,
    ) -> bool {
        let is_full = self.hints.len() >= ctx.config().hint_capacity as usize;
        if is_full && !self.hints.contains_key(&(home, key)) {
            ctx.indicate(Indication::Upkeep(Upkeep::HintRefused));
            return false;
        }
        if self.hints.is_empty() {
            ctx.repeat_timer(Timer::Handoff, ctx.config().retransmit);
        }
        let fresh = Hint { siblings: Siblings::default(), since: ctx.elapsed() };
        let hint = self.hints.entry((home, key)).or_insert(fresh);
        if hint.siblings.merge(siblings) {
            ctx.persist(Record::Hint(home, key, hint.siblings.clone()));
            ctx.indicate(Indication::Upkeep(Upkeep::HintQueued));
        }
        true
    }

    /// Its home has it, unless something was added since it was sent.
    fn on_handed_over(&mut self, home: NodeId, key: u32, digest: u64, ctx: &mut Context<'_>) {
        let is_it = |hint: &Hint| Digest::of(&hint.siblings) == digest;
        if self.hints.get(&(home, key)).is_some_and(is_it) {
            ctx.announce(HANDED_OVER.reached());
            self.drop_hint(home, key, Upkeep::HintDelivered, ctx);
        }
    }

    fn drop_hint(&mut self, home: NodeId, key: u32, why: Upkeep, ctx: &mut Context<'_>) {
        self.hints.remove(&(home, key));
        ctx.persist(Record::Dropped(home, key));
        ctx.indicate(Indication::Upkeep(why));
        if self.hints.is_empty() {
            ctx.cancel_timer(Timer::Handoff);
        }
    }

    /// Tries again to hand everything over, and gives up what is too old.
    pub(super) fn hand_over(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.elapsed();
        let ttl = ctx.config().hint_ttl;
        let is_old = |hint: &Hint| ttl.is_some_and(|ttl| now.since(hint.since) > ttl);
        let old = self.hints.iter().filter(|(_, hint)| is_old(hint)).map(|(name, _)| *name);
        for (home, key) in old.collect::<Vec<_>>() {
            self.drop_hint(home, key, Upkeep::HintExpired, ctx);
        }
        for ((home, key), Hint { siblings, .. }) in &self.hints {
            let cause = Cause::Handoff(Digest::of(siblings));
            let (key, siblings) = (*key, siblings.clone());
            ctx.send(*home, Message::Store { cause, key, siblings, home: None });
        }
    }

    /// The keys of which both are homes, among those that it keeps.
    fn shared(&self, peer: NodeId, ctx: &Context<'_>) -> impl Iterator<Item = (u32, &Siblings)> {
        let (cluster, copies) = (ctx.cluster(), ctx.config().copies);
        let held = self.held.iter().map(|(key, siblings)| (*key, siblings));
        held.filter(move |(key, _)| is_home(cluster, copies, *key, peer))
    }

    /// Compares notes with the next node.
    pub(super) fn compare_notes(&mut self, ctx: &mut Context<'_>) {
        let Cluster { n } = ctx.cluster();
        self.peer = (self.peer + 1) % n;
        if self.peer == ctx.me().0 {
            self.peer = (self.peer + 1) % n;
        }
        let peer = NodeId(self.peer);
        if peer != ctx.me() {
            let digests = self.shared(peer, ctx).map(|(key, all)| (key, Digest::of(all))).collect();
            ctx.send(peer, Message::Summary(digests));
        }
    }

    fn on_summary(&self, from: NodeId, digests: &[(u32, u64)], ctx: &mut Context<'_>) {
        let (cluster, copies, me) = (ctx.cluster(), ctx.config().copies, ctx.me());
        let nothing = Siblings::default();
        let theirs: BTreeMap<u32, u64> = digests.iter().copied().collect();
        // What the other lacks, or has otherwise; and what is lacking here.
        let own = self.shared(from, ctx).filter(|(key, siblings)| {
            theirs.get(key).is_none_or(|digest| *digest != Digest::of(*siblings))
        });
        let lacking = theirs.keys().filter(|key| !self.held.contains_key(key));
        let lacking = lacking.filter(|key| is_home(cluster, copies, **key, me));
        let lacking = lacking.map(|key| (*key, &nothing));
        for (key, siblings) in own.chain(lacking).collect::<Vec<_>>() {
            ctx.send(from, Message::Sync { key, siblings: siblings.clone(), asks: true });
        }
    }
}
