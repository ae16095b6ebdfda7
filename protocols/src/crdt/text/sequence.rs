//! A row of characters in chunks: by position and by name in steps that grow with the number of
//! chunks, not of characters.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use crate::problem::replicated_data::CharacterId;

/// A chunk that grows beyond it is split.
const CHUNK: usize = 512;

/// One inserted character.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Character {
    pub(super) id: CharacterId,
    /// The one after which it was inserted; `None` for the beginning of the text.
    pub(super) parent: Option<CharacterId>,
    pub(super) character: char,
    pub(super) is_deleted: bool,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    row: Vec<Character>,
    /// How many of them are visible.
    visible: u32,
    /// The chunk to the right.
    next: Option<u32>,
}

/// Characters from left to right, visible or not. Two rows of the same characters are equal,
/// however they are cut in chunks.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    /// The first is the leftmost.
    chunks: Vec<Chunk>,
    /// In which chunk each character is.
    home: BTreeMap<CharacterId, u32>,
    visible: u32,
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Sequence {}

impl Hash for Sequence {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.iter().for_each(|character| character.hash(state));
    }
}

/// A gap between characters: in which chunk, and before which of its characters.
#[derive(Clone, Copy)]
struct Gap {
    chunk: u32,
    index: usize,
}

impl Sequence {
    /// How many characters are visible.
    pub(super) const fn visible(&self) -> u32 {
        self.visible
    }

    /// Whether the character is here, visible or not.
    pub(super) fn has(&self, id: CharacterId) -> bool {
        self.home.contains_key(&id)
    }

    /// Whether the character is here and deleted.
    pub(super) fn is_deleted(&self, id: CharacterId) -> bool {
        self.find(id).is_some_and(|place| self.at(place).is_some_and(|one| one.is_deleted))
    }

    /// All characters, from left to right.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Character> {
        self.chunks_from(self.first()).flat_map(|chunk| &chunk.row)
    }

    fn first(&self) -> Option<u32> {
        (!self.chunks.is_empty()).then_some(0)
    }

    fn chunks_from(&self, first: Option<u32>) -> impl Iterator<Item = &Chunk> {
        let chunk = |index: Option<u32>| Some(&self.chunks[index? as usize]);
        std::iter::successors(chunk(first), move |before| chunk(before.next))
    }

    /// The names of up to `count` visible characters from the `start`-th on.
    pub(super) fn visible_from(&self, start: u32, count: u32) -> Vec<CharacterId> {
        let (mut chunk, mut skip) = (self.first(), start);
        while let Some(index) = chunk
            && self.chunks[index as usize].visible <= skip
        {
            skip -= self.chunks[index as usize].visible;
            chunk = self.chunks[index as usize].next;
        }
        let row = self.chunks_from(chunk).flat_map(|chunk| &chunk.row);
        let visible = row.filter(|one| !one.is_deleted).map(|one| one.id);
        visible.skip(skip as usize).take(count as usize).collect()
    }

    fn find(&self, id: CharacterId) -> Option<Gap> {
        let chunk = *self.home.get(&id)?;
        let index = self.chunks[chunk as usize].row.iter().position(|one| one.id == id)?;
        Some(Gap { chunk, index })
    }

    /// The character to the right of a gap, if the chunk has one.
    fn at(&self, gap: Gap) -> Option<&Character> {
        self.chunks[gap.chunk as usize].row.get(gap.index)
    }

    /// Marks a character as deleted; `false` if it is not here.
    pub(super) fn delete(&mut self, id: CharacterId) -> bool {
        let Some(Gap { chunk, index }) = self.find(id) else { return false };
        let chunk = &mut self.chunks[chunk as usize];
        if !std::mem::replace(&mut chunk.row[index].is_deleted, true) {
            chunk.visible -= 1;
            self.visible -= 1;
        }
        true
    }

    /// Inserts characters that follow each other, the first as a child of its parent, which is
    /// here. Those that are here are left alone.
    pub(super) fn insert(&mut self, run: &[Character]) {
        let Some(first) = run.first() else { return };
        if self.has(first.id) {
            return;
        }
        let gap = self.gap_for(first);
        let visible = run.iter().filter(|one| !one.is_deleted).count() as u32;
        self.visible += visible;
        let chunk = &mut self.chunks[gap.chunk as usize];
        chunk.visible += visible;
        chunk.row.splice(gap.index..gap.index, run.iter().copied());
        self.home.extend(run.iter().map(|one| (one.id, gap.chunk)));
        self.split(gap.chunk);
    }

    /// The gap where a character belongs: right of its parent, and of all with higher names that
    /// follow there, which are its elder siblings and their descendants.
    fn gap_for(&mut self, character: &Character) -> Gap {
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::default());
        }
        let parent = character.parent.and_then(|parent| self.find(parent));
        let mut gap = match parent {
            Some(Gap { chunk, index }) => Gap { chunk, index: index + 1 },
            None => Gap { chunk: 0, index: 0 },
        };
        loop {
            match (self.at(gap), self.chunks[gap.chunk as usize].next) {
                (Some(other), _) if other.id > character.id => gap.index += 1,
                (None, Some(next)) => {
                    let right = Gap { chunk: next, index: 0 };
                    match self.at(right) {
                        Some(other) if other.id > character.id => gap = right,
                        _ => return gap,
                    }
                }
                _ => return gap,
            }
        }
    }

    /// Cuts pieces off the end of a chunk that is too large; each becomes its neighbour.
    fn split(&mut self, index: u32) {
        while self.chunks[index as usize].row.len() > CHUNK {
            let new = self.chunks.len() as u32;
            let chunk = &mut self.chunks[index as usize];
            let row = chunk.row.split_off(chunk.row.len() - CHUNK / 2);
            let visible = row.iter().filter(|one| !one.is_deleted).count() as u32;
            chunk.visible -= visible;
            let next = chunk.next.replace(new);
            self.home.extend(row.iter().map(|one| (one.id, new)));
            self.chunks.push(Chunk { row, visible, next });
        }
    }
}
