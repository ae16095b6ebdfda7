//! The tree against the definition, and the proofs against everything that is not one.

use sha2::{Digest as _, Sha256};

use super::*;

const SIZES: usize = 64;

/// RFC 6962, section 2.1, word for word: MTH of a list of entries.
fn by_definition(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => Sha256::digest([]).into(),
        [one] => Sha256::digest([&[0], one.as_slice()].concat()).into(),
        more => {
            let mut k = 1;
            while k * 2 < more.len() {
                k *= 2;
            }
            let (left, right) = (by_definition(&more[..k]), by_definition(&more[k..]));
            Sha256::digest([&[1], left.as_slice(), right.as_slice()].concat()).into()
        }
    }
}

fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("entry {number}").into_bytes()).collect()
}

fn tree(count: usize) -> Tree {
    Tree::over(entries(count).iter().map(|entry| leaf(entry)))
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Something else with one bit changed.
fn flipped(hash: &Hash) -> Hash {
    let mut other = *hash;
    other[17] ^= 4;
    other
}

#[test]
fn only_the_tree_without_leaves_is_empty() {
    assert_eq!([0, 1, 2].map(|count| tree(count).is_empty()), [true, false, false]);
}

#[test]
fn hashes_are_those_of_sha_256() {
    // FIPS 180-4: the message without bits; and the leaf without bytes, which is that of one zero.
    assert_eq!(hex(&empty()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(hex(&leaf(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

#[test]
fn the_root_of_every_prefix_is_that_of_the_definition() {
    let (tree, entries) = (tree(SIZES), entries(SIZES));
    for size in 0..=SIZES {
        assert_eq!(tree.root_at(size), Some(by_definition(&entries[..size])), "{size}");
        assert_eq!(
            super::Tree::over(tree.leaves()[..size].iter().copied()).root_at(size),
            tree.root_at(size)
        );
    }
    assert_eq!(tree.root_at(SIZES + 1), None);
    assert_eq!(Tree::default().root(), empty());
}

#[test]
fn every_leaf_of_every_tree_is_proved_at_its_place_and_at_no_other() {
    let tree = tree(SIZES);
    for size in 1..=SIZES {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let path = tree.inclusion(index, size).unwrap();
            let leaf = tree.leaves()[index];
            assert!(verify_inclusion(&leaf, index, size, &path, &root), "{index} of {size}");
            let height = usize::BITS - (size - 1).leading_zeros();
            assert!(path.len() <= height as usize, "{index} of {size}");
            for other in (0..=size).filter(|other| *other != index) {
                assert!(!verify_inclusion(&leaf, other, size, &path, &root), "{other} of {size}");
            }
            assert!(!verify_inclusion(&flipped(&leaf), index, size, &path, &root));
            assert!(!verify_inclusion(&leaf, index, size, &path, &flipped(&root)));
        }
    }
    assert_eq!(tree.inclusion(3, 3), None);
    assert_eq!(tree.inclusion(0, SIZES + 1), None);
}

#[test]
fn a_path_that_was_changed_cut_or_prolonged_proves_nothing() {
    let tree = tree(SIZES);
    for size in 2..=SIZES {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let leaf = tree.leaves()[index];
            let path = tree.inclusion(index, size).unwrap();
            let proves = |path: &[Hash]| verify_inclusion(&leaf, index, size, path, &root);
            for step in 0..path.len() {
                let mut changed = path.clone();
                changed[step] = flipped(&changed[step]);
                assert!(!proves(&changed), "step {step} for {index} of {size}");
            }
            assert!(!proves(&path[1..]) && !proves(&path[..path.len() - 1]));
            assert!(!proves(&[path.as_slice(), &[root]].concat()));
        }
    }
}

#[test]
fn every_tree_begins_with_every_smaller_one_and_the_proof_is_for_no_other() {
    let tree = tree(SIZES);
    for new in 1..=SIZES {
        for old in 1..=new {
            let (old_root, new_root) = (tree.root_at(old).unwrap(), tree.root_at(new).unwrap());
            let path = tree.consistency(old, new).unwrap();
            let proves = |old: (usize, &Hash), new: (usize, &Hash), path: &[Hash]| {
                verify_consistency(old, new, path)
            };
            assert!(proves((old, &old_root), (new, &new_root), &path), "{old} to {new}");
            assert!(!proves((old, &flipped(&old_root)), (new, &new_root), &path));
            assert!(!proves((old, &old_root), (new, &flipped(&new_root)), &path));
            for step in 0..path.len() {
                let mut changed = path.clone();
                changed[step] = flipped(&changed[step]);
                assert!(!proves((old, &old_root), (new, &new_root), &changed), "{old} to {new}");
            }
            let longer = [path.as_slice(), &[new_root]].concat();
            assert!(!proves((old, &old_root), (new, &new_root), &longer), "{old} to {new}");
            if let Some((_, shorter)) = path.split_last() {
                assert!(!proves((old, &old_root), (new, &new_root), shorter), "{old} to {new}");
            }
        }
    }
    assert_eq!((tree.consistency(0, 1), tree.consistency(2, 1)), (None, None));
    assert!(verify_consistency((0, &empty()), (SIZES, &tree.root()), &[]));
}

#[test]
fn a_log_that_was_altered_cut_or_reordered_begins_with_none_that_was_seen_before() {
    const OLD: usize = 21;
    let tree = tree(SIZES);
    let seen = tree.root_at(OLD).unwrap();
    let refuses = |leaves: Vec<Hash>| {
        let other = Tree::over(leaves);
        let (new, root) = (other.len(), other.root());
        let path = other.consistency(OLD, new).unwrap_or_default();
        assert!(!verify_consistency((OLD, &seen), (new, &root), &path), "{new} leaves");
        assert_ne!(other.root_at(OLD), Some(seen));
    };
    let leaves = tree.leaves().to_vec();
    for at in 0..OLD {
        let mut altered = leaves.clone();
        altered[at] = flipped(&altered[at]);
        refuses(altered);
        let mut shorter = leaves.clone();
        shorter.remove(at);
        refuses(shorter);
        let mut reordered = leaves.clone();
        reordered.swap(at, at + 1);
        refuses(reordered);
    }
    refuses(leaves[..OLD - 1].to_vec());
}

#[test]
fn the_end_of_a_chain_tells_every_change() {
    let leaves = tree(9).leaves().to_vec();
    let end = chain(&leaves);
    assert_ne!(end, chain(&leaves[..8]));
    for at in 0..leaves.len() {
        let mut altered = leaves.clone();
        altered[at] = flipped(&altered[at]);
        assert_ne!(end, chain(&altered));
    }
}
