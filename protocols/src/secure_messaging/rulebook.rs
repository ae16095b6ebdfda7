//! The store of the policy at the authority: the rules by which it grants, and the log of them.
//!
//! The authority's machine grants what the store says. An insider who can write to the store cannot
//! take back what was said of it: its rules are the leaves of a Merkle tree whose signed head everybody
//! was shown, and which agents show each other. So whoever holds the earlier head finds another root
//! over as many rules, has in the two heads what convicts, and takes no right that was granted under
//! the other.

use sim_core::id::{Cluster, NodeId};
use sim_core::protocol::Context;

use super::SecureMessaging;
use super::agent::{Agent, stands};
use super::defence::Defence;
use super::evidence::{Evidence, SignedHead};
use super::message::Record;
use super::offices::key_of;
use crate::audit::{Hash, Tree, leaf};
use crate::capability::{Action, Capability, Resource};
use crate::credential::SecretKey;
use crate::problem::secure_messaging::policy::{self, Rule};

/// The rules as they are stored.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct Rulebook(Vec<Rule>);

impl Rulebook {
    /// The company's.
    pub(super) fn of_the_company() -> Self {
        Self(policy::rules().collect())
    }

    /// Somebody edits it, so that everybody may do everything.
    pub(super) fn edit(&mut self) {
        self.0.iter_mut().for_each(|rule| rule.permits = true);
    }

    /// Whether it permits an agent this.
    pub(super) fn permits(
        &self,
        cluster: Cluster,
        agent: NodeId,
        resource: Resource,
        action: Action,
    ) -> bool {
        let rule = self.0.iter().find(|rule| rule.is_about(cluster, agent, resource, action));
        rule.is_some_and(|rule| rule.permits)
    }

    /// The root of the tree over the rules.
    pub(super) fn root(&self) -> Hash {
        let bytes = |rule: &Rule| {
            let Rule { role, lies_open, action, permits } = *rule;
            [role as u8, u8::from(lies_open), action as u8, u8::from(permits)]
        };
        Tree::over(self.0.iter().map(|rule| leaf(&bytes(rule)))).root()
    }

    /// The head of the log of them, signed.
    pub(super) fn head(&self, key: &SecretKey) -> SignedHead {
        SignedHead::sign(key, self.0.len() as u32, self.root(), None)
    }
}

impl Agent {
    /// Hears of a head of the policy's log. The first one is kept, on the disk too; another one of as
    /// many rules convicts whoever signed both.
    pub(super) fn hear_policy(&mut self, head: SignedHead, ctx: &mut Context<'_, SecureMessaging>) {
        let authority = key_of(policy::authority(ctx.cluster()));
        if !stands(ctx, Defence::PolicyLog) || !head.is_signed_by(authority) {
            return;
        }
        let Some(own) = self.policy else {
            self.policy = Some(head);
            ctx.persist(Record::Policy(head));
            return;
        };
        if own.known() != head.known() {
            let evidence = Evidence::Fork { small: own, large: head, leaves: Vec::new() };
            self.recorder.consider(evidence, ctx);
        }
    }

    /// Whether a right was granted under the policy that is known.
    pub(super) fn is_under_policy(
        &self,
        capability: &Capability,
        ctx: &Context<'_, SecureMessaging>,
    ) -> bool {
        !stands(ctx, Defence::PolicyLog)
            || self.policy.is_some_and(|policy| policy.root() == capability.policy())
    }
}
