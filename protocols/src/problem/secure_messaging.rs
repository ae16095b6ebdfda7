//! The problem of trust among agents: users have their agents send messages and act on resources,
//! and what agents accept, do, learn and record must be what users asked for and may ask for.
//!
//! *Authenticity* is injective agreement (Lowe, "A Hierarchy of Authentication Specifications", CSFW
//! 1997): whatever is accepted as from an honest agent that agent was asked to send, to this
//! receiver, with this kind, label, term and content, and it is accepted once. *Authority* is judged
//! at the time of use and by who asked, not by who carried it out (Hardy, "The Confused Deputy",
//! 1988). *Confidentiality* is a flow of labels to those who are cleared for them (Bell and LaPadula
//! 1973). A *log* is consistent if whoever accepts it sees all that was acknowledged before (Crosby
//! and Wallach, "Efficient Data Structures for Tamper-Evident Logging", USENIX Security 2009); an
//! *accusation* is evidence, and convicts nobody honest (Haeberlen et al., "PeerReview", SOSP 2007).
//!
//! Judges know the truth (who asked what, whose key was stolen when) and nothing of the defences. A
//! hostile program confesses what it tries and learns, to them alone.

mod gauge;
mod judges;
pub mod policy;
mod truth;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::problem::{self, Answer, Problem, ProblemGauge, Promise};
use sim_core::rng::{ChaCha, Random as _, Ratio};
use sim_core::time::{Duration, Time};
use sim_core::workload::{Rate, Workload};

use super::operation::Termination;
use crate::capability::{Action, Resource};
use crate::credential::PublicKey;
pub use policy::{Label, Office, Role};

/// What is accepted as from an honest agent was sent by it, as it is accepted, and is accepted once.
pub const AUTHENTICITY: &str = "authenticity";
/// What is done to a resource was asked for by somebody who may.
pub const AUTHORITY: &str = "authority";
/// Nobody learns a content for which he is not cleared.
pub const CONFIDENTIALITY: &str = "confidentiality";
/// Nothing is accepted under a key that was revoked, or has expired, for longer than the grace.
pub const REVOCATION_FRESHNESS: &str = "revocation_freshness";
/// A log that is accepted holds all that was acknowledged longer ago than the grace.
pub const LOG_CONSISTENCY: &str = "log_consistency";
/// Nobody honest is convicted.
pub const NO_FALSE_ACCUSATION: &str = "no_false_accusation";
/// Every request is answered.
pub const TERMINATION: &str = super::log::TERMINATION;

/// What kind of message it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Kind {
    /// For information.
    Note,
    /// To be done.
    Order,
    /// What was done.
    Report,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Note, Self::Order, Self::Report];
}

/// What a message says of itself. Sender and receiver must agree on all of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Claim {
    /// Who sent it.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// Of what kind.
    pub kind: Kind,
    /// For whose eyes.
    pub label: Label,
    /// In which term of the conversation.
    pub term: u32,
    /// What it says, by the name of the request.
    pub content: OpId,
}

/// What a user asks of an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Request {
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// Of what kind.
        kind: Kind,
        /// For whose eyes.
        label: Label,
        /// In which term of the conversation.
        term: u32,
    },
    /// Act on a resource.
    Act {
        /// On which one.
        resource: Resource,
        /// Do what.
        action: Action,
        /// Through whom, if not directly.
        deputy: Option<NodeId>,
    },
    /// Look whether the log is in order.
    Audit,
}

/// An entry of the audit log: who noted that he took part in which operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct LogEntry {
    /// Who noted it.
    pub by: NodeId,
    /// What about.
    pub about: OpId,
}

/// Why something was not accepted or not done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Cause {
    /// It is addressed to somebody else, or sealed for him.
    Misdirected,
    /// It bears no good signature of its sender.
    Unsigned,
    /// The sender's credential is revoked or expired, or nobody knows.
    Credential,
    /// It was sent too long ago.
    Stale,
    /// It was accepted before.
    Replayed,
    /// The sender says too much.
    TooMuch,
    /// The sender is in quarantine.
    Quarantined,
    /// Whoever asks may not do that.
    Unauthorised,
    /// The receiver is not cleared for it.
    Clearance,
    /// Whoever was asked does not answer.
    Silent,
    /// The sender was convicted.
    Convicted,
    /// There is nobody here to do it.
    Unknown,
}

/// The bytes that a request put on the network, by what they are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct Price {
    /// What was to be said.
    pub payload: u32,
    /// Signatures and certificates.
    pub signature: u32,
    /// Capabilities.
    pub proof: u32,
}

/// What an agent tells its user, and what the judges alone are to know.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Indication {
    /// The authority opened: what it takes back must be known everywhere after the grace.
    Opened {
        /// The grace.
        grace: Duration,
    },
    /// The authority vouched for a key until then.
    Issued {
        /// The key.
        key: PublicKey,
        /// Until when.
        not_after: Time,
    },
    /// The authority revoked a key.
    Revoked {
        /// The key.
        key: PublicKey,
    },
    /// A key of this agent was stolen; it does not know yet.
    Stolen {
        /// The key.
        key: PublicKey,
    },
    /// A message was accepted.
    Accepted {
        /// What it says of itself.
        claim: Claim,
        /// Under which key, if there was a signature.
        key: Option<PublicKey>,
    },
    /// Something was done to a resource of this agent.
    Acted {
        /// On which one.
        resource: Resource,
        /// What.
        action: Action,
        /// For which request.
        op: OpId,
        /// Who presented the request.
        presenter: NodeId,
        /// Under which key, if there was a signature.
        key: Option<PublicKey>,
    },
    /// A message was not accepted, or a request not carried out.
    Refused {
        /// In whose name it came.
        from: NodeId,
        /// About which request.
        op: OpId,
        /// Why.
        cause: Cause,
    },
    /// The log acknowledged an entry of this agent.
    Recorded {
        /// The entry.
        entry: LogEntry,
        /// How many bytes that took, with the proofs.
        bytes: u32,
    },
    /// The suspicion of a node changed.
    Suspected {
        /// Of whom.
        whom: NodeId,
        /// How much there is now.
        score: u32,
    },
    /// An agent drew a jury to be heard about somebody.
    Drawn {
        /// All identities that could be drawn.
        pool: Vec<PublicKey>,
        /// Those that were.
        jury: Vec<PublicKey>,
    },
    /// The suspicion of a node, or the proof, is enough to act on.
    Alarmed {
        /// About whom.
        whom: NodeId,
    },
    /// A node in quarantine is heard again.
    Cleared {
        /// Which one.
        whom: NodeId,
    },
    /// Evidence that anybody can check convicts a node.
    Convicted {
        /// Which one.
        whom: NodeId,
    },
    /// A conviction is taken back: the key that it was under had been stolen.
    Acquitted {
        /// Who had been convicted.
        whom: NodeId,
    },
    /// The answer: it was done.
    Done(Price),
    /// The answer: it was not done.
    Declined(Cause),
    /// The answer to an audit.
    Audited {
        /// Whether the log is in order.
        accepted: bool,
        /// What it holds.
        entries: Vec<LogEntry>,
    },
    /// A hostile program tries something.
    Attempted,
    /// A hostile program leaves a request unanswered.
    Ignored {
        /// Which one.
        op: OpId,
    },
    /// A hostile program got to know a content.
    Learned {
        /// Which one.
        content: OpId,
        /// For whose eyes it is.
        label: Label,
    },
}

/// The keys of the load.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// The share of requests that are audits, `0%` to `100%`, as are the shares below.
    pub audits: Ratio,
    /// The share of the others that act on a resource; the rest are messages.
    pub acts: Ratio,
    /// The share of acts that go through a deputy.
    pub deputies: Ratio,
    /// The share of messages that are secret.
    pub secrets: Ratio,
    /// The share of acts and secret messages by which users ask for what they may not.
    pub overreach: Ratio,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            audits: Ratio::new(5, 100),
            acts: Ratio::new(40, 100),
            deputies: Ratio::new(30, 100),
            secrets: Ratio::new(40, 100),
            overreach: Ratio::NEVER,
        }
    }
}

/// The problem.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecureMessaging;

/// The user of one agent.
struct User {
    load: Load,
    cluster: Cluster,
    me: NodeId,
    asked: u32,
}

/// How many requests make a term.
const TERM: u32 = 4;

impl User {
    /// One of the items that are fit, or of all others if none is.
    fn pick<T: Copy>(rng: &mut ChaCha, items: &[T], is_fit: impl Fn(T) -> bool) -> Option<T> {
        let fit: Vec<T> = items.iter().copied().filter(|item| is_fit(*item)).collect();
        let from = if fit.is_empty() { items } else { &fit };
        from.get(rng.below(from.len() as u64) as usize).copied()
    }

    fn act(&self, rng: &mut ChaCha) -> Option<Request> {
        let (cluster, me) = (self.cluster, self.me);
        let goes_beyond = rng.chance(self.load.overreach);
        let targets: Vec<(Resource, Action)> = policy::resources(cluster)
            .filter(|resource| policy::owner(cluster, *resource) != me)
            .flat_map(|resource| [Action::Read, Action::Write].map(|action| (resource, action)))
            .collect();
        let (resource, action) = Self::pick(rng, &targets, |(resource, action)| {
            policy::permits(cluster, me, resource, action) != goes_beyond
        })?;
        let mut deputy = None;
        if rng.chance(self.load.deputies) {
            let owner = policy::owner(cluster, resource);
            let deputies: Vec<NodeId> = policy::agents(cluster)
                .filter(|node| policy::role(*node) == Role::Admin)
                .filter(|node| *node != me && *node != owner)
                .collect();
            deputy = Self::pick(rng, &deputies, |_| true);
        }
        Some(Request::Act { resource, action, deputy })
    }

    fn send(&self, rng: &mut ChaCha) -> Option<Request> {
        let label = if rng.chance(self.load.secrets) { Label::Secret } else { Label::Public };
        let goes_beyond = label == Label::Secret && rng.chance(self.load.overreach);
        let others: Vec<NodeId> =
            policy::agents(self.cluster).filter(|node| *node != self.me).collect();
        let clears = |node| policy::clears(self.cluster, node, label) != goes_beyond;
        let to = Self::pick(rng, &others, clears)?;
        let kind = Kind::ALL[rng.below(Kind::ALL.len() as u64) as usize];
        Some(Request::Send { to, kind, label, term: self.asked / TERM })
    }
}

impl problem::Client<SecureMessaging> for User {
    fn next(&mut self, rng: &mut ChaCha) -> Request {
        self.asked += 1;
        if rng.chance(self.load.audits) {
            return Request::Audit;
        }
        let request = if rng.chance(self.load.acts) { self.act(rng) } else { self.send(rng) };
        request.unwrap_or(Request::Audit)
    }
}

type Judge = Box<dyn Checker<Request, Indication>>;

impl Problem for SecureMessaging {
    const NAME: &'static str = "secure_messaging";
    const SUMMARY: &'static str = "agents accept, do and learn what their users may ask for";
    const PROPERTIES: &'static [&'static str] = &[
        AUTHENTICITY,
        AUTHORITY,
        CONFIDENTIALITY,
        REVOCATION_FRESHNESS,
        LOG_CONSISTENCY,
        NO_FALSE_ACCUSATION,
        TERMINATION,
    ];
    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;
    type Request = Request;
    type Indication = Indication;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            start: Duration::from_millis(500),
            timeout: Duration::from_secs(5),
            ..Workload::open(policy::agents(cluster).count() as u32, Rate::per_second(20))
        }
    }

    fn client(load: &Load, cluster: Cluster, client: ClientId) -> Box<dyn problem::Client<Self>> {
        // A client sits at its node.
        let me = NodeId(client.0 % cluster.n);
        Box::new(User { load: load.clone(), cluster, me, asked: 0 })
    }

    fn answer(indication: &Indication) -> Answer {
        match indication {
            Indication::Declined(_) => Answer::Refused,
            _ => Answer::Done,
        }
    }

    fn is_confession(indication: &Indication) -> bool {
        matches!(
            indication,
            Indication::Attempted | Indication::Ignored { .. } | Indication::Learned { .. }
        )
    }

    fn properties(cluster: Cluster, promise: &Promise) -> Vec<Property<Request, Indication>> {
        let safety = judges::OF_SAFETY.iter().map(|(name, breach)| {
            let judge: Judge = Box::new(judges::Truthful::new(cluster, breach));
            (*name, Class::Safety, judge)
        });
        let liveness: Judge = Box::<Termination<Self>>::default();
        promise.judged_by(safety.chain([(TERMINATION, Class::Liveness, liveness)]))
    }

    fn gauge(_: &Load, cluster: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Trust::new(cluster)))
    }
}
