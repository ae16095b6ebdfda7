//! What replicas and clients say to each other.
//!
//! After Castro and Liskov, "Practical Byzantine Fault Tolerance" (OSDI 1999), section 4. Two
//! things are carried that the paper leaves out or fetches later: a view change brings the batches
//! of its prepared certificates with it, so that a new primary never lacks one; and a status
//! message says how far a replica has come, so that others repeat what it missed (Castro's thesis,
//! section 5.2).
//!
//! A message is copied into queues at every hop, so it is kept at 64 bytes: batches, certificates
//! and view changes are shared behind reference counts.

use std::fmt;
use std::sync::Arc;

use sim_core::digest::Digest;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::signature::{Signature, Signer};

use crate::problem::kv::Response;
use crate::problem::log::Command;

/// A view: the reign of replica `view mod n`. Counted from 0.
pub type View = u64;

/// A sequence number, from 1; 0 is before the first.
pub type Sequence = u64;

/// A digest of what stands behind it.
pub type Fingerprint = u64;

/// What authenticates a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seal {
    /// A signature, which convinces everybody.
    Signed(Signature),
    /// MACs for so many receivers, which convince nobody else; the channel stands for them.
    Macs(u32),
}

impl Seal {
    /// The signature, if it is one.
    pub const fn signature(self) -> Option<Signature> {
        match self {
            Self::Signed(signature) => Some(signature),
            Self::Macs(_) => None,
        }
    }

    /// The same seal with another signature, if it has one.
    pub fn resigned(self, resign: impl FnOnce(Signature) -> Signature) -> Self {
        match self {
            Self::Signed(old) => Self::Signed(resign(old)),
            Self::Macs(count) => Self::Macs(count),
        }
    }
}

/// What a client asks for, signed by it in both modes: so no replica can make one up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    /// The operation; its sequence number does what the paper's timestamp does.
    pub op: OpId,
    /// What is to be done.
    pub command: Command,
    /// The client's signature.
    pub signature: Signature,
}

impl Request {
    /// A request, signed by its client.
    pub fn new(op: OpId, command: Command, signer: Signer) -> Self {
        Self { op, command, signature: signer.sign("request", &(op, command)) }
    }

    /// Whether its client made it.
    pub fn is_genuine(&self, cluster: Cluster) -> bool {
        self.signature.signer() == cluster.node_of(self.op.client)
            && self.signature.covers("request", &(self.op, self.command))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.op, f)
    }
}

/// The requests that share a sequence number; none or one take no allocation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Batch {
    /// The null request, which fills a gap and does nothing (section 4.4).
    Null,
    /// One request.
    One(Request),
    /// Two or more, in the order of their execution.
    Many(Arc<[Request]>),
}

impl Batch {
    /// These requests.
    pub fn of(requests: &[Request]) -> Self {
        match requests {
            [] => Self::Null,
            [one] => Self::One(*one),
            many => Self::Many(many.into()),
        }
    }

    /// The requests, in order.
    pub fn as_slice(&self) -> &[Request] {
        match self {
            Self::Null => &[],
            Self::One(request) => std::slice::from_ref(request),
            Self::Many(requests) => requests,
        }
    }

    /// The digest by which it is agreed on.
    pub fn digest(&self) -> Fingerprint {
        Digest::of(self.as_slice())
    }

    /// Whether clients made all of it.
    pub fn is_genuine(&self, cluster: Cluster) -> bool {
        self.as_slice().iter().all(|request| request.is_genuine(cluster))
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// What a vote is about: that in `view` the batch of this digest gets this sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// The view.
    pub view: View,
    /// The sequence number.
    pub sequence: Sequence,
    /// The digest of the batch.
    pub digest: Fingerprint,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{:04x}", self.sequence, self.view, self.digest & 0xffff)
    }
}

/// A primary's assignment of a sequence number to a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrePrepare {
    /// What is proposed.
    pub proposal: Proposal,
    /// The batch itself.
    pub batch: Batch,
    /// The primary's.
    pub seal: Seal,
}

/// The two votes on a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Phase {
    /// The primary's vote, which its pre-prepare is.
    PrePrepare,
    /// A backup's first vote: it accepted the pre-prepare.
    Prepare,
    /// The second: it holds a prepared certificate.
    Commit,
}

impl Phase {
    /// The domain of the phase's signatures.
    pub const fn domain(self) -> &'static str {
        match self {
            Self::PrePrepare => "pre-prepare",
            Self::Prepare => "prepare",
            Self::Commit => "commit",
        }
    }
}

/// A replica's word that its state after `sequence` has this digest; signed in both modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// The last sequence number that the state includes.
    pub sequence: Sequence,
    /// How many operations the state has delivered.
    pub position: u64,
    /// The digest of the state.
    pub digest: Fingerprint,
    /// The replica's signature.
    pub signature: Signature,
}

impl Checkpoint {
    /// What the signature covers.
    pub const fn claim(&self) -> (Sequence, u64, Fingerprint) {
        (self.sequence, self.position, self.digest)
    }
}

/// A stable certificate: a quorum signed one checkpoint (section 4.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// The last sequence number that the state includes.
    pub sequence: Sequence,
    /// How many operations the state has delivered.
    pub position: u64,
    /// The digest of the state.
    pub digest: Fingerprint,
    /// Who says so.
    pub signatures: Vec<Signature>,
}

/// A prepared certificate: a pre-prepare, and prepares that make it a quorum (section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prepared {
    /// The pre-prepare.
    pub pre_prepare: Arc<PrePrepare>,
    /// The backups' signatures; none in MAC mode, where the certificate is only a claim.
    pub prepares: Arc<[Signature]>,
}

impl Prepared {
    /// What was prepared.
    pub fn proposal(&self) -> Proposal {
        self.pre_prepare.proposal
    }
}

/// A replica gave up on the primary of an earlier view and stands in `view`; signed in both modes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ViewChange {
    /// The view that it moves to.
    pub view: View,
    /// Who moves.
    pub replica: NodeId,
    /// Its last stable checkpoint.
    pub stable: Option<Arc<Certificate>>,
    /// The set P: for each sequence number above it, what it prepared in the highest view.
    pub prepared: Vec<Prepared>,
    /// The set Q, in MAC mode: for each digest that it pre-prepared above it, the highest view.
    pub offered: Vec<Proposal>,
    /// The replica's signature.
    pub signature: Signature,
}

impl ViewChange {
    /// The sequence number of the stable checkpoint.
    pub fn low(&self) -> Sequence {
        self.stable.as_ref().map_or(0, |stable| stable.sequence)
    }

    /// What the signature covers: everything else.
    pub fn claim(&self) -> Fingerprint {
        let Self { view, replica, stable, prepared, offered, signature: _ } = self;
        Digest::of(&(view, replica, stable, prepared, offered))
    }
}

/// The primary of a new view begins it; signed in both modes, and so good from any hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewView {
    /// The view that begins.
    pub view: View,
    /// The set V: a quorum's view changes, in the order of the replicas.
    pub view_changes: Vec<Arc<ViewChange>>,
    /// The set O: a pre-prepare for every sequence number that may have been committed.
    pub proposals: Vec<Arc<PrePrepare>>,
    /// The primary's signature.
    pub signature: Signature,
}

impl NewView {
    /// What the signature covers: everything else.
    pub fn claim(&self) -> Fingerprint {
        let claims: Vec<_> = self.view_changes.iter().map(|change| change.claim()).collect();
        let proposals: Vec<_> = self.proposals.iter().map(|offer| offer.proposal).collect();
        Digest::of(&(self.view, claims, proposals))
    }
}

/// An operation as it was delivered; its place in the history is its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delivered {
    /// The operation.
    pub op: OpId,
    /// What was done.
    pub command: Command,
}

/// The state at a stable checkpoint, for one who has the beginning of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// What makes it credible.
    pub stable: Arc<Certificate>,
    /// The position before the first entry.
    pub after: u64,
    /// What was delivered from there to the checkpoint.
    pub entries: Vec<Delivered>,
}

/// A message among replicas and clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A client asks, or a backup passes on what it was asked.
    Request(Request),
    /// The primary assigns a sequence number.
    PrePrepare(Arc<PrePrepare>),
    /// A backup agrees.
    Prepare {
        /// To what.
        proposal: Proposal,
        /// The backup's.
        seal: Seal,
    },
    /// A replica knows that a quorum agrees.
    Commit {
        /// To what.
        proposal: Proposal,
        /// The replica's.
        seal: Seal,
    },
    /// A replica answers a client.
    Reply {
        /// The view that the replica is in.
        view: View,
        /// What was asked.
        op: OpId,
        /// Where it was delivered.
        position: u64,
        /// What the machine answered.
        response: Response,
        /// The replica's.
        seal: Seal,
    },
    /// A replica has taken a checkpoint.
    Checkpoint(Checkpoint),
    /// A replica moves to another view.
    ViewChange(Arc<ViewChange>),
    /// A primary begins a view.
    NewView(Arc<NewView>),
    /// A replica says how far it is: others repeat what it missed.
    Status {
        /// The view that it is in or moves to.
        view: View,
        /// Whether that view has begun for it.
        active: bool,
        /// The last sequence number that it executed.
        executed: Sequence,
    },
    /// A checkpoint is stable, for one who is behind it.
    Stable(Arc<Certificate>),
    /// A replica wants the state of a later checkpoint.
    Fetch {
        /// The last sequence number that it executed.
        executed: Sequence,
        /// How many operations it delivered.
        after: u64,
    },
    /// The answer.
    State(Arc<State>),
}

impl Message {
    /// A backup's prepare or anybody's commit.
    pub const fn vote(phase: Phase, proposal: Proposal, seal: Seal) -> Self {
        match phase {
            Phase::PrePrepare | Phase::Prepare => Self::Prepare { proposal, seal },
            Phase::Commit => Self::Commit { proposal, seal },
        }
    }
}
