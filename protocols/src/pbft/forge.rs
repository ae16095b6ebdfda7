//! Lies of a replica: well formed, of the same kind, and signed anew where the liar has the key.
//!
//! A liar cannot sign for a client, so it cannot make up a request: what it can do is leave out
//! and reorder. The lie about a proposal depends on nothing but the proposal, so that liars who
//! collude tell the same one: a batch with an odd digest is passed off as the null request (or,
//! if it has several requests, turned round), one with an even digest is told truly. A lie about
//! everything would leave the deceived with nothing but null requests, and nothing to contradict.

use std::sync::Arc;

use sim_core::id::OpId;
use sim_core::message::Forger;
use sim_core::rng::Random as _;
use sim_core::signature::Signature;

use super::message::{
    Batch, Checkpoint, Message, NewView, Phase, PrePrepare, Prepared, Proposal, Seal, State, View,
    ViewChange,
};
use crate::problem::kv::Response;

/// How far a liar's later view lies ahead, at most.
const VIEWS_AHEAD: u64 = 3;

fn reseal(seal: Seal, phase: Phase, proposal: &Proposal, forger: &Forger<'_>) -> Seal {
    seal.resigned(|old| forger.resign(old, phase.domain(), proposal))
}

/// The batch that is offered in another's place.
fn other_batch(batch: &Batch) -> Batch {
    match batch {
        Batch::Null | Batch::One(_) => Batch::Null,
        Batch::Many(requests) => Batch::of(&requests.iter().rev().copied().collect::<Vec<_>>()),
    }
}

fn pre_prepare(offer: &PrePrepare, forger: &Forger<'_>) -> Option<PrePrepare> {
    if offer.proposal.digest.is_multiple_of(2) {
        return None;
    }
    let batch = other_batch(&offer.batch);
    let proposal = Proposal { digest: batch.digest(), ..offer.proposal };
    let seal = reseal(offer.seal, Phase::PrePrepare, &proposal, forger);
    (proposal != offer.proposal).then_some(PrePrepare { proposal, batch, seal })
}

/// The vote that supports the lie about a proposal of one request.
fn vote(proposal: Proposal) -> Option<Proposal> {
    let digest = Batch::Null.digest();
    (proposal.digest % 2 == 1 && proposal.digest != digest)
        .then_some(Proposal { digest, ..proposal })
}

/// Certificates whose signatures are left as they are, under another sequence number and the
/// highest view that could be: what a signature that binds too little would let pass.
fn transplanted(change: &ViewChange) -> Vec<Prepared> {
    let sequences: Vec<_> =
        change.prepared.iter().map(|prepared| prepared.proposal().sequence).collect();
    let others = change.prepared.iter().cycle().skip(1);
    sequences
        .into_iter()
        .zip(others)
        .map(|(sequence, prepared)| {
            let mut offer = PrePrepare::clone(&prepared.pre_prepare);
            offer.proposal = Proposal { view: change.view - 1, sequence, ..offer.proposal };
            Prepared { pre_prepare: Arc::new(offer), prepares: prepared.prepares.clone() }
        })
        .collect()
}

fn sign_view_change(mut change: ViewChange, forger: &Forger<'_>) -> Message {
    change.signature = forger.resign(change.signature, "view-change", &change.claim());
    Message::ViewChange(Arc::new(change))
}

/// Leaves out what was prepared, or passes off certificates as others.
fn view_change(change: &ViewChange, forger: &mut Forger<'_>) -> Option<Message> {
    if change.prepared.is_empty() {
        return None;
    }
    let mut told = change.clone();
    told.prepared = if forger.draw.below(2) == 0 { Vec::new() } else { transplanted(change) };
    told.offered.clear();
    Some(sign_view_change(told, forger))
}

fn sign_new_view(mut new_view: NewView, forger: &Forger<'_>) -> Message {
    new_view.signature = forger.resign(new_view.signature, "new-view", &new_view.claim());
    Message::NewView(Arc::new(new_view))
}

/// Proposes null requests in place of what may have been committed.
fn new_view(told: &NewView, forger: &Forger<'_>) -> Option<Message> {
    let null = Batch::Null.digest();
    if told.proposals.iter().all(|offer| offer.proposal.digest == null) {
        return None;
    }
    let mut told = told.clone();
    for offer in &mut told.proposals {
        let proposal = Proposal { digest: null, ..offer.proposal };
        let seal = reseal(offer.seal, Phase::PrePrepare, &proposal, forger);
        *offer = Arc::new(PrePrepare { proposal, batch: Batch::Null, seal });
    }
    Some(sign_new_view(told, forger))
}

fn checkpoint(told: &Checkpoint, forger: &Forger<'_>) -> Checkpoint {
    let mut told = Checkpoint { digest: !told.digest, ..*told };
    told.signature = forger.resign(told.signature, "checkpoint", &told.claim());
    told
}

/// A state without its last entry.
fn state(told: &State) -> Option<State> {
    let mut told = told.clone();
    told.entries.pop()?;
    Some(told)
}

/// A reply that says this.
const fn reply(told: (View, OpId, u64, Response), seal: Seal) -> Message {
    let (view, op, position, response) = told;
    Message::Reply { view, op, position, response, seal }
}

/// Says something else.
pub(super) fn content(message: &Message, forger: &mut Forger<'_>) -> Option<Message> {
    Some(match message {
        Message::PrePrepare(offer) => Message::PrePrepare(Arc::new(pre_prepare(offer, forger)?)),
        Message::Prepare { proposal, seal } => {
            let proposal = vote(*proposal)?;
            Message::Prepare { proposal, seal: reseal(*seal, Phase::Prepare, &proposal, forger) }
        }
        Message::Commit { proposal, seal } => {
            let proposal = vote(*proposal)?;
            Message::Commit { proposal, seal: reseal(*seal, Phase::Commit, &proposal, forger) }
        }
        Message::Reply { view, op, position, response, seal } => {
            let told = (*view, *op, position + 1, *response);
            let resign = |old: Signature| forger.resign(old, "reply", &told);
            reply(told, seal.resigned(resign))
        }
        Message::Checkpoint(told) => Message::Checkpoint(checkpoint(told, forger)),
        Message::ViewChange(change) => return view_change(change, forger),
        Message::NewView(told) => return new_view(told, forger),
        Message::Status { view, active, executed } => {
            let executed = executed + 1 + forger.draw.below(64);
            Message::Status { view: *view, active: *active, executed }
        }
        Message::State(told) => Message::State(Arc::new(state(told)?)),
        // A request and a stable certificate are signed by others, and to want too little or too
        // much deceives nobody.
        Message::Request(_) | Message::Stable(_) | Message::Fetch { .. } => return None,
    })
}

/// Says that the primary has failed, and moves to the next view with nothing prepared.
pub(super) fn accusation(message: &Message, forger: &Forger<'_>) -> Option<Message> {
    let (Message::Prepare { proposal, .. } | Message::Commit { proposal, .. }) = message else {
        return None;
    };
    let (replica, signer) = forger.speaker()?;
    let (stable, prepared, offered) = (None, Vec::new(), Vec::new());
    let signature = signer.sign("view-change", &0_u8);
    let change =
        ViewChange { view: proposal.view + 1, replica, stable, prepared, offered, signature };
    Some(sign_view_change(change, forger))
}

/// Says the same of a later view.
pub(super) fn round(message: &Message, forger: &mut Forger<'_>) -> Option<Message> {
    let ahead = 1 + forger.draw.below(VIEWS_AHEAD);
    let later = |proposal: &Proposal| Proposal { view: proposal.view + ahead, ..*proposal };
    Some(match message {
        Message::PrePrepare(offer) => {
            let proposal = later(&offer.proposal);
            let seal = reseal(offer.seal, Phase::PrePrepare, &proposal, forger);
            Message::PrePrepare(Arc::new(PrePrepare { proposal, batch: offer.batch.clone(), seal }))
        }
        Message::Prepare { proposal, seal } => {
            let proposal = later(proposal);
            Message::Prepare { proposal, seal: reseal(*seal, Phase::Prepare, &proposal, forger) }
        }
        Message::Commit { proposal, seal } => {
            let proposal = later(proposal);
            Message::Commit { proposal, seal: reseal(*seal, Phase::Commit, &proposal, forger) }
        }
        Message::Reply { view, op, position, response, seal } => {
            let told = (view + ahead, *op, *position, *response);
            let resign = |old: Signature| forger.resign(old, "reply", &told);
            reply(told, seal.resigned(resign))
        }
        Message::ViewChange(change) => {
            let view = change.view + ahead;
            sign_view_change(ViewChange { view, ..ViewChange::clone(change) }, forger)
        }
        Message::NewView(told) => {
            let view = told.view + ahead;
            sign_new_view(NewView { view, ..NewView::clone(told) }, forger)
        }
        Message::Status { view, active, executed } => {
            Message::Status { view: view + ahead, active: *active, executed: *executed }
        }
        Message::Request(_)
        | Message::Checkpoint(_)
        | Message::Stable(_)
        | Message::Fetch { .. }
        | Message::State(_) => return None,
    })
}
