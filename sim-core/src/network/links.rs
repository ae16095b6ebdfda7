//! The links: what `[network]` says of each direction of each pair, and of each kind of message.

use std::collections::BTreeMap;

use super::fronts::Rule;
use crate::id::NodeId;
use crate::latency::Latency;
use crate::message::Kinds;
use crate::rng::{Key, Ratio};
use crate::setup::{LinkSpec, NetworkSpec};
use crate::time::Duration;
use crate::weather::Weather;

/// How one direction of a link behaves.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) latency: Latency,
    pub(super) loss: Ratio,
    pub(super) duplicate: Ratio,
    /// Kinds of message with a delay of their own.
    latencies: Vec<(Kinds, Latency)>,
    /// All weather, loss and duplication included, in the order in which it acts.
    pub(super) rules: Vec<Rule>,
    /// Whether the first three say all.
    plain: bool,
}

impl Link {
    /// How long a message of this kind takes.
    pub(super) fn latency_of(&self, kind: usize) -> &Latency {
        let own = self.latencies.iter().find(|(kinds, _)| kinds.contains(kind));
        own.map_or(&self.latency, |(_, latency)| latency)
    }
}

/// All links. Those that are alike share one entry.
#[derive(Debug)]
pub(super) struct Links {
    kinds: Vec<Link>,
    /// For each pair the entry of `kinds`; empty if all links are alike.
    table: Vec<u16>,
    nodes: usize,
}

impl Links {
    /// # Panics
    /// If the names of the specification were not checked before.
    pub(super) fn new(spec: &NetworkSpec, messages: &[&str], nodes: u32, key: Key) -> Self {
        let mut draft =
            Draft { kinds: vec![Terms::default()], table: Vec::new(), nodes: nodes as usize };
        draft.differ(None, None, &|terms| terms.apply(&spec.general(), spec.copies, messages));
        if !spec.is_uniform() {
            draft.table = vec![0; draft.nodes * draft.nodes];
        }
        let place = |name: &str| spec.place(name).expect("names were checked with the set-up");
        for (one, other, round_trip) in &spec.round_trips() {
            let half = Latency::Constant(Duration::from_nanos(round_trip.as_nanos() / 2));
            let change =
                |terms: &mut Terms| set(&mut terms.latencies, Kinds::ALL, half.clone(), |_| true);
            for (from, to) in [(one, other), (other, one)] {
                draft.differ(Some(&place(from)), Some(&place(to)), &change);
            }
        }
        for link in &spec.links {
            let gather = |names: &[String]| -> Option<Vec<NodeId>> {
                (!names.is_empty()).then(|| names.iter().flat_map(|name| place(name)).collect())
            };
            let (from, to) = (gather(&link.from), gather(&link.to));
            let change = |terms: &mut Terms| terms.apply(link, spec.copies, messages);
            draft.differ(from.as_deref(), to.as_deref(), &change);
            if link.both {
                draft.differ(to.as_deref(), from.as_deref(), &change);
            }
        }
        let kinds = draft.kinds.into_iter().map(|terms| terms.link(key)).collect();
        Self { kinds, table: draft.table, nodes: draft.nodes }
    }

    /// The link from one node to another.
    #[inline]
    pub(super) fn between(&self, from: NodeId, to: NodeId) -> &Link {
        if self.table.is_empty() {
            &self.kinds[0]
        } else {
            &self.kinds[self.table[from.index() * self.nodes + to.index()] as usize]
        }
    }

    /// Whether no link has more weather than delay, loss and one copy for every message.
    pub(super) fn are_plain(&self) -> bool {
        self.kinds.iter().all(|link| link.plain)
    }
}

/// What was said of a link, for which kinds of message: each setting at most once for each.
#[derive(Clone, PartialEq, Default)]
struct Terms {
    latencies: Vec<(Kinds, Latency)>,
    weathers: Vec<(Kinds, Weather)>,
}

/// Says something of these kinds of message; what was said of them before in the same matter is
/// forgotten.
fn set<T>(said: &mut Vec<(Kinds, T)>, kinds: Kinds, value: T, same: impl Fn(&T) -> bool) {
    for (old, _) in said.iter_mut().filter(|(_, old)| same(old)) {
        old.0 &= !kinds.0;
    }
    said.retain(|(left, _)| left.0 != 0);
    said.push((kinds, value));
}

impl Terms {
    fn apply(&mut self, link: &LinkSpec, copies: u32, messages: &[&str]) {
        let kinds = Kinds::named(&link.messages, messages);
        if let Some(latency) = &link.latency {
            set(&mut self.latencies, kinds, latency.clone(), |_| true);
        }
        for (_, weather) in link.weathers(copies) {
            let sort = weather.sort();
            set(&mut self.weathers, kinds, weather, |old| old.sort() == sort);
        }
    }

    fn link(mut self, key: Key) -> Link {
        // Stable, so that what was said later of other kinds stays behind.
        self.weathers.sort_by_key(|(_, weather)| weather.sort());
        let general = self.latencies.iter().position(|(kinds, _)| *kinds == Kinds::ALL);
        // Whatever its kind, a message has a delay: the general one covered all kinds at first.
        let latency = match general {
            Some(place) => self.latencies.remove(place).1,
            None => self.latencies[0].1.clone(),
        };
        let (mut loss, mut duplicate) = (Ratio::NEVER, Ratio::NEVER);
        let mut plain = self.latencies.is_empty();
        for (kinds, weather) in &self.weathers {
            match weather {
                Weather::Loss { probability } if *kinds == Kinds::ALL => loss = *probability,
                Weather::Duplicate { probability, copies }
                    if *kinds == Kinds::ALL && (*copies == 1 || probability.is_never()) =>
                {
                    duplicate = *probability;
                }
                _ => plain = false,
            }
        }
        let rule = |(kinds, weather)| Rule::standing(kinds, weather, key);
        let rules = self.weathers.into_iter().map(rule).collect();
        Link { latency, loss, duplicate, latencies: self.latencies, rules, plain }
    }
}

/// The links in the making.
struct Draft {
    kinds: Vec<Terms>,
    table: Vec<u16>,
    nodes: usize,
}

impl Draft {
    /// Changes the links from some to some; nobody named is everybody.
    fn differ(
        &mut self,
        from: Option<&[NodeId]>,
        to: Option<&[NodeId]>,
        change: &dyn Fn(&mut Terms),
    ) {
        let (None, None) = (from, to) else {
            return self.differ_between(&self.named(from), &self.named(to), change);
        };
        self.kinds.iter_mut().for_each(change);
    }

    fn named(&self, nodes: Option<&[NodeId]>) -> Vec<NodeId> {
        nodes.map_or_else(|| (0..self.nodes as u32).map(NodeId).collect(), <[NodeId]>::to_vec)
    }

    fn differ_between(&mut self, from: &[NodeId], to: &[NodeId], change: &dyn Fn(&mut Terms)) {
        // Links that were alike are changed alike.
        let mut changed: BTreeMap<u16, u16> = BTreeMap::new();
        for from in from {
            for to in to {
                let cell = from.index() * self.nodes + to.index();
                let old = self.table[cell];
                let new = match changed.get(&old) {
                    Some(new) => *new,
                    None => {
                        let mut terms = self.kinds[old as usize].clone();
                        change(&mut terms);
                        let new = self.entry(terms);
                        changed.insert(old, new);
                        new
                    }
                };
                self.table[cell] = new;
            }
        }
    }

    fn entry(&mut self, terms: Terms) -> u16 {
        let known = self.kinds.iter().position(|known| *known == terms);
        let entry = known.unwrap_or_else(|| {
            self.kinds.push(terms);
            self.kinds.len() - 1
        });
        u16::try_from(entry).expect("at most 65,536 kinds of link")
    }
}
