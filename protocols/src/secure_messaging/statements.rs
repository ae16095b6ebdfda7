//! What an agent knows that others stated, and how it finds who states two things in one slot.
//!
//! Whoever takes a message keeps what its signature states and passes it on for a while. Two agents
//! to whom one says different things know it as soon as they hear of each other's, and the two
//! signatures convict (Haeberlen, Kouznetsov and Druschel, "PeerReview", SOSP 2007, 4.3).

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
use crate::problem::secure_messaging::policy;

/// How many statements are passed on at a time, at most.
const PASSED_ON: usize = 32;

/// What others stated.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Statements {
    /// By author, the last few.
    known: BTreeMap<NodeId, BTreeMap<OpId, Statement>>,
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
            let evidence = Evidence::Contradiction(Box::new([before, statement]));
            self.recorder.consider(evidence, ctx);
        }
    }
}
