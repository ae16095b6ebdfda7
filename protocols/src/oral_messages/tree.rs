//! What a general was told, by the path on which it came: the recursion of OM(m), laid flat.
//!
//! OM(m) calls OM(m−1) for every lieutenant, and so on; unrolled, round `r` brings the values whose
//! paths name `r` generals. Bar-Noy, Dolev, Dwork and Strong (Inf. Comput. 97(2), 1992) call the
//! tree of these paths exponential information gathering. The value of a path is found from the
//! leaves up, as the recursion returns.

use std::collections::BTreeMap;

use sim_core::id::{NodeId, NodeSet};

use super::message::Path;
use crate::problem::decision::Choice;

/// What one general was told.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct Tree {
    /// By the number of names on the path, from 1.
    levels: Vec<BTreeMap<Path, Choice>>,
}

/// Whose tree it is, who takes part, and what stands in for what did not come.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) me: NodeId,
    pub(super) generals: NodeSet,
    /// The order of who gave none.
    pub(super) default: Choice,
}

impl Tree {
    /// An empty tree for this many rounds.
    pub(super) fn new(rounds: u32) -> Self {
        Self { levels: vec![BTreeMap::new(); rounds as usize] }
    }

    /// The number of rounds.
    pub(super) fn rounds(&self) -> usize {
        self.levels.len()
    }

    /// Keeps what came along a path that is not longer than there are rounds; the first counts.
    pub(super) fn keep(&mut self, path: Path, choice: Choice) {
        self.levels[path.len() - 1].entry(path).or_insert(choice);
    }

    /// What came along a path.
    pub(super) fn told(&self, path: &[NodeId]) -> Option<Choice> {
        self.levels.get(path.len().checked_sub(1)?)?.get(path).copied()
    }

    /// What came along paths of so many names, in the order of the paths.
    pub(super) fn level(&self, names: u32) -> impl Iterator<Item = (&Path, Choice)> {
        let level = self.levels.get(names as usize - 1).into_iter().flatten();
        level.map(|(path, choice)| (path, *choice))
    }

    /// Everything that came.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Path, Choice)> {
        self.levels.iter().flatten().map(|(path, choice)| (path, *choice))
    }

    /// What the last general of `path` ordered, as far as `view.me` can tell.
    ///
    /// At the last level that is what it said. Above, the others are asked too: the majority of
    /// what it told me and of what each of the others says that it was told.
    pub(super) fn resolve(&self, path: &Path, view: &View) -> Choice {
        let direct = self.told(path).unwrap_or(view.default);
        if path.len() == self.rounds() || path.last() == Some(&view.me) {
            return direct;
        }
        let is_witness = |general: &NodeId| *general != view.me && !path.contains(general);
        let mut votes = vec![direct];
        for witness in view.generals.iter().filter(is_witness) {
            let mut through = path.clone();
            through.push(witness);
            votes.push(self.resolve(&through, view));
        }
        majority(&votes).unwrap_or(view.default)
    }
}

/// What more than half of the votes are for. Where nothing is, the default decides: all loyal
/// generals must break a tie alike, and the order in which votes came in differs among them.
pub(super) fn majority(votes: &[Choice]) -> Option<Choice> {
    let count = |choice: Choice| votes.iter().filter(|vote| **vote == choice).count();
    votes.iter().copied().find(|choice| 2 * count(*choice) > votes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Choice = Choice::new(0, 3);
    const B: Choice = Choice::new(1, 3);
    const C: Choice = Choice::new(2, 3);

    fn path(names: &[u32]) -> Path {
        names.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn a_majority_is_more_than_half() {
        assert_eq!(majority(&[A]), Some(A));
        assert_eq!(majority(&[A, B, A]), Some(A));
        assert_eq!(majority(&[B, C, A, C, C]), Some(C));
        assert_eq!(majority(&[A, B]), None);
        assert_eq!(majority(&[A, A, B, C]), None, "a plurality is not enough");
        assert_eq!(majority(&[]), None);
    }

    #[test]
    fn of_two_values_for_a_path_the_first_is_kept() {
        let mut tree = Tree::new(2);
        tree.keep(path(&[0]), A);
        tree.keep(path(&[0]), B);
        tree.keep(path(&[0, 2]), B);
        assert_eq!(tree.told(&path(&[0])), Some(A));
        assert_eq!(tree.told(&path(&[0, 1])), None);
        assert_eq!(tree.told(&path(&[])), None);
        assert!(tree.level(2).eq([(&path(&[0, 2]), B)]));
        assert_eq!(tree.all().count(), 2);
    }

    #[test]
    fn what_did_not_come_counts_as_the_default() {
        let generals = (0..4).map(NodeId).collect();
        let view = &View { me: NodeId(1), generals, default: C };
        let mut tree = Tree::new(2);
        assert_eq!(tree.resolve(&path(&[0]), view), C);
        // One of three said A, and two said nothing.
        tree.keep(path(&[0]), A);
        assert_eq!(tree.resolve(&path(&[0]), view), C);
        tree.keep(path(&[0, 2]), A);
        assert_eq!(tree.resolve(&path(&[0]), view), A);
    }
}
