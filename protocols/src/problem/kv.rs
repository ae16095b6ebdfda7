//! The problem of the key–value store: reads, writes and conditional writes of values under keys,
//! each as if it took effect at one instant between its request and its answer.
//!
//! That is linearizability (Herlihy and Wing 1990), and it says more than it seems to: a write that
//! was done twice, was lost after its answer, or is read at one node and not yet at another shows
//! in it. So that it can show, no two operations write the same: what an operation writes is its
//! own name.

mod judges;

pub(super) use judges::{Accesses, Call, Linearizability};

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::{ChaCha, Random as _, Ratio};
use sim_core::workload::Workload;

use super::log::{Command, Log};
use super::operation::Termination;

/// The answers are those of one store that does one operation after another.
pub const LINEARIZABILITY: &str = "linearizability";
/// What is read under a key was written there.
pub const VALIDITY: &str = "validity";
/// Every requested operation is answered.
pub const TERMINATION: &str = super::log::TERMINATION;

/// What an operation writes: its own name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub OpId);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a client wants done.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// What is under the key?
    Get {
        /// The key.
        key: u32,
    },
    /// Let this operation's value be under the key.
    Put {
        /// The key.
        key: u32,
    },
    /// The same, if what is there now is as expected.
    CompareAndSet {
        /// The key.
        key: u32,
        /// What is expected; `None` for nothing.
        expected: Option<Value>,
    },
}

/// How many bits of a command, after two for its kind, tell the key.
const KEY_BITS: u32 = 14;
/// How many bits of a command tell a client of an expected value.
const CLIENT_BITS: u32 = 20;
/// How many bits of a command tell an operation of that client.
const SEQUENCE_BITS: u32 = 28;

/// The lowest `bits` bits of a word.
const fn low(word: u64, bits: u32) -> u64 {
    word & ((1 << bits) - 1)
}

impl Request {
    /// The key.
    pub const fn key(self) -> u32 {
        let (Self::Get { key } | Self::Put { key } | Self::CompareAndSet { key, .. }) = self;
        key
    }

    /// The request as one word, as a log carries it.
    pub fn command(self) -> Command {
        let (kind, expected) = match self {
            Self::Get { .. } => (0, 0),
            Self::Put { .. } => (1, 0),
            Self::CompareAndSet { expected: None, .. } => (2, 0),
            Self::CompareAndSet { expected: Some(Value(op)), .. } => {
                let client = low(op.client.0.into(), CLIENT_BITS);
                (3, client << SEQUENCE_BITS | low(op.sequence.into(), SEQUENCE_BITS))
            }
        };
        let key = low(self.key().into(), KEY_BITS);
        Command((kind << KEY_BITS | key) << (CLIENT_BITS + SEQUENCE_BITS) | expected)
    }

    /// The request that a word stands for; every word stands for one, though a liar made it up.
    pub fn of(command: Command) -> Self {
        let head = command.0 >> (CLIENT_BITS + SEQUENCE_BITS);
        let key = low(head, KEY_BITS) as u32;
        let client = ClientId(low(command.0 >> SEQUENCE_BITS, CLIENT_BITS) as u32);
        let op = OpId { client, sequence: low(command.0, SEQUENCE_BITS) as u32 };
        match head >> KEY_BITS {
            0 => Self::Get { key },
            1 => Self::Put { key },
            2 => Self::CompareAndSet { key, expected: None },
            _ => Self::CompareAndSet { key, expected: Some(Value(op)) },
        }
    }
}

/// What is under a key, for people.
struct Shown(Option<Value>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("nothing"),
            Some(value) => write!(f, "{value:?}"),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get { key } => write!(f, "get k{key}"),
            Self::Put { key } => write!(f, "put k{key}"),
            Self::CompareAndSet { key, expected } => {
                write!(f, "set k{key} if {}", Shown(*expected))
            }
        }
    }
}

/// What an operation is answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Response {
    /// To a get: what is under the key.
    Value(Option<Value>),
    /// To a put.
    Written,
    /// To a compare-and-set: whether it found what it expected.
    Swapped(bool),
}

impl Response {
    /// Its size on the wire, in bytes; that something was done is said by the answer itself.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Value(_) => 8,
            Self::Written => 0,
            Self::Swapped(_) => 1,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "read {}", Shown(*value)),
            Self::Written => f.write_str("written"),
            Self::Swapped(true) => f.write_str("set"),
            Self::Swapped(false) => f.write_str("not set"),
        }
    }
}

/// What a node tells a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Indication {
    /// Its operation was done.
    Answered(Response),
    /// Not here.
    Redirect {
        /// Who leads, as far as this node knows.
        leader: Option<NodeId>,
    },
}

/// The keys of the load: what is asked, and about which keys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// How many keys there are; 1 to 16,384.
    pub keys: u32,
    /// How many of them are hot; fewer than all.
    pub hot_keys: u32,
    /// The share of the requests that are about hot keys, `0%` to `100%`.
    pub hot_share: Ratio,
    /// The share of the requests that are reads, `0%` to `100%`.
    pub reads: Ratio,
    /// The share of the others that compare before they set, `0%` to `100%`. A client expects what it
    /// last heard of. Without any, linearizability is judged in O(n log n); with some, by a search
    /// that may give up where many operations overlap.
    pub compare_and_sets: Ratio,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            keys: 10,
            hot_keys: 0,
            hot_share: Ratio::NEVER,
            reads: Ratio::new(1, 2),
            compare_and_sets: Ratio::NEVER,
        }
    }
}

/// The problem of the key–value store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kv;

impl Problem for Kv {
    const NAME: &'static str = "kv";
    const SUMMARY: &'static str = "a key–value store that looks like one node";
    type Request = Request;
    type Indication = Indication;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Log::workload(cluster)
    }

    fn objection(load: &Load, _: Cluster) -> Option<(&'static str, String)> {
        let most = 1 << KEY_BITS;
        let Load { keys, hot_keys, hot_share, .. } = load;
        if !(1..=most).contains(keys) {
            return Some(("keys", format!("{keys} keys: write a number from 1 to {most}")));
        }
        if hot_keys >= keys {
            let reason = format!(
                "{hot_keys} of {keys} keys are hot, and none is left for other requests: write at \
                 most {}",
                keys - 1
            );
            return Some(("hot_keys", reason));
        }
        if *hot_keys == 0 && !hot_share.is_never() {
            let reason = format!(
                "{hot_share} of the requests are about hot keys, and there are none: write \
                 `hot_keys = 1`"
            );
            return Some(("hot_share", reason));
        }
        None
    }

    fn client(load: &Load, _: Cluster, client: ClientId) -> Box<dyn problem::Client<Self>> {
        let (load, asked, known) = (load.clone(), Vec::new(), BTreeMap::new());
        Box::new(Asking { load, client, asked, known })
    }

    /// A compare-and-set that found something else took no effect, and never will: it is refused.
    fn answer(indication: &Indication) -> Answer {
        match *indication {
            Indication::Redirect { leader } => Answer::Elsewhere(leader),
            Indication::Answered(Response::Swapped(false)) => Answer::Refused,
            Indication::Answered(_) => Answer::Done,
        }
    }

    const PROPERTIES: &'static [&'static str] = &[LINEARIZABILITY, VALIDITY, TERMINATION];

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Request, Indication>> {
        let all: [(_, _, Box<dyn Checker<Request, Indication>>); 3] = [
            (LINEARIZABILITY, Class::Safety, Box::<judges::Linearizability<Self>>::default()),
            (VALIDITY, Class::Safety, Box::<judges::Validity>::default()),
            (TERMINATION, Class::Liveness, Box::<Termination<Self>>::default()),
        ];
        promise.judged_by(all)
    }
}

/// A client that asks for what its load says.
struct Asking {
    load: Load,
    client: ClientId,
    asked: Vec<Request>,
    /// The last thing that it heard of each key, by its own operations.
    known: BTreeMap<u32, Option<Value>>,
}

impl problem::Client<Kv> for Asking {
    /// Every request takes the same draws, so that another load disturbs no other choice.
    fn next(&mut self, rng: &mut ChaCha) -> Request {
        let Load { keys, hot_keys, hot_share, reads, compare_and_sets } = self.load;
        let is_hot = rng.chance(hot_share);
        let key = match is_hot {
            true => rng.below(hot_keys.into()) as u32,
            false => hot_keys + rng.below((keys - hot_keys).into()) as u32,
        };
        let (is_read, compares) = (rng.chance(reads), rng.chance(compare_and_sets));
        let request = match (is_read, compares) {
            (true, _) => Request::Get { key },
            (false, false) => Request::Put { key },
            (false, true) => {
                let expected = self.known.get(&key).copied().flatten();
                Request::CompareAndSet { key, expected }
            }
        };
        self.asked.push(request);
        request
    }

    fn hear(&mut self, sequence: u32, answer: &Indication) {
        let Indication::Answered(response) = answer else { return };
        let Some(request) = self.asked.get(sequence as usize) else { return };
        let value = match response {
            Response::Value(value) => *value,
            Response::Written | Response::Swapped(true) => {
                Some(Value(OpId { client: self.client, sequence }))
            }
            Response::Swapped(false) => return,
        };
        self.known.insert(request.key(), value);
    }
}

#[cfg(test)]
mod tests {
    use sim_core::rng::{Stream, Streams};

    use super::*;

    #[test]
    fn a_request_survives_being_one_word_and_every_word_is_a_request() {
        let last = OpId { client: ClientId(999_999), sequence: (1 << SEQUENCE_BITS) - 1 };
        for key in [0, 1, 16_383] {
            for request in [
                Request::Get { key },
                Request::Put { key },
                Request::CompareAndSet { key, expected: None },
                Request::CompareAndSet { key, expected: Some(Value(OpId::default())) },
                Request::CompareAndSet { key, expected: Some(Value(last)) },
            ] {
                assert_eq!(Request::of(request.command()), request);
            }
        }
        let mut rng = Streams::new(1).chacha(Stream::Application, 0);
        for word in (0..1_000).map(|_| rng.next_u64()).chain([0, u64::MAX]) {
            let request = Request::of(Command(word));
            assert_eq!(Request::of(request.command()), request);
        }
    }

    fn requests(load: Load, count: usize) -> Vec<Request> {
        let client = Kv::client(&load, Cluster { n: 3 }, ClientId(0));
        let mut rng = Streams::new(7).chacha(Stream::Application, 0);
        let mut client = client;
        (0..count).map(|_| client.next(&mut rng)).collect()
    }

    #[test]
    fn hot_keys_take_their_share_and_the_others_share_the_rest() {
        let load = Load { hot_keys: 2, hot_share: Ratio::new(4, 5), ..Load::default() };
        let asked = requests(load, 20_000);
        let of = |key| asked.iter().filter(|request| request.key() == key).count();
        for key in 0..10 {
            let expected = if key < 2 { 8_000 } else { 500 };
            assert!(of(key).abs_diff(expected) < expected / 8 + 40, "{key}: {}", of(key));
        }
        let reads = asked.iter().filter(|request| matches!(request, Request::Get { .. })).count();
        assert!(reads.abs_diff(10_000) < 300, "{reads}");
    }

    #[test]
    fn another_share_of_reads_leaves_the_keys_alone() {
        let keys = |load| requests(load, 200).into_iter().map(Request::key).collect::<Vec<_>>();
        let all_reads = Load { reads: Ratio::ALWAYS, ..Load::default() };
        assert_eq!(keys(Load::default()), keys(all_reads));
    }

    #[test]
    fn a_client_expects_what_it_last_heard_of_the_key() {
        let (keys, reads, compare_and_sets) = (1, Ratio::NEVER, Ratio::ALWAYS);
        let load = Load { keys, reads, compare_and_sets, ..Load::default() };
        let mut client = Kv::client(&load, Cluster { n: 3 }, ClientId(4));
        let mut rng = Streams::new(1).chacha(Stream::Application, 4);
        let mut next = |heard: &[(u32, Response)]| {
            for (sequence, response) in heard {
                client.hear(*sequence, &Indication::Answered(*response));
            }
            format!("{:?}", client.next(&mut rng))
        };
        let other = Value(OpId { client: ClientId(1), sequence: 9 });
        assert_eq!(next(&[]), "set k0 if nothing");
        assert_eq!(next(&[(0, Response::Swapped(true))]), "set k0 if c4.0");
        assert_eq!(next(&[(1, Response::Swapped(false))]), "set k0 if c4.0");
        assert_eq!(next(&[(2, Response::Value(Some(other)))]), "set k0 if c1.9");
    }

    #[test]
    fn a_load_that_cannot_be_is_objected_to() {
        let objection = |load: Load| Kv::objection(&load, Cluster { n: 3 }).map(|(key, _)| key);
        let good = Load::default();
        assert_eq!(objection(good.clone()), None);
        assert_eq!(objection(Load { keys: 0, ..good.clone() }), Some("keys"));
        assert_eq!(objection(Load { keys: 16_385, ..good.clone() }), Some("keys"));
        assert_eq!(objection(Load { hot_keys: 10, ..good.clone() }), Some("hot_keys"));
        assert_eq!(objection(Load { hot_share: Ratio::new(1, 2), ..good }), Some("hot_share"));
    }
}
