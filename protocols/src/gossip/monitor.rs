//! The auditor: watches from inside that nodes keep to the bounds that they were given.

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};

use super::{Config, Gossip};

/// A node remembers at most as many rumours as its memory holds.
pub const MEMORY_BOUND: &str = "memory_bound";
/// A node that spreads a rumour is fewer hops from its origin than a copy may make.
pub const HOP_BOUND: &str = "hop_bound";

/// The white-box judge of gossip.
#[derive(Clone, Debug)]
pub struct Auditor {
    memory: Option<u32>,
    hops: Option<u32>,
}

impl Auditor {
    pub(super) const fn new(config: &Config) -> Self {
        Self { memory: config.memory, hops: config.hops }
    }
}

impl Monitor<Gossip> for Auditor {
    const INVARIANTS: &'static [&'static str] = &[MEMORY_BOUND, HOP_BOUND];

    fn observe(&mut self, node: NodeId, _: Incarnation, state: &Gossip) -> Option<Violation> {
        if let Some(most) = self.memory
            && state.known.len() > most as usize
        {
            let witness = format!("{node} remembers {} rumours, {most} at most", state.known.len());
            return Some(Violation { property: MEMORY_BOUND, witness });
        }
        // What it learned last is all that can have changed for the worse.
        let latest = state.known.latest().filter(|item| item.is_hot)?;
        let most = self.hops.filter(|most| latest.hops >= *most)?;
        let witness =
            format!("{node} spreads {} after {} of {most} hops", latest.rumour, latest.hops);
        Some(Violation { property: HOP_BOUND, witness })
    }
}
