//! How replicas hear of each other's updates: by states, by deltas, by operations.

use std::collections::BTreeMap;

use sim_core::id::NodeId;
use sim_core::landmark::Landmark;
use sim_core::message::Message as _;
use sim_core::protocol::Context;
use sim_core::rng::Random as _;

use super::config::{Peers, Sync};
use super::message::{Message, Package, Parcel, Record};
use super::replica::Replica;
use super::{Crdt, Timer};
use crate::problem::replicated_data::{Dot, VersionVector};

/// What came in lately, for those who may lack it (Almeida, Shoker and Baquero, 2018, section 6,
/// algorithm 2). It is lost in a crash: then whole states go out again.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Deltas {
    /// By the count of changes before each: from whom it came, and what it was.
    pub(super) kept: BTreeMap<u64, (NodeId, Package)>,
    /// Of each node, how many of our changes it has.
    acknowledged: BTreeMap<NodeId, u64>,
}

/// What is not yet deliverable (Birman, Schiper and Stephenson, "Lightweight Causal and Atomic Group
/// Multicast", 1991, section 5), and what others have had.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Broadcast {
    pending: BTreeMap<Dot, Parcel>,
    digests: BTreeMap<NodeId, VersionVector>,
}

impl Deltas {
    fn acknowledged(&self, node: NodeId) -> u64 {
        self.acknowledged.get(&node).copied().unwrap_or(0)
    }

    /// Keeps a change, the one after `before` others.
    pub(super) fn keep(&mut self, before: u64, from: NodeId, package: Package) {
        self.kept.insert(before, (from, package));
    }
}

impl Broadcast {
    /// Holds an operation back until it is its turn.
    pub(super) fn hold(&mut self, parcel: Parcel) {
        self.pending.insert(parcel.dot, parcel);
    }

    /// Takes out an operation whose turn it is. Of each maker that can only be the first.
    pub(super) fn next_for(&mut self, replica: &Replica) -> Option<Parcel> {
        let mut from = Dot { node: NodeId(0), sequence: 0 };
        loop {
            let (dot, parcel) = self.pending.range(from..).next()?;
            let dot = *dot;
            if replica.is_ready_for(parcel) {
                return self.pending.remove(&dot);
            }
            from = Dot { node: NodeId(dot.node.0 + 1), sequence: 0 };
        }
    }
}

impl Crdt {
    /// Talks to some others.
    pub(super) fn talk(&mut self, ctx: &mut Context<'_, Self>) {
        for peer in self.peers(ctx) {
            match ctx.config().sync {
                Sync::State => {
                    let package = self.whole();
                    ctx.send(peer, Message::State(package));
                }
                Sync::Delta => self.send_delta(peer, ctx),
                Sync::Operation => ctx.send(peer, Message::Digest(self.replica.seen.clone())),
            }
        }
        ctx.set_timer(Timer::Talk, ctx.config().interval);
    }

    fn peers(&mut self, ctx: &mut Context<'_, Self>) -> Vec<NodeId> {
        let mut others: Vec<_> = ctx.cluster().others(ctx.me()).collect();
        let fanout = ctx.config().fanout as usize;
        match ctx.config().peers {
            Peers::Random => ctx.random().shuffle(&mut others),
            Peers::RoundRobin if !others.is_empty() => {
                let turn = self.turn % others.len();
                others.rotate_left(turn);
                self.turn += fanout;
            }
            Peers::RoundRobin => {}
        }
        others.truncate(fanout);
        others
    }

    fn whole(&self) -> Package {
        Package { data: self.replica.data.clone(), seen: self.replica.seen.clone() }
    }

    /// Sends a delta-interval: all changes since those that `peer` has. So it always has what a
    /// delta rests on. If they are not all kept, everything is sent.
    fn send_delta(&mut self, peer: NodeId, ctx: &mut Context<'_, Self>) {
        let (since, through) = (self.deltas.acknowledged(peer), self.replica.changes);
        if since >= through {
            return;
        }
        let package = match self.deltas.kept.first_key_value() {
            Some((oldest, _)) if *oldest <= since => {
                let echoes = ctx.config().back_propagation;
                let interval = self.deltas.kept.range(since..).map(|(_, delta)| delta);
                let mut interval = interval.filter(|(from, _)| echoes || *from != peer);
                let Some((_, first)) = interval.next() else {
                    // All of it came from there.
                    self.learn_acknowledged(peer, through, ctx);
                    return;
                };
                let mut data = first.data.clone();
                for (_, package) in interval {
                    self.planted.join(&mut data, &package.data);
                }
                Package { data, seen: self.replica.seen.clone() }
            }
            _ => self.whole(),
        };
        ctx.send(peer, Message::Delta { package, through });
    }

    /// A replica has so many of our changes; what all have is kept no longer.
    pub(super) fn learn_acknowledged(
        &mut self,
        from: NodeId,
        through: u64,
        ctx: &Context<'_, Self>,
    ) {
        let known = self.deltas.acknowledged.entry(from).or_default();
        *known = through.max(*known);
        let others = ctx.cluster().others(ctx.me());
        let by_all = others.map(|node| self.deltas.acknowledged(node)).min().unwrap_or(through);
        self.deltas.kept = self.deltas.kept.split_off(&by_all);
    }

    /// Joins a state or a delta, if it says anything new.
    pub(super) fn receive(
        &mut self,
        from: NodeId,
        package: Package,
        bytes: u32,
        ctx: &mut Context<'_, Self>,
    ) {
        if !self.replica.lacks(&package) {
            ctx.announce(Landmark::Redundant { bytes: bytes.into() });
            return;
        }
        let onto = self.replica.seen.clone();
        self.replica.join(&package, self.planted);
        if ctx.config().sync == Sync::Delta {
            self.deltas.keep(self.replica.changes - 1, from, package.clone());
        }
        self.persist(Record::Joined { onto, package }, ctx);
        self.show(false, ctx);
    }

    /// Takes the effects of operations as soon as those on which they rest have had theirs.
    pub(super) fn deliver(&mut self, parcels: Vec<Parcel>, ctx: &mut Context<'_, Self>) {
        let is_news = |parcel: &Parcel| !self.replica.seen.has(parcel.dot) || ctx.mutant("C08");
        let (news, known): (Vec<_>, Vec<_>) = parcels.into_iter().partition(is_news);
        if !known.is_empty() {
            let bytes = match news.is_empty() {
                true => Message::Operations(known).bytes(),
                // What is new needs the frame.
                false => known.iter().map(Parcel::bytes).sum(),
            };
            ctx.announce(Landmark::Redundant { bytes: bytes.into() });
        }
        news.into_iter().for_each(|parcel| self.broadcast.hold(parcel));
        let mut is_changed = false;
        while let Some(parcel) = self.broadcast.next_for(&self.replica) {
            self.replica.apply(&parcel, self.planted);
            self.persist(Record::Applied(parcel), ctx);
            is_changed = true;
        }
        if is_changed {
            self.show(false, ctx);
        }
    }

    /// A replica has had these operations: sends the others, and forgets what all have had.
    pub(super) fn answer_digest(
        &mut self,
        from: NodeId,
        seen: VersionVector,
        ctx: &mut Context<'_, Self>,
    ) {
        let lacking = self.replica.log.values().filter(|parcel| !seen.has(parcel.dot));
        let lacking: Vec<_> = lacking.cloned().collect();
        if !lacking.is_empty() {
            ctx.send(from, Message::Operations(lacking));
        }
        self.broadcast.digests.insert(from, seen);
        let (cluster, me) = (ctx.cluster(), ctx.me());
        let digests = &self.broadcast.digests;
        let is_had_by_all = |dot: Dot| {
            cluster.others(me).all(|node| digests.get(&node).is_some_and(|seen| seen.has(dot)))
        };
        self.replica.log.retain(|dot, _| !is_had_by_all(*dot));
    }
}
