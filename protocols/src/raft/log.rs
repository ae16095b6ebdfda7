//! A server's log: entries by index from 1, and how two logs find where they agree.
//!
//! The log keeps count of its cuts. Whoever watches it (see [`super::invariants`]) can then tell
//! at a glance whether it only grew, and from where on to look again if not.

use super::message::{Entries, Entry, Index, Place};

/// A sequence of entries; their terms never fall.
#[derive(Clone, Debug, Hash, Default)]
pub struct Log {
    entries: Vec<Entry>,
    cuts: u64,
    kept: Index,
}

impl Log {
    /// The place of the last entry.
    pub fn last(&self) -> Place {
        self.place(self.entries.len() as Index)
    }

    /// The place of the entry at `index`, which the log must have, or be 0.
    pub fn place(&self, index: Index) -> Place {
        let term = index.checked_sub(1).map_or(0, |before| self.entries[before as usize].term);
        Place { index, term }
    }

    /// The entry at `index`, if there is one.
    pub fn get(&self, index: Index) -> Option<&Entry> {
        self.entries.get(index.checked_sub(1)? as usize)
    }

    /// Whether the log has this very entry, and so everything before it too (Log Matching).
    pub fn has(&self, place: Place) -> bool {
        place.index <= self.entries.len() as Index && self.place(place.index) == place
    }

    /// The entries from `first` on, at most `count` of them.
    pub fn range(&self, first: Index, count: usize) -> &[Entry] {
        let from = (first as usize - 1).min(self.entries.len());
        &self.entries[from..self.entries.len().min(from.saturating_add(count))]
    }

    /// The last place of this log at which it can agree with a log that has `other`.
    ///
    /// Terms do not fall along a log. So wherever both agree, the entry of this log lies at or
    /// below `other.index` and its term at or below `other.term`; the last such entry is the
    /// first one worth a try. A follower answers a rejected append with this, and the leader does
    /// the same to the answer: they meet in one step per term in which they differ, and from both
    /// sides, where §5.3 lets only the follower jump.
    pub fn last_shared(&self, other: Place) -> Place {
        let end = (other.index as usize).min(self.entries.len());
        let index = self.entries[..end].partition_point(|entry| entry.term <= other.term);
        self.place(index as Index)
    }

    /// Adds an entry at the end; says where.
    pub fn push(&mut self, entry: Entry) -> Index {
        self.entries.push(entry);
        self.entries.len() as Index
    }

    /// Gives up all entries from `first` on.
    pub fn cut(&mut self, first: Index) {
        self.kept = first - 1;
        self.cuts += 1;
        self.entries.truncate(self.kept as usize);
    }

    /// How often entries were given up.
    pub const fn cuts(&self) -> u64 {
        self.cuts
    }

    /// How many entries were left at the last cut.
    pub const fn kept(&self) -> Index {
        self.kept
    }

    /// The entries from `first` on to send in one message, at most `max`.
    pub fn batch(&self, first: Index, max: u32) -> Entries {
        Entries::of(self.range(first, max as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::message::Payload;

    fn log(terms: &[u64]) -> Log {
        let mut log = Log::default();
        for term in terms {
            log.push(Entry { term: *term, payload: Payload::Nothing });
        }
        log
    }

    #[test]
    fn logs_meet_where_they_agree_within_one_step_per_differing_term() {
        // Figure 7 of the paper: the leader of term 8, and the followers (a) to (f).
        let leader = log(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]);
        for (terms, agree, most) in [
            (&[1, 1, 1, 4, 4, 5, 5, 6, 6][..], 9, 1),
            (&[1, 1, 1, 4], 4, 1),
            (&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6], 10, 0),
            (&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], 10, 0),
            (&[1, 1, 1, 4, 4, 4, 4], 5, 1),
            (&[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3, 1),
            (&[], 0, 1),
        ] {
            let follower = log(terms);
            let (mut asked, mut steps) = (leader.last(), 0);
            while !follower.has(asked) {
                let met = leader.last_shared(follower.last_shared(asked));
                assert!(met.index < asked.index, "{terms:?} makes no progress at {asked:?}");
                (asked, steps) = (met, steps + 1);
            }
            assert_eq!((asked.index, steps), (agree, most), "{terms:?}");
        }
    }

    #[test]
    fn a_cut_keeps_what_lies_before_it_and_is_counted() {
        let mut log = log(&[1, 1, 2]);
        log.cut(2);
        assert_eq!((log.last(), log.cuts(), log.kept()), (Place { index: 1, term: 1 }, 1, 1));
        assert!(log.has(Place::default()) && !log.has(Place { index: 2, term: 1 }));
        assert_eq!(log.batch(1, 9).as_slice().len() + log.range(5, 9).len(), 1);
    }
}
