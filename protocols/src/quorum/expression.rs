//! Expressions: quorum systems as people write them.
//!
//! An expression is kept as it was written, so that a file, an error and a table name a system the
//! same way. What it means depends on the cluster: a construction that lists no members is over
//! all nodes.

use std::fmt;

use sim_core::id::NodeId;

/// A quorum system as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Expression {
    /// `n0`: this node alone.
    Node(NodeId),
    /// `a & b`: a quorum of each.
    All(Vec<Self>),
    /// `a | b`: a quorum of any.
    Any(Vec<Self>),
    /// `majority`, `grid(3, 3)`, `choose(2, n0, n1, n2)`: a construction.
    Built {
        /// Which.
        shape: Shape,
        /// Over what; nothing means all nodes, in their order.
        members: Vec<Self>,
    },
    /// `weighted(3, 2 * n0, n1, n2)`: members that weigh so much together (Gifford 1979).
    Weighted {
        /// How much is needed, at least 1.
        needed: u32,
        /// Each member and what it weighs.
        members: Vec<(u32, Self)>,
    },
    /// `dual(a)`: what meets every quorum of `a`.
    Dual(Box<Self>),
}

/// A construction, over members in their order.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Shape {
    /// More than half of the members.
    Majority,
    /// Any so many of the members.
    Choose(u32),
    /// A whole row and a whole column; members lie row by row.
    Grid {
        /// How many rows.
        rows: u32,
        /// How many columns.
        columns: u32,
    },
    /// A path from the root of a binary tree to a leaf; where a node on it is down, paths from
    /// both its children stand in (Agrawal and El Abbadi 1991). Members lie level by level.
    Tree,
    /// A majority of groups, each by a majority of its groups, and so on down (Kumar 1991).
    Hierarchical(
        /// The number of parts at each level, from the top.
        Vec<u32>,
    ),
    /// The first member, the hub, and any other; or all others.
    Wheel,
    /// A whole row, and one of each row below (Peleg and Wool 1997).
    Wall(
        /// The width of each row, from the top.
        Vec<u32>,
    ),
}

impl Shape {
    /// Every construction: its word, and how many numbers follow it (`None`: one or more).
    pub(super) const WORDS: [(&'static str, Option<usize>); 7] = [
        ("majority", Some(0)),
        ("choose", Some(1)),
        ("grid", Some(2)),
        ("tree", Some(0)),
        ("hierarchical", None),
        ("wheel", Some(0)),
        ("wall", None),
    ];

    /// The construction of this word with these numbers; there must be as many as it takes.
    pub(super) fn of(word: &str, numbers: &[u32]) -> Option<Self> {
        Some(match (word, numbers) {
            ("majority", []) => Self::Majority,
            ("choose", &[needed]) => Self::Choose(needed),
            ("grid", &[rows, columns]) => Self::Grid { rows, columns },
            ("tree", []) => Self::Tree,
            ("hierarchical", [_, ..]) => Self::Hierarchical(numbers.to_vec()),
            ("wheel", []) => Self::Wheel,
            ("wall", [_, ..]) => Self::Wall(numbers.to_vec()),
            _ => return None,
        })
    }

    /// Its word and its numbers.
    fn words(&self) -> (&'static str, Vec<u32>) {
        match self {
            Self::Majority => ("majority", vec![]),
            Self::Choose(needed) => ("choose", vec![*needed]),
            Self::Grid { rows, columns } => ("grid", vec![*rows, *columns]),
            Self::Tree => ("tree", vec![]),
            Self::Hierarchical(parts) => ("hierarchical", parts.clone()),
            Self::Wheel => ("wheel", vec![]),
            Self::Wall(widths) => ("wall", widths.clone()),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "{node}"),
            Self::All(members) => joined(f, members, " & ", Self::is_compound),
            Self::Any(members) => {
                joined(f, members, " | ", |member| matches!(member, Self::Any(_)))
            }
            Self::Built { shape, members } => {
                let (word, numbers) = shape.words();
                let numbers = numbers.iter().map(ToString::to_string);
                let members = members.iter().map(ToString::to_string);
                let arguments: Vec<_> = numbers.chain(members).collect();
                f.write_str(word)?;
                if arguments.is_empty() { Ok(()) } else { write!(f, "({})", arguments.join(", ")) }
            }
            Self::Weighted { needed, members } => {
                write!(f, "weighted({needed}")?;
                for (weight, member) in members {
                    match weight {
                        1 => write!(f, ", {member}")?,
                        _ if member.is_compound() => write!(f, ", {weight} * ({member})")?,
                        _ => write!(f, ", {weight} * {member}")?,
                    }
                }
                f.write_str(")")
            }
            Self::Dual(of) => write!(f, "dual({of})"),
        }
    }
}

impl Expression {
    const fn is_compound(&self) -> bool {
        matches!(self, Self::All(_) | Self::Any(_))
    }
}

/// The members with `between` them, those in brackets that would read otherwise.
fn joined(
    f: &mut fmt::Formatter<'_>,
    members: &[Expression],
    between: &str,
    in_brackets: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (index, member) in members.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        if in_brackets(member) {
            write!(f, "({member})")?;
        } else {
            write!(f, "{member}")?;
        }
    }
    Ok(())
}
