//! An outcome that comes once, and those who wait for it: what protocols share in which each node is
//! asked for one outcome.

use sim_core::id::OpId;
use sim_core::landmark::Landmark;
use sim_core::problem::Problem;
use sim_core::protocol::{Context, Protocol};

/// The outcome, once it is there, and the requests that wait for it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Awaited<I> {
    outcome: Option<I>,
    waiting: Vec<OpId>,
}

impl<I> Default for Awaited<I> {
    fn default() -> Self {
        Self { outcome: None, waiting: Vec::new() }
    }
}

impl<I: Copy> Awaited<I> {
    /// What came, if it came.
    pub const fn outcome(&self) -> Option<I> {
        self.outcome
    }

    /// Whether it came.
    pub const fn has_come(&self) -> bool {
        self.outcome.is_some()
    }

    /// Answers a request at once if the outcome is there, and else when it comes.
    pub(crate) fn ask<P>(&mut self, op: OpId, ctx: &mut Context<'_, P>)
    where
        P: Protocol<Problem: Problem<Indication = I>>,
    {
        match self.outcome {
            Some(outcome) => ctx.answer(op, outcome),
            None if self.waiting.contains(&op) => {}
            None => self.waiting.push(op),
        }
    }

    /// The outcome is there: announces `landmark`, and answers all who wait, or tells the application
    /// if nobody does.
    pub(crate) fn come<P>(&mut self, outcome: I, landmark: Landmark, ctx: &mut Context<'_, P>)
    where
        P: Protocol<Problem: Problem<Indication = I>>,
    {
        self.outcome = Some(outcome);
        ctx.announce(landmark);
        if self.waiting.is_empty() {
            ctx.indicate(outcome);
        }
        self.waiting.drain(..).for_each(|op| ctx.answer(op, outcome));
    }
}
