//! The log between the watermarks: what was proposed, and who voted for it.
//!
//! Section 4.2: a replica accepts proposals for sequence numbers above the low watermark `h`, its
//! last stable checkpoint, and up to the high watermark `H`, `window` above it. Everything below is
//! forgotten (section 4.3).

use std::collections::VecDeque;
use std::sync::Arc;

use sim_core::id::NodeId;
use sim_core::signature::Signature;

use super::message::{Batch, Fingerprint, PrePrepare, Prepared, Proposal, Seal, Sequence, View};
use super::record::SavedSlot;

/// One replica's vote in one phase.
#[derive(Clone, Copy, Debug, Hash)]
struct Vote {
    voter: NodeId,
    digest: Fingerprint,
    seal: Seal,
}

/// The votes of one phase on one sequence number in the current view: one for each replica.
#[derive(Clone, Debug, Hash, Default)]
pub struct Ballots(Vec<Vote>);

impl Ballots {
    /// Takes a vote; a replica that votes again is not heard.
    pub fn add(&mut self, voter: NodeId, digest: Fingerprint, seal: Seal) {
        if self.0.iter().all(|vote| vote.voter != voter) {
            self.add_unchecked(voter, digest, seal);
        }
    }

    /// Takes a vote whoever gives it: the mutant B06 counts like this.
    pub fn add_unchecked(&mut self, voter: NodeId, digest: Fingerprint, seal: Seal) {
        self.0.push(Vote { voter, digest, seal });
    }

    /// Whether at least `quorum` votes are for this digest.
    pub fn reach(&self, quorum: u32, digest: Fingerprint) -> bool {
        // Most votes come too early to make a quorum.
        self.0.len() >= quorum as usize
            && self.0.iter().filter(|vote| vote.digest == digest).count() >= quorum as usize
    }

    /// The signatures under `count` votes for this digest, but for one voter's.
    fn signatures(&self, digest: Fingerprint, but: NodeId, count: usize) -> Arc<[Signature]> {
        let votes = self.0.iter().filter(|vote| vote.digest == digest && vote.voter != but);
        votes.filter_map(|vote| vote.seal.signature()).take(count).collect()
    }
}

/// One sequence number.
#[derive(Clone, Debug, Hash, Default)]
pub struct Slot {
    /// What was accepted in the current view.
    pub accepted: Option<Arc<PrePrepare>>,
    /// Who agreed to it; the primary's pre-prepare counts.
    pub prepares: Ballots,
    /// Who knows that a quorum agreed.
    pub commits: Ballots,
    /// The certificate of the highest view in which something was prepared (the set P).
    pub prepared: Option<Prepared>,
    /// What was pre-prepared, by digest, each in its highest view (the set Q).
    pub offered: Vec<Proposal>,
    /// What was committed, in whatever view.
    pub committed: Option<Batch>,
    /// The last view in which it was seen to be committed.
    pub committed_in: Option<View>,
}

impl Slot {
    /// What was accepted in the current view.
    pub fn proposal(&self) -> Option<Proposal> {
        self.accepted.as_ref().map(|offer| offer.proposal)
    }

    /// Whether something was prepared in this view.
    pub fn is_prepared_in(&self, view: View) -> bool {
        self.prepared.as_ref().is_some_and(|prepared| prepared.proposal().view == view)
    }

    /// Whether something was committed in this view.
    pub fn is_committed_in(&self, view: View) -> bool {
        self.committed_in == Some(view)
    }

    /// Takes note that this was pre-prepared.
    pub fn offer(&mut self, proposal: Proposal) {
        match self.offered.iter_mut().find(|offered| offered.digest == proposal.digest) {
            Some(offered) => offered.view = offered.view.max(proposal.view),
            None => self.offered.push(proposal),
        }
    }

    /// The certificate for what was accepted, from the votes of a quorum.
    pub fn certify(&self, offer: &Arc<PrePrepare>, primary: NodeId, quorum: u32) -> Prepared {
        let others = quorum as usize - 1;
        let prepares = self.prepares.signatures(offer.proposal.digest, primary, others);
        Prepared { pre_prepare: Arc::clone(offer), prepares }
    }

    /// A new view begins: its votes are counted afresh.
    fn begin_view(&mut self) {
        self.accepted = None;
        self.prepares.0.clear();
        self.commits.0.clear();
    }
}

/// The slots above the low watermark, as far as any was used.
#[derive(Clone, Debug, Hash)]
pub struct Log {
    low: Sequence,
    window: u64,
    slots: VecDeque<Slot>,
    /// The highest sequence number that is accepted in the current view.
    accepted: Sequence,
}

impl Log {
    /// An empty log whose high watermark is `window` above its low one.
    pub const fn new(window: u64) -> Self {
        Self { low: 0, window, slots: VecDeque::new(), accepted: 0 }
    }

    /// The low watermark: the last stable checkpoint.
    pub const fn low(&self) -> Sequence {
        self.low
    }

    /// The high watermark.
    pub const fn high(&self) -> Sequence {
        self.low + self.window
    }

    /// The highest sequence number that is accepted in the current view.
    pub const fn accepted(&self) -> Sequence {
        self.accepted
    }

    /// The slots in use, with their sequence numbers.
    pub fn slots(&self) -> impl Iterator<Item = (Sequence, &Slot)> {
        (self.low + 1..).zip(&self.slots)
    }

    /// A slot that is in use.
    pub fn get(&self, sequence: Sequence) -> Option<&Slot> {
        self.slots.get(usize::try_from(sequence.checked_sub(self.low + 1)?).ok()?)
    }

    /// The slot of a sequence number between the watermarks.
    pub fn slot(&mut self, sequence: Sequence) -> Option<&mut Slot> {
        if sequence <= self.low || sequence > self.high() {
            return None;
        }
        let at = (sequence - self.low - 1) as usize;
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, Slot::default);
        }
        self.slots.get_mut(at)
    }

    /// Accepts a pre-prepare; `false` if it lies outside the watermarks.
    pub fn accept(&mut self, offer: &Arc<PrePrepare>) -> bool {
        let sequence = offer.proposal.sequence;
        let Some(slot) = self.slot(sequence) else { return false };
        slot.accepted = Some(Arc::clone(offer));
        self.accepted = self.accepted.max(sequence);
        true
    }

    /// A new view begins: nothing is accepted in it yet.
    pub fn begin_view(&mut self) {
        self.accepted = self.low;
        self.slots.iter_mut().for_each(Slot::begin_view);
    }

    /// Moves the watermarks up, and forgets what is below.
    pub fn advance(&mut self, low: Sequence) {
        let gone = low.saturating_sub(self.low).min(self.slots.len() as u64);
        self.slots.drain(..gone as usize);
        self.low = self.low.max(low);
        self.accepted = self.accepted.max(low);
    }

    /// What must survive a crash.
    pub fn save(&self) -> Vec<SavedSlot> {
        self.slots()
            .map(|(sequence, slot)| SavedSlot {
                sequence,
                accepted: slot.accepted.clone(),
                prepared: slot.prepared.clone(),
                offered: slot.offered.clone(),
            })
            .collect()
    }

    /// Puts back what survived.
    pub fn restore(&mut self, saved: &SavedSlot) {
        if let Some(offer) = &saved.accepted {
            self.accept(offer);
        }
        if let Some(slot) = self.slot(saved.sequence) {
            slot.prepared.clone_from(&saved.prepared);
            slot.offered.clone_from(&saved.offered);
        }
    }
}
