//! An agent: carries out what its user asks, and keeps its papers in order.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::protocol::{Context, Stored};
use sim_core::time::{Duration, Time};

use super::defence::Defence;
use super::evidence::SignedHead;
use super::marks::{APPEAL_GRANTED, CARRIED, ROTATED};
use super::message::{Body, Letter, Message, News, Record, Sealed};
use super::offices::{deliver, key_of};
use super::receiving::{Taken, identity};
use super::recording::Recorder;
use super::statements::Statements;
use super::watch::Watch;
use super::{SecureMessaging, Timer};
use crate::capability::{Action, Capability, Resource};
use crate::credential::{Certificate, PublicKey, Revocations, SecretKey};
use crate::problem::secure_messaging::{
    Cause, Indication, Kind, Label, Office, Price, Request, policy,
};

/// Whether a defence stands.
pub(super) fn stands(ctx: &Context<'_, SecureMessaging>, defence: Defence) -> bool {
    ctx.config().defences.has(defence)
}

/// What a letter is to bring about.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
enum Errand {
    /// Tell somebody something.
    Tell { kind: Kind, label: Label, term: u32 },
    /// Have a resource acted upon: by its owner, or by a deputy who asks him.
    Act { resource: Resource, action: Action },
    /// Carry out as a deputy what somebody asked, by the right that he gave.
    Carry {
        resource: Resource,
        action: Action,
        right: Option<Capability>,
        whom: NodeId,
        sent_at: Time,
    },
}

/// An errand that is not done.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Open {
    to: NodeId,
    errand: Errand,
    price: Price,
    /// When it was taken on.
    since: Time,
    /// When the first and the last letter about it left, if one did.
    posted: Option<(Time, Time)>,
}

impl Open {
    /// Whether whoever was asked should have answered; `patience` is for one of whom it is his own to
    /// answer.
    fn is_overdue(&self, patience: Duration, now: Time, cluster: Cluster) -> bool {
        let is_through_another = match self.errand {
            Errand::Act { resource, .. } => policy::owner(cluster, resource) != self.to,
            Errand::Tell { .. } | Errand::Carry { .. } => false,
        };
        let patience = if is_through_another { patience * 2 } else { patience };
        self.posted.is_some_and(|(first, _)| now.since(first) > patience)
    }

    /// Whether no letter about it could be written for so long.
    fn is_stranded(&self, patience: Duration, now: Time) -> bool {
        self.posted.is_none() && now.since(self.since) > patience
    }
}

/// Who one is and what one may do, as the authority says.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Papers {
    key: SecretKey,
    certificate: Certificate,
    grants: Vec<Capability>,
}

/// One agent.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Agent {
    papers: Option<Papers>,
    /// The keys that are no longer good, as far as it heard.
    pub(super) list: Option<Revocations>,
    /// The papers of the others.
    directory: BTreeMap<NodeId, Certificate>,
    open: BTreeMap<OpId, Open>,
    pub(super) taken: Taken,
    pub(super) recorder: Recorder,
    pub(super) watch: Watch,
    /// Who left letters unanswered and was not heard of since.
    pub(super) silent: BTreeSet<NodeId>,
    pub(super) statements: Statements,
    /// The head of the policy's log that it saw first.
    pub(super) policy: Option<SignedHead>,
    /// Whom it tells next.
    turn: u32,
    /// The key that was stolen, and whether it noticed; until it is revoked.
    pub(super) lost: Option<(PublicKey, bool)>,
    /// Whether a hostile program signs with its key, so that it does not wonder who did.
    pub(super) is_guilty: bool,
}

impl Agent {
    pub(super) fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, SecureMessaging>) -> Self {
        let mut agent = Self::default();
        for stored in disk {
            match stored {
                // Without them a letter that comes again is taken again.
                Stored::Intact(Record::Seen { from, op, seen }) if !ctx.mutant("S01") => {
                    agent.taken.note(*from, *op, *seen, ctx.config().window);
                }
                Stored::Intact(Record::Head(head)) => agent.recorder.saw(*head),
                Stored::Intact(Record::Policy(head)) => agent.policy = Some(*head),
                _ => {}
            }
        }
        agent.enrol(ctx);
        ctx.repeat_timer(Timer::Gossip, ctx.config().gossip);
        ctx.repeat_timer(Timer::Retransmit, ctx.config().retransmit);
        let half = Duration::from_nanos((ctx.config().validity.as_nanos() / 2).max(1));
        ctx.repeat_timer(Timer::Rotate, half);
        let theft = Self::theft(ctx).filter(|_| disk.is_empty()).map(|theft| theft.at);
        if let Some(at) = theft {
            ctx.set_timer(Timer::Theft, at);
        }
        agent
    }

    pub(super) fn enrol(&self, ctx: &mut Context<'_, SecureMessaging>) {
        ctx.send(policy::authority(ctx.cluster()), Message::Enrol);
    }

    /// The key with which it signs, if it has one.
    pub(super) fn key(&self) -> Option<(SecretKey, Certificate)> {
        self.papers.as_ref().map(|papers| (papers.key, papers.certificate))
    }

    /// The right to do something that it was granted.
    pub(super) fn right(&self, resource: Resource, action: Action) -> Option<&Capability> {
        let grants = self.papers.as_ref().map_or(&[][..], |papers| &papers.grants);
        grants.iter().find(|grant| {
            let terms = grant.terms();
            (terms.resource, terms.action) == (resource, action)
        })
    }

    /// Any right that it was granted.
    pub(super) fn any_right(&self) -> Option<&Capability> {
        self.papers.as_ref()?.grants.first()
    }

    /// A user asks; what was asked for before is under way.
    pub(super) fn asked(
        &mut self,
        op: OpId,
        request: Request,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        if self.open.contains_key(&op) {
            return;
        }
        let (to, errand) = match request {
            Request::Send { to, kind, label, term } => {
                if stands(ctx, Defence::AccessControl) && !policy::clears(ctx.cluster(), to, label)
                {
                    return ctx.answer(op, Indication::Declined(Cause::Clearance));
                }
                (to, Errand::Tell { kind, label, term })
            }
            Request::Act { resource, action, deputy } => {
                let owner = policy::owner(ctx.cluster(), resource);
                (deputy.unwrap_or(owner), Errand::Act { resource, action })
            }
            Request::Audit => return self.recorder.audit(op, ctx),
        };
        if policy::office(ctx.cluster(), to) != Office::Agent || to == ctx.me() {
            return ctx.answer(op, Indication::Declined(Cause::Unknown));
        }
        self.take_on(op, to, errand, ctx);
    }

    fn take_on(
        &mut self,
        op: OpId,
        to: NodeId,
        errand: Errand,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let (price, since) = (Price::default(), ctx.elapsed());
        self.open.insert(op, Open { to, errand, price, since, posted: None });
        match self.silent.contains(&to) {
            true => self.settle(to, op, Err(Cause::Silent), ctx),
            false => self.pursue(op, ctx),
        }
    }

    /// Somebody asks this agent to have something done by another, in his name.
    pub(super) fn carry(
        &mut self,
        op: OpId,
        (whom, sent_at): (NodeId, Time),
        (resource, action): (Resource, Action),
        right: Option<Capability>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let owner = policy::owner(ctx.cluster(), resource);
        if !self.open.contains_key(&op) {
            self.take_on(op, owner, Errand::Carry { resource, action, right, whom, sent_at }, ctx);
        }
    }

    /// Sends the letter of an errand, if it has what it takes.
    fn pursue(&mut self, op: OpId, ctx: &mut Context<'_, SecureMessaging>) {
        let Some(Open { to, errand, .. }) = self.open.get(&op) else { return };
        let (to, errand) = (*to, errand.clone());
        let Some(body) = self.body(to, errand, ctx) else { return };
        let Some(letter) = self.letter(to, op, body, ctx) else { return };
        if let Some(statement) = letter.statement() {
            self.statements.state(statement, ctx.config().window);
        }
        if let Some(Open { price, posted, .. }) = self.open.get_mut(&op) {
            let now = ctx.elapsed();
            *posted = Some((posted.map_or(now, |(first, _)| first), now));
            price.payload += letter.payload_bytes();
            price.signature += letter.signature_bytes();
            price.proof += letter.proof_bytes();
        }
        post(letter, ctx);
    }

    /// What the letter says; nothing as long as something is missing that it needs.
    fn body(&self, to: NodeId, errand: Errand, ctx: &Context<'_, SecureMessaging>) -> Option<Body> {
        let is_checked = stands(ctx, Defence::AccessControl);
        Some(match errand {
            Errand::Tell { kind, label, term } => Body::Text { kind, label, term },
            Errand::Act { resource, action } => {
                let mut capability =
                    is_checked.then(|| self.right(resource, action).cloned()).flatten();
                let goes_through_another = to != policy::owner(ctx.cluster(), resource);
                if let Some(own) = &capability
                    && goes_through_another
                {
                    // A deputy gets this right and no other, for a key of his that must be known.
                    let (key, _) = self.key()?;
                    let deputy = self.directory.get(&to)?.key();
                    capability = Some(own.attenuated(&key, deputy));
                }
                Body::Act { resource, action, capability }
            }
            Errand::Carry { resource, action, right, .. } => {
                let capability = match ctx.mutant("S06") {
                    true => self.right(resource, action).cloned(),
                    false => right,
                };
                Body::Act { resource, action, capability }
            }
        })
    }

    /// A letter, signed and sealed as the defences want it; none without papers.
    fn letter(
        &self,
        to: NodeId,
        op: OpId,
        body: Body,
        ctx: &Context<'_, SecureMessaging>,
    ) -> Option<Letter> {
        let reader = stands(ctx, Defence::Encryption).then_some(to);
        let letter = Letter {
            from: ctx.me(),
            to,
            op,
            sent_at: ctx.wall_clock(),
            sealed: Sealed::new(body, reader),
            certificate: None,
            signature: None,
        };
        let papers = self.key();
        let is_missing = papers.is_none()
            && (stands(ctx, Defence::Signatures) || stands(ctx, Defence::AccessControl));
        match papers.filter(|_| stands(ctx, Defence::Signatures)) {
            _ if is_missing => None,
            Some((key, certificate)) => Some(letter.signed(&key, certificate, !ctx.mutant("S03"))),
            None => Some(letter),
        }
    }

    /// Tells the sender of a letter what became of it.
    pub(super) fn acknowledge(
        &self,
        to: NodeId,
        op: OpId,
        outcome: Result<(), Cause>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        if let Some(receipt) = self.letter(to, op, Body::Receipt(outcome), ctx) {
            post(receipt, ctx);
        }
    }

    /// Whoever was asked says what became of it.
    pub(super) fn settle(
        &mut self,
        from: NodeId,
        op: OpId,
        outcome: Result<(), Cause>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        if self.open.get(&op).is_none_or(|open| open.to != from) {
            return;
        }
        let Some(Open { errand, price, .. }) = self.open.remove(&op) else { return };
        if outcome == Err(Cause::Quarantined) {
            ctx.send(from, Message::Appeal);
        }
        if let Errand::Carry { whom, sent_at, .. } = errand {
            ctx.announce(CARRIED.reached());
            self.conclude(whom, op, sent_at, outcome, ctx);
        } else {
            ctx.answer(op, outcome.map_or_else(Indication::Declined, |()| Indication::Done(price)));
        }
    }

    pub(super) fn hear(
        &mut self,
        from: NodeId,
        message: Message,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        match message {
            Message::Letter(letter) => self.receive(*letter, ctx),
            Message::Enrolled { certificate, grants, list, policy } => {
                self.hear_policy(policy, ctx);
                let key = SecretKey::of(ctx.signer(), certificate.key().generation);
                let is_newer = self.key().is_none_or(|(old, _)| old.public() < key.public());
                self.learn(list, ctx);
                if from == policy::authority(ctx.cluster()) && is_newer {
                    let is_first = self.papers.is_none();
                    self.papers = Some(Papers { key, certificate, grants });
                    match is_first {
                        true => self.pursue_all(ctx),
                        false => ctx.announce(ROTATED.reached()),
                    }
                }
            }
            Message::News(news) => {
                let News { sent_at, certificate, list, head, policy, statements } = *news;
                if let Some(policy) = policy {
                    self.hear_policy(policy, ctx);
                }
                self.recorder.heard_from(from, sent_at);
                if let Some(certificate) = certificate {
                    self.meet(certificate, ctx);
                }
                if let Some(list) = list {
                    self.learn(list, ctx);
                }
                if let Some(head) = head {
                    self.recorder.hear_head(from, head, ctx);
                }
                statements.into_iter().for_each(|statement| self.compare(statement, ctx));
            }
            Message::Accusation(evidence) => self.weigh(*evidence, ctx),
            Message::Appended { .. } | Message::Log { .. } => {
                self.recorder.hear(from, message, &mut self.watch, ctx);
            }
            Message::Warning(warning) => self.heed(&warning, ctx),
            Message::Summons => ctx.send(from, Message::Appeal),
            Message::Appeal => {
                self.hear_again(from, ctx);
                let (threshold, now) = (ctx.config().threshold, ctx.elapsed());
                if self.watch.appeal(from, threshold, now) {
                    ctx.announce(APPEAL_GRANTED.reached());
                    ctx.indicate(Indication::Cleared { whom: from });
                }
            }
            _ => {}
        }
    }

    /// Notes the papers of another.
    fn meet(&mut self, certificate: Certificate, ctx: &Context<'_, SecureMessaging>) {
        let authority = key_of(policy::authority(ctx.cluster()));
        let now = ctx.wall_clock();
        let owner = certificate.key().owner;
        let old = self.directory.get(&owner).map(Certificate::key);
        if old == Some(certificate.key())
            || certificate.check(authority, now, ctx.config().skew).is_err()
        {
            return;
        }
        self.watch.meet(identity(certificate.key(), ctx));
        if old.is_none_or(|old| old < certificate.key()) {
            self.directory.insert(owner, certificate);
        }
    }

    /// Takes in a list of what is revoked, if it is the authority's and newer.
    fn learn(&mut self, list: Revocations, ctx: &mut Context<'_, SecureMessaging>) {
        let authority = key_of(policy::authority(ctx.cluster()));
        let is_newer = self.list.as_ref().is_none_or(|old| old.issued() < list.issued());
        if is_newer && list.is_genuine(authority) {
            self.list = Some(list);
            self.review_convictions(ctx);
        }
    }

    /// What was asked of this one and is not done.
    pub(super) fn asked_of(&self, whom: NodeId) -> Vec<OpId> {
        let open = self.open.iter().filter(|(_, open)| open.to == whom);
        open.map(|(op, _)| *op).collect()
    }

    /// Those who should have answered by now.
    pub(super) fn overdue(&self, ctx: &Context<'_, SecureMessaging>) -> BTreeSet<NodeId> {
        let (now, patience) = (ctx.elapsed(), ctx.config().silence);
        let is_overdue = |open: &&Open| open.is_overdue(patience, now, ctx.cluster());
        self.open.values().filter(is_overdue).map(|open| open.to).collect()
    }

    /// What could not be asked of anybody for longer than it takes to get papers: one's own, or those
    /// of a deputy.
    pub(super) fn stranded(&self, ctx: &Context<'_, SecureMessaging>) -> Vec<(OpId, NodeId)> {
        let (now, patience) = (ctx.elapsed(), ctx.config().grace());
        let stranded = self.open.iter().filter(|(_, open)| open.is_stranded(patience, now));
        stranded.map(|(op, open)| (*op, open.to)).collect()
    }

    /// Sends again what was not answered in time, and what could not be sent yet.
    fn pursue_all(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let (now, patience) = (ctx.elapsed(), ctx.config().retransmit);
        let is_due = |posted: Option<(Time, Time)>| {
            posted.is_none_or(|(_, last)| now.since(last) >= patience)
        };
        let open = self.open.iter().filter(|(_, open)| is_due(open.posted));
        let open: Vec<OpId> = open.map(|(op, _)| *op).collect();
        open.into_iter().for_each(|op| self.pursue(op, ctx));
    }

    pub(super) fn wake(&mut self, timer: Timer, ctx: &mut Context<'_, SecureMessaging>) {
        match timer {
            Timer::Gossip => self.gossip(ctx),
            Timer::Retransmit => {
                if self.papers.is_none() {
                    self.enrol(ctx);
                }
                self.report(ctx);
                self.look_for_silence(ctx);
                self.pursue_all(ctx);
                self.recorder.ask_again(ctx);
            }
            Timer::Rotate => self.enrol(ctx),
            Timer::Theft => self.be_robbed(ctx),
            Timer::Notice => self.notice(ctx),
            Timer::Refresh | Timer::Attack => {}
        }
    }

    /// Tells another agent, each in turn, what it knows.
    fn gossip(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let agents = policy::agents(ctx.cluster()).count() as u32;
        self.turn = (self.turn + 1) % agents;
        if self.turn == ctx.me().0 {
            self.turn = (self.turn + 1) % agents;
        }
        let head = self.recorder.head().filter(|_| stands(ctx, Defence::Audit));
        let certificate = self.key().map(|(_, certificate)| certificate);
        let sent_at = ctx.wall_clock();
        let statements = self.statements.recent(ctx);
        let (list, policy) = (self.list.clone(), self.policy);
        let news = News { sent_at, certificate, list, head, policy, statements };
        ctx.send(NodeId(self.turn), Message::News(Box::new(news)));
    }
}

/// Puts a letter on its way: to the broker, or from him to the receiver.
pub(super) fn post(letter: Letter, ctx: &mut Context<'_, SecureMessaging>) {
    let broker = policy::broker(ctx.cluster());
    if ctx.me() == broker {
        deliver(letter, ctx);
    } else {
        ctx.send(broker, Message::Letter(Box::new(letter)));
    }
}
