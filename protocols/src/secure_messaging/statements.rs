//! What an agent knows that others stated, and how it finds who states two things in one slot.
//!
//! Whoever takes a message keeps what its signature states and passes it on for a while. Two agents
//! to whom one says different things know it as soon as they hear of each other's, and the two
//! signatures convict (Haeberlen, Kouznetsov and Druschel, "PeerReview", SOSP 2007, 4.3).
//!
//! They convict whoever has the key. A thief can have its owner convicted, who knows best that it
//! said no such thing: it reports the key, and as soon as the list of the revoked says so, what was
//! signed with it convicts nobody, and a conviction is taken back. An owner is believed once: what is
//! signed with the next key that it says it lost counts.

use std::collections::{BTreeMap, VecDeque};

use sim_core::id::{NodeId, OpId};
use sim_core::protocol::Context;
use sim_core::time::Time;

use super::SecureMessaging;
use super::agent::{Agent, stands};
use super::defence::Defence;
use super::evidence::Evidence;
use super::message::Statement;
use super::offices::key_of;
use crate::credential::PublicKey;
use crate::problem::secure_messaging::policy;

/// How many statements are passed on at a time, at most.
const PASSED_ON: usize = 32;

/// What others stated.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Statements {
    /// By author, the last few.
    known: BTreeMap<NodeId, BTreeMap<OpId, Statement>>,
    /// What this agent stated itself, the last of it.
    own: BTreeMap<OpId, Statement>,
    /// Those that were stated to this agent, and when it took them.
    taken: VecDeque<(Time, Statement)>,
}

impl Statements {
    /// Notes a statement, of which the last `window` of each author are remembered; gives the one that
    /// it contradicts.
    pub(super) fn note(&mut self, statement: Statement, window: u32) -> Option<Statement> {
        let (author, op) = statement.slot();
        let own = self.known.entry(author).or_default();
        let before = *own.entry(op).or_insert(statement);
        if own.len() > window as usize {
            own.pop_first();
        }
        before.contradicts(&statement).then_some(before)
    }

    /// Notes what this agent states, of which the last `window` are remembered.
    pub(super) fn state(&mut self, statement: Statement, window: u32) {
        let (_, op) = statement.slot();
        self.own.insert(op, statement);
        if self.own.len() > window as usize {
            self.own.pop_first();
        }
    }

    /// Whether this agent stated just that itself.
    fn is_own(&self, statement: &Statement) -> bool {
        let (_, op) = statement.slot();
        self.own.get(&op).is_some_and(|own| !own.contradicts(statement))
    }

    /// What was stated to this agent a short time ago.
    pub(super) fn recent(&mut self, ctx: &Context<'_, SecureMessaging>) -> Vec<Statement> {
        let (now, age) = (ctx.elapsed(), ctx.config().status_age);
        while self.taken.front().is_some_and(|(taken, _)| now.since(*taken) > age) {
            self.taken.pop_front();
        }
        self.taken.iter().map(|(_, statement)| *statement).collect()
    }
}

impl Agent {
    /// Takes a statement that was made to this agent, to compare it and to pass it on.
    pub(super) fn take_statement(
        &mut self,
        statement: Statement,
        ctx: &mut Context<'_, SecureMessaging>,
    ) {
        if stands(ctx, Defence::Equivocation) {
            if self.statements.taken.len() == PASSED_ON {
                self.statements.taken.pop_front();
            }
            self.statements.taken.push_back((ctx.elapsed(), statement));
            self.compare(statement, ctx);
        }
    }

    /// Compares a statement with what is known of its slot. Two that contradict each other convict.
    pub(super) fn compare(&mut self, statement: Statement, ctx: &mut Context<'_, SecureMessaging>) {
        let authority = key_of(policy::authority(ctx.cluster()));
        if !stands(ctx, Defence::Equivocation) || !statement.is_genuine(authority) {
            return;
        }
        if let Some(before) = self.statements.note(statement, ctx.config().window) {
            self.weigh(Evidence::Contradiction(Box::new([before, statement])), ctx);
        }
    }

    /// Whether a key is the first of its owner's that was reported, so that nobody answers for it.
    fn excuses(&self, key: PublicKey) -> bool {
        self.list.as_ref().is_some_and(|list| list.first_of(key.owner) == Some(key))
    }

    /// Looks whether evidence convicts anybody. Whoever is accused himself, and honest, knows better,
    /// and learns from it that a key of his was stolen.
    pub(super) fn weigh(&mut self, evidence: Evidence, ctx: &mut Context<'_, SecureMessaging>) {
        let statements = evidence.statements();
        let is_excused = |both: [Statement; 2]| both.iter().any(|one| self.excuses(one.key()));
        if statements.is_some_and(|both| is_excused(both) || !self.knows_who_was_robbed(ctx)) {
            return;
        }
        let keeper = key_of(policy::keeper(ctx.cluster()));
        let authority = key_of(policy::authority(ctx.cluster()));
        match statements.filter(|_| evidence.convicts(keeper, authority) == Some(ctx.me())) {
            Some(_) if self.is_guilty => {}
            Some(both) => {
                let strange = both.iter().find(|one| !self.statements.is_own(one));
                self.miss(strange.unwrap_or(&both[0]).key(), ctx);
            }
            None => self.recorder.consider(evidence, ctx),
        }
    }

    /// There is a new list of the revoked.
    pub(super) fn review_convictions(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let Some(list) = &self.list else { return };
        self.recorder.acquit(|key| list.first_of(key.owner) == Some(key), ctx);
    }

    /// Whether it has a recent list of the revoked. Without it nobody is guilty, who may be a victim.
    fn knows_who_was_robbed(&self, ctx: &Context<'_, SecureMessaging>) -> bool {
        let (now, age) = (ctx.wall_clock(), ctx.config().status_age);
        self.list.as_ref().is_some_and(|list| now.since(list.issued()) <= age)
    }

    /// Whether somebody was convicted, and would be known by now if he was wronged.
    pub(super) fn holds_guilty(&self, whom: NodeId, ctx: &Context<'_, SecureMessaging>) -> bool {
        self.recorder.has_convicted(whom) && self.knows_who_was_robbed(ctx)
    }
}
