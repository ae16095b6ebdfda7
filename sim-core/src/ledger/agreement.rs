//! Which updates the nodes' states reflect, and since when that differs.

use crate::id::{Cluster, NodeId};
use crate::outcome::Measure;
use crate::time::{Duration, Time};

/// Which updates the nodes' states reflect, and since when that differs.
pub(super) struct Agreement {
    cluster: Cluster,
    /// The digest of each node's state, equal before any change; empty until there is one.
    states: Vec<u64>,
    /// When a client's update last changed a state.
    pub(super) last_update: Option<Time>,
    /// Since when not all states are equal, if they are not.
    apart_since: Option<Time>,
    /// When they were equal again last.
    together_since: Time,
    /// For how long they were not, up to then.
    apart: Duration,
    /// Bytes that told their receiver nothing new.
    pub(super) redundant: u64,
}

impl Agreement {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            states: Vec::new(),
            last_update: None,
            apart_since: None,
            together_since: Time::ZERO,
            apart: Duration::ZERO,
            redundant: 0,
        }
    }

    pub(super) fn changed(&mut self, now: Time, node: NodeId, state: u64) {
        self.states.resize(self.cluster.n as usize, 0);
        self.states[node.index()] = state;
        let is_apart = self.states.iter().any(|other| *other != state);
        match self.apart_since {
            None if is_apart => self.apart_since = Some(now),
            Some(since) if !is_apart => {
                self.apart = self.apart + now.since(since);
                self.apart_since = None;
                self.together_since = now;
            }
            _ => {}
        }
    }

    pub(super) fn converged(&self, end: Time) -> Measure {
        match (self.last_update, self.apart_since) {
            (None, _) => Measure::None,
            (Some(update), Some(_)) => Measure::Censored(end.since(update).as_millis_f64()),
            (Some(update), None) => {
                Measure::Value(self.together_since.max(update).since(update).as_millis_f64())
            }
        }
    }

    pub(super) fn diverged(&self, end: Time) -> Measure {
        let open = self.apart_since.map(|since| self.apart + end.since(since));
        match (self.last_update, open) {
            (None, _) => Measure::None,
            (Some(_), Some(apart)) => Measure::Censored(apart.as_millis_f64()),
            (Some(_), None) => Measure::Value(self.apart.as_millis_f64()),
        }
    }
}
