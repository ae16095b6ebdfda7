//! What nodes say to each other, and what they write down.

use sim_core::digest::Digest;
use sim_core::id::{NodeId, OpId};
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};
use sim_core::signature::{SIGNATURE_BYTES, Signature};
use sim_core::time::{Duration, Time};

use super::evidence::{Evidence, SignedHead};
use crate::audit;
use crate::capability::{Action, Capability, Resource};
use crate::credential::{CERTIFICATE_BYTES, Certificate, PublicKey, Revocations, SecretKey};
use crate::problem::secure_messaging::{Cause, Kind, Label, LogEntry};

/// What a letter says.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Body {
    /// A message of a user; its content has the name of the operation.
    Text {
        /// Of what kind.
        kind: Kind,
        /// For whose eyes.
        label: Label,
        /// In which term of the conversation.
        term: u32,
    },
    /// Act on a resource, or have it acted upon by its owner.
    Act {
        /// On which one.
        resource: Resource,
        /// Do what.
        action: Action,
        /// By which right.
        capability: Option<Capability>,
    },
    /// What became of a letter.
    Receipt(Result<(), Cause>),
}

impl Body {
    fn bytes(&self) -> u32 {
        match self {
            Self::Text { .. } => 64,
            Self::Act { .. } => 8,
            Self::Receipt(_) => 2,
        }
    }

    /// The size of the capability in it, in bytes.
    pub fn proof_bytes(&self) -> u32 {
        match self {
            Self::Act { capability, .. } => capability.as_ref().map_or(0, Capability::bytes),
            Self::Text { .. } | Self::Receipt(_) => 0,
        }
    }
}

/// A body in an envelope that only its reader can open, if it has one.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Sealed {
    body: Body,
    reader: Option<NodeId>,
}

impl Sealed {
    /// Puts a body into an envelope.
    pub const fn new(body: Body, reader: Option<NodeId>) -> Self {
        Self { body, reader }
    }

    /// What is in it, for whoever can open it.
    pub fn open(&self, reader: NodeId) -> Option<&Body> {
        self.reader.is_none_or(|only| only == reader).then_some(&self.body)
    }
}

/// A letter from agent to agent, as the broker carries it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Letter {
    /// Who sent it, as it says.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// Which operation it is about. No two letters of one sender but receipts are about the same.
    pub op: OpId,
    /// When it was sent, by the sender's clock.
    pub sent_at: Time,
    /// What it says.
    pub sealed: Sealed,
    /// That the key is the sender's.
    pub certificate: Option<Certificate>,
    /// The sender's signature.
    pub signature: Option<Signature>,
}

/// The purpose for which letters are signed.
const LETTER: &str = "letter";
/// A letter's addresses, operation and time.
const FRAME_BYTES: u32 = 4 + 4 + 8 + 8;

impl Letter {
    /// What the signature covers: all of it. Unless it is not `bound`: a bug that leaves out to whom
    /// it is, of what kind and in which term.
    fn covered(&self, is_bound: bool) -> u64 {
        let Self { from, to, op, sent_at, sealed: Sealed { body, .. }, .. } = self;
        match body {
            Body::Text { label, .. } if !is_bound => Digest::of(&(from, op, sent_at, label)),
            Body::Text { .. } => covered_of_text((*from, *to, *op), *sent_at, Digest::of(body)),
            _ => Digest::of(&(from, to, op, sent_at, body)),
        }
    }

    /// What its signature states to everybody, if it is a signed message: to whom it is, and a digest
    /// of what it says. (What a letter about an act says may change when it is sent again.)
    pub fn statement(&self) -> Option<Statement> {
        let Self { from, to, op, sent_at, sealed: Sealed { body, .. }, .. } = self;
        let (certificate, signature) = (self.certificate?, self.signature?);
        matches!(body, Body::Text { .. }).then(|| Statement {
            from: *from,
            to: *to,
            op: *op,
            sent_at: *sent_at,
            text: Digest::of(body),
            certificate,
            signature,
        })
    }

    /// Signs it.
    #[must_use]
    pub fn signed(mut self, key: &SecretKey, certificate: Certificate, is_bound: bool) -> Self {
        self.signature = Some(key.sign(LETTER, &self.covered(is_bound)));
        self.certificate = Some(certificate);
        self
    }

    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: PublicKey, is_bound: bool) -> bool {
        let covered = self.covered(is_bound);
        self.signature.is_some_and(|signature| key.verifies(&signature, LETTER, &covered))
    }

    /// The size of what is not signature or capability, in bytes.
    pub fn payload_bytes(&self) -> u32 {
        FRAME_BYTES + self.sealed.body.bytes()
    }

    /// The size of signature and certificate, in bytes.
    pub fn signature_bytes(&self) -> u32 {
        let signature = self.signature.map_or(0, |_| SIGNATURE_BYTES);
        signature + self.certificate.map_or(0, |_| CERTIFICATE_BYTES)
    }

    /// The size of the capability, in bytes.
    pub fn proof_bytes(&self) -> u32 {
        self.sealed.body.proof_bytes()
    }
}

/// What the signature of a letter covers that is a message: who says to whom in which slot, when,
/// and a digest of what.
fn covered_of_text((from, to, op): (NodeId, NodeId, OpId), sent_at: Time, text: u64) -> u64 {
    Digest::of(&(from, to, op, sent_at, "text", text))
}

/// What somebody signed, as far as it can be shown to others without saying what it says.
///
/// An agent has one slot for each operation, and states one thing in it, to one agent, however often
/// it sends the letter. (A digest hides what it is of only from those who cannot guess it; a real
/// one would be salted.)
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Statement {
    from: NodeId,
    to: NodeId,
    op: OpId,
    sent_at: Time,
    text: u64,
    certificate: Certificate,
    signature: Signature,
}

impl Statement {
    /// Who states it, and in which slot.
    pub const fn slot(&self) -> (NodeId, OpId) {
        (self.from, self.op)
    }

    /// With which key it is signed, as it says.
    pub const fn key(&self) -> PublicKey {
        self.certificate.key()
    }

    /// Whether its author signed it, with a key for which this authority vouched.
    pub fn is_genuine(&self, authority: PublicKey) -> bool {
        let Self { from, to, op, sent_at, text, certificate, signature } = self;
        let key = certificate.key();
        let covered = covered_of_text((*from, *to, *op), *sent_at, *text);
        // When it was good does not matter for what was signed with it.
        certificate.check(authority, certificate.not_after(), Duration::ZERO).is_ok()
            && key.owner == *from
            && key.verifies(signature, LETTER, &covered)
    }

    /// Whether both cannot be by an honest agent: they are of one slot, and say different things or
    /// to different agents.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.slot() == other.slot() && (self.to, self.text) != (other.to, other.text)
    }

    /// The size on the wire, in bytes.
    pub const fn bytes() -> u32 {
        FRAME_BYTES + 8 + CERTIFICATE_BYTES + SIGNATURE_BYTES
    }
}

/// What agents tell each other without being asked.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct News {
    /// When it told, by its clock.
    pub sent_at: Time,
    /// Who it is that tells.
    pub certificate: Option<Certificate>,
    /// The keys that are no longer good.
    pub list: Option<Revocations>,
    /// The greatest head of the log that it saw.
    pub head: Option<SignedHead>,
    /// The head of the policy's log, as it was first seen.
    pub policy: Option<SignedHead>,
    /// What it heard others state a short time ago.
    pub statements: Vec<Statement>,
}

/// That somebody raised an alarm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Warning {
    /// About whom.
    pub whom: NodeId,
    /// When, by the witness's clock.
    pub at: Time,
    /// Who it is that warns.
    pub certificate: Certificate,
    signature: Signature,
}

/// The purpose for which warnings are signed.
const WARNING: &str = "warning";

impl Warning {
    /// Warns of somebody under this key.
    pub fn sign(whom: NodeId, at: Time, key: &SecretKey, certificate: Certificate) -> Self {
        let signature = key.sign(WARNING, &(whom, at));
        Self { whom, at, certificate, signature }
    }

    /// Whether whoever the certificate is of signed it.
    pub fn is_signed(&self) -> bool {
        self.certificate.key().verifies(&self.signature, WARNING, &(self.whom, self.at))
    }
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// To the broker, and from it.
    Letter(Box<Letter>),
    /// An agent asks the authority to vouch for its next key.
    Enrol,
    /// The authority vouches.
    Enrolled {
        /// That the key is the agent's.
        certificate: Certificate,
        /// What the agent may do.
        grants: Vec<Capability>,
        /// The keys that are no longer good.
        list: Revocations,
        /// The head of the log of the policy under which it grants.
        policy: SignedHead,
    },
    /// An agent reports to the authority that this key of its was stolen.
    Theft(PublicKey),
    /// What agents tell each other, and the authority some of them.
    News(Box<News>),
    /// An agent asks the keeper for an entry more.
    Append {
        /// The entry.
        entry: LogEntry,
        /// The size and the root of the log as the agent knows it.
        known: Option<(u32, audit::Hash)>,
    },
    /// The keeper proves that the entry is in the log, and that the log goes on from what was known.
    Appended {
        /// The entry.
        entry: LogEntry,
        /// Where it is.
        index: u32,
        /// The proof that it is there.
        inclusion: Vec<audit::Hash>,
        /// The proof that the log begins as it was known.
        consistency: Vec<audit::Hash>,
        /// The log's head.
        head: SignedHead,
    },
    /// An agent asks for the whole log.
    Fetch {
        /// For which audit.
        op: OpId,
        /// The size and the root of the log as the agent knows it.
        known: Option<(u32, audit::Hash)>,
    },
    /// The whole log.
    Log {
        /// For which audit.
        op: OpId,
        /// What it holds.
        entries: Vec<LogEntry>,
        /// Its head.
        head: SignedHead,
    },
    /// Somebody can be convicted.
    Accusation(Box<Evidence>),
    /// An agent raised an alarm about another, and says so under its key.
    Warning(Warning),
    /// Whoever does not answer is asked whether he is there.
    Summons,
    /// Who is in quarantine asks to be heard again, and who is summoned says that he is there.
    Appeal,
    /// A stolen key changes hands.
    Loot {
        /// The key.
        key: SecretKey,
        /// Its certificate.
        certificate: Certificate,
    },
}

/// An operation or an entry, with the frame around it.
const SHORT_BYTES: u32 = 32;
const ENTRY_BYTES: u32 = 12;

impl Speech for Message {
    const KINDS: &'static [&'static str] = &[
        "letter",
        "enrol",
        "enrolled",
        "theft",
        "news",
        "append",
        "appended",
        "fetch",
        "log",
        "accusation",
        "warning",
        "appeal",
        "loot",
        "summons",
    ];

    fn kind(&self) -> usize {
        match self {
            Self::Letter(_) => 0,
            Self::Enrol => 1,
            Self::Enrolled { .. } => 2,
            Self::Theft(_) => 3,
            Self::News(_) => 4,
            Self::Append { .. } => 5,
            Self::Appended { .. } => 6,
            Self::Fetch { .. } => 7,
            Self::Log { .. } => 8,
            Self::Accusation(_) => 9,
            Self::Warning(_) => 10,
            Self::Appeal => 11,
            Self::Loot { .. } => 12,
            Self::Summons => 13,
        }
    }

    fn bytes(&self) -> u32 {
        let known =
            |known: &Option<_>| known.map_or(0, |_: (u32, audit::Hash)| 4 + audit::HASH_BYTES);
        match self {
            Self::Letter(letter) => {
                letter.payload_bytes() + letter.signature_bytes() + letter.proof_bytes()
            }
            Self::Enrol | Self::Theft(_) | Self::Summons | Self::Appeal => SHORT_BYTES,
            Self::Enrolled { grants, list, policy, .. } => {
                let grants: u32 = grants.iter().map(Capability::bytes).sum();
                CERTIFICATE_BYTES + grants + list.bytes() + policy.bytes()
            }
            Self::News(news) => {
                let News { certificate, list, head, policy, statements, .. } = news.as_ref();
                SHORT_BYTES
                    + Statement::bytes() * statements.len() as u32
                    + certificate.map_or(0, |_| CERTIFICATE_BYTES)
                    + list.as_ref().map_or(0, Revocations::bytes)
                    + head.as_ref().map_or(0, SignedHead::bytes)
                    + policy.as_ref().map_or(0, SignedHead::bytes)
            }
            Self::Append { known: before, .. } | Self::Fetch { known: before, .. } => {
                SHORT_BYTES + known(before)
            }
            Self::Appended { inclusion, consistency, head, .. } => {
                let hashes = (inclusion.len() + consistency.len()) as u32;
                SHORT_BYTES + audit::HASH_BYTES * hashes + head.bytes()
            }
            Self::Log { entries, head, .. } => {
                SHORT_BYTES + ENTRY_BYTES * entries.len() as u32 + head.bytes()
            }
            Self::Accusation(evidence) => evidence.bytes(),
            Self::Warning(_) => SHORT_BYTES + CERTIFICATE_BYTES + SIGNATURE_BYTES,
            Self::Loot { .. } => CERTIFICATE_BYTES + 32,
        }
    }

    fn signatures(&self) -> u32 {
        match self {
            Self::Letter(letter) => u32::from(letter.signature.is_some()) * 2,
            Self::Enrolled { grants, .. } => 3 + grants.len() as u32,
            Self::News(news) => 4 + 2 * news.statements.len() as u32,
            Self::Appended { .. } | Self::Log { .. } => 1,
            Self::Accusation(_) | Self::Warning(_) => 2,
            _ => 0,
        }
    }

    /// A letter of another term, signed anew if the liar has the sender's key.
    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let Self::Letter(letter) = self else { return None };
        let mut letter = letter.as_ref().clone();
        let Body::Text { term, .. } = &mut letter.sealed.body else { return None };
        match lie {
            Lie::Content | Lie::Round => *term = term.wrapping_add(1_000),
            Lie::Time => letter.sent_at = Time::ZERO,
            Lie::Accusation => return None,
        }
        if let (Some(signer), Some(certificate)) = (forger.signer(letter.from), letter.certificate)
        {
            let key = SecretKey::of(signer, certificate.key().generation);
            letter = letter.signed(&key, certificate, true);
        }
        Some(Self::Letter(Box::new(letter)))
    }
}

/// What became of a letter that was taken, and when it had been sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Seen {
    /// What became of it.
    pub outcome: Result<(), Cause>,
    /// When it was sent, by the sender's clock.
    pub sent_at: Time,
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// An agent took a letter.
    Seen {
        /// From whom.
        from: NodeId,
        /// About what.
        op: OpId,
        /// What became of it.
        seen: Seen,
    },
    /// An agent saw this head of the log, the greatest so far.
    Head(SignedHead),
    /// An agent saw this head of the policy's log, the first.
    Policy(SignedHead),
    /// The authority vouched for a key.
    Issued(PublicKey),
    /// The authority revoked a key.
    Revoked(PublicKey),
    /// The keeper took an entry.
    Entry(LogEntry),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] =
        &["seen", "head", "issued", "revoked", "entry", "policy"];

    fn kind(&self) -> usize {
        match self {
            Self::Seen { .. } => 0,
            Self::Head(_) => 1,
            Self::Issued(_) => 2,
            Self::Revoked(_) => 3,
            Self::Entry(_) => 4,
            Self::Policy(_) => 5,
        }
    }
}
