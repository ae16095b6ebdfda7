//! How an agent takes a letter: what it checks before it believes it, and what it does then.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::protocol::Context;
use sim_core::time::Time;

use super::SecureMessaging;
use super::agent::{Agent, stands};
use super::defence::Defence;
use super::marks::{COPY_REFUSED, QUARANTINED, REVOKED_KEY_REFUSED};
use super::message::{Body, Letter, Message, Record, Seen, Warning};
use super::offices::key_of;
use super::watch::Standing;
use crate::capability::{Action, Asked, Capability, Resource};
use crate::credential::{Certificate, PublicKey};
use crate::problem::secure_messaging::{Cause, Claim, Indication, LogEntry, Office, policy};

/// The suspicion that an act earns which its presenter may not do.
const FOR_OVERREACH: u32 = 3;
/// The suspicion of whoever says too much, or carries what is no good.
const FOR_NOISE: u32 = 1;

/// The letters that were taken, and what became of each.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Taken {
    /// By sender and client, whose operations have rising numbers: the last few.
    seen: BTreeMap<(NodeId, ClientId), BTreeSet<u32>>,
    outcomes: BTreeMap<(NodeId, OpId), Seen>,
}

impl Taken {
    /// Notes a letter, of which the last `window` of each sender are remembered.
    pub(super) fn note(&mut self, from: NodeId, op: OpId, seen: Seen, window: u32) {
        let sequences = self.seen.entry((from, op.client)).or_default();
        sequences.insert(op.sequence);
        if sequences.len() > window as usize
            && let Some(sequence) = sequences.pop_first()
        {
            self.outcomes.remove(&(from, OpId { sequence, ..op }));
        }
        self.outcomes.insert((from, op), seen);
    }

    /// Whether it was taken before, or is older than all that are remembered.
    fn has(&self, from: NodeId, op: OpId, window: u32) -> bool {
        self.seen.get(&(from, op.client)).is_some_and(|seen| {
            let is_full = seen.len() >= window as usize;
            seen.contains(&op.sequence)
                || is_full && seen.first().is_some_and(|oldest| op.sequence < *oldest)
        })
    }

    /// What became of it; and from now on, that it came again.
    fn again(&mut self, from: NodeId, op: OpId, sent_at: Time) -> Option<Seen> {
        let seen = self.outcomes.get_mut(&(from, op))?;
        let before = *seen;
        seen.sent_at = seen.sent_at.max(sent_at);
        Some(before)
    }
}

impl Agent {
    /// Takes a letter, or refuses it.
    pub(super) fn receive(&mut self, letter: Letter, ctx: &mut Context<'_, SecureMessaging>) {
        let (from, op) = (letter.from, letter.op);
        match self.admit(&letter, ctx) {
            Ok((body, key)) => self.believe(&letter, body, key, ctx),
            Err(Cause::Replayed) => {
                match self.taken.again(from, op, letter.sent_at) {
                    // Its sender missed the receipt, and sent it anew.
                    Some(seen) if seen.sent_at < letter.sent_at => {
                        self.acknowledge(from, op, seen.outcome, ctx);
                    }
                    // Whoever carried it brought it twice.
                    _ => {
                        ctx.announce(COPY_REFUSED.reached());
                        self.suspect(policy::broker(ctx.cluster()), FOR_NOISE, ctx);
                    }
                }
                self.refuse(from, op, Cause::Replayed, ctx);
            }
            Err(cause) => {
                let key = letter.certificate.map(|certificate| certificate.key());
                let list = self.list.as_ref();
                if key.is_some_and(|key| list.is_some_and(|list| list.has(key))) {
                    ctx.announce(REVOKED_KEY_REFUSED.reached());
                }
                match cause {
                    // A nuisance gets no answer, and a sender who is slowed down tries again.
                    Cause::TooMuch => self.suspect(from, FOR_NOISE, ctx),
                    Cause::Quarantined | Cause::Convicted => {
                        self.acknowledge(from, op, Err(cause), ctx);
                    }
                    _ => self.suspect(policy::broker(ctx.cluster()), FOR_NOISE, ctx),
                }
                self.refuse(from, op, cause, ctx);
            }
        }
    }

    fn refuse(&self, from: NodeId, op: OpId, cause: Cause, ctx: &mut Context<'_, SecureMessaging>) {
        ctx.indicate(Indication::Refused { from, op, cause });
    }

    /// Whether a letter may be believed; and what it says, under which key.
    fn admit(
        &mut self,
        letter: &Letter,
        ctx: &mut Context<'_, SecureMessaging>,
    ) -> Result<(Body, Option<PublicKey>), Cause> {
        let body = letter.sealed.open(ctx.me()).ok_or(Cause::Misdirected)?.clone();
        if letter.to != ctx.me() {
            return Err(Cause::Misdirected);
        }
        let key = self.verify(letter, ctx)?;
        let is_receipt = matches!(body, Body::Receipt(_));
        let age = ctx.wall_clock().since(letter.sent_at);
        let config = ctx.config();
        if stands(ctx, Defence::Freshness) && age > config.freshness + config.skew {
            return Err(Cause::Stale);
        }
        // What a receipt is about is done once, whatever comes.
        if is_receipt {
            return Ok((body, key));
        }
        if stands(ctx, Defence::Equivocation) && self.holds_guilty(letter.from, ctx) {
            return Err(Cause::Convicted);
        }
        if stands(ctx, Defence::ReplayWindow)
            && self.taken.has(letter.from, letter.op, config.window)
        {
            return Err(Cause::Replayed);
        }
        if stands(ctx, Defence::Detection) {
            self.look_out_for(letter.from, ctx)?;
        }
        Ok((body, key))
    }

    /// Whether the sender is in quarantine, or says too much.
    fn look_out_for(
        &mut self,
        from: NodeId,
        ctx: &mut Context<'_, SecureMessaging>,
    ) -> Result<(), Cause> {
        let (now, rate) = (ctx.elapsed(), ctx.config().rate);
        match self.watch.standing(from, now) {
            Standing::Confined => return Err(Cause::Quarantined),
            Standing::Released => ctx.indicate(Indication::Cleared { whom: from }),
            Standing::Free => {}
        }
        match self.watch.is_too_much(from, rate, now) {
            true => Err(Cause::TooMuch),
            false => Ok(()),
        }
    }

    /// The key that signed a letter, if letters are signed.
    fn verify(
        &self,
        letter: &Letter,
        ctx: &Context<'_, SecureMessaging>,
    ) -> Result<Option<PublicKey>, Cause> {
        if !stands(ctx, Defence::Signatures) {
            return Ok(None);
        }
        let certificate = letter.certificate.ok_or(Cause::Unsigned)?;
        let key = certificate.key();
        self.trusts(&certificate, ctx)?;
        let is_bound = !ctx.mutant("S03");
        match key.owner == letter.from && letter.is_signed_by(key, is_bound) {
            true => Ok(Some(key)),
            false => Err(Cause::Unsigned),
        }
    }

    /// Whether a certificate is good.
    fn trusts(
        &self,
        certificate: &Certificate,
        ctx: &Context<'_, SecureMessaging>,
    ) -> Result<(), Cause> {
        let config = ctx.config();
        let authority = key_of(policy::authority(ctx.cluster()));
        // Without the defence of expiry any time will do.
        let checks_status = stands(ctx, Defence::Revocation) && !ctx.mutant("S02");
        let now = if checks_status { ctx.wall_clock() } else { certificate.not_after() };
        certificate.check(authority, now, config.skew).map_err(|_| Cause::Credential)?;
        if checks_status {
            let list = self.list.as_ref().ok_or(Cause::Credential)?;
            let status = list.check(certificate.key(), now, config.status_age);
            status.map_err(|_| Cause::Credential)?;
        }
        Ok(())
    }

    /// Does what a letter says that is believed.
    fn believe(
        &mut self,
        letter: &Letter,
        body: Body,
        key: Option<PublicKey>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let (from, op) = (letter.from, letter.op);
        match body {
            Body::Text { kind, label, term } => {
                let claim = Claim { from, to: letter.to, kind, label, term, content: op };
                if let Some(statement) = letter.statement() {
                    self.take_statement(statement, ctx);
                }
                self.conclude(from, op, letter.sent_at, Ok(()), ctx);
                ctx.indicate(Indication::Accepted { claim, key });
                self.recorder.record(LogEntry { by: ctx.me(), about: op }, ctx);
            }
            Body::Act { resource, action, capability } => {
                let target = (resource, action);
                if policy::owner(ctx.cluster(), resource) == ctx.me() {
                    if self.lets(from, letter, target, capability.as_ref(), ctx) {
                        self.be_acted_upon(letter, target, key, ctx);
                    }
                } else if ctx.mutant("S06")
                    || self.lets(ctx.me(), letter, target, capability.as_ref(), ctx)
                {
                    self.carry(op, (from, letter.sent_at), target, capability, ctx);
                }
            }
            Body::Receipt(outcome) => {
                self.hear_again(from, ctx);
                self.settle(from, op, outcome, ctx);
            }
        }
    }

    /// Whether the right that came with a letter lets `presenter` do this: its sender, or the deputy
    /// to whom it was sent. If not, the sender hears so, and is suspected.
    fn lets(
        &mut self,
        presenter: NodeId,
        letter: &Letter,
        (resource, action): (Resource, Action),
        capability: Option<&Capability>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) -> bool {
        let (from, op) = (letter.from, letter.op);
        let (now, skew) = (ctx.wall_clock(), ctx.config().skew);
        let asked = Asked { presenter, resource, action, now, skew };
        let lets = !stands(ctx, Defence::AccessControl) || self.permits(capability, &asked, ctx);
        if !lets {
            self.conclude(from, op, letter.sent_at, Err(Cause::Unauthorised), ctx);
            self.suspect(from, FOR_OVERREACH, ctx);
            self.refuse(from, op, Cause::Unauthorised, ctx);
        }
        lets
    }

    /// Gives a resource to whoever may have it.
    fn be_acted_upon(
        &mut self,
        letter: &Letter,
        (resource, action): (Resource, Action),
        key: Option<PublicKey>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        let (presenter, op) = (letter.from, letter.op);
        self.conclude(presenter, op, letter.sent_at, Ok(()), ctx);
        ctx.indicate(Indication::Acted { resource, action, op, presenter, key });
        self.recorder.record(LogEntry { by: ctx.me(), about: op }, ctx);
    }

    /// What is not permitted is denied.
    fn permits(
        &self,
        capability: Option<&Capability>,
        asked: &Asked,
        ctx: &Context<'_, SecureMessaging>,
    ) -> bool {
        let authority = key_of(policy::authority(ctx.cluster()));
        let knows_status = stands(ctx, Defence::Revocation) && !ctx.mutant("S02");
        let is_good = |key: PublicKey| {
            let age = ctx.config().status_age;
            !knows_status
                || self.list.as_ref().is_some_and(|list| list.check(key, asked.now, age).is_ok())
        };
        capability.is_some_and(|capability| {
            self.is_under_policy(capability, ctx)
                && capability.check(asked, authority, is_good).is_ok()
        })
    }

    /// Notes what became of a letter, on the disk too, and tells its sender.
    pub(super) fn conclude(
        &mut self,
        from: NodeId,
        op: OpId,
        sent_at: Time,
        outcome: Result<(), Cause>,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        if stands(ctx, Defence::ReplayWindow) {
            let seen = Seen { outcome, sent_at };
            self.taken.note(from, op, seen, ctx.config().window);
            ctx.persist(Record::Seen { from, op, seen });
        }
        self.acknowledge(from, op, outcome, ctx);
    }

    /// Suspects somebody, and does not hear him for a while if that is enough.
    fn suspect(&mut self, whom: NodeId, points: u32, ctx: &mut Context<'_, SecureMessaging>) {
        if !stands(ctx, Defence::Detection) {
            return;
        }
        let (now, threshold) = (ctx.elapsed(), ctx.config().threshold);
        let score = self.watch.suspect(whom, points, now);
        ctx.indicate(Indication::Suspected { whom, score });
        if score >= threshold && score - points < threshold {
            self.confine(whom, ctx);
            self.warn(whom, ctx);
        }
    }

    /// Raises an alarm about somebody, and does not hear him for a while.
    fn confine(&mut self, whom: NodeId, ctx: &mut Context<'_, SecureMessaging>) {
        ctx.indicate(Indication::Alarmed { whom });
        ctx.announce(QUARANTINED.reached());
        self.watch.confine(whom, ctx.config().quarantine, ctx.elapsed());
    }

    /// Tells the other agents of an alarm about one of them.
    fn warn(&self, whom: NodeId, ctx: &mut Context<'_, SecureMessaging>) {
        let cluster = ctx.cluster();
        let is_agent = policy::office(cluster, whom) == Office::Agent;
        let Some((key, certificate)) = self.key().filter(|_| is_agent) else { return };
        let warning = Warning::sign(whom, ctx.wall_clock(), &key, certificate);
        let me = ctx.me();
        for agent in policy::agents(cluster).filter(|agent| *agent != me && *agent != whom) {
            ctx.send(agent, Message::Warning(warning));
        }
    }

    /// Takes a warning for an alarm of its own if enough witnesses gave it.
    pub(super) fn heed(&mut self, warning: &Warning, ctx: &mut Context<'_, SecureMessaging>) {
        let Warning { whom, at, certificate, .. } = *warning;
        let memory = ctx.config().freshness;
        let is_old = ctx.wall_clock().since(at) > memory;
        let is_known = warning.is_signed() && self.trusts(&certificate, ctx).is_ok();
        if !stands(ctx, Defence::Detection) || whom == ctx.me() || is_old || !is_known {
            return;
        }
        let witness = identity(certificate.key(), ctx);
        let now = ctx.elapsed();
        let witnesses = self.watch.warned(whom, witness, now, memory).len();
        let is_enough = match ctx.config().jury {
            0 => witnesses >= ctx.config().witnesses as usize,
            jury => self.hear_jury(whom, jury as usize, ctx),
        };
        if is_enough && self.watch.standing(whom, now) != Standing::Confined {
            self.confine(whom, ctx);
        }
    }

    /// Whether most of the jury about somebody warned of it; a new one is drawn now and then.
    fn hear_jury(
        &mut self,
        whom: NodeId,
        size: usize,
        ctx: &mut Context<'_, SecureMessaging>,
    ) -> bool {
        let (me, now, lasts) = (ctx.me(), ctx.elapsed(), ctx.config().freshness);
        let drawn = self.watch.draw_jury((whom, me), size, (now, lasts), ctx.random());
        if let Some((pool, jury)) = drawn {
            ctx.indicate(Indication::Drawn { pool, jury });
        }
        self.watch.jurors_who_warned(whom) > size / 2
    }
}

/// As whom the holder of a key counts.
pub(super) fn identity(key: PublicKey, ctx: &Context<'_, SecureMessaging>) -> PublicKey {
    match stands(ctx, Defence::Admission) {
        // Whose key it is counts, and not which of his keys.
        true => PublicKey { generation: 0, ..key },
        false => key,
    }
}
