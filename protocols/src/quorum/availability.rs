//! Availability: the exact probability that no quorum is alive.
//!
//! Every set of live nodes is looked at once, and the sets without a quorum are counted by size.
//! That makes the probability a polynomial in the chance that a node is down, whose coefficients
//! are whole numbers: no sampling, no rounding but of the last sum.

use sim_core::id::NodeId;

use super::minimal::Refusal;
use super::system::{Gate, System};

/// The most nodes of a system whose sets are all looked at.
pub const ENUMERABLE: u32 = 24;

/// How many sets of live nodes hold no quorum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outages {
    /// By the number of nodes that are alive, from 0 to all.
    pub by_alive: Vec<u64>,
}

impl Outages {
    /// Looks at every set of live nodes.
    ///
    /// # Errors
    /// More than [`ENUMERABLE`] nodes.
    pub fn of(system: &System) -> Result<Self, Refusal> {
        let nodes: Vec<NodeId> = system.nodes().iter().collect();
        if nodes.len() as u32 > ENUMERABLE {
            return Err(Refusal::Nodes(ENUMERABLE));
        }
        let test = Test::of(&system.gate, &nodes);
        let mut by_alive = vec![0; nodes.len() + 1];
        for alive in 0..1_u32 << nodes.len() {
            by_alive[alive.count_ones() as usize] += u64::from(!test.opens(alive));
        }
        Ok(Self { by_alive })
    }

    /// The probability that no quorum is alive if each node is down with probability `down`, from
    /// 0 to 1, independently.
    pub fn probability(&self, down: f64) -> f64 {
        let n = self.by_alive.len() - 1;
        let powers = |base: f64| {
            let powers = std::iter::successors(Some(1.0), move |power| Some(power * base));
            powers.take(n + 1).collect::<Vec<f64>>()
        };
        let (up, down) = (powers(1.0 - down), powers(down));
        let terms = self.by_alive.iter().enumerate();
        terms.map(|(alive, sets)| *sets as f64 * up[alive] * down[n - alive]).sum()
    }
}

/// A gate over the bits of a word.
enum Test {
    /// At least so many of these bits.
    Count {
        needed: u32,
        bits: u32,
    },
    Weigh {
        needed: u64,
        members: Vec<(u64, Self)>,
    },
}

impl Test {
    /// The gate, with the bit of each node its place among `nodes`.
    fn of(gate: &Gate, nodes: &[NodeId]) -> Self {
        let bit = |node: &NodeId| 1 << nodes.binary_search(node).unwrap_or_default();
        let (needed, members) = match gate {
            Gate::Node(node) => return Self::Count { needed: 1, bits: bit(node) },
            Gate::Weigh { needed, members } => (*needed, members),
        };
        let bits = members.iter().try_fold(0, |bits, (weight, member)| match member {
            Gate::Node(node) if *weight == 1 && bits & bit(node) == 0 => Some(bits | bit(node)),
            _ => None,
        });
        match bits {
            Some(bits) => Self::Count { needed: needed as u32, bits },
            None => {
                let tests = members.iter().map(|(weight, gate)| (*weight, Self::of(gate, nodes)));
                Self::Weigh { needed, members: tests.collect() }
            }
        }
    }

    fn opens(&self, alive: u32) -> bool {
        match self {
            Self::Count { needed, bits } => (alive & bits).count_ones() >= *needed,
            Self::Weigh { needed, members } => {
                let open = members.iter().filter(|(_, member)| member.opens(alive));
                open.map(|(weight, _)| weight).sum::<u64>() >= *needed
            }
        }
    }
}
