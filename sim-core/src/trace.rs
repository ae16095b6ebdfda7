//! The trace: everything that happened in one run, each step with its cause.
//!
//! A sweep keeps only the fingerprint; a full trace costs memory and is made on demand, by running
//! the seed again. Determinism makes that exact.

use std::fmt;

use crate::fault::FaultSpec;
use crate::id::NodeId;
use crate::time::Time;

/// What sort of thing a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// A node came up.
    Boot,
    /// A client asked a node.
    Request,
    /// A message arrived.
    Deliver,
    /// A message was sent.
    Send,
    /// A message was lost, withheld, or found its receiver down; the last has no ends.
    Lose,
    /// A message was altered: by the adversary at its sender, or by damage that nobody noticed.
    Alter,
    /// A timer ran out.
    Timer,
    /// Records became durable.
    Durable,
    /// A node told its application something.
    Indicate,
    /// A node announced a landmark.
    Landmark,
    /// A fault struck or ended.
    Fault,
    /// A judge saw a promise broken.
    Violation,
}

/// The ends of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: NodeId,
    /// The event in which it was sent.
    pub sent: u64,
}

/// One step of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When it happened.
    pub at: Time,
    /// The event that it belongs to, counted from 1.
    pub event: u64,
    /// The event that caused that event; 0 for the beginning.
    pub cause: u64,
    /// Where it happened; `None` for the network and the schedule.
    pub node: Option<NodeId>,
    /// What sort of thing it is.
    pub kind: StepKind,
    /// The message that it is about, if it is about one.
    pub ends: Option<Ends>,
    /// What happened, for people: of a message, what it says or what became of it.
    pub what: String,
}

impl Step {
    /// What happened, and between whom.
    pub fn words(&self) -> String {
        let (what, Some(Ends { from, to, .. })) = (&self.what, self.ends) else {
            return self.what.clone();
        };
        match (self.kind, self.node) {
            (StepKind::Send, _) => format!("to {to} {what}"),
            (StepKind::Deliver, _) => format!("from {from} {what}"),
            (StepKind::Lose, Some(_)) => format!("{what} from {to}"),
            (StepKind::Alter, Some(_)) => format!("{what} to {to}:"),
            _ => format!("{from} → {to} {what}"),
        }
    }
}

macro_rules! event_kinds {
    ($($kind:ident $words:literal),* $(,)?) => {
        /// What sort of thing an event is, before anybody has dealt with it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum EventKind {
            $(#[doc = concat!("It is ", $words, ".")] $kind,)*
        }

        impl EventKind {
            /// All kinds, in the order of their discriminants.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// What it is, as the object of a sentence.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$kind => $words,)*
                }
            }
        }
    };
}

event_kinds! {
    Start "the beginning",
    Arrival "the arrival of a message",
    Sync "the end of a sync",
    Request "a client's request",
    Redirect "a client's turn to another node",
    Work "the end of a processor's work",
    Clog "a clog at a node",
    Churn "the coming or going of a node",
    Strike "a strike",
    StrikeEnd "the end of a strike",
    Disarm "the end of waiting for a landmark",
    Gst "GST",
    Timer "a timer",
    Patience "the end of a client's patience",
}

/// One link of the chain of a run: an event in brief, and the fingerprint after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// When the event happened.
    pub at: Time,
    /// What sort of thing it is.
    pub kind: EventKind,
    /// The node that it concerns; `None` for clients, the schedule and the network.
    pub node: Option<NodeId>,
    /// The fingerprint of the run up to the end of the event.
    pub fingerprint: u64,
}

/// A strike as an entry of a schedule in which nothing is left to be drawn: it struck then, these
/// nodes, for so long. (What waits for a landmark goes on doing so.)
#[derive(Clone, PartialEq, Debug)]
pub struct Struck {
    /// Its number in [`Outcome::strikes`](crate::outcome::Outcome::strikes).
    pub strike: usize,
    /// The strike by itself.
    pub spec: FaultSpec,
}

/// Everything that happened in one run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trace {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// A link for every event, from event 0, which is the beginning; none if there was no world.
    pub links: Vec<Link>,
    /// What struck, in order; who came and went, or was clogged, stands here turn by turn. Strikes
    /// that found nobody are left out.
    pub schedule: Vec<Struck>,
}

impl fmt::Display for Step {
    /// One line: time in seconds, event, cause, node, kind, words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node.map_or_else(|| "·".to_owned(), |node| node.to_string());
        let mark = match self.kind {
            StepKind::Boot => "^",
            StepKind::Request => "?",
            StepKind::Deliver => "<",
            StepKind::Send => ">",
            StepKind::Lose => "x",
            StepKind::Alter => "~",
            StepKind::Timer => "@",
            StepKind::Durable => "=",
            StepKind::Indicate => "!",
            StepKind::Landmark => "*",
            StepKind::Fault => "#",
            StepKind::Violation => "✗",
        };
        let (at, words) = (self.at, self.words());
        write!(f, "{at:.9} {:>6} {:>6} {node:>4} {mark} {words}", self.event, self.cause)
    }
}
