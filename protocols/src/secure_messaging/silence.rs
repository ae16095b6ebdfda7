//! What an agent does about those who leave its letters unanswered, or its questions about the log.
//!
//! Whoever is asked owes an answer within a time. One who does not give it is suspected and asked no
//! more, so that no user waits for him; but silence proves nothing, since a network that is slow or
//! cut looks the same. So he is summoned again and again, and cleared as soon as he is heard of: the
//! suspicion of an eventually perfect failure detector (Chandra and Toueg, "Unreliable Failure Detectors
//! for Reliable Distributed Systems", JACM 1996), and never a conviction.
//!
//! What needs papers that nobody gives is declined as well, and a log that nobody shows is taken for
//! none, so that an authority or a keeper who is mute keeps no user waiting either.

use sim_core::id::NodeId;
use sim_core::protocol::Context;

use super::SecureMessaging;
use super::agent::{Agent, stands};
use super::defence::Defence;
use super::marks::{GIVEN_UP, HEARD_AGAIN};
use super::message::Message;
use crate::problem::secure_messaging::{Cause, Indication, policy};

impl Agent {
    /// Gives up on those who should have answered and on what cannot be asked, and summons those who
    /// are given up.
    pub(super) fn look_for_silence(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        if !stands(ctx, Defence::Silence) {
            return;
        }
        for whom in self.overdue(ctx) {
            self.give_up(whom, ctx);
        }
        for (op, to) in self.stranded(ctx) {
            self.settle(to, op, Err(Cause::Credential), ctx);
        }
        if self.recorder.gives_up(ctx) {
            self.give_up(policy::keeper(ctx.cluster()), ctx);
        }
        for whom in &self.silent {
            ctx.send(*whom, Message::Summons);
        }
    }

    /// Suspects one who does not answer. Whatever is asked of him is not done.
    fn give_up(&mut self, whom: NodeId, ctx: &mut Context<'_, SecureMessaging>) {
        if self.silent.insert(whom) {
            ctx.announce(GIVEN_UP.reached());
            ctx.indicate(Indication::Alarmed { whom });
        }
        for op in self.asked_of(whom) {
            self.settle(whom, op, Err(Cause::Silent), ctx);
        }
    }

    /// Clears one who is heard of.
    pub(super) fn hear_again(&mut self, whom: NodeId, ctx: &mut Context<'_, SecureMessaging>) {
        if self.silent.remove(&whom) {
            ctx.announce(HEARD_AGAIN.reached());
            ctx.indicate(Indication::Cleared { whom });
        }
    }
}
