//! The replicated growable array: a text as a tree of insertions.
//!
//! Roh, Jeon, Kim and Lee, "Replicated abstract data types: Building blocks for collaborative
//! applications" (2011), section 5. Each character is inserted after another one, its parent; among
//! those inserted after the same one, what was typed later stands further left. A deleted character
//! stays as a tombstone, because others may be inserted after it.
//!
//! Names are of Lamport's clock (1978), so a child's name is above its parent's; therefore the place
//! of an insertion is found from its parent on: to the left of the first character whose name is
//! below its own.

mod sequence;

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::NodeId;

use super::data_type::{DataType, Origin, WORD};
use crate::problem::replicated_data::{Action, CharacterId, Edit, Patch, Update, Value};
use sequence::{Character, Sequence};

/// A replicated text.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Rga {
    sequence: Sequence,
    /// Those whose parent is not here; in a delta, most are.
    orphans: BTreeMap<CharacterId, Character>,
    /// Deleted, and not here; in a delta, most are.
    absent: BTreeSet<CharacterId>,
    /// The highest counter of all names.
    highest: u32,
}

/// Consecutive names of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Span {
    first: CharacterId,
    length: u32,
}

/// What one patch does.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Splice {
    deleted: Vec<Span>,
    /// The name of the first inserted character; the others follow, each the child of the one
    /// before.
    first: CharacterId,
    /// The parent of the first one.
    parent: Option<CharacterId>,
    text: String,
}

const fn follower(id: CharacterId, distance: u32) -> CharacterId {
    CharacterId { counter: id.counter + distance, ..id }
}

impl Span {
    fn ids(self) -> impl Iterator<Item = CharacterId> {
        (0..self.length).map(move |distance| follower(self.first, distance))
    }

    /// The same names as spans.
    fn gather(ids: &[CharacterId]) -> Vec<Self> {
        let mut spans = Vec::<Self>::new();
        for id in ids {
            match spans.last_mut() {
                Some(span) if follower(span.first, span.length) == *id => span.length += 1,
                _ => spans.push(Self { first: *id, length: 1 }),
            }
        }
        spans
    }
}

impl Splice {
    /// The inserted characters, from left to right.
    fn characters(&self) -> impl Iterator<Item = Character> {
        self.text.chars().zip(0..).map(|(character, distance)| Character {
            id: follower(self.first, distance),
            parent: match distance {
                0 => self.parent,
                _ => Some(follower(self.first, distance - 1)),
            },
            character,
            is_deleted: false,
        })
    }
}

impl Rga {
    /// How many characters are visible.
    pub fn len(&self) -> u32 {
        self.sequence.visible()
    }

    /// Whether no character is visible.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many characters were deleted and still take up room.
    pub fn tombstones(&self) -> u32 {
        self.sequence.iter().filter(|character| character.is_deleted).count() as u32
    }

    /// Works out what one patch does to this text, by `node`.
    fn splice(&self, patch: &Patch, node: NodeId) -> (Splice, Edit) {
        // A position beyond the end wraps around, so that a draw fits any text.
        let at = patch.at % (self.len() + 1);
        let row = self.sequence.visible_from(at.saturating_sub(1), patch.delete + 2);
        let mut row = row.into_iter();
        let left = if at == 0 { None } else { row.next() };
        let deleted: Vec<_> = row.by_ref().take(patch.delete as usize).collect();
        let right = row.next();
        let first = CharacterId { counter: self.highest + 1, node };
        let splice = Splice {
            deleted: Span::gather(&deleted),
            first,
            parent: left,
            text: patch.insert.clone(),
        };
        let inserted = splice.characters().map(|one| (one.id, one.character)).collect();
        (splice, Edit { left, right, inserted, deleted })
    }

    fn perform(&mut self, splice: &Splice) {
        splice.deleted.iter().flat_map(|span| span.ids()).for_each(|id| self.delete(id));
        let run: Vec<_> = splice.characters().collect();
        let Some(last) = run.last() else { return };
        self.highest = self.highest.max(last.id.counter);
        self.sequence.insert(&run);
    }

    fn delete(&mut self, id: CharacterId) {
        if !self.sequence.delete(id) {
            match self.orphans.get_mut(&id) {
                Some(orphan) => orphan.is_deleted = true,
                None => _ = self.absent.insert(id),
            }
        }
    }

    /// Takes in one character, unless it is here.
    fn take_in(&mut self, mut character: Character) {
        let id = character.id;
        self.highest = self.highest.max(id.counter);
        if self.sequence.has(id) || self.orphans.contains_key(&id) {
            if character.is_deleted {
                self.delete(id);
            }
            return;
        }
        character.is_deleted |= self.absent.remove(&id);
        match character.parent.is_none_or(|parent| self.sequence.has(parent)) {
            true => self.sequence.insert(&[character]),
            false => _ = self.orphans.insert(id, character),
        }
    }

    /// Attaches those whose parents are here now. Parents have lower names than their children.
    fn adopt(&mut self) {
        let Self { sequence, orphans, .. } = self;
        orphans.retain(|_, orphan| {
            let is_at_home = orphan.parent.is_none_or(|parent| sequence.has(parent));
            if is_at_home {
                sequence.insert(std::slice::from_ref(orphan));
            }
            !is_at_home
        });
    }

    fn is_known(&self, id: CharacterId) -> bool {
        self.sequence.has(id) || self.orphans.contains_key(&id)
    }

    fn is_deleted(&self, id: CharacterId) -> bool {
        self.sequence.is_deleted(id)
            || self.orphans.get(&id).is_some_and(|orphan| orphan.is_deleted)
            || self.absent.contains(&id)
    }

    fn characters(&self) -> impl Iterator<Item = &Character> {
        self.sequence.iter().chain(self.orphans.values())
    }
}

impl DataType for Rga {
    type Operation = Vec<Splice>;

    fn prepare(&self, update: &Update, origin: Origin) -> Option<(Vec<Splice>, Action)> {
        let node = origin.dot.node;
        match update {
            Update::Edit(patches) => match patches.as_slice() {
                [patch] => {
                    let (splice, edit) = self.splice(patch, node);
                    Some((vec![splice], Action::Edit(vec![edit])))
                }
                patches => {
                    let mut text = self.clone();
                    let done = patches.iter().map(|patch| {
                        let (splice, edit) = text.splice(patch, node);
                        text.perform(&splice);
                        (splice, edit)
                    });
                    let (splices, edits) = done.unzip();
                    Some((splices, Action::Edit(edits)))
                }
            },
            _ => None,
        }
    }

    fn effect(&mut self, operation: &Vec<Splice>) {
        operation.iter().for_each(|splice| self.perform(splice));
    }

    fn delta(&self, operation: &Vec<Splice>) -> Self {
        let mut delta = Self::default();
        for splice in operation {
            splice.characters().for_each(|character| delta.take_in(character));
            splice.deleted.iter().flat_map(|span| span.ids()).for_each(|id| delta.delete(id));
        }
        delta
    }

    fn join(&mut self, other: &Self) {
        other.characters().for_each(|character| self.take_in(*character));
        other.absent.iter().for_each(|id| self.delete(*id));
        if !self.orphans.is_empty() {
            self.adopt();
        }
    }

    fn is_within(&self, other: &Self) -> bool {
        self.characters()
            .all(|one| other.is_known(one.id) && (!one.is_deleted || other.is_deleted(one.id)))
            && self.absent.iter().all(|id| other.is_deleted(*id))
    }

    fn value(&self) -> Value {
        let visible = self.sequence.iter().filter(|character| !character.is_deleted);
        Value::Text(visible.map(|one| (one.id, one.character)).collect())
    }

    /// A character costs its name and itself; a parent only where it is not the character before,
    /// typed by the same node.
    fn bytes(&self) -> u32 {
        let size = |one: &Character| match one.parent {
            Some(parent) if follower(parent, 1) == one.id => 4,
            _ => 4 + 2 * WORD,
        };
        self.characters().map(size).sum::<u32>() + WORD * self.absent.len() as u32
    }

    fn operation_bytes(operation: &Vec<Splice>) -> u32 {
        let size = |splice: &Splice| {
            2 * WORD + splice.text.len() as u32 + (WORD + 4) * splice.deleted.len() as u32
        };
        operation.iter().map(size).sum()
    }
}
