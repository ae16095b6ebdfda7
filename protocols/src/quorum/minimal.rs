//! Minimal quorums: those of which no node can be spared.

use std::fmt;

use sim_core::id::{NodeId, NodeSet};

use super::system::{Gate, System};

/// The most minimal quorums that are enumerated, repetitions on the way counted.
pub const MOST_QUORUMS: usize = 10_000;
/// The most members of one construction that are combined: each is a step of a recursion.
const MOST_MEMBERS: usize = 512;
/// A set of nodes below this number fits one word.
const WORD: u32 = u128::BITS;

/// Why something was not worked out: the system is too large for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// More minimal quorums than [`MOST_QUORUMS`].
    Quorums,
    /// More nodes than this.
    Nodes(u32),
    /// More members of one construction than this.
    Members(usize),
    /// The linear programme was not solved.
    Programme,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quorums => write!(f, "more than {MOST_QUORUMS} minimal quorums"),
            Self::Nodes(most) => write!(f, "more than {most} nodes"),
            Self::Members(most) => write!(f, "more than {most} members side by side"),
            Self::Programme => f.write_str("the linear programme was not solved"),
        }
    }
}

impl std::error::Error for Refusal {}

/// A set of nodes as a word.
pub(super) type Word = u128;

/// The nodes of a word.
pub(super) fn set(word: Word) -> NodeSet {
    (0..WORD).filter(|bit| word >> bit & 1 == 1).map(NodeId).collect()
}

impl System {
    /// The minimal quorums, the smallest first, then by their nodes.
    ///
    /// # Errors
    /// More than [`MOST_QUORUMS`], or a node beyond n127.
    pub fn minimal_quorums(&self) -> Result<Vec<NodeSet>, Refusal> {
        Ok(self.minimal_words()?.into_iter().map(set).collect())
    }

    pub(super) fn minimal_words(&self) -> Result<Vec<Word>, Refusal> {
        let mut words = minimal(&self.gate)?;
        words.sort_unstable_by_key(|word| (word.count_ones(), word.reverse_bits() ^ Word::MAX));
        Ok(words)
    }
}

fn minimal(gate: &Gate) -> Result<Vec<Word>, Refusal> {
    let (needed, members) = match gate {
        Gate::Node(node) if node.0 < WORD => return Ok(vec![1 << node.0]),
        Gate::Node(_) => return Err(Refusal::Nodes(WORD)),
        Gate::Weigh { needed, members } => (*needed, members),
    };
    if members.len() > MOST_MEMBERS {
        return Err(Refusal::Members(MOST_MEMBERS));
    }
    let mut weighty: Vec<_> = members.iter().filter(|(weight, _)| *weight > 0).collect();
    weighty.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let mut parts = Vec::new();
    let (mut met, mut overlapping) = (0, false);
    for (weight, member) in weighty {
        let words = minimal(member)?;
        let nodes = words.iter().fold(0, |nodes, word| nodes | word);
        overlapping |= met & nodes != 0;
        met |= nodes;
        parts.push((*weight, words));
    }
    let mut found = Vec::new();
    combine(&parts, needed, &[0], &mut found)?;
    if overlapping {
        found.sort_unstable_by_key(|word| (word.count_ones(), *word));
        let mut kept: Vec<Word> = Vec::new();
        for word in found {
            if kept.iter().all(|smaller| smaller & word != *smaller) {
                kept.push(word);
            }
        }
        found = kept;
    }
    Ok(found)
}

/// Adds every way to get `needed` from `parts`, joined to each of `so_far`.
///
/// The heaviest come first, so whoever completes the weight is the lightest chosen: without any
/// one of the chosen it would not be reached, and no way is a part of another.
fn combine(
    parts: &[(u64, Vec<Word>)],
    needed: u64,
    so_far: &[Word],
    found: &mut Vec<Word>,
) -> Result<(), Refusal> {
    if needed == 0 {
        found.extend(so_far);
        return if found.len() > MOST_QUORUMS { Err(Refusal::Quorums) } else { Ok(()) };
    }
    let in_reach: u64 = parts.iter().map(|(weight, _)| weight).sum();
    let Some(((weight, words), rest)) = parts.split_first().filter(|_| in_reach >= needed) else {
        return Ok(());
    };
    if so_far.len().saturating_mul(words.len()) > MOST_QUORUMS {
        return Err(Refusal::Quorums);
    }
    let joined: Vec<Word> =
        so_far.iter().flat_map(|word| words.iter().map(move |other| word | other)).collect();
    combine(rest, needed.saturating_sub(*weight), &joined, found)?;
    combine(rest, needed, so_far, found)
}
