//! PBFT's invariants, judged on the states of honest replicas, and the bugs that break them.
//!
//! A replica shows what it reached since its last input, its milestones. The judge looks at these
//! and at two numbers, never at the log.

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};
use sim_core::protocol::Mutant;

use super::Pbft;
use super::message::{Fingerprint, Proposal, Sequence, View};
use super::replica::{Milestone, Replica};
use crate::machine::Machine;
use crate::problem::kv::LINEARIZABILITY;
use crate::problem::log::{AGREEMENT, DURABILITY};

/// Honest replicas hold prepared certificates for one digest only in a view and at a sequence
/// number (section 4.2).
pub const PREPARED_UNIQUENESS: &str = "prepared_uniqueness";
/// What was committed in a view is all that is prepared there in later views (section 4.4).
pub const COMMITTED_STAYS: &str = "committed_stays";
/// Honest replicas commit one digest only at a sequence number (section 4.5.1).
pub const COMMITTED_AGREEMENT: &str = "committed_agreement";
/// In one life, stable checkpoints only move up; and at a sequence number there is one stable
/// state (section 4.3).
pub const CHECKPOINT_STABILITY: &str = "checkpoint_stability";
/// What was executed is never below the stable checkpoint nor above the high watermark.
pub const WATERMARKS: &str = "watermarks";

/// What an unsafe quorum breaks, depending on who sees it first.
const SPLIT: &[&str] = &[
    PREPARED_UNIQUENESS,
    COMMITTED_STAYS,
    COMMITTED_AGREEMENT,
    AGREEMENT,
    DURABILITY,
    LINEARIZABILITY,
];

/// What a certificate breaks that a new view does not honour.
const FORGOTTEN: &[&str] =
    &[COMMITTED_STAYS, COMMITTED_AGREEMENT, AGREEMENT, DURABILITY, LINEARIZABILITY];

/// The bugs that can be planted in PBFT.
pub const MUTANTS: &[Mutant] = &[
    Mutant { id: "B01", summary: "2f votes make a quorum", breaks: SPLIT },
    Mutant { id: "B02", summary: "2f+1 votes make a quorum, whatever n is", breaks: SPLIT },
    Mutant {
        id: "B03",
        summary: "a replica executes when it is prepared, and waits for no commits",
        breaks: FORGOTTEN,
    },
    Mutant { id: "B06", summary: "votes are counted, not voters", breaks: SPLIT },
    Mutant { id: "B07", summary: "a view change leaves out what was prepared", breaks: FORGOTTEN },
    Mutant {
        id: "B08",
        summary: "backups accept a new view without computing its proposals again",
        breaks: FORGOTTEN,
    },
    Mutant {
        id: "B10",
        summary: "signatures under votes cover the digest, but not phase, view and sequence",
        breaks: SPLIT,
    },
];

/// Something that an honest replica first showed.
#[derive(Clone, Copy, Debug)]
struct Shown {
    view: View,
    digest: Fingerprint,
    node: NodeId,
}

/// What honest replicas showed at one sequence number.
#[derive(Clone, Debug, Default)]
struct Place {
    /// One for each view and digest; usually one in all.
    prepared: Vec<Shown>,
    /// The first commitment, and the one of the lowest view.
    committed: Option<Shown>,
    stable: Option<(Fingerprint, NodeId)>,
}

/// What a replica looked like when it was last seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    incarnation: Incarnation,
    low: Sequence,
}

/// The judge of [`Pbft`].
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    places: Vec<Place>,
    seen: Vec<Seen>,
}

impl<M: Machine> Monitor<Pbft<M>> for Invariants {
    const INVARIANTS: &'static [&'static str] = &[
        PREPARED_UNIQUENESS,
        COMMITTED_STAYS,
        COMMITTED_AGREEMENT,
        CHECKPOINT_STABILITY,
        WATERMARKS,
    ];

    fn observe(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        state: &Pbft<M>,
    ) -> Option<Violation> {
        let Pbft::Replica(replica) = state else { return None };
        let mut found = self.watermarks(node, incarnation, replica);
        for milestone in replica.milestones() {
            let broken = match *milestone {
                Milestone::Prepared(proposal) => self.prepared(node, proposal),
                Milestone::Committed(proposal) => self.committed(node, proposal),
                Milestone::Stable { sequence, digest } => self.stable(node, sequence, digest),
            };
            found = found.or(broken);
        }
        found
    }
}

fn violation(property: &'static str, witness: String) -> Option<Violation> {
    Some(Violation { property, witness })
}

impl Invariants {
    fn place(&mut self, sequence: Sequence) -> &mut Place {
        let at = sequence as usize;
        if self.places.len() <= at {
            self.places.resize_with(at + 1, Place::default);
        }
        &mut self.places[at]
    }

    fn watermarks<M: Machine>(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        replica: &Replica<M>,
    ) -> Option<Violation> {
        if self.seen.len() <= node.index() {
            self.seen.resize(node.index() + 1, Seen::default());
        }
        let log = replica.log();
        let now = Seen { incarnation, low: log.low() };
        let before = std::mem::replace(&mut self.seen[node.index()], now);
        if before.incarnation == incarnation && log.low() < before.low {
            let witness =
                format!("the stable checkpoint of {node} was {} and is {}", before.low, now.low);
            return violation(CHECKPOINT_STABILITY, witness);
        }
        let executed = replica.executed();
        if executed < log.low() || executed > log.high() {
            let witness = format!(
                "{node} has executed {executed}, outside its watermarks {} to {}",
                log.low(),
                log.high()
            );
            return violation(WATERMARKS, witness);
        }
        None
    }

    fn prepared(&mut self, node: NodeId, proposal: Proposal) -> Option<Violation> {
        let Proposal { view, sequence, digest } = proposal;
        let place = self.place(sequence);
        if place.prepared.iter().any(|shown| (shown.view, shown.digest) == (view, digest)) {
            return None;
        }
        let rival = place.prepared.iter().find(|shown| shown.view == view).copied();
        place.prepared.push(Shown { view, digest, node });
        if let Some(rival) = rival {
            let witness = format!(
                "{node} prepared {proposal:?}, and {} prepared digest {:04x} in that view",
                rival.node,
                rival.digest & 0xffff
            );
            return violation(PREPARED_UNIQUENESS, witness);
        }
        let committed = place.committed?;
        if committed.view < view && committed.digest != digest {
            let witness = format!(
                "{node} prepared {proposal:?}, and {} committed digest {:04x} in view {}",
                committed.node,
                committed.digest & 0xffff,
                committed.view
            );
            return violation(COMMITTED_STAYS, witness);
        }
        None
    }

    fn committed(&mut self, node: NodeId, proposal: Proposal) -> Option<Violation> {
        let Proposal { view, sequence, digest } = proposal;
        let place = self.place(sequence);
        let first = place.committed.get_or_insert(Shown { view, digest, node });
        if first.digest != digest {
            let witness = format!(
                "{node} committed {proposal:?}, and {} committed digest {:04x} in view {}",
                first.node,
                first.digest & 0xffff,
                first.view
            );
            return violation(COMMITTED_AGREEMENT, witness);
        }
        first.view = first.view.min(view);
        let rival =
            place.prepared.iter().find(|shown| shown.view > view && shown.digest != digest)?;
        let witness = format!(
            "{node} committed {proposal:?}, and {} had prepared digest {:04x} in view {}",
            rival.node,
            rival.digest & 0xffff,
            rival.view
        );
        violation(COMMITTED_STAYS, witness)
    }

    fn stable(
        &mut self,
        node: NodeId,
        sequence: Sequence,
        digest: Fingerprint,
    ) -> Option<Violation> {
        let (first, earlier) = *self.place(sequence).stable.get_or_insert((digest, node));
        let witness = || {
            format!(
                "the stable states of {node} and {earlier} after {sequence} differ: {digest:x} \
                 and {first:x}"
            )
        };
        if first == digest { None } else { violation(CHECKPOINT_STABILITY, witness()) }
    }
}
