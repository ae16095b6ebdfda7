//! Raft's invariants, judged on the servers' states (Figure 3), and the bugs that break them.
//!
//! The judge is called after every handler of every server. It looks at nothing but what changed
//! since it last saw the server, and never at a log as a whole: each entry has a *chain*, a digest
//! of itself and of all entries before it. So two logs agree up to an entry if the entry's chains
//! are equal, and what one server showed can be compared with another long after.

use std::collections::BTreeMap;

use sim_core::checker::{Monitor, Violation};
use sim_core::digest::Digest;
use sim_core::id::{Incarnation, NodeId};
use sim_core::protocol::Mutant;

use super::message::{Index, Place, Term};
use super::{Raft, Role};
use crate::machine::Machine;
use crate::problem::kv::LINEARIZABILITY;
use crate::problem::log::{AGREEMENT, DURABILITY, EXACTLY_ONCE, TERMINATION};

/// At most one server leads a term, and in one life only (§5.2).
pub const ELECTION_SAFETY: &str = "election_safety";
/// A leader never gives up entries of its own log (§5.3).
pub const LEADER_APPEND_ONLY: &str = "leader_append_only";
/// Logs with an entry of equal index and term are equal up to there (§5.3).
pub const LOG_MATCHING: &str = "log_matching";
/// What was committed in a term is in the logs of the leaders of all later terms (§5.4).
pub const LEADER_COMPLETENESS: &str = "leader_completeness";
/// No two servers apply different entries at one index (§5.4.3).
pub const STATE_MACHINE_SAFETY: &str = "state_machine_safety";
/// A server's term never falls; over a restart, what was durable of it does not.
pub const TERM_MONOTONICITY: &str = "term_monotonicity";

/// The bugs that can be planted in Raft. The first ones are about reads that leave no entry, and
/// there are none without a store.
pub const STORE_MUTANTS: &[Mutant] = &[
    Mutant {
        id: "R17",
        summary: "a leader answers reads from its state, and asks nobody whether it still leads",
        breaks: &[LINEARIZABILITY],
    },
    Mutant {
        id: "R18",
        summary: "a leader answers reads before an entry of its own term is committed",
        breaks: &[LINEARIZABILITY],
    },
    Mutant {
        id: "R19",
        summary: "a lease lasts the shortest election timeout, however the clocks drift",
        breaks: &[LINEARIZABILITY],
    },
    Mutant {
        id: "R01",
        summary: "a leader commits entries of earlier terms by counting copies",
        breaks: &[LEADER_COMPLETENESS, STATE_MACHINE_SAFETY, AGREEMENT, DURABILITY],
    },
    Mutant {
        id: "R02",
        summary: "a restart forgets the vote but not the term",
        breaks: &[ELECTION_SAFETY, LOG_MATCHING, LEADER_COMPLETENESS],
    },
    Mutant {
        id: "R03",
        summary: "a restart takes the last entry's term for the current one",
        breaks: &[TERM_MONOTONICITY, ELECTION_SAFETY],
    },
    Mutant {
        id: "R07",
        summary: "a follower cuts its log after every append, conflict or not",
        breaks: &[LEADER_COMPLETENESS, STATE_MACHINE_SAFETY, AGREEMENT, DURABILITY, TERMINATION],
    },
    Mutant {
        id: "R08",
        summary: "a follower commits beyond the entries that the append covered",
        breaks: &[STATE_MACHINE_SAFETY, LEADER_COMPLETENESS, AGREEMENT, DURABILITY],
    },
    Mutant {
        id: "R09",
        summary: "a follower accepts heartbeats without the entry that should lie before",
        breaks: &[STATE_MACHINE_SAFETY, LEADER_COMPLETENESS, AGREEMENT, DURABILITY],
    },
    Mutant {
        id: "R10",
        summary: "a follower acknowledges its whole log instead of what the append covered",
        breaks: &[LEADER_COMPLETENESS, STATE_MACHINE_SAFETY, AGREEMENT, DURABILITY],
    },
    Mutant {
        id: "R13",
        summary: "a server votes for candidates whose logs are behind its own",
        breaks: &[LEADER_COMPLETENESS, STATE_MACHINE_SAFETY, AGREEMENT, DURABILITY],
    },
    Mutant {
        id: "R20",
        summary: "an operation that is asked for again is done again",
        breaks: &[EXACTLY_ONCE, DURABILITY, LINEARIZABILITY],
    },
    Mutant {
        id: "R30",
        summary: "pre-votes and the leader's check of its quorum are left out, though configured",
        breaks: &[TERMINATION],
    },
];

/// The bugs that can be planted where nothing is read.
pub const MUTANTS: &[Mutant] = STORE_MUTANTS.split_at(3).1;

/// The judge of [`Raft`].
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// What each server looked like when it was last seen.
    seen: Vec<Seen>,
    /// Who led each term.
    leaders: BTreeMap<Term, (NodeId, Incarnation)>,
    /// By index: the first entry that any log had there.
    entries: Vec<Known>,
    /// All other entries that any log had, by index and term; there are few.
    rivals: BTreeMap<(Index, Term), Known>,
    /// By index: what was committed first.
    committed: Vec<Known>,
    /// The last index that was committed in each term or an earlier one; terms ascend.
    committed_by: Vec<(Term, Index)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    incarnation: Incarnation,
    term: Term,
    durable_term: Term,
    leads: bool,
    last: Place,
    cuts: u64,
    commit: Index,
    /// How many entries were known to be committed when this leader was last held against them.
    checked: usize,
}

/// An entry as some server first showed it.
#[derive(Clone, Copy, Debug)]
struct Known {
    term: Term,
    chain: u64,
    node: NodeId,
}

impl<M: Machine> Monitor<Raft<M>> for Invariants {
    const INVARIANTS: &'static [&'static str] = &[
        ELECTION_SAFETY,
        LEADER_APPEND_ONLY,
        LOG_MATCHING,
        LEADER_COMPLETENESS,
        STATE_MACHINE_SAFETY,
        TERM_MONOTONICITY,
    ];

    fn observe(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        raft: &Raft<M>,
    ) -> Option<Violation> {
        if self.seen.len() <= node.index() {
            self.seen.resize(node.index() + 1, Seen::default());
        }
        let before = self.seen[node.index()];
        let leads = matches!(raft.role, Role::Leader(_));
        let unchanged = before.incarnation == incarnation
            && before.term == raft.term
            && before.durable_term == raft.durable_term
            && before.leads == leads
            && before.last == raft.log.last()
            && before.cuts == raft.log.cuts()
            && before.commit == raft.commit;
        if unchanged && (!leads || before.checked == self.committed.len()) {
            return None;
        }
        let same_life = before.incarnation == incarnation;
        let mut found = None;
        let mut report = |violation: Option<Violation>| {
            if found.is_none() {
                found = violation;
            }
        };
        report(term_monotonicity(node, &before, same_life, raft));
        let led = before.leads && same_life && before.term == raft.term;
        if leads && led {
            report(leader_append_only(node, &before, raft));
        }
        let kept = match raft.log.cuts().checked_sub(before.cuts) {
            Some(0) if same_life => before.last.index,
            Some(1) if same_life => before.last.index.min(raft.log.kept()),
            _ => 0,
        };
        report(self.log_matching(node, kept, raft));
        if leads && !led {
            report(self.election_safety(node, incarnation, raft.term));
        }
        let applied = if same_life { before.commit } else { 0 };
        report(self.state_machine_safety(node, applied, raft));
        if leads {
            report(self.leader_completeness(node, raft));
        }
        self.seen[node.index()] = Seen {
            incarnation,
            term: raft.term,
            durable_term: raft.durable_term,
            leads,
            last: raft.log.last(),
            cuts: raft.log.cuts(),
            commit: raft.commit,
            checked: self.committed.len(),
        };
        found
    }
}

const fn violation(property: &'static str, witness: String) -> Violation {
    Violation { property, witness }
}

fn term_monotonicity<M>(
    node: NodeId,
    before: &Seen,
    same_life: bool,
    raft: &Raft<M>,
) -> Option<Violation> {
    // A crash may lose a term that did not reach the disk: nobody was told of it.
    let floor = if same_life { before.term } else { before.durable_term };
    let witness = || format!("{node} is in term {} and was in term {floor} before", raft.term);
    (raft.term < floor).then(|| violation(TERM_MONOTONICITY, witness()))
}

fn leader_append_only<M>(node: NodeId, before: &Seen, raft: &Raft<M>) -> Option<Violation> {
    let last = raft.log.last();
    let witness = || {
        format!(
            "{node} leads term {} and its log, which ended at {:?}, was cut; it ends at {last:?}",
            raft.term, before.last
        )
    };
    (raft.log.cuts() != before.cuts || last.index < before.last.index)
        .then(|| violation(LEADER_APPEND_ONLY, witness()))
}

impl Invariants {
    fn election_safety(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        term: Term,
    ) -> Option<Violation> {
        let (first, life) = *self.leaders.entry(term).or_insert((node, incarnation));
        let witness = || {
            format!(
                "{node} (incarnation {incarnation}) leads term {term}, \
                 and {first} (incarnation {life}) led it"
            )
        };
        ((first, life) != (node, incarnation)).then(|| violation(ELECTION_SAFETY, witness()))
    }

    /// Looks at the entries after `kept`, and learns those that nobody showed before.
    fn log_matching<M>(&mut self, node: NodeId, kept: Index, raft: &Raft<M>) -> Option<Violation> {
        let mut found = None;
        let mut chain = self.known(raft.log.place(kept)).map_or(0, |known| known.chain);
        for (index, entry) in (kept + 1..).zip(raft.log.range(kept + 1, usize::MAX)) {
            let mut digest = Digest::default();
            digest.word(chain);
            std::hash::Hash::hash(entry, &mut digest);
            chain = digest.value();
            let place = Place { index, term: entry.term };
            match self.known(place) {
                None => {
                    let known = Known { term: entry.term, chain, node };
                    if self.entries.len() < index as usize {
                        // Logs have no gaps, and everything before was looked at.
                        self.entries.push(known);
                    } else {
                        self.rivals.insert((index, entry.term), known);
                    }
                }
                Some(known) if known.chain != chain && found.is_none() => {
                    let witness = format!(
                        "the logs of {node} and {} have {place:?} and differ there or before",
                        known.node
                    );
                    found = Some(violation(LOG_MATCHING, witness));
                }
                Some(_) => {}
            }
        }
        found
    }

    /// Looks at the entries that were committed after `applied`.
    fn state_machine_safety<M>(
        &mut self,
        node: NodeId,
        applied: Index,
        raft: &Raft<M>,
    ) -> Option<Violation> {
        let mut found = None;
        let end = raft.commit.min(raft.log.last().index);
        for index in applied + 1..=end {
            let place = raft.log.place(index);
            let known = Known { node, ..*self.known(place)? };
            match self.committed.get(index as usize - 1) {
                Some(first) if first.chain != known.chain && found.is_none() => {
                    let witness = format!(
                        "{node} applied {place:?}, and {} applied {:?} \
                         (or the logs differ before)",
                        first.node,
                        Place { index, term: first.term }
                    );
                    found = Some(violation(STATE_MACHINE_SAFETY, witness));
                }
                Some(_) => {}
                None => {
                    self.committed.push(known);
                    self.note_commitment(raft.term, index);
                }
            }
        }
        found
    }

    fn note_commitment(&mut self, term: Term, index: Index) {
        let at = self.committed_by.partition_point(|(known, _)| *known < term);
        if self.committed_by.get(at).is_none_or(|(known, _)| *known != term) {
            self.committed_by.insert(at, (term, index));
        }
        // Indices are noted in ascending order, so later terms have at least this much as well.
        for (_, last) in &mut self.committed_by[at..] {
            *last = index;
        }
    }

    /// Holds a leader against what was committed in earlier terms, perhaps after its election.
    /// The chain of the last such entry speaks for all before it.
    fn leader_completeness<M>(&self, node: NodeId, raft: &Raft<M>) -> Option<Violation> {
        let earlier = self.committed_by.partition_point(|(term, _)| *term < raft.term);
        let (term, index) = *self.committed_by.get(earlier.checked_sub(1)?)?;
        let committed = self.committed.get(index as usize - 1)?;
        let own = raft.log.get(index).map(|_| raft.log.place(index));
        let chain = own.and_then(|place| self.known(place)).map(|known| known.chain);
        let place = Place { index, term: committed.term };
        let witness = || {
            format!(
                "{node} leads term {}, and its log lacks {place:?} or an entry before it, which \
                 {} knew to be committed in term {term} or earlier (its log ends at {:?})",
                raft.term,
                committed.node,
                raft.log.last()
            )
        };
        (chain != Some(committed.chain)).then(|| violation(LEADER_COMPLETENESS, witness()))
    }

    fn known(&self, place: Place) -> Option<&Known> {
        let first = self.entries.get(place.index.checked_sub(1)? as usize)?;
        if first.term == place.term {
            return Some(first);
        }
        self.rivals.get(&(place.index, place.term))
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{Entries, Entry, Payload};
    use super::super::tests::{ask, elect, table};
    use super::*;

    /// The servers of a healthy cluster with three entries: n0 leads, n1 has two of them.
    fn servers() -> [Raft; 3] {
        let mut table = table(3, 64, None);
        elect(&mut table, 0, &[1, 2]);
        table.settle(&[0, 1, 2]);
        ask(&mut table, 0, 0);
        table.settle(&[0, 1, 2]);
        ask(&mut table, 0, 1);
        [0, 1, 2].map(|node| table.state(node).clone())
    }

    /// What the judge says when it has seen all servers and then sees one again, changed.
    fn judge(node: u32, life: Incarnation, change: impl FnOnce(&mut Raft)) -> Option<&'static str> {
        let mut judge = Invariants::default();
        let mut servers = servers();
        for (node, server) in (0..).map(NodeId).zip(&servers) {
            assert_eq!(judge.observe(node, 0, server), None);
        }
        let server = &mut servers[node as usize];
        change(server);
        let found = judge.observe(NodeId(node), life, server);
        found.map(|violation| violation.property)
    }

    fn nothing(term: Term) -> Entries {
        Entries::One(Entry { term, payload: Payload::Nothing })
    }

    #[test]
    fn a_leader_that_cuts_its_log_is_not_append_only() {
        assert_eq!(judge(0, 0, |leader| leader.rewrite(3, &nothing(1))), Some(LEADER_APPEND_ONLY));
        assert_eq!(judge(0, 0, |leader| leader.rewrite(4, &nothing(1))), None);
    }

    #[test]
    fn another_entry_under_the_same_term_or_after_another_past_breaks_log_matching() {
        assert_eq!(judge(1, 0, |server| server.rewrite(3, &nothing(1))), Some(LOG_MATCHING));
        assert_eq!(judge(1, 0, |server| server.rewrite(3, &nothing(2))), None);
        let after_another_past = |server: &mut Raft| {
            let entry = *server.log.get(2).expect("there are two");
            server.rewrite(1, &nothing(0));
            server.rewrite(2, &Entries::One(entry));
        };
        assert_eq!(judge(2, 0, after_another_past), Some(LOG_MATCHING));
    }

    #[test]
    fn a_term_may_fall_over_a_restart_only_if_it_was_not_durable() {
        assert_eq!(judge(1, 0, |server| server.term = 0), Some(TERM_MONOTONICITY));
        assert_eq!(judge(1, 1, |server| server.term = 0), Some(TERM_MONOTONICITY));
        let mut judge = Invariants::default();
        let [_, mut server, _] = servers();
        server.term = 5;
        assert_eq!(judge.observe(NodeId(1), 0, &server), None);
        server.term = 1;
        assert_eq!(judge.observe(NodeId(1), 1, &server), None);
    }

    #[test]
    fn the_leader_of_a_term_may_not_lead_it_again_in_another_life() {
        assert_eq!(judge(0, 0, |_| ()), None);
        assert_eq!(judge(0, 1, |_| ()), Some(ELECTION_SAFETY));
    }
}
