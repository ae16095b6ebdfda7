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

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};

    use super::super::Held;
    use super::*;
    use crate::problem::register::Value;

    #[test]
    fn a_tag_may_fall_over_a_reboot_and_never_in_one_life() {
        let keeping = |number| {
            let tag = Tag { number, writer: ClientId(0) };
            let held = Held { tag, value: Value(OpId::default()) };
            Abd { held: BTreeMap::from([(7, held)]), ..Abd::default() }
        };
        let mut auditor = Auditor::default();
        let mut see = |life, number| {
            let found = auditor.observe(NodeId(1), life, &keeping(number));
            found.map(|violation| violation.property)
        };
        assert_eq!([see(0, 4), see(0, 4), see(0, 5), see(1, 2)], [None; 4]);
        assert_eq!(see(1, 1), Some(TAGS_RISE));
    }
}
