//! The order of a text: whether one order of all characters explains every text that was shown.
//!
//! What is shown and where something was inserted says of pairs of characters which comes first.
//! One order agrees with all that exactly if the pairs form no cycle.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::checker::{Checker, End, Witness};

use super::judges::{Entry, update, view};
use super::{Action, CharacterId, Edit, Indication, Request, Value};

/// Keeps which character was seen right before which.
#[derive(Default)]
pub(super) struct ListOrder {
    after: BTreeMap<CharacterId, BTreeSet<CharacterId>>,
}

impl ListOrder {
    fn learn(&mut self, row: impl Iterator<Item = CharacterId>) {
        let mut left = None;
        for right in row {
            if let Some(left) = left.replace(right) {
                self.after.entry(left).or_default().insert(right);
            }
        }
    }

    /// A character that comes before itself. Takes away, again and again, what nothing precedes
    /// (Kahn, "Topological Sorting of Large Networks", 1962); what is left follows a cycle.
    fn cycle(&self) -> Option<CharacterId> {
        let mut before = BTreeMap::<CharacterId, u32>::new();
        for (left, rights) in &self.after {
            before.entry(*left).or_default();
            rights.iter().for_each(|right| *before.entry(*right).or_default() += 1);
        }
        let mut free: Vec<_> =
            before.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        while let Some(id) = free.pop() {
            before.remove(&id);
            for right in self.after.get(&id).into_iter().flatten() {
                let count = before.get_mut(right).expect("all were counted");
                *count -= 1;
                if *count == 0 {
                    free.push(*right);
                }
            }
        }
        before.into_keys().next()
    }
}

impl Checker<Request, Indication> for ListOrder {
    fn observe(&mut self, entry: &Entry) -> Option<Witness> {
        if let Some(Action::Edit(edits)) = update(entry).map(|updated| &updated.action) {
            for Edit { left, right, inserted, .. } in edits {
                let inserted = inserted.iter().map(|(id, _)| *id);
                self.learn(left.iter().copied().chain(inserted).chain(*right));
            }
        }
        if let Some((_, Value::Text(text))) = view(entry) {
            self.learn(text.iter().map(|(id, _)| *id));
        }
        None
    }

    fn conclude(&mut self, _: &End) -> Option<Witness> {
        let id = self.cycle()?;
        Some(format!(
            "no one order explains all texts that were shown: {id:?} is on, or after, a cycle"
        ))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::NodeId;

    use super::*;

    fn judge(rows: &[&str]) -> bool {
        let mut judge = ListOrder::default();
        for row in rows {
            let ids = row.bytes().map(|byte| CharacterId { counter: byte.into(), node: NodeId(0) });
            judge.learn(ids);
        }
        judge.cycle().is_none()
    }

    #[test]
    fn texts_of_one_order_are_explained_and_of_two_are_not() {
        assert!(judge(&["abc", "ac", "bd", "xa", "ad"]));
        assert!(!judge(&["ab", "ba"]));
        // Any two of the three are fine.
        assert!(!judge(&["ab", "bc", "ca"]));
        assert!(!judge(&["axb", "bx"]));
    }
}
