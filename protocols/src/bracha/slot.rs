//! What a node knows of one broadcast: what it said, what it heard, what it delivered.

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId};

use super::config::Thresholds;
use super::message::Step;
use crate::problem::broadcast::Value;

/// One node's part in one broadcast.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Slot {
    /// What the node said, at most one value a step; it is on the disk or on its way there.
    said: BTreeMap<Step, Value>,
    /// The first ECHO of each node. The own one is here once it is durable.
    echoes: BTreeMap<NodeId, Value>,
    /// The first READY of each node. The own one is here once it is durable.
    readies: BTreeMap<NodeId, Value>,
    /// What was delivered.
    pub(super) delivered: Option<Value>,
    /// Whether the client that asked for this broadcast waits for its delivery.
    pub(super) has_client: bool,
}

impl Slot {
    /// Keeps that the node says this; `false` if it spoke at this step before.
    pub(super) fn say(&mut self, step: Step, value: Value) -> bool {
        let is_first = !self.said.contains_key(&step);
        self.said.entry(step).or_insert(value);
        is_first
    }

    /// What the node said at this step.
    pub(super) fn said(&self, step: Step) -> Option<Value> {
        self.said.get(&step).copied()
    }

    /// All that the node said, in the order of the steps.
    pub(super) fn words(&self) -> impl Iterator<Item = (Step, Value)> + '_ {
        self.said.iter().map(|(step, value)| (*step, *value))
    }

    /// Keeps what a node said. Of several things that it says at one step the first counts.
    pub(super) fn hear(&mut self, from: NodeId, step: Step, value: Value) {
        let heard = match step {
            Step::Init => return,
            Step::Echo => &mut self.echoes,
            Step::Ready => &mut self.readies,
        };
        heard.entry(from).or_insert(value);
    }

    /// What the node heard of `from` at this step.
    pub(super) fn heard(&self, from: NodeId, step: Step) -> Option<Value> {
        match step {
            Step::Init => None,
            Step::Echo => self.echoes.get(&from).copied(),
            Step::Ready => self.readies.get(&from).copied(),
        }
    }

    /// Whether enough ECHOs were heard to be ready for `value`.
    pub(super) fn has_echoes(&self, value: Value, needed: Thresholds) -> bool {
        count(&self.echoes, value) >= needed.echoes
    }

    /// Whether enough was heard to be ready for `value`.
    pub(super) fn is_certain(&self, value: Value, needed: Thresholds) -> bool {
        self.has_echoes(value, needed) || count(&self.readies, value) >= needed.amplification
    }

    /// Whether enough was heard to deliver `value`.
    pub(super) fn is_deliverable(&self, value: Value, needed: Thresholds) -> bool {
        count(&self.readies, value) >= needed.delivery
    }

    /// Those to whom `me` should say again what it said: all until it has delivered, and then those
    /// whose READY it lacks. Whoever is ready and lacks others' READYs repeats its own, and is
    /// answered; so who has delivered need not think of it any more.
    pub(super) fn laggards(&self, me: NodeId, cluster: Cluster) -> Vec<NodeId> {
        if self.said.is_empty() {
            return Vec::new();
        }
        let lags = |node: &NodeId| self.delivered.is_none() || !self.readies.contains_key(node);
        cluster.others(me).filter(lags).collect()
    }
}

fn count(heard: &BTreeMap<NodeId, Value>, value: Value) -> u32 {
    heard.values().filter(|other| **other == value).count() as u32
}
