//! Intersections: by how many nodes any two quorums meet, and what follows from it.
//!
//! That any two quorums meet is what makes a decision of one known to the other. If some nodes lie,
//! one common node is too few: Malkhi and Reiter ("Byzantine Quorum Systems", Distributed
//! Computing 11(4), 1998) want f + 1 where what is stored proves itself (dissemination), and
//! 2f + 1 where it does not (masking). Both also want a quorum without any liar.

use sim_core::id::NodeSet;

use super::minimal::{Refusal, set};
use super::system::System;

/// The smallest intersection of two quorums.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overlap {
    /// How many nodes the two have in common.
    pub nodes: u32,
    /// Two quorums that have no more, one of each system.
    pub pair: [NodeSet; 2],
}

/// What a reader can tell of what it reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// Values prove themselves, by signatures, say: a liar can hide one and make none up.
    Dissemination,
    /// Anybody can make anything up: liars must be outvoted.
    Masking,
}

impl Overlap {
    /// How many liars are survived by systems that meet like this and have a quorum left whichever
    /// `resilience` nodes are lost.
    pub fn liars(&self, reading: Reading, resilience: u32) -> u32 {
        let spare = self.nodes.saturating_sub(1);
        let outvoted = match reading {
            Reading::Dissemination => spare,
            Reading::Masking => spare / 2,
        };
        outvoted.min(resilience)
    }
}

/// The smallest intersection of a quorum of `a` with one of `b`.
///
/// # Errors
/// Systems with too many minimal quorums, unless any so many of the same nodes are a quorum of
/// each.
pub fn overlap(a: &System, b: &System) -> Result<Overlap, Refusal> {
    if let (Some((few, nodes)), Some((many, others))) = (a.plain(), b.plain())
        && nodes == others
    {
        let left = nodes.iter().take(few as usize).collect();
        let spared = (nodes.len() - many) as usize;
        let right = nodes.iter().skip(spared).collect();
        let common = (few + many).saturating_sub(nodes.len());
        return Ok(Overlap { nodes: common, pair: [left, right] });
    }
    let (left, right) = (a.minimal_words()?, b.minimal_words()?);
    let pairs = left.iter().flat_map(|one| right.iter().map(move |other| (*one, *other)));
    let (one, other) = first_least(pairs).expect("every system has a quorum");
    Ok(Overlap { nodes: (one & other).count_ones(), pair: [set(one), set(other)] })
}

/// The first pair with the fewest nodes in common; stops at one that has none.
fn first_least(pairs: impl Iterator<Item = (u128, u128)>) -> Option<(u128, u128)> {
    let mut least: Option<(u128, u128)> = None;
    for (one, other) in pairs {
        let common = (one & other).count_ones();
        if least.is_none_or(|(one, other)| common < (one & other).count_ones()) {
            least = Some((one, other));
        }
        if common == 0 {
            break;
        }
    }
    least
}

/// How many nodes may fail, whichever they are, so that a quorum is left.
///
/// # Errors
/// A dual with too many minimal quorums.
pub fn resilience(system: &System) -> Result<u32, Refusal> {
    if let Some((needed, nodes)) = system.plain() {
        return Ok(nodes.len() - needed);
    }
    // What meets every quorum takes them all down; one node fewer than the smallest such does not.
    let smallest = system.dual().minimal_words()?.first().map_or(0, |word| word.count_ones());
    Ok(smallest.saturating_sub(1))
}
