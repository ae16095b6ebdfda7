//! What a set of updates means: worked out from the history, type by type, without any lattice.
//!
//! A counter is the sum of what was counted. An item is there if some addition of it is that no
//! removal had seen (add wins). A register holds its latest write, or all writes that no other had
//! seen. A text holds what was typed and not deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, CharacterId, Dot, Item, Updated, Value, VersionVector};

/// One addition of an item, and who removed it.
struct Addition {
    dot: Dot,
    /// The first removals that had seen it: no two of them had seen each other.
    removals: Vec<Dot>,
}

/// All updates that were made so far.
#[derive(Default)]
pub(super) struct Meaning {
    /// Of each node, its updates in order.
    made: BTreeMap<u32, Vec<Updated>>,
    /// Of each node, the sums of its first so many updates.
    sums: BTreeMap<u32, Vec<i64>>,
    additions: BTreeMap<Item, Vec<Addition>>,
}

impl Meaning {
    /// Takes note of an update; says what is wrong if it is not the next of its maker, and `false`
    /// if it was told before.
    pub(super) fn add(&mut self, updated: &Updated) -> Result<bool, String> {
        let Dot { node, sequence } = updated.dot;
        let made = self.made.entry(node.0).or_default();
        match (sequence as usize).checked_sub(1 + made.len()) {
            Some(0) => made.push(updated.clone()),
            Some(_) => {
                return Err(format!("{} was made after only {} others", updated.dot, made.len()));
            }
            None => {
                let before = &made[sequence as usize - 1];
                return match before == updated {
                    true => Ok(false),
                    false => Err(format!("{before:?}, and as the same update {updated:?}")),
                };
            }
        }
        let sums = self.sums.entry(node.0).or_default();
        let by = if let Action::Count(by) = updated.action { by } else { 0 };
        sums.push(sums.last().unwrap_or(&0) + by);
        self.file(updated);
        Ok(true)
    }

    fn file(&mut self, updated: &Updated) {
        match updated.action {
            Action::Add(item) => {
                let addition = Addition { dot: updated.dot, removals: Vec::new() };
                self.additions.entry(item).or_default().push(addition);
            }
            Action::Remove(item) => {
                self.additions.entry(item).or_default().iter_mut().for_each(|addition| {
                    addition.remove(updated);
                });
            }
            Action::RemoveKey(key) => {
                let all = Item { key, element: 0 }..=Item { key, element: u32::MAX };
                let additions = self.additions.range_mut(all).flat_map(|(_, all)| all);
                additions.for_each(|addition| addition.remove(updated));
            }
            Action::Count(_) | Action::Write { .. } | Action::Edit(_) => {}
        }
    }

    /// The update of this name, if it was made.
    pub(super) fn update(&self, dot: Dot) -> Option<&Updated> {
        self.made.get(&dot.node.0)?.get(dot.sequence as usize - 1)
    }

    /// Of each node the last update that was seen.
    fn last<'a>(&'a self, seen: &'a VersionVector) -> impl Iterator<Item = &'a Updated> {
        seen.last_dots().filter_map(|dot| self.update(dot))
    }

    fn all<'a>(&'a self, seen: &'a VersionVector) -> impl Iterator<Item = &'a Updated> {
        seen.last_dots().flat_map(|dot| {
            let made = self.made.get(&dot.node.0).map_or(&[][..], Vec::as_slice);
            &made[..made.len().min(dot.sequence as usize)]
        })
    }

    fn items(&self, seen: &VersionVector) -> impl Iterator<Item = Item> {
        let there = |addition: &Addition| {
            seen.has(addition.dot) && !addition.removals.iter().any(|dot| seen.has(*dot))
        };
        let items = self.additions.iter();
        items.filter(move |(_, all)| all.iter().any(there)).map(|(item, _)| *item)
    }

    /// What is wrong with showing `value` after having seen `seen`.
    pub(super) fn objection(&self, seen: &VersionVector, value: &Value) -> Option<String> {
        let expected = match value {
            Value::Count(_) => Value::Count(self.sum(seen)),
            Value::Set(_) => Value::Set(self.items(seen).map(|item| item.element).collect()),
            Value::Map(_) => {
                let mut map = BTreeMap::<u32, BTreeSet<u32>>::new();
                for Item { key, element } in self.items(seen) {
                    map.entry(key).or_default().insert(element);
                }
                Value::Map(map)
            }
            Value::Latest(_) => Value::Latest(self.latest(seen)),
            Value::Siblings(_) => Value::Siblings(self.siblings(seen)),
            Value::Text(text) => return self.text_objection(seen, text),
        };
        (expected != *value).then(|| format!("shows {value:?} instead of {expected:?}"))
    }

    fn sum(&self, seen: &VersionVector) -> i64 {
        let sums = seen.last_dots().filter_map(|dot| {
            let sums = self.sums.get(&dot.node.0)?;
            sums.get(dot.sequence as usize - 1)
        });
        sums.sum()
    }

    /// A node's writes get ever later, so that its last one is the latest of them.
    fn latest(&self, seen: &VersionVector) -> Option<u64> {
        let writes = self.last(seen).filter_map(|updated| match updated.action {
            Action::Write { value, time } => Some((time, updated.dot.node, value)),
            _ => None,
        });
        writes.max().map(|(.., value)| value)
    }

    fn siblings(&self, seen: &VersionVector) -> Vec<u64> {
        let last: Vec<_> = self.last(seen).collect();
        let is_overwritten =
            |dot: Dot| last.iter().any(|other| other.dot != dot && other.seen.has(dot));
        let mut values: Vec<u64> = last
            .iter()
            .filter(|updated| !is_overwritten(updated.dot))
            .filter_map(|updated| match updated.action {
                Action::Write { value, .. } => Some(value),
                _ => None,
            })
            .collect();
        values.sort_unstable();
        values
    }

    fn text_objection(&self, seen: &VersionVector, text: &[(CharacterId, char)]) -> Option<String> {
        let edits = || {
            self.all(seen).flat_map(|updated| match &updated.action {
                Action::Edit(edits) => edits.as_slice(),
                _ => &[],
            })
        };
        let mut expected: BTreeMap<CharacterId, char> =
            edits().flat_map(|edit| &edit.inserted).copied().collect();
        for id in edits().flat_map(|edit| &edit.deleted) {
            expected.remove(id);
        }
        for (id, character) in text {
            match expected.remove(id) {
                Some(same) if same == *character => {}
                Some(other) => return Some(format!("shows {character:?} instead of {other:?}")),
                None => {
                    return Some(format!("shows {character:?} ({id:?}) twice or without reason"));
                }
            }
        }
        let (id, character) = expected.first_key_value()?;
        Some(format!("does not show {character:?} ({id:?})"))
    }
}

impl Addition {
    fn remove(&mut self, removal: &Updated) {
        let is_first = || !self.removals.iter().any(|dot| removal.seen.has(*dot));
        if removal.seen.has(self.dot) && is_first() {
            self.removals.push(removal.dot);
        }
    }
}
