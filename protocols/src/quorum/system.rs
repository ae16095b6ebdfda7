//! Systems: expressions on a cluster, as trees of gates.
//!
//! A gate opens when its open members weigh enough. Every construction is such a tree, and so is
//! its dual: a set meets every quorum exactly if what it leaves out holds none, so the dual of "at
//! least k of a total of w" is "at least w − k + 1", over the duals of the members.

use std::fmt;

use sim_core::id::{Cluster, NodeId, NodeSet};

use super::expression::{Expression, Shape};

/// The most gates and nodes of a system, repetitions counted.
const MOST_PARTS: usize = 100_000;

/// A quorum system on a cluster.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct System {
    pub(super) gate: Gate,
}

/// A node, or what opens when its open members weigh enough.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) enum Gate {
    Node(NodeId),
    Weigh { needed: u64, members: Vec<(u64, Self)> },
}

/// Why an expression is no quorum system on a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misbuilt(
    /// What is wrong, and what would be right.
    pub String,
);

impl fmt::Display for Misbuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misbuilt {}

impl System {
    /// What the expression means on this cluster.
    ///
    /// # Errors
    /// That it names a node that is not there, or that a construction does not fit its members.
    pub fn new(expression: &Expression, cluster: Cluster) -> Result<Self, Misbuilt> {
        build(expression, cluster).map(|gate| Self { gate })
    }

    /// Whether these nodes hold a quorum.
    pub fn is_quorum(&self, nodes: &NodeSet) -> bool {
        self.gate.opens(&|node| nodes.contains(node))
    }

    /// The system whose quorums are the sets that meet every quorum of this one.
    #[must_use]
    pub fn dual(&self) -> Self {
        Self { gate: self.gate.dual() }
    }

    /// The nodes that it speaks of.
    pub fn nodes(&self) -> NodeSet {
        let mut nodes = NodeSet::EMPTY;
        self.gate.gather(&mut nodes);
        nodes
    }

    /// If any `k` of some nodes are a quorum, and nothing else is: `k` and those nodes.
    pub(super) fn plain(&self) -> Option<(u32, NodeSet)> {
        match &self.gate {
            Gate::Node(node) => Some((1, NodeSet::from_iter([*node]))),
            Gate::Weigh { needed, members } => {
                let mut nodes = NodeSet::EMPTY;
                let all_plain = members.iter().all(|(weight, member)| {
                    matches!(member, Gate::Node(node) if *weight == 1 && nodes.insert(*node))
                });
                all_plain.then_some((*needed as u32, nodes))
            }
        }
    }
}

impl Gate {
    /// A gate for which so many of its members must be open.
    fn choose(needed: u64, members: impl IntoIterator<Item = Self>) -> Self {
        Self::Weigh { needed, members: members.into_iter().map(|member| (1, member)).collect() }
    }

    fn all(members: impl IntoIterator<Item = Self>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        Self::choose(members.len() as u64, members)
    }

    fn any(members: impl IntoIterator<Item = Self>) -> Self {
        Self::choose(1, members)
    }

    fn majority(members: Vec<Self>) -> Self {
        Self::choose(members.len() as u64 / 2 + 1, members)
    }

    fn opens(&self, is_open: &impl Fn(NodeId) -> bool) -> bool {
        match self {
            Self::Node(node) => is_open(*node),
            Self::Weigh { needed, members } => {
                let mut lacking = *needed;
                members.iter().any(|(weight, member)| {
                    if member.opens(is_open) {
                        lacking = lacking.saturating_sub(*weight);
                    }
                    lacking == 0
                })
            }
        }
    }

    fn dual(&self) -> Self {
        match self {
            Self::Node(node) => Self::Node(*node),
            Self::Weigh { needed, members } => {
                let total: u64 = members.iter().map(|(weight, _)| weight).sum();
                Self::Weigh {
                    needed: total - needed + 1,
                    members: members.iter().map(|(weight, gate)| (*weight, gate.dual())).collect(),
                }
            }
        }
    }

    fn gather(&self, nodes: &mut NodeSet) {
        match self {
            Self::Node(node) => {
                nodes.insert(*node);
            }
            Self::Weigh { members, .. } => {
                members.iter().for_each(|(_, member)| member.gather(nodes));
            }
        }
    }

    fn parts(&self) -> usize {
        match self {
            Self::Node(_) => 1,
            Self::Weigh { members, .. } => {
                1 + members.iter().map(|(_, member)| member.parts()).sum::<usize>()
            }
        }
    }
}

fn wrong<T>(reason: String) -> Result<T, Misbuilt> {
    Err(Misbuilt(reason))
}

fn build(expression: &Expression, cluster: Cluster) -> Result<Gate, Misbuilt> {
    let several = |members: &[Expression]| {
        members.iter().map(|member| build(member, cluster)).collect::<Result<Vec<_>, _>>()
    };
    match expression {
        Expression::Node(node) if cluster.contains(*node) => Ok(Gate::Node(*node)),
        Expression::Node(node) => {
            let last = NodeId(cluster.n.saturating_sub(1));
            wrong(format!("there is no {node}: the last node is {last}"))
        }
        Expression::All(members) | Expression::Any(members) if members.is_empty() => {
            wrong("a quorum of nothing: give at least one member".into())
        }
        Expression::All(members) => several(members).map(Gate::all),
        Expression::Any(members) => several(members).map(Gate::any),
        Expression::Dual(of) => build(of, cluster).map(|gate| gate.dual()),
        Expression::Weighted { needed, members } => {
            let needed = u64::from(*needed);
            let total: u64 = members.iter().map(|(weight, _)| u64::from(*weight)).sum();
            if needed == 0 || needed > total {
                return wrong(format!(
                    "`{expression}` needs a weight of {needed} out of {total}: give 1 to {total}"
                ));
            }
            let weights = members.iter().map(|(weight, _)| u64::from(*weight));
            let gates = members.iter().map(|(_, member)| build(member, cluster));
            let gates = gates.collect::<Result<Vec<_>, _>>()?;
            Ok(Gate::Weigh { needed, members: weights.zip(gates).collect() })
        }
        Expression::Built { shape, members } => {
            let members = match members.as_slice() {
                [] => cluster.nodes().map(Gate::Node).collect(),
                members => several(members)?,
            };
            construct(expression, shape, members)
        }
    }
}

/// The construction over these members.
fn construct(of: &Expression, shape: &Shape, members: Vec<Gate>) -> Result<Gate, Misbuilt> {
    let count = members.len() as u64;
    // All of these numbers are counts of members: products and sums beyond u64 fit no cluster.
    let fits = |wanted: Option<u64>, how: String| match wanted {
        Some(wanted) if wanted == count => Ok(()),
        Some(wanted) => wrong(format!("`{of}` is over {how} = {wanted} members, here are {count}")),
        None => wrong(format!("`{of}` is over more members than can be counted")),
    };
    let product = |parts: &[u32]| {
        parts.iter().try_fold(1_u64, |product, part| product.checked_mul((*part).into()))
    };
    let listed = |parts: &[u32], mark: &str| {
        parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(mark)
    };
    match shape {
        Shape::Majority => Ok(Gate::majority(members)),
        Shape::Choose(needed) if (1..=count).contains(&u64::from(*needed)) => {
            Ok(Gate::choose((*needed).into(), members))
        }
        Shape::Choose(needed) => {
            wrong(format!("`{of}` wants {needed} of {count} members: give 1 to {count}"))
        }
        Shape::Grid { rows, columns } => {
            let sides = [*rows, *columns];
            fits(product(&sides), listed(&sides, " × "))?;
            roomy(of, 2 * parts(&members))?;
            Ok(grid(&members, *columns as usize))
        }
        Shape::Tree if (count + 1).is_power_of_two() => Ok(tree(&members, 0)),
        Shape::Tree => wrong(format!(
            "`{of}` is over a full binary tree of 1, 3, 7, 15, … members, here are {count}"
        )),
        Shape::Hierarchical(levels) => {
            fits(product(levels), listed(levels, " × "))?;
            Ok(hierarchy(members, levels))
        }
        Shape::Wheel if count >= 3 => wall(of, &members, &[1, count as usize - 1]),
        Shape::Wheel => wrong(format!("`{of}` is over 3 members or more, here are {count}")),
        Shape::Wall(widths) if widths.contains(&0) => {
            wrong(format!("`{of}` has a row of width 0: give 1 or more"))
        }
        Shape::Wall(widths) => {
            let sum = widths.iter().map(|width| u64::from(*width)).sum();
            fits(Some(sum), listed(widths, " + "))?;
            let widths: Vec<_> = widths.iter().map(|width| *width as usize).collect();
            wall(of, &members, &widths)
        }
    }
}

fn parts(members: &[Gate]) -> usize {
    members.iter().map(Gate::parts).sum()
}

/// Refuses what repeats its members too often.
fn roomy(of: &Expression, parts: usize) -> Result<(), Misbuilt> {
    if parts <= MOST_PARTS {
        return Ok(());
    }
    wrong(format!("`{of}` has {parts} parts: at most {MOST_PARTS} can be held"))
}

fn grid(members: &[Gate], columns: usize) -> Gate {
    let row = |row: &[Gate]| Gate::all(row.iter().cloned());
    let column = |at: usize| Gate::all(members.iter().skip(at).step_by(columns).cloned());
    Gate::all([Gate::any(members.chunks(columns).map(row)), Gate::any((0..columns).map(column))])
}

/// Of a node and the paths through each of its children, two: so the paths of both children
/// replace the node.
fn tree(members: &[Gate], root: usize) -> Gate {
    let node = members[root].clone();
    if 2 * root + 2 < members.len() {
        Gate::choose(2, [node, tree(members, 2 * root + 1), tree(members, 2 * root + 2)])
    } else {
        node
    }
}

fn hierarchy(members: Vec<Gate>, levels: &[u32]) -> Gate {
    let Some((_, below)) = levels.split_first().filter(|(_, below)| !below.is_empty()) else {
        return Gate::majority(members);
    };
    let group: usize = below.iter().map(|parts| *parts as usize).product();
    Gate::majority(members.chunks(group).map(|part| hierarchy(part.to_vec(), below)).collect())
}

fn wall(of: &Expression, members: &[Gate], widths: &[usize]) -> Result<Gate, Misbuilt> {
    roomy(of, parts(members).saturating_mul(widths.len()))?;
    let mut rest = members;
    let rows: Vec<&[Gate]> = widths
        .iter()
        .map(|width| {
            let (row, below) = rest.split_at(*width);
            rest = below;
            row
        })
        .collect();
    Ok(Gate::any((0..rows.len()).map(|at| {
        let below = rows[at + 1..].iter().map(|row| Gate::any(row.iter().cloned()));
        Gate::all(rows[at].iter().cloned().chain(below))
    })))
}
