//! What a node knows of one broadcast: what it said, what it heard, what it delivered.

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId};

use super::config::Thresholds;
use super::message::Step;

/// One node's part in one broadcast of a value.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Slot<V> {
    /// What the node said, at most one value a step; it is on the disk or on its way there.
    said: BTreeMap<Step, V>,
    /// The first ECHO of each node. The own one is here once it is durable.
    echoes: BTreeMap<NodeId, V>,
    /// The first READY of each node. The own one is here once it is durable.
    readies: BTreeMap<NodeId, V>,
    /// What was delivered.
    pub(crate) delivered: Option<V>,
    /// Whether the client that asked for this broadcast waits for its delivery.
    pub(crate) has_client: bool,
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        let (said, echoes, readies) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { said, echoes, readies, delivered: None, has_client: false }
    }
}

impl<V: Copy + Eq> Slot<V> {
    /// Keeps that the node says this; `false` if it spoke at this step before.
    pub(crate) fn say(&mut self, step: Step, value: V) -> bool {
        let is_first = !self.said.contains_key(&step);
        self.said.entry(step).or_insert(value);
        is_first
    }

    /// What the node said at this step.
    pub(crate) fn said(&self, step: Step) -> Option<V> {
        self.said.get(&step).copied()
    }

    /// All that the node said, in the order of the steps.
    pub(crate) fn words(&self) -> impl Iterator<Item = (Step, V)> + '_ {
        self.said.iter().map(|(step, value)| (*step, *value))
    }

    /// Keeps what a node said. Of several things that it says at one step the first counts.
    pub(crate) fn hear(&mut self, from: NodeId, step: Step, value: V) {
        let heard = match step {
            Step::Init => return,
            Step::Echo => &mut self.echoes,
            Step::Ready => &mut self.readies,
        };
        heard.entry(from).or_insert(value);
    }

    /// What the node heard of `from` at this step.
    pub(crate) fn heard(&self, from: NodeId, step: Step) -> Option<V> {
        match step {
            Step::Init => None,
            Step::Echo => self.echoes.get(&from).copied(),
            Step::Ready => self.readies.get(&from).copied(),
        }
    }

    /// Whether enough ECHOs were heard to be ready for `value`.
    pub(crate) fn has_echoes(&self, value: V, needed: Thresholds) -> bool {
        count(&self.echoes, value) >= needed.echoes
    }

    /// Whether enough was heard to be ready for `value`.
    pub(crate) fn is_certain(&self, value: V, needed: Thresholds) -> bool {
        self.has_echoes(value, needed) || count(&self.readies, value) >= needed.amplification
    }

    /// Whether enough was heard to deliver `value`.
    pub(crate) fn is_deliverable(&self, value: V, needed: Thresholds) -> bool {
        count(&self.readies, value) >= needed.delivery
    }

    /// Those to whom `me` should say again what it said: all until it has delivered, and then those
    /// whose READY it lacks. Whoever is ready and lacks others' READYs repeats its own, and is
    /// answered; so who has delivered need not think of it any more.
    pub(crate) fn laggards(&self, me: NodeId, cluster: Cluster) -> Vec<NodeId> {
        if self.said.is_empty() {
            return Vec::new();
        }
        let lags = |node: &NodeId| self.delivered.is_none() || !self.readies.contains_key(node);
        cluster.others(me).filter(lags).collect()
    }
}

fn count<V: Eq>(heard: &BTreeMap<NodeId, V>, value: V) -> u32 {
    heard.values().filter(|other| **other == value).count() as u32
}
