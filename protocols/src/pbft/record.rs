//! What a replica writes to disk before it speaks of it.

use std::sync::Arc;

use sim_core::message;

use super::message::{
    Certificate, Delivered, NewView, PrePrepare, Prepared, Proposal, Sequence, View,
};

/// What survives of one sequence number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SavedSlot {
    /// The sequence number.
    pub sequence: Sequence,
    /// What was accepted in the current view.
    pub accepted: Option<Arc<PrePrepare>>,
    /// What was prepared in the highest view.
    pub prepared: Option<Prepared>,
    /// What was pre-prepared, by digest, each in its highest view.
    pub offered: Vec<Proposal>,
}

/// Everything that a replica must not forget, in one record: it replaces the disk's whole content
/// when a checkpoint becomes stable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The current view.
    pub view: View,
    /// Whether it has begun.
    pub active: bool,
    /// What began it.
    pub new_view: Option<Arc<NewView>>,
    /// The stable checkpoint.
    pub stable: Arc<Certificate>,
    /// The sequence number of the last checkpoint that was taken.
    pub taken: Sequence,
    /// What was delivered up to there.
    pub history: Vec<Arc<[Delivered]>>,
    /// What is above the stable checkpoint.
    pub slots: Vec<SavedSlot>,
}

/// What one write to the disk holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// The replica left for this view.
    View(View),
    /// It accepted a pre-prepare.
    Accepted(Arc<PrePrepare>),
    /// It holds a prepared certificate.
    Prepared(Prepared),
    /// It entered a view.
    NewView(Arc<NewView>),
    /// It took a checkpoint after `sequence`; `entries` were delivered since the one before.
    Checkpoint {
        /// The last sequence number that the state includes.
        sequence: Sequence,
        /// How many operations had been delivered before.
        after: u64,
        /// What was delivered.
        entries: Arc<[Delivered]>,
    },
    /// A checkpoint became stable.
    Snapshot(Arc<Snapshot>),
}

impl message::Record for Record {
    const KINDS: &'static [&'static str] =
        &["view", "accepted", "prepared", "new-view", "checkpoint", "snapshot"];

    fn kind(&self) -> usize {
        match self {
            Self::View(_) => 0,
            Self::Accepted(_) => 1,
            Self::Prepared(_) => 2,
            Self::NewView(_) => 3,
            Self::Checkpoint { .. } => 4,
            Self::Snapshot(_) => 5,
        }
    }
}
