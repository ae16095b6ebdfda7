//! Replicated data: every replica takes updates at once, and all come to the same value.
//!
//! Strong eventual consistency (Shapiro, Preguiça, Baquero and Zawirski, "Conflict-free Replicated
//! Data Types", 2011, section 2): replicas that have seen the same updates show the same value, and
//! every update reaches everybody. That alone is met by a replica that throws everything away, so
//! the value must also be what the updates mean. Each replica tells which update it made and what
//! it had seen by then, and after each change what it has seen and what it shows; from this history
//! the judges work out, type by type, what it has to show.
//!
//! Client `c` sits at node `c mod n`, its replica, and draws updates that fit any type.

mod gauge;
#[cfg(test)]
mod histories;
mod judges;
mod meaning;
mod order;
mod version;

pub use version::{Dot, VersionVector};

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster, NodeId};
use sim_core::problem::{self, Answer, Problem, ProblemGauge, Promise};
use sim_core::rng::{ChaCha, Random as _, Ratio};
use sim_core::time::Duration;
use sim_core::workload::{Rate, Retry, Workload};

/// Replicas that have seen the same updates show the same value.
pub const STRONG_CONVERGENCE: &str = "strong_convergence";
/// What is shown is what the updates that were seen mean.
pub const MEANING: &str = "meaning";
/// Who has seen an update has seen all that its maker had seen, and no life unsees any.
pub const CAUSALITY: &str = "causality";
/// One order of all characters agrees with every text that was shown and with every insertion: the
/// strong list specification (Attiya et al., "Specification and Complexity of Collaborative Text
/// Editing", 2016, section 3).
pub const LIST_ORDER: &str = "list_order";
/// Every update reaches every replica.
pub const CONVERGENCE: &str = "convergence";

/// What a client asks of its replica.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Request {
    /// To show what it has.
    Read,
    /// To make this update.
    Make(Update),
    /// To make an update that fits its type, out of this.
    Draw(Draft),
}

/// An update as a client means it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Update {
    /// Adds to a counter, or takes off it.
    Count(i64),
    /// Adds an item.
    Add(Item),
    /// Removes an item.
    Remove(Item),
    /// Removes all that a key holds.
    RemoveKey(u32),
    /// Writes a register.
    Write(u64),
    /// Edits a text, a patch after the other.
    Edit(Vec<Patch>),
}

/// An element of a set that a key holds. A plain set holds all its elements at key 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Item {
    /// The key.
    pub key: u32,
    /// The element.
    pub element: u32,
}

/// One change of a text.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Patch {
    /// Before which visible character, from 0; beyond the last one it counts on from the first.
    pub at: u32,
    /// How many characters go, from there on, as far as there are any.
    pub delete: u32,
    /// What comes there.
    pub insert: String,
}

/// Draws of which any type makes an update of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Draft {
    /// Whether it removes, subtracts or deletes, where the type can.
    pub removes: bool,
    /// Which item.
    pub item: Item,
    /// What is written, added, or where a text is edited.
    pub number: u64,
}

/// The name of one character: the greater the counter, the later it was typed, as far as the
/// typist knew.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CharacterId {
    /// Above the counters of all characters that its typist knew.
    pub counter: u32,
    /// Its typist.
    pub node: NodeId,
}

/// What an update did, whatever the protocol made of it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Action {
    /// Counted by so much.
    Count(i64),
    /// Added an item.
    Add(Item),
    /// Removed an item as far as it was seen.
    Remove(Item),
    /// Removed a key as far as it was seen.
    RemoveKey(u32),
    /// Wrote a register.
    Write {
        /// What.
        value: u64,
        /// When, by the writer's clock, in nanoseconds; later than all writes that it had seen.
        time: u64,
    },
    /// Edited a text, a patch after the other.
    Edit(Vec<Edit>),
}

/// What one patch did.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Edit {
    /// The visible character to the left of the insertion, when it was made.
    pub left: Option<CharacterId>,
    /// The visible character to the right of the insertion, when it was made.
    pub right: Option<CharacterId>,
    /// What was inserted, from left to right.
    pub inserted: Vec<(CharacterId, char)>,
    /// What was deleted.
    pub deleted: Vec<CharacterId>,
}

/// What a replica shows.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Value {
    /// A counter.
    Count(i64),
    /// The elements of a set.
    Set(BTreeSet<u32>),
    /// What each key of a map holds; no key holds nothing.
    Map(BTreeMap<u32, BTreeSet<u32>>),
    /// The last write.
    Latest(Option<u64>),
    /// All writes that none overwrote, in ascending order.
    Siblings(Vec<u64>),
    /// A text.
    Text(Vec<(CharacterId, char)>),
}

/// What a replica tells its application.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Indication {
    /// An update was made; after a reboot it may be told again.
    Updated(Updated),
    /// The replica shows this now.
    View {
        /// What it has seen.
        seen: VersionVector,
        /// What it shows.
        value: Value,
    },
    /// The update was not made: the type has none like it, or the replica lost count of its own
    /// updates.
    Refused,
}

/// An update that was made.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Updated {
    /// Which one.
    pub dot: Dot,
    /// What its maker had seen by then, all its own earlier updates among it.
    pub seen: VersionVector,
    /// What it did.
    pub action: Action,
}

/// The keys of the load.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// The share of requests that only read, `0%` to `100%`.
    pub reads: Ratio,
    /// The share of updates that remove, subtract or delete, where the type can, `0%` to `100%`.
    pub removes: Ratio,
    /// How many keys a map has; at least 1.
    pub keys: u32,
    /// From how many elements those of sets and maps are drawn; at least 1.
    pub elements: u32,
}

impl Default for Load {
    fn default() -> Self {
        Self { reads: Ratio::new(1, 10), removes: Ratio::new(3, 10), keys: 3, elements: 12 }
    }
}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum ReplicatedData {}

impl Problem for ReplicatedData {
    const NAME: &'static str = "replicated_data";
    const SUMMARY: &'static str = "replicas take updates at once and come to the same value";
    type Request = Request;
    type Indication = Indication;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            until: Some(Duration::from_secs(5)),
            retry: Retry::Never,
            ..Workload::open(cluster.n, Rate::per_second(40))
        }
    }

    fn objection(load: &Load, _: Cluster) -> Option<(&'static str, String)> {
        let none = |count: u32| count == 0;
        let reason = || "0 leave nothing to draw from: write 1 or more".to_owned();
        match (none(load.keys), none(load.elements)) {
            (true, _) => Some(("keys", reason())),
            (_, true) => Some(("elements", reason())),
            _ => None,
        }
    }

    fn client(load: &Load, _: Cluster, client: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Drafter { load: load.clone(), client, count: 0 })
    }

    fn answer(indication: &Indication) -> Answer {
        match indication {
            Indication::Updated(_) | Indication::View { .. } => Answer::Done,
            Indication::Refused => Answer::Refused,
        }
    }

    const PROPERTIES: &'static [&'static str] =
        &[STRONG_CONVERGENCE, MEANING, CAUSALITY, LIST_ORDER, CONVERGENCE];

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Request, Indication>> {
        let all: [(_, _, Box<dyn Checker<Request, Indication>>); 5] = [
            (STRONG_CONVERGENCE, Class::Safety, Box::<judges::StrongConvergence>::default()),
            (MEANING, Class::Safety, Box::<judges::Meaningful>::default()),
            (CAUSALITY, Class::Safety, Box::<judges::Causality>::default()),
            (LIST_ORDER, Class::Safety, Box::<order::ListOrder>::default()),
            (CONVERGENCE, Class::Liveness, Box::<judges::Convergence>::default()),
        ];
        promise.judged_by(all)
    }

    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;

    fn gauge(_: &Load, cluster: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Replicas::new(cluster)))
    }
}

/// A client that draws what it asks for.
struct Drafter {
    load: Load,
    client: ClientId,
    count: u32,
}

impl problem::Client<ReplicatedData> for Drafter {
    fn next(&mut self, rng: &mut ChaCha) -> Request {
        if rng.chance(self.load.reads) {
            return Request::Read;
        }
        // No two clients write the same number.
        let number = rng.below(1 << 16) << 40
            | u64::from(self.client.0) << 24
            | u64::from(self.count & 0xff_ffff);
        self.count += 1;
        Request::Draw(Draft {
            removes: rng.chance(self.load.removes),
            item: Item {
                key: rng.below(self.load.keys.into()) as u32,
                element: rng.below(self.load.elements.into()) as u32,
            },
            number,
        })
    }
}
