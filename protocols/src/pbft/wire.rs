//! What messages are to the network: their kinds, sizes and signatures, and how liars forge them.

use sim_core::message::{Forger, Lie, Message as Speech};
use sim_core::signature::SIGNATURE_BYTES;

use super::forge;
use super::message::{Batch, Certificate, Message, PrePrepare, Prepared, Seal, ViewChange};

/// Bytes on the wire for addresses and kind.
const HEADER_BYTES: u32 = 16;
/// Bytes of a digest on the wire, as of SHA-256.
const DIGEST_BYTES: u32 = 32;
/// Bytes of a view, a sequence number or a position.
const NUMBER_BYTES: u32 = 8;
/// Bytes of a MAC; a vector of them has one for each replica (section 5.2).
const MAC_BYTES: u32 = 8;
/// Bytes of an operation and its command.
const OPERATION_BYTES: u32 = 16;
/// Bytes of what a vote is about.
const PROPOSAL_BYTES: u32 = 2 * NUMBER_BYTES + DIGEST_BYTES;

impl Seal {
    const fn bytes(self) -> u32 {
        match self {
            Self::Signed(_) => SIGNATURE_BYTES,
            Self::Macs(count) => MAC_BYTES * count,
        }
    }
}

impl Batch {
    fn bytes(&self) -> u32 {
        (OPERATION_BYTES + SIGNATURE_BYTES) * self.as_slice().len() as u32
    }
}

impl Certificate {
    fn bytes(&self) -> u32 {
        2 * NUMBER_BYTES + DIGEST_BYTES + SIGNATURE_BYTES * self.signatures.len() as u32
    }
}

impl ViewChange {
    fn bytes(&self) -> u32 {
        let prepared = self.prepared.iter().map(|prepared| {
            let seals = u32::from(prepared.pre_prepare.seal.signature().is_some());
            let seals = seals + prepared.prepares.len() as u32;
            PROPOSAL_BYTES + prepared.pre_prepare.batch.bytes() + SIGNATURE_BYTES * seals
        });
        2 * NUMBER_BYTES
            + SIGNATURE_BYTES
            + self.stable.as_ref().map_or(0, |stable| stable.bytes())
            + prepared.sum::<u32>()
            + PROPOSAL_BYTES * self.offered.len() as u32
    }
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &[
        "request",
        "pre-prepare",
        "prepare",
        "commit",
        "reply",
        "checkpoint",
        "view-change",
        "new-view",
        "status",
        "stable",
        "fetch",
        "state",
    ];

    fn kind(&self) -> usize {
        match self {
            Self::Request(_) => 0,
            Self::PrePrepare(_) => 1,
            Self::Prepare { .. } => 2,
            Self::Commit { .. } => 3,
            Self::Reply { .. } => 4,
            Self::Checkpoint(_) => 5,
            Self::ViewChange(_) => 6,
            Self::NewView(_) => 7,
            Self::Status { .. } => 8,
            Self::Stable(_) => 9,
            Self::Fetch { .. } => 10,
            Self::State(_) => 11,
        }
    }

    fn bytes(&self) -> u32 {
        HEADER_BYTES
            + match self {
                Self::Request(_) => OPERATION_BYTES + SIGNATURE_BYTES,
                Self::PrePrepare(offer) => {
                    PROPOSAL_BYTES + offer.batch.bytes() + offer.seal.bytes()
                }
                Self::Prepare { seal, .. } | Self::Commit { seal, .. } => {
                    PROPOSAL_BYTES + seal.bytes()
                }
                Self::Reply { response, seal, .. } => {
                    3 * NUMBER_BYTES + response.bytes() + seal.bytes()
                }
                Self::Checkpoint(_) => 2 * NUMBER_BYTES + DIGEST_BYTES + SIGNATURE_BYTES,
                Self::ViewChange(change) => change.bytes(),
                Self::NewView(new_view) => {
                    let changes = new_view.view_changes.iter().map(|change| change.bytes());
                    let offers = new_view.proposals.iter().map(|offer| {
                        PROPOSAL_BYTES + offer.seal.signature().map_or(0, |_| SIGNATURE_BYTES)
                    });
                    NUMBER_BYTES + SIGNATURE_BYTES + changes.sum::<u32>() + offers.sum::<u32>()
                }
                Self::Status { .. } => 2 * NUMBER_BYTES + 1,
                Self::Stable(stable) => stable.bytes(),
                Self::Fetch { .. } => 2 * NUMBER_BYTES,
                Self::State(state) => {
                    let entries = OPERATION_BYTES * state.entries.len() as u32;
                    state.stable.bytes() + NUMBER_BYTES + entries
                }
            }
    }

    fn signatures(&self) -> u32 {
        let sealed = |seal: &Seal| u32::from(seal.signature().is_some());
        let offered =
            |offer: &PrePrepare| sealed(&offer.seal) + offer.batch.as_slice().len() as u32;
        let certified =
            |prepared: &Prepared| offered(&prepared.pre_prepare) + prepared.prepares.len() as u32;
        let changed = |change: &ViewChange| {
            let stable = change.stable.as_ref().map_or(0, |stable| stable.signatures.len() as u32);
            1 + stable + change.prepared.iter().map(certified).sum::<u32>()
        };
        match self {
            Self::Request(_) | Self::Checkpoint(_) => 1,
            Self::PrePrepare(offer) => offered(offer),
            Self::Prepare { seal, .. } | Self::Commit { seal, .. } | Self::Reply { seal, .. } => {
                sealed(seal)
            }
            Self::ViewChange(change) => changed(change),
            Self::NewView(told) => {
                let changes: u32 = told.view_changes.iter().map(|change| changed(change)).sum();
                1 + changes + told.proposals.iter().map(|offer| sealed(&offer.seal)).sum::<u32>()
            }
            Self::Stable(certificate) => certificate.signatures.len() as u32,
            Self::Fetch { .. } | Self::State(_) | Self::Status { .. } => 0,
        }
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        match lie {
            Lie::Content => forge::content(self, forger),
            Lie::Round => forge::round(self, forger),
            Lie::Accusation => forge::accusation(self, forger),
            Lie::Time => None,
        }
    }
}
