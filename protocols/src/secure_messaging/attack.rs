//! Hostile programs: what the adversary does through a node with what that node has.
//!
//! Each attempt is confessed to the judges. What succeeds they find out themselves, at the honest.

use std::collections::BTreeSet;

use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::protocol::Context;
use sim_core::rng::Random as _;
use sim_core::time::Time;

use super::SecureMessaging;
use super::agent::{Agent, post, stands};
use super::config::Attack;
use super::defence::Defence;
use super::evidence::{Evidence, SignedHead};
use super::message::{Body, Letter, Message, News, Sealed, Warning};
use super::offices::{Ledger, deliver};
use crate::audit::{Hash, leaf};
use crate::capability::{Action, Capability, Resource, Terms};
use crate::credential::{Certificate, PublicKey, SecretKey};
use crate::problem::secure_messaging::{Indication, Kind, Label, LogEntry, Office, Role, policy};

/// How many letters a broker keeps to use again.
const MEMORY: usize = 64;
/// How many letters a flood brings at a time.
const WAVE: u32 = 10;

/// A stolen key, and what says whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct Loot {
    pub(super) key: SecretKey,
    pub(super) certificate: Certificate,
}

/// A hostile program.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct Program {
    attack: Attack,
    /// How often it may still try.
    left: u32,
    /// How many operations it made up.
    made_up: u32,
    /// Letters that passed.
    seen: Vec<Letter>,
    /// The operations whose first letter passed.
    passed: BTreeSet<OpId>,
    /// The keys that it got for one who is many, and when it asked for the next.
    keys: Vec<(SecretKey, Certificate)>,
    asked: Option<Time>,
}

type Ctx<'a> = Context<'a, SecureMessaging>;

/// One of these, drawn; `None` if there is none.
fn any<T: Copy>(items: &[T], ctx: &mut Ctx<'_>) -> Option<T> {
    let place = ctx.random().below(items.len() as u64) as usize;
    items.get(place).copied()
}

/// The agents but for some.
fn agents_but(others: &[NodeId], ctx: &Ctx<'_>) -> Vec<NodeId> {
    policy::agents(ctx.cluster()).filter(|node| !others.contains(node)).collect()
}

impl Program {
    pub(super) fn new(ctx: &Ctx<'_>) -> Self {
        let (attack, left) = (ctx.config().attack, ctx.config().attempts);
        Self {
            attack,
            left,
            made_up: 0,
            seen: Vec::new(),
            passed: BTreeSet::new(),
            keys: Vec::new(),
            asked: None,
        }
    }

    /// Spends one of the attempts, if one is left, and confesses it.
    fn tries(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        ctx.indicate(Indication::Attempted);
        true
    }

    /// The name of an operation that nobody asked for.
    fn op(&mut self, ctx: &Ctx<'_>) -> OpId {
        self.made_up += 1;
        OpId { client: ClientId(u32::MAX - ctx.me().0), sequence: self.made_up }
    }

    /// A letter that says what the adversary likes, sealed as letters are.
    fn letter(&mut self, from: NodeId, to: NodeId, body: Body, ctx: &Ctx<'_>) -> Letter {
        let reader = stands(ctx, Defence::Encryption).then_some(to);
        Letter {
            from,
            to,
            op: self.op(ctx),
            sent_at: ctx.wall_clock(),
            sealed: Sealed::new(body, reader),
            certificate: None,
            signature: None,
        }
    }

    /// A letter passes a broker.
    pub(super) fn carry(&mut self, letter: Letter, ctx: &mut Ctx<'_>) {
        let is_first = self.passed.insert(letter.op);
        match self.attack {
            Attack::Eavesdropping if is_first => {
                self.read(&letter, ctx);
                deliver(letter, ctx);
            }
            Attack::Tampering if is_first => {
                // Its sender sends it again when nobody answers, and that one may pass.
                let altered = self.altered(letter.clone(), ctx);
                deliver(altered.unwrap_or(letter), ctx);
            }
            Attack::Replay | Attack::Impersonation if is_first => {
                if self.seen.len() == MEMORY {
                    let place = ctx.random().below(MEMORY as u64) as usize;
                    self.seen[place] = letter.clone();
                } else {
                    self.seen.push(letter.clone());
                }
                deliver(letter, ctx);
            }
            _ => deliver(letter, ctx),
        }
    }

    fn read(&mut self, letter: &Letter, ctx: &mut Ctx<'_>) {
        if !self.tries(ctx) {
            return;
        }
        if let Some(Body::Text { label, .. }) = letter.sealed.open(ctx.me()) {
            ctx.indicate(Indication::Learned { content: letter.op, label: *label });
        }
    }

    /// The letter with one thing changed, another each time.
    fn altered(&mut self, mut letter: Letter, ctx: &mut Ctx<'_>) -> Option<Letter> {
        let other = any(&agents_but(&[letter.from, letter.to], ctx), ctx)?;
        if !self.tries(ctx) {
            return None;
        }
        let way = self.left % 4;
        let body = letter.sealed.open(ctx.me()).cloned();
        let body = match (body, way) {
            (Some(Body::Text { kind, label, term }), 0) => {
                let kind = if kind == Kind::Order { Kind::Note } else { Kind::Order };
                Body::Text { kind, label, term }
            }
            (Some(Body::Text { kind, label, term }), 1) => {
                Body::Text { kind, label, term: term.wrapping_add(1) }
            }
            (Some(Body::Act { resource, action, capability }), 0 | 1) => {
                let action = if action == Action::Read { Action::Write } else { Action::Read };
                Body::Act { resource, action, capability }
            }
            // What cannot be read can be exchanged as a whole.
            (_, 2) => Body::Text { kind: Kind::Order, label: Label::Public, term: 0 },
            _ => {
                letter.to = other;
                return Some(letter);
            }
        };
        let reader = stands(ctx, Defence::Encryption).then_some(letter.to);
        letter.sealed = Sealed::new(body, reader);
        Some(letter)
    }

    /// Does the next thing, unprompted.
    pub(super) fn act(&mut self, agent: Option<&Agent>, loot: Option<&Loot>, ctx: &mut Ctx<'_>) {
        match self.attack {
            Attack::Impersonation => self.impersonate(ctx),
            Attack::Replay => self.replay(ctx),
            Attack::StolenKey => {
                if let Some(loot) = loot {
                    self.use_stolen(loot, ctx);
                }
            }
            Attack::Framing => {
                if let Some(loot) = loot {
                    self.frame(loot, ctx);
                }
            }
            Attack::Overreach => {
                if let Some(agent) = agent {
                    self.overreach(agent, ctx);
                }
            }
            Attack::Flood => {
                if let Some(agent) = agent {
                    (0..WAVE).for_each(|_| self.flood(agent, ctx));
                }
            }
            Attack::Slander => self.slander(agent.and_then(|agent| agent.recorder.head()), ctx),
            Attack::Sybil => self.be_many(ctx),
            Attack::Equivocation => {
                if let Some(agent) = agent {
                    self.equivocate(agent, ctx);
                }
            }
            Attack::Tampering
            | Attack::Eavesdropping
            | Attack::Silence
            | Attack::PolicyEdit
            | Attack::Truncation
            | Attack::Edit
            | Attack::SplitView => {}
        }
    }

    const ORDER: Body = Body::Text { kind: Kind::Order, label: Label::Public, term: 0 };

    /// Writes to one agent in the name of another, with certificates that it has seen and the only
    /// key that it has.
    fn impersonate(&mut self, ctx: &mut Ctx<'_>) {
        let Some(victim) = any(&agents_but(&[ctx.me()], ctx), ctx) else { return };
        let Some(to) = any(&agents_but(&[ctx.me(), victim], ctx), ctx) else { return };
        if !self.tries(ctx) {
            return;
        }
        let mut letter = self.letter(victim, to, Self::ORDER, ctx);
        let of_victim = self.seen.iter().rev().find(|seen| seen.from == victim);
        if let Some(certificate) = of_victim.and_then(|seen| seen.certificate) {
            let generation = certificate.key().generation;
            let own = SecretKey::of(ctx.signer(), generation);
            let other = PublicKey { owner: victim, generation: generation + 1 };
            let shown = match self.left % 3 {
                0 => certificate,
                1 => certificate.transplanted(other),
                _ => certificate.transplanted(own.public()),
            };
            letter = letter.signed(&own, shown, true);
        }
        deliver(letter, ctx);
    }

    fn replay(&mut self, ctx: &mut Ctx<'_>) {
        let places: Vec<usize> = (0..self.seen.len()).collect();
        let Some(place) = any(&places, ctx) else { return };
        if self.tries(ctx) {
            deliver(self.seen[place].clone(), ctx);
        }
    }

    fn use_stolen(&mut self, loot: &Loot, ctx: &mut Ctx<'_>) {
        let victim = loot.key.public().owner;
        let Some(to) = any(&agents_but(&[ctx.me(), victim], ctx), ctx) else { return };
        if self.tries(ctx) {
            let letter = self.letter(victim, to, Self::ORDER, ctx);
            post(letter.signed(&loot.key, loot.certificate, true), ctx);
        }
    }

    /// Sends a letter in its own name.
    fn say(&mut self, agent: &Agent, to: NodeId, body: Body, ctx: &mut Ctx<'_>) {
        let letter = self.letter(ctx.me(), to, body, ctx);
        match agent.key() {
            Some((key, certificate)) => post(letter.signed(&key, certificate, true), ctx),
            None => post(letter, ctx),
        }
    }

    /// Asks for what it may not have: without a right, with one made wider, and through a deputy.
    fn overreach(&mut self, agent: &Agent, ctx: &mut Ctx<'_>) {
        let (cluster, me) = (ctx.cluster(), ctx.me());
        let targets: Vec<(Resource, Action)> = policy::resources(cluster)
            .filter(|resource| policy::owner(cluster, *resource) != me)
            .flat_map(|resource| [Action::Read, Action::Write].map(|action| (resource, action)))
            .filter(|(resource, action)| !policy::permits(cluster, me, *resource, *action))
            .collect();
        let Some((resource, action)) = any(&targets, ctx) else { return };
        let owner = policy::owner(cluster, resource);
        if !self.tries(ctx) {
            return;
        }
        let widened = agent
            .any_right()
            .map(|own: &Capability| own.altered(Terms { resource, action, ..own.terms() }));
        let deputies: Vec<NodeId> = agents_but(&[me, owner], ctx)
            .into_iter()
            .filter(|node| policy::role(*node) == Role::Admin)
            .collect();
        let deputy = any(&deputies, ctx).unwrap_or(owner);
        let (to, capability) = match self.left % 3 {
            0 => (owner, None),
            1 => (owner, widened),
            _ => (deputy, widened),
        };
        self.say(agent, to, Body::Act { resource, action, capability }, ctx);
    }

    /// Leaves a letter of another agent unanswered, and then all about the same; says whether it did.
    pub(super) fn ignores(&mut self, message: &Message, ctx: &mut Ctx<'_>) -> bool {
        if self.attack != Attack::Silence {
            return false;
        }
        let letter = match message {
            Message::Letter(letter) => letter,
            message => return self.left > 0 && *message == Message::Summons,
        };
        if matches!(letter.sealed.open(ctx.me()), Some(Body::Receipt(_))) {
            return false;
        }
        if !self.passed.contains(&letter.op) && self.left > 0 {
            self.left -= 1;
            self.passed.insert(letter.op);
            ctx.indicate(Indication::Ignored { op: letter.op });
        }
        self.passed.contains(&letter.op)
    }

    /// Whether it changes the rules by which the authority grants: once.
    pub(super) fn edits_rules(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let is_first = self.made_up == 0;
        self.made_up = 1;
        self.attack == Attack::PolicyEdit && is_first && self.tries(ctx)
    }

    /// Tells one agent one thing and another another, as if it were the same.
    fn equivocate(&mut self, agent: &Agent, ctx: &mut Ctx<'_>) {
        let Some(papers) = agent.key() else { return };
        let contrary = self.contrary(papers, ctx);
        contrary.into_iter().flatten().for_each(|letter| post(letter, ctx));
    }

    /// Does so in the name of one whose key was stolen; or spreads what that proves, and no letters.
    fn frame(&mut self, loot: &Loot, ctx: &mut Ctx<'_>) {
        let Some(contrary) = self.contrary((loot.key, loot.certificate), ctx) else { return };
        let [Some(first), Some(second)] = [&contrary[0], &contrary[1]].map(Letter::statement)
        else {
            return;
        };
        if self.left.is_multiple_of(2) {
            return contrary.into_iter().for_each(|letter| post(letter, ctx));
        }
        let evidence = Evidence::Contradiction(Box::new([first, second]));
        for agent in agents_but(&[ctx.me()], ctx) {
            ctx.send(agent, Message::Accusation(Box::new(evidence.clone())));
        }
    }

    /// Two letters for one, which say different things to different agents under this key.
    fn contrary(
        &mut self,
        (key, certificate): (SecretKey, Certificate),
        ctx: &mut Ctx<'_>,
    ) -> Option<[Letter; 2]> {
        let (me, from) = (ctx.me(), key.public().owner);
        let to = any(&agents_but(&[me, from], ctx), ctx)?;
        let second = any(&agents_but(&[me, from, to], ctx), ctx)?;
        if !self.tries(ctx) {
            return None;
        }
        let letter = self.letter(from, to, Self::ORDER, ctx);
        let other = Body::Text { kind: Kind::Note, label: Label::Public, term: 0 };
        let reader = stands(ctx, Defence::Encryption).then_some(second);
        let contrary = Letter { to: second, sealed: Sealed::new(other, reader), ..letter.clone() };
        Some([letter, contrary].map(|letter| letter.signed(&key, certificate, true)))
    }

    fn flood(&mut self, agent: &Agent, ctx: &mut Ctx<'_>) {
        let Some(to) = any(&agents_but(&[ctx.me()], ctx), ctx) else { return };
        if self.tries(ctx) {
            self.say(agent, to, Self::ORDER, ctx);
        }
    }

    /// Accuses the keeper with a head that it signed and one that it did not.
    fn slander(&mut self, genuine: Option<SignedHead>, ctx: &mut Ctx<'_>) {
        let size = genuine.map_or(1, |head| head.size());
        if !self.tries(ctx) {
            return;
        }
        let own = SecretKey::of(ctx.signer(), 0);
        let head = |name: &[u8]| SignedHead::sign(&own, size, leaf(name), None);
        let (small, large) = (genuine.unwrap_or_else(|| head(b"one")), head(b"other"));
        let evidence = match self.left % 2 {
            0 => Evidence::Fork { small, large, leaves: Vec::new() },
            _ => {
                let answer =
                    SignedHead::sign(&own, size.saturating_sub(1), leaf(b""), Some(small.known()));
                Evidence::Shrunk { known: small, answer }
            }
        };
        for agent in agents_but(&[ctx.me()], ctx) {
            ctx.send(agent, Message::Accusation(Box::new(evidence.clone())));
        }
    }

    /// The authority vouched for one key more. One who is many shows it to everybody.
    pub(super) fn collect(&mut self, certificate: Certificate, ctx: &mut Ctx<'_>) {
        let key = SecretKey::of(ctx.signer(), certificate.key().generation);
        if self.attack != Attack::Sybil || self.keys.len() >= ctx.config().identities as usize {
            return;
        }
        self.keys.push((key, certificate));
        self.asked = None;
        let sent_at = ctx.wall_clock();
        let news = News {
            sent_at,
            certificate: Some(certificate),
            list: None,
            head: None,
            policy: None,
            statements: Vec::new(),
        };
        for agent in agents_but(&[ctx.me()], ctx) {
            ctx.send(agent, Message::News(Box::new(news.clone())));
        }
    }

    /// Warns of one honest agent under all the keys that it has, and gets more of them.
    fn be_many(&mut self, ctx: &mut Ctx<'_>) {
        if self.keys.len() < ctx.config().identities as usize {
            let (now, patience) = (ctx.elapsed(), ctx.config().retransmit);
            if self.asked.is_none_or(|asked| now.since(asked) >= patience) {
                self.asked = Some(now);
                ctx.send(policy::authority(ctx.cluster()), Message::Enrol);
            }
            return;
        }
        let Some(victim) = agents_but(&[ctx.me()], ctx).first().copied() else { return };
        if self.keys.is_empty() || !self.tries(ctx) {
            return;
        }
        let (key, certificate) = self.keys[self.left as usize % self.keys.len()];
        let warning = Warning::sign(victim, ctx.wall_clock(), &key, certificate);
        for agent in agents_but(&[ctx.me(), victim], ctx) {
            ctx.send(agent, Message::Warning(warning));
        }
    }

    /// The log as the keeper shows it to an auditor; `None` for as it is.
    pub(super) fn show(
        &mut self,
        ledger: &Ledger,
        auditor: NodeId,
        known: Option<(u32, Hash)>,
        ctx: &mut Ctx<'_>,
    ) -> Option<(Vec<LogEntry>, SignedHead)> {
        let entries = ledger.entries();
        let first = entries.first()?;
        let shown = match self.attack {
            Attack::Truncation => entries[..entries.len() / 2].to_vec(),
            Attack::Edit => {
                let changed = LogEntry { about: self.op(ctx), ..*first };
                [&[changed], &entries[1..]].concat()
            }
            Attack::SplitView if auditor.0 % 2 == 1 => {
                entries.iter().copied().filter(|entry| entry.by.0 % 2 == 1).collect()
            }
            _ => return None,
        };
        let is_agent = policy::office(ctx.cluster(), auditor) == Office::Agent;
        if shown == entries || !is_agent || !self.tries(ctx) {
            return None;
        }
        Some(Ledger::of(shown).shown(&SecretKey::of(ctx.signer(), 0), known))
    }
}
