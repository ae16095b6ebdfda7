//! How an agent has its part recorded in the log, and looks whether the log is in order.

use std::collections::BTreeMap;

use sim_core::id::{NodeId, OpId};
use sim_core::message::Message as _;
use sim_core::protocol::Context;
use sim_core::time::Time;

use super::SecureMessaging;
use super::agent::stands;
use super::defence::Defence;
use super::evidence::{Evidence, SignedHead};
use super::marks::{ACQUITTED, CONVICTED};
use super::message::{Message, Record};
use super::offices::key_of;
use super::watch::Watch;
use crate::audit::{Hash, Tree, verify_consistency, verify_inclusion};
use crate::credential::PublicKey;
use crate::problem::secure_messaging::{Indication, LogEntry, policy};

/// An audit that was not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Audit {
    /// When it was asked for, by the agent's clock.
    asked: Time,
    /// The greatest head that anybody knew, once the log was asked for.
    fetched: Option<Option<SignedHead>>,
}

/// What an agent knows of the log.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Recorder {
    /// The greatest head that it verified.
    head: Option<SignedHead>,
    /// The greatest heads that others said they saw.
    heard: BTreeMap<NodeId, SignedHead>,
    /// What was not acknowledged, and how far the log was known when it was asked for.
    waiting: BTreeMap<LogEntry, Option<(u32, Hash)>>,
    /// When each of the others last told what it knows, by its clock.
    told: BTreeMap<NodeId, Time>,
    /// The audits that were not answered.
    audits: BTreeMap<OpId, Audit>,
    /// Who was convicted, and under which keys if they may have been stolen.
    convicted: BTreeMap<NodeId, Option<[PublicKey; 2]>>,
}

impl Recorder {
    /// The greatest head that it saw.
    pub(super) const fn head(&self) -> Option<SignedHead> {
        self.head
    }

    /// Notes a head.
    pub(super) fn saw(&mut self, head: SignedHead) {
        if self.head.is_none_or(|old| old.size() < head.size()) {
            self.head = Some(head);
        }
    }

    /// Whether evidence convicted this one.
    pub(super) fn has_convicted(&self, whom: NodeId) -> bool {
        self.convicted.contains_key(&whom)
    }

    /// Takes back the convictions under keys that are known to have been stolen.
    pub(super) fn acquit(
        &mut self,
        is_excused: impl Fn(PublicKey) -> bool,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        self.convicted.retain(|whom, keys| {
            let is_wronged = keys.is_some_and(|keys| keys.into_iter().any(&is_excused));
            if is_wronged {
                ctx.announce(ACQUITTED.reached());
                ctx.indicate(Indication::Acquitted { whom: *whom });
            }
            !is_wronged
        });
    }

    fn known(&self) -> Option<(u32, Hash)> {
        self.head.map(|head| head.known())
    }

    /// Asks the keeper for an entry.
    pub(super) fn record(&mut self, entry: LogEntry, ctx: &mut Context<'_, SecureMessaging>) {
        let known = self.known();
        self.waiting.insert(entry, known);
        ctx.send(policy::keeper(ctx.cluster()), Message::Append { entry, known });
    }

    /// Another agent told what it knows.
    pub(super) fn heard_from(&mut self, other: NodeId, sent_at: Time) {
        let told = self.told.entry(other).or_insert(sent_at);
        *told = sent_at.max(*told);
    }

    /// Takes on an audit.
    pub(super) fn audit(&mut self, op: OpId, ctx: &mut Context<'_, SecureMessaging>) {
        let asked = ctx.wall_clock();
        self.audits.entry(op).or_insert(Audit { asked, fetched: None });
        self.pursue(op, ctx);
    }

    /// Whether all the others told what they know a short time before this, or later. Whoever has
    /// not heard them does not know what the log must hold.
    fn is_informed(&self, asked: Time, ctx: &Context<'_, SecureMessaging>) -> bool {
        let age = ctx.config().status_age;
        let mut others = policy::agents(ctx.cluster()).filter(|agent| *agent != ctx.me());
        let is_recent = |told: &Time| asked.since(*told) <= age;
        !stands(ctx, Defence::Audit)
            || others.all(|agent| self.told.get(&agent).is_some_and(is_recent))
    }

    /// Asks for the whole log, and says how far anybody knows it. An agent that hears too little of
    /// the others cannot tell whether it is whole, and says no in the end.
    fn pursue(&mut self, op: OpId, ctx: &mut Context<'_, SecureMessaging>) {
        let Some(Audit { asked, mut fetched }) = self.audits.get(&op).copied() else { return };
        if fetched.is_none() && self.is_informed(asked, ctx) {
            let heads = self.heard.values().chain(self.head.as_ref());
            fetched = Some(heads.max_by_key(|head| head.size()).copied());
            self.audits.insert(op, Audit { asked, fetched });
        }
        if let Some(head) = fetched {
            let known = head.map(|head| head.known());
            ctx.send(policy::keeper(ctx.cluster()), Message::Fetch { op, known });
        } else if ctx.wall_clock().since(asked) > ctx.config().grace() {
            self.deny(op, ctx);
        }
    }

    /// Takes for no log what nobody showed.
    fn deny(&mut self, op: OpId, ctx: &mut Context<'_, SecureMessaging>) {
        self.audits.remove(&op);
        ctx.answer(op, Indication::Audited { accepted: false, entries: Vec::new() });
    }

    /// Gives up on the audits to which the keeper owes an answer for too long; says whether there
    /// were any.
    pub(super) fn gives_up(&mut self, ctx: &mut Context<'_, SecureMessaging>) -> bool {
        let (now, config) = (ctx.wall_clock(), ctx.config());
        // It was asked once all the others had been heard of, or soon after.
        let patience = config.grace() + config.silence;
        let is_overdue =
            |audit: &Audit| audit.fetched.is_some() && now.since(audit.asked) > patience;
        let overdue = self.audits.iter().filter(|(_, audit)| is_overdue(audit));
        let overdue: Vec<OpId> = overdue.map(|(op, _)| *op).collect();
        overdue.iter().for_each(|op| self.deny(*op, ctx));
        !overdue.is_empty()
    }

    /// Asks again for what was not answered.
    pub(super) fn ask_again(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let keeper = policy::keeper(ctx.cluster());
        for (entry, known) in &self.waiting {
            ctx.send(keeper, Message::Append { entry: *entry, known: *known });
        }
        let audits: Vec<OpId> = self.audits.keys().copied().collect();
        audits.into_iter().for_each(|op| self.pursue(op, ctx));
    }

    pub(super) fn hear(
        &mut self,
        from: NodeId,
        message: Message,
        watch: &mut Watch,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let bytes = message.bytes();
        match message {
            _ if from != policy::keeper(ctx.cluster()) => {}
            Message::Appended { entry, index, inclusion, consistency, head } => {
                let Some(known) = self.waiting.get(&entry).copied() else { return };
                if stands(ctx, Defence::Audit) {
                    let is_in = verify_inclusion(
                        &entry.leaf(),
                        index as usize,
                        head.size() as usize,
                        &inclusion,
                        &head.root(),
                    );
                    if !is_in || !self.goes_on(known, &head, &consistency, ctx) {
                        return self.distrust(watch, ctx);
                    }
                    self.keep(head, ctx);
                }
                self.waiting.remove(&entry);
                let asked = Message::Append { entry, known }.bytes();
                ctx.indicate(Indication::Recorded { entry, bytes: bytes + asked });
            }
            Message::Log { op, entries, head } => {
                let fetched = self.audits.get(&op).and_then(|audit| audit.fetched);
                let Some(known) = fetched else { return };
                self.audits.remove(&op);
                let accepted = self.accepts(known, &entries, &head, ctx);
                ctx.answer(op, Indication::Audited { accepted, entries });
                if !accepted {
                    self.distrust(watch, ctx);
                }
            }
            _ => {}
        }
    }

    /// Whether a head is the keeper's, answers what was known, and goes on from there.
    fn goes_on(
        &self,
        known: Option<(u32, Hash)>,
        head: &SignedHead,
        consistency: &[Hash],
        ctx: &Context<'_, SecureMessaging>,
    ) -> bool {
        let (size, root) = (head.size() as usize, head.root());
        let is_consistent = known.is_none_or(|(old, old_root)| {
            verify_consistency((old as usize, &old_root), (size, &root), consistency)
        });
        is_consistent
            && head.answering() == known
            && head.is_signed_by(key_of(policy::keeper(ctx.cluster())))
    }

    /// Keeps a head that it verified, on the disk too: what is known must not be forgotten.
    fn keep(&mut self, head: SignedHead, ctx: &mut Context<'_, SecureMessaging>) {
        let before = self.head;
        self.saw(head);
        if self.head != before {
            ctx.persist(Record::Head(head));
        }
    }

    /// Whether a log is in order: signed, as its head says, and the future of every head that is
    /// known, here and elsewhere.
    fn accepts(
        &mut self,
        known: Option<SignedHead>,
        entries: &[LogEntry],
        head: &SignedHead,
        ctx: &mut Context<'_, SecureMessaging>,
    ) -> bool {
        if !stands(ctx, Defence::Audit) {
            return true;
        }
        let keeper = key_of(policy::keeper(ctx.cluster()));
        let tree = Tree::over(entries.iter().map(LogEntry::leaf));
        let is_whole = head.is_signed_by(keeper)
            && head.answering() == known.map(|head| head.known())
            && (tree.len(), tree.root()) == (head.size() as usize, head.root());
        if !is_whole || ctx.mutant("S04") {
            return is_whole;
        }
        let shrunk = known.filter(|known| head.size() < known.size());
        if let Some(known) = shrunk {
            self.consider(Evidence::Shrunk { known, answer: *head }, ctx);
            return false;
        }
        let heads = self.heard.values().chain(self.head.as_ref()).chain(known.as_ref());
        let is_past = |old: &&SignedHead| tree.root_at(old.size() as usize) == Some(old.root());
        // What was heard of meanwhile may be larger than this answer, and proves nothing.
        let forked = heads.filter(|old| old.size() <= head.size()).find(|old| !is_past(old));
        if let Some(small) = forked.copied() {
            let leaves = tree.leaves().to_vec();
            self.consider(Evidence::Fork { small, large: *head, leaves }, ctx);
            return false;
        }
        self.keep(*head, ctx);
        true
    }

    /// Hears how far another agent knows the log.
    pub(super) fn hear_head(
        &mut self,
        from: NodeId,
        head: SignedHead,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let keeper = key_of(policy::keeper(ctx.cluster()));
        if !stands(ctx, Defence::Audit) || !head.is_signed_by(keeper) {
            return;
        }
        if let Some(own) =
            self.head.filter(|own| own.size() == head.size() && own.root() != head.root())
        {
            self.consider(Evidence::Fork { small: own, large: head, leaves: Vec::new() }, ctx);
        }
        let old = self.heard.entry(from).or_insert(head);
        if old.size() < head.size() {
            *old = head;
        }
    }

    /// Looks whether evidence convicts anybody, and tells everybody if that is new.
    pub(super) fn consider(&mut self, evidence: Evidence, ctx: &mut Context<'_, SecureMessaging>) {
        let cluster = ctx.cluster();
        let (keeper, authority) = (policy::keeper(cluster), policy::authority(cluster));
        let Some(whom) = evidence.convicts(key_of(keeper), key_of(authority)) else { return };
        if self.has_convicted(whom) {
            return;
        }
        let statements = evidence.statements();
        self.convicted.insert(whom, statements.map(|both| both.map(|one| one.key())));
        ctx.announce(CONVICTED.reached());
        ctx.indicate(Indication::Convicted { whom });
        ctx.indicate(Indication::Alarmed { whom });
        let me = ctx.me();
        for agent in policy::agents(ctx.cluster()).filter(|agent| *agent != me) {
            ctx.send(agent, Message::Accusation(Box::new(evidence.clone())));
        }
    }

    /// The keeper's answer does not hold; that is no proof, but enough for an alarm.
    fn distrust(&self, watch: &mut Watch, ctx: &mut Context<'_, SecureMessaging>) {
        let keeper = policy::keeper(ctx.cluster());
        let score = watch.suspect(keeper, ctx.config().threshold, ctx.elapsed());
        ctx.indicate(Indication::Suspected { whom: keeper, score });
        ctx.indicate(Indication::Alarmed { whom: keeper });
    }
}
