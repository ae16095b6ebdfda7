//! Causal data types: dots that are there, and a context of all dots that ever were seen.
//!
//! A dot that is in one's context and not in one's store was removed; a dot that is not in the
//! context is news. So nothing that was removed leaves a tombstone, only the context grows, and
//! that is a version vector when nothing is missing. Bieniusa et al., "An Optimized Conflict-free
//! Replicated Set" (2012); Almeida, Shoker and Baquero (2018), section 7, whose terms these are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::Hash;

use super::data_type::WORD;
use crate::problem::replicated_data::{Dot, VersionVector};

/// Which dots were ever seen: the first so many of each node, and some beyond a gap.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Context {
    prefix: VersionVector,
    /// None of them is next to the prefix.
    cloud: BTreeSet<Dot>,
}

impl Context {
    /// Whether the dot was seen.
    pub fn has(&self, dot: Dot) -> bool {
        self.prefix.has(dot) || self.cloud.contains(&dot)
    }

    /// Sees a dot.
    pub fn insert(&mut self, dot: Dot) {
        if !self.prefix.has(dot) {
            self.cloud.insert(dot);
            self.compact();
        }
    }

    fn join(&mut self, other: &Self) {
        self.prefix.join(&other.prefix);
        self.cloud.extend(&other.cloud);
        self.compact();
    }

    /// Moves from the cloud to the prefix what is next to it, or in it. The order of the cloud
    /// makes one pass enough.
    fn compact(&mut self) {
        let Self { prefix, cloud } = self;
        cloud.retain(|dot| {
            if *dot == prefix.next(dot.node) {
                prefix.advance(*dot);
            }
            !prefix.has(*dot)
        });
    }

    fn is_within(&self, other: &Self) -> bool {
        let prefix = self.prefix.last_dots().all(|last| {
            let missing = other.prefix.next(last.node).sequence..=last.sequence;
            missing.into_iter().all(|sequence| other.has(Dot { sequence, ..last }))
        });
        prefix && self.cloud.iter().all(|dot| other.has(*dot))
    }

    fn bytes(&self) -> u32 {
        self.prefix.bytes() + WORD * self.cloud.len() as u32
    }
}

/// What holds dots.
pub trait DotStore: Clone + PartialEq + Eq + Debug + Hash + Default {
    /// Whether no dot is there.
    fn is_empty(&self) -> bool;
    /// Adds all dots that are there.
    fn collect(&self, dots: &mut Vec<Dot>);
    /// Keeps what both have, and what either has and the other never saw.
    fn join(&mut self, mine: &Context, other: &Self, theirs: &Context);
    /// Whether joining this, with the context `mine`, adds nothing to and takes nothing from
    /// `other`, whose context is above it.
    fn precedes(&self, mine: &Context, other: &Self) -> bool;
    /// How many keys of maps there are.
    fn keys(&self) -> u32;
}

/// A set of dots.
pub type DotSet = BTreeSet<Dot>;

impl DotStore for DotSet {
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }

    fn collect(&self, dots: &mut Vec<Dot>) {
        dots.extend(self);
    }

    fn join(&mut self, mine: &Context, other: &Self, theirs: &Context) {
        self.retain(|dot| other.contains(dot) || !theirs.has(*dot));
        self.extend(other.iter().filter(|dot| !mine.has(**dot)));
    }

    fn precedes(&self, mine: &Context, other: &Self) -> bool {
        other.iter().all(|dot| self.contains(dot) || !mine.has(*dot))
    }

    fn keys(&self) -> u32 {
        0
    }
}

/// A value for each dot.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct DotFun<V>(BTreeMap<Dot, V>);

impl<V> Default for DotFun<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V> DotFun<V> {
    /// One dot with its value.
    pub fn of(dot: Dot, value: V) -> Self {
        Self(BTreeMap::from([(dot, value)]))
    }

    /// The values, in the order of their dots.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values()
    }
}

impl<V: Clone + Eq + Debug + Hash> DotStore for DotFun<V> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn collect(&self, dots: &mut Vec<Dot>) {
        dots.extend(self.0.keys());
    }

    fn join(&mut self, mine: &Context, other: &Self, theirs: &Context) {
        self.0.retain(|dot, _| other.0.contains_key(dot) || !theirs.has(*dot));
        let news = other.0.iter().filter(|(dot, _)| !mine.has(**dot));
        self.0.extend(news.map(|(dot, value)| (*dot, value.clone())));
    }

    fn precedes(&self, mine: &Context, other: &Self) -> bool {
        other.0.keys().all(|dot| self.0.contains_key(dot) || !mine.has(*dot))
    }

    fn keys(&self) -> u32 {
        0
    }
}

/// A store for each key; a key whose store is empty is not there.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct DotMap<K, S>(pub(super) BTreeMap<K, S>);

impl<K, S> Default for DotMap<K, S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Copy + Ord, S: DotStore> DotMap<K, S> {
    /// One key with its store.
    pub fn of(key: K, store: S) -> Self {
        Self(BTreeMap::from([(key, store)]))
    }

    /// All dots of a key.
    pub fn dots_of(&self, key: K) -> Vec<Dot> {
        let mut dots = Vec::new();
        if let Some(store) = self.0.get(&key) {
            store.collect(&mut dots);
        }
        dots
    }
}

impl<K: Copy + Ord + Debug + Hash, S: DotStore> DotStore for DotMap<K, S> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn collect(&self, dots: &mut Vec<Dot>) {
        self.0.values().for_each(|store| store.collect(dots));
    }

    fn join(&mut self, mine: &Context, other: &Self, theirs: &Context) {
        let nothing = S::default();
        self.0.retain(|key, store| {
            store.join(mine, other.0.get(key).unwrap_or(&nothing), theirs);
            !store.is_empty()
        });
        for (key, theirs_there) in &other.0 {
            if !self.0.contains_key(key) {
                let mut store = S::default();
                store.join(mine, theirs_there, theirs);
                if !store.is_empty() {
                    self.0.insert(*key, store);
                }
            }
        }
    }

    fn precedes(&self, mine: &Context, other: &Self) -> bool {
        let nothing = S::default();
        let there = |key| self.0.get(key).unwrap_or(&nothing);
        other.0.iter().all(|(key, store)| there(key).precedes(mine, store))
    }

    fn keys(&self) -> u32 {
        self.0.values().map(|store| 1 + store.keys()).sum()
    }
}

/// A store and its context: the state of a causal data type.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Causal<S> {
    /// The dots that are there.
    pub store: S,
    /// The dots that ever were seen.
    pub context: Context,
}

impl<S: DotStore> Causal<S> {
    /// The delta that brings in `store` with its dot and removes what was `observed`.
    pub fn adding(store: S, dot: Dot, observed: &[Dot]) -> Self {
        let mut context = Context::default();
        observed.iter().for_each(|dot| context.insert(*dot));
        context.insert(dot);
        Self { store, context }
    }

    /// All dots that are there.
    pub fn dots(&self) -> Vec<Dot> {
        let mut dots = Vec::new();
        self.store.collect(&mut dots);
        dots
    }

    /// The least upper bound (Almeida et al., 2018, figure 3).
    pub fn merge(&mut self, other: &Self) {
        self.store.join(&self.context, &other.store, &other.context);
        self.context.join(&other.context);
    }

    /// Whether the other state is above this one, or the same.
    pub fn precedes(&self, other: &Self) -> bool {
        self.context.is_within(&other.context) && self.store.precedes(&self.context, &other.store)
    }

    /// The size on the wire, in bytes, where a dot carries a value of `payload` bytes.
    pub fn size(&self, payload: u32) -> u32 {
        let dots = (WORD + payload) * self.dots().len() as u32;
        dots + 4 * self.store.keys() + self.context.bytes()
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;

    use super::*;

    const DOT: Dot = Dot { node: NodeId(0), sequence: 1 };

    /// One state has a dot, and the other has seen it removed, by nothing that has a dot itself.
    fn with_and_without<S: DotStore>(store: S) -> [Causal<S>; 2] {
        let with = Causal::adding(store, DOT, &[]);
        let without = Causal { store: S::default(), context: with.context.clone() };
        [with, without]
    }

    fn goes_one_way<S: DotStore>([with, without]: [Causal<S>; 2]) {
        assert!(with.precedes(&without) && !without.precedes(&with), "{with:?}");
    }

    #[test]
    fn what_was_removed_is_above_what_was_there_and_not_below() {
        goes_one_way(with_and_without(DotSet::from([DOT])));
        goes_one_way(with_and_without(DotFun::of(DOT, 'a')));
        goes_one_way(with_and_without(DotMap::of('k', DotSet::from([DOT]))));
    }
}
