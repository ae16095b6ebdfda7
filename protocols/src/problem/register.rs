//! The problem of replicated registers: reads and writes of values under keys, of which each node
//! keeps a copy, and how new what is read must be.
//!
//! Three answers to that are promised, each by those who can. A register is *linearizable* (Herlihy
//! and Wing 1990; *atomic* in Lamport 1986) if each operation takes effect at one instant between
//! its request and its answer. It is *regular* (Lamport 1986, for one writer; with several the weak
//! form of Shao, Welch, Pierce and Lee 2011) if a read finds a write that no other overwrote before
//! the read began. It is *eventual* (Vogels 2009) if copies become equal once nobody writes; until
//! then a read may find anything that was ever written. How far from new it was is measured.
//!
//! So that all of it can be judged from outside, no two writes write the same value: what a write
//! writes is its own name.

mod gauge;
mod judges;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster, NodeId};
use sim_core::problem::{self, Answer, Problem, ProblemGauge, Promise};
use sim_core::rng::{ChaCha, Random as _, Ratio};
use sim_core::time::Duration;
use sim_core::workload::{Arrivals, Workload};

use super::kv::Linearizability;
pub use super::kv::Value;
use super::operation::Termination;
use crate::staleness::Model;

/// Every operation takes effect at one instant between its request and its answer.
pub const LINEARIZABILITY: &str = super::kv::LINEARIZABILITY;
/// A read finds a write that no other overwrote before the read began.
pub const REGULARITY: &str = "regularity";
/// What is read or kept under a key was written there.
pub const VALIDITY: &str = super::kv::VALIDITY;
/// A write that was acknowledged is found in the end, or was overwritten by somebody who could know
/// of it.
pub const NO_LOST_UPDATE: &str = "no_lost_update";
/// When all is quiet and whole, all copies of a key become equal.
pub const CONVERGENCE: &str = "convergence";
/// Every requested operation is answered.
pub const TERMINATION: &str = super::log::TERMINATION;

/// What a client wants done.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// What is under the key?
    Read {
        /// The key.
        key: u32,
    },
    /// Let this operation's value be under the key.
    Write {
        /// The key.
        key: u32,
    },
}

impl Request {
    /// The key.
    pub const fn key(self) -> u32 {
        let (Self::Read { key } | Self::Write { key }) = self;
        key
    }

    /// Whether it writes.
    pub const fn is_write(self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { key } => write!(f, "read k{key}"),
            Self::Write { key } => write!(f, "write k{key}"),
        }
    }
}

/// What a node tells.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Indication {
    /// To a read: what was found.
    Found {
        /// The values, in order: one, or none if nothing was ever written; several if none is newer
        /// than the others (siblings).
        values: Vec<Value>,
        /// The version of the one value, if versions are ordered: the greater the newer.
        version: Option<u64>,
    },
    /// To a write.
    Written {
        /// The version that was made.
        version: Option<u64>,
    },
    /// To nobody: this node keeps its share of so many copies of every key; see [`homes`].
    Serves {
        /// How many nodes keep each key.
        copies: u32,
    },
    /// To nobody: this node keeps this now, for good.
    Keeps {
        /// The key.
        key: u32,
        /// The values, in order.
        values: Vec<Value>,
    },
    /// To nobody: what was done to bring copies nearer to each other.
    Upkeep(Upkeep),
}

/// What is done to bring copies nearer to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Upkeep {
    /// A reader sent what it had found to a node that had something older.
    ReadRepaired,
    /// A node took something on for another one that did not answer.
    HintQueued,
    /// That one has it now.
    HintDelivered,
    /// It was kept for too long and given up.
    HintExpired,
    /// There was no room for it.
    HintRefused,
}

impl Upkeep {
    /// How many sorts there are.
    const COUNT: usize = 5;
}

impl fmt::Debug for Indication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { values, .. } => write!(f, "found {}", Shown(values)),
            Self::Written { .. } => f.write_str("written"),
            Self::Serves { copies } => write!(f, "serves {copies} copies"),
            Self::Keeps { key, values } => write!(f, "keeps {} under k{key}", Shown(values)),
            Self::Upkeep(upkeep) => write!(f, "{upkeep:?}"),
        }
    }
}

/// Values for people.
struct Shown<'a>(&'a [Value]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [value] => write!(f, "{value:?}"),
            several => write!(f, "{several:?}"),
        }
    }
}

/// How many bits of a version tell who wrote.
const WRITER_BITS: u32 = 12;

/// A number, below 2^52, and who gave it, as one version: of two writers with one number the higher
/// counts as later. Writers are told apart up to 4096.
pub const fn version(number: u64, writer: ClientId) -> u64 {
    number << WRITER_BITS | (writer.0 as u64 & ((1 << WRITER_BITS) - 1))
}

/// The number of a version.
pub const fn number(version: u64) -> u64 {
    version >> WRITER_BITS
}

/// The nodes that keep a key: so many consecutive ones, in order of preference.
pub fn homes(cluster: Cluster, copies: u32, key: u32) -> impl Iterator<Item = NodeId> + Clone {
    let Cluster { n } = cluster;
    (0..copies.min(n)).map(move |place| NodeId((key % n + place) % n))
}

/// The keys of the load: what is asked, by whom, and about which keys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// How many keys there are; 1 to 16,384.
    pub keys: u32,
    /// The share of reads among the requests of those who write, `0%` to `100%`.
    pub reads: Ratio,
    /// How many clients write, at most as many as there are keys. Then each key has one writer, and
    /// the other clients only read; `0` lets every client write every key.
    pub writers: u32,
    /// A client that writes reads the key next, and so on in turn, whatever `reads` says. With a
    /// pause (`think`) it asks how new a read is so long after a write.
    pub alternate: bool,
    /// How long messages are believed to take, and how many answers suffice: then what reads find is
    /// also predicted (Bailis et al. 2012), beside what they do find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Model>,
}

impl Default for Load {
    fn default() -> Self {
        let reads = Ratio::new(1, 2);
        Self { keys: 5, reads, writers: 0, alternate: false, prediction: None }
    }
}

/// The most keys of a load.
const KEYS_MAX: u32 = 1 << 14;

/// The problem of replicated registers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

impl Problem for Register {
    const NAME: &'static str = "register";
    const SUMMARY: &'static str = "replicated registers: reads and writes, and how new a read is";
    type Request = Request;
    type Indication = Indication;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            arrivals: Arrivals::Poisson,
            think: Duration::from_millis(20),
            start: Duration::from_secs(1),
            requests: None,
            timeout: Duration::from_millis(500),
            ..Workload::once(cluster.n)
        }
    }

    fn objection(load: &Load, _: Cluster) -> Option<(&'static str, String)> {
        let Load { keys, writers, prediction, .. } = load;
        if !(1..=KEYS_MAX).contains(keys) {
            return Some(("keys", format!("{keys} keys: write a number from 1 to {KEYS_MAX}")));
        }
        if writers > keys {
            let reason = format!(
                "{writers} writers of a key each need as many keys, and there are {keys}: write at \
                 most {keys}"
            );
            return Some(("writers", reason));
        }
        Some(("prediction", prediction.as_ref()?.objection()?))
    }

    fn client(load: &Load, _: Cluster, client: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Asking { load: load.clone(), client, written: None })
    }

    fn answer(_: &Indication) -> Answer {
        Answer::Done
    }

    const PROPERTIES: &'static [&'static str] =
        &[LINEARIZABILITY, REGULARITY, VALIDITY, NO_LOST_UPDATE, CONVERGENCE, TERMINATION];

    fn properties(cluster: Cluster, promise: &Promise) -> Vec<Property<Request, Indication>> {
        let all: [(_, _, Box<dyn Checker<Request, Indication>>); 6] = [
            (LINEARIZABILITY, Class::Safety, Box::<Linearizability<Self>>::default()),
            (REGULARITY, Class::Safety, Box::<judges::Regularity>::default()),
            (VALIDITY, Class::Safety, Box::<judges::Validity>::default()),
            (NO_LOST_UPDATE, Class::Safety, Box::new(judges::NoLostUpdate::new(cluster))),
            (CONVERGENCE, Class::Liveness, Box::new(judges::Convergence::new(cluster))),
            (TERMINATION, Class::Liveness, Box::<Termination<Self>>::default()),
        ];
        promise.judged_by(all)
    }

    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;

    fn gauge(load: &Load, _: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Freshness::new(load.prediction.clone())))
    }
}

/// A client that asks for what its load says.
struct Asking {
    load: Load,
    client: ClientId,
    /// The key that it wrote and has to read next.
    written: Option<u32>,
}

impl Asking {
    /// A key of which this client is the writer, for a uniform `number` below `keys`.
    fn own(&self, number: u32) -> u32 {
        let Load { keys, writers, .. } = self.load;
        match writers {
            0 => number,
            writers => {
                let (first, own) = (self.client.0, keys / writers);
                let own = own + u32::from(first < keys % writers);
                first + number % own * writers
            }
        }
    }
}

impl problem::Client<Register> for Asking {
    /// Every request takes the same draws, so that another load disturbs no other choice.
    fn next(&mut self, rng: &mut ChaCha) -> Request {
        let number = rng.below(self.load.keys.into()) as u32;
        let reads = rng.chance(self.load.reads);
        let may_write = self.load.writers == 0 || self.client.0 < self.load.writers;
        if let Some(key) = self.written.take() {
            return Request::Read { key };
        }
        if !may_write || (reads && !self.load.alternate) {
            return Request::Read { key: number };
        }
        let key = self.own(number);
        self.written = self.load.alternate.then_some(key);
        Request::Write { key }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::rng::{Stream, Streams};

    use super::*;

    fn requests(load: &Load, client: u32, count: usize) -> Vec<Request> {
        let mut rng = Streams::new(1).chacha(Stream::Application, client.into());
        let mut client = Register::client(load, Cluster { n: 3 }, ClientId(client));
        (0..count).map(|_| client.next(&mut rng)).collect()
    }

    #[test]
    fn with_writers_every_key_has_one_and_is_written_and_others_only_read() {
        for (keys, writers) in [(1, 1), (5, 2), (7, 3), (4, 4)] {
            let load = Load { keys, writers, ..Load::default() };
            let mut seen = vec![None; keys as usize];
            for client in 0..6 {
                for request in requests(&load, client, 400).into_iter().filter(|it| it.is_write()) {
                    assert!(client < writers, "c{client} wrote");
                    let writer = seen[request.key() as usize].get_or_insert(client);
                    assert_eq!(*writer, client, "two writers of k{}", request.key());
                }
            }
            assert!(seen.iter().all(Option::is_some), "{keys}, {writers}: {seen:?}");
        }
    }

    #[test]
    fn a_client_that_alternates_reads_the_key_that_it_wrote() {
        let load = Load { alternate: true, reads: Ratio::ALWAYS, ..Load::default() };
        for pair in requests(&load, 0, 40).chunks(2) {
            assert_eq!(pair[1], Request::Read { key: pair[0].key() });
            assert!(pair[0].is_write());
        }
    }

    #[test]
    fn the_homes_of_a_key_are_consecutive_and_shared_out_evenly() {
        let cluster = Cluster { n: 5 };
        let nodes = |key| homes(cluster, 3, key).map(|node| node.0).collect::<Vec<_>>();
        assert_eq!(nodes(3), [3, 4, 0]);
        assert_eq!(nodes(8), nodes(3));
        let held = |node| (0..5).filter(|key| nodes(*key).contains(&node)).count();
        assert!((0..5).all(|node| held(node) == 3));
        assert_eq!(homes(Cluster { n: 2 }, 3, 0).count(), 2);
    }

    #[test]
    fn a_load_that_cannot_be_is_objected_to() {
        let objection = |load: Load| Register::objection(&load, Cluster { n: 3 }).map(|it| it.0);
        assert_eq!(objection(Load::default()), None);
        assert_eq!(objection(Load { keys: 0, ..Load::default() }), Some("keys"));
        assert_eq!(objection(Load { writers: 6, ..Load::default() }), Some("writers"));
    }
}
