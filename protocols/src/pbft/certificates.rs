//! What makes a signed thing credible: seals, certificates, view changes.
//!
//! In signature mode whoever holds a signed vote can show it to others, so a certificate is a
//! proof. In MAC mode the channel says who spoke, only the receiver knows, and a certificate in a
//! view change is a claim; [`super::decision`] says what can be made of claims. Requests,
//! checkpoints, view changes and new views are signed in both modes.

use sim_core::id::{Cluster, NodeId, NodeSet};
use sim_core::signature::{Signature, Signer};

use super::message::{
    Certificate, Checkpoint, Phase, PrePrepare, Prepared, Proposal, Seal, ViewChange,
};
use super::{Authentication, Context};
use crate::machine::Machine;

/// The rules by which one cluster believes things.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Rules {
    /// The replicas.
    pub cluster: Cluster,
    /// How many make a quorum.
    pub quorum: u32,
    /// How many may lie, f.
    pub liars: u32,
    /// How far the high watermark lies above the low one.
    pub window: u64,
    /// Whether votes are signed.
    pub signed: bool,
    /// Whether the signature under a vote covers phase, view and sequence number; B10 leaves
    /// them out.
    bound: bool,
}

/// The most liars among `n` replicas that can be survived, ⌊(n−1)/3⌋.
pub const fn liars(cluster: Cluster) -> u32 {
    cluster.n.saturating_sub(1) / 3
}

/// The smallest quorum of which any two share an honest replica, ⌈(n+f+1)/2⌉: 2f+1 if n = 3f+1.
/// For other n, 2f+1 would be too few: two quorums of 3 among 5 may share but the liar.
pub const fn quorum(cluster: Cluster) -> u32 {
    (cluster.n + liars(cluster) + 1).div_ceil(2)
}

impl Rules {
    /// The rules of this node's cluster.
    pub fn of<M: Machine>(ctx: &Context<'_, M>) -> Self {
        let cluster = ctx.cluster();
        let f = liars(cluster);
        let quorum = match () {
            () if ctx.mutant("B01") => (2 * f).max(1),
            () if ctx.mutant("B02") => 2 * f + 1,
            () => quorum(cluster),
        };
        Self {
            cluster,
            quorum,
            liars: f,
            window: ctx.config().window,
            signed: ctx.config().authentication == Authentication::Signatures,
            bound: !ctx.mutant("B10"),
        }
    }

    /// The primary of a view.
    pub const fn primary(&self, view: u64) -> NodeId {
        NodeId((view % self.cluster.n as u64) as u32)
    }

    /// What a replica puts under a vote.
    pub fn seal(&self, signer: Signer, phase: Phase, proposal: &Proposal) -> Seal {
        match (self.signed, self.bound) {
            (true, true) => Seal::Signed(signer.sign(phase.domain(), proposal)),
            (true, false) => Seal::Signed(signer.sign("vote", &proposal.digest)),
            (false, _) => Seal::Macs(self.cluster.n),
        }
    }

    fn covers(&self, signature: Signature, phase: Phase, proposal: &Proposal) -> bool {
        match self.bound {
            true => signature.covers(phase.domain(), proposal),
            false => signature.covers("vote", &proposal.digest),
        }
    }

    /// Whose vote this is, if it is anybody's. A signed vote counts for its signer, whoever passes
    /// it on; another one for the sender, whom the channel names.
    pub fn voter(
        &self,
        from: NodeId,
        seal: Seal,
        phase: Phase,
        proposal: &Proposal,
    ) -> Option<NodeId> {
        let voter = match seal {
            Seal::Signed(signature) if self.signed => {
                let genuine = self.covers(signature, phase, proposal);
                genuine.then_some(signature.signer())
            }
            Seal::Macs(_) if !self.signed => Some(from),
            _ => None,
        };
        voter.filter(|voter| self.cluster.contains(*voter))
    }

    /// Whether a pre-prepare is the primary's, and about requests that clients made.
    pub fn is_genuine(&self, from: NodeId, offer: &PrePrepare) -> bool {
        let proposal = &offer.proposal;
        let voter = self.voter(from, offer.seal, Phase::PrePrepare, proposal);
        voter == Some(self.primary(proposal.view))
            && offer.batch.digest() == proposal.digest
            && offer.batch.is_genuine(self.cluster)
    }

    /// Whether a replica of the cluster signed this checkpoint.
    pub fn is_signed(&self, checkpoint: &Checkpoint) -> bool {
        self.cluster.contains(checkpoint.signature.signer())
            && checkpoint.signature.covers("checkpoint", &checkpoint.claim())
    }

    /// Whether a quorum signed this checkpoint.
    pub fn is_stable(&self, stable: &Certificate) -> bool {
        let claim = (stable.sequence, stable.position, stable.digest);
        let covers = |signature: &&Signature| signature.covers("checkpoint", &claim);
        self.quorum_of(stable.signatures.iter().filter(covers).map(Signature::signer))
    }

    /// Whether these are at least a quorum of replicas, each counted once.
    pub fn quorum_of(&self, nodes: impl Iterator<Item = NodeId>) -> bool {
        let replicas: NodeSet = nodes.filter(|node| self.cluster.contains(*node)).collect();
        replicas.len() >= self.quorum
    }

    /// Whether a prepared certificate is credible: a proof in signature mode, else a claim that
    /// does not contradict itself.
    fn is_prepared(&self, prepared: &Prepared) -> bool {
        let proposal = prepared.proposal();
        let primary = self.primary(proposal.view);
        if !self.is_genuine(primary, &prepared.pre_prepare) {
            return false;
        }
        let prepares = prepared.prepares.iter().filter(|signature| {
            signature.signer() != primary && self.covers(**signature, Phase::Prepare, &proposal)
        });
        !self.signed || self.quorum_of(prepares.map(Signature::signer).chain([primary]))
    }

    /// Whether a view change is its replica's, and credible as far as one can tell.
    pub fn is_credible(&self, change: &ViewChange) -> bool {
        let within =
            |sequence: u64| sequence > change.low() && sequence - change.low() <= self.window;
        let ascend = change
            .prepared
            .is_sorted_by(|one, next| one.proposal().sequence < next.proposal().sequence);
        change.view > 0
            && self.cluster.contains(change.replica)
            && change.signature.signer() == change.replica
            && change.signature.covers("view-change", &change.claim())
            && change.stable.as_ref().is_none_or(|stable| self.is_stable(stable))
            && ascend
            && change.prepared.iter().all(|prepared| {
                let proposal = prepared.proposal();
                within(proposal.sequence)
                    && proposal.view < change.view
                    && self.is_prepared(prepared)
            })
            && change
                .offered
                .iter()
                .all(|offered| within(offered.sequence) && offered.view < change.view)
    }
}
