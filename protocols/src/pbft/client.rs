//! A client: it asks the primary, then everybody, and believes what f+1 replicas say (section 4.1).

use std::collections::BTreeMap;

use sim_core::id::{NodeId, OpId};

use super::Context;
use super::certificates::Rules;
use super::message::{Message, Request, Seal, View};
use crate::machine::Machine;
use crate::problem::kv::Response;
use crate::problem::log::Command;

/// What one replica said of an operation.
#[derive(Clone, Copy, Debug, Hash)]
struct Answer {
    replica: NodeId,
    view: View,
    position: u64,
    response: Response,
}

/// One client.
#[derive(Clone, Debug, Hash, Default)]
pub struct Client {
    /// The view of the replicas that answered last: a guess at who leads.
    view: View,
    /// The operations without an answer that can be believed, and what was said of them.
    open: BTreeMap<OpId, Vec<Answer>>,
}

impl Client {
    /// The application asks; if it asks again, everybody is told.
    pub(super) fn ask<M: Machine>(&mut self, op: OpId, command: Command, ctx: &mut Context<'_, M>) {
        let message = Message::Request(Request::new(op, command, ctx.signer()));
        if self.open.contains_key(&op) {
            return ctx.broadcast(message);
        }
        self.open.insert(op, Vec::new());
        let primary = Rules::of(ctx).primary(self.view);
        ctx.send(primary, message);
    }

    /// A replica answers. Each has one word, its last.
    pub(super) fn on_message<M: Machine>(
        &mut self,
        from: NodeId,
        message: &Message,
        ctx: &mut Context<'_, M>,
    ) {
        let Message::Reply { view, op, position, response, seal } = *message else { return };
        let rules = Rules::of(ctx);
        let genuine = match seal {
            Seal::Signed(signature) => {
                signature.signer() == from
                    && signature.covers("reply", &(view, op, position, response))
            }
            Seal::Macs(_) => !rules.signed,
        };
        let Some(answers) = self.open.get_mut(&op) else { return };
        if !genuine || !rules.cluster.contains(from) {
            return;
        }
        answers.retain(|answer| answer.replica != from);
        answers.push(Answer { replica: from, view, position, response });
        let alike = |answer: &&Answer| (answer.position, answer.response) == (position, response);
        let matching = || answers.iter().filter(alike);
        if matching().count() > rules.liars as usize {
            // One of them is honest, so somebody honest is in this view or beyond.
            let view = matching().map(|answer| answer.view).min();
            self.view = self.view.max(view.unwrap_or_default());
            self.open.remove(&op);
            ctx.answer(op, M::answered(position, response));
        }
    }
}
