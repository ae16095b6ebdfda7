//! The auditor: watches from inside what every node keeps.

use std::collections::BTreeMap;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};

use super::{Abd, Tag};

/// What a node keeps under a key gets newer, and never older.
pub const TAGS_RISE: &str = "tags_rise";

/// The white-box judge. It looks at one life at a time: what was not durable a crash may take back.
#[derive(Clone, Debug, Default)]
pub struct Auditor {
    seen: BTreeMap<NodeId, (Incarnation, BTreeMap<u32, Tag>)>,
}

impl Monitor<Abd> for Auditor {
    const INVARIANTS: &'static [&'static str] = &[TAGS_RISE];

    fn observe(&mut self, node: NodeId, life: Incarnation, state: &Abd) -> Option<Violation> {
        let (seen, tags) = self.seen.entry(node).or_default();
        if *seen != life {
            *seen = life;
            tags.clear();
        }
        for (key, held) in &state.held {
            let before = tags.insert(*key, held.tag);
            if let Some(before) = before.filter(|before| *before > held.tag) {
                let witness =
                    format!("{node} kept {before:?} under k{key}, and now {:?}", held.tag);
                return Some(Violation { property: TAGS_RISE, witness });
            }
        }
        None
    }
}
