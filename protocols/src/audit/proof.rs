//! Proofs: made from the tree, verified without it.

use super::{Hash, Tree, node, split};

impl Tree {
    /// The proof that leaf `index` is in the tree of the first `size` leaves; `None` if it is not.
    pub fn inclusion(&self, index: usize, size: usize) -> Option<Vec<Hash>> {
        if index >= size || size > self.len() {
            return None;
        }
        let mut path = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(self.subtree(middle, end));
                end = middle;
            } else {
                path.push(self.subtree(start, middle));
                start = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// The proof that the tree of the first `new` leaves begins with that of the first `old`;
    /// `None` if there are not so many, or none at all to begin with.
    pub fn consistency(&self, old: usize, new: usize) -> Option<Vec<Hash>> {
        if old == 0 || old > new || new > self.len() {
            return None;
        }
        let mut path = Vec::new();
        let (mut start, mut end) = (0, new);
        // Whether the subtree at hand begins where the old tree does: then the verifier knows it.
        let mut is_known = true;
        while old != end {
            let middle = start + split(end - start);
            if old <= middle {
                path.push(self.subtree(middle, end));
                end = middle;
            } else {
                path.push(self.subtree(start, middle));
                start = middle;
                is_known = false;
            }
        }
        if !is_known {
            path.push(self.subtree(start, end));
        }
        path.reverse();
        Some(path)
    }
}

/// Whether `path` proves that `leaf` is at `index` of the tree of `size` leaves with this root
/// (RFC 9162, section 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Hash,
    index: usize,
    size: usize,
    path: &[Hash],
    root: &Hash,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            hash = node(step, &hash);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, step);
        }
        place /= 2;
        last /= 2;
    }
    last == 0 && hash == *root
}

/// Whether `path` proves that the tree of `new` leaves with root `new_root` begins with that of
/// `old` leaves with root `old_root` (RFC 9162, section 2.1.4.2). Every tree begins with the empty
/// one.
pub fn verify_consistency(
    (old, old_root): (usize, &Hash),
    (new, new_root): (usize, &Hash),
    path: &[Hash],
) -> bool {
    if old == 0 {
        return path.is_empty() && *old_root == super::empty();
    }
    if old >= new {
        return old == new && path.is_empty() && old_root == new_root;
    }
    // A complete old tree is itself the first step, which the proof leaves out.
    let mut steps = old.is_power_of_two().then_some(old_root).into_iter().chain(path);
    let Some(first) = steps.next() else { return false };
    let (mut place, mut last) = (old - 1, new - 1);
    while place % 2 == 1 {
        place /= 2;
        last /= 2;
    }
    let (mut before, mut after) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            before = node(step, &before);
            after = node(step, &after);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            after = node(&after, step);
        }
        place /= 2;
        last /= 2;
    }
    last == 0 && before == *old_root && after == *new_root
}
