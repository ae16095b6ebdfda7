//! What a new view must begin with: a function of a quorum's view changes, and of nothing else.
//!
//! The primary computes it, and every backup computes it again (section 4.4). With signed votes a
//! prepared certificate is a proof, and the one of the highest view is chosen. Without, it is a
//! claim; then the rule is that of Castro's thesis (section 3.2.4): a claim is believed if a quorum does
//! not contradict it (A1) and f+1 replicas, one of them honest, say that they pre-prepared the
//! same in its view or later (A2); and a sequence number is given up if a quorum prepared nothing
//! there (B). Until one of these holds, the new primary waits for more view changes.

use std::sync::Arc;

use super::certificates::Rules;
use super::message::{Batch, Certificate, Prepared, Proposal, Sequence, ViewChange};

/// What a new view begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The stable checkpoint that it builds on.
    pub start: Option<Arc<Certificate>>,
    /// The batches of the sequence numbers after it, without gaps.
    pub batches: Vec<(Sequence, Batch)>,
}

/// Decides, if these view changes suffice; they must be credible and of different replicas.
pub fn decide(rules: &Rules, changes: &[Arc<ViewChange>]) -> Option<Decision> {
    if !rules.quorum_of(changes.iter().map(|change| change.replica)) {
        return None;
    }
    let start = changes.iter().filter_map(|change| change.stable.clone());
    let start = start.max_by_key(|stable| stable.sequence);
    let low = start.as_ref().map_or(0, |stable| stable.sequence);
    let all = changes.iter().flat_map(|change| &change.prepared);
    let high = all.map(|prepared| prepared.proposal().sequence).max().unwrap_or(low);
    let batches = (low + 1..=high).map(|sequence| {
        let batch = match rules.signed {
            true => highest(changes, sequence),
            false => believed(rules, changes, sequence)?,
        };
        Some((sequence, batch))
    });
    Some(Decision { start, batches: batches.collect::<Option<_>>()? })
}

/// What a view change says was prepared at a sequence number.
fn claim(change: &ViewChange, sequence: Sequence) -> Option<&Prepared> {
    let at = change.prepared.binary_search_by_key(&sequence, |p| p.proposal().sequence);
    at.ok().map(|at| &change.prepared[at])
}

/// What was prepared in the highest view.
fn highest(changes: &[Arc<ViewChange>], sequence: Sequence) -> Batch {
    let claims = changes.iter().filter_map(|change| claim(change, sequence));
    let highest = claims.max_by_key(|prepared| {
        let Proposal { view, digest, .. } = prepared.proposal();
        (view, digest)
    });
    highest.map_or(Batch::Null, |prepared| prepared.pre_prepare.batch.clone())
}

/// The claim that must be believed, or nothing if there can be none; `None` if one cannot tell.
fn believed(rules: &Rules, changes: &[Arc<ViewChange>], sequence: Sequence) -> Option<Batch> {
    let mut claims: Vec<&Prepared> =
        changes.iter().filter_map(|change| claim(change, sequence)).collect();
    claims.sort_by_key(|prepared| {
        let Proposal { view, digest, .. } = prepared.proposal();
        (view, digest)
    });
    for prepared in claims.into_iter().rev() {
        let chosen = prepared.proposal();
        let agrees = |change: &&Arc<ViewChange>| {
            change.low() < sequence
                && claim(change, sequence).is_none_or(|other| {
                    let other = other.proposal();
                    other.view < chosen.view
                        || (other.view == chosen.view && other.digest == chosen.digest)
                })
        };
        let offered = |change: &&Arc<ViewChange>| {
            change.offered.iter().any(|offered| {
                (offered.sequence, offered.digest) == (sequence, chosen.digest)
                    && offered.view >= chosen.view
            })
        };
        let backed = changes.iter().filter(offered).count() > rules.liars as usize;
        if backed && rules.quorum_of(changes.iter().filter(agrees).map(|change| change.replica)) {
            return Some(prepared.pre_prepare.batch.clone());
        }
    }
    let silent = changes
        .iter()
        .filter(|change| change.low() < sequence && claim(change, sequence).is_none());
    rules.quorum_of(silent.map(|change| change.replica)).then_some(Batch::Null)
}
