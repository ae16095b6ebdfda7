//! The victim of a thief: its key is copied, it notices some time, and has the key revoked.
//!
//! It notices after a time that is set, or as soon as it hears of something that was signed with its
//! key and that it did not sign.

use sim_core::id::NodeId;
use sim_core::protocol::Context;

use super::agent::Agent;
use super::config::Theft;
use super::message::Message;
use super::{SecureMessaging, Timer};
use crate::credential::PublicKey;
use crate::problem::secure_messaging::{Indication, policy};

impl Agent {
    /// The theft of which this agent is the victim.
    pub(super) fn theft<'a>(ctx: &'a Context<'_, SecureMessaging>) -> Option<&'a Theft> {
        ctx.config().theft.as_ref().filter(|theft| theft.victim == ctx.me().0)
    }

    /// It notices that a key is lost.
    pub(super) fn notice(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        if let Some((_, is_noticed)) = &mut self.lost {
            *is_noticed = true;
        }
        self.report(ctx);
        self.enrol(ctx);
    }

    /// Somebody signs with a key of this agent's: it must have been stolen.
    pub(super) fn miss(&mut self, key: PublicKey, ctx: &mut Context<'_, SecureMessaging>) {
        if self.list.as_ref().is_some_and(|list| list.has(key)) || self.lost == Some((key, true)) {
            return;
        }
        self.lost = Some((key, true));
        self.report(ctx);
        self.enrol(ctx);
    }

    /// Has the stolen key revoked, if it noticed and the list does not say so yet.
    pub(super) fn report(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let Some((key, true)) = self.lost else { return };
        if self.list.as_ref().is_some_and(|list| list.has(key)) {
            self.lost = None;
        } else {
            ctx.send(policy::authority(ctx.cluster()), Message::Theft(key));
        }
    }

    /// A thief copies the key that it has now.
    pub(super) fn be_robbed(&mut self, ctx: &mut Context<'_, SecureMessaging>) {
        let Some(theft) = Self::theft(ctx) else { return };
        let (thief, noticed) = (NodeId(theft.thief), theft.noticed);
        let Some((key, certificate)) = self.key() else { return };
        self.lost = Some((key.public(), false));
        ctx.indicate(Indication::Stolen { key: key.public() });
        ctx.send(thief, Message::Loot { key, certificate });
        ctx.set_timer(Timer::Notice, noticed);
    }
}
