//! A directory: entries with one writer each, of which every node shows what it last heard.
//!
//! Client `c` sits at node `c mod n` and alone writes its keys, so the versions of a key are in
//! order and nothing has to be agreed on: what is left is that all come to show the newest version,
//! and that what was deleted stays so. That is the trouble of Demers et al., "Epidemic Algorithms
//! for Replicated Database Maintenance" (PODC 1987), section 2: absence is no news, so a deletion
//! needs a certificate (a tombstone), and who drops it too early hears of the old value again.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, End, Property, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::problem::{self, Answer, Problem, Promise};
use sim_core::rng::{ChaCha, Random as _, Ratio};
use sim_core::time::{Duration, Time};
use sim_core::workload::{Rate, Workload};

/// A node shows only what the key's writer was asked to write.
pub const VALIDITY: &str = "validity";
/// Who has shown that a key is deleted shows no older value of it, in whatever life.
pub const NO_RESURRECTION: &str = "no_resurrection";
/// All nodes that stay come to show the newest version that any of them shows.
pub const CONVERGENCE: &str = "convergence";

/// A key, with its writer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Who alone writes it.
    pub writer: ClientId,
    /// Which of the writer's keys it is.
    pub number: u32,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.writer, self.number)
    }
}

/// The request: write this key, or delete it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Write {
    /// The key; its writer asks.
    pub key: Key,
    /// Whether it goes.
    pub deletes: bool,
}

impl Write {
    /// The version that this operation makes. Versions of one writer rise, and are never used
    /// twice; the version is also the value.
    pub const fn version(op: OpId) -> u32 {
        op.sequence + 1
    }
}

/// The indication: what the node shows from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum View {
    /// A key, by its newest version.
    Shows {
        /// The key.
        key: Key,
        /// The version.
        version: u32,
        /// Whether that version is a deletion.
        deleted: bool,
    },
    /// What was asked for was overtaken by a later write, and nothing changes.
    Overtaken,
}

/// The keys of the load.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// How many keys each client writes, at least 1.
    pub keys: u32,
    /// The share of the writes that are deletions, `0%` to `100%`.
    pub deletions: Ratio,
}

impl Default for Load {
    fn default() -> Self {
        Self { keys: 4, deletions: Ratio::new(1, 3) }
    }
}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum Directory {}

/// A client that writes its keys at random.
struct Writer {
    me: ClientId,
    load: Load,
}

impl problem::Client<Directory> for Writer {
    fn next(&mut self, rng: &mut ChaCha) -> Write {
        let number = rng.below(self.load.keys.into()) as u32;
        Write { key: Key { writer: self.me, number }, deletes: rng.chance(self.load.deletions) }
    }
}

type Judge = Box<dyn Checker<Write, View>>;

impl Problem for Directory {
    const NAME: &'static str = "directory";
    const SUMMARY: &'static str = "entries of one writer each, which all come to show";
    const PROPERTIES: &'static [&'static str] = &[VALIDITY, NO_RESURRECTION, CONVERGENCE];
    type Request = Write;
    type Indication = View;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            until: Some(Duration::from_secs(5)),
            ..Workload::open(cluster.n, Rate::per_second(20))
        }
    }

    fn objection(load: &Load, _: Cluster) -> Option<(&'static str, String)> {
        (load.keys == 0).then(|| ("keys", "a client needs a key to write: at least 1".to_owned()))
    }

    fn client(load: &Load, _: Cluster, me: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Writer { me, load: load.clone() })
    }

    fn answer(_: &View) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Write, View>> {
        let judges: [(_, _, Judge); 3] = [
            (VALIDITY, Class::Safety, Box::<Validity>::default()),
            (NO_RESURRECTION, Class::Safety, Box::<NoResurrection>::default()),
            (CONVERGENCE, Class::Liveness, Box::<Convergence>::default()),
        ];
        promise.judged_by(judges)
    }
}

/// A key as a node shows it.
#[derive(Clone, Copy)]
struct Sight {
    node: NodeId,
    at: Time,
    key: Key,
    version: u32,
    deleted: bool,
}

impl Sight {
    fn of(entry: &Entry<Write, View>) -> Option<Self> {
        match entry.event {
            Event::Indicated { indication: View::Shows { key, version, deleted }, .. } => {
                Some(Self { node: entry.node, at: entry.at, key, version, deleted })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, at, key, version, deleted } = self;
        let how = if *deleted { "deleted" } else { "there" };
        write!(f, "{node} shows {key:?} {how} by version {version} at {at} s")
    }
}

/// Knows what writers were asked.
#[derive(Default)]
struct Validity {
    asked: BTreeMap<(Key, u32), bool>,
}

impl Checker<Write, View> for Validity {
    fn observe(&mut self, entry: &Entry<Write, View>) -> Option<Witness> {
        if let Event::Requested { op, request, .. } = entry.event {
            self.asked.insert((request.key, Write::version(op)), request.deletes);
        }
        let sight = Sight::of(entry)?;
        match self.asked.get(&(sight.key, sight.version)) {
            Some(deletes) if *deletes == sight.deleted => None,
            Some(_) => Some(format!("{sight}, which was asked to be the other way")),
            None => Some(format!("{sight}, which nobody was asked for")),
        }
    }
}

/// Keeps the newest deletion of each key that each node has shown.
#[derive(Default)]
struct NoResurrection {
    deleted: BTreeMap<(NodeId, Key), Sight>,
}

impl Checker<Write, View> for NoResurrection {
    fn observe(&mut self, entry: &Entry<Write, View>) -> Option<Witness> {
        let sight = Sight::of(entry)?;
        let place = (sight.node, sight.key);
        let before = self.deleted.get(&place);
        if let Some(before) = before
            && sight.version < before.version
        {
            return (!sight.deleted).then(|| format!("{before}, but {sight}"));
        }
        if sight.deleted {
            self.deleted.insert(place, sight);
        }
        None
    }
}

/// Keeps what each node shows of each key.
#[derive(Default)]
struct Convergence {
    shown: BTreeMap<Key, BTreeMap<NodeId, (u32, Time)>>,
}

impl Convergence {
    /// A key of which a node of the core does not show the newest version that one of it shows:
    /// with that version, when it was shown first, and who does not.
    fn laggards<'a>(
        &'a self,
        core: &'a NodeSet,
    ) -> impl Iterator<Item = (Key, u32, Time, NodeId)> + 'a {
        self.shown.iter().filter_map(|(key, nodes)| {
            let of_core = nodes.iter().filter(|(node, _)| core.contains(**node));
            let newest = of_core
                .map(|(_, sight)| *sight)
                .max_by_key(|(version, at)| (*version, std::cmp::Reverse(*at)));
            let (version, since) = newest?;
            let lags = |node: &NodeId| nodes.get(node).is_none_or(|sight| sight.0 != version);
            core.iter().find(lags).map(|node| (*key, version, since, node))
        })
    }
}

impl Checker<Write, View> for Convergence {
    fn observe(&mut self, entry: &Entry<Write, View>) -> Option<Witness> {
        let sight = Sight::of(entry)?;
        let nodes = self.shown.entry(sight.key).or_default();
        nodes.insert(sight.node, (sight.version, sight.at));
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let mut laggards = self.laggards(&end.core);
        let late = laggards.find(|(_, _, since, _)| end.is_overdue(*since));
        late.map(|(key, version, since, node)| {
            format!(
                "version {version} of {key:?} is shown since {since} s, \
                 and {node} does not show it at {} s",
                end.at
            )
        })
    }

    fn is_settled(&self, core: &NodeSet) -> bool {
        self.laggards(core).next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::{Bench, end};
    use super::*;

    const KEY: Key = Key { writer: ClientId(0), number: 0 };

    type Happening = (u32, Event<Write, View>);

    const fn asked(sequence: u32, deletes: bool) -> Happening {
        let op = OpId { client: ClientId(0), sequence };
        (0, Event::Requested { op, request: Write { key: KEY, deletes }, reached: true })
    }

    const fn shows(node: u32, version: u32, deleted: bool) -> Happening {
        let indication = View::Shows { key: KEY, version, deleted };
        (node, Event::Indicated { answers: None, indication })
    }

    /// What is broken by a history with an event each second, seen a minute later.
    fn broken(history: &[Happening]) -> Vec<&'static str> {
        let mut bench = Bench::<Directory>::after(
            history.iter().map(|(node, event)| (*node, 0, event.clone())),
        );
        let end = end(60, Some(0), &[0, 1]);
        let is_settled = bench.is_settled(&end.core);
        let broken: Vec<_> = bench.conclude(&end).into_iter().map(|(name, _)| name).collect();
        assert_eq!(broken.contains(&CONVERGENCE), !is_settled);
        broken
    }

    #[test]
    fn a_deletion_that_all_come_to_show_is_accepted() {
        let story = [asked(0, false), shows(0, 1, false), shows(1, 1, false)];
        let end = [asked(1, true), shows(0, 2, true), shows(1, 2, true)];
        assert_eq!(broken(&[story, end].concat()), [""; 0]);
    }

    #[test]
    fn an_old_value_after_a_deletion_is_a_resurrection_and_a_newer_one_is_none() {
        let put = [asked(0, false), asked(1, true), asked(2, false)];
        let back = [shows(1, 2, true), shows(1, 1, false), shows(0, 1, false)];
        assert_eq!(broken(&[put.clone(), back].concat()), [NO_RESURRECTION]);
        let anew = [shows(1, 2, true), shows(1, 3, false), shows(0, 3, false)];
        assert_eq!(broken(&[put, anew].concat()), [""; 0]);
    }

    #[test]
    fn what_was_not_written_or_written_otherwise_is_not_valid() {
        let all = |version, deleted| [shows(0, version, deleted), shows(1, version, deleted)];
        assert_eq!(broken(&all(1, false)), [VALIDITY; 2]);
        let asked = [asked(0, false), asked(1, false)];
        assert_eq!(broken(&[asked, all(1, true)].concat()), [VALIDITY; 2]);
    }

    #[test]
    fn a_client_without_a_key_is_objected_to() {
        let key = |keys| {
            let load = Load { keys, ..Load::default() };
            Directory::objection(&load, Cluster { n: 3 }).map(|(key, _)| key)
        };
        assert_eq!([0, 1].map(key), [Some("keys"), None]);
    }

    #[test]
    fn who_does_not_show_the_newest_has_not_converged() {
        assert_eq!(broken(&[asked(0, false), shows(0, 1, false)]), [CONVERGENCE]);
    }
}
