//! Marks: states that some run should reach, or the runs have not tested what comes after them.
//!
//! A thousand runs without a split vote say nothing about split votes. So each protocol names the
//! rare states that its recovery is there for, each run counts how often it reached them, and a
//! sweep tells those that no run did. Marks are read off the landmarks that nodes announce: an
//! ordinary one, a pattern among several, or one that the protocol announces for this alone.

use std::collections::BTreeMap;

use crate::landmark::{Landmark, LandmarkKind};

/// A state worth reaching.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The name, in lower case with underscores.
    pub name: &'static str,
    /// What was reached.
    pub summary: &'static str,
    /// How one knows.
    pub sign: Sign,
}

/// How one knows that a mark was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// A node announces it by its name: [`Mark::reached`].
    Named,
    /// A node announces a landmark of this kind.
    Kind(LandmarkKind),
    /// A node leads a later term than any before.
    LaterLeader,
    /// Several stood in a term, nobody led it, and the next candidate stood in a later one.
    SplitTerm,
}

impl Mark {
    /// Leadership passed on.
    pub const LEADER_CHANGED: Self = Self {
        name: "leader_changed",
        summary: "a later term found its leader, after an earlier one had one",
        sign: Sign::LaterLeader,
    };
    /// An election without a winner.
    pub const SPLIT_VOTE: Self = Self {
        name: "split_vote",
        summary: "several candidates of a term, none of whom came to lead it",
        sign: Sign::SplitTerm,
    };
    /// A node gave up what it had from a leader that is gone.
    pub const CONFLICT_TRUNCATED: Self = Self {
        name: "conflict_truncated",
        summary: "entries of the log gave way to others of a later leader",
        sign: Sign::Kind(LandmarkKind::Truncated),
    };
    /// A node moved to another view.
    pub const VIEW_CHANGED: Self = Self {
        name: "view_changed",
        summary: "a node gave up on the leader of its view and left for a later one",
        sign: Sign::Kind(LandmarkKind::ViewChanged),
    };
    /// A client was answered from memory.
    pub const RETRY_ANSWERED: Self = Self {
        name: "retry_answered",
        summary: "a request for what was done already was answered without doing it again",
        sign: Sign::Named,
    };

    /// A mark that the protocol announces by its name.
    pub const fn named(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, sign: Sign::Named }
    }

    /// What a node announces that reaches this mark, if the mark is a named one.
    pub const fn reached(self) -> Landmark {
        Landmark::Marked { name: self.name }
    }
}

/// What became of a term, as far as candidates and leaders tell.
#[derive(Clone, Copy, Default)]
struct Term {
    candidacies: u64,
    has_leader: bool,
}

/// What of the marks of a protocol one run reaches. Only landmarks cost anything: what happens
/// between them is none of its business.
pub(crate) struct Tally {
    marks: &'static [Mark],
    counts: Vec<u64>,
    last_led: Option<u64>,
    terms: BTreeMap<u64, Term>,
}

impl Tally {
    pub(crate) fn of(marks: &'static [Mark]) -> Self {
        let counts = vec![0; marks.len()];
        Self { marks, counts, last_led: None, terms: BTreeMap::new() }
    }

    fn count(&mut self, is_reached: impl Fn(&Mark) -> bool) {
        for (mark, count) in self.marks.iter().zip(&mut self.counts) {
            *count += u64::from(is_reached(mark));
        }
    }

    /// Reads a landmark.
    ///
    /// # Panics
    /// If it names a mark that the protocol does not list.
    pub(crate) fn announced(&mut self, landmark: Landmark) {
        match landmark {
            Landmark::Marked { name } => {
                let listed = self.marks.iter().any(|mark| mark.name == name);
                assert!(listed, "`{name}` is not among the protocol's marks");
                self.count(|mark| mark.name == name);
                return;
            }
            Landmark::Candidate { term } => self.terms.entry(term).or_default().candidacies += 1,
            Landmark::Leader { term } => {
                self.terms.entry(term).or_default().has_leader = true;
                if self.last_led.is_some_and(|last| term > last) {
                    self.count(|mark| mark.sign == Sign::LaterLeader);
                }
                self.last_led = self.last_led.max(Some(term));
            }
            _ => {}
        }
        let kind = landmark.kind();
        self.count(|mark| mark.sign == Sign::Kind(kind));
    }

    /// How often each mark was reached, in the order of the protocol's list.
    pub(crate) fn close(mut self) -> Vec<(&'static str, u64)> {
        let stood = self.terms.iter().filter(|(_, term)| term.candidacies > 0);
        let last = stood.map(|(term, _)| *term).next_back();
        // A term may still find its leader when others stand in the next: judged at the end.
        let splits = self.terms.iter().filter(|(number, term)| {
            term.candidacies > 1 && !term.has_leader && Some(**number) < last
        });
        let splits = splits.count() as u64;
        for (mark, count) in self.marks.iter().zip(&mut self.counts) {
            if mark.sign == Sign::SplitTerm {
                *count = splits;
            }
        }
        self.marks.iter().map(|mark| mark.name).zip(self.counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;

    const MARKS: &[Mark] = &[
        Mark::LEADER_CHANGED,
        Mark::SPLIT_VOTE,
        Mark::CONFLICT_TRUNCATED,
        Mark::named("coin_flipped", "a coin was flipped"),
    ];

    fn reached(landmarks: &[Landmark]) -> Vec<u64> {
        let mut tally = Tally::of(MARKS);
        landmarks.iter().for_each(|landmark| tally.announced(*landmark));
        let closed = tally.close();
        assert!(closed.iter().map(|(name, _)| *name).eq(MARKS.iter().map(|mark| mark.name)));
        closed.into_iter().map(|(_, count)| count).collect()
    }

    const fn stands(term: u64) -> Landmark {
        Landmark::Candidate { term }
    }

    const fn leads(term: u64) -> Landmark {
        Landmark::Leader { term }
    }

    #[test]
    fn a_run_without_landmarks_reaches_nothing() {
        assert_eq!(reached(&[]), [0; 4]);
    }

    #[test]
    fn a_leader_of_a_later_term_is_a_change_and_the_first_or_an_old_one_is_none() {
        assert_eq!(reached(&[leads(3)])[0], 0);
        assert_eq!(reached(&[leads(3), leads(3), leads(2)])[0], 0);
        assert_eq!(reached(&[leads(1), leads(3), leads(2), leads(4)])[0], 2);
    }

    #[test]
    fn a_vote_is_split_if_several_stood_and_only_a_later_term_went_on() {
        assert_eq!(reached(&[stands(1), stands(1), stands(2), leads(2)])[1], 1);
        // One who stands alone and wins nothing splits nothing.
        assert_eq!(reached(&[stands(1), stands(2), leads(2)])[1], 0);
        assert_eq!(reached(&[stands(1), stands(1), leads(1), stands(2)])[1], 0);
        // The winner may come to know late, and a run may end before anybody does.
        assert_eq!(reached(&[stands(1), stands(1), stands(2), leads(1)])[1], 0);
        assert_eq!(reached(&[stands(1), stands(1)])[1], 0);
        let twice = [stands(1), stands(1), stands(2), stands(2), stands(2), stands(3), leads(3)];
        assert_eq!(reached(&twice)[1], 2);
    }

    #[test]
    fn kinds_and_names_are_counted_and_other_landmarks_are_not() {
        let others = [
            Landmark::Committed { index: 1 },
            Landmark::VoteGranted { term: 1, candidate: NodeId(0) },
            Landmark::Decided,
        ];
        assert_eq!(reached(&others), [0; 4]);
        let truncated = Landmark::Truncated { index: 4 };
        assert_eq!(reached(&[truncated, MARKS[3].reached(), truncated]), [0, 0, 2, 1]);
    }

    #[test]
    #[should_panic(expected = "`quorum` is not among the protocol's marks")]
    fn a_mark_that_is_not_listed_is_a_bug_of_the_protocol() {
        Tally::of(MARKS).announced(Landmark::Marked { name: "quorum" });
    }
}
