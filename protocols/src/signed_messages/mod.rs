//! Signed messages: generals who sign what they pass on agree among any number of traitors.
//!
//! Algorithm SM(m) of Lamport, Shostak and Pease, "The Byzantine Generals Problem" (ACM TOPLAS
//! 4(3), 1982, section 4), with the rule for rounds of Dolev and Strong, "Authenticated Algorithms
//! for Byzantine Agreement" (SIAM J. Comput. 12(4), 1983): the commander signs an order; who
//! accepts it for the first time adds a signature and sends it to all who have not signed; in round
//! r an order is accepted only with r signatures. After m + 1 rounds a general obeys the only order
//! that it has accepted, and the default if there were none or several, for then the commander is a
//! traitor. With signatures three generals cope with one traitor, which they cannot without.
//!
//! The order that the commander gives is what its application proposes; the opinions of lieutenants
//! are not asked for. What is accepted is passed on when its round ends, not at once, so that all
//! go step by step. Safety counts whoever lies or goes down, even for a moment, among the m
//! traitors; every node that stays up ends, whoever fails. The model of time is that of
//! [`generals`](crate::generals).

mod config;
mod message;
mod monitor;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use message::Message;
pub use monitor::{Notary, SIGNED_BY_ENOUGH};

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::generals::{General, Timer};
use crate::problem::decision::{
    AGREEMENT, COMMANDER, COMMANDER_VALIDITY, Choice, Decision, INTEGRITY, Propose, TERMINATION,
};

/// One general.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct SignedMessages {
    general: General,
    /// The set V of the paper, with the proof of each order in it.
    accepted: BTreeMap<Choice, Accepted>,
}

/// An order that is not to be denied any more.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
struct Accepted {
    message: Message,
    /// The round in which it was accepted, from 1.
    round: u32,
}

impl Protocol for SignedMessages {
    const NAME: &'static str = "signed_messages";
    const SUMMARY: &'static str = "SM(m): orders travel with the signatures of all who saw them";
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "SM1",
            summary: "the round is not checked against the length of the chain",
            breaks: &[AGREEMENT, SIGNED_BY_ENOUGH],
        },
        Mutant {
            id: "SM2",
            summary: "signatures are counted and not verified",
            breaks: &[COMMANDER_VALIDITY, AGREEMENT, SIGNED_BY_ENOUGH],
        },
        Mutant {
            id: "SM3",
            summary: "a general that signs twice counts as two",
            breaks: &[AGREEMENT, SIGNED_BY_ENOUGH],
        },
    ];
    type Problem = Decision;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = ();
    type Monitor = Notary;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let traitors = config.traitors_survived(cluster);
        Contract {
            promise: Promise(vec![AGREEMENT, COMMANDER_VALIDITY, INTEGRITY, TERMINATION]),
            // Nothing is on a disk that could be lost.
            safety: Assumptions {
                byzantine: traitors,
                forgetful: u32::MAX,
                faulty: traitors,
                ..Assumptions::in_rounds(config.round, config.rounds(cluster))
            },
            // The own clock ends the rounds, whatever becomes of the others.
            liveness: Assumptions {
                byzantine: u32::MAX,
                forgetful: u32::MAX,
                faulty: u32::MAX,
                ..Assumptions::CRASH_RECOVERY
            },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(_disk: &[Stored<()>], ctx: &mut Context<'_, Self>) -> Self {
        Self { general: General::boot(ctx.config().round, ctx), accepted: BTreeMap::new() }
    }

    fn on_request(
        &mut self,
        op: OpId,
        Propose { choice, .. }: Propose,
        ctx: &mut Context<'_, Self>,
    ) {
        let is_in_time = self.general.ask(op, choice, ctx);
        if is_in_time && ctx.me() == COMMANDER && self.accepted.is_empty() {
            let message = Message::order(choice, ctx.signer());
            ctx.broadcast(message.clone());
            self.accepted.insert(choice, Accepted { message, round: 1 });
        }
    }

    fn on_message(&mut self, _from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        let Some(round) = self.general.round() else { return };
        let choice = message.choice;
        let is_new = !self.accepted.contains_key(&choice);
        if is_new && Self::is_valid(&message, round, ctx) && self.general.knows(choice) {
            self.accepted.insert(choice, Accepted { message, round });
        }
    }

    fn on_timer(&mut self, Timer::RoundEnds: Timer, ctx: &mut Context<'_, Self>) {
        let Some(round) = self.general.round() else { return };
        if round < ctx.config().rounds(ctx.cluster()) {
            self.relay(round, ctx);
            self.general.advance(ctx);
        } else {
            let decided = self.decide(ctx);
            self.general.conclude(decided, ctx);
        }
    }

    fn monitor(config: &Config, cluster: Cluster) -> Notary {
        Notary::new(config.clone(), cluster)
    }
}

impl SignedMessages {
    /// Whether an order bears enough signatures for this round. More are welcome: who has the keys
    /// of several traitors may be early, and so may a sender whose clock is ahead.
    fn is_valid(message: &Message, round: u32, ctx: &Context<'_, Self>) -> bool {
        let signers: NodeSet = message.signers().collect();
        let length = message.chain.len();
        let last = ctx.config().rounds(ctx.cluster()) as usize;
        let in_time = length >= round as usize || ctx.mutant("SM1");
        let distinct = signers.len() as usize == length || ctx.mutant("SM3");
        in_time
            && length <= last
            && distinct
            && message.signers().next() == Some(COMMANDER)
            && signers.iter().all(|signer| ctx.cluster().contains(signer))
            && (message.is_genuine() || ctx.mutant("SM2"))
    }

    /// Signs what was accepted in this round, and sends it to those who have not signed it. An order
    /// with all its m + 1 signatures needs no more: a correct general is among them, and did this.
    fn relay(&self, round: u32, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let rounds = ctx.config().rounds(ctx.cluster()) as usize;
        let is_due = |accepted: &&Accepted| {
            let message = &accepted.message;
            let is_mine = message.signers().any(|signer| signer == me);
            accepted.round == round && message.chain.len() < rounds && !is_mine
        };
        for Accepted { message, .. } in self.accepted.values().filter(is_due) {
            let signers: NodeSet = message.signers().collect();
            let signed = message.signed_by(ctx.signer());
            for to in ctx.cluster().others(me).filter(|to| !signers.contains(*to)) {
                ctx.send(to, signed.clone());
            }
        }
    }

    /// The paper's choice(V); `None` if this general never heard of any option.
    fn decide(&self, ctx: &Context<'_, Self>) -> Option<Choice> {
        let mut orders = self.accepted.keys();
        match (orders.next(), orders.next()) {
            (Some(only), None) => Some(*only),
            _ => self.general.default_order(ctx.config().default),
        }
    }
}
